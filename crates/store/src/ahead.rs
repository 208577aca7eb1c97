//! A look at every gate of a database in which nothing has to be made, over two connections of the application role.
//!
//! Most of a start is connecting: a connection's first statements build its caches. What the gates from wait-db to login read, the
//! application role may read as well, apart from what is to be put right. So two of its connections, which it keeps, look at all of
//! it side by side, and a gate takes what was found for it. Whichever is done first with what lies before or behind the migrations
//! looks at what the last gates want. What is not found, because something is missing, red or refused to this role, a gate looks at
//! by itself, as its own role.

use std::sync::{Arc, Mutex, PoisonError};

use sqlx::PgConnection;
use tokio::sync::oneshot::{Receiver, Sender, channel};

use crate::{
    ServerFacts, Store, StoreError, bootstrap, catalogue,
    history::{self, History},
    seed, superuser, verify,
};

/// What is found for the gates, in their order. A finding that does not come is to be looked for by the gate itself.
#[derive(Debug)]
pub struct Findings {
    /// The server is what it must be, and pgvector is installed.
    pub facts: Receiver<ServerFacts>,
    /// The database is ours and lacks nothing that bootstrap makes.
    pub bootstrapped: Receiver<()>,
    /// The history is as it must be, and nothing is pending.
    pub history: Receiver<History>,
    /// The verify gate was green. It counts where nothing was made since.
    pub verified: Receiver<verify::Verified>,
    /// There was nothing to seed; counts as `verified` does.
    pub seeded: Receiver<seed::Standing>,
    /// The login gate was green; counts as `verified` does.
    pub accounts: Receiver<verify::WayIn>,
}

/// Begins to look.
#[must_use]
pub fn look(store: &Store) -> Findings {
    let (facts_to, facts) = channel();
    let (bootstrapped_to, bootstrapped) = channel();
    let (history_to, history) = channel();
    let (verified_to, verified) = channel();
    let (seeded_to, seeded) = channel();
    let (accounts_to, accounts) = channel();
    let last = Last(Arc::new(Mutex::new(Some((seeded_to, accounts_to)))));
    // What goes wrong is for the gates to find out and to tell.
    let (made, last_too) = (store.clone(), last.clone());
    tokio::spawn(async move {
        let _ = what_is_made(&made, facts_to, bootstrapped_to, history_to, &last_too).await;
    });
    let whole = store.clone();
    tokio::spawn(async move {
        let _ = what_is_whole(&whole, verified_to, &last).await;
    });
    Findings { facts, bootstrapped, history, verified, seeded, accounts }
}

/// What is looked at by the connection that is done first with its own part.
#[derive(Clone)]
struct Last(Arc<Mutex<Option<LastTwo>>>);

/// Where what the last two gates want goes to.
type LastTwo = (Sender<seed::Standing>, Sender<verify::WayIn>);

impl Last {
    /// For the gates seed and login.
    async fn look(&self, connection: &mut PgConnection) -> Result<(), StoreError> {
        let to = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some((seeded, accounts)) = to else { return Ok(()) };
        let standing = seed::standing_of(connection).await?;
        if standing.is_complete {
            let _ = seeded.send(standing);
            let _ = accounts.send(verify::login_over(connection).await?);
        }
        Ok(())
    }
}

/// For the gates before the migrations. Where nobody takes a finding, the boot has been broken off.
async fn what_is_made(
    store: &Store,
    facts: Sender<ServerFacts>,
    bootstrapped: Sender<()>,
    history: Sender<History>,
    last: &Last,
) -> Result<(), StoreError> {
    let mut connection = store.acquire().await?;
    let mut tx = catalogue::begin_looking(&mut connection).await?;
    let Some(seen) = superuser::seen(&mut tx).await?.facts() else { return Ok(()) };
    let _ = facts.send(seen);
    let standing = bootstrap::standing(&mut tx).await?;
    if !(standing.ours && standing.complete) {
        return Ok(());
    }
    let _ = bootstrapped.send(());
    let Some(seen) = history::as_seen_by_anybody(&mut tx).await? else { return Ok(()) };
    if !seen.pending.is_empty() {
        return Ok(());
    }
    let _ = history.send(seen);
    tx.rollback().await?;
    last.look(&mut connection).await?;
    Store::give_back(connection).await;
    Ok(())
}

/// For the gate verify, which is the first behind the migrations.
async fn what_is_whole(
    store: &Store,
    verified: Sender<verify::Verified>,
    last: &Last,
) -> Result<(), StoreError> {
    let mut connection = store.acquire().await?;
    let mut tx = catalogue::begin_looking(&mut connection).await?;
    let seen = verify::everything(&mut tx).await?;
    tx.rollback().await?;
    let _ = verified.send(verify::settled(store, seen).await?);
    last.look(&mut connection).await?;
    Store::give_back(connection).await;
    Ok(())
}
