//! Windows: no signals, no modes, no process groups. What stands in for each is said where it does.

mod files;
mod process;
mod security;
mod spawn;

use std::ffi::OsStr;
use std::io;
use std::os::windows::ffi::OsStrExt;

use windows_sys::Win32::System::WindowsProgramming::GetUserNameW;

pub(crate) use files::*;
pub(crate) use process::*;
pub(crate) use spawn::*;

/// As Windows takes text: UTF-16 with a zero at its end.
fn wide(text: impl AsRef<OsStr>) -> Vec<u16> {
    text.as_ref().encode_wide().chain([0]).collect()
}

/// The error of the last call that answered with failure.
fn checked(succeeded: i32) -> io::Result<()> {
    if succeeded == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// The name of the account this process runs as.
pub(crate) fn current_user() -> Option<String> {
    // UNLEN and the final zero.
    let mut name = [0u16; 257];
    let mut length = 257;
    // SAFETY: the buffer has the length that is given, and lives through the call.
    #[allow(unsafe_code)]
    let told = unsafe { GetUserNameW(name.as_mut_ptr(), &raw mut length) };
    let end = name.iter().position(|&unit| unit == 0)?;
    (told != 0).then(|| String::from_utf16_lossy(&name[..end]))
}
