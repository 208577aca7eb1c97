//! The native smoke test: the real window on a virtual screen, driven through WebKitWebDriver.
//!
//! What it holds: one can sign in and browse in the window itself, the window shows why it cannot start, no process of ours ever
//! listens on TCP, and whichever way the window ends no PostgreSQL, socket or web process is left.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};

use crate::processes::{self, Scratch, destroy, list, listeners, of_data, terminate, until, wait};
use crate::repo::Repo;
use crate::screen::Screen;
use crate::step::seconds;
use crate::webdriver::{Driver, Session};

/// A first start creates a cluster, migrates and seeds on a possibly busy machine.
const START: Duration = Duration::from_secs(90);
/// One step on a page.
const PAGE: Duration = Duration::from_secs(20);
/// The stop ladder gives PostgreSQL 5 s to stop fast, then 2 s to stop at once.
const STOP: Duration = Duration::from_secs(15);

const EMAIL: &str = "demo@demo-corp.com";
const PASSWORD: &str = "Demo123!";
const TENANT: &str = "Demo Corporation";

/// How many checks held.
#[derive(Clone, Copy, Default)]
pub(crate) struct Count {
    /// Checks that held.
    pub(crate) passed: u32,
    /// Checks that did not.
    pub(crate) failed: u32,
}

/// What the scenarios share.
struct Stage<'a> {
    binary: &'a Path,
    tree: &'a Path,
    /// Where pictures go; none are taken without it.
    pictures: Option<&'a Path>,
    count: Count,
}

/// Runs every scenario.
pub(crate) fn suite(repo: &Repo, binary: &Path, tree: &Path) -> Result<Count> {
    let pictures = repo.target.join("screenshots");
    fs::create_dir_all(&pictures)?;
    let mut stage = Stage { binary, tree, pictures: Some(&pictures), count: Count::default() };
    stage.scenario("closed by its button", plain);
    stage.scenario("signed in", signed_in);
    stage.scenario("started twice", started_twice);
    stage.scenario("two starts at once", started_at_once);
    stage.scenario("tree missing", tree_missing);
    stage.scenario("SIGTERM", terminated);
    stage.scenario("SIGKILL", killed);
    stage.offline(repo)?;
    println!("  screenshots: {}", repo.short(&pictures));
    Ok(stage.count)
}

/// The part of the suite that runs again inside a network namespace with nothing but loopback (which the driver needs).
pub(crate) fn inside(binary: &Path, tree: &Path) -> Result<Count> {
    let up = Command::new("ip").args(["link", "set", "lo", "up"]).status()?;
    ensure!(up.success(), "loopback cannot be brought up in the new network namespace");
    let mut stage = Stage { binary, tree, pictures: None, count: Count::default() };
    stage.scenario("network off", signed_in);
    Ok(stage.count)
}

impl Stage<'_> {
    fn scenario(&mut self, name: &str, play: fn(&mut Self) -> Result<()>) {
        let started = Instant::now();
        println!("  {name}");
        let failed = self.count.failed;
        if let Err(error) = play(self)
            && self.count.failed == failed
        {
            self.count.failed += 1;
            println!("    ✗ {error:#}");
        }
        println!("    {}", seconds(started.elapsed()));
    }

    /// Counts one check and says how it went; the scenario ends at the first that fails.
    fn check<T>(&mut self, what: &str, result: Result<T>) -> Result<T> {
        match &result {
            Ok(_) => {
                self.count.passed += 1;
                println!("    ✓ {what}");
            }
            Err(error) => {
                self.count.failed += 1;
                println!("    ✗ {what}: {error:#}");
            }
        }
        result
    }

    fn offline(&mut self, repo: &Repo) -> Result<()> {
        let allowed = Command::new("unshare")
            .args(["--net", "true"])
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success());
        if !allowed {
            println!("  network off: skipped, this account may not create a network namespace");
            return Ok(());
        }
        let output = Command::new("unshare")
            .arg("--net")
            .arg(repo.xtask())
            .arg("native-inside")
            .arg(self.binary)
            .arg(self.tree)
            .stderr(Stdio::inherit())
            .output()?;
        let text = String::from_utf8_lossy(&output.stdout);
        let mut counted = Count::default();
        for line in text.lines() {
            match line.trim_start().chars().next() {
                Some('✓') => counted.passed += 1,
                Some('✗') => counted.failed += 1,
                _ => {}
            }
            println!("{line}");
        }
        if !output.status.success() && counted.failed == 0 {
            counted.failed = 1;
        }
        self.count.passed += counted.passed;
        self.count.failed += counted.failed;
        Ok(())
    }

    fn picture(&self, session: &Session<'_>, name: &str) -> Result<()> {
        let Some(dir) = self.pictures else {
            return Ok(());
        };
        for theme in ["dark", "light"] {
            session.script(&format!("document.documentElement.dataset.theme = '{theme}'"))?;
            // Two frames: one to restyle, one to paint.
            std::thread::sleep(Duration::from_millis(250));
            session.screenshot(&dir.join(format!("{name}-{theme}.png")))?;
        }
        Ok(())
    }
}

/// One installation in a temporary folder on a screen of its own.
struct Desk {
    screen: Screen,
    scratch: Scratch,
}

impl Desk {
    fn new() -> Result<Self> {
        Ok(Self { screen: Screen::start()?, scratch: Scratch::new()? })
    }

    fn data(&self) -> PathBuf {
        self.scratch.path().join("data")
    }

    /// Gives a command the environment of this desk.
    fn dress(&self, command: &mut Command, tree: &Path) -> Result<()> {
        let home = self.scratch.path().join("home");
        fs::create_dir_all(&home)?;
        for name in ["WAYLAND_DISPLAY", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"] {
            command.env_remove(name);
        }
        command
            .env("DISPLAY", self.screen.display())
            .env("GDK_BACKEND", "x11")
            .env("HOME", &home)
            // Without this GTK starts a session bus of its own, which outlives the window.
            .env("DBUS_SESSION_BUS_ADDRESS", "disabled:")
            // The accessibility bus of a machine without a session stalls the start.
            .env("NO_AT_BRIDGE", "1")
            .env("DRYDOCK_DATA_DIR", self.data())
            .env("DRYDOCK_POSTGRES", tree);
        Ok(())
    }

    /// Starts the window as our own child.
    fn window(&self, stage: &Stage<'_>) -> Result<Window> {
        self.start(stage, "stderr")
    }

    /// Starts the program as our own child, with what it says in the file `said` of the scratch folder.
    fn start(&self, stage: &Stage<'_>, said: &str) -> Result<Window> {
        let mut command = Command::new(stage.binary);
        self.dress(&mut command, stage.tree)?;
        let said = File::create(self.scratch.path().join(said))?;
        let child = command
            .stdin(Stdio::null())
            .stdout(said.try_clone()?)
            .stderr(said)
            .spawn()
            .with_context(|| format!("cannot start {}", stage.binary.display()))?;
        Ok(Window { child })
    }

    /// Starts the driver; its session's program tells its exit code and stderr in files.
    fn driver(&self, stage: &Stage<'_>, tree: &Path) -> Result<(Driver, PathBuf)> {
        use std::os::unix::fs::PermissionsExt as _;
        let wrapper = self.scratch.path().join("window");
        let place = |name| quoted(&self.scratch.path().join(name));
        fs::write(
            &wrapper,
            format!(
                "#!/bin/sh\n{} \"$@\" 2>{}\necho $? >{}\n",
                quoted(stage.binary),
                place("stderr"),
                place("exit")
            ),
        )?;
        fs::set_permissions(&wrapper, fs::Permissions::from_mode(0o755))?;
        let mut command = Command::new("WebKitWebDriver");
        self.dress(&mut command, tree)?;
        let log = File::create(self.scratch.path().join("driver"))?;
        command.env("TAURI_WEBVIEW_AUTOMATION", "true").stdout(log.try_clone()?).stderr(log);
        Ok((Driver::start(command)?, wrapper))
    }

    fn said(&self) -> String {
        fs::read_to_string(self.scratch.path().join("stderr")).unwrap_or_default()
    }

    /// Waits until PostgreSQL says it is ready; returns its socket directory.
    fn postgres(&self) -> Result<PathBuf> {
        let file = self.data().join("cluster/postmaster.pid");
        let ready = until(START, || {
            let text = fs::read_to_string(&file).unwrap_or_default();
            Ok(text.lines().nth(7).is_some_and(|line| line.trim() == "ready"))
        })?;
        ensure!(ready, "PostgreSQL was not ready within {} s; stderr: {}", START.as_secs(), self.said());
        let text = fs::read_to_string(&file)?;
        let socket = text.lines().nth(4).unwrap_or_default();
        ensure!(!socket.is_empty(), "PostgreSQL has no Unix socket");
        Ok(PathBuf::from(socket))
    }

    /// Waits for a visible window whose title holds `text`.
    fn title(&self, text: &str) -> Result<()> {
        let mut last = Vec::new();
        let seen = until(START, || {
            last = self.screen.titles()?;
            Ok(last.iter().any(|title| title.contains(text)))
        })?;
        ensure!(seen, "no window is titled {text:?}; there are {last:?}; stderr: {}", self.said());
        Ok(())
    }

    /// Nothing of this installation runs any more and its socket directory is gone.
    fn nothing_left(&self, socket: &Path, except: &[u32]) -> Result<()> {
        let mut left = Vec::new();
        let gone = until(STOP, || {
            left = of_data(self.scratch.path(), except);
            Ok(left.is_empty())
        })?;
        ensure!(gone, "still running: {}", list(&left));
        ensure!(!socket.exists(), "the socket directory {} is left", socket.display());
        let pid_file = self.data().join("cluster/postmaster.pid");
        ensure!(!pid_file.exists(), "postmaster.pid is left: PostgreSQL did not stop cleanly");
        Ok(())
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        // After a failed check something may still run; it must not outlive the test.
        for process in of_data(self.scratch.path(), &[]) {
            destroy(process.pid);
        }
    }
}

/// A window that is our own child; ended when dropped.
struct Window {
    child: Child,
}

impl Drop for Window {
    fn drop(&mut self) {
        destroy(self.child.id());
        self.child.wait().ok();
    }
}

/// Looks for listening sockets of an installation all the time, in a thread of its own.
struct Watch {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Vec<String>>,
}

impl Watch {
    fn start(data: &Path) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (flag, data) = (Arc::clone(&stop), data.to_path_buf());
        let thread = std::thread::spawn(move || {
            let mut seen = Vec::new();
            while !flag.load(Ordering::Relaxed) {
                for (process, port) in listeners(&of_data(&data, &[])) {
                    seen.push(format!("{} {} on port {port}", process.name, process.pid));
                }
                std::thread::sleep(Duration::from_millis(20));
            }
            seen.dedup();
            seen
        });
        Self { stop, thread }
    }

    fn end(self) -> Result<()> {
        self.stop.store(true, Ordering::Relaxed);
        match self.thread.join() {
            Ok(seen) if seen.is_empty() => Ok(()),
            Ok(seen) => bail!("{}", seen.join(", ")),
            Err(_) => bail!("the watch itself failed"),
        }
    }
}

/// Without the driver (whose automation needs a port of its own): start, no listener, close by the window's button.
fn plain(stage: &mut Stage<'_>) -> Result<()> {
    let desk = Desk::new()?;
    let watch = Watch::start(&desk.data());
    let mut window = desk.window(stage)?;
    let socket = stage.check("PostgreSQL is ready", desk.postgres())?;
    stage.check("the window is titled", desk.title("Drydock"))?;
    stage.check("the pages run in a web process", web_process(&desk))?;
    // The seed and the first pages come after the window: let them happen under the watch.
    std::thread::sleep(Duration::from_secs(3));
    desk.screen.close_windows()?;
    let status = wait(&mut window.child, STOP);
    stage.check("no TCP listener at any time", watch.end())?;
    let status = stage.check("it ends", status)?;
    stage.check("exit code 0", code(status.code(), 0, &desk))?;
    stage.check("nothing is left", desk.nothing_left(&socket, &[]))
}

fn web_process(desk: &Desk) -> Result<()> {
    let seen = until(PAGE, || {
        Ok(of_data(&desk.data(), &[]).iter().any(|process| process.name.starts_with("WebKitWebProces")))
    })?;
    ensure!(seen, "there is none");
    Ok(())
}

fn code(found: Option<i32>, expected: i32, desk: &Desk) -> Result<()> {
    ensure!(found == Some(expected), "it was {found:?}; stderr: {}", desk.said());
    Ok(())
}

/// Sign in, see the tenant, browse, close.
fn signed_in(stage: &mut Stage<'_>) -> Result<()> {
    let desk = Desk::new()?;
    let (driver, wrapper) = desk.driver(stage, stage.tree)?;
    let session = driver.session(&wrapper, &[])?;
    let booting = session.script("return !document.querySelector('#email')")?;
    if booting == true && stage.pictures.is_some() {
        // The boot page is gone in a moment; no picture is no failure.
        stage.picture(&session, "boot").ok();
    }
    stage.check(
        "the login page appears",
        session.wait_for("the e-mail field", START, "return !!document.querySelector('#email')"),
    )?;
    let socket = stage.check("PostgreSQL is ready", desk.postgres())?;
    stage.picture(&session, "login")?;
    session.fill("#email", EMAIL)?;
    session.fill("#password", PASSWORD)?;
    session.click("button[type=submit]")?;
    stage.check(
        "signing in leads to the tenant's overview",
        session.wait_for(
            "the overview",
            PAGE,
            &format!("return /\\/clients\\/[^/]+\\/engagements\\/[^/]+\\/overview$/.test(location.pathname) && document.body.innerText.includes('{TENANT}')"),
        ),
    )?;
    let titled = desk.title(&format!("Overview · {TENANT} · DEMO — Drydock"));
    stage.check("the window's title names page, tenant and profile", titled)?;
    stage.check(
        "the overview shows numbers",
        session.wait_for("a number", PAGE, "return /\\d/.test(document.querySelector('main').innerText)"),
    )?;
    stage.picture(&session, "overview")?;
    session.script("document.querySelector(\"nav a[href$='/assets']\").click()")?;
    stage.check(
        "the asset list shows rows",
        session.wait_for(
            "a row of assets",
            PAGE,
            "return location.pathname.endsWith('/assets') && document.querySelectorAll('[role=grid] [role=row]').length > 3",
        ),
    )?;
    stage.picture(&session, "assets")?;
    pages(stage, &session)?;
    desk.screen.close_windows()?;
    let exit = desk.scratch.path().join("exit");
    let ended = until(STOP, || Ok(fs::read_to_string(&exit).is_ok_and(|text| text.ends_with('\n'))))?;
    stage.check("the window ends", if ended { Ok(()) } else { bail_left(&desk) })?;
    stage.check("exit code 0", code(exit_code(&exit), 0, &desk))?;
    session.quit();
    stage.check("nothing is left", desk.nothing_left(&socket, &[driver.pid()]))
}

/// Opens every page that the navigation offers, and the palette, and looks at each.
fn pages(stage: &mut Stage<'_>, session: &Session<'_>) -> Result<()> {
    let links = "return [...document.querySelectorAll('nav a')].map((link) => link.getAttribute('href'))";
    let links: Vec<String> = serde_json::from_value(session.script(links)?)?;
    for path in links {
        let name = path.rsplit('/').next().unwrap_or_default().to_owned();
        session.script(&format!("document.querySelector(\"nav a[href='{path}']\").click()"))?;
        let opened = format!(
            "return location.pathname === '{path}' && !!document.querySelector('main h1') && !document.querySelector('.problem') \
             && !document.querySelector('main [aria-busy=true]')"
        );
        stage.check(&format!("the page {name} opens"), session.wait_for(&name, PAGE, &opened))?;
        stage.picture(session, &format!("page-{name}"))?;
    }
    session.script("document.querySelector('.find').click()")?;
    stage.check(
        "the palette offers actions",
        session.wait_for("an action", PAGE, "return document.querySelectorAll('[role=option]').length > 3"),
    )?;
    stage.picture(session, "palette")
}

fn bail_left(desk: &Desk) -> Result<()> {
    bail!("still running: {}", list(&of_data(&desk.data(), &[])));
}

fn exit_code(file: &Path) -> Option<i32> {
    fs::read_to_string(file).ok()?.trim().parse().ok()
}

/// A second start while the window is open: it ends at once, says why, and the window comes to the front.
fn started_twice(stage: &mut Stage<'_>) -> Result<()> {
    let desk = Desk::new()?;
    let mut window = desk.window(stage)?;
    let socket = stage.check("PostgreSQL is ready", desk.postgres())?;
    stage.check("the window is titled", desk.title("Drydock"))?;
    stage.check("the pages run in a web process", web_process(&desk))?;
    let _cover = desk.screen.cover()?;
    stage.check("another window is in front", in_front(&desk, None))?;
    let mut second = desk.start(stage, "second")?;
    let status = stage.check("the second start ends", wait(&mut second.child, PAGE))?;
    let said = fs::read_to_string(desk.scratch.path().join("second"))?;
    let told = said.contains("open already") && said.contains(&window.child.id().to_string());
    stage.check(
        "exit code 0, and it says whose window is open",
        if status.code() == Some(0) && told { Ok(()) } else { Err(anyhow::anyhow!("{status}: {said}")) },
    )?;
    stage.check("the window is in front and has the keyboard", in_front(&desk, Some("Drydock")))?;
    let running = window.child.try_wait()?.is_none();
    stage.check("it runs on", if running { Ok(()) } else { Err(anyhow::anyhow!("{}", desk.said())) })?;
    desk.screen.close_windows()?;
    stage.check("it ends", wait(&mut window.child, STOP))?;
    stage.check("nothing is left", desk.nothing_left(&socket, &[]))
}

/// Neither can see the other when it looks: one gets the data directory, the other ends as a second start does.
fn started_at_once(stage: &mut Stage<'_>) -> Result<()> {
    let desk = Desk::new()?;
    let mut starts = [desk.start(stage, "stderr")?, desk.start(stage, "second")?];
    let mut ended = None;
    until(START, || {
        for (index, start) in starts.iter_mut().enumerate() {
            if let Some(status) = start.child.try_wait()? {
                ended = Some((index, status));
            }
        }
        Ok(ended.is_some())
    })?;
    let (loser, status) = stage.check("one of them ends", ended.context("both run on"))?;
    let said = fs::read_to_string(desk.scratch.path().join(["stderr", "second"][loser]))?;
    stage.check(
        "exit code 0, and it says that the window is open",
        if status.code() == Some(0) && said.contains("open already") {
            Ok(())
        } else {
            Err(anyhow::anyhow!("{status}: {said}"))
        },
    )?;
    let socket = stage.check("PostgreSQL is ready", desk.postgres())?;
    stage.check("the window is titled", desk.title("Drydock"))?;
    desk.screen.close_windows()?;
    let winner = &mut starts[1 - loser].child;
    let status = stage.check("the other ends when it is closed", wait(winner, STOP))?;
    stage.check("exit code 0", code(status.code(), 0, &desk))?;
    stage.check("nothing is left", desk.nothing_left(&socket, &[]))
}

/// Waits until a window of this title, or one without any, is above all others and has the keyboard.
fn in_front(desk: &Desk, title: Option<&str>) -> Result<()> {
    let (mut above, mut focused) = (None, None);
    let matches = |found: &Option<String>| match (found, title) {
        (Some(found), Some(title)) => found.contains(title),
        (found, title) => found.as_deref() == title,
    };
    let seen = until(PAGE, || {
        (above, focused) = (desk.screen.topmost()?, desk.screen.focused()?);
        Ok(matches(&above) && matches(&focused))
    })?;
    ensure!(seen, "above all is {above:?}, the keyboard has {focused:?}");
    Ok(())
}

/// No PostgreSQL tree: the page and stderr say so, and the exit code tells scripts.
fn tree_missing(stage: &mut Stage<'_>) -> Result<()> {
    const CODE: &str = "postgres.tree_missing";
    let desk = Desk::new()?;
    let (driver, wrapper) = desk.driver(stage, Path::new("/nonexistent"))?;
    let session = driver.session(&wrapper, &[])?;
    stage.check(
        "the page shows the code",
        session.wait_for("the failure", START, &format!("return document.body.innerText.includes('{CODE}')")),
    )?;
    stage.picture(&session, "failure")?;
    desk.screen.close_windows()?;
    let exit = desk.scratch.path().join("exit");
    until(STOP, || Ok(exit_code(&exit).is_some()))?;
    let failed = exit_code(&exit).filter(|code| *code != 0).map(|_| ());
    stage.check("exit code not 0", failed.with_context(|| format!("it was {:?}", exit_code(&exit))))?;
    let said = desk.said();
    stage.check(
        "stderr names code and folder",
        if said.contains(CODE) && said.contains("/nonexistent") {
            Ok(())
        } else {
            Err(anyhow::anyhow!("it says: {said}"))
        },
    )?;
    session.quit();
    stage.check("nothing is left", desk.nothing_left(Path::new("/nonexistent"), &[driver.pid()]))
}

/// A polite signal, as from a session manager or `kill`.
fn terminated(stage: &mut Stage<'_>) -> Result<()> {
    let desk = Desk::new()?;
    let mut window = desk.window(stage)?;
    let socket = stage.check("PostgreSQL is ready", desk.postgres())?;
    stage.check("the window is titled", desk.title("Drydock"))?;
    terminate(window.child.id());
    stage.check("it ends", wait(&mut window.child, STOP))?;
    stage.check("nothing is left", desk.nothing_left(&socket, &[]))
}

/// The hard way: nobody can clean up, but nothing may run on.
fn killed(stage: &mut Stage<'_>) -> Result<()> {
    let desk = Desk::new()?;
    let mut window = desk.window(stage)?;
    let socket = stage.check("PostgreSQL is ready", desk.postgres())?;
    stage.check("the window is titled", desk.title("Drydock"))?;
    destroy(window.child.id());
    window.child.wait()?;
    let mut left = Vec::new();
    let gone = until(STOP, || {
        left = of_data(desk.scratch.path(), &[]);
        Ok(left.is_empty())
    })?;
    // The empty folder stays: whoever would remove it was killed. The next start takes it over.
    fs::remove_dir_all(&socket).ok();
    let result = if gone { Ok(()) } else { Err(anyhow::anyhow!("still running: {}", list(&left))) };
    stage.check("no process is left", result)
}

/// The memory of an idle window with all its processes, in bytes, by process name; starts and ends a window for it.
pub(crate) fn idle(binary: &Path, tree: &Path) -> Result<Vec<(String, u64)>> {
    let desk = Desk::new()?;
    let stage = Stage { binary, tree, pictures: None, count: Count::default() };
    let mut window = desk.window(&stage)?;
    let socket = desk.postgres()?;
    desk.title("Drydock")?;
    web_process(&desk)?;
    // Idle means the login page is painted and the allocators have settled.
    std::thread::sleep(Duration::from_secs(8));
    let sizes = of_data(&desk.data(), &[])
        .into_iter()
        .map(|process| (process.name, processes::pss(process.pid)))
        .collect();
    desk.screen.close_windows()?;
    wait(&mut window.child, STOP)?;
    desk.nothing_left(&socket, &[])?;
    Ok(sizes)
}

fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', "'\\''"))
}
