//! The authorisation matrix: every operation of the OpenAPI document, asked by everybody.

use axum::body::Body;
use serde_json::json;

use crate::{
    app::{ADMINISTRATOR, ANALYST, App, DEMO, DEMO_CLIENT, DEMO_ENGAGEMENT, request},
    stand_in::{FILE_HEAD, SNAPSHOT},
};

const JSON: &str = "application/json";

/// Who asks. The client account asked about is Demo Corporation, or Alder Health for `Foreign`.
#[derive(Clone, Copy, Debug)]
enum Caller {
    NoSession,
    Viewer,
    Analyst,
    Manager,
    Administrator,
    /// A member of Demo Corporation who asks about Alder Health.
    Foreign,
}

use Caller::{Administrator, Analyst, Foreign, Manager, NoSession, Viewer};

const CALLERS: [Caller; 6] = [NoSession, Viewer, Analyst, Manager, Administrator, Foreign];

/// Operation, and the status for each of [`CALLERS`].
#[rustfmt::skip]
const MATRIX: &[(&str, [u16; 6])] = &[
    //                                                none view anal mana admi fore
    ("GET /livez",                                   [200, 200, 200, 200, 200, 200]),
    ("GET /readyz",                                  [200, 200, 200, 200, 200, 200]),
    ("GET /api/v1/boot",                             [200, 200, 200, 200, 200, 200]),
    ("GET /api/v1/demo/accounts",                    [200, 200, 200, 200, 200, 200]),
    ("POST /api/v1/auth/login",                      [200, 200, 200, 200, 200, 200]),
    ("GET /api/v1/setup",                            [200, 200, 200, 200, 200, 200]),
    // There are users.
    ("POST /api/v1/setup",                           [409, 409, 409, 409, 409, 409]),
    // Let in, and refused for the current password it gives: a change would end the session of the rows below.
    ("POST /api/v1/auth/change-password",            [401, 422, 422, 422, 422, 422]),
    ("GET /api/v1/auth/me",                          [401, 200, 200, 200, 200, 200]),
    ("GET /api/v1/context/clients",                  [401, 200, 200, 200, 200, 200]),
    ("GET /api/v1/context/clients/{id}/engagements", [401, 200, 200, 200, 200, 404]),
    ("GET /api/v1/overview",                         [401, 200, 200, 200, 200, 404]),
    ("GET /api/v1/assets",                           [401, 200, 200, 200, 200, 404]),
    ("GET /api/v1/maintenance",                      [401, 403, 403, 403, 200, 403]),
    ("POST /api/v1/maintenance/reset",               [401, 403, 403, 403, 200, 403]),
    ("POST /api/v1/maintenance/undo",                [401, 403, 403, 403, 200, 403]),
    ("POST /api/v1/maintenance/cancel",              [401, 403, 403, 403, 204, 403]),
    ("GET /api/v1/snapshots",                        [401, 403, 403, 403, 200, 403]),
    ("POST /api/v1/snapshots",                       [401, 403, 403, 403, 202, 403]),
    ("POST /api/v1/snapshots/import",                [401, 403, 403, 403, 201, 403]),
    ("PATCH /api/v1/snapshots/{id}",                 [401, 403, 403, 403, 200, 403]),
    ("POST /api/v1/snapshots/{id}/restore",          [401, 403, 403, 403, 202, 403]),
    ("POST /api/v1/snapshots/{id}/export",           [401, 403, 403, 403, 202, 403]),
    ("DELETE /api/v1/snapshots/{id}",                [401, 403, 403, 403, 204, 403]),
    ("POST /api/v1/snapshots/{id}/put-back",         [401, 403, 403, 403, 200, 403]),
    ("POST /api/v1/auth/logout",                     [401, 204, 204, 204, 204, 204]),
];

#[tokio::test]
async fn every_operation_has_a_row_and_every_row_holds() {
    let app = App::new().await;
    let document = serde_json::to_value(drydock_api::openapi()).unwrap();
    let mut operations: Vec<String> = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let name = format!("{} {path}", method.to_uppercase());
            assert!(operation["summary"].is_string(), "{name} has no summary");
            let row =
                MATRIX.iter().find(|(row, _)| *row == name).unwrap_or_else(|| panic!("{name} has no row"));
            // The document says the same: an operation that refuses nobody has no security requirement.
            assert_eq!(operation.get("security").is_some(), row.1[0] == 401, "{name}");
            operations.push(name);
        }
    }
    for (operation, _) in MATRIX {
        assert!(operations.iter().any(|name| name == operation), "{operation} is no operation");
    }

    let foreign_client =
        app.database.sql("select id from migration.client_accounts where name = 'Alder Health'");
    let foreign_engagement =
        app.database.sql("select id from migration.engagements where slug = 'server-estate-discovery'");
    let snapshot = SNAPSHOT.to_string();
    for (column, caller) in CALLERS.into_iter().enumerate() {
        let bearer = match caller {
            NoSession => String::new(),
            Viewer => app.bearer(("viewer@demo-corp.com", "Demo123!")).await,
            Analyst => app.bearer(ANALYST).await,
            Manager => app.bearer(("manager@demo-corp.com", "Demo123!")).await,
            Administrator => app.bearer(ADMINISTRATOR).await,
            Foreign => app.bearer(DEMO).await,
        };
        let (client, engagement) = match caller {
            Foreign => (foreign_client.as_str(), foreign_engagement.as_str()),
            _ => (DEMO_CLIENT, DEMO_ENGAGEMENT),
        };
        let mut headers = vec![("x-client-account-id", client), ("x-engagement-id", engagement)];
        if !bearer.is_empty() {
            headers.push(("authorization", &bearer));
        }
        for (operation, expected) in MATRIX {
            let (method, path) = operation.split_once(' ').unwrap();
            let (kind, body) = match path {
                "/api/v1/auth/login" => {
                    (JSON, Body::from(json!({ "email": DEMO.0, "password": DEMO.1 }).to_string()))
                }
                "/api/v1/setup" => (
                    JSON,
                    Body::from(
                        json!({ "email": "a@b.c", "password": "eight or more", "first_name": "A", "last_name": "" })
                            .to_string(),
                    ),
                ),
                "/api/v1/auth/change-password" => (
                    JSON,
                    Body::from(
                        json!({ "current_password": "wrong", "new_password": "eight or more" }).to_string(),
                    ),
                ),
                "/api/v1/snapshots" | "/api/v1/snapshots/{id}" => {
                    (JSON, Body::from(json!({ "name": "x" }).to_string()))
                }
                "/api/v1/snapshots/import" => ("application/octet-stream", Body::from(FILE_HEAD)),
                _ => (JSON, Body::empty()),
            };
            headers.retain(|(name, _)| *name != "content-type");
            headers.push(("content-type", kind));
            let id = if path.starts_with("/api/v1/snapshots/") { snapshot.as_str() } else { client };
            let answer = app.send(request(method, &path.replace("{id}", id), &headers, body)).await;
            assert_eq!(answer.status, expected[column], "{operation} by {caller:?}: {answer:?}");
            if answer.status.as_u16() >= 400 {
                answer.error();
            }
        }
    }
}
