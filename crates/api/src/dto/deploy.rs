//! Connection URLs and environments over the wire.

use std::collections::BTreeMap;

use drydock_domain::{
    database_url::{Consumer, Outcome, Secrets, ServerTls, read, redact},
    deployment::{self, Conclusion, Variables},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::simulator;

/// A connection URL to look at.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UrlQuestion {
    /// The URL, or whatever stands in its place.
    url: String,
    /// Whether the server is known to offer no TLS.
    #[serde(default)]
    without_tls: bool,
    /// Whether the forms are wanted with their passwords, as they are copied into a deployment.
    #[serde(default)]
    reveal: bool,
}

/// What is meant by a text, and what each consumer does with it.
#[derive(Serialize, ToSchema)]
pub(crate) struct UrlAnswer {
    /// The text as it can be shown.
    read_as: String,
    /// What is wrong with it.
    flaws: Vec<UrlFlaw>,
    /// libpq's form; null where nothing can be made of it.
    canonical: Option<String>,
    /// One row for each consumer.
    consumers: Vec<UrlConsumer>,
}

/// Something wrong with a URL.
#[derive(Serialize, ToSchema)]
pub(crate) struct UrlFlaw {
    /// For programs.
    #[schema(example = "special_characters")]
    code: &'static str,
    /// For people.
    text: String,
}

/// What a consumer does with a URL.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum UrlOutcome {
    Accepted,
    Misread,
    Refused,
}

/// A consumer of a URL.
#[derive(Serialize, ToSchema)]
pub(crate) struct UrlConsumer {
    /// For programs.
    #[schema(example = "sqlalchemy-2.1")]
    id: &'static str,
    /// For people.
    title: &'static str,
    outcome: UrlOutcome,
    /// Its own words where it refuses or misreads; what there is to know where it accepts.
    says: Option<String>,
    /// The form it wants; null where nothing can be made of the text.
    form: Option<String>,
    /// What could not be carried over into the form.
    notes: Vec<String>,
}

impl UrlQuestion {
    pub(crate) fn answer(&self) -> UrlAnswer {
        let reading = read(&self.url);
        let secrets = if self.reveal { Secrets::Shown } else { Secrets::Hidden };
        let tls = if self.without_tls { ServerTls::Missing } else { ServerTls::Unknown };
        let consumer = |consumer: Consumer| {
            let (outcome, says) = match consumer.reads(&self.url, tls, secrets) {
                Outcome::Accepted { note } => (UrlOutcome::Accepted, note),
                Outcome::Misread { reads } => (UrlOutcome::Misread, Some(reads)),
                Outcome::Refused { error } => (UrlOutcome::Refused, Some(error)),
            };
            let form = reading.url.as_ref().map(|url| url.form_for(consumer, secrets));
            let (form, notes) = form.map_or((None, Vec::new()), |form| (Some(form.url), form.notes));
            UrlConsumer { id: consumer.name(), title: consumer.title(), outcome, says, form, notes }
        };
        UrlAnswer {
            read_as: redact(&self.url),
            flaws: reading
                .flaws
                .iter()
                .map(|flaw| UrlFlaw { code: flaw.code(), text: flaw.to_string() })
                .collect(),
            canonical: reading.url.as_ref().map(|url| url.canonical(secrets)),
            consumers: Consumer::ALL.into_iter().map(consumer).collect(),
        }
    }
}

/// The variables that a deployment on a well-known host has.
#[derive(Serialize, ToSchema)]
pub(crate) struct Preset {
    /// For programs.
    id: &'static str,
    /// For people.
    title: &'static str,
    variables: Vec<Variable>,
}

/// A variable of a deployment.
#[derive(Serialize, ToSchema)]
pub(crate) struct Variable {
    name: &'static str,
    value: &'static str,
}

impl Preset {
    pub(crate) fn all() -> Vec<Self> {
        let variable = |(name, value): &(&'static str, &'static str)| Variable { name, value };
        deployment::PRESETS
            .iter()
            .map(|preset| Self {
                id: preset.id,
                title: preset.title,
                variables: preset.variables.iter().map(variable).collect(),
            })
            .collect()
    }
}

/// A deployment to try.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EnvironmentQuestion {
    /// Its variables.
    pub(crate) variables: BTreeMap<String, String>,
    /// The origin of the page that calls.
    #[schema(example = "https://aiforce-assess.vercel.app")]
    pub(crate) origin: String,
    /// Whether authentication lies outside of CORS where the original's middleware is used.
    #[serde(default)]
    pub(crate) authentication_outermost: bool,
    /// Whether exceptions are answered inside of CORS there.
    #[serde(default)]
    pub(crate) errors_inside: bool,
}

/// What the rules conclude, and what then comes of calls.
#[derive(Serialize, ToSchema)]
pub(crate) struct EnvironmentAnswer {
    /// What is wrong with the page's origin; null where a browser could send it.
    pub(crate) origin_flaw: Option<String>,
    /// The original's rule, its remedy, and ours.
    pub(crate) rules: Vec<RuleAnswer>,
}

/// What a rule concludes.
#[derive(Serialize, ToSchema)]
pub(crate) struct RuleAnswer {
    /// original, remedy or ours.
    pub(crate) id: &'static str,
    /// For people.
    title: &'static str,
    /// What it takes the deployment for; null where it refuses to start.
    environment: Option<String>,
    /// Why.
    because: String,
    /// Whom it lets in.
    pub(crate) origins: Vec<String>,
    /// What came of each call; empty where nothing is started.
    pub(crate) calls: Vec<Call>,
}

impl RuleAnswer {
    fn of(id: &'static str, title: &'static str, said: Conclusion) -> Self {
        Self {
            id,
            title,
            environment: Some(said.environment),
            because: said.because,
            origins: said.origins,
            calls: Vec::new(),
        }
    }

    pub(crate) fn starts(&self) -> bool {
        self.environment.is_some()
    }

    /// What each of the three rules says of the variables.
    pub(crate) fn all(variables: &Variables) -> Vec<Self> {
        let ours = match deployment::configuration(variables) {
            Ok(configuration) => Conclusion {
                environment: configuration.environment.to_string(),
                because: match variables.contains_key("APP_ENV") {
                    true => "APP_ENV says so, and ALLOWED_ORIGINS who may call.".to_owned(),
                    false => "Nothing says otherwise, and no other page may call.".to_owned(),
                },
                origins: configuration.origins.iter().map(ToString::to_string).collect(),
            },
            Err(error) => {
                Conclusion { environment: String::new(), because: format!("{error}."), origins: Vec::new() }
            }
        };
        let mut ours = Self::of("ours", "Drydock: what is said counts", ours);
        ours.environment = ours.environment.filter(|name| !name.is_empty());
        vec![
            Self::of("original", "The original: one variable", deployment::original(variables)),
            Self::of("remedy", "Its remedy: any of several", deployment::remedy(variables)),
            ours,
        ]
    }
}

/// A call from a page, over the wire.
#[derive(Serialize, ToSchema)]
pub(crate) struct Call {
    title: &'static str,
    /// The page that called.
    origin: String,
    /// The answer to the preflight; null where none is needed.
    preflight: Option<CallAnswer>,
    answer: CallAnswer,
    /// Whether the page gets the answer.
    readable: bool,
    /// Whether the request was carried out all the same.
    executed: bool,
    /// What the browsers' consoles say; empty where the page gets the answer.
    console: Vec<ConsoleText>,
}

/// An answer over the wire.
#[derive(Serialize, ToSchema)]
pub(crate) struct CallAnswer {
    status: u16,
    /// Access-Control-Allow-Origin.
    allowed_origin: Option<String>,
    /// The first line of a refusal, or where a redirect leads.
    says: String,
}

/// A line of a browser's console.
#[derive(Serialize, ToSchema)]
pub(crate) struct ConsoleText {
    #[schema(example = "Chromium")]
    browser: &'static str,
    text: String,
}

impl From<simulator::Answer> for CallAnswer {
    fn from(answer: simulator::Answer) -> Self {
        Self { status: answer.status, allowed_origin: answer.allowed_origin, says: answer.says }
    }
}

impl From<simulator::Called> for Call {
    fn from(called: simulator::Called) -> Self {
        Self {
            title: called.title,
            origin: called.origin,
            preflight: called.preflight.map(Into::into),
            answer: called.answer.into(),
            readable: called.readable,
            executed: called.executed,
            console: called
                .console
                .into_iter()
                .map(|(browser, text)| ConsoleText { browser, text })
                .collect(),
        }
    }
}
