//! The `drydock` command: the same platform as the window, without one.

mod check;
mod lab;
mod serve;

use std::{path::PathBuf, process::ExitCode, time::Instant};

use clap::{Args, Parser, Subcommand};
use drydock_boot::{Settings, boot::Failure};
use tracing_subscriber::EnvFilter;

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
        /// Folder with the built page; without it only the API is served.
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
        /// The PostgreSQL tree to run.
        #[arg(long, env = "DRYDOCK_POSTGRES", value_name = "DIR")]
        postgres: Option<PathBuf>,
    },
    /// Print the API's OpenAPI document.
    Openapi,
}

/// Where things are.
#[derive(Args)]
struct Place {
    /// Folder for the data.
    #[arg(long, env = "DRYDOCK_DATA_DIR", value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// The PostgreSQL tree to run.
    #[arg(long, env = "DRYDOCK_POSTGRES", value_name = "DIR")]
    postgres: Option<PathBuf>,
}

impl Place {
    fn settings(self) -> Settings {
        Settings { data_dir: self.data_dir, postgres: self.postgres, ..Settings::default() }
    }
}

fn main() -> ExitCode {
    let started = Instant::now();
    let arguments = Arguments::parse();
    let filter = EnvFilter::try_from_env("DRYDOCK_LOG").unwrap_or_else(|_| EnvFilter::new("off"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();

    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&format!("Drydock cannot start its threads: {error}.")),
    };
    runtime.block_on(async {
        match arguments.command {
            Command::Serve { place, port, ui } => serve::run(place.settings(), port, ui).await,
            Command::Check { place, json } => check::run(place.settings(), json, started).await,
            Command::Lab { scenario, postgres } => lab::run(scenario.as_deref(), postgres).await,
            Command::Openapi => openapi(),
        }
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
