//! The shell: statements and dot commands, typed at a prompt or read from a pipe.

mod arguments;
pub mod commands;
pub mod complete;
pub mod describe;
mod dispatch;
mod failure;
pub mod highlight;
mod history;
mod interactive;
mod learned;
pub mod nearest;
mod pager;
mod prompt;
mod results;
mod script;
mod settings;
mod sinks;
mod statement;
mod target;
pub mod vocabulary;
mod watch;
mod zone;

pub use settings::Mode;

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, bail};

use crate::output::{self, Expanded, Format, Style, output_with, visible};
use crate::store::{self, Store};
use failure::explain;
use results::{Counts, Results};
use script::{Item, Script};
use settings::Settings;
use sinks::Sinks;
use vocabulary::Vocabulary;
use watch::{Interrupt, Watch};

/// How the shell is to be run.
pub struct Options<'r> {
    pub store: Store,
    /// What the store was opened for.
    pub access: store::Mode,
    /// Whether to wait for a store that is in use.
    pub wait: bool,
    pub mode: Mode,
    /// What standard output looks like.
    pub style: Style,
    /// Whether there is someone at a terminal.
    pub interactive: bool,
    /// Whether a script goes on after an error.
    pub keep_going: bool,
    /// A script to begin with.
    pub init: Option<PathBuf>,
    pub reports: &'r dyn Reports,
}

/// What other commands know to show.
pub trait Reports {
    /// The alerts since a moment as SQL, and the columns that are shown to people.
    fn alerts(&self, store: &Store, since: Option<&str>) -> anyhow::Result<(String, Vec<String>)>;
    /// How many alerts exceptions suppress.
    fn suppressed(&self, store: &Store, since: Option<&str>) -> anyhow::Result<i64>;
    /// Investigates an event, given as a SQL literal, or the latest alert. Makes temporary tables.
    fn triage(
        &self,
        store: &Store,
        event: Option<&str>,
        style: Style,
        format: Format,
        to: &mut dyn Write,
    ) -> anyhow::Result<()>;
}

/// How a shell ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Done,
    /// A statement or dot command of a script failed.
    Failed,
    Interrupted,
}

/// Someone stopped what ran.
#[derive(Debug, thiserror::Error)]
#[error("interrupted")]
struct Stopped;

/// An error that is explained already, with the statement it is about.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Explained(String);

/// An error that was told where it happened.
#[derive(Debug, thiserror::Error)]
#[error("a script failed")]
struct Told;

/// Scripts that may be read by each other.
const NESTED: usize = 16;

struct Shell<'r> {
    store: Store,
    access: store::Mode,
    wait: bool,
    style: Style,
    settings: Settings,
    sinks: Sinks,
    /// There is none on a pipe: there, a signal ends the process.
    interrupt: Option<Arc<Interrupt>>,
    keep_going: bool,
    reports: &'r dyn Reports,
    /// What can be named at the prompt, if there is one.
    vocabulary: Option<Arc<Vocabulary>>,
    /// Scripts that are being read.
    depth: usize,
    /// Whether a script failed.
    failed: bool,
    quit: bool,
}

impl Options<'_> {
    /// Runs the shell to its end.
    pub fn run(self) -> anyhow::Result<Outcome> {
        let interactive = self.interactive;
        let mut shell = Shell {
            store: self.store,
            access: self.access,
            wait: self.wait,
            style: self.style,
            settings: Settings::new(self.mode, interactive),
            sinks: Sinks::new(interactive),
            interrupt: if interactive { Some(Interrupt::listen()?) } else { None },
            keep_going: self.keep_going && !interactive,
            reports: self.reports,
            vocabulary: None,
            depth: 0,
            failed: false,
            quit: false,
        };
        shell.set_up(&shell.store)?;
        match shell.run(self.init) {
            Err(error) if error.is::<Told>() => Ok(Outcome::Failed),
            Err(error) => Err(error),
            Ok(_) if shell.failed && !interactive => Ok(Outcome::Failed),
            Ok(outcome) => Ok(outcome),
        }
    }
}

impl Shell<'_> {
    fn run(&mut self, init: Option<PathBuf>) -> anyhow::Result<Outcome> {
        let interactive = self.interrupt.clone();
        if let Some(path) = init {
            let read = self.read(&path);
            if interactive.is_none() || read.as_ref().is_err_and(|error| !error.is::<Told>()) {
                read?;
            }
        }
        match interactive {
            Some(interrupt) => self.interact(&interrupt),
            None => {
                self.script(io::stdin().lock(), None)?;
                Ok(Outcome::Done)
            }
        }
    }

    /// Makes a connection one of this shell's.
    fn set_up(&self, store: &Store) -> anyhow::Result<()> {
        // errors with the place that they are about
        store.connection.execute_batch("SET errors_as_json = true")?;
        if self.interrupt.is_some() {
            store.connection.set_query_progress_tracking(true)?;
        }
        Ok(())
    }

    /// Runs a script: that of a file, or else standard input.
    fn script(&mut self, lines: impl BufRead, file: Option<&Path>) -> anyhow::Result<()> {
        let mut script = Script::new(lines);
        while !self.quit {
            let Some((line, item)) = script.next().context("cannot read the script")? else { break };
            let Err(error) = self.item(&item) else { continue };
            if output::is_broken_pipe(&error) {
                return Err(error);
            }
            if !error.is::<Told>() {
                let place = file.map(|path| format!("{}, ", visible(&path.display().to_string()))).unwrap_or_default();
                let program = if self.interrupt.is_none() { "trailduck: " } else { "" };
                note(&format!("{program}{place}line {line}: {}", explain(&error, "", self.error_style())));
            }
            self.failed = true;
            if !self.keep_going {
                return Err(Told.into());
            }
        }
        Ok(())
    }

    /// Runs the script that a file holds.
    fn read(&mut self, path: &Path) -> anyhow::Result<()> {
        let shown = path.display();
        if self.depth == NESTED {
            bail!("{shown} is not read: {NESTED} scripts read each other already");
        }
        let file = File::open(path).with_context(|| format!("cannot read {shown}"))?;
        if file.metadata().is_ok_and(|metadata| metadata.is_dir()) {
            bail!("cannot read {shown}: it is a folder");
        }
        self.depth += 1;
        let ran = self.script(BufReader::new(file), Some(path));
        self.depth -= 1;
        ran
    }

    fn item(&mut self, item: &Item) -> anyhow::Result<()> {
        if let Some(interrupt) = &self.interrupt {
            interrupt.reset();
        }
        match item {
            Item::Command(line) => self.command(line),
            Item::Statement(sql) => self.statement(sql, &[]),
        }
    }

    /// Runs one statement and shows what it returns: in a table those columns of `display` that there are.
    fn statement(&mut self, sql: &str, display: &[String]) -> anyhow::Result<()> {
        let begun = Instant::now();
        let mode = self.sinks.mode(self.settings.mode);
        let look = self.settings.look(mode);
        // where there is room for it, all is shown
        let tabular = mode == Mode::Table && self.settings.expanded != Expanded::On;
        let display = if tabular { display } else { &[] };
        let interrupt = self.interrupt.as_deref();
        let watch = self.interrupt.as_ref().map(|asked| Watch::start(&self.store.connection, asked.clone()));
        let (style, bound) = match self.sinks.is_screen() {
            true => (self.style, if mode.format() == Format::Table { self.settings.max_rows } else { 0 }),
            false => (self.sinks.style(self.style), 0),
        };
        let (mut target, file) = self.sinks.open(watch.as_ref())?;
        let output = output_with(mode.format(), style, &look, &mut target);
        let mut results = Results::new(output, self.settings.zone, bound, display, interrupt);
        let came = self.store.rows(sql, &mut results);
        let all = came.is_ok();
        let ran = came.and_then(|()| results.end());
        let (mut counts, shown_at) = (results.counts, results.counting_since());
        let time = shown_at.unwrap_or_else(Instant::now).duration_since(begun);
        drop(results);
        if ran.is_ok()
            && counts.uncounted
            && let Some(all) = results::count_quickly(&self.store, sql)
        {
            counts = Counts { more: all.saturating_sub(counts.shown), uncounted: false, ..counts };
        }
        match ran {
            // how many rows there would have been, no one waited for
            Err(_) if target.is_left() => {
                counts.left = !all;
                drop(target);
            }
            Err(error) if output::is_broken_pipe(&error) => return Err(error),
            Err(error) => {
                drop(target);
                drop(watch);
                let stopped = interrupt.is_some_and(Interrupt::is_asked);
                let error = if stopped { Stopped.into() } else { error };
                return Err(Explained(explain(&error, sql, self.error_style())).into());
            }
            Ok(()) => target.finish().with_context(|| match &file {
                Some(file) => format!("cannot write {file}"),
                None => "cannot write the result".to_owned(),
            })?,
        }
        drop(watch);
        // what is no query may have made or dropped what can be named
        if !counts.begun
            && let Some(vocabulary) = &self.vocabulary
        {
            vocabulary.refresh(&self.store)?;
        }
        if self.interrupt.is_some() || self.settings.timer {
            let time = self.settings.timer.then_some(time);
            self.remark(&results::footer(counts, time, self.settings.zone, file.as_deref()));
        }
        Ok(())
    }
}

impl Shell<'_> {
    /// Shows text that is no result of a statement, where results go.
    fn say(&mut self, text: &str) -> anyhow::Result<()> {
        let (mut target, _) = self.sinks.open(None)?;
        match writeln!(target, "{}", text.trim_end()) {
            Err(_) if target.is_left() => Ok(()),
            written => Ok(written.and_then(|()| target.finish())?),
        }
    }

    /// Says something beside the results.
    fn remark(&self, text: &str) {
        let dim = self.error_style().color;
        note(&if dim { format!("\x1b[2m{text}\x1b[0m") } else { text.to_owned() });
    }

    /// What standard error looks like.
    fn error_style(&self) -> Style {
        match self.interrupt {
            Some(_) => self.style,
            None => Style { width: None, color: false },
        }
    }
}

/// Writes to standard error. Who has closed it does not want to hear it.
fn note(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::sync::OnceLock;

    use tempfile::TempDir;

    use crate::store::{Mode, Store};

    /// An empty store, in a folder that is gone with it: made once, which takes a second, and copied.
    pub fn store() -> (TempDir, Store) {
        static EMPTY: OnceLock<Vec<u8>> = OnceLock::new();
        let folder = TempDir::new().expect("a folder");
        let path = folder.path().join("trail.duckdb");
        let empty = EMPTY.get_or_init(|| {
            drop(Store::open(&path, Mode::Create).expect("a store"));
            fs::read(&path).expect("a store")
        });
        fs::write(&path, empty).expect("a store");
        let store = Store::open(&path, Mode::Write).expect("a store");
        (folder, store)
    }

    /// A store with two alerts, a launch, and values that an attacker chose.
    pub fn filled() -> (TempDir, Store) {
        let (folder, store) = store();
        let event = |id: u32, name: &str, user: &str, parameters: &str| {
            format!(
                "('00000000-0000-0000-0000-{id:012}', '2026-01-01 00:0{id}:00', 'ec2.amazonaws.com', '{name}', \
                '198.51.100.{id}', {{'arn': 'arn:aws:iam::1:user/{user}'}}, '{parameters}'::JSON::VARIANT, false, 1)"
            )
        };
        let asks = r#"{"ownersSet": {"items": [{"owner": "amazon"}]}, "includeDeprecated": true}"#;
        let events = [
            event(1, "DescribeImages", "alice", asks),
            event(2, "DescribeImages", "alice", asks),
            event(3, "DescribeImages", "o''neil", r#"{"ownersSet": {}, "odd name": 1, "\u001b[2J": 1}"#),
            event(4, "RunInstances", "alice", r#"{"instancesSet": {"items": [{"imageId": "ami-1"}]}}"#),
            event(5, "\u{1b}[2JRun", "alice\u{202e}", "null"),
        ];
        let insert = format!(
            "INSERT INTO events (event_id, event_time, event_source, event_name, source_ip_address, user_identity, \
            request_parameters, event_id_derived, file_id) VALUES {}",
            events.join(", ")
        );
        store.connection.execute_batch(&insert).expect("rows");
        (folder, store)
    }
}
