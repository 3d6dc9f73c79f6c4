//! Exceptions: which alerts each condition covers, who sees that, and the commands that keep them.

mod common;

use common::{Place, Ran, log, record};
use serde_json::{Value, json};

const NONE: [u64; 0] = [];

/// An alert with this number: a DescribeImages call that asks for Amazon's deprecated images, `fields` laid over it.
fn alert(number: u64, fields: &Value) -> Value {
    let mut alert = record(number, &json!({"requestParameters": asks_for(&["amazon"])}));
    for (key, value) in fields.as_object().expect("fields") {
        alert[key] = value.clone();
    }
    alert
}

fn asks_for(owners: &[&str]) -> Value {
    let items: Vec<_> = owners.iter().map(|owner| json!({"owner": owner})).collect();
    json!({"ownersSet": {"items": items}, "includeDeprecated": true})
}

/// An alert by whoever has this ARN.
fn by(number: u64, arn: &str) -> Value {
    alert(number, &json!({"userIdentity": {"type": "IAMUser", "arn": arn, "accountId": "111122223333"}}))
}

/// A store with these events.
fn store(events: &[Value]) -> Place {
    let place = Place::new();
    place.write("events.json", log(events));
    let count = events.len() as u64;
    assert_eq!(place.load(&["events.json"]), [1, count, count, 0, 0]);
    place
}

/// A store with one alert from each of these addresses; numbers count from 1.
fn from_addresses(addresses: &[&str]) -> Place {
    let from = |(address, number)| alert(number, &json!({"sourceIPAddress": address}));
    store(&addresses.iter().zip(1..).map(from).collect::<Vec<_>>())
}

/// Runs `exceptions add`, with all that is needed beside conditions.
fn add(place: &Place, name: &str, conditions: &[&str]) -> Ran {
    let args = ["exceptions", "add", name, "--reason", "known", "--author", "alice", "--expires", "90d"];
    place.run(&[&args, conditions].concat())
}

/// Numbers of the alerts that are suppressed.
fn suppressed(place: &Place) -> Vec<u64> {
    let sql = "SELECT right(event_id::VARCHAR, 12)::INTEGER AS number FROM deprecated_ami_discovery_with_suppressed
        WHERE suppressed_by IS NOT NULL ORDER BY number";
    place.sql(sql).iter().map(|row| row["number"].as_u64().expect("a number")).collect()
}

/// Numbers of the alerts that an exception with these conditions suppresses.
fn covered(place: &Place, conditions: &[&str]) -> Vec<u64> {
    let ran = add(place, "e", conditions);
    assert_eq!(ran.code, 0, "{conditions:?}: {}", ran.stderr);
    let suppressed = suppressed(place);
    place.ok(&["exceptions", "remove", "e"]);
    suppressed
}

#[test]
fn a_principal_is_a_pattern_of_the_whole_arn() {
    let place = store(&[
        by(1, "arn:aws:iam::111122223333:user/alice"),
        by(2, "arn:aws:iam::111122223333:user/alice2"),
        by(3, "arn:aws:iam::111122223333:user/Alice"),
        by(4, "arn:aws:iam::444455556666:user/alice"),
        // no ARN: the best name there is
        alert(5, &json!({"userIdentity": {"type": "AWSService", "invokedBy": "backup.amazonaws.com"}})),
    ]);
    for (pattern, expected) in [
        ("arn:aws:iam::111122223333:user/alice", &[1][..]),
        ("arn:aws:iam::111122223333:user/alice*", &[1, 2]),
        ("arn:aws:iam::*:user/alice", &[1, 4]),
        ("*:user/?lice", &[]),
        ("user/alice", &[]),
        ("backup.amazonaws.com", &[5]),
    ] {
        assert_eq!(covered(&place, &["--principal", pattern]), expected, "{pattern}");
    }
}

#[test]
fn an_account_is_the_one_that_received_the_call() {
    let visitor = json!({"type": "IAMUser", "arn": "arn:aws:iam::444455556666:user/eve", "accountId": "444455556666"});
    let place = store(&[
        alert(1, &json!({})),
        alert(2, &json!({"userIdentity": visitor})),
        alert(3, &json!({"recipientAccountId": "444455556666"})),
        alert(4, &json!({"recipientAccountId": null})),
    ]);
    assert_eq!(covered(&place, &["--account", "111122223333"]), [1, 2]);
    assert_eq!(covered(&place, &["--account", "444455556666"]), [3]);
}

#[test]
fn a_role_is_a_pattern_of_the_one_that_issued_the_session() {
    let session = |number, role: &str| {
        let issuer = json!({"type": "Role", "arn": format!("arn:aws:iam::111122223333:role/{role}")});
        let arn = format!("arn:aws:sts::111122223333:assumed-role/{role}/s");
        alert(
            number,
            &json!({"userIdentity": {"type": "AssumedRole", "arn": arn, "sessionContext": {"sessionIssuer": issuer}}}),
        )
    };
    let place =
        store(&[session(1, "scanner"), session(2, "scanner-2"), session(3, "ops/scanner"), alert(4, &json!({}))]);
    for (pattern, expected) in [
        ("arn:aws:iam::111122223333:role/scanner", &[1][..]),
        ("arn:aws:iam::111122223333:role/scanner*", &[1, 2]),
        ("*scanner", &[1, 3]),
        ("arn:aws:iam::111122223333:role/SCANNER", &[]),
    ] {
        assert_eq!(covered(&place, &["--role", pattern]), expected, "{pattern}");
    }
}

#[test]
fn an_access_key_is_one_key() {
    let key = |number, key: &str| alert(number, &json!({"userIdentity": {"type": "IAMUser", "accessKeyId": key}}));
    let place = store(&[key(1, "AKIA1EXAMPLE"), key(2, "AKIA2EXAMPLE"), key(3, ""), by(4, "arn:aws:iam::1:user/a")]);
    assert_eq!(covered(&place, &["--access-key", "AKIA1EXAMPLE"]), [1]);
    for other in ["AKIA", "AKIA*", "akia1example", "AKIA_EXAMPLE"] {
        assert_eq!(covered(&place, &["--access-key", other]), NONE, "{other}");
    }
}

#[test]
fn an_address_is_the_same_however_it_is_written() {
    let place = from_addresses(&[
        "203.0.113.7",
        "2001:db8::a1",
        "2001:DB8:0:0:0:0:0:A1",
        "::ffff:203.0.113.7",
        "::ffff:cb00:7107",
        "203.0.113.70",
        "2001:db8::a10",
        "AWS Internal",
        "ec2.amazonaws.com",
        "'; DROP TABLE exceptions; --",
    ]);
    for (address, expected) in [
        ("203.0.113.7", &[1, 4, 5][..]),
        ("::ffff:203.0.113.7", &[1, 4, 5]),
        ("2001:db8:0:0::a1", &[2, 3]),
        ("2001:DB8::A1", &[2, 3]),
        ("203.0.113.8", &[]),
    ] {
        assert_eq!(covered(&place, &["--address", address]), expected, "{address}");
    }
}

#[test]
fn a_network_of_ipv4_is_its_first_bits() {
    let place = from_addresses(&[
        "203.0.112.255",
        "203.0.113.0",
        "203.0.113.1",
        "203.0.113.255",
        "203.0.114.0",
        "::ffff:203.0.113.9",
        "2001:db8::1",
        "10.0.0.1",
        "AWS Internal",
    ]);
    for (network, expected) in [
        ("203.0.113.0/24", &[2, 3, 4, 6][..]),
        ("203.0.113.0/31", &[2, 3]),
        ("203.0.113.1/32", &[3]),
        ("203.0.112.0/23", &[1, 2, 3, 4, 6]),
        ("128.0.0.0/1", &[1, 2, 3, 4, 5, 6]),
        ("0.0.0.0/0", &[1, 2, 3, 4, 5, 6, 8]),
    ] {
        assert_eq!(covered(&place, &["--address", network]), expected, "{network}");
    }
}

#[test]
fn a_network_of_ipv6_is_its_first_bits() {
    let place = from_addresses(&[
        "2001:db8::",
        "2001:db8:0:0:ffff:ffff:ffff:ffff",
        "2001:db8:0:1::",
        "2001:db9::",
        "2001:db8::1",
        "203.0.113.7",
        "::1",
        "::ffff:203.0.113.7",
    ]);
    for (network, expected) in [
        ("2001:db8::/64", &[1, 2, 5][..]),
        ("2001:db8::/32", &[1, 2, 3, 5]),
        ("2001:db8::/31", &[1, 2, 3, 4, 5]),
        ("2001:db8::/127", &[1, 5]),
        ("2001:db8::/128", &[1]),
        // IPv4 is another family, even where it is written as IPv6
        ("::/0", &[1, 2, 3, 4, 5, 7]),
    ] {
        assert_eq!(covered(&place, &["--address", network]), expected, "{network}");
    }
}

/// What an attacker can write into a log is no address, and no error either.
#[test]
fn addresses_are_numbers_or_null() {
    let place = Place::with_fixtures();
    for (address, number) in [
        ("0.0.0.0", "281470681743360"),
        ("255.255.255.255", "281474976710655"),
        ("192.0.2.1", "281473902969345"),
        ("::ffff:192.0.2.1", "281473902969345"),
        ("::192.0.2.1", "3221225985"),
        ("::", "0"),
        ("::1", "1"),
        ("1::", "5192296858534827628530496329220096"),
        ("1:2:3:4:5:6:7::", "5192455318486707404433266433261568"),
        ("::2:3:4:5:6:7:8", "158459951879775902770104041480"),
        ("1:2:3:4:5:6:0.7.0.8", "5192455318486707404433266433261576"),
        ("1:2:3:4:5:6:7:8", "5192455318486707404433266433261576"),
        ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "340282366920938463463374607431768211455"),
    ] {
        let rows = place.sql(&format!("SELECT ip_number('{address}')::VARCHAR AS number"));
        assert_eq!(rows[0]["number"], number, "{address}");
    }
    let garbage = [
        "",
        ".",
        ":",
        ":::",
        "1",
        "1.2.3",
        "1.2.3.4.5",
        "256.0.0.1",
        "01.2.3.4",
        "1.2.3.4 ",
        "1.2.3.-4",
        "1..2.3",
        "1.2.3.4\n",
        "1.2.3.99999999999999999999",
        "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:8:9",
        "1:2:3:4:5:6:7::8",
        "1::2:3:4:5:6:7:8",
        "::1::",
        ":1",
        "1:",
        "1::2:",
        "12345::",
        "g::",
        "::1.2.3",
        "::1.2.3.4:5",
        "1:2:3:4:5:6:7:1.2.3.4",
        "fe80::1%eth0",
        "0x7f.1",
        "AWS Internal",
        "ec2.amazonaws.com",
        "''; --",
        "%",
        "١.٢.٣.٤",
        "2001:db8::/32",
    ];
    let rows: Vec<_> = garbage.iter().map(|text| format!("('{text}')")).collect();
    let sql = format!(
        "SELECT text FROM (VALUES {}) AS t(text)
        WHERE ip_number(text) IS NOT NULL OR ip_in_network(text, '0.0.0.0/0') IS NOT NULL OR ip_in_network('1.2.3.4', text) IS NOT NULL",
        rows.join(", ")
    );
    // the one network among them is no address, but has none of IPv4's
    assert_eq!(place.sql(&sql), [json!({"text": "2001:db8::/32"})]);
    for network in
        ["1.2.3.4/33", "1.2.3.4/", "/0", "1.2.3.4/-1", "1.2.3.4/99999999999", "1.2.3.4/24/8", "::/129", "::/x"]
    {
        let rows = place.sql(&format!("SELECT ip_in_network('1.2.3.4', '{network}') AS found"));
        assert_eq!(rows, [json!({"found": null})], "{network}");
    }
}

#[test]
fn a_user_agent_is_a_pattern() {
    let agent = |number, agent: Value| alert(number, &json!({"userAgent": agent}));
    let place = store(&[
        agent(1, json!("aws-cli/2.17.0 md/awscrt")),
        agent(2, json!("AWS-CLI/2.17.0")),
        agent(3, json!("evil aws-cli/2.17.0")),
        agent(4, json!(null)),
        agent(5, json!("")),
    ]);
    assert_eq!(covered(&place, &["--user-agent", "aws-cli/2.*"]), [1]);
    assert_eq!(covered(&place, &["--user-agent", "*aws-cli*"]), [1, 3]);
}

#[test]
fn a_region_is_one_region() {
    let region = |number, region: Value| alert(number, &json!({"awsRegion": region}));
    let place = store(&[region(1, json!("us-east-1")), region(2, json!("us-east-2")), region(3, json!(null))]);
    assert_eq!(covered(&place, &["--region", "us-east-1"]), [1]);
    assert_eq!(covered(&place, &["--region", "us-east"]), NONE);
}

#[test]
fn an_owner_covers_queries_that_name_no_other() {
    let owners = |number, owners: &[&str]| alert(number, &json!({"requestParameters": asks_for(owners)}));
    let place = store(&[
        owners(1, &["self"]),
        owners(2, &["self", "self"]),
        owners(3, &["self", "amazon"]),
        owners(4, &["amazon"]),
        owners(5, &["Self"]),
    ]);
    assert_eq!(covered(&place, &["--owner", "self"]), [1, 2]);
    // nor do two exceptions together
    assert_eq!(add(&place, "self", &["--owner", "self"]).code, 0);
    assert_eq!(add(&place, "amazon", &["--owner", "amazon"]).code, 0);
    assert_eq!(suppressed(&place), [1, 2, 4]);
    // a query without an owner is found by the wider rule only
    let wider = alert(6, &json!({"requestParameters": {"ownersSet": {}, "includeDeprecated": true}}));
    place.write("wider.json", log(&[wider]));
    place.load(&["wider.json"]);
    let wider = "SELECT suppressed_by FROM deprecated_ami_queries_any_owner_with_suppressed WHERE owners = []";
    assert_eq!(place.sql(wider), [json!({"suppressed_by": null})]);
}

#[test]
fn only_a_star_is_special_in_a_pattern() {
    let texts = ["a%b", "a_b", "a!b", "a'b", r"a\b", "a!%b", "a?b", "a[x]b", "axb", "a!!b", "a*b"];
    let agent = |(text, number): (&&str, u64)| alert(number, &json!({"userAgent": text}));
    let place = store(&texts.iter().zip(1..).map(agent).collect::<Vec<_>>());
    for (text, number) in texts[..10].iter().zip(1..) {
        assert_eq!(covered(&place, &["--user-agent", text]), [number], "{text}");
    }
    assert_eq!(covered(&place, &["--user-agent", "a*b"]), (1..=11).collect::<Vec<_>>());
}

#[test]
fn all_conditions_must_be_met() {
    let place = store(&[
        alert(1, &json!({})),
        alert(2, &json!({"awsRegion": "eu-west-1"})),
        alert(3, &json!({"sourceIPAddress": "192.0.2.78"})),
        alert(4, &json!({"userAgent": "Boto3/1.34"})),
        alert(5, &json!({"requestParameters": asks_for(&["self"])})),
        alert(6, &json!({"recipientAccountId": "444455556666"})),
        by(7, "arn:aws:iam::111122223333:user/bob"),
    ]);
    let conditions = [
        "--principal",
        "*:user/alice",
        "--account",
        "111122223333",
        "--access-key",
        "AKIAEXAMPLE",
        "--address",
        "192.0.2.77",
        "--user-agent",
        "aws-cli/*",
        "--region",
        "us-east-1",
        "--owner",
        "amazon",
    ];
    assert_eq!(covered(&place, &conditions), [1]);
    assert_eq!(covered(&place, &conditions[..2]), [1, 2, 3, 4, 5, 6]);
}

#[test]
fn a_condition_on_what_the_alert_lacks_is_not_met() {
    let bare = json!({"eventVersion": "1.0", "eventTime": "2026-10-06T02:14:00Z", "eventSource": "ec2.amazonaws.com",
        "eventName": "DescribeImages", "requestParameters": asks_for(&["amazon"]),
        "eventID": "00000000-0000-4000-8000-000000000001"});
    let place = store(&[bare]);
    for conditions in [
        ["--principal", "a*"],
        ["--account", "111122223333"],
        ["--role", "a*"],
        ["--access-key", "AKIAEXAMPLE"],
        ["--address", "0.0.0.0/0"],
        ["--user-agent", "a*"],
        ["--region", "us-east-1"],
    ] {
        assert_eq!(covered(&place, &conditions), NONE, "{conditions:?}");
    }
    assert_eq!(covered(&place, &["--owner", "amazon"]), [1]);
}

#[test]
fn an_exception_is_for_one_rule_or_for_all() {
    let place = store(&[alert(1, &json!({}))]);
    let alerts = || {
        ["deprecated_ami_discovery", "deprecated_ami_queries_any_owner"].map(|rule| place.rows(&["detect", rule]).len())
    };
    let region = ["--region", "us-east-1"];
    assert_eq!(alerts(), [1, 1]);
    add(&place, "one", &[&region[..], &["--rule", "deprecated_ami_discovery"]].concat());
    assert_eq!(alerts(), [0, 1]);
    add(&place, "all", &region);
    assert_eq!(alerts(), [0, 0]);
    place.ok(&["exceptions", "remove", "all"]);
    assert_eq!(alerts(), [0, 1]);
}

#[test]
fn an_exception_ends_when_it_expires_or_is_removed() {
    let place = store(&[alert(1, &json!({}))]);
    add(&place, "e", &["--region", "us-east-1"]);
    assert_eq!(suppressed(&place), [1]);
    place.ok(&["sql", "--write", "UPDATE exceptions SET expires_at = utc_now() - INTERVAL 1 SECOND"]);
    assert_eq!(suppressed(&place), NONE);
    assert_eq!(place.rows(&["detect"]).len(), 1);
    let listed = &place.rows(&["exceptions", "list"])[0];
    assert_eq!((&listed["state"], &listed["hides"]), (&json!("expired"), &json!(0)));
    assert_eq!(place.ok(&["exceptions", "remove", "e"]), "removed e: it had expired\n");

    add(&place, "e", &["--region", "us-east-1"]);
    assert_eq!(suppressed(&place), [1]);
    assert_eq!(place.ok(&["exceptions", "remove", "e"]), "removed e: it hid 1 alert\n");
    assert_eq!(suppressed(&place), NONE);
}

#[test]
fn every_client_sees_the_same() {
    let place = Place::with_fixtures();
    let columns = "SELECT column_name FROM duckdb_columns() WHERE table_name = 'deprecated_ami_discovery'";
    let before = place.sql(columns);
    add(&place, "e", &["--owner", "amazon"]);
    assert_eq!(place.sql("FROM deprecated_ami_discovery").len(), 1);
    assert_eq!(place.sql("FROM deprecated_ami_discovery_with_suppressed").len(), 3);
    assert_eq!(place.sql(columns), before);
    assert_eq!(
        place.sql("SELECT suppressed_by FROM deprecated_ami_discovery_with_suppressed ORDER BY event_time"),
        [json!({"suppressed_by": "e"}), json!({"suppressed_by": null}), json!({"suppressed_by": "e"})]
    );
    // what followed a query follows it, whether or not that is an alert
    assert!(!place.sql("FROM launch_links() WHERE query_event_id = 'a1e27001-4bc7-46d5-ab6e-e5d18726ff95'").is_empty());
}

#[test]
fn suppressed_alerts_are_counted_and_shown_when_asked_for() {
    let place = Place::with_fixtures();
    assert_eq!(place.run(&["detect"]).stderr, "");
    add(&place, "e", &["--owner", "amazon"]);
    let hint = "2 suppressed by exceptions: --include-suppressed shows them\n";
    assert_eq!(place.run(&["detect"]).stderr, hint);
    assert_eq!(
        place.run(&["detect", "--until", "2026-10-06T02:22:00Z"]).stderr,
        format!("no alerts\n{}", hint.replace('2', "1"))
    );
    for args in [&["detect", "--format", "csv"][..], &["detect", "--until", "2026-10-06"]] {
        assert!(!place.run(args).stderr.contains("suppressed"), "{args:?}");
    }
    let shown = place.run(&["detect", "--include-suppressed"]);
    assert!(
        shown.stdout.lines().next().is_some_and(|header| header.trim_end().ends_with("suppressed_by")),
        "{}",
        shown.stdout
    );
    assert_eq!((shown.stdout.lines().count(), shown.stderr.as_str()), (4, ""));
    let by: Vec<_> =
        place.rows(&["detect", "--include-suppressed"]).iter().map(|row| row["suppressed_by"].clone()).collect();
    assert_eq!(by, [json!("e"), json!(null), json!("e")]);
    // what is suppressed is no finding
    assert_eq!(place.run(&["detect", "--fail-on", "low"]).code, 3);
    add(&place, "f", &["--owner", "099720109477"]);
    assert_eq!(place.run(&["detect", "--fail-on", "low", "--include-suppressed"]).code, 0);
}

#[test]
fn of_several_exceptions_the_first_is_named() {
    let place = store(&[alert(1, &json!({}))]);
    let entry = |name: &str, created: &str| {
        format!(
            "[[exception]]\nname = \"{name}\"\nreason = \"r\"\nauthor = \"a\"\nowner = \"amazon\"\ncreated_at = {created}\nexpires_at = \"never\"\n"
        )
    };
    place.write(
        "e.toml",
        [entry("a", "2026-10-03"), entry("b", "2026-10-02"), entry("c", "2026-10-02T00:00:01Z")].concat(),
    );
    place.ok(&["exceptions", "import", "e.toml"]);
    assert_eq!(place.rows(&["detect", "--include-suppressed"])[0]["suppressed_by"], "b");
}

#[test]
fn adding_says_what_is_hidden_and_warns_of_too_much() {
    let place = Place::with_fixtures();
    for (name, conditions, said, warnings) in [
        (
            "key",
            &["--access-key", "ASIAOPSADMIN1EXAMPLE"][..],
            "key hides 3 of 3 alerts until ",
            &["more than half"][..],
        ),
        ("owner", &["--owner", "099720109477"], "owner hides 1 of 3 alerts until ", &["now comes from 1 principal\n"]),
        (
            "none",
            &["--role", "arn:aws:iam::111122223333:role/x"],
            "none hides 0 of 3 alerts until ",
            &["hides nothing"],
        ),
        (
            "wider",
            &["--region", "eu-west-1", "--rule", "deprecated_ami_queries_any_owner"],
            "wider hides 0 of 4 alerts until ",
            &["not bound to one principal", "hides nothing"],
        ),
        (
            "session",
            &["--principal", "*:assumed-role/ops-admin/*", "--address", "2001:db8:5:77::/64"],
            "session hides 1 of 3 alerts until ",
            &["not bound"],
        ),
        (
            "role",
            &["--principal", "arn:aws:sts::111122223333:assumed-role/ops-admin/*", "--owner", "self"],
            "role hides 0 of 3 alerts until ",
            &["hides nothing"],
        ),
    ] {
        let ran = add(&place, name, conditions);
        assert!(ran.stdout.starts_with(said), "{}", ran.stdout);
        assert_eq!(ran.stderr.lines().count(), warnings.len(), "{name}: {}", ran.stderr);
        assert!(warnings.iter().all(|warning| ran.stderr.contains(warning)), "{name}: {}", ran.stderr);
    }
    let ran = place.run(&["exceptions", "add", "ever", "--reason", "r", "--author", "a", "--never", "--owner", "self"]);
    assert_eq!(ran.stdout, "ever hides 0 of 3 alerts for ever\n");
}

#[test]
fn what_is_wrong_with_an_exception_is_said() {
    let place = Place::with_fixtures();
    add(&place, "taken", &["--owner", "amazon"]);
    let base = ["exceptions", "add", "--reason", "r", "--author", "a"];
    let good = ["e", "--never", "--owner", "self"];
    for (args, code, message) in [
        (&["e", "--owner", "self"][..], 2, "say when it expires: add --expires 90d, --expires 2027-01-31, or --never"),
        (&["e", "--never"], 2, "without a condition it would hide every alert: add --principal"),
        (&["e", "--never", "--principal", "**"], 1, "without a condition it would hide every alert"),
        (&["e", "--never", "--owner", ""], 2, "it is empty"),
        (&["e", "--never", "--principal", " "], 2, "it is empty"),
        (&["e e", "--never", "--owner", "self"], 2, "letters, digits, dots"),
        (&["-e", "--never", "--owner", "self"], 2, "unexpected argument"),
        (&["$(id)", "--never", "--owner", "self"], 2, "letters, digits, dots"),
        (&["taken", "--never", "--owner", "self"], 1, "there is an exception taken already"),
        (&["e", "--never", "--account", "11112222333"], 2, "expected 12 digits"),
        (
            &["e", "--never", "--address", "203.0.113.7/24"],
            2,
            "did you mean the network 203.0.113.0/24, or the one address 203.0.113.7?",
        ),
        (
            &["e", "--never", "--address", "2001:db8::1/32"],
            2,
            "did you mean the network 2001:db8::/32, or the one address 2001:db8::1?",
        ),
        (&["e", "--never", "--address", "203.0.113.*"], 2, "expected an address or a network"),
        (
            &["e", "--never", "--owner", "self", "--rule", "typo"],
            2,
            "possible values: deprecated_ami_discovery, deprecated_ami_queries_any_owner",
        ),
        (&["e", "--never", "--expires", "1d", "--owner", "self"], 2, "cannot be used with"),
        (&["e", "--expires", "2020-01-01", "--owner", "self"], 2, "that is in the past"),
        (&["e", "--expires", "soon", "--owner", "self"], 2, "30d, 12w"),
    ] {
        let ran = place.run(&[&base, args].concat());
        assert_eq!(ran.code, code, "{args:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(message), "{args:?}: {}", ran.stderr);
    }
    for missing in [&["--author", "a"][..], &["--reason", "", "--author", "a"]] {
        assert_eq!(place.run(&[&["exceptions", "add"], &good[..], missing].concat()).code, 2, "{missing:?}");
    }
    let mut nobody = place.command(&[&["exceptions", "add", "--reason", "r"], &good[..]].concat());
    let ran: Ran =
        nobody.env_remove("USER").env_remove("LOGNAME").env_remove("USERNAME").output().expect("it runs").into();
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("uid ") || place.ok(&["exceptions", "show", "e"]).contains("uid "));
    place.ok(&["exceptions", "remove", "e"]);
    for command in ["show", "remove"] {
        let ran = place.run(&["exceptions", command, "e"]);
        assert_eq!(ran.code, 1);
        assert!(ran.stderr.contains("there is no exception e: `trailduck exceptions list`"), "{}", ran.stderr);
    }
    assert!(Place::new().run(&["exceptions", "list"]).stderr.contains("no store at"));
    // nothing of all this was stored
    assert_eq!(place.rows(&["exceptions", "list"]).len(), 1);
    // by no other client either
    let ran = place.run(&[
        "sql",
        "--write",
        "INSERT INTO exceptions (exception_id, name, reason, author, created_at) VALUES (9, 'all', '', '', utc_now())",
    ]);
    assert!(ran.stderr.contains("CHECK constraint"), "{}", ran.stderr);
}

#[test]
fn the_author_is_who_runs_it() {
    let place = Place::with_fixtures();
    let args = ["exceptions", "add", "e", "--reason", "r", "--never", "--owner", "self"];
    assert!(place.command(&args).env("USER", "carol").output().is_ok_and(|ran| ran.status.success()));
    let listed = &place.rows(&["exceptions", "list"])[0];
    assert_eq!((&listed["author"], &listed["expires_at"]), (&json!("carol"), &json!(null)));
}

#[test]
fn exceptions_are_listed_and_shown_in_every_format() {
    let place = Place::with_fixtures();
    assert_eq!(place.run(&["exceptions", "list"]).stderr, "no exceptions\n");
    add(&place, "e", &["--user-agent", "*\u{1b}[31m*", "--owner", "self"]);
    let listed = &place.rows(&["exceptions", "list"])[0];
    for (column, expected) in [
        ("name", json!("e")),
        ("state", json!("in force")),
        ("hides", json!(0)),
        ("rule", json!(null)),
        ("conditions", json!("user agent *\u{1b}[31m*, owner self")),
        ("user_agent", json!("*\u{1b}[31m*")),
        ("reason", json!("known")),
        ("author", json!("alice")),
    ] {
        assert_eq!(listed[column], expected, "{column}");
    }
    assert_eq!(&place.rows(&["exceptions", "show", "e"])[0], listed);
    for command in [&["exceptions", "list"][..], &["exceptions", "show", "e"], &["exceptions", "check"]] {
        for format in ["table", "csv", "markdown", "ndjson", "json"] {
            let text = place.ok(&[command, &["--format", format]].concat());
            assert!(text.contains('e') && !text.contains('\u{1b}') || format == "csv", "{command:?} {format}: {text}");
        }
    }
}

#[test]
fn check_says_what_each_covers_and_what_can_go() {
    let place = Place::with_fixtures();
    assert_eq!(place.run(&["exceptions", "check", "--fail-on-unused"]).code, 0);
    add(&place, "wide", &["--access-key", "ASIAOPSADMIN1EXAMPLE"]);
    add(&place, "narrow", &["--owner", "099720109477"]);
    assert_eq!(place.run(&["exceptions", "check", "--fail-on-unused"]).code, 0);
    add(&place, "unused", &["--owner", "self"]);
    add(&place, "soon", &["--owner", "amazon"]);
    add(&place, "old", &["--region", "us-east-1"]);
    place.ok(&[
        "sql",
        "--write",
        "UPDATE exceptions SET created_at = '2026-10-01' WHERE name <> 'wide';
        UPDATE exceptions SET expires_at = utc_now() + INTERVAL 13 DAY WHERE name = 'soon';
        UPDATE exceptions SET expires_at = '2026-10-02' WHERE name = 'old'",
    ]);
    let checked = place.rows(&["exceptions", "check"]);
    let found: Vec<_> =
        checked.iter().map(|row| (row["name"].as_str().expect("a name"), &row["covers"], &row["findings"])).collect();
    let also = "hides only what is also hidden by wide";
    assert_eq!(
        found,
        [
            ("narrow", &json!(1), &json!([also])),
            // the fourth is an alert of the wider rule
            ("old", &json!(4), &json!(["expired"])),
            ("soon", &json!(2), &json!(["expires soon", also])),
            ("unused", &json!(0), &json!(["covers nothing"])),
            ("wide", &json!(3), &json!([])),
        ]
    );
    assert_eq!(checked[4]["latest_event_id"], "a1e27003-e65c-4408-968f-ecee9c645d75");
    assert_eq!(checked[4]["latest_alert"], "2026-10-06T02:27:33Z");
    assert_eq!(place.run(&["exceptions", "check"]).code, 0);
    assert_eq!(place.run(&["exceptions", "check", "--fail-on-unused"]).code, 3);
    // of two that hide the same, the newer can go
    add(&place, "same", &["--access-key", "ASIAOPSADMIN1EXAMPLE"]);
    let same = place.rows(&["exceptions", "check"]);
    let same: Vec<_> = same.iter().filter(|row| row["covers"] == 3).map(|row| &row["also_hidden_by"]).collect();
    assert_eq!(same.iter().filter(|by| by.is_null()).count(), 1, "{same:?}");
}

#[test]
fn what_is_exported_is_imported_equal() {
    let hostile = "it's \"x\" \\ \u{1b}[31m\r\n\t\u{202e}\u{e0041} 😀 '; DROP TABLE exceptions; -- # [[exception]]";
    let place = Place::with_fixtures();
    let args = [
        "exceptions",
        "add",
        "hostile",
        "--reason",
        hostile,
        "--author",
        hostile,
        "--never",
        "--principal",
        hostile,
        "--user-agent",
        hostile,
    ];
    place
        .ok(&[&args[..], &["--role", hostile, "--access-key", hostile, "--region", hostile, "--owner", hostile]]
            .concat());
    add(
        &place,
        "a.plain_one-2",
        &["--rule", "deprecated_ami_discovery", "--account", "111122223333", "--address", "2001:DB8::/32"],
    );
    place.ok(&["exceptions", "export", "-o", "e.toml"]);
    let exported = place.ok(&["exceptions", "export"]);
    assert_eq!(std::fs::read_to_string(place.path("e.toml")).expect("a file"), exported);
    // nothing in it hides from who reviews it, and names are in order
    assert!(!exported.contains(['\u{1b}', '\u{202e}', '\r', '\t']), "{exported}");
    assert!(exported.find("a.plain_one-2") < exported.find("hostile"));
    assert!(exported.contains("\naccount_id = \"111122223333\"\nsource_ip_address = \"2001:db8::/32\"\nreason = \"known\"\nauthor = \"alice\"\ncreated_at = 20"));

    let other = Place::with_fixtures();
    let import = ["exceptions", "import", "-", "--format", "csv"];
    assert_eq!(other.run_with(&import, exported.clone()).stdout, "name,change\na.plain_one-2,added\nhostile,added\n");
    assert_eq!(other.ok(&["exceptions", "export"]), exported);
    assert_eq!(
        other.run_with(&import, exported.clone()).stdout,
        "name,change\na.plain_one-2,unchanged\nhostile,unchanged\n"
    );
    assert_eq!(other.ok(&["exceptions", "export"]), exported);
    let columns = "SELECT name, principal, role, reason, created_at, expires_at FROM exceptions ORDER BY name";
    assert_eq!(other.sql(columns), place.sql(columns));

    let ran = other.run(&["exceptions", "export", "-o", "trail.duckdb"]);
    assert!(ran.code == 1 && ran.stderr.contains("is the store itself"), "{}", ran.stderr);
}

/// An exception of a file, with all that is required.
fn entry(name: &str, more: &str) -> String {
    format!("[[exception]]\nname = \"{name}\"\nreason = \"r\"\nowner = \"amazon\"\nexpires_at = \"never\"\n{more}\n")
}

#[test]
fn import_updates_and_with_replace_removes() {
    let place = Place::with_fixtures();
    let import = |args: &[&str]| {
        let mut command = place.command(&[&["exceptions", "import", "--format", "csv"], args].concat());
        let ran: Ran = command.env("USER", "carol").output().expect("it runs").into();
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        ran.stdout.lines().skip(1).map(str::to_owned).collect::<Vec<_>>()
    };
    place.write("a.toml", entry("a", "created_at = 2026-10-01\nauthor = \"bob\""));
    place.write("b.toml", [entry("b", ""), entry("c", "")].concat());
    assert_eq!(import(&["a.toml", "b.toml"]), ["a,added", "b,added", "c,added"]);
    let stored = place.sql("SELECT author, created_at FROM exceptions WHERE name = 'a'");
    assert_eq!(stored, [json!({"author": "bob", "created_at": "2026-10-01T00:00:00Z"})]);
    // what a file leaves out stays as it was
    place.write("a.toml", [entry("a", ""), entry("b", "rule = \"deprecated_ami_discovery\"")].concat());
    assert_eq!(import(&["a.toml"]), ["a,unchanged", "b,updated"]);
    assert_eq!(
        place.sql("SELECT author FROM exceptions ORDER BY name"),
        ["bob", "carol", "carol"].map(|name| json!({"author": name}))
    );
    assert_eq!(import(&["--replace", "a.toml"]), ["a,unchanged", "b,unchanged", "c,removed"]);
    place.write("none.toml", "# nothing\n");
    assert!(import(&["none.toml"]).is_empty());
    assert_eq!(import(&["--replace", "none.toml"]), ["a,removed", "b,removed"]);
}

#[test]
fn import_takes_all_or_nothing_and_says_where_it_failed() {
    let place = Place::with_fixtures();
    place.write("good.toml", entry("good", "author = \"a\""));
    for (text, parts) in [
        (
            "exceptions = 1\n".to_owned(),
            &["bad.toml: ", "line 1", "unknown field `exceptions`, expected `exception`"][..],
        ),
        (
            entry("a", "").replace("owner", "owners"),
            &["line 4", "unknown field `owners`, expected one of `name`, `rule`, `principal`"],
        ),
        (entry("a", "").replace("reason = \"r\"", ""), &["missing field `reason`"]),
        (entry("a", "").replace("expires_at = \"never\"", ""), &["missing field `expires_at`"]),
        (
            entry("a", "").replace("\"never\"", "\"2027-01-31\""),
            &["exception 1, \"a\": expires_at = \"2027-01-31\": expected a date", "without quotes, or \"never\""],
        ),
        (entry("a", "").replace("owner = \"amazon\"", ""), &["exception 1, \"a\": without a condition"]),
        ([entry("a", ""), entry("b\\u001b", "")].concat(), &["exception 2, \"b\\u{1b}\": name: expected at most 64"]),
        ([entry("a", ""), entry("a", "")].concat(), &["exception 2, \"a\": there is another of this name"]),
        (entry("good", ""), &["bad.toml: good is in good.toml too"]),
        (
            entry("a", "rule = \"typo\""),
            &["there is no rule typo: there are deprecated_ami_discovery, deprecated_ami_queries_any_owner"],
        ),
        (
            entry("a", "source_ip_address = \"203.0.113.7/24\""),
            &["source_ip_address 203.0.113.7/24: did you mean the network 203.0.113.0/24"],
        ),
        (entry("a", "account_id = \"1\""), &["account_id 1: expected 12 digits"]),
        (entry("a", "role = \"\""), &["role: it is empty"]),
        (entry("a", "role = \"\\u0000\""), &["role: it has a NUL character"]),
        ("not toml".to_owned(), &["bad.toml: ", "line 1"]),
    ] {
        place.write("bad.toml", &text);
        let mut command = place.command(&["exceptions", "import", "good.toml", "bad.toml"]);
        let ran: Ran = command.env("USER", "carol").output().expect("it runs").into();
        assert_eq!(ran.code, 1, "{text}");
        assert!(parts.iter().all(|part| ran.stderr.contains(part)), "{}", ran.stderr);
    }
    let mut nobody = place.command(&["exceptions", "import", "-"]);
    nobody.env_remove("USER").env_remove("LOGNAME").env_remove("USERNAME").write_stdin(entry("a", ""));
    let ran: Ran = nobody.output().expect("it runs").into();
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(place.ok(&["exceptions", "show", "a"]).contains("uid "));
    place.ok(&["exceptions", "remove", "a"]);
    let ran = place.run(&["exceptions", "import", "good.toml", "typo.toml"]);
    assert!(ran.stderr.contains("cannot read typo.toml"), "{}", ran.stderr);
    place.write("latin.toml", b"name = \"\xe9\"");
    assert!(place.run(&["exceptions", "import", "latin.toml"]).stderr.contains("cannot read latin.toml"));
    assert_eq!(place.rows(&["exceptions", "list"]), Vec::<Value>::new());
}
