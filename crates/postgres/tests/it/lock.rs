use super::*;

#[tokio::test]
async fn a_second_opener_is_told_who_holds_the_data() {
    let folder = folder();
    let (_cluster, _) = cluster(folder.path()).await;
    let cause = failure(folder.path()).await;
    assert_eq!(cause.code(), "data.in_use");
    let PostgresError::InUse { holder: Some(holder), .. } = &cause else { panic!("{cause}") };
    assert_eq!((holder.pid, holder.program.as_str()), (std::process::id(), "test"));
    assert!(holder.since.ends_with('Z'), "{holder:?}");
    let text = cause.to_string();
    assert!(text.contains(&std::process::id().to_string()) && text.contains(&holder.since), "{text}");
}
