//! The file of a snapshot:
//!
//! ```text
//! drydock snapshot 1\n       what it is, and the version of its format
//! u32                        length of the header, at most 64 KiB       (numbers are big-endian)
//! header                     JSON
//! payload                    zstd stream of what pg_dump wrote
//! u64, u64                   length of the payload, and of what it decompresses to
//! 32 bytes                   SHA-256 of everything before them
//! ```
//!
//! Whoever reads one knows each of its bytes to be right or refuses it: a file is never read in part.

use std::io::{self, Read, Seek, SeekFrom, Write};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Snapshot, name};

/// What a file begins with, up to the version.
const MAGIC: &str = "drydock snapshot ";

/// The version that is written, and the newest that is read.
const VERSION: u32 = 1;

/// Bytes the first line can have.
const LINE_LIMIT: u64 = 32;

/// Bytes the header can have.
const HEADER_LIMIT: u32 = 64 * 1024;

/// Bytes of the two lengths and the digest.
const FOOTER: u64 = 8 + 8 + DIGEST;
const DIGEST: u64 = 32;

/// Bytes that are moved at once.
const PIECE: usize = 128 * 1024;

/// Compression level: beyond it the time grows faster than the size falls.
const LEVEL: i32 = 3;

/// Base 2 logarithm of the most a decompressor keeps in memory (8 MiB; level 3 needs 2 MiB).
const WINDOW_LOG_LIMIT: u32 = 23;

/// What a file says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Header {
    pub(super) id: Uuid,
    pub(super) name: String,
    pub(super) note: String,
    #[serde(with = "time::serde::rfc3339")]
    pub(super) created_at: OffsetDateTime,
    pub(super) app_version: String,
    pub(super) postgres_version: String,
    pub(super) schema_digest: String,
    pub(super) database_bytes: u64,
    pub(super) roles: Vec<String>,
    pub(super) rows: Option<u64>,
}

impl Header {
    /// Whether what no person has written can be shown anywhere. Name and note have rules of their own.
    fn is_plain(&self) -> bool {
        let texts = [&self.app_version, &self.postgres_version, &self.schema_digest];
        !texts.into_iter().chain(&self.roles).any(|text| text.chars().any(char::is_control))
    }
}

/// Why a file is not read.
#[derive(Debug)]
pub(super) enum Refusal {
    Damaged(String),
    Unsupported(String),
    Io(io::Error),
}

impl From<io::Error> for Refusal {
    fn from(cause: io::Error) -> Self {
        Self::Io(cause)
    }
}

fn damaged(what: impl Into<String>) -> Refusal {
    Refusal::Damaged(what.into())
}

/// A file that is being written: its payload goes through [`Write`].
pub(super) struct Writer<W> {
    out: W,
    digest: Sha256,
    written: u64,
}

impl<W: Write> Writer<W> {
    pub(super) fn begin(out: W, header: &Header) -> io::Result<Self> {
        let header = serde_json::to_vec(header)?;
        let length = u32::try_from(header.len()).ok().filter(|length| *length <= HEADER_LIMIT);
        let length = length.ok_or_else(|| io::Error::other("the header is too long"))?;
        let mut writer = Self { out, digest: Sha256::new(), written: 0 };
        writer.write_all(format!("{MAGIC}{VERSION}\n").as_bytes())?;
        writer.write_all(&length.to_be_bytes())?;
        writer.write_all(&header)?;
        writer.written = 0;
        Ok(writer)
    }

    /// Ends the file, whose payload decompresses to `content` bytes.
    pub(super) fn finish(mut self, content: u64) -> io::Result<W> {
        let payload = self.written;
        self.write_all(&payload.to_be_bytes())?;
        self.write_all(&content.to_be_bytes())?;
        let digest = self.digest.finalize();
        self.out.write_all(&digest)?;
        self.out.flush()?;
        Ok(self.out)
    }
}

impl<W: Write> Write for Writer<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.out.write(bytes)?;
        self.digest.update(&bytes[..count]);
        self.written += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Writes a whole file with the content that `from` gives.
pub(super) fn write<W: Write>(out: W, header: &Header, from: &mut impl Read) -> io::Result<W> {
    let mut encoder = zstd::Encoder::new(Writer::begin(out, header)?, LEVEL)?;
    encoder.include_checksum(true)?;
    let content = pump(from, &mut encoder)?;
    encoder.finish()?.finish(content)
}

/// Moves everything, and says how many bytes it was.
pub(super) fn pump(from: &mut impl Read, to: &mut impl Write) -> io::Result<u64> {
    let mut buffer = vec![0; PIECE];
    let mut moved = 0;
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok(moved),
            Ok(count) => {
                to.write_all(&buffer[..count])?;
                moved += count as u64;
            }
            Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
            Err(cause) => return Err(cause),
        }
    }
}

/// A file whose beginning, end and lengths are right. Whether the rest is, shows when it is read to its end.
pub(super) struct Container<F> {
    file: F,
    pub(super) header: Header,
    pub(super) length: u64,
    payload_from: u64,
    payload: u64,
    content: u64,
    digest: [u8; DIGEST as usize],
    /// Of everything before the payload.
    before: Sha256,
}

impl<F: Read + Seek> Container<F> {
    pub(super) fn open(mut file: F) -> Result<Self, Refusal> {
        let length = file.seek(SeekFrom::End(0))?;
        file.rewind()?;
        let mut before = Sha256::new();

        let line = first_line(&mut file)?;
        before.update(&line);
        let mut bytes = [0; 4];
        exactly(&mut file, &mut bytes)?;
        before.update(bytes);
        let header_length = u32::from_be_bytes(bytes);
        if header_length > HEADER_LIMIT {
            return Err(damaged("its header is too long"));
        }
        let mut header = vec![0; header_length as usize];
        exactly(&mut file, &mut header)?;
        before.update(&header);
        let header: Header = serde_json::from_slice(&header)
            .map_err(|_| damaged("its header is not the header of a snapshot"))?;
        if name::checked(&header.name, &header.note).is_err() {
            return Err(damaged("its header has a name or a note that no snapshot can have"));
        }
        if !header.is_plain() {
            return Err(damaged("its header has control characters"));
        }

        let payload_from = file.stream_position()?;
        let payload_end =
            length.checked_sub(FOOTER).filter(|end| *end >= payload_from).ok_or_else(|| damaged(CUT_OFF))?;
        file.seek(SeekFrom::Start(payload_end))?;
        let (mut payload, mut content, mut digest) = ([0; 8], [0; 8], [0; DIGEST as usize]);
        exactly(&mut file, &mut payload)?;
        exactly(&mut file, &mut content)?;
        exactly(&mut file, &mut digest)?;
        let payload = u64::from_be_bytes(payload);
        if payload != payload_end - payload_from {
            return Err(damaged("it is cut off, or something was appended to it"));
        }
        let content = u64::from_be_bytes(content);
        Ok(Self { file, header, length, payload_from, payload, content, digest, before })
    }

    /// What it says of itself.
    pub(super) fn snapshot(&self) -> Snapshot {
        let Header {
            id,
            name,
            note,
            created_at,
            app_version,
            postgres_version,
            schema_digest,
            database_bytes,
            roles,
            rows,
        } = self.header.clone();
        Snapshot {
            id,
            name,
            note,
            created_at,
            app_version,
            postgres_version,
            schema_digest,
            database_bytes,
            roles,
            rows,
            file_bytes: self.length,
            sha256: self.digest.iter().map(|byte| format!("{byte:02x}")).collect(),
        }
    }

    /// Decompresses all of it into `to`, with `tick` told the bytes read from the file. What has been written to `to` by then
    /// is worth nothing if this fails.
    pub(super) fn unpack(
        &mut self,
        to: &mut impl Write,
        tick: impl FnMut(u64) -> io::Result<()>,
    ) -> Result<(), Refusal> {
        let content = self.content;
        let mut payload = self.payload(tick)?;
        let mut decoder = zstd::Decoder::new(&mut payload)?;
        decoder.window_log_max(WINDOW_LOG_LIMIT)?;
        let mut buffer = vec![0; PIECE];
        let mut unpacked = 0;
        loop {
            match decoder.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => {
                    unpacked += count as u64;
                    if unpacked > content {
                        return Err(damaged("it holds more than it says"));
                    }
                    to.write_all(&buffer[..count])?;
                }
                // What is wrong with the stream comes without a number of the system's.
                Err(cause) if cause.raw_os_error().is_none() => {
                    return Err(damaged("its content cannot be decompressed"));
                }
                Err(cause) => return Err(cause.into()),
            }
        }
        drop(decoder);
        if unpacked != content {
            return Err(damaged("it holds less than it says"));
        }
        payload.finish()
    }

    /// Writes the same payload under another header.
    pub(super) fn rewrite<W: Write>(&mut self, out: W, header: &Header) -> Result<W, Refusal> {
        let content = self.content;
        let mut writer = Writer::begin(out, header)?;
        let mut payload = self.payload(|_| Ok(()))?;
        pump(&mut payload, &mut writer)?;
        payload.finish()?;
        Ok(writer.finish(content)?)
    }

    /// Writes the whole file as it is.
    pub(super) fn copy(
        &mut self,
        to: &mut impl Write,
        mut tick: impl FnMut(u64) -> io::Result<()>,
    ) -> Result<(), Refusal> {
        self.file.rewind()?;
        let mut digest = Sha256::new();
        let mut buffer = vec![0; PIECE];
        let mut left = self.length - DIGEST;
        while left > 0 {
            let most = usize::try_from(left).unwrap_or(usize::MAX).min(PIECE);
            exactly(&mut self.file, &mut buffer[..most])?;
            digest.update(&buffer[..most]);
            to.write_all(&buffer[..most])?;
            left -= most as u64;
            tick(most as u64)?;
        }
        if digest.finalize()[..] != self.digest {
            return Err(damaged(OTHER_CONTENT));
        }
        to.write_all(&self.digest)?;
        Ok(tick(DIGEST)?)
    }

    fn payload<T: FnMut(u64) -> io::Result<()>>(&mut self, tick: T) -> io::Result<Payload<'_, F, T>> {
        self.file.seek(SeekFrom::Start(self.payload_from))?;
        let digest = self.before.clone();
        Ok(Payload { left: self.payload, digest, tick, container: self })
    }
}

const CUT_OFF: &str = "it is cut off";
const OTHER_CONTENT: &str = "its checksum does not fit its content";

/// The compressed bytes of a container, hashed on their way.
struct Payload<'a, F, T> {
    container: &'a mut Container<F>,
    left: u64,
    digest: Sha256,
    tick: T,
}

impl<F: Read, T> Payload<'_, F, T> {
    /// Whether everything that was read, and the file as a whole, is what its writer hashed.
    fn finish(self) -> Result<(), Refusal> {
        let Self { container, left, mut digest, .. } = self;
        if left > 0 {
            return Err(damaged("its content ends before it should"));
        }
        digest.update(container.payload.to_be_bytes());
        digest.update(container.content.to_be_bytes());
        if digest.finalize()[..] == container.digest { Ok(()) } else { Err(damaged(OTHER_CONTENT)) }
    }
}

impl<F: Read, T: FnMut(u64) -> io::Result<()>> Read for Payload<'_, F, T> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let count = self.container.file.read(&mut buffer[..most])?;
        self.digest.update(&buffer[..count]);
        self.left -= count as u64;
        (self.tick)(count as u64)?;
        Ok(count)
    }
}

/// The first line with its end, if this version can read what follows it.
fn first_line(file: &mut impl Read) -> Result<Vec<u8>, Refusal> {
    let strange = || damaged("it is not a snapshot of Drydock");
    let mut line = Vec::new();
    let mut byte = [0];
    while line.last() != Some(&b'\n') {
        if line.len() as u64 == LINE_LIMIT || file.read(&mut byte)? == 0 {
            return Err(strange());
        }
        line.push(byte[0]);
    }
    let text = std::str::from_utf8(&line).map_err(|_| strange())?;
    let version = text.strip_prefix(MAGIC).and_then(|rest| rest.strip_suffix('\n')).ok_or_else(strange)?;
    let digits =
        !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit()) && !version.starts_with('0');
    if version == VERSION.to_string() {
        Ok(line)
    } else if digits {
        Err(Refusal::Unsupported(format!("its format is {version}, the newest known here is {VERSION}")))
    } else {
        Err(strange())
    }
}

fn exactly(file: &mut impl Read, buffer: &mut [u8]) -> Result<(), Refusal> {
    file.read_exact(buffer).map_err(|cause| match cause.kind() {
        io::ErrorKind::UnexpectedEof => damaged(CUT_OFF),
        _ => cause.into(),
    })
}
