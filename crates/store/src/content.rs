//! What a fresh database of this build holds, as one digest.

use sha2::{Digest as _, Sha256};

use crate::{bootstrap, history, seed};

/// A digest of the migrations, the bootstrap and the seeds of this build: 64 hexadecimal digits. Two builds with the
/// same one make the same fresh database, so that what one has made ahead can serve the other.
#[must_use]
pub fn digest() -> String {
    let mut digest = Sha256::new();
    for part in bootstrap::SOURCES.iter().chain(seed::SOURCES) {
        digest.update(part.len().to_le_bytes());
        digest.update(part);
    }
    for checksum in history::checksums() {
        digest.update(checksum);
    }
    hexadecimal(&digest.finalize())
}

pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
