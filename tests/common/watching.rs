//! Running `trailduck watch` and looking at it from outside.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, sleep};
use std::time::{Duration, Instant, SystemTime};

use chrono::{DateTime, Utc};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use super::{Place, record};

/// A record that the rule matches; those of higher numbers are later.
pub fn alerting(number: u64) -> Value {
    let time = DateTime::from_timestamp(1_791_252_840 + number.cast_signed(), 0).expect("a time");
    let parameters = json!({"includeDeprecated": true, "ownersSet": {"items": [{"owner": "amazon"}]}});
    record(
        number,
        &json!({"eventTime": time.format("%Y-%m-%dT%H:%M:%SZ").to_string(), "requestParameters": parameters}),
    )
}

pub fn event_id(number: u64) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}

/// Writes a file that was last changed so long ago that it is not still being written.
pub fn write_settled(place: &Place, name: &str, bytes: impl AsRef<[u8]>) {
    place.write(name, bytes);
    set_modified(&place.path(name), SystemTime::now() - Duration::from_secs(60));
}

pub fn set_modified(path: &Path, at: SystemTime) {
    File::options().write(true).open(path).and_then(|file| file.set_modified(at)).expect("our file");
}

/// Moves the clock of `--clock now`.
pub fn set_clock(place: &Place, now: DateTime<Utc>) {
    place.write("now.new", now.to_rfc3339());
    fs::rename(place.path("now.new"), place.path("now")).expect("our file");
}

/// The events of the alerts that were written to standard output, in their order, over all runs.
pub fn told(place: &Place) -> Vec<String> {
    let text = fs::read_to_string(place.path("alerts.ndjson")).unwrap_or_default();
    // a killed watch may leave part of a line
    let alerts = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    alerts.filter_map(|alert| alert["event_id"].as_str().map(str::to_owned)).collect()
}

/// What was said on standard error, over all runs.
pub fn said(place: &Place) -> String {
    fs::read_to_string(place.path("said.txt")).unwrap_or_default()
}

pub fn health(place: &Place) -> Value {
    let text = fs::read(place.path("trail.duckdb.watch.json")).unwrap_or_default();
    serde_json::from_slice(&text).unwrap_or(Value::Null)
}

/// Waits until something is so.
pub fn until(what: &str, place: &Place, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(60), "{what}: {} {}", health(place), said(place));
        sleep(Duration::from_millis(2));
    }
}

/// A watch that runs.
pub struct Watching {
    pub child: Child,
}

impl Watching {
    /// Starts `trailduck watch`; what it writes is appended to alerts.ndjson and said.txt.
    pub fn start(place: &Place, args: &[&str]) -> Self {
        Self::start_with(place, args, &[])
    }

    pub fn start_with(place: &Place, args: &[&str], env: &[(&str, &str)]) -> Self {
        let append = |name: &str| File::options().create(true).append(true).open(place.path(name)).expect("a file");
        // a file that reaches its limit is an error, not the end
        let child = Command::new("sh")
            .args(["-c", "trap '' XFSZ; exec \"$0\" watch \"$@\"", env!("CARGO_BIN_EXE_trailduck")])
            .args(args)
            .current_dir(place.path(""))
            .env_remove("TRAILDUCK_DB")
            .env_remove("TRAILDUCK_GEOIP")
            .env("TRAILDUCK_GEOIP_FOLDERS", "")
            .envs(env.iter().copied())
            .stdin(Stdio::null())
            .stdout(append("alerts.ndjson"))
            .stderr(append("said.txt"))
            .spawn()
            .expect("it starts");
        Self { child }
    }

    pub fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    pub fn kill(mut self) {
        self.child.kill().expect("SIGKILL");
        self.child.wait().expect("it ends");
    }

    /// Sends SIGTERM; returns the exit code.
    pub fn terminate(mut self) -> Option<i32> {
        kill_process(self.pid(), Signal::TERM).expect("it runs");
        self.child.wait().expect("it ends").code()
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        // a test that failed leaves nothing running
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How a receiver behaves.
#[derive(Clone, Copy, PartialEq)]
pub enum Mood {
    Alive,
    /// Closes the connection without an answer.
    Dead,
    /// Answers 500.
    Failing,
}

/// A server on the loopback interface that takes alerts.
pub struct Receiver {
    pub address: SocketAddr,
    mood: Arc<AtomicU8>,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Receiver {
    pub fn start(mood: Mood) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("the loopback interface");
        let address = listener.local_addr().expect("an address");
        let receiver = Self { address, mood: Arc::new(AtomicU8::new(mood as u8)), requests: Arc::default() };
        let (mood, requests) = (receiver.mood.clone(), receiver.requests.clone());
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (mood, requests) = (mood.clone(), requests.clone());
                thread::spawn(move || serve(stream, &mood, &requests));
            }
        });
        receiver
    }

    pub fn url(&self) -> String {
        format!("http://{}/alerts", self.address)
    }

    pub fn be(&self, mood: Mood) {
        self.mood.store(mood as u8, Ordering::Relaxed);
    }

    /// The requests that were answered with success, head and body.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().expect("no panic").clone()
    }

    /// The events of the alerts that were taken.
    pub fn told(&self) -> Vec<String> {
        let alert = |request: String| serde_json::from_str::<Value>(request.split_once("\r\n\r\n")?.1).ok();
        let event = |alert: Value| alert["event_id"].as_str().map(str::to_owned);
        self.requests().into_iter().filter_map(alert).filter_map(event).collect()
    }
}

/// Answers the requests of one connection.
fn serve(mut stream: std::net::TcpStream, mood: &AtomicU8, requests: &Mutex<Vec<String>>) {
    let (mut text, mut buffer) = (Vec::new(), [0; 8192]);
    loop {
        let head = text.windows(4).position(|window| window == b"\r\n\r\n");
        let length = head.and_then(|end| {
            let head = String::from_utf8_lossy(&text[..end]).to_lowercase();
            let length: usize = head.split("content-length: ").nth(1)?.lines().next()?.trim().parse().ok()?;
            Some(end + 4 + length)
        });
        if let Some(length) = length.filter(|&length| text.len() >= length) {
            let request = String::from_utf8_lossy(&text[..length]).into_owned();
            text.drain(..length);
            let mood = mood.load(Ordering::Relaxed);
            if mood == Mood::Dead as u8 {
                return;
            }
            let status = if mood == Mood::Alive as u8 { "200 OK" } else { "500 Internal Server Error" };
            if mood == Mood::Alive as u8 {
                requests.lock().expect("no panic").push(request);
            }
            let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n");
            if stream.write_all(answer.as_bytes()).is_err() {
                return;
            }
            continue;
        }
        match stream.read(&mut buffer) {
            Ok(read) if read > 0 => text.extend_from_slice(&buffer[..read]),
            _ => return,
        }
    }
}
