//! The arguments that say which files are wanted.

use chrono::NaiveDateTime;
use clap::Args;

use super::Usage;
use super::time::moment;
use crate::source::{Narrow, is_account};

// (No doc comment: see PrintArgs.)
#[derive(Debug, Clone, Default, Args)]
pub struct NarrowArgs {
    /// Only files that may hold events from this moment on: 24h, 7d, 2026-10-01, 2026-10-01T14:00:00Z
    #[arg(long, value_name = "T", value_parser = moment, help_heading = HEADING)]
    since: Option<NaiveDateTime>,

    /// Only files that may hold events from before this moment: delivered until a day after it
    #[arg(long, value_name = "T", value_parser = moment, help_heading = HEADING)]
    until: Option<NaiveDateTime>,

    /// Only files of these accounts
    #[arg(long = "account", value_name = "ID,...", value_delimiter = ',', value_parser = account)]
    #[arg(help_heading = HEADING)]
    accounts: Vec<String>,

    /// Only files of these regions
    #[arg(long = "region", value_name = "NAME,...", value_delimiter = ',', help_heading = HEADING)]
    regions: Vec<String>,
}

const HEADING: &str = "Which files (where they lie as CloudTrail delivers them; others are loaded all the same)";

fn account(text: &str) -> Result<String, String> {
    match is_account(text) {
        true => Ok(text.to_owned()),
        false => Err("expected the twelve digits of an account's id".to_owned()),
    }
}

impl NarrowArgs {
    pub fn narrow(&self) -> Result<Narrow, Usage> {
        let Self { since, until, accounts, regions } = self.clone();
        if since.is_some_and(|since| until.is_some_and(|until| since > until)) {
            return Err(Usage("--since lies after --until"));
        }
        Ok(Narrow { since, until, accounts, regions })
    }
}
