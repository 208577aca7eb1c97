//! How to reach the database, and as whom.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use drydock_domain::ErrorCode;
use sqlx::{
    ConnectOptions as _, Connection as _, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions, PgSslMode},
};

use crate::{StoreError, error::words};

/// Connections that the application keeps at most; the server allows 40 in all.
const POOL_SIZE: u32 = 8;

/// What one statement of the application may hold up: a stuck one must give its connection back.
const LIMITS: [(&str, &str); 3] =
    [("statement_timeout", "10s"), ("lock_timeout", "5s"), ("idle_in_transaction_session_timeout", "30s")];

/// As whom a connection is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DatabaseRole {
    /// Creates database, roles and extension; used by the bootstrap stage alone.
    Superuser,
    /// Owns the schema and migrates.
    Owner,
    /// Serves: owns nothing and is subject to row-level security.
    App,
}

impl DatabaseRole {
    /// The role's name in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Superuser => "postgres",
            Self::Owner => "drydock_owner",
            Self::App => "drydock_app",
        }
    }
}

/// A database behind a Unix-domain socket.
#[derive(Clone, Debug)]
pub struct Target {
    socket_dir: PathBuf,
    port: u16,
    database: String,
}

/// What a server says of itself.
#[derive(Clone, Debug)]
pub struct ServerFacts {
    /// `server_version`, such as `16.14`.
    pub version: String,
    /// Version of pgvector that can be or is installed.
    pub pgvector: String,
}

impl Target {
    /// The database `database` of the server that listens in `socket_dir` on the socket of `port`.
    pub fn new(socket_dir: impl Into<PathBuf>, port: u16, database: impl Into<String>) -> Self {
        Self { socket_dir: socket_dir.into(), port, database: database.into() }
    }

    /// The same server, another database.
    #[must_use]
    pub fn with_database(&self, database: impl Into<String>) -> Self {
        Self { database: database.into(), ..self.clone() }
    }

    /// The directory of the socket.
    #[must_use]
    pub fn socket_dir(&self) -> &Path {
        &self.socket_dir
    }

    /// The database's name.
    #[must_use]
    pub fn database(&self) -> &str {
        &self.database
    }

    // Every field is set, so that no PG* variable of the environment can redirect a connection. PGOPTIONS alone could
    // still add to it; the programs forget it when they start.
    fn options(&self, role: DatabaseRole) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .host("localhost")
            .socket(&self.socket_dir)
            .port(self.port)
            .username(role.name())
            .password("")
            .database(&self.database)
            .ssl_mode(PgSslMode::Disable)
            .application_name("drydock")
            .statement_cache_capacity(256)
            .disable_statement_logging()
    }

    /// One connection outside any pool. The caller closes it.
    ///
    /// # Errors
    /// When the server refuses or does not answer.
    pub(crate) async fn connect(&self, role: DatabaseRole) -> Result<PgConnection, sqlx::Error> {
        PgConnection::connect_with(&self.options(role)).await
    }

    /// Reads what the server is, and refuses one that is not PostgreSQL 16 with pgvector.
    ///
    /// # Errors
    /// [`ErrorCode::DatabaseUnreachable`] or [`ErrorCode::DatabaseUnsuitable`].
    pub async fn server_facts(&self) -> Result<ServerFacts, StoreError> {
        let maintenance = self.with_database("postgres");
        let mut connection = maintenance.connect(DatabaseRole::Superuser).await.map_err(|error| {
            StoreError::gate(
                ErrorCode::DatabaseUnreachable,
                format!("The database server accepts no connection: {}.", words(&error)),
            )
        })?;
        let facts = sqlx::query!(
            r#"select current_setting('server_version') as "version!",
                      current_setting('server_version_num')::int as "number!",
                      (select default_version from pg_available_extensions where name = 'vector') as pgvector"#
        )
        .fetch_one(&mut connection)
        .await;
        connection.close().await?;
        let facts = facts?;
        if facts.number / 10_000 != 16 {
            return Err(StoreError::gate(
                ErrorCode::DatabaseUnsuitable,
                format!("The server is PostgreSQL {}, and Drydock needs 16.", facts.version),
            ));
        }
        let pgvector = facts.pgvector.ok_or_else(|| {
            StoreError::gate(ErrorCode::DatabaseUnsuitable, "The server has no pgvector extension.")
        })?;
        Ok(ServerFacts { version: facts.version, pgvector })
    }
}

/// The application's connections. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    pub(crate) pool: PgPool,
}

impl Store {
    /// Opens the pool as the application role. Connections are made when they are needed.
    #[must_use]
    pub fn open(target: &Target) -> Self {
        let pool = PgPoolOptions::new()
            .max_connections(POOL_SIZE)
            .acquire_timeout(Duration::from_secs(5))
            .connect_lazy_with(target.options(DatabaseRole::App).options(LIMITS));
        Self { pool }
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when it does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query!(r#"select 1 as "one!""#).fetch_one(&self.pool).await?;
        Ok(())
    }

    /// Ends all connections, after the running statements.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}
