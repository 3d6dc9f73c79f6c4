//! Which target results go to: where `.output` and `.once` say.

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::Path;

use anyhow::{Context, bail};

use super::pager::Pager;
use super::settings::Mode;
use super::target::{New, Piped, Screen, Target};
use super::watch::Watch;
use crate::output::{Style, visible};
use crate::store::Store;

pub struct Sinks {
    /// Whether standard output is someone's terminal.
    terminal: bool,
    pub pager: Pager,
    /// Where results go from now on, if not to standard output.
    output: Option<Sink>,
    /// Where the next one goes.
    once: Option<Sink>,
}

struct Sink {
    name: String,
    to: To,
}

enum To {
    File(File),
    /// For the shell.
    Command(String),
}

impl Sinks {
    pub fn new(terminal: bool) -> Self {
        Self { terminal, pager: Pager::of_environment(), output: None, once: None }
    }

    /// Sends results to a file from now on; to standard output again, if none is named.
    pub fn set_output(&mut self, path: Option<&str>, store: &Store) -> anyhow::Result<()> {
        // a file that cannot be written changes nothing
        self.output = path.map(|path| Sink::open(path, store, true)).transpose()?;
        Ok(())
    }

    /// Sends the next result to a file, which keeps what it holds until there is one.
    pub fn set_once(&mut self, path: &str, store: &Store) -> anyhow::Result<()> {
        self.once = Some(Sink::open(path, store, false)?);
        Ok(())
    }

    /// Sends the next result to the standard input of a command.
    pub fn set_once_command(&mut self, command: &str) {
        self.once = Some(Sink { name: visible(command), to: To::Command(command.to_owned()) });
    }

    /// Whether the next result goes to a terminal.
    pub fn is_screen(&self) -> bool {
        self.terminal && self.output.is_none() && self.once.is_none()
    }

    /// How the next result is written: as the name of its file says, else in this mode.
    pub fn mode(&self, mode: Mode) -> Mode {
        let sink = self.once.as_ref().or(self.output.as_ref());
        sink.and_then(Sink::mode).unwrap_or(mode)
    }

    /// How the next result may look, where standard output looks like this.
    pub fn style(&self, stdout: Style) -> Style {
        match (&self.once, &self.output) {
            (None, None) => stdout,
            _ => Style { width: None, color: false },
        }
    }

    /// The target of the next result, and the name of the file if it is one.
    pub fn open<'s>(&'s mut self, watch: Option<&'s Watch>) -> anyhow::Result<(Target<'s>, Option<String>)> {
        if let Some(Sink { name, to }) = self.once.take() {
            let target = match to {
                To::File(file) => Target::New(BufWriter::new(New::of(file))),
                To::Command(command) => Target::Command(BufWriter::new(Piped::start(&command)?)),
            };
            return Ok((target, Some(name)));
        }
        if let Some(Sink { name, to: To::File(file) }) = &self.output {
            return Ok((Target::File(BufWriter::new(file.try_clone()?)), Some(name.clone())));
        }
        let target = match self.terminal {
            true => {
                let (columns, lines) = window();
                Target::Screen(Screen::new(columns, lines, &mut self.pager, watch))
            }
            false => Target::Plain(BufWriter::new(io::stdout())),
        };
        Ok((target, None))
    }
}

impl Sink {
    /// `empty`: whether what the file holds is not kept.
    fn open(path: &str, store: &Store, empty: bool) -> anyhow::Result<Self> {
        if store.owns(Path::new(path)) {
            bail!("{path} is the store itself");
        }
        let file = File::options().write(true).create(true).truncate(empty).open(path);
        let file = file.with_context(|| format!("cannot write {path}"))?;
        Ok(Self { name: visible(path), to: To::File(file) })
    }

    fn mode(&self) -> Option<Mode> {
        let To::File(_) = self.to else { return None };
        match Path::new(&self.name).extension()?.to_str()? {
            "csv" => Some(Mode::Csv),
            "json" => Some(Mode::Json),
            "ndjson" | "jsonl" => Some(Mode::Ndjson),
            "md" => Some(Mode::Markdown),
            _ => None,
        }
    }
}

/// Columns and lines of the window.
pub fn window() -> (u16, u16) {
    terminal_size::terminal_size().map_or((80, 24), |(width, height)| match (width.0, height.0) {
        // a terminal that does not know says 0
        (0, _) | (_, 0) => (80, 24),
        size => size,
    })
}
