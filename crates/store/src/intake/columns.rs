//! What a table of ours wants of a row.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Document, SourceTable, Taken, layout::quoted};
use crate::StoreError;

/// How a text is brought into the form that a constraint asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// As an identifier: `IN_PROGRESS` and `in progress` become `in_progress`.
    Word,
    /// As a slug: `Acme Corp.` becomes `acme-corp`.
    Slug,
    /// In lower case.
    Lower,
}

/// A column of ours.
#[derive(Debug)]
struct Column {
    kind: String,
    is_required: bool,
    default: Option<String>,
}

/// The columns of one of our tables that rows are given, and its constraints.
#[derive(Debug)]
pub(super) struct Columns {
    table: &'static str,
    all: BTreeMap<String, Column>,
    given: BTreeSet<String>,
    forms: BTreeMap<String, Form>,
    /// Constraint to the columns it is about.
    constraints: BTreeMap<String, Vec<String>>,
}

impl Columns {
    pub(super) async fn of(
        tx: &mut PgConnection,
        table: &'static str,
        source: &SourceTable,
    ) -> Result<Self, StoreError> {
        let columns = sqlx::query!(
            r#"select a.attname::text as "name!", format_type(a.atttypid, null) as "kind!", a.attnotnull as "is_required!",
                      pg_get_expr(d.adbin, d.adrelid) as "fallback"
               from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
               where a.attrelid = to_regclass('migration.' || quote_ident($1)) and a.attnum > 0 and not a.attisdropped
                 and a.attgenerated = ''"#,
            table,
        )
        .fetch_all(&mut *tx)
        .await?;
        let constraints = sqlx::query!(
            r#"select c.conname::text as "name!", pg_get_constraintdef(c.oid) as "rule!",
                      array(select a.attname::text from pg_attribute a where a.attrelid = c.conrelid and a.attnum = any (c.conkey))
                        as "columns!"
               from pg_constraint c
               where c.conrelid = to_regclass('migration.' || quote_ident($1)) and c.contype in ('c', 'f')"#,
            table,
        )
        .fetch_all(&mut *tx)
        .await?;
        let all: BTreeMap<_, _> = columns
            .into_iter()
            .map(|column| {
                let found =
                    Column { kind: column.kind, is_required: column.is_required, default: column.fallback };
                (column.name, found)
            })
            .collect();
        let mut given: BTreeSet<_> =
            source.columns().iter().filter(|name| all.contains_key(*name)).cloned().collect();
        let ours = [
            "client_account_id",
            "engagement_id",
            "granted_by",
            "completed_at",
            "approved_at",
            "password_hash",
            "title",
        ];
        given.extend(ours.into_iter().filter(|name| all.contains_key(*name)).map(str::to_owned));
        let mut forms = BTreeMap::new();
        for constraint in &constraints {
            if let ([column], Some(form)) = (constraint.columns.as_slice(), form(&constraint.rule)) {
                forms.insert(column.clone(), form);
            }
            // The one rule of an address stands beside another.
            if constraint.name == "ck_users_email" {
                forms.insert("email".to_owned(), Form::Lower);
            }
        }
        let constraints = constraints.into_iter().map(|found| (found.name, found.columns)).collect();
        Ok(Self { table, all, given, forms, constraints })
    }

    /// Whether rows belong to a client account.
    pub(super) fn is_owned(&self) -> bool {
        !matches!(
            self.table,
            "client_accounts"
                | "users"
                | "user_profiles"
                | "user_roles"
                | "user_account_associations"
                | "client_access"
        )
    }

    /// Columns of the deployment's table that ours has not.
    pub(super) fn unknown(&self, source: &SourceTable) -> Vec<String> {
        source.columns().iter().filter(|name| !self.all.contains_key(*name)).cloned().collect()
    }

    /// Brings the values into the forms that our constraints ask for, and leaves out what our types cannot hold.
    pub(super) fn fit(&self, document: &mut Document, taken: &mut Taken) {
        document.retain(|name, _| self.given.contains(name));
        for (name, form) in &self.forms {
            if let Some(Value::String(text)) = document.get_mut(name) {
                *text = form.of(text);
            }
        }
        for (name, value) in document.iter_mut() {
            let is_uuid = self.all.get(name).is_some_and(|column| column.kind == "uuid");
            let fits = value.as_str().is_none_or(|text| text.parse::<Uuid>().is_ok());
            if is_uuid && !value.is_null() && (!fits || !value.is_string()) {
                *value = Value::Null;
                *taken.emptied.entry(format!("{name} is no id")).or_default() += 1;
            }
        }
    }

    /// Empties what a constraint is about and may be empty; whether anything was.
    pub(super) fn empty(&self, constraint: &str, document: &mut Document, taken: &mut Taken) -> bool {
        let mut any = false;
        for name in self.constraints.get(constraint).into_iter().flatten() {
            if self.all.get(name).is_some_and(|column| column.is_required) {
                continue;
            }
            if let Some(value) = document.get_mut(name).filter(|value| !value.is_null()) {
                *value = Value::Null;
                *taken.emptied.entry(format!("{name} against {constraint}")).or_default() += 1;
                any = true;
            }
        }
        any
    }

    /// The statement that writes rows, as one JSON array in its only parameter.
    pub(super) fn insert(&self) -> String {
        let names: Vec<_> = self.given.iter().map(|name| quoted(name)).collect();
        let values: Vec<_> = self
            .given
            .iter()
            .map(|name| {
                let value = format!("r.{}", quoted(name));
                match self.all.get(name).and_then(|column| column.default.as_ref()) {
                    Some(default) => format!("coalesce({value}, {default})"),
                    None => value,
                }
            })
            .collect();
        format!(
            "INSERT INTO migration.{table} ({}) SELECT {} FROM jsonb_populate_recordset(NULL::migration.{table}, $1) r",
            names.join(", "),
            values.join(", "),
            table = quoted(self.table),
        )
    }
}

/// The form that a check of one column asks for, as PostgreSQL prints it.
fn form(rule: &str) -> Option<Form> {
    if rule.contains("'^[a-z0-9]+(-[a-z0-9]+)*$'") {
        Some(Form::Slug)
    } else if rule.contains("'^[a-z][a-z0-9_]*$'") || rule.contains("= ANY (") {
        Some(Form::Word)
    } else {
        None
    }
}

impl Form {
    fn of(self, text: &str) -> String {
        let between = match self {
            Self::Lower => return text.trim().to_lowercase(),
            Self::Word => '_',
            Self::Slug => '-',
        };
        let mut made = String::with_capacity(text.len());
        for character in text.chars().flat_map(char::to_lowercase) {
            if character.is_ascii_alphanumeric() || (self == Self::Word && character == '_') {
                made.push(character);
            } else if !made.ends_with(between) && !made.is_empty() {
                made.push(between);
            }
        }
        made.trim_end_matches(between).to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::Form;

    #[test]
    fn words_and_slugs_are_brought_into_form() {
        for (form, from, to) in [
            (Form::Word, "IN_PROGRESS", "in_progress"),
            (Form::Word, "In Progress", "in_progress"),
            (Form::Word, "re-host", "re_host"),
            (Form::Slug, "Acme Corp.", "acme-corp"),
            (Form::Slug, "--a__b--", "a-b"),
            (Form::Slug, "acme-corp", "acme-corp"),
            (Form::Lower, " Ada@Example.org", "ada@example.org"),
        ] {
            assert_eq!(form.of(from), to);
        }
    }
}
