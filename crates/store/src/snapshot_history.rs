//! What was done with snapshots and resets.

use drydock_domain::UserId;
use uuid::Uuid;

use crate::{Store, StoreError};

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// The database was saved as a snapshot.
    Created,
    /// A snapshot took the database's place.
    Restored,
    /// A snapshot got another name or note.
    Renamed,
    /// A snapshot was removed.
    Deleted,
    /// A removed snapshot was put back.
    PutBack,
    /// A snapshot was written to a file.
    Exported,
    /// A file was taken in.
    Imported,
    /// The seeded state took the database's place.
    Reset,
    /// The state before took the database's place.
    Undone,
}

impl Action {
    const fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Restored => "restored",
            Self::Renamed => "renamed",
            Self::Deleted => "deleted",
            Self::PutBack => "put_back",
            Self::Exported => "exported",
            Self::Imported => "imported",
            Self::Reset => "reset",
            Self::Undone => "undone",
        }
    }
}

/// The snapshot that something was done with.
#[derive(Clone, Debug)]
pub struct Subject {
    /// Its id.
    pub id: Uuid,
    /// Its name, afterwards.
    pub name: String,
    /// Bytes of its file.
    pub size_bytes: u64,
    /// Digest of the migrations that its database had.
    pub schema_digest: String,
}

/// Adds an action to the history of the database that is live now.
///
/// # Errors
/// When the database fails.
pub async fn record(
    store: &Store,
    action: Action,
    snapshot: Option<&Subject>,
    actor: Option<UserId>,
    app_version: &str,
) -> Result<(), StoreError> {
    let size = snapshot.map(|snapshot| i64::try_from(snapshot.size_bytes).unwrap_or(i64::MAX));
    let mut connection = store.acquire().await?;
    // Whoever did it need not be a user of the state that is live afterwards.
    sqlx::query!(
        "insert into migration.snapshot_history (action, snapshot_id, snapshot_name, size_bytes, schema_digest, actor_user_id,
                                                 app_version)
         values ($1, $2, $3, $4, $5, (select id from migration.users where id = $6), $7)",
        action.name(),
        snapshot.map(|snapshot| snapshot.id),
        snapshot.map(|snapshot| snapshot.name.as_str()),
        size,
        snapshot.map(|snapshot| snapshot.schema_digest.as_str()),
        actor.map(|actor| actor.0),
        app_version
    )
    .execute(&mut *connection)
    .await?;
    Store::give_back(connection).await;
    Ok(())
}
