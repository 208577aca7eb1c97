//! What a person's e-mail address, name and new password may be.
//!
//! The rules for passwords are those of OWASP ASVS 5.0, 6.2: a least length, no rules about kinds of characters, nothing
//! cut off, and a list of what everybody tries first.

use std::{borrow::Cow, sync::LazyLock};

use crate::field::misleading;

/// Least length of a new password in characters (ASVS 6.2.1).
pub const PASSWORD_LEAST: usize = 8;
/// Longest password in bytes; none is cut off.
pub const PASSWORD_LIMIT: usize = 1024;
/// Longest e-mail address in bytes (RFC 5321, 4.5.3.1.3: 256 with its angle brackets).
pub const EMAIL_LIMIT: usize = 254;
/// Longest first or last name in characters.
pub const NAME_LIMIT: usize = 100;

/// Longest part of an e-mail address before its `@` (RFC 5321, 4.5.3.1.1).
const LOCAL_PART_LIMIT: usize = 64;
/// Longest part of a host name between dots (RFC 1035, 2.3.4).
const HOST_LABEL_LIMIT: usize = 63;
/// Shorter words say too little about a password that holds them.
const WORD_LEAST: usize = 4;

/// What the default users of a demo are given: printed wherever Drydock is described.
const PRINTED: [&str; 2] = ["demo123!", "password123!"];

/// The 5,000 commonest passwords of at least [`PASSWORD_LEAST`] characters, lower case, from the frequency lists of zxcvbn
/// 4.4.2 (`common_passwords.LICENSE.txt`), in the order of their bytes.
static COMMON: LazyLock<Vec<&str>> =
    LazyLock::new(|| include_str!("account/common_passwords.txt").lines().collect());

/// What is wrong with a value that a person gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Objection {
    /// For programs: `required`, `too_long`, `too_short`, `character`, `form`, `common`, `personal`, `unchanged` or `wrong`.
    pub code: &'static str,
    /// For people: one sentence.
    pub message: Cow<'static, str>,
}

impl Objection {
    /// An objection in words of its own.
    pub fn new(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, message: message.into() }
    }
}

/// The address as it is stored: without the spaces around it, in lower case.
///
/// Accepted is what HTML accepts in an e-mail field
/// (<https://html.spec.whatwg.org/multipage/input.html#valid-e-mail-address>), within the lengths of SMTP.
///
/// # Errors
/// `required`, `too_long` or `form`.
pub fn email(given: &str) -> Result<String, Objection> {
    let email = given.trim().to_ascii_lowercase();
    if email.is_empty() {
        return Err(Objection::new("required", "The e-mail address is empty."));
    }
    if email.len() > EMAIL_LIMIT {
        let message = format!("The e-mail address is longer than {EMAIL_LIMIT} bytes.");
        return Err(Objection::new("too_long", message));
    }
    let well_formed = email.split_once('@').is_some_and(|(local, host)| {
        let of_local = |byte: u8| byte.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&byte);
        !local.is_empty()
            && local.len() <= LOCAL_PART_LIMIT
            && local.bytes().all(of_local)
            && host.split('.').all(is_host_label)
    });
    if well_formed {
        Ok(email)
    } else {
        Err(Objection::new("form", "This is no e-mail address, such as name@example.com."))
    }
}

fn is_host_label(label: &str) -> bool {
    (1..=HOST_LABEL_LIMIT).contains(&label.len())
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// A first or last name as it is stored: without the spaces around it; may be empty.
///
/// # Errors
/// `too_long` or `character`.
pub fn name(given: &str) -> Result<String, Objection> {
    let name = given.trim();
    if name.chars().count() > NAME_LIMIT {
        return Err(Objection::new("too_long", format!("The name is longer than {NAME_LIMIT} characters.")));
    }
    if name.chars().any(|c| c.is_control() || misleading(c)) {
        let message = "The name holds a control character, such as a line break.";
        return Err(Objection::new("character", message));
    }
    Ok(name.to_owned())
}

/// Whether `password` could be one: what a sign-in accepts to look at.
///
/// # Errors
/// `required`, `too_long` or `character`.
pub fn password_form(password: &str) -> Result<(), Objection> {
    if password.trim().is_empty() {
        return Err(Objection::new("required", "The password is empty."));
    }
    if password.len() > PASSWORD_LIMIT {
        return Err(Objection::new(
            "too_long",
            format!("The password is longer than {PASSWORD_LIMIT} bytes."),
        ));
    }
    if password.contains('\0') {
        return Err(Objection::new("character", "The password holds a NUL character."));
    }
    Ok(())
}

/// Whether `password` may be set for somebody of whom `words` are known: e-mail address and names.
///
/// # Errors
/// Those of [`password_form`], `too_short`, `common` or `personal`.
pub fn new_password(password: &str, words: &[&str]) -> Result<(), Objection> {
    password_form(password)?;
    if password.chars().count() < PASSWORD_LEAST {
        let message = format!("The password has fewer than {PASSWORD_LEAST} characters.");
        return Err(Objection::new("too_short", message));
    }
    let lower = password.to_lowercase();
    if COMMON.binary_search(&lower.as_str()).is_ok() || PRINTED.contains(&lower.as_str()) {
        let message =
            "This password is among those that are tried first, because many people use it. Choose another.";
        return Err(Objection::new("common", message));
    }
    if is_made_of(&lower, words) {
        let message = "The password is made of your name, your e-mail address or “Drydock”. Choose another.";
        return Err(Objection::new("personal", message));
    }
    Ok(())
}

/// Whether `password` (lower case) is nothing but the product's name and `words`, with digits and signs around them.
fn is_made_of(password: &str, words: &[&str]) -> bool {
    let mut known: Vec<String> = vec!["drydock".to_owned()];
    for word in words {
        let word = word.to_lowercase();
        known.extend(word.split(|c: char| !c.is_alphabetic()).map(str::to_owned));
        known.push(letters(&word));
        if password == word {
            return true;
        }
    }
    known.retain(|word| word.chars().count() >= WORD_LEAST);
    // What is longest first, or a part would spoil the whole.
    known.sort_by_key(|word| std::cmp::Reverse(word.len()));
    let mut rest = letters(password);
    if rest.is_empty() {
        return false;
    }
    for word in known {
        rest = rest.replace(&word, "");
    }
    rest.is_empty()
}

fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphabetic()).collect()
}

#[cfg(test)]
mod tests {
    use super::{COMMON, PASSWORD_LEAST, email, name, new_password};

    const WORDS: [&str; 4] = ["ada.lovelace@analytical-engine.example", "ada.lovelace", "Ada", "Lovelace"];

    fn refused(password: &str) -> &'static str {
        new_password(password, &WORDS).err().map_or("accepted", |objection| objection.code)
    }

    #[test]
    fn the_list_is_sorted_lower_case_and_as_long_as_it_says() {
        assert_eq!(COMMON.len(), 5_000);
        assert!(COMMON.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(COMMON.iter().all(|word| word.len() >= PASSWORD_LEAST && *word == word.to_lowercase()));
    }

    #[test]
    fn every_common_password_is_refused_in_any_case() {
        for word in COMMON.iter() {
            assert_eq!(refused(word), "common", "{word}");
            assert_eq!(refused(&word.to_uppercase()), "common", "{word}");
        }
        assert_eq!((refused("Password123!"), refused("Demo123!")), ("common", "common"));
    }

    #[test]
    fn length_counts_characters_and_nothing_else_is_asked_of_them() {
        for length in 1..=1_024_usize {
            let ascii = "xq".repeat(length).chars().take(length).collect::<String>();
            let expected = if length < PASSWORD_LEAST { "too_short" } else { "accepted" };
            assert_eq!(refused(&ascii), expected, "{length} letters");
        }
        assert_eq!(refused("ÄÖÜßéñç"), "too_short");
        assert_eq!(refused("ÄÖÜßéñçø"), "accepted");
        assert_eq!(refused("ein Satz mit Leerzeichen"), "accepted");
        assert_eq!(refused("73920184"), "accepted");
        assert_eq!(refused(&"ä".repeat(512)), "accepted");
        assert_eq!(refused(&"ä".repeat(513)), "too_long");
        assert_eq!((refused(""), refused(&" ".repeat(20))), ("required", "required"));
        assert_eq!(refused("with a\0NUL in it"), "character");
    }

    #[test]
    fn names_address_and_product_are_refused_also_with_digits_around_them() {
        for password in [
            "ada.lovelace@analytical-engine.example",
            "Ada.Lovelace",
            "lovelace1843",
            "Drydock2026!",
            "drydock-lovelace",
            "DrydockDrydock",
            "AnalyticalEngine",
        ] {
            assert_eq!(refused(password), "personal", "{password}");
        }
        for password in ["lovelace and a horse", "dry dockyards of Trieste", "ada7319462", "31415926.53"] {
            assert_eq!(refused(password), "accepted", "{password}");
        }
    }

    #[test]
    fn addresses_are_lower_cased_and_checked() {
        assert_eq!(email("  Ada@Example.COM ").unwrap_or_default(), "ada@example.com");
        for good in ["a@b", "o'hara+x@sub.example.org", &format!("{}@example.org", "a".repeat(64))] {
            assert!(email(good).is_ok(), "{good}");
        }
        let long_label = format!("a@{}.org", "b".repeat(64));
        let long_local = format!("{}@example.org", "a".repeat(65));
        for bad in [
            "a",
            "@b",
            "a@",
            "a@b@c",
            "a b@c.org",
            "a@b..org",
            "a@-b.org",
            "a@b-.org",
            "a@.org",
            "a@b.org.",
            "ä@b.org",
            "a@bücher.org",
            "a\0@b.org",
            "a@b.org\nx",
            &long_label,
            &long_local,
        ] {
            assert_eq!(email(bad).map_err(|objection| objection.code), Err("form"), "{bad:?}");
        }
        assert_eq!(email(" ").map_err(|objection| objection.code), Err("required"));
        assert_eq!(email(&"a".repeat(255)).map_err(|objection| objection.code), Err("too_long"));
    }

    #[test]
    fn names_are_trimmed_and_hold_nothing_that_misleads() {
        assert_eq!(name("  Ada Augusta  ").unwrap_or_default(), "Ada Augusta");
        assert_eq!(name(" ").unwrap_or_default(), "");
        assert_eq!(name("王小明").unwrap_or_default(), "王小明");
        assert!(name(&"ä".repeat(100)).is_ok());
        assert_eq!(name(&"a".repeat(101)).map_err(|objection| objection.code), Err("too_long"));
        for bad in ["A\nB", "A\0", "A\u{202e}B", "\u{7}bell"] {
            assert_eq!(name(bad).map_err(|objection| objection.code), Err("character"), "{bad:?}");
        }
    }
}
