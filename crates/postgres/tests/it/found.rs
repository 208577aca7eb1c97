use super::*;

#[tokio::test]
async fn another_major_version_is_left_alone() {
    let folder = folder();
    let path = folder.path().join("cluster");
    fs::create_dir(&path).unwrap();
    fs::write(path.join("PG_VERSION"), "15\n").unwrap();
    let cause = failure(folder.path()).await;
    assert_eq!(cause.code(), "data.other_major");
    let text = cause.to_string();
    assert!(text.contains("PostgreSQL 15") && text.contains("PostgreSQL 16"), "{text}");
    assert_eq!(fs::read_dir(&path).unwrap().count(), 1);
    assert_eq!(fs::read_to_string(path.join("PG_VERSION")).unwrap(), "15\n");
}

#[tokio::test]
async fn files_that_are_no_cluster_are_left_alone() {
    let folder = folder();
    let path = folder.path().join("cluster");
    fs::create_dir(&path).unwrap();
    fs::write(path.join("thesis.txt"), "years of work").unwrap();
    assert_eq!(failure(folder.path()).await.code(), "data.damaged");
    assert_eq!(fs::read_to_string(path.join("thesis.txt")).unwrap(), "years of work");
}

#[tokio::test]
async fn a_cluster_of_somebody_else_is_left_alone() {
    let folder = folder();
    let (cluster, _) = cluster(folder.path()).await;
    let path = cluster.path();
    drop(cluster);
    if !account().is_dropped() {
        // Only root can give a folder away.
        return;
    }
    std::os::unix::fs::chown(&path, Some(4242), None).unwrap();
    let cause = failure(folder.path()).await;
    assert_eq!(cause.code(), "data.other_owner");
    assert!(cause.to_string().contains("4242"), "{cause}");
}
