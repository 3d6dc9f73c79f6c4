//! Where results go: the screen, a pipe, a file.

use std::fs::File;
use std::io::{self, BufWriter, ErrorKind, Stdout, Write};
use std::process::{Child, Command, Stdio};

use super::pager::Pager;
use super::watch::Watch;

/// Where one result goes.
pub enum Target<'s> {
    /// Standard output that is no terminal.
    Plain(BufWriter<Stdout>),
    Screen(Screen<'s>),
    File(BufWriter<File>),
    New(BufWriter<New>),
    Command(BufWriter<Piped>),
}

impl Target<'_> {
    /// Called once, when all is written. Whatever went to a pager stays there until its user has seen enough, which may be
    /// before its end.
    pub fn finish(self) -> io::Result<()> {
        match self {
            Self::Plain(mut to) => to.flush(),
            Self::Screen(screen) => match screen.finish() {
                Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
                finished => finished,
            },
            Self::File(mut to) => to.flush(),
            Self::New(mut to) => {
                to.flush()?;
                // of a result that is nothing, too
                to.get_mut().begin()
            }
            Self::Command(mut to) => match to.flush().and_then(|()| to.get_mut().finish()) {
                Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
                finished => finished,
            },
        }
    }

    /// Whether the one it was for wants no more.
    pub fn is_left(&self) -> bool {
        match self {
            Self::Screen(screen) => screen.left,
            Self::Command(to) => to.get_ref().left,
            _ => false,
        }
    }
}

impl Write for Target<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(to) => to.write(bytes),
            Self::Screen(to) => to.write(bytes),
            Self::File(to) => to.write(bytes),
            Self::New(to) => to.write(bytes),
            Self::Command(to) => to.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(to) => to.flush(),
            // what is shown when, it knows itself
            Self::Screen(_) => Ok(()),
            Self::File(to) => to.flush(),
            Self::New(to) => to.flush(),
            Self::Command(to) => to.flush(),
        }
    }
}

/// A file whose content is replaced by what is written to it; if nothing ever is, it keeps it.
pub struct New {
    file: File,
    begun: bool,
}

impl New {
    pub fn of(file: File) -> Self {
        Self { file, begun: false }
    }

    fn begin(&mut self) -> io::Result<()> {
        if !self.begun && self.file.metadata()?.is_file() {
            self.file.set_len(0)?;
        }
        self.begun = true;
        Ok(())
    }
}

impl Write for New {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.begin()?;
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// A command that reads a result, and may stop before its end.
pub struct Piped {
    child: Child,
    left: bool,
}

impl Piped {
    pub fn start(command: &str) -> io::Result<Self> {
        let child = Command::new("sh").args(["-c", command]).stdin(Stdio::piped()).spawn()?;
        Ok(Self { child, left: false })
    }

    fn finish(&mut self) -> io::Result<()> {
        // its end
        drop(self.child.stdin.take());
        self.child.wait().map(drop)
    }
}

impl Write for Piped {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.child.stdin.as_mut().map_or(Ok(bytes.len()), |to| to.write(bytes));
        self.left = written.as_ref().is_err_and(|error| error.kind() == ErrorKind::BrokenPipe);
        written
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Piped {
    fn drop(&mut self) {
        let _ = self.finish();
    }
}

/// A terminal. What fits its window is written there, what does not goes through the pager.
pub struct Screen<'s> {
    columns: usize,
    lines: usize,
    pager: &'s mut Pager,
    watch: Option<&'s Watch>,
    /// What was written as long as all of it may fit.
    held: Vec<u8>,
    /// The window's line and column behind that.
    at: (usize, usize),
    in_escape: bool,
    to: To,
    /// Whether the pager was left.
    left: bool,
}

enum To {
    Held,
    Pager(Child),
    Window,
}

impl<'s> Screen<'s> {
    pub fn new(columns: u16, lines: u16, pager: &'s mut Pager, watch: Option<&'s Watch>) -> Self {
        let to = To::Held;
        let (columns, lines) = (columns.max(1).into(), lines.max(3).into());
        Self { columns, lines, pager, watch, held: Vec::new(), at: (0, 0), in_escape: false, to, left: false }
    }

    /// Whether the window is full, with room for what is said below a result and the prompt.
    fn is_full(&mut self, bytes: &[u8]) -> bool {
        for &byte in bytes {
            match byte {
                b'\n' => self.at = (self.at.0 + 1, 0),
                b'\x1b' => self.in_escape = true,
                _ if self.in_escape => self.in_escape = !byte.is_ascii_alphabetic(),
                // a character's first byte
                _ if byte & 0xc0 != 0x80 => {
                    if self.at.1 == self.columns {
                        self.at = (self.at.0 + 1, 0);
                    }
                    self.at.1 += 1;
                }
                _ => {}
            }
        }
        self.at.0 + 2 > self.lines
    }

    fn begin(&mut self, paged: bool) -> io::Result<()> {
        if let Some(watch) = self.watch {
            watch.hide();
        }
        self.to = match if paged { self.pager.start() } else { None } {
            Some(child) => To::Pager(child),
            None => To::Window,
        };
        let held = std::mem::take(&mut self.held);
        self.pass_on(&held)
    }

    fn pass_on(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.to {
            To::Held => self.held.extend(bytes),
            To::Window => io::stdout().write_all(bytes)?,
            To::Pager(child) => {
                let written = child.stdin.as_mut().map_or(Ok(()), |to| to.write_all(bytes));
                self.left = written.as_ref().is_err_and(|error| error.kind() == ErrorKind::BrokenPipe);
                written?;
            }
        }
        Ok(())
    }

    fn finish(mut self) -> io::Result<()> {
        if matches!(self.to, To::Held) {
            self.begin(false)?;
        }
        match &mut self.to {
            To::Pager(child) => {
                // its end
                drop(child.stdin.take());
                child.wait()?;
            }
            _ => io::stdout().flush()?,
        }
        Ok(())
    }
}

impl Write for Screen<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if matches!(self.to, To::Held) && self.is_full(bytes) {
            self.begin(self.pager.on)?;
        }
        self.pass_on(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Screen<'_> {
    fn drop(&mut self) {
        // left behind by an error: the terminal is the pager's until it ends
        if let To::Pager(child) = &mut self.to {
            drop(child.stdin.take());
            let _ = child.wait();
        }
    }
}
