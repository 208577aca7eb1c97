//! libpq's reading of a connection string, as `conninfo_uri_parse_options` and `conninfo_parse` of `fe-connect.c` do it.

use super::{
    SSL_MODES,
    consumer::{Quote, Seen, ServerTls},
    percent,
};

/// The parameters that a connection string may hold (libpq 16 to 18).
pub(super) const KEYWORDS: [&str; 50] = [
    "service",
    "user",
    "password",
    "passfile",
    "channel_binding",
    "connect_timeout",
    "dbname",
    "host",
    "hostaddr",
    "port",
    "client_encoding",
    "options",
    "application_name",
    "fallback_application_name",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_count",
    "tcp_user_timeout",
    "sslmode",
    "sslnegotiation",
    "sslcompression",
    "sslcert",
    "sslkey",
    "sslcertmode",
    "sslpassword",
    "sslrootcert",
    "sslcrl",
    "sslcrldir",
    "sslsni",
    "requirepeer",
    "require_auth",
    "min_protocol_version",
    "max_protocol_version",
    "ssl_min_protocol_version",
    "ssl_max_protocol_version",
    "gssencmode",
    "krbsrvname",
    "gsslib",
    "gssdelegation",
    "replication",
    "target_session_attrs",
    "load_balance_hosts",
    "scram_client_key",
    "scram_server_key",
    "oauth_issuer",
    "oauth_client_id",
    "oauth_client_secret",
    "oauth_scope",
    "sslkeylogfile",
];

/// The parameters whose values nobody else is to see.
pub(super) const SECRETS: [&str; 5] =
    ["password", "sslpassword", "scram_client_key", "scram_server_key", "oauth_client_secret"];

/// What libpq does with `text`.
///
/// # Errors
/// Its own words.
pub(super) fn read(text: &str, tls: ServerTls, quote: &Quote<'_>) -> Result<Seen, String> {
    let uri = ["postgresql://", "postgres://"].iter().find_map(|scheme| text.strip_prefix(scheme));
    match uri {
        Some(rest) => of_uri(rest, tls, quote),
        None => of_pairs(text, tls, quote),
    }
}

/// `host=… user=…`; a text without `=` is refused by psycopg, and taken for a database's name by psql.
fn of_pairs(text: &str, tls: ServerTls, quote: &Quote<'_>) -> Result<Seen, String> {
    let mut options = Options::default();
    for word in text.split_whitespace() {
        let Some((name, value)) = word.split_once('=') else {
            let whole = if word == text { quote.whole() } else { quote.piece(word) };
            return Err(format!("missing \"=\" after \"{whole}\" in connection info string"));
        };
        if !KEYWORDS.contains(&name) {
            // The name of a parameter here is whatever stands before the first =, which may be most of a URL.
            let shown = if name.contains("://") { shown_before(name, quote) } else { quote.piece(name) };
            return Err(format!("invalid connection option \"{shown}\""));
        }
        options.set(name, value.trim_matches('\'').to_owned());
    }
    options.seen(tls, quote)
}

fn shown_before(name: &str, quote: &Quote<'_>) -> String {
    let whole = quote.whole();
    let begin = whole.split('?').next().unwrap_or_default();
    match name.rsplit_once('?') {
        Some((_, parameter)) => format!("{begin}?{}", quote.parameter(parameter)),
        None => begin.to_owned(),
    }
}

fn of_uri(rest: &str, tls: ServerTls, quote: &Quote<'_>) -> Result<Seen, String> {
    let mut options = Options::default();
    let mut at = rest;
    if let Some(end) = rest.find(['@', '/']).filter(|end| rest[*end..].starts_with('@')) {
        let (userinfo, behind) = (&rest[..end], &rest[end + 1..]);
        let (user, password) = match userinfo.split_once(':') {
            Some((user, password)) => (user, Some(password)),
            None => (userinfo, None),
        };
        if !user.is_empty() {
            options.set("user", decode(user, quote)?);
        }
        if let Some(password) = password.filter(|password| !password.is_empty()) {
            options.set("password", decode(password, quote)?);
        }
        at = behind;
    }
    let (mut hosts, mut ports) = (Vec::new(), Vec::new());
    loop {
        let host;
        if let Some(inside) = at.strip_prefix('[') {
            let Some(end) = inside.find(']') else {
                return Err(format!(
                    "end of string reached when looking for matching \"]\" in IPv6 host address in URI: \"{}\"",
                    quote.whole()
                ));
            };
            if end == 0 {
                return Err(format!("IPv6 host address may not be empty in URI: \"{}\"", quote.whole()));
            }
            host = &inside[..end];
            at = &inside[end + 1..];
            if let Some(other) = at.chars().next().filter(|char| !":/?,".contains(*char)) {
                return Err(format!(
                    "unexpected character \"{other}\" in URI (expected \":\" or \"/\"): \"{}\"",
                    quote.whole()
                ));
            }
        } else {
            let end = at.find([':', '/', '?', ',']).unwrap_or(at.len());
            host = &at[..end];
            at = &at[end..];
        }
        hosts.push(host);
        let mut port = "";
        if let Some(behind) = at.strip_prefix(':') {
            let end = behind.find(['/', '?', ',']).unwrap_or(behind.len());
            port = &behind[..end];
            at = &behind[end..];
        }
        ports.push(port);
        match at.strip_prefix(',') {
            Some(next) => at = next,
            None => break,
        }
    }
    if hosts.iter().any(|host| !host.is_empty()) {
        options.set("host", decode(hosts.first().copied().unwrap_or_default(), quote)?);
    }
    if ports.iter().any(|port| !port.is_empty()) {
        options.port = ports.first().map(|port| Port::Uri((*port).to_owned(), quote.piece(port)));
    }
    if let Some(path) = at.strip_prefix('/') {
        let (database, query) = path.split_once('?').map_or((path, ""), |(path, query)| (path, query));
        if !database.is_empty() {
            options.set("dbname", decode(database, quote)?);
        }
        at = query;
    } else {
        at = at.strip_prefix('?').unwrap_or(at);
    }
    if !at.is_empty() {
        for pair in at.split('&') {
            parameter(pair, &mut options, quote)?;
        }
    }
    options.seen(tls, quote)
}

fn parameter(pair: &str, options: &mut Options, quote: &Quote<'_>) -> Result<(), String> {
    let Some((name, value)) = pair.split_once('=') else {
        return Err(format!(
            "missing key/value separator \"=\" in URI query parameter: \"{}\"",
            quote.parameter(pair)
        ));
    };
    if value.contains('=') {
        return Err(format!(
            "extra key/value separator \"=\" in URI query parameter: \"{}\"",
            quote.parameter(name)
        ));
    }
    let shown = quote.parameter(name);
    let (name, value) = (decode(name, quote)?, decode(value, quote)?);
    if name == "ssl" && value == "true" {
        options.set("sslmode", "require".into());
    } else if KEYWORDS.contains(&name.as_str()) {
        options.set(&name, value);
    } else {
        return Err(format!("invalid URI query parameter: \"{shown}\""));
    }
    Ok(())
}

fn decode(piece: &str, quote: &Quote<'_>) -> Result<String, String> {
    if piece.contains("%00") {
        return Err(format!("forbidden value %00 in percent-encoded value: \"{}\"", quote.piece(piece)));
    }
    percent::decode(piece).ok_or_else(|| format!("invalid percent-encoded token: \"{}\"", quote.piece(piece)))
}

enum Port {
    /// From the authority, with what may be shown of it.
    Uri(String, String),
    /// From a parameter.
    Parameter(String),
}

#[derive(Default)]
struct Options {
    seen: Seen,
    port: Option<Port>,
    ssl_mode: Option<String>,
}

impl Options {
    fn set(&mut self, name: &str, value: String) {
        match name {
            "user" => self.seen.user = Some(value).filter(|value| !value.is_empty()),
            "password" => self.seen.password = Some(value).filter(|value| !value.is_empty()),
            "dbname" => self.seen.database = Some(value).filter(|value| !value.is_empty()),
            "host" => {
                let first = value.split(',').next().unwrap_or_default();
                self.seen.host = Some(first.to_owned()).filter(|host| !host.is_empty());
            }
            "port" => self.port = Some(Port::Parameter(value)),
            "sslmode" => self.ssl_mode = Some(value),
            _ => {}
        }
    }

    /// What libpq checks once it has all options.
    fn seen(mut self, tls: ServerTls, quote: &Quote<'_>) -> Result<Seen, String> {
        let (value, shown) = match self.port {
            Some(Port::Uri(value, shown)) => (value, shown),
            Some(Port::Parameter(value)) => {
                let first = value.split(',').next().unwrap_or_default().to_owned();
                (first.clone(), quote.parameter(&first))
            }
            None => (String::new(), String::new()),
        };
        self.seen.port = port(&value, &shown)?;
        let socket = self.seen.host.as_deref().is_none_or(|host| host.starts_with('/'));
        check_encryption(self.ssl_mode.as_deref(), tls, socket, quote)?;
        Ok(self.seen)
    }
}

/// libpq's reading of a port, of which `shown` may be said.
///
/// # Errors
/// Its own words.
pub(super) fn port(value: &str, shown: &str) -> Result<Option<u16>, String> {
    if value.is_empty() {
        return Ok(None);
    }
    let Ok(number) = value.trim().parse::<i64>() else {
        return Err(format!("invalid integer value \"{shown}\" for connection option \"port\""));
    };
    match u16::try_from(number) {
        Ok(port) if port != 0 => Ok(Some(port)),
        _ => Err(format!("invalid port number: \"{shown}\"")),
    }
}

/// What libpq says of a `sslmode`, at such a server. A Unix socket is never encrypted.
///
/// # Errors
/// Its own words.
pub(super) fn check_encryption(
    mode: Option<&str>,
    tls: ServerTls,
    socket: bool,
    quote: &Quote<'_>,
) -> Result<(), String> {
    let Some(mode) = mode else { return Ok(()) };
    if !SSL_MODES.contains(&mode) {
        return Err(format!("invalid sslmode value: \"{}\"", quote.parameter(mode)));
    }
    if tls == ServerTls::Missing && !socket && ["require", "verify-ca", "verify-full"].contains(&mode) {
        return Err("server does not support SSL, but SSL was required".to_owned());
    }
    Ok(())
}
