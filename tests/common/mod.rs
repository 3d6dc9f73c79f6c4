//! Running the real binary in a folder of its own.

#![allow(dead_code, reason = "each test file uses its part")]

#[cfg(unix)]
pub mod watching;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::OnceLock;

use assert_cmd::Command;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use tempfile::TempDir;
use trailduck::alerts::{self, Channel, RaiseOptions, Raised};
use trailduck::store::{Mode, Store};

/// A folder with a store in it.
pub struct Place {
    folder: TempDir,
}

/// What a run of the binary left.
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Place {
    pub fn new() -> Self {
        Self { folder: TempDir::new().expect("a folder") }
    }

    /// A store that holds the fixtures.
    pub fn with_fixtures() -> Self {
        static LOADED: OnceLock<Vec<u8>> = OnceLock::new();
        let place = Self::new();
        place.copy_store(&LOADED, || {
            place.ok(&["load", fixtures("AWSLogs").to_str().expect("UTF-8")]);
        });
        place
    }

    /// An empty store, if there is none.
    pub fn store_if_none(&self) {
        static EMPTY: OnceLock<Vec<u8>> = OnceLock::new();
        let path = self.path("trail.duckdb");
        if !path.exists() {
            self.copy_store(&EMPTY, || drop(Store::open(&path, Mode::Create).expect("a store")));
        }
    }

    /// A copy of the store that `make` makes here, which it does once for all tests of a file: that takes seconds.
    fn copy_store(&self, made: &OnceLock<Vec<u8>>, make: impl FnOnce()) {
        let path = self.path("trail.duckdb");
        let store = made.get_or_init(|| {
            make();
            fs::read(&path).expect("a store")
        });
        fs::write(&path, store).expect("a store");
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file, and the folders above it.
    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, bytes).expect("a file");
        name.to_owned()
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trailduck"));
        command.current_dir(self.folder.path()).args(args).env_remove("TRAILDUCK_DB");
        // databases of the machine that runs the tests are none of theirs
        command.env_remove("TRAILDUCK_GEOIP").env("TRAILDUCK_GEOIP_FOLDERS", "");
        command
    }

    pub fn run(&self, args: &[&str]) -> Ran {
        self.command(args).output().expect("it runs").into()
    }

    /// Runs with text on standard input.
    pub fn run_with(&self, args: &[&str], stdin: impl Into<Vec<u8>>) -> Ran {
        self.command(args).write_stdin(stdin).output().expect("it runs").into()
    }

    /// Runs what must succeed; returns its output.
    pub fn ok(&self, args: &[&str]) -> String {
        let ran = self.run(args);
        assert_eq!(ran.code, 0, "{args:?}: {}", ran.stderr);
        ran.stdout
    }

    /// The rows that a command prints.
    pub fn rows(&self, args: &[&str]) -> Vec<Value> {
        let args = [args, &["--format", "json"]].concat();
        serde_json::from_str(&self.ok(&args)).expect("JSON")
    }

    /// The rows of some SQL.
    pub fn sql(&self, sql: &str) -> Vec<Value> {
        self.rows(&["sql", sql])
    }

    /// The summary of a load: files, events, new, duplicate, rejected.
    pub fn load(&self, paths: &[&str]) -> [u64; 5] {
        self.store_if_none();
        let summary = self.rows(&[&["load"], paths].concat());
        ["files", "events", "new", "duplicate", "rejected"].map(|key| summary[0][key].as_u64().expect(key))
    }

    /// The store, for changes.
    pub fn store(&self) -> Store {
        self.store_if_none();
        Store::open(&self.path("trail.duckdb"), Mode::Write).expect("a store")
    }

    /// Raises alerts as a watch does that tells them by these channels; every rule is due.
    pub fn raise(&self, now: &str, channels: &[Channel]) -> Raised {
        let every = Some(std::time::Duration::ZERO);
        let options = RaiseOptions { every, lookback: None, channels: channels.to_vec() };
        alerts::raise(&self.store(), moment(now), &options).expect("raised")
    }

    /// Every record of the store.
    pub fn export(&self) -> Vec<Value> {
        let exported: Value = serde_json::from_str(&self.ok(&["export"])).expect("JSON");
        exported["Records"].as_array().expect("a list").clone()
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).expect("UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }
}

/// A moment in RFC 3339.
pub fn moment(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).expect("a moment").to_utc()
}

pub fn fixtures(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

/// The shared data set of real records, if it is there.
pub fn real_data() -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/aws_dataset");
    if path.is_dir() {
        return Some(path);
    }
    eprintln!("skipped: {} is not there", path.display());
    None
}

/// A record with this number as its id, `fields` laid over it.
pub fn record(number: u64, fields: &Value) -> Value {
    let mut record = json!({
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "IAMUser",
            "principalId": "AIDAEXAMPLE",
            "arn": "arn:aws:iam::111122223333:user/alice",
            "accountId": "111122223333",
            "accessKeyId": "AKIAEXAMPLE",
            "userName": "alice",
        },
        "eventTime": "2026-10-06T02:14:00Z",
        "eventSource": "ec2.amazonaws.com",
        "eventName": "DescribeImages",
        "awsRegion": "us-east-1",
        "sourceIPAddress": "192.0.2.77",
        "userAgent": "aws-cli/2.17.0",
        "requestParameters": {},
        "responseElements": null,
        "eventID": format!("00000000-0000-4000-8000-{number:012}"),
        "readOnly": true,
        "eventType": "AwsApiCall",
        "managementEvent": true,
        "recipientAccountId": "111122223333",
        "eventCategory": "Management",
    });
    for (key, value) in fields.as_object().expect("fields") {
        record[key] = value.clone();
    }
    record
}

/// Records as CloudTrail delivers them.
pub fn log(records: &[Value]) -> String {
    json!({ "Records": records }).to_string()
}

pub fn gzip(text: &str) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text.as_bytes()).expect("memory");
    encoder.finish().expect("memory")
}
