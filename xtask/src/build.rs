//! Compiling the binaries.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::repo::Repo;
use crate::step::{run, step};

/// Which program to compile.
#[derive(Clone, Copy)]
pub(crate) enum Program {
    /// The window.
    Desktop,
    /// The `drydock` command.
    Command,
    /// Asks the in-process door what it is told to.
    InProcess,
    /// Runs a command beside a throw-away cluster.
    Cluster,
}

/// Cargo's profile.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    /// Fast to compile.
    Dev,
    /// What users get.
    Release,
}

impl Profile {
    fn folder(self) -> &'static str {
        match self {
            Self::Dev => "debug",
            Self::Release => "release",
        }
    }
}

impl Program {
    fn arguments(self) -> &'static [&'static str] {
        match self {
            // Without this feature the window would look for a development server instead of the embedded pages.
            Self::Desktop => {
                &["--package", "drydock-desktop", "--bin", "drydock-desktop", "--features", "custom-protocol"]
            }
            Self::Command => &["--package", "drydock-cli", "--bin", "drydock"],
            Self::InProcess => &["--package", "drydock-boot", "--example", "in_process"],
            Self::Cluster => &["--package", "drydock-postgres", "--example", "with_cluster"],
        }
    }

    fn path(self) -> &'static str {
        match self {
            Self::Desktop => "drydock-desktop",
            Self::Command => "drydock",
            Self::InProcess => "examples/in_process",
            Self::Cluster => "examples/with_cluster",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Desktop => "the window",
            Self::Command => "the drydock command",
            Self::InProcess => "the program for the in-process door",
            Self::Cluster => "the throw-away cluster",
        }
    }
}

/// Compiles a program and returns where it lies.
pub(crate) fn build(repo: &Repo, program: Program, profile: Profile) -> Result<PathBuf> {
    together(repo, &[program], profile)?;
    Ok(path(repo, program, profile))
}

/// Compiles several programs with one selection of features, so that what they share is compiled once.
pub(crate) fn together(repo: &Repo, programs: &[Program], profile: Profile) -> Result<()> {
    let titles: Vec<_> = programs.iter().map(|program| program.title()).collect();
    let title = titles.join(" and ");
    step(&format!("compile {title} ({})", profile.folder()), || {
        let mut command = Command::new("cargo");
        command
            .arg("build")
            .args(programs.iter().flat_map(|program| program.arguments()))
            .current_dir(&repo.root)
            // A database of the developer's must not decide how the store compiles.
            .env("SQLX_OFFLINE", "true");
        if profile == Profile::Release {
            command.arg("--release");
        }
        let names: Vec<_> = programs.iter().map(|program| program.path().replace('/', "-")).collect();
        run(
            repo,
            &mut command,
            &format!("build-{}-{}", names.join("-"), profile.folder()),
            &format!(
                "{title} could not be compiled: put right what the compiler says and run the command again"
            ),
        )?;
        Ok(((), String::new()))
    })
}

/// Where a compiled program lies.
pub(crate) fn path(repo: &Repo, program: Program, profile: Profile) -> PathBuf {
    let name = format!("{}{}", program.path(), std::env::consts::EXE_SUFFIX);
    repo.target.join(profile.folder()).join(name)
}
