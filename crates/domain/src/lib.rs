//! The vocabulary that every other crate shares: ids, roles, permissions, boot stages and error codes.
//!
//! Nothing here performs I/O or is asynchronous, so it can be tested and reasoned about alone.

mod access;
pub mod account;
pub mod asset;
pub mod audit;
pub mod boot;
mod code;
pub mod database_url;
pub mod deployment;
pub mod field;
pub mod finding;
mod ids;
pub mod origin;
mod profile;
mod role;
pub mod support;

pub use access::{Access, AccessLevel, Permission, PermissionSet, Scope, UnknownAccessLevel, may_assign};
pub use code::ErrorCode;
pub use ids::{ClientAccountId, EngagementId, UserId};
pub use profile::{Profile, UnknownProfile};
pub use role::{Role, UnknownRole};
