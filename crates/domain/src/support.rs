//! Operating systems: which family one belongs to, and until when its maker supports it.
//!
//! Assets hold an operating system as people and tools write it ("Red Hat Enterprise Linux 7", "RHEL 7.9", "Windows Server 2008 R2"), so it is
//! read by its words. What is not recognised has no family and no date: nothing is guessed.

/// A family of operating systems.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// Microsoft Windows.
    Windows,
    /// Any Linux distribution.
    Linux,
    /// AIX, Solaris, HP-UX and other descendants of UNIX.
    Unix,
    /// z/OS and IBM i.
    Mainframe,
    /// ESXi and other hypervisors.
    Hypervisor,
    /// What runs on switches, firewalls, load balancers and storage.
    Appliance,
}

impl Family {
    /// Its name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Windows => "windows",
            Self::Linux => "linux",
            Self::Unix => "unix",
            Self::Mainframe => "mainframe",
            Self::Hypervisor => "hypervisor",
            Self::Appliance => "appliance",
        }
    }
}

/// Words that tell the family, the more particular first.
const FAMILIES: &[(&[&str], Family)] = &[
    (&["windows"], Family::Windows),
    (&["esxi", "vsphere", "hyper-v", "ahv"], Family::Hypervisor),
    (
        &["nx-os", "ios", "ios-xe", "pan-os", "fortios", "big-ip", "bigip", "junos", "ontap", "eos"],
        Family::Appliance,
    ),
    (&["z/os", "i5/os", "os/400"], Family::Mainframe),
    (&["aix", "solaris", "sunos", "hp-ux", "freebsd", "tru64"], Family::Unix),
    (
        &[
            "linux",
            "rhel",
            "centos",
            "ubuntu",
            "debian",
            "suse",
            "sles",
            "rocky",
            "almalinux",
            "fedora",
            "photon",
            "red hat",
        ],
        Family::Linux,
    ),
];

/// Product, release, and the last day for which its maker promises security updates, as an ISO date. Paid extensions do not count.
///
/// Sources: the lifecycle pages of Microsoft, Red Hat, CentOS, Ubuntu (standard security maintenance), Debian (LTS), SUSE (general
/// support), Oracle (premier support), IBM and VMware.
const RELEASES: &[(&[&str], &str, &str)] = &[
    (&["windows server", "windows"], "2003", "2015-07-14"),
    (&["windows server", "windows"], "2008", "2020-01-14"),
    (&["windows server", "windows"], "2012", "2023-10-10"),
    (&["windows server", "windows"], "2016", "2027-01-12"),
    (&["windows server", "windows"], "2019", "2029-01-09"),
    (&["windows server", "windows"], "2022", "2031-10-14"),
    (&["windows"], "xp", "2014-04-08"),
    (&["windows"], "7", "2020-01-14"),
    (&["windows"], "10", "2025-10-14"),
    (&["red hat", "rhel"], "5", "2017-03-31"),
    (&["red hat", "rhel"], "6", "2020-11-30"),
    (&["red hat", "rhel"], "7", "2024-06-30"),
    (&["red hat", "rhel"], "8", "2029-05-31"),
    (&["red hat", "rhel"], "9", "2032-05-31"),
    (&["centos"], "6", "2020-11-30"),
    (&["centos"], "7", "2024-06-30"),
    (&["centos"], "8", "2021-12-31"),
    (&["oracle linux"], "6", "2021-03-31"),
    (&["oracle linux"], "7", "2024-12-31"),
    (&["oracle linux"], "8", "2029-07-31"),
    (&["ubuntu"], "14.04", "2019-04-25"),
    (&["ubuntu"], "16.04", "2021-04-30"),
    (&["ubuntu"], "18.04", "2023-05-31"),
    (&["ubuntu"], "20.04", "2025-05-31"),
    (&["ubuntu"], "22.04", "2027-04-30"),
    (&["ubuntu"], "24.04", "2029-04-30"),
    (&["debian"], "8", "2020-06-30"),
    (&["debian"], "9", "2022-06-30"),
    (&["debian"], "10", "2024-06-30"),
    (&["debian"], "11", "2026-08-31"),
    (&["debian"], "12", "2028-06-30"),
    (&["suse", "sles"], "11", "2019-03-31"),
    (&["suse", "sles"], "12", "2024-10-31"),
    (&["solaris"], "10", "2018-01-31"),
    (&["aix"], "7.1", "2023-04-30"),
    (&["esxi"], "5.5", "2018-09-19"),
    (&["esxi"], "6.0", "2020-03-12"),
    (&["esxi"], "6.5", "2022-10-15"),
    (&["esxi"], "6.7", "2022-10-15"),
    (&["esxi"], "7.0", "2025-10-02"),
];

/// Splits at everything that is no part of a word or release number.
fn words(text: &str) -> Vec<String> {
    text.split(|character: char| {
        character.is_whitespace() || matches!(character, '(' | ')' | ',' | ';' | '_')
    })
    .filter(|word| !word.is_empty())
    .map(str::to_lowercase)
    .collect()
}

/// Whether the words of `phrase` follow one another in `words`.
fn holds(words: &[String], phrase: &str) -> bool {
    let wanted: Vec<&str> = phrase.split(' ').collect();
    words.windows(wanted.len()).any(|part| part.iter().zip(&wanted).all(|(word, wanted)| word == wanted))
}

/// Whether a word is the release, or one of its minor releases: "7" and "7.9" are 7, "70" is not.
fn is_release(word: &str, release: &str) -> bool {
    word.trim_start_matches('v')
        .strip_prefix(release)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// The family of an operating system; `None` where it is not recognised.
///
/// ```
/// use drydock_domain::support::{Family, family};
/// assert_eq!(family("Linux RHEL 8"), Some(Family::Linux));
/// assert_eq!(family("Windows Server 2012 R2"), Some(Family::Windows));
/// assert_eq!(family("Veeam Backup"), None);
/// ```
#[must_use]
pub fn family(operating_system: &str) -> Option<Family> {
    let words = words(operating_system);
    FAMILIES.iter().find(|(names, _)| names.iter().any(|name| holds(&words, name))).map(|(_, family)| *family)
}

/// The last day on which its maker supports an operating system, as an ISO date; `None` where product or release is not recognised.
///
/// ```
/// use drydock_domain::support::end_of_support;
/// assert_eq!(end_of_support("Red Hat Enterprise Linux 7"), Some("2024-06-30"));
/// assert_eq!(end_of_support("Windows Server 2008 R2"), Some("2020-01-14"));
/// assert_eq!(end_of_support("Linux"), None);
/// ```
#[must_use]
pub fn end_of_support(operating_system: &str) -> Option<&'static str> {
    let words = words(operating_system);
    RELEASES
        .iter()
        .find(|(names, release, _)| {
            names.iter().any(|name| holds(&words, name)) && words.iter().any(|word| is_release(word, release))
        })
        .map(|(_, _, date)| *date)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{Family, RELEASES, end_of_support, family};

    #[test]
    fn the_ways_one_writes_it_are_read() {
        for (text, date) in [
            ("Linux RHEL 8", "2029-05-31"),
            ("RHEL 7.9", "2024-06-30"),
            ("red hat enterprise linux 6", "2020-11-30"),
            ("Linux Ubuntu 20.04", "2025-05-31"),
            ("Ubuntu 18.04 LTS", "2023-05-31"),
            ("Windows 2012 R2", "2023-10-10"),
            ("Microsoft Windows Server 2019 (64-bit)", "2029-01-09"),
            ("CentOS 7.9.2009", "2024-06-30"),
            ("VMware ESXi 6.7.0", "2022-10-15"),
        ] {
            assert_eq!(end_of_support(text), Some(date), "{text}");
        }
    }

    #[test]
    fn nothing_is_guessed() {
        for text in [
            "",
            "Linux",
            "Windows Server",
            "RHEL 70",
            "Ubuntu 18",
            "Java 8 Spring Boot",
            "PostgreSQL 14",
            "Red 7 Hat",
        ] {
            assert_eq!(end_of_support(text), None, "{text}");
        }
        for text in ["", "Third Party", "Java 8 Spring", "COBOL CICS", "Keycloak"] {
            assert_eq!(family(text), None, "{text}");
        }
    }

    #[test]
    fn every_release_has_a_family_and_a_date_that_can_be_compared_as_text() {
        for (names, release, date) in RELEASES {
            let text = format!("{} {release}", names[0]);
            assert!(family(&text).is_some(), "{text}");
            assert_eq!(end_of_support(&text), Some(*date), "{text}");
            let [year, month, day]: [u16; 3] =
                date.split('-').map(|part| part.parse().unwrap()).collect::<Vec<_>>().try_into().unwrap();
            assert!(
                (2010..2040).contains(&year)
                    && (1..=12).contains(&month)
                    && (1..=31).contains(&day)
                    && date.len() == 10
            );
        }
    }

    #[test]
    fn appliances_are_not_taken_for_something_else() {
        assert_eq!(family("NX-OS 9.3(13)"), Some(Family::Appliance));
        assert_eq!(family("Cisco IOS"), Some(Family::Appliance));
        assert_eq!(family("z/OS V2R3"), Some(Family::Mainframe));
        assert_eq!(family("F5 BIG-IP"), Some(Family::Appliance));
    }
}
