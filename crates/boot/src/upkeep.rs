//! What is looked after behind the users' backs as long as a platform stays.

use std::time::Duration;

use drydock_domain::ErrorCode;
use drydock_store::{Store, StoreError, audit, password};

use crate::memory;

/// How long whoever has started the platform has it to themselves.
const FIRST: Duration = Duration::from_secs(3);
/// How often it is done again.
const AGAIN: Duration = Duration::from_secs(3_600);

/// Measures how strong password hashes can be, follows the audit chains, and forgets what is over; until it is aborted.
pub(crate) async fn run(store: Store) {
    tokio::time::sleep(FIRST).await;
    loop {
        told("passwords are hashed as on the machine before", password::calibrate(&store).await);
        told("the audit logs have not been looked at", follow(&store).await);
        told("old sessions are still there", store.forget_old_sessions().await.map(drop));
        told("old sign-in attempts are still there", store.forget_old_attempts().await);
        // Behind the measuring of hashes, which takes more than everything else.
        let _ = tokio::task::spawn_blocking(memory::give_back).await;
        tokio::time::sleep(AGAIN).await;
    }
}

/// Follows every chain, one after another.
async fn follow(store: &Store) -> Result<(), StoreError> {
    for chain in audit::chains(store).await? {
        let report = audit::verify(store, chain).await?;
        if let Some(broken) = report.broken {
            let log =
                chain.map_or_else(|| "security log".to_owned(), |id| format!("log of client account {id}"));
            let code = ErrorCode::AuditBroken.as_str();
            tracing::error!(code, %log, %broken, "an audit log is not as it was written");
        }
    }
    Ok(())
}

fn told(consequence: &'static str, outcome: Result<(), StoreError>) {
    if let Err(error) = outcome {
        tracing::warn!(%error, consequence);
    }
}
