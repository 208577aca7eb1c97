//! The `drydock` command: the same platform as the window, without one.

mod arguments;
mod check;
mod child;
mod doctor;
mod exec;
mod history;
mod intake;
mod lab;
mod logs;
mod reset;
mod seed;
mod serve;
mod signals;
mod size;
mod snapshot;
mod status;
mod terminal;
mod url;

use std::{process::ExitCode, time::Instant};

use arguments::{Arguments, Command};
use clap::Parser as _;
use drydock_api::maintenance::Problem;
use drydock_boot::{AccessError, ErrorCode, Settings, boot::Failure};
use signals::Signals;

fn main() -> ExitCode {
    // SAFETY: nothing has run yet, so there is no other thread.
    #[allow(unsafe_code)]
    unsafe {
        drydock_boot::forget_foreign_options();
    }
    let started = Instant::now();
    let arguments = Arguments::parse();
    drydock_boot::log_to_stderr();

    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&format!("Drydock cannot start its threads: {error}.")),
    };
    runtime.block_on(async {
        let mut signals = match Signals::install() {
            Ok(signals) => signals,
            Err(error) => return fail(&format!("Signals cannot be awaited: {error}.")),
        };
        let done = match arguments.command {
            Command::Serve { place, port, ui, environment } => {
                let variables = environment.variables();
                return serve::run(place.settings("serve"), port, ui, variables, &mut signals).await;
            }
            Command::Psql { place, role, arguments } => {
                return exec::run_psql(place.settings("psql"), role.into(), &arguments, &mut signals).await;
            }
            Command::Logs { place, lines, follow } => {
                return logs::run(&place.settings("logs"), lines, follow, &mut signals).await;
            }
            Command::Exec { place, dialect, command } => {
                return exec::run(place.settings("exec"), dialect.into(), &command, &mut signals).await;
            }
            Command::History { place, accept_line_endings, json } => {
                return history::run(place.settings("history"), accept_line_endings, json, &mut signals)
                    .await;
            }
            Command::Reset { place, undo, yes } => {
                return reset::run(place.settings("reset"), undo, yes, &mut signals).await;
            }
            Command::Seed { place, plan, yes, json } => {
                return seed::run(place.settings("seed"), &plan, yes, json, &mut signals).await;
            }
            Command::Snapshot { place, command } => {
                return snapshot::run(place.settings("snapshot"), command, &mut signals).await;
            }
            Command::Check { place, json } => {
                signals.or(check::run(place.settings("check"), json, started)).await
            }
            Command::Status { place, json } => signals.or(status::run(&place.settings("status"), json)).await,
            Command::Doctor { ailing, json, place } => {
                signals.or(doctor::run(place.settings("doctor"), ailing, json)).await
            }
            Command::Lab { scenarios, judging, place } => {
                signals.or(lab::run(&scenarios, &judging, place.settings("lab"))).await
            }
            Command::Intake { from, anonymise, keep, no_serve, port, json, tree } => {
                let port = (!no_serve).then_some(port);
                let wish = intake::Wish { from, anonymise, keep, port, json };
                return intake::run(wish, tree.settings("intake"), &mut signals).await;
            }
            Command::Url(arguments) => Some(url::run(&arguments)),
            Command::Openapi => Some(openapi()),
            Command::Template { file, tree } => signals.or(template(&tree.settings("template"), &file)).await,
        };
        // Dropping the work has stopped its server and removed what was temporary.
        done.unwrap_or_else(|| fail("Drydock was told to end before it was done."))
    })
}

async fn template(settings: &Settings, file: &std::path::Path) -> ExitCode {
    match drydock_boot::make_template(settings, file).await {
        Ok(Some(bytes)) => say(&format!("made, {bytes} bytes")),
        Ok(None) => say("current"),
        Err(error) => return fail(&format!("No template was made: {error}.")),
    }
    ExitCode::SUCCESS
}

fn openapi() -> ExitCode {
    match serde_json::to_string_pretty(&drydock_api::openapi()) {
        Ok(document) => {
            say(&document);
            ExitCode::SUCCESS
        }
        Err(error) => fail(&format!("The document cannot be printed: {error}.")),
    }
}

/// Prints a line to standard output. A reader that has gone away is no reason to fail.
fn say(line: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// Prints a sentence to standard error; the command ends with the code 1.
fn fail(sentence: &str) -> ExitCode {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr(), "{sentence}");
    ExitCode::FAILURE
}

fn fail_with(failure: &Failure) -> ExitCode {
    fail(&format!("Drydock stopped at {}: {failure}", failure.stage.name()))
}

fn fail_access(error: &AccessError) -> ExitCode {
    fail(&format!("{error} {} [{}]", error.next_step(), error.code()))
}

fn fail_problem(problem: &Problem) -> ExitCode {
    let sentences = [&problem.what, &problem.cause, &problem.next_step];
    let text: Vec<_> =
        sentences.into_iter().filter(|sentence| !sentence.is_empty()).map(String::as_str).collect();
    fail(&format!("{} [{}]", text.join(" "), problem.code))
}

fn fail_code(sentence: &str, code: ErrorCode) -> ExitCode {
    fail(&format!("{sentence} {} [{}]", code.next_step(), code.as_str()))
}
