//! A way into the database for one program that wants a `DATABASE_URL`.

use std::net::SocketAddr;

use drydock_domain::database_url::{Consumer, DatabaseUrl, Host, Secrets};
use drydock_postgres::{PORT, Proxy};
use drydock_store::{ExecRole, StoreError, Target};

use crate::AccessError;

/// How a program wants its `DATABASE_URL` to begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// PostgreSQL's own library, and most others.
    Libpq,
    /// SQLAlchemy with asyncpg.
    Asyncpg,
    /// SQLAlchemy with psycopg 3.
    Psycopg,
    /// SQLAlchemy with psycopg2.
    Psycopg2,
    /// sqlx.
    Sqlx,
}

impl Dialect {
    /// The driver that SQLAlchemy is to load, and who reads the URL.
    const fn reader(self) -> (Option<&'static str>, Consumer) {
        match self {
            Self::Libpq => (None, Consumer::Libpq),
            Self::Asyncpg => (Some("asyncpg"), Consumer::SqlalchemyAsync),
            Self::Psycopg => (Some("psycopg"), Consumer::SqlalchemySync21),
            Self::Psycopg2 => (Some("psycopg2"), Consumer::SqlalchemySync20),
            Self::Sqlx => (None, Consumer::Sqlx),
        }
    }
}

/// A TCP port on 127.0.0.1 to the database, with a role and password of its own. Both are there until [`ExecPort::close`].
pub struct ExecPort {
    role: ExecRole,
    proxy: Proxy,
    database: String,
}

impl ExecPort {
    /// Makes the role and opens the port.
    ///
    /// # Errors
    /// [`AccessError::Port`]; nothing is left then.
    pub async fn open(target: &Target) -> Result<Self, AccessError> {
        let role = ExecRole::create(target).await.map_err(|error| AccessError::Port(error.into()))?;
        match Proxy::open(target.socket_dir(), PORT, role.name()).await {
            Ok(proxy) => Ok(Self { role, proxy, database: target.database().to_owned() }),
            Err(error) => {
                // The one error is said; a role that stays is dropped by the next command.
                let _ = role.remove().await;
                Err(AccessError::Port(error.into()))
            }
        }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.proxy.address()
    }

    /// The URL with user and password. The address is a number: what `localhost` means is not ours to know.
    #[must_use]
    pub fn url(&self, dialect: Dialect) -> String {
        let (driver, consumer) = dialect.reader();
        let host = Host { name: self.address().ip().to_string(), port: Some(self.address().port()) };
        let url = DatabaseUrl::new(self.role.name(), self.role.password(), host, &self.database);
        let url = DatabaseUrl { driver: driver.map(str::to_owned), ..url };
        url.form_for(consumer, Secrets::Shown).url
    }

    /// Closes the port, ends the connections and drops the role. What was made through it stays, and belongs to the owner.
    ///
    /// # Errors
    /// When the database does not answer: the role, which nothing leads to any more, is then dropped by the next command.
    pub async fn close(self) -> Result<(), StoreError> {
        self.proxy.close().await;
        self.role.remove().await
    }
}
