//! The prompt: which store, whether it can be changed, in which zone times are shown.

use std::borrow::Cow;

use nu_ansi_term::Color;
use reedline::{PromptEditMode, PromptHistorySearch, PromptHistorySearchStatus};

/// The prompt's text.
pub struct Prompt {
    left: String,
    writable: bool,
}

impl Prompt {
    pub fn new(store: &str, writable: bool, zone: Option<String>) -> Self {
        let access = if writable { "rw" } else { "ro" };
        let zone = zone.map(|zone| format!(", {zone}")).unwrap_or_default();
        Self { left: format!("{store} ({access}{zone})"), writable }
    }
}

impl reedline::Prompt for Prompt {
    fn render_prompt_left(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.left)
    }

    fn render_prompt_right(&self) -> Cow<'_, str> {
        Cow::Borrowed("")
    }

    fn render_prompt_indicator(&self, _: PromptEditMode) -> Cow<'_, str> {
        Cow::Borrowed("> ")
    }

    fn render_prompt_multiline_indicator(&self) -> Cow<'_, str> {
        // lines of a statement stand under each other
        Cow::Owned(format!("{:>1$}> ", "", self.left.chars().count()))
    }

    fn render_prompt_history_search_indicator(&self, search: PromptHistorySearch) -> Cow<'_, str> {
        let failing = match search.status {
            PromptHistorySearchStatus::Passing => "",
            PromptHistorySearchStatus::Failing => "not ",
        };
        Cow::Owned(format!(" ({failing}found: {}) ", search.term))
    }

    fn get_prompt_color(&self) -> Color {
        if self.writable { Color::Yellow } else { Color::Green }
    }

    fn get_prompt_multiline_color(&self) -> Color {
        self.get_prompt_color()
    }

    fn get_indicator_color(&self) -> Color {
        self.get_prompt_color()
    }
}
