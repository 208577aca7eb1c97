//! The superuser's one connection during a boot: every stage before the application role's first uses it.

use drydock_domain::ErrorCode;
use sqlx::{Connection as _, PgConnection};

use crate::{DatabaseRole, StoreError, Target, bootstrap, bootstrap::Bootstrap, error::words};

/// The database that is there before ours is, and that nobody keeps anything in.
pub(crate) const MAINTENANCE: &str = "postgres";

/// What a server says of itself.
#[derive(Clone, Debug)]
pub struct ServerFacts {
    /// `server_version`, such as `16.14`.
    pub version: String,
    /// Version of pgvector that can be or is installed.
    pub pgvector: String,
    /// Whether a restore or a seeding that never came to its end has left a database.
    pub left_over: bool,
}

/// A superuser's connection to a database, or to the server where there is no such database yet.
///
/// It reads the system catalogues and nothing else: what is in the schemas may have come with a snapshot of somebody's, and a
/// view, a function or an operator found there would run with a superuser's rights. `search_path` leaves them out.
#[derive(Debug)]
pub struct Superuser {
    pub(crate) connection: PgConnection,
    pub(crate) target: Target,
    /// Whether the database is there and the connection is to it.
    pub(crate) inside: bool,
}

impl Superuser {
    /// Connects to `target`, or to the maintenance database where `target` does not exist.
    ///
    /// # Errors
    /// [`ErrorCode::DatabaseUnreachable`].
    pub async fn connect(target: &Target) -> Result<Self, StoreError> {
        let (connected, inside) = match target.connect(DatabaseRole::Superuser).await {
            // invalid_catalog_name: the database does not exist
            Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("3D000") => {
                (target.with_database(MAINTENANCE).connect(DatabaseRole::Superuser).await, false)
            }
            connected => (connected, true),
        };
        let connection = connected.map_err(|error| {
            StoreError::gate(
                ErrorCode::DatabaseUnreachable,
                format!("The database server accepts no connection: {}.", words(&error)),
            )
        })?;
        Ok(Self { connection, target: target.clone(), inside })
    }

    /// Reads what the server is, and refuses one that is not PostgreSQL 16 with pgvector.
    ///
    /// # Errors
    /// [`ErrorCode::DatabaseUnsuitable`].
    pub async fn facts(&mut self) -> Result<ServerFacts, StoreError> {
        let Seen { version, pgvector, left_over } = seen(&mut self.connection).await?;
        let pgvector = match pgvector {
            Some(installed) => installed,
            None => self.available_pgvector().await?,
        };
        Ok(ServerFacts { version, pgvector, left_over })
    }

    async fn available_pgvector(&mut self) -> Result<String, StoreError> {
        sqlx::query_scalar!("select default_version from pg_available_extensions where name = 'vector'")
            .fetch_optional(&mut self.connection)
            .await?
            .flatten()
            .ok_or_else(|| {
                StoreError::gate(ErrorCode::DatabaseUnsuitable, "The server has no pgvector extension.")
            })
    }

    /// Makes sure that the database exists and can be migrated.
    ///
    /// # Errors
    /// [`ErrorCode::BootstrapForeign`] with what was found, [`ErrorCode::BootstrapFailed`] with the server's own words.
    pub async fn bootstrap(&mut self) -> Result<Bootstrap, StoreError> {
        bootstrap::on(self).await
    }

    /// Ends the connection.
    ///
    /// # Errors
    /// When the server is gone.
    pub async fn close(self) -> Result<(), StoreError> {
        Ok(self.connection.close().await?)
    }
}

/// What the connection's database shows of its server to anybody.
pub(crate) struct Seen {
    version: String,
    pgvector: Option<String>,
    left_over: bool,
}

impl Seen {
    /// The facts, where pgvector is installed in this database.
    pub(crate) fn facts(self) -> Option<ServerFacts> {
        let Self { version, pgvector, left_over } = self;
        Some(ServerFacts { version, pgvector: pgvector?, left_over })
    }
}

/// Looks at the server.
///
/// # Errors
/// [`ErrorCode::DatabaseUnsuitable`] for one that is not PostgreSQL 16.
pub(crate) async fn seen(connection: &mut PgConnection) -> Result<Seen, StoreError> {
    let seen = sqlx::query!(
        r#"select current_setting('server_version') as "version!",
                  current_setting('server_version_num')::int as "number!",
                  (select extversion from pg_extension where extname = 'vector') as pgvector,
                  exists (select from pg_database
                          where starts_with(datname, current_database() || '_incoming_')
                             or starts_with(datname, current_database() || '_making_')) as "left_over!""#
    )
    .fetch_one(connection)
    .await?;
    if seen.number / 10_000 != 16 {
        return Err(StoreError::gate(
            ErrorCode::DatabaseUnsuitable,
            format!("The server is PostgreSQL {}, and Drydock needs 16.", seen.version),
        ));
    }
    Ok(Seen { version: seen.version, pgvector: seen.pgvector, left_over: seen.left_over })
}
