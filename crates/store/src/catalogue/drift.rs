//! In what two listings differ.

use std::{collections::BTreeMap, fmt};

/// How many lines of a kind are said in a sentence.
const SAID: usize = 5;

/// In what a database differs from what it must be. Things are named as the listing names them: `column assets.hostname`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drift {
    /// Lines that must be there and are not.
    pub missing: Vec<String>,
    /// Lines that are there and must not be.
    pub unexpected: Vec<String>,
    /// What is there otherwise than it must be.
    pub different: Vec<Different>,
}

/// One thing that is otherwise than it must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Different {
    /// What and which.
    pub name: String,
    /// How it is defined.
    pub is: String,
    /// How it must be defined.
    pub must_be: String,
}

impl Drift {
    /// What differs between the listing `expected` and the listing `found`; `None` where nothing does.
    #[must_use]
    pub fn between(expected: &str, found: &str) -> Option<Self> {
        if expected == found {
            return None;
        }
        let (expected, found) = (lines(expected), lines(found));
        let only_in = |these: &BTreeMap<&str, &str>, those: &BTreeMap<&str, &str>| {
            let only = these.iter().filter(|(name, _)| !those.contains_key(*name));
            only.map(|(name, definition)| said(name, definition)).collect()
        };
        let different = expected.iter().filter_map(|(name, must_be)| {
            let is = found.get(name)?;
            (is != must_be).then(|| Different {
                name: (*name).to_owned(),
                is: (*is).to_owned(),
                must_be: (*must_be).to_owned(),
            })
        });
        let drift = Self {
            missing: only_in(&expected, &found),
            unexpected: only_in(&found, &expected),
            different: different.collect(),
        };
        let nothing = drift.missing.is_empty() && drift.unexpected.is_empty() && drift.different.is_empty();
        (!nothing).then_some(drift)
    }
}

/// A listing by what is defined. Of two functions of a name one has other arguments, so names are unique.
fn lines(listing: &str) -> BTreeMap<&str, &str> {
    listing.lines().map(|line| line.split_once(": ").unwrap_or((line.trim_end_matches(':'), ""))).collect()
}

fn said(name: &str, definition: &str) -> String {
    if definition.is_empty() { name.to_owned() } else { format!("{name} ({definition})") }
}

impl fmt::Display for Different {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is ({}) and must be ({})", self.name, self.is, self.must_be)
    }
}

/// One sentence per kind of difference.
impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let different: Vec<String> = self.different.iter().map(Different::to_string).collect();
        let mut between = "";
        for (title, lines) in
            [("Missing", &self.missing), ("Unexpected", &self.unexpected), ("Different", &different)]
        {
            if lines.is_empty() {
                continue;
            }
            write!(f, "{between}{title}: {}", lines[..lines.len().min(SAID)].join("; "))?;
            if lines.len() > SAID {
                write!(f, "; and {} more", lines.len() - SAID)?;
            }
            f.write_str(".")?;
            between = " ";
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Drift;

    #[test]
    fn what_differs_is_told_by_kind() {
        let expected = "column a.x: integer\ncolumn a.y: text\ntable a: plain\n";
        assert_eq!(Drift::between(expected, expected), None);
        let found = "column a.y: text not null\nfunction f(): \ntable a: plain\n";
        let drift = Drift::between(expected, found).map(|drift| drift.to_string());
        assert_eq!(
            drift.as_deref(),
            Some(
                "Missing: column a.x (integer). Unexpected: function f(). \
                 Different: column a.y is (text not null) and must be (text)."
            )
        );
    }

    #[test]
    fn a_long_list_is_cut() {
        let expected: String = (0..8).map(|number| format!("table t{number}: plain\n")).collect();
        let drift = Drift::between(&expected, "").map(|drift| drift.to_string()).unwrap_or_default();
        assert!(drift.ends_with("table t4 (plain); and 3 more."), "{drift}");
    }
}
