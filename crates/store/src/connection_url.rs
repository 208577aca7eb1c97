//! Holds what `domain::database_url` says of sqlx against sqlx.
#![allow(clippy::unwrap_used, reason = "a test may")]

use std::str::FromStr as _;

use drydock_domain::database_url::{Consumer, Outcome, Secrets, ServerTls, read};
use sqlx::postgres::PgConnectOptions;

const URLS: [&str; 30] = [
    "postgres://app:pw@127.0.0.1:5433/app",
    "postgresql+asyncpg://app:pw@127.0.0.1:5433/app",
    "mysql://app:pw@127.0.0.1:5433/app",
    "sqlite://app:pw@127.0.0.1:5433/app",
    "POSTGRESQL://app:pw@DB.example.com/app",
    "postgresql://app:p@ss:w/rd#1%2@127.0.0.1:5433/app",
    "postgresql://app:p%40ss%3Aw%2Frd%231%252@127.0.0.1:5433/app",
    "postgresql://app:p@ss@127.0.0.1:5433/app",
    "postgresql://app:p/ss@127.0.0.1:5433/app",
    "postgresql://app:p#ss@127.0.0.1:5433/app",
    "postgresql://app:p?ss@127.0.0.1:5433/app",
    "postgresql://app:pa%ss@127.0.0.1:5433/app",
    "postgresql://app:pw@127.0.0.1:5433/app\n",
    " postgresql://app:pw@127.0.0.1:5433/app",
    "",
    "\"postgresql://app:pw@h/app\"",
    "${{Postgres.DATABASE_URL}}",
    "postgresql://${PGUSER}:${PGPASSWORD}@${PGHOST}:5432/app",
    "postgresql://app:pw@[::1]:5433/app",
    "postgresql://app:pw@::1:5433/app",
    "postgresql://app:pw@[::1/app",
    "postgresql://app:pw@one:1,two:2/app",
    "postgresql://app@/app",
    "postgresql://app@%2Frun%2Fpostgresql/app",
    "postgresql://app:pw@127.0.0.1:99999/app",
    "postgresql://app:pw@127.0.0.1:0x/app",
    "postgresql://app:pw@h/app?sslmode=required",
    "postgresql://app:pw@h/app?sslmode=REQUIRE",
    "postgresql://app:pw@h/app?pgbouncer=true",
    "host=127.0.0.1 port=5433 user=app",
];

#[test]
fn sqlx_does_with_a_url_what_is_said_of_it() {
    for url in URLS {
        let said = Consumer::Sqlx.reads(url, ServerTls::Unknown, Secrets::Shown);
        match PgConnectOptions::from_str(url) {
            Err(error) => assert_eq!(said, Outcome::Refused { error: error.to_string() }, "{url:?}"),
            Ok(options) => {
                let meant = read(url).url;
                let Outcome::Accepted { .. } = said else {
                    // What is said to be misread must be.
                    assert!(matches!(said, Outcome::Misread { .. }), "{url:?}: {said:?}");
                    let meant = meant.unwrap();
                    let host = meant.hosts.first().map(|host| host.name.clone());
                    assert!(
                        host.as_deref() != Some(options.get_host())
                            || meant.database.as_deref() != options.get_database(),
                        "{url:?}: {said:?}"
                    );
                    continue;
                };
                // Nothing is meant by another database's scheme, and it connects all the same.
                let Some(meant) = meant else { continue };
                if let Some(host) = meant.hosts.first().filter(|host| !host.is_socket()) {
                    assert_eq!(
                        options.get_host().trim_matches(['[', ']']).to_lowercase(),
                        host.name,
                        "{url:?}"
                    );
                    assert_eq!(options.get_port(), host.port.unwrap_or(5432), "{url:?}");
                }
                assert_eq!(Some(options.get_username()), meant.user.as_deref(), "{url:?}");
                assert_eq!(options.get_database(), meant.database.as_deref(), "{url:?}");
            }
        }
    }
}

#[test]
fn the_form_for_sqlx_is_understood_by_it() {
    for url in URLS {
        let Some(meant) = read(url).url else { continue };
        let form = meant.form_for(Consumer::Sqlx, Secrets::Shown).url;
        let options = PgConnectOptions::from_str(&form).unwrap();
        assert_eq!(options.get_database(), meant.database.as_deref(), "{form}");
        assert_eq!(Some(options.get_username()), meant.user.as_deref(), "{form}");
    }
}
