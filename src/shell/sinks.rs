//! Which target results go to: where `.output` and `.once` say.

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::Path;

use anyhow::{Context, bail};

use super::pager::Pager;
use super::target::{Screen, Target};
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
    file: File,
}

impl Sinks {
    pub fn new(terminal: bool) -> Self {
        Self { terminal, pager: Pager::of_environment(), output: None, once: None }
    }

    /// Sends results to a file from now on; to standard output again, if none is named.
    pub fn set_output(&mut self, path: Option<&str>, store: &Store) -> anyhow::Result<()> {
        // a file that cannot be written changes nothing
        self.output = path.map(|path| Sink::create(path, store)).transpose()?;
        Ok(())
    }

    /// Sends the next result to a file.
    pub fn set_once(&mut self, path: &str, store: &Store) -> anyhow::Result<()> {
        self.once = Some(Sink::create(path, store)?);
        Ok(())
    }

    /// Whether the next result goes to a terminal.
    pub fn is_screen(&self) -> bool {
        self.terminal && self.output.is_none() && self.once.is_none()
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
        if let Some(Sink { name, file }) = self.once.take() {
            return Ok((Target::File(BufWriter::new(file)), Some(name)));
        }
        if let Some(Sink { name, file }) = &self.output {
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
    fn create(path: &str, store: &Store) -> anyhow::Result<Self> {
        if store.owns(Path::new(path)) {
            bail!("{path} is the store itself");
        }
        let file = File::create(path).with_context(|| format!("cannot write {path}"))?;
        Ok(Self { name: visible(path), file })
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
