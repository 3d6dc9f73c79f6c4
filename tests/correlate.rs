//! From deprecated-AMI queries to what was launched afterwards, and back.

mod common;

use common::{Place, log, record};
use serde_json::{Value, json};

const ALL: [&str; 6] = ["image", "access_key", "session_chain", "principal", "role", "address"];

/// The first word of an event id of the fixtures.
fn short(row: &Value, column: &str) -> String {
    row[column].as_str().expect("an id").chars().take(8).collect()
}

/// The last digit of the id of a record made here.
fn number(row: &Value, column: &str) -> u32 {
    row[column].as_str().and_then(|id| id.chars().last()?.to_digit(10)).expect("an id")
}

fn store(records: &[Value]) -> Place {
    let place = Place::new();
    place.write("a.json", log(records));
    place.load(&["a.json"]);
    place
}

/// A query for deprecated images at 02:14, record 1; alice's, if `fields` do not say otherwise.
fn query(fields: Value) -> Value {
    let mut query =
        json!({"requestParameters": {"ownersSet": {"items": [{"owner": "amazon"}]}, "includeDeprecated": true}});
    for (key, value) in fields.as_object().expect("fields") {
        query[key] = value.clone();
    }
    record(1, &query)
}

/// A call of a stranger from elsewhere at 02:1x, if `fields` do not say otherwise.
fn call(number: u64, event_name: &str, fields: Value) -> Value {
    let mut call = json!({
        "eventName": event_name, "eventTime": format!("2026-10-06T02:2{number}:00Z"), "sourceIPAddress": "198.51.100.9",
        "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/mallory", "accessKeyId": "AKIAMALLORYEXAMPLE"},
    });
    for (key, value) in fields.as_object().expect("fields") {
        call[key] = value.clone();
    }
    record(number, &call)
}

fn session(name: &str, key: &str) -> Value {
    json!({
        "type": "AssumedRole", "principalId": format!("AROAEXAMPLE:{name}"), "accountId": "111122223333", "accessKeyId": key,
        "arn": format!("arn:aws:sts::111122223333:assumed-role/ops/{name}"),
        "sessionContext": {"sessionIssuer": {"type": "Role", "arn": "arn:aws:iam::111122223333:role/ops"}},
    })
}

/// The links of each launch that correlate shows.
fn links(place: &Place) -> Vec<(u32, Value)> {
    place.rows(&["correlate"]).iter().map(|row| (number(row, "launch_event_id"), row["links"].clone())).collect()
}

#[test]
fn launches_of_the_fixtures_are_linked_as_their_readme_says() {
    let place = Place::with_fixtures();
    let expected = [
        ("1a07c001", json!(ALL), 3),
        ("1a07c002", json!(ALL), 3),
        ("1a07c003", json!(ALL), 3),
        ("1a07c004", json!(ALL), 3),
        ("1a07c005", json!(["access_key", "session_chain", "principal", "role", "address"]), 3),
        ("1a07c006", json!(["session_chain", "address"]), 3),
        ("1a07c007", json!(["image", "session_chain", "role", "address"]), 3),
        ("1a07c008", json!(["image", "session_chain", "principal", "role", "address"]), 3),
    ];
    let rows = place.rows(&["correlate"]);
    assert_eq!(rows.len(), expected.len());
    for (row, (launch, links, queries)) in rows.iter().zip(expected) {
        assert_eq!(short(row, "launch_event_id"), launch);
        assert_eq!((&row["links"], &row["link"]), (&links, &links[0]), "{launch}");
        assert_eq!(row["queries"], queries, "{launch}");
        assert_eq!(short(row, "query_event_id"), "a1e27003", "{launch}: the last query by the strongest link");
        assert_eq!(row["image_asked_for"], links[0] == "image", "{launch}");
    }
}

#[test]
fn pairs_of_the_fixtures_are_linked_as_their_readme_says() {
    let place = Place::with_fixtures();
    let strongest = |links: [&'static str; 3]| links.map(str::to_owned).to_vec();
    let expected = [
        ("1a07c001", strongest(["access_key", "access_key", "image"])),
        ("1a07c002", strongest(["access_key", "access_key", "image"])),
        ("1a07c003", strongest(["access_key", "access_key", "image"])),
        ("1a07c004", strongest(["access_key", "access_key", "image"])),
        ("1a07c005", strongest(["access_key", "access_key", "access_key"])),
        ("1a07c006", strongest(["session_chain", "session_chain", "session_chain"])),
        ("1a07c007", strongest(["session_chain", "session_chain", "image"])),
        ("1a07c008", strongest(["session_chain", "session_chain", "image"])),
    ];
    let rows = place.rows(&["correlate", "--pairs"]);
    for (launch, links) in expected {
        // within a pair the strongest comes first
        let of = |alert: &str| {
            let row = rows
                .iter()
                .find(|row| short(row, "launch_event_id") == launch && short(row, "query_event_id") == alert)
                .unwrap_or_else(|| panic!("{launch} after {alert}"));
            row["link"].as_str().expect("a link").to_owned()
        };
        assert_eq!(["a1e27001", "a1e27002", "a1e27003"].map(of).to_vec(), links, "{launch}");
    }
    for (link, pairs) in
        [("image", 6), ("access_key", 15), ("session_chain", 24), ("principal", 18), ("role", 21), ("address", 14)]
    {
        assert_eq!(rows.iter().filter(|row| row["link"] == link).count(), pairs, "{link}");
    }
    assert_eq!(rows.len(), 98);
}

#[test]
fn a_launch_says_what_was_launched_and_when() {
    let place = Place::with_fixtures();
    let rows = place.rows(&["correlate"]);
    for (index, expected) in [
        (
            0,
            json!({"lag_seconds": 749.0, "outcome": "dry_run", "error_code": "Client.DryRunOperation", "instance_ids": [], "event_name": "RunInstances", "launch_kind": "instances"}),
        ),
        (
            1,
            json!({"lag_seconds": 824.0, "outcome": "failure", "error_code": "Client.UnauthorizedOperation", "instance_ids": []}),
        ),
        (
            3,
            json!({"outcome": "success", "instance_ids": ["i-034ff696182e906fa", "i-0f991d68387db2f6e"], "instance_type": "c5.4xlarge", "instance_count": 2, "principal_name": "ops-admin/session-1791253040", "source_ip_address": "192.0.2.77"}),
        ),
        // through a launch template: the image is in the response only
        (4, json!({"outcome": "success", "image_ids": ["ami-0e0716a04c5d6e708"], "aws_region": "eu-west-1"})),
    ] {
        for (column, value) in expected.as_object().expect("columns") {
            assert_eq!(rows[index][column], *value, "row {index}, {column}");
        }
    }
}

#[test]
fn the_window_is_as_long_as_told() {
    let place = Place::with_fixtures();
    assert_eq!(place.rows(&["correlate", "--hours", "1"]).len(), 5);
    assert_eq!(place.rows(&["correlate", "--hours", "48"]).len(), 9);
    assert_eq!(place.run(&["correlate", "--hours", "soon"]).code, 2);
}

#[test]
fn since_and_until_bound_the_queries() {
    let place = Place::with_fixtures();
    let after = |args: &[&str]| {
        let rows = place.rows(&[&["correlate"], args].concat());
        (rows.len(), rows.first().map(|row| (row["queries"].clone(), short(row, "query_event_id"))))
    };
    let first = |queries: u64, query: &str| Some((json!(queries), query.to_owned()));
    assert_eq!(after(&["--since", "2026-10-06T02:25:00Z"]), (8, first(1, "a1e27003")));
    assert_eq!(after(&["--until", "2026-10-06T02:22:00Z"]), (8, first(1, "a1e27001")));
    assert_eq!(
        after(&["--since", "2026-10-06T02:21:09Z", "--until", "2026-10-06T02:27:33Z"]),
        (8, first(2, "a1e27002"))
    );
    assert_eq!(after(&["--since", "2026-10-06T03:00:00Z"]), (0, None));
    assert_eq!(place.rows(&["correlate", "--pairs", "--since", "2026-10-06T03:00:00Z"]).len(), 0);
    assert!(place.run(&["correlate", "--since", "1d"]).stderr.contains("no launches followed"));
}

#[test]
fn an_image_asked_for_by_id_links_whoever_launches_it() {
    let asked = json!({"imagesSet": {"items": [{"imageId": "ami-1"}, {"imageId": "ami-2"}]}, "ownersSet": {"items": [{"owner": "self"}]}, "includeDeprecated": true});
    let launch = |number, image| {
        call(number, "RunInstances", json!({"requestParameters": {"instancesSet": {"items": [{"imageId": image}]}}}))
    };
    let place = store(&[query(json!({"requestParameters": asked})), launch(2, "ami-2"), launch(3, "ami-3")]);
    assert_eq!(links(&place), [(2, json!(["image"]))]);
    assert_eq!(place.rows(&["correlate"])[0]["image_asked_for"], true);
}

#[test]
fn a_key_links_its_calls_and_is_a_chain_of_its_own() {
    let key = json!({"userIdentity": {"type": "IAMUser", "accessKeyId": "AKIAEXAMPLE"}});
    let place = store(&[query(json!({})), call(2, "RunInstances", key), call(3, "RunInstances", json!({}))]);
    assert_eq!(links(&place), [(2, json!(["access_key", "session_chain"]))]);
}

/// Alice's key opens one role for the query, and by way of a second role a third for the launch.
#[test]
fn a_session_chain_links_sessions_of_different_roles() {
    let assume = |number: u64, caller: Value, key: &str| {
        call(
            number,
            "AssumeRole",
            json!({
                "eventSource": "sts.amazonaws.com", "eventTime": format!("2026-10-06T02:0{number}:00Z"), "userIdentity": caller,
                "responseElements": {"credentials": {"accessKeyId": key}},
            }),
        )
    };
    let alice =
        || json!({"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/alice", "accessKeyId": "AKIAEXAMPLE"});
    let role = |name: &str, key: &str| json!({"type": "AssumedRole", "arn": format!("arn:aws:sts::111122223333:assumed-role/{name}/s"), "accessKeyId": key});
    let service = json!({"type": "AWSService", "invokedBy": "ec2.amazonaws.com"});
    let place = store(&[
        assume(5, alice(), "ASIA1EXAMPLE"),
        assume(6, alice(), "ASIA2EXAMPLE"),
        assume(7, role("second", "ASIA2EXAMPLE"), "ASIA3EXAMPLE"),
        assume(8, service.clone(), "ASIA4EXAMPLE"),
        query(json!({"userIdentity": role("first", "ASIA1EXAMPLE")})),
        call(2, "RunInstances", json!({"userIdentity": role("third", "ASIA3EXAMPLE")})),
        call(3, "RunInstances", json!({"userIdentity": alice()})),
        call(4, "RunInstances", json!({"userIdentity": role("instance", "ASIA4EXAMPLE")})),
    ]);
    assert_eq!(links(&place), [(2, json!(["session_chain"])), (3, json!(["session_chain"]))]);
}

#[test]
fn a_principal_a_role_and_an_address_link() {
    let place = store(&[
        query(json!({"userIdentity": session("s", "ASIA1EXAMPLE")})),
        call(2, "RunInstances", json!({"userIdentity": session("s", "ASIA2EXAMPLE")})),
        call(3, "RunInstances", json!({"userIdentity": session("t", "ASIA3EXAMPLE")})),
        call(4, "RunInstances", json!({"sourceIPAddress": "192.0.2.77"})),
        call(5, "RunInstances", json!({})),
    ]);
    assert_eq!(links(&place), [(2, json!(["principal", "role"])), (3, json!(["role"])), (4, json!(["address"]))]);
}

#[test]
fn what_both_lack_links_nothing() {
    let service = json!({"type": "AWSService", "invokedBy": "autoscaling.amazonaws.com", "accessKeyId": ""});
    let caller = json!({"userIdentity": service, "sourceIPAddress": "autoscaling.amazonaws.com"});
    let place = store(&[query(caller.clone()), call(2, "RunInstances", caller)]);
    assert_eq!(place.rows(&["detect"]).len(), 1);
    assert_eq!(place.rows(&["correlate"]), Vec::<Value>::new());
}

/// Mallory makes a template, a group of it and a fleet, from alice's address; services launch for these and for others.
#[test]
fn what_services_launch_from_what_a_linked_call_made_is_linked_through_it() {
    let service = |number, request: Value| {
        call(
            number,
            "RunInstances",
            json!({
                "userIdentity": {"type": "AssumedRole", "arn": "arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForAutoScaling/AutoScaling", "invokedBy": "autoscaling.amazonaws.com"},
                "sourceIPAddress": "autoscaling.amazonaws.com", "requestParameters": request,
            }),
        )
    };
    let tagged =
        |key: &str, value: &str| json!({"tagSpecificationSet": {"items": [{"tags": [{"key": key, "value": value}]}]}});
    let linked = |number, event_name: &str, source: &str, request: Value, response: Value| {
        call(
            number,
            event_name,
            json!({
                "eventSource": source, "sourceIPAddress": "192.0.2.77", "requestParameters": request, "responseElements": response,
            }),
        )
    };
    let place = store(&[
        query(json!({})),
        linked(
            2,
            "CreateLaunchTemplate",
            "ec2.amazonaws.com",
            json!({"CreateLaunchTemplateRequest": {"LaunchTemplateName": "batch", "LaunchTemplateData": {"ImageId": "ami-1"}}}),
            json!({"CreateLaunchTemplateResponse": {"launchTemplate": {"launchTemplateId": "lt-1", "launchTemplateName": "batch"}}}),
        ),
        linked(
            3,
            "UpdateAutoScalingGroup",
            "autoscaling.amazonaws.com",
            json!({"autoScalingGroupName": "g", "desiredCapacity": 9}),
            json!(null),
        ),
        linked(
            4,
            "CreateFleet",
            "ec2.amazonaws.com",
            json!({"CreateFleetRequest": {"Type": "maintain"}}),
            json!({"CreateFleetResponse": {"fleetId": "fleet-1"}}),
        ),
        service(5, tagged("aws:autoscaling:groupName", "g")),
        service(6, tagged("aws:ec2:fleet-id", "fleet-1")),
        service(7, json!({"launchTemplate": {"launchTemplateId": "lt-1", "version": "1"}})),
        // another version, another group
        service(8, json!({"launchTemplate": {"launchTemplateId": "lt-1", "version": "2"}})),
        service(9, tagged("aws:autoscaling:groupName", "other")),
    ]);
    let address = || json!(["address"]);
    let on_behalf = || json!(["on_behalf"]);
    assert_eq!(
        links(&place),
        [(2, address()), (3, address()), (4, address()), (5, on_behalf()), (6, on_behalf()), (7, on_behalf())]
    );
    let pairs = place.rows(&["correlate", "--pairs"]);
    let made_by: Vec<_> = pairs
        .iter()
        .filter(|row| row["link"] == "on_behalf")
        .map(|row| (number(row, "launch_event_id"), number(row, "on_behalf_of_event_id")))
        .collect();
    assert_eq!(made_by, [(5, 3), (6, 4), (7, 2)]);
    let before = place.rows(&["query", "queries_before_launch", "--event_id", "00000000-0000-4000-8000-000000000005"]);
    assert_eq!((before.len(), &before[0]["link"]), (1, &json!("on_behalf")));
}

#[test]
fn queries_without_an_owner_count_when_asked() {
    let place = store(&[
        query(json!({"requestParameters": {"ownersSet": {}, "includeDeprecated": true}})),
        call(2, "RunInstances", json!({"sourceIPAddress": "192.0.2.77"})),
    ]);
    assert_eq!(place.rows(&["correlate"]).len(), 0);
    assert_eq!(place.rows(&["correlate", "--any-owner"]).len(), 1);
    let before = place.rows(&["query", "queries_before_launch", "--event_id", "00000000-0000-4000-8000-000000000002"]);
    assert_eq!((before.len(), &before[0]["owner_requested"]), (1, &json!(false)));
}

#[test]
fn the_queries_before_a_launch_are_found_from_it() {
    let place = Place::with_fixtures();
    let before = |event_id: &str, hours: &str| {
        let rows = place.rows(&["query", "queries_before_launch", "--event_id", event_id, "--hours", hours]);
        rows.iter().map(|row| (short(row, "query_event_id"), row["links"].clone())).collect::<Vec<_>>()
    };
    assert_eq!(
        before("1a07c007-5696-4187-a137-f4a9b9e29c50", "24"),
        [
            ("a1e27001".to_owned(), json!(["session_chain", "role", "address"])),
            ("a1e27002".to_owned(), json!(["session_chain", "role", "address"])),
            ("a1e27003".to_owned(), json!(["image", "session_chain", "role"])),
        ]
    );
    assert_eq!(before("1a07c007-5696-4187-a137-f4a9b9e29c50", "1"), []);
    let decoy = "dec07011-f823-4093-a4c7-ad52a27eea5f";
    assert_eq!(before(decoy, "24"), []);
    assert_eq!(before(decoy, "26").len(), 3);
    let rows = place.rows(&["query", "queries_before_launch", "--event_id", "1a07c005-0d9f-4596-9c1b-85ad63646d97"]);
    for (column, expected) in [
        ("lag_seconds", json!(2049.0)),
        ("owner_requested", json!(true)),
        ("query_principal_name", json!("ops-admin/session-1791253040")),
        ("query_source_ip_address", json!("192.0.2.77")),
        ("owners", json!(["amazon"])),
        ("name_patterns", json!(["amzn-ami-hvm-2016*"])),
        ("on_behalf_of_event_id", json!(null)),
    ] {
        assert_eq!(rows[0][column], expected, "{column}");
    }
}
