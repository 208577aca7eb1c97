//! Programs that run with a restricted token and in a job, which ends them with this process however that one ends.

use std::ffi::{OsStr, OsString};
use std::fs::{File, OpenOptions};
use std::io;
use std::os::windows::ffi::OsStrExt;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::os::windows::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::ptr;
use std::sync::OnceLock;

use windows_sys::Win32::Foundation::{HANDLE, HANDLE_FLAG_INHERIT, SetHandleInformation, WAIT_OBJECT_0};
use windows_sys::Win32::System::JobObjects::{
    AssignProcessToJobObject, CreateJobObjectW, JOB_OBJECT_LIMIT_DIE_ON_UNHANDLED_EXCEPTION,
    JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE, JOBOBJECT_EXTENDED_LIMIT_INFORMATION,
    JobObjectExtendedLimitInformation, SetInformationJobObject,
};
use windows_sys::Win32::System::Threading::{
    CREATE_NO_WINDOW, CREATE_UNICODE_ENVIRONMENT, CreateProcessAsUserW, DeleteProcThreadAttributeList,
    EXTENDED_STARTUPINFO_PRESENT, GetExitCodeProcess, INFINITE, InitializeProcThreadAttributeList,
    LPPROC_THREAD_ATTRIBUTE_LIST, PROC_THREAD_ATTRIBUTE_HANDLE_LIST, PROC_THREAD_ATTRIBUTE_JOB_LIST,
    PROCESS_INFORMATION, STARTF_USESTDHANDLES, STARTUPINFOEXW, UpdateProcThreadAttribute,
    WaitForSingleObject,
};

use super::security::Token;
use super::{checked, wide};
use crate::Account;

/// A job that kills what is in it when its last handle is closed. This one is never inherited, so that is when the value is
/// dropped, or the process that owns it has ended.
#[derive(Debug)]
pub(crate) struct Guard {
    job: OwnedHandle,
}

impl Guard {
    fn new() -> io::Result<Self> {
        // SAFETY: neither a name nor attributes are given.
        #[allow(unsafe_code)]
        let job = unsafe { CreateJobObjectW(ptr::null(), ptr::null()) };
        if job.is_null() {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: just created, and nobody else's.
        #[allow(unsafe_code)]
        let job = unsafe { OwnedHandle::from_raw_handle(job) };
        let mut limits = JOBOBJECT_EXTENDED_LIMIT_INFORMATION::default();
        // No process may leave it: that would have to be allowed.
        limits.BasicLimitInformation.LimitFlags =
            JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE | JOB_OBJECT_LIMIT_DIE_ON_UNHANDLED_EXCEPTION;
        // SAFETY: the structure is the one that the class calls for, with its size.
        #[allow(unsafe_code)]
        checked(unsafe {
            SetInformationJobObject(
                job.as_raw_handle(),
                JobObjectExtendedLimitInformation,
                (&raw const limits).cast(),
                size_of_val(&limits) as u32,
            )
        })?;
        Ok(Self { job })
    }

    /// To be called when the server has ended; what it left behind ends now.
    pub(crate) fn release(self) {}

    fn admit(&self, process: HANDLE) -> io::Result<()> {
        // SAFETY: both handles are open.
        #[allow(unsafe_code)]
        checked(unsafe { AssignProcessToJobObject(self.job.as_raw_handle(), process) })
    }
}

/// A program to be run with a restricted token, without input, and with no more of this process's handles than its output.
#[derive(Debug)]
pub(crate) struct Command {
    program: PathBuf,
    arguments: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    folder: PathBuf,
    stdout: Option<File>,
    stderr: Option<File>,
    /// A second handle to the guard's job; closed before the program runs.
    job: OwnedHandle,
}

/// A command that runs `program` in a job of its own. Its environment and its outputs are empty until they are set.
pub(crate) fn server(program: &Path) -> io::Result<(Command, Option<Guard>)> {
    let guard = Guard::new()?;
    let command = Command {
        program: program.to_owned(),
        arguments: Vec::new(),
        environment: Vec::new(),
        folder: PathBuf::new(),
        stdout: None,
        stderr: None,
        job: guard.job.try_clone()?,
    };
    Ok((command, Some(guard)))
}

/// Nothing is left to do: the token and the job are the command's.
pub(crate) fn confine(_command: &mut Command, _account: &Account) {}

impl Command {
    pub(crate) fn arg(&mut self, argument: impl AsRef<OsStr>) -> &mut Self {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    pub(crate) fn args(&mut self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> &mut Self {
        self.arguments.extend(arguments.into_iter().map(|argument| argument.as_ref().to_owned()));
        self
    }

    pub(crate) fn env_clear(&mut self) -> &mut Self {
        self.environment.clear();
        self
    }

    pub(crate) fn envs(
        &mut self,
        variables: impl IntoIterator<Item = (impl AsRef<OsStr>, impl AsRef<OsStr>)>,
    ) -> &mut Self {
        let owned = |text: &dyn AsRef<OsStr>| text.as_ref().to_owned();
        self.environment.extend(variables.into_iter().map(|(name, value)| (owned(&name), owned(&value))));
        self
    }

    pub(crate) fn current_dir(&mut self, folder: impl AsRef<Path>) -> &mut Self {
        folder.as_ref().clone_into(&mut self.folder);
        self
    }

    pub(crate) fn stdout(&mut self, file: File) -> &mut Self {
        self.stdout = Some(file);
        self
    }

    pub(crate) fn stderr(&mut self, file: File) -> &mut Self {
        self.stderr = Some(file);
        self
    }

    /// Starts the program. It is created in its job: at no moment does it live outside.
    pub(crate) fn spawn(self) -> io::Result<Child> {
        let token = Token::restricted()?;
        let nowhere = || OpenOptions::new().read(true).write(true).open("NUL");
        let input = nowhere()?;
        let stdout = self.stdout.map_or_else(nowhere, Ok)?;
        let stderr = self.stderr.map_or_else(nowhere, Ok)?;
        let streams = [&input, &stdout, &stderr].map(AsRawHandle::as_raw_handle);
        for stream in streams {
            // SAFETY: the handle is open, and stays so until the process is created.
            #[allow(unsafe_code)]
            checked(unsafe { SetHandleInformation(stream, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT) })?;
        }
        let jobs = [self.job.as_raw_handle()];
        let mut attributes = Attributes::new()?;
        attributes.set(PROC_THREAD_ATTRIBUTE_HANDLE_LIST, &streams)?;
        attributes.set(PROC_THREAD_ATTRIBUTE_JOB_LIST, &jobs)?;

        let mut startup = STARTUPINFOEXW::default();
        startup.StartupInfo.cb = size_of::<STARTUPINFOEXW>() as u32;
        startup.StartupInfo.dwFlags = STARTF_USESTDHANDLES;
        [startup.StartupInfo.hStdInput, startup.StartupInfo.hStdOutput, startup.StartupInfo.hStdError] =
            streams;
        startup.lpAttributeList = attributes.list();

        let program = wide(&self.program);
        let mut line = command_line(self.program.as_os_str(), &self.arguments);
        let environment = environment_block(&self.environment);
        let folder = wide(&self.folder);
        let folder = if folder.len() > 1 { folder.as_ptr() } else { ptr::null() };
        let mut made = PROCESS_INFORMATION::default();
        // SAFETY: every text ends with a zero and lives through the call, as do the attributes and what they name. The
        // environment is UTF-16, as the flag says, and the line is ours to be written to.
        #[allow(unsafe_code)]
        checked(unsafe {
            CreateProcessAsUserW(
                token.handle(),
                program.as_ptr(),
                line.as_mut_ptr(),
                ptr::null(),
                ptr::null(),
                1,
                CREATE_NO_WINDOW | CREATE_UNICODE_ENVIRONMENT | EXTENDED_STARTUPINFO_PRESENT,
                environment.as_ptr().cast(),
                folder,
                (&raw const startup.StartupInfo).cast(),
                &raw mut made,
            )
        })?;
        // SAFETY: both were just opened for us, and are nobody else's.
        #[allow(unsafe_code)]
        let (process, _thread) = unsafe {
            (OwnedHandle::from_raw_handle(made.hProcess), OwnedHandle::from_raw_handle(made.hThread))
        };
        Ok(Child { process, id: made.dwProcessId })
    }
}

/// A process of [`Command`]'s. Its id is nobody else's as long as this is held, ended or not.
#[derive(Debug)]
pub(crate) struct Child {
    process: OwnedHandle,
    id: u32,
}

impl Child {
    pub(crate) fn id(&self) -> u32 {
        self.id
    }

    /// Waits for its end and says how it ended.
    pub(crate) fn wait(&mut self) -> io::Result<ExitStatus> {
        await_exit(self);
        let mut code = 0;
        // SAFETY: the handle is open; the answer goes to a place of our own.
        #[allow(unsafe_code)]
        checked(unsafe { GetExitCodeProcess(self.process.as_raw_handle(), &raw mut code) })?;
        Ok(ExitStatus::from_raw(code))
    }
}

/// Blocks until the child has ended.
pub(crate) fn await_exit(child: &mut Child) {
    // SAFETY: the handle is open.
    #[allow(unsafe_code)]
    unsafe {
        WaitForSingleObject(child.process.as_raw_handle(), INFINITE)
    };
}

/// Whether the child has ended.
pub(crate) fn has_exited(child: &mut Child) -> bool {
    // SAFETY: the handle is open.
    #[allow(unsafe_code)]
    unsafe {
        WaitForSingleObject(child.process.as_raw_handle(), 0) == WAIT_OBJECT_0
    }
}

/// Keeps a program from opening a console window.
pub(crate) fn without_window(command: &mut std::process::Command) {
    command.creation_flags(CREATE_NO_WINDOW);
}

/// Starts a program whose input or output is a pipe of ours, and that ends with this process. Were that one killed before the
/// program is in its job, it would end with its pipes.
pub(crate) fn spawn(command: &mut std::process::Command) -> io::Result<std::process::Child> {
    static JOB: OnceLock<Guard> = OnceLock::new();
    let job = match JOB.get() {
        Some(job) => job,
        None => {
            let job = Guard::new()?;
            JOB.get_or_init(|| job)
        }
    };
    without_window(command);
    let mut child = command.spawn()?;
    job.admit(child.as_raw_handle()).inspect_err(|_| {
        let _ = child.kill();
        let _ = child.wait();
    })?;
    Ok(child)
}

/// What no program does without: Windows loads libraries and makes random numbers with them.
pub(crate) fn needed_variables() -> Vec<(&'static str, OsString)> {
    const KEPT: [&str; 5] = ["SystemDrive", "SystemRoot", "TEMP", "TMP", "windir"];
    KEPT.iter().filter_map(|&name| Some((name, std::env::var_os(name)?))).collect()
}

/// All that the server and its tools find in their environment.
pub(crate) fn environment() -> Vec<(&'static str, OsString)> {
    let mut variables = needed_variables();
    // There is no `C.UTF-8`.
    variables.extend([("LC_ALL", "C".into()), ("TZ", "UTC".into())]);
    if let Some(mut path) = std::env::var_os("SystemRoot") {
        path.push("\\system32");
        variables.push(("PATH", path));
    }
    variables
}

/// The attributes that a process is created with.
struct Attributes {
    /// Words, for its alignment.
    list: Vec<usize>,
}

impl Attributes {
    const COUNT: u32 = 2;

    fn new() -> io::Result<Self> {
        let mut bytes = 0;
        // SAFETY: without a list only the size of one is told, by way of a failure.
        #[allow(unsafe_code)]
        unsafe {
            InitializeProcThreadAttributeList(ptr::null_mut(), Self::COUNT, 0, &raw mut bytes)
        };
        let mut list = vec![0usize; bytes.div_ceil(size_of::<usize>())];
        // SAFETY: the list has the size that was told.
        #[allow(unsafe_code)]
        checked(unsafe {
            InitializeProcThreadAttributeList(list.as_mut_ptr().cast(), Self::COUNT, 0, &raw mut bytes)
        })?;
        Ok(Self { list })
    }

    fn list(&mut self) -> LPPROC_THREAD_ATTRIBUTE_LIST {
        self.list.as_mut_ptr().cast()
    }

    /// The handles have to stay where they are until the process is created.
    fn set(&mut self, attribute: u32, handles: &[HANDLE]) -> io::Result<()> {
        // SAFETY: the list has been initialised with room for it; the caller keeps the handles.
        #[allow(unsafe_code)]
        checked(unsafe {
            UpdateProcThreadAttribute(
                self.list(),
                0,
                attribute as usize,
                handles.as_ptr().cast(),
                size_of_val(handles),
                ptr::null_mut(),
                ptr::null(),
            )
        })
    }
}

impl Drop for Attributes {
    fn drop(&mut self) {
        // SAFETY: it has been initialised.
        #[allow(unsafe_code)]
        unsafe {
            DeleteProcThreadAttributeList(self.list());
        }
    }
}

/// Program and arguments as one line that the C library of the program takes apart again: in double quotes where need be,
/// with the backslashes before a quote doubled.
fn command_line(program: &OsStr, arguments: &[OsString]) -> Vec<u16> {
    const QUOTE: u16 = b'"' as u16;
    const BACKSLASH: u16 = b'\\' as u16;
    let mut line = Vec::new();
    for word in std::iter::once(program).chain(arguments.iter().map(OsString::as_os_str)) {
        if !line.is_empty() {
            line.push(u16::from(b' '));
        }
        let plain = |unit: u16| unit > u16::from(b' ') && unit != QUOTE;
        if !line.is_empty() && !word.is_empty() && word.encode_wide().all(plain) {
            line.extend(word.encode_wide());
            continue;
        }
        line.push(QUOTE);
        let mut backslashes = 0;
        for unit in word.encode_wide() {
            match unit {
                BACKSLASH => backslashes += 1,
                QUOTE => {
                    line.extend(std::iter::repeat_n(BACKSLASH, backslashes + 1));
                    backslashes = 0;
                }
                _ => backslashes = 0,
            }
            line.push(unit);
        }
        line.extend(std::iter::repeat_n(BACKSLASH, backslashes));
        line.push(QUOTE);
    }
    line.push(0);
    line
}

/// Variables in the order of their names, each ended by a zero, and one more.
fn environment_block(variables: &[(OsString, OsString)]) -> Vec<u16> {
    let mut sorted: Vec<_> = variables.iter().collect();
    sorted.sort_by_key(|(name, _)| name.to_ascii_uppercase());
    let mut block: Vec<u16> = Vec::new();
    for (name, value) in sorted {
        block.extend(name.encode_wide().chain([u16::from(b'=')]).chain(value.encode_wide()).chain([0]));
    }
    if block.is_empty() {
        block.push(0);
    }
    block.push(0);
    block
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::fs;

    use super::*;

    fn interpreter() -> PathBuf {
        Path::new(&std::env::var_os("SystemRoot").unwrap()).join("system32").join("cmd.exe")
    }

    fn waiting() -> (Child, Guard) {
        let (mut command, guard) = server(&interpreter()).unwrap();
        command.envs(environment()).args(["/c", "ping -n 60 127.0.0.1"]);
        (command.spawn().unwrap(), guard.unwrap())
    }

    #[test]
    fn a_line_is_taken_apart_as_it_was_put_together() {
        let line = |words: &[&str]| {
            let words: Vec<OsString> = words.iter().map(OsString::from).collect();
            String::from_utf16(&command_line(OsStr::new(r"C:\a b\p.exe"), &words)).unwrap()
        };
        for (words, told) in [
            (&["-c", "a=b"][..], r#""C:\a b\p.exe" -c a=b"#),
            (&[r"C:\end\", r"C:\the end\"], r#""C:\a b\p.exe" C:\end\ "C:\the end\\""#),
            (&[r#"a"b"#, r#"\""#, ""], r#""C:\a b\p.exe" "a\"b" "\\\"" """#),
        ] {
            assert_eq!(line(words), format!("{told}\0"));
        }
    }

    #[test]
    fn an_environment_is_sorted_and_ended() {
        let block = |variables: &[(&str, &str)]| {
            let owned: Vec<_> = variables.iter().map(|(name, value)| (name.into(), value.into())).collect();
            String::from_utf16(&environment_block(&owned)).unwrap()
        };
        assert_eq!(block(&[("b", "2"), ("A", "1")]), "A=1\0b=2\0\0");
        assert_eq!(block(&[]), "\0\0");
    }

    #[test]
    fn what_a_program_says_arrives_and_so_does_how_it_ended() {
        let folder = tempfile::tempdir().unwrap();
        let output = folder.path().join("output");
        let (mut command, guard) = server(&interpreter()).unwrap();
        command.envs(environment()).args(["/c", "echo %LC_ALL%& exit 7"]);
        command.stdout(File::create(&output).unwrap()).current_dir(folder.path());
        let mut child = command.spawn().unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(7));
        assert_eq!(fs::read_to_string(&output).unwrap().trim(), "C");
        drop(guard);
    }

    #[test]
    fn a_program_ends_with_its_guard() {
        let (mut child, guard) = waiting();
        assert!(!has_exited(&mut child));
        let begun = std::time::Instant::now();
        drop(guard);
        // Windows calls it a success.
        child.wait().unwrap();
        assert!(begun.elapsed().as_secs() < 30);
    }

    #[test]
    fn a_program_that_has_been_ended_says_so() {
        let (mut child, _guard) = waiting();
        super::super::ask(child.id().cast_signed(), crate::os::Request::Kill).unwrap();
        assert!(!child.wait().unwrap().success());
        assert!(has_exited(&mut child));
    }
}
