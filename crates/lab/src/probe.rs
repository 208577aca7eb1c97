//! An API seen from outside, as a browser sees it: a preflight, the request, and what the console says.
//!
//! A page learns nothing but `TypeError: Failed to fetch`; so the lab asks by itself, over TCP, and derives what each browser would
//! have said ([`console`]).

mod console;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, time::Duration};

use serde::Serialize;

pub use console::{Browser, ConsoleLine, console};

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(5);
/// How much of a body is kept, in bytes.
const BODY: usize = 2048;

/// What a page asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The method.
    pub method: &'static str,
    /// The address.
    pub url: String,
    /// The headers that the page sets, in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// Whether cookies are to be sent (`credentials: "include"`).
    pub credentials: bool,
}

impl Call {
    /// A GET without anything.
    #[must_use]
    pub fn get(url: impl Into<String>) -> Self {
        Self { method: "GET", url: url.into(), headers: Vec::new(), credentials: false }
    }

    /// With a header.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    /// With cookies.
    #[must_use]
    pub fn with_credentials(mut self) -> Self {
        self.credentials = true;
        self
    }

    /// With another method.
    #[must_use]
    pub fn by(mut self, method: &'static str) -> Self {
        self.method = method;
        self
    }

    /// The headers that a preflight has to ask for: those that are not CORS-safelisted
    /// ([Fetch](https://fetch.spec.whatwg.org/#cors-safelisted-request-header)).
    #[must_use]
    pub fn asked_headers(&self) -> Vec<&'static str> {
        let plain = |name: &str, value: &str| match name {
            "accept" | "accept-language" | "content-language" => true,
            "content-type" => {
                ["application/x-www-form-urlencoded", "multipart/form-data", "text/plain"].contains(&value)
            }
            _ => false,
        };
        let mut asked: Vec<&str> =
            self.headers.iter().filter(|(name, value)| !plain(name, value)).map(|(name, _)| *name).collect();
        asked.sort_unstable();
        asked
    }

    /// Whether a browser asks first.
    #[must_use]
    pub fn needs_preflight(&self) -> bool {
        !["GET", "HEAD", "POST"].contains(&self.method) || !self.asked_headers().is_empty()
    }
}

/// An answer, with what of it matters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers in lower case.
    pub headers: BTreeMap<String, String>,
    /// The beginning of the body.
    pub body: String,
}

impl Answer {
    /// The value of a header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// `Access-Control-Allow-Origin`.
    #[must_use]
    pub fn allowed_origin(&self) -> Option<&str> {
        self.header("access-control-allow-origin")
    }

    /// Whether the status is one of success.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Whether it redirects.
    #[must_use]
    pub fn is_redirect(&self) -> bool {
        matches!(self.status, 301 | 302 | 303 | 307 | 308)
    }

    /// Status, and whom it allows, in a few words.
    #[must_use]
    pub fn summary(&self) -> String {
        let body = self.body.lines().next().unwrap_or_default();
        let shown = if self.is_ok() || body.is_empty() { String::new() } else { format!(" {body}") };
        match self.allowed_origin() {
            Some(origin) => format!("{}{shown}, Access-Control-Allow-Origin: {origin}", self.status),
            None => format!("{}{shown}, no Access-Control-Allow-Origin", self.status),
        }
    }
}

/// Which of the two answers a browser stops at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum At {
    /// The preflight's.
    Preflight,
    /// The request's own.
    Request,
}

/// Why a browser does not give an answer to the page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "reason")]
pub enum Blocked {
    /// There is no `Access-Control-Allow-Origin`.
    OriginMissing,
    /// It names another origin.
    OriginOther {
        /// What it names.
        value: String,
    },
    /// It is `*`, and cookies are sent.
    Wildcard,
    /// `Access-Control-Allow-Credentials` is not `true`, and cookies are sent.
    CredentialsMissing {
        /// What it is.
        value: String,
    },
    /// The preflight's status is none of success.
    NotOk,
    /// The preflight is redirected.
    Redirected {
        /// Where to.
        location: String,
    },
    /// A header is not among those allowed.
    Header {
        /// Which.
        name: String,
    },
    /// The method is not among those allowed.
    Method {
        /// Which.
        name: String,
    },
}

/// What came of a call from a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// The call.
    pub call: Call,
    /// The page's origin.
    pub origin: String,
    /// The answer to the preflight, where one is needed.
    pub preflight: Option<Answer>,
    /// The answer to the request. It is sent even where a browser would stop at the preflight, to see what it would have done.
    pub answer: Answer,
    /// Where and why a browser stops; `None` where the page gets the answer.
    pub blocked: Option<(At, Blocked)>,
}

impl Exchange {
    /// The answer that a browser stops at, or gives to the page.
    #[must_use]
    pub fn decisive(&self) -> &Answer {
        match (&self.blocked, &self.preflight) {
            (Some((At::Preflight, _)), Some(preflight)) => preflight,
            _ => &self.answer,
        }
    }
}

/// Why nothing could be asked.
#[derive(Debug, thiserror::Error)]
#[error("{url} does not answer: {what}")]
pub struct ProbeError {
    /// The address.
    pub url: String,
    /// What the network said.
    pub what: String,
}

/// A client without cookies that follows no redirect.
#[derive(Clone, Debug)]
pub struct Probe {
    client: reqwest::Client,
}

impl Probe {
    /// A new client.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new() -> Result<Self, ProbeError> {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .timeout(PATIENCE)
            .build()
            .map_err(|error| failed("The client", &error))?;
        Ok(Self { client })
    }

    /// One request, as it stands.
    ///
    /// # Errors
    /// When nothing answers.
    pub async fn ask(&self, method: &str, url: &str, headers: &[(&str, &str)]) -> Result<Answer, ProbeError> {
        let method = reqwest::Method::from_bytes(method.as_bytes()).map_err(|error| failed(url, &error))?;
        let mut request = self.client.request(method, url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut response = request.send().await.map_err(|error| failed(url, &error))?;
        let status = response.status().as_u16();
        let mut kept: BTreeMap<String, String> = BTreeMap::new();
        for (name, value) in response.headers() {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            kept.entry(name.as_str().to_owned())
                .and_modify(|before| {
                    before.push_str(", ");
                    before.push_str(&value);
                })
                .or_insert(value);
        }
        let mut body = Vec::new();
        // A body that breaks off or never ends changes nothing about the status.
        while body.len() < BODY
            && let Ok(Some(part)) = response.chunk().await
        {
            body.extend_from_slice(&part);
        }
        body.truncate(BODY);
        Ok(Answer { status, headers: kept, body: String::from_utf8_lossy(&body).into_owned() })
    }

    /// The preflight of a call.
    ///
    /// # Errors
    /// When nothing answers.
    pub async fn preflight(&self, call: &Call, origin: &str) -> Result<Answer, ProbeError> {
        let asked = call.asked_headers().join(",");
        let mut headers = vec![("origin", origin), ("access-control-request-method", call.method)];
        if !asked.is_empty() {
            headers.push(("access-control-request-headers", &asked));
        }
        self.ask("OPTIONS", &call.url, &headers).await
    }

    /// A call of a page: preflight where needed, and the request in any case.
    ///
    /// # Errors
    /// When nothing answers.
    pub async fn call(&self, call: Call, origin: &str) -> Result<Exchange, ProbeError> {
        let preflight =
            if call.needs_preflight() { Some(self.preflight(&call, origin).await?) } else { None };
        let mut headers = vec![("origin", origin)];
        headers.extend(call.headers.iter().map(|(name, value)| (*name, value.as_str())));
        let answer = self.ask(call.method, &call.url, &headers).await?;
        let blocked = preflight
            .as_ref()
            .and_then(|preflight| Some((At::Preflight, judge_preflight(&call, origin, preflight)?)))
            .or_else(|| Some((At::Request, judge_origin(&call, origin, &answer)?)));
        Ok(Exchange { call, origin: origin.to_owned(), preflight, answer, blocked })
    }
}

fn failed(url: &str, error: &dyn std::error::Error) -> ProbeError {
    let mut what = error.to_string();
    let mut next = error.source();
    while let Some(inner) = next {
        what = inner.to_string();
        next = inner.source();
    }
    ProbeError { url: url.to_owned(), what }
}

/// The CORS check ([Fetch](https://fetch.spec.whatwg.org/#concept-cors-check)).
fn judge_origin(call: &Call, origin: &str, answer: &Answer) -> Option<Blocked> {
    let Some(allowed) = answer.allowed_origin() else { return Some(Blocked::OriginMissing) };
    if allowed == "*" {
        return call.credentials.then_some(Blocked::Wildcard);
    }
    if allowed != origin {
        return Some(Blocked::OriginOther { value: allowed.to_owned() });
    }
    let credentials = answer.header("access-control-allow-credentials").unwrap_or_default();
    (call.credentials && credentials != "true")
        .then(|| Blocked::CredentialsMissing { value: credentials.to_owned() })
}

/// The CORS-preflight fetch ([Fetch](https://fetch.spec.whatwg.org/#cors-preflight-fetch)), in the order in which Chromium looks.
fn judge_preflight(call: &Call, origin: &str, answer: &Answer) -> Option<Blocked> {
    if answer.is_redirect() {
        let location = answer.header("location").unwrap_or_default().to_owned();
        return Some(Blocked::Redirected { location });
    }
    if let Some(blocked) = judge_origin(call, origin, answer) {
        return Some(blocked);
    }
    // Starlette says what it refuses with a 400 whose headers allow less; browsers look at the status first.
    if !answer.is_ok() {
        return Some(Blocked::NotOk);
    }
    let list = |name: &str| -> Vec<String> {
        answer.header(name).unwrap_or_default().split(',').map(|item| item.trim().to_owned()).collect()
    };
    let methods = list("access-control-allow-methods");
    let plain = ["GET", "HEAD", "POST"].contains(&call.method);
    let all = |list: &[String]| !call.credentials && list.iter().any(|item| item == "*");
    if !plain && !all(&methods) && !methods.iter().any(|method| method == call.method) {
        return Some(Blocked::Method { name: call.method.to_owned() });
    }
    let headers = list("access-control-allow-headers");
    call.asked_headers()
        .into_iter()
        .find(|asked| {
            let listed = headers.iter().any(|header| header.eq_ignore_ascii_case(asked));
            // The star does not stand for this one.
            !listed && (!all(&headers) || *asked == "authorization")
        })
        .map(|name| Blocked::Header { name: name.to_owned() })
}
