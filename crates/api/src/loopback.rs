//! The loopback door: who may come in over TCP.
//!
//! Three checks before the router: the peer is on this machine, `Host` is the listener's own (a page that
//! rebinds its name to 127.0.0.1 sends another), and `Origin`, where there is one, is the listener's own.

use std::{convert::Infallible, net::SocketAddr, path::Path};

use axum::{
    Router,
    extract::{ConnectInfo, Request, State},
    http::{HeaderName, HeaderValue, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use drydock_domain::ErrorCode;
use tower::ServiceExt as _;
use tower_http::{
    services::{ServeDir, ServeFile},
    set_header::SetResponseHeaderLayer,
};

use crate::{
    envelope,
    turned_away::{Reason, TurnedAway},
};

/// What a page from this door may load: itself.
const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; \
     object-src 'none'; base-uri 'none'; form-action 'none'; frame-src 'none'; frame-ancestors 'none'";

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

/// The router behind the three checks, for a listener bound to `address`; with the page in `ui` where given. Whom it turns away is
/// counted in `turned_away`.
pub fn router(api: Router, turned_away: TurnedAway, address: LoopbackAddress, ui: Option<&Path>) -> Router {
    let header = |name: &'static str, value: &'static str| {
        SetResponseHeaderLayer::if_not_present(HeaderName::from_static(name), HeaderValue::from_static(value))
    };
    let port = address.0.port();
    let door = Door { hosts: Hosts { port }, turned_away };
    let page = ui.map(Page::new);
    Router::new()
        .fallback(move |request: Request| dispatch(api, page, request))
        .layer(middleware::from_fn_with_state(door, guard))
        .layer(middleware::from_fn(envelope::envelope))
        .layer(header("content-security-policy", CONTENT_SECURITY_POLICY))
        .layer(header("x-content-type-options", "nosniff"))
        .layer(header("referrer-policy", "no-referrer"))
        .layer(header("cache-control", "no-store"))
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

#[derive(Clone, Copy)]
struct Hosts {
    port: u16,
}

impl Hosts {
    fn accepts(self, host: &str) -> bool {
        ["127.0.0.1", "localhost", "[::1]"]
            .iter()
            .any(|name| host.eq_ignore_ascii_case(&format!("{name}:{}", self.port)))
    }

    fn accepts_origin(self, origin: &str) -> bool {
        origin.strip_prefix("http://").is_some_and(|host| self.accepts(host))
    }
}

#[derive(Clone)]
struct Door {
    hosts: Hosts,
    turned_away: TurnedAway,
}

async fn guard(
    State(Door { hosts, turned_away }): State<Door>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
    next: Next,
) -> Response {
    if !peer.ip().is_loopback() {
        turned_away.note(Reason::Peer, &peer.ip().to_string());
        return envelope::refuse(ErrorCode::PeerRefused, format!("{} is not on this machine.", peer.ip()));
    }
    if request.uri().authority().is_some() || !request.uri().path().starts_with('/') {
        return envelope::refuse(ErrorCode::RequestMalformed, "The request's target is not a path.");
    }
    let host = single(&request, &header::HOST);
    if !host.is_some_and(|host| hosts.accepts(host)) {
        let host = host.unwrap_or_default();
        turned_away.note(Reason::Host, host);
        return envelope::refuse(
            ErrorCode::HostRefused,
            format!("{host:?} is not the host of this listener."),
        );
    }
    if request.headers().contains_key(header::ORIGIN) {
        let origin = single(&request, &header::ORIGIN);
        if !origin.is_some_and(|origin| hosts.accepts_origin(origin)) {
            let origin = origin.unwrap_or_default();
            turned_away.note(Reason::Origin, origin);
            return envelope::refuse(
                ErrorCode::OriginRefused,
                format!("{origin:?} is not the origin of this listener."),
            );
        }
    }
    next.run(request).await
}

/// The header's value where it is there once; which of two is meant nobody can know.
fn single<'a>(request: &'a Request, name: &HeaderName) -> Option<&'a str> {
    let mut values = request.headers().get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
}
