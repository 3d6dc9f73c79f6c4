//! What can be set at the prompt.

use anyhow::anyhow;
use clap::ValueEnum;

use super::dispatch::unknown;
use super::zone::Zone;
use crate::output::{Expanded, Format, Look, visible};

/// How results are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// Aligned columns, for people
    Table,
    /// One JSON array
    Json,
    /// One JSON object a line
    Ndjson,
    /// RFC 4180, with a header
    Csv,
    /// A Markdown table
    Markdown,
    /// A line a value: `name = value`
    Line,
}

impl Mode {
    pub fn format(self) -> Format {
        match self {
            Self::Table | Self::Line => Format::Table,
            Self::Json => Format::Json,
            Self::Ndjson => Format::Ndjson,
            Self::Csv => Format::Csv,
            Self::Markdown => Format::Markdown,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Json => "json",
            Self::Ndjson => "ndjson",
            Self::Csv => "csv",
            Self::Markdown => "markdown",
            Self::Line => "line",
        }
    }

    pub const ALL: &[&str] = &["table", "json", "ndjson", "csv", "markdown", "line"];
}

/// Rows of a table that are shown on the screen, unless told.
pub const MAX_ROWS: usize = 1000;

pub struct Settings {
    pub mode: Mode,
    pub expanded: Expanded,
    /// Whether it is said how long a statement took.
    pub timer: bool,
    /// What columns may be wide at most, in turn.
    pub widths: Vec<u16>,
    /// What stands for NULL; where that is not set, it depends on the mode.
    pub null: Option<String>,
    pub zone: Zone,
    /// Rows of a table that are shown on the screen; 0 for all.
    pub max_rows: usize,
}

impl Settings {
    pub fn new(mode: Mode, timer: bool) -> Self {
        Self {
            mode,
            expanded: Expanded::Auto,
            timer,
            widths: Vec::new(),
            null: None,
            zone: Zone::Utc,
            max_rows: MAX_ROWS,
        }
    }

    /// How results look that are written in a mode.
    pub fn look(&self, mode: Mode) -> Look {
        // CSV tells NULL from an empty string by itself only for programs that know how: there it stays empty
        let usual = match mode {
            Mode::Csv => None,
            _ => Some("NULL".to_owned()),
        };
        Look {
            null: self.null.clone().or(usual),
            expanded: self.expanded,
            widths: self.widths.clone(),
            lines: mode == Mode::Line,
        }
    }

    /// What a setting is, by the name of its command.
    pub fn shown(&self, command: &str) -> Option<String> {
        let on_off = |on| if on { "on" } else { "off" };
        Some(match command {
            ".mode" => self.mode.name().to_owned(),
            ".expanded" => match self.expanded {
                Expanded::On => "on".to_owned(),
                Expanded::Off => "off".to_owned(),
                Expanded::Auto => "auto".to_owned(),
            },
            ".timer" => on_off(self.timer).to_owned(),
            ".nullvalue" => format!("'{}'", visible(&self.look(self.mode).null.unwrap_or_default())),
            ".timezone" => self.zone.to_string(),
            ".width" if self.widths.is_empty() => "0: as wide as they come".to_owned(),
            ".width" => self.widths.iter().map(u16::to_string).collect::<Vec<_>>().join(" "),
            ".maxrows" => self.max_rows.to_string(),
            _ => return None,
        })
    }

    /// Changes a setting. Returns whether there is one of this name that takes such arguments.
    pub fn set(&mut self, command: &str, arguments: &[&str]) -> anyhow::Result<bool> {
        match (command, arguments) {
            (".mode", [mode]) => {
                let unknown = || unknown("mode", mode, Mode::ALL.iter().copied());
                self.mode = Mode::from_str(mode, true).map_err(|_| unknown())?;
            }
            (".expanded", ["on"]) => self.expanded = Expanded::On,
            (".expanded", ["off"]) => self.expanded = Expanded::Off,
            (".expanded", ["auto"]) => self.expanded = Expanded::Auto,
            (".expanded", [other]) => return Err(unknown("setting", other, ["on", "off", "auto"])),
            (".timer", ["on"]) => self.timer = true,
            (".timer", ["off"]) => self.timer = false,
            (".timer", [other]) => return Err(unknown("setting", other, ["on", "off"])),
            (".nullvalue", [text]) => self.null = Some((*text).to_owned()),
            (".timezone", [zone]) => self.zone = Zone::parse(zone)?,
            (".width", widths) => {
                let width = |text: &&str| {
                    text.parse().map_err(|_| anyhow!("{text} is no width: expected a number of characters"))
                };
                self.widths = widths.iter().map(width).collect::<anyhow::Result<_>>()?;
            }
            (".maxrows", [rows]) => {
                self.max_rows = rows.parse().map_err(|_| anyhow!("{rows} is no number of rows; 0 stands for all"))?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }
}
