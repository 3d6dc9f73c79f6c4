//! One alert, investigated to its end.

mod common;

use std::process::Command;

use common::{Place, fixtures, log, record};
use serde_json::{Value, json};

const ALERT: &str = "a1e27003-e65c-4408-968f-ecee9c645d75";

/// The fixtures with what can be known beside them: where addresses are, what images are.
fn investigated() -> Place {
    let place = Place::with_fixtures();
    let path = |name: &str| fixtures(name).to_str().expect("UTF-8").to_owned();
    place.ok(&["geoip", &path("geoip/Example-City.mmdb"), &path("geoip/Example-ASN.mmdb")]);
    place.ok(&["amis", "import", &path("describe-images.json")]);
    place
}

fn triage(place: &Place, event: &str) -> Value {
    serde_json::from_str(&place.ok(&["triage", event, "--format", "json"])).expect("JSON")
}

/// Names of the signals that are there.
fn present(page: &Value) -> Vec<&str> {
    let signals = page["signals"].as_array().expect("signals").iter();
    signals.filter(|signal| signal["present"] == true).filter_map(|signal| signal["signal"].as_str()).collect()
}

#[test]
fn the_page_of_the_story_in_every_format() {
    let place = investigated();
    for format in ["table", "markdown", "json", "ndjson", "csv"] {
        insta::assert_snapshot!(format, place.ok(&["triage", ALERT, "--format", format]));
    }
}

#[test]
fn the_page_works_without_a_geoip_database_and_without_an_inventory() {
    let page = triage(&Place::with_fixtures(), ALERT);
    assert_eq!(page["alert"][0]["rules"], json!(["deprecated_ami_discovery", "deprecated_ami_queries_any_owner"]));
    assert_eq!(page["source"][0]["country_name"], json!(null));
    assert_eq!(page["images"][0]["state"], "unknown");
    assert!(present(&page).contains(&"launch_followed"));
}

#[test]
fn the_score_is_the_sum_of_the_signals() {
    let page = triage(&investigated(), ALERT);
    let signals = page["signals"].as_array().expect("signals");
    let score: i64 = signals.iter().filter_map(|signal| signal["score"].as_i64()).sum();
    assert_eq!(page["alert"][0]["score"], score);
    assert_eq!((&signals[0]["signal"], &signals[0]["weight"]), (&json!("deprecated_ami_discovery"), &json!(21)));
    for signal in signals {
        let expected = if signal["present"] == true { &signal["weight"] } else { &json!(0) };
        assert_eq!(&signal["score"], expected, "{signal}");
    }
}

/// A query for deprecated images at noon on the third day, by alice from her usual address, unless `fields` say otherwise.
fn query(number: u64, fields: &Value) -> Value {
    let mut query = record(
        number,
        &json!({
            "eventTime": "2026-10-03T12:00:00Z",
            "requestParameters": {"ownersSet": {"items": [{"owner": "amazon"}]}, "includeDeprecated": true},
        }),
    );
    for (key, value) in fields.as_object().expect("fields") {
        query[key] = value.clone();
    }
    query
}

/// What alice usually does: a call on each of the two days before.
fn usual() -> Vec<Value> {
    let call = |number, time| record(number, &json!({"eventName": "DescribeVpcs", "eventTime": time}));
    vec![call(901, "2026-10-01T09:00:00Z"), call(902, "2026-10-02T09:00:00Z")]
}

fn session(key: &str, mfa: &str) -> Value {
    json!({
        "type": "AssumedRole", "principalId": "AROAEXAMPLE:s", "accountId": "111122223333", "accessKeyId": key,
        "arn": "arn:aws:sts::111122223333:assumed-role/ops/s",
        "sessionContext": {
            "sessionIssuer": {"type": "Role", "arn": "arn:aws:iam::111122223333:role/ops", "userName": "ops"},
            "attributes": {"mfaAuthenticated": mfa, "creationDate": "2026-10-03T11:00:00Z"},
        },
    })
}

/// alice's call with another name, so many minutes after her query, as event 2 and on.
fn later(number: u64, minutes: u64, fields: &Value) -> Value {
    let time = format!("2026-10-03T{:02}:{:02}:00Z", 12 + minutes / 60, minutes % 60);
    let mut call = record(number, &json!({"eventTime": time}));
    for (key, value) in fields.as_object().expect("fields") {
        call[key] = value.clone();
    }
    call
}

#[test]
fn each_signal_is_seen_where_it_is_and_not_where_it_is_not() {
    let root = json!({"type": "Root", "arn": "arn:aws:iam::111122223333:root", "accountId": "111122223333", "principalId": "111122223333"});
    let hands_out = |number, key: &str| {
        later(
            number,
            0,
            &json!({
                "eventSource": "sts.amazonaws.com", "eventName": "AssumeRole", "eventTime": "2026-10-03T11:00:00Z",
                "requestParameters": {"roleArn": "arn:aws:iam::111122223333:role/ops", "roleSessionName": "s"},
                "responseElements": {"credentials": {"accessKeyId": key}},
            }),
        )
    };
    let mut second_hop = hands_out(3, "ASIA2EXAMPLE");
    second_hop["userIdentity"] = session("ASIA1EXAMPLE", "false");
    let launch = |outcome: Value| {
        let mut launch = later(
            2,
            30,
            &json!({
                "eventName": "RunInstances",
                "requestParameters": {"instancesSet": {"items": [{"imageId": "ami-1EXAMPLE", "minCount": 1, "maxCount": 1}]}},
                "responseElements": {"instancesSet": {"items": [{"instanceId": "i-1EXAMPLE", "imageId": "ami-1EXAMPLE"}]}},
            }),
        );
        for (key, value) in outcome.as_object().expect("fields") {
            launch[key] = value.clone();
        }
        launch
    };
    let by_id = json!({"requestParameters": {
        "ownersSet": {"items": [{"owner": "amazon"}]}, "imagesSet": {"items": [{"imageId": "ami-1EXAMPLE"}]}, "includeDeprecated": true,
    }});
    let named = |name: &str| {
        json!({"requestParameters": {
            "ownersSet": {"items": [{"owner": "amazon"}]}, "includeDeprecated": true,
            "filterSet": {"items": [{"name": "name", "valueSet": {"items": [{"value": name}]}}]},
        }})
    };
    let terminated = later(
        3,
        40,
        &json!({
            "eventName": "TerminateInstances",
            "requestParameters": {"instancesSet": {"items": [{"instanceId": "i-1EXAMPLE"}]}},
        }),
    );
    let recon = |names: &[&str]| -> Vec<Value> {
        names.iter().zip(2..).map(|(name, number)| later(number, number, &json!({"eventName": name}))).collect()
    };
    let with = |query: Value, others: Vec<Value>| [vec![query], usual(), others].concat();
    let plain = || query(1, &json!({}));
    let asked_before = |days: u64| {
        (0..days)
            .map(|day| query(10 + day, &json!({"eventTime": format!("2026-09-{:02}T12:00:00Z", 10 + day)})))
            .collect::<Vec<_>>()
    };
    let cases = [
        ("root_user", true, with(query(1, &json!({"userIdentity": root})), vec![])),
        ("root_user", false, with(plain(), vec![])),
        ("long_lived_access_key", true, with(plain(), vec![])),
        (
            "long_lived_access_key",
            true,
            with(
                query(1, &json!({"userIdentity": session("ASIA1EXAMPLE", "false")})),
                vec![hands_out(2, "ASIA1EXAMPLE")],
            ),
        ),
        (
            "long_lived_access_key",
            false,
            with(query(1, &json!({"userIdentity": session("ASIA1EXAMPLE", "false")})), vec![]),
        ),
        ("no_mfa", true, with(query(1, &json!({"userIdentity": session("ASIA1EXAMPLE", "false")})), vec![])),
        ("no_mfa", false, with(query(1, &json!({"userIdentity": session("ASIA1EXAMPLE", "true")})), vec![])),
        (
            "role_chain",
            true,
            with(
                query(1, &json!({"userIdentity": session("ASIA2EXAMPLE", "false")})),
                vec![hands_out(2, "ASIA1EXAMPLE"), second_hop],
            ),
        ),
        (
            "role_chain",
            false,
            with(
                query(1, &json!({"userIdentity": session("ASIA1EXAMPLE", "false")})),
                vec![hands_out(2, "ASIA1EXAMPLE")],
            ),
        ),
        ("new_principal", true, with(query(1, &json!({"userIdentity": session("ASIA1EXAMPLE", "false")})), vec![])),
        ("new_principal", false, with(plain(), vec![])),
        // whoever is in the first day of the logs may have been there before
        ("new_principal", false, vec![plain()]),
        ("new_address", true, with(query(1, &json!({"sourceIPAddress": "198.51.100.9"})), vec![])),
        ("new_address", false, with(plain(), vec![])),
        ("new_address", false, vec![query(1, &json!({"sourceIPAddress": "198.51.100.9"}))]),
        (
            "shared_address",
            true,
            with(plain(), vec![later(2, 60, &json!({"userIdentity": session("ASIA9EXAMPLE", "true")}))]),
        ),
        (
            "shared_address",
            false,
            with(
                plain(),
                vec![later(
                    2,
                    60 * 11,
                    &json!({"userIdentity": session("ASIA9EXAMPLE", "true"), "eventTime": "2026-10-05T12:00:00Z"}),
                )],
            ),
        ),
        ("new_client", true, with(query(1, &json!({"userAgent": "Boto3/1.40.21"})), vec![])),
        ("new_client", false, with(plain(), vec![])),
        (
            "offensive_client",
            true,
            with(query(1, &json!({"userAgent": "Boto3/1.40.21 os/linux#6.12.38+kali-amd64"})), vec![]),
        ),
        ("offensive_client", true, with(query(1, &json!({"userAgent": "[stratus-red-team_1807d824]"})), vec![])),
        ("offensive_client", false, with(query(1, &json!({"userAgent": "kalium/1.0 parrots/2"})), vec![])),
        ("first_deprecated_query", true, with(plain(), vec![])),
        ("first_deprecated_query", false, with(plain(), asked_before(1))),
        ("old_images_asked_for", true, with(query(1, &named("amzn-ami-hvm-2016*")), vec![])),
        ("old_images_asked_for", true, with(query(1, &named("ubuntu/images/*xenial*")), vec![])),
        ("old_images_asked_for", false, with(query(1, &named("al2023-ami-2026*")), vec![])),
        ("old_images_asked_for", false, with(plain(), vec![])),
        (
            "reconnaissance_burst",
            true,
            with(plain(), recon(&["DescribeVpcs", "DescribeRegions", "ListUsers", "GetUser", "DescribeVolumes"])),
        ),
        (
            "reconnaissance_burst",
            false,
            with(plain(), recon(&["DescribeVpcs", "DescribeVpcs", "DescribeVpcs", "ListUsers", "DescribeVolumes"])),
        ),
        (
            "denied_calls",
            true,
            with(
                plain(),
                vec![
                    later(2, 5, &json!({"errorCode": "AccessDenied"})),
                    later(3, 6, &json!({"errorCode": "Client.UnauthorizedOperation"})),
                ],
            ),
        ),
        (
            "denied_calls",
            false,
            with(
                plain(),
                vec![
                    later(2, 5, &json!({"errorCode": "AccessDenied"})),
                    later(3, 6, &json!({"errorCode": "Client.InvalidParameterValue"})),
                ],
            ),
        ),
        (
            "credentials_changed",
            true,
            with(
                plain(),
                vec![later(
                    2,
                    5,
                    &json!({"eventSource": "iam.amazonaws.com", "eventName": "CreateAccessKey", "readOnly": false}),
                )],
            ),
        ),
        (
            "credentials_changed",
            false,
            with(plain(), vec![later(2, 5, &json!({"eventSource": "iam.amazonaws.com", "eventName": "GetUser"}))]),
        ),
        (
            "network_opened",
            true,
            with(plain(), vec![later(2, 5, &json!({"eventName": "AuthorizeSecurityGroupIngress", "readOnly": false}))]),
        ),
        (
            "network_opened",
            false,
            with(
                plain(),
                vec![later(2, 90, &json!({"eventName": "AuthorizeSecurityGroupIngress", "readOnly": false}))],
            ),
        ),
        (
            "logging_changed",
            true,
            with(
                plain(),
                vec![later(
                    2,
                    5,
                    &json!({"eventSource": "cloudtrail.amazonaws.com", "eventName": "StopLogging", "readOnly": false}),
                )],
            ),
        ),
        (
            "logging_changed",
            false,
            with(
                plain(),
                vec![later(2, 5, &json!({"eventSource": "cloudtrail.amazonaws.com", "eventName": "DescribeTrails"}))],
            ),
        ),
        ("launch_followed", true, with(plain(), vec![launch(json!({}))])),
        (
            "launch_followed",
            false,
            with(plain(), vec![launch(json!({"errorCode": "Client.DryRunOperation", "responseElements": null}))]),
        ),
        ("launch_followed", false, with(plain(), vec![launch(json!({"eventTime": "2026-10-03T11:59:00Z"}))])),
        (
            "launch_attempted",
            true,
            with(plain(), vec![launch(json!({"errorCode": "Client.DryRunOperation", "responseElements": null}))]),
        ),
        ("launch_attempted", false, with(plain(), vec![launch(json!({}))])),
        ("asked_image_launched", true, with(query(1, &by_id), vec![launch(json!({}))])),
        ("asked_image_launched", false, with(plain(), vec![launch(json!({}))])),
        (
            "deprecated_image_launched",
            true,
            with(
                plain(),
                vec![
                    launch(json!({})),
                    later(
                        4,
                        0,
                        &json!({
                            "eventName": "EnableImageDeprecation", "eventTime": "2026-10-01T10:00:00Z", "readOnly": false,
                            "requestParameters": {"EnableImageDeprecationRequest": {"ImageId": "ami-1EXAMPLE", "DeprecateAt": "2026-10-02T00:00:00Z"}},
                        }),
                    ),
                ],
            ),
        ),
        ("deprecated_image_launched", false, with(plain(), vec![launch(json!({}))])),
        ("instance_still_running", true, with(plain(), vec![launch(json!({}))])),
        ("instance_still_running", false, with(plain(), vec![launch(json!({})), terminated])),
        ("routine_query", true, with(plain(), asked_before(3))),
        ("routine_query", false, with(plain(), asked_before(2))),
        ("known_scanner", true, with(query(1, &json!({"userAgent": "Prowler/4.16.0"})), vec![])),
        (
            "known_scanner",
            false,
            with(query(1, &json!({"userAgent": "Prowler/4.16.0", "sourceIPAddress": "198.51.100.9"})), vec![]),
        ),
    ];
    let id = "00000000-0000-4000-8000-000000000001";
    for (signal, expected, records) in cases {
        let place = Place::new();
        place.write("a.json", log(&records));
        place.load(&["a.json"]);
        let page = triage(&place, id);
        let signals = page["signals"].as_array().expect("signals");
        let found = signals.iter().find(|row| row["signal"] == signal).expect("the signal is in signal_weights");
        assert_eq!(found["present"], expected, "{found}");
    }
}

#[test]
fn places_tell_a_new_country_and_impossible_travel() {
    let place = investigated();
    let page = triage(&place, ALERT);
    let signals = present(&page);
    assert!(signals.contains(&"new_country") && signals.contains(&"impossible_travel"), "{signals:?}");
    assert!(page["travel"].as_array().is_some_and(|steps| !steps.is_empty()));
}

#[test]
fn the_latest_and_all_alerts_of_a_time_are_found() {
    let place = Place::with_fixtures();
    let latest: Value = serde_json::from_str(&place.ok(&["triage", "--latest", "--format", "json"])).expect("JSON");
    assert_eq!(latest["alert"][0]["event_id"], ALERT);
    let all = |args: &[&str]| -> Vec<String> {
        let args = [&["triage", "--all", "--format", "json"], args].concat();
        let pages: Vec<Value> = serde_json::from_str(&place.ok(&args)).expect("JSON");
        pages.iter().map(|page| page["alert"][0]["event_id"].as_str().expect("an id")[..8].to_owned()).collect()
    };
    assert_eq!(all(&[]), ["a1e27003", "a1e27002", "a1e27001"]);
    assert_eq!(all(&["--since", "2026-10-06T02:22:00Z"]), ["a1e27003", "a1e27002"]);
    assert_eq!(all(&["--until", "2026-10-06"]), Vec::<String>::new());
    let ran = place.run(&["triage", "--latest", "--until", "2026-10-06"]);
    assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.as_str()), (0, "", "no alerts\n"));
    let lines = place.ok(&["triage", "--all", "--format", "ndjson"]);
    assert!(lines.lines().all(|line| line.starts_with("{\"alert_event_id\":\"a1e2700")));
}

#[test]
fn an_event_that_is_no_alert_can_be_looked_at_too() {
    let page = triage(&Place::with_fixtures(), "1a07c004-7fb2-434b-9165-ebda4c24396a");
    assert_eq!(page["alert"][0]["rules"], json!(null));
    assert_eq!(page["request"], json!([]));
    assert_eq!(page["identity"][0]["first_principal"], "arn:aws:iam::111122223333:user/bob");
}

#[test]
fn an_alert_is_named_by_its_id_or_its_events_or_how_they_begin() {
    let place = Place::with_fixtures();
    let event = "a1e27003-e65c-4408-968f-ecee9c645d75";
    assert_eq!(triage(&place, "a1e27003"), triage(&place, event));
    place.raise("2026-10-06T03:00:00Z", &[]);
    for id in ["aa379329-278a-8b95-a0de-2a8a8ffe2c08", "aa379329278a8b95a0de2a8a8ffe2c08", "AA379329", "a1e27003"] {
        assert_eq!(triage(&place, id)["alert"][0]["event_id"], event, "{id}");
    }
}

#[test]
fn an_alert_from_elsewhere_is_counted_and_triage_says_what_to_load() {
    let place = Place::with_fixtures();
    place.raise("2026-10-06T03:00:00Z", &[]);
    let alerts = place.ok(&["alerts", "--format", "ndjson"]);
    let other = Place::new();
    other.write("alerts.ndjson", alerts);
    other.ok(&["alerts", "import", "alerts.ndjson"]);
    let ran = other.run(&["triage", "aa379329"]);
    assert_eq!(ran.code, 1);
    let load = "--account 111122223333 --region us-east-1 --since 2026-10-06T02:27:33Z --until 2026-10-06T02:27:33Z`";
    assert!(ran.stderr.contains(load), "{}", ran.stderr);
    let report = other.ok(&["report"]);
    assert!(report.contains("**3 alerts** that were raised elsewhere are not in here"), "{report}");
    assert_eq!(other.rows(&["status"])[0]["alerts_raised"], 3);
}

#[test]
fn what_cannot_be_looked_at_is_said() {
    let place = Place::with_fixtures();
    for (args, code, message) in [
        (
            &["triage", "00000000-0000-4000-8000-000000000001"][..],
            1,
            "`trailduck detect` and `trailduck alerts` list them",
        ),
        (&["triage", "a1e2700"], 2, "not an event id such as"),
        (&["triage", "a1e27009"], 1, "no event or alert a1e27009"),
        (&["triage"], 2, "--latest"),
        (&["triage", "--latest", "--all"], 2, "cannot be used with"),
        (&["triage", "--latest", "--since", "yesterday"], 2, "24h, 7d"),
    ] {
        let ran = place.run(args);
        assert_eq!(ran.code, code, "{args:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(message), "{args:?}: {}", ran.stderr);
    }
}

/// Every command of the page is run by a real shell, as if it were pasted; `aws` only says what it was told.
#[test]
fn commands_can_be_pasted_whatever_the_log_says() {
    let place = Place::new();
    let arn = "arn:aws:iam::111122223333:user/o'neil $(touch pwned) `touch pwned`; touch pwned \" \\ é";
    let hostile = query(
        1,
        &json!({"userIdentity": {"type": "IAMUser", "arn": arn, "accountId": "111122223333", "accessKeyId": "AKIA'$(touch pwned)"}}),
    );
    place.write("a.json", log(&[hostile]));
    place.load(&["a.json"]);
    let page = triage(&place, "00000000-0000-4000-8000-000000000001");
    let steps = ["look", "respond", "except"].map(|part| page[part].as_array().expect("steps").clone()).concat();
    let commands: Vec<_> = steps.iter().filter_map(|step| step["command"].as_str()).collect();
    assert!(commands.len() >= 7, "{commands:?}");
    for command in commands {
        let script = format!(
            "trailduck() {{ \"$TRAILDUCK\" \"$@\"; }}; aws() {{ for word; do printf '%s\\n' \"$word\"; done; }}\n{command}"
        );
        let mut shell = Command::new("sh");
        shell
            .arg("-c")
            .arg(script)
            .current_dir(place.path(""))
            .env("TRAILDUCK", env!("CARGO_BIN_EXE_trailduck"))
            .env("USER", "analyst");
        let ran = shell.output().expect("a shell");
        assert!(ran.status.success(), "{command}: {}", String::from_utf8_lossy(&ran.stderr));
    }
    assert!(!place.path("pwned").exists());
    let exceptions = place.sql("SELECT principal FROM exceptions");
    assert_eq!(exceptions, [json!({"principal": arn})]);
    assert_eq!(place.sql("FROM deprecated_ami_discovery"), Vec::<Value>::new());
}

#[test]
fn user_agents_are_decoded() {
    let place = Place::new();
    let cases = [
        (
            "aws-cli/2.28.9 md/awscrt#0.27.6 ua/2.1 os/macos#25.0.0 lang/python#3.13.7 md/command#ec2.run-instances",
            ["AWS CLI", "cli", "2.28.9", "macos 25.0.0", "ec2.run-instances"],
        ),
        (
            "aws-cli/1.29.100 Python/3.8.22 Linux/5.15.127 botocore/1.34.90",
            ["AWS CLI", "cli", "1.29.100", "Linux/5.15.127", ""],
        ),
        (
            "[Boto3/1.40.30 md/Botocore#1.40.30 ua/2.1 os/linux#6.12.40]",
            ["Boto3", "sdk", "1.40.30", "linux 6.12.40", ""],
        ),
        ("aws-sdk-go-v2/1.15.24 os/linux lang/go#1.23.18", ["AWS SDK for Go v2", "sdk", "1.15.24", "linux", ""]),
        (
            "APN/1.0 HashiCorp/1.0 Terraform/1.13.3 (+https://www.terraform.io) aws-sdk-go-v2/1.39.2",
            ["Terraform", "infrastructure_as_code", "1.13.3", "", ""],
        ),
        ("stratus-red-team_1807d824-ddbc-4a01-9249-8175115f1397", ["Stratus Red Team", "offensive", "", "", ""]),
        ("Boto3/1.34.82 md/Botocore#1.34.51 os/linux Prowler/4.16.0", ["Prowler", "scanner", "4.16.0", "linux", ""]),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36",
            ["web browser", "console", "5.0", "Windows NT 10.0", ""],
        ),
        ("S3Console/0.4, aws-internal/3 aws-sdk-java/1.11.1030", ["AWS console", "console", "0.4", "", ""]),
        ("autoscaling.amazonaws.com", ["autoscaling.amazonaws.com", "aws_service", "", "", ""]),
        ("argo-workflows/v3.5.6 argo-executor", ["argo-workflows", "unknown", "", "", ""]),
        ("", ["", "unknown", "", "", ""]),
    ];
    let records: Vec<_> =
        cases.iter().zip(0..).map(|((agent, _), number)| record(number, &json!({"userAgent": agent}))).collect();
    place.write("a.json", log(&records));
    place.load(&["a.json"]);
    for (agent, expected) in cases {
        let quoted = agent.replace('\'', "''");
        let rows = place.sql(&format!(
            "SELECT client, client_kind, client_version, os, command FROM clients WHERE user_agent = '{quoted}'"
        ));
        let found =
            ["client", "client_kind", "client_version", "os", "command"].map(|key| rows[0][key].as_str().unwrap_or(""));
        assert_eq!(found, expected, "{agent}");
    }
}

#[test]
fn an_address_behind_a_vpc_endpoint_is_of_its_own_kind() {
    let place = Place::new();
    let through =
        |number, address| record(number, &json!({"sourceIPAddress": address, "vpcEndpointId": "vpce-1EXAMPLE"}));
    place.write(
        "a.json",
        log(&[
            through(1, "10.0.3.17"),
            through(2, "AWS Internal"),
            record(3, &json!({"sourceIPAddress": "10.0.3.17"})),
        ]),
    );
    place.load(&["a.json"]);
    let kinds = place.sql("SELECT list(source_kind ORDER BY event_id) AS kinds FROM api_calls");
    assert_eq!(kinds, [json!({"kinds": ["vpc_endpoint", "aws_internal", "private"]})]);
}

#[test]
fn calls_from_two_places_at_once_have_an_infinite_speed() {
    let place = Place::new();
    let there = query(2, &json!({"sourceIPAddress": "198.51.100.23"}));
    place.write("a.json", log(&[query(1, &json!({})), there]));
    let city = fixtures("geoip/Example-City.mmdb");
    place.ok(&["load", "a.json", "--geoip", city.to_str().expect("UTF-8")]);
    let page = triage(&place, "00000000-0000-4000-8000-000000000001");
    assert_eq!((page["travel"].as_array().map(Vec::len), &page["travel"][0]["speed_kmh"]), (Some(1), &json!("inf")));
    assert!(present(&page).contains(&"impossible_travel"));
}

#[test]
fn people_are_shown_the_first_rows_of_long_tables_and_the_command_for_all() {
    let place = Place::new();
    let calls = (0..60).map(|number| later(10 + number, 5, &json!({"eventName": format!("DescribeThing{number}")})));
    place.write("a.json", log(&[vec![query(1, &json!({}))], calls.collect()].concat()));
    place.load(&["a.json"]);
    let id = "00000000-0000-4000-8000-000000000001";
    for format in ["table", "markdown"] {
        let page = place.ok(&["triage", id, "--format", format]);
        let more = format!("... and 20 more: trailduck query triage_activity --event_id {id}\n");
        assert!(page.contains(&more), "{page}");
        assert_eq!(page.matches("DescribeThing").count(), 40 + 8, "activity and evidence");
    }
    assert_eq!(triage(&place, id)["activity"].as_array().map(Vec::len), Some(60));
}

#[test]
fn an_instance_that_the_caller_launched_before_the_query_is_at_risk_too() {
    let place = Place::new();
    let launch = |number, time: &str, instance: &str| {
        later(
            number,
            0,
            &json!({
                "eventName": "RunInstances", "eventTime": time,
                "requestParameters": {"instancesSet": {"items": [{"imageId": "ami-1EXAMPLE", "minCount": 1, "maxCount": 1}]}},
                "responseElements": {"instancesSet": {"items": [{"instanceId": instance, "imageId": "ami-1EXAMPLE"}]}},
            }),
        )
    };
    let launches = [
        launch(2, "2026-10-02T11:00:00Z", "i-longbefore"),
        launch(3, "2026-10-03T11:50:00Z", "i-justbefore"),
        launch(4, "2026-10-05T12:00:00Z", "i-longafter"),
    ];
    place.write("a.json", log(&[&[query(1, &json!({}))], &launches[..]].concat()));
    place.load(&["a.json"]);
    let page = triage(&place, "00000000-0000-4000-8000-000000000001");
    let instances = page["instances"].as_array().expect("instances").iter();
    let shown: Vec<_> = instances.map(|row| (row["instance_id"].clone(), row["after"].clone())).collect();
    assert_eq!(shown, [(json!("i-justbefore"), json!("-00:10:00")), (json!("i-longafter"), json!("2d 00:00:00"))]);
    let stop = "aws ec2 stop-instances --region us-east-1 --instance-ids i-justbefore i-longafter";
    assert!(page["respond"].as_array().is_some_and(|steps| steps.iter().any(|step| step["command"] == stop)), "{page}");
}

#[test]
fn the_page_says_what_is_no_alert_and_what_is_suppressed() {
    let place = Place::with_fixtures();
    // includeDeprecated is the string "True", which is not true to the rule
    let page = place.ok(&["triage", "dec07005-bb0b-4f21-88f8-07e25086c4ef"]);
    assert!(page.starts_with("No alert: no rule matches this event\n"), "{page}");
    assert!(page.contains("images, with includeDeprecated True, which is neither true nor false"), "{page}");
    place.ok(&["exceptions", "add", "e", "--reason", "r", "--author", "a", "--never", "--role", "*ops-admin"]);
    let ran = place.run(&["triage", "--latest"]);
    assert!(ran.stderr.starts_with("no alerts; 3 suppressed by exceptions"), "{}", ran.stderr);
    assert_eq!(triage(&place, ALERT)["alert"][0]["suppressed_by"], "e");
}
