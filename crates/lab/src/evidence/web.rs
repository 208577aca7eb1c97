//! What is seen of URLs, variables and endpoints.

use super::{Evidence, Sources};

/// Adds what can be seen of `sources` to `evidence`.
#[allow(clippy::unused_async, reason = "a probe waits for an answer")]
pub(super) async fn gather(_sources: &Sources, _evidence: &mut Evidence) {}
