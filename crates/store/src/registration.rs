//! Asking for an account.

use drydock_domain::{AccessLevel, ClientAccountId, EngagementId, UserId, audit::SecurityEvent};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::{
    Store, StoreError,
    audit::{self, Actor, Origin, SecurityEntry},
    password, throttle,
};

/// What somebody says who asks for an account; checked by the API.
#[derive(Clone, Debug)]
pub struct Registration {
    /// E-mail address, lower case.
    pub email: String,
    /// First name.
    pub first_name: String,
    /// Last name; may be empty.
    pub last_name: String,
    /// Where they work.
    pub organization: Option<String>,
    /// What they do there.
    pub role_description: String,
    /// Why they ask.
    pub reason: String,
    /// How much access they ask for.
    pub requested_access_level: AccessLevel,
    /// Their telephone number.
    pub phone_number: Option<String>,
    /// Who can vouch for them.
    pub manager_email: Option<String>,
    /// Their page there.
    pub linkedin_profile: Option<String>,
    /// What they want to be told of: kind of message to true or false.
    pub notification_preferences: Option<Map<String, Value>>,
    /// The client account they ask for.
    pub client_account: Option<ClientAccountId>,
    /// The engagement they ask for.
    pub engagement: Option<EngagementId>,
}

/// Where a registration stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nobody has decided, or there is no such registration: the two look alike.
    Pending,
    /// They may sign in.
    Approved,
    /// They may not, and why.
    Rejected(Option<String>),
}

impl Store {
    /// Notes that somebody asks for an account. The answer is an id under which its standing can be asked for.
    ///
    /// Whether the address has an account shows neither in the answer nor in the work done: with one, nothing is changed and the
    /// id leads nowhere. Somebody who was rejected may ask again.
    ///
    /// # Errors
    /// [`StoreError::TooManyRegistrations`] when many asked within the last hour; else when the database or hashing fails.
    pub async fn register(
        &self,
        wanted: &Registration,
        password: &str,
        origin: &Origin,
    ) -> Result<Uuid, StoreError> {
        self.count_registration(origin).await?;
        let hash = password::hash(password).await?;
        let mut tx = self.begin().await?;
        let last_name = Some(wanted.last_name.as_str()).filter(|name| !name.is_empty());
        let client_account = match wanted.client_account {
            Some(id) => {
                sqlx::query_scalar!(
                    "select id from migration.client_accounts where id = $1 and is_active",
                    id.0
                )
                .fetch_optional(&mut *tx)
                .await?
            }
            None => None,
        };
        let engagement = client_account.and(wanted.engagement).map(|id| id.0);
        let id = sqlx::query_scalar!(
            "insert into migration.users as u (email, password_hash, first_name, last_name, is_active, is_verified,
                                               default_client_id, default_engagement_id)
             values ($1, $2, $3, $4, false, false, $5, $6)
             on conflict (email) do update
             set password_hash = excluded.password_hash, first_name = excluded.first_name, last_name = excluded.last_name,
                 default_client_id = excluded.default_client_id, default_engagement_id = excluded.default_engagement_id,
                 updated_at = greatest(clock_timestamp(), u.updated_at + interval '1 microsecond')
             where not u.is_active and exists (
                 select from migration.user_profiles p
                 where p.user_id = u.id and p.status = 'deactivated' and p.approved_at is null)
             returning id",
            wanted.email,
            hash,
            wanted.first_name,
            last_name,
            client_account,
            engagement,
        )
        .fetch_optional(&mut *tx)
        .await?;
        let Some(id) = id else {
            // Somebody has the address. Only they and the log are to know.
            let text = format!("Somebody registered again with {}, which has an account.", wanted.email);
            let actor = Actor { email: Some(wanted.email.clone()), ..Actor::unknown(origin) };
            audit::security(&mut tx, &actor, SecurityEntry::new(SecurityEvent::Registered, text).blocked())
                .await?;
            tx.commit().await?;
            return Ok(Uuid::new_v4());
        };
        sqlx::query!(
            "insert into migration.user_profiles as p
                 (user_id, status, registration_reason, organization, role_description, requested_access_level, phone_number,
                  manager_email, linkedin_profile, notification_preferences)
             values ($1, 'pending_approval', $2, $3, $4, $5, $6, $7, $8,
                     coalesce($9, '{\"email_notifications\": true, \"system_alerts\": true, \"learning_updates\": false,
                                    \"weekly_reports\": true}'::jsonb))
             on conflict (user_id) do update
             set status = 'pending_approval', approval_requested_at = now(), registration_reason = excluded.registration_reason,
                 organization = excluded.organization, role_description = excluded.role_description,
                 requested_access_level = excluded.requested_access_level, phone_number = excluded.phone_number,
                 manager_email = excluded.manager_email, linkedin_profile = excluded.linkedin_profile,
                 notification_preferences = excluded.notification_preferences,
                 updated_at = greatest(clock_timestamp(), p.updated_at + interval '1 microsecond')",
            id,
            wanted.reason,
            wanted.organization,
            wanted.role_description,
            wanted.requested_access_level.as_str(),
            wanted.phone_number,
            wanted.manager_email,
            wanted.linkedin_profile,
            wanted.notification_preferences.clone().map(Value::Object),
        )
        .execute(&mut *tx)
        .await?;
        if let Some(client_account) = client_account {
            sqlx::query!(
                "insert into migration.client_access (user_profile_id, client_account_id, access_level, is_active)
                 values ($1, $2, $3, false)
                 on conflict (user_profile_id, client_account_id) do update set access_level = excluded.access_level",
                id,
                client_account,
                wanted.requested_access_level.as_str(),
            )
            .execute(&mut *tx)
            .await?;
        }
        let text = format!("{} asked for an account.", wanted.email);
        let event = SecurityEntry::new(SecurityEvent::Registered, text)
            .to(UserId(id), wanted.email.clone())
            .with("requested_access_level", wanted.requested_access_level.as_str());
        let actor = Actor { email: Some(wanted.email.clone()), ..Actor::unknown(origin) };
        audit::security(&mut tx, &actor, event).await?;
        tx.commit().await?;
        Ok(id)
    }

    /// Counts a registration before anything is done for it; the first that comes too early is told to the security log.
    async fn count_registration(&self, origin: &Origin) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let counted =
            throttle::count(&mut tx, &throttle::registrations(), throttle::FREE_REGISTRATIONS).await?;
        let throttle::Counted::TooEarly { left, first } = counted else { return Ok(tx.commit().await?) };
        if first {
            let text = "Registrations wait: many came within an hour.";
            let event = SecurityEntry::new(SecurityEvent::RegistrationThrottled, text)
                .with("seconds", left.as_secs())
                .blocked();
            audit::security(&mut tx, &Actor::unknown(origin), event).await?;
        }
        tx.commit().await?;
        Err(StoreError::TooManyRegistrations(left))
    }

    /// Where the registration with this id stands.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn registration_standing(&self, id: Uuid) -> Result<Standing, StoreError> {
        let mut connection = self.acquire().await?;
        let row = sqlx::query!(
            r#"select status, approved_at is not null as "approved!" from migration.user_profiles
               where user_id = $1 and registration_reason is not null"#,
            id
        )
        .fetch_optional(&mut *connection)
        .await?;
        let standing = match row {
            Some(row) if row.approved => Standing::Approved,
            Some(row) if row.status == "deactivated" => {
                Standing::Rejected(crate::users::reason(&mut connection, UserId(id)).await?)
            }
            _ => Standing::Pending,
        };
        Self::give_back(connection).await;
        Ok(standing)
    }
}
