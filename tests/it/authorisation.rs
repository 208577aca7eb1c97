//! The authorisation matrix: every operation of the OpenAPI document, asked by every role in its own client account, in a foreign
//! one and in none, and by nobody.

use axum::body::Body;
use drydock_domain::Role::{self, Analyst, ClientAdmin, EngagementManager, PlatformAdmin, Viewer};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    app::{ADMINISTRATOR, App, DEMO, DEMO_CLIENT, DEMO_ENGAGEMENT, request},
    stand_in::{FILE_HEAD, SNAPSHOT},
};
use Where::{Client, Engagement, Header, Open, Platform, SignedIn};

/// Who is let in, and where that is looked at. The status for everybody else follows:
///
/// |             | no session | role too weak | foreign client account | none chosen |
/// |-------------|------------|---------------|------------------------|-------------|
/// | `Open`      | let in     | let in        | let in                 | let in      |
/// | `SignedIn`  | 401        | let in        | let in                 | let in      |
/// | `Platform`  | 401        | 403           | as in one's own        | as in one's own |
/// | `Client`    | 401        | 403           | 404                    | 404         |
/// | `Header`    | 401        | 403           | 404                    | 400         |
/// | `Engagement`| 401        | 403           | 404                    | 400         |
///
/// An id in the path that is another client account's is not found in one's own either.
///
/// A platform administrator is at home in every client account.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Where {
    /// Nobody is asked who they are.
    Open,
    /// A session is enough.
    SignedIn,
    /// It concerns all client accounts.
    Platform,
    /// In the client account whose id is in the path, the query or the body.
    Client,
    /// In the client account that the header names.
    Header,
    /// In the engagement that the headers name.
    Engagement,
}

/// What stands for `{id}` in a path.
#[derive(Clone, Copy, Debug)]
enum Id {
    Client,
    Engagement,
    Snapshot,
    /// Nobody's.
    Nobody,
}

/// One operation.
struct Row {
    operation: &'static str,
    place: Where,
    /// The weakest role that is let in.
    least: Role,
    /// The status for whoever is let in.
    status: u16,
    id: Id,
    query: &'static str,
    content_type: &'static str,
    body: Vec<u8>,
}

impl Row {
    /// What is sent as JSON; an empty body otherwise. `{client}` and `{engagement}` in it stand for those that are asked about.
    fn json(self, body: &Value) -> Self {
        Self { body: body.to_string().into_bytes(), ..self }
    }

    fn bytes(self, body: &[u8]) -> Self {
        Self { content_type: "application/octet-stream", body: body.to_vec(), ..self }
    }

    fn id(self, id: Id) -> Self {
        Self { id, ..self }
    }

    /// What is asked for, with the same placeholders.
    fn query(self, query: &'static str) -> Self {
        Self { query, ..self }
    }

    fn expected(&self, role: Option<Role>, tenant: Tenant) -> u16 {
        let Some(role) = role else { return if self.place == Open { self.status } else { 401 } };
        let outside = role != PlatformAdmin && tenant == Tenant::Foreign;
        match self.place {
            Open | SignedIn => self.status,
            Client if outside || tenant == Tenant::None => 404,
            Header | Engagement if outside => 404,
            Header | Engagement if tenant == Tenant::None => 400,
            Header if tenant == Tenant::Mixed && matches!(self.id, Id::Engagement) => 404,
            Platform | Client | Header | Engagement if role < self.least => 403,
            Platform | Client | Header | Engagement => self.status,
        }
    }
}

fn row(operation: &'static str, place: Where, least: Role, status: u16) -> Row {
    Row {
        operation,
        place,
        least,
        status,
        id: Id::Client,
        query: "",
        content_type: "application/json",
        body: Vec::new(),
    }
}

/// The table. Rows are asked from top to bottom by each caller in turn, so one that changes something does it in a way that those
/// below and the next caller don't notice, or is let in and then refused for what it sends.
#[rustfmt::skip]
fn table() -> Vec<Row> {
    let named = &json!({ "name": "x" });
    let first = &json!({ "email": "a@b.c", "password": "eight or more", "first_name": "A", "last_name": "" });
    let credentials = &json!({ "email": DEMO.0, "password": DEMO.1 });
    let begin = &json!({ "client_id": "{client}" });
    let reason = "nothing that holds";
    let approval = &json!({ "user_id": Uuid::nil(), "access_level": "read_only",
                            "client_access": [{ "client_account_id": DEMO_CLIENT }] });
    let rejection = &json!({ "user_id": Uuid::nil(), "rejection_reason": reason });
    let suspension = &json!({ "user_id": Uuid::nil(), "reason": reason });
    let activation = &json!({ "user_id": Uuid::nil() });
    let platform_role = &json!({ "version": 0, "granted": true });
    let unnamed = &json!({ "name": "" });
    let stale = &json!({ "version": 0 });
    let unconfirmed = &json!({});
    let place = &json!({ "role": "viewer", "access_level": "owner", "version": 0 });
    let grant = &json!({ "client_account_id": "{client}", "user_id": Uuid::nil(), "access_level": "owner" });
    let closing = &json!({ "version": 0, "status": "completed" });
    let nothing = &json!({});
    let own = &json!({ "own": true });
    let unlisted = &json!({ "scenarios": ["no-such-scenario"] });
    let no_url = &json!({ "url": "" });
    let no_environment = &json!({ "variables": {}, "origin": "" });
    let no_edit = &json!({ "version": 1, "set": {} });
    let layout = &json!({ "columns": ["name"], "widths": {}, "density": "compact" });
    let view = &json!({ "name": "x", "query": "", "layout": layout, "is_default": false });
    let nobody = &json!({ "first_name": "", "last_name": "", "organization": "", "role_description": "", "phone_number": "",
                          "manager_email": "", "notifications": { "email": true, "system_alerts": true, "learning_updates": true,
                          "weekly_reports": true } });
    let wrong_password = &json!({ "current_password": "wrong", "new_password": "eight or more" });
    vec![
        //                                                    where       from role          status
        row("GET /livez",                                     Open,       Viewer,            200),
        row("GET /readyz",                                    Open,       Viewer,            200),
        row("GET /api/v1/boot",                               Open,       Viewer,            200),
        row("GET /api/v1/demo/accounts",                      Open,       Viewer,            200),
        row("POST /api/v1/auth/login",                        Open,       Viewer,            200).json(credentials),
        row("GET /api/v1/setup",                              Open,       Viewer,            200),
        // There are users.
        row("POST /api/v1/setup",                             Open,       Viewer,            409).json(first),
        // A change would end the session of the rows below.
        row("POST /api/v1/auth/change-password",              SignedIn,   Viewer,            422).json(wrong_password),
        row("GET /api/v1/auth/me",                            SignedIn,   Viewer,            200),
        row("GET /api/v1/auth/profile",                       SignedIn,   Viewer,            200),
        row("PUT /api/v1/auth/profile",                       SignedIn,   Viewer,            422).json(nobody),
        row("GET /api/v1/auth/sessions",                      SignedIn,   Viewer,            200),
        // Nobody has this one.
        row("DELETE /api/v1/auth/sessions/{id}",              SignedIn,   Viewer,            404),
        row("GET /api/v1/admin/audit",                        Platform,   PlatformAdmin,     200),
        row("GET /api/v1/admin/audit/chain",                  Platform,   PlatformAdmin,     200),
        row("GET /api/v1/admin/audit/export",                 Platform,   PlatformAdmin,     200),
        // Let in; the folder of downloads is not there.
        row("POST /api/v1/admin/audit/export",                Platform,   PlatformAdmin,     500),
        row("GET /api/v1/admin/clients/{id}/audit",           Client,     ClientAdmin,       200),
        row("GET /api/v1/admin/clients/{id}/audit/chain",     Client,     ClientAdmin,       200),
        row("GET /api/v1/admin/clients/{id}/audit/export",    Client,     ClientAdmin,       200),
        row("POST /api/v1/admin/clients/{id}/audit/export",   Client,     ClientAdmin,       500),
        row("GET /api/v1/context/clients",                    SignedIn,   Viewer,            200),
        row("GET /api/v1/context/clients/{id}/engagements",   Client,     Viewer,            200),
        row("GET /api/v1/overview",                           Engagement, Viewer,            200),
        row("GET /api/v1/overview/client-accounts",           SignedIn,   Viewer,            200),
        row("GET /api/v1/assets",                             Engagement, Viewer,            200),
        row("GET /api/v1/context/me",                         SignedIn,   Viewer,            200),
        row("GET /api/v1/context/clients/default",            SignedIn,   Viewer,            200),
        row("GET /api/v1/context-establishment/clients",      SignedIn,   Viewer,            200),
        row("GET /api/v1/context-establishment/engagements",  Client,     Viewer,            200).query("client_id={client}"),
        row("PUT /api/v1/context/me/defaults",                Client,     Viewer,            200).json(begin),
        row("POST /api/v1/context-establishment/update-context", Client,  Viewer,            200).json(begin),
        // Registering: refused for what it sends, or each caller would leave somebody behind.
        row("POST /api/v1/auth/register",                     Open,       Viewer,            422).json(unconfirmed),
        row("GET /api/v1/auth/registration-status/{id}",      Open,       Viewer,            200).id(Id::Nobody),
        row("GET /api/v1/auth/roles",                         SignedIn,   Viewer,            200),
        row("GET /api/v1/auth/users",                         Platform,   PlatformAdmin,     200),
        row("GET /api/v1/auth/pending-approvals",             Platform,   PlatformAdmin,     200),
        row("GET /api/v1/auth/active-users",                  Platform,   PlatformAdmin,     200),
        // Nobody has this id, which only who may ask is told.
        row("GET /api/v1/auth/user-profile/{id}",             Platform,   PlatformAdmin,     404).id(Id::Nobody),
        row("POST /api/v1/auth/approve-user",                 Platform,   PlatformAdmin,     404).json(approval),
        row("POST /api/v1/auth/reject-user",                  Platform,   PlatformAdmin,     404).json(rejection),
        row("POST /api/v1/auth/deactivate-user",              Platform,   PlatformAdmin,     404).json(suspension),
        row("POST /api/v1/auth/activate-user",                Platform,   PlatformAdmin,     404).json(activation),
        row("PUT /api/v1/auth/admin/users/{id}/platform-role", Platform,  PlatformAdmin,     404).json(platform_role).id(Id::Nobody),
        row("POST /api/v1/auth/grant-client-access",          Client,     ClientAdmin,       422).json(grant),
        row("GET /api/v1/admin/clients",                      SignedIn,   Viewer,            200),
        row("POST /api/v1/admin/clients",                     Platform,   PlatformAdmin,     422).json(unnamed),
        row("GET /api/v1/admin/clients/{id}",                 Client,     Viewer,            200),
        // What is sent is older than what is there.
        row("PUT /api/v1/admin/clients/{id}",                 Client,     ClientAdmin,       409).json(stale),
        row("POST /api/v1/admin/clients/{id}/archive",        Platform,   PlatformAdmin,     422).json(unconfirmed),
        row("POST /api/v1/admin/clients/{id}/unarchive",      Platform,   PlatformAdmin,     404).id(Id::Nobody),
        row("GET /api/v1/admin/clients/{id}/members",         Client,     EngagementManager, 200),
        row("PUT /api/v1/admin/clients/{id}/members/{user_id}", Client,   ClientAdmin,       422).json(place),
        row("DELETE /api/v1/admin/clients/{id}/members/{user_id}", Client, ClientAdmin,      404),
        row("GET /api/v1/admin/engagements",                  Header,     Viewer,            200),
        row("POST /api/v1/admin/engagements",                 Header,     EngagementManager, 422).json(unnamed),
        row("GET /api/v1/admin/engagements/{id}",             Header,     Viewer,            200).id(Id::Engagement),
        row("PUT /api/v1/admin/engagements/{id}",             Header,     EngagementManager, 409).json(stale).id(Id::Engagement),
        row("POST /api/v1/admin/engagements/{id}/close",      Header,     EngagementManager, 409).json(closing).id(Id::Engagement),
        row("POST /api/v1/admin/engagements/{id}/reopen",     Header,     EngagementManager, 409).json(stale).id(Id::Engagement),
        // Let in, and refused for the column that is missing, or for a body that holds nothing.
        row("GET /api/v1/assets/values",                      Engagement, Viewer,            422),
        row("GET /api/v1/assets/count",                       Engagement, Viewer,            200),
        row("GET /api/v1/assets/export",                      Engagement, Viewer,            200),
        row("POST /api/v1/assets",                            Engagement, Analyst,           422).json(nothing),
        row("POST /api/v1/assets/edit",                       Engagement, Analyst,           422).json(nothing),
        row("POST /api/v1/assets/delete",                     Engagement, EngagementManager, 422).json(nothing),
        // No asset, change, export or view has this id.
        row("GET /api/v1/assets/{id}",                        Engagement, Viewer,            404),
        row("PATCH /api/v1/assets/{id}",                      Engagement, Analyst,           404).json(no_edit),
        row("GET /api/v1/assets/{id}/history",                Engagement, Viewer,            404),
        row("POST /api/v1/asset-changes/{id}/undo",           Engagement, Analyst,           404),
        row("POST /api/v1/asset-exports",                     Engagement, Viewer,            422).json(nothing),
        row("GET /api/v1/asset-exports/{id}",                 SignedIn,   Viewer,            404),
        row("DELETE /api/v1/asset-exports/{id}",              SignedIn,   Viewer,            404),
        row("GET /api/v1/asset-table",                        Engagement, Viewer,            200),
        row("PUT /api/v1/asset-table",                        Engagement, Viewer,            204).json(layout),
        row("GET /api/v1/asset-views",                        Engagement, Viewer,            200),
        row("POST /api/v1/asset-views",                       Engagement, Viewer,            422).json(nothing),
        row("PUT /api/v1/asset-views/{id}",                   Engagement, Viewer,            404).json(view),
        row("DELETE /api/v1/asset-views/{id}",                Engagement, Viewer,            404),
        row("POST /api/v1/deploy/url",                        Platform,   PlatformAdmin,     200).json(no_url),
        row("GET /api/v1/deploy/presets",                     Platform,   PlatformAdmin,     200),
        row("POST /api/v1/deploy/environment",                Platform,   PlatformAdmin,     200).json(no_environment),
        row("GET /api/v1/maintenance",                        Platform,   PlatformAdmin,     200),
        row("POST /api/v1/maintenance/reset",                 Platform,   PlatformAdmin,     200),
        row("POST /api/v1/maintenance/undo",                  Platform,   PlatformAdmin,     200),
        row("POST /api/v1/maintenance/cancel",                Platform,   PlatformAdmin,     204),
        row("POST /api/v1/doctor",                            Platform,   PlatformAdmin,     200).json(own),
        row("GET /api/v1/doctor/{id}",                        Platform,   PlatformAdmin,     404).id(Id::Nobody),
        row("GET /api/v1/doctor/{id}/report",                 Platform,   PlatformAdmin,     404).id(Id::Nobody),
        row("POST /api/v1/doctor/{id}/report",                Platform,   PlatformAdmin,     404).id(Id::Nobody),
        row("GET /api/v1/lab/scenarios",                      Platform,   PlatformAdmin,     200),
        row("GET /api/v1/lab/runs",                           Platform,   PlatformAdmin,     200),
        row("POST /api/v1/lab/runs",                          Platform,   PlatformAdmin,     422).json(unlisted),
        row("GET /api/v1/lab/runs/{id}",                      Platform,   PlatformAdmin,     404).id(Id::Nobody),
        row("POST /api/v1/lab/runs/{id}/remedy",              Platform,   PlatformAdmin,     404).id(Id::Nobody),
        row("DELETE /api/v1/lab/runs/{id}",                   Platform,   PlatformAdmin,     404).id(Id::Nobody),
        row("GET /api/v1/lab/runs/{id}/report",               Platform,   PlatformAdmin,     404).id(Id::Nobody),
        row("POST /api/v1/lab/runs/{id}/report",              Platform,   PlatformAdmin,     404).id(Id::Nobody),
        row("GET /api/v1/monitoring",                         Platform,   PlatformAdmin,     200),
        row("GET /api/v1/monitoring/boots",                   Platform,   PlatformAdmin,     200),
        row("GET /api/v1/monitoring/boots/{id}/log",          Platform,   PlatformAdmin,     404).id(Id::Nobody),
        row("GET /api/v1/monitoring/migrations",              Platform,   PlatformAdmin,     200),
        row("GET /api/v1/monitoring/sign-ins",                Platform,   PlatformAdmin,     200),
        row("GET /api/v1/monitoring/statements",              Platform,   PlatformAdmin,     200),
        row("GET /api/v1/monitoring/tables",                  Platform,   PlatformAdmin,     200),
        row("GET /api/v1/monitoring/vectors",                 Platform,   PlatformAdmin,     200),
        row("GET /api/v1/snapshots",                          Platform,   PlatformAdmin,     200),
        row("POST /api/v1/snapshots",                         Platform,   PlatformAdmin,     202).json(named),
        row("POST /api/v1/snapshots/import",                  Platform,   PlatformAdmin,     201).bytes(FILE_HEAD),
        row("PATCH /api/v1/snapshots/{id}",                   Platform,   PlatformAdmin,     200).json(named).id(Id::Snapshot),
        row("POST /api/v1/snapshots/{id}/restore",            Platform,   PlatformAdmin,     202).id(Id::Snapshot),
        row("POST /api/v1/snapshots/{id}/export",             Platform,   PlatformAdmin,     202).id(Id::Snapshot),
        row("DELETE /api/v1/snapshots/{id}",                  Platform,   PlatformAdmin,     204).id(Id::Snapshot),
        row("POST /api/v1/snapshots/{id}/put-back",           Platform,   PlatformAdmin,     200).id(Id::Snapshot),
        row("POST /api/v1/auth/logout-everywhere",            SignedIn,   Viewer,            204),
        row("POST /api/v1/auth/logout",                       SignedIn,   Viewer,            204),
    ]
}

/// The client account that is asked about.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Tenant {
    /// Demo Corporation, of which every caller is a member.
    Own,
    /// Alder Health, of which none is.
    Foreign,
    /// None: no header, and an id in the path that nothing has.
    None,
    /// Their own, and in the path the id of something in Alder Health.
    Mixed,
}

/// Where each tenant's things are.
struct Places {
    foreign_client: String,
    foreign_engagement: String,
    nowhere: String,
}

impl Places {
    fn client(&self, tenant: Tenant) -> &str {
        match tenant {
            Tenant::Own | Tenant::Mixed => DEMO_CLIENT,
            Tenant::Foreign => &self.foreign_client,
            Tenant::None => &self.nowhere,
        }
    }

    fn engagement(&self, tenant: Tenant) -> &str {
        match tenant {
            Tenant::Own | Tenant::Mixed => DEMO_ENGAGEMENT,
            Tenant::Foreign => &self.foreign_engagement,
            Tenant::None => &self.nowhere,
        }
    }

    fn id(&self, id: Id, tenant: Tenant) -> String {
        match id {
            Id::Client => self.client(tenant).to_owned(),
            Id::Engagement if tenant == Tenant::Mixed => self.foreign_engagement.clone(),
            Id::Engagement => self.engagement(tenant).to_owned(),
            Id::Snapshot => SNAPSHOT.to_string(),
            Id::Nobody => self.nowhere.clone(),
        }
    }
}

/// Makes a member of Demo Corporation alone, with `role` and what goes with it, and signs them in.
async fn member(app: &App, role: Role) -> String {
    if role == PlatformAdmin {
        return app.bearer(ADMINISTRATOR).await;
    }
    let level = match role {
        Viewer => "read_only",
        Analyst => "read_write",
        EngagementManager | ClientAdmin | PlatformAdmin => "admin",
    };
    let email = format!("{role}@matrix.example");
    let _ = app.database.sql(&format!(
        "with person as (
             insert into migration.users (email, password_hash, first_name, is_active, is_verified)
             select '{email}', password_hash, 'Matrix', true, true from migration.users where email = '{}'
             returning id
         ), profile as (
             insert into migration.user_profiles (user_id, status) select id, 'active' from person returning user_id
         ), place as (
             insert into migration.user_account_associations (user_id, client_account_id, role)
             select id, '{DEMO_CLIENT}', '{role}' from person returning user_id
         )
         insert into migration.client_access (user_profile_id, client_account_id, access_level, granted_by)
         select profile.user_id, '{DEMO_CLIENT}', '{level}', profile.user_id from profile join place using (user_id)",
        DEMO.0
    ));
    app.bearer((&email, DEMO.1)).await
}

#[tokio::test]
async fn every_operation_has_a_row_and_every_row_holds() {
    let app = App::new().await;
    let table = table();
    let document = serde_json::to_value(drydock_api::openapi()).unwrap();
    let mut operations: Vec<String> = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let name = format!("{} {path}", method.to_uppercase());
            assert!(operation["summary"].is_string(), "{name} has no summary");
            let row = table
                .iter()
                .find(|row| row.operation == name)
                .unwrap_or_else(|| panic!("{name} has no row in the authorisation matrix"));
            // The document says the same: an operation that refuses nobody has no security requirement.
            assert_eq!(operation.get("security").is_some(), row.place != Open, "{name}");
            operations.push(name);
        }
    }
    for Row { operation, .. } in &table {
        assert!(operations.iter().any(|name| name == operation), "{operation} is no operation");
    }

    let places = Places {
        foreign_client: app
            .database
            .sql("select id from migration.client_accounts where name = 'Alder Health'"),
        foreign_engagement: app
            .database
            .sql("select id from migration.engagements where slug = 'server-estate-discovery'"),
        nowhere: Uuid::new_v4().to_string(),
    };
    let mut wrong = Vec::new();
    let callers = [None].into_iter().chain(Role::ALL.map(Some));
    for role in callers {
        let mut bearer = match role {
            None => String::new(),
            Some(role) => member(&app, role).await,
        };
        for tenant in [Tenant::Own, Tenant::Foreign, Tenant::None, Tenant::Mixed] {
            for row in &table {
                let answer = ask(&app, row, &bearer, &places, tenant).await;
                let expected = row.expected(role, tenant);
                if answer.status != expected {
                    wrong.push(format!(
                        "{} by {role:?} in {tenant:?}: {expected} expected, {answer:?}",
                        row.operation
                    ));
                } else if expected >= 400 {
                    answer.error();
                }
                if row.operation.starts_with("POST /api/v1/auth/logout") {
                    bearer = match role {
                        None => String::new(),
                        Some(PlatformAdmin) => app.bearer(ADMINISTRATOR).await,
                        Some(role) => app.bearer((&format!("{role}@matrix.example"), DEMO.1)).await,
                    };
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

async fn ask(app: &App, row: &Row, bearer: &str, places: &Places, tenant: Tenant) -> crate::app::Answer {
    let (method, path) = row.operation.split_once(' ').unwrap();
    let mut headers = vec![("content-type", row.content_type)];
    if tenant != Tenant::None {
        headers.push(("x-client-account-id", places.client(tenant)));
        headers.push(("x-engagement-id", places.engagement(tenant)));
    }
    if !bearer.is_empty() {
        headers.push(("authorization", bearer));
    }
    let filled = |text: &str| {
        text.replace("{client}", places.client(tenant)).replace("{engagement}", places.engagement(tenant))
    };
    let mut path = path.replace("{id}", &places.id(row.id, tenant)).replace("{user_id}", &places.nowhere);
    if !row.query.is_empty() {
        path = format!("{path}?{}", filled(row.query));
    }
    let body = match std::str::from_utf8(&row.body) {
        Ok(text) => Body::from(filled(text)),
        Err(_) => Body::from(row.body.clone()),
    };
    app.send(request(method, &path, &headers, body)).await
}
