//! System libraries and programs, from Debian's packages.

use std::process::{Command, Stdio};

use anyhow::{Result, bail};

use crate::postgres::has_pip;
use crate::repo::Repo;
use crate::step::{logged, on_path, run, show_tail, step};

/// One thing the system must have: how to see that it is there, and the Debian package that brings it.
enum Need {
    /// A program on the PATH.
    Program(&'static str, &'static str),
    /// A library known to pkg-config.
    Library(&'static str, &'static str),
    /// Any Python 3 with pip.
    Pip,
}

/// What fetching the PostgreSQL tree needs.
const TREE: &[Need] = &[Need::Pip];
/// What compiling without a window needs: aws-lc and ring compile C.
const BASE: &[Need] = &[Need::Program("cc", "build-essential")];
/// What compiling and running the window needs.
const WINDOW: &[Need] =
    &[Need::Program("pkg-config", "pkg-config"), Need::Library("webkit2gtk-4.1", "libwebkit2gtk-4.1-dev")];
/// What the page tests and the native smoke test need.
const TEST: &[Need] = &[
    Need::Program("chromium", "chromium"),
    Need::Program("Xvfb", "xvfb"),
    Need::Program("WebKitWebDriver", "webkit2gtk-driver"),
    Need::Program("ip", "iproute2"),
];

/// How much of the system a command uses.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    /// Fetching the PostgreSQL tree.
    Tree,
    /// Compiling without a window, and npm.
    Base,
    /// The window.
    Window,
    /// The window, its driver, and a browser.
    Test,
}

impl Need {
    fn package(&self) -> &'static str {
        match self {
            Self::Program(_, package) | Self::Library(_, package) => package,
            Self::Pip => "python3-pip",
        }
    }

    fn met(&self) -> bool {
        match self {
            Self::Program(program, _) => {
                on_path(program) || std::path::Path::new("/usr/sbin").join(program).is_file()
            }
            Self::Library(library, _) => Command::new("pkg-config")
                .args(["--exists", library])
                .stderr(Stdio::null())
                .status()
                .is_ok_and(|status| status.success()),
            Self::Pip => has_pip(),
        }
    }
}

/// Installs what is missing; says so when nothing is.
pub(crate) fn ensure(repo: &Repo, level: Level) -> Result<()> {
    let mut needs: Vec<&Need> = TREE.iter().collect();
    if level >= Level::Base {
        node()?;
        needs.extend(BASE);
    }
    if level >= Level::Window && cfg!(target_os = "linux") {
        needs.extend(WINDOW);
    }
    if level >= Level::Test && cfg!(target_os = "linux") {
        needs.extend(TEST);
    }
    let missing = |needs: &[&Need]| -> Vec<&'static str> {
        needs.iter().filter(|need| !need.met()).map(|need| need.package()).collect()
    };
    let absent = missing(&needs);
    step("system libraries", || {
        if absent.is_empty() {
            return Ok(((), "present".to_owned()));
        }
        install(repo, &absent)?;
        let still = missing(&needs);
        if !still.is_empty() {
            bail!("{} is installed but cannot be found: check PATH and PKG_CONFIG_PATH", still.join(" "));
        }
        Ok(((), format!("installed {}", absent.join(" "))))
    })
}

/// Node.js 20.19 is the oldest that Vite runs on.
fn node() -> Result<()> {
    let version = Command::new("node").arg("--version").output();
    let said = match version {
        Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout).into_owned(),
        _ => bail!("node is missing: install Node.js 20.19 or newer with npm and run the command again"),
    };
    let mut parts =
        said.trim().trim_start_matches('v').split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let (major, minor) = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    if (major, minor) < (20, 19) {
        bail!("Node.js {} is too old: install 20.19 or newer and run the command again", said.trim());
    }
    Ok(())
}

fn install(repo: &Repo, packages: &[&str]) -> Result<()> {
    let list = packages.join(" ");
    let by_hand = format!("install {list} with your system's package manager and run the command again");
    if !on_path("apt-get") {
        bail!("system packages are missing and this is no Debian or Ubuntu: {by_hand}");
    }
    let root = nix::unistd::geteuid().is_root();
    if !root && !on_path("sudo") {
        bail!(
            "system packages are missing and there is no sudo: as root, run `apt-get install {list}` and try again"
        );
    }
    if !root {
        // Ask for the password here, where it can be typed; the commands below run without a terminal.
        println!("\nsudo is asked to install {list}");
        let allowed = Command::new("sudo").arg("--validate").status()?.success();
        if !allowed {
            bail!("sudo was refused: as root, run `apt-get install {list}` and try again");
        }
    }
    let apt = |arguments: &[&str]| {
        let mut command = if root {
            Command::new("apt-get")
        } else {
            let mut command = Command::new("sudo");
            command.args(["--non-interactive", "env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]);
            command
        };
        command
            .env("DEBIAN_FRONTEND", "noninteractive")
            .args(["--yes", "--quiet", "-o", "DPkg::Lock::Timeout=300"])
            .args(arguments);
        command
    };
    let mut wanted = vec!["install", "--no-install-recommends"];
    wanted.extend(packages);
    if logged(repo, &mut apt(&wanted), "apt")?.success() {
        return Ok(());
    }
    // The lists of a fresh machine are empty or name versions that are gone.
    let refreshed = logged(repo, &mut apt(&["update"]), "apt-update")?;
    if !refreshed.success() {
        show_tail(repo, "apt-update");
        bail!(
            "apt-get update failed: check the network and /etc/apt/sources.list, then run the command again"
        );
    }
    run(
        repo,
        &mut apt(&wanted),
        "apt",
        &format!("apt-get could not install {list}: read its log, put it right and run the command again"),
    )
}
