//! What the routes of the doctor and the lab take and give beside [`crate::diagnosis`].

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    diagnosis::{Run, RunState},
    envelope::ApiError,
    report::Format,
};

/// Which scenarios are to be played.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewRun {
    /// Their ids, one to eight; several are injected at once.
    pub(crate) scenarios: Vec<String>,
}

/// Since when the caller knows the run.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct RunQuery {
    /// Answer when the revision is another than this, or after ten seconds.
    pub(crate) after: Option<u64>,
}

/// In which form a report is wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReportQuery {
    /// `md` or `html`; `md` when not given.
    format: Option<String>,
    /// Of an examination, only the finding of this id.
    pub(crate) finding: Option<String>,
}

impl ReportQuery {
    pub(crate) fn format(&self) -> Result<Format, ApiError> {
        match self.format.as_deref() {
            None | Some("md") => Ok(Format::Markdown),
            Some("html") => Ok(Format::Html),
            Some(_) => {
                Err(ApiError::invalid_field("format", "unknown", "A report is written as md or html."))
            }
        }
    }
}

/// A report that was written.
#[derive(Serialize, ToSchema)]
pub(crate) struct SavedReport {
    /// Where.
    pub(crate) path: String,
}

/// The runs that are remembered.
#[derive(Serialize, ToSchema)]
pub(crate) struct Runs {
    /// Newest first.
    pub(crate) runs: Vec<RunSummary>,
}

/// A run in a line.
#[derive(Serialize, ToSchema)]
pub(crate) struct RunSummary {
    id: Uuid,
    scenarios: Vec<String>,
    #[serde(with = "time::serde::rfc3339::option")]
    began_at: Option<OffsetDateTime>,
    state: RunState,
    /// Proofs that hold, of those that were made.
    holds: usize,
    proofs: usize,
}

impl From<Run> for RunSummary {
    fn from(run: Run) -> Self {
        Self {
            holds: run.proofs.iter().filter(|proof| proof.holds).count(),
            proofs: run.proofs.len(),
            id: run.id,
            scenarios: run.scenarios,
            began_at: run.began_at,
            state: run.state,
        }
    }
}
