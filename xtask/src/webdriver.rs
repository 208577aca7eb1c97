//! A small WebDriver client for WebKitWebDriver on loopback.
//!
//! On Linux tauri-driver would only start WebKitWebDriver, set `TAURI_WEBVIEW_AUTOMATION` and rename a capability, so it isn't
//! needed.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use base64::Engine as _;
use serde_json::{Value, json};

use crate::http::{self, Body};
use crate::processes::{destroy, terminate, until, wait};

/// The key under which the standard puts an element's id.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A running WebKitWebDriver; stopped when dropped.
pub(crate) struct Driver {
    child: Child,
    port: u16,
}

/// One window under a driver's control.
pub(crate) struct Session<'a> {
    driver: &'a Driver,
    id: String,
}

impl Driver {
    /// Starts the driver with the environment `command` brings.
    pub(crate) fn start(mut command: Command) -> Result<Self> {
        // The port could be taken between this look and the driver's start; the status poll below would then fail.
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let child = command
            .arg(format!("--port={port}"))
            .arg("--host=127.0.0.1")
            .stdin(Stdio::null())
            .spawn()
            .context("WebKitWebDriver cannot be started: install the package webkit2gtk-driver")?;
        let driver = Self { child, port };
        let up = until(Duration::from_secs(20), || Ok(driver.request("GET", "/status", None).is_ok()))?;
        if !up {
            bail!("WebKitWebDriver did not answer within 20 s");
        }
        Ok(driver)
    }

    /// The driver's process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Opens the program's window and takes control of it.
    pub(crate) fn session(&self, binary: &Path, arguments: &[&str]) -> Result<Session<'_>> {
        let answer = self.request(
            "POST",
            "/session",
            Some(&json!({ "capabilities": { "alwaysMatch": {
                "webkitgtk:browserOptions": { "binary": binary, "args": arguments }
            } } })),
        )?;
        let id = answer["sessionId"].as_str().context("WebKitWebDriver opened no session")?.to_owned();
        Ok(Session { driver: self, id })
    }

    /// One request; returns the `value` of the answer or its error.
    fn request(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value> {
        let empty = json!({});
        let body = match body {
            Some(body) => Body::Json(body),
            None if method == "POST" => Body::Json(&empty),
            None => Body::None,
        };
        let answer = http::request(self.port, method, path, &[], body, Duration::from_secs(60))?
            .json()
            .with_context(|| format!("WebKitWebDriver answered {method} {path} with no JSON"))?;
        let value = answer["value"].clone();
        if let Some(error) = value["error"].as_str() {
            bail!("{error}: {}", value["message"].as_str().unwrap_or_default());
        }
        Ok(value)
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        terminate(self.child.id());
        if wait(&mut self.child, Duration::from_secs(5)).is_err() {
            destroy(self.child.id());
            self.child.wait().ok();
        }
    }
}

impl Session<'_> {
    fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value> {
        self.driver.request(method, &format!("/session/{}{path}", self.id), body)
    }

    /// The address shown, as the page itself sees it.
    pub(crate) fn url(&self) -> Result<String> {
        let value = self.call("GET", "/url", None)?;
        Ok(value.as_str().unwrap_or_default().to_owned())
    }

    /// Everything one can read on the page.
    pub(crate) fn text(&self) -> Result<String> {
        let value = self.script("return document.body ? document.body.innerText : ''")?;
        Ok(value.as_str().unwrap_or_default().to_owned())
    }

    /// Runs a function body in the page.
    pub(crate) fn script(&self, script: &str) -> Result<Value> {
        self.call("POST", "/execute/sync", Some(&json!({ "script": script, "args": [] })))
    }

    fn element(&self, css: &str) -> Result<String> {
        let found = self.call("POST", "/element", Some(&json!({ "using": "css selector", "value": css })))?;
        Ok(found[ELEMENT].as_str().unwrap_or_default().to_owned())
    }

    /// Types into a field.
    pub(crate) fn fill(&self, css: &str, text: &str) -> Result<()> {
        let element = self.element(css)?;
        self.call("POST", &format!("/element/{element}/value"), Some(&json!({ "text": text })))?;
        Ok(())
    }

    /// Clicks an element.
    pub(crate) fn click(&self, css: &str) -> Result<()> {
        let element = self.element(css)?;
        self.call("POST", &format!("/element/{element}/click"), None)?;
        Ok(())
    }

    /// Waits until a script returns true.
    pub(crate) fn wait_for(&self, what: &str, limit: Duration, script: &str) -> Result<()> {
        let seen = until(limit, || Ok(self.script(script).is_ok_and(|value| value == true)))?;
        if seen {
            return Ok(());
        }
        let text = self.text().unwrap_or_else(|error| error.to_string());
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let shown: String = text.chars().take(400).collect();
        bail!(
            "{what} was not seen within {} s; at {} the page shows: {shown}",
            limit.as_secs(),
            self.url().unwrap_or_default()
        );
    }

    /// Saves what the window shows as a PNG.
    pub(crate) fn screenshot(&self, path: &Path) -> Result<()> {
        let value = self.call("GET", "/screenshot", None)?;
        let png = base64::engine::general_purpose::STANDARD
            .decode(value.as_str().unwrap_or_default())
            .context("WebKitWebDriver sent no picture")?;
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        Ok(fs::write(path, png)?)
    }

    /// Gives the window up; the driver ends what still runs.
    pub(crate) fn quit(self) {
        self.call("DELETE", "", None).ok();
    }
}
