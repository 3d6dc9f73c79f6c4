//! The dot commands, done.

use std::path::Path;
use std::time::Instant;

use anyhow::bail;

use super::arguments::arguments;
use super::commands::{COMMANDS, CommandHelp};
use super::describe::describe;
use super::nearest::nearest;
use super::settings::Mode;
use super::watch::Watch;
use super::{Shell, Stopped, note};
use crate::catalog::{CATALOG, Parameter, Query, quote};
use crate::output::{self, visible};
use crate::store::{Cell, Store};
use crate::triage;

impl Shell<'_> {
    /// Does what a line that begins with a dot says.
    pub fn command(&mut self, line: &str) -> anyhow::Result<()> {
        let (name, rest) = line.split_at(line.find(char::is_whitespace).unwrap_or(line.len()));
        let command = find(name)?;
        if command.name == ".once"
            && let Some(to) = rest.trim_start().strip_prefix('|')
        {
            self.sinks.set_once_command(to.trim());
            return Ok(());
        }
        let arguments = arguments(rest)?;
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        match (command.name, arguments.as_slice()) {
            (".quit" | ".exit", []) => self.quit = true,
            (".help", []) => self.say(&help())?,
            (".help", [name]) => {
                let command = find(&format!(".{}", name.trim_start_matches('.')))?;
                self.describe(command.name)?;
            }
            (".tables", [] | [_]) => self.statement(&tables(arguments.first().copied()), &[])?,
            (".queries", [] | [_]) => self.statement(&queries(arguments.first().copied()), &[])?,
            (".schema", [] | [_]) => self.schema(arguments.first().copied())?,
            (".describe", [name]) => self.describe(name)?,
            (".run", [name, values @ ..]) => self.run_query(name, values)?,
            (".alerts", [] | [_]) => self.alerts(arguments.first().copied())?,
            (".triage", [event]) => self.triage(event)?,
            (".read", [path]) => self.read(Path::new(&of_home(path)))?,
            (".open", [path]) => self.open(Path::new(&of_home(path)))?,
            (".output", []) => self.sinks.set_output(None, &self.store)?,
            (".output", [path]) => self.sinks.set_output(Some(&of_home(path)), &self.store)?,
            (".once", [path]) => self.sinks.set_once(&of_home(path), &self.store)?,
            (".pager", arguments) => self.pager(arguments)?,
            (name, []) if let Some(setting) = self.settings.shown(name) => self.say(&setting)?,
            (name, arguments) => {
                if !self.settings.set(name, arguments)? {
                    bail!("usage: {} {}", command.name, command.arguments);
                }
            }
        }
        Ok(())
    }

    /// Which pager is used, and whether.
    fn pager(&mut self, arguments: &[&str]) -> anyhow::Result<()> {
        let pager = &mut self.sinks.pager;
        match arguments {
            [] => {
                let said = if pager.on { format!("on: {}", visible(&pager.command())) } else { "off".to_owned() };
                return self.say(&said);
            }
            ["on"] => pager.turn_on(),
            ["off"] => pager.on = false,
            command => pager.set(command.iter().map(|argument| (*argument).to_owned()).collect()),
        }
        Ok(())
    }

    fn schema(&mut self, name: Option<&str>) -> anyhow::Result<()> {
        let condition = name.map_or("true".to_owned(), |name| format!("lower(name) = lower({})", quote(name)));
        let (_, rows) = self.store.collect(&format!("SELECT sql FROM ({OBJECTS}) WHERE {condition} ORDER BY name"))?;
        let statements: Vec<_> = rows.iter().filter_map(|row| text(&row[0])).collect();
        if let (Some(name), []) = (name, statements.as_slice()) {
            let names = self.names()?;
            return Err(unknown("table, view or macro", name, names.iter().map(String::as_str)));
        }
        self.say(&output::visible_lines(&statements.join("\n\n")))
    }

    /// Names of what `.schema` knows.
    fn names(&self) -> anyhow::Result<Vec<String>> {
        let (_, rows) = self.store.collect(&format!("SELECT name FROM ({OBJECTS})"))?;
        Ok(rows.iter().filter_map(|row| text(&row[0])).collect())
    }

    fn describe(&mut self, name: &str) -> anyhow::Result<()> {
        let width = if self.sinks.is_screen() { self.style.width } else { None };
        let text = describe(&self.store, name, width.unwrap_or(PAGE).into())?;
        self.say(&text)
    }

    /// Runs a companion query with arguments such as `hours=24`.
    fn run_query(&mut self, name: &str, values: &[&str]) -> anyhow::Result<()> {
        let names = CATALOG.queries.iter().map(|query| query.name.as_str());
        let query = CATALOG.query(name).ok_or_else(|| unknown("companion query", name, names))?;
        let arguments = query_arguments(query, values)?;
        self.statement(&format!("FROM {name}({})", arguments.join(", ")), &query.display)
    }

    fn alerts(&mut self, since: Option<&str>) -> anyhow::Result<()> {
        let (sql, display) = self.reports.alerts(&self.store, since)?;
        self.statement(&sql, &display)?;
        if self.settings.mode == Mode::Table {
            match self.reports.suppressed(&self.store, since)? {
                0 => {}
                count => note(&format!("{count} suppressed by exceptions: `FROM exceptions_in_force;`")),
            }
        }
        Ok(())
    }

    fn triage(&mut self, event: &str) -> anyhow::Result<()> {
        let event = match event {
            "latest" => None,
            id => {
                let id = triage::id(id).map_err(|error| anyhow::anyhow!("{id}: {error}; or `latest`"))?;
                Some(triage::event(&self.store, &id)?)
            }
        };
        // on a connection of its own: its temporary tables must not hide the views from later statements
        let store = self.store.another_connection()?;
        self.set_up(&store)?;
        let watch = self.interrupt.as_ref().map(|asked| Watch::start(&store.connection, asked.clone()));
        let style = self.sinks.style(self.style);
        let format = self.sinks.mode(self.settings.mode).format();
        let begun = Instant::now();
        let (mut target, file) = self.sinks.open(watch.as_ref())?;
        let ran = self.reports.triage(&store, event.as_deref(), style, format, &mut target);
        let time = begun.elapsed();
        match ran {
            Err(_) if target.is_left() => return Ok(()),
            Err(error) if self.interrupt.as_ref().is_some_and(|interrupt| interrupt.is_asked()) => {
                return Err(if output::is_broken_pipe(&error) { error } else { Stopped.into() });
            }
            ran => ran?,
        }
        target.finish()?;
        drop(watch);
        if self.settings.timer {
            let file = file.map(|file| format!("to {file}; ")).unwrap_or_default();
            self.remark(&format!("{file}{}", super::results::duration(time)));
        }
        Ok(())
    }

    fn open(&mut self, path: &Path) -> anyhow::Result<()> {
        if self.store.owns(path) {
            bail!("{} is open already", path.display());
        }
        let interrupt = self.interrupt.clone();
        let (wait, mut told) = (self.wait, false);
        let opened = Store::open_when_free(path, self.access, |in_use| {
            if wait && !told {
                note(&visible(&format!("waiting: {in_use}")));
                told = true;
            }
            wait && !interrupt.as_ref().is_some_and(|interrupt| interrupt.is_asked())
        })?;
        self.set_up(&opened)?;
        self.store = opened;
        if let Some(vocabulary) = &self.vocabulary {
            vocabulary.refresh(&self.store)?;
        }
        if self.interrupt.is_some() {
            self.welcome()?;
        }
        Ok(())
    }
}

/// Characters of a line of text where there is no window.
const PAGE: u16 = 100;

/// What `.schema` shows: the objects that are not DuckDB's own, as DuckDB would write them.
const OBJECTS: &str = "
    SELECT table_name AS name, sql FROM duckdb_tables() WHERE NOT internal
    UNION ALL SELECT view_name, sql FROM duckdb_views() WHERE NOT internal
    UNION ALL SELECT
        function_name,
        'CREATE MACRO ' || function_name || '(' || array_to_string(parameters, ', ') || ') AS '
            || CASE WHEN function_type = 'table_macro' THEN 'TABLE ' ELSE '' END || macro_definition || ';'
    FROM duckdb_functions() WHERE NOT internal AND macro_definition IS NOT NULL";

/// Finds a command by its name, or by the beginning of it that no other has.
fn find(name: &str) -> anyhow::Result<&'static CommandHelp> {
    let name = name.to_lowercase();
    // of what begins with a q, it is what everyone means
    let name = if name == ".q" { ".quit" } else { &name };
    let is_named = |command: &&CommandHelp| command.name == name;
    let meant: Vec<_> = match COMMANDS.iter().find(is_named) {
        Some(command) => vec![command],
        None => COMMANDS.iter().filter(|command| name != "." && command.name.starts_with(name)).collect(),
    };
    match meant.as_slice() {
        [command] => Ok(command),
        [] => Err(unknown("command", name, COMMANDS.iter().map(|command| command.name))),
        several => {
            let names: Vec<_> = several.iter().map(|command| command.name).collect();
            bail!("{name} may be any of {}", names.join(", "))
        }
    }
}

/// The error for a name that there is not, with the nearest that there is.
pub fn unknown<'n>(what: &str, name: &str, among: impl IntoIterator<Item = &'n str>) -> anyhow::Error {
    let names: Vec<_> = among.into_iter().collect();
    match nearest(name, names.iter().copied()) {
        Some(meant) => anyhow::anyhow!("no {what} {name}: did you mean {meant}?"),
        None if names.len() <= 10 => anyhow::anyhow!("no {what} {name}: there are {}", names.join(", ")),
        None if what == "command" => anyhow::anyhow!("no command {name}: .help lists them"),
        None if what == "companion query" => anyhow::anyhow!("no companion query {name}: .queries lists them"),
        None => anyhow::anyhow!("no {what} {name}"),
    }
}

fn help() -> String {
    let usage = |command: &CommandHelp| format!("{} {}", command.name, command.arguments);
    let widest = COMMANDS.iter().map(|command| usage(command).len()).max().unwrap_or(0);
    let lines = COMMANDS.iter().map(|command| format!("{:widest$}  {}", usage(command), command.help));
    let lines: Vec<_> = lines.collect();
    format!(
        "{}\n\nAnything else is SQL, up to a semicolon: FROM api_calls WHERE outcome = 'failure';\n\
        Tab completes, Ctrl-R searches what was typed before, Ctrl-C stops a statement, Ctrl-D leaves.",
        lines.join("\n")
    )
}

/// Tables and views, as rows.
fn tables(pattern: Option<&str>) -> String {
    format!(
        "SELECT name, kind, rtrim(split_part(comment, '. ', 1), '.:') AS about
        FROM (
            SELECT table_name AS name, 'table' AS kind, comment FROM duckdb_tables() WHERE NOT internal
            UNION ALL SELECT view_name, 'view', comment FROM duckdb_views() WHERE NOT internal
        )
        WHERE {} ORDER BY name",
        matches("name", pattern)
    )
}

/// The companion queries, as rows.
fn queries(pattern: Option<&str>) -> String {
    let parameter = |parameter: &Parameter| match &parameter.default {
        Some(default) => format!("{}={default}", parameter.name),
        None => parameter.name.clone(),
    };
    let row = |query: &Query| {
        let parameters: Vec<_> = query.parameters.iter().map(parameter).collect();
        format!("({}, {}, {})", quote(&query.name), quote(&parameters.join(" ")), quote(&query.title))
    };
    let rows: Vec<_> = CATALOG.queries.iter().map(row).collect();
    let condition = matches("query", pattern);
    format!("FROM (VALUES {}) AS t(query, parameters, answers) WHERE {condition}", rows.join(", "))
}

/// A condition: a name matches a pattern with wildcards of the shell's (`*`) or of SQL (`%`), or has it as a part.
fn matches(column: &str, pattern: Option<&str>) -> String {
    let Some(pattern) = pattern else { return "true".to_owned() };
    let pattern = pattern.to_lowercase();
    let literal = quote(&pattern);
    match () {
        () if pattern.contains('%') => format!("lower({column}) LIKE {literal}"),
        () if pattern.contains(['*', '?', '[']) => format!("lower({column}) GLOB {literal}"),
        () => format!("contains(lower({column}), {literal})"),
    }
}

/// The arguments of a companion query as SQL.
fn query_arguments(query: &Query, values: &[&str]) -> anyhow::Result<Vec<String>> {
    let names = || query.parameters.iter().map(|parameter| parameter.name.as_str());
    let mut arguments: Vec<(&str, String)> = Vec::new();
    for value in values {
        let Some((name, value)) = value.split_once('=') else {
            bail!("{value} is no argument: expected NAME=VALUE; {} takes {}", query.name, described(query));
        };
        // as on the command line, and as in SQL
        let name = name.trim_start_matches("--").trim_end_matches(':').replace('-', "_");
        let Some(parameter) = query.parameters.iter().find(|parameter| parameter.name == name) else {
            return Err(match query.parameters.len() {
                0 => anyhow::anyhow!("{} takes no arguments", query.name),
                _ => unknown("parameter", &name, names()).context(format!("{} is not run", query.name)),
            });
        };
        if arguments.iter().any(|(given, _)| *given == parameter.name) {
            bail!("{name} is given twice");
        }
        let literal = parameter.kind.literal(value).map_err(|error| anyhow::anyhow!("{name}: {value} is {error}"))?;
        arguments.push((&parameter.name, literal));
    }
    let mut required = query.parameters.iter().filter(|parameter| parameter.default.is_none());
    if let Some(missing) = required.find(|parameter| arguments.iter().all(|(name, _)| *name != parameter.name)) {
        bail!("{} needs {}=...: {}", query.name, missing.name, missing.description);
    }
    Ok(arguments.into_iter().map(|(name, literal)| format!("{name} := {literal}")).collect())
}

/// What a companion query takes.
fn described(query: &Query) -> String {
    let names: Vec<_> = query.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
    if names.is_empty() { "no arguments".to_owned() } else { names.join(", ") }
}

/// A path as a shell would have it: `~/` is the home folder.
fn of_home(path: &str) -> String {
    match (path.strip_prefix("~/"), std::env::var("HOME")) {
        (Some(rest), Ok(home)) => format!("{home}/{rest}"),
        _ => path.to_owned(),
    }
}

fn text(cell: &Cell) -> Option<String> {
    match cell {
        Cell::Text(text) => Some(text.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_known_by_the_beginning_that_no_other_has() {
        for (typed, meant) in [(".mode", ".mode"), (".MO", ".mode"), (".q", ".quit"), (".exp", ".expanded")] {
            assert_eq!(find(typed).expect("a command").name, meant);
        }
        for (typed, said) in [
            (".exsport", "no command .exsport"),
            (".quieries", "did you mean .queries"),
            (".o", ".once, .open, .output"),
            (".", "no command ."),
        ] {
            let error = find(typed).expect_err("no command").to_string();
            assert!(error.contains(said), "{error}");
        }
    }

    #[test]
    fn arguments_of_a_query_are_literals_or_refused() {
        let query = CATALOG.query("activity_around").expect("the query");
        let id = "a1e27003-e65c-4408-968f-ecee9c645d75";
        let arguments = |values: &[&str]| query_arguments(query, values).map_err(|error| format!("{error:#}"));
        let given = arguments(&[&format!("event_id={id}"), "--minutes=5"]);
        assert_eq!(given, Ok(vec![format!("event_id := '{id}'"), "minutes := 5".to_owned()]));
        for (values, said) in [
            (vec![], "needs event_id="),
            (vec!["event_id='; --"], "not an event id"),
            (vec!["minutes=5; DROP"], "not a whole number"),
            (vec!["minuets=5"], "did you mean minutes?"),
            (vec!["minutes=5", "minutes=6"], "twice"),
            (vec!["5"], "expected NAME=VALUE"),
        ] {
            assert!(arguments(&values).is_err_and(|error| error.contains(said)), "{values:?}");
        }
    }
}
