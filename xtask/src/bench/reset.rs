//! `cargo xtask bench reset`: from the request to the application's first answer out of the new state, beside what one does
//! where there is no reset.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use super::quiet::Quiet;
use super::table::Table;
use super::{Options, peers, prepared};
use crate::client::Client;
use crate::http::Body;
use crate::postgres::program;
use crate::processes::Scratch;
use crate::repo::Repo;
use crate::sample::Sample;
use crate::site::Site;
use crate::step::step;

/// A database that nobody is connected to, for the commands that a person would type.
const BY_HAND: &str = "by_hand";

/// Measures.
pub(super) fn run(repo: &Repo, options: &Options) -> Result<Vec<Table>> {
    let ours = prepared(repo, options)?;
    let (peer, ground) = if options.peers {
        let (peers, missing) = peers::install(repo)?;
        let peer = peers.into_iter().find(|peer| peer.name.starts_with("pg-embed"));
        (Some(peer.with_context(|| missing.join(" "))?), Some(peers::Ground::of(&ours)?))
    } else {
        (None, None)
    };
    let scratch = Scratch::new()?;
    let site = Site::new(&ours, &scratch.path().join("site"))?;
    let serving = site.serve()?;
    let client = Client::sign_in(serving.port)?;
    let dump = by_hand_dump(&site, &serving.socket, scratch.path())?;

    let [mut ready, mut unready, mut undo, mut by_hand, mut again, mut theirs] =
        [const { Vec::new() }; 6].map(|times: Vec<Duration>| times);
    let mut quiet = Quiet::default();
    step("rounds", || {
        for round in 0..options.rounds {
            client.spare()?;
            quiet.wait()?;
            ready.push(until_answered(&client, "/api/v1/maintenance/reset")?);
            // At once: the next clone is not there yet.
            unready.push(until_answered(&client, "/api/v1/maintenance/reset")?);
            client.spare()?;
            quiet.wait()?;
            undo.push(until_answered(&client, "/api/v1/maintenance/undo")?);
            quiet.wait()?;
            by_hand.push(restored(&site, &serving.socket, &dump)?);
            again.push(started_anew(&site_anew(&ours, scratch.path(), round)?)?);
            if let (Some(peer), Some(ground)) = (&peer, &ground) {
                theirs.push(set_up_again(peer, ground, &scratch.path().join(format!("peer-{round}")))?);
            }
        }
        Ok(((), format!("{} of each", options.rounds)))
    })?;
    serving.stop()?;

    let base = sample(&ready);
    let mut table = Table::new("back to the seeded state, until the application answers", "ms");
    table.row("reset, a clone lies ready", &base);
    table.compared("reset again at once, without one", &sample(&unready), &base);
    table.compared("undo", &sample(&undo), &base);
    table.compared("by hand: drop, create, pg_restore of the seeded state", &sample(&by_hand), &base);
    table.compared("stop, delete the data directory, start", &sample(&again), &base);
    if peer.is_some() {
        table.compared("pg-embed: stop, delete, set up again (no schema, no data)", &sample(&theirs), &base);
    }
    table.note(quiet.note());
    Ok(vec![table])
}

fn sample(times: &[Duration]) -> Sample {
    let mut sample = Sample::default();
    times.iter().for_each(|time| sample.add(time.as_secs_f64() * 1e3));
    sample
}

fn until_answered(client: &Client, path: &str) -> Result<Duration> {
    let begun = Instant::now();
    client.call("POST", path, Body::None)?;
    client.first_answer()?;
    Ok(begun.elapsed())
}

/// The seeded state as a file of pg_dump's.
fn by_hand_dump(site: &Site, socket: &Path, folder: &Path) -> Result<std::path::PathBuf> {
    let file = folder.join("seeded.dump");
    tool(site, "pg_dump", socket, &["--format=custom", "--dbname=drydock"], Some(("--file=", &file)))?;
    site.ask(socket, "postgres", &format!("CREATE DATABASE {BY_HAND} TEMPLATE template0"))?;
    Ok(file)
}

/// What a person does without a reset, with the tools of the tree.
fn restored(site: &Site, socket: &Path, dump: &Path) -> Result<Duration> {
    let begun = Instant::now();
    site.ask(socket, "postgres", &format!("DROP DATABASE {BY_HAND} WITH (FORCE)"))?;
    site.ask(socket, "postgres", &format!("CREATE DATABASE {BY_HAND} TEMPLATE template0"))?;
    tool(site, "pg_restore", socket, &[&format!("--dbname={BY_HAND}")], Some(("", dump)))?;
    site.ask(socket, BY_HAND, "SELECT count(*) FROM migration.client_accounts")?;
    Ok(begun.elapsed())
}

/// Runs one of PostgreSQL's programs as the superuser; `file` is an argument's beginning and the path that follows it.
pub(super) fn tool(
    site: &Site,
    name: &str,
    socket: &Path,
    arguments: &[&str],
    file: Option<(&str, &Path)>,
) -> Result<()> {
    let mut command = Command::new(program(site.tree(), name));
    command.arg("--host").arg(socket).arg("--username=postgres").args(arguments).env_remove("PGOPTIONS");
    if let Some((option, path)) = file {
        let mut argument = std::ffi::OsString::from(option);
        argument.push(path);
        command.arg(argument);
    }
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("cannot start {name}"))?;
    ensure!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(())
}

/// A site of its own with a running application, to be stopped and begun anew.
fn site_anew(ours: &crate::site::Program, folder: &Path, round: usize) -> Result<Site> {
    Site::new(ours, &folder.join(format!("anew-{round}")))
}

fn started_anew(site: &Site) -> Result<Duration> {
    let serving = site.serve()?;
    let begun = Instant::now();
    serving.stop()?;
    std::fs::remove_dir_all(site.data())?;
    let serving = site.serve()?;
    let took = begun.elapsed();
    serving.stop()?;
    Ok(took)
}

fn set_up_again(peer: &peers::Peer, ground: &peers::Ground, folder: &Path) -> Result<Duration> {
    ground.folder(folder)?;
    let running = peer.start(ground, folder)?;
    let begun = Instant::now();
    running.stop()?;
    std::fs::remove_dir_all(folder.join("data"))?;
    let running = peer.start(ground, folder)?;
    let took = begun.elapsed();
    running.stop()?;
    Ok(took)
}
