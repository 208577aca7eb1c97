//! Assets of one engagement, in keyset pages.

use drydock_domain::EngagementId;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{StoreError, TenantTx};

/// One asset, as lists show it.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "the columns of migration.assets, described there")]
pub struct Asset {
    pub id: Uuid,
    pub name: String,
    pub hostname: Option<String>,
    pub asset_type: String,
    pub description: Option<String>,
    pub ip_address: Option<String>,
    pub environment: Option<String>,
    pub operating_system: Option<String>,
    pub criticality: Option<String>,
    pub status: Option<String>,
    pub application_name: Option<String>,
    pub department: Option<String>,
    pub location: Option<String>,
    pub business_owner: Option<String>,
    pub cpu_cores: Option<i32>,
    pub memory_gb: Option<f64>,
    pub storage_gb: Option<f64>,
    pub six_r_strategy: Option<String>,
    pub created_at: OffsetDateTime,
}

/// What one column must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Match {
    /// Anything.
    #[default]
    Any,
    /// Nothing recorded.
    Missing,
    /// This value.
    Value(String),
}

impl Match {
    fn parts(&self) -> (bool, Option<&str>) {
        match self {
            Self::Any => (true, None),
            Self::Missing => (false, None),
            Self::Value(value) => (false, Some(value)),
        }
    }
}

/// Which assets are wanted.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// `asset_type`.
    pub asset_type: Match,
    /// `environment`.
    pub environment: Match,
    /// `criticality`.
    pub criticality: Match,
    /// `status`.
    pub status: Match,
    /// Text that name, host name, address, application or operating system contains, in any case.
    pub text: Option<String>,
}

/// The last asset of a page: the next page begins behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// Its name.
    pub name: String,
    /// Its id, which decides between equal names.
    pub id: Uuid,
}

/// One page.
#[derive(Clone, Debug)]
pub struct Page {
    /// The assets, by name and id.
    pub assets: Vec<Asset>,
    /// Where the next page begins; `None` on the last one.
    pub next: Option<Position>,
    /// Assets that match the filter, on all pages.
    pub total: i64,
}

/// The page of at most `limit` assets behind `after`.
///
/// # Errors
/// When the database fails.
pub async fn page(
    tx: &mut TenantTx,
    engagement: EngagementId,
    filter: &Filter,
    after: Option<&Position>,
    limit: u16,
) -> Result<Page, StoreError> {
    let client_account = tx.client_account_id();
    let (any_type, asset_type) = filter.asset_type.parts();
    let (any_environment, environment) = filter.environment.parts();
    let (any_criticality, criticality) = filter.criticality.parts();
    let (any_status, status) = filter.status.parts();
    let text = filter.text.as_deref().map(contains_pattern);

    // One row more than wanted tells whether there is a next page.
    let mut assets = sqlx::query_as!(
        Asset,
        r#"select id, name, hostname, asset_type, description, ip_address, environment, operating_system,
                  criticality, status, application_name, department, location, business_owner,
                  cpu_cores, memory_gb, storage_gb, six_r_strategy, created_at
           from migration.assets
           where client_account_id = $1 and engagement_id = $2
             and ($3 or asset_type is not distinct from $4)
             and ($5 or environment is not distinct from $6)
             and ($7 or criticality is not distinct from $8)
             and ($9 or status is not distinct from $10)
             and ($11::text is null
                  or concat_ws(chr(10), name, hostname, ip_address, application_name, operating_system)
                     ilike $11)
             and ($12::text is null or (name, id) > ($12, $13::uuid))
           order by name, id
           limit $14"#,
        client_account.0,
        engagement.0,
        any_type,
        asset_type,
        any_environment,
        environment,
        any_criticality,
        criticality,
        any_status,
        status,
        text,
        after.map(|position| position.name.as_str()),
        after.map(|position| position.id),
        i64::from(limit) + 1,
    )
    .fetch_all(tx.connection())
    .await?;
    let total = sqlx::query_scalar!(
        r#"select count(*) as "count!" from migration.assets
           where client_account_id = $1 and engagement_id = $2
             and ($3 or asset_type is not distinct from $4)
             and ($5 or environment is not distinct from $6)
             and ($7 or criticality is not distinct from $8)
             and ($9 or status is not distinct from $10)
             and ($11::text is null
                  or concat_ws(chr(10), name, hostname, ip_address, application_name, operating_system)
                     ilike $11)"#,
        client_account.0,
        engagement.0,
        any_type,
        asset_type,
        any_environment,
        environment,
        any_criticality,
        criticality,
        any_status,
        status,
        text,
    )
    .fetch_one(tx.connection())
    .await?;

    let more = assets.len() > usize::from(limit);
    assets.truncate(usize::from(limit));
    let next = match assets.last() {
        Some(last) if more => Some(Position { name: last.name.clone(), id: last.id }),
        _ => None,
    };
    Ok(Page { assets, next, total })
}

/// The LIKE pattern for "contains `text`", with the pattern characters taken literally.
fn contains_pattern(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for character in text.chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::contains_pattern;

    #[test]
    fn pattern_characters_are_literal() {
        assert_eq!(contains_pattern("50%_a\\b"), "%50\\%\\_a\\\\b%");
    }
}
