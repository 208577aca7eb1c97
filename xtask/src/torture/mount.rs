//! File systems of our own. They are mounted in a mount namespace of this thread and its children, so that none can outlive them,
//! however the program ends.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};

use crate::interrupt::until;
use crate::site::STOP;

/// A mounted file system; unmounted when dropped.
pub(crate) struct Mount {
    at: PathBuf,
}

/// Gives this thread a mount namespace of its own.
///
/// # Errors
/// Says in one sentence why file systems cannot be mounted here.
pub(crate) fn own_namespace() -> Result<()> {
    ensure!(nix::unistd::geteuid().is_root(), "needs root: it mounts file systems");
    unshare()?;
    // Otherwise the mounts would spread to the namespace we come from.
    quietly(Command::new("mount").args(["--make-rprivate", "/"]))
}

#[cfg(target_os = "linux")]
fn unshare() -> Result<()> {
    nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWNS)
        .map_err(|error| anyhow::anyhow!("needs a mount namespace, which is refused here: {error}"))
}

#[cfg(not(target_os = "linux"))]
fn unshare() -> Result<()> {
    bail!("needs Linux")
}

impl Mount {
    /// A file system in memory of `mebibytes`.
    pub(crate) fn memory(at: &Path, mebibytes: u64) -> Result<Self> {
        std::fs::create_dir_all(at)?;
        let options = format!("size={mebibytes}m,mode=755");
        quietly(Command::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(at))?;
        Ok(Self { at: at.to_owned() })
    }

    /// The file system in an image.
    pub(crate) fn image(image: &Path, at: &Path) -> Result<Self> {
        std::fs::create_dir_all(at)?;
        quietly(Command::new("mount").args(["-t", "ext4", "-o", "loop"]).arg(image).arg(at))?;
        Ok(Self { at: at.to_owned() })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.at
    }

    /// Unmounts it, or hands it back with the reason why not: something still uses it.
    fn try_end(self) -> std::result::Result<(), (Self, anyhow::Error)> {
        match quietly(Command::new("umount").arg(&self.at)) {
            Ok(()) => {
                std::mem::forget(self);
                Ok(())
            }
            Err(error) => Err((self, error)),
        }
    }

    /// Unmounts it as soon as nothing uses it any more.
    pub(crate) fn end(self) -> Result<()> {
        let mut mount = Some(self);
        let mut reason = None;
        let unmounted = until(STOP, || {
            let Some(current) = mount.take() else { return Ok(true) };
            match current.try_end() {
                Ok(()) => Ok(true),
                Err((current, error)) => {
                    (mount, reason) = (Some(current), Some(error));
                    Ok(false)
                }
            }
        })?;
        match reason {
            Some(error) if !unmounted => Err(error),
            _ => Ok(()),
        }
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        // Lazily: a process that has just been killed may still hold it for a moment.
        quietly(Command::new("umount").arg("--lazy").arg(&self.at)).ok();
    }
}

/// Makes an image with an empty ext4 in it.
pub(crate) fn format(image: &Path, mebibytes: u64) -> Result<()> {
    std::fs::File::create(image)?.set_len(mebibytes * 1024 * 1024)?;
    quietly(Command::new("mkfs.ext4").args(["-q", "-F"]).arg(image))
}

fn quietly(command: &mut Command) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("needs {name}"))?;
    if !output.status.success() {
        bail!("{name} failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}
