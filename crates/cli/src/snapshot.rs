//! `drydock snapshot`.

use std::{io, path::Path, process::ExitCode};

use drydock_api::maintenance::{Maintenance as _, TaskState};
use drydock_boot::{
    Access, AccessError, Action, DatabaseMaintenance, ErrorCode, PostgresError, Settings, data_path, hold,
    record_snapshot,
    snapshot::{Entry, Progress, Snapshot, SnapshotFolder},
};
use serde_json::json;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use crate::{
    arguments::SnapshotCommand,
    fail, fail_access, fail_code, fail_problem,
    reset::maintaining,
    say,
    signals::Signals,
    size::size,
    terminal::{Line, can_be_confirmed, confirmed},
};

pub(crate) async fn run(settings: Settings, command: SnapshotCommand, signals: &mut Signals) -> ExitCode {
    let folder = match data_path(&settings) {
        Ok(data) => SnapshotFolder::of(&data),
        Err(error) => return fail_postgres(error),
    };
    match command {
        SnapshotCommand::Create { name, note } => create(settings, name, note, signals).await,
        SnapshotCommand::List { json } => list(&folder, json).await,
        SnapshotCommand::Restore { snapshot, yes } => {
            if !can_be_confirmed(yes) {
                return ExitCode::FAILURE;
            }
            match find(&folder, &snapshot).await {
                Ok(snapshot) => restore(settings, &snapshot, yes, signals).await,
                Err(code) => code,
            }
        }
        SnapshotCommand::Rename { snapshot, name, note } => match find(&folder, &snapshot).await {
            Ok(snapshot) => rename(&settings, &folder, &snapshot, &name, note).await,
            Err(code) => code,
        },
        SnapshotCommand::Delete { snapshot, yes } => {
            if !can_be_confirmed(yes) {
                return ExitCode::FAILURE;
            }
            // By its id a damaged one can be deleted as well.
            let found = match Uuid::parse_str(&snapshot) {
                Ok(id) => Ok((id, folder.get(id).await.map_or(snapshot, |known| known.name))),
                Err(_) => find(&folder, &snapshot).await.map(|known| (known.id, known.name)),
            };
            match found {
                Ok((id, name)) => delete(&settings, &folder, id, &name, yes, signals).await,
                Err(code) => code,
            }
        }
        SnapshotCommand::Export { snapshot, file, replace } => match find(&folder, &snapshot).await {
            Ok(snapshot) => export(&settings, &folder, &snapshot, &file, replace, signals).await,
            Err(code) => code,
        },
        SnapshotCommand::Import { file } => import(&settings, &folder, &file, signals).await,
    }
}

async fn create(settings: Settings, name: String, note: String, signals: &mut Signals) -> ExitCode {
    let access = match signals.or(Access::open(settings)).await {
        Some(Ok(access)) => access,
        Some(Err(error)) => return fail_access(&error),
        None => return fail("Drydock was told to end before it was done."),
    };
    let progress = Progress::new();
    let made = shown("Saving", &progress, signals, access.take_snapshot(name, note, &progress)).await;
    let code = match made {
        Ok(snapshot) => saved(&snapshot),
        Err(problem) => fail_problem(&problem),
    };
    match access.close().await {
        Ok(()) => code,
        Err(error) => fail_postgres(error),
    }
}

async fn list(folder: &SnapshotFolder, as_json: bool) -> ExitCode {
    let entries = match folder.list().await {
        Ok(entries) => entries,
        Err(error) => return fail_postgres(error),
    };
    let mut snapshots = Vec::new();
    let mut damaged = Vec::new();
    for entry in entries {
        match entry {
            Entry::Snapshot(snapshot) => snapshots.push(snapshot),
            Entry::Damaged { file, problem } => damaged.push((file, problem)),
        }
    }
    if as_json {
        let damaged: Vec<_> =
            damaged.iter().map(|(file, problem)| json!({ "file": file, "problem": problem })).collect();
        say(&json!({ "snapshots": snapshots, "damaged": damaged }).to_string());
        return ExitCode::SUCCESS;
    }
    if snapshots.is_empty() {
        say("There are no snapshots.");
    }
    for snapshot in &snapshots {
        say(&format!(
            "{}  {:<20}  {:>9}  {}",
            snapshot.id,
            snapshot.created_at.format(&Rfc3339).unwrap_or_default(),
            size(snapshot.file_bytes),
            snapshot.name
        ));
        for line in snapshot.note.lines() {
            say(&format!("{:38}{line}", ""));
        }
    }
    for (file, problem) in damaged {
        say(&format!("damaged: {file}: {problem}"));
    }
    ExitCode::SUCCESS
}

async fn restore(settings: Settings, snapshot: &Snapshot, yes: bool, signals: &mut Signals) -> ExitCode {
    maintaining(settings, signals, async |maintenance, signals| {
        let question =
            format!("The database's state is replaced by the snapshot {:?}. Is that meant?", snapshot.name);
        if !confirmed(yes, &question, signals).await {
            return ExitCode::FAILURE;
        }
        match maintenance.restore(snapshot.id, None).await {
            Ok(_) => restored(&maintenance, &snapshot.name, signals).await,
            Err(problem) => fail_problem(&problem),
        }
    })
    .await
}

/// Shows how the running restore goes until it has ended.
async fn restored(maintenance: &DatabaseMaintenance, name: &str, signals: &mut Signals) -> ExitCode {
    let mut watch = maintenance.watch();
    let mut line = Line::new();
    loop {
        let status = watch.borrow_and_update().clone();
        let Some(task) = status.task else { return fail("The restore is not known any more.") };
        match task.state {
            TaskState::Running => line.show(&task.step, task.done_bytes, task.total_bytes),
            TaskState::Done => {
                drop(line);
                say(&format!(
                    "The state of {name:?} is back. `drydock reset --undo` brings back what it replaced."
                ));
                return ExitCode::SUCCESS;
            }
            TaskState::Failed | TaskState::Cancelled => {
                drop(line);
                return match task.problem {
                    Some(problem) => fail_problem(&problem),
                    None => fail_postgres(PostgresError::SnapshotCancelled),
                };
            }
        }
        tokio::select! {
            changed = watch.changed() => {
                if changed.is_err() {
                    return fail("The restore is not known any more.");
                }
            }
            () = signals.next() => maintenance.cancel(),
        }
    }
}

async fn rename(
    settings: &Settings,
    folder: &SnapshotFolder,
    snapshot: &Snapshot,
    name: &str,
    note: Option<String>,
) -> ExitCode {
    let edited = async {
        let _held = hold(settings)?;
        folder.edit(snapshot.id, name, note.as_ref().unwrap_or(&snapshot.note)).await
    };
    match edited.await {
        Ok(snapshot) => {
            record_snapshot(settings, Action::Renamed, &snapshot).await;
            say(&format!("{} is called {:?} now.", snapshot.id, snapshot.name));
            ExitCode::SUCCESS
        }
        Err(error) => fail_postgres(error),
    }
}

async fn delete(
    settings: &Settings,
    folder: &SnapshotFolder,
    id: Uuid,
    name: &str,
    yes: bool,
    signals: &mut Signals,
) -> ExitCode {
    let held = match hold(settings) {
        Ok(held) => held,
        Err(error) => return fail_postgres(error),
    };
    let question = format!("The snapshot {name:?} is deleted. Is that meant?");
    if !confirmed(yes, &question, signals).await {
        return ExitCode::FAILURE;
    }
    // Of a damaged one there is nothing to be kept.
    let known = folder.get(id).await.ok();
    let removed = folder.remove(id).await;
    drop(held);
    match removed {
        Ok(()) => {
            if let Some(snapshot) = known {
                record_snapshot(settings, Action::Deleted, &snapshot).await;
            }
            say(&format!("Deleted {name:?}."));
            ExitCode::SUCCESS
        }
        Err(error) => fail_postgres(error),
    }
}

async fn export(
    settings: &Settings,
    folder: &SnapshotFolder,
    snapshot: &Snapshot,
    file: &Path,
    replace: bool,
    signals: &mut Signals,
) -> ExitCode {
    let progress = Progress::new();
    let written = folder.export(snapshot.id, file, replace, &progress);
    match shown("Exporting", &progress, signals, written).await {
        Ok(()) => {
            record_snapshot(settings, Action::Exported, snapshot).await;
            say(&format!(
                "Exported {:?} to {}, {}.",
                snapshot.name,
                file.display(),
                size(snapshot.file_bytes)
            ));
            ExitCode::SUCCESS
        }
        Err(error) => fail_postgres(error),
    }
}

async fn import(
    settings: &Settings,
    folder: &SnapshotFolder,
    file: &Path,
    signals: &mut Signals,
) -> ExitCode {
    let opened = async {
        // To open a pipe would wait for whoever writes to it.
        if !tokio::fs::metadata(file).await?.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no file"));
        }
        let opened = tokio::fs::File::open(file).await?;
        let bytes = opened.metadata().await?.len();
        Ok((opened, bytes))
    };
    let (opened, bytes) = match opened.await {
        Ok(opened) => opened,
        Err(source) => {
            return fail_postgres(PostgresError::Io { what: "open", path: file.to_owned(), source });
        }
    };
    // Makes the data directory where there is none; beside a running Drydock another file disturbs nobody.
    let _held = match hold(settings) {
        Err(PostgresError::InUse { .. }) => None,
        Ok(held) => Some(held),
        Err(error) => return fail_postgres(error),
    };
    let progress = Progress::new();
    let imported = folder.import(opened, Some(bytes), &progress);
    match shown("Importing", &progress, signals, imported).await {
        Ok(snapshot) => {
            record_snapshot(settings, Action::Imported, &snapshot).await;
            saved(&snapshot)
        }
        Err(error) => fail_postgres(error),
    }
}

fn saved(snapshot: &Snapshot) -> ExitCode {
    say(&format!("Saved {:?} as {}, {}.", snapshot.name, snapshot.id, size(snapshot.file_bytes)));
    ExitCode::SUCCESS
}

/// Does `work` and shows how it goes; a signal cancels it, and it ends as it says then.
async fn shown<T>(
    what: &str,
    progress: &Progress,
    signals: &mut Signals,
    work: impl Future<Output = T>,
) -> T {
    let mut bytes = progress.watch();
    let mut line = Line::new();
    let mut work = std::pin::pin!(work);
    loop {
        tokio::select! {
            done = &mut work => return done,
            Ok(()) = bytes.changed() => {
                let bytes = *bytes.borrow_and_update();
                line.show(what, bytes.done, bytes.total);
            }
            () = signals.next() => progress.cancel(),
        }
    }
}

/// The snapshot of this id, else the only one of this name. Says on standard error that there is none.
async fn find(folder: &SnapshotFolder, wanted: &str) -> Result<Snapshot, ExitCode> {
    if let Ok(id) = Uuid::parse_str(wanted) {
        return folder.get(id).await.map_err(fail_postgres);
    }
    let mut found = Vec::new();
    for entry in folder.list().await.map_err(fail_postgres)? {
        if let Entry::Snapshot(snapshot) = entry
            && snapshot.name == wanted
        {
            found.push(snapshot);
        }
    }
    match (found.pop(), found.len()) {
        (Some(snapshot), 0) => Ok(snapshot),
        (Some(_), more) => Err(fail_code(
            &format!("{} snapshots are called {wanted:?}.", more + 1),
            ErrorCode::SnapshotAmbiguous,
        )),
        (None, _) => Err(fail(&format!(
            "There is no snapshot {wanted:?}. `drydock snapshot list` shows them. [snapshot.not_found]"
        ))),
    }
}

fn fail_postgres(error: PostgresError) -> ExitCode {
    fail_access(&AccessError::from(error))
}
