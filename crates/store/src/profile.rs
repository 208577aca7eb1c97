//! What somebody says about themselves.

use drydock_domain::audit::SecurityEvent;
use serde_json::{Map, Value};

use crate::{
    Store, StoreError, VerifiedSession,
    audit::{self, SecurityEntry},
};

/// One's own profile: what one may change about oneself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// First name; empty where there is none.
    pub first_name: String,
    /// Last name; empty where there is none.
    pub last_name: String,
    /// Organisation.
    pub organization: String,
    /// What one does there.
    pub role_description: String,
    /// Telephone number.
    pub phone_number: String,
    /// E-mail address of one's manager.
    pub manager_email: String,
    /// Which kinds of message one wants.
    pub notifications: Notifications,
}

/// Kinds of message, each wanted or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Notifications {
    /// By e-mail at all.
    pub email: bool,
    /// What happens to the platform.
    pub system_alerts: bool,
    /// What the platform has learned.
    pub learning_updates: bool,
    /// A report every week.
    pub weekly_reports: bool,
}

impl Notifications {
    fn of(stored: &Value) -> Self {
        let wanted = |name: &str| stored.get(name).and_then(Value::as_bool).unwrap_or(false);
        Self {
            email: wanted("email_notifications"),
            system_alerts: wanted("system_alerts"),
            learning_updates: wanted("learning_updates"),
            weekly_reports: wanted("weekly_reports"),
        }
    }

    fn stored(self) -> Value {
        let pairs = [
            ("email_notifications", self.email),
            ("system_alerts", self.system_alerts),
            ("learning_updates", self.learning_updates),
            ("weekly_reports", self.weekly_reports),
        ];
        Value::Object(pairs.into_iter().map(|(name, on)| (name.to_owned(), on.into())).collect::<Map<_, _>>())
    }
}

impl Store {
    /// The profile of the session's user.
    ///
    /// # Errors
    /// [`StoreError::SessionExpired`] when the user is gone.
    pub async fn profile(&self, session: &VerifiedSession) -> Result<Profile, StoreError> {
        read(&mut *self.acquire().await?, session).await
    }

    /// Changes the profile of the session's user; gives it back as it is now.
    ///
    /// # Errors
    /// As [`Store::profile`].
    pub async fn change_profile(
        &self,
        session: &VerifiedSession,
        wanted: &Profile,
    ) -> Result<Profile, StoreError> {
        let id = session.user_id();
        let mut tx = self.begin().await?;
        let before = read(&mut tx, session).await?;
        if before == *wanted {
            return Ok(before);
        }
        sqlx::query!(
            "update migration.users
             set first_name = nullif($2::text, ''), last_name = nullif($3::text, ''),
                 updated_at = greatest(clock_timestamp(), updated_at + interval '1 microsecond')
             where id = $1",
            id.0,
            wanted.first_name,
            wanted.last_name
        )
        .execute(&mut *tx)
        .await?;
        sqlx::query!(
            "update migration.user_profiles
             set organization = nullif($2::text, ''), role_description = nullif($3::text, ''),
                 phone_number = nullif($4::text, ''), manager_email = nullif($5::text, ''),
                 notification_preferences = notification_preferences || $6::jsonb,
                 updated_at = greatest(clock_timestamp(), updated_at + interval '1 microsecond')
             where user_id = $1",
            id.0,
            wanted.organization,
            wanted.role_description,
            wanted.phone_number,
            wanted.manager_email,
            wanted.notifications.stored()
        )
        .execute(&mut *tx)
        .await?;
        let now = read(&mut tx, session).await?;
        let email = session.actor().email.clone().unwrap_or_default();
        let event =
            SecurityEntry::new(SecurityEvent::ProfileUpdated, format!("{email} changed their profile."))
                .to(id, email)
                .with("fields", changed(&before, &now));
        audit::security(&mut tx, session.actor(), event).await?;
        tx.commit().await?;
        Ok(now)
    }
}

/// The names of the fields that differ.
fn changed(before: &Profile, now: &Profile) -> Vec<&'static str> {
    [
        ("first_name", before.first_name == now.first_name),
        ("last_name", before.last_name == now.last_name),
        ("organization", before.organization == now.organization),
        ("role_description", before.role_description == now.role_description),
        ("phone_number", before.phone_number == now.phone_number),
        ("manager_email", before.manager_email == now.manager_email),
        ("notifications", before.notifications == now.notifications),
    ]
    .into_iter()
    .filter_map(|(name, same)| (!same).then_some(name))
    .collect()
}

async fn read(connection: &mut sqlx::PgConnection, session: &VerifiedSession) -> Result<Profile, StoreError> {
    let row = sqlx::query!(
        "select u.first_name, u.last_name, p.organization, p.role_description, p.phone_number, p.manager_email,
                p.notification_preferences
         from migration.users u join migration.user_profiles p on p.user_id = u.id
         where u.id = $1",
        session.user_id().0
    )
    .fetch_optional(connection)
    .await?
    .ok_or(StoreError::SessionExpired)?;
    Ok(Profile {
        first_name: row.first_name.unwrap_or_default(),
        last_name: row.last_name.unwrap_or_default(),
        organization: row.organization.unwrap_or_default(),
        role_description: row.role_description.unwrap_or_default(),
        phone_number: row.phone_number.unwrap_or_default(),
        manager_email: row.manager_email.unwrap_or_default(),
        notifications: Notifications::of(&row.notification_preferences),
    })
}
