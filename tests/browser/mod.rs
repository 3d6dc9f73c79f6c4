//! A real browser without a window, spoken to in the DevTools protocol.

use std::env;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

/// A browser that says nothing for so long has failed.
const PATIENCE: Duration = Duration::from_secs(60);

/// A browser with one page open. It ends with this value.
pub struct Browser {
    child: Child,
    to: ChildStdin,
    from: Receiver<Value>,
    session: Option<String>,
    sent: u64,
    /// What it told without being asked.
    pub events: Vec<Value>,
    _profile: TempDir,
}

/// The browser to test with: `CHROME`, or the first on the path. Where there is none, that is said; a CI must have one.
fn installed() -> Option<PathBuf> {
    if let Some(path) = env::var_os("CHROME") {
        return Some(path.into());
    }
    let folders: Vec<_> = env::split_paths(&env::var_os("PATH").unwrap_or_default()).collect();
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let found = names.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    let found = found.into_iter().find(|path| path.is_file());
    if found.is_none() {
        assert!(env::var_os("CI").is_none(), "no {} on the path, and CHROME names none", names.join(", "));
        eprintln!("skipped: no {} on the path, and CHROME names none", names.join(", "));
    }
    found
}

impl Browser {
    /// Starts a browser; none if there is none on this machine.
    pub fn start() -> Option<Self> {
        let program = installed()?;
        let profile = TempDir::new().expect("a folder");
        // the protocol is spoken on the descriptors 3 and 4
        let mut child = Command::new("sh")
            .args(["-c", r#"exec "$0" "$@" 3<&0 4>&1 0</dev/null 1>/dev/null"#])
            .arg(program)
            .args(["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"])
            .args(["--no-first-run", "--disable-background-networking", "--disable-component-update"])
            .args(["--force-color-profile=srgb", "--font-render-hinting=none", "--remote-debugging-pipe"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the browser starts");
        let to = child.stdin.take().expect("a pipe");
        let from = messages(BufReader::new(child.stdout.take().expect("a pipe")));
        let mut browser = Self { child, to, from, session: None, sent: 0, events: Vec::new(), _profile: profile };
        let page = browser.ask("Target.createTarget", json!({"url": "about:blank"}));
        let attached = browser.ask("Target.attachToTarget", json!({"targetId": page["targetId"], "flatten": true}));
        browser.session = Some(attached["sessionId"].as_str().expect("a session").to_owned());
        for domain in ["Page", "Runtime", "Log", "Network", "Audits"] {
            browser.ask(&format!("{domain}.enable"), json!({}));
        }
        browser.window(1280, 900, false);
        Some(browser)
    }

    /// Opens a file as a browser does that was handed it.
    pub fn open(&mut self, file: &Path) {
        self.events.clear();
        let answer = self.ask("Page.navigate", json!({"url": format!("file://{}", file.display())}));
        assert!(answer["errorText"].is_null(), "{answer}");
        while !self.events.iter().any(|event| event["method"] == "Page.loadEventFired") {
            let event = self.receive();
            self.events.push(event);
        }
    }

    /// Sends a command and waits for its result.
    pub fn ask(&mut self, method: &str, params: Value) -> Value {
        self.sent += 1;
        let mut message = json!({"id": self.sent, "method": method, "params": params});
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        self.to.write_all(format!("{message}\0").as_bytes()).expect("the browser listens");
        loop {
            let mut answer = self.receive();
            if answer["id"] != self.sent {
                self.events.push(answer);
                continue;
            }
            assert!(answer["error"].is_null(), "{method}: {}", answer["error"]);
            return answer["result"].take();
        }
    }

    fn receive(&self) -> Value {
        self.from.recv_timeout(PATIENCE).expect("the browser answers")
    }

    /// The value of some JavaScript. The page's policy does not bind whoever debugs it.
    pub fn value(&mut self, script: &str) -> Value {
        let mut answer = self.ask("Runtime.evaluate", json!({"expression": script, "returnByValue": true}));
        assert!(answer["exceptionDetails"].is_null(), "{script}: {}", answer["exceptionDetails"]);
        answer["result"]["value"].take()
    }

    pub fn window(&mut self, width: u32, height: u32, phone: bool) {
        let scale = if phone { 2 } else { 1 };
        let metrics = json!({"width": width, "height": height, "deviceScaleFactor": scale, "mobile": phone});
        self.ask("Emulation.setDeviceMetricsOverride", metrics);
    }

    /// `screen` or `print`, and whether the reader likes it dark.
    pub fn media(&mut self, media: &str, dark: bool) {
        let scheme = if dark { "dark" } else { "light" };
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        self.ask("Emulation.setEmulatedMedia", json!({"media": media, "features": features}));
    }

    /// All that went wrong since the page was opened, in words: errors, warnings, violations of its policy.
    pub fn complaints(&mut self) -> Vec<String> {
        // what it had to say by then has been said
        self.value("1");
        let complaint = |event: &Value| {
            let params = &event["params"];
            match event["method"].as_str()? {
                "Runtime.consoleAPICalled" => Some(format!("console: {}", params["args"])),
                "Runtime.exceptionThrown" => Some(format!("exception: {}", params["exceptionDetails"])),
                "Log.entryAdded" => Some(format!("{}: {}", params["entry"]["level"], params["entry"]["text"])),
                "Audits.issueAdded" => Some(format!("issue: {}", params["issue"])),
                _ => None,
            }
        };
        self.events.iter().filter_map(complaint).collect()
    }

    /// Addresses of all that was requested since the page was opened.
    pub fn requests(&self) -> Vec<&str> {
        let sent = self.events.iter().filter(|event| event["method"] == "Network.requestWillBeSent");
        sent.filter_map(|event| event["params"]["request"]["url"].as_str()).collect()
    }
}

impl Drop for Browser {
    /// Asks it to end, so that it clears away what it made, and ends it if it does not.
    fn drop(&mut self) {
        self.sent += 1;
        let _ = self.to.write_all(format!("{{\"id\": {}, \"method\": \"Browser.close\"}}\0", self.sent).as_bytes());
        for _ in 0..100 {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            thread::sleep(Duration::from_millis(50));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Messages as they come, each ended by a NUL.
fn messages(mut from: impl BufRead + Send + 'static) -> Receiver<Value> {
    let (to, messages) = channel();
    thread::spawn(move || {
        loop {
            let mut message = Vec::new();
            let ended = from.read_until(0, &mut message).unwrap_or(0) == 0;
            let Ok(message) = serde_json::from_slice(message.strip_suffix(&[0]).unwrap_or(&message)) else { return };
            if ended || to.send(message).is_err() {
                return;
            }
        }
    });
    messages
}

/// The bytes of base64, in which the protocol hands over files.
pub fn bytes(base64: &str) -> Vec<u8> {
    let six = |letter: u8| match letter {
        b'A'..=b'Z' => Some(letter - b'A'),
        b'a'..=b'z' => Some(letter - b'a' + 26),
        b'0'..=b'9' => Some(letter - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let letters: Vec<_> = base64.bytes().filter_map(six).collect();
    let mut bytes = Vec::with_capacity(letters.len() * 3 / 4);
    for four in letters.chunks(4) {
        let bits = four.iter().fold(0, |bits, &six| bits << 6 | u32::from(six)) << (6 * (4 - four.len()));
        bytes.extend_from_slice(&bits.to_be_bytes()[1..four.len()]);
    }
    bytes
}
