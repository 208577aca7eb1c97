//! Origins of web pages, and the list of those that may call the API.
//!
//! A browser sends an origin in one form only ([RFC 6454, section 6.2](https://www.rfc-editor.org/rfc/rfc6454#section-6.2)): scheme, host and a port that
//! is not the scheme's own, in lower case, without a slash. An item of a list in any other form can never be equal to one, so it is
//! refused where the list is read and not looked past where it is used.

use std::{fmt, net::IpAddr, str::FromStr};

/// An origin as a browser sends it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Origin(String);

/// Why a text is no origin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{item:?} is no origin: {flaw}")]
pub struct OriginError {
    /// The text.
    pub item: String,
    /// What is wrong with it.
    pub flaw: OriginFlaw,
}

/// What is wrong with a text that was meant as an origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OriginFlaw {
    /// Nothing between two commas.
    #[error("it is empty")]
    Empty,
    /// Quotes or brackets of another notation.
    #[error("quotes and brackets do not belong to it")]
    Quoted,
    /// `*`, alone or in a name.
    #[error("a wildcard is compared like any other letter, and no page has it in its origin")]
    Wildcard,
    /// Blanks inside.
    #[error("there is a blank in it")]
    Blank,
    /// Not `scheme://`.
    #[error("it does not begin with https:// or http://")]
    Scheme,
    /// A slash behind the host.
    #[error("it ends with a slash, and no browser sends one")]
    Slash,
    /// A path, query or fragment.
    #[error("a path does not belong to it")]
    Path,
    /// User or password.
    #[error("user and password do not belong to it")]
    Userinfo,
    /// Capital letters.
    #[error("it is not in lower case, as browsers send it")]
    Case,
    /// No host, or not one.
    #[error("its host is neither a name nor an address")]
    Host,
    /// The port is no number.
    #[error("its port is no number from 1 to 65535")]
    Port,
    /// `:443` of https and `:80` of http.
    #[error("browsers leave out the port that the scheme has by itself")]
    DefaultPort,
}

impl Origin {
    /// The origin.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the page is one of this machine, as in development.
    #[must_use]
    pub fn is_local(&self) -> bool {
        let host = self.host();
        host == "localhost"
            || host.ends_with(".localhost")
            || host.trim_matches(['[', ']']).parse().is_ok_and(|address: IpAddr| address.is_loopback())
    }

    /// Whether the page came encrypted.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.0.starts_with("https://")
    }

    fn host(&self) -> &str {
        let authority = self.0.split_once("://").map_or("", |(_, authority)| authority);
        match authority.strip_prefix('[').and_then(|inside| inside.find(']')) {
            Some(end) => &authority[..end + 2],
            None => authority.split(':').next().unwrap_or_default(),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl FromStr for Origin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        match flaw(text) {
            None => Ok(Self(text.to_owned())),
            Some(flaw) => Err(OriginError { item: text.to_owned(), flaw }),
        }
    }
}

fn flaw(text: &str) -> Option<OriginFlaw> {
    if text.is_empty() {
        return Some(OriginFlaw::Empty);
    }
    if text.contains('*') {
        return Some(OriginFlaw::Wildcard);
    }
    if text.starts_with(['"', '\'', '[', '`']) || text.ends_with(['"', '\'', '`']) {
        return Some(OriginFlaw::Quoted);
    }
    if text.chars().any(|char| char.is_whitespace() || char.is_control()) {
        return Some(OriginFlaw::Blank);
    }
    let lower = text.to_ascii_lowercase();
    let Some((scheme, authority)) =
        lower.split_once("://").filter(|(scheme, _)| ["https", "http", "tauri"].contains(scheme))
    else {
        return Some(OriginFlaw::Scheme);
    };
    if let Some((_, path)) = authority.split_once(['/', '?', '#']) {
        let slash = path.is_empty() && authority.ends_with('/');
        return Some(if slash { OriginFlaw::Slash } else { OriginFlaw::Path });
    }
    if authority.contains('@') {
        return Some(OriginFlaw::Userinfo);
    }
    let (host, port) = match authority.strip_prefix('[').and_then(|inside| inside.split_once(']')) {
        Some((address, behind)) if address.parse::<std::net::Ipv6Addr>().is_ok() => {
            (address, behind.strip_prefix(':').or((!behind.is_empty()).then_some("?")))
        }
        Some(_) => return Some(OriginFlaw::Host),
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    let name = |label: &str| {
        !label.is_empty() && label.chars().all(|char| char.is_ascii_alphanumeric() || "-_".contains(char))
    };
    if !host.contains(':') && !host.split('.').all(name) {
        return Some(OriginFlaw::Host);
    }
    if let Some(port) = port {
        let digits = port.bytes().all(|byte| byte.is_ascii_digit());
        match port.parse::<u16>() {
            Ok(number) if digits && number != 0 && !port.starts_with('0') => {
                if (scheme, number) == ("https", 443) || (scheme, number) == ("http", 80) {
                    return Some(OriginFlaw::DefaultPort);
                }
            }
            _ => return Some(OriginFlaw::Port),
        }
    }
    (lower != text).then_some(OriginFlaw::Case)
}

/// Reads a list as `ALLOWED_ORIGINS` holds it: items between commas, blanks around them allowed; an empty text is an empty list. Each
/// origin is kept once.
///
/// # Errors
/// The first item that is no origin.
pub fn read_list(text: &str) -> Result<Vec<Origin>, OriginError> {
    let mut origins = Vec::new();
    if text.trim().is_empty() {
        return Ok(origins);
    }
    for item in text.split(',') {
        let origin: Origin = item.trim().parse()?;
        if !origins.contains(&origin) {
            origins.push(origin);
        }
    }
    Ok(origins)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Origin, OriginFlaw, read_list};

    #[test]
    fn only_what_a_browser_sends_is_an_origin() {
        for text in [
            "https://app.example.com",
            "http://localhost:5173",
            "http://127.0.0.1:3000",
            "http://[::1]:8080",
            "tauri://localhost",
        ] {
            assert_eq!(text.parse::<Origin>().map(|origin| origin.to_string()), Ok(text.to_owned()));
        }
        for (text, flaw) in [
            ("", OriginFlaw::Empty),
            ("*", OriginFlaw::Wildcard),
            ("https://*.vercel.app", OriginFlaw::Wildcard),
            ("\"https://a.example\"", OriginFlaw::Quoted),
            ("[\"https://a.example\"]", OriginFlaw::Quoted),
            ("https://a.example https://b.example", OriginFlaw::Blank),
            ("a.example", OriginFlaw::Scheme),
            ("//a.example", OriginFlaw::Scheme),
            ("null", OriginFlaw::Scheme),
            ("https://a.example/", OriginFlaw::Slash),
            ("https://a.example/login", OriginFlaw::Path),
            ("https://a.example//", OriginFlaw::Path),
            ("https://me@a.example", OriginFlaw::Userinfo),
            ("https://A.example", OriginFlaw::Case),
            ("HTTPS://a.example", OriginFlaw::Case),
            ("https://", OriginFlaw::Host),
            ("https://a..example", OriginFlaw::Host),
            ("https://[::x]", OriginFlaw::Host),
            ("https://a.example:", OriginFlaw::Port),
            ("https://a.example:0", OriginFlaw::Port),
            ("https://a.example:99999", OriginFlaw::Port),
            ("https://a.example:443", OriginFlaw::DefaultPort),
            ("http://a.example:80", OriginFlaw::DefaultPort),
        ] {
            assert_eq!(text.parse::<Origin>().map_err(|error| error.flaw), Err(flaw), "{text}");
        }
    }

    #[test]
    fn a_list_is_not_a_text() {
        let list = |text: &str| {
            read_list(text).map(|origins| origins.iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        assert_eq!(list(""), Ok(vec![]));
        assert_eq!(
            list("https://a.example, https://b.example,https://a.example"),
            Ok(vec!["https://a.example".to_owned(), "https://b.example".to_owned()])
        );
        assert_eq!(list("https://a.example,").map_err(|error| error.flaw), Err(OriginFlaw::Empty));
        assert_eq!(
            list("https://a.example;https://b.example").map_err(|error| error.flaw),
            Err(OriginFlaw::Path)
        );
    }

    proptest! {
        #[test]
        fn an_origin_is_what_a_url_parser_serialises(text in "(https?|HTTP)://[a-zA-Z0-9.\\[\\]:/@-]{0,20}") {
            if let Ok(origin) = text.parse::<Origin>() {
                let url = url::Url::parse(&text);
                // Names that end in a number are addresses to browsers; which numbers are, is their business.
                if let Ok(url) = url && !origin.host().ends_with(|last: char| last.is_ascii_digit()) {
                    prop_assert_eq!(url.origin().ascii_serialization(), text);
                }
            }
        }
    }
}
