//! What the session may do, which must be what the application role may and no more.

use drydock_domain::ErrorCode;
use sqlx::PgConnection;

use crate::{DatabaseRole, StoreError};

/// A role as it stands in one database.
struct Powers {
    name: String,
    own: bool,
    superuser: bool,
    bypassing: bool,
    making_roles: bool,
    making_databases: bool,
    replicating: bool,
    memberships: i64,
    /// Schemas in which it may make things.
    schemas: Vec<String>,
    making_schemas: bool,
    temporary: bool,
    preset: bool,
    unchecked: bool,
}

/// How the tables of schema `migration` are the session's own, in numbers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reach {
    /// It owns them.
    pub(super) owned: usize,
    /// It may do to them what no policy governs.
    pub(super) ungoverned: usize,
    /// They are closed, and open to it all the same.
    pub(super) open: usize,
}

/// Refuses a session that is not the application role's, or one in which that role could get round row-level security or change
/// the schema.
///
/// # Errors
/// [`ErrorCode::RoleUnsafe`] with everything found.
pub(super) async fn check(connection: &mut PgConnection, reach: Reach) -> Result<(), StoreError> {
    let powers = sqlx::query_as!(
        Powers,
        r#"select current_user::text as "name!", current_user = $1::text and session_user = $1::text as "own!",
                  r.rolsuper as "superuser!", r.rolbypassrls as "bypassing!", r.rolcreaterole as "making_roles!",
                  r.rolcreatedb as "making_databases!", r.rolreplication as "replicating!",
                  (select count(*) from pg_auth_members m where m.member = r.oid) as "memberships!",
                  array(select n.nspname::text from pg_namespace n
                        where n.nspname !~ '^pg_' and has_schema_privilege(n.oid, 'CREATE') order by 1) as "schemas!",
                  has_database_privilege(current_database(), 'CREATE') as "making_schemas!",
                  has_database_privilege(current_database(), 'TEMPORARY') as "temporary!",
                  coalesce(current_setting('app.client_account_id', true), '') <> '' as "preset!",
                  current_setting('session_replication_role') <> 'origin' as "unchecked!"
           from pg_roles r where r.rolname = current_user"#,
        DatabaseRole::App.name()
    )
    .fetch_one(connection)
    .await?;
    let found = excess(&powers, reach);
    if found.is_empty() {
        return Ok(());
    }
    Err(StoreError::gate(ErrorCode::RoleUnsafe, format!("Role {} {}.", powers.name, found.join(", "))))
}

fn excess(powers: &Powers, reach: Reach) -> Vec<String> {
    let mut found = Vec::new();
    let mut say = |holds: bool, what: String| {
        if holds {
            found.push(what);
        }
    };
    say(!powers.own, format!("is not {}", DatabaseRole::App.name()));
    say(powers.superuser, "is superuser".to_owned());
    say(powers.bypassing, "goes past row-level security".to_owned());
    say(powers.making_roles, "may make roles".to_owned());
    say(powers.making_databases, "may make databases".to_owned());
    say(powers.replicating, "may replicate".to_owned());
    say(powers.memberships > 0, format!("may take {} other roles", powers.memberships));
    say(reach.owned > 0, format!("owns {} tables", reach.owned));
    say(
        reach.ungoverned > 0,
        format!("may truncate, refer to or put triggers on {} tables", reach.ungoverned),
    );
    say(reach.open > 0, format!("is not bound by the policies of {} tables", reach.open));
    say(powers.making_schemas, "may make schemas".to_owned());
    say(!powers.schemas.is_empty(), format!("may make things in schema {}", powers.schemas.join(", ")));
    say(powers.temporary, "may make temporary tables".to_owned());
    say(powers.preset, "begins every connection inside a client account".to_owned());
    say(powers.unchecked, "writes past foreign keys (session_replication_role)".to_owned());
    found
}
