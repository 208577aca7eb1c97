//! Alembic revisions as text: what a file assigns to `revision` and `down_revision`. Nothing of it is run.

/// What a revision's file says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parsed {
    /// Its id.
    pub revision: String,
    /// What it follows.
    pub parents: Vec<String>,
}

/// Reads a file; `None` where it is no revision. Takes any text.
#[must_use]
pub fn parse(text: &str) -> Option<Parsed> {
    let revision = assigned(text, "revision")?.into_iter().next()?;
    Some(Parsed { revision, parents: assigned(text, "down_revision").unwrap_or_default() })
}

/// The string literals that a module assigns to `name` at its outermost level: `name = "a"`, `name: str = 'a'`,
/// `name = ("a", "b")`. `None` where it is not assigned; `None` of Python's is no string.
fn assigned(text: &str, name: &str) -> Option<Vec<String>> {
    let mut outside = true;
    let mut offset = 0;
    let mut found = None;
    for line in text.split_inclusive('\n') {
        let begin = offset;
        offset += line.len();
        let was_outside = outside;
        // A docstring may quote an assignment.
        for _ in 0..line.matches("\"\"\"").count() + line.matches("'''").count() {
            outside = !outside;
        }
        if !was_outside {
            continue;
        }
        let Some(rest) = line.strip_prefix(name) else { continue };
        let rest = rest.trim_start();
        let value = match rest.strip_prefix(':') {
            // An annotation ends at the `=`.
            Some(annotated) => annotated.split_once('=').map(|(_, value)| value),
            None => rest.strip_prefix('=').filter(|value| !value.starts_with('=')),
        };
        let Some(value) = value else { continue };
        let at = begin + (line.len() - value.len());
        // The last assignment counts.
        found = Some(literals(&text[at..]));
    }
    found
}

/// The string literals of an expression: to the end of its line, or of the bracket that it opens.
fn literals(expression: &str) -> Vec<String> {
    let mut strings = Vec::new();
    let mut depth = 0_usize;
    let mut characters = expression.chars();
    while let Some(character) = characters.next() {
        match character {
            '(' | '[' => depth += 1,
            ')' | ']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    break;
                }
            }
            '\n' if depth == 0 => break,
            // A comment goes to the end of its line, which ends the expression where no bracket is open.
            '#' if !characters.by_ref().any(|character| character == '\n') || depth == 0 => break,
            quote @ ('"' | '\'') => {
                let mut string = String::new();
                let mut closed = false;
                while let Some(character) = characters.next() {
                    match character {
                        '\\' => string.extend(characters.next()),
                        '\n' => break,
                        end if end == quote => {
                            closed = true;
                            break;
                        }
                        other => string.push(other),
                    }
                }
                if closed && !string.is_empty() {
                    strings.push(string);
                }
            }
            _ => {}
        }
    }
    strings
}
