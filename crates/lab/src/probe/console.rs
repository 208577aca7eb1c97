//! What the console of each browser says about a blocked call.
//!
//! Texts: Chromium `cors_error_string.cc`; WebKit `CrossOriginAccessControl.cpp`; Firefox as
//! [MDN](https://developer.mozilla.org/docs/Web/HTTP/Guides/CORS/Errors) lists them. The three look at a preflight in different orders:
//! WebKit at its status first.

use serde::Serialize;

use super::{At, Blocked, Exchange};

/// A browser's engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Browser {
    /// Chrome, Edge, WebView2.
    Chromium,
    /// Safari, WKWebView, WebKitGTK.
    WebKit,
    /// Firefox.
    Firefox,
}

impl Browser {
    /// Each of them.
    pub const ALL: [Self; 3] = [Self::Chromium, Self::WebKit, Self::Firefox];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Chromium => "Chromium",
            Self::WebKit => "WebKit",
            Self::Firefox => "Firefox",
        }
    }
}

/// A line of a console.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConsoleLine {
    /// Whose.
    pub browser: Browser,
    /// The text.
    pub text: String,
}

/// What the three consoles say; nothing where the page gets its answer.
#[must_use]
pub fn console(exchange: &Exchange) -> Vec<ConsoleLine> {
    let Some((at, blocked)) = &exchange.blocked else { return Vec::new() };
    Browser::ALL
        .into_iter()
        .map(|browser| ConsoleLine {
            browser,
            text: match browser {
                Browser::Chromium => chromium(exchange, *at, blocked),
                Browser::WebKit => webkit(exchange, *at, blocked),
                Browser::Firefox => firefox(exchange, *at, blocked),
            },
        })
        .collect()
}

fn chromium(exchange: &Exchange, at: At, blocked: &Blocked) -> String {
    let what = match blocked {
        Blocked::OriginMissing => {
            "No 'Access-Control-Allow-Origin' header is present on the requested resource.".to_owned()
        }
        Blocked::OriginOther { value } => format!(
            "The 'Access-Control-Allow-Origin' header has a value '{value}' that is not equal to the supplied origin."
        ),
        Blocked::Wildcard => "The value of the 'Access-Control-Allow-Origin' header in the response must not be the wildcard '*' \
                              when the request's credentials mode is 'include'."
            .to_owned(),
        Blocked::CredentialsMissing { value } => format!(
            "The value of the 'Access-Control-Allow-Credentials' header in the response is '{value}' which must be 'true' when the \
             request's credentials mode is 'include'."
        ),
        Blocked::NotOk => "It does not have HTTP ok status.".to_owned(),
        Blocked::Redirected { .. } => "Redirect is not allowed for a preflight request.".to_owned(),
        Blocked::Header { name } => {
            format!("Request header field {name} is not allowed by Access-Control-Allow-Headers in preflight response.")
        }
        Blocked::Method { name } => {
            format!("Method {name} is not allowed by Access-Control-Allow-Methods in preflight response.")
        }
    };
    let listed = matches!(blocked, Blocked::Header { .. } | Blocked::Method { .. });
    let check = if at == At::Preflight && !listed {
        "Response to preflight request doesn't pass access control check: "
    } else {
        ""
    };
    format!(
        "Access to fetch at '{}' from origin '{}' has been blocked by CORS policy: {check}{what}",
        exchange.call.url, exchange.origin
    )
}

fn webkit(exchange: &Exchange, at: At, blocked: &Blocked) -> String {
    let status = exchange.decisive().status;
    if at == At::Preflight && !exchange.decisive().is_ok() {
        return format!("Preflight response is not successful. Status code: {status}");
    }
    match blocked {
        Blocked::OriginMissing | Blocked::OriginOther { .. } => {
            format!(
                "Origin {} is not allowed by Access-Control-Allow-Origin. Status code: {status}",
                exchange.origin
            )
        }
        Blocked::Wildcard => {
            "Cannot use wildcard in Access-Control-Allow-Origin when credentials flag is true.".to_owned()
        }
        Blocked::CredentialsMissing { .. } => {
            "Credentials flag is true, but Access-Control-Allow-Credentials is not \"true\".".to_owned()
        }
        Blocked::NotOk | Blocked::Redirected { .. } => {
            format!("Preflight response is not successful. Status code: {status}")
        }
        Blocked::Header { name } => {
            format!("Request header field {name} is not allowed by Access-Control-Allow-Headers.")
        }
        Blocked::Method { name } => {
            format!("Method {name} is not allowed by Access-Control-Allow-Methods.")
        }
    }
}

fn firefox(exchange: &Exchange, at: At, blocked: &Blocked) -> String {
    let reason = match blocked {
        Blocked::OriginMissing => "CORS header 'Access-Control-Allow-Origin' missing".to_owned(),
        Blocked::OriginOther { value } => {
            format!("CORS header 'Access-Control-Allow-Origin' does not match '{value}'")
        }
        Blocked::Wildcard => {
            "Credential is not supported if the CORS header 'Access-Control-Allow-Origin' is '*'".to_owned()
        }
        Blocked::CredentialsMissing { .. } => {
            "expected 'true' in CORS header 'Access-Control-Allow-Credentials'".to_owned()
        }
        Blocked::NotOk => "CORS preflight channel did not succeed".to_owned(),
        Blocked::Redirected { .. } => "CORS request external redirect not allowed".to_owned(),
        Blocked::Header { name } => format!(
            "missing token '{name}' in CORS header 'Access-Control-Allow-Headers' from CORS preflight channel"
        ),
        Blocked::Method { .. } => {
            "Did not find method in CORS header 'Access-Control-Allow-Methods'".to_owned()
        }
    };
    let status = exchange.decisive().status;
    let _ = at;
    format!(
        "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at {}. (Reason: {reason}). Status \
         code: {status}.",
        exchange.call.url
    )
}
