//! What `.describe NAME` prints: what something is for, what it takes, what it returns, and how to ask it.

use super::commands::{COMMANDS, CommandHelp};
use super::learned::struct_fields;
use super::nearest::nearest;
use super::statement::unquoted;
use super::vocabulary::{Column, Function, FunctionKind, Names, Relation, query, query_columns};
use crate::catalog::{CATALOG, Detection, Kind, Parameter, Query, one_line, quote};
use crate::output::visible_lines;
use crate::store::Store;

/// A name that nothing has.
#[derive(Debug, thiserror::Error)]
#[error("nothing is called {name}: {}", match nearest {
    Some(nearest) => format!("did you mean {nearest}?"),
    None => "see .tables, .queries and .help".to_owned(),
})]
pub struct UnknownName {
    name: String,
    nearest: Option<String>,
}

/// Describes what bears a name, in lines of at most `width` characters.
pub fn describe(store: &Store, name: &str, width: usize) -> anyhow::Result<String> {
    described(store, &Names::read(&store.connection)?, name, width)
}

fn described(store: &Store, names: &Names, name: &str, width: usize) -> anyhow::Result<String> {
    let mut page = Page { text: String::new(), width: width.max(20) };
    let trimmed = name.trim().trim_end_matches(';').trim_end();
    let name = &unquoted(trimmed.split('(').next().unwrap_or_default());
    let lower = name.to_lowercase();
    let command = || COMMANDS.iter().find(|command| command.name == lower || command.name[1..] == lower);
    if let Some(query) = query(name) {
        of_query(&mut page, store, query);
    } else if let Some(rule) = CATALOG.detection(&lower) {
        of_detection(&mut page, names, rule);
    } else if let Some(relation) = names.relation(name) {
        of_relation(&mut page, names, relation);
    } else if let Some(function) = names.function(name) {
        of_function(&mut page, function);
    } else if let Some(command) = command() {
        of_command(&mut page, command);
    } else if names.is_column(name) {
        of_column(&mut page, names, &lower);
    } else {
        return Err(UnknownName { name: name.clone(), nearest: nearest_name(names, &lower) }.into());
    }
    Ok(visible_lines(page.text.trim_end()))
}

/// DuckDB's own functions come last: they are many.
fn nearest_name(names: &Names, name: &str) -> Option<String> {
    let relations = names.relations.iter().map(|relation| relation.name.as_str());
    let queries = CATALOG.queries.iter().map(|query| query.name.as_str());
    let commands = COMMANDS.iter().map(|command| command.name);
    let functions = |internal| {
        let functions = names.functions.iter().filter(move |function| function.internal == internal);
        functions.map(|function| function.name.as_str())
    };
    let columns = names.relations.iter().flat_map(|relation| &relation.columns).map(|column| column.name.as_str());
    let own = relations.chain(queries).chain(functions(false)).chain(commands);
    nearest(name, own).or_else(|| nearest(name, columns)).or_else(|| nearest(name, functions(true))).map(str::to_owned)
}

/// A page of text that is being written.
struct Page {
    text: String,
    width: usize,
}

impl Page {
    fn title(&mut self, name: &str, kind: &str) {
        self.text.push_str(&format!("{name}: {kind}\n"));
    }

    fn heading(&mut self, heading: &str) {
        self.text.push_str(&format!("\n{heading}\n"));
    }

    fn paragraph(&mut self, text: &str) {
        if !text.is_empty() {
            self.text.push('\n');
            self.wrapped("", &one_line(text), 0);
        }
    }

    /// A text behind what begins its first line, in lines that begin under it.
    fn wrapped(&mut self, begin: &str, text: &str, indent: usize) {
        let mut line = begin.to_owned();
        let mut length = line.chars().count();
        let mut is_first = true;
        for word in text.split_whitespace() {
            let long = word.chars().count();
            if !is_first && length + 1 + long > self.width {
                self.text.push_str(&line);
                self.text.push('\n');
                line = " ".repeat(indent);
                length = indent;
                is_first = true;
            }
            if !is_first {
                line.push(' ');
                length += 1;
            }
            line.push_str(word);
            length += long;
            is_first = false;
        }
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    /// Names with what each means.
    fn list(&mut self, items: &[(String, String)]) {
        let longest = items.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
        // where the names leave no room beside them, the meaning stands below
        let is_beside = longest + 4 + 24 <= self.width;
        for (name, meaning) in items {
            if meaning.is_empty() {
                self.text.push_str(&format!("  {name}\n"));
            } else if is_beside {
                self.wrapped(&format!("  {name:longest$}  "), meaning, longest + 4);
            } else {
                self.text.push_str(&format!("  {name}\n"));
                self.wrapped("      ", meaning, 6);
            }
        }
    }

    fn columns(&mut self, columns: &[Column]) {
        let longest = columns.iter().map(|column| column.name.chars().count()).max().unwrap_or(0);
        let item = |column: &Column| {
            let (data_type, inner) = match column.data_type.split_once("STRUCT(") {
                Some(_) => {
                    let is_list = column.data_type.ends_with("[]");
                    let fields = struct_fields(column.data_type.trim_end_matches("[]"));
                    let fields = fields.into_iter().map(|(name, _)| name).collect::<Vec<_>>().join(", ");
                    (if is_list { "STRUCT[]" } else { "STRUCT" }, format!("Fields: {fields}."))
                }
                None => (column.data_type.as_str(), String::new()),
            };
            let meaning = one_line(&format!("{} {inner}", column.comment));
            match data_type {
                "" => (column.name.clone(), meaning),
                data_type => (format!("{:longest$}  {data_type}", column.name), meaning),
            }
        };
        self.heading("Columns");
        self.list(&columns.iter().map(item).collect::<Vec<_>>());
    }

    fn steps(&mut self, heading: &str, steps: &[String]) {
        self.heading(heading);
        for step in steps {
            self.wrapped("  - ", &one_line(step), 4);
        }
    }

    /// Lines to be typed: they are not wrapped.
    fn examples(&mut self, examples: &[String]) {
        self.heading("Examples");
        for example in examples {
            self.text.push_str(&format!("  {example}\n"));
        }
    }
}

fn of_query(page: &mut Page, store: &Store, query: &Query) {
    let Query { name, title, description, parameters, .. } = query;
    page.title(name, "companion query");
    page.paragraph(title);
    page.paragraph(description);
    if !parameters.is_empty() {
        page.heading("Parameters");
        let longest = parameters.iter().map(|parameter| parameter.name.len()).max().unwrap_or(0);
        let item = |parameter: &Parameter| {
            let default =
                parameter.default.as_ref().map_or("required".to_owned(), |default| format!("default {default}"));
            let kind = parameter.kind.name();
            (format!("{:longest$}  {kind}, {default}", parameter.name), one_line(&parameter.description))
        };
        page.list(&parameters.iter().map(item).collect::<Vec<_>>());
    }
    let types = types(store, query);
    let columns = query_columns(query).into_iter().map(|column| {
        let data_type = types.iter().find(|(name, _)| *name == column.name).map(|(_, data_type)| data_type.clone());
        Column { data_type: data_type.unwrap_or_default(), ..column }
    });
    page.columns(&columns.collect::<Vec<_>>());
    // those that must be given, or else the first
    let required: Vec<_> = parameters.iter().filter(|parameter| parameter.default.is_none()).collect();
    let shown = if required.is_empty() { parameters.iter().take(1).collect() } else { required };
    let values: Vec<_> =
        shown.iter().map(|parameter| (&parameter.name, parameter.kind, example(store, parameter))).collect();
    let literal = |kind: Kind, value: &str| kind.literal(value).unwrap_or_else(|_| quote(value));
    let in_sql = values.iter().map(|(name, kind, value)| format!("{name} := {}", literal(*kind, value)));
    let in_shell = values.iter().map(|(name, _, value)| format!(" {name}={value}"));
    let in_terminal = values.iter().map(|(name, kind, value)| match kind {
        Kind::Varchar | Kind::Uuid => format!(" --{name} '{value}'"),
        Kind::Integer | Kind::Boolean => format!(" --{name} {value}"),
    });
    page.examples(&[
        format!("FROM {name}({});", in_sql.collect::<Vec<_>>().join(", ")),
        format!(".run {name}{}", in_shell.collect::<String>()),
        format!("trailduck query {name}{}", in_terminal.collect::<String>()),
    ]);
}

/// The types of a query's columns; none where the store does not have the query.
fn types(store: &Store, query: &Query) -> Vec<(String, String)> {
    let nothing: Vec<_> = query.parameters.iter().map(|parameter| format!("{} := NULL", parameter.name)).collect();
    let sql = format!("DESCRIBE FROM {}({})", query.name, nothing.join(", "));
    let types = store
        .connection
        .prepare(&sql)
        .and_then(|mut statement| statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect());
    types.unwrap_or_default()
}

/// A value that a parameter may have: the latest alert where an event is asked for, or what is given unless one says
/// otherwise.
fn example(store: &Store, parameter: &Parameter) -> String {
    if parameter.kind == Kind::Uuid {
        let latest = "SELECT arg_max(event_id, event_time)::VARCHAR FROM all_rule_matches WHERE suppressed_by IS NULL";
        let latest = store.connection.query_row(latest, [], |row| row.get::<_, Option<String>>(0));
        return latest.ok().flatten().unwrap_or_else(|| "a1e27003-e65c-4408-968f-ecee9c645d75".to_owned());
    }
    match (&parameter.default, parameter.name.as_str()) {
        (_, "arn") => "arn:aws:iam::*:user/*".to_owned(),
        (_, "address") => "198.51.100.7".to_owned(),
        (Some(default), _) => default.trim_matches('\'').to_owned(),
        (None, _) => "...".to_owned(),
    }
}

fn of_detection(page: &mut Page, names: &Names, rule: &Detection) {
    page.title(&rule.name, "detection");
    page.paragraph(&rule.title);
    page.paragraph(&rule.description);
    page.heading("Rule");
    let runs = if rule.enabled { "unasked, by `trailduck detect`" } else { "only when it is named" };
    let facts = [
        ("severity", rule.severity.name().to_owned()),
        ("risk score", rule.risk_score.to_string()),
        ("MITRE ATT&CK", format!("{}, {}", rule.tactic, rule.technique)),
        ("schedule", format!("every {}, over the last {}", rule.schedule, rule.lookback)),
        ("runs", runs.to_owned()),
    ];
    page.list(&facts.map(|(name, value)| (name.to_owned(), value)));
    page.steps("False positives", &rule.false_positives);
    page.steps("Investigation", &rule.investigation);
    page.steps("Response", &rule.response);
    page.steps("References", &rule.references);
    if let Some(view) = names.relation(&rule.name) {
        page.columns(&view.columns);
    }
    page.examples(&[
        format!("FROM {} ORDER BY event_time DESC;", rule.name),
        format!("FROM {}_with_suppressed WHERE suppressed_by IS NOT NULL;", rule.name),
        format!("trailduck detect {}", rule.name),
    ]);
}

fn of_relation(page: &mut Page, names: &Names, relation: &Relation) {
    page.title(&relation.name, if relation.is_view { "view" } else { "table" });
    page.paragraph(&relation.comment);
    page.columns(&relation.columns);
    let name = names.quoted_path(&relation.name);
    // the newest are what one wants to see
    let time = relation.columns.iter().find(|column| column.data_type == "TIMESTAMP");
    let order = time.map(|time| format!(" ORDER BY {} DESC", names.quoted(&time.name))).unwrap_or_default();
    let mut examples = vec![format!("FROM {name}{order} LIMIT 10;")];
    let nested = relation.columns.iter().find_map(|column| {
        let mut fields = struct_fields(&column.data_type).into_iter();
        fields.find(|(name, _)| name == "arn").map(|(name, _)| (column, name))
    });
    if let Some((column, field)) = nested {
        let path = format!("{}.{}", names.quoted(&column.name), names.quoted(&field));
        examples.push(format!("SELECT {path}, count(*) FROM {name} GROUP BY ALL ORDER BY ALL;"));
    }
    examples.push(format!("trailduck sql 'FROM {name}{order} LIMIT 10'"));
    page.examples(&examples);
}

fn of_function(page: &mut Page, function: &Function) {
    let Function { name, signature, description, .. } = function;
    page.title(name, function.kind_name());
    page.paragraph(description);
    page.heading("Call");
    page.wrapped("  ", &format!("{name}({signature})"), 4);
    let arguments = function.parameters.join(", ");
    let example = match function.kind {
        FunctionKind::Table | FunctionKind::TableMacro => format!("FROM {name}({arguments});"),
        FunctionKind::Aggregate => format!("SELECT event_name, {name}({arguments}) FROM events GROUP BY event_name;"),
        _ => format!("SELECT {name}({arguments});"),
    };
    page.examples(&[example]);
}

/// A column by its name alone: the relations that have one.
fn of_column(page: &mut Page, names: &Names, name: &str) {
    page.title(name, "column");
    page.heading("In");
    let item = |relation: &Relation| {
        let column = relation.columns.iter().find(|column| column.name.to_lowercase() == name)?;
        let data_type = column.data_type.split('(').next().unwrap_or_default();
        let meaning =
            if column.comment.is_empty() { String::new() } else { format!(". {}", one_line(&column.comment)) };
        Some((relation.name.clone(), format!("{data_type}{meaning}")))
    };
    page.list(&names.relations.iter().filter_map(item).collect::<Vec<_>>());
}

fn of_command(page: &mut Page, command: &CommandHelp) {
    page.title(format!("{} {}", command.name, command.arguments).trim(), "dot command");
    page.paragraph(command.help);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell::tests::{filled, store};

    #[test]
    fn each_kind_of_thing_says_what_one_must_know() {
        let (_folder, store) = filled();
        for (name, expected) in [
            (
                "launches_after_deprecated_query",
                &[
                    "launches_after_deprecated_query: companion query",
                    "\nLaunches after a deprecated-AMI query\n",
                    "  hours      INTEGER, default 24            Length of the window after a query, in hours.",
                    "lag_seconds",
                    "Seconds from that query to the launch.",
                    "  FROM launches_after_deprecated_query(hours := 24);",
                    "  .run launches_after_deprecated_query hours=24",
                    "  trailduck query launches_after_deprecated_query --hours 24",
                ][..],
            ),
            (
                "Triage_Alert(",
                &[
                    "event_id  VARCHAR, required",
                    "FROM triage_alert(event_id := '00000000-0000-0000-0000-000000000002');",
                    "trailduck query triage_alert --event_id '00000000-0000-0000-0000-000000000002'",
                ],
            ),
            (
                "events;",
                &[
                    "events: table",
                    "CloudTrail records, one row per event",
                    "event_time                       TIMESTAMP  eventTime, UTC.",
                    "Fields: type, principal_id, arn,",
                    "FROM events ORDER BY event_time DESC LIMIT 10;",
                    "SELECT user_identity.arn, count(*) FROM events GROUP BY ALL ORDER BY ALL;",
                    "trailduck sql 'FROM events ORDER BY event_time DESC LIMIT 10'",
                ],
            ),
            ("\"api_calls\"", &["api_calls: view", "outcome", "success or failure (ECS event.outcome)"]),
            (
                "deprecated_ami_discovery",
                &[
                    "deprecated_ami_discovery: detection",
                    "severity      low",
                    "risk score    21",
                    "every 5m, over the last 6m",
                    "(TA0007)",
                    "False positives",
                    "Investigation",
                    "Response",
                    "trailduck detect deprecated_ami_discovery",
                ],
            ),
            ("source_kind", &["source_kind: macro", "Kind of a sourceIPAddress", "source_kind(address VARCHAR)"]),
            ("date_trunc", &["date_trunc: function", "Examples"]),
            ("session_name", &["session_name: column", "api_calls", "VARCHAR"]),
            (".mode", &[".mode [MODE]: dot command", "How results are written"]),
            ("triage", &[".triage ID|latest: dot command"]),
        ] {
            let text = describe(&store, name, 120).expect(name);
            for part in expected {
                assert!(text.contains(part), "{name}: {part:?} is not in\n{text}");
            }
        }
    }

    #[test]
    fn everything_is_described_within_the_width_and_the_examples_of_queries_are_sql() {
        let (_folder, store) = filled();
        // nothing is run, and large plans take long to optimise
        store.connection.execute_batch("PRAGMA disable_optimizer").expect("a pragma");
        let names = Names::read(&store.connection).expect("names");
        let queries = CATALOG.queries.iter().map(|query| query.name.as_str());
        let relations = names.relations.iter().map(|relation| relation.name.as_str());
        let macros =
            names.functions.iter().filter(|function| !function.internal).map(|function| function.name.as_str());
        let commands = COMMANDS.iter().map(|command| command.name);
        for name in queries.chain(relations).chain(macros).chain(commands) {
            let text = described(&store, &names, name, 80).expect(name);
            let prose = text.split("\nExamples\n").next().unwrap_or_default();
            let long = prose.lines().find(|line| line.chars().count() > 80 && line.trim().contains(' '));
            // a signature or a link is one word
            assert_eq!(long.filter(|line| !line.contains("https://")), None, "{name}");
            if query(name).is_some() {
                let example = text.lines().find(|line| line.trim_start().starts_with("FROM ")).expect("an example");
                let sql = example.trim().trim_end_matches(';');
                assert!(store.connection.prepare(sql).is_ok(), "{sql}");
            }
        }
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_nearest() {
        let (_folder, store) = store();
        for (name, expected) in [
            ("api_cals", "nothing is called api_cals: did you mean api_calls?"),
            (
                "launches_after_deprecated",
                "nothing is called launches_after_deprecated: did you mean launches_after_deprecated_query?",
            ),
            (
                "deprecated_ami_discovry",
                "nothing is called deprecated_ami_discovry: did you mean deprecated_ami_discovery?",
            ),
            (".mdoe", "nothing is called .mdoe: did you mean .mode?"),
            ("date_trnc", "nothing is called date_trnc: did you mean date_trunc?"),
            ("xyzzy_weather", "nothing is called xyzzy_weather: see .tables, .queries and .help"),
        ] {
            let error = describe(&store, name, 80).expect_err(name);
            assert_eq!(error.to_string(), expected);
        }
    }

    #[test]
    fn a_comment_that_would_act_on_the_terminal_is_shown() {
        let (_folder, store) = store();
        let statements = "CREATE TABLE mine (a INTEGER); COMMENT ON COLUMN mine.a IS 'x\x1b[2Jy'";
        store.connection.execute_batch(statements).expect("a table");
        let text = describe(&store, "mine", 80).expect("a text");
        assert!(text.contains(r"x\u{1b}[2Jy") && !text.contains('\x1b'), "{text}");
    }
}
