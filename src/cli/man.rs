use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process;

use anyhow::Context as _;
use clap::{Args, Command, CommandFactory};
use clap_mangen::Man as Page;

use super::{Cli, Usage, exit};

/// Show the manual: of trailduck, or of a command
///
/// On a terminal it is opened with `man`; elsewhere the page is printed as roff.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  trailduck man
  trailduck man query activity_around
  trailduck man --output ~/.local/share/man/man1")]
pub struct Man {
    /// The command, and the one below it
    command: Vec<String>,

    /// Write the pages of all commands into this folder instead
    #[arg(short, long, value_name = "FOLDER", conflicts_with = "command")]
    output: Option<PathBuf>,
}

impl Man {
    pub fn run(self) -> anyhow::Result<u8> {
        let mut root = Cli::command().disable_help_subcommand(true);
        root.build();
        if let Some(folder) = self.output {
            std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
            let pages = write_all(&root, &folder)?;
            super::print::note(&format!("{pages} pages in {}", folder.display()));
            return Ok(exit::DONE);
        }
        let mut command = &root;
        for name in &self.command {
            command = match command.find_subcommand(name) {
                Some(command) => command,
                None => return Err(Usage("no such command: `trailduck --help` lists them").into()),
            };
        }
        let page = page(command)?;
        if !(io::stdout().is_terminal() && open(&page)) {
            io::stdout().write_all(&page)?;
        }
        Ok(exit::DONE)
    }
}

/// Writes the page of a command and of all below it; returns how many.
fn write_all(command: &Command, folder: &Path) -> anyhow::Result<usize> {
    let path = folder.join(Page::new(command.clone()).get_filename());
    std::fs::write(&path, page(command)?).with_context(|| format!("cannot write {}", path.display()))?;
    let below = command.get_subcommands().map(|command| write_all(command, folder));
    Ok(below.sum::<anyhow::Result<usize>>()? + 1)
}

/// Has `man` show a page; returns whether it could.
fn open(page: &[u8]) -> bool {
    let Ok(mut file) = tempfile::Builder::new().suffix(".1").tempfile() else { return false };
    // with a slash in it, the path is that of a file and no name of a page
    file.write_all(page).is_ok()
        && process::Command::new("man").arg(file.path()).status().is_ok_and(|status| status.success())
}

fn page(command: &Command) -> anyhow::Result<Vec<u8>> {
    // the date that a page would have is that of the build: it says nothing
    let page = Page::new(command.clone()).manual("trailduck").date("");
    let mut to = Vec::new();
    page.render_title(&mut to)?;
    page.render_name_section(&mut to)?;
    page.render_synopsis_section(&mut to)?;
    page.render_description_section(&mut to)?;
    page.render_options_section(&mut to)?;
    if command.has_subcommands() {
        page.render_subcommands_section(&mut to)?;
    }
    let mut extra = Vec::new();
    page.render_extra_section(&mut extra)?;
    to.extend(sections(&String::from_utf8(extra)?).into_bytes());
    Ok(to)
}

/// What stands behind the help, "Examples:" and the like, as sections of their own whose lines stay lines.
fn sections(extra: &str) -> String {
    let lines =
        extra.lines().filter(|line| !line.starts_with(".SH") && !line.starts_with(".ie") && !line.starts_with(".el"));
    let line = |line: &str| match line.strip_suffix(':') {
        Some(heading) if !line.starts_with(' ') => format!(".fi\n.SH {}\n.nf\n", heading.to_uppercase()),
        _ => format!("{line}\n"),
    };
    lines.map(line).collect::<String>() + ".fi\n"
}
