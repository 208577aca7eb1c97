//! `drydock lab`.

use std::process::ExitCode;

use drydock_boot::Settings;
use drydock_lab::{SCENARIOS, Scenario, reproduce};

use crate::{fail, say};

pub(crate) async fn run(id: Option<&str>, settings: &Settings) -> ExitCode {
    let Some(id) = id else {
        for scenario in SCENARIOS {
            say(&format!("{:<26} {}", scenario.id, scenario.title));
        }
        return ExitCode::SUCCESS;
    };
    let Some(scenario) = Scenario::named(id) else {
        return fail(&format!("There is no scenario {id:?}. `drydock lab` lists them."));
    };
    match reproduce(scenario, settings).await {
        Ok(seen) => {
            let symptom = &seen.symptom;
            say(&format!("fault    {}", scenario.title));
            say(&format!("symptom  red at {} [{}]", symptom.stage.name(), symptom.code));
            say(&format!("         {} {}", symptom.what, symptom.cause));
            say(&format!("remedy   {}", seen.remedy.split_whitespace().collect::<Vec<_>>().join(" ")));
            say("proof    booted again, every gate green");
            ExitCode::SUCCESS
        }
        Err(error) => fail(&format!("The scenario {id} was not played to its end: {error}.")),
    }
}
