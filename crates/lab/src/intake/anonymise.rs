//! Replacing what tells who and where: the same text by the same other one, wherever it stands.
//!
//! E-mail addresses, IP and MAC addresses are found anywhere in any text. Names are those of people, organisations, engagements and
//! hosts that stand in the columns which hold such names; each is then replaced in every text of every row.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    sync::{Mutex, PoisonError},
};

use aho_corasick::{AhoCorasick, MatchKind};
use drydock_store::{
    StoreError, Target,
    intake::{self, Document, Layout},
};
use serde_json::Value;

/// Shorter texts are found in too many words that are none of these names.
const SHORTEST: usize = 3;

/// What a name is the name of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    Organisation,
    Engagement,
    Person,
    Host,
}

impl Kind {
    const ALL: [Self; 4] = [Self::Organisation, Self::Engagement, Self::Person, Self::Host];

    /// The columns that hold such names.
    const fn columns(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Organisation => {
                &[("client_accounts", "name"), ("client_accounts", "slug"), ("user_profiles", "organization")]
            }
            Self::Engagement => &[("engagements", "name"), ("engagements", "slug")],
            Self::Person => &[
                ("client_accounts", "primary_contact_name"),
                ("engagements", "client_contact_name"),
                ("assets", "business_owner"),
                ("assets", "technical_owner"),
            ],
            Self::Host => {
                &[("assets", "hostname"), ("assets", "name"), ("assets", "asset_name"), ("assets", "fqdn")]
            }
        }
    }

    fn replacement(self, number: usize) -> String {
        match self {
            Self::Organisation => format!("organisation-{number}"),
            Self::Engagement => format!("engagement-{number}"),
            Self::Person => format!("Person {number}"),
            Self::Host => format!("host-{number:05}"),
        }
    }
}

/// Columns whose whole text goes: nothing in it is of use elsewhere.
const EMPTIED: &[(&str, &str)] = &[
    ("client_accounts", "primary_contact_phone"),
    ("client_accounts", "contact_phone"),
    ("client_accounts", "address"),
    ("client_accounts", "headquarters_location"),
    ("user_profiles", "phone_number"),
    ("user_profiles", "linkedin_profile"),
];

/// What replaces what.
pub(super) struct Anonymiser {
    names: AhoCorasick,
    replacements: Vec<String>,
    seen: Mutex<Seen>,
}

/// Addresses by the order in which they were first met.
#[derive(Default)]
struct Seen {
    emails: HashMap<String, usize>,
    addresses: HashMap<IpAddr, usize>,
    hardware: HashMap<String, usize>,
    people: HashMap<String, usize>,
}

impl Anonymiser {
    /// Reads the names that are in the deployment.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) async fn of(raw: &Target, layout: &Layout) -> Result<Self, StoreError> {
        let mut names = Vec::new();
        for kind in Kind::ALL {
            for text in intake::texts(raw, layout, kind.columns()).await? {
                names.push((kind, text));
            }
        }
        Self::from_names(names)
    }

    fn from_names(found: Vec<(Kind, String)>) -> Result<Self, StoreError> {
        let mut known: HashMap<String, String> = HashMap::new();
        let mut names = Vec::new();
        let mut replacements = Vec::new();
        let mut counts: HashMap<Kind, usize> = HashMap::new();
        for (kind, text) in found {
            let text = text.trim().to_lowercase();
            if text.chars().count() < SHORTEST || known.contains_key(&text) {
                continue;
            }
            // A host keeps its name in its domain; a slug keeps the number of its name.
            let label =
                text.split_once('.').filter(|_| kind == Kind::Host).and_then(|(label, _)| known.get(label));
            let same = known.get(&text.replace(['-', '_'], " ")).filter(|_| kind != Kind::Host);
            let replacement = match (label, same) {
                (Some(host), _) => format!("{host}.example.invalid"),
                (None, Some(same)) => same.clone(),
                (None, None) => {
                    let number = counts.entry(kind).or_default();
                    *number += 1;
                    kind.replacement(*number)
                }
            };
            known.insert(text.clone(), replacement.clone());
            names.push(text);
            replacements.push(replacement);
        }
        let names = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .ascii_case_insensitive(true)
            .build(&names)
            .map_err(|error| StoreError::UnexpectedValue(error.to_string()))?;
        Ok(Self { names, replacements, seen: Mutex::default() })
    }

    /// Replaces what is in a row.
    pub(super) fn rewrite(&self, table: &str, row: &mut Document) {
        let is = |columns: &[(&str, &str)], column: &str| columns.contains(&(table, column));
        for (column, value) in row.iter_mut() {
            if is(EMPTIED, column) {
                *value = Value::Null;
            } else if table == "users" && (column == "first_name" || column == "last_name") {
                self.replace_person(column == "first_name", value);
            } else {
                self.replace_in(value);
            }
        }
    }

    /// First and last names alone are words like any other, so they are replaced where they stand and nowhere else.
    fn replace_person(&self, first: bool, value: &mut Value) {
        let Value::String(text) = value else { return };
        if first {
            "Person".clone_into(text);
        } else {
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            *text = format!("No. {}", numbered(&mut seen.people, text.clone()));
        }
    }

    fn replace_in(&self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.replaced(text),
            Value::Array(values) => values.iter_mut().for_each(|value| self.replace_in(value)),
            Value::Object(values) => values.values_mut().for_each(|value| self.replace_in(value)),
            _ => {}
        }
    }

    fn replaced(&self, text: &str) -> String {
        let text = self.without_addresses(text);
        let mut made = String::with_capacity(text.len());
        let mut end = 0;
        for found in self.names.find_iter(&text) {
            let before = text[..found.start()].chars().next_back();
            let after = text[found.end()..].chars().next();
            let is_word =
                !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric);
            if is_word {
                made.push_str(&text[end..found.start()]);
                made.push_str(&self.replacements[found.pattern().as_usize()]);
                end = found.end();
            }
        }
        made.push_str(&text[end..]);
        made
    }

    fn without_addresses(&self, text: &str) -> String {
        let is_part = |character: char| character.is_alphanumeric() || "._%+-@:".contains(character);
        let mut made = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find(is_part) {
            made.push_str(&rest[..start]);
            let word = &rest[start..];
            let end = word.find(|character| !is_part(character)).unwrap_or(word.len());
            let core = word[..end].trim_end_matches(['.', ':', '-']);
            match self.address(core) {
                Some(other) => {
                    made.push_str(&other);
                    made.push_str(&word[core.len()..end]);
                }
                None => made.push_str(&word[..end]),
            }
            rest = &word[end..];
        }
        made.push_str(rest);
        made
    }

    /// What replaces an address; `None` when the word is none.
    fn address(&self, word: &str) -> Option<String> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((local, domain)) = word.split_once('@') {
            // `user:password@host` and `host:port` begin with what is no part of an address.
            let local = local.rsplit(':').next().unwrap_or(local);
            if local.is_empty() || domain.is_empty() {
                return None;
            }
            let number = numbered(&mut seen.emails, word.to_lowercase());
            return Some(format!("user-{number}@example.invalid"));
        }
        let (address, port) = match word.rsplit_once(':') {
            Some((address, port)) if !address.contains(':') && port.parse::<u16>().is_ok() => {
                (address, Some(port))
            }
            _ => (word, None),
        };
        if let Ok(address) = address.parse::<IpAddr>() {
            let port = port.map_or_else(String::new, |port| format!(":{port}"));
            if address.is_loopback() || address.is_unspecified() {
                return None;
            }
            let number = numbered(&mut seen.addresses, address);
            let number = u32::try_from(number).unwrap_or(u32::MAX) & 0x00ff_ffff;
            let other = match address {
                IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::from(0x0a00_0000 | number)),
                IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::from((0xfd00_u128 << 112) | u128::from(number))),
            };
            return Some(format!("{other}{port}"));
        }
        let parts: Vec<&str> = word.split([':', '-']).collect();
        let is_hardware = parts.len() == 6
            && parts.iter().all(|part| part.len() == 2 && u8::from_str_radix(part, 16).is_ok());
        is_hardware.then(|| {
            let number = numbered(&mut seen.hardware, word.to_lowercase().replace('-', ":"));
            let [_, high, middle, low] = u32::try_from(number).unwrap_or(u32::MAX).to_be_bytes();
            format!("02:00:00:{high:02x}:{middle:02x}:{low:02x}")
        })
    }
}

fn numbered<K: std::hash::Hash + Eq>(seen: &mut HashMap<K, usize>, key: K) -> usize {
    let next = seen.len() + 1;
    *seen.entry(key).or_insert(next)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::{Anonymiser, Kind};

    fn anonymiser() -> Anonymiser {
        let names = [
            (Kind::Organisation, "Northwind Freight"),
            (Kind::Organisation, "northwind-freight"),
            (Kind::Person, "Ines Okafor"),
            (Kind::Host, "web01"),
            (Kind::Host, "web01.corp.example"),
        ];
        Anonymiser::from_names(names.map(|(kind, name)| (kind, name.to_owned())).into()).unwrap()
    }

    #[test]
    fn the_same_is_replaced_by_the_same_wherever_it_stands() {
        let anonymiser = anonymiser();
        let mut row = json!({
            "name": "web01",
            "description": "WEB01 of Northwind Freight (northwind-freight), asked by Ines Okafor; web011 is another.",
            "custom_attributes": { "mail": ["ines@corp.example", "Ines@Corp.example."], "at": "10.1.2.3:5432, 10.1.2.3/24 ::1 fe80::1" },
            "fqdn": "web01.corp.example",
            "mac_address": "00:1A:2b:3c:4d:5e",
            "version": 7.5,
        });
        anonymiser.rewrite("assets", row.as_object_mut().unwrap());
        assert_eq!(
            row,
            json!({
                "name": "host-00001",
                "description":
                    "host-00001 of organisation-1 (organisation-1), asked by Person 1; web011 is another.",
                "custom_attributes": {
                    "mail": ["user-1@example.invalid", "user-1@example.invalid."],
                    "at": "10.0.0.1:5432, 10.0.0.1/24 ::1 fd00::2",
                },
                "fqdn": "host-00001.example.invalid",
                "mac_address": "02:00:00:00:00:01",
                "version": 7.5,
            })
        );
    }

    #[test]
    fn a_person_s_name_and_telephone_go() {
        let mut row = json!({ "first_name": "Ines", "last_name": "Okafor", "email": "ines@corp.example" });
        anonymiser().rewrite("users", row.as_object_mut().unwrap());
        assert_eq!(
            row,
            json!({ "first_name": "Person", "last_name": "No. 1", "email": "user-1@example.invalid" })
        );
        let mut row = json!({ "phone_number": "+49 30 1234" });
        anonymiser().rewrite("user_profiles", row.as_object_mut().unwrap());
        assert_eq!(row, json!({ "phone_number": null }));
    }

    proptest! {
        #[test]
        fn no_known_name_is_left_in_any_text(before in "[ (;,é]?", after in "[ .)é]?", any in "\\PC{0,40}") {
            let anonymiser = anonymiser();
            let mut row = json!({ "text": format!("{before}Web01 {any} ines okafor{after} x@y.example") });
            anonymiser.rewrite("assets", row.as_object_mut().unwrap());
            let text = row["text"].as_str().unwrap().to_lowercase();
            if !before.contains('é') {
                prop_assert!(!text.split(|c: char| !c.is_alphanumeric()).any(|word| word == "web01"), "{text}");
            }
            prop_assert!(after.contains('é') || !text.contains("ines okafor"), "{text}");
            prop_assert!(!text.contains("x@y.example"), "{text}");
        }
    }
}
