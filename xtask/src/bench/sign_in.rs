//! `cargo xtask bench sign-in`: whether a failed sign-in tells by its time why it failed. `--rounds 1000` is what the figures in
//! docs/benchmarks.md are made with.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::table::Table;
use super::{Options, prepared};
use crate::http::{self, Body};
use crate::interrupt;
use crate::processes::Scratch;
use crate::repo::Repo;
use crate::sample::Sample;
use crate::site::{Serving, Site};
use crate::step::step;

const LIMIT: Duration = Duration::from_secs(30);
/// Attempts with one address before it has to wait; what is counted is forgotten after so many rounds.
const FREE: usize = 5;

/// Why each attempt fails: how the log calls it, and the account's state where there is one.
const KINDS: [(&str, Option<Account>); 6] = [
    ("unknown_address", None),
    ("wrong_password", Some(Account { active: true, verified: true, status: "active", hash: true })),
    ("inactive", Some(Account { active: false, verified: true, status: "active", hash: true })),
    ("unapproved", Some(Account { active: true, verified: true, status: "pending_approval", hash: true })),
    ("suspended", Some(Account { active: true, verified: true, status: "suspended", hash: true })),
    ("no_password", Some(Account { active: true, verified: true, status: "active", hash: false })),
];

struct Account {
    active: bool,
    verified: bool,
    status: &'static str,
    hash: bool,
}

fn address(kind: &str) -> String {
    format!("{kind}@bench.example")
}

/// Measures.
pub(super) fn run(repo: &Repo, options: &Options) -> Result<Vec<Table>> {
    let ours = prepared(repo, options)?;
    let scratch = Scratch::new()?;
    let site = Site::new(&ours, &scratch.path().join("site"))?;
    let serving = site.serve()?;
    prepare(&site, &serving)?;

    let mut samples: Vec<Sample> = KINDS.iter().map(|_| Sample::default()).collect();
    let mut first: Option<Value> = None;
    step("failed sign-ins", || {
        for round in 0..options.rounds {
            if round % (FREE - 1) == 0 {
                forget(&site, &serving)?;
            }
            // Each kind once, each at each place equally often, and after its neighbours in both orders.
            for place in 0..KINDS.len() {
                let turned = (place + round / 2) % KINDS.len();
                let which = if round % 2 == 0 { turned } else { KINDS.len() - 1 - turned };
                let (kind, _) = &KINDS[which];
                let (took, answer) = attempt(serving.port, kind, 401)?;
                samples[which].add(took.as_secs_f64() * 1e3);
                ensure!(
                    first.get_or_insert_with(|| answer.clone()) == &answer,
                    "{kind} is answered {answer}"
                );
            }
            interrupt::check()?;
        }
        Ok(((), format!("{} of each of {} kinds, all with one answer", options.rounds, KINDS.len())))
    })?;

    let mut waiting = [Sample::default(), Sample::default()];
    step("attempts that come too early", || {
        forget(&site, &serving)?;
        // A wait of minutes, which lasts as long as is measured.
        let block = "INSERT INTO migration.sign_in_attempts (address_hash, failures, last_failed_at, blocked_until)
                     SELECT sha256(convert_to('drydock sign-in ' || name || '@bench.example', 'UTF8')), 20, now(), now() + interval '1 hour'
                     FROM unnest(ARRAY['unknown_address', 'wrong_password']) name";
        site.ask(&serving.socket, "drydock", block)?;
        for _ in 0..options.rounds {
            for (which, kind) in ["unknown_address", "wrong_password"].into_iter().enumerate() {
                let (took, _) = attempt(serving.port, kind, 429)?;
                waiting[which].add(took.as_secs_f64() * 1e3);
            }
            interrupt::check()?;
        }
        Ok(((), format!("{} of each of 2 kinds", options.rounds)))
    })?;
    let reused = step("tokens from before a sign-in", || fixation(&serving, options.rounds))?;
    serving.stop()?;

    let mut failed = Table::new("a sign-in that fails, by why", "ms");
    failed.row("unknown address", &samples[0]);
    for (which, (kind, _)) in KINDS.iter().enumerate().skip(1) {
        failed.compared(kind.replace('_', " "), &samples[which], &samples[0]);
    }
    for (which, (kind, _)) in KINDS.iter().enumerate().skip(1) {
        failed.note(told(&kind.replace('_', " "), &samples[which], &samples[0]));
    }
    let mut early = Table::new("an attempt that comes too early", "ms");
    early.row("unknown address", &waiting[0]);
    early.compared("known address", &waiting[1], &waiting[0]);
    early.note(told("known address", &waiting[1], &waiting[0]));
    early.note(format!(
        "Of {} tokens sent along with a sign-in, {reused} were good after it.",
        options.rounds
    ));
    Ok(vec![failed, early])
}

/// Signs in again and again, each time sending the token of the session before, which has ended; gives how many of those were
/// taken over, or were good afterwards.
fn fixation(serving: &Serving, rounds: usize) -> Result<(usize, String)> {
    let body = json!({ "email": "demo@demo-corp.com", "password": "Demo123!" });
    let (mut before, mut seen, mut good) = ("0".repeat(64), HashSet::new(), 0);
    for _ in 0..rounds {
        let bearer = format!("Bearer {before}");
        let sent = [("Authorization", bearer.as_str())];
        let answer =
            http::request(serving.port, "POST", "/api/v1/auth/login", &sent, Body::Json(&body), LIMIT)?;
        let token = answer.json()?["token"]["access_token"].as_str().unwrap_or_default().to_owned();
        ensure!(answer.status == 200 && token.len() == 64, "the sign-in is answered {}", answer.status);
        let old = http::request(serving.port, "GET", "/api/v1/auth/me", &sent, Body::None, LIMIT)?;
        if !seen.insert(token.clone()) || old.status != 401 {
            good += 1;
        }
        let bearer = format!("Bearer {token}");
        let out = http::request(
            serving.port,
            "POST",
            "/api/v1/auth/logout",
            &[("Authorization", &bearer)],
            Body::None,
            LIMIT,
        )?;
        ensure!(out.status == 204, "signing out is answered {}", out.status);
        before = token;
        interrupt::check()?;
    }
    Ok((good, format!("{good} of {rounds} were good")))
}

/// How far a kind's median is from that of unknown addresses, and how likely two equal kinds are to differ as much.
fn told(kind: &str, sample: &Sample, base: &Sample) -> String {
    format!(
        "{kind}: median {:.3} times that of an unknown address, Mann-Whitney p = {:.3}.",
        sample.median() / base.median(),
        sample.mann_whitney(base)
    )
}

/// The accounts, and as few passes as there can be: where the hash takes least, a difference shows most.
fn prepare(site: &Site, serving: &Serving) -> Result<()> {
    let mut script =
        String::from("INSERT INTO migration.password_parameters (passes, hash_ms) VALUES (2, 25);");
    for (kind, account) in &KINDS {
        let Some(Account { active, verified, status, hash }) = account else { continue };
        let hash = if *hash { "password_hash" } else { "NULL" };
        script.push_str(&format!(
            "WITH made AS (
                 INSERT INTO migration.users (email, password_hash, is_active, is_verified)
                 SELECT '{}', {hash}, {active}, {verified} FROM migration.users WHERE email = 'demo@demo-corp.com' RETURNING id)
             INSERT INTO migration.user_profiles (user_id, status) SELECT id, '{status}' FROM made;",
            address(kind)
        ));
    }
    site.ask(&serving.socket, "drydock", &script)?;
    Ok(())
}

fn forget(site: &Site, serving: &Serving) -> Result<()> {
    site.ask(&serving.socket, "drydock", "DELETE FROM migration.sign_in_attempts")?;
    Ok(())
}

/// One attempt; gives its time and the answer without what names the request.
fn attempt(port: u16, kind: &str, expected: u16) -> Result<(Duration, Value)> {
    // The right password where the account is what keeps them out.
    let password = if kind == "wrong_password" { "Demo123?" } else { "Demo123!" };
    let body = json!({ "email": address(kind), "password": password });
    let begun = Instant::now();
    let answer = http::request(port, "POST", "/api/v1/auth/login", &[], Body::Json(&body), LIMIT)?;
    let took = begun.elapsed();
    ensure!(
        answer.status == expected,
        "{kind} is answered {}: {}",
        answer.status,
        String::from_utf8_lossy(&answer.body)
    );
    let mut told = answer.json()?;
    told["request_id"] = Value::Null;
    Ok((took, told))
}
