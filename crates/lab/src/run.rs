//! Playing scenarios: from the fault to the proof that it is gone.

mod intact;
mod proof;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use drydock_boot::{
    Paused, Platform, Settings,
    boot::{BootSnapshot, Failure, Stage, StageStatus},
};
use drydock_domain::finding::Finding;
use drydock_store::{Target, observe};
use serde::Serialize;
use tokio::sync::mpsc;

pub use intact::Person;
pub use proof::Proof;

use crate::{
    LabError, Scenario, Shipped, Stand, doctor, gather,
    platform::{self, REVISIONS},
    scenario::{Expect, Step, World},
};
use intact::Contents;

/// How long a boot may take before the scenario is given up.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long a migrator of the lab waits for another.
const LOCK_PATIENCE: Duration = Duration::from_millis(700);

/// What is to be played.
#[derive(Clone, Debug, Default)]
pub struct Order {
    /// Which scenarios, at once.
    pub scenarios: Vec<&'static Scenario>,
    /// Whose data must not change meanwhile.
    pub person: Option<Person>,
}

/// What a run consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// A cluster of its own is made and booted green.
    Prepare,
    /// The fault is put in while it boots.
    Inject,
    /// It boots with the fault.
    Boot,
    /// What a user of it sees.
    Symptom,
    /// The doctor looks.
    Diagnose,
    /// The remedy is applied.
    Remedy,
    /// It boots green.
    BootAgain,
    /// It boots once more.
    SecondBoot,
    /// What was before is compared with what is now.
    Compare,
}

impl Phase {
    /// All of them, in order.
    pub const ALL: [Self; 9] = [
        Self::Prepare,
        Self::Inject,
        Self::Boot,
        Self::Symptom,
        Self::Diagnose,
        Self::Remedy,
        Self::BootAgain,
        Self::SecondBoot,
        Self::Compare,
    ];
}

/// A line of the symptom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SymptomLine {
    /// Who says it.
    pub source: String,
    /// What.
    pub text: String,
    /// Whether it is quoted: the tool that says it is not here.
    pub transcript: bool,
}

/// What is told while a run goes on.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A phase begins or ends.
    Phase {
        /// Which.
        phase: Phase,
        /// How far it is.
        status: StageStatus,
        /// Milliseconds it took, once it has ended.
        elapsed_ms: Option<f64>,
    },
    /// A stage of a boot has changed.
    Boot {
        /// In which phase.
        boot: Phase,
        /// All stages.
        snapshot: BootSnapshot,
    },
    /// Something was seen.
    Symptom {
        /// What.
        line: SymptomLine,
    },
    /// What the doctor says.
    Diagnosis {
        /// Everything it found.
        findings: Vec<Finding>,
    },
    /// The remedy as it will be applied.
    Script {
        /// To the letter.
        text: String,
    },
    /// What is proven.
    Verdict {
        /// One for each rule.
        proofs: Vec<Proof>,
    },
}

/// Who is told.
pub type Told = Arc<dyn Fn(&Event) + Send + Sync>;

/// What came of a run.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// What was played.
    pub scenarios: Vec<&'static str>,
    /// The red gate, where there was one.
    pub failure: Option<Failure>,
    /// What was seen.
    pub symptoms: Vec<SymptomLine>,
    /// What the doctor said.
    pub findings: Vec<Finding>,
    /// The remedy as it was, or would be, applied.
    pub script: String,
    /// What is proven.
    pub proofs: Vec<Proof>,
    /// The boots, in order: with the fault, after the remedy, once more.
    pub boots: Vec<BootSnapshot>,
    /// Milliseconds in all.
    pub elapsed_ms: f64,
}

impl Report {
    /// Whether every rule that was asked about holds.
    #[must_use]
    pub fn holds(&self) -> bool {
        !self.proofs.is_empty() && self.proofs.iter().all(|proof| proof.holds)
    }
}

/// A run that has come as far as the diagnosis, or further. Dropped, it stops its server and removes its folder.
pub struct Run {
    order: Order,
    stand: Stand,
    told: Told,
    begun: Instant,
    platform: Option<Platform>,
    before: Contents,
    person: Option<String>,
    report: Report,
}

/// Plays scenarios from the fault to the proof.
///
/// # Errors
/// [`LabError`] where one cannot be played to its end. A rule that does not hold is no error, but said in the report.
pub async fn run(order: Order, settings: &Settings, told: Told) -> Result<Report, LabError> {
    let mut run = Run::begin(order, settings, told).await?;
    let cured = run.cure().await;
    let report = run.end().await?;
    cured?;
    Ok(report)
}

impl Run {
    /// Makes the throw-away cluster, puts the faults in, boots, and has the doctor look.
    ///
    /// # Errors
    /// [`LabError`].
    pub async fn begin(order: Order, settings: &Settings, told: Told) -> Result<Self, LabError> {
        let world = order
            .scenarios
            .iter()
            .map(|scenario| scenario.world)
            .find(|world| *world != World::None)
            .unwrap_or(World::None);
        let person = match &order.person {
            Some(person) => Some(person.print().await?),
            None => None,
        };
        let report = Report {
            scenarios: order.scenarios.iter().map(|scenario| scenario.id).collect(),
            ..Report::default()
        };
        let stand = Stand::new(settings, world)?;
        let mut run = Self {
            order,
            stand,
            told,
            begun: Instant::now(),
            platform: None,
            before: Contents::default(),
            person,
            report,
        };
        match run.until_diagnosis().await {
            Ok(()) => Ok(run),
            Err(error) => {
                // Why it failed is the news.
                let _ = run.stop().await;
                Err(error)
            }
        }
    }

    async fn until_diagnosis(&mut self) -> Result<(), LabError> {
        let phase = self.enter(Phase::Prepare);
        let mut done = self.prepare();
        if self.boots() && !self.stand.settings.templates.iter().any(|template| template.is_file()) {
            done = first_boot(self.stand.settings.clone()).await;
        }
        self.leave(phase, done)?;
        if self.boots() {
            let plain = self.stand.settings.clone();
            let before: Vec<&'static Step> =
                self.order.scenarios.iter().flat_map(|scenario| scenario.before).collect();
            for step in before {
                self.stand.play(step).await?;
            }
            match self.faulty_boot().await {
                // A template of another build was left alone, so that there is no database yet.
                Err(LabError::Refused(refusal, _)) if refusal.sqlstate.as_deref() == Some("3D000") => {
                    first_boot(plain).await?;
                    self.faulty_boot().await?;
                }
                booted => booted?,
            }
        } else {
            let phase = self.enter(Phase::Inject);
            let done = self.inject().await;
            self.leave(phase, done)?;
        }
        // Before the symptom's own statements change what there is to see.
        let evidence = self.look().await?;
        let phase = self.enter(Phase::Symptom);
        let done = self.symptom().await;
        self.leave(phase, done)?;
        let phase = self.enter(Phase::Diagnose);
        self.report.findings = doctor(&evidence);
        self.leave(phase, Ok(()))?;
        self.tell(&Event::Diagnosis { findings: self.report.findings.clone() });
        self.report.script = self
            .order
            .scenarios
            .iter()
            .flat_map(|scenario| scenario.cure)
            .map(|step| self.stand.script(step))
            .collect::<Vec<_>>()
            .join("\n\n");
        self.tell(&Event::Script { text: self.report.script.clone() });
        self.report.proofs = proof::of_diagnosis(&self.order.scenarios, &self.report);
        Ok(())
    }

    /// Applies the remedy, boots twice, and compares.
    ///
    /// # Errors
    /// [`LabError`].
    pub async fn cure(&mut self) -> Result<(), LabError> {
        let phase = self.enter(Phase::Remedy);
        let done = self.apply().await;
        self.leave(phase, done)?;
        let outcome = self.boot(Phase::BootAgain).await?;
        let findings = doctor(&self.look().await?);
        let title = "The remedy makes every gate green";
        self.report.proofs.push(proof::green("R3", title, &outcome, &findings));
        if self.before.is_empty()
            && let Ok(target) = self.stand.target().cloned()
        {
            // The boot with the fault ended before there was a database; what must stay intact begins here.
            self.make_world(&target).await?;
        }
        let cured = self.contents().await?;
        self.stop().await?;
        let outcome = self.boot(Phase::SecondBoot).await?;
        let findings = doctor(&self.look().await?);
        let phase = self.enter(Phase::Compare);
        let second = self.contents().await;
        let second = self.leave(phase, second)?;
        self.report.proofs.push(proof::second(&outcome, &findings, &cured.changes(&second, &[])));
        let touched: Vec<&str> =
            self.order.scenarios.iter().flat_map(|scenario| scenario.touches).copied().collect();
        self.report.proofs.push(proof::intact(&self.before.changes(&second, &touched), second.rows()));
        Ok(())
    }

    async fn apply(&mut self) -> Result<(), LabError> {
        let steps: Vec<&'static Step> =
            self.order.scenarios.iter().flat_map(|scenario| scenario.cure).collect();
        for step in steps {
            self.stand.play(step).await?;
        }
        self.stand.release_sessions().await;
        self.stand.sources.failure = None;
        self.stop().await
    }

    /// What is known so far.
    #[must_use]
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// Stops the server, removes the folder, and says whether the person's own data are as they were.
    ///
    /// # Errors
    /// [`LabError`].
    pub async fn end(mut self) -> Result<Report, LabError> {
        self.stand.release().await;
        self.stop().await?;
        if let (Some(person), Some(before)) = (&self.order.person, &self.person) {
            self.report.proofs.push(proof::untouched(before, &person.print().await?));
        }
        self.report.elapsed_ms = self.begun.elapsed().as_secs_f64() * 1e3;
        self.tell(&Event::Verdict { proofs: self.report.proofs.clone() });
        Ok(std::mem::take(&mut self.report))
    }

    /// Whether anything is booted.
    fn boots(&self) -> bool {
        self.order.scenarios.iter().any(|scenario| scenario.boot != Expect::Skip)
    }

    fn tell(&self, event: &Event) {
        (self.told)(event);
    }

    fn enter(&self, phase: Phase) -> (Phase, Instant) {
        self.tell(&Event::Phase { phase, status: StageStatus::Running, elapsed_ms: None });
        (phase, Instant::now())
    }

    fn leave<T>(&self, (phase, begun): (Phase, Instant), done: Result<T, LabError>) -> Result<T, LabError> {
        let status = if done.is_ok() { StageStatus::Passed } else { StageStatus::Failed };
        let elapsed_ms = Some(begun.elapsed().as_secs_f64() * 1e3);
        self.tell(&Event::Phase { phase, status, elapsed_ms });
        done
    }

    /// Writes what the deployment ships.
    fn prepare(&mut self) -> Result<(), LabError> {
        if self.stand.world() == World::Platform {
            platform::write_revisions(&self.stand.versions(), REVISIONS)?;
            self.stand.sources.migrations = Some(self.stand.versions());
        }
        Ok(())
    }

    /// Makes the scenario's world beside Drydock's own, and looks at all of it.
    async fn make_world(&mut self, target: &Target) -> Result<(), LabError> {
        if self.stand.world() == World::Platform {
            platform::make(target).await?;
        }
        intact::mark(target).await?;
        self.before = Contents::of(target, self.stand.world()).await?;
        Ok(())
    }

    async fn inject(&mut self) -> Result<(), LabError> {
        let steps: Vec<&'static Step> =
            self.order.scenarios.iter().flat_map(|scenario| scenario.inject).collect();
        for step in steps {
            self.stand.play(step).await?;
        }
        Ok(())
    }

    /// Boots with the fault: it is put in between the server's start and the first look at the database.
    async fn faulty_boot(&mut self) -> Result<(), LabError> {
        self.stand.settings.deployment.patience = Some(LOCK_PATIENCE);
        let (pause, mut paused) = mpsc::channel::<Paused>(1);
        let mut settings = self.stand.settings.clone();
        settings.deployment.pause = Some(pause);
        let platform = Platform::new(settings);
        self.watch(&platform, Phase::Boot);
        self.tell(&Event::Phase { phase: Phase::Boot, status: StageStatus::Running, elapsed_ms: None });
        let begun = Instant::now();

        let mut injected = Ok(());
        let outcome = {
            let boot = platform.boot();
            tokio::pin!(boot);
            let deadline = tokio::time::sleep(PATIENCE);
            tokio::pin!(deadline);
            loop {
                tokio::select! {
                    outcome = &mut boot => break Some(outcome),
                    Some(paused) = paused.recv() => {
                        self.stand.at(Some(&paused.target));
                        let phase = self.enter(Phase::Inject);
                        // What is unpacked beside the server's start is there when all of it is on the disk.
                        let mut done = match platform.cluster().await {
                            Some(cluster) => cluster.durable().await.map_err(LabError::from),
                            None => Ok(()),
                        };
                        if done.is_ok() {
                            done = self.make_world(&paused.target).await;
                        }
                        if done.is_ok() {
                            done = self.inject().await;
                        }
                        injected = self.leave(phase, done);
                        // What the fault changes about what is shipped, this boot ships as well.
                        if injected.is_err() {
                            break None;
                        }
                        let _ = paused.go_on.send(());
                    }
                    () = &mut deadline => break None,
                }
            }
        };
        let elapsed_ms = Some(begun.elapsed().as_secs_f64() * 1e3);
        let snapshot = platform.watch().borrow().clone();
        if injected.is_err() || outcome.is_none() {
            platform.shutdown().await?;
            injected?;
            return Err(LabError::Unplayable("the boot with the fault did not come to an end".to_owned()));
        }
        let status = match &outcome {
            Some(Ok(())) => StageStatus::Passed,
            _ => StageStatus::Failed,
        };
        self.tell(&Event::Phase { phase: Phase::Boot, status, elapsed_ms });
        self.report.boots.push(snapshot);
        if let Some(Err(failure)) = outcome {
            let meant = self.order.scenarios.iter().any(
                |scenario| matches!(scenario.boot, Expect::Red(stage, _) if stage == failure.stage && stage < Stage::Start),
            );
            if self.stand.target().is_err() && !meant {
                // It ended before there was a server to put the fault into.
                platform.shutdown().await?;
                return Err(failure.into());
            }
            self.stand.sources.failure = Some(failure.clone());
            self.report.failure = Some(failure);
        }
        if self.stand.target().is_err()
            && let Some(target) = platform.target().await
        {
            self.stand.at(Some(&target));
        }
        self.platform = Some(platform);
        Ok(())
    }

    /// Boots; the outcome is for whoever asked.
    async fn boot(&mut self, phase: Phase) -> Result<Result<(), Failure>, LabError> {
        if !self.boots() {
            return Ok(Ok(()));
        }
        let platform = Platform::new(self.stand.settings.clone());
        self.watch(&platform, phase);
        let entered = self.enter(phase);
        let booted = tokio::time::timeout(PATIENCE, platform.boot()).await;
        let outcome = booted.map_err(|_| LabError::Unplayable("a boot did not come to an end".to_owned()));
        self.report.boots.push(platform.watch().borrow().clone());
        self.stand.at(platform.target().await.as_ref());
        self.platform = Some(platform);
        self.leave(entered, outcome)
    }

    /// Tells of every change of a boot, as long as it lasts.
    fn watch(&self, platform: &Platform, boot: Phase) {
        let (mut watched, told) = (platform.watch(), Arc::clone(&self.told));
        tokio::spawn(async move {
            while watched.changed().await.is_ok() {
                let snapshot = watched.borrow_and_update().clone();
                told(&Event::Boot { boot, snapshot });
            }
        });
    }

    async fn symptom(&mut self) -> Result<(), LabError> {
        if let Some(failure) = self.report.failure.clone() {
            let stage = failure.stage.name();
            self.stand.say(
                format!("Drydock, {stage}"),
                format!("{} {} [{}]", failure.what, failure.cause, failure.code),
            );
        }
        let steps: Vec<&'static Step> =
            self.order.scenarios.iter().flat_map(|scenario| scenario.symptom).collect();
        for step in steps {
            self.stand.play(step).await?;
        }
        let live = self.stand.take_lines();
        let quoted = self.order.scenarios.iter().flat_map(|scenario| scenario.transcript).map(|quote| {
            SymptomLine { source: quote.tool.to_owned(), text: quote.line.to_owned(), transcript: true }
        });
        for line in live.into_iter().chain(quoted).collect::<Vec<_>>() {
            self.tell(&Event::Symptom { line: line.clone() });
            self.report.symptoms.push(line);
        }
        Ok(())
    }

    /// Looks at everything there is to look at, as the doctor does.
    async fn look(&mut self) -> Result<crate::Evidence, LabError> {
        let mut sources = self.stand.sources.clone();
        if sources.database.is_none()
            && let Ok(target) = self.stand.target()
        {
            sources.database = match self.stand.world() {
                World::Platform => {
                    Some(observe::Source::Own { target: target.clone(), role: "platform_app".to_owned() })
                }
                World::Drydock => Some(observe::Source::own(target.clone())),
                World::None => None,
            };
        }
        if self.stand.world() == World::Drydock && sources.shipped.is_none() {
            sources.shipped = Some(Shipped::of(self.stand.migrations()));
        }
        if self.stand.pooled.is_some() {
            sources.database = None;
        }
        let mut evidence = gather(&sources).await;
        if let Some(session) = self.stand.pooled.as_mut() {
            match observe::observe_over(session).await {
                Ok(seen) => evidence.observation = Some(seen),
                Err(refusal) => evidence.refusal = Some(refusal),
            }
        }
        Ok(evidence)
    }

    async fn contents(&self) -> Result<Contents, LabError> {
        match self.stand.target() {
            Ok(target) if self.boots() => Contents::of(target, self.stand.world()).await,
            _ => Ok(Contents::default()),
        }
    }

    async fn stop(&mut self) -> Result<(), LabError> {
        self.stand.at(None);
        match self.platform.take() {
            Some(platform) => Ok(platform.shutdown().await?),
            None => Ok(()),
        }
    }
}

/// Boots once without the fault, where there is no template to unpack: there must be something that it can break.
async fn first_boot(settings: Settings) -> Result<(), LabError> {
    let platform = Platform::new(settings);
    let booted = platform.boot().await;
    platform.shutdown().await?;
    Ok(booted?)
}
