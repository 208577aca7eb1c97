//! Which data a database is seeded with, so exactly that two machines make the same rows.

use drydock_domain::Profile;
use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};

/// The number that data follow from when nobody names one.
pub const DEFAULT_NUMBER: u64 = 7;

/// How much the profile `scale` makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scale {
    /// Client accounts, at least one.
    pub tenants: u32,
    /// Assets of each.
    pub assets: u32,
}

/// What a database holds after seeding: the same plan gives the same rows, whenever and wherever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Which data.
    pub profile: Profile,
    /// The number that generated data follow from; at most [`i64::MAX`].
    pub number: u64,
    /// The day that counts as today in the data.
    pub anchor: Date,
    /// For the profile `scale` alone.
    pub scale: Option<Scale>,
}

/// The plan that new databases get, as a person asked for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Which data.
    pub profile: Profile,
    /// The number that generated data follow from.
    pub number: u64,
    /// The day that counts as today in the data; the day of the seeding when `None`.
    pub anchor: Option<Date>,
}

impl Default for Wanted {
    fn default() -> Self {
        Self { profile: Profile::Demo, number: DEFAULT_NUMBER, anchor: None }
    }
}

impl Wanted {
    /// The plan of a seeding now; days are those of UTC.
    #[must_use]
    pub fn plan(self) -> Plan {
        let anchor = self.anchor.unwrap_or_else(|| OffsetDateTime::now_utc().date());
        Plan { profile: self.profile, number: self.number, anchor, scale: None }
    }

    /// The same, with what three settings say; an empty value is none. The words of the error are for people.
    ///
    /// # Errors
    /// What is wrong with the first of them that is wrong.
    pub fn read(profile: Option<&str>, number: Option<&str>, anchor: Option<&str>) -> Result<Self, String> {
        let given = |value: Option<&str>| value.filter(|value| !value.is_empty()).map(str::to_owned);
        let mut wanted = Self::default();
        if let Some(name) = given(profile) {
            wanted.profile = match name.parse() {
                Ok(profile) if !matches!(profile, Profile::Scale | Profile::Repro) => profile,
                _ => return Err(format!("the profile {name:?} is none of demo, qa and empty")),
            };
        }
        if let Some(text) = given(number) {
            wanted.number = read_number(&text)?;
        }
        if let Some(text) = given(anchor) {
            wanted.anchor = Some(read_day(&text)?);
        }
        Ok(wanted)
    }
}

/// Reads a seed number.
///
/// # Errors
/// What is wrong with it, for people.
pub fn read_number(text: &str) -> Result<u64, String> {
    text.parse()
        .ok()
        .filter(|number| i64::try_from(*number).is_ok())
        .ok_or_else(|| format!("the seed number {text:?} is not a whole number from 0 to {}", i64::MAX))
}

/// Reads a day as in `2026-01-15`.
///
/// # Errors
/// What is wrong with it, for people. Years before 2000 and after 2199 are refused: years before and after the day must be days
/// as well.
pub fn read_day(text: &str) -> Result<Date, String> {
    let wrong = || format!("the day {text:?} is not one such as 2026-01-15");
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts[..] else { return Err(wrong()) };
    if (year.len(), month.len(), day.len()) != (4, 2, 2) {
        return Err(wrong());
    }
    let month: u8 = month.parse().map_err(|_| wrong())?;
    let (year, day) = (year.parse().map_err(|_| wrong())?, day.parse().map_err(|_| wrong())?);
    let month = time::Month::try_from(month).map_err(|_| wrong())?;
    Date::from_calendar_date(year, month, day)
        .ok()
        .filter(|day| (2000..2200).contains(&day.year()))
        .ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_given_is_the_default() {
        assert_eq!(Wanted::read(None, Some(""), None), Ok(Wanted::default()));
        let wanted = Wanted::read(Some("qa"), Some("12"), Some("2026-01-15"));
        let plan = wanted.map(Wanted::plan);
        assert!(plan.is_ok_and(|plan| plan.profile == Profile::Qa
            && plan.number == 12
            && plan.anchor.to_string() == "2026-01-15"));
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (profile, number, anchor) in [
            (Some("production"), None, None),
            (Some("scale"), None, None),
            (None, Some("-1"), None),
            (None, Some("9223372036854775808"), None),
            (None, None, Some("2026-02-30")),
            (None, None, Some("15.1.2026")),
            (None, None, Some("2026-1-15")),
            (None, None, Some("1999-12-31")),
        ] {
            let said = Wanted::read(profile, number, anchor);
            let given = profile.or(number).or(anchor).unwrap_or_default();
            assert!(said.as_ref().is_err_and(|said| said.contains(given)), "{said:?}");
        }
    }
}
