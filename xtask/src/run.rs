//! `cargo xtask run`: from a fresh clone to the open window, or to a served page where there is no display.

use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::{Result, bail};

use crate::build::{Profile, Program, path, together};
use crate::repo::Repo;
use crate::system::Level;
use crate::{node, postgres, system, template};

/// Whether a window can be opened here.
pub(crate) fn display() -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !cfg!(target_os = "linux") || set("DISPLAY") || set("WAYLAND_DISPLAY")
}

/// Everything both commands need before compiling: system, PostgreSQL tree, packages, pages.
///
/// Returns the tree's path.
pub(crate) fn prepare(repo: &Repo, level: Level) -> Result<PathBuf> {
    system::ensure(repo, level)?;
    let tree = postgres::ensure(repo, postgres::HOST, false)?;
    node::packages(repo, "ui")?;
    node::build(repo)?;
    Ok(tree)
}

/// Prepares, compiles and becomes the program; `arguments` are passed on to it.
pub(crate) fn run(repo: &Repo, arguments: &[String]) -> Result<ExitCode> {
    let window = display();
    let tree = prepare(repo, if window { Level::Window } else { Level::Base })?;
    // The command makes the template also for the window.
    let programs: &[Program] =
        if window { &[Program::Desktop, Program::Command] } else { &[Program::Command] };
    together(repo, programs, Profile::Dev)?;
    let drydock = path(repo, Program::Command, Profile::Dev);
    template::ensure(repo, &drydock, &tree)?;
    let mut command = if window {
        Command::new(path(repo, Program::Desktop, Profile::Dev))
    } else {
        println!("There is no display: Drydock is served to a browser on this machine instead.");
        let mut command = Command::new(drydock);
        command.arg("serve").arg("--ui").arg(repo.root.join("ui/dist"));
        command
    };
    command.args(arguments).env("DRYDOCK_POSTGRES", tree);
    become_it(command)
}

/// Replaces this process, so that Ctrl-C and its exit code are the program's own.
#[cfg(unix)]
fn become_it(mut command: Command) -> Result<ExitCode> {
    use std::os::unix::process::CommandExt as _;
    let error = command.exec();
    bail!("cannot start {}: {error}", command.get_program().display());
}

#[cfg(not(unix))]
fn become_it(mut command: Command) -> Result<ExitCode> {
    let status = crate::step::spawn(&mut command)?.wait()?;
    if !status.success() {
        bail!("{} ended with {status}", command.get_program().display());
    }
    Ok(ExitCode::SUCCESS)
}
