//! `drydock exec` and `drydock psql`: another program, and a database for it.

use std::{ffi::OsString, process::ExitCode};

use drydock_boot::{Access, AccessError, DatabaseRole, Dialect, ErrorCode, ExecPort, Settings, psql};
use tokio::process::Command;

use crate::{child, fail, fail_access, fail_code, fail_with, signals::Signals};

/// Exit code of `exec` when the program has not been run for a reason of ours, as `env` and `timeout` have it.
const OURS: u8 = 125;

/// `drydock exec`.
pub(crate) async fn run(
    settings: Settings,
    dialect: Dialect,
    command: &[OsString],
    signals: &mut Signals,
) -> ExitCode {
    let ours = |error: &AccessError| {
        fail_access(error);
        ExitCode::from(OURS)
    };
    let access = match signals.or(Access::open(settings)).await {
        Some(Ok(access)) => access,
        Some(Err(error)) => return ours(&error),
        None => return told_to_end(),
    };
    let code = match signals.or(ExecPort::open(access.target())).await {
        Some(Ok(port)) => {
            let code = through(&port, dialect, command).await;
            if let Err(error) = port.close().await {
                // Nothing leads to the role any more, and the next command drops it.
                tracing::warn!("the command's role is still there: {error}");
            }
            code
        }
        Some(Err(error)) => ours(&error),
        None => told_to_end(),
    };
    close(access, code).await
}

async fn through(port: &ExecPort, dialect: Dialect, command: &[OsString]) -> ExitCode {
    // Clap sees to it that there is a word.
    let Some((program, arguments)) = command.split_first() else { return ExitCode::from(OURS) };
    run_program(Command::new(program).args(arguments).env("DATABASE_URL", port.url(dialect))).await
}

/// `drydock psql`.
pub(crate) async fn run_psql(
    settings: Settings,
    role: DatabaseRole,
    arguments: &[OsString],
    signals: &mut Signals,
) -> ExitCode {
    let Some(program) = psql(&settings) else {
        return fail_code(
            "The PostgreSQL in use has no psql, and there is none on PATH.",
            ErrorCode::PsqlMissing,
        );
    };
    let access = match signals.or(Access::open_for_repair(settings)).await {
        Some(Ok((access, None))) => access,
        // Whoever has to undo something by hand needs this very way in.
        Some(Ok((access, Some(red)))) => {
            fail_with(&red);
            access
        }
        Some(Err(error)) => return fail_access(&error),
        None => return told_to_end(),
    };
    let mut command = Command::new(program);
    command.args(access.psql_arguments(role)).args(arguments);
    for (name, _) in std::env::vars_os() {
        // What the surroundings say about a server is meant for another one.
        let name_text = name.to_string_lossy();
        if name_text.starts_with("PG") && !name_text.starts_with("PG_COLOR") {
            command.env_remove(&name);
        }
    }
    let code = run_program(&mut command).await;
    close(access, code).await
}

async fn run_program(command: &mut Command) -> ExitCode {
    match child::run(command).await {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            let program = command.as_std().get_program().display();
            fail_code(&format!("{program} cannot be run: {error}."), ErrorCode::ExecCommandFailed);
            ExitCode::from(child::refused(&error))
        }
    }
}

/// Ends what was booted for the program. Whatever comes of it, the exit code is the program's.
async fn close(access: Access, code: ExitCode) -> ExitCode {
    if let Err(error) = access.close().await {
        fail_access(&error.into());
    }
    code
}

fn told_to_end() -> ExitCode {
    fail("Drydock was told to end before it was done.")
}
