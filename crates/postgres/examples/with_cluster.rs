//! Runs a command against a throw-away cluster and passes on its exit code.
//!
//! `cargo run -p drydock-postgres --example with_cluster -- [--tree DIR] COMMAND ARGS…`
//!
//! The command sees `DRYDOCK_SOCKET_DIR`, `DRYDOCK_PSQL` (path of psql), `PGHOST`, `PGPORT`, `PGUSER` and `PGDATABASE`;
//! on Windows `PGPASSWORD` instead of the first.
#![allow(clippy::print_stderr, reason = "a command line program")]

use std::error::Error;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use drydock_postgres::{Account, Cluster, DataDirectory, Tree};

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(code) => code,
        Err(cause) => {
            eprintln!("with_cluster: {cause}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<ExitCode, Box<dyn Error>> {
    let mut arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    let explicit = (arguments.first().is_some_and(|word| word == "--tree") && arguments.len() > 1)
        .then(|| PathBuf::from(arguments.drain(..2).nth(1).unwrap_or_default()));
    let (program, arguments) =
        arguments.split_first().ok_or("usage: with_cluster [--tree DIR] COMMAND ARGS…")?;

    let resources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../resources");
    let tree = Tree::locate(explicit.as_deref(), &[resources])?;
    let account = Account::resolve()?;
    // Declared first, so that it is removed last.
    let folder = tempfile::Builder::new().prefix("drydock-").tempdir()?;
    let data = DataDirectory::open(folder.path(), &account, "with_cluster")?;
    let (cluster, _) = Cluster::initialise(&tree, data, &account, None).await?;
    let mut server = cluster.start(|_| ()).await?;

    let mut command = Command::new(program);
    command
        .args(arguments)
        .env("DRYDOCK_PSQL", cluster.tree().program("psql"))
        .env("PGPORT", server.port().to_string())
        .env("PGUSER", "postgres")
        .env("PGDATABASE", "postgres");
    #[cfg(unix)]
    command.env("DRYDOCK_SOCKET_DIR", server.socket_dir()).env("PGHOST", server.socket_dir());
    #[cfg(windows)]
    command.env("PGHOST", "127.0.0.1").env("PGPASSWORD", server.password().expose());
    let status = command.status();
    server.stop().await?;
    let code = status?.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}
