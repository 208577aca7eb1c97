//! Who was turned away at the loopback door: how often, and what they said they are.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

/// Different callers that are remembered; of more, the one seen longest ago is forgotten. What is counted in all stays right.
const REMEMBERED: usize = 100;
/// What is kept of what a caller said, in characters.
const SAID_LIMIT: usize = 200;

/// Why a request went no further than the door.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// Its peer is on another machine.
    Peer,
    /// `Host` names another host.
    Host,
    /// `Origin` is not among those that may ask.
    Origin,
    /// A preflight asked for a method that is not allowed.
    Method,
    /// A preflight asked for a header that is not allowed.
    Header,
}

impl Reason {
    /// The word that goes over the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Peer => "peer",
            Self::Host => "host",
            Self::Origin => "origin",
            Self::Method => "method",
            Self::Header => "header",
        }
    }
}

/// Counts of one process. Cheap to clone; all clones count together.
#[derive(Clone, Debug, Default)]
pub struct TurnedAway {
    counts: Arc<Mutex<Counts>>,
}

#[derive(Debug, Default)]
struct Counts {
    total: u64,
    callers: HashMap<(Reason, String), (u64, Option<SystemTime>)>,
}

/// Requests of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Why they were turned away.
    pub reason: Reason,
    /// The origin, host, peer, method or header that they named, cut to 200 characters.
    pub said: String,
    /// How many there were.
    pub count: u64,
    /// When the last one came.
    pub last_at: SystemTime,
}

impl TurnedAway {
    fn counts(&self) -> MutexGuard<'_, Counts> {
        // Whoever panicked left counts behind, nothing that could be half written.
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a request that was turned away. `said` is what it named.
    pub fn note(&self, reason: Reason, said: &str) {
        let said: String = said.chars().filter(|letter| !letter.is_control()).take(SAID_LIMIT).collect();
        let mut counts = self.counts();
        counts.total += 1;
        let key = (reason, said);
        if !counts.callers.contains_key(&key) && counts.callers.len() >= REMEMBERED {
            let oldest = counts.callers.iter().min_by_key(|(_, (_, at))| *at).map(|(key, _)| key.clone());
            if let Some(oldest) = oldest {
                counts.callers.remove(&oldest);
            }
        }
        let (count, at) = counts.callers.entry(key).or_default();
        *count += 1;
        *at = Some(SystemTime::now());
    }

    /// All that were turned away since the program started.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.counts().total
    }

    /// Those that are remembered, the most frequent first.
    #[must_use]
    pub fn callers(&self) -> Vec<Caller> {
        let counts = self.counts();
        let mut callers: Vec<Caller> = counts
            .callers
            .iter()
            .map(|((reason, said), (count, at))| Caller {
                reason: *reason,
                said: said.clone(),
                count: *count,
                last_at: at.unwrap_or(SystemTime::UNIX_EPOCH),
            })
            .collect();
        callers.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.said.cmp(&b.said)));
        callers
    }
}

#[cfg(test)]
mod tests {
    use super::{REMEMBERED, Reason, TurnedAway};

    #[test]
    fn all_are_counted_and_a_bounded_number_is_remembered() {
        let door = TurnedAway::default();
        for number in 0..REMEMBERED * 3 {
            door.note(Reason::Origin, &format!("https://{number}.example"));
        }
        let long = "x".repeat(5_000);
        door.note(Reason::Host, &long);
        door.note(Reason::Host, &long);
        assert_eq!(door.total(), REMEMBERED as u64 * 3 + 2);
        let callers = door.callers();
        assert_eq!(callers.len(), REMEMBERED);
        assert_eq!((callers[0].reason, callers[0].count, callers[0].said.len()), (Reason::Host, 2, 200));
    }
}
