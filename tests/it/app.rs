//! The API on a database of a test's own, and how a test asks it something.

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Request, StatusCode},
};
use drydock_api::{ApiState, Profile, turned_away::TurnedAway};
use drydock_domain::boot::BootSnapshot;
use drydock_testkit::Database;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::stand_in::{DiagnosisStandIn, RecorderStandIn, StandIn};

pub(crate) const DEMO_CLIENT: &str = "11111111-1111-1111-1111-111111111111";
pub(crate) const DEMO_ENGAGEMENT: &str = "22222222-2222-2222-2222-222222222222";
pub(crate) const ADMINISTRATOR: (&str, &str) = ("chocka@gmail.com", "Password123!");
pub(crate) const DEMO: (&str, &str) = ("demo@demo-corp.com", "Demo123!");
pub(crate) const ANALYST: (&str, &str) = ("analyst@demo-corp.com", "Demo123!");

pub(crate) struct App {
    pub(crate) database: Database,
    pub(crate) router: Router,
    pub(crate) maintenance: Arc<StandIn>,
    pub(crate) turned_away: TurnedAway,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    /// Status and code of the envelope, which is checked to be whole.
    pub(crate) fn error(&self) -> (u16, &str) {
        for key in ["code", "status", "title", "detail", "next_step", "fields", "request_id"] {
            assert!(self.body.get(key).is_some(), "no {key} in {self:?}");
        }
        assert_eq!(self.body["status"], self.status.as_u16());
        assert_eq!(self.body["request_id"].as_str(), self.headers["x-request-id"].to_str().ok());
        (self.status.as_u16(), self.body["code"].as_str().unwrap())
    }
}

impl App {
    pub(crate) async fn new() -> Self {
        let database = Database::new().await;
        let boot = tokio::sync::watch::Sender::new(BootSnapshot::new()).subscribe();
        let state = ApiState::new(Profile::Demo, boot).with_diagnosis(Arc::new(DiagnosisStandIn::new()));
        let maintenance = Arc::new(StandIn::new());
        let turned_away = state.turned_away().clone();
        state.open(database.store().clone(), maintenance.clone(), Arc::new(RecorderStandIn));
        state.simulate_with(Arc::new(drydock_lab::simulator::Simulator));
        Self { router: drydock_api::router(state), database, maintenance, turned_away }
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        send(self.router.clone(), request).await
    }

    pub(crate) async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.send(request("GET", path, headers, Body::empty())).await
    }

    pub(crate) async fn post(&self, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
        post(self.router.clone(), path, headers, body).await
    }

    /// Asks as whoever `bearer` is, in the client account `client` if that is given.
    pub(crate) async fn ask(
        &self,
        method: &str,
        path: &str,
        bearer: &str,
        client: Option<&str>,
        body: &Value,
    ) -> Answer {
        let mut headers = vec![("authorization", bearer), ("content-type", "application/json")];
        headers.extend(client.map(|client| ("x-client-account-id", client)));
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        self.send(request(method, path, &headers, body)).await
    }

    pub(crate) async fn sign_in(&self, (email, password): (&str, &str)) -> Answer {
        self.post("/api/v1/auth/login", &[], &json!({ "email": email, "password": password })).await
    }

    /// Signs in and returns the value of the authorization header.
    pub(crate) async fn bearer(&self, account: (&str, &str)) -> String {
        let answer = self.sign_in(account).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        format!("Bearer {}", answer.body["token"]["access_token"].as_str().unwrap())
    }
}

pub(crate) async fn send(router: Router, request: Request<Body>) -> Answer {
    let response = router.oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    let is_text = parts
        .headers
        .get("content-type")
        .and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| kind.starts_with("text/"));
    let body = if bytes.is_empty() {
        Value::Null
    } else if is_text {
        Value::String(String::from_utf8(bytes.to_vec()).unwrap())
    } else {
        serde_json::from_slice(&bytes).unwrap_or_else(|_| panic!("not JSON: {bytes:?}"))
    };
    Answer { status: parts.status, headers: parts.headers, body }
}

pub(crate) async fn post(router: Router, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
    let headers: Vec<_> = headers.iter().copied().chain([("content-type", "application/json")]).collect();
    send(router, request("POST", path, &headers, Body::from(body.to_string()))).await
}

pub(crate) fn request(method: &str, path: &str, headers: &[(&str, &str)], body: Body) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(body).unwrap()
}
