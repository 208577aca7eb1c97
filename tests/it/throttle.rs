//! How fast sign-in may be tried for one address, known or not.

use drydock_store::Store;
use serde_json::json;

use crate::app::{ANALYST, Answer, App, DEMO, post};

/// As if so much time had passed since the last attempt.
fn pass(app: &App, time: &str) {
    let _ = app.database.sql(&format!(
        "update migration.sign_in_attempts
         set last_failed_at = last_failed_at - interval '{time}', blocked_until = blocked_until - interval '{time}'"
    ));
}

/// Makes a wait that runs one of ten minutes, so that it doesn't end while a busy machine takes its time.
fn hold(app: &App) {
    let _ = app.database.sql(
        "update migration.sign_in_attempts set blocked_until = last_failed_at + interval '10 minutes'
         where blocked_until > last_failed_at",
    );
}

/// Seconds that the wait of the only address was made with.
fn made(app: &App) -> u64 {
    let seconds =
        "select round(extract(epoch from blocked_until - last_failed_at)) from migration.sign_in_attempts";
    app.database.sql(seconds).parse().unwrap()
}

fn wait_of(answer: &Answer) -> u64 {
    assert_eq!(answer.error(), (429, "auth.throttled"));
    let seconds = answer.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert_eq!(answer.body["retry_after"], seconds);
    seconds
}

#[tokio::test]
async fn after_five_failures_each_further_one_doubles_the_wait_for_known_and_unknown_alike() {
    let app = App::new().await;
    let mut answers = Vec::new();
    for email in [DEMO.0, "nobody@example.com"] {
        let mut told = Vec::new();
        for _ in 0..5 {
            told.push(app.sign_in((email, "wrong")).await);
        }
        let mut waits = Vec::new();
        for _ in 0..11 {
            waits.push(made(&app));
            hold(&app);
            // The right password is not looked at either, and insisting makes nothing longer.
            for password in ["wrong", DEMO.1, "wrong"] {
                let answer = app.sign_in((email, password)).await;
                assert!((500..=600).contains(&wait_of(&answer)), "{answer:?}");
                told.push(answer);
            }
            pass(&app, "601 seconds");
            told.push(app.sign_in((email, "wrong")).await);
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300], "{email}");
        for answer in &mut told {
            for key in ["request_id", "retry_after", "detail"] {
                answer.body[key] = json!(null);
            }
        }
        let _ = app.database.sql("delete from migration.sign_in_attempts");
        answers.push(told.into_iter().map(|answer| (answer.status, answer.body)).collect::<Vec<_>>());
    }
    assert_eq!(answers[0], answers[1]);
}

#[tokio::test]
async fn a_success_or_an_hour_of_quiet_makes_all_forgotten() {
    let app = App::new().await;
    for _ in 0..5 {
        assert_eq!(app.sign_in((DEMO.0, "wrong")).await.status, 401);
    }
    hold(&app);
    assert_eq!(app.sign_in(DEMO).await.status, 429);
    assert_eq!(app.sign_in(ANALYST).await.status, 200, "somebody else has to wait");
    pass(&app, "10 minutes");
    assert_eq!(app.sign_in(DEMO).await.status, 200, "the owner is kept out");
    assert_eq!(app.database.sql("select count(*) from migration.sign_in_attempts"), "0");

    for _ in 0..7 {
        pass(&app, "5 minutes");
        assert_eq!(app.sign_in((DEMO.0, "wrong")).await.status, 401);
    }
    pass(&app, "61 minutes");
    for _ in 0..5 {
        assert_eq!(app.sign_in((DEMO.0, "wrong")).await.status, 401);
    }
    hold(&app);
    assert_eq!(app.sign_in((DEMO.0, "wrong")).await.status, 429);
}

#[tokio::test]
async fn of_many_at_once_no_more_are_looked_at_than_one_after_another() {
    let app = App::new().await;
    let tries = (0..40).map(|n| {
        let router = app.router.clone();
        tokio::spawn(async move {
            let body = json!({ "email": DEMO.0, "password": format!("guess {n}") });
            post(router, "/api/v1/auth/login", &[], &body).await.status.as_u16()
        })
    });
    let mut statuses = Vec::new();
    for answered in tries.collect::<Vec<_>>() {
        statuses.push(answered.await.unwrap());
    }
    // The machine may be so busy that a wait of a second or two ends meanwhile.
    let looked_at = statuses.iter().filter(|status| **status == 401).count();
    assert!((5..=10).contains(&looked_at), "{looked_at} of {statuses:?}");
    assert!(statuses.iter().all(|status| [401, 429].contains(status)), "{statuses:?}");
}

/// The counter is a row, so a new process finds it: here another store on the same database.
#[tokio::test]
async fn a_restart_forgets_nothing() {
    let app = App::new().await;
    for _ in 0..5 {
        assert_eq!(app.sign_in((DEMO.0, "wrong")).await.status, 401);
    }
    hold(&app);
    let restarted = Store::open(app.database.target());
    let answer = restarted.sign_in(DEMO.0, DEMO.1, &drydock_store::audit::Origin::default()).await;
    let Err(error) = answer else { panic!("it was let in") };
    assert_eq!(error.code().as_str(), "auth.throttled");
    restarted.close().await;
}

#[tokio::test]
async fn the_log_tells_of_each_wait_once_and_the_profile_counts_failures() {
    let app = App::new().await;
    for _ in 0..5 {
        app.sign_in((DEMO.0, "wrong")).await;
    }
    hold(&app);
    for _ in 0..3 {
        assert_eq!(app.sign_in(DEMO).await.status, 429);
    }
    assert_eq!(
        app.database.sql(
            "select event_type, count(*) from migration.security_audit_logs group by 1 order by 1;
             select failed_login_attempts, last_failed_login is not null from migration.user_profiles p
             join migration.users u on u.id = p.user_id where email = 'demo@demo-corp.com'"
        ),
        "sign_in.failed|5\nsign_in.throttled|1\n5|t"
    );
}

#[tokio::test]
async fn the_current_password_cannot_be_guessed_faster_than_at_the_door() {
    let app = App::new().await;
    let bearer = app.bearer(ANALYST).await;
    let headers = [("authorization", bearer.as_str())];
    let change = json!({ "current_password": "wrong", "new_password": "a long enough one" });
    for _ in 0..5 {
        let answer = app.post("/api/v1/auth/change-password", &headers, &change).await;
        assert_eq!(answer.error(), (422, "request.invalid"));
    }
    hold(&app);
    wait_of(&app.post("/api/v1/auth/change-password", &headers, &change).await);
    wait_of(&app.sign_in(ANALYST).await);
    assert_eq!(app.get("/api/v1/auth/me", &headers).await.status, 200, "who is signed in stays so");
}

/// An attacker with many made-up addresses must not push out what is remembered of one.
#[tokio::test]
async fn what_is_remembered_is_bounded_and_goes_by_failures() {
    let app = App::new().await;
    for _ in 0..5 {
        app.sign_in((DEMO.0, "wrong")).await;
    }
    let _ = app.database.sql(
        "insert into migration.sign_in_attempts (address_hash, failures, last_failed_at, blocked_until)
         select sha256(n::text::bytea), 1, now(), now() from generate_series(1, 12000) n;
         insert into migration.sign_in_attempts (address_hash, failures, last_failed_at, blocked_until)
         select sha256((-n)::text::bytea), 9, now() - interval '2 hours', now() from generate_series(1, 10) n",
    );
    assert_eq!(app.sign_in(("nobody@example.com", "wrong")).await.status, 401);
    assert_eq!(
        app.database.sql("select count(*), max(failures) from migration.sign_in_attempts"),
        "10000|5",
        "the most failures stay, what is over goes"
    );
}
