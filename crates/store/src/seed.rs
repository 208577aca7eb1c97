//! The default users and the data that a new database begins with.
//!
//! A [`Plan`] decides every row: ids are derived from names and the plan's number, moments from its anchor, and chance from a
//! generator that never changes. A database is seeded once, in one transaction, and keeps a note of it in `seed_history`; from
//! then on no start adds or changes anything.

mod assessment;
mod cmdb;
mod copy;
mod demo;
mod engagement;
mod estate;
mod imports;
mod people;
mod plan;
mod portfolio;
mod products;
mod random;
mod scale;
mod sixr;
mod tags;
mod waves;

pub use drydock_domain::Profile;
use drydock_domain::{ErrorCode, Role, UserId};
use sqlx::{Connection as _, PgConnection};
use time::{Date, Duration, OffsetDateTime, Time};
use tokio::sync::mpsc;
use uuid::{Uuid, uuid};

pub use self::plan::{DEFAULT_NUMBER, Plan, Scale, Wanted, read_day, read_number};
use self::{
    copy::{Batch, Loader, row},
    demo::Client,
    imports::People,
};
use crate::{
    DatabaseRole, Store, StoreError,
    identity::{self, User},
    password,
};

/// What decides what a seeded database holds.
pub(crate) const SOURCES: &[&str] = &[
    include_str!("seed.rs"),
    include_str!("seed/assessment.rs"),
    include_str!("seed/cmdb.rs"),
    include_str!("seed/copy.rs"),
    include_str!("seed/demo.rs"),
    include_str!("seed/engagement.rs"),
    include_str!("seed/estate.rs"),
    include_str!("seed/imports.rs"),
    include_str!("seed/people.rs"),
    include_str!("seed/portfolio.rs"),
    include_str!("seed/portfolio/health.rs"),
    include_str!("seed/portfolio/legacy.rs"),
    include_str!("seed/portfolio/logistics.rs"),
    include_str!("seed/portfolio/retail.rs"),
    include_str!("seed/products.rs"),
    include_str!("seed/random.rs"),
    include_str!("seed/scale.rs"),
    include_str!("seed/sixr.rs"),
    include_str!("seed/tags.rs"),
    include_str!("seed/waves.rs"),
    include_str!("seed/fixtures/assets-40.csv"),
    include_str!("seed/fixtures/discovery-data.csv"),
    include_str!("seed/fixtures/e2e-test-data.csv"),
    include_str!("seed/fixtures/enterprise-cmdb-data.csv"),
    include_str!("seed/fixtures/invalid-cmdb-data.csv"),
];

/// Namespace of the derived ids.
const NAMESPACE: Uuid = uuid!("6a1d6f0e-52f3-4d6c-9a53-0f6c1e6d2b7a");

/// The id of something that is the same under every number: users, client accounts and engagements.
fn named(kind: &str, name: &str) -> Uuid {
    Uuid::new_v5(&NAMESPACE, format!("{kind}/{name}").as_bytes())
}

/// The id of something generated.
fn derived(number: u64, kind: &str, names: &[&str]) -> Uuid {
    Uuid::new_v5(&NAMESPACE, format!("{number}/{kind}/{}", names.join("/")).as_bytes())
}

/// A moment `days` after the anchor, before it if negative. The days of a plan leave room for that.
fn at(anchor: Date, days: i64, hour: u8, minute: u8) -> OffsetDateTime {
    let time = Time::from_hms(hour, minute, 0).unwrap_or(Time::MIDNIGHT);
    anchor.with_time(time).assume_utc() + Duration::days(days)
}

/// What generated data follow from.
#[derive(Clone, Copy, Debug)]
struct Moment {
    number: u64,
    anchor: Date,
}

/// What a seed run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seeded {
    /// Rows added, over all tables.
    pub rows: u64,
}

/// A seeded account, as the sign-in page offers it.
#[derive(Clone, Debug)]
pub struct DemoAccount {
    /// E-mail address.
    pub email: String,
    /// The password it was seeded with.
    pub password: &'static str,
    /// First and last name.
    pub full_name: String,
    /// Its strongest role.
    pub role: String,
    /// Names of the client accounts it may see, by name.
    pub client_accounts: Vec<String>,
}

/// How a database stands to seeding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// What it was seeded with; `None` for one that was not, or elsewhere.
    pub plan: Option<Plan>,
    /// Whether there is nothing to add: it was seeded, or has users or client accounts from elsewhere.
    pub is_complete: bool,
}

/// Reads how the database stands.
///
/// # Errors
/// When the database fails, or says something unknown of its seeding.
pub async fn standing(store: &Store) -> Result<Standing, StoreError> {
    let mut connection = store.acquire().await?;
    let standing = standing_of(&mut connection).await?;
    Store::give_back(connection).await;
    Ok(standing)
}

pub(crate) async fn standing_of(connection: &mut PgConnection) -> Result<Standing, StoreError> {
    let found = sqlx::query!(
        r#"select h.profile::text as profile, h.seed_number, h.anchor_date,
                  (select c.settings -> 'scale' from migration.client_accounts c where h.profile = 'scale' and c.settings ? 'scale'
                   order by c.id limit 1) as scale,
                  exists (select from migration.users) or exists (select from migration.client_accounts) as "used!"
           from (values (1)) one
           left join (select * from migration.seed_history order by created_at desc, id limit 1) h on true"#
    )
    .fetch_one(connection)
    .await?;
    let unknown = |what: String| StoreError::UnexpectedValue(what);
    let plan = match (found.profile, found.seed_number, found.anchor_date) {
        (Some(profile), Some(number), Some(anchor)) => Some(Plan {
            profile: profile.parse().map_err(|error| unknown(format!("{error}")))?,
            number: u64::try_from(number).map_err(|_| unknown(format!("the seed number {number}")))?,
            anchor,
            scale: found
                .scale
                .map(serde_json::from_value)
                .transpose()
                .map_err(|error| unknown(error.to_string()))?,
        }),
        _ => None,
    };
    Ok(Standing { plan, is_complete: plan.is_some() || found.used })
}

/// Seeds a new database, in one transaction; one that is complete ([`Standing`]) is left as it is.
///
/// # Errors
/// [`ErrorCode::SeedFailed`]; nothing was added then.
pub async fn run(store: &Store, plan: &Plan) -> Result<Seeded, StoreError> {
    run_telling(store, plan, &|_| ()).await
}

/// As [`run`]; `told` learns how many rows are written, again and again.
///
/// # Errors
/// As [`run`].
pub async fn run_telling(
    store: &Store,
    plan: &Plan,
    told: &(dyn Fn(u64) + Sync),
) -> Result<Seeded, StoreError> {
    seed(store, plan, told).await.map_err(|error| {
        StoreError::gate(ErrorCode::SeedFailed, format!("Users and data cannot be added: {error}."))
    })
}

async fn seed(store: &Store, plan: &Plan, told: &(dyn Fn(u64) + Sync)) -> Result<Seeded, StoreError> {
    if standing(store).await?.is_complete {
        return Ok(Seeded::default());
    }
    // While some rows are written the next are made.
    let (made, mut batches) = mpsc::channel(1);
    let plan = *plan;
    let making = tokio::task::spawn_blocking(move || make(&plan, &made));

    let mut connection = store.target().connect(DatabaseRole::Owner).await?;
    let mut tx = connection.begin().await?;
    // Of two who seed at the same time one waits here, and finds it done.
    sqlx::raw_sql("LOCK TABLE migration.seed_history IN SHARE ROW EXCLUSIVE MODE").execute(&mut *tx).await?;
    if standing_of(&mut tx).await?.is_complete {
        return Ok(Seeded::default());
    }
    let mut loader = Loader::new(&mut tx).await?;
    let mut global = Batch::new(None);
    let clients = clients(&plan);
    client_accounts(&mut global, &plan, &clients);
    people::write(&mut global, &plan, &clients);
    loader.write(global).await?;
    // Of the same tables, with other columns.
    let mut outsiders = Batch::new(None);
    people::outsiders(&mut outsiders, &plan, &clients);
    loader.write(outsiders).await?;
    while let Some(batch) = batches.recv().await {
        loader.write(batch).await?;
        told(loader.written());
    }
    making.await.map_err(|error| StoreError::UnexpectedValue(error.to_string()))??;
    let mut note = Batch::new(None);
    row!(
        note,
        "seed_history",
        id = derived(plan.number, "seeding", &[plan.profile.as_str(), &plan.anchor.to_string()]),
        profile = plan.profile.as_str(),
        seed_number = plan.number,
        anchor_date = plan.anchor,
        row_count = loader.written(),
        app_version = env!("CARGO_PKG_VERSION"),
    );
    loader.write(note).await?;
    let rows = loader.written();
    tx.commit().await?;
    connection.close().await?;
    told(rows);
    Ok(Seeded { rows })
}

/// The client accounts of a plan.
fn clients(plan: &Plan) -> Vec<Client> {
    match plan.profile {
        Profile::Demo => demo::CLIENTS.to_vec(),
        Profile::Qa => demo::QA.to_vec(),
        Profile::Scale => scale::clients(plan),
        Profile::Empty | Profile::Repro => Vec::new(),
    }
}

/// When everything began: engagements, users and the client accounts themselves.
const BEGUN: i64 = -90;

fn client_accounts(batch: &mut Batch, plan: &Plan, clients: &[Client]) {
    let begun = at(plan.anchor, BEGUN, 8, 0);
    for client in clients {
        row!(
            batch,
            "client_accounts",
            id = client.id().0,
            name = client.name,
            slug = client.slug,
            description = client.description,
            industry = client.industry,
            company_size = client.company_size,
            headquarters_location = client.headquarters,
            settings = plan
                .scale
                .map_or_else(|| serde_json::json!({}), |scale| serde_json::json!({ "scale": scale })),
            created_at = begun,
            updated_at = begun,
            created_by = people::administrator().0,
        );
    }
}

/// Makes the rows of each client account, engagement by engagement, and hands them on as they are made; nobody who waits for them is
/// the end of it.
fn make(plan: &Plan, made: &mpsc::Sender<Batch>) -> Result<(), StoreError> {
    let moment = Moment { number: plan.number, anchor: plan.anchor };
    for client in &clients(plan) {
        if made.blocking_send(beginnings(plan, client)).is_err() {
            return Ok(());
        }
        for project in client.projects.iter() {
            let mut batch = Batch::new(Some(client.id()));
            let people = People { importer: people::importer(client), approver: people::manager() };
            let context = engagement::Context { moment, client: &client.slug, project, people };
            engagement::write(&mut batch, &context)?;
            if made.blocking_send(batch).is_err() {
                return Ok(());
            }
        }
    }
    scale::make(plan, made);
    Ok(())
}

/// What a client account has before anything is in its engagements.
fn beginnings(plan: &Plan, client: &Client) -> Batch {
    let begun = at(plan.anchor, BEGUN, 8, 30);
    let mut batch = Batch::new(Some(client.id()));
    for project in client.projects.iter() {
        row!(
            batch,
            "engagements",
            id = project.id().0,
            name = project.name,
            slug = project.slug,
            description = project.description,
            engagement_type = "migration",
            status = "active",
            priority = project.priority,
            start_date = at(plan.anchor, BEGUN, 0, 0),
            target_completion_date = at(plan.anchor, project.days_to_target, 0, 0),
            engagement_lead_id = people::manager().0,
            created_at = begun,
            updated_at = begun,
            created_by = people::administrator().0,
        );
    }
    people::engagement_access(&mut batch, plan, client);
    if plan.profile == Profile::Demo {
        tags::define(&mut batch, plan.number, &client.slug, begun);
    }
    batch
}

/// The seeded accounts that can sign in now with the password they were seeded with, strongest role first, with what they
/// may see.
///
/// # Errors
/// When the database fails.
pub async fn demo_accounts(store: &Store) -> Result<Vec<DemoAccount>, StoreError> {
    // Whoever reads this has not signed in, so it names nothing that people have made or named.
    let mut seeded = standing(store).await?.plan.as_ref().map(clients).unwrap_or_default();
    seeded.sort_by(|a, b| a.name.cmp(&b.name));
    let ids: Vec<_> = seeded.iter().map(|client| client.id().0).collect();
    let mut accounts = Vec::new();
    for account in people::ACCOUNTS {
        let Some(found) = sign_in_row(store, account.email).await? else { continue };
        let user = user_of(store, found).await?;
        let open = sqlx::query_scalar!(
            r#"select c.id from migration.client_accounts c
               where c.id = any($3) and c.is_active and ($2 or exists (
                   select from migration.client_access a
                   where a.user_profile_id = $1 and a.client_account_id = c.id and a.is_active
                     and (a.expires_at is null or a.expires_at > now())))"#,
            found.0,
            user.role == Some(Role::PlatformAdmin),
            &ids,
        )
        .fetch_all(&mut *store.acquire().await?)
        .await?;
        accounts.push(DemoAccount {
            email: user.email,
            password: account.password,
            full_name: user.full_name,
            role: user.role.map_or_else(String::new, |role| role.as_str().to_owned()),
            client_accounts: seeded
                .iter()
                .filter(|client| open.contains(&client.id().0))
                .map(|client| client.name.to_string())
                .collect(),
        });
    }
    Ok(accounts)
}

async fn user_of(store: &Store, id: UserId) -> Result<User, StoreError> {
    let mut connection = store.acquire().await?;
    identity::user(&mut connection, id).await
}

async fn sign_in_row(store: &Store, email: &str) -> Result<Option<UserId>, StoreError> {
    Ok(sqlx::query!(
        r#"select u.id, u.password_hash as "password_hash!" from migration.users u
           join migration.user_profiles p on p.user_id = u.id and p.status = 'active'
           where u.email = $1 and u.is_active and u.is_verified and u.password_hash is not null"#,
        email
    )
    .fetch_optional(&mut *store.acquire().await?)
    .await?
    .filter(|row| password::is_default(email, &row.password_hash))
    .map(|row| row.id.into()))
}
