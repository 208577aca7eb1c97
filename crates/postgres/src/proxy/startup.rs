//! The first packet of a connection, read as the server's `ProcessStartupPacket` reads it: what is admitted here must mean
//! the same there.

/// Longest packet in bytes, its length included: what the server itself takes (`MAX_STARTUP_PACKET_LENGTH`).
pub(super) const LONGEST: usize = 10_000;

/// Shortest: a length and a code.
pub(super) const SHORTEST: usize = 8;

const CANCEL: u32 = 80_877_102;
const SSL: u32 = 80_877_103;
const GSS: u32 = 80_877_104;

/// What a connection begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Request {
    /// A session as the admitted role.
    Session,
    /// Break off the statement of another connection.
    Cancel,
    /// Encrypt with TLS.
    Ssl,
    /// Encrypt with GSSAPI.
    Gss,
}

/// Why a connection ends before it has begun, in the words that its client sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    #[error("the first packet of the connection is none of PostgreSQL's protocol")]
    Malformed,
    #[error("only version 3 of PostgreSQL's protocol is spoken here")]
    Version,
    #[error(
        "this port is open for one role only, that of the running command: take user and password from its DATABASE_URL"
    )]
    OtherRole,
    #[error("replication is not admitted here")]
    Replication,
    #[error("too many connections: this port carries {0} at a time")]
    Full(usize),
    #[error("the database server behind this port does not answer")]
    Unreachable,
}

impl Refusal {
    fn sql_state(self) -> &'static str {
        match self {
            Self::Malformed => "08P01",
            Self::Version => "0A000",
            Self::OtherRole | Self::Replication => "28000",
            Self::Full(_) => "53300",
            Self::Unreachable => "57P03",
        }
    }

    /// As an `ErrorResponse`.
    pub(super) fn message(self) -> Vec<u8> {
        let mut fields = Vec::new();
        for (kind, value) in
            [(b'S', "FATAL"), (b'V', "FATAL"), (b'C', self.sql_state()), (b'M', &*self.to_string())]
        {
            fields.push(kind);
            fields.extend(value.bytes());
            fields.push(0);
        }
        fields.push(0);
        let length = u32::try_from(fields.len() + 4).unwrap_or(u32::MAX);
        let mut message = vec![b'E'];
        message.extend(length.to_be_bytes());
        message.extend(fields);
        message
    }
}

/// The length that a packet begins with, if it is one that a packet may have.
pub(super) fn length(head: [u8; 4]) -> Option<usize> {
    let length = usize::try_from(u32::from_be_bytes(head)).ok()?;
    (SHORTEST..=LONGEST).contains(&length).then_some(length)
}

/// Reads a whole packet, its length included, on behalf of `role`.
pub(super) fn read(packet: &[u8], role: &str) -> Result<Request, Refusal> {
    let head = packet.first_chunk().and_then(|head| length(*head));
    if head != Some(packet.len()) {
        return Err(Refusal::Malformed);
    }
    let (code, rest) = packet[4..].split_first_chunk().ok_or(Refusal::Malformed)?;
    match (u32::from_be_bytes(*code), rest.len()) {
        (SSL, 0) => Ok(Request::Ssl),
        (GSS, 0) => Ok(Request::Gss),
        // Process id and key.
        (CANCEL, 8) => Ok(Request::Cancel),
        (SSL | GSS | CANCEL, _) => Err(Refusal::Malformed),
        (code, _) if code >> 16 == 3 => session(rest, role),
        _ => Err(Refusal::Version),
    }
}

/// Pairs of name and value, each ended by a zero, and one more zero as the last byte.
fn session(parameters: &[u8], role: &str) -> Result<Request, Refusal> {
    let mut words = parameters.strip_suffix(b"\0").ok_or(Refusal::Malformed)?;
    let mut user = None;
    let mut replication = false;
    while !words.is_empty() {
        let (name, rest) = word(words)?;
        let (value, rest) = word(rest)?;
        words = rest;
        match name {
            // The server stops reading here; what came after would be looked at by nobody.
            b"" => return Err(Refusal::Malformed),
            // Of several the server takes the last.
            b"user" if user.is_some() => return Err(Refusal::Malformed),
            b"user" => user = Some(value),
            b"replication" => replication = true,
            _ => {}
        }
    }
    if user != Some(role.as_bytes()) {
        return Err(Refusal::OtherRole);
    }
    if replication {
        return Err(Refusal::Replication);
    }
    Ok(Request::Session)
}

/// The bytes before the next zero, and those after it.
fn word(bytes: &[u8]) -> Result<(&[u8], &[u8]), Refusal> {
    let end = bytes.iter().position(|byte| *byte == 0).ok_or(Refusal::Malformed)?;
    Ok((&bytes[..end], &bytes[end + 1..]))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failing expectation is a failing test")]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    const ROLE: &str = "drydock_exec_0123456789abcdef";

    pub(in super::super) fn packet(code: u32, rest: &[u8]) -> Vec<u8> {
        let length = u32::try_from(SHORTEST + rest.len()).unwrap();
        [&length.to_be_bytes(), &code.to_be_bytes(), rest].concat()
    }

    pub(in super::super) fn startup(parameters: &[(&str, &str)]) -> Vec<u8> {
        let words: String = parameters.iter().map(|(name, value)| format!("{name}\0{value}\0")).collect();
        packet(3 << 16, format!("{words}\0").as_bytes())
    }

    #[test]
    fn a_session_as_the_role_is_admitted() {
        let plain = startup(&[("user", ROLE)]);
        assert_eq!(read(&plain, ROLE), Ok(Request::Session));
        let full = startup(&[("database", "drydock"), ("user", ROLE), ("options", ""), ("_pq_.x", "1")]);
        assert_eq!(read(&full, ROLE), Ok(Request::Session));
        let newer = packet((3 << 16) | 2, format!("user\0{ROLE}\0\0").as_bytes());
        assert_eq!(read(&newer, ROLE), Ok(Request::Session), "the server negotiates the minor version");
    }

    #[test]
    fn any_other_role_is_refused() {
        for user in ["postgres", "", "drydock_owner", "DRYDOCK_EXEC_0123456789ABCDEF", &format!("{ROLE} ")] {
            assert_eq!(read(&startup(&[("user", user)]), ROLE), Err(Refusal::OtherRole), "{user:?}");
        }
        assert_eq!(read(&startup(&[]), ROLE), Err(Refusal::OtherRole));
        assert_eq!(read(&startup(&[("User", ROLE)]), ROLE), Err(Refusal::OtherRole));
    }

    /// The server would take the last.
    #[test]
    fn two_users_are_refused() {
        let twice = startup(&[("user", ROLE), ("user", "postgres")]);
        assert_eq!(read(&twice, ROLE), Err(Refusal::Malformed));
        let same = startup(&[("user", ROLE), ("user", ROLE)]);
        assert_eq!(read(&same, ROLE), Err(Refusal::Malformed));
    }

    /// A name within a value is none.
    #[test]
    fn a_user_in_a_value_does_not_count() {
        let hidden = startup(&[("options", "user"), ("user", "postgres"), ("database", ROLE)]);
        assert_eq!(read(&hidden, ROLE), Err(Refusal::OtherRole));
    }

    #[test]
    fn nothing_may_come_after_the_end() {
        let after = packet(3 << 16, format!("user\0{ROLE}\0\0user\0postgres\0\0").as_bytes());
        assert_eq!(read(&after, ROLE), Err(Refusal::Malformed));
        let open = packet(3 << 16, format!("user\0{ROLE}\0").as_bytes());
        assert_eq!(read(&open, ROLE), Err(Refusal::Malformed));
        let odd = packet(3 << 16, format!("user\0{ROLE}\0database\0\0").as_bytes());
        assert_eq!(read(&odd, ROLE), Err(Refusal::Malformed));
    }

    #[test]
    fn replication_is_refused_whatever_its_value() {
        for value in ["database", "true", "false", ""] {
            let packet = startup(&[("user", ROLE), ("replication", value)]);
            assert_eq!(read(&packet, ROLE), Err(Refusal::Replication), "{value:?}");
        }
    }

    #[test]
    fn requests_are_told_apart_by_code_and_length() {
        assert_eq!(read(&packet(SSL, &[]), ROLE), Ok(Request::Ssl));
        assert_eq!(read(&packet(GSS, &[]), ROLE), Ok(Request::Gss));
        assert_eq!(read(&packet(CANCEL, &[0; 8]), ROLE), Ok(Request::Cancel));
        for (code, rest) in [(SSL, 1), (GSS, 8), (CANCEL, 0), (CANCEL, 12)] {
            assert_eq!(read(&packet(code, &vec![0; rest]), ROLE), Err(Refusal::Malformed), "{code} {rest}");
        }
        for code in [0, 2 << 16, 4 << 16, u32::MAX] {
            assert_eq!(read(&packet(code, &[0]), ROLE), Err(Refusal::Version), "{code}");
        }
    }

    #[test]
    fn only_lengths_the_server_takes_are_read() {
        assert_eq!(length(8_u32.to_be_bytes()), Some(8));
        assert_eq!(length(10_000_u32.to_be_bytes()), Some(10_000));
        for wrong in [0, 7, 10_001, u32::MAX] {
            assert_eq!(length(wrong.to_be_bytes()), None, "{wrong}");
        }
        // A client that speaks TLS from its first byte.
        assert_eq!(length([0x16, 0x03, 0x01, 0x02]), None);
    }

    #[test]
    fn a_refusal_is_an_error_response() {
        let message = Refusal::OtherRole.message();
        assert_eq!(message[0], b'E');
        let length = usize::try_from(u32::from_be_bytes(*message[1..].first_chunk().unwrap())).unwrap();
        assert_eq!(length, message.len() - 1);
        let fields: Vec<_> = message[5..].split(|byte| *byte == 0).collect();
        assert_eq!(fields[..3], [&b"SFATAL"[..], b"VFATAL", b"C28000"]);
        assert!(fields[3].starts_with(b"Mthis port is open for one role only"));
        assert_eq!(fields[4..], [b"", b""]);
    }

    /// The server's own loop, to compare with: the user it would take, if it took the packet at all.
    fn as_the_server(packet: &[u8]) -> Option<Vec<u8>> {
        let text = |from: usize| {
            let end = packet[from..].iter().position(|byte| *byte == 0);
            packet[from..from + end.unwrap_or(packet.len() - from)].to_vec()
        };
        let (mut offset, mut user) = (8, None);
        while offset < packet.len() {
            let name = text(offset);
            let value = offset + name.len() + 1;
            if name.is_empty() || value >= packet.len() {
                break;
            }
            if name == b"user" {
                user = Some(text(value));
            }
            offset = value + text(value).len() + 1;
        }
        (offset + 1 == packet.len()).then_some(user).flatten()
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&bytes, ROLE);
            let _ = read(&packet(3 << 16, &bytes), ROLE);
        }

        /// What is admitted here is the role in the server's eyes, too.
        #[test]
        fn nobody_else_gets_in(
            words in proptest::collection::vec(
                prop_oneof![
                    Just(ROLE.to_owned()), Just("user".to_owned()), Just("postgres".to_owned()),
                    Just(String::new()), Just("database".to_owned()), "[a-z]{0,3}",
                ],
                0..8,
            ),
            ends in 0_usize..3,
        ) {
            let mut rest = words.join("\0").into_bytes();
            rest.extend(vec![0; ends]);
            let packet = packet(3 << 16, &rest);
            if read(&packet, ROLE) == Ok(Request::Session) {
                prop_assert_eq!(as_the_server(&packet), Some(ROLE.as_bytes().to_vec()));
            }
        }
    }
}
