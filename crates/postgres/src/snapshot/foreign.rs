use std::fs::File;
use std::io::{self, Read as _, Seek as _};
use std::path::{Path, PathBuf};

use super::ServerAddress;
use super::dump::ended;
use super::run::{self, Run};
use super::{Progress, restore};
use crate::{PostgresError, Tree, os};

/// What a dump begins with that pg_dump wrote in its own format, and at which byte a tar archive says so.
const ARCHIVE: &[u8] = b"PGDMP";
const TAR: (usize, &[u8]) = (257, b"ustar");

/// Bytes that tell what a file is.
const HEAD: u64 = 512;

/// A dump of another server's database, made by pg_dump.
#[derive(Clone, Debug)]
pub struct ForeignDump {
    path: PathBuf,
    is_archive: bool,
}

impl ForeignDump {
    /// Dumps a database that is read from into a new file.
    ///
    /// # Errors
    /// `intake.unread` when pg_dump fails, with its words; `snapshot.cancelled`, `postgres.io`.
    pub async fn read(
        tree: &Tree,
        from: &Deployment,
        to: &Path,
        progress: &Progress,
    ) -> Result<Self, PostgresError> {
        let (tree, from, path) = (tree.clone(), from.clone(), to.to_owned());
        run::run(progress, move |run| {
            read_now(run, &tree, &from, &path)?;
            Ok(Self { path, is_archive: true })
        })
        .await
    }

    /// Looks at what the file begins with.
    ///
    /// # Errors
    /// `intake.dump_unknown` when it is no dump that can be restored, with what it is if that can be told; `postgres.io`.
    pub fn open(path: &Path) -> Result<Self, PostgresError> {
        let unknown =
            |what: &'static str| PostgresError::DumpUnknown { path: path.to_owned(), what: what.to_owned() };
        if path.is_dir() {
            return Err(unknown("it is a folder: make one file, with pg_dump --format=custom"));
        }
        let mut head = Vec::new();
        let file = File::open(path).map_err(PostgresError::io("read", path))?;
        file.take(HEAD).read_to_end(&mut head).map_err(PostgresError::io("read", path))?;
        let is_tar = head.get(TAR.0..).is_some_and(|rest| rest.starts_with(TAR.1));
        let is_archive = head.starts_with(ARCHIVE) || is_tar;
        let what = match head.as_slice() {
            [] => Some("it is empty"),
            [0x1f, 0x8b, ..] => Some("it is packed by gzip: unpack it first"),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Some("it is packed by zstd: unpack it first"),
            [b'P', b'K', 3, 4, ..] => Some("it is a zip archive: unpack it first"),
            [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => {
                Some("it is UTF-16, as PowerShell writes it with >: dump with pg_dump --file instead")
            }
            text if !is_archive && text.contains(&0) => Some("it is neither an archive of pg_dump nor SQL"),
            _ => None,
        };
        match what {
            Some(what) => Err(unknown(what)),
            None => Ok(Self { path: path.to_owned(), is_archive }),
        }
    }

    /// Restores it into an empty database as `role`, which must not be a superuser: what the file says is executed as that role, and
    /// psql takes no command of its own from it. Owners and rights stay behind.
    ///
    /// Returns what the server refused, a line each, at most as much as 16 KiB hold: a dump may name extensions and roles that are not
    /// here.
    ///
    /// # Errors
    /// `intake.restore_failed` when the program gave up; `snapshot.cancelled`, `postgres.io`.
    pub async fn restore(
        &self,
        server: &ServerAddress,
        database: &str,
        role: &str,
        progress: &Progress,
    ) -> Result<Vec<String>, PostgresError> {
        let target =
            restore::Target { server: server.clone(), database: database.to_owned(), role: role.to_owned() };
        let this = self.clone();
        run::run(progress, move |run| this.restore_now(run, &target)).await
    }

    fn restore_now(&self, run: &Run, target: &restore::Target) -> Result<Vec<String>, PostgresError> {
        let mut file = File::open(&self.path).map_err(PostgresError::io("read", &self.path))?;
        let bytes = file.seek(io::SeekFrom::End(0)).map_err(PostgresError::io("read", &self.path))?;
        file.rewind().map_err(PostgresError::io("read", &self.path))?;
        run.progress().begin(Some(bytes));

        let database = run::database(&target.database);
        let user = format!("--username={}", target.role);
        let (program, arguments): (_, Vec<String>) = if self.is_archive {
            let left = ["--no-owner", "--no-privileges", "--no-comments", "--no-security-labels"];
            let left =
                left.into_iter().chain(["--no-tablespaces", "--no-publications", "--no-subscriptions"]);
            (
                "pg_restore",
                left.map(str::to_owned).chain(["--no-password".to_owned(), user, database]).collect(),
            )
        } else {
            let quiet = ["--no-psqlrc", "--quiet", "--no-password"].map(str::to_owned);
            ("psql", quiet.into_iter().chain([user, database, "--file=-".to_owned()]).collect())
        };
        let ran = |cause| PostgresError::io("run", &target.server.tree.program(program))(cause);
        let mut tool = run.start(&target.server, program, &arguments).map_err(ran)?;
        let _answer = tool.answer().map_err(ran)?;
        let fed = match &mut tool.input {
            Some(input) => self.feed(run, file, input),
            None => Ok(()),
        };
        match fed {
            // It gave up, and says why.
            Err(cause) if cause.kind() == io::ErrorKind::BrokenPipe => {}
            fed => fed.map_err(PostgresError::io("read", &self.path))?,
        }
        let (status, messages) = tool.end().map_err(ran)?;
        let went_on = status.success() || messages.contains("errors ignored on restore");
        if !went_on {
            return Err(PostgresError::DumpUnrestored { output: ended(messages, status) });
        }
        let refused = messages.lines().filter(|line| !line.contains("errors ignored on restore"));
        Ok(refused.map(str::to_owned).collect())
    }

    fn feed(&self, run: &Run, mut file: File, input: &mut impl io::Write) -> io::Result<()> {
        if !self.is_archive {
            // From here on psql refuses every backslash command: `\!` would run a program.
            let key = uuid::Uuid::new_v4().simple().to_string();
            writeln!(input, "\\restrict {key}")?;
        }
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let count = file.read(&mut buffer)?;
            if count == 0 {
                return Ok(());
            }
            run.tick(count as u64)?;
            input.write_all(&buffer[..count])?;
        }
    }
}

/// A database that a dump is made of.
#[derive(Clone)]
pub struct Deployment {
    /// Name or address of its server, or the folder of its socket.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Who connects; the account's name when `None`.
    pub user: Option<String>,
    /// The password. Only this account, and whoever may look into its processes, can read it while the dump is made.
    pub password: Option<String>,
    /// The database; the user's name when `None`.
    pub database: Option<String>,
}

fn read_now(run: &Run, tree: &Tree, from: &Deployment, to: &Path) -> Result<(), PostgresError> {
    let program = tree.program("pg_dump");
    let mut command = std::process::Command::new(&program);
    command.args(["--format=custom", "--compress=0", "--encoding=UTF8", "--no-password"]).env_clear();
    command.envs(os::environment()).env("PGHOST", &from.host).env("PGPORT", from.port.to_string());
    // Row-level security would hide rows without a word: pg_dump fails instead, which is told.
    for (name, value) in
        [("PGUSER", &from.user), ("PGPASSWORD", &from.password), ("PGDATABASE", &from.database)]
    {
        if let Some(value) = value {
            command.env(name, value);
        }
    }
    let ran = |cause| PostgresError::io("run", &program)(cause);
    let mut tool = run.spawn(command).map_err(ran)?;
    tool.input = None;
    let mut file = File::create_new(to).map_err(PostgresError::io("write", to))?;
    let mut output = tool.output.take();
    let mut buffer = vec![0; 64 * 1024];
    run.progress().begin(None);
    while let Some(output) = &mut output {
        let count = output.read(&mut buffer).map_err(ran)?;
        if count == 0 {
            break;
        }
        run.tick(count as u64).map_err(ran)?;
        io::Write::write_all(&mut file, &buffer[..count]).map_err(PostgresError::io("write", to))?;
    }
    let (status, messages) = tool.end().map_err(ran)?;
    if status.success() {
        Ok(())
    } else {
        Err(PostgresError::DeploymentUnread { output: ended(messages, status) })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::ForeignDump;

    #[test]
    fn what_is_no_dump_is_refused_with_what_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("dump");
        for (bytes, said) in [
            (&b""[..], "it is empty"),
            (b"\x1f\x8b\x08\x00", "gzip"),
            (b"\xff\xfe-\x00-\x00", "UTF-16"),
            (b"\x7fELF\x00", "neither"),
            (b"PK\x03\x04", "zip"),
        ] {
            std::fs::write(&path, bytes).unwrap();
            let refused = ForeignDump::open(&path).unwrap_err();
            assert_eq!(refused.code(), "intake.dump_unknown");
            assert!(refused.to_string().contains(said), "{refused}");
        }
        assert!(ForeignDump::open(folder.path()).unwrap_err().to_string().contains("folder"));
        std::fs::write(&path, b"-- PostgreSQL database dump\n").unwrap();
        assert!(!ForeignDump::open(&path).unwrap().is_archive);
        std::fs::write(&path, b"PGDMP\x01\x0e").unwrap();
        assert!(ForeignDump::open(&path).unwrap().is_archive);
    }
}
