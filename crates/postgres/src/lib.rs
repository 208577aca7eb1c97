//! The bundled PostgreSQL cluster: find the tree, initialise a cluster with it, start and stop its server.
//!
//! ```no_run
//! # async fn demo() -> Result<(), drydock_postgres::PostgresError> {
//! use drydock_postgres::{Account, Cluster, DataDirectory, Tree, default_data_dir};
//!
//! let tree = Tree::locate(None, &[])?;
//! let account = Account::resolve()?;
//! let data = DataDirectory::open(&default_data_dir()?, &account, "example")?;
//! let (cluster, _) = Cluster::initialise(&tree, data, &account, None).await?;
//! let mut server = cluster.start(|_| ()).await?;
//! cluster.durable().await?;
//! // connect to server.socket_dir(), server.port() as postgres
//! server.stop().await?;
//! # Ok(())
//! # }
//! ```
//!
//! Three promises hold on every path: the server is durable (fsync on, data checksums), it listens on a Unix socket in a
//! folder only its account may enter and on nothing else, and it does not outlive the process that started it, however that
//! one ends. This crate knows no schema and speaks no SQL.
//!
//! On Windows, where no client library of ours speaks through such a socket, the server listens on a port of 127.0.0.1
//! instead, and asks for a password that is made with the cluster.

mod account;
mod cluster;
mod control;
mod create;
mod data;
mod error;
mod holder;
mod log;
#[cfg(windows)]
mod loopback;
mod os;
mod pid_file;
mod proxy;
mod recover;
mod server;
mod server_log;
pub mod snapshot;
#[cfg(unix)]
mod socket;
mod template;
mod tree;

pub use account::Account;
pub use cluster::{Cluster, Initialised};
pub use control::LastStop;
pub use data::{DataDirectory, default_data_dir};
pub use error::PostgresError;
pub use holder::Holder;
#[cfg(windows)]
pub use loopback::Password;
pub use proxy::Proxy;
pub use server::{Exit, SLOW_STATEMENT_MS, Server, StopMode, Stopped, Waiting};
pub use server_log::{ServerLog, SlowStatement};
#[cfg(unix)]
pub use socket::PORT;
pub use template::Template;
pub use tree::{TARGET, Tree};

#[cfg(windows)]
use loopback::Loopback as Listener;
#[cfg(unix)]
use socket::SocketFolder as Listener;

/// The first `length` hexadecimal digits of the SHA-256 of `bytes`: a name for something that has none.
fn digest(bytes: &[u8], length: usize) -> String {
    use sha2::{Digest, Sha256};
    let mut text: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    text.truncate(length);
    text
}
