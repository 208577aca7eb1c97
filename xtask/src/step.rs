//! Steps: what is done, how long it took, and one sentence when it cannot be done.

use std::fs::{self, File};
use std::io::{self, IsTerminal as _, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, bail};

use crate::repo::Repo;

/// How many lines of a failed command's log are shown.
const TAIL: usize = 40;

/// Runs one step and prints its name, duration and the note it returns ("present", a size, a count).
pub(crate) fn step<T>(name: &str, work: impl FnOnce() -> Result<(T, String)>) -> Result<T> {
    let live = io::stdout().is_terminal();
    if live {
        print!("… {name}");
        io::stdout().flush().ok();
    }
    let started = Instant::now();
    let result = work();
    let took = seconds(started.elapsed());
    let back = if live { "\r\x1b[K" } else { "" };
    match result {
        Ok((value, note)) if note.is_empty() => {
            println!("{back}✓ {name} … {took}");
            Ok(value)
        }
        Ok((value, note)) => {
            println!("{back}✓ {name} … {took} ({note})");
            Ok(value)
        }
        Err(error) => {
            println!("{back}✗ {name} … {took}");
            Err(error)
        }
    }
}

/// Seconds with one decimal, as all steps print them.
pub(crate) fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

/// Bytes as megabytes with one decimal (1 MB = 1,000,000 bytes).
pub(crate) fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

/// Runs a command with its output in `target/xtask/<log>.log`. When it fails the log's tail is printed and the error is
/// `advice`: one sentence that says what to do.
pub(crate) fn run(repo: &Repo, command: &mut Command, log: &str, advice: &str) -> Result<()> {
    let status = logged(repo, command, log)?;
    if status.success() {
        return Ok(());
    }
    show_tail(repo, log);
    bail!("{advice} (full log: {})", repo.short(&repo.log(log)));
}

/// As [`run`], but hands back the exit status instead of judging it.
pub(crate) fn logged(repo: &Repo, command: &mut Command, log: &str) -> Result<ExitStatus> {
    let path = repo.log(log);
    let file = File::create(&path).with_context(|| format!("cannot write {}", repo.short(&path)))?;
    command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
    let mut child = spawn(command)?;
    if !repo.verbose {
        return Ok(child.wait()?);
    }
    follow(&mut child, &path)
}

fn follow(child: &mut Child, log: &Path) -> Result<ExitStatus> {
    println!();
    let mut reader = File::open(log)?;
    let mut chunk = Vec::new();
    loop {
        let ended = child.try_wait()?;
        chunk.clear();
        reader.read_to_end(&mut chunk)?;
        io::stdout().write_all(&chunk)?;
        io::stdout().flush()?;
        match ended {
            Some(status) => return Ok(status),
            None => std::thread::sleep(Duration::from_millis(50)),
        }
    }
}

/// Starts a command; a missing program is told with what to install.
pub(crate) fn spawn(command: &mut Command) -> Result<Child> {
    command.spawn().map_err(|error| missing(command, &error))
}

/// Runs a command and returns what it wrote to stdout.
pub(crate) fn output(command: &mut Command, advice: &str) -> Result<String> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| missing(command, &error))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let said = said.lines().rfind(|line| !line.trim().is_empty());
        bail!("{advice}: {}", said.unwrap_or("it said nothing"));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn missing(command: &Command, error: &io::Error) -> anyhow::Error {
    let program = command.get_program().to_string_lossy().into_owned();
    if error.kind() != io::ErrorKind::NotFound {
        return anyhow!("cannot start {program}: {error}");
    }
    let remedy = match program.as_str() {
        "npm" | "npx" | "node" => "install Node.js 20.19 or newer with npm",
        "python3" => "install Python 3 with pip",
        "cargo" => "install Rust from rustup.rs",
        "dpkg-query" | "apt-get" | "dpkg-deb" => "this step needs a Debian or Ubuntu system",
        _ => "install it",
    };
    anyhow!("{program} is missing: {remedy} and run the command again")
}

/// Whether a program can be found on the PATH.
pub(crate) fn on_path(program: &str) -> bool {
    std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|dir| dir.join(program).is_file()))
}

/// Prints the end of a step's log to stderr.
pub(crate) fn show_tail(repo: &Repo, log: &str) {
    if repo.verbose {
        return;
    }
    let path = repo.log(log);
    eprintln!("── last lines of {}", repo.short(&path));
    for line in tail(&path) {
        eprintln!("   {line}");
    }
}

fn tail(path: &Path) -> Vec<String> {
    let Ok(mut file) = File::open(path) else {
        return Vec::new();
    };
    let length = fs::metadata(path).map_or(0, |data| data.len());
    file.seek(SeekFrom::Start(length.saturating_sub(64 * 1024))).ok();
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).ok();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let lines: Vec<_> = text.lines().map(str::to_owned).collect();
    lines[lines.len().saturating_sub(TAIL)..].to_vec()
}
