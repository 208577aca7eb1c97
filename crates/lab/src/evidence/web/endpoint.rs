//! An API as pages on several origins see it. Nothing but GET and preflights is sent.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::{
    Api,
    probe::{Answer, Blocked, Call, Exchange, Probe},
};

/// A page that nobody allows on purpose.
const FOREIGN: &str = "https://evil.invalid";
/// The headers that a front end of the platform sends.
const SENT: [(&str, &str); 4] = [
    ("authorization", "Bearer none"),
    ("content-type", "application/json"),
    ("x-client-account-id", "none"),
    ("x-engagement-id", "none"),
];
/// The sites under which anybody may have a name.
const SHARED: [&str; 5] = ["vercel.app", "railway.app", "onrender.com", "herokuapp.com", "netlify.app"];

/// What was seen of an API.
#[derive(Clone, Debug, Default)]
pub struct HttpProbe {
    /// Its address.
    pub url: String,
    /// The page that calls it.
    pub origin: Option<String>,
    /// Why it does not answer.
    pub unreachable: Option<String>,
    /// A GET that no page sends.
    pub plain: Option<Answer>,
    /// A GET of the page, with the headers of a front end asked for before.
    pub exchange: Option<Exchange>,
    /// Preflights of other methods that were blocked for the method.
    pub blocked_methods: Vec<String>,
    /// Whether a page that nobody knows is let in.
    pub lets_in_everybody: bool,
    /// Other forms of the page's origin that are let in.
    pub lets_in_forms: Vec<String>,
    /// Pages of other people under the same shared site that are let in.
    pub lets_in_neighbours: Vec<String>,
    /// How many seconds its clock is ahead of this machine's, by the header `Date`.
    pub ahead: Option<i64>,
}

impl HttpProbe {
    /// The answer to the preflight of the page.
    #[must_use]
    pub fn preflight(&self) -> Option<&Answer> {
        self.exchange.as_ref()?.preflight.as_ref()
    }

    /// Why the page does not get its answer.
    #[must_use]
    pub fn blocked(&self) -> Option<&Blocked> {
        self.exchange.as_ref()?.blocked.as_ref().map(|(_, blocked)| blocked)
    }

    /// The cookie that it sets, where a browser would not send it back from the page: it is of another site, and no `SameSite=None`.
    #[must_use]
    pub fn lost_cookie(&self) -> Option<&str> {
        let cookie = self.plain.as_ref()?.header("set-cookie")?;
        let attributes = cookie.to_ascii_lowercase();
        let sent = attributes.contains("samesite=none") && attributes.contains("secure");
        let other_site = site(self.origin.as_deref()?) != site(&self.url);
        (other_site && !sent).then_some(cookie)
    }
}

/// Asks for everything once.
pub(super) async fn look(probe: &Probe, api: &Api) -> HttpProbe {
    let mut seen = HttpProbe { url: api.url.clone(), origin: api.origin.clone(), ..HttpProbe::default() };
    match probe.ask("GET", &api.url, &[]).await {
        Ok(answer) => {
            seen.ahead = answer.header("date").and_then(ahead);
            seen.plain = Some(answer);
        }
        Err(error) => {
            seen.unreachable = Some(error.what);
            return seen;
        }
    }
    let Some(origin) = &api.origin else { return seen };
    let call = || SENT.iter().fold(Call::get(&api.url), |call, (name, value)| call.with(name, value));
    seen.exchange = probe.call(call(), origin).await.ok();
    for method in ["POST", "PATCH", "DELETE"] {
        let answer = probe.preflight(&call().by(method), origin).await;
        if let Ok(answer) = answer
            && answer.status == 400
            && answer.body.starts_with("Disallowed CORS method")
        {
            seen.blocked_methods.push(method.to_owned());
        }
    }
    let lets_in = async |other: &str| match probe.preflight(&Call::get(&api.url), other).await {
        Ok(answer) => {
            answer.is_ok()
                && answer.allowed_origin().is_some_and(|allowed| allowed == other || allowed == "*")
        }
        Err(_) => false,
    };
    seen.lets_in_everybody = lets_in(FOREIGN).await;
    if !seen.lets_in_everybody {
        for form in forms(origin) {
            if lets_in(&form).await {
                seen.lets_in_forms.push(form);
            }
        }
        for neighbour in neighbours(origin) {
            if lets_in(&neighbour).await {
                seen.lets_in_neighbours.push(neighbour);
            }
        }
    }
    seen
}

/// Texts that are not the origin, and equal to it where somebody compares carelessly or has written it down otherwise.
fn forms(origin: &str) -> Vec<String> {
    let mut forms = vec![format!("{origin}/")];
    if let Some(rest) = origin.strip_prefix("https://") {
        forms.push(format!("http://{rest}"));
        let (first, behind) = rest.split_at(1.min(rest.len()));
        forms.push(format!("https://{}{behind}", first.to_ascii_uppercase()));
        // A part of it.
        let label = rest.split(['-', '.']).next().unwrap_or(rest);
        forms.push(format!("https://{label}"));
    }
    forms
}

/// What somebody else could call their page under the same shared site.
fn neighbours(origin: &str) -> Vec<String> {
    let Some((host, shared)) = origin.strip_prefix("https://").and_then(|host| {
        let shared = SHARED.iter().find(|shared| host.ends_with(&format!(".{shared}")))?;
        Some((host, *shared))
    }) else {
        return Vec::new();
    };
    let label = host.strip_suffix(&format!(".{shared}")).unwrap_or(host);
    let end = label.rsplit('-').next().unwrap_or(label);
    vec![
        format!("https://evil-a-b-{end}.{shared}"),
        format!("https://{label}-evil.{shared}"),
        format!("https://evil-{label}.{shared}"),
    ]
}

/// The registrable domain, near enough: the last two labels, or all of a name under a shared site; an address is its own.
fn site(url: &str) -> String {
    let host = url.split("://").nth(1).unwrap_or(url).split(['/', ':']).next().unwrap_or_default();
    let labels: Vec<&str> = host.split('.').collect();
    let address = host.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let shared = SHARED.iter().any(|shared| host.ends_with(shared));
    if address || shared || labels.len() < 2 { host.to_owned() } else { labels[labels.len() - 2..].join(".") }
}

fn ahead(date: &str) -> Option<i64> {
    let theirs = httpdate::parse_http_date(date).ok()?;
    let seconds = |time: SystemTime| i64::try_from(time.duration_since(UNIX_EPOCH).ok()?.as_secs()).ok();
    Some(seconds(theirs)? - seconds(SystemTime::now())?)
}
