//! The prompt on a terminal.

use std::io::{self, IsTerminal};
use std::sync::Arc;

use reedline::{
    ColumnarMenu, EditCommand, Emacs, KeyCode, KeyModifiers, MenuBuilder, Reedline, ReedlineEvent, ReedlineMenu,
    Signal, ValidationResult, default_emacs_keybindings,
};

use super::complete::SqlCompleter;
use super::failure::explain;
use super::highlight::{SqlHighlighter, SqlValidator};
use super::prompt::Prompt;
use super::results::grouped;
use super::script::Script;
use super::sinks::window;
use super::vocabulary::Vocabulary;
use super::watch::Interrupt;
use super::zone::Zone;
use super::{Outcome, Shell, Told, history, note};
use crate::output::visible;
use crate::store::{Cell, Mode};

impl Shell<'_> {
    /// Reads and runs what is typed, until that is enough.
    pub fn interact(&mut self, interrupt: &Interrupt) -> anyhow::Result<Outcome> {
        self.welcome()?;
        let vocabulary = Arc::new(Vocabulary::read(&self.store)?);
        self.vocabulary = Some(vocabulary.clone());
        let mut editor = self.editor(interrupt, vocabulary);
        while !self.quit {
            // it went while a statement ran
            if !io::stdin().is_terminal() {
                return Ok(Outcome::Interrupted);
            }
            let prompt = self.prompt();
            interrupt.at_prompt(true);
            let signal = editor.read_line(&prompt);
            interrupt.at_prompt(false);
            match signal {
                Ok(Signal::Success(text)) => {
                    // what was typed is kept even if the shell ends badly
                    if let Err(error) = editor.sync_history() {
                        note(&format!("cannot keep the history: {error}"));
                    }
                    self.typed(&text)?;
                }
                // the line is gone
                Ok(Signal::CtrlC) => {}
                Ok(Signal::CtrlD) => break,
                Ok(Signal::ExternalBreak(_)) => return Ok(Outcome::Interrupted),
                Ok(_) => {}
                Err(error) => return Err(anyhow::Error::from(error).context("cannot read what is typed")),
            }
        }
        Ok(Outcome::Done)
    }

    /// Runs what was typed. What goes wrong is said, and the rest is not run.
    fn typed(&mut self, text: &str) -> anyhow::Result<()> {
        self.style.width = Some(window().0);
        let text = as_command(text).unwrap_or(text);
        let mut script = Script::new(text.as_bytes());
        while let Some((_, item)) = script.next()? {
            if let Err(error) = self.item(&item) {
                if !error.is::<Told>() {
                    note(&explain(&error, "", self.error_style()));
                }
                break;
            }
            if self.quit {
                break;
            }
        }
        Ok(())
    }

    /// What the store is and holds, in two lines.
    pub fn welcome(&self) -> anyhow::Result<()> {
        let (_, rows) = self.store.collect(
            "SELECT
                count(*),
                strftime(min(event_time), '%Y-%m-%d %H:%M') || ' to ' || strftime(max(event_time), '%Y-%m-%d %H:%M'),
                count(DISTINCT recipient_account_id)
            FROM events",
        )?;
        let holds = match rows.first().map(Vec::as_slice) {
            Some([Cell::Integer(events), Cell::Text(span), Cell::Integer(accounts)]) => {
                let accounts = if *accounts == 1 { "1 account".to_owned() } else { format!("{accounts} accounts") };
                format!("{} events, {span} UTC, {accounts}", grouped(*events as usize))
            }
            _ => "no events".to_owned(),
        };
        let path = visible(&self.store.path().display().to_string());
        let access = if self.access == Mode::Read { "read-only" } else { "writable" };
        note(&format!("trailduck {}: {path}, {access}; .help lists the commands", env!("CARGO_PKG_VERSION")));
        note(&holds);
        Ok(())
    }

    fn prompt(&self) -> Prompt {
        let name = self.store.path().file_name().map(|name| visible(&name.to_string_lossy())).unwrap_or_default();
        let zone = (self.settings.zone != Zone::Utc).then(|| self.settings.zone.to_string());
        Prompt::new(&name, self.access != Mode::Read, zone)
    }

    fn editor(&self, interrupt: &Interrupt, vocabulary: Arc<Vocabulary>) -> Reedline {
        const MENU: &str = "completion";
        let mut keys = default_emacs_keybindings();
        let menu = ReedlineEvent::UntilFound(vec![ReedlineEvent::Menu(MENU.to_owned()), ReedlineEvent::MenuNext]);
        keys.add_binding(KeyModifiers::NONE, KeyCode::Tab, menu);
        keys.add_binding(KeyModifiers::SHIFT, KeyCode::BackTab, ReedlineEvent::MenuPrevious);
        let newline = ReedlineEvent::Edit(vec![EditCommand::InsertNewline]);
        keys.add_binding(KeyModifiers::ALT, KeyCode::Enter, newline);
        let menu = ColumnarMenu::default().with_name(MENU).with_marker("> ");
        let highlighter = match self.style.color {
            true => SqlHighlighter::new(vocabulary.clone()),
            false => SqlHighlighter::plain(vocabulary.clone()),
        };
        let editor = Reedline::create()
            .with_completer(Box::new(SqlCompleter::new(vocabulary)))
            .with_highlighter(Box::new(highlighter))
            .with_edit_mode(Box::new(Emacs::new(keys)))
            .with_menu(ReedlineMenu::EngineCompleter(Box::new(menu)))
            .with_quick_completions(true)
            .with_partial_completions(true)
            .with_validator(Box::new(Validator))
            .with_ansi_colors(self.style.color)
            // a pasted script is not run line by line
            .use_bracketed_paste(true)
            .with_break_signal(interrupt.end.clone())
            // as shells do: a line that begins with a space is not kept
            .with_history_exclusion_prefix(Some(" ".to_owned()));
        match history::path().map(|path| history::open(&path)) {
            Some(Ok(history)) => editor.with_history(Box::new(history)),
            Some(Err(error)) => {
                note(&visible(&format!("{error:#}")));
                editor
            }
            None => editor,
        }
    }
}

/// Whether Enter runs what was typed, or begins another line.
struct Validator;

impl reedline::Validator for Validator {
    fn validate(&self, text: &str) -> ValidationResult {
        if as_command(text).is_some() { ValidationResult::Complete } else { SqlValidator.validate(text) }
    }
}

/// What people type who do not know of the dots yet.
fn as_command(text: &str) -> Option<&'static str> {
    match text.trim().trim_end_matches(';').trim_end().to_lowercase().as_str() {
        "exit" | "quit" | "\\q" => Some(".quit"),
        "help" | "\\h" | "\\?" | "?" => Some(".help"),
        "\\d" | "show tables" => Some(".tables"),
        _ => None,
    }
}
