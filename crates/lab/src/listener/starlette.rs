//! Starlette's CORS middleware.

use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, Method, Response, StatusCode, header},
};

use super::{Outcome, insert, plain};

/// `allow_origins`, or `allow_origin_regex`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origins {
    /// A list; `*` in it means everybody.
    List(Vec<String>),
    /// A text where a list was meant: Python's `in` looks for a part of it.
    Text(String),
    /// A project's previews: anything between the two.
    Between(String, String),
    /// A literal `*` together with credentials, as other servers send it. Starlette answers with the caller's origin instead.
    LiteralWildcard,
}

/// The middleware's arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cors {
    /// Who may call.
    pub origins: Origins,
    /// `allow_credentials`.
    pub credentials: bool,
    /// `allow_methods`.
    pub methods: Vec<String>,
    /// `allow_headers`, beside those that need no permission; `*` in it means all.
    pub headers: Vec<String>,
    /// `expose_headers`.
    pub exposed: Vec<String>,
}

/// The headers that Starlette always allows.
const SAFELISTED: [&str; 4] = ["Accept", "Accept-Language", "Content-Language", "Content-Type"];

impl Cors {
    /// As the original deploys it: credentials, the methods and headers that its front end uses, for these origins.
    #[must_use]
    pub fn for_origins(origins: Origins) -> Self {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Self {
            origins,
            credentials: true,
            methods: owned(&["GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"]),
            headers: owned(&["Authorization", "X-Client-Account-ID", "X-Engagement-ID", "X-User-ID"]),
            exposed: owned(&["X-Request-ID"]),
        }
    }

    fn allows_everybody(&self) -> bool {
        match &self.origins {
            Origins::List(list) => list.iter().any(|origin| origin == "*"),
            Origins::Text(text) => text.contains('*'),
            Origins::Between(..) | Origins::LiteralWildcard => false,
        }
    }

    fn allows(&self, origin: &str) -> bool {
        self.allows_everybody()
            || match &self.origins {
                Origins::List(list) => list.iter().any(|listed| listed == origin),
                Origins::Text(text) => text.contains(origin),
                Origins::Between(before, behind) => origin
                    .strip_prefix(before.as_str())
                    .and_then(|rest| rest.strip_suffix(behind.as_str()))
                    .is_some_and(|middle| {
                        middle.chars().all(|char| char.is_ascii_alphanumeric() || char == '-')
                    }),
                Origins::LiteralWildcard => true,
            }
    }

    /// Answers a preflight, or marks what `inner` answers. An exception goes through unmarked.
    pub(super) fn answer(
        &self,
        method: &Method,
        headers: &HeaderMap,
        inner: &dyn Fn() -> Outcome,
    ) -> Outcome {
        let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        let Some(origin) = text(header::ORIGIN) else { return inner() };
        if let Some(wanted) =
            text(header::ACCESS_CONTROL_REQUEST_METHOD).filter(|_| method == Method::OPTIONS)
        {
            return Ok(self.preflight(origin, wanted, text(header::ACCESS_CONTROL_REQUEST_HEADERS)));
        }
        let mut response = inner()?;
        if self.credentials {
            insert(&mut response, header::ACCESS_CONTROL_ALLOW_CREDENTIALS, "true");
        }
        if !self.exposed.is_empty() {
            insert(&mut response, header::ACCESS_CONTROL_EXPOSE_HEADERS, &self.exposed.join(", "));
        }
        insert(&mut response, header::VARY, "Origin");
        if self.origins == Origins::LiteralWildcard || (self.allows_everybody() && !self.credentials) {
            insert(&mut response, header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
        } else if self.allows(origin) {
            insert(&mut response, header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        }
        Ok(response)
    }

    fn preflight(&self, origin: &str, method: &str, wanted: Option<&str>) -> Response<Body> {
        let mut failures = Vec::new();
        let mut allowed = None;
        if self.origins == Origins::LiteralWildcard || (self.allows_everybody() && !self.credentials) {
            allowed = Some("*");
        } else if self.allows(origin) {
            allowed = Some(origin);
        } else {
            failures.push("origin");
        }
        if !self.methods.iter().any(|known| known == method || known == "*") {
            failures.push("method");
        }
        let mut known: Vec<&str> =
            self.headers.iter().map(String::as_str).chain(SAFELISTED).filter(|name| *name != "*").collect();
        known.sort_unstable();
        let all = self.headers.iter().any(|name| name == "*");
        let unknown = |name: &str| !known.iter().any(|known| known.eq_ignore_ascii_case(name.trim()));
        if !all && wanted.is_some_and(|wanted| wanted.split(',').any(unknown)) {
            failures.push("headers");
        }
        let mut response = if failures.is_empty() {
            plain(StatusCode::OK, "OK")
        } else {
            let mut refusal = plain(StatusCode::BAD_REQUEST, "");
            *refusal.body_mut() = Body::from(format!("Disallowed CORS {}", failures.join(", ")));
            refusal
        };
        if let Some(allowed) = allowed {
            insert(&mut response, header::ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
        }
        insert(
            &mut response,
            header::VARY,
            "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
        );
        insert(&mut response, header::ACCESS_CONTROL_ALLOW_METHODS, &self.methods.join(", "));
        insert(&mut response, header::ACCESS_CONTROL_MAX_AGE, "600");
        let names = known.join(", ");
        insert(
            &mut response,
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            if all { wanted.unwrap_or(&names) } else { &names },
        );
        if self.credentials {
            insert(&mut response, header::ACCESS_CONTROL_ALLOW_CREDENTIALS, "true");
        }
        response
    }
}
