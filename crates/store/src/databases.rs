//! The databases beside the live one, and taking its place.
//!
//! | name | what it is |
//! |---|---|
//! | `x` | the live database |
//! | `x_pristine` | as a first run leaves it; nobody connects to it, others are cloned from it |
//! | `x_spare` | a clone of that, kept ready to be the live one |
//! | `x_before` | what the last exchange replaced |
//! | `x_incoming_…` | being restored |
//! | `x_making_…` | being seeded |
//! | `x_trash_…` | to be dropped |
//!
//! An exchange is one transaction of renames: whatever crashes, the live database is the old one or the new one.

mod exchange;

use drydock_domain::Profile;
use serde::{Deserialize, Serialize};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use time::OffsetDateTime;
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::{
    DatabaseRole, Store, StoreError, Target, VerifiedSession, bootstrap, catalogue,
    clone::{closing, comment, quoted},
    content, history,
    seed::{self, Plan, Standing as Seeding, Wanted},
    superuser::MAINTENANCE,
    verify,
};

/// Why the live database was replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// By the seeded state.
    Reset,
    /// By the state before.
    Undo,
    /// By a snapshot.
    Restore,
}

/// The state that an undo brings back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Before {
    /// What replaced it.
    pub cause: Cause,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
}

/// How the databases beside the live one stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The state that an undo would bring back.
    pub before: Option<Before>,
    /// Whether a reset would find its clone ready.
    pub spare_ready: bool,
}

/// The databases of one platform.
#[derive(Debug)]
pub struct Databases {
    store: Store,
    /// What is seeded where nothing says otherwise.
    wanted: Wanted,
    /// Held while databases are made, renamed or dropped.
    work: Mutex<()>,
}

impl Databases {
    /// Those around the live database of `store`.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self { store, wanted: Wanted::default(), work: Mutex::default() }
    }

    /// The same; `wanted` is what a live database that does not tell is reset to.
    #[must_use]
    pub fn with_wanted(self, wanted: Wanted) -> Self {
        Self { wanted, ..self }
    }

    /// What the live database was seeded with. One that does not tell, because it comes from elsewhere or its gates are red, is
    /// taken to be as the pristine one, else as wanted.
    ///
    /// # Errors
    /// When the server fails.
    pub async fn plan(&self) -> Result<Plan, StoreError> {
        if let Ok(Seeding { plan: Some(plan), .. }) = seed::standing(&self.store).await {
            return Ok(plan);
        }
        Ok(self.pristine().await?.unwrap_or_else(|| self.wanted.plan()))
    }

    /// Makes ready what is missing, the pristine database of this build and its spare clone, and drops what was replaced.
    /// Safe at any time and any number of times; reports whether anything was made.
    ///
    /// # Errors
    /// When the database fails. What is ready stays so.
    pub async fn settle(&self) -> Result<bool, StoreError> {
        let mut made = false;
        let plan = self.plan().await?;
        if !is_kept_ready(&plan) {
            self.drop_all("trash").await?;
            return Ok(false);
        }
        if self.pristine().await? != Some(plan) {
            self.make_pristine(&plan).await?;
            made = true;
        }
        {
            let _work = self.work.lock().await;
            let mut server = self.server().await?;
            if !exists(&mut server, self.spare().database()).await? {
                self.clone_spare(&mut server).await?;
                self.warm_spare(&mut server).await?;
                made = true;
            }
            // Now rather than when the server is to stop: what was made here, and how the boot or the exchange was noted.
            sqlx::raw_sql("CHECKPOINT").execute(&mut server).await?;
            server.close().await?;
        }
        self.drop_all("trash").await?;
        Ok(made)
    }

    /// Makes the cluster ready to be packed: the pristine database is there, and no more files than needed. `template1` goes,
    /// from which nothing of ours is made; the spare clone comes later, on the machine that unpacks it. Returns the numbers (object
    /// ids) of the databases that nobody can connect to, and a start therefore does without.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn prepare_packing(&self) -> Result<Vec<u32>, StoreError> {
        let plan = self.plan().await?;
        if self.pristine().await? != Some(plan) {
            self.make_pristine(&plan).await?;
        }
        freeze(self.store.target()).await?;
        let _work = self.work.lock().await;
        let mut server = self.server().await?;
        for statement in ["ALTER DATABASE template1 IS_TEMPLATE false", "DROP DATABASE template1"] {
            sqlx::raw_sql(statement).execute(&mut server).await?;
        }
        let closed =
            sqlx::query_scalar!(r#"select oid::int8 as "oid!" from pg_database where not datallowconn"#)
                .fetch_all(&mut server)
                .await?;
        server.close().await?;
        Ok(closed.into_iter().filter_map(|oid| u32::try_from(oid).ok()).collect())
    }

    /// What an undo would bring back, and whether a reset would find its clone ready.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn standing(&self) -> Result<Standing, StoreError> {
        let mut server = self.server().await?;
        let read = async {
            let note = note_of(&mut server, self.derived("before").database()).await?;
            let spare_ready = exists(&mut server, self.spare().database()).await?;
            Ok::<_, StoreError>(Standing {
                before: note.and_then(|note| serde_json::from_str(&note).ok()),
                spare_ready,
            })
        }
        .await;
        server.close().await?;
        let read = read?;
        let spare_ready = read.spare_ready && self.pristine().await? == Some(self.plan().await?);
        Ok(Standing { spare_ready, ..read })
    }

    /// Puts the seeded state in the live one's place. `session` stays signed in, all others end.
    ///
    /// # Errors
    /// When the database fails; the live database is then the old one.
    pub async fn reset(&self, session: Option<&VerifiedSession>) -> Result<Before, StoreError> {
        let plan = self.plan().await?;
        if !is_kept_ready(&plan) {
            return self.seed(&plan, session, &|_| ()).await;
        }
        let mut server = self.server().await?;
        if self.pristine_on(&mut server).await? != Some(plan) {
            self.make_pristine(&plan).await?;
        }
        let _work = self.work.lock().await;
        let spare = self.spare();
        if !exists(&mut server, spare.database()).await? {
            self.clone_spare(&mut server).await?;
        }
        let done = self.exchange(&mut server, &spare, Cause::Reset, session).await;
        server.close().await?;
        done
    }

    /// Seeds a new database with `plan` and puts it in the live one's place; `told` learns how many rows are written. `session`
    /// stays signed in if its user is there, too; all others end.
    ///
    /// # Errors
    /// When the database fails; the live database is then the old one.
    pub async fn seed(
        &self,
        plan: &Plan,
        session: Option<&VerifiedSession>,
        told: &(dyn Fn(u64) + Sync),
    ) -> Result<Before, StoreError> {
        let _work = self.work.lock().await;
        let made = self.make(plan, told).await?;
        let mut server = self.server().await?;
        let done = self.exchange(&mut server, &made, Cause::Reset, session).await;
        server.close().await?;
        if done.is_err() {
            // The next start drops it otherwise.
            let _ = crate::clone::remove(&made).await;
        }
        done
    }

    /// Brings the state before the last reset, restore or undo back, and keeps the present one in its stead.
    ///
    /// # Errors
    /// [`StoreError::NothingToUndo`], or when the database fails; the live database is then the old one.
    pub async fn undo(&self, session: Option<&VerifiedSession>) -> Result<Before, StoreError> {
        let _work = self.work.lock().await;
        let before = self.derived("before");
        let mut server = self.server().await?;
        if !exists(&mut server, before.database()).await? {
            return Err(StoreError::NothingToUndo);
        }
        let done = self.exchange(&mut server, &before, Cause::Undo, session).await;
        server.close().await?;
        done
    }

    /// Makes an empty database for a snapshot to be restored into: owned by `drydock_owner`, with the extension and without
    /// the schema; the roles of the snapshot are there, those that were not without any right.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn prepare(&self, roles: &[String]) -> Result<Target, StoreError> {
        let _work = self.work.lock().await;
        let target = self.derived(&format!("incoming_{}", Uuid::new_v4().simple()));
        let mut server = self.server().await?;
        let made = async {
            for role in roles {
                let there = sqlx::query_scalar!(
                    r#"select exists (select from pg_roles where rolname = $1) as "there!""#,
                    role
                )
                .fetch_one(&mut server)
                .await?;
                if !there {
                    execute(&mut server, format!("CREATE ROLE {} NOLOGIN", quoted(role))).await?;
                }
            }
            execute(
                &mut server,
                format!(
                    "CREATE DATABASE {} OWNER drydock_owner TEMPLATE template0 ENCODING 'UTF8'",
                    quoted(target.database())
                ),
            )
            .await
        }
        .await;
        server.close().await?;
        made?;
        let mut inside = target.connect(DatabaseRole::Superuser).await?;
        let done = sqlx::raw_sql("CREATE EXTENSION vector SCHEMA public").execute(&mut inside).await;
        inside.close().await?;
        done?;
        Ok(target)
    }

    /// Brings a database of [`Databases::prepare`] into which a snapshot was restored up to this build's migrations, checks it
    /// by the gates of the boot, and puts it in the live one's place.
    ///
    /// # Errors
    /// That of the first red gate; the live database is then the old one, and `incoming` is still there.
    pub async fn adopt(
        &self,
        incoming: &Target,
        session: Option<&VerifiedSession>,
    ) -> Result<Before, StoreError> {
        bootstrap::run(incoming).await?;
        catalogue::forget(incoming).await?;
        let pending = history::compare(incoming).await?;
        history::migrate(incoming, &pending).await?;
        check(incoming).await?;

        let _work = self.work.lock().await;
        let mut server = self.server().await?;
        let done = self.exchange(&mut server, incoming, Cause::Restore, session).await;
        server.close().await?;
        done
    }

    /// Drops what work that never came to its end has left. To be called before any other.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn drop_unfinished(&self) -> Result<(), StoreError> {
        self.drop_all("incoming").await?;
        self.drop_all("making").await
    }

    /// Drops a database of [`Databases::prepare`].
    ///
    /// # Errors
    /// When the database fails.
    pub async fn abandon(&self, incoming: &Target) -> Result<(), StoreError> {
        let _work = self.work.lock().await;
        crate::clone::remove(incoming).await
    }

    fn derived(&self, suffix: &str) -> Target {
        let live = self.store.target();
        live.with_database(format!("{}_{suffix}", live.database()))
    }

    fn spare(&self) -> Target {
        self.derived("spare")
    }

    async fn server(&self) -> Result<PgConnection, StoreError> {
        let maintenance = self.store.target().with_database(MAINTENANCE);
        Ok(maintenance.connect(DatabaseRole::Superuser).await?)
    }

    /// What the pristine database was seeded with, if it is there and of this build.
    async fn pristine(&self) -> Result<Option<Plan>, StoreError> {
        let mut server = self.server().await?;
        let plan = self.pristine_on(&mut server).await;
        server.close().await?;
        plan
    }

    async fn pristine_on(&self, server: &mut PgConnection) -> Result<Option<Plan>, StoreError> {
        let note = note_of(server, self.derived("pristine").database()).await?;
        let made: Option<Made> = note.and_then(|note| serde_json::from_str(&note).ok());
        Ok(made.filter(|made| made.content == content::digest()).map(|made| made.plan))
    }

    async fn make_pristine(&self, plan: &Plan) -> Result<(), StoreError> {
        let _work = self.work.lock().await;
        let made = self.make(plan, &|_| ()).await?;
        let mut server = self.server().await?;
        let done = self.name_pristine(&mut server, made.database(), plan).await;
        server.close().await?;
        done
    }

    /// Makes a database as the boot makes the live one, and checks it. What cannot be made is dropped.
    async fn make(&self, plan: &Plan, told: &(dyn Fn(u64) + Sync)) -> Result<Target, StoreError> {
        let making = self.derived(&format!("making_{}", Uuid::new_v4().simple()));
        let made = async {
            bootstrap::run(&making).await?;
            let pending = history::compare(&making).await?;
            history::migrate(&making, &pending).await?;
            let store = Store::open(&making);
            let seeded = seed::run_telling(&store, plan, told).await;
            store.close().await;
            seeded?;
            check(&making).await?;
            freeze(&making).await
        }
        .await;
        match made {
            Ok(()) => Ok(making),
            Err(error) => {
                // The next start drops it otherwise.
                let _ = crate::clone::remove(&making).await;
                Err(error)
            }
        }
    }

    async fn name_pristine(
        &self,
        server: &mut PgConnection,
        made: &str,
        plan: &Plan,
    ) -> Result<(), StoreError> {
        let note = serde_json::to_string(&Made { content: content::digest(), plan: *plan })
            .map_err(|error| StoreError::UnexpectedValue(error.to_string()))?;
        let pristine = self.derived("pristine");
        let mut tx = server.begin().await?;
        // The clone of an older build's is none of this one's.
        for old in [pristine.clone(), self.spare()] {
            if exists(&mut tx, old.database()).await? {
                rename(&mut tx, old.database(), self.trash().database()).await?;
            }
        }
        rename(&mut tx, made, pristine.database()).await?;
        execute(&mut tx, format!("ALTER DATABASE {} ALLOW_CONNECTIONS false", quoted(pristine.database())))
            .await?;
        comment(&mut tx, pristine.database(), &note).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn clone_spare(&self, server: &mut PgConnection) -> Result<(), StoreError> {
        execute(
            server,
            format!(
                "CREATE DATABASE {} TEMPLATE {} OWNER drydock_owner STRATEGY WAL_LOG ALLOW_CONNECTIONS false",
                quoted(self.spare().database()),
                quoted(self.derived("pristine").database())
            ),
        )
        .await?;
        execute(server, closing(self.spare().database())).await
    }

    /// Connects to the spare clone once: the first connection to a database makes files that all others read.
    async fn warm_spare(&self, server: &mut PgConnection) -> Result<(), StoreError> {
        let spare = self.spare();
        let allow =
            |open: bool| format!("ALTER DATABASE {} ALLOW_CONNECTIONS {open}", quoted(spare.database()));
        execute(server, allow(true)).await?;
        let met = async {
            let inside = spare.connect(DatabaseRole::App).await?;
            inside.close().await
        }
        .await;
        execute(server, allow(false)).await?;
        Ok(met?)
    }

    fn trash(&self) -> Target {
        self.derived(&format!("trash_{}", Uuid::new_v4().simple()))
    }

    /// Without the lock: dropping waits for a checkpoint, and nobody else has to do with these databases.
    async fn drop_all(&self, kind: &str) -> Result<(), StoreError> {
        let mut server = self.server().await?;
        let done = async {
            let left = sqlx::query_scalar!(
                r#"select datname::text as "name!" from pg_database where starts_with(datname, $1)"#,
                format!("{}_{kind}_", self.store.target().database()),
            )
            .fetch_all(&mut server)
            .await?;
            for name in left {
                execute(&mut server, format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", quoted(&name)))
                    .await?;
            }
            Ok(())
        }
        .await;
        server.close().await?;
        done
    }
}

/// What the pristine database was made of, as noted with it.
#[derive(Debug, Serialize, Deserialize)]
struct Made {
    /// [`content::digest`] of the build that made it.
    content: String,
    plan: Plan,
}

/// Whether the seeded state is kept beside the live one; what is made to measure with is too large for that, and what was taken in
/// was not seeded.
fn is_kept_ready(plan: &Plan) -> bool {
    !matches!(plan.profile, Profile::Scale | Profile::Repro)
}

/// Bytes of a database, and the roles that own, may use or are bound by something in it.
///
/// # Errors
/// When the database fails.
pub async fn facts(target: &Target) -> Result<(u64, Vec<String>), StoreError> {
    let mut inside = target.connect(DatabaseRole::Superuser).await?;
    let facts = sqlx::query!(
        r#"select pg_database_size(current_database()) as "bytes!",
                  array(select distinct r.rolname::text
                        from pg_shdepend d join pg_roles r on r.oid = d.refobjid
                        where d.refclassid = 'pg_authid'::regclass
                          and d.dbid = (select oid from pg_database where datname = current_database())
                          and r.rolname !~ '^pg_' and not r.rolsuper
                        order by 1) as "roles!""#
    )
    .fetch_one(&mut inside)
    .await;
    inside.close().await?;
    let facts = facts?;
    Ok((u64::try_from(facts.bytes).unwrap_or_default(), facts.roles))
}

/// The gates a database must pass before anybody is sent there.
async fn check(target: &Target) -> Result<(), StoreError> {
    let store = Store::open(target);
    let checked = async {
        verify::schema(&store).await?;
        verify::login(&store).await
    }
    .await;
    store.close().await;
    checked.map(drop)
}

/// Freezes and counts all rows, so that no clone has to.
async fn freeze(target: &Target) -> Result<(), StoreError> {
    let mut inside = target.connect(DatabaseRole::Superuser).await?;
    let done = sqlx::raw_sql("VACUUM (FREEZE, ANALYZE)").execute(&mut inside).await;
    inside.close().await?;
    done?;
    Ok(())
}

async fn execute(connection: &mut PgConnection, statement: String) -> Result<(), StoreError> {
    // The names come from the program and are quoted; DDL takes no parameters.
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(connection).await?;
    Ok(())
}

async fn rename(connection: &mut PgConnection, from: &str, to: &str) -> Result<(), StoreError> {
    execute(connection, format!("ALTER DATABASE {} RENAME TO {}", quoted(from), quoted(to))).await
}

async fn exists(connection: &mut PgConnection, name: &str) -> Result<bool, StoreError> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from pg_database where datname = $1) as "exists!""#,
        name
    )
    .fetch_one(connection)
    .await?)
}

async fn note_of(connection: &mut PgConnection, name: &str) -> Result<Option<String>, StoreError> {
    Ok(sqlx::query_scalar!(
        "select shobj_description(oid, 'pg_database') from pg_database where datname = $1",
        name
    )
    .fetch_optional(connection)
    .await?
    .flatten())
}
