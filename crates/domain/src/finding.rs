//! What is wrong with a deployment, as a person is told: what was seen, why it is so, what to do and what to leave.
//!
//! Nothing here carries a secret: a URL is [`redact`]ed before it becomes evidence, and a key is a [`Secret`], which prints as its
//! fingerprint.

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::boot::Stage;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Stable id, that of its scenario.
    pub id: &'static str,
    /// The stage of a boot that it breaks.
    pub stage: Stage,
    /// What happened, in a line.
    pub title: &'static str,
    /// What was seen, one fact a line.
    pub evidence: Vec<String>,
    /// Why it is so.
    pub cause: &'static str,
    /// What to do.
    pub remedy: Remedy,
    /// What people do instead, and why it makes things worse.
    pub band_aid: &'static str,
    /// Where this is known from.
    pub source: &'static str,
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{} at {}: {}", self.id, self.stage.name(), self.title)?;
        for line in &self.evidence {
            writeln!(f, "  seen      {line}")?;
        }
        writeln!(f, "  cause     {}", self.cause)?;
        writeln!(f, "  remedy    {}", self.remedy.text)?;
        for command in &self.remedy.commands {
            let mut lines = command.text.lines();
            writeln!(f, "    {:<7} {}", command.language.name(), lines.next().unwrap_or_default())?;
            lines.try_for_each(|line| writeln!(f, "            {line}"))?;
        }
        writeln!(f, "  not       {}", self.band_aid)?;
        writeln!(f, "  source    {}", self.source)
    }
}

/// What to do about a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Remedy {
    /// In words.
    pub text: &'static str,
    /// To the letter, in order.
    pub commands: Vec<Command>,
}

/// A step of a remedy that can be copied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Command {
    /// Where it goes.
    pub language: Language,
    /// What to enter.
    pub text: String,
}

/// Where a command goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Into `psql`.
    Sql,
    /// Into a shell.
    Shell,
    /// Into a file of the deployment.
    File,
    /// Into the deployment's variables.
    Setting,
}

impl Language {
    /// Its name over the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sql => "sql",
            Self::Shell => "shell",
            Self::File => "file",
            Self::Setting => "setting",
        }
    }
}

/// A key, token or password: what is printed of it is a fingerprint.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes the value in.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value itself, for what has to use it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The first 8 hexadecimal digits of its SHA-256: enough to see that two are the same, too little to find it.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        Sha256::digest(&self.0).iter().take(4).map(|byte| format!("{byte:02x}")).collect()
    }
}

impl std::fmt::Display for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "sha256:{}", self.fingerprint())
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Secret({self})")
    }
}

/// What stands where a password was.
const HIDDEN: &str = "***";

/// The same text without passwords: what lies between the first `:` behind a `://` and the last `@` before the next `/` that follows
/// an `@`, and the value of `password`, `secret` and the like in `key=value`. Redacting twice changes nothing more.
#[must_use]
pub fn redact(text: &str) -> String {
    let mut redacted = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        redacted.push_str(before);
        let end = after
            .find(|character: char| character.is_whitespace() || matches!(character, '"' | '\'' | '`'))
            .unwrap_or(after.len());
        let (url, behind) = after.split_at(end);
        redacted.push_str(&without_password(url));
        rest = behind;
    }
    redacted.push_str(rest);
    without_values(&redacted)
}

/// `user:***@host/…` of the part of a URL behind its scheme. A raw password may hold `/`, `:` and `@`, so the last `@` ends it.
fn without_password(url: &str) -> String {
    let (authority, query) = url.split_once('?').map_or((url, ""), |(before, after)| (before, after));
    let query = if url.contains('?') { format!("?{query}") } else { String::new() };
    let Some((user, host)) = authority.rsplit_once('@') else { return url.to_owned() };
    match user.split_once(':') {
        Some((name, _)) => format!("{name}:{HIDDEN}@{host}{query}"),
        None => format!("{user}@{host}{query}"),
    }
}

fn without_values(text: &str) -> String {
    const KEYS: [&str; 6] = ["password=", "passwd=", "pwd=", "secret=", "secret_key=", "token="];
    let mut redacted = text.to_owned();
    for key in KEYS {
        let mut from = 0;
        while let Some(at) = redacted[from..].to_ascii_lowercase().find(key) {
            let value = from + at + key.len();
            let length = redacted[value..]
                .find(|character: char| character.is_whitespace() || matches!(character, '&' | ';'))
                .unwrap_or(redacted.len() - value);
            if length > 0 {
                redacted.replace_range(value..value + length, HIDDEN);
            }
            from = value + HIDDEN.len().min(redacted.len() - value);
        }
    }
    redacted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_do_not_survive() {
        for (text, redacted) in [
            (
                "postgresql://app:p@ss:w/rd#1%2@db.internal:5432/app",
                "postgresql://app:***@db.internal:5432/app",
            ),
            (
                "at postgres://app:x@h/d, then 'mysql://u:y@h'",
                "at postgres://app:***@h/d, then 'mysql://u:***@h'",
            ),
            ("https://app.example/path", "https://app.example/path"),
            (
                "postgres://app@h/d?sslmode=require&password=x&a=b",
                "postgres://app@h/d?sslmode=require&password=***&a=b",
            ),
            ("SECRET_KEY=abc def", "SECRET_KEY=*** def"),
            ("host=h password=", "host=h password="),
        ] {
            assert_eq!(redact(text), redacted);
            assert_eq!(redact(redacted), redacted);
        }
    }

    #[test]
    fn a_secret_prints_as_its_fingerprint() {
        let secret = Secret::new("a key that nobody may see");
        let printed = format!("{secret} {secret:?}");
        assert!(!printed.contains("nobody"), "{printed}");
        assert_eq!(secret.fingerprint().len(), 8);
        assert_eq!(secret, Secret::new(secret.expose()));
    }
}
