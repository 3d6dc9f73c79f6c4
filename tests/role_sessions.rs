//! From an access key back to the first principal.

mod common;

use common::{Place, log, record};
use serde_json::{Value, json};

const ROLE: &str = "arn:aws:iam::111122223333:role/ops";

/// A call to STS by `caller`, which hands out `key`.
fn issue(number: u64, event_name: &str, caller: &Value, request: Value, key: &str) -> Value {
    let session = request["roleSessionName"].as_str().unwrap_or("s");
    let mut response = json!({"credentials": {"accessKeyId": key, "expiration": "Oct 6, 2026, 3:17:20 AM"}});
    if event_name.starts_with("AssumeRole") {
        response["assumedRoleUser"] = json!({"arn": format!("arn:aws:sts::111122223333:assumed-role/ops/{session}"), "assumedRoleId": "AROAEXAMPLE:s"});
    }
    record(
        number,
        &json!({
            "eventSource": "sts.amazonaws.com", "eventName": event_name, "userIdentity": caller,
            "eventTime": format!("2026-10-06T02:14:{number:02}Z"),
            "requestParameters": request, "responseElements": response,
        }),
    )
}

fn assume(number: u64, caller: &Value, session: &str, key: &str) -> Value {
    issue(number, "AssumeRole", caller, json!({"roleArn": ROLE, "roleSessionName": session}), key)
}

fn user(name: &str, key: &str) -> Value {
    json!({
        "type": "IAMUser", "principalId": format!("AIDA{name}EXAMPLE"), "accountId": "111122223333",
        "arn": format!("arn:aws:iam::111122223333:user/{name}"), "accessKeyId": key, "userName": name,
    })
}

fn session(name: &str, key: &str) -> Value {
    json!({
        "type": "AssumedRole", "principalId": format!("AROAEXAMPLE:{name}"), "accountId": "111122223333",
        "arn": format!("arn:aws:sts::111122223333:assumed-role/ops/{name}"), "accessKeyId": key,
    })
}

fn store(records: &[Value]) -> Place {
    let place = Place::new();
    place.write("a.json", log(records));
    place.load(&["a.json"]);
    place
}

/// The rows of role_sessions by key, `columns` of them.
fn sessions(place: &Place, columns: &str) -> Vec<Value> {
    place.sql(&format!("SELECT {columns} FROM role_sessions ORDER BY access_key_id"))
}

#[test]
fn one_hop() {
    let place = store(&[assume(1, &user("bob", "AKIABOBEXAMPLE"), "one", "ASIA1EXAMPLE")]);
    assert_eq!(
        sessions(&place, "* EXCLUDE (session_principal, access_keys)"),
        [json!({
            "access_key_id": "ASIA1EXAMPLE", "issued_by_event_id": "00000000-0000-4000-8000-000000000001",
            "issued_at": "2026-10-06T02:14:01Z", "event_name": "AssumeRole", "role_arn": ROLE, "session_name": "one",
            "parent_access_key_id": "AKIABOBEXAMPLE", "parent_principal": "arn:aws:iam::111122223333:user/bob",
            "hops": 1, "root_access_key_id": "AKIABOBEXAMPLE",
            "root_principal": "arn:aws:iam::111122223333:user/bob", "root_principal_type": "IAMUser",
            "chain": ["arn:aws:iam::111122223333:user/bob", "arn:aws:sts::111122223333:assumed-role/ops/one"],
            "session_chain": "AKIABOBEXAMPLE",
        })]
    );
}

#[test]
fn two_hops_and_five() {
    let names = ["one", "two", "three", "four", "five"];
    let mut caller = user("bob", "AKIABOBEXAMPLE");
    let mut records = Vec::new();
    for (number, name) in (1..).zip(names) {
        let key = format!("ASIA{number}EXAMPLE");
        records.push(assume(number, &caller, name, &key));
        caller = session(name, &key);
    }
    let mut call = record(9, &json!({"eventTime": "2026-10-06T02:15:00Z"}));
    call["userIdentity"] = caller;
    records.push(call);
    // in no order of their own
    records.reverse();
    let place = store(&records);
    let rows = sessions(&place, "hops, root_access_key_id, session_chain, len(chain) AS length, chain[-1] AS last");
    for (row, (hops, name)) in rows.iter().zip((1..).zip(names)) {
        let last = format!("arn:aws:sts::111122223333:assumed-role/ops/{name}");
        let root = "AKIABOBEXAMPLE";
        let expected =
            json!({"hops": hops, "root_access_key_id": root, "session_chain": root, "length": hops + 1, "last": last});
        assert_eq!(*row, expected);
    }
    assert_eq!(rows.len(), 5);
    let chain = place.rows(&["query", "session_chain", "--event_id", "00000000-0000-4000-8000-000000000009"]);
    let names: Vec<_> = chain.iter().map(|row| (row["event_name"].as_str(), row["principal_name"].as_str())).collect();
    let assume = Some("AssumeRole");
    assert_eq!(
        names,
        [
            (assume, Some("user/bob")),
            (assume, Some("ops/one")),
            (assume, Some("ops/two")),
            (assume, Some("ops/three")),
            (assume, Some("ops/four")),
            (Some("DescribeImages"), Some("ops/five")),
        ]
    );
    let second = place.rows(&["query", "session_chain", "--event_id", "00000000-0000-4000-8000-000000000002"]);
    assert_eq!(second.len(), 2, "from a call within the chain");
}

#[test]
fn a_chain_is_told_with_keys_places_and_clients() {
    let place = Place::with_fixtures();
    let rows = place.rows(&["query", "session_chain", "--event_id", "a1e27003-e65c-4408-968f-ecee9c645d75"]);
    assert_eq!(rows.len(), 2);
    for (column, expected) in [
        ("hop", json!(1)),
        ("event_id", json!("a550e001-c0ca-40eb-9185-40754a0f2f9d")),
        ("principal_name", json!("user/bob")),
        ("access_key_id", json!("AKIABOB000001EXAMPLE")),
        ("issued_access_key_id", json!("ASIAOPSADMIN1EXAMPLE")),
        ("session_name", json!("session-1791253040")),
        ("source_ip_address", json!("192.0.2.77")),
    ] {
        assert_eq!(rows[0][column], expected, "{column}");
    }
    assert!(rows[0]["user_agent"].as_str().expect("a client").contains("aws-cli"));
    assert_eq!(
        (&rows[1]["access_key_id"], &rows[1]["mfa_authenticated"]),
        (&json!("ASIAOPSADMIN1EXAMPLE"), &json!(false))
    );
}

#[test]
fn a_call_with_a_key_of_unknown_origin_is_a_chain_of_itself() {
    let place = store(&[record(1, &json!({}))]);
    let rows = place.rows(&["query", "session_chain", "--event_id", "00000000-0000-4000-8000-000000000001"]);
    assert_eq!((rows.len(), &rows[0]["hop"], &rows[0]["event_name"]), (1, &json!(1), &json!("DescribeImages")));
    assert_eq!(sessions(&place, "1"), Vec::<Value>::new());
}

#[test]
fn keys_that_issued_each_other_end_no_search() {
    let place = store(&[
        assume(1, &session("b", "ASIABEXAMPLE"), "a", "ASIAAEXAMPLE"),
        assume(2, &session("a", "ASIAAEXAMPLE"), "b", "ASIABEXAMPLE"),
        assume(3, &session("c", "ASIACEXAMPLE"), "c", "ASIACEXAMPLE"),
        assume(4, &session("b", "ASIABEXAMPLE"), "d", "ASIADEXAMPLE"),
    ]);
    let rows = sessions(&place, "access_key_id, hops, root_access_key_id AS root");
    assert_eq!(
        rows,
        [
            json!({"access_key_id": "ASIAAEXAMPLE", "hops": 1, "root": "ASIABEXAMPLE"}),
            json!({"access_key_id": "ASIABEXAMPLE", "hops": 1, "root": "ASIAAEXAMPLE"}),
            json!({"access_key_id": "ASIACEXAMPLE", "hops": 1, "root": "ASIACEXAMPLE"}),
            json!({"access_key_id": "ASIADEXAMPLE", "hops": 1, "root": "ASIABEXAMPLE"}),
        ]
    );
}

#[test]
fn a_chain_has_a_hundred_hops_at_most() {
    let records: Vec<_> = (0..150)
        .map(|number| {
            let mut record = assume(
                0,
                &session("s", &format!("ASIA{number:03}EXAMPLE")),
                "s",
                &format!("ASIA{:03}EXAMPLE", number + 1),
            );
            record["eventID"] = json!(format!("00000000-0000-4000-8000-{number:012}"));
            record
        })
        .collect();
    let place = store(&records);
    assert_eq!(
        place.sql("SELECT count(*) AS rows, max(hops) AS most FROM role_sessions"),
        [json!({"rows": 150, "most": 100})]
    );
}

#[test]
fn of_the_records_of_two_accounts_the_one_that_knows_the_caller_counts() {
    let caller = json!({"type": "AWSAccount", "principalId": "AIDAbobEXAMPLE", "accountId": "444455556666"});
    let place = store(&[
        // that of the trusting account
        assume(1, &caller, "one", "ASIA1EXAMPLE"),
        assume(2, &user("bob", "AKIABOBEXAMPLE"), "one", "ASIA1EXAMPLE"),
        // there only
        assume(3, &caller, "two", "ASIA2EXAMPLE"),
    ]);
    assert_eq!(
        sessions(
            &place,
            "right(issued_by_event_id::VARCHAR, 1) AS event, root_access_key_id AS root, root_principal, session_chain"
        ),
        [
            json!({"event": "2", "root": "AKIABOBEXAMPLE", "root_principal": "arn:aws:iam::111122223333:user/bob", "session_chain": "AKIABOBEXAMPLE"}),
            json!({"event": "3", "root": null, "root_principal": "AIDAbobEXAMPLE", "session_chain": "AIDAbobEXAMPLE"}),
        ]
    );
}

/// Two sessions of one federated subject are one chain, those of another are not.
#[test]
fn the_first_principal_of_a_federated_session_is_its_subject() {
    for (event_name, kind, provider) in [
        ("AssumeRoleWithSAML", "SAMLUser", "5lTYZeExample="),
        ("AssumeRoleWithWebIdentity", "WebIdentityUser", "token.actions.githubusercontent.com:sts.amazonaws.com"),
    ] {
        let subject = |name| json!({"type": kind, "principalId": format!("{provider}:{name}"), "userName": name, "identityProvider": provider});
        let request = || json!({"roleArn": ROLE, "roleSessionName": "s"});
        let place = store(&[
            issue(1, event_name, &subject("emma"), request(), "ASIA1EXAMPLE"),
            issue(2, event_name, &subject("emma"), request(), "ASIA2EXAMPLE"),
            issue(3, event_name, &subject("liam"), request(), "ASIA3EXAMPLE"),
            assume(4, &session("s", "ASIA1EXAMPLE"), "t", "ASIA4EXAMPLE"),
        ]);
        let chain = |name: &str, hops: u64| {
            let subject = format!("{provider}:{name}");
            json!({"hops": hops, "root_access_key_id": null, "root_principal": subject, "root_principal_type": kind, "session_chain": subject})
        };
        assert_eq!(
            sessions(&place, "hops, root_access_key_id, root_principal, root_principal_type, session_chain"),
            [chain("emma", 1), chain("emma", 1), chain("liam", 1), chain("emma", 2)]
        );
    }
}

#[test]
fn get_session_token_get_federation_token_and_assume_root_hand_out_keys_too() {
    let bob = user("bob", "AKIABOBEXAMPLE");
    let mut federated = issue(2, "GetFederationToken", &bob, json!({"name": "visitor"}), "ASIA2EXAMPLE");
    federated["responseElements"]["federatedUser"] =
        json!({"arn": "arn:aws:sts::111122223333:federated-user/visitor", "federatedUserId": "111122223333:visitor"});
    let place = store(&[
        issue(1, "GetSessionToken", &bob, json!({"serialNumber": "arn:aws:iam::111122223333:mfa/bob"}), "ASIA1EXAMPLE"),
        federated,
        issue(3, "AssumeRoot", &bob, json!({"targetPrincipal": "444455556666"}), "ASIA3EXAMPLE"),
        // refused, and handed out none
        record(4, &json!({"eventSource": "sts.amazonaws.com", "eventName": "AssumeRole", "errorCode": "AccessDenied"})),
    ]);
    let principal = "arn:aws:iam::111122223333:user/bob";
    let row = |event_name: &str, session_name: Value, last: &str| json!({"event_name": event_name, "session_name": session_name, "role_arn": null, "chain": [principal, last], "session_chain": "AKIABOBEXAMPLE"});
    assert_eq!(
        sessions(&place, "event_name, session_name, role_arn, chain, session_chain"),
        [
            row("GetSessionToken", json!(null), principal),
            row("GetFederationToken", json!("visitor"), "arn:aws:sts::111122223333:federated-user/visitor"),
            row("AssumeRoot", json!(null), "444455556666"),
        ]
    );
}

#[test]
fn services_join_no_strangers() {
    let service = |name: &str| json!({"type": "AWSService", "invokedBy": name});
    // a service-linked role, which has no key either
    let mut linked = session("AutoScaling", "");
    linked["invokedBy"] = json!("autoscaling.amazonaws.com");
    let place = store(&[
        assume(1, &service("ec2.amazonaws.com"), "i-1", "ASIA1EXAMPLE"),
        assume(2, &service("ec2.amazonaws.com"), "i-2", "ASIA2EXAMPLE"),
        assume(3, &session("i-1", "ASIA1EXAMPLE"), "deeper", "ASIA3EXAMPLE"),
        assume(4, &linked, "s", "ASIA4EXAMPLE"),
        assume(5, &linked, "s", "ASIA5EXAMPLE"),
    ]);
    let rows = sessions(&place, "root_principal, session_chain");
    let chains: Vec<_> = rows.iter().filter_map(|row| row["session_chain"].as_str()).collect();
    assert_eq!(chains, ["ASIA1EXAMPLE", "ASIA2EXAMPLE", "ASIA1EXAMPLE", "ASIA4EXAMPLE", "ASIA5EXAMPLE"]);
    assert_eq!(rows[2]["root_principal"], "ec2.amazonaws.com");
}
