//! asyncpg's reading of a DSN: Python's `urlparse` (3.11), then `_parse_connect_dsn_and_args` of `connect_utils.py`.

use super::{
    SSL_MODES,
    consumer::{OF_ASYNCPG, Quote, Seen, ServerTls},
    percent,
};

/// What asyncpg does with `text`.
///
/// # Errors
/// Its own words.
pub(super) fn read(text: &str, tls: ServerTls, quote: &Quote<'_>) -> Result<Seen, String> {
    if text.is_empty() {
        return Ok(Seen { note: Some("Without a URL it goes to localhost:5432.".into()), ..Seen::default() });
    }
    let text = text.trim_start_matches(|char: char| char <= ' ');
    let (scheme, rest) = match text.split_once(':') {
        Some((scheme, rest))
            if scheme.starts_with(|first: char| first.is_ascii_alphabetic())
                && scheme.chars().all(|char| char.is_ascii_alphanumeric() || "+.-".contains(char)) =>
        {
            (scheme.to_ascii_lowercase(), rest)
        }
        _ => (String::new(), text),
    };
    let rest = rest.split('#').next().unwrap_or_default();
    let (before, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = match before.strip_prefix("//") {
        Some(behind) => behind.split_at(behind.find('/').unwrap_or(behind.len())),
        None => ("", before),
    };
    if authority.contains('[') != authority.contains(']') {
        return Err("Invalid IPv6 URL".to_owned());
    }
    let query = pairs(query, quote)?;
    if !["postgresql", "postgres"].contains(&scheme.as_str()) {
        return Err(format!(
            "invalid DSN: scheme is expected to be either \"postgresql\" or \"postgres\", got '{scheme}'"
        ));
    }
    let (auth, hosts) = authority.split_once('@').unwrap_or(("", authority));
    let (user, password) = auth.split_once(':').unwrap_or((auth, ""));
    let text_of = |raw: &str| Some(percent::decode_leniently(&clean(raw))).filter(|text| !text.is_empty());
    let mut seen = Seen {
        user: text_of(user),
        password: text_of(password),
        database: text_of(path.strip_prefix('/').unwrap_or(path)),
        ..Seen::default()
    };
    if !hosts.is_empty() {
        for (index, one) in hosts.split(',').enumerate() {
            let (host, port) = host(one, quote)?;
            if index == 0 {
                (seen.host, seen.port) = (Some(host), port);
            }
        }
    }
    let mut ssl_mode = None;
    for (name, value) in query {
        match name.as_str() {
            "port" => seen.port = seen.port.or(number(&value, &quote.parameter(&value))?),
            "host" => {
                if seen.host.is_none() {
                    seen.host = value.split(',').next().map(str::to_owned);
                }
            }
            "dbname" | "database" => seen.database = seen.database.or(Some(value)),
            "user" => seen.user = seen.user.or(Some(value)),
            "password" => seen.password = seen.password.or(Some(value)),
            "sslmode" => ssl_mode = Some(value),
            "application_name" | "options" | "search_path" | "statement_timeout" | "timezone" => {}
            other if OF_ASYNCPG.contains(&other) => {}
            // Whatever it does not know is a setting of the server to it.
            other => {
                return Err(format!("unrecognized configuration parameter \"{}\"", quote.parameter(other)));
            }
        }
    }
    if let Some(mode) = ssl_mode {
        if !SSL_MODES.contains(&mode.as_str()) {
            return Err(format!("`sslmode` parameter must be one of: {}", SSL_MODES.join(", ")));
        }
        let socket = seen.host.as_deref().is_some_and(|host| host.starts_with('/'));
        if tls == ServerTls::Missing
            && !socket
            && ["require", "verify-ca", "verify-full"].contains(&mode.as_str())
        {
            let (host, port) = (seen.host.as_deref().unwrap_or("localhost"), seen.port.unwrap_or(5432));
            return Err(format!("PostgreSQL server at \"{host}:{port}\" rejected SSL upgrade"));
        }
    }
    Ok(seen)
}

/// Python drops line ends and tabs anywhere in a URL.
fn clean(raw: &str) -> String {
    raw.replace(['\n', '\r', '\t'], "")
}

/// As `parse_qs` does it when it is strict.
fn pairs(query: &str, quote: &Quote<'_>) -> Result<Vec<(String, String)>, String> {
    let mut pairs = Vec::new();
    if query.is_empty() {
        return Ok(pairs);
    }
    for field in query.split('&') {
        let Some((name, value)) = field.split_once('=') else {
            return Err(format!("bad query field: '{}'", quote.parameter(field)));
        };
        let text = |raw: &str| percent::decode_leniently(&clean(raw).replace('+', " "));
        if !value.is_empty() {
            pairs.push((text(name), text(value)));
        }
    }
    Ok(pairs)
}

fn host(one: &str, quote: &Quote<'_>) -> Result<(String, Option<u16>), String> {
    if let Some(inside) = one.strip_prefix('[') {
        let Some((address, behind)) = inside.split_once(']').filter(|(address, _)| !address.is_empty())
        else {
            return Err(format!("invalid IPv6 address in the connection URI: '{}'", quote.piece(one)));
        };
        let digits: String =
            behind.strip_prefix(':').unwrap_or("").chars().take_while(char::is_ascii_digit).collect();
        return Ok((address.to_owned(), number(&digits, &digits)?));
    }
    if one.is_empty() {
        return Err("string index out of range".to_owned());
    }
    let (name, port) = one.split_once(':').unwrap_or((one, ""));
    Ok((percent::decode_leniently(name), number(port, &quote.piece(port))?))
}

/// A port by Python's `int`.
fn number(port: &str, shown: &str) -> Result<Option<u16>, String> {
    if port.is_empty() {
        return Ok(None);
    }
    let digits = clean(port);
    let Ok(number) = digits.trim().parse::<i64>() else {
        return Err(format!("invalid literal for int() with base 10: '{shown}'"));
    };
    u16::try_from(number).map(Some).map_err(|_| "connect(): port must be 0-65535.".to_owned())
}
