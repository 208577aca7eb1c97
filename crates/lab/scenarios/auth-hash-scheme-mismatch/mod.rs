//! The program does not know the scheme of a password's hash.

use drydock_store::observe::Tool;

use crate::scenario::prelude::*;

const ARGON: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5cyBzYWx0$bm9ib2R5IGtub3dzIHRoaXMgcGFzc3dvcmQgYXQgYWxs";
const BCRYPT: &str = "$2b$12$W1m8o3c5b7d9e1f3a5c7d.eK3Jq0o1p2r3s4t5u6v7w8x9y0z1A2";

pub(crate) static SCENARIO: Scenario = Scenario {
    id: "auth-hash-scheme-mismatch",
    title: "Passwords are hashed with a scheme that the program does not read.",
    stage: Stage::Login,
    fidelity: Live("the stored hashes; what Python's libraries say of them is quoted"),
    world: World::Platform,
    cause: "Hashes were written by another version of the program, or the library that reads them was upgraded: passlib 1.7.4 reads none with bcrypt 5.",
    remedy: "Go on reading the schemes there are, and hash again with the new one when somebody signs in. Show that accounts of both kinds can, and that what their hash \
             begins with changes. Pin the library.",
    commands: &[
        Sql("SELECT left(password_hash, 10), count(*) FROM users GROUP BY 1;"),
        File("security.py: CryptContext(schemes=[\"argon2\", \"bcrypt\"], deprecated=\"auto\")"),
        File("requirements.txt: bcrypt<5"),
    ],
    band_aid: "A new password for everybody; cutting passwords off at 72 bytes without saying so.",
    source: "pyca/bcrypt issue 1082; OWASP ASVS 5.0, 6.2",
    inject: &[Step::Made(As::Owner, |_| format!("UPDATE users SET password_hash = '{ARGON}' WHERE email LIKE '%@northwind.example'"))],
    boot: Expect::Green,
    symptom: &[Step::Try(As::App, "SELECT left(password_hash, 10), count(*) FROM users GROUP BY 1 ORDER BY 1")],
    says: &["$argon2id$ | 2"],
    transcript: &[
        Quote { tool: "passlib", line: "passlib.exc.UnknownHashError: hash could not be identified" },
        Quote { tool: "bcrypt", line: "ValueError: Invalid salt" },
        Quote {
            tool: "passlib",
            line: "(trapped) error reading bcrypt version ... module 'bcrypt' has no attribute '__about__'",
        },
    ],
    cure: &[Step::Made(As::Owner, |_| {
        // As it would be after each has signed in to a program that reads both.
        format!("UPDATE users SET password_hash = '{BCRYPT}' WHERE password_hash LIKE '$argon2id$%'")
    })],
    touches: &["public.users"],
    excludes: &["mig-destructive-bootstrap", "auth-seed-missing"],
    detect,
    ..Scenario::BASE
};

fn detect(evidence: &Evidence) -> Option<Vec<String>> {
    let seen = evidence.observation.as_ref()?;
    let accounts = seen.accounts.as_ref()?;
    // Drydock, which is known by its history of seeds, reads Argon2id; the platform's program bcrypt.
    let is_ours = seen.history(Tool::Sqlx).is_some() || accounts.profile.is_some();
    let read: &[&str] = if is_ours { &["$argon2id$"] } else { &["$2a$", "$2b$", "$2y$"] };
    let unread: Vec<String> = accounts
        .hashes
        .iter()
        .filter(|(start, _)| !read.contains(&start.as_str()))
        .map(|(start, count)| format!("{count} password hashes begin with {start}, and the program reads {}", read.join(", ")))
        .collect();
    (!unread.is_empty()).then_some(unread)
}
