//! Running a scenario.

use drydock_boot::{Platform, PostgresError, Settings, StoreError, boot::Failure};
use drydock_store::Target;

use crate::Scenario;

/// What was seen.
#[derive(Clone, Debug)]
pub struct Reproduction {
    /// The red gate, as a user of the broken deploy would be told.
    pub symptom: Failure,
    /// The statement that cured it.
    pub remedy: &'static str,
}

/// Why a scenario could not be played to its end.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// No folder for the throw-away cluster.
    #[error("there is no temporary folder: {0}")]
    Folder(#[from] std::io::Error),
    /// The boot failed where it must succeed: before the fault or after the remedy.
    #[error("the boot failed without the fault: {0}")]
    Boot(#[from] Failure),
    /// The boot succeeded in spite of the fault, or failed elsewhere.
    #[error("the fault was not found where it must be: {0}")]
    NotFound(String),
    /// The fault could not be injected or cured.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The server could not be stopped.
    #[error(transparent)]
    Postgres(#[from] PostgresError),
}

/// Plays `scenario` in a temporary folder that is gone afterwards. `settings` says which PostgreSQL to run;
/// its data directory is not touched.
///
/// # Errors
/// Whatever keeps the scenario from its course; the throw-away server is stopped in any case.
pub async fn reproduce(scenario: &Scenario, settings: &Settings) -> Result<Reproduction, LabError> {
    let folder = tempfile::Builder::new().prefix("drydock-lab-").tempdir()?;
    let settings = Settings { data_dir: Some(folder.path().join("data")), ..settings.clone() };

    in_boot(&settings, async |outcome, target| {
        outcome?;
        Ok(scenario.fault.inject(target).await?)
    })
    .await?;
    let reproduction = in_boot(&settings, async |outcome, target| {
        let symptom = match outcome {
            Ok(()) => return Err(LabError::NotFound("the boot was green".to_owned())),
            Err(failure) if (failure.stage, failure.code.as_str()) == (scenario.stage, scenario.code) => {
                failure
            }
            Err(failure) => return Err(LabError::NotFound(failure.to_string())),
        };
        let remedy = scenario.fault.remedy(target).await?;
        Ok(Reproduction { symptom, remedy })
    })
    .await?;
    in_boot(&settings, async |outcome, _| Ok(outcome?)).await?;
    Ok(reproduction)
}

/// Boots, lets `act` do something with the outcome while the server runs, and stops.
async fn in_boot<T>(
    settings: &Settings,
    act: impl AsyncFnOnce(Result<(), Failure>, &Target) -> Result<T, LabError>,
) -> Result<T, LabError> {
    let platform = Platform::new(settings.clone());
    let outcome = platform.boot().await;
    let acted = match (platform.target().await, outcome) {
        (Some(target), outcome) => act(outcome, &target).await,
        (None, Err(failure)) => Err(failure.into()),
        (None, Ok(())) => Err(LabError::NotFound("the boot left no server running".to_owned())),
    };
    platform.shutdown().await?;
    acted
}
