//! One database in the live one's place.

use std::time::Duration;

use drydock_domain::ErrorCode;
use sqlx::{Connection as _, PgConnection};
use time::OffsetDateTime;

use super::{Before, Cause, Databases, execute, exists, rename};
use crate::{
    DatabaseRole, StoreError, Target, VerifiedSession,
    clone::{comment, quoted},
    error::words,
    sessions::{self, Carried},
    snapshot_history::{self, Action, Entry},
};

/// How long running statements may go on when their database is replaced.
const GRACE: Duration = Duration::from_millis(100);
/// How often an exchange is tried: somebody who has just connected is in the way.
const TRIES: u32 = 5;
/// How often it is looked whether connections that were told to end have ended.
const LOOK: Duration = Duration::from_millis(1);
/// How long they may take.
const PATIENCE: Duration = Duration::from_secs(5);

impl Databases {
    /// Gives `incoming` the live database's name, and the live one that of the state before.
    pub(super) async fn exchange(
        &self,
        server: &mut PgConnection,
        incoming: &Target,
        cause: Cause,
        session: Option<&VerifiedSession>,
    ) -> Result<Before, StoreError> {
        let carried = match session {
            Some(session) => sessions::row(&mut *self.store.acquire().await?, session).await?,
            None => None,
        };
        let entry = entry(cause, session);
        self.prepare_incoming(server, incoming, carried.as_ref(), entry.as_ref()).await?;
        let before = Before { cause, at: OffsetDateTime::now_utc() };
        let names = [self.store.target().database().to_owned(), incoming.database().to_owned()];
        let waiting = self.store.without_connections(GRACE).await;
        let mut tries = 0;
        let renamed = loop {
            end_connections(server, &names).await?;
            tries += 1;
            match self.rename_all(server, incoming, before).await {
                // object_in_use
                Err(StoreError::Database(sqlx::Error::Database(error)))
                    if error.code().as_deref() == Some("55006") && tries < TRIES => {}
                done => break done,
            }
        };
        drop(waiting);
        if let (Err(_), Some(entry)) = (&renamed, &entry) {
            // It was not done. Should this fail as well, a state that never was live says too much of itself.
            let _ = self.forget(incoming, entry).await;
        }
        renamed.map_err(|error| match error {
            StoreError::Database(error) => StoreError::gate(
                ErrorCode::ExchangeFailed,
                format!("The database cannot be replaced: {}.", words(&error)),
            ),
            other => other,
        })?;
        // The first connection to a database builds its caches; better now than under the first request.
        self.store.ping().await?;
        Ok(before)
    }

    /// Ends every session in `incoming` but the one that is carried over, and notes there how it comes to be live.
    async fn prepare_incoming(
        &self,
        server: &mut PgConnection,
        incoming: &Target,
        carried: Option<&Carried>,
        entry: Option<&Entry>,
    ) -> Result<(), StoreError> {
        execute(server, format!("ALTER DATABASE {} ALLOW_CONNECTIONS true", quoted(incoming.database())))
            .await?;
        let mut inside = incoming.connect(DatabaseRole::App).await?;
        let done = async {
            let mut tx = inside.begin().await?;
            sessions::carry_over(&mut tx, carried).await?;
            if let Some(entry) = entry {
                snapshot_history::insert(&mut tx, entry).await?;
            }
            Ok(tx.commit().await?)
        }
        .await;
        inside.close().await?;
        done
    }

    /// Takes the note of an exchange away that came to nothing. As the owner: nobody else may.
    async fn forget(&self, incoming: &Target, entry: &Entry) -> Result<(), StoreError> {
        let mut inside = incoming.connect(DatabaseRole::Owner).await?;
        let done = snapshot_history::remove(&mut inside, entry).await;
        inside.close().await?;
        done
    }

    async fn rename_all(
        &self,
        server: &mut PgConnection,
        incoming: &Target,
        note: Before,
    ) -> Result<(), StoreError> {
        let live = self.store.target();
        let before = self.derived("before");
        let trash = self.trash();
        let mut tx = server.begin().await?;
        if exists(&mut tx, before.database()).await? {
            rename(&mut tx, before.database(), trash.database()).await?;
        }
        rename(&mut tx, live.database(), before.database()).await?;
        let incoming = if incoming.database() == before.database() { &trash } else { incoming };
        rename(&mut tx, incoming.database(), live.database()).await?;
        execute(&mut tx, format!("ALTER DATABASE {} ALLOW_CONNECTIONS false", quoted(before.database())))
            .await?;
        let text =
            serde_json::to_string(&note).map_err(|error| StoreError::UnexpectedValue(error.to_string()))?;
        comment(&mut tx, before.database(), &text).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// What the history keeps of an exchange. Of a restore it keeps the snapshot, too, which is not known here.
fn entry(cause: Cause, session: Option<&VerifiedSession>) -> Option<Entry> {
    let action = match cause {
        Cause::Reset => Action::Reset,
        Cause::Undo => Action::Undone,
        Cause::Restore => return None,
    };
    Some(Entry::new(action, None, session.map(VerifiedSession::user_id), env!("CARGO_PKG_VERSION")))
}

/// Ends everybody's connection to these databases and waits until they are gone. (`pg_terminate_backend` can wait, too, but
/// looks every 100 ms.)
async fn end_connections(server: &mut PgConnection, databases: &[String]) -> Result<(), StoreError> {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let told = sqlx::query_scalar!(
            r#"select count(pg_terminate_backend(pid)) as "told!" from pg_stat_activity
               where datname = any($1) and pid <> pg_backend_pid()"#,
            databases
        )
        .fetch_one(&mut *server)
        .await?;
        // Those that are left make the rename fail, which says so.
        if told == 0 || tokio::time::Instant::now() >= deadline {
            return Ok(());
        }
        tokio::time::sleep(LOOK).await;
    }
}
