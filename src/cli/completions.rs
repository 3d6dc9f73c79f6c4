use std::io::{self, Write};

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::{Cli, exit};

/// Print a script that completes commands in a shell
///
/// Commands, options, and the names of the companion queries and their parameters.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  trailduck completions bash > ~/.local/share/bash-completion/completions/trailduck
  trailduck completions zsh > ~/.zfunc/_trailduck      (with ~/.zfunc in $fpath)
  trailduck completions fish > ~/.config/fish/completions/trailduck.fish
  trailduck completions powershell >> $PROFILE")]
pub struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    pub fn run(self) -> anyhow::Result<u8> {
        // generate() panics where its output is closed
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "trailduck", &mut script);
        io::stdout().write_all(&script)?;
        Ok(exit::DONE)
    }
}
