//! Signed sessions, as a server without a table of sessions has them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use drydock_domain::finding::Secret;
use sha2::{Digest as _, Sha256};

/// How long a token is good for.
const LIFETIME: Duration = Duration::from_secs(30 * 60);

/// The key that tokens are signed with, and the clock of whoever signs.
#[derive(Clone, Debug)]
pub struct Sessions {
    /// The key.
    pub key: Secret,
    /// How many seconds the clock of the signer is ahead of the one that is right.
    pub ahead: i64,
}

impl Sessions {
    fn now(&self) -> i64 {
        seconds(SystemTime::now()) + self.ahead
    }

    /// A token of now: when it was issued, and the hash of that under the key.
    pub(super) fn sign(&self) -> String {
        let issued = self.now();
        format!("{issued}.{}", self.signature(issued))
    }

    fn signature(&self, issued: i64) -> String {
        let inner = Sha256::digest(format!("{}.{issued}", self.key.expose()));
        let outer = Sha256::digest([self.key.expose().as_bytes(), &inner].concat());
        outer.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Why a token is not accepted, in the words of PyJWT 2: signature first, then the times, by the clock that is right.
    #[must_use]
    pub fn refuses(&self, token: &str) -> Option<&'static str> {
        let now = seconds(SystemTime::now());
        let Some((issued, signature)) = token.split_once('.') else { return Some("Not enough segments") };
        let Ok(issued) = issued.parse::<i64>() else { return Some("Not enough segments") };
        if signature != self.signature(issued) {
            Some("Signature verification failed")
        } else if issued > now {
            Some("The token is not yet valid (iat)")
        } else if issued + i64::try_from(LIFETIME.as_secs()).unwrap_or(i64::MAX) <= now {
            Some("Signature has expired")
        } else {
            None
        }
    }

    /// The signer's time as the header `Date` has it.
    pub(super) fn date(&self) -> String {
        let now = u64::try_from(self.now()).unwrap_or_default();
        httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(now))
    }
}

fn seconds(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
