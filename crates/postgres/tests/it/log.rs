use super::*;

#[tokio::test]
async fn the_log_speaks_in_the_error() {
    let folder = folder();
    let (cluster, _) = cluster(folder.path()).await;
    let configuration = cluster.path().join("postgresql.conf");
    let sound = fs::read_to_string(&configuration).unwrap();
    fs::write(&configuration, format!("{sound}\nno_such_setting = 1\n")).unwrap();
    let cause = cluster.start(|_| ()).await.unwrap_err();
    assert_eq!(cause.code(), "postgres.start_failed");
    let text = cause.to_string();
    assert!(text.contains("no_such_setting") && !text.contains(" UTC ["), "{text}");
    fs::write(&configuration, sound).unwrap();
    let server = cluster.start(|_| ()).await.unwrap();
    assert_eq!(query(&server, "select 1"), "1");
}

#[tokio::test]
async fn a_report_of_the_log_holds_no_values() {
    let folder = folder();
    let (cluster, _) = cluster(folder.path()).await;
    let server = cluster.start(|_| ()).await.unwrap();
    for (setting, value) in [
        ("log_error_verbosity", "terse"),
        ("log_statement", "none"),
        ("log_min_error_statement", "panic"),
        ("log_min_duration_statement", "250ms"),
        ("log_min_duration_sample", "-1"),
        ("log_transaction_sample_rate", "0"),
        ("log_parameter_max_length", "0"),
        ("log_parameter_max_length_on_error", "0"),
    ] {
        assert_eq!(query(&server, &format!("show {setting}")), value, "{setting}");
    }
    query(&server, "create table accounts (hash text check (length(hash) < 5))");
    let refused = psql(&server, "insert into accounts values ('$argon2id$secret')");
    assert!(!refused.status.success());
    let log = fs::read_to_string(cluster.data().log_file()).unwrap();
    assert!(log.contains("violates check constraint") && !log.contains("$argon2id$"), "{log}");

    // A slow statement stands in the log as it was typed, and in no report.
    query(&server, "select pg_sleep(0.3), '$argon2id$typed'");
    assert!(!server.log_tail(50).contains("argon2id"), "{}", server.log_tail(50));

    // What an earlier version has logged.
    let mut file = fs::File::options().append(true).open(cluster.data().log_file()).unwrap();
    for kind in ["DETAIL", "CONTEXT", "STATEMENT", "QUERY"] {
        let prefix = "2026-01-31 12:00:00.000 UTC [4711] ";
        write!(file, "{prefix}{kind}:  Failing row ($argon2id$secret,\n\t$argon2id$more).\n").unwrap();
    }
    writeln!(file, "2026-01-31 12:00:00.000 UTC [4711] LOG:  and on").unwrap();
    let tail = server.log_tail(50);
    assert!(tail.ends_with("LOG:  and on") && tail.contains("violates check constraint"), "{tail}");
    assert!(!tail.contains("argon2id"), "{tail}");
    // Where the part that is read begins amid such a line.
    writeln!(file, "{}", "2026-01-31 12:00:00.000 UTC [4711] LOG:  filler\n".repeat(2000)).unwrap();
    let filler = "2026-01-31 12:00:00.000 UTC [4711] LOG:  filler\n";
    let long = "$argon2id$".repeat(10_000);
    write!(file, "2026-01-31 12:00:00.000 UTC [4711] DETAIL:  {long}\n\t{long}\n{filler}").unwrap();
    assert!(!server.log_tail(50).contains("argon2id"), "{}", server.log_tail(50).len());
}

#[tokio::test]
async fn a_large_log_is_put_aside() {
    let folder = folder();
    let (cluster, _) = cluster(folder.path()).await;
    let log = cluster.data().log_file();
    fs::write(&log, "old line\n".repeat(700_000)).unwrap();
    let server = cluster.start(|_| ()).await.unwrap();
    assert!(fs::metadata(&log).unwrap().len() < 100_000);
    assert!(fs::metadata(log.with_extension("log.1")).unwrap().len() > 6_000_000);
    let tail = server.log_tail(1);
    assert!(tail.contains("ready to accept connections"), "{tail}");
}

#[tokio::test]
async fn a_log_is_bounded_while_the_server_runs() {
    let folder = folder();
    let (cluster, _) = cluster(folder.path()).await;
    let log = cluster.data().log_file();
    let server = start(&cluster).await;
    let mut file = fs::File::options().append(true).open(&log).unwrap();
    file.write_all("a line\n".repeat(800_000).as_bytes()).unwrap();
    let aside = log.with_extension("log.1");
    eventually("the log is put aside", || {
        fs::metadata(&aside).is_ok_and(|meta| meta.len() > 5_000_000)
            && fs::metadata(&log).is_ok_and(|meta| meta.len() < 100_000)
    });
    assert_eq!(fs::metadata(&aside).unwrap().mode() & 0o777, 0o600);
    assert!(!psql(&server, "select 1/0").status.success());
    let tail = server.log_tail(1);
    assert!(tail.contains("division by zero"), "{tail}");
    assert!(fs::metadata(&log).unwrap().len() < 100_000, "the server goes on at the beginning");
}
