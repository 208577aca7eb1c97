//! SQLAlchemy's reading of a URL: the regular expression of `engine/url.py`, the dialect that the scheme names, and what its driver
//! makes of the parts.

use super::{
    consumer::{Quote, Seen, ServerTls},
    libpq, percent,
};

/// The drivers for PostgreSQL that SQLAlchemy 2 has.
pub(super) const DRIVERS: [&str; 6] =
    ["psycopg", "psycopg_async", "psycopg2", "psycopg2cffi", "asyncpg", "pg8000"];

/// Dialects that SQLAlchemy has besides.
const OTHERS: [&str; 5] = ["mysql", "mariadb", "sqlite", "oracle", "mssql"];

/// Which engine is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Engine {
    Sync20,
    Sync21,
    Async,
}

/// What SQLAlchemy does with `text`.
///
/// # Errors
/// Its own words.
pub(super) fn read(text: &str, engine: Engine, tls: ServerTls, quote: &Quote<'_>) -> Result<Seen, String> {
    let parts = Parts::of(text).ok_or("Could not parse SQLAlchemy URL from given URL string")?;
    let port = match parts.port {
        None => None,
        Some(port) => Some(
            port.trim()
                .trim_start_matches('+')
                .parse::<i64>()
                .map_err(|_| format!("invalid literal for int() with base 10: '{}'", quote.piece(port)))?,
        ),
    };
    let (driver, note) = driver(parts.name, engine)?;
    if driver == "asyncpg" && engine != Engine::Async && !parts.query.iter().any(|(name, _)| foreign(name)) {
        return Err("greenlet_spawn has not been called; can't call await_() here.".to_owned());
    }
    let text_of = |raw: Option<&str>| raw.map(percent::decode_leniently).filter(|text| !text.is_empty());
    let mut seen = Seen {
        host: parts.host.map(str::to_owned),
        port: None,
        user: text_of(parts.user),
        password: text_of(parts.password),
        database: text_of(parts.database),
        note: note.map(str::to_owned),
    };
    let mut ssl_mode = None;
    for (name, value) in &parts.query {
        match name.as_str() {
            "host" => seen.host = value.split(',').next().map(str::to_owned),
            "port" => seen.port = libpq::port(value, &quote.parameter(value))?,
            "dbname" | "database" => seen.database = Some(value.clone()),
            "user" => seen.user = Some(value.clone()),
            "password" => seen.password = Some(value.clone()),
            "sslmode" if driver != "asyncpg" => ssl_mode = Some(value.as_str()),
            "ssl"
            | "timeout"
            | "command_timeout"
            | "statement_cache_size"
            | "prepared_statement_cache_size"
            | "passfile"
            | "target_session_attrs"
            | "krbsrvname"
            | "gsslib"
            | "direct_tls"
                if driver == "asyncpg" => {}
            other if driver == "asyncpg" => {
                return Err(format!(
                    "connect() got an unexpected keyword argument '{}'",
                    quote.parameter(other)
                ));
            }
            other if libpq::KEYWORDS.contains(&other) => {}
            other => return Err(format!("invalid connection option \"{}\"", quote.parameter(other))),
        }
    }
    if let Some(port) = port.filter(|_| seen.port.is_none()) {
        let shown = parts.port.map(|port| quote.piece(port)).unwrap_or_default();
        seen.port = if driver == "asyncpg" {
            Some(u16::try_from(port).map_err(|_| "connect(): port must be 0-65535.".to_owned())?)
        } else {
            libpq::port(&port.to_string(), &shown)?
        };
    }
    let socket = seen.host.as_deref().is_none_or(|host| host.starts_with('/'));
    libpq::check_encryption(ssl_mode, tls, socket, quote)?;
    let asyncpg_mode = parts.query.iter().find(|(name, _)| name == "ssl" && driver == "asyncpg");
    if let Some((_, mode)) = asyncpg_mode {
        if !super::SSL_MODES.contains(&mode.as_str()) {
            return Err(format!("`sslmode` parameter must be one of: {}", super::SSL_MODES.join(", ")));
        }
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

/// A keyword that asyncpg's `connect` does not have; it is looked at before anything is awaited.
fn foreign(name: &str) -> bool {
    ["sslmode", "pgbouncer", "channel_binding", "connect_timeout", "application_name", "options", "schema"]
        .contains(&name)
}

/// The driver that the scheme loads, and what there is to know of it.
fn driver(name: &str, engine: Engine) -> Result<(&str, Option<&'static str>), String> {
    let missing = || format!("Can't load plugin: sqlalchemy.dialects:{}", name.replace('+', "."));
    let (dialect, driver) = name.split_once('+').unwrap_or((name, ""));
    if OTHERS.contains(&dialect) {
        return Err(format!(
            "It loads SQLAlchemy's dialect for {dialect}, which does not speak to PostgreSQL."
        ));
    }
    if dialect != "postgresql" {
        return Err(missing());
    }
    let not_async = |driver: &str| {
        format!(
            "The asyncio extension requires an async driver to be used. The loaded '{driver}' is not async."
        )
    };
    match (driver, engine) {
        ("", Engine::Sync20) => Ok((
            "psycopg2",
            Some("It loads psycopg2; where only psycopg 3 is installed: No module named 'psycopg2'."),
        )),
        ("", Engine::Sync21) => Ok((
            "psycopg",
            Some("It loads psycopg 3; where only psycopg2 is installed: No module named 'psycopg'."),
        )),
        ("", Engine::Async) => Ok((
            "psycopg",
            Some("SQLAlchemy 2.1 loads psycopg 3. SQLAlchemy 2.0 loads psycopg2 and stops: it is not async."),
        )),
        ("psycopg2" | "psycopg2cffi" | "pg8000", Engine::Async) => Err(not_async(driver)),
        ("psycopg_async", Engine::Sync20 | Engine::Sync21) => {
            Err("greenlet_spawn has not been called; can't call await_() here.".to_owned())
        }
        _ if DRIVERS.contains(&driver) => Ok((driver, None)),
        _ => Err(missing()),
    }
}

/// The groups of the regular expression, of which only database and query are decoded.
struct Parts<'a> {
    name: &'a str,
    user: Option<&'a str>,
    password: Option<&'a str>,
    host: Option<&'a str>,
    port: Option<&'a str>,
    database: Option<&'a str>,
    query: Vec<(String, String)>,
}

impl<'a> Parts<'a> {
    fn of(text: &'a str) -> Option<Self> {
        let (name, rest) = text.split_once("://")?;
        let word = |char: char| char.is_alphanumeric() || char == '_' || char == '+';
        if name.is_empty() || !name.chars().all(word) {
            return None;
        }
        // `([^:/]*)(:([^@]*))?@`, with its backtracking: the password goes to the first @ wherever that is.
        let end = rest.find([':', '/']).unwrap_or(rest.len());
        let password = rest[end..].strip_prefix(':').and_then(|behind| behind.split_once('@'));
        let (user, password, rest) = match (password, rest[..end].rfind('@')) {
            (Some((password, behind)), _) => (Some(&rest[..end]), Some(password), behind),
            (None, Some(at)) => (Some(&rest[..at]), None, &rest[at + 1..]),
            (None, None) => (None, None, rest),
        };
        let segment = &rest[..rest.find(['/', '?']).unwrap_or(rest.len())];
        let bracketed = segment.strip_prefix('[').and_then(|inside| Some((inside, inside.rfind(']')?)));
        let (host, rest) = match bracketed {
            Some((inside, end)) if end > 0 => (Some(&inside[..end]), &rest[end + 2..]),
            _ => {
                let end = segment.find(':').unwrap_or(segment.len());
                (Some(&segment[..end]).filter(|host| !host.is_empty()), &rest[end..])
            }
        };
        let (port, rest) = match rest.strip_prefix(':') {
            Some(behind) => {
                let end = behind.find(['/', '?']).unwrap_or(behind.len());
                (Some(&behind[..end]), &behind[end..])
            }
            None => (None, rest),
        };
        let (database, rest) = match rest.strip_prefix('/') {
            Some(behind) => {
                let end = behind.find('?').unwrap_or(behind.len());
                (Some(&behind[..end]), &behind[end..])
            }
            None => (None, rest),
        };
        let query = rest.strip_prefix('?').and_then(|query| query.lines().next()).unwrap_or_default();
        let text = |raw: &str| percent::decode_leniently(&raw.replace('+', " "));
        let query = query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| (text(name), text(value)))
            .collect();
        Some(Self { name, user, password, host, port, database, query })
    }
}
