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
use Where::{Client, Engagement, Open, Platform, SignedIn};

/// Who is let in, and where that is looked at. The status for everybody else follows:
///
/// |             | no session | role too weak | foreign client account | none chosen |
/// |-------------|------------|---------------|------------------------|-------------|
/// | `Open`      | let in     | let in        | let in                 | let in      |
/// | `SignedIn`  | 401        | let in        | let in                 | let in      |
/// | `Platform`  | 401        | 403           | as in one's own        | as in one's own |
/// | `Client`    | 401        | 403           | 404                    | 404         |
/// | `Engagement`| 401        | 403           | 404                    | 400         |
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
    /// In the client account whose id is in the path.
    Client,
    /// In the engagement that the headers name.
    Engagement,
}

/// What stands for `{id}` in a path.
#[derive(Clone, Copy, Debug)]
enum Id {
    Client,
    Snapshot,
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
    content_type: &'static str,
    body: Vec<u8>,
}

impl Row {
    /// What is sent as JSON; an empty body otherwise.
    fn json(self, body: &Value) -> Self {
        Self { body: body.to_string().into_bytes(), ..self }
    }

    fn bytes(self, body: &[u8]) -> Self {
        Self { content_type: "application/octet-stream", body: body.to_vec(), ..self }
    }

    fn id(self, id: Id) -> Self {
        Self { id, ..self }
    }

    fn expected(&self, role: Option<Role>, tenant: Tenant) -> u16 {
        let Some(role) = role else { return if self.place == Open { self.status } else { 401 } };
        let outside = role != PlatformAdmin && tenant == Tenant::Foreign;
        match self.place {
            Open | SignedIn => self.status,
            Client if outside || tenant == Tenant::None => 404,
            Engagement if outside => 404,
            Engagement if tenant == Tenant::None => 400,
            Platform | Client | Engagement => {
                if role >= self.least {
                    self.status
                } else {
                    403
                }
            }
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
        row("GET /api/v1/context/clients",                    SignedIn,   Viewer,            200),
        row("GET /api/v1/context/clients/{id}/engagements",   Client,     Viewer,            200),
        row("GET /api/v1/overview",                           Engagement, Viewer,            200),
        row("GET /api/v1/overview/client-accounts",           SignedIn,   Viewer,            200),
        row("GET /api/v1/assets",                             Engagement, Viewer,            200),
        row("GET /api/v1/maintenance",                        Platform,   PlatformAdmin,     200),
        row("POST /api/v1/maintenance/reset",                 Platform,   PlatformAdmin,     200),
        row("POST /api/v1/maintenance/undo",                  Platform,   PlatformAdmin,     200),
        row("POST /api/v1/maintenance/cancel",                Platform,   PlatformAdmin,     204),
        row("GET /api/v1/snapshots",                          Platform,   PlatformAdmin,     200),
        row("POST /api/v1/snapshots",                         Platform,   PlatformAdmin,     202).json(named),
        row("POST /api/v1/snapshots/import",                  Platform,   PlatformAdmin,     201).bytes(FILE_HEAD),
        row("PATCH /api/v1/snapshots/{id}",                   Platform,   PlatformAdmin,     200).json(named).id(Id::Snapshot),
        row("POST /api/v1/snapshots/{id}/restore",            Platform,   PlatformAdmin,     202).id(Id::Snapshot),
        row("POST /api/v1/snapshots/{id}/export",             Platform,   PlatformAdmin,     202).id(Id::Snapshot),
        row("DELETE /api/v1/snapshots/{id}",                  Platform,   PlatformAdmin,     204).id(Id::Snapshot),
        row("POST /api/v1/snapshots/{id}/put-back",           Platform,   PlatformAdmin,     200).id(Id::Snapshot),
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
            Tenant::Own => DEMO_CLIENT,
            Tenant::Foreign => &self.foreign_client,
            Tenant::None => &self.nowhere,
        }
    }

    fn engagement(&self, tenant: Tenant) -> &str {
        match tenant {
            Tenant::Own => DEMO_ENGAGEMENT,
            Tenant::Foreign => &self.foreign_engagement,
            Tenant::None => &self.nowhere,
        }
    }

    fn id(&self, id: Id, tenant: Tenant) -> String {
        match id {
            Id::Client => self.client(tenant).to_owned(),
            Id::Snapshot => SNAPSHOT.to_string(),
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
        for tenant in [Tenant::Own, Tenant::Foreign, Tenant::None] {
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
            }
            // The last row ended the session.
            bearer = match role {
                None => String::new(),
                Some(PlatformAdmin) => app.bearer(ADMINISTRATOR).await,
                Some(role) => app.bearer((&format!("{role}@matrix.example"), DEMO.1)).await,
            };
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
    let path = path.replace("{id}", &places.id(row.id, tenant));
    app.send(request(method, &path, &headers, Body::from(row.body.clone()))).await
}
