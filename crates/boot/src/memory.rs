//! Memory that is free goes back to the system.

/// Gives back what the allocator keeps for later of memory that is free: describing the operations and strengthening passwords
/// take tens of megabytes for a moment, and a program that is idle has no use for them. Takes milliseconds.
pub(crate) fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: it is given no pointer, and any thread may call it at any time.
    #[allow(unsafe_code)]
    unsafe {
        nix::libc::malloc_trim(0);
    }
}
