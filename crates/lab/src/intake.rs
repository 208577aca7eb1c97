//! A deployment's database, taken into a throw-away one, to be looked at with the product's own screens.

mod anonymise;

use std::path::PathBuf;

use drydock_boot::{Platform, PostgresError, Settings, StoreError, boot::Failure, seed::Wanted};
use drydock_domain::{database_url, finding::Finding};
use drydock_postgres::{
    Tree,
    snapshot::{Bytes, Deployment, ForeignDump, Progress, ServerAddress},
};
use drydock_store::{
    DatabaseRole, Store, Target,
    accounts::Person,
    audit::Origin,
    databases::Databases,
    intake::{self, Administrator, Layout, Taken},
    observe::Source,
};
use serde::Serialize;

use self::anonymise::Anonymiser;
use crate::Sources;

/// Whom the throw-away database is set up with: a name that no mail can reach.
pub const ADMINISTRATOR: &str = "repro@drydock.invalid";

/// Where a deployment's database is.
#[derive(Clone)]
pub enum IntakeSource {
    /// In a dump.
    Dump(PathBuf),
    /// Behind a URL, on this machine.
    Url(String),
}

/// What is asked for.
pub struct IntakeOrder<'a> {
    /// The deployment's database.
    pub from: &'a IntakeSource,
    /// Whether names, addresses and hosts are replaced.
    pub anonymise: bool,
    /// Opens every account of the throw-away database.
    pub password: &'a str,
}

/// What was taken in.
#[derive(Clone, Debug, Serialize)]
pub struct Intake {
    /// The schema that the platform's tables lay in.
    pub schema: String,
    /// By table, in the order of the writing.
    pub tables: Vec<Taken>,
    /// Tables of the platform that the deployment lacks.
    pub missing: Vec<&'static str>,
    /// Tables of the deployment that are not the platform's first ones, with their schemas.
    pub others: Vec<String>,
    /// What the server refused of the dump, in its words.
    pub refused: Vec<String>,
    /// Whether names, addresses and hosts were replaced.
    pub anonymised: bool,
    /// What the doctor says of the deployment's database, as it was in the dump.
    pub findings: Vec<Finding>,
}

/// How far it has come.
#[derive(Clone, Copy, Debug)]
pub enum IntakeStep {
    /// The deployment's database is dumped: bytes written.
    Reading(u64),
    /// The throw-away cluster boots.
    Booting,
    /// The dump is restored: bytes read of it.
    Restoring(u64, Option<u64>),
    /// Rows are taken over: how many were read.
    Taking(u64),
}

/// Why nothing was taken in.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// The throw-away cluster does not boot.
    #[error("the throw-away database does not start: {0}")]
    Boot(#[from] Failure),
    /// The dump cannot be read or restored, or the server not be stopped.
    #[error(transparent)]
    Postgres(#[from] PostgresError),
    /// The rows cannot be taken over.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The URL is none that can be read here.
    #[error("{0}")]
    Url(String),
    /// There is no folder for the dump.
    #[error("there is no temporary folder: {0}")]
    Folder(#[from] std::io::Error),
    /// The boot ended without a server.
    #[error("the throw-away database is not there")]
    Gone,
}

impl IntakeError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> String {
        match self {
            Self::Boot(failure) => failure.code.clone(),
            Self::Postgres(error) => error.code().to_owned(),
            Self::Store(error) => error.code().as_str().to_owned(),
            Self::Url(_) => "intake.unread".to_owned(),
            Self::Gone | Self::Folder(_) => drydock_boot::ErrorCode::IntakeFailed.as_str().to_owned(),
        }
    }

    /// What to do next.
    #[must_use]
    pub fn next_step(&self) -> String {
        match self {
            Self::Boot(failure) => failure.next_step.clone(),
            Self::Postgres(error) => error.next_step().to_string(),
            Self::Store(error) => error.code().next_step().to_owned(),
            Self::Url(_) => "Dump the database where it is, with pg_dump --format=custom --file FILE, and take the file in.".to_owned(),
            Self::Gone | Self::Folder(_) => drydock_boot::ErrorCode::IntakeFailed.next_step().to_owned(),
        }
    }
}

/// Takes the dump into the data directory of `settings`, which must be a new one, and stops its server again: a platform that boots
/// there afterwards shows it. `told` learns how far it is.
///
/// The dump is restored into a database of its own first, as the role that owns the schema and may do nothing else; the rows of the
/// platform's tables are then written through our constraints and policies.
///
/// # Errors
/// What kept it from being taken in; the data directory is then of no use.
pub async fn take_in(
    order: &IntakeOrder<'_>,
    settings: &Settings,
    told: &(dyn Fn(IntakeStep) + Sync),
) -> Result<Intake, IntakeError> {
    // Before anything is started: a file that is no dump is told at once.
    let folder = tempfile::Builder::new().prefix("drydock-dump-").tempdir()?;
    let dump = match order.from {
        IntakeSource::Dump(path) => ForeignDump::open(path)?,
        IntakeSource::Url(url) => {
            let tree = Tree::locate(settings.postgres.as_deref(), &settings.resources)?;
            let from = deployment(url)?;
            let progress = Progress::new();
            let path = folder.path().join("deployment.dump");
            let work = ForeignDump::read(&tree, &from, &path, &progress);
            watched(work, &progress, |bytes| told(IntakeStep::Reading(bytes.done))).await?
        }
    };
    told(IntakeStep::Booting);
    let empty = Wanted { profile: drydock_boot::Profile::Empty, ..Wanted::default() };
    let platform = Platform::new(Settings { seed: Ok(empty), program: "intake", ..settings.clone() });
    let taken = async {
        platform.boot().await?;
        let (Some(target), Some(cluster)) = (platform.target().await, platform.cluster().await) else {
            return Err(IntakeError::Gone);
        };
        let server = ServerAddress {
            tree: cluster.tree().clone(),
            socket_dir: target.socket_dir().to_owned(),
            port: target.port(),
        };
        let store = Store::open(&target);
        let taken = into(&store, &server, &dump, order, told).await;
        store.close().await;
        taken
    }
    .await;
    let stopped = platform.shutdown().await;
    let taken = taken?;
    stopped?;
    Ok(taken)
}

async fn into(
    store: &Store,
    server: &ServerAddress,
    dump: &ForeignDump,
    order: &IntakeOrder<'_>,
    told: &(dyn Fn(IntakeStep) + Sync),
) -> Result<Intake, IntakeError> {
    let databases = Databases::new(store.clone());
    let raw = databases.prepare(&[]).await?;
    intake::equip(&raw).await?;
    let refused = restored(dump, server, &raw, told).await?;
    // As the role that owns what was restored: whatever came with the dump could otherwise run with a superuser's rights.
    let restored = Source::Own { target: raw.clone(), role: DatabaseRole::Owner.name().to_owned() };
    let findings =
        crate::doctor(&crate::gather(&Sources { database: Some(restored), ..Sources::default() }).await);
    let layout = Layout::read(&raw).await?;
    let anonymiser = match order.anonymise {
        true => Some(Anonymiser::of(&raw, &layout).await?),
        false => None,
    };
    let person = Person {
        email: ADMINISTRATOR.to_owned(),
        first_name: "Drydock".to_owned(),
        last_name: "Repro".to_owned(),
    };
    let (user, _session) = store.create_first_account(&person, order.password, &Origin::default()).await?;
    let administrator = Administrator { id: user.id, password: order.password.to_owned() };
    let tables = intake::take(
        &raw,
        &layout,
        store,
        &administrator,
        |table, row| {
            if let Some(anonymiser) = &anonymiser {
                anonymiser.rewrite(table, row);
            }
        },
        &|rows| told(IntakeStep::Taking(rows)),
    )
    .await?;
    databases.abandon(&raw).await?;
    Ok(Intake {
        schema: layout.schema().to_owned(),
        missing: layout.missing(),
        others: layout.others().to_vec(),
        tables,
        refused,
        anonymised: order.anonymise,
        findings,
    })
}

async fn restored(
    dump: &ForeignDump,
    server: &ServerAddress,
    raw: &Target,
    told: &(dyn Fn(IntakeStep) + Sync),
) -> Result<Vec<String>, PostgresError> {
    let progress = Progress::new();
    let work = dump.restore(server, raw.database(), DatabaseRole::Owner.name(), &progress);
    watched(work, &progress, |bytes| told(IntakeStep::Restoring(bytes.done, bytes.total))).await
}

/// Waits for `work` and tells how far it is.
async fn watched<T>(work: impl Future<Output = T>, progress: &Progress, told: impl Fn(Bytes)) -> T {
    let mut watch = progress.watch();
    tokio::pin!(work);
    loop {
        tokio::select! {
            done = &mut work => return done,
            Ok(()) = watch.changed() => told(*watch.borrow_and_update()),
        }
    }
}

/// What a URL leads to, if that is on this machine: the bundle's pg_dump speaks no TLS, and what it reads is not for others to see.
fn deployment(url: &str) -> Result<Deployment, IntakeError> {
    let Some(url) = database_url::read(url).url else {
        return Err(IntakeError::Url("The URL is none of a PostgreSQL database.".to_owned()));
    };
    let host = url.hosts.first().cloned();
    if let Some(host) = host.as_ref().filter(|host| !host.is_local()) {
        return Err(IntakeError::Url(format!(
            "{} is another machine, and the bundle's pg_dump speaks no TLS.",
            host.name
        )));
    }
    Ok(Deployment {
        host: host.as_ref().map_or_else(|| "127.0.0.1".to_owned(), |host| host.name.clone()),
        port: host.and_then(|host| host.port).unwrap_or(5432),
        user: url.user,
        password: url.password.map(|password| password.reveal().to_owned()),
        database: url.database,
    })
}
