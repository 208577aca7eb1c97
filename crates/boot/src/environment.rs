//! What the surroundings must not decide.

/// Removes `PGOPTIONS` from the environment. The database driver adds it to every connection and cannot be told not to,
/// so that it could set a search path, or a tenant, behind the program's back.
///
/// # Safety
/// Call it first in `main`: while another thread runs, the environment must not be changed.
#[allow(unsafe_code)]
pub unsafe fn forget_foreign_options() {
    // SAFETY: the caller promises that there is no other thread.
    unsafe { std::env::remove_var("PGOPTIONS") };
}
