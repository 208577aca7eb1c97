//! Everything SQL: how to connect, the roles, the migrator, the seeds and every query.
//!
//! A query on tenant-owned tables takes a [`TenantTx`], and only [`Store::tenant`] makes one, out of a
//! [`VerifiedSession`] and a membership that it has just checked. There is no other way to tenant rows.

pub mod access;
pub mod accounts;
pub mod ahead;
pub mod assets;
pub mod audit;
pub mod boot_history;
pub mod bootstrap;
pub mod catalogue;
pub mod client_accounts;
pub mod clone;
mod connect;
#[cfg(test)]
mod connection_url;
pub mod content;
pub mod context;
pub mod databases;
pub mod engagements;
mod error;
mod exec_role;
pub mod fault;
pub mod history;
pub mod identity;
pub mod intake;
pub mod members;
pub mod monitoring;
pub mod observe;
pub mod overview;
pub mod password;
pub mod profile;
pub mod registration;
pub mod saved_views;
pub mod seed;
mod sessions;
pub mod snapshot_history;
mod superuser;
mod tenant;
mod throttle;
pub mod users;
pub mod verify;
pub mod version;

pub use connect::{DatabaseRole, Store, Target};
pub use error::StoreError;
pub use exec_role::ExecRole;
pub use sessions::{NewSession, SessionRow, VerifiedSession};
pub use superuser::{ServerFacts, Superuser};
pub use tenant::TenantTx;
