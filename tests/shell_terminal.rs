//! `trailduck shell` at a terminal: what someone sees who types.

#![cfg(unix)]

mod common;

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use common::Place;
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// How long something may take to appear, on a machine that has other things to do.
const PATIENCE: Duration = Duration::from_secs(60);

const UP: &str = "\x1b[A";
const CTRL_C: &str = "\x03";
const CTRL_D: &str = "\x04";
const CTRL_R: &str = "\x12";

/// A terminal with a shell in it.
struct Terminal {
    master: Box<dyn MasterPty + Send>,
    child: Box<dyn Child + Send + Sync>,
    keyboard: Arc<Mutex<Box<dyn Write + Send>>>,
    seen: Arc<Mutex<Seen>>,
}

struct Seen {
    screen: vt100::Parser,
    /// All that was written, escape sequences included.
    raw: Vec<u8>,
}

impl Terminal {
    fn open(place: &Place, args: &[&str]) -> Self {
        Self::open_with(place, args, &[])
    }

    fn open_with(place: &Place, args: &[&str], environment: &[(&str, &str)]) -> Self {
        let size = PtySize { rows: 30, cols: 100, pixel_width: 0, pixel_height: 0 };
        let pty = native_pty_system().openpty(size).expect("a terminal");
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_trailduck"));
        command.args([&["shell"], args].concat());
        command.cwd(place.path(""));
        for name in ["TRAILDUCK_DB", "TRAILDUCK_PAGER", "PAGER", "NO_COLOR", "COLUMNS", "LINES"] {
            command.env_remove(name);
        }
        command.env("TERM", "xterm-256color");
        command.env("TRAILDUCK_HISTORY", place.path("state/history"));
        for (name, value) in environment {
            command.env(name, value);
        }
        let child = pty.slave.spawn_command(command).expect("it runs");
        drop(pty.slave);
        let mut output = pty.master.try_clone_reader().expect("a reader");
        let keyboard = Arc::new(Mutex::new(pty.master.take_writer().expect("a writer")));
        let seen = Arc::new(Mutex::new(Seen { screen: vt100::Parser::new(30, 100, 0), raw: Vec::new() }));
        let (watched, answers) = (seen.clone(), keyboard.clone());
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = output.read(&mut bytes) {
                let mut seen = watched.lock().expect("no panic");
                for &byte in &bytes[..count] {
                    seen.raw.push(byte);
                    seen.screen.process(&[byte]);
                    // a terminal says where its cursor is
                    if seen.raw.ends_with(b"\x1b[6n") {
                        let (row, column) = seen.screen.screen().cursor_position();
                        let answer = format!("\x1b[{};{}R", row + 1, column + 1);
                        answers.lock().expect("no panic").write_all(answer.as_bytes()).expect("it listens");
                    }
                }
            }
        });
        let terminal = Self { master: pty.master, child, keyboard, seen };
        terminal.wait_for("> ");
        terminal
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().expect("no panic")
    }

    fn screen(&self) -> String {
        let seen = self.seen();
        let screen = seen.screen.screen();
        let rows: Vec<_> = screen.rows(0, screen.size().1).collect();
        rows.join("\n")
    }

    /// Whether the last place where the screen has this text is dim.
    fn is_dim(&self, text: &str) -> bool {
        let screen = self.screen();
        let place = screen.lines().enumerate().filter_map(|(row, line)| Some((row, line.find(text)? + text.len() - 1)));
        let (row, column) = place.last().expect("the text");
        let seen = self.seen();
        let cell = seen.screen.screen().cell(row as u16, column as u16);
        cell.is_some_and(vt100::Cell::dim)
    }

    fn press(&self, keys: &str) {
        self.keyboard.lock().expect("no panic").write_all(keys.as_bytes()).expect("it listens");
    }

    fn enter(&self, line: &str) {
        self.press(&format!("{line}\r"));
    }

    fn wait_until(&self, what: &str, is_there: impl Fn(&str) -> bool) -> String {
        let begun = Instant::now();
        loop {
            let screen = self.screen();
            if is_there(&screen) {
                return screen;
            }
            assert!(begun.elapsed() < PATIENCE, "{what} did not appear:\n{screen}");
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn wait_for(&self, text: &str) -> String {
        self.wait_until(text, |screen| screen.contains(text))
    }

    /// Waits for a prompt without anything typed on the last line of the screen.
    fn wait_for_prompt(&self) -> String {
        let is_prompt = |line: &str| line.contains(".duckdb (") && line.trim_end().ends_with('>');
        self.wait_until("a prompt", |screen| screen.trim_end().lines().last().is_some_and(is_prompt))
    }

    fn exit_code(&mut self) -> u32 {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("a child") {
                return status.exit_code();
            }
            assert!(begun.elapsed() < PATIENCE, "it does not end:\n{}", self.screen());
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}

/// A program that the shell may use as its pager.
fn pager(place: &Place, script: &str) -> String {
    let path = place.path(&place.write("pager", format!("#!/bin/sh\n{script}\n")));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("its owner");
    path.display().to_string()
}

#[test]
fn it_says_what_the_store_is_and_ends_with_ctrl_d() {
    let place = Place::with_fixtures();
    let mut terminal = Terminal::open(&place, &[]);
    let screen = terminal.wait_for_prompt();
    assert!(screen.contains("trail.duckdb, read-only; .help"), "{screen}");
    assert!(screen.contains("106 events, 2026-10-01 08:51 to 2026-10-07 09:15 UTC, 1 account\n"), "{screen}");
    assert!(screen.contains("trail.duckdb (ro)>"), "{screen}");
    terminal.press(CTRL_D);
    assert_eq!(terminal.exit_code(), 0);

    let mut terminal = Terminal::open(&place, &["--write"]);
    let screen = terminal.wait_for_prompt();
    assert!(screen.contains("trail.duckdb, writable") && screen.contains("trail.duckdb (rw)>"), "{screen}");
    terminal.enter("CREATE TABLE notes AS FROM range(3);");
    terminal.wait_for("3 rows changed; ");
    terminal.enter("exit");
    assert_eq!(terminal.exit_code(), 0);
}

#[test]
fn a_statement_is_typed_completed_and_answered() {
    let place = Place::with_fixtures();
    let terminal = Terminal::open(&place, &[]);
    terminal.wait_for_prompt();
    terminal.press("SELECT event_n\t");
    terminal.wait_for("SELECT event_name");
    // on several lines
    terminal.enter(", NULL AS nothing, '' AS empty");
    terminal.enter("FROM events");
    terminal.enter("WHERE event_name = 'RunInstances' LIMIT 1;");
    let screen = terminal.wait_for("1 row; ");
    assert!(screen.contains(" event_name     nothing   empty"), "{screen}");
    assert!(screen.contains(" RunInstances   NULL"), "{screen}");
    assert!(screen.contains("\n                 > FROM events"), "{screen}");
    // NULL is dim, so that no text looks like it
    assert!(terminal.is_dim(" NULL") && !terminal.is_dim(" RunInstances"));
    // a line that is given up
    terminal.wait_for_prompt();
    terminal.press("SELECT nonsense");
    terminal.wait_for("SELECT nonsense");
    terminal.press(CTRL_C);
    terminal.wait_for_prompt();
    terminal.enter("SELECT 40 + 2 AS answer;");
    let screen = terminal.wait_until("an answer", |screen| screen.matches("1 row; ").count() == 2);
    assert!(!screen.contains("Error"), "{screen}");
    terminal.press(".tim\t");
    terminal.wait_for(".timezone");
}

#[test]
fn a_bad_statement_is_pointed_at() {
    let place = Place::with_fixtures();
    let terminal = Terminal::open(&place, &[]);
    terminal.wait_for_prompt();
    terminal.enter("SELECT evnt_name FROM events;");
    let screen = terminal.wait_for("^^^^^^^^^");
    let lines: Vec<_> = screen.lines().map(str::trim_end).collect();
    let mark = lines.iter().position(|line| line.contains('^')).expect("a mark");
    assert_eq!(lines[mark - 1..=mark], ["SELECT evnt_name FROM events", "       ^^^^^^^^^"]);
    assert!(screen.contains("Binder Error: Referenced column \"evnt_name\" not found"), "{screen}");
    assert!(screen.contains("\"event_name\"") && !screen.contains("LINE 1"), "{screen}");
    terminal.enter("DROP TABLE events;");
    terminal.wait_for("`trailduck shell --write` opens it for changes");
    terminal.enter(".tabels");
    terminal.wait_for("no command .tabels: did you mean .tables?");
}

#[test]
fn ctrl_c_ends_a_long_query_but_not_the_shell() {
    let place = Place::with_fixtures();
    let terminal = Terminal::open(&place, &[]);
    terminal.wait_for_prompt();
    for _ in 0..2 {
        terminal.enter("SELECT count(*) FROM range(100000000000) a, range(1000) b;");
        // how far it is
        terminal.wait_for("; Ctrl-C stops it");
        terminal.press(CTRL_C);
        terminal.wait_for("interrupted");
        terminal.wait_for_prompt();
        terminal.enter("SELECT 40 + 2 AS answer;");
        let screen = terminal.wait_for("1 row; ");
        assert!(!screen.contains("stops it") && !screen.contains("^C"), "{screen}");
        terminal.press("\x0c");
        terminal.wait_until("an empty screen", |screen| !screen.contains("interrupted"));
    }
}

#[test]
fn long_results_go_through_the_pager() {
    let place = Place::with_fixtures();
    let pager = pager(&place, "trap '' INT\nlines=$(wc -l)\necho \"PAGED: $lines\"\nread answer < /dev/tty");
    let terminal = Terminal::open_with(&place, &[], &[("TRAILDUCK_PAGER", &pager)]);
    terminal.wait_for_prompt();
    terminal.enter("FROM range(20);");
    terminal.wait_for("20 rows; ");
    terminal.enter("FROM range(500);");
    // header and rule, too
    terminal.wait_for("PAGED: 502");
    // Ctrl-C is the pager's business
    terminal.press(CTRL_C);
    terminal.press("\r");
    terminal.wait_for("500 rows; ");
    terminal.enter("FROM range(100000);");
    terminal.wait_for("PAGED: 1002");
    terminal.press("\r");
    terminal.wait_for("the first 1,000 of 100,000 rows: `.maxrows 0` shows all");
    terminal.enter(".maxrows 0");
    terminal.enter("FROM range(30000);");
    terminal.wait_for("PAGED: 30");
    terminal.press("\r");
    terminal.wait_for("30,000 rows; ");
    terminal.enter(".pager off");
    terminal.enter("FROM range(100);");
    terminal.wait_for("100 rows; ");
}

#[test]
fn who_leaves_the_pager_early_gets_the_prompt_back() {
    let place = Place::with_fixtures();
    let pager = pager(&place, "read first\necho \"FIRST: $first\"");
    let terminal = Terminal::open_with(&place, &[], &[("PAGER", &pager)]);
    terminal.wait_for_prompt();
    terminal.enter(".mode ndjson");
    terminal.enter("FROM range(1000000000);");
    terminal.wait_for("FIRST: {\"range\":0}");
    terminal.wait_for("left after ");
    let screen = terminal.wait_for_prompt();
    assert!(!screen.contains("Broken pipe"), "{screen}");
}

#[test]
fn a_pager_that_is_not_there_is_named_once() {
    let place = Place::with_fixtures();
    let terminal = Terminal::open_with(&place, &[], &[("TRAILDUCK_PAGER", "no-such-pager -x")]);
    terminal.wait_for_prompt();
    for _ in 0..2 {
        terminal.enter("FROM range(40);");
        terminal.wait_for("40 rows; ");
        terminal.press("\x0c");
        terminal.wait_until("an empty screen", |screen| !screen.contains("40 rows; "));
    }
    let raw = String::from_utf8_lossy(&terminal.seen().raw).into_owned();
    assert_eq!(raw.matches("no pager: no-such-pager: there is no such program").count(), 1);
}

#[test]
fn wide_rows_are_turned_on_their_side() {
    let place = Place::with_fixtures();
    let terminal = Terminal::open_with(&place, &[], &[("PAGER", "")]);
    terminal.wait_for_prompt();
    let columns = "event_id, event_time, event_source, event_name, error_code, user_agent, tls_details, resources";
    terminal.enter(&format!("SELECT {columns} FROM events WHERE event_name = 'RunInstances' ORDER BY error_code NULLS FIRST, event_time LIMIT 1;"));
    let screen = terminal.wait_for("1 row; ");
    assert!(screen.contains("── 1 ──") && screen.contains("\n event_name    RunInstances"), "{screen}");
    assert!(screen.contains("\n error_code    NULL"), "{screen}");
    // what is nested is indented
    assert!(screen.contains("\n tls_details   {\n                 \"tls_version\": "), "{screen}");
    terminal.press("\x0c");
    terminal.wait_until("an empty screen", |screen| !screen.contains("1 row; "));
    // in a wider window the same result is a table
    let columns: Vec<_> = ('a'..='h').map(|name| format!("repeat('{name}', 20) AS {name}")).collect();
    let select = &format!("SELECT {};", columns.join(", "));
    terminal.enter(select);
    let screen = terminal.wait_for("1 row; ");
    assert!(screen.contains("── 1 ──"), "{screen}");
    let size = PtySize { rows: 30, cols: 200, pixel_width: 0, pixel_height: 0 };
    terminal.seen().screen.screen_mut().set_size(30, 200);
    terminal.master.resize(size).expect("a terminal");
    terminal.press("\x0c");
    terminal.wait_until("an empty screen", |screen| !screen.contains("1 row; "));
    terminal.enter(select);
    let screen = terminal.wait_for("1 row; ");
    assert!(!screen.contains("── 1 ──") && screen.contains("aaaaaaaaaaaaaaaaaaaa   bbbb"), "{screen}");
}

#[test]
fn what_was_typed_is_kept_for_its_owner_only() {
    let place = Place::with_fixtures();
    let history = place.path("state/history");
    let mut terminal = Terminal::open(&place, &[]);
    terminal.wait_for_prompt();
    terminal.enter("SELECT 'kept'");
    terminal.enter("AS what;");
    terminal.wait_for("1 row; ");
    terminal.enter(" SELECT 'secret' AS what;");
    terminal.wait_until("two results", |screen| screen.matches("1 row; ").count() == 2);
    terminal.wait_for_prompt();
    let mode = |path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    assert_eq!((mode(history.clone()), mode(place.path("state"))), (0o600, 0o700));
    terminal.press(CTRL_D);
    assert_eq!(terminal.exit_code(), 0);
    let kept = fs::read_to_string(&history).expect("text");
    assert!(kept.contains("kept") && !kept.contains("secret"), "{kept}");

    // another shell finds it, and takes it away from others
    fs::set_permissions(&history, fs::Permissions::from_mode(0o644)).expect("its owner");
    let terminal = Terminal::open(&place, &[]);
    terminal.wait_for_prompt();
    assert_eq!(mode(history), 0o600);
    terminal.press(UP);
    terminal.wait_for("SELECT 'kept'");
    terminal.press(CTRL_C);
    terminal.wait_for_prompt();
    terminal.press(CTRL_R);
    terminal.press("kep");
    terminal.wait_for("(found: kep)");
    terminal.press("\r");
    terminal.press("\r");
    terminal.wait_for("1 row; ");
}

#[test]
fn without_colors_there_are_none() {
    let place = Place::with_fixtures();
    for (args, environment) in [(&[][..], &[("NO_COLOR", "1")][..]), (&["--color", "never"], &[])] {
        let mut terminal = Terminal::open_with(&place, args, environment);
        terminal.wait_for_prompt();
        terminal.enter("SELECT NULL AS a;");
        terminal.wait_for("1 row; ");
        terminal.enter("SELECT nonsense;");
        terminal.wait_for("^^^");
        terminal.enter(".timezone Europe/Berlin");
        terminal.wait_for("(ro, Europe/Berlin)>");
        terminal.press(CTRL_D);
        assert_eq!(terminal.exit_code(), 0);
        let raw = String::from_utf8_lossy(&terminal.seen().raw).into_owned();
        let colored = raw.split("\x1b[").skip(1).filter_map(|rest| rest.split_once('m')).filter(|(code, _)| {
            !code.is_empty() && *code != "0" && code.chars().all(|char| char.is_ascii_digit() || char == ';')
        });
        let colored: Vec<_> = colored.map(|(code, _)| code.to_owned()).collect();
        assert_eq!(colored, Vec::<String>::new());
    }
}

#[test]
fn a_signal_at_the_prompt_ends_it_and_leaves_the_terminal_as_it_was() {
    let place = Place::with_fixtures();
    let mut terminal = Terminal::open(&place, &[]);
    terminal.wait_for_prompt();
    // a signal right after a statement is taken for one that came too late for it
    thread::sleep(Duration::from_millis(500));
    let pid = terminal.child.process_id().expect("it runs");
    let pid = rustix::process::Pid::from_raw(pid.try_into().expect("a process id")).expect("a process id");
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("it runs");
    assert_eq!(terminal.exit_code(), 130);
}

#[test]
fn an_alert_is_investigated() {
    let place = Place::with_fixtures();
    let terminal = Terminal::open_with(&place, &[], &[("PAGER", "")]);
    terminal.wait_for_prompt();
    terminal.enter(".triage latest");
    terminal.wait_for("Next: or make an exception");
    let screen = terminal.wait_for_prompt();
    assert!(screen.contains("trailduck exceptions add"), "{screen}");
    terminal.enter(".alerts");
    terminal.wait_for("3 rows; ");
}
