//! A request's body as a stream of bytes that may be far larger than memory.

use std::{
    io,
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::body::{Body, Bytes, HttpBody as _};
use drydock_domain::ErrorCode;
use http_body_util::BodyExt as _;
use tokio::{
    io::{AsyncRead, ReadBuf},
    sync::oneshot,
};

use crate::envelope::ApiError;

/// How long the rest of a refused body is read.
const DRAIN: Duration = Duration::from_secs(60);

/// Reads a body. Dropped, it gives what is left of it back to its [`Remains`].
pub(crate) struct BodyReader {
    body: Option<Body>,
    chunk: Bytes,
    /// Bytes that may still come.
    left: u64,
    broken: Arc<OnceLock<ErrorCode>>,
    back: Option<oneshot::Sender<Body>>,
}

/// What is known of a body once nobody reads it any more.
pub(crate) struct Remains {
    limit: u64,
    broken: Arc<OnceLock<ErrorCode>>,
    body: oneshot::Receiver<Body>,
}

impl BodyReader {
    /// A reader that refuses a body of more than `limit` bytes when it comes to that.
    pub(crate) fn new(body: Body, limit: u64) -> (Self, Remains) {
        let broken = Arc::default();
        let (back, remains) = oneshot::channel();
        let reader = Self {
            body: Some(body),
            chunk: Bytes::new(),
            left: limit,
            broken: Arc::clone(&broken),
            back: Some(back),
        };
        (reader, Remains { limit, broken, body: remains })
    }

    fn fail(&self, code: ErrorCode, error: io::Error) -> Poll<io::Result<()>> {
        let _ = self.broken.set(code);
        Poll::Ready(Err(error))
    }
}

impl AsyncRead for BodyReader {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        while self.chunk.is_empty() {
            let Some(body) = self.body.as_mut() else { return Poll::Ready(Ok(())) };
            match ready!(Pin::new(body).poll_frame(context)) {
                None => return Poll::Ready(Ok(())),
                Some(Err(error)) => return self.fail(ErrorCode::RequestMalformed, io::Error::other(error)),
                Some(Ok(frame)) => {
                    let Ok(data) = frame.into_data() else { continue };
                    let Some(left) = self.left.checked_sub(data.len() as u64) else {
                        return self
                            .fail(ErrorCode::RequestTooLarge, io::Error::from(io::ErrorKind::FileTooLarge));
                    };
                    self.left = left;
                    self.chunk = data;
                }
            }
        }
        let length = self.chunk.len().min(buffer.remaining());
        buffer.put_slice(&self.chunk.split_to(length));
        Poll::Ready(Ok(()))
    }
}

impl Drop for BodyReader {
    fn drop(&mut self) {
        if let (Some(back), Some(body)) = (self.back.take(), self.body.take()) {
            let _ = back.send(body);
        }
    }
}

impl Remains {
    /// Reads the rest, and says whether the body itself was at fault. A sender that is still sending hears no answer when the
    /// connection closes under it.
    pub(crate) async fn settle(self) -> Option<ApiError> {
        let code = self.broken.get().copied();
        if code.is_none() {
            let drained = async {
                let Ok(mut body) = self.body.await else { return };
                while let Some(Ok(_)) = body.frame().await {}
            };
            let _ = tokio::time::timeout(DRAIN, drained).await;
        }
        let detail = match code? {
            ErrorCode::RequestTooLarge => format!("A file may hold {} bytes at most.", self.limit),
            _ => "The file did not arrive whole.".to_owned(),
        };
        Some(ApiError::new(code?, detail))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use http_body_util::{Full, Limited};
    use tokio::io::AsyncReadExt as _;

    use super::*;

    const BYTES: &[u8] = b"0123456789";

    /// What was read of ten bytes, and what the API says of the body then.
    async fn read(body: Body, limit: u64) -> (io::Result<Vec<u8>>, Option<String>) {
        let (mut reader, remains) = BodyReader::new(body, limit);
        let mut bytes = Vec::new();
        let mut buffer = [0; 3];
        let outcome = loop {
            match reader.read(&mut buffer).await {
                Ok(0) => break Ok(bytes),
                Ok(length) => bytes.extend_from_slice(&buffer[..length]),
                Err(error) => break Err(error),
            }
        };
        drop(reader);
        (outcome, remains.settle().await.map(|error| format!("{error:?}")))
    }

    #[tokio::test]
    async fn a_body_within_its_limit_is_read_whole() {
        let (bytes, fault) = read(Body::from(BYTES), 10).await;
        assert_eq!((bytes.unwrap().as_slice(), fault), (BYTES, None));
    }

    #[tokio::test]
    async fn a_body_beyond_its_limit_is_at_fault() {
        let (bytes, fault) = read(Body::from(BYTES), 9).await;
        assert_eq!(bytes.unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        assert!(fault.unwrap().contains("request.too_large"));
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_is_at_fault() {
        let broken = Body::new(Limited::new(Full::new(Bytes::from_static(BYTES)), 9));
        let (bytes, fault) = read(broken, 10).await;
        assert!(bytes.is_err());
        assert!(fault.unwrap().contains("request.malformed"));
    }
}
