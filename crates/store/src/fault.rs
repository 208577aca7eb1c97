//! Faults that a deploy can leave in a database, and their cures, for throw-away databases.

use sqlx::Connection as _;

use crate::{DatabaseRole, StoreError, Target};

/// A fault that can be put into a database and taken out again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The table of roles is not there under its name.
    RbacTableMissing,
    /// Row-level security is enabled but not forced, so that the owner passes it.
    RowSecurityNotForced,
    /// The recorded checksum of an applied migration is another than the shipped one.
    ChecksumEdited,
    /// The history holds a migration that this build does not have.
    SchemaAhead,
}

impl Fault {
    const fn injection(self) -> &'static str {
        match self {
            Self::RbacTableMissing => "ALTER TABLE migration.user_roles RENAME TO user_roles_gone",
            Self::RowSecurityNotForced => "ALTER TABLE migration.assets NO FORCE ROW LEVEL SECURITY",
            Self::ChecksumEdited => {
                "UPDATE migration._sqlx_migrations SET checksum = checksum || '\\x00' WHERE version = 1"
            }
            Self::SchemaAhead => {
                "INSERT INTO migration._sqlx_migrations (version, description, success, checksum, execution_time)
                 VALUES (9999, 'of a newer build', true, '\\x00', 0)"
            }
        }
    }

    const fn cure(self) -> &'static str {
        match self {
            Self::RbacTableMissing => "ALTER TABLE migration.user_roles_gone RENAME TO user_roles",
            Self::RowSecurityNotForced => "ALTER TABLE migration.assets FORCE ROW LEVEL SECURITY",
            Self::ChecksumEdited => {
                "UPDATE migration._sqlx_migrations
                 SET checksum = substring(checksum FOR length(checksum) - 1) WHERE version = 1"
            }
            Self::SchemaAhead => "DELETE FROM migration._sqlx_migrations WHERE version = 9999",
        }
    }

    /// Puts the fault into the database, as its owner.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn inject(self, target: &Target) -> Result<(), StoreError> {
        execute(target, self.injection()).await
    }

    /// Takes the fault out again; returns the statement that did it.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn remedy(self, target: &Target) -> Result<&'static str, StoreError> {
        execute(target, self.cure()).await?;
        Ok(self.cure())
    }
}

async fn execute(target: &Target, statement: &'static str) -> Result<(), StoreError> {
    let mut connection = target.connect(DatabaseRole::Owner).await?;
    let done = sqlx::raw_sql(statement).execute(&mut connection).await;
    connection.close().await?;
    done?;
    Ok(())
}
