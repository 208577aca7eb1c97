//! `cargo xtask bench api`: how long the API takes to answer at 1,000, 100,000 and 1,000,000 assets of one client account among others,
//! through both doors.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::data::{self, Filled, grouped};
use super::table::Table;
use super::{Options, prepared};
use crate::build::{self, Profile, build};
use crate::http::{Body, request};
use crate::repo::Repo;
use crate::sample::Sample;
use crate::site::{Program, Site};
use crate::step::step;

/// How long one question may be asked for, in milliseconds, unless that is for fewer than this many rounds.
const BUDGET_MS: f64 = 5_000.0;
const LEAST_ROUNDS: usize = 20;
const LIMIT: Duration = Duration::from_secs(30);
/// Of every profile's platform administrator.
pub(super) const EMAIL: &str = "chocka@gmail.com";
pub(super) const PASSWORD: &str = "Password123!";

/// What is asked.
struct Question {
    name: &'static str,
    path: String,
}

/// One of the two ways in.
trait Door {
    /// Asks `rounds` times and returns the times in milliseconds and the last answer.
    fn ask(&mut self, call: &Call<'_>, rounds: usize) -> Result<(Sample, Value)>;
}

struct Call<'a> {
    method: &'a str,
    path: &'a str,
    headers: &'a [(&'a str, &'a str)],
    body: Option<Value>,
}

struct Tcp(u16);

impl Door for Tcp {
    fn ask(&mut self, call: &Call<'_>, rounds: usize) -> Result<(Sample, Value)> {
        let (mut sample, mut last) = (Sample::default(), Value::Null);
        for _ in 0..rounds {
            let body = call.body.as_ref().map_or(Body::None, Body::Json);
            let begun = Instant::now();
            let answer = request(self.0, call.method, call.path, call.headers, body, LIMIT)?;
            sample.add(begun.elapsed().as_secs_f64() * 1000.0);
            ensure!(answer.status == 200, "{} was answered with {}", call.path, answer.status);
            last = answer.json()?;
        }
        Ok((sample, last))
    }
}

struct InProcess {
    child: Child,
    to: Option<ChildStdin>,
    from: BufReader<ChildStdout>,
}

impl Door for InProcess {
    fn ask(&mut self, call: &Call<'_>, rounds: usize) -> Result<(Sample, Value)> {
        let headers: serde_json::Map<_, _> =
            call.headers.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        let line = json!({ "method": call.method, "path": call.path, "headers": headers, "body": call.body, "rounds": rounds });
        let to = self.to.as_mut().context("the program has no input any more")?;
        writeln!(to, "{line}")?;
        to.flush()?;
        let mut answer = String::new();
        self.from.read_line(&mut answer)?;
        let answer: Value =
            serde_json::from_str(&answer).with_context(|| format!("{} was not answered", call.path))?;
        ensure!(
            answer["status"] == 200,
            "{} was answered with {}: {}",
            call.path,
            answer["status"],
            answer["body"]
        );
        let mut sample = Sample::default();
        for ms in answer["ms"].as_array().into_iter().flatten().filter_map(Value::as_f64) {
            sample.add(ms);
        }
        Ok((sample, answer["body"].clone()))
    }
}

impl Drop for InProcess {
    fn drop(&mut self) {
        // It ends with its input, and takes its server along.
        self.to = None;
        let _ = self.child.wait();
    }
}

/// Measures.
pub(super) fn run(repo: &Repo, options: &Options) -> Result<Vec<Table>> {
    let program = prepared(repo, options)?;
    let in_process = match &options.drydock {
        // The examples of a build lie beside its programs.
        Some(drydock) => drydock.with_file_name("examples").join("in_process"),
        None => build(repo, build::Program::InProcess, Profile::Release)?,
    };
    let mut tables = Vec::new();
    for size in data::sizes(options) {
        let Filled { site, .. } = &Filled::open(repo, &program, size)?;
        let (tcp, in_window) = step(&format!("ask at {} assets", grouped(size)), || {
            let serving = site.serve()?;
            let tcp = measured(&mut Tcp(serving.port), options.rounds)?;
            serving.stop()?;
            let mut door = begin(&in_process, site, &program)?;
            let in_window = measured(&mut door, options.rounds)?;
            drop(door);
            Ok(((tcp, in_window), String::new()))
        })?;
        let mut table = Table::percentiles(format!("{} assets", grouped(size)), "ms");
        for ((name, over_tcp), (_, inside)) in tcp.iter().zip(&in_window) {
            table.row(format!("{name}, over TCP"), over_tcp);
            table.row(format!("{name}, in process"), inside);
        }
        tables.push(table);
        site.deserted(Duration::from_secs(30))?;
    }
    Ok(tables)
}

fn begin(program: &Path, site: &Site, of: &Program) -> Result<InProcess> {
    let mut child = Command::new(program)
        .env("DRYDOCK_DATA_DIR", site.data())
        .env("DRYDOCK_POSTGRES", &of.tree)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("the program for the in-process door does not start")?;
    let to = child.stdin.take();
    let from = BufReader::new(child.stdout.take().context("it has no output")?);
    Ok(InProcess { child, to, from })
}

/// Asks everything through one door.
fn measured(door: &mut dyn Door, rounds: usize) -> Result<Vec<(&'static str, Sample)>> {
    let mut samples = Vec::new();
    let credentials = json!({ "email": EMAIL, "password": PASSWORD });
    let login = Call { method: "POST", path: "/api/v1/auth/login", headers: &[], body: Some(credentials) };
    // A hash takes its time on purpose: few rounds tell enough.
    let (sample, signed_in) = door.ask(&login, rounds.min(20))?;
    samples.push(("sign-in", sample));
    let token = signed_in["token"]["access_token"].as_str().context("the sign-in gives no token")?;
    let bearer = format!("Bearer {token}");
    let signed_in = [("authorization", bearer.as_str())];
    let get = |path: &str, headers: &[(&str, &str)], door: &mut dyn Door, rounds| {
        door.ask(&Call { method: "GET", path, headers, body: None }, rounds)
    };
    let (_, clients) = get("/api/v1/context/clients", &signed_in, door, 1)?;
    let client = clients["clients"]
        .as_array()
        .and_then(|clients| clients.iter().find(|client| client["name"] == "Scale 001"))
        .and_then(|client| client["id"].as_str())
        .context("there is no client account of that size")?;
    let engagements_path = format!("/api/v1/context/clients/{client}/engagements");
    let (_, engagements) = get(&engagements_path, &signed_in, door, 1)?;
    let engagement = engagements["engagements"][0]["id"].as_str().context("it has no engagement")?;
    let headers = [
        ("authorization", bearer.as_str()),
        ("x-client-account-id", client),
        ("x-engagement-id", engagement),
    ];

    // What a switch of client account reads before the page shows rows.
    let mut switch = Sample::default();
    for _ in 0..rounds {
        let (first, _) = get(&engagements_path, &signed_in, door, 1)?;
        let (second, _) = get("/api/v1/assets?limit=100", &headers, door, 1)?;
        switch.add(first.median() + second.median());
    }
    samples.push(("context switch", switch));

    let (_, counted) = get("/api/v1/assets/count", &headers, door, 1)?;
    let middle = counted["count"].as_i64().unwrap_or(0) / 2;
    let (_, jump) = get(&format!("/api/v1/assets?limit=100&offset={middle}"), &headers, door, 1)?;
    let deep = jump["next_cursor"].as_str().unwrap_or_default();
    let (_, some) = get("/api/v1/assets?limit=1&offset=500", &headers, door, 1)?;
    let rare = some["assets"][0]["name"].as_str().unwrap_or_default().replace(' ', "+");
    let questions = [
        Question { name: "first page", path: "/api/v1/assets?limit=100".to_owned() },
        Question {
            name: "deep page, from its middle on",
            path: format!("/api/v1/assets?limit=100&cursor={deep}"),
        },
        Question { name: "jump to the middle", path: format!("/api/v1/assets?limit=100&offset={middle}") },
        Question { name: "last page", path: "/api/v1/assets?limit=100&last=true".to_owned() },
        Question {
            name: "sort by memory, greatest first",
            path: "/api/v1/assets?limit=100&sort=-memory_gb".to_owned(),
        },
        Question {
            name: "sort by department, no index",
            path: "/api/v1/assets?limit=100&sort=department".to_owned(),
        },
        Question {
            name: "filter, one environment",
            path: "/api/v1/assets?limit=100&environment=production".to_owned(),
        },
        Question {
            name: "filter, memory and department",
            path: "/api/v1/assets?limit=100&memory_gb=64..&department=~a".to_owned(),
        },
        Question { name: "search, a frequent word", path: "/api/v1/assets?limit=100&q=prod".to_owned() },
        Question {
            name: "search, one asset's name",
            path: format!("/api/v1/assets?limit=100&q=%22{rare}%22"),
        },
        Question { name: "search, nothing", path: "/api/v1/assets?limit=100&q=zzzzzz".to_owned() },
        Question { name: "exact count", path: "/api/v1/assets/count".to_owned() },
    ];
    for Question { name, path } in questions {
        // Once for the caches, as for somebody who looks a second time; what is slow is asked less often.
        let (once, _) = get(&path, &headers, door, 1)?;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let affordable = (BUDGET_MS / once.median()) as usize;
        let rounds = rounds.min(affordable.max(LEAST_ROUNDS));
        samples.push((name, get(&path, &headers, door, rounds)?.0));
    }
    Ok(samples)
}
