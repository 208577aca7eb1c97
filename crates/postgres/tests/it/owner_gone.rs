use super::*;

use child::{holder, server_of};

#[tokio::test]
async fn the_server_dies_with_its_parent() {
    let folder = folder();
    let signals = [Signal::SIGKILL, Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP, Signal::SIGABRT];
    for signal in signals.map(Some).into_iter().chain([None]) {
        let mut parent = holder(folder.path());
        if signal.is_none() {
            parent.env("DRYDOCK_IT_PANIC", "1").stderr(Stdio::null());
        }
        let mut parent = parent.stdout(Stdio::piped()).spawn().unwrap();
        let pid = server_of(&mut parent);
        match signal {
            Some(signal) => {
                assert!(alive(pid));
                kill(parent.id(), signal);
                assert_eq!(parent.wait().unwrap().signal(), Some(signal as i32));
            }
            None => assert_eq!(parent.wait().unwrap().code(), Some(101), "it panicked"),
        }
        eventually("the server ends", || !alive(pid));
    }
    let (cluster, initialised) = cluster(folder.path()).await;
    assert_eq!(initialised, Initialised::Existing);
    assert_eq!(servers_in(&cluster.path()), Vec::<PathBuf>::new());
    assert!(!cluster.path().join("postmaster.pid").exists(), "it shut down in order");
    let server = start(&cluster).await;
    assert_eq!(query(&server, "select n from kept"), "1");
}
