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
    command(".alerts", "[TIME]", "Alerts, newest first", Completes::Nothing),
    command(
        ".describe",
        "NAME",
        "What a query, view, table, detection, function or command is for",
        Completes::AnyName,
    ),
    command(".expanded", "[on|off|auto]", "Show each row on its side", Completes::Words(&["on", "off", "auto"])),
    command(".help", "[COMMAND]", "List the dot commands, or explain one", Completes::Command),
    command(".mode", "[MODE]", "How results are written", Completes::Mode),
    command(".once", "FILE", "Write the next result to a file", Completes::File),
    command(".open", "FILE", "Open another store", Completes::File),
    command(".output", "[FILE]", "Write results to a file, or to the screen again", Completes::File),
    command(".queries", "[PATTERN]", "List the companion queries", Completes::Query),
    command(".quit", "", "Leave the shell", Completes::Nothing),
    command(".read", "FILE", "Run the statements of a file", Completes::File),
    command(".run", "NAME [ARG=VALUE]...", "Run a companion query", Completes::Query),
    command(".schema", "[NAME]", "The statements that make a table, view or macro", Completes::Relation),
    command(".tables", "[PATTERN]", "List tables and views", Completes::Relation),
    command(".timer", "on|off", "Show how long each statement took", ON_OFF),
    command(".timezone", "[ZONE]", "The time zone in which times are shown", Completes::TimeZone),
    command(".triage", "ID", "Investigate an alert", Completes::Alert),
    command(".width", "[COLUMNS]", "How wide results may be; none: as wide as the window", Completes::Nothing),
];
