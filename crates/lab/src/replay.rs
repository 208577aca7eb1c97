//! The night that this product began with: what broke in the platform's deployment, commit by commit.

/// One deploy of that night: what broke, or what was done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Incident {
    /// When, by the clock of those who were there (UTC-4).
    pub at: &'static str,
    /// The commits.
    pub commit: &'static str,
    /// What happened.
    pub what: &'static str,
    /// The scenarios that it is, in the order in which they are played. Empty where it is none of the lab's.
    pub scenarios: &'static [&'static str],
}

/// The incidents in their order.
#[must_use]
pub fn incidents() -> &'static [Incident] {
    INCIDENTS
}

const fn incident(
    at: &'static str,
    commit: &'static str,
    what: &'static str,
    scenarios: &'static [&'static str],
) -> Incident {
    Incident { at, commit, what, scenarios }
}

static INCIDENTS: &[Incident] = &[
    incident(
        "2025-07-17 16:55",
        "d4e9c706c",
        "Relations are missing and sign-in answers 500. Migrations are added to the start-up script, and the URL is rewritten for psycopg2.",
        &["auth-rbac-tables-missing", "url-scheme-and-driver"],
    ),
    incident(
        "2025-07-17 17:24",
        "bc71137ec",
        "The health check gives up after 60 seconds of migrating and is given 300. Eight tables are still missing.",
        &["http-bind-or-port", "auth-rbac-tables-missing"],
    ),
    incident(
        "2025-07-17 21:12",
        "c71113580",
        "An emergency: tables are made with SQL of their own before the migrations run.",
        &["mig-tables-without-stamp"],
    ),
    incident(
        "2025-07-17 22:20",
        "bea9b81f2",
        "That is taken out again. Two configuration files of the hosting platform contradict each other.",
        &[],
    ),
    incident(
        "2025-07-17 23:09",
        "ec9d66552",
        "The start-up script needs bash and gets sh: \"Bad substitution\", and the migrations never ran.",
        &["mig-failed-but-serving"],
    ),
    incident(
        "2025-07-17 23:50",
        "f94510537",
        "A wrong down_revision makes two heads.",
        &["mig-multiple-heads"],
    ),
    incident(
        "2025-07-17 23:55",
        "e5cefb207",
        "Thirty attempts to connect fail. The database is there; psycopg2 is not installed.",
        &["db-not-ready"],
    ),
    incident(
        "2025-07-17 23:59",
        "f37fcac7e",
        "The second revision adds a column that is there already.",
        &["mig-tables-without-stamp"],
    ),
    incident(
        "2025-07-18 00:11",
        "63f577c1d",
        "The page's origin is refused. Production is recognised by PORT and DATABASE_URL from now on.",
        &["env-single-variable"],
    ),
    incident(
        "2025-07-18 00:26",
        "87fb4fa0a",
        "Sign-in answers 401: there are no users. The seed becomes part of the start.",
        &["auth-seed-missing"],
    ),
    incident(
        "2025-07-18 00:50",
        "a39c04b33 e6e762aa8 3ca27c456 5f2c44686",
        "A revision for user_roles is added, merged, renamed and removed: the database knows a revision that no file has.",
        &["mig-deleted-revision"],
    ),
    incident(
        "2025-07-18 01:20",
        "4cdaf68e2",
        "All revisions become one, whose id fills the 32 characters of the version column to the last.",
        &["mig-version-too-long"],
    ),
    incident(
        "2025-07-18 01:42",
        "80b25f438",
        "The version table is emptied: tables, and nothing that says who made them.",
        &["mig-tables-without-stamp"],
    ),
    incident(
        "2025-07-18 01:57",
        "287395f0e",
        "Alembic is bypassed: tables from the models, then the newest revision is stamped.",
        &["mig-stamped-without-tables"],
    ),
    incident(
        "2025-07-18 02:03",
        "5abd8ba00",
        "The schema is dropped at each start, so that every start is a first one.",
        &["mig-destructive-bootstrap"],
    ),
    incident(
        "2025-07-18 02:27",
        "e02d15f78",
        "The removed revision is still asked for: the history was in another schema.",
        &["mig-wrong-schema"],
    ),
    incident(
        "2025-07-18 02:37",
        "2168749d0 0f3c739d0 12ab5def1 04506941b",
        "Missing tables and columns are found one by one, a deploy for each.",
        &["auth-rbac-tables-missing"],
    ),
    incident(
        "2025-07-18 03:17",
        "c20af7cf7",
        "The order of foreign keys is put right, and the step that verified the schema is switched off.",
        &[],
    ),
    incident(
        "2025-07-18 18:29",
        "e02271bd4",
        "Looking at what is there takes the place of dropping it.",
        &[],
    ),
    incident(
        "2025-11-04",
        "402436788",
        "A revision was renamed again; one that bridges both names is shipped.",
        &["mig-deleted-revision"],
    ),
    incident(
        "2025-12-04",
        "7cc7f666a",
        "A migration asks for public.vector, and pgvector is elsewhere.",
        &["vec-dropped-or-hidden"],
    ),
    incident(
        "2025-12-26",
        "6d605b04e eb402a778 79b620095 6d5649534 2ccb36ef0 c08549c79",
        "Eight commits about cross-origin requests: the list, a pattern for previews, OPTIONS behind the sign-in check, and the order of the layers, first wrong, then right.",
        &["cors-origin-missing", "cors-preview-subdomain", "cors-preflight-blocked-by-middleware"],
    ),
];
