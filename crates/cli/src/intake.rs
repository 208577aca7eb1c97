//! `drydock intake`.

use std::{
    io::{self, IsTerminal as _, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Mutex,
    time::{Duration, Instant},
};

use drydock_boot::Settings;
use drydock_domain::deployment::Variables;
use drydock_lab::intake::{self, ADMINISTRATOR, Intake, IntakeError, IntakeOrder, IntakeSource, IntakeStep};

use crate::{fail, fail_with, say, serve, signals::Signals, size::size};

/// How often the line on the terminal changes at most.
const REDRAW: Duration = Duration::from_millis(100);
/// Reasons and lines that are shown of each kind.
const SHOWN: usize = 5;

/// What to take in, and what to do with it.
pub(crate) struct Wish {
    pub(crate) from: String,
    pub(crate) anonymise: bool,
    /// The new data directory; a temporary one, gone at the end, without it.
    pub(crate) keep: Option<PathBuf>,
    /// Port to serve it on; `None` to end when it is taken in.
    pub(crate) port: Option<u16>,
    pub(crate) json: bool,
}

pub(crate) async fn run(wish: Wish, settings: Settings, signals: &mut Signals) -> ExitCode {
    if let Some(folder) = wish.keep.as_deref().filter(|folder| !is_free(folder)) {
        return fail(&format!(
            "{} is not empty, and what is there is not replaced. Name a new folder. [intake.failed]",
            folder.display()
        ));
    }
    let temporary = match wish.keep {
        Some(_) => None,
        None => match tempfile::Builder::new().prefix("drydock-intake-").tempdir() {
            Ok(folder) => Some(folder),
            Err(error) => return fail(&format!("There is no temporary folder: {error}. [intake.failed]")),
        },
    };
    let place = match (&wish.keep, &temporary) {
        (Some(folder), _) => folder.clone(),
        (None, Some(folder)) => folder.path().join("data"),
        (None, None) => return ExitCode::FAILURE,
    };
    let settings = Settings { data_dir: Some(place), ..settings };
    let password = password();
    let from = match wish.from.contains("://") {
        true => IntakeSource::Url(wish.from),
        false => IntakeSource::Dump(wish.from.into()),
    };
    let order = IntakeOrder { from: &from, anonymise: wish.anonymise, password: &password };
    let line = Line::default();
    let show = |step| line.show(step);
    let taken = signals.or(intake::take_in(&order, &settings, &show)).await;
    line.clear();
    let code = match taken {
        None => fail("Nothing was taken in: Drydock was told to end."),
        Some(Err(IntakeError::Boot(failure))) => fail_with(&failure),
        Some(Err(error)) => fail(&format!("{error}. {} [{}]", error.next_step(), error.code())),
        Some(Ok(intake)) => {
            if wish.json {
                say(&serde_json::json!({ "intake": intake, "email": ADMINISTRATOR, "password": password })
                    .to_string());
            } else {
                say(&told(&intake, &password));
            }
            match wish.port {
                Some(port) => {
                    serve::run(
                        Settings { program: "serve", ..settings },
                        port,
                        None,
                        Variables::new(),
                        signals,
                    )
                    .await
                }
                None => ExitCode::SUCCESS,
            }
        }
    };
    if let Some(folder) = temporary
        && let Err(error) = folder.close()
    {
        return fail(&format!("The temporary folder is still there: {error}."));
    }
    code
}

/// Whether the folder is not there yet, or has nothing in it.
fn is_free(folder: &Path) -> bool {
    match std::fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    }
}

/// One for this database alone, to be typed by a person.
fn password() -> String {
    let text = uuid::Uuid::new_v4().simple().to_string();
    format!("repro-{}-{}", &text[..6], &text[6..12])
}

fn told(intake: &Intake, password: &str) -> String {
    let mut lines = vec![format!("Taken in from schema {}:", intake.schema)];
    let width = intake.tables.iter().map(|taken| taken.table.len()).max().unwrap_or_default();
    for taken in intake.tables.iter().filter(|taken| taken.found > 0) {
        lines.push(format!("  {:<width$} {:>8} of {}", taken.table, taken.taken, taken.found));
        for (what, reasons) in [("turned away", &taken.refused), ("left empty", &taken.emptied)] {
            for (reason, count) in reasons.iter().take(SHOWN) {
                lines.push(format!("  {:<width$} {count:>8} {what}: {reason}", ""));
            }
        }
    }
    let mut list = |what: &str, items: Vec<String>| {
        if !items.is_empty() {
            let more = items.len().saturating_sub(SHOWN * 4);
            let shown = items[..items.len() - more].join(", ");
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            lines.push(format!("{what}: {shown}{more}."));
        }
    };
    list("Not there", intake.missing.iter().map(ToString::to_string).collect());
    list("Left behind, for this product has no such tables", intake.others.clone());
    if !intake.refused.is_empty() {
        lines
            .push(format!("The server refused {} statements of the dump, among them:", intake.refused.len()));
        lines.extend(intake.refused.iter().take(SHOWN).map(|line| format!("  {line}")));
    }
    for finding in &intake.findings {
        lines.push(format!("Found {} at {}: {}", finding.id, finding.stage.name(), finding.title));
        lines.extend(finding.evidence.iter().take(SHOWN).map(|line| format!("  {line}")));
        lines.push(format!("  Remedy: {}", finding.remedy.text));
    }
    if intake.findings.is_empty() {
        lines.push("The doctor finds nothing in the deployment's database.".to_owned());
    }
    lines.push(format!(
        "Sign in as {ADMINISTRATOR}, or as any user of the deployment, with the password {password}"
    ));
    lines.join("\n")
}

/// A line on the terminal; none where standard error is none.
#[derive(Default)]
struct Line(Mutex<Option<Instant>>);

impl Line {
    fn show(&self, step: IntakeStep) {
        let mut drawn = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if drawn.is_some_and(|drawn| drawn.elapsed() < REDRAW) || !io::stderr().is_terminal() {
            return;
        }
        *drawn = Some(Instant::now());
        let text = match step {
            IntakeStep::Reading(done) => format!("Reading the deployment's database  {}", size(done)),
            IntakeStep::Booting => "Starting a throw-away database".to_owned(),
            IntakeStep::Restoring(done, Some(total)) => {
                format!("Restoring the dump  {} of {}", size(done), size(total))
            }
            IntakeStep::Restoring(done, None) => format!("Restoring the dump  {}", size(done)),
            IntakeStep::Taking(rows) => format!("Taking rows in  {rows}"),
        };
        let _ = write!(io::stderr(), "\r\x1b[K{text}  Ctrl-C cancels");
    }

    fn clear(&self) {
        let drawn = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if drawn.is_some() {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}
