//! What a first start takes with initdb, and with a template of a cluster with five databases; each round in a new folder
//! below FOLDER, which is left for you to remove: ext4 is slow at creating files for minutes after as many were deleted, so
//! nothing is deleted between rounds. Prints one line of JSON per round, in milliseconds.
//!
//! `cargo run --release -p drydock-postgres --example first_start -- FOLDER [ROUNDS]`
#![allow(clippy::print_stderr, clippy::print_stdout, reason = "a command line program")]

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Instant;

use drydock_postgres::{Account, Cluster, DataDirectory, Template, Tree};

/// Beside the three that initdb makes.
const DATABASES: [&str; 2] = ["one", "two"];

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(cause) => {
            eprintln!("first_start: {cause}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().ok_or("usage: first_start FOLDER [ROUNDS]")?);
    let rounds: u32 = arguments.next().map_or(Ok(7), |rounds| rounds.parse())?;
    let resources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../resources");
    let tree = Tree::locate(None, &[resources])?;
    let account = Account::resolve()?;
    let ms = |since: Instant| since.elapsed().as_secs_f64() * 1000.0;

    let template = folder.join(Template::file_name());
    let begun = Instant::now();
    let data = DataDirectory::open(&folder.join("source"), &account, "first_start")?;
    let (cluster, _) = Cluster::initialise(&tree, data, &account, None).await?;
    let initdb = ms(begun);
    let mut server = cluster.start(|_| ()).await?;
    for database in DATABASES {
        let mut command = Command::new(cluster.tree().program("psql"));
        #[cfg(unix)]
        command.arg("-h").arg(server.socket_dir());
        #[cfg(windows)]
        command.args(["-h", "127.0.0.1"]).env("PGPASSWORD", server.password().expose());
        let created = command
            .args([
                "-X",
                "-q",
                "-U",
                "postgres",
                "-d",
                "postgres",
                "-c",
                &format!("create database {database}"),
            ])
            .arg("-p")
            .arg(server.port().to_string())
            .status()?;
        if !created.success() {
            return Err("psql failed".into());
        }
    }
    server.stop().await?;
    let begun = Instant::now();
    let bytes = cluster.pack("key", &[], &template)?;
    let pack = ms(begun);
    println!(r#"{{"initdb_ms":{initdb:.1},"pack_ms":{pack:.1},"template_bytes":{bytes}}}"#);

    let template = Template::open(&template, "key").ok_or("no template")?;
    for round in 0..rounds {
        let data = DataDirectory::open(&folder.join(format!("data-{round}")), &account, "first_start")?;
        let begun = Instant::now();
        let (cluster, initialised) = Cluster::initialise(&tree, data, &account, Some(&template)).await?;
        let unpack = ms(begun);
        let begun = Instant::now();
        let mut server = cluster.start(|_| ()).await?;
        let start = ms(begun);
        cluster.durable().await?;
        let durable = ms(begun);
        let begun = Instant::now();
        server.stop().await?;
        let stop = ms(begun);
        let begun = Instant::now();
        let mut server = cluster.start(|_| ()).await?;
        let warm = ms(begun);
        server.stop().await?;
        println!(
            r#"{{"how":"{initialised:?}","unpack_ms":{unpack:.1},"start_ms":{start:.1},"durable_ms":{durable:.1},"stop_ms":{stop:.1},"warm_start_ms":{warm:.1}}}"#
        );
    }
    Ok(())
}
