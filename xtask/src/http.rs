//! One HTTP request at a time to a server on loopback: what driving a window and asking `drydock serve` need.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

/// What came back.
pub(crate) struct Answer {
    /// The status code.
    pub(crate) status: u16,
    /// The body, as it came.
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// The body as JSON.
    pub(crate) fn json(&self) -> Result<Value> {
        serde_json::from_slice(&self.body).context("the answer is no JSON")
    }
}

/// What is sent along.
#[derive(Clone, Copy)]
pub(crate) enum Body<'a> {
    /// Nothing.
    None,
    /// A JSON value.
    Json(&'a Value),
    /// A file as it is.
    Bytes(&'a [u8]),
}

/// Sends `method path` with further header lines and a body to `port` on 127.0.0.1, over a connection of its own.
///
/// # Errors
/// When nobody listens, when no answer came within `limit`, and when the answer is no HTTP.
pub(crate) fn request(
    port: u16,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: Body<'_>,
    limit: Duration,
) -> Result<Answer> {
    let text;
    let (kind, body) = match body {
        Body::None => ("application/json", [].as_slice()),
        Body::Json(value) => {
            text = value.to_string();
            ("application/json", text.as_bytes())
        }
        Body::Bytes(bytes) => ("application/octet-stream", bytes),
    };
    let mut head = format!(
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(limit))?;
    write!(stream, "{head}\r\n")?;
    stream.write_all(body)?;

    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let Some(status) = line.split_whitespace().nth(1).and_then(|code| code.parse().ok()) else {
        bail!("{method} {path} was answered with {line:?}");
    };
    let (mut length, mut chunked) = (None, false);
    loop {
        line.clear();
        if reader.read_line(&mut line)? == 0 || line == "\r\n" {
            break;
        }
        if let Some((name, value)) = line.split_once(':') {
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse::<usize>().ok();
            }
            chunked |= name.eq_ignore_ascii_case("transfer-encoding") && value.trim() == "chunked";
        }
    }
    let mut body = Vec::new();
    match length {
        Some(length) => {
            body.resize(length, 0);
            reader.read_exact(&mut body)?;
        }
        None if chunked => chunks(&mut reader, &mut body)?,
        None => {
            reader.read_to_end(&mut body)?;
        }
    }
    Ok(Answer { status, body })
}

/// Reads a body of unknown length: each chunk comes after its size in hexadecimal, the last one is empty.
fn chunks(reader: &mut impl std::io::BufRead, body: &mut Vec<u8>) -> Result<()> {
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let size = usize::from_str_radix(line.trim().split(';').next().unwrap_or_default(), 16)
            .context("a chunk of the answer has no size")?;
        let begin = body.len();
        body.resize(begin + size, 0);
        reader.read_exact(&mut body[begin..])?;
        line.clear();
        reader.read_line(&mut line)?;
        if size == 0 {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::{Ipv4Addr, TcpListener};
    use std::time::Duration;

    use super::{Body, request};

    fn answered(text: &'static str) -> super::Answer {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut seen = [0; 1024];
            let _ = stream.read(&mut seen).unwrap();
            stream.write_all(text.as_bytes()).unwrap();
        });
        let answer = request(port, "GET", "/", &[], Body::None, Duration::from_secs(10)).unwrap();
        server.join().unwrap();
        answer
    }

    #[test]
    fn a_body_comes_with_its_length_or_in_chunks() {
        let answer = answered("HTTP/1.1 409 Conflict\r\nContent-Length: 7\r\n\r\n{\"a\":1}");
        assert_eq!((answer.status, answer.json().unwrap()["a"].as_u64()), (409, Some(1)));
        let answer = answered(
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\n{\"a\"\r\n3\r\n:2}\r\n0\r\n\r\n",
        );
        assert_eq!((answer.status, answer.json().unwrap()["a"].as_u64()), (200, Some(2)));
    }
}
