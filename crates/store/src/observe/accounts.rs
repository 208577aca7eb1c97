//! How the accounts stand: counts alone.

use sqlx::{PgConnection, Row as _};

use super::{Table, attempt};
use crate::clone::quoted;

/// How the accounts of a platform database stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accounts {
    /// The schema that has them.
    pub schema: String,
    /// Users.
    pub users: i64,
    /// Users who are active and verified.
    pub enabled: i64,
    /// Of the enabled, those with a profile.
    pub with_profile: Option<i64>,
    /// Of the enabled, those with an active profile.
    pub with_active_profile: Option<i64>,
    /// Of the enabled with an active profile, those who are no platform administrators and belong to no client account.
    pub without_association: Option<i64>,
    /// What the password hashes begin with, and how many do.
    pub hashes: Vec<(String, i64)>,
    /// What a database of Drydock's was seeded with.
    pub profile: Option<String>,
}

/// Counts, where the tables are there and may be read.
pub(super) async fn count(
    connection: &mut PgConnection,
    tables: &[Table],
) -> Result<Option<Accounts>, sqlx::Error> {
    let Some(users) = tables.iter().find(|table| {
        table.name == "users" && ["id", "is_active", "is_verified"].iter().all(|column| table.has(column))
    }) else {
        return Ok(None);
    };
    let beside = |name: &str, columns: &[&str]| {
        tables
            .iter()
            .find(|table| {
                table.schema == users.schema
                    && table.name == name
                    && columns.iter().all(|column| table.has(column))
            })
            .is_some()
    };
    let schema = quoted(&users.schema);
    let enabled = "u.is_active and u.is_verified";
    let has_profiles = beside("user_profiles", &["user_id", "status"]);
    let has_roles = beside("user_roles", &["user_id", "role_type"]);
    let with = |condition: &str| {
        format!(
            "(select count(*) from {schema}.users u join {schema}.user_profiles p on p.user_id = u.id where {enabled} and {condition})"
        )
    };
    let unread = "null::bigint".to_owned();
    // Without roles nobody knows who needs no client account of their own.
    let unassociated = if has_profiles && has_roles && beside("user_account_associations", &["user_id"]) {
        with(&format!(
            "lower(p.status::text) = 'active'
             and not exists (select from {schema}.user_roles r where r.user_id = u.id and r.role_type = 'platform_admin')
             and not exists (select from {schema}.user_account_associations a where a.user_id = u.id)"
        ))
    } else {
        unread.clone()
    };
    let statement = format!(
        "select (select count(*) from {schema}.users), (select count(*) from {schema}.users u where {enabled}),
                {}, {}, {unassociated}",
        if has_profiles { with("true") } else { unread.clone() },
        if has_profiles { with("p.status::text = 'active'") } else { unread },
    );
    let Some(counted) = attempt(connection, statement).await? else { return Ok(None) };
    let Some(row) = counted.first() else { return Ok(None) };
    let hashes = if users.has("password_hash") {
        let statement = format!(
            "select coalesce(substring(password_hash::text from '^(\\$[a-z0-9-]{{1,12}}\\$)'), 'no known form'), count(*)
             from {schema}.users where password_hash is not null group by 1 order by 1"
        );
        let rows = attempt(connection, statement).await?.unwrap_or_default();
        rows.iter()
            .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
            .collect::<Result<Vec<_>, sqlx::Error>>()?
    } else {
        Vec::new()
    };
    let profile = if beside("seed_history", &["profile"]) {
        let statement = format!("select profile::text from {schema}.seed_history limit 1");
        let rows = attempt(connection, statement).await?.unwrap_or_default();
        rows.first().map(|row| row.try_get(0)).transpose()?
    } else {
        None
    };
    Ok(Some(Accounts {
        schema: users.schema.clone(),
        users: row.try_get(0)?,
        enabled: row.try_get(1)?,
        with_profile: row.try_get(2)?,
        with_active_profile: row.try_get(3)?,
        without_association: row.try_get(4)?,
        hashes,
        profile,
    }))
}
