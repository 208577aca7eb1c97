//! The role of one running command: made for it, with a password of its own, and dropped after it.
//!
//! It is a member of the owner and begins every session as the owner, so what it makes belongs to the owner and outlives it.

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::{DatabaseRole, StoreError, Target, clone::quoted, content::hexadecimal, superuser::MAINTENANCE};

/// What the names of these roles begin with; 16 hexadecimal digits follow. The server's rules for who may connect know it.
const PREFIX: &str = "drydock_exec_";

/// A role that exists until [`ExecRole::remove`].
pub struct ExecRole {
    /// Open as long as the role is needed, and named after it: a role without such a connection is one of a dead run.
    keeper: PgConnection,
    target: Target,
    name: String,
    password: String,
}

impl ExecRole {
    /// Makes a role for the database of `target`, and drops those that dead runs have left.
    ///
    /// # Errors
    /// When the server refuses or does not answer.
    pub async fn create(target: &Target) -> Result<Self, StoreError> {
        let (name, password) = (format!("{PREFIX}{}", random::<8>()?), random::<32>()?);
        let target = target.clone();
        let mut keeper = target.with_database(MAINTENANCE).connect(DatabaseRole::Superuser).await?;
        sqlx::query!("select set_config('application_name', $1, false)", name).fetch_one(&mut keeper).await?;
        remove_stale(&mut keeper, &target).await?;
        let role = quoted(&name);
        // Name and password are hexadecimal; DDL takes no parameters. The server logs no statement and keeps only the
        // password's verifier.
        let create = format!(
            "BEGIN;
             SET LOCAL password_encryption = 'scram-sha-256';
             CREATE ROLE {role} LOGIN INHERIT PASSWORD '{password}' IN ROLE drydock_owner;
             ALTER ROLE {role} SET role = 'drydock_owner';
             ALTER ROLE {role} SET search_path = migration, public;
             COMMIT"
        );
        sqlx::raw_sql(AssertSqlSafe(create)).execute(&mut keeper).await?;
        Ok(Self { keeper, target, name, password })
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its password.
    #[must_use]
    pub fn password(&self) -> &str {
        &self.password
    }

    /// Ends its sessions, gives what it still owns to the owner, and drops it.
    ///
    /// # Errors
    /// When the server refuses or does not answer; the next command's role sees to it then.
    pub async fn remove(mut self) -> Result<(), StoreError> {
        drop_role(&mut self.keeper, &self.target, &self.name).await?;
        self.keeper.close().await?;
        Ok(())
    }
}

/// `N` random bytes in hexadecimal.
fn random<const N: usize>() -> Result<String, StoreError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| StoreError::Hashing(error.to_string()))?;
    Ok(hexadecimal(&bytes))
}

/// Drops the roles of runs that have ended without doing so.
async fn remove_stale(keeper: &mut PgConnection, target: &Target) -> Result<(), StoreError> {
    // A role is made by the connection that carries its name: whoever sees the role and no such connection sees one of a
    // run that has ended, because connections are looked at after roles.
    let stale = sqlx::query_scalar!(
        r#"select rolname::text as "name!" from pg_roles
           where rolname ~ '^drydock_exec_[0-9a-f]{16}$'
             and not exists (select from pg_stat_activity where rolname in (usename, application_name))"#
    )
    .fetch_all(&mut *keeper)
    .await?;
    for name in stale {
        // Another run may be at it as well, and one that cannot be dropped is no reason not to make a new one.
        let _ = drop_role(keeper, target, &name).await;
    }
    Ok(())
}

async fn drop_role(keeper: &mut PgConnection, target: &Target, name: &str) -> Result<(), StoreError> {
    let role = quoted(name);
    sqlx::raw_sql(AssertSqlSafe(format!("ALTER ROLE {role} NOLOGIN PASSWORD NULL")))
        .execute(&mut *keeper)
        .await?;
    // Each gets 5 s to end.
    sqlx::query!(
        "select pg_terminate_backend(pid, 5000) from pg_stat_activity where usename = $1::text",
        name
    )
    .fetch_all(&mut *keeper)
    .await?;
    // What a program made after `RESET ROLE` is its own, in whichever database it did.
    let databases = sqlx::query!(
        r#"select distinct d.datname::text as "name!", d.datallowconn as "is_open!"
           from pg_shdepend s join pg_database d on d.oid = s.dbid
           where s.refclassid = 'pg_authid'::regclass
             and s.refobjid = (select oid from pg_roles where rolname = $1::text)"#,
        name
    )
    .fetch_all(&mut *keeper)
    .await?;
    let give = format!("REASSIGN OWNED BY {role} TO drydock_owner; DROP OWNED BY {role}");
    for database in databases {
        // The state before a reset is closed to everybody; it is opened for the moment.
        let allow = |open: bool| {
            AssertSqlSafe(format!("ALTER DATABASE {} ALLOW_CONNECTIONS {open}", quoted(&database.name)))
        };
        if !database.is_open {
            sqlx::raw_sql(allow(true)).execute(&mut *keeper).await?;
        }
        let given = async {
            let mut connection =
                target.with_database(&database.name).connect(DatabaseRole::Superuser).await?;
            let given = sqlx::raw_sql(AssertSqlSafe(give.clone())).execute(&mut connection).await;
            connection.close().await?;
            given.map(drop)
        }
        .await;
        if !database.is_open {
            sqlx::raw_sql(allow(false)).execute(&mut *keeper).await?;
        }
        given?;
    }
    sqlx::raw_sql(AssertSqlSafe(format!("DROP ROLE IF EXISTS {role}"))).execute(keeper).await?;
    Ok(())
}
