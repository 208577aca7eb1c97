//! The migrations that a deployment ships: this build's, or those of a folder, read as text.

mod alembic;
mod files;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
};

use drydock_store::{
    history::{Migrations, REVISION, REVISION_WIDTH},
    observe::{Observation, Tool, sqlx_checksum},
};

pub use alembic::{Parsed, parse};

/// How large a file of migrations may be.
const LARGEST: u64 = 8 << 20;
/// How many files are read.
const MOST: usize = 10_000;

/// What is shipped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shipped {
    /// For which tool; `None` where the folder holds nothing of any.
    pub tool: Option<Tool>,
    /// The migrations, by file.
    pub revisions: Vec<Revision>,
    /// Beside those of another tool, the revisions that Alembic's table may hold.
    pub alembic: Vec<String>,
    /// How many characters Alembic's column must take.
    pub width: usize,
    /// Whether any of them needs pgvector.
    pub needs_vector: bool,
}

/// A shipped migration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Revision {
    /// Its revision or version.
    pub id: String,
    /// The revisions that it follows; Alembic's alone.
    pub parents: Vec<String>,
    /// Its file.
    pub file: String,
    /// The checksum that the tool would write down, and the one for the same text with the other line ends.
    pub checksums: Option<[String; 2]>,
}

/// Why a folder of migrations cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// It, or a file of it.
    #[error("{path} cannot be read: {cause}", path = .0.display(), cause = .1)]
    Io(PathBuf, io::Error),
    /// There is nothing in it that a migration tool would know.
    #[error("{} holds no migrations of Alembic, sqlx or Flyway", .0.display())]
    Nothing(PathBuf),
}

impl Shipped {
    /// What this build ships, or another line of its kind.
    #[must_use]
    pub fn of(migrations: &Migrations) -> Self {
        let revisions = migrations
            .iter()
            .map(|(version, description, text)| Revision {
                id: version.to_string(),
                parents: Vec::new(),
                file: format!("{version:03}_{}.sql", description.replace(' ', "_")),
                checksums: Some([
                    migrations.checksum(version).map(sqlx_checksum).unwrap_or_default(),
                    files::sqlx(&files::other_line_ends(text)),
                ]),
            })
            .collect();
        Self {
            tool: Some(Tool::Sqlx),
            revisions,
            alembic: vec![REVISION.to_owned()],
            width: usize::try_from(REVISION_WIDTH).unwrap_or_default(),
            needs_vector: true,
        }
    }

    /// Reads a folder: its `.py` files with a `revision` are Alembic's, `V…__….sql` Flyway's, other `NNN_….sql` sqlx's. A folder
    /// `versions` in it is taken instead of itself, as Alembic has it.
    ///
    /// # Errors
    /// [`FolderError`].
    pub fn read(folder: &Path) -> Result<Self, FolderError> {
        let inner = [folder.join("versions"), folder.join("alembic/versions")];
        let folder = inner.iter().map(PathBuf::as_path).find(|inner| inner.is_dir()).unwrap_or(folder);
        let io = |error| FolderError::Io(folder.to_owned(), error);
        let mut texts = BTreeMap::new();
        for entry in fs::read_dir(folder).map_err(io)?.take(MOST) {
            let path = entry.map_err(io)?.path();
            let (Some(name), Some(end)) = (
                path.file_name().and_then(|name| name.to_str()),
                path.extension().and_then(|end| end.to_str()),
            ) else {
                continue;
            };
            if !matches!(end, "py" | "sql")
                || fs::metadata(&path).is_ok_and(|file| !file.is_file() || file.len() > LARGEST)
            {
                continue;
            }
            let bytes = fs::read(&path).map_err(|error| FolderError::Io(path.clone(), error))?;
            texts.insert(name.to_owned(), bytes);
        }
        Self::of_files(&texts).ok_or_else(|| FolderError::Nothing(folder.to_owned()))
    }

    /// As [`Shipped::read`], of names and contents.
    #[must_use]
    pub fn of_files(files: &BTreeMap<String, Vec<u8>>) -> Option<Self> {
        let needs_vector = files.values().any(|bytes| {
            let text = String::from_utf8_lossy(bytes).to_lowercase();
            text.contains("vector(") || text.contains("create extension") && text.contains("vector")
        });
        let alembic: Vec<Revision> = files
            .iter()
            .filter(|(name, _)| name.ends_with(".py"))
            .filter_map(|(name, bytes)| {
                let Parsed { revision, parents } = parse(&String::from_utf8_lossy(bytes))?;
                Some(Revision { id: revision, parents, file: name.clone(), checksums: None })
            })
            .collect();
        if !alembic.is_empty() {
            let width = alembic.iter().map(|revision| revision.id.chars().count()).max().unwrap_or_default();
            let ids = alembic.iter().map(|revision| revision.id.clone()).collect();
            return Some(Self {
                tool: Some(Tool::Alembic),
                revisions: alembic,
                alembic: ids,
                width,
                needs_vector,
            });
        }
        let (tool, revisions) = files::sql(files)?;
        Some(Self { tool: Some(tool), revisions, alembic: Vec::new(), width: 0, needs_vector })
    }

    /// The ids that are shipped for `tool`; `None` where nothing is known to be.
    #[must_use]
    pub fn ids(&self, tool: Tool) -> Option<BTreeSet<&str>> {
        match tool {
            Tool::Alembic if !self.alembic.is_empty() => {
                Some(self.alembic.iter().map(String::as_str).collect())
            }
            tool if self.tool == Some(tool) => {
                Some(self.revisions.iter().map(|revision| revision.id.as_str()).collect())
            }
            _ => None,
        }
    }

    /// Whether `seen` records everything that is shipped: of Alembic's, every head.
    #[must_use]
    pub fn is_applied(&self, seen: &Observation) -> bool {
        let Some(history) = self.tool.and_then(|tool| seen.history(tool)) else { return false };
        let recorded = |id: &str| history.recorded().iter().any(|row| row.id == id);
        if history.tool == Tool::Alembic {
            self.heads().iter().all(|head| recorded(&head.id))
        } else {
            self.revisions.iter().all(|revision| recorded(&revision.id))
        }
    }

    /// The revisions that no other follows, of Alembic's.
    #[must_use]
    pub fn heads(&self) -> Vec<&Revision> {
        if self.tool != Some(Tool::Alembic) {
            return Vec::new();
        }
        let followed: BTreeSet<&str> =
            self.revisions.iter().flat_map(|revision| &revision.parents).map(String::as_str).collect();
        self.revisions.iter().filter(|revision| !followed.contains(revision.id.as_str())).collect()
    }

    /// Ids that more than one file has, with their files.
    #[must_use]
    pub fn duplicates(&self) -> Vec<(&str, Vec<&str>)> {
        let mut files = BTreeMap::<&str, Vec<&str>>::new();
        for revision in &self.revisions {
            files.entry(&revision.id).or_default().push(&revision.file);
        }
        files.into_iter().filter(|(_, files)| files.len() > 1).collect()
    }

    /// Revisions that are followed and not there, with who follows them.
    #[must_use]
    pub fn gaps(&self) -> Vec<(&str, &str)> {
        let ids: BTreeSet<&str> = self.revisions.iter().map(|revision| revision.id.as_str()).collect();
        self.revisions
            .iter()
            .flat_map(|revision| {
                revision.parents.iter().map(move |parent| (parent.as_str(), revision.id.as_str()))
            })
            .filter(|(parent, _)| !ids.contains(parent))
            .collect()
    }

    /// A revision that comes before itself, where there is one.
    #[must_use]
    pub fn cycle(&self) -> Option<&str> {
        // What is left when everything is taken away whose parents are gone.
        let mut left = self.parents();
        loop {
            let free: Vec<&str> = left
                .iter()
                .filter(|(_, parents)| parents.iter().all(|parent| !left.contains_key(parent)))
                .map(|(id, _)| *id)
                .collect();
            if free.is_empty() {
                // Not what only follows a cycle, which would never come free either.
                return left.keys().copied().find(|id| self.before(id).contains(id));
            }
            for id in free {
                left.remove(id);
            }
        }
    }

    /// Every revision before `id`.
    #[must_use]
    pub fn before(&self, id: &str) -> BTreeSet<&str> {
        let parents = self.parents();
        let mut seen = BTreeSet::new();
        let mut next = parents.get(id).cloned().unwrap_or_default();
        while let Some(parent) = next.pop() {
            if seen.insert(parent) {
                next.extend(parents.get(parent).into_iter().flatten());
            }
        }
        seen
    }

    fn parents(&self) -> BTreeMap<&str, Vec<&str>> {
        let mut parents = BTreeMap::<&str, Vec<&str>>::new();
        for revision in &self.revisions {
            parents.entry(&revision.id).or_default().extend(revision.parents.iter().map(String::as_str));
        }
        parents
    }
}

#[cfg(test)]
mod tests;
