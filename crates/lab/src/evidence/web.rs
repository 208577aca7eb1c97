//! What is seen of URLs, variables and endpoints.

mod endpoint;
mod network;

use std::net::IpAddr;

use drydock_domain::{
    database_url::{Consumer, DatabaseUrl, Flaw, Outcome, Secrets, ServerTls, read, redact},
    deployment::{self, Conclusion, Configuration, ConfigurationError, Variables, configuration, host_of},
    finding::Secret,
};

use super::{Evidence, Sources};
use crate::probe::Probe;

pub use endpoint::HttpProbe;

/// What was seen of a connection URL. Holds no password that `Debug` prints.
#[derive(Clone, Debug)]
pub struct UrlFacts {
    /// The URL without secrets.
    pub redacted: String,
    /// What it means, where that can be known.
    pub url: Option<DatabaseUrl>,
    /// What is wrong with it.
    pub flaws: Vec<Flaw>,
    /// What each consumer does with it.
    pub outcomes: Vec<(Consumer, Outcome)>,
    /// Whether it says `sslmode`, in the way that asyncpg does not take through SQLAlchemy.
    pub says_sslmode: bool,
    /// Why the host's name has no address; `None` where it has one, or nobody asked.
    pub unresolved: Option<String>,
    /// The addresses, and whether a connection was accepted there.
    pub addresses: Vec<(IpAddr, bool)>,
    /// Whether another address of this machine accepts connections at the port, where the one in the URL does not.
    pub accepted_instead: Option<IpAddr>,
    /// Whether the server offers TLS; `None` where none was asked.
    pub tls: Option<bool>,
}

impl UrlFacts {
    /// What a consumer does with it.
    #[must_use]
    pub fn outcome(&self, consumer: Consumer) -> Option<&Outcome> {
        self.outcomes.iter().find(|(known, _)| *known == consumer).map(|(_, outcome)| outcome)
    }
}

/// What the variables of a deployment say.
#[derive(Clone, Debug)]
pub struct EnvironmentFacts {
    /// By our rule.
    pub configuration: Result<Configuration, ConfigurationError>,
    /// By the original's.
    pub original: Conclusion,
    /// By its remedy.
    pub remedy: Conclusion,
    /// The variable by which a host gives itself away.
    pub host: Option<String>,
    /// `PORT`.
    pub port: Option<u16>,
    /// The packages and versions of `REQUIREMENTS`, as `pip freeze` prints them.
    pub requirements: Vec<(String, String)>,
    /// The fingerprint of `SECRET_KEY`.
    pub key: Option<String>,
    /// `SECRET_KEY_FINGERPRINT`: the one that was noted when sessions were last signed.
    pub noted_key: Option<String>,
}

impl EnvironmentFacts {
    fn of(variables: &Variables) -> Self {
        let text =
            |name: &str| variables.get(name).map(|value| value.trim()).filter(|value| !value.is_empty());
        let requirements = text("REQUIREMENTS").unwrap_or_default();
        Self {
            configuration: configuration(variables),
            original: deployment::original(variables),
            remedy: deployment::remedy(variables),
            host: host_of(variables).map(str::to_owned),
            port: text("PORT").and_then(|port| port.parse().ok()),
            requirements: requirements
                .split_whitespace()
                .filter_map(|line| line.split_once("=="))
                .map(|(name, version)| (name.to_ascii_lowercase(), version.to_owned()))
                .collect(),
            key: text("SECRET_KEY").map(|key| Secret::new(key).fingerprint()),
            noted_key: text("SECRET_KEY_FINGERPRINT").map(str::to_owned),
        }
    }

    /// The version of a package.
    #[must_use]
    pub fn version_of(&self, package: &str) -> Option<&str> {
        self.requirements.iter().find(|(name, _)| name == package).map(|(_, version)| version.as_str())
    }
}

/// Adds what can be seen of `sources` to `evidence`.
pub(super) async fn gather(sources: &Sources, evidence: &mut Evidence) {
    if let Some(variables) = &sources.environment {
        evidence.environment = Some(EnvironmentFacts::of(variables));
    }
    let from_variables = || sources.environment.as_ref()?.get("DATABASE_URL").cloned();
    if let Some(text) = sources.database_url.clone().or_else(from_variables) {
        evidence.url = Some(facts(&text).await);
    }
    if let Some(api) = &sources.api {
        match Probe::new() {
            Ok(probe) => evidence.http = Some(endpoint::look(&probe, api).await),
            Err(error) => evidence.notes.push(error.to_string()),
        }
    }
}

async fn facts(text: &str) -> UrlFacts {
    let reading = read(text);
    let mut facts = UrlFacts {
        redacted: redact(text),
        flaws: reading.flaws,
        outcomes: Consumer::ALL
            .into_iter()
            .map(|consumer| (consumer, consumer.reads(text, ServerTls::Unknown, Secrets::Hidden)))
            .collect(),
        says_sslmode: text.contains("sslmode="),
        url: reading.url,
        unresolved: None,
        addresses: Vec::new(),
        accepted_instead: None,
        tls: None,
    };
    if let Some(host) = facts.url.as_ref().and_then(|url| url.hosts.first()).filter(|host| !host.is_socket())
    {
        let (host, port) = (host.name.clone(), host.port.unwrap_or(5432));
        network::look(&host, port, &mut facts).await;
    }
    facts
}
