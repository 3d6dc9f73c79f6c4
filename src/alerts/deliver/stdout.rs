//! Alerts on standard output, one JSON object a line (NDJSON).

use std::io::{self, Write};

use super::{Again, Refusal, Whose};

/// Writes alerts to a stream.
pub struct Stdout {
    to: Box<dyn Write + Send>,
    is_closed: bool,
}

impl Stdout {
    /// Mostly standard output.
    pub fn new(to: Box<dyn Write + Send>) -> Self {
        Self { to, is_closed: false }
    }

    /// Whether whoever read it has gone.
    pub fn is_closed(&self) -> bool {
        self.is_closed
    }

    pub(super) fn tell(&mut self, alert: &str) -> Result<(), Refusal> {
        // in one piece: what else is written to the stream comes before or behind it
        let written = self.to.write_all(format!("{alert}\n").as_bytes()).and_then(|()| self.to.flush());
        written.map_err(|error| {
            if error.kind() == io::ErrorKind::BrokenPipe {
                self.is_closed = true;
                return Refusal::Closed;
            }
            let error = format!("cannot write to standard output: {error}");
            Refusal::Failed { error, whose: Whose::Receiver, when: Again::Soon }
        })
    }
}
