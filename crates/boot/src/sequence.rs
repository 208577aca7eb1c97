//! The stages, in order, each with its gate.

use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::Body,
    http::{Request, StatusCode},
};
use drydock_api::ApiState;
use drydock_domain::{
    ErrorCode,
    boot::{Failure, Stage},
    database_url,
    deployment::{self, Configuration},
};
use drydock_postgres::{
    Account, Cluster, DataDirectory, Exit, Initialised, PostgresError, Server, StopMode, Tree, Waiting,
    default_data_dir,
    snapshot::{ServerAddress, SnapshotFolder},
};
use drydock_store::{
    Store, StoreError, Superuser, Target, ahead, bootstrap,
    history::{self, Course},
    seed::{self, Wanted},
    verify,
};
use tokio::sync::{Mutex, oneshot};
use tower::ServiceExt as _;

use crate::{
    DatabaseMaintenance, Paused, Settings,
    monitoring::PlatformRecorder,
    progress::{Progress, Red},
    template,
};

/// Name of the application's database.
pub(crate) const DATABASE: &str = "drydock";
/// How long running statements are given when everything stops.
const STORE_CLOSE: Duration = Duration::from_secs(1);
/// Lines of the server's log that a failure report carries.
const LOG_LINES: usize = 50;

/// What a boot has started so far.
pub(crate) struct Running {
    server: Server,
    cluster: Cluster,
    target: Target,
    store: Option<Store>,
    maintenance: Option<DatabaseMaintenance>,
}

impl Running {
    pub(crate) fn cluster(&self) -> Cluster {
        self.cluster.clone()
    }

    pub(crate) fn maintenance(&self) -> Option<DatabaseMaintenance> {
        self.maintenance.clone()
    }

    pub(crate) fn store(&self) -> Option<Store> {
        self.store.clone()
    }

    pub(crate) fn exited(&self) -> impl Future<Output = Exit> + Send + 'static {
        self.server.exited()
    }

    pub(crate) fn log_tail(&self) -> String {
        self.server.log_tail(LOG_LINES)
    }

    pub(crate) fn target(&self) -> Target {
        self.target.clone()
    }

    pub(crate) async fn stop(mut self) -> Result<(), PostgresError> {
        if let Some(maintenance) = self.maintenance.take() {
            maintenance.shut_down().await;
        }
        let stopped = match self.store.take() {
            // Nobody is in the middle of anything: that the connections end is not waited for.
            Some(store) if store.is_idle().await => {
                let closed = tokio::time::timeout(STORE_CLOSE, store.close());
                let (_, stopped) = tokio::join!(closed, self.server.stop());
                stopped
            }
            Some(store) => {
                // A statement that does not end must not keep the server from stopping; stopping it ends the statement.
                let _ = tokio::time::timeout(STORE_CLOSE, store.close()).await;
                self.server.stop().await
            }
            None => self.server.stop().await,
        }?;
        // A server that had ended by itself was told of when it did.
        if stopped.clean || stopped.mode == StopMode::Gone {
            return Ok(());
        }
        Err(PostgresError::StopUnclean { log: self.server.log_tail(LOG_LINES) })
    }
}

/// Runs the stages and tells the outcome.
pub(crate) async fn run(
    settings: &Settings,
    progress: &Progress,
    api: &ApiState,
    running: &Mutex<Option<Running>>,
) -> Result<(), Failure> {
    let begun = Instant::now();
    match stages(begun, settings, progress, api, running).await {
        Ok(()) => {
            progress.ready(begun);
            Ok(())
        }
        Err(failure) => {
            let log_tail = running.lock().await.as_ref().map(Running::log_tail).unwrap_or_default();
            progress.failed(begun, &failure, log_tail);
            Err(failure)
        }
    }
}

async fn stages(
    begun: Instant,
    settings: &Settings,
    progress: &Progress,
    api: &ApiState,
    running: &Mutex<Option<Running>>,
) -> Result<(), Failure> {
    let (data_dir, wanted) = progress.stage(begun, Stage::Configure, configure(settings)).await?;

    let (tree, data, account) = progress
        .stage(begun, Stage::Locate, async {
            let tree = Tree::locate(settings.postgres.as_deref(), &settings.resources)?;
            let account = Account::resolve()?;
            let data = DataDirectory::open(&data_dir, &account, settings.program)?;
            let detail = format!("PostgreSQL {}, data in {}", tree.version(), data.path().display());
            Ok(((tree, data, account), detail))
        })
        .await?;

    let cluster = progress
        .stage(begun, Stage::Initialise, async {
            let template = Cluster::is_to_be_made(&data)
                .then(|| template::of_this_build(&settings.templates, &tree, wanted))
                .flatten();
            let (cluster, initialised) =
                Cluster::initialise(&tree, data, &account, template.as_ref()).await?;
            let detail = match initialised {
                Initialised::Created => "a new cluster with data checksums",
                Initialised::Unpacked => "a new cluster, unpacked from the template",
                Initialised::Existing => "the existing cluster",
            };
            Ok((cluster, detail))
        })
        .await?;

    let snapshots = SnapshotFolder::of(cluster.data().path());
    tokio::spawn({
        let snapshots = snapshots.clone();
        async move {
            if let Err(error) = snapshots.remove_unfinished().await {
                tracing::warn!(%error, "unfinished files are still among the snapshots");
            }
        }
    });
    // Describing the operations takes milliseconds, which the last stage need not wait for. It asks behind a state of its own, so that a
    // red gate leaves the real one closed.
    let tried = api.unopened();
    let asked = tokio::task::spawn_blocking({
        let tried = tried.clone();
        move || drydock_api::router(tried)
    });

    let target = progress
        .stage(begun, Stage::Start, async {
            let told = progress.clone();
            let waiting = move |waiting: &Waiting| told.detail(begun, Stage::Start, &recovering(waiting));
            let server = cluster.start(waiting).await?;
            let target = Target::new(server.socket_dir(), server.port(), DATABASE);
            let detail = format!("process {} as {}", server.pid(), account.name());
            *running.lock().await = Some(Running {
                server,
                cluster: cluster.clone(),
                target: target.clone(),
                store: None,
                maintenance: None,
            });
            Ok((target, detail))
        })
        .await?;

    if let Some(pause) = &settings.deployment.pause {
        let (go_on, gone_on) = oneshot::channel();
        // Whoever asked to be waited for and has gone is not waited for.
        if pause.send(Paused { target: target.clone(), go_on }).await.is_ok() {
            let _ = gone_on.await;
        }
    }

    let store = Store::open(&target);

    let ahead = ahead::look(&store);

    progress.stage(begun, Stage::NormaliseUrl, async { Ok(((), normalise_url(settings)?)) }).await?;

    let (superuser, left_over) = progress
        .stage(begun, Stage::WaitDb, async {
            let (facts, superuser) = match ahead.facts.await {
                Ok(facts) => (facts, None),
                Err(_) => {
                    let mut superuser = Superuser::connect(&target).await?;
                    (superuser.facts().await?, Some(superuser))
                }
            };
            let detail = format!("PostgreSQL {}, pgvector {}", facts.version, facts.pgvector);
            Ok(((superuser, facts.left_over), detail))
        })
        .await?;

    let found = progress
        .stage(begun, Stage::Bootstrap, async {
            let found = match ahead.bootstrapped.await {
                Ok(()) => bootstrap::Bootstrap::Existing,
                Err(_) => {
                    let mut superuser = match superuser {
                        Some(superuser) => superuser,
                        None => Superuser::connect(&target).await?,
                    };
                    let found = superuser.bootstrap().await?;
                    superuser.close().await?;
                    found
                }
            };
            let detail = match found {
                bootstrap::Bootstrap::Created => "database, roles and schema created",
                bootstrap::Bootstrap::Repaired => "roles, schema and extension put right",
                bootstrap::Bootstrap::Existing => "database and roles are there",
            };
            if found != bootstrap::Bootstrap::Existing {
                store.reconnect().await;
            }
            Ok((found, detail))
        })
        .await?;

    let shipped = settings.deployment.migrations.as_deref();
    let history = progress
        .stage(begun, Stage::History, async {
            let history = match (shipped, ahead.history.await) {
                (None, Ok(history)) => history,
                (shipped, _) => {
                    shipped.unwrap_or_else(|| history::Migrations::shipped()).compare(&target).await?
                }
            };
            let detail = format!("{} applied, {} pending", history.applied.len(), history.pending.len());
            Ok((history, detail))
        })
        .await?;

    let applied = progress
        .stage(begun, Stage::Migrate, async {
            let told = progress.clone();
            let course = move |course: &Course| told.detail(begun, Stage::Migrate, &migrating(course));
            let shipped = shipped.unwrap_or_else(|| history::Migrations::shipped());
            let patience = settings.deployment.patience.unwrap_or(history::PATIENCE);
            let applied = shipped.migrate(&target, &history, patience, &course).await?;
            let detail = match applied {
                0 => "nothing to apply".to_owned(),
                1 => "1 migration applied".to_owned(),
                more => format!("{more} migrations applied"),
            };
            Ok((applied, detail))
        })
        .await?;

    let untouched = found == bootstrap::Bootstrap::Existing && applied == 0;
    let recorder = PlatformRecorder::new(cluster.data().path(), api.turned_away().clone());
    let maintenance = DatabaseMaintenance::new(
        store.clone(),
        recorder.clone(),
        snapshots,
        ServerAddress {
            tree: cluster.tree().clone(),
            socket_dir: target.socket_dir().to_owned(),
            port: target.port(),
        },
        settings.downloads.clone(),
        wanted,
        // It tells the router about the data; the router, once open, holds it.
        api.unopened(),
    );
    if let Some(running) = running.lock().await.as_mut() {
        running.store = Some(store.clone());
        running.maintenance = Some(maintenance.clone());
    }

    progress
        .stage(begun, Stage::Verify, async {
            let seen = match ahead.verified.await {
                Ok(seen) if untouched => seen,
                _ => verify::schema(&store).await?,
            };
            let mut detail = format!("{} tables, {} closed by tenant", seen.tables, seen.tenant_tables);
            if let Some(broken) = seen.security_log {
                let code = ErrorCode::AuditBroken;
                tracing::error!(code = code.as_str(), %broken, "the security log was changed");
                detail = format!("{detail}; {}: {broken} [{}]", code.title(), code.as_str());
            }
            Ok(((), detail))
        })
        .await?;

    progress
        .stage(begun, Stage::Seed, async {
            let standing = match ahead.seeded.await {
                Ok(standing) if untouched => standing,
                _ => seed::standing(&store).await?,
            };
            // A database that was seeded keeps its profile, whatever is wanted of new ones.
            let plan = standing.plan.unwrap_or_else(|| wanted.plan());
            let detail = if standing.is_complete {
                format!("nothing to add, profile {}", plan.profile)
            } else {
                format!("{} rows added, profile {}", seed::run(&store, &plan).await?.rows, plan.profile)
            };
            api.tell_profile(plan.profile);
            Ok(((), detail))
        })
        .await?;

    progress
        .stage(begun, Stage::Login, async {
            let accounts = match ahead.accounts.await {
                Ok(accounts) if untouched => accounts,
                _ => verify::login(&store).await?,
            };
            Ok(((), accounts.to_string()))
        })
        .await?;

    progress
        .stage(begun, Stage::Serve, async {
            if left_over {
                maintenance.drop_unfinished().await;
            }
            tried.open(store.clone(), Arc::new(maintenance.clone()), Arc::new(recorder.clone()));
            let router = match asked.await {
                Ok(router) => router,
                // Whatever it panicked about, it does so again here.
                Err(_) => drydock_api::router(tried),
            };
            answers(router).await?;
            // What was written for the first run is on the disk before anybody builds on it.
            cluster.durable().await?;
            api.open(store.clone(), Arc::new(maintenance.clone()), Arc::new(recorder.clone()));
            Ok(((), format!("API {} answers", drydock_api::VERSION)))
        })
        .await
}

/// What a person is told while the server takes its time.
fn recovering(waiting: &Waiting) -> String {
    let seconds = waiting.elapsed.as_secs();
    match waiting.last_line.as_str() {
        "" => format!("for {seconds} s"),
        line => format!("for {seconds} s: {line}"),
    }
}

/// What a person is told while migrations take their time, or somebody else has the migrator's lock.
fn migrating(course: &Course) -> String {
    match course {
        Course::Applying(applying) => applying.to_string(),
        Course::Waiting(history::Waiting { elapsed, holder }) => match holder {
            Some(holder) => format!("for {} s another migrates: {holder}", elapsed.as_secs()),
            None => format!("for {} s another migrates", elapsed.as_secs()),
        },
    }
}

async fn configure(settings: &Settings) -> Result<((PathBuf, Wanted), String), Red> {
    let wanted = settings.seed.clone().map_err(|what| Red {
        code: ErrorCode::SettingsInvalid.as_str().to_owned(),
        what: "What a new database is to be seeded with cannot be understood.".to_owned(),
        cause: sentence(&what),
        next_step: ErrorCode::SettingsInvalid.next_step().to_owned(),
    })?;
    let configuration = match &settings.deployment.environment {
        Some(variables) => deployment::configuration(variables).map_err(|error| Red {
            code: ErrorCode::SettingsInvalid.as_str().to_owned(),
            what: "What this deployment is cannot be understood.".to_owned(),
            cause: sentence(&error.to_string()),
            next_step: ErrorCode::SettingsInvalid.next_step().to_owned(),
        })?,
        None => Configuration::default(),
    };
    let data_dir = match &settings.data_dir {
        Some(path) => std::path::absolute(path).map_err(|error| Red {
            code: ErrorCode::SettingsInvalid.as_str().to_owned(),
            what: format!("The data directory {:?} is no path.", path.display()),
            cause: error.to_string(),
            next_step: ErrorCode::SettingsInvalid.next_step().to_owned(),
        })?,
        None => default_data_dir()?,
    };
    let mut detail = format!("{}, profile {} for a new database", configuration.environment, wanted.profile);
    for origin in &configuration.origins {
        detail = format!("{detail}, pages of {origin}");
    }
    Ok(((data_dir, wanted), detail))
}

/// Where the database is. Ours is the bundled one; a deployment's `DATABASE_URL` has to be one all the same.
fn normalise_url(settings: &Settings) -> Result<String, Red> {
    let given = settings.deployment.environment.as_ref().and_then(|variables| variables.get("DATABASE_URL"));
    if let Some(text) = given {
        let reading = database_url::read(text);
        if reading.url.is_none() {
            let code = ErrorCode::UrlUnreadable;
            let why: Vec<String> = reading.flaws.iter().map(ToString::to_string).collect();
            return Err(Red {
                code: code.as_str().to_owned(),
                what: "DATABASE_URL is no connection URL of PostgreSQL.".to_owned(),
                cause: why.join(" "),
                next_step: code.next_step().to_owned(),
            });
        }
    }
    Ok(format!("database {DATABASE} over the Unix socket, no TCP"))
}

/// Asks the router what a load balancer would ask.
async fn answers(router: Router) -> Result<(), Red> {
    let mut request = Request::new(Body::empty());
    *request.uri_mut() = axum::http::Uri::from_static("/readyz");
    let response = match router.oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    if response.status() == StatusCode::OK {
        return Ok(());
    }
    Err(Red {
        code: ErrorCode::ServeFailed.as_str().to_owned(),
        what: format!("The API answers {} where it must say that it is ready.", response.status()),
        cause: String::new(),
        next_step: ErrorCode::DatabaseUnavailable.next_step().to_owned(),
    })
}

impl From<PostgresError> for Red {
    fn from(error: PostgresError) -> Self {
        let (_, meaning) = PostgresError::CODES
            .iter()
            .find(|(code, _)| *code == error.code())
            .copied()
            .unwrap_or((error.code(), "PostgreSQL failed."));
        Self {
            code: error.code().to_owned(),
            what: meaning.to_owned(),
            cause: sentence(&error.to_string()),
            next_step: error.next_step(),
        }
    }
}

impl From<StoreError> for Red {
    fn from(error: StoreError) -> Self {
        let code = error.code();
        Self {
            code: code.as_str().to_owned(),
            what: format!("{}.", code.title()),
            cause: sentence(&error.to_string()),
            next_step: code.next_step().to_owned(),
        }
    }
}

/// `text` as a sentence: a capital at its beginning, a stop at its end.
fn sentence(text: &str) -> String {
    let text = text.trim();
    let mut characters = text.chars();
    let mut sentence: String = match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => return String::new(),
    };
    if !sentence.ends_with(['.', '!', '?']) {
        sentence.push('.');
    }
    sentence
}
