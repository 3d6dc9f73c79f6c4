//! Alerts for a command, one run each: the alert as JSON on its standard input.

use std::io::{self, Write};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::webhook::HEADER_VARIABLE;
use super::{Again, Refusal, Whose};

/// Runs a command for each alert.
#[derive(Debug, Clone)]
pub struct Exec {
    command: String,
    limit: Duration,
}

/// How often a command that runs is looked at.
const BETWEEN_LOOKS: Duration = Duration::from_millis(10);

/// The exit codes of a shell that found no command, or may not run it (POSIX, "Exit Status for Commands").
const NO_COMMAND: [i32; 2] = [126, 127];

impl Exec {
    /// A command as a shell takes it, and for how long it may run.
    pub fn new(command: &str, limit: Duration) -> Self {
        Self { command: command.to_owned(), limit }
    }

    /// Runs the command; what it writes goes to standard error. It has taken the alert if its exit code is 0.
    pub(super) fn tell(&self, alert: &str) -> Result<(), Refusal> {
        let failed = |error: String, whose| Err(Refusal::Failed { error, whose, when: Again::Soon });
        let mut child = match self.start() {
            Ok(child) => child,
            Err(error) => return failed(format!("exec: cannot be started: {error}"), Whose::Receiver),
        };
        if let Some(mut stdin) = child.stdin.take() {
            let alert = format!("{alert}\n");
            // it may well end without having read, or not read at all
            thread::spawn(move || stdin.write_all(alert.as_bytes()));
        }
        let begun = Instant::now();
        loop {
            match child.try_wait() {
                Ok(None) if begun.elapsed() < self.limit => thread::sleep(BETWEEN_LOOKS),
                Ok(None) => {
                    kill(&mut child);
                    let error = format!("exec: stopped after {} seconds, its limit", self.limit.as_secs_f64());
                    return failed(error, Whose::Receiver);
                }
                Ok(Some(status)) if status.success() => return Ok(()),
                Ok(Some(status)) => {
                    let no_command = status.code().is_some_and(|code| NO_COMMAND.contains(&code));
                    let whose = if no_command { Whose::Receiver } else { Whose::Alert };
                    return failed(format!("exec: {status}"), whose);
                }
                Err(error) => {
                    kill(&mut child);
                    return failed(format!("exec: {error}"), Whose::Receiver);
                }
            }
        }
    }

    #[cfg(unix)]
    fn start(&self) -> io::Result<Child> {
        use std::os::fd::AsFd;
        use std::os::unix::process::CommandExt;

        let stderr = io::stderr().as_fd().try_clone_to_owned()?;
        Command::new("/bin/sh")
            .args(["-c", &self.command])
            // a group of its own: what it starts ends with it, and what interrupts us does not interrupt it
            .process_group(0)
            .env_remove(HEADER_VARIABLE)
            .stdin(Stdio::piped())
            .stdout(stderr)
            .spawn()
    }

    #[cfg(not(unix))]
    fn start(&self) -> io::Result<Child> {
        Command::new("cmd")
            .args(["/C", &self.command])
            .env_remove(HEADER_VARIABLE)
            .stdin(Stdio::piped())
            .stdout(io::stderr())
            .spawn()
    }
}

/// Ends a command and all that it started.
fn kill(child: &mut Child) {
    #[cfg(unix)]
    if let Some(group) = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw) {
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    let _ = child.kill();
    let _ = child.wait();
}
