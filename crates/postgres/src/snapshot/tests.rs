#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::io::{self, Cursor, Read, Write};

use proptest::prelude::*;
use time::OffsetDateTime;
use uuid::Uuid;

use super::format::{Container, Header, Refusal, Writer, write};
use super::name::checked;
use super::restore::is_about_an_extension;
use super::run::{database, without_values};

fn header() -> Header {
    Header {
        id: Uuid::from_u128(7),
        name: "before the migration".into(),
        note: "two\nlines".into(),
        created_at: OffsetDateTime::from_unix_timestamp(1_700_000_000).unwrap(),
        app_version: "0.1.0".into(),
        postgres_version: "16.14".into(),
        schema_digest: "0123456789abcdef".into(),
        database_bytes: 12_345,
        roles: vec!["owner".into(), "app".into()],
        rows: Some(3),
    }
}

fn file(content: &[u8]) -> Vec<u8> {
    write(Vec::new(), &header(), &mut &content[..]).unwrap()
}

/// A file with a payload, and a length of its content, of our own making. Its checksum is right.
fn file_with(payload: &[u8], content: u64) -> Vec<u8> {
    let mut writer = Writer::begin(Vec::new(), &header()).unwrap();
    writer.write_all(payload).unwrap();
    writer.finish(content).unwrap()
}

fn unpack(file: &[u8]) -> Result<Vec<u8>, Refusal> {
    let mut content = Vec::new();
    Container::open(Cursor::new(file))?.unpack(&mut content, |_| Ok(()))?;
    Ok(content)
}

fn copy(file: &[u8]) -> Result<Vec<u8>, Refusal> {
    let mut copy = Vec::new();
    Container::open(Cursor::new(file))?.copy(&mut copy, |_| Ok(()))?;
    Ok(copy)
}

fn rewrite(file: &[u8], header: &Header) -> Result<Vec<u8>, Refusal> {
    Container::open(Cursor::new(file))?.rewrite(Vec::new(), header)
}

/// Whether every way of reading it whole refuses it, and not for want of a working disk.
fn is_refused(file: &[u8]) -> bool {
    let refused = |refusal| matches!(refusal, Refusal::Damaged(_) | Refusal::Unsupported(_));
    unpack(file).is_err_and(refused)
        && copy(file).is_err_and(refused)
        && rewrite(file, &header()).is_err_and(refused)
}

#[test]
fn every_changed_byte_is_noticed() {
    let whole = file(b"some content that is not very long, long, long, long");
    assert!(!is_refused(&whole));
    for at in 0..whole.len() {
        for bits in [0x01, 0x80, 0x20, 0xff] {
            let mut changed = whole.clone();
            changed[at] ^= bits;
            assert!(is_refused(&changed), "byte {at} of {} changed by {bits:#x}", whole.len());
        }
    }
}

#[test]
fn every_lost_or_added_byte_is_noticed() {
    let whole = file(b"some content that is not very long, long, long, long");
    for at in 0..whole.len() {
        assert!(is_refused(&whole[..at]), "cut off after {at}");
        assert!(is_refused(&whole[at + 1..]), "begun after {at}");
        let mut added = whole.clone();
        added.insert(at, 0);
        assert!(is_refused(&added), "added at {at}");
        let mut lost = whole.clone();
        lost.remove(at);
        assert!(is_refused(&lost), "lost at {at}");
    }
    for more in [&b"\0"[..], b"\n", &whole] {
        assert!(is_refused(&[&whole, more].concat()));
    }
}

#[test]
fn a_newer_format_is_told_from_a_damaged_one() {
    let whole = file(b"content");
    let line = b"drydock snapshot 1\n";
    let with = |first: &[u8]| unpack(&[first, &whole[line.len()..]].concat()).unwrap_err();
    for newer in [&b"drydock snapshot 2\n"[..], b"drydock snapshot 10\n"] {
        assert!(matches!(with(newer), Refusal::Unsupported(what) if what.contains("newest known here is 1")));
    }
    let lines = [
        "drydock snapshot 01\n",
        "drydock snapshot \n",
        "drydock snapshot +1\n",
        "drydock snapshot 1 \n",
        "drydock snapshot 1",
        "DRYDOCK SNAPSHOT 1\n",
        "drydock snapshot 11111111111111111111111111\n",
    ];
    for line in lines {
        assert!(matches!(with(line.as_bytes()), Refusal::Damaged(_)), "{line:?}");
    }
}

#[test]
fn what_decompresses_to_more_than_it_says_is_refused_at_once() {
    let bomb = zstd::encode_all(io::repeat(0).take(1 << 28), 3).unwrap();
    let mut unpacked = Counter(0);
    let file = file_with(&bomb, 1000);
    let refusal = Container::open(Cursor::new(&file)).unwrap().unpack(&mut unpacked, |_| Ok(())).unwrap_err();
    assert!(matches!(refusal, Refusal::Damaged(what) if what.contains("more than it says")));
    assert!(unpacked.0 <= 1000, "{} bytes", unpacked.0);
}

struct Counter(u64);

impl Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn what_needs_much_memory_to_decompress_is_refused() {
    let mut encoder = zstd::Encoder::new(Vec::new(), 3).unwrap();
    encoder.window_log(27).unwrap();
    encoder.write_all(b"content").unwrap();
    encoder.flush().unwrap();
    let payload = encoder.finish().unwrap();
    assert!(matches!(unpack(&file_with(&payload, 7)).unwrap_err(), Refusal::Damaged(_)));
}

#[test]
fn a_right_checksum_does_not_make_a_snapshot() {
    let content = zstd::encode_all(&b"content"[..], 3).unwrap();
    assert_eq!(unpack(&file_with(&content, 7)).unwrap(), b"content");
    for wrong in [
        file_with(&content, 8),
        file_with(&content, 6),
        file_with(&content, u64::MAX),
        file_with(&content[..content.len() - 1], 7),
        file_with(b"no zstd at all", 7),
        file_with(&[&content[..], b"more"].concat(), 7),
        file_with(b"", 7),
    ] {
        assert!(matches!(unpack(&wrong).unwrap_err(), Refusal::Damaged(_)));
    }
}

#[test]
fn a_header_is_held_to_the_rules_of_those_who_write_one() {
    for wrong in [
        Header { name: String::new(), ..header() },
        Header { name: "a\u{1b}[31mb".into(), ..header() },
        Header { note: "x".repeat(501), ..header() },
    ] {
        let file = write(Vec::new(), &wrong, &mut &b"content"[..]).unwrap();
        assert!(
            matches!(unpack(&file).unwrap_err(), Refusal::Damaged(what) if what.contains("a name or a note"))
        );
    }
    let wrong = Header { roles: vec!["\u{1b}]0;title\u{7}".into()], ..header() };
    let file = write(Vec::new(), &wrong, &mut &b"content"[..]).unwrap();
    assert!(
        matches!(unpack(&file).unwrap_err(), Refusal::Damaged(what) if what.contains("control characters"))
    );
    let endless = Header { roles: vec!["role".into(); 20_000], ..header() };
    assert!(write(Vec::new(), &endless, &mut &b"content"[..]).is_err());
    let mut long = b"drydock snapshot 1\n".to_vec();
    long.extend(u32::MAX.to_be_bytes());
    long.resize(100_000, b' ');
    assert!(matches!(unpack(&long).unwrap_err(), Refusal::Damaged(what) if what.contains("too long")));
}

#[test]
fn another_header_leaves_the_payload_as_it_is() {
    let whole = file(b"content");
    let other = Header { name: "another".into(), note: String::new(), ..header() };
    let rewritten = rewrite(&whole, &other).unwrap();
    assert_eq!(unpack(&rewritten).unwrap(), b"content");
    assert_eq!(Container::open(Cursor::new(&rewritten)).unwrap().header, other);
    assert_eq!(rewrite(&rewritten, &header()).unwrap(), whole);
    assert_eq!(copy(&whole).unwrap(), whole);
}

proptest! {
    #[test]
    fn content_comes_back(content in prop::collection::vec(any::<u8>(), 0..4000)) {
        prop_assert_eq!(unpack(&file(&content)).unwrap(), content);
    }

    #[test]
    fn any_bytes_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(is_refused(&bytes));
        let begun: Vec<u8> = [b"drydock snapshot 1\n\0\0", &bytes[..]].concat();
        prop_assert!(is_refused(&begun));
    }

    #[test]
    fn any_edit_is_refused(
        content in prop::collection::vec(any::<u8>(), 0..400),
        at in any::<prop::sample::Index>(),
        removed in 0_usize..40,
        inserted in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let whole = file(&content);
        let at = at.index(whole.len());
        let mut edited = whole.clone();
        edited.splice(at..(at + removed).min(whole.len()), inserted);
        prop_assume!(edited != whole);
        prop_assert!(is_refused(&edited));
    }

    #[test]
    fn any_payload_with_a_right_checksum_is_read_or_refused(
        payload in prop::collection::vec(any::<u8>(), 0..400),
        content: u64,
    ) {
        // No more than that it returns: some bytes are a frame.
        let _ = unpack(&file_with(&payload, content));
    }
}

#[test]
fn names_and_notes_have_bounds() {
    assert_eq!(checked("  a name\t", " a\nnote ").unwrap(), ("a name".into(), "a\nnote".into()));
    assert!(checked(&"ä".repeat(80), &"ä".repeat(500)).is_ok());
    assert!(checked("नमस्ते \u{200d} می\u{200c}خواهم", "").is_ok(), "joiners are part of some scripts");
    for (name, note) in [
        ("", ""),
        (" \n ", ""),
        (&*"ä".repeat(81), ""),
        ("a\nb", ""),
        ("a\0b", ""),
        ("name", "a\u{7}b"),
        ("name", &*"n".repeat(501)),
        ("before\u{202e}exe.piz", ""),
        ("name", "a\u{2067}b"),
        ("\u{feff}name", ""),
    ] {
        assert_eq!(checked(name, note).unwrap_err().code(), "snapshot.name_invalid", "{name:?} {note:?}");
    }
}

#[test]
fn messages_lose_statements_details_and_what_they_go_on_with() {
    let told = "\
pg_restore: while PROCESSING TOC:
pg_restore: from TOC entry 4; 0 1 TABLE DATA t owner
pg_restore: error: COPY failed for table \"t\": ERROR:  duplicate key value violates unique constraint \"t_pkey\"
DETAIL:  Key (secret)=(hunter2) already exists.
CONTEXT:  COPY t, line 2
with hunter2
pg_dump: detail: Command was: SELECT 'hunter2'
Command was: INSERT hunter2
";
    let kept = without_values(told);
    assert!(kept.contains("violates unique constraint") && kept.contains("TOC entry 4"));
    assert!(!kept.contains("hunter2"), "{kept}");
}

#[test]
fn only_extensions_are_left_out() {
    for line in ["2; 3079 16385 EXTENSION - vector ", "3403; 0 0 COMMENT - EXTENSION vector "] {
        assert!(is_about_an_extension(line), "{line}");
    }
    for line in [
        ";",
        "; Archive created at 2026-01-01",
        "215; 1259 16390 TABLE public EXTENSION owner",
        "3400; 0 0 COMMENT public TABLE EXTENSION owner",
        "3401; 0 0 COMMENT - SCHEMA EXTENSION owner",
        "6; 2615 16386 SCHEMA - EXTENSION owner",
    ] {
        assert!(!is_about_an_extension(line), "{line}");
    }
}

#[test]
fn a_name_of_a_database_is_nothing_but_a_name() {
    assert_eq!(database("drydock"), "--dbname=dbname='drydock'");
    assert_eq!(database(r"a' host='b\"), r"--dbname=dbname='a\' host=\'b\\'");
}
