//! The `drydock` command: the same platform as the window, without one.

mod check;
mod lab;
mod serve;
mod signals;

use std::{path::PathBuf, process::ExitCode, time::Instant};

use clap::{Args, Parser, Subcommand};
use drydock_boot::{Settings, boot::Failure};
use signals::Signals;

/// Drydock: a cloud-migration assessment platform that carries its own PostgreSQL.
#[derive(Parser)]
#[command(version, propagate_version = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Boot, and serve the API and the page on 127.0.0.1 until Ctrl-C.
    Serve {
        #[command(flatten)]
        place: Place,
        /// Port on 127.0.0.1; 0 takes any free one.
        #[arg(long, default_value_t = 0)]
        port: u16,
        /// Folder with the built page; looked for beside the program when not given.
        #[arg(long, value_name = "DIR")]
        ui: Option<PathBuf>,
    },
    /// Boot, say how each stage went, and stop.
    Check {
        #[command(flatten)]
        place: Place,
        /// Print the outcome as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Play a fault scenario on a throw-away cluster; without an id, list the scenarios.
    Lab {
        /// Id of the scenario.
        scenario: Option<String>,
        #[command(flatten)]
        tree: TreePlace,
    },
    /// Print the API's OpenAPI document.
    Openapi,
}

/// Where things are; what is not given is taken from the environment.
#[derive(Args)]
struct Place {
    /// Folder for the data [env: DRYDOCK_DATA_DIR].
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    #[command(flatten)]
    tree: TreePlace,
}

/// Where the PostgreSQL tree is.
#[derive(Args)]
struct TreePlace {
    /// The PostgreSQL tree to run [env: DRYDOCK_POSTGRES].
    #[arg(long, value_name = "DIR")]
    postgres: Option<PathBuf>,
}

impl Place {
    fn settings(self) -> Settings {
        let settings = self.tree.settings();
        Settings { data_dir: self.data_dir.or(settings.data_dir), ..settings }
    }
}

impl TreePlace {
    fn settings(self) -> Settings {
        let settings = Settings::from_environment();
        Settings { postgres: self.postgres.or(settings.postgres), ..settings }
    }
}

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
            Command::Serve { place, port, ui } => {
                return serve::run(place.settings(), port, ui, &mut signals).await;
            }
            Command::Check { place, json } => signals.or(check::run(place.settings(), json, started)).await,
            Command::Lab { scenario, tree } => {
                signals.or(lab::run(scenario.as_deref(), &tree.settings())).await
            }
            Command::Openapi => Some(openapi()),
        };
        // Dropping the work has stopped its server and removed what was temporary.
        done.unwrap_or_else(|| fail("Drydock was told to end before it was done."))
    })
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
