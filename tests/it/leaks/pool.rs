//! Many transactions of many client accounts over few connections, ended in every way that a transaction can end.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Instant,
};

use drydock_domain::{ClientAccountId, EngagementId};
use drydock_store::{Store, StoreError, VerifiedSession, assets, audit::Origin, engagements};
use drydock_testkit::Database;
use uuid::Uuid;

use crate::app::ADMINISTRATOR;

/// Unless `DRYDOCK_LEAKS_TRANSACTIONS` says how many. 100,000 take a minute or two in a debug build.
const TRANSACTIONS: usize = 20_000;
const TENANTS: usize = 8;
/// Several times as many as there are connections in the pool.
const TASKS: usize = 50;

fn from_environment(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|value| value.parse().ok())
}

/// Numbers that follow from a seed (SplitMix64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % limit as u64).unwrap()
    }
}

/// A future that is given up at its n-th wait: `None` then.
struct GivenUp<F> {
    inner: Pin<Box<F>>,
    waits: usize,
}

impl<F: Future> Future for GivenUp<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.inner.as_mut().poll(context) {
            Poll::Ready(done) => Poll::Ready(Some(done)),
            Poll::Pending if self.waits == 0 => Poll::Ready(None),
            Poll::Pending => {
                self.waits -= 1;
                Poll::Pending
            }
        }
    }
}

#[derive(Debug, Default)]
struct Tally {
    begun: AtomicUsize,
    committed: AtomicUsize,
    dropped: AtomicUsize,
    failed: AtomicUsize,
    cancelled: AtomicUsize,
    without_tenant: AtomicUsize,
    foreign: AtomicUsize,
    not_own: AtomicUsize,
}

fn count(counter: &AtomicUsize) {
    counter.fetch_add(1, Ordering::Relaxed);
}

struct Tenants {
    store: Store,
    session: VerifiedSession,
    /// Client accounts with the one engagement of each.
    all: Vec<(ClientAccountId, EngagementId)>,
    tally: Tally,
}

impl Tenants {
    /// One transaction in a client account, looked at and ended one way or another.
    async fn transaction(&self, tenant: usize, end: usize) -> Result<(), StoreError> {
        let (client_account, own) = self.all[tenant];
        let foreign = self.all[(tenant + 1) % self.all.len()].1;
        let mut tx = self.store.tenant(&self.session, client_account).await?;
        let seen = tx.in_sight().await?;
        if seen.iter().any(|id| *id != client_account) {
            count(&self.tally.foreign);
        }
        if seen != [client_account] {
            count(&self.tally.not_own);
        }
        match end {
            0 => {
                let theirs = engagements::get(&mut tx, foreign).await;
                if !matches!(theirs, Err(StoreError::EngagementNotFound)) {
                    count(&self.tally.foreign);
                }
            }
            1 => {
                let nothing = assets::Filter { words: vec!["\0".to_owned()], ..assets::Filter::default() };
                // The server takes no such text: an error in the middle of the transaction.
                assets::count(&mut tx, own, &nothing).await?;
            }
            2 => {
                drop(tx);
                count(&self.tally.dropped);
                return Ok(());
            }
            _ => {}
        }
        tx.commit().await?;
        count(&self.tally.committed);
        Ok(())
    }

    /// Nobody's rows are in sight where no client account was entered, whoever had the connection before.
    async fn without_tenant(&self) -> Result<(), StoreError> {
        if !self.store.in_sight().await?.is_empty() {
            count(&self.tally.foreign);
        }
        count(&self.tally.without_tenant);
        Ok(())
    }

    async fn task(&self, seed: u64, transactions: usize) {
        let mut numbers = Numbers(seed);
        while self.tally.begun.fetch_add(1, Ordering::Relaxed) < transactions {
            let tenant = numbers.below(self.all.len());
            match numbers.below(16) {
                0 => self.without_tenant().await.unwrap(),
                1 => {
                    let waits = numbers.below(12);
                    let inner = Box::pin(self.transaction(tenant, 3));
                    match (GivenUp { inner, waits }).await {
                        None => count(&self.tally.cancelled),
                        Some(done) => done.unwrap(),
                    }
                }
                2 => match self.transaction(tenant, 1).await {
                    Err(StoreError::InvalidText(_)) => count(&self.tally.failed),
                    other => panic!("{other:?}"),
                },
                3 => self.transaction(tenant, 2).await.unwrap(),
                4 => self.transaction(tenant, 0).await.unwrap(),
                _ => self.transaction(tenant, 3).await.unwrap(),
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[allow(clippy::print_stdout, reason = "how much was asked is what the test is for")]
async fn no_transaction_on_a_shared_pool_sees_another_tenants_rows() {
    let transactions =
        from_environment("DRYDOCK_LEAKS_TRANSACTIONS").map_or(TRANSACTIONS, |n| usize::try_from(n).unwrap());
    let seed = from_environment("DRYDOCK_LEAKS_SEED").unwrap_or_else(|| Uuid::new_v4().as_u64_pair().0);
    let database = Database::new().await;
    let all: Vec<_> = (0..TENANTS)
        .map(|tenant| {
            let (client, engagement) = (Uuid::new_v4(), Uuid::new_v4());
            let _ = database.sql(&format!(
                "insert into migration.client_accounts (id, name, slug) values ('{client}', 'Pool {tenant}', 'pool-{tenant}');
                 insert into migration.engagements (client_account_id, id, name, slug) values ('{client}', '{engagement}', 'Pool', 'pool')"
            ));
            (ClientAccountId(client), EngagementId(engagement))
        })
        .collect();
    let store = database.store().clone();
    let (_, session) = store.sign_in(ADMINISTRATOR.0, ADMINISTRATOR.1, &Origin::default()).await.unwrap();
    let session = store.verify_session(&session.token, Origin::default()).await.unwrap();
    let tenants = Arc::new(Tenants { store, session, all, tally: Tally::default() });

    let begun = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..TASKS {
        let tenants = Arc::clone(&tenants);
        tasks.spawn(async move { tenants.task(seed.wrapping_add(task as u64), transactions).await });
    }
    while let Some(task) = tasks.join_next().await {
        task.unwrap_or_else(|error| panic!("seed {seed}: {error}"));
    }
    let took = begun.elapsed();
    let tally = &tenants.tally;
    println!("{transactions} transactions with seed {seed} in {:.1} s: {tally:?}", took.as_secs_f64());
    let of = |counter: &AtomicUsize| counter.load(Ordering::Relaxed);
    assert_eq!((of(&tally.foreign), of(&tally.not_own)), (0, 0), "seed {seed}");
    for (what, counter) in [
        ("committed", &tally.committed),
        ("dropped", &tally.dropped),
        ("failed", &tally.failed),
        ("cancelled", &tally.cancelled),
        ("without a tenant", &tally.without_tenant),
    ] {
        assert!(of(counter) > 0, "none was {what}: seed {seed}");
    }
}
