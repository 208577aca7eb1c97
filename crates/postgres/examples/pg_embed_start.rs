//! The baseline of the boot benchmark: the same tree through pg-embed's own `setup`, `start_db` and `stop_db`, in a fresh
//! data directory and then again in the same one. Prints one line of JSON, in milliseconds:
//! `{"first":{"setup_ms":…,"start_ms":…,"stop_ms":…},"warm":{…}}`. Ready is when a TCP connection is accepted.
//!
//! `cargo run --release -p drydock-postgres --example pg_embed_start -- [--tree DIR]`
#![allow(clippy::print_stderr, clippy::print_stdout, reason = "a command line program")]

use std::error::Error;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use drydock_postgres::{Account, Tree};
use pg_embed::pg_enums::PgAuthMethod;
use pg_embed::pg_fetch::{PG_V16, PgFetchSettings};
use pg_embed::postgres::{PgEmbed, PgSettings};

/// Set for the run as the unprivileged account: where to work.
const FOLDER: &str = "DRYDOCK_BASELINE_DIR";

#[tokio::main]
async fn main() -> ExitCode {
    let done = match std::env::var_os(FOLDER) {
        Some(folder) => measure(Path::new(&folder)).await,
        None => prepare(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(cause) => {
            eprintln!("pg_embed_start: {cause}");
            ExitCode::FAILURE
        }
    }
}

/// Runs this program again in a folder of its own, as the account PostgreSQL can run as.
fn prepare() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let explicit = match arguments.next() {
        Some(word) if word == "--tree" => {
            Some(PathBuf::from(arguments.next().ok_or("--tree needs a folder")?))
        }
        Some(word) => return Err(format!("unknown argument {}", word.display()).into()),
        None => None,
    };
    let resources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../resources");
    let account = Account::resolve()?;
    let tree = Tree::locate(explicit.as_deref(), &[resources])?.reachable_by(&account)?;

    let folder = tempfile::Builder::new().prefix("drydock-baseline-").tempdir()?;
    let program = folder.path().join("pg_embed_start");
    std::fs::copy(std::env::current_exe()?, &program)?;
    let mut command = if account.is_dropped() {
        std::os::unix::fs::chown(folder.path(), Some(account.uid()), None)?;
        let mut command = Command::new("setpriv");
        command.arg("--reuid").arg(account.uid().to_string());
        command.args(["--regid", &account.gid().to_string(), "--clear-groups", "--"]).arg(&program);
        command
    } else {
        Command::new(&program)
    };
    // pg-embed creates a cache folder below the home directory.
    command.env("HOME", folder.path()).env("XDG_CACHE_HOME", folder.path().join("cache"));
    command.env(FOLDER, folder.path()).env("DRYDOCK_POSTGRES", tree.root()).current_dir(folder.path());
    if command.status()?.success() { Ok(()) } else { Err("the measurement failed".into()) }
}

async fn measure(folder: &Path) -> Result<(), Box<dyn Error>> {
    let tree = Tree::locate(None, &[])?;
    let data = folder.join("data");
    let first = round(&tree, &data).await?;
    let warm = round(&tree, &data).await?;
    println!(r#"{{"first":{first},"warm":{warm}}}"#);
    Ok(())
}

async fn round(tree: &Tree, data: &Path) -> Result<String, Box<dyn Error>> {
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
    let settings = PgSettings {
        database_dir: data.to_owned(),
        port,
        user: "postgres".into(),
        password: "baseline".into(),
        auth_method: PgAuthMethod::ScramSha256,
        persistent: true,
        timeout: Some(Duration::from_secs(60)),
        migration_dir: None,
    };
    let begun = Instant::now();
    let mut pg = PgEmbed::new(settings, PgFetchSettings { version: PG_V16, ..Default::default() }).await?;
    pg.pg_access.pg_ctl_exe = tree.program("pg_ctl");
    pg.pg_access.init_db_exe = tree.program("initdb");
    pg.pg_access.cache_dir = tree.program("pg_ctl").ancestors().nth(2).unwrap_or(tree.root()).to_owned();
    pg.setup().await?;
    let setup = begun.elapsed();

    let begun = Instant::now();
    pg.start_db().await?;
    tokio::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    let start = begun.elapsed();

    let begun = Instant::now();
    pg.stop_db().await?;
    let stop = begun.elapsed();

    let ms = |time: Duration| time.as_secs_f64() * 1000.0;
    Ok(format!(r#"{{"setup_ms":{:.2},"start_ms":{:.2},"stop_ms":{:.2}}}"#, ms(setup), ms(start), ms(stop)))
}
