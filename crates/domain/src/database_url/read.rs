//! From any text to what is meant by it.

use std::net::Ipv6Addr;

use super::{DatabaseUrl, Flaw, HIDDEN, Host, Password, SSL_MODES, libpq, percent, sqlalchemy};

/// What is meant by a text, and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// What is meant; `None` where that cannot be known.
    pub url: Option<DatabaseUrl>,
    /// What is wrong, in the order of the text.
    pub flaws: Vec<Flaw>,
}

/// The schemes of PostgreSQL.
pub(super) const SCHEMES: [&str; 2] = ["postgresql", "postgres"];

/// Reads a text as a connection URL.
#[must_use]
pub fn read(text: &str) -> Reading {
    let mut flaws = Vec::new();
    let url = understood(text, &mut flaws);
    Reading { url, flaws }
}

fn understood(text: &str, flaws: &mut Vec<Flaw>) -> Option<DatabaseUrl> {
    let trimmed = text.trim();
    if trimmed.is_empty() {
        flaws.push(Flaw::Unset);
        return None;
    }
    if trimmed.len() != text.len() {
        flaws.push(Flaw::Whitespace);
    }
    if trimmed.starts_with(['"', '\'', '`']) {
        flaws.push(Flaw::Quoted);
        return None;
    }
    if let Some(reference) = reference(trimmed) {
        flaws.push(Flaw::Unexpanded(reference));
        return None;
    }
    let Some((scheme, rest)) = trimmed.split_once("://").filter(|(scheme, _)| is_scheme(scheme)) else {
        let key_value = trimmed.split_whitespace().all(|word| word.contains('='));
        flaws.push(if key_value { Flaw::KeyValue } else { Flaw::NotAUrl });
        return None;
    };
    // A line end in the middle belongs to nothing; where one was cut, what follows may be another line's secret.
    if rest.chars().any(char::is_control) {
        flaws.push(Flaw::NotAUrl);
        return None;
    }
    let lower = scheme.to_ascii_lowercase();
    let (name, driver) = match lower.split_once('+') {
        Some((name, driver)) => (name, Some(driver)),
        None => (lower.as_str(), None),
    };
    if !SCHEMES.contains(&name) {
        flaws.push(Flaw::OtherDatabase(lower));
        return None;
    }
    if lower != scheme {
        flaws.push(Flaw::SchemeCase);
    }
    if let Some(unknown) = driver.filter(|driver| !sqlalchemy::DRIVERS.contains(driver)) {
        flaws.push(Flaw::UnknownDriver(unknown.to_owned()));
    }
    let driver = driver.map(str::to_owned);
    let parts = Parts::of(rest);
    let (user, password) = credentials(parts.userinfo, flaws);
    let mut url = DatabaseUrl {
        driver,
        user,
        password,
        hosts: hosts(parts.hosts, flaws)?,
        database: Some(percent::decode_leniently(parts.database)).filter(|name| !name.is_empty()),
        parameters: Vec::new(),
    };
    parameters(parts.query, &mut url, flaws)?;
    judge_encryption(&url, flaws);
    Some(url)
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.chars().all(|char| char.is_ascii_alphanumeric() || "+.-".contains(char))
}

/// The first reference in the text that a shell or a platform should have replaced: `${{service.NAME}}`, `${NAME}`, `{{NAME}}`,
/// or the whole text being `$NAME`.
fn reference(text: &str) -> Option<String> {
    // The name is shown, so it has to look like one: what is written in other letters may be a password.
    let plain = |name: &str| {
        let variable = name.rsplit_once('.').map_or(name, |(_, variable)| variable);
        variable.starts_with(|first: char| first.is_ascii_uppercase() || first == '_')
            && variable.chars().all(|char| char.is_ascii_uppercase() || char.is_ascii_digit() || char == '_')
            && name.chars().all(|char| char.is_ascii_alphanumeric() || "_. -".contains(char))
    };
    for (open, close) in [("${{", "}}"), ("{{", "}}"), ("${", "}")] {
        if let Some((_, behind)) = text.split_once(open)
            && let Some((name, _)) = behind.split_once(close)
            && plain(name)
        {
            return Some(format!("{open}{name}{close}"));
        }
    }
    text.strip_prefix('$').filter(|name| plain(name)).map(|name| format!("${name}"))
}

/// The pieces of what follows `://`, none of them decoded.
#[derive(Clone, Copy, Debug)]
struct Parts<'a> {
    userinfo: &'a str,
    hosts: &'a str,
    database: &'a str,
    query: &'a str,
}

impl<'a> Parts<'a> {
    /// As RFC 3986 splits it where that makes sense; else at the last `@` whose right side makes sense, because the characters that
    /// were not encoded are in the password far more often than anywhere else.
    fn of(rest: &'a str) -> Self {
        let strict = Self::split(rest, rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let (before, _) = rest.split_once('?').unwrap_or((rest, ""));
        let whole = strict.userinfo.matches('@').count() == 0
            && strict.has_plain_hosts()
            && !strict.database.contains('@')
            && strict.has_plain_query();
        if whole {
            return strict;
        }
        let at_its_last = |text: &str| {
            let at = text.rfind('@')?;
            let end = rest[at..].find(['/', '?', '#']).map_or(rest.len(), |length| at + length);
            Some(Self::split(rest, end))
        };
        let (last, before_query) = (at_its_last(rest), at_its_last(before));
        // Where nothing fits, what stands before the last @ is not to be taken for a host.
        [last, before_query].into_iter().flatten().find(Self::has_plain_hosts).or(last).unwrap_or(strict)
    }

    /// With an authority that ends at `end`.
    fn split(rest: &'a str, end: usize) -> Self {
        let (authority, tail) = rest.split_at(end);
        let (userinfo, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
        let (path, query) = tail.split_once('?').unwrap_or((tail, ""));
        Self { userinfo, hosts, database: path.strip_prefix('/').unwrap_or(path), query }
    }

    fn has_plain_hosts(&self) -> bool {
        hosts(self.hosts, &mut Vec::new()).is_some()
    }

    /// An `@` belongs to the value of a known parameter, or the query is the end of a password.
    fn has_plain_query(&self) -> bool {
        !self.query.contains('@')
            || self
                .query
                .split('&')
                .all(|pair| pair.split_once('=').is_some_and(|(name, _)| libpq::KEYWORDS.contains(&name)))
    }
}

fn credentials(userinfo: &str, flaws: &mut Vec<Flaw>) -> (Option<String>, Option<Password>) {
    let (user, password) = userinfo.split_once(':').unwrap_or((userinfo, ""));
    let mut unencoded = String::new();
    let mut read = |raw: &str| {
        let decoded = percent::decode(raw);
        let special: Vec<char> = "@/?#[]\"<>\\^`{|} "
            .chars()
            .filter(|char| raw.contains(*char))
            .chain(decoded.is_none().then_some('%'))
            .collect();
        for char in &special {
            if !unencoded.contains(*char) {
                unencoded.push(*char);
            }
        }
        // Whoever leaves one character as it is leaves all of them, so that a % is a % then.
        let ends_a_part = special.iter().any(|char| "@/?#%".contains(*char));
        if ends_a_part { raw.to_owned() } else { decoded.unwrap_or_else(|| raw.to_owned()) }
    };
    let (user, password) = (read(user), read(password));
    if !unencoded.is_empty() {
        let list: Vec<String> = unencoded
            .chars()
            .map(|char| if char == ' ' { "a blank".into() } else { char.to_string() })
            .collect();
        flaws.push(Flaw::SpecialCharacters(list.join(" ")));
    }
    (
        Some(user).filter(|user| !user.is_empty()),
        Some(password).filter(|password| !password.is_empty()).map(Password),
    )
}

/// The hosts of an authority; `None` and a flaw where one of them is none.
fn hosts(text: &str, flaws: &mut Vec<Flaw>) -> Option<Vec<Host>> {
    if text.is_empty() {
        return Some(Vec::new());
    }
    text.split(',').map(|one| host(one, flaws)).collect()
}

fn host(text: &str, flaws: &mut Vec<Flaw>) -> Option<Host> {
    let (name, port) = if let Some(inside) = text.strip_prefix('[') {
        let Some((name, behind)) = inside.split_once(']') else {
            flaws.push(Flaw::Host);
            return None;
        };
        let port = match behind {
            "" => Some(""),
            _ => behind.strip_prefix(':'),
        };
        match (is_ipv6(name), port) {
            (true, Some(port)) => (name, port),
            _ => {
                flaws.push(Flaw::Host);
                return None;
            }
        }
    } else if text.matches(':').count() > 1 {
        let Some((name, port)) = bare_ipv6(text) else {
            flaws.push(Flaw::Host);
            return None;
        };
        flaws.push(Flaw::BareIpv6);
        (name, port)
    } else {
        text.split_once(':').unwrap_or((text, ""))
    };
    let name = percent::decode(name).unwrap_or_default();
    let known = name.contains(':') || is_name(&name) || name.starts_with('/');
    if !known {
        flaws.push(Flaw::Host);
        return None;
    }
    let name = if name.starts_with('/') { name } else { name.to_ascii_lowercase() };
    Some(Host { name, port: port_number(port, flaws)? })
}

fn is_ipv6(name: &str) -> bool {
    let address = name.split_once('%').map_or(name, |(address, _)| address);
    address.parse::<Ipv6Addr>().is_ok()
        && name.chars().all(|char| char.is_ascii_alphanumeric() || ":.%".contains(char))
}

/// `::1:5432` has two meanings, of which only the one with a port makes sense where the rest is an address too.
fn bare_ipv6(text: &str) -> Option<(&str, &str)> {
    let with_port = text
        .rsplit_once(':')
        .filter(|(name, port)| is_ipv6(name) && port.len() >= 4 && port.parse::<u16>().is_ok());
    with_port.or_else(|| is_ipv6(text).then_some((text, "")))
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 253
        && name.chars().all(|char| char.is_ascii_alphanumeric() || "-_.".contains(char))
}

/// `Some(None)` where there is none.
#[allow(clippy::option_option, reason = "absent and wrong are two things")]
fn port_number(text: &str, flaws: &mut Vec<Flaw>) -> Option<Option<u16>> {
    if text.is_empty() {
        return Some(None);
    }
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse::<u16>() {
        Ok(port) if digits && port != 0 => Some(Some(port)),
        _ => {
            flaws.push(Flaw::Port);
            None
        }
    }
}

/// Reads what follows the question mark. Parts that stand there take the place of those before it, as with libpq.
fn parameters(query: &str, url: &mut DatabaseUrl, flaws: &mut Vec<Flaw>) -> Option<()> {
    let (mut names, mut ports) = (None, None);
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let Some((name, value)) = pair.split_once('=') else {
            flaws.push(Flaw::ParameterWithoutValue);
            continue;
        };
        let (name, value) = (percent::decode_leniently(name), percent::decode_leniently(value));
        match name.as_str() {
            "user" => url.user = Some(value),
            "password" => url.password = Some(Password(value)).filter(|password| !password.0.is_empty()),
            "dbname" | "database" => url.database = Some(value),
            "host" => names = Some(names.map_or_else(|| value.clone(), |before| format!("{before},{value}"))),
            "port" => ports = Some(value),
            "sslmode" | "ssl-mode" | "ssl" => set(url, "sslmode", ssl_mode(&name, value, flaws)),
            _ if libpq::KEYWORDS.contains(&name.as_str()) => set(url, &name, value),
            _ => flaws.push(Flaw::ForeignParameter(name)),
        }
    }
    if let Some(names) = names.filter(|names| !names.is_empty()) {
        url.hosts = names
            .split(',')
            .map(|name| {
                if name.starts_with('/') {
                    return Some(Host { name: name.to_owned(), port: None });
                }
                host(name, flaws)
            })
            .collect::<Option<_>>()?;
    }
    if let Some(ports) = ports {
        let ports: Vec<&str> = ports.split(',').collect();
        if url.hosts.is_empty() {
            url.hosts.push(Host { name: "localhost".into(), port: None });
        }
        let (one, many) = (ports.len() == 1, ports.len() == url.hosts.len());
        if !one && !many {
            flaws.push(Flaw::Port);
            return None;
        }
        for (host, port) in url.hosts.iter_mut().zip(ports.iter().cycle()) {
            host.port = port_number(port, flaws)?;
        }
    }
    Some(())
}

fn set(url: &mut DatabaseUrl, name: &str, value: String) {
    url.parameters.retain(|(known, _)| known != name);
    url.parameters.push((name.to_owned(), value));
}

/// libpq's value for what was written; never one that encrypts less than what was meant.
fn ssl_mode(name: &str, value: String, flaws: &mut Vec<Flaw>) -> String {
    if SSL_MODES.contains(&value.as_str()) {
        return value;
    }
    if name == "ssl" && value == "true" {
        return "require".into();
    }
    let off = ["false", "off", "0", "no", "none", "disabled"].contains(&value.as_str());
    flaws.push(Flaw::SslMode(value));
    if off { "disable" } else { "require" }.to_owned()
}

fn judge_encryption(url: &DatabaseUrl, flaws: &mut Vec<Flaw>) {
    let weak = url.parameter("sslmode").filter(|mode| ["disable", "allow", "prefer"].contains(mode));
    if let Some(mode) = weak
        && url.hosts.iter().any(Host::is_remote)
    {
        flaws.push(Flaw::Plaintext(mode.to_owned()));
    }
}

/// The text with nothing in it that may be a secret, for any text at all. Where it cannot be read, no more than its scheme and what
/// follows the last `@` remains, as far as that looks like a host.
#[must_use]
pub fn redact(text: &str) -> String {
    let reading = read(text);
    if let Some(url) = &reading.url {
        let scheme = match &url.driver {
            Some(driver) => format!("postgresql+{driver}"),
            None => "postgresql".to_owned(),
        };
        return super::consumer::write(
            url,
            &scheme,
            super::consumer::HostStyle::Authority,
            &url.parameters,
            super::Secrets::Hidden,
        );
    }
    match &reading.flaws.last() {
        Some(Flaw::Unset) => return String::new(),
        Some(Flaw::Unexpanded(reference)) => return reference.clone(),
        _ => {}
    }
    let Some((scheme, rest)) = text.trim().split_once("://").filter(|(scheme, _)| is_scheme(scheme)) else {
        return HIDDEN.to_owned();
    };
    let place =
        rest.rsplit_once('@').map_or("", |(_, behind)| behind.split(['/', '?', '#']).next().unwrap_or(""));
    let shown = hosts(place, &mut Vec::new()).filter(|hosts| !hosts.is_empty()).map(|_| place);
    match shown {
        Some(place) => format!("{}://{HIDDEN}@{place}/{HIDDEN}", scheme.to_ascii_lowercase()),
        None => format!("{}://{HIDDEN}", scheme.to_ascii_lowercase()),
    }
}
