use std::sync::Arc;

use tokio::sync::watch;

/// How far one piece of work is, and the way to break it off. All clones are one; make a new one for each piece of work.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    inner: Arc<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    bytes: watch::Sender<Bytes>,
    cancelled: watch::Sender<bool>,
}

/// How much is done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bytes {
    /// Bytes done.
    pub done: u64,
    /// Bytes there are to do, if that is known. An estimate while a snapshot is made.
    pub total: Option<u64>,
}

impl Progress {
    /// Nothing done yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// How far it is.
    pub fn bytes(&self) -> Bytes {
        *self.inner.bytes.borrow()
    }

    /// Follows it.
    pub fn watch(&self) -> watch::Receiver<Bytes> {
        self.inner.bytes.subscribe()
    }

    /// Breaks the work off. It then ends with `snapshot.cancelled`, unless it was just done.
    pub fn cancel(&self) {
        self.inner.cancelled.send_replace(true);
    }

    /// Whether it was broken off.
    pub fn is_cancelled(&self) -> bool {
        *self.inner.cancelled.borrow()
    }

    /// Resolves when it is broken off.
    pub async fn cancelled(&self) {
        // The sender is ours, so there is no other way for this to end.
        let _ = self.inner.cancelled.subscribe().wait_for(|cancelled| *cancelled).await;
    }

    pub(super) fn begin(&self, total: Option<u64>) {
        self.inner.bytes.send_replace(Bytes { done: 0, total });
    }

    pub(super) fn add(&self, bytes: u64) {
        self.inner.bytes.send_modify(|now| now.done += bytes);
    }

    /// Everything is done, however much was expected.
    pub(super) fn complete(&self) {
        self.inner.bytes.send_modify(|now| now.total = Some(now.done));
    }
}
