//! What ends a server when its app dies, on systems whose kernel can't be asked to.

use std::ffi::OsStr;
use std::io::{self, PipeWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};

/// Becomes `"$@"`, and leaves behind a process that sends it SIGINT when the pipe that is its input ends without a word. That
/// one is nobody's child: the server would take the end of a child it does not know for a crash.
const GUARDED: &str = r#"
exec 3<&0
( { read -r _ || kill -s INT "$$"; } <&3 3<&- >/dev/null 2>&1 & )
unset PWD OLDPWD SHLVL
exec "$@" </dev/null 3<&-
"#;

/// Of a running server. Dropped, or gone with its process, it asks the server to shut down.
#[derive(Debug)]
pub(crate) struct Guard {
    ours: PipeWriter,
}

impl Guard {
    /// A command that runs `program` under a guard, in the very process that is spawned. Its arguments are to be added; its
    /// input is empty.
    pub(crate) fn around(program: &Path) -> io::Result<(Command, Self)> {
        let (theirs, ours) = io::pipe()?;
        let mut command = Command::new("/bin/sh");
        command.args([OsStr::new("-c"), OsStr::new(GUARDED), OsStr::new("drydock"), program.as_os_str()]);
        command.stdin(Stdio::from(theirs));
        // A shell can't begin to heed a signal that it was started to ignore.
        super::heed_signals(&mut command);
        Ok((command, Self { ours }))
    }

    /// To be called when the server has ended, before its process id can be somebody else's.
    pub(crate) fn release(mut self) {
        // Nobody reads if the guard itself was killed.
        let _ = self.ours.write_all(b"\n");
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::os::fd::AsFd;
    use std::os::unix::process::ExitStatusExt;
    use std::process::Child;

    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

    use super::*;

    fn sleeper() -> (Child, Guard) {
        let (mut command, guard) = Guard::around(Path::new("sleep")).unwrap();
        let child = command.arg("60").spawn().unwrap();
        // The command holds the reading end.
        drop(command);
        (child, guard)
    }

    /// Waits until nobody has the reading end.
    fn assert_gone(writer: &PipeWriter) {
        let mut end = [PollFd::new(writer.as_fd(), PollFlags::empty())];
        assert_eq!(poll(&mut end, PollTimeout::from(30_000u16)), Ok(1), "a process is left");
    }

    #[test]
    fn the_program_is_interrupted_when_the_app_is_gone() {
        let (mut child, guard) = sleeper();
        drop(guard);
        assert_eq!(child.wait().unwrap().signal(), Some(nix::libc::SIGINT));
    }

    #[test]
    fn a_normal_end_leaves_no_process() {
        let (mut command, guard) = Guard::around(Path::new("true")).unwrap();
        let mut child = command.spawn().unwrap();
        drop(command);
        assert!(child.wait().unwrap().success());
        let writer = guard.ours.try_clone().unwrap();
        guard.release();
        assert_gone(&writer);
    }

    #[test]
    fn a_released_guard_signals_nobody() {
        let (mut child, guard) = sleeper();
        let writer = guard.ours.try_clone().unwrap();
        guard.release();
        assert_gone(&writer);
        assert!(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        assert_eq!(child.wait().unwrap().signal(), Some(nix::libc::SIGKILL));
    }
}
