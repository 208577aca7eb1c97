//! Looking at what a person names.

use std::{collections::BTreeMap, io};

use drydock_api::diagnosis::NewExamination;
use drydock_boot::history::Migrations;
use drydock_domain::finding::{Finding, redact};
use drydock_store::{Target, observe::Source};

use crate::{Api, Evidence, Shipped, Sources, doctor, gather};

/// What was found, what was looked at, and what could not be.
type Looked = (Vec<Finding>, Vec<String>, Vec<String>);

pub(super) async fn look(what: NewExamination, own: Target) -> io::Result<Looked> {
    // Gone with this call: what was sent is not kept.
    let folder = tempfile::Builder::new().prefix("drydock-revisions-").tempdir()?;
    for file in &what.revisions {
        tokio::fs::write(folder.path().join(&file.name), &file.text).await?;
    }
    let environment = what.environment.as_deref().map(variables);
    let written = what
        .database_url
        .clone()
        .or_else(|| environment.as_ref().and_then(|variables| variables.get("DATABASE_URL").cloned()));
    let sources = Sources {
        database: match &what.database_url {
            _ if what.own => Some(Source::own(own)),
            Some(url) => Some(Source::Url(url.clone())),
            None => None,
        },
        shipped: what.own.then(|| Shipped::of(Migrations::shipped())),
        migrations: (!what.revisions.is_empty()).then(|| folder.path().to_owned()),
        environment,
        database_url: written,
        api: what.api.clone().map(|url| Api { url, origin: what.origin.clone() }),
        ..Sources::default()
    };
    let evidence = gather(&sources).await;
    let findings = doctor(&evidence);
    let (looked_at, could_not) = told(&what, &sources, &evidence);
    Ok((findings, looked_at, could_not))
}

fn told(what: &NewExamination, sources: &Sources, evidence: &Evidence) -> (Vec<String>, Vec<String>) {
    let (mut looked_at, mut could_not) = (Vec::new(), Vec::new());
    if let Some(seen) = &evidence.observation {
        let which = if what.own { "Drydock's own database" } else { "The database of the URL" };
        let role = seen.role.as_ref().map(|role| format!(", as {}", role.name)).unwrap_or_default();
        looked_at.push(format!("{which}: {} tables, read-only{role}.", seen.tables.len()));
    }
    if let Some(refusal) = &evidence.refusal {
        could_not.push(redact(&format!("The database: {refusal}.")));
    }
    if !what.revisions.is_empty()
        && let Some(shipped) = &evidence.shipped
    {
        looked_at.push(format!("{} revisions in {} files.", shipped.revisions.len(), what.revisions.len()));
    }
    if let Some(variables) = &sources.environment {
        looked_at.push(format!("{} variables of the deployment.", variables.len()));
    }
    if let Some(url) = &sources.database_url {
        looked_at.push(format!("The URL {} as each driver reads it.", redact(url)));
    }
    if let (Some(_), Some(api)) = (&evidence.http, &sources.api) {
        let caller = api.origin.as_deref().unwrap_or("no page");
        looked_at.push(redact(&format!("The API at {}, asked as {caller} asks it.", api.url)));
    }
    could_not.extend(evidence.notes.iter().map(|note| redact(note)));
    (looked_at, could_not)
}

/// Lines of `NAME=value` as an env file has them: comments, `export` and quotes are understood, anything else is left out.
fn variables(text: &str) -> BTreeMap<String, String> {
    text.lines()
        .filter_map(|line| {
            let line = line.trim();
            let line = line.strip_prefix("export ").unwrap_or(line).trim_start();
            let (name, value) = line.split_once('=')?;
            let name = name.trim();
            let named = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
                && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            let value = value.trim();
            let quoted =
                ['"', '\''].iter().find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote));
            named.then(|| (name.to_owned(), quoted.unwrap_or(value).to_owned()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::variables;

    #[test]
    fn an_env_file_is_read_as_shells_read_it() {
        let read = variables("# note\nA=1\nexport B='two words'\n C = \"3=4\" \nno line\n1D=5\nE=\n");
        let read: Vec<_> = read.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(read, [("A", "1"), ("B", "two words"), ("C", "3=4"), ("E", "")]);
    }
}
