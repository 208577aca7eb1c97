#![allow(clippy::unwrap_used, reason = "a test may")]

use drydock_domain::deployment::VERCEL_ORIGIN;

use super::{Answer, At, Blocked, Browser, Call, Exchange, Probe, console};
use crate::listener::{Cors, Order, Origins, Server, Setup, path};

fn listed(origins: &[&str]) -> Cors {
    Cors::for_origins(Origins::List(origins.iter().map(|origin| (*origin).to_owned()).collect()))
}

fn with(cors: Cors) -> Setup {
    Setup { cors: Some(cors), ..Setup::default() }
}

/// A call of the front end: a token, a client account, JSON.
fn post(server: &Server, path: &str) -> Call {
    Call::get(server.url(path))
        .by("POST")
        .with("authorization", "Bearer t")
        .with("content-type", "application/json")
        .with("x-client-account-id", "c")
}

async fn called(setup: Setup, path: &str) -> (Server, Exchange) {
    let server = Server::start(setup).await.unwrap();
    let call = post(&server, path);
    let exchange = Probe::new().unwrap().call(call, VERCEL_ORIGIN).await.unwrap();
    (server, exchange)
}

fn short(answer: &Answer) -> (u16, &str, Option<&str>) {
    (answer.status, answer.body.as_str(), answer.allowed_origin())
}

#[tokio::test]
async fn the_matrix_is_starlettes() {
    let ok = Some(VERCEL_ORIGIN);
    let done = r#"{"status":"ok"}"#;
    // A correct list.
    let (server, seen) = called(with(listed(&[VERCEL_ORIGIN])), path::ITEMS).await;
    let preflight = seen.preflight.as_ref().unwrap();
    assert_eq!(short(preflight), (200, "OK", ok));
    assert!(preflight.header("vary").unwrap().starts_with("Origin, "));
    assert_eq!((short(&seen.answer), seen.blocked.as_ref()), ((200, done, ok), None));
    assert_eq!(server.executed(), 1);

    // Not in the list: refused, and carried out all the same.
    let (server, seen) = called(with(listed(&["https://other.example"])), path::ITEMS).await;
    assert_eq!(short(seen.preflight.as_ref().unwrap()), (400, "Disallowed CORS origin", None));
    assert_eq!(short(&seen.answer), (200, done, None));
    assert_eq!(server.executed(), 1);

    // In the list in another form.
    for item in [
        "https://aiforce-assess.vercel.app/",
        "http://aiforce-assess.vercel.app",
        "https://AIFORCE-assess.vercel.app",
        "https://aiforce-assess.vercel.app,https://other.example",
    ] {
        let (_, seen) = called(with(listed(&[item])), path::ITEMS).await;
        assert_eq!(seen.preflight.as_ref().unwrap().status, 400, "{item}");
        assert_eq!(short(&seen.answer), (200, done, None), "{item}");
    }

    // A text instead of a list: every part of it is let in.
    let server =
        Server::start(with(Cors::for_origins(Origins::Text(VERCEL_ORIGIN.to_owned())))).await.unwrap();
    let probe = Probe::new().unwrap();
    for origin in [VERCEL_ORIGIN, "https://aiforce"] {
        let answer = probe.preflight(&post(&server, path::ITEMS), origin).await.unwrap();
        assert_eq!(short(&answer), (200, "OK", Some(origin)));
    }

    // Everybody, with credentials: whoever asks is named.
    let (_, seen) = called(with(listed(&["*"])), path::ITEMS).await;
    assert_eq!((seen.preflight.as_ref().unwrap().allowed_origin(), seen.answer.allowed_origin()), (ok, ok));
    assert_eq!(seen.answer.header("access-control-allow-credentials"), Some("true"));

    // A header, and a method.
    let cors = Cors { headers: vec!["Authorization".into()], ..listed(&[VERCEL_ORIGIN]) };
    let (_, seen) = called(with(cors), path::ITEMS).await;
    assert_eq!(short(seen.preflight.as_ref().unwrap()), (400, "Disallowed CORS headers", ok));
    let cors = Cors { methods: vec!["GET".into()], ..listed(&[VERCEL_ORIGIN]) };
    let (_, seen) = called(with(cors), path::ITEMS).await;
    assert_eq!(short(seen.preflight.as_ref().unwrap()), (400, "Disallowed CORS method", ok));

    // No CORS at all.
    let (_, seen) = called(Setup::default(), path::ITEMS).await;
    assert_eq!(seen.preflight.as_ref().unwrap().status, 401, "authentication is all there is");
    assert_eq!(short(&seen.answer), (200, done, None));
    let server = Server::start(Setup::default()).await.unwrap();
    let answer = probe.preflight(&Call::get(server.url(path::HEALTH)), VERCEL_ORIGIN).await.unwrap();
    assert_eq!(short(&answer), (405, r#"{"detail":"Method Not Allowed"}"#, None));

    // Authentication outside of CORS.
    let order = Order::AuthenticationOutermost;
    let setup = Setup { order, ..with(listed(&[VERCEL_ORIGIN])) };
    let (server, seen) = called(setup, path::ME).await;
    let refused = r#"{"detail":"Not authenticated"}"#;
    assert_eq!(short(seen.preflight.as_ref().unwrap()), (401, refused, None));
    let answer = probe.call(Call::get(server.url(path::ME)), VERCEL_ORIGIN).await.unwrap().answer;
    assert_eq!(short(&answer), (401, refused, None));
    // The right way round the refusal is readable.
    let server = Server::start(with(listed(&[VERCEL_ORIGIN]))).await.unwrap();
    let answer = probe.call(Call::get(server.url(path::ME)), VERCEL_ORIGIN).await.unwrap().answer;
    assert_eq!(short(&answer), (401, refused, ok));
    let answer = probe.call(post(&server, "/api/v1/none"), VERCEL_ORIGIN).await.unwrap().answer;
    assert_eq!((answer.status, answer.allowed_origin()), (404, ok));

    // An exception.
    let broken = async |inside: bool| {
        let setup = Setup { errors_inside: inside, ..with(listed(&[VERCEL_ORIGIN])) };
        let server = Server::start(setup).await.unwrap();
        Probe::new().unwrap().call(Call::get(server.url(path::BROKEN)), VERCEL_ORIGIN).await.unwrap().answer
    };
    assert_eq!(short(&broken(false).await), (500, "Internal Server Error", None));
    assert_eq!(short(&broken(true).await), (500, r#"{"detail":"Internal Server Error"}"#, ok));

    // A missing slash.
    let (server, seen) = called(with(listed(&[VERCEL_ORIGIN])), "/api/v1/items").await;
    assert_eq!(seen.preflight.as_ref().unwrap().status, 200);
    assert_eq!((seen.answer.status, seen.answer.allowed_origin()), (307, ok));
    assert_eq!(seen.answer.header("location"), Some(server.url(path::ITEMS).as_str()));

    // Everything is somewhere else.
    let (_, seen) = called(Setup { moved: true, ..with(listed(&[VERCEL_ORIGIN])) }, path::ITEMS).await;
    assert!(matches!(seen.blocked, Some((At::Preflight, Blocked::Redirected { .. }))));
}

#[tokio::test]
async fn our_own_door_lets_in_what_is_listed_and_marks_every_answer() {
    let server = Server::ours(&[VERCEL_ORIGIN.parse().unwrap()]).await.unwrap();
    let probe = Probe::new().unwrap();
    for (path, status) in [(path::ITEMS, 200), (path::BROKEN, 500), ("/api/none", 404)] {
        let seen = probe.call(post(&server, path), VERCEL_ORIGIN).await.unwrap();
        assert_eq!((seen.answer.status, seen.blocked), (status, None), "{path}");
    }
    let executed = server.executed();
    let seen = probe.call(post(&server, path::ITEMS), "https://evil.invalid").await.unwrap();
    assert_eq!((seen.answer.status, seen.answer.allowed_origin()), (403, None));
    assert_eq!(server.executed(), executed, "refused before anything happens");
}

#[tokio::test]
async fn each_console_says_it_in_its_own_words() {
    let (server, seen) = called(with(listed(&["https://other.example"])), path::ITEMS).await;
    let says = |seen: &Exchange, browser: Browser| {
        console(seen)
            .into_iter()
            .find(|line| line.browser == browser)
            .map(|line| line.text)
            .unwrap_or_default()
    };
    assert_eq!(
        says(&seen, Browser::Chromium),
        format!(
            "Access to fetch at '{}' from origin '{VERCEL_ORIGIN}' has been blocked by CORS policy: Response to preflight request \
             doesn't pass access control check: No 'Access-Control-Allow-Origin' header is present on the requested resource.",
            server.url(path::ITEMS)
        )
    );
    assert_eq!(says(&seen, Browser::WebKit), "Preflight response is not successful. Status code: 400");
    assert!(
        says(&seen, Browser::Firefox).contains("(Reason: CORS header 'Access-Control-Allow-Origin' missing)")
    );

    let wildcard = with(Cors::for_origins(Origins::LiteralWildcard));
    let server = Server::start(wildcard).await.unwrap();
    let call = post(&server, path::ITEMS).with_credentials();
    let seen = Probe::new().unwrap().call(call, VERCEL_ORIGIN).await.unwrap();
    assert!(says(&seen, Browser::Chromium).contains("must not be the wildcard '*' when"));
    assert_eq!(
        says(&seen, Browser::WebKit),
        "Cannot use wildcard in Access-Control-Allow-Origin when credentials flag is true."
    );
    assert!(says(&seen, Browser::Firefox).contains("is '*'"));

    // A server that answers 200 and allows less than is asked for.
    let server = Server::ours(&[VERCEL_ORIGIN.parse().unwrap()]).await.unwrap();
    let call = post(&server, path::ITEMS).with("x-user-id", "u");
    let seen = Probe::new().unwrap().call(call, VERCEL_ORIGIN).await.unwrap();
    assert!(says(&seen, Browser::Chromium).ends_with(
        "Request header field x-user-id is not allowed by Access-Control-Allow-Headers in preflight response."
    ));
    assert!(says(&seen, Browser::Firefox).contains("missing token 'x-user-id'"));
    let seen = Probe::new()
        .unwrap()
        .call(Call::get(server.url(path::ITEMS)).by("PROPFIND"), VERCEL_ORIGIN)
        .await
        .unwrap();
    assert!(
        says(&seen, Browser::Chromium).ends_with(
            "Method PROPFIND is not allowed by Access-Control-Allow-Methods in preflight response."
        )
    );
}
