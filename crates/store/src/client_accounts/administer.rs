//! Making, changing and archiving client accounts.

use drydock_domain::{Access, ClientAccountId, audit::SecurityEvent};
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::counts;
use crate::{
    Store, StoreError, TenantTx, VerifiedSession, access,
    audit::{self, SecurityEntry},
    version::{self, Change},
};

/// What is known of a client account, as somebody may change it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Its name.
    pub name: String,
    /// Its short name, unique.
    pub slug: String,
    /// What it is.
    pub description: Option<String>,
    /// Its line of business.
    pub industry: Option<String>,
    /// How large it is, in words.
    pub company_size: Option<String>,
    /// Where its head office is.
    pub headquarters_location: Option<String>,
    /// Whom to talk to there.
    pub primary_contact_name: Option<String>,
    /// Their address.
    pub primary_contact_email: Option<String>,
    /// Their telephone number.
    pub primary_contact_phone: Option<String>,
}

/// A client account with all that is known of it.
#[derive(Clone, Debug)]
pub struct Details {
    /// Its id.
    pub id: ClientAccountId,
    /// What is known of it.
    pub facts: Facts,
    /// Whether it is in use, and not archived.
    pub is_active: bool,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// When it was last changed.
    pub updated_at: OffsetDateTime,
    /// Engagements in it.
    pub engagements: i64,
    /// Assets in all of its engagements.
    pub assets: i64,
    /// Users who have access to it now.
    pub members: i64,
    /// What the asking user has in it.
    pub access: Access,
}

impl Details {
    /// Which version of the client account this is.
    #[must_use]
    pub fn version(&self) -> i64 {
        version::of(self.updated_at)
    }
}

/// Keeps changes of a client account apart, and lets everybody go on to read it and to write in it.
async fn lock(connection: &mut PgConnection, id: ClientAccountId) -> Result<(), StoreError> {
    sqlx::query_scalar!("select id from migration.client_accounts where id = $1 for no key update", id.0)
        .fetch_optional(connection)
        .await?;
    Ok(())
}

async fn read(
    connection: &mut PgConnection,
    id: ClientAccountId,
    access: Access,
) -> Result<Details, StoreError> {
    let row = sqlx::query!(
        r#"select name, slug, description, industry, company_size, headquarters_location, primary_contact_name,
                  primary_contact_email, primary_contact_phone, is_active, created_at, updated_at,
                  (select count(*) from migration.client_access a
                   where a.client_account_id = c.id and a.is_active
                     and (a.expires_at is null or a.expires_at > now())) as "members!"
           from migration.client_accounts c where id = $1"#,
        id.0
    )
    .fetch_optional(connection)
    .await?
    .ok_or(StoreError::ClientAccountNotFound)?;
    Ok(Details {
        id,
        facts: Facts {
            name: row.name,
            slug: row.slug,
            description: row.description,
            industry: row.industry,
            company_size: row.company_size,
            headquarters_location: row.headquarters_location,
            primary_contact_name: row.primary_contact_name,
            primary_contact_email: row.primary_contact_email,
            primary_contact_phone: row.primary_contact_phone,
        },
        is_active: row.is_active,
        created_at: row.created_at,
        updated_at: row.updated_at,
        engagements: 0,
        assets: 0,
        members: row.members,
        access,
    })
}

/// The client account of the transaction.
///
/// # Errors
/// When the database fails.
pub async fn details(tx: &mut TenantTx) -> Result<Details, StoreError> {
    let (id, access) = (tx.client_account_id(), tx.access());
    let mut details = read(tx.connection(), id, access).await?;
    (details.engagements, details.assets) = counts(tx).await?;
    Ok(details)
}

/// Gives the client account of the transaction other facts, on top of the version `read`. Those that it has already change nothing, and
/// the log says nothing of them.
///
/// # Errors
/// [`StoreError::Invalid`] for a short name that is taken.
pub async fn update(
    mut tx: TenantTx,
    session: &VerifiedSession,
    read: i64,
    facts: &Facts,
) -> Result<Change<Details>, StoreError> {
    let id = tx.client_account_id();
    lock(tx.connection(), id).await?;
    let before = details(&mut tx).await?;
    if before.version() != read {
        return Ok(Change::Stale(before));
    }
    if before.facts == *facts {
        return Ok(Change::Made(before));
    }
    sqlx::query!(
        "update migration.client_accounts
         set name = $2, slug = $3, description = $4, industry = $5, company_size = $6, headquarters_location = $7,
             primary_contact_name = $8, primary_contact_email = $9, primary_contact_phone = $10,
             updated_at = greatest(clock_timestamp(), updated_at + interval '1 microsecond')
         where id = $1",
        id.0,
        facts.name,
        facts.slug,
        facts.description,
        facts.industry,
        facts.company_size,
        facts.headquarters_location,
        facts.primary_contact_name,
        facts.primary_contact_email,
        facts.primary_contact_phone,
    )
    .execute(tx.connection())
    .await
    .map_err(taken)?;
    let now = details(&mut tx).await?;
    let text = format!("The client account {} was changed.", facts.name);
    let event = SecurityEntry::new(SecurityEvent::ClientAccountUpdated, text)
        .in_client_account(id)
        .with("changed", changed(&before.facts, facts));
    audit::security(tx.connection(), session.actor(), event).await?;
    tx.commit().await?;
    Ok(Change::Made(now))
}

/// The names of the fields in which the two differ.
fn changed(before: &Facts, after: &Facts) -> Vec<&'static str> {
    [
        ("name", before.name != after.name),
        ("slug", before.slug != after.slug),
        ("description", before.description != after.description),
        ("industry", before.industry != after.industry),
        ("company_size", before.company_size != after.company_size),
        ("headquarters_location", before.headquarters_location != after.headquarters_location),
        ("primary_contact_name", before.primary_contact_name != after.primary_contact_name),
        ("primary_contact_email", before.primary_contact_email != after.primary_contact_email),
        ("primary_contact_phone", before.primary_contact_phone != after.primary_contact_phone),
    ]
    .into_iter()
    .filter_map(|(name, differs)| differs.then_some(name))
    .collect()
}

fn taken(error: sqlx::Error) -> StoreError {
    if error.as_database_error().and_then(sqlx::error::DatabaseError::constraint)
        == Some("uq_client_accounts_slug")
    {
        return StoreError::invalid("/slug", "taken", "Another client account has this short name.");
    }
    error.into()
}

impl Store {
    /// The archived client accounts, by name: for platform administrators. Without counts of what is in them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn archived_client_accounts(&self) -> Result<Vec<Details>, StoreError> {
        let mut tx = self.begin().await?;
        let ids = sqlx::query_scalar!(
            "select id from migration.client_accounts where not is_active order by name, id"
        )
        .fetch_all(&mut *tx)
        .await?;
        let mut accounts = Vec::with_capacity(ids.len());
        for id in ids {
            accounts.push(read(&mut tx, ClientAccountId(id), Access::EVERYWHERE).await?);
        }
        tx.commit().await?;
        Ok(accounts)
    }

    /// One client account, an archived one only for a platform administrator. Nothing is counted in an archived one.
    ///
    /// # Errors
    /// [`StoreError::ClientAccountNotFound`].
    pub async fn client_account(
        &self,
        session: &VerifiedSession,
        id: ClientAccountId,
    ) -> Result<Details, StoreError> {
        match self.tenant(session, id).await {
            Ok(mut tx) => {
                tx.require(drydock_domain::Permission::ClientView).await?;
                let details = details(&mut tx).await?;
                tx.commit().await?;
                Ok(details)
            }
            Err(StoreError::ClientAccountNotFound) => {
                let mut tx = self.begin().await?;
                if !access::everywhere(&mut tx, session.user_id()).await? {
                    return Err(StoreError::ClientAccountNotFound);
                }
                let details = read(&mut tx, id, Access::EVERYWHERE).await?;
                tx.commit().await?;
                Ok(details)
            }
            Err(error) => Err(error),
        }
    }

    /// Makes a client account.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for a short name that is taken.
    pub async fn create_client_account(
        &self,
        session: &VerifiedSession,
        facts: &Facts,
    ) -> Result<Details, StoreError> {
        let mut tx = self.begin().await?;
        let id = sqlx::query_scalar!(
            "insert into migration.client_accounts
                 (name, slug, description, industry, company_size, headquarters_location, primary_contact_name,
                  primary_contact_email, primary_contact_phone, created_by)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) returning id",
            facts.name,
            facts.slug,
            facts.description,
            facts.industry,
            facts.company_size,
            facts.headquarters_location,
            facts.primary_contact_name,
            facts.primary_contact_email,
            facts.primary_contact_phone,
            session.user_id().0,
        )
        .fetch_one(&mut *tx)
        .await
        .map_err(taken)?;
        let id = ClientAccountId(id);
        let made = read(&mut tx, id, Access::EVERYWHERE).await?;
        let text = format!("The client account {} was made.", facts.name);
        let event = SecurityEntry::new(SecurityEvent::ClientAccountCreated, text).in_client_account(id);
        audit::security(&mut tx, session.actor(), event).await?;
        tx.commit().await?;
        Ok(made)
    }

    /// Archives a client account, or brings it back. Archived, it is in nobody's list and nobody can open it; its data stay.
    ///
    /// # Errors
    /// [`StoreError::ClientAccountNotFound`]; [`StoreError::Invalid`] when `confirm` is not its name.
    pub async fn archive_client_account(
        &self,
        session: &VerifiedSession,
        id: ClientAccountId,
        archived: bool,
        confirm: Option<&str>,
    ) -> Result<Change<Details>, StoreError> {
        let mut tx = self.begin().await?;
        lock(&mut tx, id).await?;
        let before = read(&mut tx, id, Access::EVERYWHERE).await?;
        if before.is_active != archived {
            return Ok(Change::Stale(before));
        }
        if confirm.is_some_and(|confirm| confirm != before.facts.name) {
            let message = "This is not the name of the client account.";
            return Err(StoreError::invalid("/confirm", "mismatch", message));
        }
        sqlx::query!(
            "update migration.client_accounts
             set is_active = $2, updated_at = greatest(clock_timestamp(), updated_at + interval '1 microsecond')
             where id = $1",
            id.0,
            !archived,
        )
        .execute(&mut *tx)
        .await?;
        let now = read(&mut tx, id, Access::EVERYWHERE).await?;
        let (event, verb) = if archived {
            (SecurityEvent::ClientAccountArchived, "archived")
        } else {
            (SecurityEvent::ClientAccountRestored, "brought back")
        };
        let text = format!("The client account {} was {verb}.", now.facts.name);
        let event = SecurityEntry::new(event, text).in_client_account(id);
        audit::security(&mut tx, session.actor(), event).await?;
        tx.commit().await?;
        Ok(Change::Made(now))
    }
}
