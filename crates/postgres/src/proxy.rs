//! A TCP port on 127.0.0.1 that leads to the server's socket, for programs that cannot use the socket.

mod startup;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
#[cfg(unix)]
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, copy, sink};
use tokio::net::TcpListener;
#[cfg(windows)]
use tokio::net::TcpStream as Stream;
#[cfg(unix)]
use tokio::net::UnixStream as Stream;
use tokio::sync::{Semaphore, oneshot};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;

use startup::{Refusal, Request};

/// Sessions at a time: what the server's `max_connections` leaves beside the application's own.
const SESSIONS: usize = 16;
/// Connections at a time, with those that have not said yet who they are, and those that only break off a statement.
const CONNECTIONS: usize = 64;
/// How long a client may take to say who it is.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a refused client may take to read why.
const FAREWELL: Duration = Duration::from_secs(1);

/// An open port. It and every connection through it end when this is closed or dropped.
///
/// It admits one role, whose password the server itself asks for, and refuses everybody else before the server hears of
/// them. TLS is declined: nothing leaves this machine.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Proxy {
    /// Opens a free port for `role`, to the server whose socket of the number `port` is in `socket_dir`.
    ///
    /// # Errors
    /// When there is no free port.
    #[cfg(unix)]
    pub async fn open(socket_dir: &Path, port: u16, role: &str) -> io::Result<Self> {
        Self::before(socket_dir.join(format!(".s.PGSQL.{port}")), role).await
    }

    /// Opens a free port for `role`, to the server on the other `port`.
    ///
    /// # Errors
    /// When there is no free port.
    #[cfg(windows)]
    pub async fn open(port: u16, role: &str) -> io::Result<Self> {
        Self::before((Ipv4Addr::LOCALHOST, port).into(), role).await
    }

    async fn before(server: Address, role: &str) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let door = Door { server, role: role.to_owned(), sessions: Semaphore::new(SESSIONS) };
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(listen(listener, Arc::new(door), stopped));
        Ok(Self { address, stop, task })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Closes the port and every connection through it.
    pub async fn close(self) {
        drop(self.stop);
        // The task ends by itself; that it panicked would have closed everything as well.
        let _ = self.task.await;
    }
}

/// Where the server listens.
#[cfg(unix)]
type Address = std::path::PathBuf;
#[cfg(windows)]
type Address = SocketAddr;

/// What every connection needs to know.
struct Door {
    server: Address,
    role: String,
    sessions: Semaphore,
}

async fn listen(listener: TcpListener, door: Arc<Door>, mut stopped: oneshot::Receiver<()>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            _ = &mut stopped => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((client, _)) if connections.len() < CONNECTIONS => {
                    // Only speed is lost where it cannot be set.
                    let _ = client.set_nodelay(true);
                    let door = Arc::clone(&door);
                    connections.spawn(async move { door.serve(client).await });
                }
                Ok(_) => tracing::warn!("a connection was dropped: {CONNECTIONS} are open"),
                Err(cause) => {
                    tracing::warn!("no connection could be accepted: {cause}");
                    // Out of file descriptors, as a rule; one must become free first.
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            },
        }
    }
    drop(listener);
    connections.shutdown().await;
}

/// How a connection goes on after its first packet, which is passed on as it came.
enum Opened {
    Session(Vec<u8>),
    Cancel(Vec<u8>),
    Refused(Refusal),
}

impl Door {
    async fn serve(&self, mut client: impl AsyncRead + AsyncWrite + Unpin) {
        // A client that has gone, or does not say in time who it is, is owed no answer.
        let Ok(Ok(opened)) = timeout(PATIENCE, self.open(&mut client)).await else { return };
        let refusal = match opened {
            Opened::Session(packet) => match self.session(&mut client, &packet).await {
                Ok(()) => return,
                Err(refusal) => refusal,
            },
            Opened::Cancel(packet) => {
                let _ = timeout(PATIENCE, self.cancel(&packet)).await;
                return;
            }
            Opened::Refused(refusal) => refusal,
        };
        tracing::debug!("a connection was refused: {refusal}");
        let _ = timeout(FAREWELL, refuse(&mut client, refusal)).await;
    }

    async fn open(&self, client: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> io::Result<Opened> {
        let (mut ssl, mut gss) = (false, false);
        loop {
            let Some(packet) = receive(client).await? else {
                return Ok(Opened::Refused(Refusal::Malformed));
            };
            let declined = match startup::read(&packet, &self.role) {
                Ok(Request::Session) => return Ok(Opened::Session(packet)),
                Ok(Request::Cancel) => return Ok(Opened::Cancel(packet)),
                Ok(Request::Ssl) => &mut ssl,
                Ok(Request::Gss) => &mut gss,
                Err(refusal) => return Ok(Opened::Refused(refusal)),
            };
            if std::mem::replace(declined, true) {
                return Ok(Opened::Refused(Refusal::Malformed));
            }
            client.write_all(b"N").await?;
        }
    }

    /// Carries a session to its end.
    async fn session(
        &self,
        client: &mut (impl AsyncRead + AsyncWrite + Unpin),
        packet: &[u8],
    ) -> Result<(), Refusal> {
        let Ok(_place) = self.sessions.try_acquire() else { return Err(Refusal::Full(SESSIONS)) };
        let mut server = self.dial(packet).await.map_err(|_| Refusal::Unreachable)?;
        let (mut from_server, mut to_server) = server.split();
        let (mut from_client, mut to_client) = tokio::io::split(client);
        let up = async {
            let _ = copy(&mut from_client, &mut to_server).await;
            // The client says no more; the server may still have something to say, and ends the session.
            let _ = to_server.shutdown().await;
            std::future::pending::<()>().await;
        };
        tokio::select! {
            _ = copy(&mut from_server, &mut to_client) => {}
            () = up => {}
        }
        let _ = to_client.shutdown().await;
        Ok(())
    }

    /// Hands a cancel request over and waits until the server, which never answers one, has taken it.
    async fn cancel(&self, packet: &[u8]) -> io::Result<()> {
        let mut server = self.dial(packet).await?;
        copy(&mut server, &mut sink()).await?;
        Ok(())
    }

    async fn dial(&self, packet: &[u8]) -> io::Result<Stream> {
        let mut server = Stream::connect(&self.server).await?;
        server.write_all(packet).await?;
        Ok(server)
    }
}

/// The next packet, its length included; `None` where it cannot be one.
async fn receive(client: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<Vec<u8>>> {
    let mut head = [0; 4];
    client.read_exact(&mut head).await?;
    let Some(length) = startup::length(head) else { return Ok(None) };
    let mut packet = vec![0; length];
    packet[..head.len()].copy_from_slice(&head);
    client.read_exact(&mut packet[head.len()..]).await?;
    Ok(Some(packet))
}

/// Says why, and listens until the client hangs up: closing a connection with something unread in it takes back what was
/// said last.
async fn refuse(client: &mut (impl AsyncRead + AsyncWrite + Unpin), refusal: Refusal) -> io::Result<()> {
    client.write_all(&refusal.message()).await?;
    client.shutdown().await?;
    copy(&mut client.take(1024 * 1024), &mut sink()).await?;
    Ok(())
}

#[cfg(all(test, unix))]
#[allow(clippy::unwrap_used, reason = "a failing expectation is a failing test")]
mod tests {
    use tokio::io::{DuplexStream, duplex};
    use tokio::net::UnixListener;

    use super::startup::tests::{packet, startup};
    use super::*;

    const ROLE: &str = "drydock_exec_0123456789abcdef";
    const SSL: u32 = 80_877_103;
    const GSS: u32 = 80_877_104;
    const CANCEL: u32 = 80_877_102;

    /// A door to a server of the test's own.
    fn door(sessions: usize) -> (Arc<Door>, UnixListener, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join(".s.PGSQL.5432");
        let server = UnixListener::bind(&socket).unwrap();
        let door = Door { server: socket, role: ROLE.to_owned(), sessions: Semaphore::new(sessions) };
        (Arc::new(door), server, folder)
    }

    fn connect(door: &Arc<Door>) -> DuplexStream {
        let (client, end) = duplex(64 * 1024);
        let door = Arc::clone(door);
        tokio::spawn(async move { door.serve(end).await });
        client
    }

    /// What a client that begins with `bytes` is told until the connection ends.
    async fn answer(door: &Arc<Door>, bytes: &[u8]) -> Vec<u8> {
        let mut client = connect(door);
        client.write_all(bytes).await.unwrap();
        let mut answer = Vec::new();
        client.read_to_end(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test]
    async fn a_session_passes_both_ways_to_its_end() {
        let (door, server, _folder) = door(1);
        let mut client = connect(&door);
        let hello = startup(&[("user", ROLE)]);
        client.write_all(&hello).await.unwrap();
        let (mut backend, _) = server.accept().await.unwrap();
        let mut seen = vec![0; hello.len()];
        backend.read_exact(&mut seen).await.unwrap();
        assert_eq!(seen, hello, "the packet arrives as it was sent");
        backend.write_all(b"R").await.unwrap();
        assert_eq!(client.read_u8().await.unwrap(), b'R');
        client.write_all(b"X").await.unwrap();
        client.shutdown().await.unwrap();
        let mut rest = Vec::new();
        backend.read_to_end(&mut rest).await.unwrap();
        assert_eq!(rest, b"X");
        backend.write_all(b"the end").await.unwrap();
        drop(backend);
        let mut rest = Vec::new();
        client.read_to_end(&mut rest).await.unwrap();
        assert_eq!(rest, b"the end", "what the server says after the client's last word arrives");
    }

    /// A pool may keep a dead connection for hours; its place must not wait for that.
    #[tokio::test]
    async fn a_session_that_the_server_ends_gives_its_place_back() {
        let (door, server, _folder) = door(1);
        let hello = startup(&[("user", ROLE)]);
        for _ in 0..3 {
            let mut client = connect(&door);
            client.write_all(&hello).await.unwrap();
            let (mut backend, _) = server.accept().await.unwrap();
            backend.read_exact(&mut vec![0; hello.len()]).await.unwrap();
            drop(backend);
            // The client has not hung up.
            assert_eq!(client.read(&mut [0]).await.unwrap(), 0);
            while door.sessions.available_permits() == 0 {
                tokio::task::yield_now().await;
            }
        }
    }

    #[tokio::test]
    async fn encryption_is_declined_once_each() {
        let (door, server, _folder) = door(1);
        let (ssl, gss) = (packet(SSL, &[]), packet(GSS, &[]));
        for wishes in [[&ssl[..], &gss], [&gss, &ssl]] {
            let mut client = connect(&door);
            let mut answer = [0; 2];
            client.write_all(&wishes.concat()).await.unwrap();
            client.read_exact(&mut answer).await.unwrap();
            assert_eq!(&answer, b"NN");
            client.write_all(&startup(&[("user", ROLE)])).await.unwrap();
            drop(server.accept().await.unwrap());
        }
        let twice = answer(&door, &[ssl.clone(), ssl].concat()).await;
        assert_eq!(twice, [b"N".to_vec(), Refusal::Malformed.message()].concat());
    }

    #[tokio::test]
    async fn who_is_not_admitted_is_told_and_never_reaches_the_server() {
        let (door, server, _folder) = door(1);
        let too_long = u32::MAX.to_be_bytes();
        for (bytes, refusal) in [
            (startup(&[("user", "postgres")]), Refusal::OtherRole),
            (startup(&[("user", ROLE), ("replication", "database")]), Refusal::Replication),
            (packet(2 << 16, &[]), Refusal::Version),
            (packet(3 << 16, b"user"), Refusal::Malformed),
            (too_long.to_vec(), Refusal::Malformed),
            ([&too_long[..], &[7; 30_000]].concat(), Refusal::Malformed),
        ] {
            assert_eq!(answer(&door, &bytes).await, refusal.message(), "{refusal}");
        }
        assert!(timeout(Duration::ZERO, server.accept()).await.is_err());
    }

    #[tokio::test]
    async fn more_sessions_than_there_are_places_are_refused_and_a_cancel_request_is_not() {
        let (door, server, _folder) = door(1);
        let hello = startup(&[("user", ROLE)]);
        let mut client = connect(&door);
        client.write_all(&hello).await.unwrap();
        let (_backend, _) = server.accept().await.unwrap();
        assert_eq!(answer(&door, &hello).await, Refusal::Full(SESSIONS).message());

        let cancel = packet(CANCEL, &[1, 2, 3, 4, 5, 6, 7, 8]);
        let mut canceller = connect(&door);
        canceller.write_all(&cancel).await.unwrap();
        let (mut backend, _) = server.accept().await.unwrap();
        let mut seen = vec![0; cancel.len()];
        backend.read_exact(&mut seen).await.unwrap();
        assert_eq!(seen, cancel);
        drop(backend);
        assert_eq!(canceller.read(&mut [0]).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn a_server_that_is_gone_is_said() {
        let (door, server, _folder) = door(1);
        drop(server);
        let answer = answer(&door, &startup(&[("user", ROLE)])).await;
        assert_eq!(answer, Refusal::Unreachable.message());
    }

    #[tokio::test(start_paused = true)]
    async fn who_says_nothing_is_not_waited_for() {
        let (door, _server, _folder) = door(1);
        for beginning in [&b""[..], &[0, 0], &packet(SSL, &[]), &startup(&[("user", ROLE)])[..20]] {
            let before = tokio::time::Instant::now();
            answer(&door, beginning).await;
            assert_eq!(before.elapsed().as_secs(), PATIENCE.as_secs(), "{beginning:?}");
        }
    }

    /// One that is told so and does not hang up is not waited for either.
    #[tokio::test(start_paused = true)]
    async fn a_refused_client_has_a_moment_to_read_why() {
        let (door, _server, _folder) = door(1);
        let (mut client, end) = duplex(1024);
        client.write_all(&startup(&[("user", "postgres")])).await.unwrap();
        let before = tokio::time::Instant::now();
        door.serve(end).await;
        assert_eq!(before.elapsed().as_secs(), FAREWELL.as_secs());
    }
}
