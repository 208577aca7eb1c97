//! Pages on other origins at the loopback door: who is let in, and that an answer is readable whatever it says.

use std::net::SocketAddr;

use axum::{
    Router,
    body::Body,
    extract::ConnectInfo,
    http::{HeaderMap, Method, Request, StatusCode},
    routing::get,
};
use drydock_api::{
    loopback::{self, LoopbackAddress},
    turned_away::TurnedAway,
};
use drydock_domain::origin::Origin;
use http_body_util::BodyExt as _;
use serde_json::Value;
use tower::ServiceExt as _;

use crate::app::{App, DEMO};

const FRONT_END: &str = "https://aiforce-assess.vercel.app";
const HOST: &str = "127.0.0.1:4100";

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Value,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    fn allowed(&self) -> Option<&str> {
        self.header("access-control-allow-origin")
    }
}

fn door(api: Router, origins: &[&str]) -> Router {
    let address = LoopbackAddress::try_from(HOST.parse::<SocketAddr>().unwrap()).unwrap();
    let origins: Vec<Origin> = origins.iter().map(|origin| origin.parse().unwrap()).collect();
    loopback::router(api, TurnedAway::default(), address, None, &origins)
}

async fn ask(door: &Router, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    if !headers.iter().any(|(name, _)| *name == "host") {
        request = request.header("host", HOST);
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut request = request.body(Body::empty()).unwrap();
    request.extensions_mut().insert(ConnectInfo("127.0.0.1:5000".parse::<SocketAddr>().unwrap()));
    let (parts, body) = door.clone().oneshot(request).await.unwrap().into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    Answer {
        status: parts.status.as_u16(),
        headers: parts.headers,
        body: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
    }
}

async fn preflight(door: &Router, origin: &str, method: &str, headers: &str) -> Answer {
    let asked = [
        ("origin", origin),
        ("access-control-request-method", method),
        ("access-control-request-headers", headers),
    ];
    ask(door, Method::OPTIONS, "/api/v1/auth/me", &asked).await
}

#[tokio::test]
async fn a_listed_page_gets_through_its_preflight_and_reads_every_answer() {
    let app = App::new().await;
    let door = door(app.router.clone(), &[FRONT_END]);
    let sent = "authorization,content-type,x-client-account-id,x-engagement-id";
    for method in loopback::METHODS {
        let answer = preflight(&door, FRONT_END, method.as_str(), sent).await;
        assert_eq!((answer.status, answer.allowed()), (200, Some(FRONT_END)));
        let methods = answer.header("access-control-allow-methods").unwrap();
        assert!(methods.split(',').any(|listed| listed == method.as_str()), "{methods}");
        let headers = answer.header("access-control-allow-headers").unwrap();
        for name in sent.split(',') {
            assert!(headers.split(',').any(|listed| listed == name), "{name} is not in {headers}");
        }
        assert!(answer.header("access-control-allow-credentials").is_none(), "no cookie is ever needed");
        assert!(answer.header("vary").unwrap().contains("origin"));
    }
    let bearer = app.bearer(DEMO).await;
    for (method, path, token, status) in [
        (Method::GET, "/api/v1/auth/me", bearer.as_str(), 200),
        (Method::GET, "/api/v1/auth/me", "Bearer no", 401),
        (Method::GET, "/api/v1/nothing", bearer.as_str(), 404),
        (Method::DELETE, "/api/v1/auth/me", bearer.as_str(), 405),
    ] {
        let answer = ask(&door, method, path, &[("origin", FRONT_END), ("authorization", token)]).await;
        assert_eq!((answer.status, answer.allowed()), (status, Some(FRONT_END)), "{path}");
        let exposed = answer.header("access-control-expose-headers").unwrap();
        assert!(exposed.split(',').any(|name| name == "x-request-id"), "{exposed}");
        assert!(answer.header("x-request-id").is_some());
        assert!(answer.header("vary").unwrap().contains("origin"));
    }
}

#[tokio::test]
async fn errors_and_panics_of_the_router_are_readable_too() {
    let api = Router::new()
        .route("/api/panic", get(|| async { panic!("on purpose") as &str }))
        .route("/api/error", get(|| async { StatusCode::INTERNAL_SERVER_ERROR }));
    let door = door(api, &[FRONT_END]);
    for path in ["/api/panic", "/api/error"] {
        let answer = ask(&door, Method::GET, path, &[("origin", FRONT_END)]).await;
        assert_eq!((answer.status, answer.allowed()), (500, Some(FRONT_END)), "{path}");
        assert_eq!(answer.body["code"], "platform.internal");
    }
}

#[tokio::test]
async fn every_other_page_is_refused_before_anything_happens() {
    let app = App::new().await;
    let door = door(app.router.clone(), &[FRONT_END, "http://localhost:5173"]);
    for origin in [
        "https://evil.invalid",
        "https://aiforce-assess.vercel.app.evil.invalid",
        "https://aiforce",
        "https://aiforce-assess.vercel.app/",
        "http://aiforce-assess.vercel.app",
        "https://AIFORCE-assess.vercel.app",
        "https://aiforce-assess-git-main-team.vercel.app",
        "http://localhost:5174",
        "null",
        "",
    ] {
        let answer = preflight(&door, origin, "POST", "content-type").await;
        assert_eq!((answer.status, answer.allowed()), (403, None), "preflight of {origin}");
        let answer = ask(&door, Method::GET, "/livez", &[("origin", origin)]).await;
        assert_eq!((answer.status, answer.allowed()), (403, None), "{origin}");
        assert_eq!(answer.body["code"], "door.origin_refused");
        assert!(answer.header("vary").is_none_or(|vary| vary.contains("origin")));
    }
    // An allowed origin opens no other check.
    let headers = [("origin", FRONT_END), ("host", "evil.invalid"), ("access-control-request-method", "GET")];
    let answer = ask(&door, Method::OPTIONS, "/livez", &headers).await;
    assert_eq!((answer.status, answer.allowed()), (403, None));
    assert_eq!(answer.body["code"], "door.host_refused");
}

#[tokio::test]
async fn without_a_list_nothing_of_it_is_there() {
    let app = App::new().await;
    let door = door(app.router.clone(), &[]);
    let answer = ask(&door, Method::GET, "/livez", &[("origin", "http://127.0.0.1:4100")]).await;
    assert_eq!((answer.status, answer.allowed()), (200, None));
    assert!(answer.header("vary").is_none());
    let answer = preflight(&door, FRONT_END, "GET", "authorization").await;
    assert_eq!((answer.status, answer.allowed()), (403, None));
    let answer = ask(&door, Method::OPTIONS, "/api/v1/auth/me", &[]).await;
    assert_eq!(answer.status, 405);
}
