//! What a query string says about assets: which, in what order, which page.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use drydock_store::assets::{Column, Filter, Key, Kind, Order, Start, Test};
use time::{
    Date, Duration, OffsetDateTime, UtcOffset,
    format_description::well_known::{Iso8601, Rfc3339},
};
use uuid::Uuid;

use crate::{
    dto::assets::AssetFilter,
    envelope::{ApiError, FieldError},
};

const DEFAULT_LIMIT: u16 = 100;
const MAX_LIMIT: u16 = 500;
/// Longest search and longest text looked for in a column, in bytes; the longest such column holds 255 characters.
const TEXT_LIMIT: usize = 255;
/// Longest list of values, in bytes.
const LIST_LIMIT: usize = 2_000;
/// The most words searched for at once.
const WORDS_LIMIT: usize = 10;
/// What a filter calls "nothing recorded".
const MISSING: &str = "none";
/// What a filter calls "anything recorded".
const RECORDED: &str = "*";

/// What was asked for.
pub(super) struct Asked {
    pub(super) filter: Filter,
    pub(super) order: Order,
    pub(super) start: Start,
    pub(super) limit: u16,
    /// The filter as it was given.
    pub(super) given: AssetFilter,
}

/// The names and values of a query string.
pub(super) type Pairs = Vec<(String, String)>;

/// Refuses a name that is there twice.
fn once(pairs: Pairs) -> Result<Pairs, ApiError> {
    for (position, (name, _)) in pairs.iter().enumerate() {
        if pairs.iter().take(position).any(|(other, _)| other == name) {
            return Err(ApiError::invalid_field(name.clone(), "repeated", format!("{name} is there twice.")));
        }
    }
    Ok(pairs)
}

impl Asked {
    /// A page: paging and filter.
    pub(super) fn page(pairs: Pairs) -> Result<Self, ApiError> {
        let (mut limit, mut order, mut cursor, mut offset, mut last) =
            (DEFAULT_LIMIT, Order::default(), None, None, false);
        let mut filter = AssetFilter::default();
        for (name, value) in once(pairs)? {
            match name.as_str() {
                "limit" => {
                    limit = value.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit)).ok_or_else(
                        || {
                            ApiError::invalid_field(
                                "limit",
                                "range",
                                format!("limit must be 1 to {MAX_LIMIT}."),
                            )
                        },
                    )?;
                }
                "sort" => order = order_of("sort", &value)?,
                "cursor" => cursor = Some(value),
                "offset" => {
                    let parsed: Option<u32> = value.parse().ok();
                    offset = Some(parsed.map(i64::from).ok_or_else(|| {
                        ApiError::invalid_field(
                            "offset",
                            "range",
                            format!("offset must be 0 to {}.", u32::MAX),
                        )
                    })?);
                }
                "last" => {
                    last = match value.as_str() {
                        "true" => true,
                        "false" => false,
                        _ => {
                            return Err(ApiError::invalid_field(
                                "last",
                                "type",
                                "last must be true or false.",
                            ));
                        }
                    };
                }
                _ => set(&mut filter, &name, value)?,
            }
        }
        let start = match (cursor, offset, last) {
            (None, None, false) => Start::First,
            (Some(cursor), None, false) => decode(order, &cursor)?,
            (None, Some(offset), false) => Start::At(offset),
            (None, None, true) => Start::Last,
            _ => {
                let message = "cursor, offset and last each name a page: give one of them.";
                return Err(ApiError::invalid_field("cursor", "combination", message));
            }
        };
        Ok(Self { filter: filter_of("", &filter)?, order, start, limit, given: filter })
    }

    /// A filter alone.
    pub(super) fn filter(pairs: Pairs) -> Result<Filter, ApiError> {
        let mut filter = AssetFilter::default();
        for (name, value) in once(pairs)? {
            set(&mut filter, &name, value)?;
        }
        filter_of("", &filter)
    }

    /// A column and a filter.
    pub(super) fn column(pairs: Pairs) -> Result<(Column, Filter), ApiError> {
        let mut column = None;
        let mut filter = AssetFilter::default();
        for (name, value) in once(pairs)? {
            match name.as_str() {
                "column" => column = Some(column_of("column", &value)?),
                _ => set(&mut filter, &name, value)?,
            }
        }
        let column =
            column.ok_or_else(|| ApiError::invalid_field("column", "required", "column is missing."))?;
        Ok((column, filter_of("", &filter)?))
    }
}

fn set(filter: &mut AssetFilter, name: &str, value: String) -> Result<(), ApiError> {
    if filter.set(name, value) {
        Ok(())
    } else {
        Err(ApiError::invalid_field(name, "unknown", "There is no such parameter."))
    }
}

pub(super) fn column_of(path: &str, name: &str) -> Result<Column, ApiError> {
    Column::of_name(name).ok_or_else(|| {
        ApiError::invalid_field(path, "choice", format!("{path} must be the name of a column."))
    })
}

pub(super) fn order_of(path: &str, sort: &str) -> Result<Order, ApiError> {
    let (descending, name) = sort.strip_prefix('-').map_or((false, sort), |name| (true, name));
    Ok(Order { column: column_of(path, name)?, descending })
}

/// The filter, or what is wrong with each of its parts. Paths begin with `prefix`.
pub(super) fn filter_of(prefix: &str, given: &AssetFilter) -> Result<Filter, ApiError> {
    let mut filter = Filter::default();
    let mut wrong = Vec::new();
    let mut refuse = |name: &str, code, message: String| {
        wrong.push(FieldError { path: format!("{prefix}{name}"), code, message });
    };
    if let Some(q) = given.q.as_deref() {
        match text("q", q, TEXT_LIMIT).and_then(|()| words(q)) {
            Ok(words) => filter.words = words,
            Err((code, message)) => refuse("q", code, message),
        }
    }
    for (name, wanted) in given.columns() {
        // Every field of the filter is named after a column; a test holds it.
        let Some(column) = Column::of_name(name) else { continue };
        match test(column, wanted) {
            Ok(Some(test)) => filter.tests.push((column, test)),
            Ok(None) => {}
            Err((code, message)) => refuse(name, code, message),
        }
    }
    if wrong.is_empty() { Ok(filter) } else { Err(ApiError::invalid(wrong)) }
}

type Refusal = (&'static str, String);

fn text(name: &str, value: &str, limit: usize) -> Result<(), Refusal> {
    if value.len() > limit || value.contains(char::is_control) {
        return Err((
            "text",
            format!("{name} must be text of at most {limit} bytes without control characters."),
        ));
    }
    Ok(())
}

/// The words of a search; what stands between quotation marks is one.
fn words(q: &str) -> Result<Vec<String>, Refusal> {
    let mut words: Vec<String> = Vec::new();
    for (position, part) in q.split('"').enumerate() {
        if position % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words.retain(|word| !word.trim().is_empty());
    if words.len() > WORDS_LIMIT {
        return Err(("too_many", format!("q holds more than {WORDS_LIMIT} words.")));
    }
    Ok(words)
}

/// What a column must hold; `None` for an empty wish.
fn test(column: Column, wanted: &str) -> Result<Option<Test>, Refusal> {
    let name = column.name();
    text(name, wanted, LIST_LIMIT)?;
    match wanted {
        "" => return Ok(None),
        MISSING => return Ok(Some(Test::Missing)),
        RECORDED => return Ok(Some(Test::Recorded)),
        _ => {}
    }
    let test = match column.kind() {
        Kind::Text(_) | Kind::Word(_) | Kind::Choice(_) => match wanted.strip_prefix('~') {
            Some(part) => {
                text(name, part, TEXT_LIMIT)?;
                if part.is_empty() {
                    return Ok(None);
                }
                Test::Contains(part.to_owned())
            }
            None => match one_of(wanted) {
                Test::OneOf { values, or_missing: false } if values.is_empty() => {
                    return Err(("form", format!("{name} names no value.")));
                }
                test => test,
            },
        },
        Kind::Whole | Kind::Number(_) => {
            let (least, most) = bounds(wanted);
            let number = |bound: Option<&str>| {
                bound
                    .map(|bound| {
                        bound.trim().parse().ok().filter(|number: &f64| number.is_finite()).ok_or(())
                    })
                    .transpose()
            };
            match (number(least), number(most)) {
                (Ok(least), Ok(most)) if least.is_some() || most.is_some() => Test::Numbers { least, most },
                _ => {
                    return Err((
                        "form",
                        format!("{name} must be a number, or least..most, where one may be left out."),
                    ));
                }
            }
        }
        Kind::Moment => {
            let (from, to) = bounds(wanted);
            match (
                from.map(|from| moment(from, false)).transpose(),
                to.map(|to| moment(to, true)).transpose(),
            ) {
                (Ok(from), Ok(until)) if from.is_some() || until.is_some() => {
                    Test::Moments { from: from.flatten(), until: until.flatten() }
                }
                _ => {
                    return Err((
                        "form",
                        format!("{name} must be a date, or from..to, where one may be left out."),
                    ));
                }
            }
        }
    };
    Ok(Some(test))
}

/// Both ends of `least..most`; a value alone is both.
fn bounds(wanted: &str) -> (Option<&str>, Option<&str>) {
    let end = |end: &'_ str| if end.trim().is_empty() { None } else { Some(()) };
    match wanted.split_once("..") {
        None => (Some(wanted), Some(wanted)),
        Some((least, most)) => (end(least).map(|()| least), end(most).map(|()| most)),
    }
}

/// The beginning of a day in UTC or, as an end, of the day after; or a moment to the second. `None` for an end behind the last day that
/// four digits can say, which is no bound.
fn moment(text: &str, end: bool) -> Result<Option<OffsetDateTime>, ()> {
    let text = text.trim();
    let (begins, length) = match Date::parse(text, &Iso8601::DATE) {
        Ok(date) => (date.midnight().assume_offset(UtcOffset::UTC), Duration::DAY),
        Err(_) => (OffsetDateTime::parse(text, &Rfc3339).map_err(|_| ())?, Duration::SECOND),
    };
    if !storable(begins) {
        return Err(());
    }
    Ok(if end { begins.checked_add(length).filter(|end| storable(*end)) } else { Some(begins) })
}

/// PostgreSQL begins with the year 4713 BC; nothing here is older than four digits can say.
fn storable(moment: OffsetDateTime) -> bool {
    (1..=9999).contains(&moment.year())
}

/// Values with commas between them; a backslash takes the meaning of the character behind it away.
fn one_of(wanted: &str) -> Test {
    let (mut values, mut or_missing) = (Vec::new(), false);
    let (mut value, mut escaped, mut plain) = (String::new(), false, true);
    let mut take = |value: &mut String, plain: &mut bool| {
        if *plain && value == MISSING {
            or_missing = true;
            value.clear();
        } else if !value.is_empty() {
            values.push(std::mem::take(value));
        }
        *plain = true;
    };
    for character in wanted.chars() {
        match character {
            _ if escaped => {
                value.push(character);
                escaped = false;
            }
            '\\' => {
                escaped = true;
                plain = false;
            }
            ',' => take(&mut value, &mut plain),
            _ => value.push(character),
        }
    }
    take(&mut value, &mut plain);
    if values.is_empty() && or_missing { Test::Missing } else { Test::OneOf { values, or_missing } }
}

/// A key as a cursor. It names its order, so that it is not taken for one of another.
pub(super) fn encode(order: Order, backward: bool, key: &Key) -> String {
    let direction = if backward { 'p' } else { 'n' };
    let sort = sort_of(order);
    let value = key.value.as_deref().map_or_else(|| "-".to_owned(), |value| format!("+{value}"));
    URL_SAFE_NO_PAD.encode(format!("{direction}{sort}\n{}{value}", key.id.simple()))
}

fn sort_of(order: Order) -> String {
    format!("{}{}", if order.descending { "-" } else { "" }, order.column.name())
}

fn decode(order: Order, cursor: &str) -> Result<Start, ApiError> {
    let invalid = || {
        ApiError::invalid_field(
            "cursor",
            "cursor",
            "cursor is not one that a page before, in this order, has given out.",
        )
    };
    let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| invalid())?;
    let text = String::from_utf8(bytes).map_err(|_| invalid())?;
    let (head, rest) = text.split_once('\n').ok_or_else(invalid)?;
    let (id, value) = rest.split_at_checked(32).ok_or_else(invalid)?;
    let id = Uuid::try_parse(id).map_err(|_| invalid())?;
    let value = match value.split_at_checked(1) {
        Some(("-", "")) => None,
        Some(("+", value)) if !value.contains('\0') => Some(value.to_owned()),
        _ => return Err(invalid()),
    };
    let key = Key { value, id };
    match head.split_at_checked(1) {
        Some(("n", sort)) if sort == sort_of(order) => Ok(Start::After(key)),
        Some(("p", sort)) if sort == sort_of(order) => Ok(Start::Before(key)),
        _ => Err(invalid()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_went_and_to_its_own_order_alone() {
        let order = Order { column: Column::MemoryGb, descending: true };
        for value in [None, Some(""), Some("web"), Some("Größe\n東京"), Some("-1.5e10")] {
            let key = Key { value: value.map(str::to_owned), id: Uuid::new_v4() };
            assert_eq!(decode(order, &encode(order, false, &key)).unwrap(), Start::After(key.clone()));
            assert_eq!(decode(order, &encode(order, true, &key)).unwrap(), Start::Before(key.clone()));
            assert!(decode(Order::default(), &encode(order, false, &key)).is_err());
        }
        for cursor in ["", "x", "!!!", "AAAA", "MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAA"] {
            assert!(decode(order, cursor).is_err(), "{cursor}");
        }
    }

    #[test]
    fn every_field_of_the_filter_is_a_column_and_every_column_a_field() {
        let mut filter = AssetFilter::default();
        for column in Column::ALL {
            assert!(filter.set(column.name(), "x".to_owned()), "{column:?}");
        }
        assert_eq!(filter.columns().count(), Column::ALL.len());
        assert!(filter.columns().all(|(name, _)| Column::of_name(name).is_some()));
    }

    fn list(values: &[&str], or_missing: bool) -> Test {
        Test::OneOf { values: values.iter().map(|value| (*value).to_owned()).collect(), or_missing }
    }

    #[test]
    fn lists_of_values_are_read() {
        for (wanted, expected) in [
            ("production", list(&["production"], false)),
            ("production,staging", list(&["production", "staging"], false)),
            ("production,none", list(&["production"], true)),
            ("none,", Test::Missing),
            ("\\none", list(&["none"], false)),
            ("a\\,b,c\\\\", list(&["a,b", "c\\"], false)),
        ] {
            assert_eq!(test(Column::Environment, wanted), Ok(Some(expected)), "{wanted}");
        }
        assert_eq!(test(Column::Hostname, "~web"), Ok(Some(Test::Contains("web".to_owned()))));
        assert_eq!(test(Column::Hostname, "*"), Ok(Some(Test::Recorded)));
        assert_eq!(test(Column::Hostname, "none"), Ok(Some(Test::Missing)));
        assert_eq!(test(Column::Hostname, ""), Ok(None));
        assert_eq!(test(Column::Hostname, ",").unwrap_err().0, "form");
    }

    #[test]
    fn ranges_are_read() {
        let numbers = |least, most| Ok(Some(Test::Numbers { least, most }));
        assert_eq!(test(Column::CpuCores, "4"), numbers(Some(4.0), Some(4.0)));
        assert_eq!(test(Column::CpuCores, "4..8"), numbers(Some(4.0), Some(8.0)));
        assert_eq!(test(Column::CpuCores, "4.."), numbers(Some(4.0), None));
        assert_eq!(test(Column::MemoryGb, "..1.5"), numbers(None, Some(1.5)));
        for wrong in ["x", "..", "4..x", "NaN", "inf.."] {
            assert_eq!(test(Column::CpuCores, wrong).unwrap_err().0, "form", "{wrong}");
        }
        let day = |text| moment(text, false).unwrap().unwrap();
        assert_eq!(
            test(Column::CreatedAt, "2026-01-01..2026-01-31"),
            Ok(Some(Test::Moments { from: Some(day("2026-01-01")), until: Some(day("2026-02-01")) }))
        );
        assert_eq!(
            test(Column::CreatedAt, "0001-01-01..9999-12-31"),
            Ok(Some(Test::Moments { from: Some(day("0001-01-01")), until: None }))
        );
        for wrong in ["x", "..", "2026-13-01", "+10000-01-01"] {
            assert_eq!(test(Column::CreatedAt, wrong).unwrap_err().0, "form", "{wrong}");
        }
    }

    #[test]
    fn a_search_is_its_words() {
        assert_eq!(words(" web  01 ").unwrap(), ["web", "01"]);
        assert_eq!(words("\"web 01\" prod").unwrap(), ["web 01", "prod"]);
        assert!(words("\"\" \" \"").unwrap().is_empty());
        assert!(words("a b c d e f g h i j k").is_err());
    }
}
