use crate::PostgresError;

/// Characters a name can have.
const NAME_LIMIT: usize = 80;

/// Characters a note can have.
const NOTE_LIMIT: usize = 500;

/// Name and note without the white space around them, if they will do.
pub(super) fn checked(name: &str, note: &str) -> Result<(String, String), PostgresError> {
    let (name, note) = (name.trim(), note.trim());
    let what = if name.is_empty() {
        "the name is empty"
    } else if name.chars().count() > NAME_LIMIT {
        "the name has more than 80 characters"
    } else if name.chars().any(char::is_control) {
        "the name has control characters"
    } else if name.chars().chain(note.chars()).any(misleads) {
        "the name or the note has invisible characters that change how text is read"
    } else if note.chars().count() > NOTE_LIMIT {
        "the note has more than 500 characters"
    } else if note.chars().any(|c| c.is_control() && c != '\n') {
        "the note has control characters"
    } else {
        return Ok((name.to_owned(), note.to_owned()));
    };
    Err(PostgresError::SnapshotNameInvalid { what })
}

/// Whether a character has no look of its own and makes others look as what they are not: the controls of writing direction, by which
/// a name reads backwards, the separators of lines and paragraphs, and the byte order mark. Joiners stay: scripts and emoji need them.
/// The same characters as the domain's, which this crate knows nothing of: it depends on no other of ours. A test holds the two together.
fn misleads(character: char) -> bool {
    matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_misleads_here_misleads_in_the_domain() {
        for character in '\0'..=char::MAX {
            assert_eq!(
                super::misleads(character),
                drydock_domain::field::misleading(character),
                "{character:?}"
            );
        }
    }
}
