//! Nothing of Drydock can be reached from another machine: its default users' passwords are known to everybody.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

use axum::{body::Body, extract::ConnectInfo};
use drydock_api::loopback::LoopbackAddress;
use drydock_boot::listen;

use crate::app::{App, request};

#[test]
fn a_door_takes_an_address_of_this_machine_and_no_other() {
    for inside in ["127.0.0.1:80", "127.1.2.3:80", "[::1]:80"] {
        assert!(LoopbackAddress::try_from(inside.parse::<SocketAddr>().unwrap()).is_ok(), "{inside}");
    }
    for outside in
        ["0.0.0.0:80", "192.168.1.7:80", "10.0.0.1:80", "[::]:80", "[fe80::1]:80", "[2001:db8::1]:80"]
    {
        let error = LoopbackAddress::try_from(outside.parse::<SocketAddr>().unwrap()).unwrap_err();
        assert!(error.to_string().contains("other machines"), "{error}");
    }
}

#[tokio::test]
async fn the_listener_is_bound_to_the_loopback_interface() {
    let app = App::new().await;
    let listener = listen(app.router.clone(), app.turned_away.clone(), 0, None).await.unwrap();
    let address = listener.address();
    assert_eq!(address.ip(), Ipv4Addr::LOCALHOST);
    #[cfg(target_os = "linux")]
    {
        // The kernel's own word on it: state 0A is listening, the address is in the machine's byte order.
        let port = format!(":{:04X}", address.port());
        let table =
            ["/proc/net/tcp", "/proc/net/tcp6"].map(|file| std::fs::read_to_string(file).unwrap()).concat();
        let bound: Vec<&str> = table
            .lines()
            .map(|line| line.split_whitespace().collect::<Vec<_>>())
            .filter(|columns| columns.len() > 3 && columns[1].ends_with(&port) && columns[3] == "0A")
            .filter_map(|columns| columns[1].split(':').next())
            .map(|found| if found == "0100007F" { "127.0.0.1" } else { "elsewhere" })
            .collect();
        assert_eq!(bound, ["127.0.0.1"]);
    }
    listener.close().await;
}

/// Whoever builds a door without the guard still gives no default user and no first account to a caller elsewhere.
#[tokio::test]
async fn a_peer_elsewhere_gets_no_default_user_and_no_first_account() {
    let app = App::new().await;
    let calls = [("GET", "/api/v1/demo/accounts", 200), ("POST", "/api/v1/setup", 400)];
    for (method, path, here) in calls {
        for (peer, status) in
            [("127.0.0.1:5000", here), ("203.0.113.5:5000", 403), ("[2001:db8::1]:5000", 403)]
        {
            let mut asked = request(method, path, &[("content-type", "application/json")], Body::empty());
            asked.extensions_mut().insert(ConnectInfo(peer.parse::<SocketAddr>().unwrap()));
            let answer = app.send(asked).await;
            assert_eq!(answer.status, status, "{path} from {peer}: {answer:?}");
            if status == 403 {
                assert_eq!(answer.error(), (403, "door.peer_refused"));
            }
        }
    }
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Whatever listens binds 127.0.0.1 by a constant.
#[test]
fn whatever_listens_listens_on_this_machine_alone() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files = Vec::new();
    for package in std::fs::read_dir(root.join("crates")).unwrap() {
        sources(&package.unwrap().path().join("src"), &mut files);
    }
    sources(&root.join("src-tauri/src"), &mut files);
    let mut listening = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(!text.contains("UNSPECIFIED") && !text.contains("UdpSocket"), "{}", file.display());
        for (at, _) in text.match_indices("TcpListener::bind") {
            assert!(
                text[at..].starts_with("TcpListener::bind((Ipv4Addr::LOCALHOST, "),
                "{}: {}",
                file.display(),
                text[at..].lines().next().unwrap()
            );
            listening.push(file.strip_prefix(&root).unwrap().display().to_string());
        }
        assert!(!text.contains("TcpSocket"), "{}", file.display());
    }
    assert!(
        listening.iter().any(|file| file == "crates/boot/src/listen.rs"),
        "the door is not among {listening:?}"
    );
}
