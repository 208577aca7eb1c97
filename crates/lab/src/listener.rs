//! A deployed API on a real port of this machine, with the order and the settings of its middleware to choose.
//!
//! What its CORS layer does follows Starlette 1.10.0 (`middleware/cors.py`), the framework of the original platform; [`Server::ours`]
//! is this product's own door instead. Every request and answer goes over TCP.

mod sessions;
mod starlette;

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::{
    Router,
    body::Body,
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, header},
    routing::{any, get},
};
use drydock_api::turned_away::TurnedAway;
use drydock_domain::origin::Origin;
use tokio::{net::TcpListener, task::JoinHandle};

pub use sessions::Sessions;
pub use starlette::{Cors, Origins};

/// Which of the two middlewares gets a request first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// CORS, so that it answers preflights and marks refusals.
    #[default]
    CorsOutermost,
    /// Authentication, which refuses preflights: they carry no token.
    AuthenticationOutermost,
}

/// How the API is deployed.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// The CORS middleware; none where `None`.
    pub cors: Option<Cors>,
    /// The order of the middlewares.
    pub order: Order,
    /// Whether an exception is answered inside CORS. In Starlette it is not: its server-error middleware is outermost.
    pub errors_inside: bool,
    /// Whether everything is first redirected, as from http to https.
    pub moved: bool,
    /// The cookie of the sign-in, as a `Set-Cookie` value.
    pub cookie: Option<String>,
    /// How sessions are signed and looked at; any token will do where `None`.
    pub sessions: Option<Sessions>,
    /// Whether what raised an exception has been repaired.
    pub repaired: bool,
}

/// The paths of the API.
pub mod path {
    /// Answers 200 to everybody.
    pub const HEALTH: &str = "/health";
    /// Answers 200 with a token, 401 without.
    pub const ME: &str = "/api/v1/me";
    /// Takes GET and POST with a token; without the slash at its end it answers 307.
    pub const ITEMS: &str = "/api/v1/items/";
    /// Raises an exception, as a query on a missing table does.
    pub const BROKEN: &str = "/api/v1/broken";
    /// Sets the cookie.
    pub const LOGIN: &str = "/api/v1/login";
}

/// A running API. Dropping it closes the port.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    executed: Arc<AtomicU64>,
    task: JoinHandle<()>,
}

impl Server {
    /// Deploys an API with the faults of `setup` on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// When no port can be opened.
    pub async fn start(setup: Setup) -> io::Result<Self> {
        Self::start_at(0, setup).await
    }

    /// As [`Server::start`], on `port`.
    ///
    /// # Errors
    /// When it is taken.
    pub async fn start_at(port: u16, setup: Setup) -> io::Result<Self> {
        let executed = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&executed);
        let setup = Arc::new(setup);
        let router = Router::new().fallback(move |request: Request| {
            let (setup, counted) = (Arc::clone(&setup), Arc::clone(&counted));
            async move { answer(&setup, &counted, request.method(), request.uri().path(), request.headers()) }
        });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let address = listener.local_addr()?;
        let task = tokio::spawn(async move {
            // It ends with its task; an error of accept has nobody left to be told.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { address, executed, task })
    }

    /// The same API behind this product's own door, for the pages of `origins`.
    ///
    /// # Errors
    /// When no port can be opened.
    pub async fn ours(origins: &[Origin]) -> io::Result<Self> {
        let executed = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&executed);
        let with_token = move |headers: HeaderMap| {
            let counted = Arc::clone(&counted);
            async move {
                if !headers.contains_key(header::AUTHORIZATION) {
                    return StatusCode::UNAUTHORIZED;
                }
                counted.fetch_add(1, Ordering::Relaxed);
                StatusCode::OK
            }
        };
        let api = Router::new()
            .route(path::HEALTH, get(|| async { StatusCode::OK }))
            .route(path::ME, any(with_token.clone()))
            .route(path::ITEMS, get(with_token.clone()).post(with_token))
            .route(path::BROKEN, any(|| async { StatusCode::INTERNAL_SERVER_ERROR }));
        let door = drydock_boot::listen_for(api, TurnedAway::default(), 0, None, origins).await?;
        let address = door.address();
        let task = tokio::spawn(async move {
            // The door is open for as long as somebody holds it.
            std::future::pending::<()>().await;
            drop(door);
        });
        Ok(Self { address, executed, task })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL of one of its paths.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// How many requests were carried out, whatever a browser then made of the answer.
    #[must_use]
    pub fn executed(&self) -> u64 {
        self.executed.load(Ordering::Relaxed)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What one layer hands to the next: an answer, or an exception on its way out.
type Outcome = Result<Response<Body>, Exception>;

/// An exception that no handler has caught.
struct Exception;

fn answer(
    setup: &Setup,
    executed: &AtomicU64,
    method: &Method,
    path: &str,
    headers: &HeaderMap,
) -> Response<Body> {
    if setup.moved {
        let mut moved = plain(StatusCode::MOVED_PERMANENTLY, "");
        let place = format!("https://127.0.0.1{path}");
        insert(&mut moved, header::LOCATION, &place);
        return moved;
    }
    let app = || app(setup, executed, method, path, headers);
    let caught = |outcome: Outcome| match outcome {
        Err(Exception) if setup.errors_inside => {
            Ok(json(StatusCode::INTERNAL_SERVER_ERROR, r#"{"detail":"Internal Server Error"}"#.to_owned()))
        }
        other => other,
    };
    let cors = |inner: &dyn Fn() -> Outcome| match &setup.cors {
        Some(cors) => cors.answer(method, headers, inner),
        None => inner(),
    };
    let outcome = match setup.order {
        Order::CorsOutermost => cors(&|| authenticated(setup, path, headers, &|| caught(app()))),
        Order::AuthenticationOutermost => authenticated(setup, path, headers, &|| cors(&|| caught(app()))),
    };
    // The outermost layer of all, which no CORS header reaches.
    let mut response =
        outcome.unwrap_or_else(|Exception| plain(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error"));
    if let Some(sessions) = &setup.sessions {
        insert(&mut response, header::DATE, &sessions.date());
    }
    response
}

/// Refuses what needs a token and has none.
fn authenticated(setup: &Setup, path: &str, headers: &HeaderMap, inner: &dyn Fn() -> Outcome) -> Outcome {
    let open = [path::HEALTH, path::LOGIN, path::BROKEN].contains(&path);
    if open {
        return inner();
    }
    let token = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    match (token, &setup.sessions) {
        (Some(token), Some(sessions)) => {
            return match sessions.refuses(token.trim_start_matches("Bearer ")) {
                None => inner(),
                Some(_) => Ok(json(
                    StatusCode::UNAUTHORIZED,
                    r#"{"detail":"Could not validate credentials"}"#.to_owned(),
                )),
            };
        }
        (Some(_), None) => return inner(),
        (None, _) => {}
    }
    let mut refusal = json(StatusCode::UNAUTHORIZED, r#"{"detail":"Not authenticated"}"#.to_owned());
    insert(&mut refusal, header::WWW_AUTHENTICATE, "Bearer");
    Ok(refusal)
}

fn app(setup: &Setup, executed: &AtomicU64, method: &Method, path: &str, headers: &HeaderMap) -> Outcome {
    let known = [path::HEALTH, path::ME, path::ITEMS, path::BROKEN, path::LOGIN];
    if format!("{path}/") == path::ITEMS {
        let mut moved = plain(StatusCode::TEMPORARY_REDIRECT, "");
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        insert(&mut moved, header::LOCATION, &format!("http://{host}{}", path::ITEMS));
        return Ok(moved);
    }
    if !known.contains(&path) {
        return Ok(json(StatusCode::NOT_FOUND, r#"{"detail":"Not Found"}"#.to_owned()));
    }
    let takes: &[Method] = match path {
        path::ITEMS => &[Method::GET, Method::POST],
        path::LOGIN => &[Method::GET, Method::POST],
        path::ME => &[Method::GET, Method::PATCH, Method::POST],
        _ => &[Method::GET],
    };
    if !takes.contains(method) {
        return Ok(json(StatusCode::METHOD_NOT_ALLOWED, r#"{"detail":"Method Not Allowed"}"#.to_owned()));
    }
    if path == path::BROKEN && !setup.repaired {
        return Err(Exception);
    }
    executed.fetch_add(1, Ordering::Relaxed);
    let token = setup.sessions.as_ref().filter(|_| path == path::LOGIN).map(Sessions::sign);
    let mut done = match token {
        Some(token) => json(StatusCode::OK, format!(r#"{{"access_token":"{token}"}}"#)),
        None => json(StatusCode::OK, r#"{"status":"ok"}"#.to_owned()),
    };
    if let Some(cookie) = setup.cookie.as_ref().filter(|_| path == path::LOGIN) {
        insert(&mut done, header::SET_COOKIE, cookie);
    }
    Ok(done)
}

fn plain(status: StatusCode, body: &'static str) -> Response<Body> {
    of_type(status, "text/plain; charset=utf-8", body)
}

fn json(status: StatusCode, body: String) -> Response<Body> {
    of_type(status, "application/json", body)
}

fn of_type(status: StatusCode, kind: &'static str, body: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

/// Sets a header; a value that cannot be one is left out, as nothing here makes such a value.
fn insert(response: &mut Response<Body>, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}
