//! A signed-in platform administrator of a running `drydock serve`.

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};

use crate::http::{self, Body};
use crate::interrupt;

/// What the slowest request may take: a snapshot of 100 MB is taken in as one.
const LIMIT: Duration = Duration::from_secs(120);

/// A session.
pub(crate) struct Client {
    port: u16,
    token: String,
}

impl Client {
    /// Signs the demo's platform administrator in.
    pub(crate) fn sign_in(port: u16) -> Result<Self> {
        let accounts = http::request(port, "GET", "/api/v1/demo/accounts", &[], Body::None, LIMIT)?.json()?;
        let list = accounts.as_array().or_else(|| accounts["accounts"].as_array());
        let account = list
            .into_iter()
            .flatten()
            .find(|account| account["role"] == "platform_admin")
            .context("the demo has no platform administrator")?;
        let credentials = json!({ "email": account["email"], "password": account["password"] });
        let answer = http::request(port, "POST", "/api/v1/auth/login", &[], Body::Json(&credentials), LIMIT)?
            .json()?;
        let token = answer["token"]["access_token"].as_str().context("signing in gave no token")?.to_owned();
        Ok(Self { port, token })
    }

    /// One request, which must succeed.
    pub(crate) fn call(&self, method: &str, path: &str, body: Body<'_>) -> Result<Value> {
        let bearer = format!("Bearer {}", self.token);
        let answer = http::request(self.port, method, path, &[("Authorization", &bearer)], body, LIMIT)?;
        ensure!(
            (200..300).contains(&answer.status),
            "{method} {path} was answered {}: {}",
            answer.status,
            String::from_utf8_lossy(&answer.body)
        );
        if answer.body.is_empty() { Ok(Value::Null) } else { answer.json() }
    }

    /// Asks the application something that only the database knows, until it answers.
    pub(crate) fn first_answer(&self) -> Result<()> {
        let end = Instant::now() + LIMIT;
        loop {
            match self.call("GET", "/api/v1/context/clients", Body::None) {
                Ok(_) => return Ok(()),
                Err(error) if Instant::now() > end => return Err(error),
                Err(_) => std::thread::sleep(Duration::from_millis(1)),
            }
        }
    }

    /// Waits until a reset would find a clone ready.
    pub(crate) fn spare(&self) -> Result<()> {
        self.wait("a ready clone", |status| status["spare_ready"] == true).map(|_| ())
    }

    /// Begins a task and waits for its end, which must be good; returns how long that took and the finished task.
    pub(crate) fn task(&self, method: &str, path: &str, body: Body<'_>) -> Result<(Duration, Value)> {
        let begun = Instant::now();
        let id = self.call(method, path, body)?["id"].clone();
        let status = self.wait("the task's end", |status| {
            status["task"]["id"] == id && status["task"]["state"] != "running"
        })?;
        let took = begun.elapsed();
        let task = status["task"].clone();
        if task["state"] != "done" {
            bail!("{path} ended as {}: {}", task["state"], task["error"]);
        }
        Ok((took, task))
    }

    fn wait(&self, what: &str, holds: impl Fn(&Value) -> bool) -> Result<Value> {
        let end = Instant::now() + LIMIT;
        let mut path = "/api/v1/maintenance".to_owned();
        loop {
            // While databases change places a request may fail; the end of the swap is what is waited for.
            match self.call("GET", &path, Body::None) {
                Ok(status) if holds(&status) => return Ok(status),
                Ok(status) => path = format!("/api/v1/maintenance?after={}", status["revision"]),
                Err(error) if gone(&error) => return Err(error),
                Err(_) => std::thread::sleep(Duration::from_millis(1)),
            }
            interrupt::check()?;
            ensure!(Instant::now() < end, "{what} did not come within {} s", LIMIT.as_secs());
        }
    }
}

/// Whether the server does not listen any more.
fn gone(error: &anyhow::Error) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == ErrorKind::ConnectionRefused)
}
