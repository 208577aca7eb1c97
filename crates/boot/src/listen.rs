//! The loopback door, opened.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
};

use axum::Router;
use drydock_api::{
    loopback::{self, LoopbackAddress},
    turned_away::TurnedAway,
};
use drydock_domain::origin::Origin;
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

/// A listener on 127.0.0.1 that serves the API, and the page where one is given.
pub struct Listener {
    address: LoopbackAddress,
    stop: oneshot::Sender<()>,
    task: JoinHandle<io::Result<()>>,
}

/// Opens the door on `port`, 0 for any free one, for its own page alone. Whom it turns away is counted in `turned_away`.
///
/// # Errors
/// When the port is taken.
pub async fn listen(
    api: Router,
    turned_away: TurnedAway,
    port: u16,
    ui: Option<&Path>,
) -> io::Result<Listener> {
    listen_for(api, turned_away, port, ui, &[]).await
}

/// As [`listen`], for the pages of `origins` besides.
///
/// # Errors
/// When the port is taken.
pub async fn listen_for(
    api: Router,
    turned_away: TurnedAway,
    port: u16,
    ui: Option<&Path>,
    origins: &[Origin],
) -> io::Result<Listener> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let address = LoopbackAddress::try_from(listener.local_addr()?).map_err(io::Error::other)?;
    let service = loopback::router(api, turned_away, address, ui, origins)
        .into_make_service_with_connect_info::<SocketAddr>();
    let (stop, stopped) = oneshot::channel::<()>();
    let task = tokio::spawn(async move {
        axum::serve(listener, service)
            .with_graceful_shutdown(async {
                // A dropped sender means the same as a sent word: nobody needs the door any more.
                let _ = stopped.await;
            })
            .await
    });
    Ok(Listener { address, stop, task })
}

impl Listener {
    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address.into()
    }

    /// Accepts nothing more and gives running requests a moment to end.
    pub async fn close(self) {
        let _ = self.stop.send(());
        let mut task = self.task;
        // A browser keeps connections open as long as it likes, so the wait has an end.
        if tokio::time::timeout(std::time::Duration::from_millis(300), &mut task).await.is_err() {
            task.abort();
        }
    }
}
