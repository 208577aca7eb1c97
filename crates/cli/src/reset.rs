//! `drydock reset`, and what else replaces the database's state.

use std::process::ExitCode;

use drydock_boot::{DatabaseMaintenance, Platform, Settings};

use crate::{
    fail, fail_access, fail_problem, fail_with, say,
    signals::Signals,
    terminal::{can_be_confirmed, confirmed},
};

pub(crate) async fn run(settings: Settings, undo: bool, yes: bool, signals: &mut Signals) -> ExitCode {
    // An undo can be undone by another.
    let yes = yes || undo;
    if !can_be_confirmed(yes) {
        return ExitCode::FAILURE;
    }
    maintaining(settings, signals, async |maintenance, signals| {
        let question = "The database goes back to its seeded state. Is that meant?";
        if !confirmed(yes, question, signals).await {
            return ExitCode::FAILURE;
        }
        let swapped = match undo {
            true => maintenance.undo(None).await,
            false => maintenance.reset(None).await,
        };
        match swapped {
            Ok(swapped) => {
                let what = if undo { "The former state is back" } else { "The seeded state is back" };
                say(&format!(
                    "{what}, after {} ms. `drydock reset --undo` brings back what it replaced.",
                    swapped.elapsed.as_millis()
                ));
                ExitCode::SUCCESS
            }
            Err(problem) => fail_problem(&problem),
        }
    })
    .await
}

/// Boots, does `work` on the database, and stops. A database whose gates are red can be replaced as well.
pub(crate) async fn maintaining(
    settings: Settings,
    signals: &mut Signals,
    work: impl AsyncFnOnce(DatabaseMaintenance, &mut Signals) -> ExitCode,
) -> ExitCode {
    let platform = Platform::new(settings);
    let booted = signals.or(platform.boot()).await;
    let code = match (booted, platform.maintenance().await) {
        (None, _) => fail("Drydock was told to end before it was done."),
        (Some(_), Some(maintenance)) => work(maintenance, signals).await,
        (Some(Err(failure)), None) => fail_with(&failure),
        (Some(Ok(())), None) => fail("The database server ended before anything was done."),
    };
    match platform.shutdown().await {
        Ok(()) => code,
        Err(error) => fail_access(&error.into()),
    }
}
