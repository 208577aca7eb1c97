#![allow(clippy::unwrap_used, reason = "a failing expectation is a failing test")]

use proptest::prelude::*;

use super::*;

fn folder(files: &[(&str, &str)]) -> Shipped {
    let files = files.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect();
    Shipped::of_files(&files).unwrap()
}

#[test]
fn a_revision_is_read_in_every_way_it_is_written() {
    for (text, revision, parents) in [
        ("revision = '001'\ndown_revision = None\n", "001", vec![]),
        (
            "revision: str = \"002_add\"  # first\ndown_revision: Union[str, None] = \"001\"\n",
            "002_add",
            vec!["001"],
        ),
        (
            "\"\"\"Merge\n\nrevision = 'no'\n\"\"\"\nrevision = 'm'\ndown_revision = (\n    'a',  # one\n    \"b\",\n)\n",
            "m",
            vec!["a", "b"],
        ),
        ("\"\"\"one line\"\"\"\r\nrevision='x'\r\ndown_revision='w'\r\n", "x", vec!["w"]),
        ("def upgrade():\n    revision = 'no'\nrevision = 'yes'\n", "yes", vec![]),
    ] {
        let parents = parents.into_iter().map(str::to_owned).collect();
        assert_eq!(parse(text), Some(Parsed { revision: revision.to_owned(), parents }), "{text:?}");
    }
    for text in ["", "revision == 'a'", "revisions = 'a'", "revision = None", "revision = 'unclosed\n"] {
        assert_eq!(parse(text), None, "{text:?}");
    }
}

#[test]
fn heads_gaps_duplicates_and_cycles() {
    let shipped = folder(&[
        ("a.py", "revision = '001'\ndown_revision = None"),
        ("b.py", "revision = '002_left'\ndown_revision = '001'"),
        ("c.py", "revision = '002_right'\ndown_revision = '001'"),
        ("d.py", "revision = '003'\ndown_revision = '000_gone'"),
        ("e.py", "revision = '003'\ndown_revision = '000_gone'"),
    ]);
    let heads: Vec<&str> = shipped.heads().iter().map(|head| head.file.as_str()).collect();
    assert_eq!(heads, ["b.py", "c.py", "d.py", "e.py"]);
    assert_eq!(shipped.duplicates(), [("003", vec!["d.py", "e.py"])]);
    assert_eq!(shipped.gaps(), [("000_gone", "003"), ("000_gone", "003")]);
    assert_eq!(shipped.cycle(), None);
    assert_eq!(shipped.width, 9);
    let round =
        folder(&[("a.py", "revision='1'\ndown_revision='2'"), ("b.py", "revision='2'\ndown_revision='1'")]);
    assert!(round.cycle().is_some() && round.heads().is_empty());
}

#[test]
fn sql_files_of_both_tools() {
    let flyway = folder(&[
        ("V1__first.sql", "select 1;\n"),
        ("V1_10__third.sql", ""),
        ("V1_2__second.sql", "create table t (v vector(3));"),
        ("R__view.sql", ""),
    ]);
    assert_eq!(flyway.tool, Some(Tool::Flyway));
    assert!(flyway.needs_vector);
    assert_eq!(flyway.revisions.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), ["1", "1.2", "1.10"]);
    // Flyway's sum does not know line ends.
    let [here, other] = flyway.revisions[0].checksums.clone().unwrap();
    assert_eq!(here, other);
    let sqlx = folder(&[("0001_a.sql", "select 1;\n"), ("0002_b.up.sql", ""), ("0002_b.down.sql", "")]);
    assert_eq!((sqlx.tool, sqlx.revisions.len()), (Some(Tool::Sqlx), 2));
    assert!(Shipped::of_files(&BTreeMap::from([("notes.sql".to_owned(), Vec::new())])).is_none());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_are_too_strange(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = parse(&String::from_utf8_lossy(&bytes));
        let _ = Shipped::of_files(&BTreeMap::from([("a.py".to_owned(), bytes.clone()), ("1_a.sql".to_owned(), bytes)]));
    }

    /// Texts that are nearly revisions.
    #[test]
    fn nor_is_any_text(parts in proptest::collection::vec(prop_oneof![
        Just("revision"), Just("down_revision"), Just(" = "), Just(": "), Just("("), Just(")"), Just("'a'"), Just("\""), Just("'"),
        Just("\n"), Just("#"), Just("\\"), Just("\"\"\""), Just("ü"), Just("None"), Just(","),
    ], 0..40)) {
        let text = parts.concat();
        if let Some(parsed) = parse(&text) {
            prop_assert!(!parsed.revision.is_empty());
        }
        let files = BTreeMap::from([("a.py".to_owned(), text.clone().into_bytes()), ("b.py".to_owned(), text.into_bytes())]);
        if let Some(shipped) = Shipped::of_files(&files) {
            let _ = (shipped.heads(), shipped.gaps(), shipped.cycle(), shipped.duplicates());
        }
    }

    #[test]
    fn what_was_written_is_read(id in "[a-z0-9_]{1,60}", parents in proptest::collection::vec("[a-z0-9_]{1,40}", 0..4)) {
        let tuple = parents.iter().map(|parent| format!("'{parent}', ")).collect::<String>();
        let text = format!("revision: str = '{id}'\ndown_revision = ({tuple})\n\ndef upgrade():\n    pass\n");
        prop_assert_eq!(parse(&text), Some(Parsed { revision: id, parents }));
    }
}
