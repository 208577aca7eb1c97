//! What is looked at, and what was seen of it.

mod web;

use std::{collections::BTreeMap, path::PathBuf};

use drydock_domain::boot::Failure;
use drydock_store::observe::{self, Observation, Refusal, Source};

use crate::Shipped;

pub use web::{EnvironmentFacts, HttpProbe, UrlFacts};

/// What there is to look at. The command line and a [`Run`](crate::Run) fill the same.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// A database.
    pub database: Option<Source>,
    /// A folder of migrations: Alembic's revisions, or SQL files of sqlx or Flyway.
    pub migrations: Option<PathBuf>,
    /// What is shipped, where there is no folder.
    pub shipped: Option<Shipped>,
    /// The deployment's variables.
    pub environment: Option<BTreeMap<String, String>>,
    /// The URL of the database as it is written in the deployment.
    pub database_url: Option<String>,
    /// An API and who calls it.
    pub api: Option<Api>,
    /// The red gate of a boot that was tried.
    pub failure: Option<Failure>,
    /// How many numbers the deployment's model makes of a text, where its variables do not say so.
    pub dimensions: Option<i32>,
}

/// An API to ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Api {
    /// Where it is.
    pub url: String,
    /// The origin of the page that calls it.
    pub origin: Option<String>,
}

/// What was seen. A detector looks at this and nothing else.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// What was seen of the database.
    pub observation: Option<Observation>,
    /// Why nothing was seen of it.
    pub refusal: Option<Refusal>,
    /// What is shipped.
    pub shipped: Option<Shipped>,
    /// The red gate of a boot that was tried.
    pub failure: Option<Failure>,
    /// How many numbers the deployment's model makes of a text, where its variables say so.
    pub dimensions: Option<i32>,
    /// What the deployment's variables say.
    pub environment: Option<EnvironmentFacts>,
    /// What was seen of the database's URL.
    pub url: Option<UrlFacts>,
    /// What was seen of the API.
    pub http: Option<HttpProbe>,
    /// What could not be looked at, and why.
    pub notes: Vec<String>,
}

/// Variables that say how many numbers an embedding has.
const DIMENSIONS: [&str; 4] =
    ["EMBEDDING_DIMENSIONS", "EMBEDDING_DIMENSION", "EMBEDDING_DIM", "VECTOR_DIMENSIONS"];

/// Looks at everything there is; what cannot be looked at is part of the evidence.
pub async fn gather(sources: &Sources) -> Evidence {
    let mut evidence = Evidence { failure: sources.failure.clone(), ..Evidence::default() };
    if let Some(database) = &sources.database {
        match observe::observe(database).await {
            Ok(seen) => evidence.observation = Some(seen),
            Err(refusal) => evidence.refusal = Some(refusal),
        }
    }
    evidence.shipped.clone_from(&sources.shipped);
    if let Some(folder) = &sources.migrations {
        match Shipped::read(folder) {
            Ok(shipped) => evidence.shipped = Some(shipped),
            Err(error) => evidence.notes.push(error.to_string()),
        }
    }
    evidence.dimensions = sources.dimensions.or_else(|| {
        let variables = sources.environment.as_ref()?;
        DIMENSIONS.iter().find_map(|name| variables.get(*name)?.trim().parse().ok())
    });
    web::gather(sources, &mut evidence).await;
    evidence
}
