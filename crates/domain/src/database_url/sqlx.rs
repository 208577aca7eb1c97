//! sqlx's reading of a URL: the WHATWG parser, then `PgConnectOptions::parse_from_url`. The scheme is not looked at.

use std::net::IpAddr;

use url::Url;

use super::{
    SSL_MODES,
    consumer::{Quote, Seen, ServerTls},
    percent,
};

/// What sqlx 0.9 does with `text`.
///
/// # Errors
/// Its own words.
pub(super) fn read(text: &str, tls: ServerTls, quote: &Quote<'_>) -> Result<Seen, String> {
    let wrong = |error: &dyn std::fmt::Display| format!("error with configuration: {error}");
    let url = Url::parse(text).map_err(|error| wrong(&error))?;
    let decoded = |raw: &str| {
        // Escapes that are none stay as they are; bytes that are no UTF-8 are refused.
        let bytes = percent::decode_leniently(raw);
        Some(bytes).filter(|text| !text.is_empty())
    };
    let mut seen = Seen {
        host: url.host_str().and_then(|host| {
            let socket = percent::decode_leniently(host);
            let host = if socket.starts_with('/') { socket } else { host.to_owned() };
            Some(host.trim_matches(['[', ']']).to_owned()).filter(|host| !host.is_empty())
        }),
        port: url.port(),
        user: decoded(url.username()),
        password: url.password().and_then(decoded),
        database: decoded(url.path().trim_start_matches('/')),
        note: None,
    };
    let mut ssl_mode = None;
    let mut ignored = Vec::new();
    for (name, value) in url.query_pairs() {
        match &*name {
            "sslmode" | "ssl-mode" => {
                let mode = value.to_ascii_lowercase();
                if !SSL_MODES.contains(&mode.as_str()) {
                    return Err(wrong(&format!(
                        "error with configuration: unknown value {:?} for `ssl_mode`",
                        quote.parameter(&value)
                    )));
                }
                ssl_mode = Some(mode);
            }
            "host" => seen.host = Some(value.into_owned()),
            "hostaddr" => {
                value.parse::<IpAddr>().map_err(|error| wrong(&error))?;
                seen.host = Some(value.into_owned());
            }
            "port" => seen.port = Some(value.parse().map_err(|error| wrong(&error))?),
            "statement-cache-capacity" => {
                value.parse::<usize>().map_err(|error| wrong(&error))?;
            }
            "dbname" => seen.database = Some(value.into_owned()),
            "user" => seen.user = Some(value.into_owned()),
            "password" => seen.password = Some(value.into_owned()),
            "sslrootcert" | "ssl-root-cert" | "ssl-ca" | "sslcert" | "ssl-cert" | "sslkey" | "ssl-key"
            | "application_name" | "options" => {}
            other if other.starts_with("options[") => {}
            other => ignored.push(quote.parameter(other)),
        }
    }
    let socket = seen.host.as_deref().is_some_and(|host| host.starts_with('/'));
    let wanted =
        ssl_mode.is_some_and(|mode| ["require", "verify-ca", "verify-full"].contains(&mode.as_str()));
    if wanted && tls == ServerTls::Missing && !socket {
        return Err(
            "error occurred while attempting to establish a TLS connection: server does not support TLS"
                .to_owned(),
        );
    }
    seen.note = if !["postgres", "postgresql"].contains(&url.scheme()) {
        Some(format!("It does not look at the scheme: {}:// goes to PostgreSQL all the same.", url.scheme()))
    } else if ignored.is_empty() {
        None
    } else {
        Some(format!("It ignores {}, with a warning in its log.", ignored.join(", ")))
    };
    Ok(seen)
}
