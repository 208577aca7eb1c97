//! Checking the fields of a body, so that one answer names all that is wrong.

use std::str::FromStr;

use drydock_domain::{
    AccessLevel, Role,
    account::{self, Objection},
    field,
};
use serde::{Deserialize, Deserializer};

use crate::envelope::{ApiError, FieldError};

/// What is wrong so far.
#[derive(Default)]
pub(crate) struct Fields(Vec<FieldError>);

impl Fields {
    /// The value, or a placeholder where it is objected to.
    pub(crate) fn check<T: Default>(&mut self, path: &str, checked: Result<T, Objection>) -> T {
        checked.unwrap_or_else(|objection| {
            self.0.push(FieldError::new(path, objection));
            T::default()
        })
    }

    /// As [`Fields::check`], for a value whose type has no placeholder.
    pub(crate) fn check_or<T>(&mut self, path: &str, checked: Result<T, Objection>, placeholder: T) -> T {
        checked.unwrap_or_else(|objection| {
            self.0.push(FieldError::new(path, objection));
            placeholder
        })
    }

    /// One line that may be left out; empty is left out, too.
    pub(crate) fn optional_line(&mut self, path: &str, given: Option<&str>, limit: usize) -> Option<String> {
        let text = self.check(path, field::line(given.unwrap_or_default(), limit));
        Some(text).filter(|text| !text.is_empty())
    }

    /// Several lines that may be left out; empty is left out, too.
    pub(crate) fn optional_text(&mut self, path: &str, given: Option<&str>, limit: usize) -> Option<String> {
        let text = self.check(path, field::paragraph(given.unwrap_or_default(), limit));
        Some(text).filter(|text| !text.is_empty())
    }

    /// An e-mail address that may be left out; empty is left out, too.
    pub(crate) fn optional_email(&mut self, path: &str, given: Option<&str>) -> Option<String> {
        let given = given.map(str::trim).filter(|given| !given.is_empty())?;
        Some(self.check(path, account::email(given)))
    }

    /// Goes on only where nothing is wrong.
    pub(crate) fn done(self) -> Result<(), ApiError> {
        if self.0.is_empty() { Ok(()) } else { Err(ApiError::invalid(self.0)) }
    }
}

/// A word out of a list.
pub(crate) fn one_of(given: &str, words: &[&'static str]) -> Result<&'static str, Objection> {
    words
        .iter()
        .copied()
        .find(|word| *word == given)
        .ok_or_else(|| Objection::new("unknown", format!("This is none of {}.", words.join(", "))))
}

/// An access level by its name.
pub(crate) fn level(given: &str) -> Result<AccessLevel, Objection> {
    AccessLevel::from_str(given).map_err(|_| {
        let names = AccessLevel::ALL.map(AccessLevel::as_str).join(", ");
        Objection::new("unknown", format!("This is none of {names}."))
    })
}

/// A role by its name.
pub(crate) fn role(given: &str) -> Result<Role, Objection> {
    Role::from_str(given).map_err(|_| {
        Objection::new("unknown", format!("This is none of {}.", Role::ALL.map(Role::as_str).join(", ")))
    })
}

/// Tells a field that is null (to be emptied) from one that is not there (to be kept).
#[allow(clippy::option_option, reason = "the three states are the point")]
pub(crate) fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}
