use super::*;

#[test]
fn the_account_can_be_named() {
    let Ok(wanted) = std::env::var("DRYDOCK_IT_ACCOUNT") else {
        if !account().is_dropped() {
            return;
        }
        for (name, outcome) in [
            (&b"nobody"[..], "nobody"),
            (b"root", "which is root"),
            (b"no-such", "no-such, and there is no account of that name"),
            (b"4242", "4242, and there is no account of that name"),
            (b"caf\xe9", "not text"),
        ] {
            let again = Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "account::the_account_can_be_named"])
                .env("DRYDOCK_RUN_AS", OsStr::from_bytes(name))
                .env("DRYDOCK_IT_ACCOUNT", outcome)
                .output()
                .unwrap();
            assert!(again.status.success(), "{}", String::from_utf8_lossy(&again.stdout));
        }
        return;
    };
    match Account::resolve() {
        Ok(account) => assert_eq!(account.name(), wanted),
        Err(cause) => {
            assert_eq!(cause.code(), "postgres.account_unusable");
            let text = cause.to_string();
            assert!(text.contains("DRYDOCK_RUN_AS") && text.contains(&wanted), "{text}");
            assert!(cause.next_step().contains("DRYDOCK_RUN_AS"), "{}", cause.next_step());
        }
    }
}

#[test]
fn a_user_id_without_a_name_is_told() {
    if !account().is_dropped() {
        return;
    }
    // Where this program lies, only root may have access.
    let folder = folder();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o711)).unwrap();
    let copy = folder.path().join("it");
    copy_this_program(&copy);
    let again = Command::new(&copy)
        .args(["--exact", "account::say_who_we_are", "--ignored", "--nocapture"])
        .current_dir("/")
        .uid(424_242)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&again.stdout);
    assert!(text.contains("postgres.account_unusable") && text.contains("424242"), "{text}");
}

#[test]
#[ignore = "started by a_user_id_without_a_name_is_told"]
fn say_who_we_are() {
    match Account::resolve() {
        Ok(account) => println!("{}", account.name()),
        Err(cause) => println!("{} {cause} {}", cause.code(), cause.next_step()),
    }
}
