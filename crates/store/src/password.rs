//! Password hashing: Argon2id, a bounded number at a time, off the async threads.

use std::{
    sync::{Arc, LazyLock},
    time::{Duration, Instant},
};

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash},
};
use sha2::{Digest as _, Sha256};
use sqlx::PgConnection;
use tokio::sync::Semaphore;

use crate::{Store, StoreError};

/// Memory per hash in KiB and the least number of passes: the minimum of the OWASP Password Storage Cheat Sheet.
const MEMORY_KIB: u32 = 19_456;
const LEAST_PASSES: u32 = 2;
/// The most passes that a fast machine is given.
const MOST_PASSES: u32 = 16;
/// How long a hash may take on the machine that is measured: not felt by whoever signs in, and a hundred times what a guess
/// must not cost less than.
const TARGET: Duration = Duration::from_millis(100);

/// Hashes computed at the same time. Each takes 19 MiB, and more than the cores would only queue.
static IN_FLIGHT: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(2)));

/// A hash that no password opens (of random bytes since thrown away), checked for an unknown user,
/// so that the answer takes as long as for a known one.
const UNKNOWN_USER: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$kBv7dwOmVwEE2kMtxwVWFA$wvBeDnM1dQKVAkS6gGgNZ7JXnGPsgiUP5gKyqPPEzTo";

fn hasher(passes: u32) -> Result<Argon2<'static>, String> {
    let params = Params::new(MEMORY_KIB, passes, 1, None).map_err(|error| error.to_string())?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, String> + Send + 'static,
) -> Result<T, StoreError> {
    let permit = Arc::clone(&IN_FLIGHT)
        .acquire_owned()
        .await
        .map_err(|error| StoreError::Hashing(error.to_string()))?;
    tokio::task::spawn_blocking(move || {
        // Held until the work is done, also when nobody waits for its result any more.
        let _permit = permit;
        work()
    })
    .await
    .map_err(|error| StoreError::Hashing(error.to_string()))?
    .map_err(StoreError::Hashing)
}

/// How many passes hashes are made with in the connection's database.
///
/// # Errors
/// When the database fails.
pub(crate) async fn passes(connection: &mut PgConnection) -> Result<u32, StoreError> {
    let passes = sqlx::query_scalar!("select max(passes) from migration.password_parameters")
        .fetch_one(connection)
        .await?;
    Ok(in_bounds(passes))
}

/// A stored number of passes as one that is used.
pub(crate) fn in_bounds(passes: Option<i32>) -> u32 {
    passes
        .and_then(|passes| u32::try_from(passes).ok())
        .map_or(LEAST_PASSES, |passes| passes.clamp(LEAST_PASSES, MOST_PASSES))
}

/// Measures how many passes fit into a tenth of a second here, and keeps the number if it is greater than what the
/// database has. Hashes that are there are made anew when their users sign in.
///
/// # Errors
/// When the database or the hashing fails.
pub async fn calibrate(store: &Store) -> Result<(), StoreError> {
    let known =
        sqlx::query_scalar!(r#"select exists (select from migration.password_parameters) as "known!""#)
            .fetch_one(&mut *store.acquire().await?)
            .await?;
    if known {
        return Ok(());
    }
    // The fastest of three is what the machine can do; others may be using it.
    let least = off_thread(|| {
        let mut least = Duration::MAX;
        for _ in 0..3 {
            let begun = Instant::now();
            spend(b"calibration", LEAST_PASSES)?;
            least = least.min(begun.elapsed());
        }
        Ok(least)
    })
    .await?;
    let pass = least.as_secs_f64() / f64::from(LEAST_PASSES);
    let passes = (LEAST_PASSES..=MOST_PASSES)
        .rev()
        .find(|passes| pass * f64::from(*passes) <= TARGET.as_secs_f64())
        .unwrap_or(LEAST_PASSES);
    sqlx::query!(
        "insert into migration.password_parameters (passes, hash_ms) values ($1, $2)",
        passes.cast_signed(),
        pass * f64::from(passes) * 1e3
    )
    .execute(&mut *store.acquire().await?)
    .await?;
    Ok(())
}

/// The work of so many passes, for nothing.
fn spend(password: &[u8], passes: u32) -> Result<(), String> {
    let mut output = [0; 32];
    hasher(passes)?
        .hash_password_into(password, b"no salt of a user", &mut output)
        .map_err(|error| error.to_string())
}

/// Hashes `password` with a new random salt and the fewest passes; returns the PHC string. The first sign-in makes it anew
/// where more are in force.
///
/// # Errors
/// [`StoreError::Hashing`] when no random bytes can be had or the task was cancelled.
pub async fn hash(password: &str) -> Result<String, StoreError> {
    hash_with(password, LEAST_PASSES).await
}

/// The same with so many passes.
pub(crate) async fn hash_with(password: &str, passes: u32) -> Result<String, StoreError> {
    let password = password.as_bytes().to_vec();
    off_thread(move || {
        hasher(passes)?
            .hash_password(&password)
            .map(|hash| hash.to_string())
            .map_err(|error| error.to_string())
    })
    .await
}

/// Hashes the default password of the seeded user `email`, with a salt that says that it is one ([`is_default`]). The same
/// two words always give the same string; such a password is printed wherever Drydock is described, so its salt keeps
/// nothing from anybody.
///
/// # Errors
/// [`StoreError::Hashing`] when the task was cancelled.
#[cfg(test)]
pub(crate) async fn hash_default(email: &str, password: &str) -> Result<String, StoreError> {
    let (salt, password) = (default_salt(email), password.as_bytes().to_vec());
    off_thread(move || {
        hasher(LEAST_PASSES)?
            .hash_password_with_salt(&password, &salt)
            .map(|hash| hash.to_string())
            .map_err(|error| error.to_string())
    })
    .await
}

/// Whether `stored` is still the hash that the user `email` was seeded with: known by its salt, without hashing. Every other
/// hash has a salt of its own.
#[must_use]
pub fn is_default(email: &str, stored: &str) -> bool {
    PasswordHash::new(stored)
        .is_ok_and(|hash| hash.salt.is_some_and(|salt| salt.as_ref() == default_salt(email).as_slice()))
}

fn default_salt(email: &str) -> [u8; 16] {
    let digest = Sha256::digest(format!("drydock/default-user/{email}"));
    std::array::from_fn(|index| digest[index])
}

/// Whether `password` opens `stored`, after the work of `passes` passes: also with no stored hash, with one that cannot be
/// read, and with one of fewer passes.
///
/// # Errors
/// [`StoreError::Hashing`] when the task was cancelled.
pub(crate) async fn verify(password: &str, stored: Option<String>, passes: u32) -> Result<bool, StoreError> {
    let password = password.as_bytes().to_vec();
    off_thread(move || {
        let known = stored.is_some();
        let phc = stored.as_deref().unwrap_or(UNKNOWN_USER);
        // A hash that cannot be parsed opens for nobody; the boot's login gate reports it.
        let opened = hasher(LEAST_PASSES)?.verify_password(&password, phc).is_ok();
        let missing = passes.saturating_sub(passes_of(phc));
        if missing > 0 {
            spend(&password, missing)?;
        }
        Ok(opened && known)
    })
    .await
}

/// With how many passes a hash was made; 0 where it cannot be read.
fn passes_of(stored: &str) -> u32 {
    PasswordHash::new(stored).ok().and_then(|hash| hash.params.get_decimal("t")).unwrap_or(0)
}

/// Whether `stored` is to be made anew with `passes`. The printed password of a default user is known to everybody, however it
/// is hashed.
pub(crate) fn is_outdated(email: &str, stored: &str, passes: u32) -> bool {
    passes_of(stored) < passes && !is_default(email, stored)
}

/// A hash that nothing opens, for trying out what is rolled back.
pub(crate) const CLOSED: &str = UNKNOWN_USER;

/// Whether `stored` is a hash that some password can open.
pub(crate) fn is_usable(stored: &str) -> bool {
    PasswordHash::new(stored).is_ok_and(|hash| hash.salt.is_some() && hash.hash.is_some())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{LEAST_PASSES, hash, hash_default, hash_with, is_default, is_outdated};

    async fn verify(password: &str, stored: Option<String>) -> Result<bool, crate::StoreError> {
        super::verify(password, stored, LEAST_PASSES).await
    }

    #[tokio::test]
    async fn a_password_opens_its_own_hash_only() {
        let stored = hash("correct horse").await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert!(verify("correct horse", Some(stored.clone())).await.unwrap());
        assert!(!verify("correct horsf", Some(stored)).await.unwrap());
    }

    #[tokio::test]
    async fn the_hash_of_a_default_password_is_known_by_its_salt() {
        let stored = hash_default("demo@demo-corp.com", "Demo123!").await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert!(verify("Demo123!", Some(stored.clone())).await.unwrap());
        assert!(is_default("demo@demo-corp.com", &stored));
        assert!(!is_default("viewer@demo-corp.com", &stored));
        assert!(!is_default("demo@demo-corp.com", &hash("Demo123!").await.unwrap()));
        assert!(!is_default("demo@demo-corp.com", "$argon2id$broken"));
    }

    #[tokio::test]
    async fn the_unknown_user_never_opens_and_its_hash_is_well_formed() {
        assert!(super::is_usable(super::UNKNOWN_USER));
        assert!(!verify("anything", None).await.unwrap());
    }

    #[tokio::test]
    async fn a_hash_of_fewer_passes_opens_and_is_outdated() {
        let (few, many) =
            (hash("correct horse").await.unwrap(), hash_with("correct horse", 3).await.unwrap());
        assert!(many.starts_with("$argon2id$v=19$m=19456,t=3,p=1$"), "{many}");
        for stored in [&few, &many] {
            assert!(super::verify("correct horse", Some(stored.clone()), 3).await.unwrap());
            assert!(!super::verify("correct hors", Some(stored.clone()), 3).await.unwrap());
        }
        assert!(is_outdated("a@example.com", &few, 3) && !is_outdated("a@example.com", &many, 3));
        let printed = hash_default("demo@demo-corp.com", "Demo123!").await.unwrap();
        assert!(!is_outdated("demo@demo-corp.com", &printed, 3));
    }

    /// OWASP ASVS 5.0, 6.2.8. `cargo test -p drydock-store -- --ignored ten_thousand` takes some minutes.
    #[tokio::test]
    #[ignore = "ten thousand hashes take minutes"]
    async fn of_ten_thousand_pairs_that_nearly_agree_none_opens_the_other() {
        let mut opened = 0;
        for number in 0..100 {
            // 200 bytes, different from the start, the end a letter with an accent in one code point.
            let own = format!("{number:04}{}caf\u{e9}", "p".repeat(191));
            assert_eq!(own.len(), 200);
            let stored = hash(&own).await.unwrap();
            assert!(verify(&own, Some(stored.clone())).await.unwrap());
            let stem = own.trim_end_matches('\u{e9}');
            let others: Vec<String> = (0..100)
                .map(|other| match other {
                    0 => format!("{stem}e\u{301}"),
                    1 => format!("{own} "),
                    2 => format!(" {own}"),
                    3 => format!("{own}\0"),
                    4 => own.to_uppercase(),
                    5 => stem.to_owned(),
                    6 => format!("{stem}e"),
                    7 => own.replacen('p', "\u{ff50}", 1),
                    _ => format!("{stem}{}", char::from_u32(0xea + other).unwrap()),
                })
                .collect();
            for pair in others.chunks(2) {
                let (one, other) = tokio::join!(
                    verify(&pair[0], Some(stored.clone())),
                    verify(&pair[1], Some(stored.clone()))
                );
                opened += usize::from(one.unwrap()) + usize::from(other.unwrap());
            }
        }
        assert_eq!(opened, 0);
    }

    #[tokio::test]
    async fn nothing_is_cut_off_and_no_form_is_made_of_what_is_typed() {
        let long = "p".repeat(199);
        let stored = hash(&format!("{long}a")).await.unwrap();
        assert!(verify(&format!("{long}a"), Some(stored.clone())).await.unwrap());
        assert!(!verify(&format!("{long}b"), Some(stored)).await.unwrap());
        // The same letter to the eye, composed and decomposed, is two passwords.
        let stored = hash("caf\u{e9} au lait").await.unwrap();
        assert!(!verify("cafe\u{301} au lait", Some(stored)).await.unwrap());
    }
}
