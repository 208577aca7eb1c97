//! Names, addresses and the server's answer to a request for TLS.

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpStream, lookup_host},
    time::timeout,
};

use super::UrlFacts;

/// How long a name server is waited for.
const RESOLVE: Duration = Duration::from_secs(3);
/// How long one address is.
const CONNECT: Duration = Duration::from_secs(1);
/// How many addresses are tried.
const ADDRESSES: usize = 4;
/// PostgreSQL's SSLRequest message: length 8, code 80877103.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];

/// Resolves the host, tries its addresses, and asks the first that accepts for TLS.
pub(super) async fn look(host: &str, port: u16, facts: &mut UrlFacts) {
    let resolved = match host.parse::<IpAddr>() {
        Ok(address) => vec![address],
        Err(_) => match timeout(RESOLVE, lookup_host((host, port))).await {
            Ok(Ok(found)) => {
                let once: BTreeSet<IpAddr> = found.map(|address| address.ip()).collect();
                once.into_iter().take(ADDRESSES).collect()
            }
            Ok(Err(error)) => {
                facts.unresolved = Some(error.to_string());
                return;
            }
            Err(_) => {
                facts.unresolved = Some("no name server answers".to_owned());
                return;
            }
        },
    };
    for address in resolved {
        let accepted = connect(address, port).await;
        if let Some(stream) = accepted
            && facts.tls.is_none()
        {
            facts.addresses.push((address, true));
            facts.tls = offers_tls(stream).await;
        } else {
            facts.addresses.push((address, false));
        }
    }
    let refused = !facts.addresses.iter().any(|(_, accepted)| *accepted);
    let local = facts.addresses.iter().all(|(address, _)| address.is_loopback());
    if refused && local {
        for other in [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)] {
            let tried = facts.addresses.iter().any(|(address, _)| *address == other);
            if !tried && connect(other, port).await.is_some() {
                facts.accepted_instead = Some(other);
            }
        }
    }
}

async fn connect(address: IpAddr, port: u16) -> Option<TcpStream> {
    timeout(CONNECT, TcpStream::connect(SocketAddr::new(address, port))).await.ok()?.ok()
}

async fn offers_tls(mut stream: TcpStream) -> Option<bool> {
    let ask = async {
        stream.write_all(&SSL_REQUEST).await.ok()?;
        stream.read_u8().await.ok()
    };
    match timeout(CONNECT, ask).await.ok()?? {
        b'S' => Some(true),
        b'N' => Some(false),
        _ => None,
    }
}
