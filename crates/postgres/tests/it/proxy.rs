use std::net::TcpStream;

use drydock_postgres::Proxy;

use super::*;

const ROLE: &str = "drydock_exec_0123456789abcdef";
const PASSWORD: &str = "open-sesame";

/// A server with the role, and a port for it.
async fn opened(data: &Path) -> (Cluster, Server, Proxy) {
    let (cluster, _) = cluster(data).await;
    let server = start(&cluster).await;
    query(&server, &format!("create role {ROLE} login password '{PASSWORD}'"));
    let proxy = Proxy::open(server.socket_dir(), server.port(), ROLE).await.unwrap();
    (cluster, server, proxy)
}

/// psql through the port.
fn through(proxy: &Proxy, user: &str, password: &str, sql: &str) -> Command {
    let address = proxy.address();
    let mut command = Command::new(tree().program("psql"));
    command
        .args(["-XAtqw", "-d", "postgres", "-c", sql, "-U", user, "-h", &address.ip().to_string()])
        .args(["-p", &address.port().to_string()])
        .env("PGPASSWORD", password)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

#[tokio::test(flavor = "multi_thread")]
async fn the_role_gets_in_with_its_password_and_nobody_else() {
    let folder = folder();
    let (_cluster, _server, proxy) = opened(folder.path()).await;
    assert!(proxy.address().ip().is_loopback());
    let output = through(&proxy, ROLE, PASSWORD, "select current_user").output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), ROLE, "{output:?}");
    for (user, password, why) in [
        (ROLE, "wrong", "password authentication failed"),
        (ROLE, "", "no password supplied"),
        ("postgres", PASSWORD, "open for one role only"),
        ("drydock_exec_fedcba9876543210", PASSWORD, "open for one role only"),
    ] {
        let output = through(&proxy, user, password, "select 1").output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains(why), "{user}: {said}");
    }
}

/// The account that peer authentication lets in as anybody is not let in as the role of somebody's command.
#[tokio::test]
async fn the_role_needs_its_password_over_the_socket_as_well() {
    let folder = folder();
    let (_cluster, server, _proxy) = opened(folder.path()).await;
    let over_the_socket = |password: &str| {
        let mut command = Command::new(tree().program("psql"));
        command.args(["-XAtqw", "-d", "postgres", "-c", "select current_user", "-U", ROLE, "-h"]);
        command.arg(server.socket_dir()).env("PGPASSWORD", password).output().unwrap()
    };
    let refused = over_the_socket("");
    assert!(String::from_utf8_lossy(&refused.stderr).contains("no password supplied"), "{refused:?}");
    assert!(over_the_socket(PASSWORD).status.success());
    assert_eq!(
        query(
            &server,
            "select rolpassword like 'SCRAM-SHA-256$%' from pg_authid where rolcanlogin and rolname <> 'postgres'"
        ),
        "t"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_is_broken_off_through_the_port() {
    let folder = folder();
    let (_cluster, server, proxy) = opened(folder.path()).await;
    let child = through(&proxy, ROLE, PASSWORD, "select pg_sleep(1000)").spawn().unwrap();
    let sleeps =
        format!("select count(*) from pg_stat_activity where usename = '{ROLE}' and wait_event = 'PgSleep'");
    eventually("the statement", || query(&server, &sleeps) == "1");
    nix::sys::signal::kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGINT).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(String::from_utf8_lossy(&output.stderr).contains("canceling statement"), "{output:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn closed_or_dropped_it_ends_every_connection() {
    let folder = folder();
    let (_cluster, server, proxy) = opened(folder.path()).await;
    let second = Proxy::open(server.socket_dir(), server.port(), ROLE).await.unwrap();
    let mut sleeping = Vec::new();
    for proxy in [&proxy, &second] {
        sleeping.push(through(proxy, ROLE, PASSWORD, "select pg_sleep(1000)").spawn().unwrap());
    }
    let sleeps =
        format!("select count(*) from pg_stat_activity where usename = '{ROLE}' and wait_event = 'PgSleep'");
    eventually("both statements", || query(&server, &sleeps) == "2");
    let addresses = [proxy.address(), second.address()];
    proxy.close().await;
    assert!(TcpStream::connect(addresses[0]).is_err(), "the port is closed when close() is done");
    drop(second);
    eventually("the closing of the dropped one", || TcpStream::connect(addresses[1]).is_err());
    for child in sleeping {
        let output = child.wait_with_output().unwrap();
        assert!(!output.status.success(), "{output:?}");
    }
}
