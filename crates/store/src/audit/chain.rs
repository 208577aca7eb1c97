//! What an entry's hash covers, and how a chain is followed.

use drydock_domain::ClientAccountId;
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;
use uuid::Uuid;

pub(super) type Hash = [u8; 32];

/// What the first entry of a chain has as the hash before it.
pub(super) fn genesis(chain: Option<ClientAccountId>) -> Hash {
    let chain = chain.map_or_else(|| "security".to_owned(), |id| id.to_string());
    Sha256::digest(format!("drydock audit chain {chain}")).into()
}

/// SHA-256 over the hash before and the entry's fields. A field is 0 for null, or 1, its length in bytes as 32 bits with the
/// highest first, and its UTF-8.
pub(super) fn hash(previous: &Hash, fields: &[Option<String>]) -> Hash {
    let mut digest = Sha256::new();
    digest.update(previous);
    for field in fields {
        match field {
            None => digest.update([0]),
            Some(text) => {
                digest.update([1]);
                // A field that long does not fit into a row.
                digest.update(u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes());
                digest.update(text);
            }
        }
    }
    digest.finalize().into()
}

/// Microseconds since 1970, which is what PostgreSQL keeps of a time.
pub(super) fn microseconds(at: OffsetDateTime) -> i128 {
    at.unix_timestamp_nanos().div_euclid(1_000)
}

/// An entry's place in its chain and what its hash covers.
pub(super) trait Link {
    fn id(&self) -> Uuid;
    fn number(&self) -> i64;
    fn previous_hash(&self) -> &[u8];
    fn entry_hash(&self) -> &[u8];
    fn fields(&self) -> Vec<Option<String>>;
    fn written_at(&self) -> OffsetDateTime;
}

/// What is wrong with a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Breach {
    /// An entry before this one is missing.
    Missing,
    /// The entry is not what was written.
    Changed,
    /// The entry does not continue the one before it.
    Unlinked,
    /// Entries at the end are missing.
    Cut,
    /// There is an entry beyond what the chain's end says.
    Beyond,
}

impl Breach {
    /// The word for programs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Changed => "changed",
            Self::Unlinked => "unlinked",
            Self::Cut => "cut",
            Self::Beyond => "beyond",
        }
    }

    /// A sentence for people.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Missing => "An entry before it was taken out.",
            Self::Changed => "It is not what was written.",
            Self::Unlinked => "It does not continue the entry before it.",
            Self::Cut => "It and what followed it were taken out.",
            Self::Beyond => "It was added past the end of the chain.",
        }
    }
}

/// The first place at which a chain is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The entry's number.
    pub entry_number: i64,
    /// The entry; `None` where it is missing.
    pub entry_id: Option<Uuid>,
    /// What is wrong.
    pub breach: Breach,
}

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "entry {}: {}", self.entry_number, self.breach.sentence())
    }
}

/// Follows a chain entry by entry.
pub(super) struct Walk {
    number: i64,
    hash: Hash,
}

impl Walk {
    /// From the beginning.
    pub(super) fn begin(chain: Option<ClientAccountId>) -> Self {
        Self { number: 0, hash: genesis(chain) }
    }

    /// From entry `number`, which is believed.
    pub(super) fn after(entry: &impl Link, number: i64) -> Result<Self, Broken> {
        if entry.number() != number {
            return Err(broken(entry, Breach::Missing));
        }
        let hash = entry.entry_hash().try_into().map_err(|_| broken(entry, Breach::Changed))?;
        Ok(Self { number, hash })
    }

    /// Entries seen, or the number of the last one.
    pub(super) fn number(&self) -> i64 {
        self.number
    }

    /// Takes the next entry by number.
    pub(super) fn next(&mut self, entry: &impl Link) -> Result<(), Broken> {
        if entry.number() != self.number + 1 {
            return Err(broken(entry, Breach::Missing));
        }
        if entry.previous_hash() != self.hash {
            return Err(broken(entry, Breach::Unlinked));
        }
        let hash = hash(&self.hash, &entry.fields());
        if entry.entry_hash() != hash {
            return Err(broken(entry, Breach::Changed));
        }
        self.number += 1;
        self.hash = hash;
        Ok(())
    }

    /// Compares with where the chain is said to end.
    pub(super) fn finish(&self, count: i64, head: &[u8]) -> Result<(), Broken> {
        let at = |entry_number, breach| Err(Broken { entry_number, entry_id: None, breach });
        match self.number.cmp(&count) {
            std::cmp::Ordering::Less => at(self.number + 1, Breach::Cut),
            std::cmp::Ordering::Greater => at(count + 1, Breach::Beyond),
            std::cmp::Ordering::Equal if self.hash != head => at(count, Breach::Changed),
            std::cmp::Ordering::Equal => Ok(()),
        }
    }
}

fn broken(entry: &impl Link, breach: Breach) -> Broken {
    Broken { entry_number: entry.number(), entry_id: Some(entry.id()), breach }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failing test fails")]
mod tests {
    use uuid::Uuid;

    use super::{Breach, Hash, Link, Walk, genesis, hash};

    #[derive(Clone)]
    struct Plain {
        number: i64,
        previous: Hash,
        entry: Hash,
        text: Option<String>,
    }

    impl Link for Plain {
        fn id(&self) -> Uuid {
            Uuid::from_u128(self.number.unsigned_abs().into())
        }
        fn number(&self) -> i64 {
            self.number
        }
        fn previous_hash(&self) -> &[u8] {
            &self.previous
        }
        fn entry_hash(&self) -> &[u8] {
            &self.entry
        }
        fn fields(&self) -> Vec<Option<String>> {
            vec![Some(self.number.to_string()), self.text.clone()]
        }
        fn written_at(&self) -> time::OffsetDateTime {
            time::OffsetDateTime::UNIX_EPOCH
        }
    }

    fn chain(length: i64) -> Vec<Plain> {
        let mut previous = genesis(None);
        (1..=length)
            .map(|number| {
                let text = (number % 3 != 0).then(|| format!("entry {number}"));
                let mut entry = Plain { number, previous, entry: [0; 32], text };
                entry.entry = hash(&previous, &entry.fields());
                previous = entry.entry;
                entry
            })
            .collect()
    }

    fn walk(entries: &[Plain], count: i64, head: &Hash) -> Result<(), (i64, Breach)> {
        let mut walk = Walk::begin(None);
        let walked = entries.iter().try_for_each(|entry| walk.next(entry));
        walked.and_then(|()| walk.finish(count, head)).map_err(|broken| (broken.entry_number, broken.breach))
    }

    #[test]
    fn a_whole_chain_is_whole_also_an_empty_one() {
        let entries = chain(20);
        assert_eq!(walk(&entries, 20, &entries[19].entry), Ok(()));
        assert_eq!(walk(&[], 0, &genesis(None)), Ok(()));
    }

    #[test]
    fn null_empty_and_shifted_fields_differ() {
        let previous = genesis(None);
        let of = |fields: &[Option<&str>]| {
            hash(&previous, &fields.iter().map(|field| field.map(str::to_owned)).collect::<Vec<_>>())
        };
        let all = [
            of(&[None, None]),
            of(&[Some(""), None]),
            of(&[None, Some("")]),
            of(&[Some("ab"), Some("c")]),
            of(&[Some("a"), Some("bc")]),
            of(&[Some("abc"), None]),
        ];
        for (index, one) in all.iter().enumerate() {
            assert!(all[index + 1..].iter().all(|other| other != one));
        }
    }

    /// A thousand tamperings: an entry's text, number or hash changed, one taken out, two exchanged, the end cut off, and what
    /// is left of a chain whose maker had no access to its end.
    #[test]
    fn a_thousand_tamperings_are_found_at_the_entry_where_they_were_made() {
        let entries = chain(100);
        let (count, head) = (100, entries[99].entry);
        for seed in 0..1_000_usize {
            let at = seed * 37 % 99;
            let number = i64::try_from(at).unwrap() + 1;
            let mut tampered = entries.clone();
            let expected = match seed % 6 {
                0 => {
                    tampered[at].text = Some(format!("other {seed}"));
                    (number, Breach::Changed)
                }
                1 => {
                    tampered[at].entry[seed % 32] ^= 1;
                    (number, Breach::Changed)
                }
                2 => {
                    tampered.remove(at);
                    (number + 1, Breach::Missing)
                }
                3 => {
                    tampered.swap(at, at + 1);
                    (number + 1, Breach::Missing)
                }
                4 => {
                    tampered.truncate(at);
                    (number, Breach::Cut)
                }
                // Changed and hashed anew, as somebody would who knows the encoding.
                _ => {
                    tampered[at].text = Some(format!("forged {seed}"));
                    tampered[at].entry = hash(&tampered[at].previous, &tampered[at].fields());
                    (number + 1, Breach::Unlinked)
                }
            };
            assert_eq!(walk(&tampered, count, &head), Err(expected), "tampering {seed}");
        }
    }

    #[test]
    fn an_entry_past_the_end_is_found() {
        let entries = chain(5);
        assert_eq!(walk(&entries, 4, &entries[3].entry), Err((5, Breach::Beyond)));
    }
}
