//! The program that shows what is longer than the window.

use std::io::ErrorKind;
use std::process::{Child, Command, Stdio};

use super::arguments::arguments;

/// Which pager, and whether it is used.
pub struct Pager {
    pub on: bool,
    /// The command, with its arguments.
    command: Vec<String>,
    /// Whether it was said that there is no such program.
    told: bool,
}

/// `less`: colours shown, long lines not wrapped, the screen left as it is.
const USUAL: &str = "less -RSX";

impl Pager {
    /// That of the environment: TRAILDUCK_PAGER, else PAGER; if it is empty, none.
    pub fn of_environment() -> Self {
        let named = ["TRAILDUCK_PAGER", "PAGER"].into_iter().find_map(|name| std::env::var(name).ok());
        let command = arguments(named.as_deref().unwrap_or(USUAL)).unwrap_or_default();
        // bare `less` would show colours as what they are made of
        let command = if command == ["less"] { arguments(USUAL).unwrap_or_default() } else { command };
        Self { on: !command.is_empty(), command, told: false }
    }

    /// Uses it from now on; the usual one if there was none.
    pub fn turn_on(&mut self) {
        self.on = true;
        if self.command.is_empty() {
            self.command = arguments(USUAL).unwrap_or_default();
        }
    }

    /// Uses this command from now on.
    pub fn set(&mut self, command: Vec<String>) {
        *self = Self { on: true, command, told: false };
    }

    pub fn command(&self) -> String {
        self.command.join(" ")
    }

    /// Starts it. If that cannot be done, says so the first time.
    pub fn start(&mut self) -> Option<Child> {
        let [program, arguments @ ..] = &self.command[..] else { return None };
        match Command::new(program).args(arguments).stdin(Stdio::piped()).spawn() {
            Ok(child) => Some(child),
            Err(error) => {
                if !self.told {
                    let why = match error.kind() {
                        ErrorKind::NotFound => "there is no such program".to_owned(),
                        _ => error.to_string(),
                    };
                    let program = crate::output::visible(program);
                    super::note(&format!("no pager: {program}: {why}; `.pager COMMAND` names another"));
                }
                self.told = true;
                None
            }
        }
    }
}
