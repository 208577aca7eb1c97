use std::ffi::{OsStr, OsString};
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, PipeReader, PipeWriter, Write};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
pub(crate) use std::process::Child;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{self, SigHandler, Signal};
use nix::unistd::{Pid, Uid, User as Passwd};

use super::{Durable, Guard, Request, User};
use crate::Account;

fn user(entry: Passwd) -> User {
    User { name: entry.name, uid: entry.uid.as_raw(), gid: entry.gid.as_raw() }
}

/// The account this process runs as; `None` if its id has no name.
pub(crate) fn current_user() -> Option<User> {
    Passwd::from_uid(Uid::effective()).ok().flatten().map(user)
}

pub(crate) fn current_uid() -> u32 {
    Uid::effective().as_raw()
}

pub(crate) fn user_named(name: &str) -> Option<User> {
    Passwd::from_name(name).ok().flatten().map(user)
}

/// Whether this process is one of root.
pub(crate) fn is_root() -> bool {
    current_user().is_some_and(|user| user.uid == 0)
}

/// Creates a folder with exactly this mode, whatever the umask, owned by `owner` if given. Fails if it exists.
pub(crate) fn make_dir(path: &Path, mode: u32, owner: Option<&Account>) -> io::Result<()> {
    DirBuilder::new().mode(0o700).create(path)?;
    if let Some(account) = owner.filter(|account| account.dropped) {
        std::os::unix::fs::lchown(path, Some(account.uid), Some(account.gid))?;
    }
    fs::set_permissions(path, Permissions::from_mode(mode))
}

/// Creates a file of `mode`, owned by `owner`. Fails if it exists, so it never follows a link.
pub(crate) fn create_new(path: &Path, mode: u32, owner: &Account) -> io::Result<File> {
    let file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
    if owner.dropped {
        std::os::unix::fs::fchown(&file, Some(owner.uid), Some(owner.gid))?;
    }
    Ok(file)
}

/// Writes a new file of `mode`, owned by `owner`. Fails if it exists.
pub(crate) fn write_new(
    path: &Path,
    text: &str,
    mode: u32,
    owner: &Account,
    durable: Durable,
) -> io::Result<()> {
    let mut file = create_new(path, mode, owner)?;
    file.write_all(text.as_bytes())?;
    match durable {
        Durable::Yes => file.sync_all(),
        Durable::No => Ok(()),
    }
}

/// Opens a file for reading, but not through a link.
pub(crate) fn open_to_read(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).custom_flags(nix::libc::O_NOFOLLOW).open(path)
}

/// Opens a private file (0600) for appending.
pub(crate) fn append(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).mode(0o600).custom_flags(nix::libc::O_NOFOLLOW).open(path)
}

/// Creates a private file (0600). Fails if it exists, so it never follows a link.
pub(crate) fn create_private(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path)
}

/// Opens a private file (0600) for reading and writing, keeping its content.
pub(crate) fn open_private(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(nix::libc::O_NOFOLLOW)
        .open(path)
}

fn owner(path: &Path) -> io::Result<u32> {
    Ok(fs::symlink_metadata(path)?.uid())
}

/// Whether it is the account's.
pub(crate) fn is_owned_by(path: &Path, account: &Account) -> io::Result<bool> {
    Ok(owner(path)? == account.uid)
}

/// Whether it is root's.
pub(crate) fn belongs_to_root(path: &Path) -> bool {
    owner(path).is_ok_and(|uid| uid == 0)
}

/// The name of the account it belongs to, else its number.
pub(crate) fn owner_name(path: &Path) -> Option<String> {
    let uid = owner(path).ok()?;
    Some(Passwd::from_uid(Uid::from_raw(uid)).ok().flatten().map_or(uid.to_string(), |entry| entry.name))
}

/// Takes the lock of a file for this handle alone, and waits for it.
pub(crate) fn lock(file: &File) -> io::Result<()> {
    file.lock()
}

/// Takes the lock of a file for this handle alone if it is free.
pub(crate) fn try_lock(file: &File) -> Result<(), fs::TryLockError> {
    file.try_lock()
}

/// Takes the lock of a file, which others may do as well that share it.
pub(crate) fn try_lock_shared(file: &File) -> Result<(), fs::TryLockError> {
    file.try_lock_shared()
}

/// Gives the lock back.
pub(crate) fn unlock(file: &File) -> io::Result<()> {
    file.unlock()
}

/// Characters a tree's path may not have: initdb runs its children through the shell, with their paths in double quotes.
pub(crate) const NOT_IN_A_TREE: &[char] = &['"', '$', '`', '\\'];

/// Longest path of a data directory, in bytes. PostgreSQL keeps every path in `MAXPGPATH` (1024) bytes, and initdb crashes
/// where one is longer; the names below the data directory need some hundred.
pub(crate) const LONGEST_DATA: usize = 900;

/// The path without links.
pub(crate) fn canonicalize(path: &Path) -> io::Result<PathBuf> {
    path.canonicalize()
}

/// Whether `account` has all of `bits` (an octal digit: 4 read, 2 write, 1 enter or run) on `path`, by owner, group and
/// mode. Access control lists are not looked at.
pub(crate) fn allows(path: &Path, account: &Account, bits: u32) -> io::Result<bool> {
    let meta = fs::metadata(path)?;
    let shift = if meta.uid() == account.uid {
        6
    } else if meta.gid() == account.gid {
        3
    } else {
        0
    };
    Ok((meta.mode() >> shift) & bits == bits)
}

/// The first folder from the root down to `path` itself that a dropped account may not enter. An account that is our own
/// needs no telling: the operation itself says so.
pub(crate) fn closed_folder(path: &Path, account: &Account) -> Option<PathBuf> {
    if !account.dropped {
        return None;
    }
    let mut folders: Vec<_> = path.ancestors().collect();
    folders.reverse();
    folders.into_iter().find(|folder| !matches!(allows(folder, account, 1), Ok(true))).map(Path::to_owned)
}

/// Lets other accounts pass through a folder of ours, not list it.
pub(crate) fn let_pass(path: &Path) -> io::Result<()> {
    let mode = fs::metadata(path)?.mode() & 0o7777;
    if mode & 0o011 == 0o011 {
        Ok(())
    } else {
        fs::set_permissions(path, Permissions::from_mode(mode | 0o011))
    }
}

pub(crate) fn set_mode(path: &Path, mode: u32) -> io::Result<()> {
    fs::set_permissions(path, Permissions::from_mode(mode))
}

pub(crate) fn is_executable(meta: &fs::Metadata) -> bool {
    meta.mode() & 0o111 != 0
}

/// Whether `path` is a real folder (no link) of `account` that nobody else may enter.
pub(crate) fn is_private_dir(path: &Path, account: &Account) -> io::Result<bool> {
    let meta = fs::symlink_metadata(path)?;
    Ok(meta.is_dir() && meta.uid() == account.uid && meta.mode() & 0o077 == 0)
}

/// Whether both paths lead to the same file.
#[cfg(target_os = "linux")]
pub(crate) fn same_file(one: &Path, other: &Path) -> io::Result<bool> {
    let (one, other) = (fs::metadata(one)?, fs::metadata(other)?);
    Ok((one.dev(), one.ino()) == (other.dev(), other.ino()))
}

/// Asks the file system to put each folder that is made in this one far from its siblings (ext4's "top of a hierarchy", as `chattr
/// +T`). ext4 uses no number of a file again that was deleted in the last minutes, and looks at each of them for every file it
/// makes nearby: the hundreds of files of a database then take ten times as long where as many were deleted before. It is a wish: other
/// file systems, and files of somebody else, refuse it.
#[cfg(target_os = "linux")]
pub(crate) fn spread(folder: &Path) {
    use nix::libc::{FS_IOC_GETFLAGS, FS_IOC_SETFLAGS, c_int, ioctl};
    const TOP: c_int = 0x0002_0000;
    let Ok(folder) = File::open(folder) else { return };
    let mut flags: c_int = 0;
    // SAFETY: both requests are about one int, which outlives them, and the descriptor is open.
    #[allow(unsafe_code)]
    unsafe {
        if ioctl(folder.as_raw_fd(), FS_IOC_GETFLAGS, &raw mut flags) == 0 && flags & TOP == 0 {
            flags |= TOP;
            ioctl(folder.as_raw_fd(), FS_IOC_SETFLAGS, &raw const flags);
        }
    }
}

/// Only Linux has such a wish.
#[cfg(not(target_os = "linux"))]
pub(crate) fn spread(_folder: &Path) {}

/// Whether initdb can leave syncing to one [`sync`] of the whole file system, which is some 100 ms faster.
pub(crate) const SYNCS_AT_ONCE: bool = cfg!(target_os = "linux");

/// Makes everything below `folder` durable, by way of its whole file system on Linux; elsewhere only the folder itself,
/// whose files whoever wrote them has synced.
pub(crate) fn sync(folder: &Path) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    nix::unistd::syncfs(File::open(folder)?)?;
    sync_entries(folder)
}

/// Makes every file below `folder` durable.
pub(crate) fn sync_all(folder: &Path) -> io::Result<()> {
    if !SYNCS_AT_ONCE {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                sync_all(&entry.path())?;
            } else {
                File::open(entry.path())?.sync_all()?;
            }
        }
    }
    sync(folder)
}

/// Makes the names in `folder` durable.
pub(crate) fn sync_entries(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Sends a process a request. A process that is gone is not an error.
pub(crate) fn ask(pid: i32, request: Request) -> io::Result<()> {
    let signal = match request {
        Request::Fast => Signal::SIGINT,
        Request::Immediate => Signal::SIGQUIT,
        Request::Kill => Signal::SIGKILL,
    };
    match signal::kill(Pid::from_raw(pid), signal) {
        Ok(()) | Err(Errno::ESRCH) => Ok(()),
        Err(errno) => Err(errno.into()),
    }
}

/// Asks a program that is none of the server's processes to end. One that is gone is not an error.
pub(crate) fn end(pid: i32, request: Request) -> io::Result<()> {
    ask(pid, request)
}

/// What no program does without.
pub(crate) fn needed_variables() -> Vec<(&'static str, OsString)> {
    Vec::new()
}

/// All that the server and its tools find in their environment.
pub(crate) fn environment() -> Vec<(&'static str, OsString)> {
    [("PATH", "/usr/bin:/bin"), ("LC_ALL", "C.UTF-8"), ("TZ", "UTC")]
        .map(|(name, value)| (name, value.into()))
        .into()
}

/// Programs have no windows.
pub(crate) fn without_window(_command: &mut Command) {}

/// A command that runs the server without input. Where the kernel does not end it with its parent, the guard does.
pub(crate) fn server(program: &Path) -> io::Result<(Command, Option<Guard>)> {
    if cfg!(target_os = "linux") {
        let mut command = Command::new(program);
        command.stdin(Stdio::null());
        return Ok((command, None));
    }
    Guard::around(program).map(|(command, guard)| (command, Some(guard)))
}

/// Whether the process has children, if that can be told.
pub(crate) fn has_children(pid: i32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).map_or(true, |list| !list.is_empty())
}

/// Prepares a child: runs as `account`, out of the terminal's process group (Ctrl-C is for the app, which then stops the
/// server in order), and on Linux is told to shut down when the thread that spawns it ends.
pub(crate) fn confine(command: &mut Command, account: &Account) {
    command.process_group(0);
    if account.dropped {
        // std also clears the supplementary groups when root sets a uid.
        command.uid(account.uid).gid(account.gid);
    }
    heed_signals(command);
    #[cfg(target_os = "linux")]
    die_with_parent(command);
}

/// Starts a child that stays this process's own account: out of the terminal's process group, and on Linux told to end
/// when the thread that spawns it does.
pub(crate) fn spawn(command: &mut Command) -> io::Result<Child> {
    command.process_group(0);
    heed_signals(command);
    #[cfg(target_os = "linux")]
    die_with_parent(command);
    command.spawn()
}

/// Lets a child be ended by the signals we use from its very first moment on. A program that was started in the background of
/// a script ignores SIGINT, and would hand that on: until a server has its own handlers, a request to stop would be lost.
pub(crate) fn heed_signals(command: &mut Command) {
    let reset = || {
        for signal in [Signal::SIGINT, Signal::SIGQUIT, Signal::SIGTERM, Signal::SIGHUP] {
            // SAFETY: no handler is installed, the default is.
            #[allow(unsafe_code)]
            unsafe {
                signal::signal(signal, SigHandler::SigDfl)?;
            }
        }
        Ok(())
    };
    // SAFETY: runs between fork and exec. It makes a few system calls, allocates nothing and takes no lock.
    #[allow(unsafe_code)]
    unsafe {
        command.pre_exec(reset);
    }
}

#[cfg(target_os = "linux")]
fn die_with_parent(command: &mut Command) {
    let parent = nix::unistd::getpid();
    let arm = move || {
        nix::sys::prctl::set_pdeathsig(Signal::SIGINT)?;
        // The parent may have died between fork and the line above.
        if nix::unistd::getppid() == parent { Ok(()) } else { Err(Errno::ESRCH.into()) }
    };
    // SAFETY: runs between fork and exec, after the change of user, which would disarm it. It makes two system calls,
    // allocates nothing and takes no lock.
    #[allow(unsafe_code)]
    unsafe {
        command.pre_exec(arm);
    }
}

/// Blocks until the child has ended and leaves it unreaped, so that its process id stays taken until the caller reaps it.
#[cfg(target_os = "linux")]
pub(crate) fn await_exit(child: &mut Child) {
    use nix::sys::wait::{Id, WaitPidFlag, waitid};
    let pid = Pid::from_raw(child.id().cast_signed());
    while let Err(Errno::EINTR) = waitid(Id::Pid(pid), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT) {}
}

/// Whether the child has ended, leaving it unreaped.
#[cfg(target_os = "linux")]
pub(crate) fn has_exited(child: &mut Child) -> bool {
    use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
    let pid = Pid::from_raw(child.id().cast_signed());
    let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT | WaitPidFlag::WNOHANG;
    !matches!(waitid(Id::Pid(pid), flags), Ok(WaitStatus::StillAlive) | Err(Errno::EINTR))
}

/// Blocks until the child has ended. It is reaped on the way: `waitid` is not to be had here.
#[cfg(not(target_os = "linux"))]
pub(crate) fn await_exit(child: &mut Child) {
    while !has_exited(child) {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}

/// Whether the child has ended.
#[cfg(not(target_os = "linux"))]
pub(crate) fn has_exited(child: &mut Child) -> bool {
    !matches!(child.try_wait(), Ok(None))
}

/// What a program run through [`isolated`] is held by. It and all it started are killed when this is dropped, and when this
/// process ends in whatever way: the other end of the pipe tells.
pub(crate) struct Leash {
    ours: PipeWriter,
    /// Until [`Leash::handed_over`].
    theirs: Option<PipeReader>,
}

/// How long what is killed may take to be gone.
const FAREWELL: Duration = Duration::from_secs(2);

impl Leash {
    pub(crate) fn new() -> io::Result<Self> {
        let (theirs, ours) = io::pipe()?;
        // The one end that is to be inherited. In a child that it isn't meant for it does no harm.
        fcntl(&theirs, FcntlArg::F_SETFD(FdFlag::empty()))?;
        Ok(Self { ours, theirs: Some(theirs) })
    }

    /// To be called when the program has been spawned.
    pub(crate) fn handed_over(&mut self) {
        self.theirs = None;
    }
}

impl Drop for Leash {
    fn drop(&mut self) {
        self.theirs = None;
        // Every process of the program has the other end: an error means that the last one is gone. It takes none to begin
        // with if the program has ended by itself.
        if self.ours.write_all(b"\n").is_ok() {
            let deadline = Instant::now() + FAREWELL;
            let mut end = [PollFd::new(self.ours.as_fd(), PollFlags::empty())];
            while let Some(left) = deadline.checked_duration_since(Instant::now()) {
                let left = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
                if poll(&mut end, left) != Err(Errno::EINTR) {
                    break;
                }
            }
        }
    }
}

/// Runs `"$@"` in a folder with its output in a file, until it ends or the leash does. As a session of its own, where there
/// is `setsid`, its children go with it; elsewhere they end for want of input.
const ON_LEASH: &str = r#"
umask 077
cd -- "$1" && exec >"$2" 2>&1 || exit
leash=/dev/fd/$3
shift 3
"$@" </dev/null &
program=$!
{ read -r _; kill -s KILL -- "$program" "-$$"; } <"$leash" &
watch=$!
wait "$program"
status=$?
exec 2>/dev/null
kill -s KILL "$watch"
wait "$watch"
exit "$status"
"#;

/// A program, and the arguments that make it run `program` (whose own arguments are to be added) as `account`, in `folder`,
/// with an empty environment but for the `C` locale and UTC, with everything it prints in `output`, and on `leash`.
pub(crate) fn isolated(
    program: &Path,
    account: &Account,
    folder: &Path,
    output: &Path,
    leash: &Leash,
) -> (&'static OsStr, Vec<OsString>) {
    let mut words: Vec<OsString> = Vec::new();
    if cfg!(target_os = "linux") {
        words.extend(["setsid".into(), "--".into()]);
    }
    words.extend(["/bin/sh".into(), "-c".into(), ON_LEASH.into(), "drydock".into()]);
    let end = leash.theirs.as_ref().map_or(-1, AsRawFd::as_raw_fd);
    words.extend([folder.into(), output.into(), end.to_string().into()]);
    if account.dropped {
        words.extend(["setpriv".into(), "--reuid".into(), account.uid.to_string().into()]);
        words.extend([
            "--regid".into(),
            account.gid.to_string().into(),
            "--clear-groups".into(),
            "--".into(),
        ]);
    }
    words.extend([
        "env".into(),
        "-i".into(),
        "PATH=/usr/bin:/bin".into(),
        "LC_ALL=C".into(),
        "TZ=UTC".into(),
    ]);
    words.push(program.into());
    (OsStr::new("/usr/bin/env"), words)
}
