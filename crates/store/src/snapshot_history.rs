//! What was done with snapshots and resets.

use drydock_domain::UserId;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{Store, StoreError};

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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
#[derive(Clone, Debug, Serialize, Deserialize)]
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

/// What is kept of an action.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// Of this entry. The same entry is kept once, however often it is recorded.
    pub id: Uuid,
    /// What was done.
    pub action: Action,
    /// With which snapshot, if with one.
    pub subject: Option<Subject>,
    /// Who did it; `None` for the command line.
    pub actor: Option<UserId>,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// The version of the program that did it.
    pub app_version: String,
}

impl Entry {
    /// An action of now.
    #[must_use]
    pub fn new(action: Action, subject: Option<Subject>, actor: Option<UserId>, app_version: &str) -> Self {
        Self {
            id: Uuid::new_v4(),
            action,
            subject,
            actor,
            at: OffsetDateTime::now_utc(),
            app_version: app_version.to_owned(),
        }
    }
}

/// Adds an entry to the history of the database that is live now, unless it is there.
///
/// # Errors
/// When the database fails.
pub async fn record(store: &Store, entry: &Entry) -> Result<(), StoreError> {
    let mut connection = store.acquire().await?;
    insert(&mut connection, entry).await?;
    Store::give_back(connection).await;
    Ok(())
}

/// As [`record`], over a connection of the application role's.
pub(crate) async fn insert(connection: &mut PgConnection, entry: &Entry) -> Result<(), StoreError> {
    let subject = entry.subject.as_ref();
    let size = subject.map(|snapshot| i64::try_from(snapshot.size_bytes).unwrap_or(i64::MAX));
    // Whoever did it need not be a user of the state that is live afterwards.
    sqlx::query!(
        "insert into migration.snapshot_history (id, action, snapshot_id, snapshot_name, size_bytes, schema_digest, actor_user_id,
                                                 app_version, created_at)
         values ($1, $2, $3, $4, $5, $6, (select id from migration.users where id = $7), $8, $9)
         on conflict (id) do nothing",
        entry.id,
        entry.action.name(),
        subject.map(|snapshot| snapshot.id),
        subject.map(|snapshot| snapshot.name.as_str()),
        size,
        subject.map(|snapshot| snapshot.schema_digest.as_str()),
        entry.actor.map(|actor| actor.0),
        entry.app_version,
        entry.at
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Takes an entry of something away that was not done. Only the owner may.
pub(crate) async fn remove(connection: &mut PgConnection, entry: &Entry) -> Result<(), StoreError> {
    sqlx::query!("delete from migration.snapshot_history where id = $1", entry.id)
        .execute(connection)
        .await?;
    Ok(())
}
