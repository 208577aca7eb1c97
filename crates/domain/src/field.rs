//! What the text fields of forms may hold.

use crate::account::Objection;

/// Longest short name of a client account or an engagement.
pub const SLUG_LIMIT: usize = 100;

/// Whether a character has no look of its own and makes others look as what they are not: the controls of writing direction, by which
/// text reads backwards, the separators of lines and paragraphs, and the byte order mark. Joiners are none: scripts and emoji need them.
#[must_use]
pub const fn misleading(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// One line of at most `limit` characters as it is stored: without the spaces around it; may be empty.
///
/// # Errors
/// `too_long` or `character`.
pub fn line(given: &str, limit: usize) -> Result<String, Objection> {
    let text = given.trim();
    if text.chars().count() > limit {
        return Err(Objection::new("too_long", format!("This is longer than {limit} characters.")));
    }
    if text.chars().any(|c| c.is_control() || misleading(c)) {
        return Err(Objection::new("character", "This holds a control character, such as a line break."));
    }
    Ok(text.to_owned())
}

/// As [`line`], with at least `least` characters.
///
/// # Errors
/// `required`, `too_short`, `too_long` or `character`.
pub fn filled_line(given: &str, least: usize, limit: usize) -> Result<String, Objection> {
    at_least(line(given, limit)?, least)
}

/// Text of several lines, of at most `limit` characters; may be empty.
///
/// # Errors
/// `too_long` or `character`.
pub fn paragraph(given: &str, limit: usize) -> Result<String, Objection> {
    let text = given.trim().replace("\r\n", "\n");
    if text.chars().count() > limit {
        return Err(Objection::new("too_long", format!("This is longer than {limit} characters.")));
    }
    if text.chars().any(|c| (c.is_control() && c != '\n' && c != '\t') || misleading(c)) {
        return Err(Objection::new("character", "This holds a control character."));
    }
    Ok(text)
}

/// As [`paragraph`], with at least `least` characters.
///
/// # Errors
/// `required`, `too_short`, `too_long` or `character`.
pub fn filled_paragraph(given: &str, least: usize, limit: usize) -> Result<String, Objection> {
    at_least(paragraph(given, limit)?, least)
}

fn at_least(text: String, least: usize) -> Result<String, Objection> {
    if text.is_empty() {
        return Err(Objection::new("required", "This is empty."));
    }
    if text.chars().count() < least {
        return Err(Objection::new("too_short", format!("This has fewer than {least} characters.")));
    }
    Ok(text)
}

/// A short name for addresses: lower case letters, digits and single hyphens.
///
/// # Errors
/// `required`, `too_long` or `form`.
pub fn slug(given: &str) -> Result<String, Objection> {
    let slug = filled_line(given, 1, SLUG_LIMIT)?;
    let word = |word: &str| {
        !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    if slug.split('-').all(word) {
        Ok(slug)
    } else {
        let message = "A short name has lower case letters, digits and single hyphens, such as demo-corp.";
        Err(Objection::new("form", message))
    }
}

/// The short name that `name` suggests; empty where it has no letter or digit of ASCII.
#[must_use]
pub fn slug_of(name: &str) -> String {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let mut slug = words.map(str::to_ascii_lowercase).collect::<Vec<_>>().join("-");
    slug.truncate(SLUG_LIMIT);
    slug.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::{filled_line, filled_paragraph, line, paragraph, slug, slug_of};

    #[test]
    fn lines_are_trimmed_and_hold_one_line() {
        assert_eq!(line("  a b ", 3).unwrap_or_default(), "a b");
        assert_eq!(line("abcd", 3).map_err(|objection| objection.code), Err("too_long"));
        assert_eq!(line("a\nb", 3).map_err(|objection| objection.code), Err("character"));
        assert_eq!(filled_line(" ", 1, 3).map_err(|objection| objection.code), Err("required"));
        assert_eq!(filled_line("a", 2, 3).map_err(|objection| objection.code), Err("too_short"));
    }

    #[test]
    fn paragraphs_keep_their_lines() {
        assert_eq!(paragraph(" a\r\nb ", 9).unwrap_or_default(), "a\nb");
        assert_eq!(paragraph("a\0b", 9).map_err(|objection| objection.code), Err("character"));
        assert_eq!(filled_paragraph("ab", 3, 9).map_err(|objection| objection.code), Err("too_short"));
    }

    #[test]
    fn a_suggested_short_name_is_one() {
        assert_eq!(slug_of("  Größe & Söhne, Inc. "), "gr-e-s-hne-inc");
        assert_eq!(slug_of("東京"), "");
        for name in ["Demo Corporation", "a--b", "-x-", "A1", &"long ".repeat(60)] {
            assert!(slug(&slug_of(name)).is_ok(), "{name}");
        }
        for bad in ["", "A", "a_b", "-a", "a-", "a--b", "ä"] {
            assert!(slug(bad).is_err(), "{bad}");
        }
    }
}
