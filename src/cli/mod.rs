//! The command line: one file a command.

mod alerts;
mod amis;
mod bucket;
mod completions;
mod correlate;
mod detect;
mod dry_run;
mod exceptions;
mod export;
mod geoip;
mod hunt;
mod interrupt;
mod load;
mod man;
mod narrow;
mod over_time;
mod pack;
mod page;
mod print;
mod progress;
mod query;
mod report;
mod shell;
mod sql;
mod status;
mod time;
mod triage;
mod watch;
mod whole;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::{Parser, Subcommand};

use crate::bucket::NoBucket;
use crate::output;
use crate::store::{Mode, Store, describe};
use crate::watch::Lock;
use print::{ColorChoice, Printer};

/// Exit codes, as `--help` documents them.
mod exit {
    pub const DONE: u8 = 0;
    pub const FAILED: u8 = 1;
    pub const USAGE: u8 = 2;
    pub const FINDINGS: u8 = 3;
    pub const INTERRUPTED: u8 = 130;
}

/// Who went looking for deprecated AMIs? Load AWS CloudTrail into one DuckDB file, detect, correlate, query.
#[derive(Debug, Parser)]
#[command(
    version,
    max_term_width = 100,
    after_help = "\
Examples:
  trailduck hunt ~/aws/AWSLogs           load, detect, correlate: one page
  trailduck load ~/aws/AWSLogs           load what is new since the last time
  trailduck watch ~/aws/AWSLogs          load, detect and raise alerts, on and on
  trailduck detect --since 7d            alerts, newest first
  trailduck alerts --status open         what `watch` raised and nobody has closed
  trailduck triage --latest              the latest alert, investigated to its end
  trailduck report -o incident.html      all of it in one file, to hand over
  trailduck query                        the companion queries
  trailduck sql 'FROM principals'        any SQL
  trailduck shell                        a prompt for all of this

Exit codes:
  0 done, 1 failed, 2 wrong usage, 3 findings (detect --fail-on), 130 interrupted"
)]
struct Cli {
    /// The store: one DuckDB file
    #[arg(long, global = true, help_heading = "Global options")]
    #[arg(value_name = "FILE", env = "TRAILDUCK_DB", default_value = DEFAULT_DB)]
    db: PathBuf,

    /// Whether to color the output
    #[arg(long, global = true, help_heading = "Global options")]
    #[arg(value_enum, value_name = "WHEN", default_value = "auto")]
    color: ColorChoice,

    #[command(subcommand)]
    command: Command,
}

const DEFAULT_DB: &str = "trail.duckdb";

/// How long a tick of a watch is waited for.
const A_TICK: Duration = Duration::from_secs(30);

#[derive(Debug, Subcommand)]
enum Command {
    Load(load::Load),
    Hunt(hunt::Hunt),
    Watch(watch::Watch),
    Detect(detect::Detect),
    Alerts(alerts::Alerts),
    Triage(triage::Triage),
    Correlate(correlate::Correlate),
    Query(query::QueryCommand),
    Report(report::Report),
    Sql(sql::Sql),
    Shell(shell::Shell),
    Geoip(geoip::Geoip),
    Amis(amis::Amis),
    Exceptions(exceptions::Exceptions),
    Export(export::Export),
    Pack(pack::Pack),
    Status(status::Status),
    Completions(completions::Completions),
    Man(man::Man),
}

/// What every command is given.
struct Context {
    db: PathBuf,
    printer: Printer,
}

impl Context {
    fn open(&self, mode: Mode) -> anyhow::Result<Store> {
        self.open_when_free(mode, false)
    }

    /// Opens the store; waits until others are done with it, if that was asked for. A watch has it for moments only: they
    /// are waited for in any case.
    fn open_when_free(&self, mode: Mode, wait: bool) -> anyhow::Result<Store> {
        let begun = Instant::now();
        let mut told = false;
        Store::open_when_free(&self.db, mode, |in_use| {
            if wait && !told {
                print::note(&format!("waiting: {in_use}"));
                told = true;
            }
            wait || begun.elapsed() < A_TICK && Lock::holder(&self.db).is_some_and(|watch| in_use.is_by(watch))
        })
    }

    /// ` --db FILE` for a command to be typed next, where the store is not the default one.
    fn db_argument(&self) -> String {
        if self.db == Path::new(DEFAULT_DB) {
            return String::new();
        }
        let path = self.db.to_string_lossy();
        let bare = path.chars().all(|char| char.is_alphanumeric() || "/._-+".contains(char));
        if bare { format!(" --db {path}") } else { format!(" --db '{}'", path.replace('\'', r"'\''")) }
    }
}

/// Arguments that do not go together.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Usage(&'static str);

/// Parses the arguments, runs the command, and reports what went wrong.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let context = Context { db: cli.db, printer: Printer::new(cli.color) };
    // everything this process creates, DuckDB's log of changes included, is for its owner only
    #[cfg(unix)]
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    let run = match cli.command {
        Command::Load(command) => command.run(&context),
        Command::Hunt(command) => command.run(&context),
        Command::Watch(command) => command.run(&context),
        Command::Detect(command) => command.run(&context),
        Command::Alerts(command) => command.run(&context),
        Command::Triage(command) => command.run(&context),
        Command::Correlate(command) => command.run(&context),
        Command::Query(command) => command.run(&context),
        Command::Report(command) => command.run(&context),
        Command::Sql(command) => command.run(&context),
        Command::Shell(command) => command.run(&context),
        Command::Geoip(command) => command.run(&context),
        Command::Amis(command) => command.run(&context),
        Command::Exceptions(command) => command.run(&context),
        Command::Export(command) => command.run(&context),
        Command::Pack(command) => command.run(&context),
        Command::Status(command) => command.run(&context),
        Command::Completions(command) => command.run(),
        Command::Man(command) => command.run(),
    };
    match run {
        Ok(code) => ExitCode::from(code),
        Err(error) if output::is_broken_pipe(&error) => ExitCode::from(exit::DONE),
        Err(error) => {
            print::note(&format!("trailduck: {}", output::visible_lines(&describe(&error))));
            let usage = error.is::<output::NoSuchColumn>() || error.is::<Usage>() || error.is::<NoBucket>();
            ExitCode::from(if usage { exit::USAGE } else { exit::FAILED })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_arguments_are_consistent() {
        Cli::command().debug_assert();
    }
}
