//! The verify and login gates: what must hold before anybody may sign in.

mod role;

use drydock_domain::{ErrorCode, UserId};
use sqlx::{Connection as _, PgConnection};

use crate::{
    Store, StoreError, accounts,
    audit::{self, Broken, Origin},
    catalogue::{self, State},
    error::words,
    identity, password,
};

/// The one policy of a tenant-owned table, as PostgreSQL prints it.
const TENANT_ISOLATION: &str =
    "(client_account_id = (NULLIF(current_setting('app.client_account_id'::text, true), ''::text))::uuid)";

/// Entries of the security log that a boot has time to look at; all of them are looked at once it is over.
const RECENT_ENTRIES: i64 = 200;

/// What the verify gate saw.
#[derive(Clone, Copy, Debug)]
pub struct Verified {
    /// Tables in schema `migration`, without the history's.
    pub tables: usize,
    /// Tenant-owned tables, each with forced row-level security.
    pub tenant_tables: usize,
    /// Where the newest entries of the security log are not as they were written. It keeps nobody out: the log is what one
    /// then wants to look at.
    pub security_log: Option<Broken>,
}

/// Checks, as the application role, what that role may do, tables and row-level security, and that the whole schema is what the
/// latest migration leaves.
///
/// # Errors
/// [`ErrorCode::RoleUnsafe`], [`ErrorCode::TableMissing`], [`ErrorCode::TenancyOpen`] or [`ErrorCode::SchemaDrifted`], naming what
/// is wrong; the first of these that holds.
pub async fn schema(store: &Store) -> Result<Verified, StoreError> {
    let mut connection = store.acquire().await?;
    let mut tx = catalogue::begin_looking(&mut connection).await?;
    let checked = everything(&mut tx).await;
    tx.rollback().await?;
    Store::give_back(connection).await;
    settled(store, checked?).await
}

/// The verdict on what [`everything`] saw; leaves the note where there is one to leave.
pub(crate) async fn settled(
    store: &Store,
    (verified, state): (Verified, State),
) -> Result<Verified, StoreError> {
    match state {
        State::AsNoted => {}
        State::Whole(note) => {
            // It only makes the next look faster, and a database that cannot be written to is another gate's to tell.
            let _ = note.leave(store.target()).await;
        }
        State::Drifted(drift) => {
            return Err(StoreError::gate(
                ErrorCode::SchemaDrifted,
                format!("Schema migration is not what migration {:03} leaves. {drift}", catalogue::latest()),
            ));
        }
    }
    Ok(verified)
}

/// As [`schema`], in a transaction of [`catalogue::begin_looking`], without the verdict on the schema's state.
pub(crate) async fn everything(connection: &mut PgConnection) -> Result<(Verified, State), StoreError> {
    // A policy's columns are numbers. It is printed with the columns of a table that has client_account_id in the same place, so that
    // PostgreSQL looks into one table for all of them instead of into each; the one with the most, so that every number has a column.
    let tables = sqlx::query_as!(
        Table,
        r#"with alike (of_table, id) as materialized (
               select a.attrelid, first_value(a.attrelid) over (partition by a.attnum order by r.relnatts desc, r.oid)
               from pg_attribute a join pg_class r on r.oid = a.attrelid
               where r.oid in (select polrelid from pg_policy) and a.attname = 'client_account_id' and a.attnum > 0
           )
           select c.relname::text as "name!", c.relowner = current_user::regrole as "owned!",
                  has_table_privilege(c.oid, 'TRUNCATE, REFERENCES, TRIGGER') as "ungoverned!",
                  row_security_active(c.oid) as "binding!",
                  c.relrowsecurity and c.relforcerowsecurity
                      and coalesce(p.isolating = 1 and p.admitting = 0, false) as "closed!"
           from pg_class c
           left join (
               select polrelid,
                      count(*) filter (
                          where polname = 'tenant_isolation' and polcmd = '*' and polpermissive and 0 = any (polroles)
                            and pg_get_expr(polqual, alike.id) = $1
                            and coalesce(pg_get_expr(polwithcheck, alike.id), $1) = $1) as isolating,
                      count(*) filter (
                          where polname <> 'tenant_isolation' and polpermissive
                            and (0 = any (polroles) or current_user::regrole = any (polroles))) as admitting
               from pg_policy left join alike on alike.of_table = polrelid
               group by polrelid
           ) p on p.polrelid = c.oid
           where c.relnamespace = to_regnamespace('migration') and c.relkind in ('r', 'p')
             and c.relname not in ('_sqlx_migrations', 'alembic_version')
           order by c.relname"#,
        TENANT_ISOLATION
    )
    .fetch_all(&mut *connection)
    .await?;

    let count = |holds: fn(&Table) -> bool| tables.iter().filter(|table| holds(table)).count();
    let reach = role::Reach {
        owned: count(|table| table.owned),
        ungoverned: count(|table| table.ungoverned),
        open: count(|table| table.closed && !table.binding),
    };
    role::check(connection, reach).await?;

    let known = catalogue::tables();
    let is_there = |name: &&&str| tables.iter().any(|table| table.name == **name);
    let missing: Vec<&str> = known
        .global
        .iter()
        .chain(&known.tenant_owned)
        .filter(|name| **name != "alembic_version" && !is_there(name))
        .copied()
        .collect();
    if !missing.is_empty() {
        return Err(StoreError::gate(
            ErrorCode::TableMissing,
            format!("Missing in schema migration: {}.", missing.join(", ")),
        ));
    }
    // A table that is not known counts as a tenant's: it must be closed.
    let tenant: Vec<&Table> =
        tables.iter().filter(|table| !known.global.contains(&table.name.as_str())).collect();
    let open: Vec<&str> =
        tenant.iter().filter(|table| !table.closed).map(|table| table.name.as_str()).collect();
    if !open.is_empty() {
        return Err(StoreError::gate(
            ErrorCode::TenancyOpen,
            format!(
                "Not closed by row-level security with the policy tenant_isolation alone: {}.",
                open.join(", ")
            ),
        ));
    }
    let state = catalogue::look(connection, catalogue::latest()).await?;
    // Whoever looks at a schema that has drifted cannot ask its tables.
    let security_log = match state {
        State::Drifted(_) => None,
        State::AsNoted | State::Whole(_) => audit::recent(connection, RECENT_ENTRIES).await?,
    };
    let verified = Verified { tables: tables.len(), tenant_tables: tenant.len(), security_log };
    Ok((verified, state))
}

/// A table of schema `migration` as the application role finds it.
struct Table {
    name: String,
    owned: bool,
    /// Whether the role may do to it what no policy governs.
    ungoverned: bool,
    /// Whether row-level security applies to this role.
    binding: bool,
    /// Whether it is forced, with the one policy and no other that admits this role.
    closed: bool,
}

/// How somebody gets in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WayIn {
    /// That many accounts, of the first hundred, can sign in.
    Accounts(usize),
    /// The database was seeded with no user, and the first account can be set up.
    SetUp,
}

impl std::fmt::Display for WayIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Accounts(1) => f.write_str("1 account can sign in"),
            Self::Accounts(count) => write!(f, "{count} accounts can sign in"),
            Self::SetUp => f.write_str("no account yet, the first one can be set up"),
        }
    }
}

/// Looks for accounts that can sign in, and signs one of them in except for its password, in a transaction that is
/// rolled back. Where there is no user because the database was seeded with none, sets the first account up instead, and
/// rolls that back.
///
/// # Errors
/// [`ErrorCode::LoginImpossible`] when there is neither, or when a statement of it fails.
pub async fn login(store: &Store) -> Result<WayIn, StoreError> {
    let mut connection = store.acquire().await?;
    let way_in = login_over(&mut connection).await;
    Store::give_back(connection).await;
    way_in
}

/// As [`login`], over a connection of the application role.
pub(crate) async fn login_over(connection: &mut PgConnection) -> Result<WayIn, StoreError> {
    let impossible = |what: String| StoreError::gate(ErrorCode::LoginImpossible, what);
    let accounts = sqlx::query!(
        r#"select u.id, u.password_hash as "password_hash!"
           from migration.users u
           join migration.user_profiles p on p.user_id = u.id and p.status = 'active'
           where u.is_active and u.is_verified and u.password_hash is not null
             and exists (select from migration.user_roles r
                         where r.user_id = u.id and r.is_active
                           and (r.expires_at is null or r.expires_at > now()))
           order by u.created_at, u.id
           limit 100"#
    )
    .fetch_all(&mut *connection)
    .await
    .map_err(|error| impossible(format!("The accounts cannot be read: {}.", words(&error))))?;
    let usable: Vec<UserId> = accounts
        .iter()
        .filter(|account| password::is_usable(&account.password_hash))
        .map(|account| account.id.into())
        .collect();
    let Some(first) = usable.first() else {
        let awaits_first = accounts::awaits_first(&mut *connection).await.map_err(|error| {
            impossible(format!("Whether an account is to be set up cannot be read: {error}."))
        })?;
        if awaits_first {
            let mut tx = connection.begin().await?;
            let tried = accounts::try_first(&mut tx).await;
            tx.rollback().await?;
            tried.map_err(|error| impossible(format!("The first account cannot be set up: {error}.")))?;
            return Ok(WayIn::SetUp);
        }
        return Err(impossible(
            "There is no active account with a role and a usable password hash.".to_owned(),
        ));
    };
    let mut tx = connection.begin().await?;
    let tried = identity::record_sign_in(&mut tx, *first, &Origin::default()).await;
    tx.rollback().await?;
    tried.map_err(|error| impossible(format!("An account cannot be signed in: {error}.")))?;
    Ok(WayIn::Accounts(usable.len()))
}
