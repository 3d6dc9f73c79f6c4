//! A report as Markdown, for a ticket: GitHub's, which GitLab, Jira's importers and most others read too.

use std::io::Write;

use chrono::DateTime;
use serde_json::Value;

use super::{Alert, Document, Layout, Row, Table, shortened};
use crate::output::{inert, markdown_value, visible};

/// Characters of a value.
const LONGEST_VALUE: usize = 2_000;

pub fn markdown(document: &Document, to: &mut dyn Write) -> anyhow::Result<()> {
    writeln!(to, "# {}\n", inert(&document.title))?;
    scope(document, to)?;
    for sentence in in_words(&document.overview) {
        writeln!(to, "{sentence}\n")?;
    }
    for section in &document.sections {
        writeln!(to, "## {}\n", section.title)?;
        let mut said = Vec::new();
        let nothing = section.tables.iter().all(|table| table.rows.is_empty());
        for table in &section.tables {
            if !nothing && section.tables.len() > 1 {
                writeln!(to, "### {}\n", table.title)?;
            }
            // tables that have nothing for the same reason say so once
            if !nothing || !said.contains(&&table.note) {
                said.push(&table.note);
                write(table, to)?;
            }
        }
    }
    if !document.alerts.is_empty() {
        writeln!(to, "## Alerts, investigated\n")?;
    }
    for alert in &document.alerts {
        investigation(alert, to)?;
    }
    if let Some(note) = &document.alerts_note {
        writeln!(to, "{note}\n")?;
    }
    statements(document, to)
}

fn scope(document: &Document, to: &mut dyn Write) -> anyhow::Result<()> {
    let scope = &document.scope;
    let facts = [
        ("Since", &scope.since),
        ("Before", &scope.until),
        ("Account", &scope.account_id),
        ("Principal", &scope.principal),
        ("Images and exceptions as of", &scope.as_of),
    ];
    for (name, value) in facts {
        if let Some(value) = value {
            writeln!(to, "- {name}: {}", as_text(&value.as_str().into()))?;
        }
    }
    writeln!(to, "- All times are UTC; written by {}\n", inert(&document.generator))?;
    Ok(())
}

/// The overview as sentences.
fn in_words(overview: &Row) -> Vec<String> {
    let count = |name: &str| overview.get(name).as_u64().unwrap_or_default();
    let many = |name: &str, one: &str, more: &str| {
        let count = count(name);
        format!("{count} {}", if count == 1 { one } else { more })
    };
    let text = |name: &str| as_text(overview.get(name));
    let mut sentences = Vec::new();
    sentences.push(if count("events") == 0 {
        "No event is in scope.".to_owned()
    } else {
        format!(
            "{} from {} to {}, of {} in {}, by {} from {}; {} without files.",
            many("events", "event", "events"),
            text("first_event_time"),
            text("last_event_time"),
            many("accounts", "account", "accounts"),
            many("regions", "region", "regions"),
            many("principals", "principal", "principals"),
            many("source_addresses", "address", "addresses"),
            many("hours_without_files", "hour", "hours"),
        )
    });
    sentences.push(format!(
        "The store holds {} of {}; {} rejected.",
        many("files", "file", "files"),
        many("loads", "load", "loads"),
        many("rejects", "record or file was", "records or files were"),
    ));
    let suppressed = match count("suppressed_alerts") {
        0 => String::new(),
        count => format!(", and {count} suppressed by exceptions"),
    };
    sentences.push(if count("alerts") == 0 {
        format!("**No alerts**{suppressed}.")
    } else {
        format!(
            "**{}** by {}{suppressed}. **{}** and {} followed within 24 hours; {} of these {} running, as far as the log tells.",
            many("alerts", "alert", "alerts"),
            many("alerting_principals", "principal", "principals"),
            many("launches", "launch", "launches"),
            many("attempted_launches", "attempt", "attempts"),
            many("instances_running", "instance", "instances"),
            if count("instances_running") == 1 { "is" } else { "are" },
        )
    });
    if count("alerts_without_events") > 0 {
        sentences.push(format!(
            "**{}** that were raised elsewhere are not in here: the log with their events was not loaded, see `trailduck alerts`.",
            many("alerts_without_events", "alert", "alerts"),
        ));
    }
    let unknown = match count("unknown_images_in_use") {
        0 => String::new(),
        images => format!(" (of {images} more it is not known: an inventory is missing)"),
    };
    sentences.push(format!(
        "{} in use{unknown}; {} in force.",
        many("deprecated_images_in_use", "deprecated image is", "deprecated images are"),
        many("exceptions_in_force", "exception is", "exceptions are"),
    ));
    sentences
}

fn investigation(alert: &Alert, to: &mut dyn Write) -> anyhow::Result<()> {
    writeln!(to, "### {}: a score of {}, {}\n", as_text(&alert.event_time), alert.score, as_text(&alert.principal))?;
    writeln!(to, "- Rules: {} ({})", as_text(&alert.rules), as_text(&alert.severity))?;
    writeln!(to, "- Signals: {}", as_text(&alert.signals))?;
    if !alert.status.is_null() {
        let verdict = if alert.verdict.is_null() { String::new() } else { format!(" ({})", as_text(&alert.verdict)) };
        let note = if alert.note.is_null() { String::new() } else { format!(": {}", as_text(&alert.note)) };
        let first_seen = as_text(&alert.first_seen);
        writeln!(to, "- Status: {}{verdict}, raised {first_seen}{note}", as_text(&alert.status))?;
    }
    writeln!(to, "- Event: {}\n", inert(&alert.event_id))?;
    for part in &alert.parts {
        writeln!(to, "#### {}\n", part.title)?;
        write(part, to)?;
    }
    Ok(())
}

fn write(table: &Table, to: &mut dyn Write) -> anyhow::Result<()> {
    if let Some(note) = &table.note {
        writeln!(to, "{note}\n")?;
    }
    if table.rows.is_empty() {
        return Ok(());
    }
    match table.layout {
        Layout::Steps => steps(table, to)?,
        Layout::Fields => {
            header(&["field", "value"], to)?;
            for row in &table.rows {
                let shown = table.display.iter().map(|name| (name, row.get(name)));
                for (name, value) in shown.filter(|(_, value)| !is_nothing(value)) {
                    writeln!(to, "| {} | {} |", inert(name), as_text(value))?;
                }
            }
            writeln!(to)?;
        }
        Layout::Table => rows(table, to)?,
    }
    if let (true, Some(all)) = (table.rows_left_out > 0, &table.all) {
        writeln!(to, "... and {} more: {}\n", table.rows_left_out, code(all))?;
    }
    Ok(())
}

fn rows(table: &Table, to: &mut dyn Write) -> anyhow::Result<()> {
    // a ticket has no room for a row an hour
    let (shown, others): (Vec<_>, Vec<_>) = if table.key == "activity" {
        table.rows.iter().partition(|row| row.get("alerts").as_u64() != Some(0))
    } else {
        (table.rows.iter().collect(), Vec::new())
    };
    if !shown.is_empty() {
        header(&table.display.iter().map(String::as_str).collect::<Vec<_>>(), to)?;
    }
    for row in &shown {
        let cells = table.display.iter().map(|name| as_text(row.get(name)));
        writeln!(to, "| {} |", cells.collect::<Vec<_>>().join(" | "))?;
    }
    if !shown.is_empty() {
        writeln!(to)?;
    }
    if !others.is_empty() {
        writeln!(to, "{} intervals without an alert are left out here.\n", others.len())?;
    }
    Ok(())
}

fn header(names: &[&str], to: &mut dyn Write) -> anyhow::Result<()> {
    let names: Vec<_> = names.iter().map(|name| inert(name)).collect();
    writeln!(to, "| {} |\n|{}", names.join(" | "), "---|".repeat(names.len()))?;
    Ok(())
}

fn steps(table: &Table, to: &mut dyn Write) -> anyhow::Result<()> {
    for row in &table.rows {
        writeln!(to, "- {}", inert(&plain(row.get("step"))))?;
        if let Some(command) = row.get("command").as_str() {
            // one that is cut would be another command
            if command.chars().count() <= LONGEST_VALUE {
                let command = visible(command);
                let fence = fence(&command);
                writeln!(to, "\n  {fence}sh\n  {command}\n  {fence}\n")?;
            } else {
                writeln!(to, "\n  (a command of more than {LONGEST_VALUE} characters)\n")?;
            }
        }
    }
    writeln!(to)?;
    Ok(())
}

/// The statements of all tables but those of investigations, which go by their event alone.
fn statements(document: &Document, to: &mut dyn Write) -> anyhow::Result<()> {
    let tables = document.sections.iter().flat_map(|section| &section.tables);
    let statements: Vec<_> =
        tables.map(|table| format!("-- {}\n{};\n", table.title, visible(&table.statement))).collect();
    let statements = statements.join("\n");
    let fence = fence(&statements);
    writeln!(
        to,
        "<details>\n<summary>The statements of these tables</summary>\n\n\
         They give the same rows in any DuckDB 2 client; `trailduck triage EVENT_ID` gives an investigation.\n\n\
         {fence}sql\n{statements}{fence}\n\n</details>"
    )?;
    Ok(())
}

/// A run of backticks that is in no text between two of it.
fn fence(text: &str) -> String {
    let longest = text.split(|char| char != '`').map(str::len).max().unwrap_or_default();
    "`".repeat(longest.max(2) + 1)
}

/// A text as code within a line.
fn code(text: &str) -> String {
    let fence = fence(text);
    format!("{fence} {} {fence}", visible(text))
}

/// A value in one line, cut where it is too long, without markup.
fn as_text(value: &Value) -> String {
    let text = plain(value);
    // what is read most is left readable where no one renders it
    if is_moment(&text) { text } else { markdown_value(&shortened(&text, LONGEST_VALUE).unwrap_or(text)) }
}

/// Whether a text is a time and nothing else.
fn is_moment(text: &str) -> bool {
    text.len() <= 32 && text.ends_with('Z') && DateTime::parse_from_rfc3339(text).is_ok()
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(plain).collect::<Vec<_>>().join(", "),
        value => value.to_string(),
    }
}

fn is_nothing(value: &Value) -> bool {
    value.is_null() || value.as_array().is_some_and(Vec::is_empty)
}
