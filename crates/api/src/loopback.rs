//! The loopback door: who may come in over TCP.
//!
//! Three checks before the router: the peer is on this machine, `Host` is the listener's own (a page that
//! rebinds its name to 127.0.0.1 sends another), and `Origin`, where there is one, is the listener's own or one of those that were
//! allowed. For the latter the answers carry CORS headers, errors included: that layer lies outside of everything that can fail.

use std::{convert::Infallible, net::SocketAddr, path::Path, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{ConnectInfo, Request, State},
    http::{HeaderName, HeaderValue, Method, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use drydock_domain::{ErrorCode, origin::Origin};
use tower::ServiceExt as _;
use tower_http::{
    catch_panic::CatchPanicLayer,
    cors::{AllowOrigin, CorsLayer},
    services::{ServeDir, ServeFile},
    set_header::SetResponseHeaderLayer,
};

use crate::{
    envelope, extract,
    turned_away::{Reason, TurnedAway},
};

/// What a page from this door may load: itself.
const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; \
     object-src 'none'; base-uri 'none'; form-action 'none'; frame-src 'none'; frame-ancestors 'none'";

/// The methods that pages on other origins may use: those that some route has.
pub const METHODS: [Method; 5] = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];

/// How long a browser may keep the answer to a preflight.
const PREFLIGHT_AGE: Duration = Duration::from_secs(600);

/// The headers that pages on other origins may send: what the in-process door passes on, and the body's type.
#[must_use]
pub fn headers() -> Vec<HeaderName> {
    extract::CLIENT_HEADERS.iter().cloned().chain([header::CONTENT_TYPE]).collect()
}

/// The headers of an answer that those pages may read: the id of the request, and after how long to ask again.
#[must_use]
pub fn exposed_headers() -> [HeaderName; 2] {
    [envelope::REQUEST_ID, header::RETRY_AFTER]
}

/// An address that nobody on another machine can reach. The default users' passwords are printed everywhere, so nothing else
/// is ever listened on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoopbackAddress(SocketAddr);

/// An address that is not on the loopback interface.
#[derive(Debug, thiserror::Error)]
#[error("{0} can be reached from other machines")]
pub struct NotLoopback(pub SocketAddr);

impl TryFrom<SocketAddr> for LoopbackAddress {
    type Error = NotLoopback;

    fn try_from(address: SocketAddr) -> Result<Self, NotLoopback> {
        if address.ip().is_loopback() { Ok(Self(address)) } else { Err(NotLoopback(address)) }
    }
}

impl From<LoopbackAddress> for SocketAddr {
    fn from(address: LoopbackAddress) -> Self {
        address.0
    }
}

/// The router behind the three checks, for a listener bound to `address`; with the page in `ui` where given, and for the pages of
/// `origins` besides. Whom it turns away is counted in `turned_away`.
pub fn router(
    api: Router,
    turned_away: TurnedAway,
    address: LoopbackAddress,
    ui: Option<&Path>,
    origins: &[Origin],
) -> Router {
    let header = |name: &'static str, value: &'static str| {
        SetResponseHeaderLayer::if_not_present(HeaderName::from_static(name), HeaderValue::from_static(value))
    };
    let callers = Callers { port: address.0.port(), origins: origins.into(), turned_away };
    let page = ui.map(Page::new);
    let inside = Router::new()
        .fallback(move |request: Request| dispatch(api, page, request))
        .layer(middleware::from_fn_with_state(callers.clone(), guard))
        .layer(CatchPanicLayer::new())
        .layer(middleware::from_fn(envelope::envelope))
        .layer(header("content-security-policy", CONTENT_SECURITY_POLICY))
        .layer(header("x-content-type-options", "nosniff"))
        .layer(header("referrer-policy", "no-referrer"))
        .layer(header("cache-control", "no-store"));
    if origins.is_empty() {
        return inside;
    }
    let outside = inside.clone().layer(cors(origins));
    Router::new().fallback(move |request: Request| async move {
        // The CORS layer answers every OPTIONS by itself. One that is no preflight, or that the guard would refuse, goes past it.
        let options = request.method() == Method::OPTIONS;
        let preflight = request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
        let past = options && (!preflight || callers.refusal(&request).is_some());
        if options && !past {
            callers.note_vain(&request);
        }
        let answer = if past { inside.oneshot(request).await } else { outside.oneshot(request).await };
        match answer {
            Ok(response) => response,
            Err(never) => match never {},
        }
    })
}

/// Compares origins letter by letter, and lets in no cookie: whoever calls has a bearer token.
fn cors(origins: &[Origin]) -> CorsLayer {
    let listed = origins.iter().filter_map(|origin| HeaderValue::from_str(origin.as_str()).ok());
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(listed))
        .allow_methods(METHODS)
        .allow_headers(headers())
        .expose_headers(exposed_headers())
        .max_age(PREFLIGHT_AGE)
}

/// The built page.
#[derive(Clone)]
struct Page {
    /// Its files. A folder is not a file: no index is made up and no slash is added.
    files: ServeDir,
    /// What every path without a file shows: the page finds its own way from there.
    index: ServeFile,
}

impl Page {
    fn new(ui: &Path) -> Self {
        Self {
            files: ServeDir::new(ui).append_index_html_on_directories(false),
            index: ServeFile::new(ui.join("index.html")),
        }
    }

    async fn answer(self, request: Request) -> Result<Response, Infallible> {
        // What the build names by its content is there or gone; a page in its place would be a lie.
        if request.uri().path().starts_with("/assets/") {
            return Ok(self.files.oneshot(request).await?.into_response());
        }
        Ok(self.files.fallback(self.index).oneshot(request).await?.into_response())
    }
}

/// The API's paths go to the API, whether it knows them or not; the rest is the page's, where there is one.
async fn dispatch(api: Router, page: Option<Page>, request: Request) -> Response {
    let path = request.uri().path();
    let of_api = path == "/livez" || path == "/readyz" || path == "/api" || path.starts_with("/api/");
    let answer = match page {
        Some(page) if !of_api => page.answer(request).await,
        _ => api.oneshot(request).await,
    };
    match answer {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

/// Who is let in.
#[derive(Clone)]
struct Callers {
    port: u16,
    origins: Arc<[Origin]>,
    turned_away: TurnedAway,
}

/// Why a request does not come in.
struct Refusal {
    code: ErrorCode,
    what: String,
    /// What it is counted as, with what the caller said.
    reason: Option<Reason>,
    said: String,
}

impl Callers {
    fn is_own_host(&self, host: &str) -> bool {
        ["127.0.0.1", "localhost", "[::1]"]
            .iter()
            .any(|name| host.eq_ignore_ascii_case(&format!("{name}:{}", self.port)))
    }

    fn accepts_origin(&self, origin: &str) -> bool {
        origin.strip_prefix("http://").is_some_and(|host| self.is_own_host(host))
            || self.origins.iter().any(|listed| listed.as_str() == origin)
    }

    /// Why a request does not come in.
    fn refusal(&self, request: &Request) -> Option<Refusal> {
        let refusal = |code, reason, said: &str, what| {
            Some(Refusal { code, what, reason: Some(reason), said: said.to_owned() })
        };
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
        if !peer.is_some_and(|peer| peer.is_loopback()) {
            let peer = peer.map_or_else(|| "Whoever asks".to_owned(), |peer| peer.to_string());
            let what = format!("{peer} is not on this machine.");
            return refusal(ErrorCode::PeerRefused, Reason::Peer, &peer, what);
        }
        if request.uri().authority().is_some() || !request.uri().path().starts_with('/') {
            let what = "The request's target is not a path.".to_owned();
            return Some(Refusal {
                code: ErrorCode::RequestMalformed,
                what,
                reason: None,
                said: String::new(),
            });
        }
        let host = single(request, &header::HOST);
        if !host.is_some_and(|host| self.is_own_host(host)) {
            let host = host.unwrap_or_default();
            let what = format!("{host:?} is not the host of this listener.");
            return refusal(ErrorCode::HostRefused, Reason::Host, host, what);
        }
        if request.headers().contains_key(header::ORIGIN) {
            let origin = single(request, &header::ORIGIN);
            if !origin.is_some_and(|origin| self.accepts_origin(origin)) {
                let origin = origin.unwrap_or_default();
                let what = match self.origins.len() {
                    0 => format!("{origin:?} is not the origin of this listener."),
                    _ => format!("{origin:?} is neither the origin of this listener nor in ALLOWED_ORIGINS."),
                };
                return refusal(ErrorCode::OriginRefused, Reason::Origin, origin, what);
            }
        }
        None
    }

    /// Counts what a preflight asks for in vain: its answer says what is allowed, and the browser stops.
    fn note_vain(&self, preflight: &Request) {
        let asked = |name: &HeaderName| single(preflight, name).unwrap_or_default().to_owned();
        let method = asked(&header::ACCESS_CONTROL_REQUEST_METHOD);
        if !METHODS.iter().any(|known| known.as_str() == method) && method != "HEAD" {
            self.turned_away.note(Reason::Method, &method);
        }
        let names = asked(&header::ACCESS_CONTROL_REQUEST_HEADERS);
        let known = headers();
        for name in names.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            if !known.iter().any(|known| known.as_str().eq_ignore_ascii_case(name)) {
                self.turned_away.note(Reason::Header, name);
            }
        }
    }
}

async fn guard(State(callers): State<Callers>, request: Request, next: Next) -> Response {
    let Some(refusal) = callers.refusal(&request) else { return next.run(request).await };
    if let Some(reason) = refusal.reason {
        callers.turned_away.note(reason, &refusal.said);
    }
    envelope::refuse(refusal.code, refusal.what)
}

/// The header's value where it is there once; which of two is meant nobody can know.
fn single<'a>(request: &'a Request, name: &HeaderName) -> Option<&'a str> {
    let mut values = request.headers().get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
}
