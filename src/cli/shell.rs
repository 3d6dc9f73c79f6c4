use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;

use clap::Args;

use super::print::{Printer, note};
use super::time::{self, Between};
use super::{Context, detect, exit, triage};
use crate::catalog::CATALOG;
use crate::output::{Format, Style};
use crate::shell::{Mode, Options, Outcome, Reports};
use crate::store::{self, Store};

/// A prompt for SQL, companion queries, alerts and their triage
///
/// On a terminal it is interactive: completion with Tab, colours, history, results that fit the window. On a pipe it runs
/// the statements and dot commands it reads, and stops at the first error. `.help` lists the dot commands. The store is
/// opened for reading only, so that several can look at it at once; --write opens it for changes.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  trailduck shell
  trailduck shell --write                        to change the store too
  trailduck shell --wait                         when a load may be at work
  trailduck shell --format csv < review.sql > review.csv
  echo '.run api_calls_by_principal' | trailduck shell --format ndjson
  trailduck shell --init review.sql              its statements first, then the prompt

Environment:
  TRAILDUCK_PAGER, PAGER    shows results longer than the window [default: less -RSX]; empty: none
  TRAILDUCK_HISTORY         where what was typed is kept [default: ~/.local/state/trailduck/history]; empty: nowhere")]
pub struct Shell {
    /// Allow changes to the store
    #[arg(long)]
    write: bool,

    /// Wait until no other program has the store open, instead of failing
    #[arg(long)]
    wait: bool,

    /// How results are written; `.mode` changes it
    #[arg(long, value_enum, default_value = "table")]
    format: Mode,

    /// On a pipe, go on after an error; the exit code is 1 all the same
    #[arg(long)]
    keep_going: bool,

    /// Run the statements and dot commands of a file first
    #[arg(long, value_name = "FILE")]
    init: Option<PathBuf>,
}

impl Shell {
    pub fn run(self, context: &Context) -> anyhow::Result<u8> {
        let access = if self.write { store::Mode::Write } else { store::Mode::Read };
        let options = Options {
            store: context.open_when_free(access, self.wait)?,
            access,
            wait: self.wait,
            mode: self.format,
            style: context.printer.style(),
            interactive: io::stdin().is_terminal() && io::stdout().is_terminal(),
            keep_going: self.keep_going,
            init: self.init,
            reports: &Commands,
        };
        Ok(match options.run()? {
            Outcome::Done => exit::DONE,
            Outcome::Failed => exit::FAILED,
            Outcome::Interrupted => exit::INTERRUPTED,
        })
    }
}

/// What the shell shows with the code of other commands.
struct Commands;

impl Reports for Commands {
    fn alerts(&self, store: &Store, since: Option<&str>) -> anyhow::Result<(String, Vec<String>)> {
        let rules = CATALOG.enabled_detections();
        let matches = detect::alerts(&rules, &between(since)?);
        let mut display = rules[0].display.clone();
        if store.count("FROM alerts")? == 0 {
            return Ok((matches, display));
        }
        // with what became of those that were raised
        display.insert(2, "status".to_owned());
        let sql = format!(
            "SELECT m.*, a.status FROM ({matches}) AS m
            LEFT JOIN alerts AS a ON a.rule = m.rule AND a.event_id = m.event_id
            ORDER BY m.event_time DESC, m.event_id"
        );
        Ok((sql, display))
    }

    fn suppressed(&self, store: &Store, since: Option<&str>) -> anyhow::Result<i64> {
        detect::suppressed(store, &CATALOG.enabled_detections(), &between(since)?)
    }

    fn triage(
        &self,
        store: &Store,
        event: Option<&str>,
        style: Style,
        format: Format,
        to: &mut dyn Write,
    ) -> anyhow::Result<()> {
        let context = Context { db: store.path().to_owned(), printer: Printer::with(style) };
        let events = match event {
            Some(event) => vec![event.to_owned()],
            None => triage::latest(store)?,
        };
        if events.is_empty() {
            note("no alerts");
        }
        triage::pages(&context, store, &events, format, false, to)
    }
}

fn between(since: Option<&str>) -> anyhow::Result<Between> {
    let since = since.map(time::moment).transpose().map_err(anyhow::Error::msg)?;
    Ok(Between { since, until: None })
}
