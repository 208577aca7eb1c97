//! What the command is told, as `--help` shows it.

use std::{ffi::OsString, path::PathBuf};

use clap::{Args, CommandFactory as _, Parser, Subcommand, ValueEnum};
use drydock_boot::{
    DatabaseRole, Dialect, Profile, Settings,
    seed::{self, Scale},
};
use drydock_domain::{database_url::Consumer, deployment::Variables};

/// Drydock: a cloud-migration assessment platform that carries its own PostgreSQL.
#[derive(Parser)]
#[command(version, propagate_version = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Boot, and serve the API and the page on 127.0.0.1 until Ctrl-C.
    Serve {
        #[command(flatten)]
        place: Place,
        /// Port on 127.0.0.1; 0 takes any free one.
        #[arg(long, default_value_t = 0)]
        port: u16,
        /// Folder with the built page; looked for beside the program when not given.
        #[arg(long, value_name = "DIR")]
        ui: Option<PathBuf>,
        #[command(flatten)]
        environment: Environment,
    },
    /// Boot, say how each stage went, and stop.
    Check {
        #[command(flatten)]
        place: Place,
        /// Print the outcome as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Say whether Drydock runs, and how the data is. The exit code is 3 when it does not run.
    Status {
        #[command(flatten)]
        place: Place,
        /// Print it as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Open psql on the database. Boots Drydock for as long where none runs.
    Psql {
        #[command(flatten)]
        place: Place,
        /// Connect as this role.
        #[arg(long, value_enum, default_value_t = PsqlRole::Owner)]
        role: PsqlRole,
        /// What psql is told, as in `drydock psql -- -c 'select 1'`.
        #[arg(last = true, value_name = "ARGUMENT")]
        arguments: Vec<OsString>,
    },
    /// Print the end of the database server's log.
    Logs {
        #[command(flatten)]
        place: Place,
        /// How many lines.
        #[arg(short = 'n', long, value_name = "N", default_value_t = 100)]
        lines: usize,
        /// Go on printing what is added, until Ctrl-C.
        #[arg(short, long)]
        follow: bool,
    },
    /// Run a program with DATABASE_URL set to a TCP port that is open only while it runs. Boots Drydock for as long where
    /// none runs.
    Exec {
        #[command(flatten)]
        place: Place,
        /// How DATABASE_URL begins.
        #[arg(long, value_enum, default_value_t = UrlDialect::Libpq)]
        dialect: UrlDialect,
        /// The program and its arguments. No shell is involved.
        #[arg(last = true, required = true, value_name = "COMMAND")]
        command: Vec<OsString>,
    },
    /// Say what each reader of a connection URL would do with one, and the form it wants. The exit code is 1 when something is wrong
    /// with the URL.
    Url(UrlArguments),
    /// List the migrations of this build and of the database, and say what differs. The exit code is 1 when something does.
    History {
        #[command(flatten)]
        place: Place,
        /// Record this build's checksums where a migration was applied with the same text and other line ends, and nothing else
        /// differs.
        #[arg(long, conflicts_with = "json")]
        accept_line_endings: bool,
        /// Print it as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Put the database back to its seeded state. What that replaces is kept, for --undo.
    Reset {
        #[command(flatten)]
        place: Place,
        /// Bring back what the last reset, restore or undo replaced, instead.
        #[arg(long)]
        undo: bool,
        /// Do not ask.
        #[arg(long)]
        yes: bool,
    },
    /// Replace the database by a newly seeded one. What that replaces is kept, for `drydock reset --undo`.
    Seed {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        plan: SeedPlan,
        /// Do not ask.
        #[arg(long)]
        yes: bool,
        /// Print the outcome as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Save the database's state, and bring saved ones back.
    Snapshot {
        #[command(flatten)]
        place: Place,
        #[command(subcommand)]
        command: SnapshotCommand,
    },
    /// Look for what is wrong with a deployment, changing nothing: Drydock's own database, or what is named. The exit code is 0 when
    /// nothing is, 1 when something is, and 2 when it could not be looked at.
    Doctor {
        #[command(flatten)]
        ailing: Ailing,
        /// Print the findings as JSON.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        place: Place,
    },
    /// Play fault scenarios on a throw-away cluster: those named, all at once. Without any, list them.
    Lab {
        /// Ids of scenarios, or `replay` for the night that began it all.
        #[arg(value_name = "ID")]
        scenarios: Vec<String>,
        #[command(flatten)]
        judging: Judging,
        #[command(flatten)]
        place: Place,
    },
    /// Take a deployment's database into a throw-away one, and open the product on it. Nothing of your own data is touched.
    Intake {
        /// What pg_dump wrote, SQL or an archive of one file; or the URL of a database on this machine.
        #[arg(value_name = "FILE|DATABASE_URL")]
        from: String,
        /// Replace names, e-mail addresses, hosts and IP addresses, the same by the same everywhere.
        #[arg(long)]
        anonymise: bool,
        /// Keep it in this new folder, to be opened again with --data-dir; without it, it is gone at the end.
        #[arg(long, value_name = "DIR")]
        keep: Option<PathBuf>,
        /// Say what was taken in, and end.
        #[arg(long)]
        no_serve: bool,
        /// Port on 127.0.0.1; 0 takes any free one.
        #[arg(long, default_value_t = 0, conflicts_with = "no_serve")]
        port: u16,
        /// Print what was taken in as JSON.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        tree: TreePlace,
    },
    /// Print the API's OpenAPI document.
    Openapi,
    /// Pack the cluster of a first run, for installations to begin with.
    #[command(hide = true)]
    Template {
        /// Where to; left alone if it is this build's already.
        file: PathBuf,
        #[command(flatten)]
        tree: TreePlace,
    },
}

/// How scenarios are judged.
#[derive(Args)]
pub(crate) struct Judging {
    /// Play the named ones, or all of them, one after the other, and judge each by every rule.
    #[arg(long)]
    pub(crate) judge: bool,
    /// Then as many pairs at the same time.
    #[arg(long, value_name = "N", default_value_t = 0, requires = "judge")]
    pub(crate) pairs: usize,
    /// The number that the choice of pairs follows from.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Print the outcome as JSON.
    #[arg(long, requires = "judge")]
    pub(crate) json: bool,
}

/// What may be ill.
#[derive(Args)]
pub(crate) struct Ailing {
    /// URL of a database; its password is used and never shown.
    #[arg(value_name = "DATABASE_URL")]
    pub(crate) url: Option<String>,
    /// URL of an API to ask as a browser would.
    #[arg(long, value_name = "URL")]
    pub(crate) api: Option<String>,
    /// Origin of the page that calls the API, such as https://app.example.com.
    #[arg(long, value_name = "ORIGIN", requires = "api")]
    pub(crate) origin: Option<String>,
    /// File with the deployment's variables, a NAME=value on each line.
    #[arg(long, value_name = "FILE")]
    pub(crate) env_file: Option<PathBuf>,
    /// Folder with the deployment's migrations: Alembic's revisions, or SQL files of sqlx or Flyway.
    #[arg(long, value_name = "DIR")]
    pub(crate) migrations: Option<PathBuf>,
}

/// Which environment this is and who may call, said and not guessed.
#[derive(Args)]
pub(crate) struct Environment {
    /// development, test, staging or production [env: APP_ENV].
    #[arg(long, value_name = "NAME")]
    app_env: Option<String>,
    /// Origins of pages that may call the API besides its own, between commas, as in https://app.example.com [env: ALLOWED_ORIGINS].
    #[arg(long, value_name = "ORIGINS")]
    allowed_origins: Option<String>,
}

impl Environment {
    /// The two under the names of their variables.
    pub(crate) fn variables(self) -> Variables {
        [("APP_ENV", self.app_env), ("ALLOWED_ORIGINS", self.allowed_origins)]
            .into_iter()
            .filter_map(|(name, given)| {
                let value = given.or_else(|| Some(std::env::var_os(name)?.to_string_lossy().into_owned()))?;
                Some((name.to_owned(), value))
            })
            .collect()
    }
}

/// A connection URL, and what to say of it.
#[derive(Args)]
pub(crate) struct UrlArguments {
    /// The URL; without it DATABASE_URL, else standard input, which - asks for. Others on this machine can see arguments.
    pub(crate) url: Option<String>,
    /// Print the form for this one alone: sqlalchemy-2.0, sqlalchemy-2.1, sqlalchemy-async, libpq, asyncpg or sqlx.
    #[arg(long = "for", value_name = "CONSUMER", value_parser = consumer, conflicts_with_all = ["json", "without_tls"])]
    pub(crate) consumer: Option<Consumer>,
    /// The server offers no TLS.
    #[arg(long)]
    pub(crate) without_tls: bool,
    /// Print passwords too.
    #[arg(long)]
    pub(crate) show_secrets: bool,
    /// Print it as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

fn consumer(name: &str) -> Result<Consumer, String> {
    let names: Vec<&str> = Consumer::ALL.iter().map(|consumer| consumer.name()).collect();
    Consumer::named(name).ok_or_else(|| format!("it is none of {}", names.join(", ")))
}

/// What to seed with: the same values give the same rows.
#[derive(Args)]
pub(crate) struct SeedPlan {
    /// demo, qa, empty, or scale: generated assets, to measure with.
    #[arg(long, value_parser = seed_profile)]
    pub(crate) profile: Profile,
    /// The day that counts as today in the data, as in 2026-01-15; without it, today (UTC).
    #[arg(long, value_name = "DAY", value_parser = seed::read_day)]
    pub(crate) anchor: Option<time::Date>,
    /// The number that generated data follow from.
    #[arg(long, value_name = "N", default_value_t = seed::DEFAULT_NUMBER, value_parser = seed::read_number)]
    pub(crate) seed: u64,
    /// How many client accounts the profile scale has; 1 without it.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=999))]
    tenants: Option<u32>,
    /// How many assets each client account of the profile scale has; 100000 without it.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    assets: Option<u32>,
}

impl SeedPlan {
    /// How much the profile scale makes.
    ///
    /// # Errors
    /// When the profile is another and says nothing of how much: to make less or more than was asked for is worse than to refuse.
    pub(crate) fn scale(&self) -> Result<Option<Scale>, clap::Error> {
        if self.profile == Profile::Scale {
            let (tenants, assets) = (self.tenants.unwrap_or(1), self.assets.unwrap_or(100_000));
            return Ok(Some(Scale { tenants, assets }));
        }
        if self.tenants.is_none() && self.assets.is_none() {
            return Ok(None);
        }
        let what = "--tenants and --assets are for the profile scale alone";
        Err(Arguments::command().error(clap::error::ErrorKind::ArgumentConflict, what))
    }
}

fn seed_profile(name: &str) -> Result<Profile, String> {
    name.parse()
        .ok()
        .filter(|profile| *profile != Profile::Repro)
        .ok_or_else(|| "it is none of demo, qa, empty and scale".to_owned())
}

/// What to do with snapshots. Where one is asked for, its id will do, and its name if no other has it.
#[derive(Subcommand)]
pub(crate) enum SnapshotCommand {
    /// Save the present state. Works while Drydock runs, too.
    Create {
        /// What to call it.
        name: String,
        /// What to remember of it.
        #[arg(long, default_value = "", hide_default_value = true)]
        note: String,
    },
    /// List what is saved, newest first.
    List {
        /// Print it as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Replace the present state by a saved one. What that replaces is kept: `drydock reset --undo` brings it back.
    Restore {
        /// Id or name.
        snapshot: String,
        /// Do not ask.
        #[arg(long)]
        yes: bool,
    },
    /// Give a snapshot another name.
    Rename {
        /// Id or name.
        snapshot: String,
        /// The new name.
        name: String,
        /// The new note; without it the old one stays.
        #[arg(long)]
        note: Option<String>,
    },
    /// Delete a snapshot.
    Delete {
        /// Id or name.
        snapshot: String,
        /// Do not ask.
        #[arg(long)]
        yes: bool,
    },
    /// Write a snapshot to a file that another machine can import.
    Export {
        /// Id or name.
        snapshot: String,
        /// The file to make.
        file: PathBuf,
        /// Replace the file if it is there.
        #[arg(long)]
        replace: bool,
    },
    /// Add an exported file to the snapshots, after it has been verified.
    Import {
        /// The exported file.
        file: PathBuf,
    },
}

/// A role to connect as.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum PsqlRole {
    /// Owns the schema.
    Owner,
    /// As the application itself: sees one client account at a time.
    App,
    /// Reads only: sees one client account at a time.
    Readonly,
}

impl From<PsqlRole> for DatabaseRole {
    fn from(role: PsqlRole) -> Self {
        match role {
            PsqlRole::Owner => Self::Owner,
            PsqlRole::App => Self::App,
            PsqlRole::Readonly => Self::Readonly,
        }
    }
}

/// How a program wants its URL.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum UrlDialect {
    /// postgresql://
    Libpq,
    /// postgresql+asyncpg://, for SQLAlchemy
    Asyncpg,
    /// postgresql+psycopg://, for SQLAlchemy
    Psycopg,
    /// postgresql+psycopg2://, for SQLAlchemy
    Psycopg2,
    /// postgres://
    Sqlx,
}

impl From<UrlDialect> for Dialect {
    fn from(dialect: UrlDialect) -> Self {
        match dialect {
            UrlDialect::Libpq => Self::Libpq,
            UrlDialect::Asyncpg => Self::Asyncpg,
            UrlDialect::Psycopg => Self::Psycopg,
            UrlDialect::Psycopg2 => Self::Psycopg2,
            UrlDialect::Sqlx => Self::Sqlx,
        }
    }
}

/// Where things are; what is not given is taken from the environment.
#[derive(Args)]
pub(crate) struct Place {
    /// Folder for the data [env: DRYDOCK_DATA_DIR].
    #[arg(long, value_name = "DIR", global = true)]
    data_dir: Option<PathBuf>,
    #[command(flatten)]
    tree: TreePlace,
}

/// Where the PostgreSQL tree is.
#[derive(Args)]
pub(crate) struct TreePlace {
    /// The PostgreSQL tree to run [env: DRYDOCK_POSTGRES].
    #[arg(long, value_name = "DIR", global = true)]
    postgres: Option<PathBuf>,
}

impl Place {
    /// The settings of a platform that others come to know as `program`.
    pub(crate) fn settings(self, program: &'static str) -> Settings {
        let settings = self.tree.settings(program);
        Settings { data_dir: self.data_dir.or(settings.data_dir), ..settings }
    }
}

impl TreePlace {
    /// As [`Place::settings`].
    pub(crate) fn settings(self, program: &'static str) -> Settings {
        let settings = Settings::from_environment(program);
        Settings { postgres: self.postgres.or(settings.postgres), ..settings }
    }
}
