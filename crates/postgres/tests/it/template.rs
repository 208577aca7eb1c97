use super::*;

async fn unpacked(data: &Path, template: &Template) -> (Cluster, Initialised) {
    let data = DataDirectory::open(data, &account(), "test").unwrap();
    Cluster::initialise(&tree(), data, &account(), Some(template)).await.unwrap()
}

#[tokio::test]
async fn a_template_stands_in_for_initdb() {
    let template = template().await;
    let folder = folder();
    let (cluster, initialised) = unpacked(folder.path(), &template).await;
    assert_eq!(initialised, Initialised::Unpacked);
    assert!(!folder.path().join("log/initdb.log").exists());
    let mut server = start(&cluster).await;
    cluster.durable().await.unwrap();
    assert_eq!(names_in(folder.path()), ["cluster", "drydock.lock", "log"]);
    assert_eq!(query(&server, "select answer from kept"), "42");
    assert_eq!(query(&server, "show data_checksums"), "on");
    query(&server, "create table more as select generate_series(1, 5000) as n");
    query(&server, "vacuum analyze");
    assert_eq!(query(&server, "select count(*) from more"), "5000");
    server.stop().await.unwrap();

    let mut folders = vec![cluster.path()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            let meta = entry.metadata().unwrap();
            assert_eq!(meta.uid(), account().uid(), "{:?}", entry.path());
            assert_eq!(meta.mode() & 0o077, 0, "{:?}", entry.path());
            if meta.is_dir() {
                folders.push(entry.path());
            }
        }
    }
    drop((cluster, server));
    let (cluster, initialised) = unpacked(folder.path(), &template).await;
    assert_eq!(initialised, Initialised::Existing);
    assert_eq!(query(&start(&cluster).await, "select count(*) from more"), "5000");
}

#[tokio::test]
async fn a_template_is_known_by_its_key() {
    let template = template().await;
    assert!(Template::open(template.path(), "another").is_none());
    assert!(Template::open(&template.path().with_extension("none"), KEY).is_none());
    let folder = folder();
    let file = folder.path().join("file");
    for content in [&b""[..], b"{}", b"{\"format\":1", &[0; 3000]] {
        fs::write(&file, content).unwrap();
        assert!(Template::open(&file, KEY).is_none());
    }
}

#[tokio::test]
async fn a_damaged_template_is_passed_over() {
    let sound = fs::read(template().await.path()).unwrap();
    let folder = folder();
    passable(folder.path());
    let file = folder.path().join("template");
    let mut edited = sound.clone();
    let middle = sound.len() / 2;
    edited[middle] ^= 1;
    for (number, bytes) in [&sound[..sound.len() - 1], &edited].into_iter().enumerate() {
        fs::write(&file, bytes).unwrap();
        let template = Template::open(&file, KEY).unwrap();
        let data = folder.path().join(number.to_string());
        let (cluster, initialised) = unpacked(&data, &template).await;
        assert_eq!(initialised, Initialised::Created);
        assert_eq!(names_in(&data), ["cluster", "drydock.lock", "log"]);
        assert_eq!(query(&start(&cluster).await, "select 1"), "1");
    }
}

#[tokio::test]
async fn only_a_cluster_that_was_shut_down_is_packed() {
    let folder = folder();
    let file = folder.path().join("template");
    let (cluster, _) = cluster(folder.path()).await;
    let mut server = start(&cluster).await;
    assert_eq!(cluster.pack(KEY, &[], &file).unwrap_err().code(), "postgres.already_running");
    let exited = server.exited();
    kill(server.pid().cast_unsigned(), Signal::SIGKILL);
    exited.await;
    server.stop().await.unwrap();
    let cause = cluster.pack(KEY, &[], &file).unwrap_err();
    assert!(cause.to_string().contains("not shut down in order"), "{cause}");
    assert!(!file.exists());
    start(&cluster).await.stop().await.unwrap();
    assert_eq!(cluster.pack(KEY, &[], &file).unwrap(), fs::metadata(&file).unwrap().len());
}

#[tokio::test]
async fn an_unpacking_nobody_waits_for_leaves_a_whole_cluster_or_none() {
    let template = template().await;
    for delay in [0, 2, 10, 40] {
        let folder = folder();
        let data = DataDirectory::open(folder.path(), &account(), "test").unwrap();
        let (tree, account) = (tree(), account());
        let made = Cluster::initialise(&tree, data, &account, Some(&template));
        drop(tokio::time::timeout(Duration::from_millis(delay), made).await);
        eventually("the data directory is free", || {
            DataDirectory::open(folder.path(), &account, "test").is_ok()
        });
        let (cluster, _) = unpacked(folder.path(), &template).await;
        assert_eq!(query(&start(&cluster).await, "select answer from kept"), "42");
    }
}
