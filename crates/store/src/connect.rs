//! How to reach the database, and as whom.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use sqlx::{
    ConnectOptions as _, Connection as _, PgConnection, PgPool, Postgres, Transaction,
    pool::PoolConnection,
    postgres::{PgConnectOptions, PgPoolOptions, PgSslMode},
};
use tokio::sync::{RwLock, RwLockWriteGuard};

use crate::StoreError;

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
    /// Reads what the application reads; for people.
    Readonly,
}

impl DatabaseRole {
    /// The role's name in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Superuser => "postgres",
            Self::Owner => "drydock_owner",
            Self::App => "drydock_app",
            Self::Readonly => "drydock_readonly",
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

    /// The number in the socket's name.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The database's name.
    #[must_use]
    pub fn database(&self) -> &str {
        &self.database
    }

    /// As any role of the server, for the lab and the doctor; with nothing set that the role's own settings do not.
    pub(crate) fn options_of(&self, role: &str) -> PgConnectOptions {
        self.plain_options(DatabaseRole::App).username(role)
    }

    // Every field is set, so that no PG* variable of the environment can redirect a connection. PGOPTIONS alone could
    // still add to it; the programs forget it when they start.
    fn options(&self, role: DatabaseRole) -> PgConnectOptions {
        let options = self.plain_options(role);
        match role {
            // See [`Superuser`](crate::Superuser).
            DatabaseRole::Superuser => options.options([("search_path", "pg_catalog")]),
            // Off, every statement on a tenant's table would fail instead of seeing less.
            _ => options.options([("row_security", "on")]),
        }
    }

    fn plain_options(&self, role: DatabaseRole) -> PgConnectOptions {
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

    /// As [`Target::connect`], with settings that none of a role or a database overrules.
    ///
    /// # Errors
    /// When the server refuses or does not answer.
    pub(crate) async fn connect_with(
        &self,
        role: DatabaseRole,
        settings: &[(&str, &str)],
    ) -> Result<PgConnection, sqlx::Error> {
        PgConnection::connect_with(&self.options(role).options(settings.iter().copied())).await
    }
}

/// The application's connections. Cheap to clone; all clones follow when another database takes the live one's place.
#[derive(Clone, Debug)]
pub struct Store {
    live: Arc<Live>,
}

#[derive(Debug)]
struct Live {
    target: Target,
    /// Written only while one database is exchanged for another; whoever wants a connection then waits.
    pool: RwLock<PgPool>,
}

impl Store {
    /// Opens the pool as the application role. Connections are made when they are needed.
    #[must_use]
    pub fn open(target: &Target) -> Self {
        let pool = RwLock::new(pool(target));
        Self { live: Arc::new(Live { target: target.clone(), pool }) }
    }

    /// The database it is connected to.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.live.target
    }

    pub(crate) async fn acquire(&self) -> Result<PoolConnection<Postgres>, sqlx::Error> {
        loop {
            let pool = self.live.pool.read().await.clone();
            match pool.acquire().await {
                // Exchanged since the line above: the new pool is open.
                Err(sqlx::Error::PoolClosed) if !self.live.pool.read().await.is_closed() => {}
                acquired => return acquired,
            }
        }
    }

    /// Returns a connection and waits until it is there for the next one. Dropping it does that some time later, until when
    /// whoever comes next opens another connection.
    pub(crate) async fn give_back(mut connection: PoolConnection<Postgres>) {
        connection.return_to_pool().await;
    }

    pub(crate) async fn begin(&self) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
        loop {
            let pool = self.live.pool.read().await.clone();
            match pool.begin().await {
                Err(sqlx::Error::PoolClosed) if !self.live.pool.read().await.is_closed() => {}
                begun => return begun,
            }
        }
    }

    /// Takes the application's connections away until the answer is dropped: running statements get `grace` to end, new ones
    /// wait. What still runs then is the caller's to end.
    pub(crate) async fn without_connections(&self, grace: Duration) -> RwLockWriteGuard<'_, PgPool> {
        let mut current = self.live.pool.write().await;
        // The connections that are left over belong to a closed pool, which closes them when they come back.
        let _ = tokio::time::timeout(grace, current.close()).await;
        *current = pool(&self.live.target);
        current
    }

    /// Gives every connection up: those to come see what has been changed about the role.
    pub async fn reconnect(&self) {
        drop(self.without_connections(Duration::ZERO).await);
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when it does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        let mut connection = self.acquire().await?;
        sqlx::query!(r#"select 1 as "one!""#).fetch_one(&mut *connection).await?;
        Self::give_back(connection).await;
        Ok(())
    }

    /// Whether nobody has a connection just now.
    pub async fn is_idle(&self) -> bool {
        let pool = self.live.pool.read().await;
        usize::try_from(pool.size()) == Ok(pool.num_idle())
    }

    /// Ends all connections, after the running statements.
    pub async fn close(&self) {
        let pool = self.live.pool.read().await.clone();
        pool.close().await;
    }
}

fn pool(target: &Target) -> PgPool {
    PgPoolOptions::new()
        .max_connections(POOL_SIZE)
        .acquire_timeout(Duration::from_secs(5))
        .connect_lazy_with(target.options(DatabaseRole::App).options(LIMITS))
}
