use super::*;

/// The other half of the next test: holds a server until it is killed.
#[tokio::test]
#[ignore = "started by the_server_dies_with_its_parent"]
async fn hold_a_server() {
    let data = std::env::var_os("DRYDOCK_IT_DATA").expect("a folder");
    let (cluster, _) = cluster(Path::new(&data)).await;
    let server = cluster.start(|_| ()).await.unwrap();
    query(&server, "create table if not exists kept as select 1 as n");
    println!("\nserver {}", server.pid());
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn the_server_dies_with_its_parent() {
    let folder = folder();
    for signal in ["-KILL", "-TERM", "-INT"] {
        let mut parent = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "owner_gone::hold_a_server", "--ignored", "--nocapture"])
            .env("DRYDOCK_IT_DATA", folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(parent.stdout.take().unwrap()).lines();
        let pid: i32 = lines
            .map_while(Result::ok)
            .find_map(|line| line.strip_prefix("server ").map(|pid| pid.parse().unwrap()))
            .expect("the server's process id");
        assert!(alive(pid));
        Command::new("kill").args([signal, &parent.id().to_string()]).status().unwrap();
        parent.wait().unwrap();
        eventually("the server ends", || !alive(pid));
    }
    let (cluster, initialised) = cluster(folder.path()).await;
    assert_eq!(initialised, Initialised::Existing);
    assert_eq!(servers_in(&cluster.path()), Vec::<PathBuf>::new());
    assert!(!cluster.path().join("postmaster.pid").exists(), "it shut down in order");
    let server = cluster.start(|_| ()).await.unwrap();
    assert_eq!(query(&server, "select n from kept"), "1");
}
