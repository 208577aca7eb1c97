//! What a deployment's variables say about its environment, by three rules.
//!
//! The original platform looked at one variable of one host. Its later remedy looked at any of several, which are set on laptops too.
//! [`configuration`] is ours and the one that `drydock serve` runs: `APP_ENV` and `ALLOWED_ORIGINS` say it, and what does not fit is
//! refused with a sentence.

use std::{collections::BTreeMap, fmt};

use crate::origin::{Origin, OriginError, read_list};

/// The variables of a deployment by name.
pub type Variables = BTreeMap<String, String>;

/// The front end of the original platform.
pub const VERCEL_ORIGIN: &str = "https://aiforce-assess.vercel.app";
/// The original's own public host.
pub const RAILWAY_ORIGIN: &str = "https://migrate-ui-orchestrator-production.up.railway.app";

/// What the front end is served from in development.
const DEVELOPMENT_PORTS: [u16; 4] = [3000, 5173, 8080, 8081];

/// Which environment a deployment is, as `APP_ENV` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppEnv {
    /// A laptop.
    Development,
    /// An automated test.
    Test,
    /// A copy of production that others can reach.
    Staging,
    /// The real thing.
    Production,
}

impl AppEnv {
    /// Each of them.
    pub const ALL: [Self; 4] = [Self::Development, Self::Test, Self::Staging, Self::Production];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Development => "development",
            Self::Test => "test",
            Self::Staging => "staging",
            Self::Production => "production",
        }
    }

    /// The environment of a name; there are no second names, for `prod` in one place and `production` in another is how two places
    /// come to differ.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|env| env.name() == name)
    }

    /// Whether people other than its developer reach it.
    #[must_use]
    pub fn is_public(self) -> bool {
        matches!(self, Self::Staging | Self::Production)
    }
}

impl fmt::Display for AppEnv {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

/// What a deployment is, once it has been said without doubt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Configuration {
    /// The environment.
    pub environment: AppEnv,
    /// The pages on other origins that may call the API.
    pub origins: Vec<Origin>,
}

impl Default for Configuration {
    /// A laptop, on which the API answers its own page alone.
    fn default() -> Self {
        Self { environment: AppEnv::Development, origins: Vec::new() }
    }
}

/// Why variables do not make a configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigurationError {
    /// `APP_ENV` is missing though `ALLOWED_ORIGINS` is there.
    #[error(
        "ALLOWED_ORIGINS is set and APP_ENV is not: say which environment this is, development, test, staging or production"
    )]
    EnvironmentMissing,
    /// `APP_ENV` is missing on a host that is nobody's laptop.
    #[error(
        "{0} is set, so this is a deployment, and APP_ENV is not: say which, development, test, staging or production"
    )]
    EnvironmentUnsaid(String),
    /// `APP_ENV` is none of the known.
    #[error("APP_ENV={0} is none of development, test, staging and production")]
    EnvironmentUnknown(String),
    /// A public environment does not say who may call it.
    #[error(
        "APP_ENV={0} and ALLOWED_ORIGINS is not set: list the pages that may call the API, or set it empty for none but its own"
    )]
    OriginsMissing(AppEnv),
    /// An item of `ALLOWED_ORIGINS` is malformed.
    #[error("ALLOWED_ORIGINS: {0}")]
    Origin(#[from] OriginError),
    /// A page of somebody's laptop in a public environment.
    #[error("ALLOWED_ORIGINS has {origin}, a page of whoever's machine it is, and APP_ENV is {environment}")]
    OriginLocal {
        /// The origin.
        origin: Origin,
        /// The environment.
        environment: AppEnv,
    },
    /// An unencrypted page in a public environment.
    #[error(
        "ALLOWED_ORIGINS has {origin}, which comes unencrypted, and APP_ENV is {environment}: use its https:// form"
    )]
    OriginPlain {
        /// The origin.
        origin: Origin,
        /// The environment.
        environment: AppEnv,
    },
}

/// Variables that a host sets by itself and nothing else does. `PORT` and `DATABASE_URL` are not among them.
const OF_HOSTS: [&str; 4] = ["RAILWAY_", "VERCEL", "RENDER", "DYNO"];

/// Our rule. `APP_ENV` names the environment and `ALLOWED_ORIGINS` the pages; without either it is development and no other page may
/// call. Nothing is concluded from a host's variables but that somebody has to say.
///
/// # Errors
/// The first thing that is not said, or not said right.
pub fn configuration(variables: &Variables) -> Result<Configuration, ConfigurationError> {
    let value = |name: &str| variables.get(name).map(|value| value.trim());
    let origins = value("ALLOWED_ORIGINS");
    let environment = match value("APP_ENV").filter(|name| !name.is_empty()) {
        Some(name) => {
            AppEnv::named(name).ok_or_else(|| ConfigurationError::EnvironmentUnknown(name.to_owned()))?
        }
        None => match (host_of(variables), origins) {
            (Some(host), _) => return Err(ConfigurationError::EnvironmentUnsaid(host.to_owned())),
            (None, None | Some("")) => AppEnv::Development,
            (None, Some(_)) => return Err(ConfigurationError::EnvironmentMissing),
        },
    };
    let origins = match origins {
        Some(list) => read_list(list)?,
        None if environment.is_public() => return Err(ConfigurationError::OriginsMissing(environment)),
        None => Vec::new(),
    };
    if environment.is_public() {
        for origin in &origins {
            let origin = origin.clone();
            if origin.is_local() {
                return Err(ConfigurationError::OriginLocal { origin, environment });
            }
            if !origin.is_encrypted() {
                return Err(ConfigurationError::OriginPlain { origin, environment });
            }
        }
    }
    Ok(Configuration { environment, origins })
}

/// The first variable by which a host gives itself away.
#[must_use]
pub fn host_of(variables: &Variables) -> Option<&str> {
    variables.keys().map(String::as_str).find(|name| OF_HOSTS.iter().any(|begin| name.starts_with(begin)))
}

/// What a rule makes of the variables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conclusion {
    /// What it takes the deployment for.
    pub environment: String,
    /// Which variables made it think so.
    pub because: String,
    /// What it lets in, as texts: this rule does not check them.
    pub origins: Vec<String>,
}

/// The rule of the original: `RAILWAY_ENVIRONMENT` alone tells a cloud deployment.
#[must_use]
pub fn original(variables: &Variables) -> Conclusion {
    match set(variables, "RAILWAY_ENVIRONMENT") {
        Some(value) => Conclusion {
            environment: "production".into(),
            because: format!("RAILWAY_ENVIRONMENT is set, to {value}."),
            origins: with_configured(variables, cloud_origins()),
        },
        None => Conclusion {
            environment: "development".into(),
            because: "RAILWAY_ENVIRONMENT is not set.".into(),
            origins: with_configured(variables, development_origins()),
        },
    }
}

/// The original's remedy: any of several variables tells a cloud deployment, and its front end is forced into the list.
#[must_use]
pub fn remedy(variables: &Variables) -> Conclusion {
    let railway_database = set(variables, "DATABASE_URL")
        .is_some_and(|url| url.contains("railway.app"))
        .then_some("DATABASE_URL");
    let signs: Vec<&str> = ["RAILWAY_ENVIRONMENT", "RAILWAY_PROJECT_NAME", "PORT"]
        .into_iter()
        .filter(|name| set(variables, name).is_some())
        .chain(railway_database)
        .collect();
    let production = set(variables, "ENVIRONMENT").is_some_and(|name| ["production", "prod"].contains(&name));
    let mut origins = if production { cloud_origins() } else { development_origins() };
    if !signs.is_empty() {
        origins.extend(cloud_origins());
    }
    let mut origins = with_configured(variables, origins);
    let forced = signs.iter().any(|sign| ["PORT", "DATABASE_URL", "RAILWAY_ENVIRONMENT"].contains(sign));
    if forced && !origins.iter().any(|origin| origin == VERCEL_ORIGIN) {
        origins.push(VERCEL_ORIGIN.into());
    }
    let environment = match (signs.is_empty(), production) {
        (false, true) => "Railway, production",
        (false, false) => "Railway, with the origins of development",
        (true, true) => "production",
        (true, false) => "development",
    };
    let because = match (signs.as_slice(), production) {
        ([], true) => "ENVIRONMENT says production.".to_owned(),
        ([], false) => "No sign of Railway, and ENVIRONMENT does not say production.".to_owned(),
        (signs, _) => format!("Signs of Railway: {}.", signs.join(", ")),
    };
    Conclusion { environment: environment.into(), because, origins }
}

fn set<'a>(variables: &'a Variables, name: &str) -> Option<&'a str> {
    variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
}

fn cloud_origins() -> Vec<String> {
    vec![VERCEL_ORIGIN.into(), RAILWAY_ORIGIN.into()]
}

fn development_origins() -> Vec<String> {
    ["localhost", "127.0.0.1"]
        .iter()
        .flat_map(|host| DEVELOPMENT_PORTS.map(|port| format!("http://{host}:{port}")))
        .collect()
}

/// With `FRONTEND_URL` and `ALLOWED_ORIGINS`, or their defaults, unchecked as they are.
fn with_configured(variables: &Variables, mut origins: Vec<String>) -> Vec<String> {
    origins.push(set(variables, "FRONTEND_URL").unwrap_or("http://localhost:5173").to_owned());
    let listed = set(variables, "ALLOWED_ORIGINS")
        .unwrap_or("http://localhost:3000,http://localhost:5173,http://localhost:8080");
    origins.extend(listed.split(',').map(|item| item.trim().to_owned()));
    let mut once: Vec<String> = Vec::new();
    for origin in origins {
        if !once.contains(&origin) {
            once.push(origin);
        }
    }
    once
}

/// The variables that a deployment on a well-known host has, besides those that somebody sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preset {
    /// For programs.
    pub id: &'static str,
    /// For people.
    pub title: &'static str,
    /// The variables.
    pub variables: &'static [(&'static str, &'static str)],
}

/// The hosts. Their variables as documented by each; those of an API and its database alone.
pub const PRESETS: [Preset; 6] = [
    Preset {
        id: "railway",
        title: "Railway",
        variables: &[
            ("DATABASE_URL", "postgresql://postgres:example@postgres.railway.internal:5432/railway"),
            ("PORT", "8080"),
            ("RAILWAY_ENVIRONMENT_NAME", "production"),
            ("RAILWAY_PROJECT_NAME", "migrate-ui-orchestrator"),
            ("RAILWAY_PUBLIC_DOMAIN", "migrate-ui-orchestrator-production.up.railway.app"),
        ],
    },
    Preset {
        id: "railway-2024",
        title: "Railway, as it was",
        variables: &[
            ("DATABASE_URL", "postgresql://postgres:example@containers.railway.app:6543/railway"),
            ("PORT", "8080"),
            ("RAILWAY_ENVIRONMENT", "production"),
            ("RAILWAY_PROJECT_NAME", "migrate-ui-orchestrator"),
        ],
    },
    Preset {
        id: "vercel",
        title: "Vercel",
        variables: &[
            ("VERCEL", "1"),
            ("VERCEL_ENV", "preview"),
            ("VERCEL_URL", "aiforce-assess-git-main-team.vercel.app"),
        ],
    },
    Preset {
        id: "render",
        title: "Render",
        variables: &[
            ("DATABASE_URL", "postgresql://app:example@dpg-example-a/app"),
            ("PORT", "10000"),
            ("RENDER", "true"),
            ("RENDER_EXTERNAL_URL", "https://app.onrender.com"),
        ],
    },
    Preset {
        id: "heroku",
        title: "Heroku",
        variables: &[
            ("DATABASE_URL", "postgres://app:example@ec2-1-2-3-4.compute-1.amazonaws.com:5432/app"),
            ("DYNO", "web.1"),
            ("PORT", "37412"),
        ],
    },
    Preset {
        id: "local",
        title: "Laptop",
        variables: &[("DATABASE_URL", "postgresql://app:example@localhost:5432/app"), ("PORT", "8000")],
    },
];

#[cfg(test)]
mod tests {
    use super::{
        AppEnv, Configuration, ConfigurationError, PRESETS, RAILWAY_ORIGIN, VERCEL_ORIGIN, Variables,
        configuration, original, remedy,
    };

    fn variables(pairs: &[(&str, &str)]) -> Variables {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn preset(id: &str) -> Variables {
        variables(PRESETS.iter().find(|preset| preset.id == id).map_or(&[], |preset| preset.variables))
    }

    #[test]
    fn our_rule_takes_what_is_said_and_nothing_else() {
        assert_eq!(configuration(&Variables::new()), Ok(Configuration::default()));
        assert_eq!(configuration(&preset("local")), Ok(Configuration::default()));
        for host in PRESETS.iter().filter(|preset| preset.id != "local") {
            let mut set = variables(host.variables);
            let refused = configuration(&set).err();
            assert!(
                matches!(refused, Some(ConfigurationError::EnvironmentUnsaid(_))),
                "{}: {refused:?}",
                host.id
            );
            set.insert("APP_ENV".into(), "production".into());
            set.insert("ALLOWED_ORIGINS".into(), VERCEL_ORIGIN.into());
            let read = configuration(&set).map(|read| read.environment);
            assert_eq!(read, Ok(AppEnv::Production), "{}", host.id);
        }
        let said =
            variables(&[("APP_ENV", "production"), ("ALLOWED_ORIGINS", VERCEL_ORIGIN), ("PORT", "8080")]);
        let read = configuration(&said);
        assert_eq!(read.as_ref().map(|read| read.environment), Ok(AppEnv::Production));
        assert_eq!(
            read.map(|read| read.origins.iter().map(ToString::to_string).collect()),
            Ok(vec![VERCEL_ORIGIN.to_owned()])
        );
    }

    #[test]
    fn what_is_not_said_or_not_said_right_is_refused() {
        let error =
            |pairs: &[(&str, &str)]| configuration(&variables(pairs)).map_err(|error| error.to_string());
        let refused = |pairs: &[(&str, &str)], part: &str| {
            let said = error(pairs).err().unwrap_or_default();
            assert!(said.contains(part), "{pairs:?}: {said:?}");
        };
        refused(&[("APP_ENV", "prod")], "APP_ENV=prod is none of");
        refused(&[("APP_ENV", "Production")], "is none of");
        refused(&[("ALLOWED_ORIGINS", VERCEL_ORIGIN)], "APP_ENV is not");
        refused(&[("APP_ENV", "production")], "ALLOWED_ORIGINS is not set");
        refused(&[("APP_ENV", "development"), ("ALLOWED_ORIGINS", "*")], "wildcard");
        refused(&[("APP_ENV", "production"), ("ALLOWED_ORIGINS", "https://a.example/")], "slash");
        refused(&[("APP_ENV", "staging"), ("ALLOWED_ORIGINS", "http://localhost:5173")], "whoever's machine");
        refused(&[("APP_ENV", "staging"), ("ALLOWED_ORIGINS", "http://a.example")], "unencrypted");
        assert_eq!(
            configuration(&variables(&[("APP_ENV", "production"), ("ALLOWED_ORIGINS", "")]))
                .map(|read| read.origins),
            Ok(vec![])
        );
        assert_eq!(
            configuration(&variables(&[("APP_ENV", "production")])),
            Err(ConfigurationError::OriginsMissing(AppEnv::Production))
        );
    }

    /// The table that shows why one variable is too few and any of several too many.
    #[test]
    fn the_other_rules_take_a_laptop_for_the_cloud_or_the_cloud_for_a_laptop() {
        // Railway itself, with the variables of today: the original does not know it.
        let railway = preset("railway");
        assert_eq!(original(&railway).environment, "development");
        assert!(!original(&railway).origins.iter().any(|origin| origin == VERCEL_ORIGIN));
        assert!(remedy(&railway).origins.iter().any(|origin| origin == VERCEL_ORIGIN));
        assert_eq!(original(&preset("railway-2024")).environment, "production");
        // Everything else that sets PORT is Railway to the remedy.
        for other in ["render", "heroku", "local"] {
            assert!(remedy(&preset(other)).environment.starts_with("Railway"), "{other}");
            assert!(remedy(&preset(other)).origins.iter().any(|origin| origin == RAILWAY_ORIGIN), "{other}");
        }
        assert_eq!(remedy(&preset("vercel")).environment, "development");
        // And production has the pages of laptops in its list.
        let production = variables(&[("ENVIRONMENT", "production"), ("PORT", "8080")]);
        assert!(remedy(&production).origins.iter().any(|origin| origin == "http://localhost:5173"));
        // A trailing slash goes through unseen.
        let slash = variables(&[("FRONTEND_URL", "https://app.example.com/")]);
        assert!(remedy(&slash).origins.iter().any(|origin| origin.ends_with('/')));
    }
}
