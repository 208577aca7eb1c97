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
    /// The start path of pg-embed itself: the benchmark's baseline.
    Baseline,
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

impl Program {
    fn arguments(self) -> &'static [&'static str] {
        match self {
            // Without this feature the window would look for a development server instead of the embedded pages.
            Self::Desktop => {
                &["--package", "drydock-desktop", "--bin", "drydock-desktop", "--features", "custom-protocol"]
            }
            Self::Command => &["--package", "drydock-cli", "--bin", "drydock"],
            Self::Baseline => &["--package", "drydock-postgres", "--example", "pg_embed_start"],
            Self::Cluster => &["--package", "drydock-postgres", "--example", "with_cluster"],
        }
    }

    fn path(self) -> &'static str {
        match self {
            Self::Desktop => "drydock-desktop",
            Self::Command => "drydock",
            Self::Baseline => "examples/pg_embed_start",
            Self::Cluster => "examples/with_cluster",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Desktop => "the window",
            Self::Command => "the drydock command",
            Self::Baseline => "the benchmark's baseline",
            Self::Cluster => "the throw-away cluster",
        }
    }
}

/// Compiles a program and returns where it lies.
pub(crate) fn build(repo: &Repo, program: Program, profile: Profile) -> Result<PathBuf> {
    let folder = match profile {
        Profile::Dev => "debug",
        Profile::Release => "release",
    };
    let title = program.title();
    step(&format!("compile {title} ({folder})"), || {
        let mut command = Command::new("cargo");
        command
            .arg("build")
            .args(program.arguments())
            .current_dir(&repo.root)
            // A database of the developer's must not decide how the store compiles.
            .env("SQLX_OFFLINE", "true");
        if profile == Profile::Release {
            command.arg("--release");
        }
        run(
            repo,
            &mut command,
            &format!("build-{}-{folder}", program.path().replace('/', "-")),
            &format!(
                "{title} could not be compiled: put right what the compiler says and run the command again"
            ),
        )?;
        Ok(((), String::new()))
    })?;
    let name = format!("{}{}", program.path(), std::env::consts::EXE_SUFFIX);
    Ok(repo.target.join(folder).join(name))
}
