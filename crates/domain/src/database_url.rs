//! `DATABASE_URL`: what is meant by one, what is wrong with it, and the form each consumer understands.
//!
//! [`read`] takes any text and never fails without saying why. It repairs what has one meaning only (a password whose characters
//! were not encoded, an address without its brackets) and names each repair as a [`Flaw`]. [`DatabaseUrl::canonical`] is a fixed
//! point of it; [`DatabaseUrl::form_for`] renders the same for one [`Consumer`]; [`Consumer::reads`] says what that consumer does
//! with the text as it stands.

mod asyncpg;
mod consumer;
mod libpq;
mod percent;
mod read;
mod sqlalchemy;
mod sqlx;
#[cfg(test)]
mod tests;

use std::{fmt, net::IpAddr};

pub use consumer::{Consumer, Form, Outcome, Secrets, ServerTls};
pub use read::{Reading, read, redact};

/// What stands where a secret would.
pub const HIDDEN: &str = "***";

/// The values of `sslmode` that libpq knows.
pub(crate) const SSL_MODES: [&str; 6] = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];

/// A password. It is never printed by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// The password itself.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(HIDDEN)
    }
}

/// One server of a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// A name in lower case, an address without brackets, or the folder of a Unix socket.
    pub name: String,
    /// The port; a consumer takes 5432 without one.
    pub port: Option<u16>,
}

impl Host {
    /// Whether it is the folder of a Unix socket.
    #[must_use]
    pub fn is_socket(&self) -> bool {
        self.name.starts_with('/')
    }

    /// Whether nobody but this machine is on the way there.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.is_socket()
            || self.name == "localhost"
            || self.name.parse().is_ok_and(|address: IpAddr| address.is_loopback())
    }

    /// Whether the way there may lead through a network that others can listen to: neither this machine nor a name of a private
    /// network (one label, or `.internal`, `.local`, `.flycast`).
    #[must_use]
    pub fn is_remote(&self) -> bool {
        let private = !self.name.contains('.') && !self.name.contains(':')
            || [".internal", ".local", ".flycast"].iter().any(|end| self.name.ends_with(end));
        !self.is_local() && !private
    }

    fn in_authority(&self) -> String {
        let name = if self.name.contains(':') { format!("[{}]", self.name) } else { self.name.clone() };
        match self.port {
            Some(port) => format!("{name}:{port}"),
            None => name,
        }
    }
}

/// What a connection URL means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseUrl {
    /// What stands behind the `+` of the scheme: the driver that SQLAlchemy is to load.
    pub driver: Option<String>,
    /// Who connects; the consumer's default when `None`.
    pub user: Option<String>,
    /// The password.
    pub password: Option<Password>,
    /// The servers in the order in which they are tried; the consumer's default when empty.
    pub hosts: Vec<Host>,
    /// The database; the user's name when `None`.
    pub database: Option<String>,
    /// Further connection parameters under libpq's names, each once.
    pub parameters: Vec<(String, String)>,
}

impl DatabaseUrl {
    /// The value of a parameter.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The URL in libpq's form: `postgresql://`, everything percent-encoded that is not a letter, digit, `-`, `.`, `_` or `~`
    /// ([RFC 3986](https://www.rfc-editor.org/rfc/rfc3986#section-2.3)), parameters of libpq only.
    #[must_use]
    pub fn canonical(&self, secrets: Secrets) -> String {
        consumer::write(self, "postgresql", consumer::HostStyle::Authority, &self.parameters, secrets)
    }

    /// The URL as `consumer` wants it.
    #[must_use]
    pub fn form_for(&self, consumer: Consumer, secrets: Secrets) -> Form {
        consumer::form(self, consumer, secrets)
    }

    /// Puts parts together, for a URL that is made and not read.
    #[must_use]
    pub fn new(user: &str, password: &str, host: Host, database: &str) -> Self {
        Self {
            driver: None,
            user: Some(user.to_owned()),
            password: Some(Password(password.to_owned())),
            hosts: vec![host],
            database: Some(database.to_owned()),
            parameters: Vec::new(),
        }
    }
}

/// What is wrong with a text that was meant as a connection URL. Holds no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// There is nothing.
    Unset,
    /// A reference to another variable that nobody has replaced, as it stands.
    Unexpanded(String),
    /// Quotes around it belong to the value.
    Quoted,
    /// Blanks or line ends around it.
    Whitespace,
    /// No scheme and `://`.
    NotAUrl,
    /// libpq's other form: `host=… user=…`.
    KeyValue,
    /// The scheme of another database.
    OtherDatabase(String),
    /// The scheme in other than lower case.
    SchemeCase,
    /// A driver that SQLAlchemy does not have.
    UnknownDriver(String),
    /// Characters in user or password that must be percent-encoded and are not.
    SpecialCharacters(String),
    /// An IPv6 address without brackets.
    BareIpv6,
    /// The host is no name and no address.
    Host,
    /// The port is no number from 1 to 65535.
    Port,
    /// Not a value of `sslmode`.
    SslMode(String),
    /// A `sslmode` that lets a connection through a network go unencrypted.
    Plaintext(String),
    /// A parameter that libpq does not know.
    ForeignParameter(String),
    /// A parameter without `=`.
    ParameterWithoutValue,
}

impl Flaw {
    /// Its name for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unset => "unset",
            Self::Unexpanded(_) => "unexpanded",
            Self::Quoted => "quoted",
            Self::Whitespace => "whitespace",
            Self::NotAUrl => "not_a_url",
            Self::KeyValue => "key_value",
            Self::OtherDatabase(_) => "other_database",
            Self::SchemeCase => "scheme_case",
            Self::UnknownDriver(_) => "unknown_driver",
            Self::SpecialCharacters(_) => "special_characters",
            Self::BareIpv6 => "bare_ipv6",
            Self::Host => "host",
            Self::Port => "port",
            Self::SslMode(_) => "sslmode",
            Self::Plaintext(_) => "plaintext",
            Self::ForeignParameter(_) => "foreign_parameter",
            Self::ParameterWithoutValue => "parameter_without_value",
        }
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unset => out.write_str("There is no URL: the variable is not set, or empty."),
            Self::Unexpanded(reference) => write!(
                out,
                "{reference} is a reference that nobody has replaced by its value. Set the variable it names in the same \
                 project and environment, and deploy again."
            ),
            Self::Quoted => out.write_str("The quotes around the URL are part of the value. Set it without them."),
            Self::Whitespace => out.write_str(
                "There is a blank or line end before or behind the URL; some consumers take it as part of the database's name.",
            ),
            Self::NotAUrl => out.write_str("It does not begin with a scheme and ://, as in postgresql://."),
            Self::KeyValue => {
                out.write_str("This is libpq's key=value form, which nothing but libpq understands. Write it as a URL.")
            }
            Self::OtherDatabase(scheme) => {
                write!(out, "The scheme {scheme} is not PostgreSQL's. sqlx would connect to PostgreSQL regardless.")
            }
            Self::SchemeCase => {
                out.write_str("The scheme is not in lower case, and most consumers do not know it then.")
            }
            Self::UnknownDriver(driver) => {
                write!(out, "SQLAlchemy has no driver {driver} for PostgreSQL; the third psycopg is called psycopg.")
            }
            Self::SpecialCharacters(characters) => write!(
                out,
                "User or password holds {characters} as it is, which ends a part of the URL, and where it does differs by \
                 consumer. Write it percent-encoded."
            ),
            Self::BareIpv6 => out.write_str("An IPv6 address stands in brackets, as in [::1]:5432."),
            Self::Host => out.write_str("The host is neither a name nor an address."),
            Self::Port => out.write_str("The port is no number from 1 to 65535."),
            Self::SslMode(value) => write!(
                out,
                "sslmode={value} is none of disable, allow, prefer, require, verify-ca and verify-full."
            ),
            Self::Plaintext(value) => write!(
                out,
                "sslmode={value} lets the connection go unencrypted, and the host is not on this machine. Use require, or \
                 better verify-full."
            ),
            Self::ForeignParameter(name) => {
                write!(out, "{name} is no connection parameter of libpq. Other tools read it; it is left out here.")
            }
            Self::ParameterWithoutValue => {
                out.write_str("Something behind the question mark has no =; it is left out here.")
            }
        }
    }
}
