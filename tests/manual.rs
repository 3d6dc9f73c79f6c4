//! `trailduck man` and `trailduck completions`.

mod common;

use std::fs;
use std::process::{Command, Stdio};

use common::Place;

#[test]
fn the_manual_has_a_page_for_each_command() {
    let place = Place::new();
    let page = place.ok(&["man", "query", "activity_around"]);
    for part in [".TH trailduck", ".SH OPTIONS", "\\-\\-minutes", ".SH COLUMNS", ".SH EXAMPLES\n.nf\n  trailduck query"]
    {
        assert!(page.contains(part), "{part}: {page}");
    }
    place.ok(&["man", "--output", "pages/man1"]);
    for page in ["trailduck.1", "trailduck-triage.1", "trailduck-exceptions-add.1", "trailduck-query-session_chain.1"] {
        let page = fs::read_to_string(place.path("pages/man1").join(page)).expect(page);
        assert!(page.contains(".SH EXAMPLES"), "{page}");
    }
    let ran = place.run(&["man", "querry"]);
    assert_eq!((ran.code, ran.stderr.contains("no such command")), (2, true), "{}", ran.stderr);
}

#[test]
fn completions_are_valid_scripts_that_know_the_queries() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let script = place.ok(&["completions", shell]);
        assert!(script.contains("launches_after_deprecated_query") && script.contains("fail-on"), "{shell}");
        if shell == "powershell" {
            continue;
        }
        let mut check = Command::new(shell);
        check.args(["-n", &place.write(shell, &script)]).current_dir(place.path("."));
        match check.stdin(Stdio::null()).output() {
            Ok(checked) => assert!(checked.status.success(), "{shell}: {}", String::from_utf8_lossy(&checked.stderr)),
            Err(error) => eprintln!("skipped: {shell}: {error}"),
        }
    }
    assert_eq!(place.run(&["completions", "tcsh"]).code, 2);
}

#[test]
fn bash_completes_a_query() {
    let place = Place::new();
    place.write("trailduck.bash", place.ok(&["completions", "bash"]));
    let script = "source trailduck.bash
        COMP_WORDS=(trailduck query launches_a) COMP_CWORD=2
        _trailduck trailduck launches_a query
        echo \"${COMPREPLY[@]}\"";
    let output = Command::new("bash").args(["-c", script]).current_dir(place.path(".")).output().expect("bash");
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "launches_after_deprecated_query");
}
