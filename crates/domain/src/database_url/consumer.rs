//! The six readers of a connection URL: what each does with a text, and the form each wants.

use std::fmt;

use super::{DatabaseUrl, HIDDEN, asyncpg, libpq, percent, read::read, sqlalchemy, sqlx};

/// Who reads the URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Consumer {
    /// SQLAlchemy 2.0, `create_engine`.
    SqlalchemySync20,
    /// SQLAlchemy 2.1, `create_engine`.
    SqlalchemySync21,
    /// SQLAlchemy, `create_async_engine`.
    SqlalchemyAsync,
    /// libpq and what is built on it: psql, psycopg, psycopg2.
    Libpq,
    /// asyncpg without SQLAlchemy.
    Asyncpg,
    /// sqlx.
    Sqlx,
}

impl Consumer {
    /// Each of them.
    pub const ALL: [Self; 6] = [
        Self::SqlalchemySync20,
        Self::SqlalchemySync21,
        Self::SqlalchemyAsync,
        Self::Libpq,
        Self::Asyncpg,
        Self::Sqlx,
    ];

    /// Its name for programs and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::SqlalchemySync20 => "sqlalchemy-2.0",
            Self::SqlalchemySync21 => "sqlalchemy-2.1",
            Self::SqlalchemyAsync => "sqlalchemy-async",
            Self::Libpq => "libpq",
            Self::Asyncpg => "asyncpg",
            Self::Sqlx => "sqlx",
        }
    }

    /// Its name for people.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::SqlalchemySync20 => "SQLAlchemy 2.0",
            Self::SqlalchemySync21 => "SQLAlchemy 2.1",
            Self::SqlalchemyAsync => "SQLAlchemy, async",
            Self::Libpq => "libpq, psycopg, psql",
            Self::Asyncpg => "asyncpg",
            Self::Sqlx => "sqlx",
        }
    }

    /// The consumer of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|consumer| consumer.name() == name)
    }

    /// What it does with `text` as it stands, at a server that offers TLS or doesn't. Errors are those of SQLAlchemy 2.0.58 and 2.1.9,
    /// psycopg 3.3.9 (libpq 16 to 18), psycopg2 2.9.13, asyncpg 0.32.0 and sqlx 0.9.0, without what Python prints around them.
    #[must_use]
    pub fn reads(self, text: &str, tls: ServerTls, secrets: Secrets) -> Outcome {
        let quote = Quote::new(text, secrets);
        let seen = match self {
            Self::SqlalchemySync20 => sqlalchemy::read(text, sqlalchemy::Engine::Sync20, tls, &quote),
            Self::SqlalchemySync21 => sqlalchemy::read(text, sqlalchemy::Engine::Sync21, tls, &quote),
            Self::SqlalchemyAsync => sqlalchemy::read(text, sqlalchemy::Engine::Async, tls, &quote),
            Self::Libpq => libpq::read(text, tls, &quote),
            Self::Asyncpg => asyncpg::read(text, tls, &quote),
            Self::Sqlx => sqlx::read(text, tls, &quote),
        };
        let seen = match seen {
            Ok(seen) => seen,
            Err(error) => return Outcome::Refused { error },
        };
        match read(text).url.and_then(|meant| seen.differs_from(&meant, &quote)) {
            Some(reads) => Outcome::Misread { reads },
            None => Outcome::Accepted { note: seen.note },
        }
    }
}

/// Whether passwords are written out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secrets {
    /// [`HIDDEN`] stands in their place.
    Hidden,
    /// They are there, for a program that is to connect.
    Shown,
}

/// Whether the server encrypts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerTls {
    /// Nobody has looked.
    Unknown,
    /// It was built or is configured without; so is the bundled one.
    Missing,
}

/// What a consumer does with a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It connects to what is meant.
    Accepted {
        /// What else there is to know.
        note: Option<String>,
    },
    /// It takes the URL and goes somewhere else, or as somebody else.
    Misread {
        /// What it takes for what.
        reads: String,
    },
    /// It stops.
    Refused {
        /// Its own words.
        error: String,
    },
}

/// A URL for one consumer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    /// The URL.
    pub url: String,
    /// What could not be carried over, or is to be taken care of.
    pub notes: Vec<String>,
}

/// Text of the input in an error of a consumer. What may come from a password is hidden: whatever begins before the last `@`.
pub(super) struct Quote<'a> {
    text: &'a str,
    secrets: Secrets,
    /// From where in the text there is no secret.
    public: usize,
}

impl<'a> Quote<'a> {
    fn new(text: &'a str, secrets: Secrets) -> Self {
        let public = match text.rfind('@') {
            Some(at) => at + 1,
            None if read(text).url.is_some() => 0,
            None => text.len(),
        };
        Self { text, secrets, public }
    }

    /// A piece of the input.
    pub(super) fn piece(&self, piece: &str) -> String {
        if self.secrets == Secrets::Shown || piece.is_empty() {
            return piece.to_owned();
        }
        let from = (piece.as_ptr() as usize).checked_sub(self.text.as_ptr() as usize);
        let public = from.is_some_and(|from| from >= self.public && from < self.text.len());
        if public { piece.to_owned() } else { HIDDEN.to_owned() }
    }

    /// The name or the value of a parameter, decoded.
    pub(super) fn parameter(&self, text: &str) -> String {
        let public = self.text.find('?').is_some_and(|mark| mark >= self.public);
        if public || self.secrets == Secrets::Shown { text.to_owned() } else { HIDDEN.to_owned() }
    }

    /// The whole input.
    pub(super) fn whole(&self) -> String {
        match self.secrets {
            Secrets::Shown => self.text.to_owned(),
            Secrets::Hidden => super::redact(self.text),
        }
    }
}

/// What a consumer has read out of a URL.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) host: Option<String>,
    pub(super) port: Option<u16>,
    pub(super) user: Option<String>,
    pub(super) password: Option<String>,
    pub(super) database: Option<String>,
    pub(super) note: Option<String>,
}

impl Seen {
    /// What it takes for something else than is meant.
    fn differs_from(&self, meant: &DatabaseUrl, quote: &Quote<'_>) -> Option<String> {
        let first = meant.hosts.first();
        let host = first.map(|host| host.name.as_str());
        if self.host.as_deref().map(str::to_ascii_lowercase) != host.map(str::to_ascii_lowercase) {
            let seen = self.host.as_deref().unwrap_or_default();
            // A host with more in it than a host has been cut out of the password.
            let public = quote.secrets == Secrets::Shown || quote.text[quote.public..].contains(seen);
            let shown = if public { seen } else { HIDDEN };
            return Some(format!("It looks for the host \"{shown}\"."));
        }
        if self.port.unwrap_or(5432) != first.and_then(|host| host.port).unwrap_or(5432) {
            return Some("It connects to another port.".to_owned());
        }
        if self.user != meant.user {
            return Some("It signs in as another user.".to_owned());
        }
        if self.password.as_deref() != meant.password.as_ref().map(super::Password::reveal) {
            return Some(format!(
                "It signs in with another password: password authentication failed for user \"{}\"",
                meant.user.as_deref().unwrap_or_default()
            ));
        }
        if self.database != meant.database {
            let seen = self.database.as_deref().unwrap_or_default().escape_debug().to_string();
            return Some(format!("database \"{seen}\" does not exist"));
        }
        None
    }
}

/// Where a URL says its hosts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HostStyle {
    /// `name:port,name:port` in the authority, as libpq has it.
    Authority,
    /// More than one as `host=name:port` parameters, as SQLAlchemy has it.
    Parameters,
    /// Always one in the authority, the folder of a socket percent-encoded, as sqlx has it: it refuses a user without a host.
    Encoded,
}

/// Writes a URL with exactly these parameters.
pub(super) fn write(
    url: &DatabaseUrl,
    scheme: &str,
    style: HostStyle,
    parameters: &[(String, String)],
    secrets: Secrets,
) -> String {
    let mut written = format!("{scheme}://");
    if url.user.is_some() || url.password.is_some() {
        written += &percent::encode(url.user.as_deref().unwrap_or_default());
        if let Some(password) = &url.password {
            written.push(':');
            match secrets {
                Secrets::Shown => written += &percent::encode(password.reveal()),
                Secrets::Hidden => written += HIDDEN,
            }
        }
        written.push('@');
    }
    let mut query: Vec<String> = Vec::new();
    let encoded = style == HostStyle::Encoded;
    let sockets = !encoded && url.hosts.iter().any(super::Host::is_socket);
    if encoded {
        let local = super::Host { name: "localhost".to_owned(), port: None };
        let host = url.hosts.first().unwrap_or(&local);
        let name = if host.is_socket() { percent::encode(&host.name) } else { host.name.clone() };
        written += &super::Host { name, port: host.port }.in_authority();
    } else if sockets {
        let names: Vec<String> = url.hosts.iter().map(|host| percent::encode(&host.name)).collect();
        query.push(format!("host={}", names.join(",")));
        let ports: Vec<String> =
            url.hosts.iter().map(|host| host.port.map(|port| port.to_string()).unwrap_or_default()).collect();
        if ports.iter().any(|port| !port.is_empty()) {
            query.push(format!("port={}", ports.join(",")));
        }
    } else if url.hosts.len() > 1 && style == HostStyle::Parameters {
        query.extend(url.hosts.iter().map(|host| format!("host={}", host.in_authority())));
    } else {
        let hosts: Vec<String> = url.hosts.iter().map(super::Host::in_authority).collect();
        written += &hosts.join(",");
    }
    if let Some(database) = &url.database {
        written.push('/');
        written += &percent::encode(database);
    } else if sockets || url.hosts.is_empty() {
        written.push('/');
    }
    query.extend(parameters.iter().map(|(name, value)| {
        let secret = secrets == Secrets::Hidden && libpq::SECRETS.contains(&name.as_str());
        format!("{name}={}", if secret { HIDDEN.to_owned() } else { percent::encode(value) })
    }));
    if !query.is_empty() {
        written.push('?');
        written += &query.join("&");
    }
    written
}

/// The parameters that asyncpg takes out of a URL for itself; all others it hands to the server as settings.
pub(super) const OF_ASYNCPG: [&str; 13] = [
    "passfile",
    "sslmode",
    "sslcert",
    "sslkey",
    "sslrootcert",
    "sslnegotiation",
    "sslcrl",
    "sslpassword",
    "ssl_min_protocol_version",
    "ssl_max_protocol_version",
    "target_session_attrs",
    "krbsrvname",
    "gsslib",
];

const OF_SQLX: [&str; 6] = ["sslmode", "sslrootcert", "sslcert", "sslkey", "application_name", "options"];

pub(super) fn form(url: &DatabaseUrl, consumer: Consumer, secrets: Secrets) -> Form {
    let mut notes = Vec::new();
    let mut kept = |keep: &dyn Fn(&str) -> bool| -> Vec<(String, String)> {
        let (kept, left): (Vec<_>, Vec<_>) = url.parameters.iter().cloned().partition(|(name, _)| keep(name));
        if !left.is_empty() {
            let names: Vec<String> = left.into_iter().map(|(name, _)| name).collect();
            notes.push(format!("Left out, because it does not know it: {}.", names.join(", ")));
        }
        kept
    };
    let written = match consumer {
        Consumer::Libpq => write(url, "postgresql", HostStyle::Authority, &url.parameters, secrets),
        Consumer::SqlalchemySync20 | Consumer::SqlalchemySync21 => {
            let named = url.driver.as_deref().filter(|driver| ["psycopg", "psycopg2"].contains(driver));
            let driver = named.unwrap_or("psycopg");
            let scheme = format!("postgresql+{driver}");
            write(url, &scheme, HostStyle::Parameters, &url.parameters, secrets)
        }
        Consumer::SqlalchemyAsync if url.driver.as_deref() == Some("psycopg") => {
            write(url, "postgresql+psycopg", HostStyle::Parameters, &url.parameters, secrets)
        }
        Consumer::SqlalchemyAsync => {
            let parameters: Vec<(String, String)> = kept(&|name| name == "sslmode")
                .into_iter()
                .map(|(_, value)| ("ssl".to_owned(), value))
                .collect();
            write(url, "postgresql+asyncpg", HostStyle::Parameters, &parameters, secrets)
        }
        Consumer::Asyncpg => {
            let parameters = kept(&|name| OF_ASYNCPG.contains(&name) || name == "application_name");
            write(url, "postgresql", HostStyle::Authority, &parameters, secrets)
        }
        Consumer::Sqlx => {
            let parameters = kept(&|name| OF_SQLX.contains(&name));
            if url.hosts.len() > 1 {
                notes.push("It knows one host; this is the first.".to_owned());
            }
            write(url, "postgres", HostStyle::Encoded, &parameters, secrets)
        }
    };
    if matches!(consumer, Consumer::SqlalchemySync20 | Consumer::SqlalchemySync21) && written.contains('%') {
        notes.push("In alembic.ini write each % twice: the file replaces %-references.".to_owned());
    }
    Form { url: written, notes }
}

impl fmt::Display for Consumer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.title())
    }
}
