//! Boots the platform of `DRYDOCK_DATA_DIR` and asks it through the in-process door what stands on each line of standard input, as JSON:
//! `{"method", "path", "headers", "body", "rounds"}`. Answers each with a line: `{"status", "body", "ms"}`, where `ms` has the time of every
//! round and the rest is the last one's. Ends with its input. For `cargo xtask bench api`.

use std::{
    collections::BTreeMap,
    io::{self, BufRead as _, Write as _},
    time::Instant,
};

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use drydock_api::door;
use drydock_boot::{Platform, Settings};
use serde::Deserialize;
use serde_json::{Value, json};

type Failure = Box<dyn std::error::Error>;

#[derive(Deserialize)]
struct Call {
    method: String,
    path: String,
    headers: BTreeMap<String, String>,
    body: Option<Value>,
    rounds: usize,
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let platform = Platform::new(Settings::from_environment("serve"));
    platform.boot().await.map_err(|failure| format!("{failure:?}"))?;
    platform.keep().await;
    let answered = answer(&platform).await;
    platform.shutdown().await?;
    answered
}

async fn answer(platform: &Platform) -> Result<(), Failure> {
    for line in io::stdin().lock().lines() {
        let call: Call = serde_json::from_str(&line?)?;
        let mut headers = HeaderMap::new();
        headers.insert(door::METHOD_HEADER, HeaderValue::from_str(&call.method)?);
        headers.insert(door::PATH_HEADER, HeaderValue::from_str(&call.path)?);
        headers.insert(door::CONTENT_TYPE_HEADER, HeaderValue::from_static("application/json"));
        for (name, value) in &call.headers {
            headers.insert(HeaderName::from_bytes(name.as_bytes())?, HeaderValue::from_str(value)?);
        }
        let body = call.body.as_ref().map(|body| body.to_string().into_bytes()).unwrap_or_default();
        let (mut ms, mut last) = (Vec::new(), Vec::new());
        for _ in 0..call.rounds {
            let begun = Instant::now();
            last = door::call(platform.router(), &headers, body.clone()).await?;
            ms.push(begun.elapsed().as_secs_f64() * 1000.0);
        }
        let split = last.iter().position(|byte| *byte == b'\n').ok_or("an answer has no head")?;
        let head: Value = serde_json::from_slice(&last[..split])?;
        let body: Value = serde_json::from_slice(&last[split + 1..]).unwrap_or(Value::Null);
        let mut output = io::stdout().lock();
        writeln!(output, "{}", json!({ "status": head["status"], "body": body, "ms": ms }))?;
        output.flush()?;
    }
    Ok(())
}
