#![allow(clippy::unwrap_used, reason = "a test may")]

use proptest::prelude::*;

use super::{Consumer, Flaw, HIDDEN, Outcome, Secrets, ServerTls, read, redact};

/// What a consumer does, shortened: `ok`, `misread: …`, or the error.
fn does(consumer: Consumer, text: &str, tls: ServerTls) -> String {
    match consumer.reads(text, tls, Secrets::Shown) {
        Outcome::Accepted { .. } => "ok".to_owned(),
        Outcome::Misread { reads } => format!("misread: {reads}"),
        Outcome::Refused { error } => error,
    }
}

macro_rules! row {
    ($url:expr, [$($cell:expr),* $(,)?] $(,)?) => {
        (String::from($url), [$(String::from($cell)),*])
    };
}

/// One row per form, in the order of [`Consumer::ALL`]; each text was taken from a run of the real thing.
#[test]
fn each_consumer_does_with_a_form_what_the_real_one_did() {
    const NO_POSTGRES: &str = "Can't load plugin: sqlalchemy.dialects:postgres";
    const GREENLET: &str = "greenlet_spawn has not been called; can't call await_() here.";
    const NOT_ASYNC: &str =
        "The asyncio extension requires an async driver to be used. The loaded 'psycopg2' is not async.";
    const NO_URL: &str = "Could not parse SQLAlchemy URL from given URL string";
    const NO_BASE: &str = "error with configuration: relative URL without a base";
    let missing = |url: &str| format!("missing \"=\" after \"{url}\" in connection info string");
    let scheme = |name: &str| {
        format!("invalid DSN: scheme is expected to be either \"postgresql\" or \"postgres\", got '{name}'")
    };
    let plain = |name: &str| format!("{name}://app:pw@127.0.0.1:5433/app");
    let table = [
        row!(plain("postgres"), [NO_POSTGRES, NO_POSTGRES, NO_POSTGRES, "ok", "ok", "ok"]),
        row!(plain("postgresql"), ["ok", "ok", "ok", "ok", "ok", "ok"]),
        row!(
            plain("postgresql+asyncpg"),
            [
                GREENLET,
                GREENLET,
                "ok",
                missing(&plain("postgresql+asyncpg")),
                scheme("postgresql+asyncpg"),
                "ok",
            ],
        ),
        row!(
            plain("postgresql+psycopg"),
            ["ok", "ok", "ok", missing(&plain("postgresql+psycopg")), scheme("postgresql+psycopg"), "ok"],
        ),
        row!(
            plain("postgresql+psycopg2"),
            [
                "ok",
                "ok",
                NOT_ASYNC,
                missing(&plain("postgresql+psycopg2")),
                scheme("postgresql+psycopg2"),
                "ok",
            ],
        ),
        row!(
            plain("postgresql+psycopg3"),
            [
                "Can't load plugin: sqlalchemy.dialects:postgresql.psycopg3",
                "Can't load plugin: sqlalchemy.dialects:postgresql.psycopg3",
                "Can't load plugin: sqlalchemy.dialects:postgresql.psycopg3",
                missing(&plain("postgresql+psycopg3")),
                scheme("postgresql+psycopg3"),
                "ok"
            ]
        ),
        row!(
            plain("postgres+asyncpg"),
            [
                "Can't load plugin: sqlalchemy.dialects:postgres.asyncpg",
                "Can't load plugin: sqlalchemy.dialects:postgres.asyncpg",
                "Can't load plugin: sqlalchemy.dialects:postgres.asyncpg",
                missing(&plain("postgres+asyncpg")),
                scheme("postgres+asyncpg"),
                "ok"
            ]
        ),
        row!(
            plain("mysql"),
            [
                "It loads SQLAlchemy's dialect for mysql, which does not speak to PostgreSQL.",
                "It loads SQLAlchemy's dialect for mysql, which does not speak to PostgreSQL.",
                "It loads SQLAlchemy's dialect for mysql, which does not speak to PostgreSQL.",
                missing(&plain("mysql")),
                scheme("mysql"),
                "ok"
            ]
        ),
        row!(
            plain("POSTGRESQL"),
            [
                "Can't load plugin: sqlalchemy.dialects:POSTGRESQL",
                "Can't load plugin: sqlalchemy.dialects:POSTGRESQL",
                "Can't load plugin: sqlalchemy.dialects:POSTGRESQL",
                missing(&plain("POSTGRESQL")),
                "ok",
                "ok"
            ]
        ),
        row!(
            plain("postgresql") + "?pgbouncer=true",
            [
                "invalid connection option \"pgbouncer\"",
                "invalid connection option \"pgbouncer\"",
                "invalid connection option \"pgbouncer\"",
                "invalid URI query parameter: \"pgbouncer\"",
                "unrecognized configuration parameter \"pgbouncer\"",
                "ok",
            ]
        ),
        row!(
            plain("postgresql") + "?sslmode=required",
            [
                "invalid sslmode value: \"required\"",
                "invalid sslmode value: \"required\"",
                "invalid sslmode value: \"required\"",
                "invalid sslmode value: \"required\"",
                "`sslmode` parameter must be one of: disable, allow, prefer, require, verify-ca, verify-full",
                "error with configuration: error with configuration: unknown value \"required\" for `ssl_mode`",
            ]
        ),
        row!(
            plain("postgresql") + "?ssl=true",
            [
                "invalid connection option \"ssl\"",
                "invalid connection option \"ssl\"",
                "invalid connection option \"ssl\"",
                "ok",
                "unrecognized configuration parameter \"ssl\"",
                "ok"
            ]
        ),
        row!(
            plain("postgresql+asyncpg") + "?sslmode=require",
            [
                "connect() got an unexpected keyword argument 'sslmode'",
                "connect() got an unexpected keyword argument 'sslmode'",
                "connect() got an unexpected keyword argument 'sslmode'",
                "invalid connection option \"postgresql+asyncpg://app:pw@127.0.0.1:5433/app?sslmode\"",
                scheme("postgresql+asyncpg"),
                "ok"
            ]
        ),
        row!(
            "postgresql://app:p@ss:w/rd#1%2@127.0.0.1:5433/app",
            [
                "invalid literal for int() with base 10: 'w'",
                "invalid literal for int() with base 10: 'w'",
                "invalid literal for int() with base 10: 'w'",
                "invalid percent-encoded token: \"rd#1%2@127.0.0.1:5433/app\"",
                "invalid literal for int() with base 10: 'w'",
                "error with configuration: invalid port number",
            ]
        ),
        row!(
            "postgresql://app:p%40ss%3Aw%2Frd%231%252@127.0.0.1:5433/app",
            ["ok", "ok", "ok", "ok", "ok", "ok"]
        ),
        row!("postgresql://app:p:ss@127.0.0.1:5433/app", ["ok", "ok", "ok", "ok", "ok", "ok"]),
        row!(
            "postgresql://app:p@ss@127.0.0.1:5433/app",
            [
                "misread: It looks for the host \"ss@127.0.0.1\".",
                "misread: It looks for the host \"ss@127.0.0.1\".",
                "misread: It looks for the host \"ss@127.0.0.1\".",
                "misread: It looks for the host \"ss@127.0.0.1\".",
                "misread: It looks for the host \"ss@127.0.0.1\".",
                "ok"
            ]
        ),
        row!(
            "postgresql://app:p/ss@127.0.0.1:5433/app",
            [
                "ok",
                "ok",
                "ok",
                "invalid integer value \"p\" for connection option \"port\"",
                "invalid literal for int() with base 10: 'p'",
                "error with configuration: invalid port number"
            ]
        ),
        row!(
            "postgresql://app:pa%ss@127.0.0.1:5433/app",
            ["ok", "ok", "ok", "invalid percent-encoded token: \"pa%ss\"", "ok", "ok"]
        ),
        row!("", [NO_URL, NO_URL, NO_URL, "ok", "ok", NO_BASE]),
        row!(
            "\"postgresql://app:pw@h/app\"",
            [NO_URL, NO_URL, NO_URL, missing("\"postgresql://app:pw@h/app\""), scheme(""), NO_BASE]
        ),
        row!(
            "${{Postgres.DATABASE_URL}}",
            [NO_URL, NO_URL, NO_URL, missing("${{Postgres.DATABASE_URL}}"), scheme(""), NO_BASE]
        ),
        row!(
            plain("postgresql") + "\n",
            [
                "misread: database \"app\\n\" does not exist",
                "misread: database \"app\\n\" does not exist",
                "misread: database \"app\\n\" does not exist",
                "misread: database \"app\\n\" does not exist",
                "ok",
                "ok"
            ]
        ),
        row!("postgresql://app:pw@[::1]:5433/app", ["ok", "ok", "ok", "ok", "ok", "ok"]),
        row!(
            "postgresql://app:pw@::1:5433/app",
            [
                "invalid literal for int() with base 10: ':1:5433'",
                "invalid literal for int() with base 10: ':1:5433'",
                "invalid literal for int() with base 10: ':1:5433'",
                "invalid integer value \":1:5433\" for connection option \"port\"",
                "invalid literal for int() with base 10: ':1:5433'",
                "error with configuration: empty host",
            ]
        ),
        row!(
            "postgresql://app:pw@127.0.0.1:99999/app",
            [
                "invalid port number: \"99999\"",
                "invalid port number: \"99999\"",
                "invalid port number: \"99999\"",
                "invalid port number: \"99999\"",
                "connect(): port must be 0-65535.",
                "error with configuration: invalid port number",
            ]
        ),
    ];
    for (url, cells) in &table {
        for (consumer, expected) in Consumer::ALL.into_iter().zip(cells) {
            assert_eq!(&does(consumer, url, ServerTls::Unknown), expected, "{consumer} with {url:?}");
        }
    }
}

#[test]
fn a_server_without_tls_answers_sslmode_as_the_real_one_did() {
    let url = "postgresql://app:pw@127.0.0.1:5433/app?sslmode=require";
    let ssl = "server does not support SSL, but SSL was required";
    let cells = [
        ssl,
        ssl,
        ssl,
        ssl,
        "PostgreSQL server at \"127.0.0.1:5433\" rejected SSL upgrade",
        "error occurred while attempting to establish a TLS connection: server does not support TLS",
    ];
    for (consumer, expected) in Consumer::ALL.into_iter().zip(cells) {
        assert_eq!(does(consumer, url, ServerTls::Missing), expected, "{consumer}");
    }
}

#[test]
fn the_form_for_each_consumer_is_accepted_by_it() {
    for text in [
        "postgres://app:p%40ss%3Aw%2Frd%231%252@DB.example.com/app?sslmode=require&pgbouncer=true&connect_timeout=5",
        "postgresql+asyncpg://app:p@ss:w/rd#1%2@[2001:db8::1]:5433/app",
        "postgresql://app@/app?host=/run/postgresql",
        "postgresql+psycopg3://app:pw@::1:5433/app",
        "POSTGRES://app:pw@db/app?ssl=true",
        " postgresql://app:pw@db/app\n",
    ] {
        let url = read(text).url.unwrap_or_else(|| panic!("{text}"));
        for consumer in Consumer::ALL {
            let form = url.form_for(consumer, Secrets::Shown).url;
            assert_eq!(does(consumer, &form, ServerTls::Unknown), "ok", "{consumer} with {form}");
        }
    }
}

#[test]
fn forms_are_written_as_documented() {
    let url =
        read("postgres://app:p@ss@Db.Example.com:6432/app?sslmode=require&connect_timeout=5").url.unwrap();
    assert_eq!(
        url.canonical(Secrets::Shown),
        "postgresql://app:p%40ss@db.example.com:6432/app?sslmode=require&connect_timeout=5"
    );
    let form = |consumer| url.form_for(consumer, Secrets::Hidden).url;
    assert_eq!(
        form(Consumer::SqlalchemySync21),
        "postgresql+psycopg://app:***@db.example.com:6432/app?sslmode=require&connect_timeout=5"
    );
    assert_eq!(
        form(Consumer::SqlalchemyAsync),
        "postgresql+asyncpg://app:***@db.example.com:6432/app?ssl=require"
    );
    assert_eq!(form(Consumer::Asyncpg), "postgresql://app:***@db.example.com:6432/app?sslmode=require");
    assert_eq!(form(Consumer::Sqlx), "postgres://app:***@db.example.com:6432/app?sslmode=require");
    let two = read("postgresql://a@one:1,two:2/app").url.unwrap();
    assert_eq!(two.canonical(Secrets::Shown), "postgresql://a@one:1,two:2/app");
    assert_eq!(
        two.form_for(Consumer::SqlalchemySync21, Secrets::Shown).url,
        "postgresql+psycopg://a@/app?host=one:1&host=two:2"
    );
    assert_eq!(two.form_for(Consumer::Sqlx, Secrets::Shown).url, "postgres://a@one:1/app");
}

#[test]
fn flaws_are_named() {
    let codes = |text: &str| read(text).flaws.iter().map(Flaw::code).collect::<Vec<_>>();
    assert_eq!(codes(" \n"), ["unset"]);
    assert_eq!(codes("'postgres://a@h/d'"), ["quoted"]);
    assert_eq!(codes("${{Postgres.DATABASE_URL}}"), ["unexpanded"]);
    assert_eq!(codes("postgresql://${PGUSER}:x@h/d"), ["unexpanded"]);
    assert_eq!(codes("$DATABASE_URL"), ["unexpanded"]);
    assert_eq!(codes("host=h user=a"), ["key_value"]);
    assert_eq!(codes("db.example.com"), ["not_a_url"]);
    assert_eq!(codes("mysql://a@h/d"), ["other_database"]);
    assert_eq!(codes("postgresql+psycopg3://a@h/d\n"), ["whitespace", "unknown_driver"]);
    assert_eq!(codes("postgresql://a:b#c@h/d"), ["special_characters"]);
    assert_eq!(codes("postgresql://a:b%2@h/d"), ["special_characters"]);
    assert_eq!(codes("postgresql://a:b@h:0/d"), ["port"]);
    assert_eq!(codes("postgresql://a:b@h o/d"), ["host"]);
    assert_eq!(codes("postgresql://a:b@db.example.com/d?sslmode=disable"), ["plaintext"]);
    assert_eq!(codes("postgresql://a:b@127.0.0.1/d?sslmode=disable"), [""; 0]);
    assert_eq!(codes("postgresql://a:b@db.railway.internal/d?sslmode=disable"), [""; 0]);
    assert_eq!(
        codes("postgresql://a:b@h/d?schema=x&pgbouncer"),
        ["foreign_parameter", "parameter_without_value"]
    );
    assert_eq!(codes("postgresql://a:b@h/d"), [""; 0]);
}

#[test]
fn redaction_keeps_what_identifies_the_place() {
    assert_eq!(
        redact("postgres://app:secret@db.example.com:5433/app"),
        "postgresql://app:***@db.example.com:5433/app"
    );
    assert_eq!(
        redact("postgres://app:secret@db/app?sslpassword=more"),
        "postgresql://app:***@db/app?sslpassword=***"
    );
    assert_eq!(redact("mysql://app:secret@db:3306/app"), "mysql://***@db:3306/***");
    assert_eq!(redact("postgres://app:secret"), "postgresql://***".replace("postgresql", "postgres"));
    assert_eq!(redact("host=h password=secret"), HIDDEN);
    assert_eq!(redact("\"postgres://app:secret@h/d\""), HIDDEN);
}

/// A password that can be told from everything else: whatever surrounds it, this is in the middle.
const MARK: &str = "zqxjv";

/// The mark between any characters, those included that take a URL apart.
fn password() -> impl Strategy<Value = String> {
    ("[ -~äß€]{0,6}", "[ -~äß€]{0,6}").prop_map(|(before, after)| format!("{before}{MARK}{after}"))
}

proptest! {
    #[test]
    fn no_text_is_too_strange(text in any::<String>()) {
        let _ = redact(&text);
        if let Some(url) = read(&text).url {
            for consumer in Consumer::ALL {
                let _ = url.form_for(consumer, Secrets::Shown);
            }
        }
        for consumer in Consumer::ALL {
            let _ = consumer.reads(&text, ServerTls::Missing, Secrets::Hidden);
        }
    }

    #[test]
    fn no_url_is_too_strange(text in "(postgres(ql)?|mysql)(\\+[a-z0-9]{0,9})?://[a-z:@/?#%\\[\\],&=. 0-9]{0,40}") {
        let _ = redact(&text);
        if let Some(url) = read(&text).url {
            let canonical = url.canonical(Secrets::Shown);
            let again = read(&canonical).url;
            prop_assert!(again.is_some(), "{canonical:?}");
            prop_assert_eq!(again.map(|url| url.canonical(Secrets::Shown)), Some(canonical));
        }
        for consumer in Consumer::ALL {
            let _ = consumer.reads(&text, ServerTls::Missing, Secrets::Hidden);
        }
    }

    #[test]
    fn a_password_is_never_shown(
        password in password(),
        scheme in "(postgres|postgresql|postgresql\\+asyncpg|mysql|POSTGRES)",
        tail in "(@db\\.example\\.com:5432/app|@/app|@[::1]:1/app\\?sslmode=require|@h:0x/app|@h|)",
    ) {
        let text = format!("{scheme}://app:{password}{tail}");
        // Without an @ behind it nobody can know where a password ends.
        prop_assume!(!tail.is_empty() || !password.contains(['@', '/', '?', '#']));
        prop_assert!(!redact(&text).contains(MARK), "{}", redact(&text));
        let reading = read(&text);
        for flaw in &reading.flaws {
            prop_assert!(!flaw.to_string().contains(MARK), "{flaw}");
        }
        let shown = format!("{reading:?}");
        for consumer in Consumer::ALL {
            let outcome = format!("{:?}", consumer.reads(&text, ServerTls::Missing, Secrets::Hidden));
            prop_assert!(!outcome.contains(MARK), "{consumer} with {text}: {outcome}");
            if let Some(url) = &reading.url {
                let form = url.form_for(consumer, Secrets::Hidden);
                prop_assert!(!format!("{form:?}").contains(MARK), "{form:?}");
            }
        }
        prop_assert!(!shown.contains(MARK), "{shown}");
    }

    #[test]
    fn an_unencoded_password_is_understood(password in password()) {
        // What looks like an escape is one.
        let password = password.replace('%', "");
        let text = format!("postgresql://app:{password}@db.example.com:5433/app");
        let url = read(&text).url;
        prop_assert_eq!(
            url.as_ref().and_then(|url| url.password.as_ref()).map(super::Password::reveal),
            Some(password.as_str())
        );
        prop_assert_eq!(url.and_then(|url| url.hosts.first().map(|host| host.name.clone())), Some("db.example.com".into()));
    }

    #[test]
    fn an_encoded_password_means_the_same_to_everybody(password in password(), user in "[a-zA-Z@:/ ]{1,8}") {
        let host = super::Host { name: "db.example.com".into(), port: Some(5433) };
        let made = super::DatabaseUrl::new(&user, &password, host, "app");
        let canonical = made.canonical(Secrets::Shown);
        let reading = read(&canonical);
        prop_assert_eq!(&reading.flaws, &[]);
        prop_assert_eq!(reading.url.as_ref(), Some(&made));
        for consumer in Consumer::ALL {
            prop_assert_eq!(does(consumer, &canonical, ServerTls::Unknown), "ok");
            let form = made.form_for(consumer, Secrets::Shown).url;
            prop_assert_eq!(does(consumer, &form, ServerTls::Unknown), "ok");
        }
    }
}
