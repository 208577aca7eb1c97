//! What goes over the wire.

pub(crate) mod account;
pub(crate) mod accounts;
pub(crate) mod assets;
pub(crate) mod audit;
pub(crate) mod clients;
pub(crate) mod deploy;
pub(crate) mod diagnosis;
pub(crate) mod maintenance;
pub(crate) mod monitoring;
pub(crate) mod overview;
pub(crate) mod platform;
pub(crate) mod users;

use std::borrow::Cow;

use drydock_domain::{
    Access, Permission, PermissionSet, Scope,
    boot::{BootSnapshot, BootState, Failure, StageStatus},
};
use drydock_store::{NewSession, client_accounts, engagements, identity, seed};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::{
    IntoParams, PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, schema::Type},
};
use uuid::Uuid;

/// That something is as it should be.
#[derive(Serialize, ToSchema)]
pub(crate) struct Health {
    /// `ok` or `ready`.
    pub(crate) status: &'static str,
}

/// Where the boot stands.
#[derive(Serialize, ToSchema)]
pub(crate) struct Boot {
    /// Grows by one with every change; ask with `after` set to it to wait for the next.
    revision: u64,
    #[schema(value_type = String, example = "ready")]
    state: BootState,
    /// Version of the program.
    version: &'static str,
    /// Operating system and processor.
    os: String,
    /// Where the platform runs.
    environment: &'static str,
    /// Which data it was started with.
    profile: &'static str,
    /// Milliseconds from the start of the boot to its last change.
    elapsed_ms: f64,
    /// Every stage in order.
    stages: Vec<BootStage>,
    /// Why the boot stopped; null unless state is failed.
    failure: Option<BootFailure>,
    /// The boot as plain text, for a bug report; holds no credentials.
    report: String,
}

/// One stage of the boot.
#[derive(Serialize, ToSchema)]
pub(crate) struct BootStage {
    name: &'static str,
    title: &'static str,
    #[schema(value_type = String, example = "passed")]
    status: StageStatus,
    /// Milliseconds it took; null until it has ended.
    elapsed_ms: Option<f64>,
    /// What was found or done.
    detail: Option<String>,
}

/// Why a boot stopped.
#[derive(Serialize, ToSchema)]
pub(crate) struct BootFailure {
    /// Name of the stage.
    stage: &'static str,
    /// Stable code, explained in docs/errors.md.
    code: String,
    /// What happened.
    what: String,
    /// Why.
    cause: String,
    /// What to do next.
    next_step: String,
}

impl From<Failure> for BootFailure {
    fn from(failure: Failure) -> Self {
        Self {
            stage: failure.stage.name(),
            code: failure.code,
            what: failure.what,
            cause: failure.cause,
            next_step: failure.next_step,
        }
    }
}

impl Boot {
    pub(crate) fn new(snapshot: &BootSnapshot, profile: crate::Profile) -> Self {
        let os = format!("{} {}", std::env::consts::OS, std::env::consts::ARCH);
        Self {
            revision: snapshot.revision,
            state: snapshot.state,
            version: crate::VERSION,
            environment: "local",
            profile: profile.as_str(),
            elapsed_ms: snapshot.elapsed_ms,
            stages: snapshot
                .stages
                .iter()
                .map(|report| BootStage {
                    name: report.stage.name(),
                    title: report.stage.title(),
                    status: report.status,
                    elapsed_ms: report.elapsed_ms,
                    detail: report.detail.clone(),
                })
                .collect(),
            failure: snapshot.failure.clone().map(Into::into),
            report: snapshot.report(crate::VERSION, &os),
            os,
        }
    }
}

/// Since when the caller knows the boot.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct BootQuery {
    /// Answer when the revision is greater than this, or after ten seconds.
    pub(crate) after: Option<u64>,
}

/// The seeded accounts.
#[derive(Serialize, ToSchema)]
pub(crate) struct DemoAccounts {
    /// Strongest role first.
    pub(crate) accounts: Vec<DemoAccount>,
}

/// An account that the sign-in page offers in the demo profile.
#[derive(Serialize, ToSchema)]
pub(crate) struct DemoAccount {
    email: String,
    /// The password it was seeded with.
    password: &'static str,
    full_name: String,
    role: String,
    /// Names of the client accounts it may see.
    client_accounts: Vec<String>,
}

impl From<seed::DemoAccount> for DemoAccount {
    fn from(account: seed::DemoAccount) -> Self {
        Self {
            email: account.email,
            password: account.password,
            full_name: account.full_name,
            role: account.role,
            client_accounts: account.client_accounts,
        }
    }
}

/// Who signs in.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Credentials {
    /// E-mail address, in any case.
    #[schema(example = "demo@demo-corp.com")]
    pub(crate) email: String,
    /// Password, exactly as it was set.
    pub(crate) password: String,
}

/// A successful sign-in, with the fields of the platform's answer.
#[derive(Serialize, ToSchema)]
pub(crate) struct SignedIn {
    /// Always `success`.
    pub(crate) status: &'static str,
    /// For people.
    pub(crate) message: String,
    pub(crate) user: User,
    pub(crate) token: Token,
}

impl SignedIn {
    pub(crate) fn new(user: identity::User, session: NewSession) -> Self {
        Self {
            status: "success",
            message: format!("Signed in as {}.", user.full_name),
            user: user.into(),
            token: session.into(),
        }
    }
}

/// The session's token.
#[derive(Serialize, ToSchema)]
pub(crate) struct Token {
    /// Opaque; send it as `Authorization: Bearer …`.
    pub(crate) access_token: String,
    /// Always `bearer`.
    pub(crate) token_type: &'static str,
    /// When the session ends at the latest.
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) expires_at: OffsetDateTime,
}

impl From<NewSession> for Token {
    fn from(session: NewSession) -> Self {
        Self { access_token: session.token, token_type: "bearer", expires_at: session.expires_at }
    }
}

/// A user as the platform tells it.
#[derive(Serialize, ToSchema)]
pub(crate) struct User {
    id: Uuid,
    /// The local part of the e-mail address.
    username: String,
    email: String,
    full_name: String,
    /// `admin` or `user`.
    role: &'static str,
    /// The user's strongest role; null for a user without one.
    role_type: Option<&'static str>,
    /// Always `approved`: others cannot sign in.
    status: &'static str,
    organization: Option<String>,
    role_description: Option<String>,
    associations: Vec<Association>,
}

/// A user's place in one client account.
#[derive(Serialize, ToSchema)]
pub(crate) struct Association {
    id: Uuid,
    client_account_id: Uuid,
    role: String,
}

impl From<identity::User> for User {
    fn from(user: identity::User) -> Self {
        Self {
            id: user.id.0,
            username: identity::local_part(&user.email).to_owned(),
            email: user.email,
            full_name: user.full_name,
            role: if user.role.is_some_and(drydock_domain::Role::is_admin) { "admin" } else { "user" },
            role_type: user.role.map(drydock_domain::Role::as_str),
            status: "approved",
            organization: user.organization,
            role_description: user.role_description,
            associations: user
                .associations
                .into_iter()
                .map(|association| Association {
                    id: association.id,
                    client_account_id: association.client_account_id.0,
                    role: association.role,
                })
                .collect(),
        }
    }
}

/// What somebody may do, by its name in docs/permissions.md.
#[derive(Clone, Copy)]
pub(crate) struct PermissionName(Permission);

impl From<Permission> for PermissionName {
    fn from(permission: Permission) -> Self {
        Self(permission)
    }
}

impl Serialize for PermissionName {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.as_str())
    }
}

impl PartialSchema for PermissionName {
    fn schema() -> RefOr<Schema> {
        let names = Permission::ALL.iter().map(|permission| permission.as_str());
        ObjectBuilder::new()
            .schema_type(Type::String)
            .enum_values(Some(names))
            .description(Some("A permission; docs/permissions.md says what each allows."))
            .into()
    }
}

impl ToSchema for PermissionName {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Permission")
    }
}

/// What `access` allows of the permissions that are looked at in `scope`.
pub(crate) fn permissions(access: Access, scope: Scope) -> Vec<PermissionName> {
    names(access.permissions(), scope)
}

fn names(permissions: PermissionSet, scope: Scope) -> Vec<PermissionName> {
    permissions.iter().filter(|permission| permission.scope() == scope).map(PermissionName).collect()
}

/// Who is signed in.
#[derive(Serialize, ToSchema)]
pub(crate) struct Me {
    pub(crate) user: User,
    /// What one may do for the whole platform, which only a platform administrator may; what one may do in a client account or an
    /// engagement is told with that.
    pub(crate) permissions: Vec<PermissionName>,
    pub(crate) session: SessionTimes,
}

/// When a session began and ends.
#[derive(Serialize, ToSchema)]
pub(crate) struct SessionTimes {
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) expires_at: OffsetDateTime,
}

/// The client accounts one may see.
#[derive(Serialize, ToSchema)]
pub(crate) struct ClientAccounts {
    /// By name.
    pub(crate) clients: Vec<ClientAccount>,
}

/// A client account as one of its members sees it.
#[derive(Serialize, ToSchema)]
pub(crate) struct ClientAccount {
    id: Uuid,
    name: String,
    slug: String,
    description: Option<String>,
    industry: Option<String>,
    company_size: Option<String>,
    /// Always `active`: archived ones are not listed.
    status: &'static str,
    /// What the caller is in it.
    role: &'static str,
    /// How far the caller's access goes.
    access_level: &'static str,
    /// What the caller may do in it as a whole; what they may do in an engagement is told with that.
    permissions: Vec<PermissionName>,
    /// Whether it is the one the caller begins with.
    is_default: bool,
    engagement_count: i64,
    asset_count: i64,
}

impl From<client_accounts::ClientAccount> for ClientAccount {
    fn from(account: client_accounts::ClientAccount) -> Self {
        Self {
            id: account.id.0,
            name: account.name,
            slug: account.slug,
            description: account.description,
            industry: account.industry,
            company_size: account.company_size,
            status: "active",
            role: account.access.role.as_str(),
            access_level: account.access.level.as_str(),
            permissions: permissions(account.access, Scope::ClientAccount),
            is_default: account.is_default,
            engagement_count: account.engagements,
            asset_count: account.assets,
        }
    }
}

/// The engagements of a client account.
#[derive(Serialize, ToSchema)]
pub(crate) struct Engagements {
    /// By name.
    pub(crate) engagements: Vec<Engagement>,
}

/// One engagement.
#[derive(Serialize, ToSchema)]
pub(crate) struct Engagement {
    id: Uuid,
    client_account_id: Uuid,
    name: String,
    slug: String,
    description: Option<String>,
    engagement_type: String,
    status: String,
    priority: String,
    #[serde(with = "time::serde::rfc3339::option")]
    start_date: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    target_completion_date: Option<OffsetDateTime>,
    /// When it was closed as completed.
    #[serde(with = "time::serde::rfc3339::option")]
    actual_completion_date: Option<OffsetDateTime>,
    client_contact_name: Option<String>,
    client_contact_email: Option<String>,
    asset_count: i64,
    /// To be sent with a change.
    version: i64,
    /// What the caller may do in it.
    permissions: Vec<PermissionName>,
}

impl From<engagements::Engagement> for Engagement {
    fn from(engagement: engagements::Engagement) -> Self {
        let permissions = names(engagement.permissions(), Scope::Engagement);
        Self {
            id: engagement.id.0,
            client_account_id: engagement.client_account_id.0,
            name: engagement.name,
            slug: engagement.slug,
            description: engagement.description,
            engagement_type: engagement.engagement_type,
            status: engagement.status,
            priority: engagement.priority,
            start_date: engagement.start_date,
            target_completion_date: engagement.target_completion_date,
            actual_completion_date: engagement.actual_completion_date,
            client_contact_name: engagement.client_contact_name,
            client_contact_email: engagement.client_contact_email,
            asset_count: engagement.assets,
            version: engagement.version,
            permissions,
        }
    }
}
