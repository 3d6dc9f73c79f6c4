//! Values that are offered, with what they stand for.

use crate::catalog::{CATALOG, Kind, Query};
use crate::shell::learned;
use crate::shell::vocabulary::Vocabulary;

/// Values that an argument of a companion query may have.
pub fn argument_values(vocabulary: &Vocabulary, query: &Query, argument: &str, typed: &str) -> Vec<(String, String)> {
    let Some(parameter) = query.parameters.iter().find(|parameter| parameter.name.eq_ignore_ascii_case(argument))
    else {
        return Vec::new();
    };
    let of = |column| counted(vocabulary, "api_calls", column, typed);
    match parameter.name.as_str() {
        _ if parameter.kind == Kind::Uuid => alerts(vocabulary),
        "arn" => of("principal"),
        "address" => of("source_ip_address"),
        "bucket" => ["hour", "day", "week", "month"].map(|bucket| (bucket.to_owned(), String::new())).into(),
        _ => Vec::new(),
    }
}

/// The event ids of alerts, newest first.
pub fn alerts(vocabulary: &Vocabulary) -> Vec<(String, String)> {
    let alerts = vocabulary.learned().alerts();
    alerts.into_iter().map(|learned::Alert { event_id, description }| (event_id, description)).collect()
}

/// The names of the detections.
pub fn rules() -> Vec<(String, String)> {
    CATALOG.detections.iter().map(|rule| (rule.name.clone(), rule.title.clone())).collect()
}

/// What an expression over a relation has for values, the most frequent first.
pub fn counted(vocabulary: &Vocabulary, relation: &str, expression: &str, typed: &str) -> Vec<(String, String)> {
    let values = vocabulary.learned().values(relation, expression, typed);
    let text = |rows| if rows == 1 { "1 row".to_owned() } else { format!("{rows} rows") };
    values.into_iter().map(|counted| (counted.value, text(counted.rows))).collect()
}
