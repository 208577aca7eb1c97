use super::*;

#[test]
fn a_missing_tree_says_where_it_was_looked_for() {
    let folder = folder();
    let cause = Tree::open(&folder.path().join("nothing")).unwrap_err();
    assert_eq!(cause.code(), "postgres.tree_missing");
    assert!(cause.to_string().contains("/nothing"), "{cause}");
    assert_eq!(
        Tree::locate(Some(Path::new("/nonexistent")), &[]).unwrap_err().code(),
        "postgres.tree_missing"
    );
    if std::env::var_os("DRYDOCK_POSTGRES").is_none() {
        let cause = Tree::locate(None, &["/one".into(), "/two".into()]).unwrap_err();
        let text = cause.to_string();
        assert!(text.contains("/one/postgres/") && text.contains("/two/postgres/"), "{text}");
    }
}

#[test]
fn a_damaged_tree_names_the_file() {
    let folder = folder();
    let copy = copy_of_tree(&folder.path().join("tree"));
    let opened = Tree::open(&copy).unwrap();
    assert_eq!(opened.version(), tree().version());
    let named = |file: &Path| {
        let cause = Tree::open(&copy).unwrap_err();
        assert_eq!(cause.code(), "postgres.tree_damaged");
        assert!(cause.to_string().contains(file.file_name().unwrap().to_str().unwrap()), "{cause}");
    };

    let psql = opened.program("psql");
    let file = fs::File::options().write(true).open(&psql).unwrap();
    let length = file.metadata().unwrap().len();
    file.set_len(length / 2).unwrap();
    named(&psql);
    file.set_len(length).unwrap();
    Tree::open(&copy).unwrap();

    let postgres = opened.program("postgres");
    fs::set_permissions(&postgres, fs::Permissions::from_mode(0o644)).unwrap();
    named(&postgres);
    fs::remove_file(&postgres).unwrap();
    named(&postgres);

    let manifest = copy.join("manifest.json");
    fs::write(&manifest, "{").unwrap();
    named(&manifest);
    fs::remove_file(&manifest).unwrap();
    named(&manifest);
}

#[tokio::test]
async fn a_tree_of_another_target_is_refused() {
    let folder = folder();
    let copy = copy_of_tree(&folder.path().join("tree"));
    let manifest = copy.join("manifest.json");
    let text = fs::read_to_string(&manifest).unwrap().replace(drydock_postgres::TARGET, "sparc-sun-solaris");
    fs::write(&manifest, text).unwrap();
    let cause = Tree::open(&copy).unwrap_err();
    assert!(cause.to_string().contains("sparc-sun-solaris"), "{cause}");
}

#[tokio::test]
async fn a_tree_the_account_cannot_reach_is_staged() {
    if !account().is_dropped() {
        return;
    }
    let folder = folder();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o711)).unwrap();
    let closed = folder.path().join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
    let hidden = Tree::open(&copy_of_tree(&closed.join("tree"))).unwrap();

    let base = folder.path().join("staged");
    fs::create_dir(&base).unwrap();
    fs::set_permissions(&base, fs::Permissions::from_mode(0o755)).unwrap();
    let outdated = base.join("0123456789abcdef");
    fs::create_dir(&outdated).unwrap();
    fs::write(outdated.join("manifest.json"), "{}").unwrap();
    let used = base.join("fedcba9876543210");
    fs::create_dir(&used).unwrap();
    fs::write(used.join("manifest.json"), "{}").unwrap();
    let in_use = fs::File::open(used.join("manifest.json")).unwrap();
    in_use.lock_shared().unwrap();

    let staged = hidden.staged_below(&base, &account()).unwrap();
    assert!(staged.root().starts_with(base.canonicalize().unwrap()), "{}", staged.root().display());
    assert_eq!(staged.version(), hidden.version());
    assert!(!outdated.exists(), "outdated copies go");
    assert!(used.exists(), "copies in use stay");
    let program = fs::metadata(staged.program("postgres")).unwrap();
    assert_eq!((program.uid(), program.mode() & 0o7777), (0, 0o755));

    let inode = fs::metadata(staged.program("postgres")).unwrap().ino();
    let again = hidden.staged_below(&base, &account()).unwrap();
    assert_eq!(fs::metadata(again.program("postgres")).unwrap().ino(), inode, "copied once");

    let data = DataDirectory::open(&folder.path().join("data"), &account(), "test").unwrap();
    let (cluster, _) = Cluster::initialise(&staged, data, &account(), None).await.unwrap();
    let server = cluster.start(|_| ()).await.unwrap();
    assert_eq!(query(&server, "create extension vector; select '[1]'::vector"), "[1]");

    drop(again);
    fs::write(staged.program("pg_dump"), "cut short").unwrap();
    hidden.staged_below(&base, &account()).expect("a damaged copy is replaced");
}
