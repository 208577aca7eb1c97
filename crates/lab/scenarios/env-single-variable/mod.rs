//! The environment is guessed from a variable, and guessed wrong.

use drydock_domain::deployment::{self, ConfigurationError, VERCEL_ORIGIN, Variables};

use crate::scenario::prelude::*;

pub(crate) static SCENARIO: Scenario = Scenario {
    id: "env-single-variable",
    title: "The environment is guessed from a variable, and guessed wrong.",
    stage: Stage::Configure,
    fidelity: Live("live: the gate configure, and each rule over the same variables"),
    world: World::Drydock,
    cause: "One variable of one host is to tell production from a laptop. The host renames it, or another host sets it; and two places take another default for the same variable.",
    remedy: "Say it: APP_ENV and ALLOWED_ORIGINS, checked at the start; what is not known is refused. Variables of a host are for display alone.",
    commands: &[Setting("APP_ENV=production"), Setting("ALLOWED_ORIGINS=https://app.example.com")],
    band_aid: "Looking at more variables: PORT and DATABASE_URL are set on laptops and on every other host too.",
    source: "Railway documentation, variables; the seeded incident, commits 63f577c1d and 5abd8ba00",
    before: &[Step::Do("Sets the variables of today's Railway, without APP_ENV.", before)],
    boot: Expect::Red(Stage::Configure, "configure.settings_invalid"),
    symptom: &[Step::Do("Each rule looks at the variables.", symptom)],
    says: &["RAILWAY_ENVIRONMENT_NAME is set, so this is a deployment, and APP_ENV is not", "development: RAILWAY_ENVIRONMENT is not set", "Railway, with the origins of development: Signs of Railway: RAILWAY_PROJECT_NAME, PORT"],
    cure: &[Step::Do("Sets APP_ENV and ALLOWED_ORIGINS.", cure)],
    excludes: &["*"],
    detect,
    ..Scenario::BASE
};

fn variables() -> Variables {
    [("PORT", "8080"), ("RAILWAY_ENVIRONMENT_NAME", "production"), ("RAILWAY_PROJECT_NAME", "migrate-ui-orchestrator")]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn set(stand: &mut Stand, variables: Variables) {
    stand.settings.deployment.environment = Some(variables.clone());
    stand.sources.environment = Some(variables);
}

fn before(stand: &mut Stand) -> StepFuture<'_> {
    Box::pin(async move { set(stand, variables()); Ok(()) })
}
fn symptom(stand: &mut Stand) -> StepFuture<'_> {
    Box::pin(async move { 
        let variables = variables();
        for (rule, said) in
            [("the original's rule", deployment::original(&variables)), ("its remedy", deployment::remedy(&variables))]
        {
            stand.say(rule, format!("{}: {}", said.environment, said.because));
        }
        Ok(())
     })
}
fn cure(stand: &mut Stand) -> StepFuture<'_> {
    Box::pin(async move { 
        let mut variables = variables();
        variables.insert("APP_ENV".to_owned(), "production".to_owned());
        variables.insert("ALLOWED_ORIGINS".to_owned(), VERCEL_ORIGIN.to_owned());
        set(stand, variables);
        Ok(())
     })
}

fn detect(evidence: &Evidence) -> Option<Vec<String>> {
    let facts = evidence.environment.as_ref()?;
    let error = facts.configuration.as_ref().err()?;
    let unsaid = matches!(
        error,
        ConfigurationError::EnvironmentUnsaid(_)
            | ConfigurationError::EnvironmentMissing
            | ConfigurationError::EnvironmentUnknown(_)
            | ConfigurationError::OriginsMissing(_)
    );
    unsaid.then(|| {
        vec![
            error.to_string(),
            format!("the original concludes {}: {}", facts.original.environment, facts.original.because),
            format!("its remedy concludes {}: {}", facts.remedy.environment, facts.remedy.because),
        ]
    })
}
