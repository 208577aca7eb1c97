//! The rows of both logs.

use drydock_domain::field::misleading;
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use super::chain::{Link, microseconds};

/// A row of `migration.security_audit_logs`; `details` as PostgreSQL prints it.
#[derive(Clone, Debug)]
pub(super) struct SecurityRow {
    pub(super) id: Uuid,
    pub(super) entry_number: i64,
    pub(super) event_type: String,
    pub(super) event_category: String,
    pub(super) severity: String,
    pub(super) actor_user_id: Option<Uuid>,
    pub(super) actor_email: Option<String>,
    pub(super) actor_role: Option<String>,
    pub(super) target_user_id: Option<Uuid>,
    pub(super) target_email: Option<String>,
    pub(super) client_account_id: Option<Uuid>,
    pub(super) ip_address: Option<String>,
    pub(super) user_agent: Option<String>,
    pub(super) request_id: Option<String>,
    pub(super) request_method: Option<String>,
    pub(super) request_path: Option<String>,
    pub(super) description: String,
    pub(super) details: String,
    pub(super) is_suspicious: bool,
    pub(super) requires_review: bool,
    pub(super) is_blocked: bool,
    pub(super) created_at: OffsetDateTime,
    pub(super) previous_hash: Vec<u8>,
    pub(super) entry_hash: Vec<u8>,
}

impl Link for SecurityRow {
    fn id(&self) -> Uuid {
        self.id
    }

    fn number(&self) -> i64 {
        self.entry_number
    }

    fn previous_hash(&self) -> &[u8] {
        &self.previous_hash
    }

    fn entry_hash(&self) -> &[u8] {
        &self.entry_hash
    }

    fn written_at(&self) -> OffsetDateTime {
        self.created_at
    }

    fn fields(&self) -> Vec<Option<String>> {
        vec![
            Some("security_audit_logs".to_owned()),
            Some(self.event_type.clone()),
            Some(self.event_category.clone()),
            Some(self.severity.clone()),
            self.actor_user_id.map(|id| id.to_string()),
            self.actor_email.clone(),
            self.actor_role.clone(),
            self.target_user_id.map(|id| id.to_string()),
            self.target_email.clone(),
            self.client_account_id.map(|id| id.to_string()),
            self.ip_address.clone(),
            self.user_agent.clone(),
            self.request_id.clone(),
            self.request_method.clone(),
            self.request_path.clone(),
            Some(self.description.clone()),
            Some(self.details.clone()),
            Some(self.is_suspicious.to_string()),
            Some(self.requires_review.to_string()),
            Some(self.is_blocked.to_string()),
            Some(self.entry_number.to_string()),
            Some(self.id.to_string()),
            Some(microseconds(self.created_at).to_string()),
        ]
    }
}

/// A row of `migration.access_audit_log`; `details` as PostgreSQL prints it.
#[derive(Clone, Debug)]
pub(super) struct AccessRow {
    pub(super) client_account_id: Uuid,
    pub(super) id: Uuid,
    pub(super) entry_number: i64,
    pub(super) user_id: Uuid,
    pub(super) action_type: String,
    pub(super) resource_type: Option<String>,
    pub(super) resource_id: Option<String>,
    pub(super) engagement_id: Option<Uuid>,
    pub(super) result: String,
    pub(super) reason: Option<String>,
    pub(super) ip_address: Option<String>,
    pub(super) user_agent: Option<String>,
    pub(super) request_id: Option<String>,
    pub(super) request_method: Option<String>,
    pub(super) request_path: Option<String>,
    pub(super) details: String,
    pub(super) created_at: OffsetDateTime,
    pub(super) previous_hash: Vec<u8>,
    pub(super) entry_hash: Vec<u8>,
}

impl Link for AccessRow {
    fn id(&self) -> Uuid {
        self.id
    }

    fn number(&self) -> i64 {
        self.entry_number
    }

    fn previous_hash(&self) -> &[u8] {
        &self.previous_hash
    }

    fn entry_hash(&self) -> &[u8] {
        &self.entry_hash
    }

    fn written_at(&self) -> OffsetDateTime {
        self.created_at
    }

    fn fields(&self) -> Vec<Option<String>> {
        vec![
            Some("access_audit_log".to_owned()),
            Some(self.client_account_id.to_string()),
            Some(self.user_id.to_string()),
            Some(self.action_type.clone()),
            self.resource_type.clone(),
            self.resource_id.clone(),
            self.engagement_id.map(|id| id.to_string()),
            Some(self.result.clone()),
            self.reason.clone(),
            self.ip_address.clone(),
            self.user_agent.clone(),
            self.request_id.clone(),
            self.request_method.clone(),
            self.request_path.clone(),
            Some(self.details.clone()),
            Some(self.entry_number.to_string()),
            Some(self.id.to_string()),
            Some(microseconds(self.created_at).to_string()),
        ]
    }
}

/// Text on one line: what would break the line, move the cursor or turn the reading direction round is written as `\u{…}`. At
/// most `limit` characters.
pub(super) fn one_line(text: &str, limit: usize) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() || misleading(c) {
            line.extend(c.escape_unicode());
        } else {
            line.push(c);
        }
    }
    match line.char_indices().nth(limit) {
        Some((end, _)) => line[..end].to_owned(),
        None => line,
    }
}

/// The same with every text in a JSON value, keys included: PostgreSQL stores no NUL.
pub(super) fn clean(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(one_line(&text, DETAIL_LIMIT)),
        Value::Array(values) => Value::Array(values.into_iter().map(clean).collect()),
        Value::Object(values) => {
            values.into_iter().map(|(key, value)| (one_line(&key, DETAIL_LIMIT), clean(value))).collect()
        }
        other => other,
    }
}

/// Longest text in `details`, in characters.
const DETAIL_LIMIT: usize = 2_000;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{clean, one_line};

    #[test]
    fn nothing_breaks_out_of_its_line() {
        for (text, line) in [
            ("plain, with ümlaut and 漢字", "plain, with ümlaut and 漢字"),
            ("a\r\nGET /x", "a\\u{d}\\u{a}GET /x"),
            ("\u{1b}[31mred\u{0}", "\\u{1b}[31mred\\u{0}"),
            ("\u{202e}turned\u{2028}x\u{85}", "\\u{202e}turned\\u{2028}x\\u{85}"),
        ] {
            assert_eq!(one_line(text, 200), line);
            assert_eq!(one_line(line, 200), line, "what is on one line stays as it is");
        }
        assert_eq!(one_line("ääää", 3), "äää");
    }

    #[test]
    fn details_are_cleaned_at_every_depth() {
        assert_eq!(
            clean(json!({ "a\n": ["x\u{0}", { "b": "y\r" }], "n": 1.5, "t": true, "z": null })),
            json!({ "a\\u{a}": ["x\\u{0}", { "b": "y\\u{d}" }], "n": 1.5, "t": true, "z": null })
        );
    }
}
