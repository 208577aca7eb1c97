//! `cargo xtask bench schema`: how long an empty database takes to migrate and each profile to seed, what row-level security
//! costs on keyset pages of a large inventory, and how long that inventory takes to migrate.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};

use super::quiet::Quiet;
use super::table::Table;
use super::{Options, prepared};
use crate::processes::Scratch;
use crate::repo::Repo;
use crate::sample::Sample;
use crate::site::{Program, Site, psql};
use crate::step::step;

/// What a new database can hold.
const PROFILES: [&str; 3] = ["demo", "qa", "empty"];
/// The client account whose pages are read, and the engagement that both have: an id is one within a client account.
const CLIENT: &str = "5ca1e000-0000-4000-8000-000000000001";
const ENGAGEMENT: &str = "5ca1e000-0000-4000-8000-0000000000e1";
/// Another one with a tenth as many assets, so that the policies have something to keep out.
const OTHER: &str = "5ca1e000-0000-4000-8000-000000000002";
/// Executions before those that are timed: PostgreSQL settles on a plan with the sixth.
const WARM: usize = 6;
/// Timed executions of each page in a round.
const TIMED: usize = 30;

/// One statement, as the application asks it: with the client account named, whatever the policies add.
struct Page {
    name: &'static str,
    /// Between the columns and the order.
    condition: &'static str,
}

const PAGES: [Page; 3] = [
    Page { name: "first page", condition: "" },
    Page { name: "deep page, behind 90 % of the assets", condition: "AND (name, id) > ($3, $4)" },
    Page { name: "filtered page, one environment of five", condition: "AND environment = 'staging'" },
];

/// Measures.
pub(super) fn run(repo: &Repo, options: &Options) -> Result<Vec<Table>> {
    let program = prepared(repo, options)?;
    let scratch = Scratch::new()?;
    let mut tables = made(&program, options.rounds, scratch.path())?;
    tables.extend(large(repo, &program, options, scratch.path())?);
    Ok(tables)
}

/// Migrates and seeds new databases.
fn made(program: &Program, rounds: usize, scratch: &Path) -> Result<Vec<Table>> {
    // Without a template every first run migrates and seeds.
    let plain = Program { template: None, ..program.clone() };
    let mut migrated = Sample::default();
    let mut seeded = PROFILES.map(|profile| (profile, Sample::default()));
    let mut quiet = Quiet::default();
    step("migrate and seed", || {
        for round in 0..rounds {
            for (profile, sample) in &mut seeded {
                let site = Site::new(&plain, &scratch.join(format!("{profile}-{round}")))?;
                quiet.wait()?;
                let checked = site.green_with(&[("DRYDOCK_PROFILE", profile.as_ref())])?;
                migrated.add(checked.stage_ms("migrate"));
                sample.add(checked.stage_ms("seed"));
            }
        }
        Ok(((), format!("{rounds} of each profile")))
    })?;
    let mut migrating = Table::new("migrate an empty database", "ms");
    migrating.row("stage migrate of a first run", &migrated);
    migrating.note(quiet.note());
    let mut seeding = Table::new("seed a new database, stage seed of a first run", "ms");
    for (profile, sample) in &seeded {
        seeding.row(*profile, sample);
    }
    Ok(vec![migrating, seeding])
}

/// What is measured with a large inventory.
fn large(repo: &Repo, program: &Program, options: &Options, scratch: &Path) -> Result<[Table; 2]> {
    let assets = options.assets.unwrap_or(1_000_000);
    let site = Site::new(program, &scratch.join("large"))?;
    let serving = site.serve()?;
    let pages = pages(&site, &serving.socket, assets, options.rounds, scratch)?;
    let forward = forward(repo, &site, &serving.socket, assets)?;
    serving.stop()?;
    Ok([pages, forward])
}

/// Applies every migration after the first to an inventory that the first has kept, once, as the migrator does: as the owner, each file
/// in its transaction.
fn forward(repo: &Repo, site: &Site, socket: &Path, assets: usize) -> Result<Table> {
    let database = "forward";
    let run = |role: &str, file: &Path| -> Result<f64> {
        let begun = Instant::now();
        let output = psql(site.tree(), socket, database)
            .arg("--single-transaction")
            .arg(format!("--username={role}"))
            .arg("--file")
            .arg(file)
            .stdin(Stdio::null())
            .output()
            .context("cannot start psql")?;
        ensure!(output.status.success(), "psql: {}", String::from_utf8_lossy(&output.stderr).trim());
        Ok(begun.elapsed().as_secs_f64())
    };
    let mut files: Vec<_> = fs::read_dir(repo.root.join("migrations"))?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>>>()?
        .into_iter()
        .filter(|path| path.extension().is_some_and(|end| end == "sql"))
        .collect();
    files.sort();
    let (first, later) = files.split_first().context("there is no migration")?;

    step("fill an inventory of the first migration", || {
        let create =
            format!("CREATE DATABASE {database} OWNER drydock_owner TEMPLATE template0 ENCODING 'UTF8'");
        site.ask(socket, "postgres", &create)?;
        run("postgres", &repo.root.join("crates/store/src/bootstrap/database.sql"))?;
        run("drydock_owner", first)?;
        fill(site, socket, database, assets)?;
        Ok(((), format!("{assets} assets")))
    })?;
    let mut table = Table::new(format!("migrate {assets} assets, each file once"), "s");
    let mut quiet = Quiet::default();
    step("migrate it", || {
        for file in later {
            site.ask(socket, database, "CHECKPOINT")?;
            quiet.wait()?;
            let name = file.file_stem().unwrap_or_default().to_string_lossy();
            table.number(name, run("drydock_owner", file)?);
        }
        Ok(((), format!("{} files", later.len())))
    })?;
    table.note(quiet.note());
    Ok(table)
}

/// Reads pages with and without policies.
fn pages(site: &Site, socket: &Path, assets: usize, rounds: usize, scratch: &Path) -> Result<Table> {
    step("fill the inventory", || {
        fill(site, socket, "drydock", assets)?;
        Ok(((), format!("{assets} assets")))
    })?;
    let script = scratch.join("pages.sql");
    fs::write(&script, written(assets))?;

    let mut with = PAGES.map(|_| Sample::default());
    let mut without = PAGES.map(|_| Sample::default());
    let mut quiet = Quiet::default();
    step("pages", || {
        for _ in 0..rounds {
            // The same rows in the same cache: only the policies go and come back.
            for (security, samples) in [("DISABLE", &mut without), ("ENABLE", &mut with)] {
                let change = format!("ALTER TABLE migration.assets {security} ROW LEVEL SECURITY");
                site.ask(socket, "drydock", &change)?;
                quiet.wait()?;
                read(site, socket, &script, samples)?;
            }
        }
        Ok(((), format!("{} rounds of {TIMED} each", rounds)))
    })?;

    let mut table = Table::new(format!("keyset page of 50 as drydock_app, {assets} assets"), "µs");
    let mut ratios = Vec::new();
    for ((page, with), without) in PAGES.iter().zip(&with).zip(&without) {
        table.row(format!("{}, without policies", page.name), without);
        table.compared(format!("{}, with policies", page.name), with, without);
        ratios.push(format!("{} {:.2}", page.name, with.median() / without.median()));
    }
    table.note(format!("With policies to without, by medians: {}.", ratios.join("; ")));
    table.note(quiet.note());
    Ok(table)
}

/// Adds client accounts with that many assets, and a tenth of it for the other.
fn fill(site: &Site, socket: &Path, database: &str, assets: usize) -> Result<()> {
    let one = |client: &str, assets: usize| {
        format!(
            "INSERT INTO migration.client_accounts (id, name, slug) VALUES ('{client}', 'Scale', 'scale-{assets}');
             INSERT INTO migration.engagements (client_account_id, id, name, slug)
             VALUES ('{client}', '{ENGAGEMENT}', 'Scale', 'scale');
             INSERT INTO migration.assets (client_account_id, engagement_id, name, hostname, ip_address, asset_type, environment,
                                           status, criticality, operating_system, cpu_cores, memory_gb)
             SELECT '{client}', '{ENGAGEMENT}', 'asset-' || lpad(n::text, 8, '0'), 'host-' || n || '.example',
                    format('10.%s.%s.%s', n >> 16, n >> 8 & 255, n & 255),
                    (ARRAY['server', 'application', 'database'])[1 + n % 3],
                    (ARRAY['production', 'staging', 'testing', 'development', 'dr'])[1 + n % 5],
                    'active', (ARRAY['low', 'medium', 'high', 'critical'])[1 + n % 4], 'Linux', 1 + n % 64, 4 * (1 + n % 32)
             FROM generate_series(1, {assets}) n;"
        )
    };
    site.ask(socket, database, &[one(CLIENT, assets), one(OTHER, assets / 10)].concat())?;
    // As autovacuum leaves it some time later.
    site.ask(socket, database, "VACUUM ANALYZE migration.assets").map(|_| ())
}

/// The script of one round: the name of a page, then how long each of its executions took.
fn written(assets: usize) -> String {
    let behind = format!("asset-{:08}", assets / 10 * 9);
    let mut script = String::from("\\pset format unaligned\n");
    for (number, page) in PAGES.iter().enumerate() {
        script.push_str(&format!(
            "PREPARE page_{number} (uuid, uuid, text, uuid) AS
             SELECT id, name, hostname, asset_type, ip_address, environment, operating_system, criticality, status, cpu_cores, memory_gb
             FROM migration.assets WHERE client_account_id = $1 AND engagement_id = $2 {}
             ORDER BY name, id LIMIT 51;
             BEGIN;
             SET LOCAL app.client_account_id = '{CLIENT}';\n",
            page.condition
        ));
        let execute =
            format!("EXECUTE page_{number} ('{CLIENT}', '{ENGAGEMENT}', '{behind}', '{CLIENT}');\n");
        script.push_str(&execute.repeat(WARM));
        script.push_str(&format!("\\echo page {number}\n\\timing on\n"));
        script.push_str(&execute.repeat(TIMED));
        script.push_str("\\timing off\nCOMMIT;\n");
    }
    script
}

fn read(site: &Site, socket: &Path, script: &Path, samples: &mut [Sample]) -> Result<()> {
    let output = psql(site.tree(), socket, "drydock")
        .arg("--username=drydock_app")
        .arg("--file")
        .arg(script)
        .stdin(Stdio::null())
        .output()
        .context("cannot start psql")?;
    ensure!(output.status.success(), "psql: {}", String::from_utf8_lossy(&output.stderr).trim());
    let printed = String::from_utf8_lossy(&output.stdout);
    let (mut page, mut rows, mut timed) = (None, 0_usize, 0_usize);
    for line in printed.lines() {
        if let Some(number) = line.strip_prefix("page ") {
            page = number.parse::<usize>().ok();
            rows = 0;
        } else if let Some(time) = line.strip_prefix("Time: ") {
            let number = time.split(' ').next().and_then(|time| time.parse::<f64>().ok());
            let milliseconds = number.with_context(|| format!("psql says no time: {line}"))?;
            let page = page.context("a time of no page")?;
            ensure!(rows == 51, "page {page} has {rows} rows instead of 51");
            samples[page].add(milliseconds * 1e3);
            (rows, timed) = (0, timed + 1);
        } else {
            rows += 1;
        }
    }
    ensure!(timed == PAGES.len() * TIMED, "{timed} executions were timed");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{PAGES, TIMED, WARM, written};

    #[test]
    fn every_page_is_warmed_up_and_timed() {
        let script = written(1_000);
        assert_eq!(script.matches("EXECUTE page_").count(), PAGES.len() * (WARM + TIMED));
        assert!(script.contains("'asset-00000900'"));
        assert_eq!(script.matches("\\timing on").count(), PAGES.len());
    }
}
