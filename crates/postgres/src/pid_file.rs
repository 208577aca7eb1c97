use std::fs;
use std::path::Path;

/// What a server says of itself in its cluster's `postmaster.pid`, in lines that `miscadmin.h` of PostgreSQL numbers.
pub(crate) struct Note {
    /// PostgreSQL counts lines from the top when it writes line 5 and those below, whatever the cluster's path in line 2
    /// holds: so they are where they are said to be.
    text: String,
}

impl Note {
    /// Of the server in this cluster. The file holds the cluster's path, which need not be text.
    pub(crate) fn read(cluster: &Path) -> Option<Self> {
        let text = fs::read(cluster.join("postmaster.pid")).ok()?;
        Some(Self { text: String::from_utf8_lossy(&text).into_owned() })
    }

    /// Process id; negative where the server runs without a postmaster.
    pub(crate) fn pid(&self) -> Option<i32> {
        self.text.lines().next()?.trim().parse().ok()
    }

    /// When the server began, in seconds since 1970: line 3 (`LOCK_FILE_LINE_START_TIME`).
    #[cfg(windows)]
    pub(crate) fn started(&self) -> Option<u32> {
        self.text.lines().nth(2)?.trim().parse().ok()
    }

    /// Id of the System V shared memory block, the second word of line 7 (`LOCK_FILE_LINE_SHMEM_KEY`).
    pub(crate) fn memory(&self) -> Option<i32> {
        self.text.lines().nth(6)?.split_whitespace().nth(1)?.parse().ok()
    }

    /// Whether the server accepts connections: line 8 (`LOCK_FILE_LINE_PM_STATUS`).
    pub(crate) fn is_ready(&self) -> bool {
        self.text.lines().nth(7).is_some_and(|state| state.trim() == "ready")
    }
}
