//! What a scenario is.

use std::{future::Future, pin::Pin};

use drydock_domain::{
    boot::Stage,
    finding::{self, Finding, Language, Remedy},
};

use crate::{Evidence, LabError, Stand};

/// One way in which deployments break.
#[derive(Debug)]
pub struct Scenario {
    /// Stable id, that of its folder.
    pub id: &'static str,
    /// What happened, in a line.
    pub title: &'static str,
    /// The stage of a boot that it breaks.
    pub stage: Stage,
    /// How much of it is real when it is played.
    pub fidelity: Fidelity,
    /// Where it is played.
    pub world: World,
    /// Why it happens.
    pub cause: &'static str,
    /// What to do about it.
    pub remedy: &'static str,
    /// The remedy to the letter.
    pub commands: &'static [Command],
    /// What people do instead, and why it makes things worse.
    pub band_aid: &'static str,
    /// Where it is known from.
    pub source: &'static str,
    /// What is done before the server is started.
    pub before: &'static [Step],
    /// What brings it about, once the server has started and before anything looks at the database.
    pub inject: &'static [Step],
    /// How the boot then ends.
    pub boot: Expect,
    /// What somebody does who uses the broken deployment: what comes of it is part of the symptom.
    pub symptom: &'static [Step],
    /// What must be seen: each in one line of the symptom, `…` standing for anything.
    pub says: &'static [&'static str],
    /// What other tools say then, which are not here to say it.
    pub transcript: &'static [Quote],
    /// The remedy, as it is applied.
    pub cure: &'static [Step],
    /// The tables whose rows the fault or the remedy may change, as `schema.table`, `schema.*` or `*`.
    pub touches: &'static [&'static str],
    /// Scenarios that cannot be there at the same time, because one leaves nothing for the other to be in.
    pub excludes: &'static [&'static str],
    /// Tells it by what was observed.
    pub detect: Detector,
}

/// Tells a scenario by what was observed: what of it was seen, one fact a line; `None` where it is not this.
pub type Detector = fn(&Evidence) -> Option<Vec<String>>;

/// How much of a scenario is real when it is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fidelity {
    /// What is shown really happens: what makes it so.
    Live(&'static str),
    /// The symptom is what another tool says, quoted: why it cannot happen here. The state it comes from is made all the same.
    Transcript(&'static str),
}

/// Where a scenario is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum World {
    /// In Drydock's own database.
    Drydock,
    /// In a database beside it that is as the platform's own tools make it: its tables in schema `public`, Alembic's history, a role
    /// that owns them and is no superuser.
    Platform,
    /// In no database.
    None,
}

/// As whom statements run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum As {
    /// The server's superuser.
    Superuser,
    /// Who owns the tables: `drydock_owner`, or `platform_app`.
    Owner,
    /// Who serves: `drydock_app`, or `platform_app`.
    App,
    /// Somebody of this name.
    Named(&'static str),
}

impl As {
    /// The role in `world`.
    #[must_use]
    pub const fn role(self, world: World) -> &'static str {
        match (self, world) {
            (Self::Superuser, _) => "postgres",
            (Self::Named(name), _) => name,
            (_, World::Platform) => "platform_app",
            (Self::Owner, _) => "drydock_owner",
            (Self::App, _) => "drydock_app",
        }
    }
}

/// One thing that is done while a scenario is played.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    /// Runs statements, which must succeed.
    Sql(As, &'static str),
    /// Runs statements that are made when they are needed.
    Made(As, fn(&Stand) -> String),
    /// Runs statements; what they answer, or fail with, is part of the symptom.
    Try(As, &'static str),
    /// A session that runs statements and stays open until the cure.
    Hold(As, &'static str),
    /// A session whose statements have to wait for another's; it stays until the cure, or until [`Stand::waited`] takes its answer.
    Wait(As, &'static str),
    /// Something else; what it is, for people to read.
    Do(&'static str, StepFn),
}

/// What [`Step::Do`] does.
pub type StepFn = for<'a> fn(&'a mut Stand) -> StepFuture<'a>;
/// What comes of it.
pub type StepFuture<'a> = Pin<Box<dyn Future<Output = Result<(), LabError>> + Send + 'a>>;

/// How a boot ends while the fault is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// At this gate, with this code.
    Red(Stage, &'static str),
    /// Every gate is green: Drydock does not have this fault, or nobody notices it.
    Green,
    /// There is none.
    Skip,
}

/// What another tool says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quote {
    /// Which tool.
    pub tool: &'static str,
    /// Its line.
    pub line: &'static str,
}

/// A step of a remedy that can be copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Into `psql`.
    Sql(&'static str),
    /// Into a shell.
    Shell(&'static str),
    /// Into a file.
    File(&'static str),
    /// Into the deployment's variables.
    Setting(&'static str),
}

impl Command {
    fn told(self) -> finding::Command {
        let (language, text) = match self {
            Self::Sql(text) => (Language::Sql, text),
            Self::Shell(text) => (Language::Shell, text),
            Self::File(text) => (Language::File, text),
            Self::Setting(text) => (Language::Setting, text),
        };
        finding::Command { language, text: text.trim().to_owned() }
    }
}

impl Scenario {
    /// What a scenario is that does nothing: the rest of a literal that names what it has.
    pub const BASE: Self = Self {
        id: "",
        title: "",
        stage: Stage::Configure,
        fidelity: Fidelity::Live(""),
        world: World::Drydock,
        cause: "",
        remedy: "",
        commands: &[],
        band_aid: "",
        source: "",
        before: &[],
        inject: &[],
        boot: Expect::Green,
        symptom: &[],
        says: &[],
        transcript: &[],
        cure: &[],
        touches: &[],
        excludes: &[],
        detect: |_| None,
    };

    /// The finding that this was seen.
    #[must_use]
    pub fn found(&self, evidence: Vec<String>) -> Finding {
        Finding {
            id: self.id,
            stage: self.stage,
            title: self.title,
            evidence: evidence.iter().map(|line| finding::redact(line)).collect(),
            cause: self.cause,
            remedy: Remedy {
                text: self.remedy,
                commands: self.commands.iter().map(|command| command.told()).collect(),
            },
            band_aid: self.band_aid,
            source: self.source,
        }
    }

    /// Whether `other` can be there at the same time.
    #[must_use]
    pub fn goes_with(&self, other: &Self) -> bool {
        let of_one_world =
            self.world == other.world || self.world == World::None || other.world == World::None;
        self.id != other.id
            && of_one_world
            && !self.excludes.contains(&other.id)
            && !other.excludes.contains(&self.id)
            && !self.excludes.contains(&"*")
            && !other.excludes.contains(&"*")
    }
}

/// Whether `text` has the parts of `pattern`, which `…` separates, in their order.
pub(crate) fn says(text: &str, pattern: &str) -> bool {
    let mut rest = text;
    pattern.split('…').all(|part| match rest.find(part) {
        Some(at) => {
            rest = &rest[at + part.len()..];
            true
        }
        None => false,
    })
}

/// What a scenario's folder needs.
pub mod prelude {
    pub use drydock_domain::boot::Stage;

    pub use crate::{
        Evidence, LabError, Stand,
        scenario::{
            As,
            Command::{File, Setting, Shell, Sql},
            Expect,
            Fidelity::{self, Live, Transcript},
            Quote, Scenario, Step, StepFuture, World,
        },
    };
}

#[cfg(test)]
mod tests {
    use super::says;

    #[test]
    fn a_pattern_is_its_parts_in_order() {
        assert!(says("relation \"users\" does not exist", "relation … does not exist"));
        assert!(says("one two", "one"));
        assert!(!says("does not exist: relation", "relation…does not exist"));
    }
}
