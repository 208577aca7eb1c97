//! Other processes, by their ids.

use std::ffi::OsString;
use std::io;
use std::os::windows::ffi::OsStringExt;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use windows_sys::Win32::Foundation::{
    ERROR_BAD_PIPE, ERROR_BROKEN_PIPE, ERROR_FILE_NOT_FOUND, ERROR_INVALID_PARAMETER, FILETIME, WAIT_OBJECT_0,
};
use windows_sys::Win32::System::Pipes::CallNamedPipeW;
use windows_sys::Win32::System::Threading::{
    GetProcessTimes, OpenProcess, PROCESS_NAME_WIN32, PROCESS_QUERY_LIMITED_INFORMATION, PROCESS_SYNCHRONIZE,
    PROCESS_TERMINATE, QueryFullProcessImageNameW, TerminateProcess, WaitForSingleObject,
};

use super::super::Request;
use super::{checked, wide};

/// How long a server that has just been started may take until it listens to requests.
const PATIENCE: Duration = Duration::from_secs(2);

/// Sends a server a request. A process that is gone is not an error.
///
/// PostgreSQL's processes take signals by a named pipe each: one byte with the signal's number, which is answered with the
/// same. One that has no pipe yet is ended, as the signal itself would elsewhere.
pub(crate) fn ask(pid: i32, request: Request) -> io::Result<()> {
    let signal = match request {
        Request::Fast => 2,
        Request::Immediate => 3,
        Request::Kill => return end(pid, request),
    };
    let deadline = Instant::now() + PATIENCE;
    loop {
        match signalled(pid, signal) {
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => {}
            answered => return answered,
        }
        if Process::of(pid).is_ok_and(|process| process.is_none()) {
            return Ok(());
        }
        if Instant::now() >= deadline {
            return end(pid, request);
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// `NotFound` if the process has no such pipe.
fn signalled(pid: i32, signal: u8) -> io::Result<()> {
    // As in `kill.c` of PostgreSQL.
    const ANSWER: u32 = 1000;
    let name = wide(format!(r"\\.\pipe\pgsignal_{}", pid.cast_unsigned()));
    let (mut answer, mut length) = (0u8, 0);
    // SAFETY: the name ends with a zero; both bytes live through the call, and their lengths are right.
    #[allow(unsafe_code)]
    let called = unsafe {
        CallNamedPipeW(
            name.as_ptr(),
            (&raw const signal).cast(),
            1,
            (&raw mut answer).cast(),
            1,
            &raw mut length,
            ANSWER,
        )
    };
    match checked(called) {
        Ok(()) if length == 1 && answer == signal => Ok(()),
        Ok(()) => Err(io::Error::other("it is no server's pipe that answers")),
        // It is about to be gone.
        Err(cause) if is(&cause, &[ERROR_BROKEN_PIPE, ERROR_BAD_PIPE]) => Ok(()),
        Err(cause) if is(&cause, &[ERROR_FILE_NOT_FOUND]) => Err(io::ErrorKind::NotFound.into()),
        Err(cause) => Err(cause),
    }
}

/// Ends a program that takes no requests. One that is gone is not an error.
pub(crate) fn end(pid: i32, _request: Request) -> io::Result<()> {
    let Some(process) = open(pid, PROCESS_TERMINATE | PROCESS_SYNCHRONIZE)? else { return Ok(()) };
    // SAFETY: the handle is open.
    #[allow(unsafe_code)]
    let ended = checked(unsafe { TerminateProcess(process.as_raw_handle(), 255) });
    // Who has ended, or is about to, refuses to be ended.
    if has_ended(&process) { Ok(()) } else { ended }
}

/// Whether the process has children. Not to be told cheaply.
pub(crate) fn has_children(_pid: i32) -> bool {
    true
}

/// A process that lives.
#[derive(Debug)]
pub(crate) struct Process {
    /// Its program.
    pub(crate) image: PathBuf,
    /// When it was created, in seconds since 1970.
    pub(crate) created: f64,
}

impl Process {
    /// `None` if there is none of this id; an error if it does not let itself be looked at.
    pub(crate) fn of(pid: i32) -> io::Result<Option<Self>> {
        let Some(process) = open(pid, PROCESS_QUERY_LIMITED_INFORMATION | PROCESS_SYNCHRONIZE)? else {
            return Ok(None);
        };
        if has_ended(&process) {
            return Ok(None);
        }
        let handle = process.as_raw_handle();
        let mut image = vec![0u16; 32_768];
        let mut length = 32_768;
        // SAFETY: the buffer has the length that is given, and lives through the call.
        #[allow(unsafe_code)]
        checked(unsafe {
            QueryFullProcessImageNameW(handle, PROCESS_NAME_WIN32, image.as_mut_ptr(), &raw mut length)
        })?;
        image.truncate(length as usize);
        let mut times = [FILETIME::default(); 4];
        let [created, exited, kernel, user] = &mut times;
        // SAFETY: each answer goes to a place of its own.
        #[allow(unsafe_code)]
        checked(unsafe { GetProcessTimes(handle, created, exited, kernel, user) })?;
        Ok(Some(Self { image: OsString::from_wide(&image).into(), created: seconds(*created) }))
    }
}

/// Since 1970. A file time counts 100 ns from 1601 on.
fn seconds(time: FILETIME) -> f64 {
    const FROM_1601_TO_1970: f64 = 11_644_473_600.0;
    let ticks = u64::from(time.dwHighDateTime) << 32 | u64::from(time.dwLowDateTime);
    // Seventeen digits at most, of which the last is not looked at.
    ticks as f64 / 1e7 - FROM_1601_TO_1970
}

/// `None` if there is no such process.
fn open(pid: i32, access: u32) -> io::Result<Option<OwnedHandle>> {
    // SAFETY: takes and gives nothing but numbers.
    #[allow(unsafe_code)]
    let handle = unsafe { OpenProcess(access, 0, pid.cast_unsigned()) };
    if !handle.is_null() {
        // SAFETY: just opened, and nobody else's.
        #[allow(unsafe_code)]
        return Ok(Some(unsafe { OwnedHandle::from_raw_handle(handle) }));
    }
    let cause = io::Error::last_os_error();
    if is(&cause, &[ERROR_INVALID_PARAMETER]) { Ok(None) } else { Err(cause) }
}

/// A process that has ended is there as long as somebody holds it.
fn has_ended(process: &OwnedHandle) -> bool {
    // SAFETY: the handle is open.
    #[allow(unsafe_code)]
    unsafe {
        WaitForSingleObject(process.as_raw_handle(), 0) == WAIT_OBJECT_0
    }
}

fn is(cause: &io::Error, codes: &[u32]) -> bool {
    cause.raw_os_error().is_some_and(|code| codes.contains(&code.cast_unsigned()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::time::{SystemTime, UNIX_EPOCH};

    use super::*;

    #[test]
    fn this_process_is_known_by_its_program_and_its_age() {
        let us = Process::of(std::process::id().cast_signed()).unwrap().unwrap();
        let program = std::env::current_exe().unwrap();
        assert_eq!(us.image.file_name(), program.file_name());
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
        assert!(us.created <= now && now - us.created < 600.0, "{} {now}", us.created);
    }

    #[test]
    fn a_process_that_has_ended_is_none() {
        // Held, so that nobody else gets its id.
        let mut child = std::process::Command::new("cmd").args(["/c", "exit"]).spawn().unwrap();
        child.wait().unwrap();
        let pid = child.id().cast_signed();
        assert!(Process::of(pid).unwrap().is_none());
        for request in [Request::Fast, Request::Immediate, Request::Kill] {
            ask(pid, request).unwrap();
        }
    }
}
