use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Write};
use std::os::windows::ffi::{OsStrExt, OsStringExt};
use std::os::windows::fs::{MetadataExt, OpenOptionsExt};
use std::os::windows::io::{AsRawHandle, FromRawHandle};
use std::path::{Component, Path, PathBuf, Prefix};
use std::ptr;

use windows_sys::Win32::Foundation::{
    ERROR_IO_PENDING, ERROR_LOCK_VIOLATION, GENERIC_READ, GENERIC_WRITE, INVALID_HANDLE_VALUE, LocalFree,
};
use windows_sys::Win32::Globalization::{CP_ACP, CP_UTF8, GetACP, WC_NO_BEST_FIT_CHARS, WideCharToMultiByte};
use windows_sys::Win32::Security::Authorization::{GetNamedSecurityInfoW, SE_FILE_OBJECT};
use windows_sys::Win32::Security::{OWNER_SECURITY_INFORMATION, PSID};
use windows_sys::Win32::Storage::FileSystem::{
    CREATE_NEW, CreateDirectoryW, CreateFileW, FILE_ATTRIBUTE_NORMAL, FILE_ATTRIBUTE_REPARSE_POINT,
    FILE_FLAG_OPEN_REPARSE_POINT, FILE_SHARE_DELETE, FILE_SHARE_READ, FILE_SHARE_WRITE, GetShortPathNameW,
    LOCKFILE_EXCLUSIVE_LOCK, LOCKFILE_FAIL_IMMEDIATELY, LockFileEx, OPEN_ALWAYS, UnlockFileEx,
};
use windows_sys::Win32::System::IO::OVERLAPPED;

use super::super::Durable;
use super::security::{Descriptor, our_sids, text};
use super::{checked, wide};
use crate::Account;

/// Creates a folder. One whose `mode` is for its owner alone admits this account and the system, and so does what will lie
/// in it; any other is as the folder it lies in. Fails if it exists.
pub(crate) fn make_dir(path: &Path, mode: u32, _owner: Option<&Account>) -> io::Result<()> {
    if mode & 0o077 != 0 {
        return fs::create_dir(path);
    }
    let descriptor = Descriptor::private("OICI")?;
    let (name, attributes) = (wide(path), descriptor.attributes());
    // SAFETY: the name ends with a zero; the attributes and the descriptor they name live through the call.
    #[allow(unsafe_code)]
    checked(unsafe { CreateDirectoryW(name.as_ptr(), &raw const attributes) })
}

/// Creates a private file. Fails if it exists, so it never follows a link.
pub(crate) fn create_new(path: &Path, _mode: u32, _owner: &Account) -> io::Result<File> {
    create_private(path)
}

/// Writes a new private file. Fails if it exists.
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
    no_link(OpenOptions::new().read(true).custom_flags(FILE_FLAG_OPEN_REPARSE_POINT).open(path)?)
}

/// Opens a file for appending, as private as the folder it lies in.
pub(crate) fn append(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    no_link(options.append(true).create(true).custom_flags(FILE_FLAG_OPEN_REPARSE_POINT).open(path)?)
}

/// Creates a private file. Fails if it exists, so it never follows a link.
pub(crate) fn create_private(path: &Path) -> io::Result<File> {
    private(path, CREATE_NEW)
}

/// Opens a file for reading and writing, keeping its content; a private one if there is none yet.
pub(crate) fn open_private(path: &Path) -> io::Result<File> {
    no_link(private(path, OPEN_ALWAYS)?)
}

fn private(path: &Path, disposition: u32) -> io::Result<File> {
    let descriptor = Descriptor::private("")?;
    let (name, attributes) = (wide(path), descriptor.attributes());
    // SAFETY: the name ends with a zero; the attributes and the descriptor they name live through the call.
    #[allow(unsafe_code)]
    let handle = unsafe {
        CreateFileW(
            name.as_ptr(),
            GENERIC_READ | GENERIC_WRITE,
            FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
            &raw const attributes,
            disposition,
            FILE_ATTRIBUTE_NORMAL | FILE_FLAG_OPEN_REPARSE_POINT,
            ptr::null_mut(),
        )
    };
    if handle == INVALID_HANDLE_VALUE {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: just opened, and nobody else's.
    #[allow(unsafe_code)]
    Ok(unsafe { File::from_raw_handle(handle) })
}

fn no_link(file: File) -> io::Result<File> {
    if file.metadata()?.file_attributes() & FILE_ATTRIBUTE_REPARSE_POINT == 0 {
        Ok(file)
    } else {
        Err(io::Error::other("it is a link"))
    }
}

/// The one byte that a lock is on. Windows keeps others from reading what is locked, so it lies where nothing is written.
const LOCKED: u64 = 1 << 62;

fn place() -> OVERLAPPED {
    let mut place = OVERLAPPED::default();
    place.Anonymous.Anonymous.Offset = LOCKED as u32;
    place.Anonymous.Anonymous.OffsetHigh = (LOCKED >> 32) as u32;
    place
}

fn lock_with(file: &File, flags: u32) -> io::Result<()> {
    let mut place = place();
    // SAFETY: the handle is open, and not for overlapped input and output: the call has ended when it returns.
    #[allow(unsafe_code)]
    checked(unsafe { LockFileEx(file.as_raw_handle(), flags, 0, 1, 0, &raw mut place) })
}

fn try_lock_with(file: &File, flags: u32) -> Result<(), fs::TryLockError> {
    const TAKEN: [u32; 2] = [ERROR_LOCK_VIOLATION, ERROR_IO_PENDING];
    lock_with(file, flags | LOCKFILE_FAIL_IMMEDIATELY).map_err(|cause| {
        match cause.raw_os_error().is_some_and(|code| TAKEN.contains(&code.cast_unsigned())) {
            true => fs::TryLockError::WouldBlock,
            false => fs::TryLockError::Error(cause),
        }
    })
}

/// Takes the lock of a file for this handle alone, and waits for it.
pub(crate) fn lock(file: &File) -> io::Result<()> {
    lock_with(file, LOCKFILE_EXCLUSIVE_LOCK)
}

/// Takes the lock of a file for this handle alone if it is free.
pub(crate) fn try_lock(file: &File) -> Result<(), fs::TryLockError> {
    try_lock_with(file, LOCKFILE_EXCLUSIVE_LOCK)
}

/// Takes the lock of a file, which others may do as well that share it.
pub(crate) fn try_lock_shared(file: &File) -> Result<(), fs::TryLockError> {
    try_lock_with(file, 0)
}

/// Gives the lock back.
pub(crate) fn unlock(file: &File) -> io::Result<()> {
    let mut place = place();
    // SAFETY: as for the lock.
    #[allow(unsafe_code)]
    checked(unsafe { UnlockFileEx(file.as_raw_handle(), 0, 1, 0, &raw mut place) })
}

/// Whether files of `path`'s owner are ours.
pub(crate) fn is_owned_by(path: &Path, _account: &Account) -> io::Result<bool> {
    Ok(our_sids()?.contains(&owner(path)?))
}

/// Who owns it, as a security identifier.
pub(crate) fn owner_name(path: &Path) -> Option<String> {
    owner(path).ok()
}

fn owner(path: &Path) -> io::Result<String> {
    let name = wide(path);
    let (mut owner, mut descriptor): (PSID, _) = (ptr::null_mut(), ptr::null_mut());
    // SAFETY: the name ends with a zero; the answers go to places of our own, and what is not asked for is left out.
    #[allow(unsafe_code)]
    let failure = unsafe {
        GetNamedSecurityInfoW(
            name.as_ptr(),
            SE_FILE_OBJECT,
            OWNER_SECURITY_INFORMATION,
            &raw mut owner,
            ptr::null_mut(),
            ptr::null_mut(),
            ptr::null_mut(),
            &raw mut descriptor,
        )
    };
    if failure != 0 {
        return Err(io::Error::from_raw_os_error(failure.cast_signed()));
    }
    // SAFETY: the owner lies in the descriptor, which is freed once, after it has been read.
    #[allow(unsafe_code)]
    unsafe {
        let owner = text(owner);
        LocalFree(descriptor);
        owner
    }
}

/// There is no such account: an administrator's server runs with a restricted token.
pub(crate) fn is_root() -> bool {
    false
}

/// As [`is_root`].
pub(crate) fn belongs_to_root(_path: &Path) -> bool {
    false
}

/// The server's account is always this process's.
pub(crate) fn allows(_path: &Path, _account: &Account, _bits: u32) -> io::Result<bool> {
    Ok(true)
}

/// As [`allows`].
pub(crate) fn closed_folder(_path: &Path, _account: &Account) -> Option<PathBuf> {
    None
}

/// As [`allows`].
pub(crate) fn let_pass(_path: &Path) -> io::Result<()> {
    Ok(())
}

/// There are no modes.
pub(crate) fn set_mode(_path: &Path, _mode: u32) -> io::Result<()> {
    Ok(())
}

/// A file is a program by its name.
pub(crate) fn is_executable(_meta: &Metadata) -> bool {
    true
}

/// initdb syncs each file it makes: there is nothing like `syncfs` for an ordinary user.
pub(crate) const SYNCS_AT_ONCE: bool = false;

/// Whoever wrote the files below `folder` has synced them, and names are as durable as the file system makes them.
pub(crate) fn sync(_folder: &Path) -> io::Result<()> {
    Ok(())
}

/// Makes every file below `folder` durable.
pub(crate) fn sync_all(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            sync_all(&entry.path())?;
        } else {
            // Only who may write a file may flush it.
            OpenOptions::new().write(true).open(entry.path())?.sync_all()?;
        }
    }
    Ok(())
}

/// A folder cannot be flushed; NTFS writes names through its journal, in order.
pub(crate) fn sync_entries(_folder: &Path) -> io::Result<()> {
    Ok(())
}

/// Characters a tree's path may not have: initdb runs its children through the command interpreter, which puts variables in
/// even between double quotes.
pub(crate) const NOT_IN_A_TREE: &[char] = &['"', '%'];

/// Longest path of a data directory: PostgreSQL does not get past the 260 characters of `MAX_PATH`, and the names below need
/// some hundred.
pub(crate) const LONGEST_DATA: usize = 140;

/// The folder's path without links, in a form that PostgreSQL understands: without `\\?\`, and in characters that the
/// system's code page has, for which the short form of a name has to stand in where there is one.
pub(crate) fn canonicalize(path: &Path) -> io::Result<PathBuf> {
    let path = plain(&path.canonicalize()?);
    if fits_code_page(&path) {
        return Ok(path);
    }
    match short(&path) {
        Some(short) if fits_code_page(&short) => Ok(short),
        _ => Err(io::Error::other(
            "PostgreSQL cannot open it: its path has characters that the system's code page has not",
        )),
    }
}

/// Without the prefix that takes a path as it is.
fn plain(path: &Path) -> PathBuf {
    let Some(Component::Prefix(prefix)) = path.components().next() else { return path.to_owned() };
    let mut plain = match prefix.kind() {
        Prefix::VerbatimDisk(letter) => PathBuf::from(format!("{}:\\", char::from(letter))),
        Prefix::VerbatimUNC(server, share) => {
            let mut root = std::ffi::OsString::from("\\\\");
            root.push(server);
            root.push("\\");
            root.push(share);
            root.push("\\");
            root.into()
        }
        _ => return path.to_owned(),
    };
    plain.extend(path.components().filter(|part| matches!(part, Component::Normal(_))));
    plain
}

fn fits_code_page(path: &Path) -> bool {
    let text: Vec<u16> = path.as_os_str().encode_wide().collect();
    // SAFETY: asks for a number.
    #[allow(unsafe_code)]
    if text.iter().all(|&unit| unit < 0x80) || unsafe { GetACP() } == CP_UTF8 {
        return true;
    }
    let Ok(length) = i32::try_from(text.len()) else { return false };
    let mut replaced = 0;
    // SAFETY: the text has the length that is given; without a buffer only the length of the result is told.
    #[allow(unsafe_code)]
    let bytes = unsafe {
        WideCharToMultiByte(
            CP_ACP,
            WC_NO_BEST_FIT_CHARS,
            text.as_ptr(),
            length,
            ptr::null_mut(),
            0,
            ptr::null(),
            &raw mut replaced,
        )
    };
    bytes > 0 && replaced == 0
}

fn short(path: &Path) -> Option<PathBuf> {
    let (name, mut short) = (wide(path), [0u16; 512]);
    // SAFETY: the name ends with a zero, the buffer has the length that is given.
    #[allow(unsafe_code)]
    let length = unsafe { GetShortPathNameW(name.as_ptr(), short.as_mut_ptr(), 512) };
    let short = short.get(..usize::try_from(length).ok()?).filter(|short| !short.is_empty())?;
    Some(std::ffi::OsString::from_wide(short).into())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_path_loses_the_prefix_that_postgresql_does_not_know() {
        for (path, without) in [
            (r"\\?\C:\Users\a b\drydock", r"C:\Users\a b\drydock"),
            (r"\\?\C:\", r"C:\"),
            (r"\\?\UNC\server\share\drydock", r"\\server\share\drydock"),
            (r"C:\drydock", r"C:\drydock"),
        ] {
            assert_eq!(plain(Path::new(path)), Path::new(without));
        }
    }

    #[test]
    fn a_locked_file_can_be_read_and_not_be_locked_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let mut file = open_private(&path).unwrap();
        try_lock(&file).unwrap();
        file.write_all(b"who").unwrap();
        let other = open_to_read(&path).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"who");
        assert!(matches!(try_lock_shared(&other), Err(fs::TryLockError::WouldBlock)));
        unlock(&file).unwrap();
        try_lock_shared(&other).unwrap();
        assert!(matches!(try_lock(&file), Err(fs::TryLockError::WouldBlock)));
    }

    #[test]
    fn what_is_made_is_ours() {
        let folder = tempfile::tempdir().unwrap();
        let private = folder.path().join("private");
        make_dir(&private, 0o700, None).unwrap();
        assert_eq!(make_dir(&private, 0o700, None).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        let file = private.join("file");
        drop(create_private(&file).unwrap());
        assert_eq!(create_private(&file).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert!(our_sids().unwrap().contains(&owner(&file).unwrap()));
    }
}
