//! The columns of an asset that people see, order, filter by and change, and what each may hold.
//!
//! The limits are those of the table `migration.assets`, so that a value that passes here is one the database takes.

use std::{borrow::Cow, net::IpAddr};

use crate::{account::Objection, field::misleading};

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Any text of one line or more, at most so many characters.
    Text(usize),
    /// A word in lower snake case, at most so many characters.
    Word(usize),
    /// One of a few words.
    Choice(&'static [&'static str]),
    /// A whole number from 0 to `i32::MAX`.
    Whole,
    /// A number from 0 to this, or to [`LARGEST`].
    Number(Option<u32>),
    /// A moment.
    Moment,
}

/// What is to be put into a column.
#[derive(Clone, Debug, PartialEq)]
pub enum Given {
    /// Nothing recorded.
    Nothing,
    /// Text.
    Text(String),
    /// A whole number.
    Whole(i32),
    /// Another number.
    Number(f64),
}

/// The largest number of a column without a limit of its own: what a million assets come to still has a sum.
pub const LARGEST: f64 = 1e15;

const LEVELS: &[&str] = &["low", "medium", "high", "critical"];
const STRATEGIES: &[&str] =
    &["rehost", "replatform", "refactor", "rearchitect", "replace", "retire", "retain"];
const READINESS: &[&str] = &["not_ready", "pending", "ready", "blocked"];

macro_rules! columns {
    ($($variant:ident $name:literal $kind:expr, $required:ident, $editable:ident;)*) => {
        /// A column of an asset.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[allow(missing_docs, reason = "the columns of migration.assets, described there")]
        pub enum Column {
            $($variant,)*
        }

        impl Column {
            /// Every column, in the order in which a full list shows them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Its name in the database and on the wire.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What it holds.
            #[must_use]
            pub const fn kind(self) -> Kind {
                use Kind::{Choice, Moment, Number, Text, Whole, Word};
                match self { $(Self::$variant => $kind,)* }
            }

            /// Whether something always stands in it.
            #[must_use]
            pub const fn is_required(self) -> bool {
                match self { $(Self::$variant => columns!(@$required),)* }
            }

            /// Whether people write it. The others are measured or computed.
            #[must_use]
            pub const fn is_editable(self) -> bool {
                match self { $(Self::$variant => columns!(@$editable),)* }
            }
        }
    };
    (@required) => { true };
    (@optional) => { false };
    (@edited) => { true };
    (@computed) => { false };
}

columns! {
    Name "name" Text(255), required, edited;
    AssetType "asset_type" Word(50), required, edited;
    Environment "environment" Word(50), optional, edited;
    Criticality "criticality" Choice(LEVELS), optional, edited;
    Status "status" Word(50), optional, edited;
    CpuCores "cpu_cores" Whole, optional, edited;
    MemoryGb "memory_gb" Number(None), optional, edited;
    StorageGb "storage_gb" Number(None), optional, edited;
    OperatingSystem "operating_system" Text(100), optional, edited;
    OsVersion "os_version" Text(50), optional, edited;
    IpAddress "ip_address" Text(45), optional, edited;
    Hostname "hostname" Text(255), optional, edited;
    Fqdn "fqdn" Text(255), optional, edited;
    MacAddress "mac_address" Text(17), optional, edited;
    ApplicationName "application_name" Text(255), optional, edited;
    TechnologyStack "technology_stack" Text(255), optional, edited;
    Department "department" Text(100), optional, edited;
    BusinessOwner "business_owner" Text(255), optional, edited;
    TechnicalOwner "technical_owner" Text(255), optional, edited;
    Location "location" Text(100), optional, edited;
    Datacenter "datacenter" Text(100), optional, edited;
    RackLocation "rack_location" Text(50), optional, edited;
    AvailabilityZone "availability_zone" Text(50), optional, edited;
    SixRStrategy "six_r_strategy" Choice(STRATEGIES), optional, edited;
    BusinessCriticality "business_criticality" Choice(LEVELS), optional, edited;
    MigrationPriority "migration_priority" Whole, optional, edited;
    MigrationComplexity "migration_complexity" Choice(LEVELS), optional, edited;
    MigrationWave "migration_wave" Whole, optional, edited;
    MigrationStatus "migration_status" Word(50), optional, edited;
    CurrentMonthlyCost "current_monthly_cost" Number(None), optional, edited;
    EstimatedCloudCost "estimated_cloud_cost" Number(None), optional, edited;
    Description "description" Text(4000), optional, edited;
    AssessmentReadiness "assessment_readiness" Choice(READINESS), required, computed;
    CompletenessScore "completeness_score" Number(Some(100)), optional, computed;
    QualityScore "quality_score" Number(Some(100)), optional, computed;
    ComplexityScore "complexity_score" Number(Some(100)), optional, computed;
    ConfidenceScore "confidence_score" Number(Some(1)), optional, computed;
    CpuUtilizationPercent "cpu_utilization_percent" Number(Some(100)), optional, computed;
    MemoryUtilizationPercent "memory_utilization_percent" Number(Some(100)), optional, computed;
    DiskIops "disk_iops" Number(None), optional, computed;
    NetworkThroughputMbps "network_throughput_mbps" Number(None), optional, computed;
    DiscoveryMethod "discovery_method" Text(50), optional, computed;
    DiscoverySource "discovery_source" Text(100), optional, computed;
    CreatedAt "created_at" Moment, required, computed;
    UpdatedAt "updated_at" Moment, required, computed;
}

impl Column {
    /// The column of this name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|column| column.name() == name)
    }

    /// The value as it is stored, or what is wrong with it. Text loses the space around it; empty text is nothing.
    ///
    /// # Errors
    /// `required`, `read_only`, `type`, `too_long`, `character`, `form`, `choice` or `range`.
    pub fn check(self, given: Given) -> Result<Given, Objection> {
        let name = self.name();
        if !self.is_editable() {
            return Err(Objection::new("read_only", format!("{name} is not written by people.")));
        }
        let given = match given {
            Given::Text(text) if text.trim().is_empty() => Given::Nothing,
            Given::Text(text) => Given::Text(text.trim().to_owned()),
            other => other,
        };
        match (self.kind(), given) {
            (_, Given::Nothing) if self.is_required() => {
                Err(Objection::new("required", format!("{name} must not be empty.")))
            }
            (_, Given::Nothing) => Ok(Given::Nothing),
            (Kind::Text(longest), Given::Text(text)) => {
                let lines = longest > 255;
                if text.chars().count() > longest {
                    return Err(too_long(name, longest));
                }
                if text.chars().any(|character| {
                    misleading(character)
                        || (character.is_control() && !(lines && matches!(character, '\n' | '\t')))
                }) {
                    return Err(Objection::new("character", format!("{name} holds a control character.")));
                }
                match self {
                    Self::IpAddress => ip_address(&text),
                    Self::MacAddress => mac_address(&text),
                    _ => Ok(Given::Text(text)),
                }
            }
            (Kind::Word(longest), Given::Text(text)) => {
                if text.len() > longest {
                    Err(too_long(name, longest))
                } else if is_word(&text) {
                    Ok(Given::Text(text))
                } else {
                    let message = format!(
                        "{name} must be lower-case letters, digits and underscores, beginning with a letter."
                    );
                    Err(Objection::new("form", message))
                }
            }
            (Kind::Choice(words), Given::Text(text)) => {
                if words.contains(&text.as_str()) {
                    Ok(Given::Text(text))
                } else {
                    Err(Objection::new("choice", format!("{name} must be one of {}.", words.join(", "))))
                }
            }
            (Kind::Whole, Given::Whole(number)) if number >= 0 => Ok(Given::Whole(number)),
            (Kind::Whole, Given::Whole(_) | Given::Number(_)) => {
                Err(Objection::new("range", format!("{name} must be a whole number from 0 to {}.", i32::MAX)))
            }
            (Kind::Number(most), Given::Whole(number)) => number_within(name, f64::from(number), most),
            (Kind::Number(most), Given::Number(number)) => number_within(name, number, most),
            (kind, _) => {
                let wanted: Cow<'static, str> = match kind {
                    Kind::Text(_) | Kind::Word(_) | Kind::Choice(_) => "text".into(),
                    Kind::Whole | Kind::Number(_) => "a number".into(),
                    Kind::Moment => "a moment".into(),
                };
                Err(Objection::new("type", format!("{name} must be {wanted} or null.")))
            }
        }
    }
}

fn number_within(name: &str, number: f64, most: Option<u32>) -> Result<Given, Objection> {
    let most = most.map_or(LARGEST, f64::from);
    // Below zero, above the limit, or no number.
    if !(0.0..=most).contains(&number) {
        return Err(Objection::new("range", format!("{name} must be a number from 0 to {most}.")));
    }
    Ok(Given::Number(number))
}

/// An IPv4 or IPv6 address, as RFC 5952 writes it.
fn ip_address(text: &str) -> Result<Given, Objection> {
    match text.parse::<IpAddr>() {
        Ok(address) => Ok(Given::Text(address.to_string())),
        Err(_) => {
            Err(Objection::new("form", "ip_address must be one IPv4 or IPv6 address, such as 10.0.0.1."))
        }
    }
}

/// Six bytes with colons between them, whatever stood between their digits.
fn mac_address(text: &str) -> Result<Given, Objection> {
    let digits: Vec<char> = text.chars().filter(|character| !matches!(character, ':' | '-' | '.')).collect();
    if digits.len() != 12 || !digits.iter().all(char::is_ascii_hexdigit) {
        return Err(Objection::new(
            "form",
            "mac_address must be six bytes in hexadecimal digits, such as 00:1a:2b:3c:4d:5e.",
        ));
    }
    let bytes: Vec<String> = digits.chunks(2).map(|byte| byte.iter().collect::<String>()).collect();
    Ok(Given::Text(bytes.join(":").to_ascii_lowercase()))
}

fn too_long(name: &str, longest: usize) -> Objection {
    Objection::new("too_long", format!("{name} is longer than {longest} characters."))
}

/// Whether it is lower snake case, as the checks of the table want it.
fn is_word(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_name_finds_its_column() {
        for column in Column::ALL {
            assert_eq!(Column::of_name(column.name()), Some(*column));
        }
        assert_eq!(Column::of_name("client_account_id"), None);
    }

    #[test]
    fn what_the_table_would_refuse_is_refused_with_a_code() {
        let code = |column: Column, given| column.check(given).unwrap_err().code;
        let text = |text: &str| Given::Text(text.to_owned());
        assert_eq!(code(Column::Name, text("  ")), "required");
        assert_eq!(code(Column::Name, Given::Nothing), "required");
        assert_eq!(code(Column::Name, text(&"x".repeat(256))), "too_long");
        assert_eq!(code(Column::Hostname, text("a\0b")), "character");
        assert_eq!(code(Column::Name, text("a\nb")), "character");
        assert_eq!(code(Column::AssetType, text("Server")), "form");
        assert_eq!(code(Column::Criticality, text("urgent")), "choice");
        assert_eq!(code(Column::CpuCores, Given::Whole(-1)), "range");
        assert_eq!(code(Column::CpuCores, Given::Number(1.5)), "range");
        assert_eq!(code(Column::MemoryGb, Given::Number(f64::NAN)), "range");
        assert_eq!(code(Column::MemoryGb, Given::Number(f64::INFINITY)), "range");
        assert_eq!(code(Column::MemoryGb, Given::Number(LARGEST * 1.01)), "range");
        assert_eq!(code(Column::Name, text("a\u{202e}b")), "character");
        for wrong in ["x", "=1+1", "NaN", "10.0.0.1/8", "10.0.0.256"] {
            assert_eq!(code(Column::IpAddress, text(wrong)), "form", "{wrong}");
        }
        for wrong in ["x", "00:11:22:33:44", "00:11:22:33:44:5g", "+0:11:22:33:44:55", "00:11:22:33:44:é"] {
            assert_eq!(code(Column::MacAddress, text(wrong)), "form", "{wrong}");
        }
        assert_eq!(code(Column::MemoryGb, text("8")), "type");
        assert_eq!(code(Column::QualityScore, Given::Number(1.0)), "read_only");
    }

    #[test]
    fn what_is_stored_has_no_space_around_it_and_empty_text_is_nothing() {
        assert_eq!(Column::Hostname.check(Given::Text(" a ".into())), Ok(Given::Text("a".into())));
        assert_eq!(Column::Hostname.check(Given::Text(" ".into())), Ok(Given::Nothing));
        assert_eq!(Column::Description.check(Given::Text("a\nb".into())), Ok(Given::Text("a\nb".into())));
        assert_eq!(Column::MemoryGb.check(Given::Whole(8)), Ok(Given::Number(8.0)));
        assert_eq!(Column::MemoryGb.check(Given::Number(LARGEST)), Ok(Given::Number(LARGEST)));
    }

    #[test]
    fn addresses_are_stored_in_one_form() {
        let stored = |column: Column, text: &str| column.check(Given::Text(text.to_owned()));
        let text = |text: &str| Ok(Given::Text(text.to_owned()));
        assert_eq!(stored(Column::IpAddress, " 10.0.0.1 "), text("10.0.0.1"));
        assert_eq!(stored(Column::IpAddress, "2001:DB8:0::1"), text("2001:db8::1"));
        for given in ["00:1A:2b:3c:4d:5e", "00-1A-2B-3C-4D-5E", "001a.2b3c.4d5e", "001A2B3C4D5E"] {
            assert_eq!(stored(Column::MacAddress, given), text("00:1a:2b:3c:4d:5e"), "{given}");
        }
    }
}
