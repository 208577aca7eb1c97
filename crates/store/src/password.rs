//! Password hashing: Argon2id, a bounded number at a time, off the async threads.

use std::sync::{Arc, LazyLock};

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash},
};
use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;

use crate::StoreError;

/// Memory per hash in KiB and number of passes: the minimum of the OWASP Password Storage Cheat Sheet.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;

/// Hashes computed at the same time. Each takes 19 MiB, and more than the cores would only queue.
static IN_FLIGHT: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(2)));

/// A hash that no password opens (of random bytes since thrown away), with the parameters in force: checked
/// for an unknown user, so that the answer takes as long as for a known one.
const UNKNOWN_USER: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$kBv7dwOmVwEE2kMtxwVWFA$wvBeDnM1dQKVAkS6gGgNZ7JXnGPsgiUP5gKyqPPEzTo";

static HASHER: LazyLock<Result<Argon2<'static>, String>> = LazyLock::new(|| {
    let params = Params::new(MEMORY_KIB, PASSES, 1, None).map_err(|error| error.to_string())?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
});

async fn off_thread<T: Send + 'static>(
    work: impl FnOnce(&Argon2<'static>) -> Result<T, String> + Send + 'static,
) -> Result<T, StoreError> {
    let permit = Arc::clone(&IN_FLIGHT)
        .acquire_owned()
        .await
        .map_err(|error| StoreError::Hashing(error.to_string()))?;
    tokio::task::spawn_blocking(move || {
        // Held until the work is done, also when nobody waits for its result any more.
        let _permit = permit;
        HASHER.as_ref().map_err(Clone::clone).and_then(work)
    })
    .await
    .map_err(|error| StoreError::Hashing(error.to_string()))?
    .map_err(StoreError::Hashing)
}

/// Hashes `password` with a new random salt; returns the PHC string.
///
/// # Errors
/// [`StoreError::Hashing`] when no random bytes can be had or the task was cancelled.
pub async fn hash(password: &str) -> Result<String, StoreError> {
    let password = password.as_bytes().to_vec();
    off_thread(move |hasher| {
        hasher.hash_password(&password).map(|hash| hash.to_string()).map_err(|error| error.to_string())
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
    off_thread(move |hasher| {
        hasher
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

/// Whether `password` opens `stored`. With no stored hash the answer is `false` after the same work.
///
/// # Errors
/// [`StoreError::Hashing`] when the task was cancelled.
pub async fn verify(password: &str, stored: Option<String>) -> Result<bool, StoreError> {
    let password = password.as_bytes().to_vec();
    off_thread(move |hasher| {
        let known = stored.is_some();
        let phc = stored.as_deref().unwrap_or(UNKNOWN_USER);
        // A hash that cannot be parsed opens for nobody; the boot's login gate reports it.
        let opened = hasher.verify_password(&password, phc).is_ok();
        Ok(opened && known)
    })
    .await
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
    use super::{hash, hash_default, is_default, verify};

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
}
