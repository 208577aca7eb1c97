//! A deployment for a moment: deployed, called from pages, taken away.

use drydock_api::{
    maintenance::Problem,
    simulator::{Answer, Called, Play, Playing, Simulator as Asked, Stack},
};
use drydock_domain::ErrorCode;

use crate::{
    listener::{Cors, Order, Origins, Server, Setup, path},
    probe::{self, Call, Probe, console},
};

/// Deploys on free ports of 127.0.0.1.
#[derive(Clone, Copy, Debug, Default)]
pub struct Simulator;

/// A page that nobody has allowed.
const STRANGER: &str = "https://evil.invalid";

impl Asked for Simulator {
    fn play(&self, play: Play) -> Playing {
        Box::pin(async move { play_one(&play).await.map_err(|what| problem(&what)) })
    }
}

fn problem(what: &str) -> Problem {
    Problem { cause: what.to_owned(), ..Problem::from(ErrorCode::Internal) }
}

async fn play_one(play: &Play) -> Result<Vec<Called>, String> {
    let started = match play.stack {
        Stack::Ours => {
            // They have passed our rule, or there would be nothing to play.
            let origins: Vec<_> = play.origins.iter().filter_map(|origin| origin.parse().ok()).collect();
            Server::ours(&origins).await
        }
        Stack::Original { authentication_outermost, errors_inside } => {
            let order =
                if authentication_outermost { Order::AuthenticationOutermost } else { Order::CorsOutermost };
            let cors = Some(Cors::for_origins(Origins::List(play.origins.clone())));
            Server::start(Setup { cors, order, errors_inside, ..Setup::default() }).await
        }
    };
    let server = started.map_err(|error| error.to_string())?;
    let probe = Probe::new().map_err(|error| error.to_string())?;
    let page = play.origin.as_str();
    let signed = |method, path| {
        Call::get(server.url(path))
            .by(method)
            .with("authorization", "Bearer token")
            .with("content-type", "application/json")
            .with("x-client-account-id", "11111111-1111-1111-1111-111111111111")
    };
    let calls = [
        ("Read without signing in", page, Call::get(server.url(path::HEALTH))),
        ("Read, signed in", page, signed("GET", path::ME)),
        ("Create, signed in", page, signed("POST", path::ITEMS)),
        ("Change, signed in", page, signed("PATCH", path::ME)),
        ("The session has ended (401)", page, Call::get(server.url(path::ME))),
        ("The server fails (500)", page, Call::get(server.url(path::BROKEN))),
        ("Create, from a page of strangers", STRANGER, signed("POST", path::ITEMS)),
    ];
    let mut called = Vec::with_capacity(calls.len());
    for (title, origin, call) in calls {
        let before = server.executed();
        let seen = probe.call(call, origin).await.map_err(|error| error.to_string())?;
        called.push(Called {
            title,
            origin: origin.to_owned(),
            preflight: seen.preflight.as_ref().map(shown),
            answer: shown(&seen.answer),
            readable: seen.blocked.is_none(),
            executed: server.executed() > before,
            console: console(&seen).into_iter().map(|line| (line.browser.name(), line.text)).collect(),
        });
    }
    Ok(called)
}

fn shown(answer: &probe::Answer) -> Answer {
    let first = answer.body.lines().next().unwrap_or_default();
    let says = match answer.header("location") {
        Some(location) => location.to_owned(),
        // Our own refusals are JSON: the sentence in them is what is said.
        None if !answer.is_ok() => serde_json::from_str::<serde_json::Value>(&answer.body)
            .ok()
            .and_then(|body| body["detail"].as_str().map(str::to_owned))
            .unwrap_or_else(|| first.to_owned()),
        None => String::new(),
    };
    Answer {
        status: answer.status,
        allowed_origin: answer.allowed_origin().map(str::to_owned),
        says: says.chars().take(200).collect(),
    }
}
