//! The dot commands, as `.help` lists them and the prompt completes them.

/// A dot command.
#[derive(Debug, Clone, Copy)]
pub struct CommandHelp {
    /// With its dot.
    pub name: &'static str,
    /// What follows the name: `NAME` is required, `[NAME]` is not.
    pub arguments: &'static str,
    /// What it does, in a line.
    pub help: &'static str,
    pub completes: Completes,
}

/// What the arguments of a dot command are completed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Completes {
    Nothing,
    /// A path.
    File,
    /// A table or view.
    Relation,
    /// A companion query, and behind it its parameters: `hours=24`.
    Query,
    /// Whatever `.describe` knows: relations, companion queries, detections, macros, functions, dot commands.
    AnyName,
    /// The `event_id` of an alert.
    Alert,
    /// The name of a dot command, with or without its dot.
    Command,
    /// How results are written.
    Mode,
    /// The name of a time zone, as the IANA database has it.
    TimeZone,
    Words(&'static [&'static str]),
}

const ON_OFF: Completes = Completes::Words(&["on", "off"]);

const fn command(name: &'static str, arguments: &'static str, help: &'static str, completes: Completes) -> CommandHelp {
    CommandHelp { name, arguments, help, completes }
}

pub const COMMANDS: &[CommandHelp] = &[
    command(".alerts", "[SINCE]", "Alerts, newest first; since 24h, 7d, 2026-10-01", Completes::Nothing),
    command(
        ".describe",
        "NAME",
        "What a query, view, table, detection, function or command is for",
        Completes::AnyName,
    ),
    command(".exit", "", "Leave the shell", Completes::Nothing),
    command(
        ".expanded",
        "[on|off|auto]",
        "Turn rows on their side; auto: those that do not fit",
        Completes::Words(&["on", "off", "auto"]),
    ),
    command(".help", "[COMMAND]", "List the dot commands, or explain one", Completes::Command),
    command(".maxrows", "[N]", "Rows of a table shown on the screen; 0: all", Completes::Nothing),
    command(".mode", "[MODE]", "How results are written: table, json, ndjson, csv, markdown, line", Completes::Mode),
    command(".nullvalue", "[TEXT]", "What stands for NULL", Completes::Nothing),
    command(".once", "FILE or |COMMAND", "Write the next result to a file, or to a command", Completes::File),
    command(".open", "FILE", "Open another store", Completes::File),
    command(".output", "[FILE]", "Write results to a file; without one, to the screen again", Completes::File),
    command(
        ".pager",
        "[on|off|COMMAND]",
        "Whether and by which program long results are shown",
        Completes::Words(&["on", "off"]),
    ),
    command(".queries", "[PATTERN]", "List the companion queries", Completes::Query),
    command(".quit", "", "Leave the shell", Completes::Nothing),
    command(".read", "FILE", "Run the statements and commands of a file", Completes::File),
    command(".run", "NAME [ARG=VALUE]...", "Run a companion query", Completes::Query),
    command(".schema", "[NAME]", "The statements that make a table, view or macro", Completes::Relation),
    command(".tables", "[PATTERN]", "List tables and views", Completes::Relation),
    command(".timer", "[on|off]", "Say how long each statement took", ON_OFF),
    command(".timezone", "[ZONE]", "Show times in a zone: Europe/Berlin, +02:00, UTC, local", Completes::TimeZone),
    command(".triage", "ID|latest", "Investigate an alert to its end", Completes::Alert),
    command(
        ".width",
        "[N]...",
        "What columns may be wide at most, in turn; 0: as wide as they come",
        Completes::Nothing,
    ),
];
