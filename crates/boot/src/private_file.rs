//! Files that nobody but their owner reads.

use std::{
    fs::{File, OpenOptions},
    io,
    path::Path,
};

/// Opens a file to write at its end, made for its owner alone where there is none, and not through a link.
///
/// # Errors
/// When it cannot be opened, or is a link.
pub(crate) fn append(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600).custom_flags(nix::libc::O_NOFOLLOW);
    }
    options.open(path)
}
