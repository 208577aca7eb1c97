//! `cargo xtask`: all automation of the repository.
#![allow(clippy::print_stdout, clippy::print_stderr)] // A command's output is its product.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod bench;
mod build;
mod bundle;
mod client;
mod http;
mod interrupt;
mod lab;
mod migration;
mod native;
mod node;
mod postgres;
mod processes;
mod repo;
mod run;
mod sample;
mod schema;
mod screen;
mod site;
mod sqlx;
mod step;
mod system;
mod template;
mod test;
mod torture;
mod types;
mod webdriver;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::build::{Profile, Program};
use crate::repo::Repo;
use crate::system::Level;

const USAGE: &str = "\
cargo xtask <command> [--verbose]

  run [-- ARGUMENTS]                     prepare, compile and start Drydock; without a display serve it to a browser
  test [--only SUITE]                    every check: format, lints, unit, integration, page and window tests
  bench SUBJECT [--rounds N] [--peers] [--assets N] [--markdown] [--drydock FILE]
                                         measure api, boot, data, doctor, grid, reset, schema, sign-in or snapshot (release build), beside
                                         other embedded servers; api, data, grid and schema with N assets
  torture [--seed N] [--rounds N] [--only PART] [--short] [--drydock FILE]
                                         kills, full disks and power cuts under load, on the release build (a short run: on the
                                         debug build) or on the program named
  lab [ID...] [--pairs N] [--seed N] [--drydock FILE]
                                         play the deploy lab's scenarios, all of them and 50 pairs, and judge each by every rule
  bundle                                 build the release .deb and prove that it unpacks and runs
  postgres [--target TRIPLE] [--force]   fetch the PostgreSQL tree into resources/postgres
  schema [--check]                       write the schema's listings, pages and diagram
  sqlx [--check]                         write the store's query descriptions
  migration new NAME                     make the next migration's file, named in snake case
  types [--check]                        write the OpenAPI document and the TypeScript types
  icons                                  make the application's icons from their drawing

Logs are under target/xtask; --verbose shows the output as it comes.";

fn main() -> ExitCode {
    match act(std::env::args().skip(1).collect()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn act(mut arguments: Vec<String>) -> Result<ExitCode> {
    let passed_on = match arguments.iter().position(|argument| argument == "--") {
        Some(at) => arguments.split_off(at).split_off(1),
        None => Vec::new(),
    };
    let verbose = take(&mut arguments, "--verbose");
    let repo = Repo::open(verbose)?;
    let command = if arguments.is_empty() { "help".to_owned() } else { arguments.remove(0) };
    match command.as_str() {
        "run" => {
            none_left(&arguments)?;
            return run::run(&repo, &passed_on);
        }
        "test" => {
            let only = value(&mut arguments, "--only")?;
            none_left(&arguments)?;
            return test::test(&repo, only.as_deref());
        }
        "bench" => {
            let rounds = number(&mut arguments, "--rounds")?.unwrap_or(9);
            let peers = take(&mut arguments, "--peers");
            let assets = number(&mut arguments, "--assets")?;
            let markdown = take(&mut arguments, "--markdown");
            let drydock = given(&mut arguments)?;
            let Some(subject) = arguments.first() else {
                bail!(
                    "name what to measure: `cargo xtask bench api`, `boot`, `data`, `doctor`, `grid`, `reset`, `schema`, `sign-in` or `snapshot`"
                );
            };
            none_left(&arguments[1..])?;
            bench::run(&repo, subject, &bench::Options { rounds, peers, assets, markdown, drydock })?;
        }
        "torture" => {
            let (seed, rounds) = (number(&mut arguments, "--seed")?, number(&mut arguments, "--rounds")?);
            let only = value(&mut arguments, "--only")?;
            let short = take(&mut arguments, "--short");
            let given = given(&mut arguments)?;
            none_left(&arguments)?;
            system::ensure(&repo, Level::Base)?;
            let tree = postgres::ensure(&repo, postgres::HOST, false)?;
            let profile = if short { Profile::Dev } else { Profile::Release };
            let drydock = match given {
                Some(path) => path,
                None => build::build(&repo, Program::Command, profile)?,
            };
            let program = site::Program::new(&repo, drydock, tree)?;
            let options = torture::Options::new(program, seed, rounds, only, short)?;
            let count = interrupt::guarded(|| torture::run(&options))?;
            if count.failed > 0 {
                return Ok(ExitCode::FAILURE);
            }
        }
        "lab" => {
            let pairs = number(&mut arguments, "--pairs")?;
            let seed = number(&mut arguments, "--seed")?.unwrap_or(1);
            let given = given(&mut arguments)?;
            if let Some(option) = arguments.iter().find(|argument| argument.starts_with('-')) {
                bail!("{option} is not understood here: `cargo xtask help` lists what is");
            }
            system::ensure(&repo, Level::Base)?;
            let tree = postgres::ensure(&repo, postgres::HOST, false)?;
            let drydock = match given {
                Some(path) => path,
                None => build::build(&repo, Program::Command, Profile::Dev)?,
            };
            let program = site::Program::new(&repo, drydock, tree)?;
            interrupt::guarded(|| lab::run(&program, &lab::Options { ids: arguments, pairs, seed }))?;
        }
        "bundle" => {
            none_left(&arguments)?;
            bundle::deb(&repo)?;
        }
        "postgres" => {
            let force = take(&mut arguments, "--force");
            let target = value(&mut arguments, "--target")?;
            none_left(&arguments)?;
            system::ensure(&repo, Level::Tree)?;
            postgres::ensure(&repo, target.as_deref().unwrap_or(postgres::HOST), force)?;
        }
        "sqlx" => {
            let check = take(&mut arguments, "--check");
            none_left(&arguments)?;
            let purpose = if check { sqlx::Purpose::Check } else { sqlx::Purpose::Write };
            system::ensure(&repo, Level::Base)?;
            let tree = postgres::ensure(&repo, postgres::HOST, false)?;
            let cluster = build::build(&repo, Program::Cluster, Profile::Dev)?;
            sqlx::prepare(&repo, &tree, &cluster, &["--package", "drydock-store"], purpose)?;
        }
        "migration" => match arguments.as_slice() {
            [new, name] if new == "new" => migration::new(&repo.root, name)?,
            _ => bail!("say what the migration does: `cargo xtask migration new add_asset_notes`"),
        },
        "schema" => {
            let check = take(&mut arguments, "--check");
            none_left(&arguments)?;
            let purpose = if check { schema::Purpose::Check } else { schema::Purpose::Write };
            system::ensure(&repo, Level::Base)?;
            let tree = postgres::ensure(&repo, postgres::HOST, false)?;
            let cluster = build::build(&repo, Program::Cluster, Profile::Dev)?;
            schema::write(&repo, &tree, &cluster, purpose)?;
        }
        "types" => {
            let check = take(&mut arguments, "--check");
            none_left(&arguments)?;
            system::ensure(&repo, Level::Base)?;
            node::packages(&repo, "ui")?;
            let drydock = build::build(&repo, Program::Command, Profile::Dev)?;
            types::write(&repo, &drydock, check)?;
        }
        "icons" => {
            none_left(&arguments)?;
            bundle::icons(&repo)?;
        }
        // The three below are run by `schema`, `sqlx` and `test` themselves, in another environment.
        "sqlx-inside" => match arguments.as_slice() {
            [made, selection @ ..] => sqlx::inside(&repo, Path::new(made), selection)?,
            [] => bail!("this command is for `cargo xtask sqlx` alone"),
        },
        "schema-inside" => match arguments.as_slice() {
            [made] => schema::inside(&repo, Path::new(made))?,
            _ => bail!("this command is for `cargo xtask schema` alone"),
        },
        "native-inside" => match arguments.as_slice() {
            [binary, tree] => {
                let count = native::inside(Path::new(binary), Path::new(tree))?;
                if count.failed > 0 {
                    return Ok(ExitCode::FAILURE);
                }
            }
            _ => bail!("this command is for `cargo xtask test` alone"),
        },
        "help" | "--help" | "-h" => println!("{USAGE}"),
        other => bail!("there is no command {other}: `cargo xtask help` lists them"),
    }
    Ok(ExitCode::SUCCESS)
}

fn take(arguments: &mut Vec<String>, flag: &str) -> bool {
    let found = arguments.iter().position(|argument| argument == flag);
    found.map(|at| arguments.remove(at)).is_some()
}

fn value(arguments: &mut Vec<String>, flag: &str) -> Result<Option<String>> {
    let Some(at) = arguments.iter().position(|argument| argument == flag) else {
        return Ok(None);
    };
    if at + 1 == arguments.len() {
        bail!("{flag} needs a value: `cargo xtask help` shows how");
    }
    arguments.remove(at);
    Ok(Some(arguments.remove(at)))
}

fn number<T: std::str::FromStr>(arguments: &mut Vec<String>, flag: &str) -> Result<Option<T>> {
    match value(arguments, flag)? {
        Some(text) => match text.parse() {
            Ok(number) => Ok(Some(number)),
            Err(_) => bail!("{flag} needs a number, not {text}"),
        },
        None => Ok(None),
    }
}

/// The program to use instead of one that is compiled for it.
fn given(arguments: &mut Vec<String>) -> Result<Option<PathBuf>> {
    Ok(value(arguments, "--drydock")?.map(std::path::absolute).transpose()?)
}

fn none_left(arguments: &[String]) -> Result<()> {
    match arguments.first() {
        Some(extra) => bail!("{extra} is not understood here: `cargo xtask help` lists what is"),
        None => Ok(()),
    }
}
