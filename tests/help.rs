//! `--help`: every command has examples, and every example runs.

mod common;
#[path = "common/s3.rs"]
mod s3;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use common::{Place, fixtures};
use trailduck::alerts::Channel;

/// A command, as the words behind `trailduck`, and what its `--help` says.
type Help = (Vec<String>, String);

#[test]
fn every_command_has_examples() {
    for (command, help) in helps(&Place::new()) {
        assert!(!examples(&help).is_empty(), "trailduck {}", command.join(" "));
        assert!(help.lines().all(|line| line.chars().count() <= 100 || line.contains("trailduck ")), "{help}");
    }
}

#[test]
fn every_example_runs() {
    let base = Base::new();
    let examples: Vec<_> = helps(&base.place).iter().flat_map(|(_, help)| examples(help)).collect();
    assert!(examples.len() > 100, "{}", examples.len());
    let (next, failed) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(example) = examples.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(error) = base.run(example) {
                        failed.lock().expect("no panic").push(format!("{example}\n{error}"));
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().expect("no panic");
    assert!(failed.is_empty(), "{} of {} examples fail:\n\n{}", failed.len(), examples.len(), failed.join("\n\n"));
}

#[test]
fn the_commands_that_the_readme_shows_for_scripts_run() {
    let base = Base::new();
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).expect("the README");
    let chapter = readme.split("### ").find(|chapter| chapter.starts_with("Script it")).expect("the chapter");
    let blocks = chapter.split("```sh\n").skip(1).filter_map(|block| block.split("```").next());
    let commands: Vec<_> = blocks.flat_map(str::lines).collect();
    assert!(commands.len() > 5);
    for command in commands {
        assert_eq!(base.run(command), Ok(()), "{command}");
    }
}

/// The helps of all commands.
fn helps(place: &Place) -> Vec<Help> {
    let mut helps: Vec<Help> = vec![(Vec::new(), place.ok(&["--help"]))];
    let mut at = 0;
    while at < helps.len() {
        let (command, help) = helps[at].clone();
        for name in below(&help) {
            let command = [command.as_slice(), &[name]].concat();
            let args: Vec<_> = command.iter().map(String::as_str).chain(["--help"]).collect();
            let help = place.ok(&args);
            helps.push((command, help));
        }
        at += 1;
    }
    helps
}

/// The names of the commands that a help lists.
fn below(help: &str) -> Vec<String> {
    let lines = help.lines().skip_while(|line| !matches!(*line, "Commands:" | "Queries:")).skip(1);
    let lines = lines.take_while(|line| line.starts_with("  "));
    let name = |line: &str| line.strip_prefix("  ").filter(|line| !line.starts_with(' ')).map(str::to_owned);
    let names = lines.filter_map(name).filter_map(|line| line.split_whitespace().next().map(str::to_owned));
    names.filter(|name| name != "help").collect()
}

/// The examples of a help, without the explanations beside them.
fn examples(help: &str) -> Vec<String> {
    let lines = help.lines().skip_while(|line| *line != "Examples:").skip(1).take_while(|line| line.starts_with("  "));
    let mut examples: Vec<String> = Vec::new();
    for line in lines {
        let line = line.trim_start();
        let line = line.split_once("   ").map_or(line, |(example, _)| example);
        match examples.last_mut() {
            Some(begun) if begun.ends_with('\\') => {
                begun.pop();
                begun.push_str(line);
            }
            _ => examples.push(line.to_owned()),
        }
    }
    examples
}

/// A home folder that has all that the examples name; each runs in a copy of it.
struct Base {
    place: Place,
    /// Answers in the place of S3.
    server: s3::Server,
}

impl Base {
    fn new() -> Self {
        let place = Place::with_fixtures();
        let fixture = |name: &str| fs::read(fixtures(name)).expect("a fixture");
        place.ok(&["exceptions", "add", "patching", "--reason", "r", "--never", "--owner", "none"]);
        place.ok(&["exceptions", "export", "-o", "exceptions.toml"]);
        place.raise("2026-10-06T03:00:00Z", &[Channel::Webhook]);
        for name in ["alerts.ndjson", "alerts/part-0.ndjson"] {
            place.write(name, place.ok(&["alerts", "--format", "ndjson"]));
        }
        place.ok(&["sql", "COPY (FROM alert_list()) TO 'alerts/part-1.parquet'"]);
        for name in ["team-a", "team-b"] {
            place.write(
                &format!("{name}.toml"),
                fs::read_to_string(place.path("exceptions.toml")).expect("a file").replace("patching", name),
            );
        }
        place.ok(&["export", "-o", "incident.json"]);
        let records = fs::read_to_string(place.path("incident.json")).expect("a file");
        for name in ["incident.json.gz", "logs/a/b.json.gz"] {
            place.write(name, common::gzip(&records));
        }
        place.write("extra.ndjson", fixture("formats/athena.ndjson"));
        place.write("export.zip", fixture("formats/event-history.json"));
        for name in ["images.json", "images-us-east-1.json", "inventory/a/images-1.json.gz"] {
            place.write(name, fixture("describe-images.json"));
        }
        place.write("GeoLite2-City.mmdb", fixture("geoip/Example-City.mmdb"));
        place.write("GeoLite2-ASN.mmdb", fixture("geoip/Example-ASN.mmdb"));
        place.write("review.sql", "FROM principals; FROM sources");
        place.write("aws/AWSLogs/a.json", &records);
        for folder in [".local/share/bash-completion/completions", ".zfunc", ".config/fish/completions"] {
            fs::create_dir_all(place.path(folder)).expect("a folder");
        }
        // what answers in the place of AWS and of a repository
        program(&place, "aws", "case \"$*\" in *describe-images*) cat images.json;; *) cat incident.json.gz;; esac");
        program(&place, "git", "cat exceptions.toml");
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_trailduck"), place.path("bin/trailduck")).expect("a link");
        let server = s3::Server::start();
        server.put_folder(&fixtures("AWSLogs"), "AWSLogs/");
        let keys = format!("aws_access_key_id = {}\naws_secret_access_key = {}\n", s3::ACCESS_KEY, s3::SECRET_KEY);
        place.write("aws-config", format!("[profile security]\n{keys}"));
        Self { place, server }
    }

    /// Runs an example as a user would who has pasted it.
    fn run(&self, example: &str) -> Result<(), String> {
        if example.contains("| jq") && Command::new("jq").arg("--version").output().is_err() {
            eprintln!("skipped: no jq for {example}");
            return Ok(());
        }
        let home = tempfile::tempdir().expect("a folder");
        let copied = Command::new("cp").arg("-a").arg(self.place.path(".")).arg(home.path()).status();
        assert!(copied.expect("cp").success());
        let path = format!("{}:{}", home.path().join("bin").display(), std::env::var("PATH").expect("a path"));
        // a watch ends when it is told to
        let watch =
            if example.contains("--once") { "trailduck watch" } else { "timeout --preserve-status 5 trailduck watch" };
        let example = example.replace("trailduck watch", watch);
        // what does not end fails
        let output = Command::new("timeout")
            .args(["120", "bash", "-e", "-o", "pipefail", "-c", &example])
            .current_dir(home.path())
            .envs(self.server.environment())
            .env("AWS_CONFIG_FILE", self.place.path("aws-config"))
            .env("HOME", home.path())
            .env("PATH", path)
            .env("PROFILE", "profile.ps1")
            .env("TRAILDUCK_GEOIP_FOLDERS", "")
            .env_remove("TRAILDUCK_GEOIP")
            .env_remove("TRAILDUCK_DB")
            .stdin(Stdio::null())
            .output()
            .expect("bash");
        let code = output.status.code();
        let expected = code == Some(0) || code == Some(3) && example.contains("--fail-on");
        if expected { Ok(()) } else { Err(format!("{code:?}: {}", String::from_utf8_lossy(&output.stderr))) }
    }
}

fn program(place: &Place, name: &str, script: &str) {
    use std::os::unix::fs::PermissionsExt;
    let name = place.write(&format!("bin/{name}"), format!("#!/bin/sh\n{script}\n"));
    let executable = fs::Permissions::from_mode(0o755);
    fs::set_permissions(Path::new(&place.path(&name)), executable).expect("permissions");
}
