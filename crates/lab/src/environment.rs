//! A deployment's variables out of a file, as `.env` files and the hosting platforms' exports have them.

use std::collections::BTreeMap;

/// Reads `NAME=value` lines: `export` in front, quotes around the value, comments and empty lines are as in a shell. A line that is
/// none of these is left out. Values keep white space inside quotes, and nothing is expanded.
#[must_use]
pub fn variables(text: &str) -> BTreeMap<String, String> {
    text.trim_start_matches('\u{feff}').lines().filter_map(variable).collect()
}

fn variable(line: &str) -> Option<(String, String)> {
    let line = line.trim_start();
    let line = line.strip_prefix("export ").unwrap_or(line);
    let (name, value) = line.split_once('=')?;
    let name = name.trim_end();
    let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && name.bytes().next().is_some_and(|byte| !byte.is_ascii_digit());
    if !is_name {
        return None;
    }
    let value = value.trim();
    let quoted = ['"', '\''].into_iter().find_map(|quote| {
        let inner = value.strip_prefix(quote)?;
        Some(inner.split_once(quote)?.0.to_owned())
    });
    let value = quoted.unwrap_or_else(|| value.split(" #").next().unwrap_or_default().trim_end().to_owned());
    Some((name.to_owned(), value))
}

#[cfg(test)]
mod tests {
    use super::variables;

    #[test]
    fn lines_are_read_as_a_shell_reads_them() {
        let read = variables(
            "# a comment\nexport APP_ENV=production\nDATABASE_URL = \"postgres://a:b#c@h/d\" # the pooler\nEMPTY=\nPLAIN=a b # c\n1X=no\nno line\n'Q'=x\nTABS=\t'x y'\r\n",
        );
        let read: Vec<(&str, &str)> =
            read.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let wanted = [
            ("APP_ENV", "production"),
            ("DATABASE_URL", "postgres://a:b#c@h/d"),
            ("EMPTY", ""),
            ("PLAIN", "a b"),
            ("TABS", "x y"),
        ];
        assert_eq!(read, wanted);
    }
}
