//! What is known about images: from the log, from inventories, from the names that were asked for.

mod common;

use common::{Place, fixtures, gzip, log, record};
use serde_json::{Value, json};

const IMAGE: &str = "ami-0a1b2c3d4e5f60718";

/// A call to EC2 at a time of 6 October 2026.
fn call(number: u64, time: &str, name: &str, request: Value, response: Value) -> Value {
    record(
        number,
        &json!({
            "eventTime": format!("2026-10-06T{time}Z"), "eventName": name,
            "requestParameters": request, "responseElements": response, "readOnly": false,
        }),
    )
}

fn enable_deprecation(number: u64, time: &str, deprecate_at: &str) -> Value {
    let request = json!({"EnableImageDeprecationRequest": {"ImageId": IMAGE, "DeprecateAt": deprecate_at}});
    call(number, time, "EnableImageDeprecation", request, json!({"EnableImageDeprecationResponse": {"return": true}}))
}

fn disable_deprecation(number: u64, time: &str) -> Value {
    call(number, time, "DisableImageDeprecation", json!({"imageId": IMAGE}), json!({"_return": true}))
}

/// A launch of one instance; the image is named in the response only, as with a launch template.
fn launch(number: u64, time: &str, image: &str, instance: &str) -> Value {
    let items = json!([{"instanceId": instance, "imageId": image, "instanceType": "t3.small"}]);
    let request = json!({"instancesSet": {"items": [{"minCount": 1, "maxCount": 1}]}});
    call(number, time, "RunInstances", request, json!({"instancesSet": {"items": items}}))
}

fn place(records: &[Value]) -> Place {
    let place = Place::new();
    place.write("log.json", log(records));
    place.load(&["log.json"]);
    place
}

/// An inventory with one image, the fields of which are laid over a usual one.
fn described(fields: &Value) -> String {
    let mut image = json!({
        "ImageId": IMAGE, "Name": "web-base-2024.01", "OwnerId": "111122223333", "State": "available", "Public": false,
        "CreationDate": "2024-01-10T08:00:00.000Z", "Architecture": "x86_64", "PlatformDetails": "Linux/UNIX",
    });
    for (key, value) in fields.as_object().expect("fields") {
        image[key] = value.clone();
    }
    json!({"Images": [image]}).to_string()
}

/// The counts of an import: images, new, updated, unchanged, older, rejected.
fn import(place: &Place, args: &[&str]) -> [u64; 6] {
    place.store_if_none();
    let rows = place.rows(&[&["amis", "import"], args].concat());
    ["images", "new", "updated", "unchanged", "older", "rejected"].map(|key| rows[0][key].as_u64().expect(key))
}

/// Columns of ami_inventory_at for the image.
fn at(place: &Place, moment: &str, columns: &str) -> Vec<Value> {
    place.sql(&format!("SELECT {columns} FROM ami_inventory_at('{moment}') WHERE image_id = '{IMAGE}'"))
}

fn state_at(place: &Place, moment: &str) -> Value {
    at(place, moment, "state").first().map_or(Value::Null, |row| row["state"].clone())
}

#[test]
fn calls_that_make_or_change_images_are_told_in_both_forms() {
    let made = |id: &str| json!({"requestId": "r", "imageId": id});
    let image = || json!({"imageId": IMAGE});
    let wrapped = |name: &str| json!({format!("{name}Request"): {"ImageId": IMAGE}});
    let cases = [
        (
            "CreateImage",
            json!({"instanceId": "i-1", "name": "web"}),
            made("ami-1"),
            json!({"image_id": "ami-1", "creates": true, "name": "web", "source_instance_id": "i-1", "made_public": false}),
        ),
        (
            "CopyImage",
            json!({"sourceRegion": "eu-west-1", "sourceImageId": "ami-0", "name": "copy"}),
            made("ami-2"),
            json!({"image_id": "ami-2", "creates": true, "name": "copy", "source_image_id": "ami-0", "source_region": "eu-west-1"}),
        ),
        (
            "CopyImage",
            json!({"CopyImageRequest": {"SourceRegion": "eu-west-1", "SourceImageId": "ami-0", "Name": "copy"}}),
            json!({"CopyImageResponse": {"imageId": "ami-3"}}),
            json!({"image_id": "ami-3", "name": "copy", "source_image_id": "ami-0"}),
        ),
        (
            "RegisterImage",
            json!({"name": "raw", "architecture": "arm64"}),
            made("ami-4"),
            json!({"image_id": "ami-4", "name": "raw", "creates": true}),
        ),
        (
            "CreateRestoreImageTask",
            json!({"CreateRestoreImageTaskRequest": {"Bucket": "b", "ObjectKey": "k", "Name": "back"}}),
            json!({"CreateRestoreImageTaskResponse": {"imageId": "ami-5"}}),
            json!({"image_id": "ami-5", "name": "back", "creates": true}),
        ),
        (
            "EnableImageDeprecation",
            json!({"imageId": IMAGE, "deprecateAt": "2026-11-01T00:00:00.000Z"}),
            json!({"_return": true}),
            json!({"image_id": IMAGE, "deprecate_at": "2026-11-01T00:00:00Z", "creates": false}),
        ),
        (
            "EnableImageDeprecation",
            json!({"EnableImageDeprecationRequest": {"ImageId": IMAGE, "DeprecateAt": "2026-11-01T02:00:00+02:00"}}),
            json!({"EnableImageDeprecationResponse": {"return": true}}),
            json!({"image_id": IMAGE, "deprecate_at": "2026-11-01T00:00:00Z"}),
        ),
        (
            "EnableImageDeprecation",
            json!({"imageId": IMAGE, "deprecateAt": "Nov 1, 2026 12:00:00 AM"}),
            json!(null),
            json!({"deprecate_at": "2026-11-01T00:00:00Z"}),
        ),
        (
            "EnableImageDeprecation",
            json!({"imageId": IMAGE, "deprecateAt": "2026-13-45T99:00:00Z"}),
            json!(null),
            json!({"deprecate_at": null}),
        ),
        (
            "EnableImageDeprecation",
            json!({"imageId": IMAGE, "deprecateAt": "infinity"}),
            json!(null),
            json!({"deprecate_at": null}),
        ),
        (
            "EnableImageDeprecation",
            json!({"imageId": IMAGE, "deprecateAt": ["soon"]}),
            json!(null),
            json!({"deprecate_at": null}),
        ),
        (
            "DisableImageDeprecation",
            image(),
            json!({"_return": true}),
            json!({"image_id": IMAGE, "deprecate_at": null}),
        ),
        ("DisableImageDeprecation", wrapped("DisableImageDeprecation"), json!(null), json!({"image_id": IMAGE})),
        ("DeregisterImage", image(), json!({"_return": true}), json!({"image_id": IMAGE, "made_public": null})),
        ("DeregisterImage", wrapped("DeregisterImage"), json!(null), json!({"image_id": IMAGE})),
        ("DisableImage", wrapped("DisableImage"), json!(null), json!({"image_id": IMAGE, "made_public": false})),
        ("EnableImage", wrapped("EnableImage"), json!(null), json!({"image_id": IMAGE, "made_public": null})),
        (
            "EnableImageDeregistrationProtection",
            wrapped("EnableImageDeregistrationProtection"),
            json!(null),
            json!({"image_id": IMAGE}),
        ),
        ("DisableImageDeregistrationProtection", image(), json!(null), json!({"image_id": IMAGE})),
        ("RestoreImageFromRecycleBin", wrapped("RestoreImageFromRecycleBin"), json!(null), json!({"image_id": IMAGE})),
        (
            "ResetImageAttribute",
            json!({"imageId": IMAGE, "attributeType": "launchPermission"}),
            json!(null),
            json!({"made_public": false}),
        ),
        (
            "ModifyImageAttribute",
            json!({"imageId": IMAGE, "launchPermission": {"add": {"items": [{"group": "all"}, {"userId": "444455556666"}]}}}),
            json!(null),
            json!({"made_public": true, "shared_with": ["444455556666"], "unshared_from": []}),
        ),
        (
            "ModifyImageAttribute",
            json!({"imageId": IMAGE, "launchPermission": {"remove": {"items": [{"group": "all"}, {"organizationArn": "arn:o"}]}}}),
            json!(null),
            json!({"made_public": false, "shared_with": [], "unshared_from": ["arn:o"]}),
        ),
        (
            "ModifyImageAttribute",
            json!({"ModifyImageAttributeRequest": {"ImageId": IMAGE, "LaunchPermission": {"Add": {"tag": 1, "UserId": "444455556666"}}}}),
            json!(null),
            json!({"image_id": IMAGE, "made_public": null, "shared_with": ["444455556666"]}),
        ),
        (
            "ModifyImageAttribute",
            json!({"ModifyImageAttributeRequest": {"ImageId": IMAGE, "LaunchPermission": {"Add": [{"tag": 1, "Group": "all"}, {"tag": 2, "UserId": "444455556666"}]}}}),
            json!(null),
            json!({"made_public": true, "shared_with": ["444455556666"]}),
        ),
        (
            "ModifyImageAttribute",
            json!({"imageId": IMAGE, "description": {"value": "x"}}),
            json!(null),
            json!({"made_public": null, "shared_with": []}),
        ),
        (
            "ModifyImageAttribute",
            json!({"imageId": IMAGE, "launchPermission": "all"}),
            json!(null),
            json!({"made_public": null, "shared_with": []}),
        ),
    ];
    let records: Vec<_> = cases
        .iter()
        .enumerate()
        .map(|(index, (name, request, response, _))| {
            call(index as u64, "08:00:00", name, request.clone(), response.clone())
        })
        .collect();
    let rows = place(&records).sql("FROM ami_events ORDER BY event_id");
    assert_eq!(rows.len(), cases.len());
    for (row, (name, request, _, expected)) in rows.iter().zip(&cases) {
        assert_eq!((&row["event_name"], &row["principal_name"]), (&json!(name), &json!("user/alice")));
        for (column, value) in expected.as_object().expect("columns") {
            assert_eq!(&row[column], value, "{column} of {name} {request}");
        }
    }
}

#[test]
fn what_failed_was_of_another_service_or_names_no_image_tells_nothing() {
    let failed = |code: &str| json!({"eventName": "DeregisterImage", "requestParameters": {"imageId": IMAGE}, "errorCode": code});
    let place = place(&[
        record(1, &failed("Client.UnauthorizedOperation")),
        record(2, &failed("Client.DryRunOperation")),
        record(
            3,
            &json!({"eventName": "CopyImage", "eventSource": "appstream.amazonaws.com", "responseElements": {"imageId": IMAGE}}),
        ),
        record(4, &json!({"eventName": "CreateImage", "requestParameters": {"instanceId": "i-1"}})),
        record(5, &json!({"eventName": "DeregisterImage", "requestParameters": {"imageId": ""}})),
        record(6, &json!({"eventName": "DescribeImages", "requestParameters": {"imageId": IMAGE}})),
    ]);
    assert_eq!(place.sql("FROM ami_events"), Vec::<Value>::new());
    assert_eq!(place.sql("FROM ami_inventory"), Vec::<Value>::new());
}

#[test]
fn the_log_alone_tells_the_state_at_every_moment() {
    let create =
        call(1, "01:00:00", "CreateImage", json!({"instanceId": "i-1", "name": "web"}), json!({"imageId": IMAGE}));
    let simple = |number, time, name| call(number, time, name, json!({"imageId": IMAGE}), json!(null));
    let place = place(&[
        create,
        enable_deprecation(2, "02:00:00", "2026-10-06T03:00:00Z"),
        disable_deprecation(3, "04:00:00"),
        simple(4, "05:00:00", "DisableImage"),
        simple(5, "06:00:00", "EnableImage"),
        simple(6, "07:00:00", "DeregisterImage"),
        simple(7, "08:00:00", "RestoreImageFromRecycleBin"),
        enable_deprecation(8, "09:00:00", "not a date"),
        simple(9, "10:00:00", "DeregisterImage"),
    ]);
    for (time, state) in [
        ("00:59:59", json!(null)),
        ("01:00:00", json!("available")),
        ("02:30:00", json!("available")),
        ("03:00:00", json!("deprecated")),
        ("04:00:00", json!("available")),
        ("05:00:00", json!("disabled")),
        ("06:00:00", json!("available")),
        ("07:00:00", json!("deregistered")),
        ("08:00:00", json!("available")),
        ("09:30:00", json!("available")),
        ("10:00:00", json!("deregistered")),
    ] {
        assert_eq!(state_at(&place, &format!("2026-10-06T{time}Z")), state, "{time}");
    }
    // a moment may be given with an offset
    assert_eq!(state_at(&place, "2026-10-06T05:00:00+02:00"), "deprecated");
    assert_eq!(state_at(&place, "now"), "deregistered");
    let row = &at(&place, "now", "* EXCLUDE (description, platform)")[0];
    for (column, value) in [
        ("name", json!("web")),
        ("owner_id", json!("111122223333")),
        ("aws_region", json!("us-east-1")),
        ("creation_date", json!("2026-10-06T01:00:00Z")),
        ("created_by", json!("arn:aws:iam::111122223333:user/alice")),
        ("deregistered_at", json!("2026-10-06T10:00:00Z")),
        ("deregistered_by", json!("arn:aws:iam::111122223333:user/alice")),
        ("source_instance_id", json!("i-1")),
        ("is_public", json!(false)),
        ("sources", json!(["log"])),
    ] {
        assert_eq!(row[column], value, "{column}");
    }
    let ran = place.run(&["query", "ami_inventory_at", "--moment", "yesterday"]);
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("yesterday"), "{}", ran.stderr);
}

#[test]
fn nothing_is_known_of_the_deprecation_of_an_image_until_something_says_so() {
    let share = json!({"imageId": IMAGE, "launchPermission": {"add": {"items": [{"group": "all"}]}}});
    let place = place(&[
        call(1, "01:00:00", "ModifyImageAttribute", share, json!(null)),
        launch(2, "02:00:00", "ami-2", "i-2"),
    ]);
    let rows =
        place.sql("SELECT image_id, state, is_public, deprecation_time, sources FROM ami_inventory ORDER BY image_id");
    assert_eq!(
        rows,
        [
            json!({"image_id": IMAGE, "state": "unknown", "is_public": true, "deprecation_time": null, "sources": ["log"]}),
            json!({"image_id": "ami-2", "state": "unknown", "is_public": null, "deprecation_time": null, "sources": ["log"]}),
        ]
    );
}

#[test]
fn an_inventory_tells_the_state_since_the_image_was_made() {
    let place = Place::new();
    place.write("images.json", described(&json!({"DeprecationTime": "2025-01-10T08:00:00.000Z"})));
    assert_eq!(import(&place, &["images.json"]), [1, 1, 0, 0, 0, 0]);
    for (moment, state) in [
        ("2024-01-10T07:59:59Z", json!(null)),
        ("2024-01-10T08:00:00Z", json!("available")),
        ("2025-01-10T07:59:59Z", json!("available")),
        ("2025-01-10T08:00:00Z", json!("deprecated")),
        ("now", json!("deprecated")),
    ] {
        assert_eq!(state_at(&place, moment), state, "{moment}");
    }
    for (fields, state) in [
        (json!({}), "available"),
        (json!({"State": "pending"}), "available"),
        (json!({"State": "disabled", "DeprecationTime": "2025-01-10T08:00:00.000Z"}), "disabled"),
        (json!({"State": "failed"}), "unknown"),
        (json!({"State": null}), "available"),
        (json!({"DeprecationTime": "2999-01-01T00:00:00.000Z", "CreationDate": "once"}), "available"),
    ] {
        let place = Place::new();
        place.write("images.json", described(&fields));
        import(&place, &["images.json"]);
        assert_eq!(state_at(&place, "now"), state, "{fields}");
    }
}

/// It would be taken for an image that is not to be deprecated.
#[test]
fn an_image_whose_deprecation_time_is_no_time_is_rejected() {
    for time in [json!("soon"), json!(5), json!("20160101"), json!("")] {
        let place = Place::new();
        place.write("images.json", described(&json!({"DeprecationTime": time})));
        let ran = place.run(&["amis", "import", "images.json", "--region", "us-east-1"]);
        assert!(
            ran.stdout.contains("1 rejected") && ran.stdout.contains("its DeprecationTime is no time"),
            "{}",
            ran.stdout
        );
        assert_eq!(place.sql("FROM amis"), Vec::<Value>::new(), "{time}");
    }
}

#[test]
fn of_log_and_inventory_the_later_word_counts() {
    let inventory = |place: &Place, as_of: &str, fields: &Value| {
        place.write("images.json", described(fields));
        import(place, &["--as-of", as_of, "images.json"]);
    };
    let deprecated = json!({"DeprecationTime": "2026-10-01T00:00:00.000Z"});
    let deprecation =
        |place: &Place, moment: &str| at(place, moment, "deprecation_time")[0]["deprecation_time"].clone();

    // the call came after the inventory
    let after = place(&[enable_deprecation(1, "08:00:00", "2026-12-01T00:00:00Z")]);
    inventory(&after, "2026-10-05", &deprecated);
    assert_eq!(deprecation(&after, "2026-10-06T07:59:59Z"), "2026-10-01T00:00:00Z");
    assert_eq!(deprecation(&after, "2026-10-06T08:00:00Z"), "2026-12-01T00:00:00Z");

    // the inventory came after the call, whichever was loaded first
    let before = place(&[disable_deprecation(1, "08:00:00")]);
    inventory(&before, "2026-10-07", &deprecated);
    assert_eq!(deprecation(&before, "2026-10-06T08:00:00Z"), json!(null));
    assert_eq!(deprecation(&before, "2026-10-07"), "2026-10-01T00:00:00Z");
    let inventory_first = Place::new();
    inventory(&inventory_first, "2026-10-07", &deprecated);
    inventory_first.write("log.json", log(&[disable_deprecation(1, "08:00:00")]));
    inventory_first.load(&["log.json"]);
    for moment in ["2026-10-06T08:00:00Z", "2026-10-07"] {
        assert_eq!(deprecation(&inventory_first, moment), deprecation(&before, moment));
    }

    // clearing, and the end
    let cleared = place(&[disable_deprecation(1, "08:00:00")]);
    inventory(&cleared, "2026-10-05", &deprecated);
    assert_eq!(state_at(&cleared, "2026-10-06T07:00:00Z"), "deprecated");
    assert_eq!(state_at(&cleared, "2026-10-06T08:00:00Z"), "available");
    let gone = place(&[call(1, "08:00:00", "DeregisterImage", json!({"imageId": IMAGE}), json!(null))]);
    inventory(&gone, "2026-10-05", &deprecated);
    assert_eq!(state_at(&gone, "2026-10-06T07:00:00Z"), "deprecated");
    assert_eq!(state_at(&gone, "now"), "deregistered");
    assert_eq!(at(&gone, "now", "sources")[0]["sources"], json!(["log", "inventory"]));

    // made public in the log, private again by the time of the inventory
    let share = json!({"imageId": IMAGE, "launchPermission": {"add": {"items": [{"group": "all"}]}}});
    let shared = place(&[call(1, "08:00:00", "ModifyImageAttribute", share, json!(null))]);
    inventory(&shared, "2026-10-05", &json!({}));
    assert_eq!(at(&shared, "now", "is_public")[0]["is_public"], true);
    inventory(&shared, "2026-10-07", &json!({}));
    assert_eq!(at(&shared, "now", "is_public")[0]["is_public"], false);
}

#[test]
fn importing_again_keeps_the_newest_description_of_each_image() {
    let place = Place::new();
    place.write("images.json", described(&json!({})));
    assert_eq!(import(&place, &["--as-of", "2026-10-01", "images.json"]), [1, 1, 0, 0, 0, 0]);
    assert_eq!(import(&place, &["--as-of", "2026-10-02", "images.json"]), [1, 0, 0, 1, 0, 0]);
    place.write("later.json", described(&json!({"Name": "later"})));
    assert_eq!(import(&place, &["--as-of", "2026-10-03", "later.json"]), [1, 0, 1, 0, 0, 0]);
    assert_eq!(import(&place, &["--as-of", "2026-10-02", "images.json"]), [1, 0, 0, 0, 1, 0]);
    // what was said of the region stays
    assert_eq!(import(&place, &["--as-of", "2026-10-03", "--region", "eu-west-1", "later.json"]), [1, 0, 0, 1, 0, 0]);
    assert_eq!(import(&place, &["--as-of", "2026-10-04", "later.json"]), [1, 0, 0, 1, 0, 0]);
    // the same image twice in a file: the last counts
    let twice = format!("{}\n{}", described(&json!({"Name": "first"})), described(&json!({"Name": "last"})));
    place.write("twice.json", twice);
    assert_eq!(import(&place, &["--as-of", "2026-10-05", "twice.json"]), [2, 0, 1, 1, 0, 0]);
    let rows = place.sql("SELECT name, aws_region, described_at, source, image ->> '$.Name' AS whole FROM amis");
    assert_eq!(
        rows,
        [
            json!({"name": "last", "aws_region": "eu-west-1", "described_at": "2026-10-05T00:00:00Z", "source": "twice.json#2", "whole": "last"})
        ]
    );
}

#[test]
fn inventories_come_in_many_forms() {
    let image = |id: &str| json!({"ImageId": id, "Name": id});
    let answer = |ids: &[&str]| json!({"Images": ids.iter().map(|id| image(id)).collect::<Vec<_>>(), "NextToken": "x"});
    let pretty = serde_json::to_string_pretty(&answer(&["ami-1", "ami-2"])).expect("JSON");
    let forms = [
        pretty.clone().into_bytes(),
        format!("{}{}", answer(&["ami-1"]), answer(&["ami-2"])).into_bytes(),
        format!("{}\r\n{}\r\n", answer(&["ami-1"]), answer(&["ami-2"])).into_bytes(),
        json!([image("ami-1"), image("ami-2")]).to_string().into_bytes(),
        json!([answer(&["ami-1"]), answer(&["ami-2"])]).to_string().into_bytes(),
        format!("{}\n{}\n", image("ami-1"), image("ami-2")).into_bytes(),
        gzip(&pretty),
        "\u{FEFF}".encode_utf16().chain(pretty.encode_utf16()).flat_map(u16::to_le_bytes).collect(),
    ];
    for (number, bytes) in forms.into_iter().enumerate() {
        let place = Place::new();
        place.write("images.json", &bytes);
        assert_eq!(import(&place, &["images.json"]), [2, 2, 0, 0, 0, 0], "form {number}");
        assert_eq!(
            place.sql("SELECT image_id, name FROM amis ORDER BY image_id")[1],
            json!({"image_id": "ami-2", "name": "ami-2"})
        );
        let piped = place.run_with(&["amis", "import", "-"], bytes);
        assert!(piped.stdout.starts_with("1 files, 2 images: 0 new, 0 updated, 2 unchanged"), "{}", piped.stdout);
    }
}

#[test]
fn region_and_account_are_those_of_the_arguments_or_the_path_or_the_use() {
    let place = place(&[launch(1, "08:00:00", "ami-5", "i-5")]);
    let image = |id: &str| json!({"Images": [{"ImageId": id, "Name": id}]}).to_string();
    for (path, id) in [
        ("111122223333/eu-west-1/images.json", "ami-1"),
        ("us-east-1/images-ap-southeast-2-444455556666.json", "ami-2"),
        ("images-us-gov-west-1.json", "ami-3"),
        ("beus-east-1234.json", "ami-4"),
    ] {
        place.write(path, image(id));
        import(&place, &[path]);
    }
    let of_one_answer = json!({"Images": [{"ImageId": "ami-5"}, {"ImageId": "ami-6"}]});
    place.write("one.json", format!("{of_one_answer}\n{}", image("ami-7")));
    import(&place, &["one.json"]);
    place.write("told.json", image("ami-8"));
    import(&place, &["--region", "sa-east-1", "--account", "123456789012", "told.json"]);
    let rows = place.sql("SELECT image_id, i.aws_region, account_id FROM ami_inventory AS i JOIN amis USING (image_id) ORDER BY image_id");
    let expected = [
        ("ami-1", json!("eu-west-1"), json!("111122223333")),
        ("ami-2", json!("ap-southeast-2"), json!("444455556666")),
        ("ami-3", json!("us-gov-west-1"), json!(null)),
        ("ami-4", json!(null), json!(null)),
        ("ami-5", json!("us-east-1"), json!(null)),
        ("ami-6", json!("us-east-1"), json!(null)),
        ("ami-7", json!(null), json!(null)),
        ("ami-8", json!("sa-east-1"), json!("123456789012")),
    ];
    let expected =
        expected.map(|(id, region, account)| json!({"image_id": id, "aws_region": region, "account_id": account}));
    assert_eq!(rows, expected);
}

#[test]
fn a_damaged_file_is_not_imported_at_all_and_the_others_are() {
    let place = Place::new();
    place.write("good.json", described(&json!({})));
    let many: Vec<_> = (0..6000).map(|n| json!({"ImageId": format!("ami-{n}")}).to_string()).collect();
    place.write("cut.json", format!("{{\"Images\": [{}", many.join(",")));
    place.write("cut.json.gz", &gzip(&described(&json!({"ImageId": "ami-9"})))[..60]);
    let ran = place.run(&["amis", "import", "cut.json", "cut.json.gz", "good.json"]);
    assert_eq!(ran.code, 1);
    assert_eq!(
        ran.stdout,
        "1 files, 1 images: 1 new, 0 updated, 0 unchanged, 0 older than what is known, 0 rejected\n"
    );
    for part in [
        "cut.json: nothing of it was imported: byte 136901: the text ends",
        "cut.json.gz: nothing of it was imported: gzip: ",
    ] {
        assert!(ran.stderr.contains(part), "{part}: {}", ran.stderr);
    }
    assert_eq!(place.sql("SELECT count(*) AS n FROM amis"), [json!({"n": 1})]);
}

#[test]
fn what_is_no_inventory_is_named() {
    for (text, message) in [
        (log(&[record(1, &json!({}))]), "looks like a CloudTrail log, which `trailduck load` reads"),
        (json!({"Reservations": []}).to_string(), "looks like an object with Reservations,"),
        ("An error occurred\u{1b}[2J".to_owned(), "looks like text (An error occurred\\u{1b}[2J)"),
        (String::new(), "looks like an empty file"),
        ("{\"Images\": [{\"ImageId\": \"ami-1\" \"x\": 1}]}".to_owned(), "byte 32: expected `,` or `}`"),
        ("{\"Images\": [{\"ImageId\": \"\u{0}\"}]}".to_owned(), "byte 25: a control character"),
    ] {
        let place = Place::new();
        place.write("file.json", &text);
        let ran = place.run(&["amis", "import", "file.json"]);
        assert_eq!(ran.code, 1, "{text}");
        assert!(ran.stderr.contains(message) && ran.stderr.contains("file.json"), "{message}: {}", ran.stderr);
        assert_eq!(place.sql("FROM amis"), Vec::<Value>::new());
    }
    let place = Place::new();
    let ran = place.run(&["amis", "import", "typo.json"]);
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("typo.json") && !place.path("trail.duckdb").exists(), "{}", ran.stderr);
    let ran = place.run(&["amis", "import", "--as-of", "yesterday", "typo.json"]);
    assert_eq!(ran.code, 2);
}

#[test]
fn an_image_of_which_nothing_can_be_made_is_rejected_with_its_number() {
    let place = Place::new();
    let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
    place.write(
        "images.json",
        format!(r#"{{"Images": [{{"Name": "x"}}, null, {{"ImageId": "ami-1"}}, {{"ImageId": "ami-2", "Name": "\ud800"}}, {{"ImageId": "ami-3", "Tags": {deep}}}]}}"#),
    );
    let ran = place.run(&["amis", "import", "images.json"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(
        ran.stdout,
        "1 files, 5 images: 1 new, 0 updated, 0 unchanged, 0 older than what is known, 4 rejected\n\
         rejected: images.json, image 1: no ImageId\n\
         rejected: images.json, image 2: an image is an object\n\
         rejected: images.json, image 4: an unpaired surrogate, a number beyond a double, or more levels than 100\n\
         rejected: images.json, image 5: an unpaired surrogate, a number beyond a double, or more levels than 100\n"
    );
}

#[test]
fn names_are_shown_not_obeyed() {
    let hostile = "'; DROP TABLE amis; --\u{1b}[2J\u{202e}=1+1|x";
    let id = "ami-1'); DROP TABLE events; --$(id)";
    let place = place(&[launch(1, "08:00:00", id, "i-1"), launch(2, "08:00:01", "ami-0000000000000000f", "i-2")]);
    place.write("images.json", described(&json!({"ImageId": id, "Name": hostile, "State": ["available"], "Public": {"a": 1}, "OwnerId": 12, "CreationDate": 5})));
    assert_eq!(import(&place, &["images.json"]), [1, 1, 0, 0, 0, 0]);
    for format in ["table", "csv", "markdown"] {
        let text = place.ok(&["amis", "--format", format]);
        assert!(text.contains("DROP TABLE amis") && !text.contains(['\u{1b}', '\u{202e}']), "{text}");
    }
    let rows = place.sql("SELECT name, owner_id, is_public, creation_date FROM amis");
    assert_eq!(rows, [json!({"name": hostile, "owner_id": "12", "is_public": null, "creation_date": null})]);
    // what is to be pasted into a shell names only what looks like an id
    let stderr = place.run(&["amis"]).stderr;
    assert!(stderr.contains("Values=ami-0000000000000000f >") && !stderr.contains("$(id)"), "{stderr}");
}

#[test]
fn usage_tells_who_launched_what_whether_it_was_deprecated_and_what_is_left() {
    let terminate = |number, time, request, response| call(number, time, "TerminateInstances", request, response);
    let instances = |ids: &[&str]| json!({"instancesSet": {"items": ids.iter().map(|id| json!({"instanceId": id})).collect::<Vec<_>>()}});
    let mut refused = terminate(9, "06:00:00", instances(&["i-3"]), json!(null));
    refused["errorCode"] = json!("Client.UnauthorizedOperation");
    let mut failed = launch(8, "01:30:00", IMAGE, "i-8");
    failed["errorCode"] = json!("Client.InstanceLimitExceeded");
    failed["responseElements"] = json!(null);
    let mut by_bob = launch(3, "04:00:00", IMAGE, "i-3");
    by_bob["userIdentity"]["arn"] = json!("arn:aws:iam::111122223333:user/bob");
    by_bob["awsRegion"] = json!("eu-west-1");
    by_bob["requestParameters"]["instancesSet"]["items"][0]["imageId"] = json!("resolve:ssm:/web/ami");
    let place = place(&[
        launch(1, "01:00:00", IMAGE, "i-1"),
        launch(2, "02:00:00", IMAGE, "i-2"),
        by_bob,
        failed,
        refused,
        enable_deprecation(4, "00:30:00", "2026-10-06T03:00:00Z"),
        terminate(5, "05:00:00", instances(&["i-1"]), json!(null)),
        terminate(6, "05:00:01", json!(null), instances(&["i-2", "i-99"])),
        call(7, "05:00:02", "StopInstances", instances(&["i-3"]), json!(null)),
    ]);
    let columns = "state, first_launch, last_launch, launches, deprecated_launches, deprecated_at_launch,
        deprecated_at_last_launch, principals, regions, instances, running, running_instances";
    let at = |moment: &str| place.sql(&format!("SELECT {columns} FROM ami_usage_at('{moment}')"));
    assert_eq!(
        place.sql(&format!("SELECT {columns} FROM ami_usage")),
        [json!({
            "state": "deprecated", "first_launch": "2026-10-06T01:00:00Z", "last_launch": "2026-10-06T04:00:00Z",
            "launches": 3, "deprecated_launches": 1, "deprecated_at_launch": true, "deprecated_at_last_launch": true,
            "principals": ["user/alice", "user/bob"], "regions": ["eu-west-1", "us-east-1"],
            "instances": 3, "running": 1, "running_instances": ["i-3"],
        })]
    );
    assert_eq!(
        at("2026-10-06T02:00:00Z"),
        [json!({
            "state": "available", "first_launch": "2026-10-06T01:00:00Z", "last_launch": "2026-10-06T02:00:00Z",
            "launches": 2, "deprecated_launches": 0, "deprecated_at_launch": false, "deprecated_at_last_launch": false,
            "principals": ["user/alice"], "regions": ["us-east-1"],
            "instances": 2, "running": 2, "running_instances": ["i-1", "i-2"],
        })]
    );
    assert_eq!(at("2026-10-06T00:59:59Z"), Vec::<Value>::new());
    let rows = place.sql("SELECT instance_id, image_id, principal_name, terminated_at, terminated_by FROM instances ORDER BY instance_id");
    let by = "arn:aws:iam::111122223333:user/alice";
    assert_eq!(
        rows,
        [
            json!({"instance_id": "i-1", "image_id": IMAGE, "principal_name": "user/alice", "terminated_at": "2026-10-06T05:00:00Z", "terminated_by": by}),
            json!({"instance_id": "i-2", "image_id": IMAGE, "principal_name": "user/alice", "terminated_at": "2026-10-06T05:00:01Z", "terminated_by": by}),
            json!({"instance_id": "i-3", "image_id": IMAGE, "principal_name": "user/bob", "terminated_at": null, "terminated_by": null}),
        ]
    );
}

#[test]
fn a_launch_without_its_answer_counts_as_many_instances_as_were_asked_for() {
    let request = json!({"instancesSet": {"items": [{"imageId": IMAGE, "minCount": 1, "maxCount": 3}]}});
    let place = place(&[call(1, "01:00:00", "RunInstances", request, json!(null))]);
    let rows = place.sql("SELECT state, launches, instances, running, deprecated_at_launch FROM ami_usage");
    assert_eq!(
        rows,
        [json!({"state": "unknown", "launches": 1, "instances": 3, "running": 0, "deprecated_at_launch": null})]
    );
}

#[test]
fn the_newest_available_image_of_the_family_replaces_one_that_is_not() {
    let place = place(&[launch(1, "01:00:00", IMAGE, "i-1")]);
    let image = |id: &str, name: &str, created: &str, fields: Value| {
        let mut image = json!({"ImageId": id, "Name": name, "OwnerId": "111122223333", "Architecture": "x86_64", "CreationDate": created});
        for (key, value) in fields.as_object().expect("fields") {
            image[key] = value.clone();
        }
        image
    };
    let old =
        image(IMAGE, "web_base-2024.01", "2024-01-10T08:00:00Z", json!({"DeprecationTime": "2025-01-01T00:00:00Z"}));
    let mut images = vec![
        old,
        image("ami-2", "web-base-2026.02.1", "2026-02-01T00:00:00Z", json!({})),
        image("ami-3", "web-base-2026.01", "2026-01-01T00:00:00Z", json!({})),
        image("ami-4", "web-base-2026.03", "2026-03-01T00:00:00Z", json!({"Architecture": "arm64"})),
        image("ami-5", "web-base-2026.04", "2026-04-01T00:00:00Z", json!({"OwnerId": "444455556666"})),
        image("ami-6", "web-base-2026.05", "2026-05-01T00:00:00Z", json!({"DeprecationTime": "2026-06-01T00:00:00Z"})),
        image("ami-7", "web-extra-2026.06", "2026-06-01T00:00:00Z", json!({})),
        image("ami-8", "web-base-2026.07", "2026-07-01T00:00:00Z", json!({"State": "disabled"})),
    ];
    place.write("us-east-1.json", json!({"Images": images}).to_string());
    let other_region = image("ami-9", "web-base-2026.08", "2026-08-01T00:00:00Z", json!({}));
    place.write("eu-west-1.json", json!({"Images": [other_region]}).to_string());
    import(&place, &["us-east-1.json", "eu-west-1.json"]);
    let replacement =
        |place: &Place| place.sql("SELECT replacement, replacement_name FROM ami_usage_at('2026-10-06T12:00:00Z')");
    assert_eq!(replacement(&place), [json!({"replacement": "ami-2", "replacement_name": "web-base-2026.02.1"})]);
    // what is available needs none
    images[0]["DeprecationTime"] = json!(null);
    place.write("us-east-1.json", json!({"Images": images}).to_string());
    import(&place, &["us-east-1.json"]);
    assert_eq!(replacement(&place), [json!({"replacement": null, "replacement_name": null})]);
}

#[test]
fn a_name_pattern_tells_how_old_the_images_are_that_it_asks_for() {
    let asked = |number: u64, patterns: &[&str], include_deprecated: bool| {
        let values: Vec<_> = patterns.iter().map(|pattern| json!({"value": pattern})).collect();
        record(
            number,
            &json!({"requestParameters": {
                "includeDeprecated": include_deprecated,
                "filterSet": {"items": [{"name": "name", "valueSet": {"items": values}}]},
            }}),
        )
    };
    let cases = [
        ("amzn-ami-hvm-2016*", json!([2016]), json!("images of 2016, Amazon Linux 1, out of support since 2023-12-31")),
        ("amzn2-ami-hvm-*-x86_64-gp2", json!([]), json!("Amazon Linux 2, out of support since 2026-06-30")),
        ("al2023-ami-2023.*", json!([2023]), json!("images of 2023")),
        ("ubuntu/images/*xenial*", json!([]), json!("Ubuntu 16.04, out of support since 2021-04-30")),
        (
            "ubuntu/images/*-14.04-*-20160314",
            json!([2016]),
            json!("images of 2016, Ubuntu 14.04, out of support since 2019-04-30"),
        ),
        ("ubuntu/images/*noble*", json!([]), json!(null)),
        (
            "Windows_Server-2012-R2_RTM-English-64Bit-Base-2016.12.14",
            json!([2012, 2016]),
            json!("images of 2012, 2016, Windows Server 2012, out of support since 2023-10-10"),
        ),
        ("Windows_Server-2016-*", json!([2016]), json!("images of 2016, Windows Server 2016")),
        ("debian-stretch-*", json!([]), json!("Debian 9, out of support since 2022-06-30")),
        ("debian-10-amd64-*", json!([]), json!("Debian 10, out of support since 2024-06-30")),
        ("RHEL-7.?*GA*", json!([]), json!("Red Hat Enterprise Linux 7, out of support since 2024-06-30")),
        ("RHEL-8.6*-7", json!([]), json!(null)),
        ("CentOS Linux 6*", json!([]), json!("CentOS 6, out of support since 2020-11-30")),
        ("web-20161345-1999-123456", json!([]), json!(null)),
        ("*", json!([]), json!(null)),
    ];
    let patterns: Vec<_> = cases.iter().map(|(pattern, ..)| *pattern).collect();
    let place = place(&[asked(1, &patterns, true), asked(2, &["amzn-ami-2015*"], false)]);
    let rows = place.sql("SELECT name_pattern, years, age FROM ami_name_ages");
    assert_eq!(rows.len(), cases.len());
    for (pattern, years, age) in cases {
        assert!(rows.contains(&json!({"name_pattern": pattern, "years": years, "age": age})), "{pattern}: {rows:?}");
    }
}

#[test]
fn amis_reviews_the_images_in_use() {
    let place = Place::with_fixtures();
    let ids = |args: &[&str]| -> Vec<String> {
        let rows = place.rows(&[&["amis", "--at", "2026-10-08"], args].concat());
        rows.iter().map(|row| row["image_id"].as_str().expect("an id").to_owned()).collect()
    };
    // nothing is known yet: how to find out
    let ran = place.run(&["amis", "--at", "2026-10-08"]);
    assert_eq!(ran.code, 0);
    assert_eq!(
        ran.stderr,
        "us-east-1: whether 4 images in use are deprecated is not known. Ask:\n  \
         aws ec2 describe-images --region us-east-1 --include-deprecated --filters \
         Name=image-id,Values=ami-0ab16d2016e5f7c01,ami-0ab16d2016e5f7c02,ami-0c1f0e5a2b7d94e31,ami-0c4e16a04b1d2e304 > images-us-east-1.json\n  \
         trailduck amis import images-us-east-1.json\n\
         eu-west-1: whether 1 images in use are deprecated is not known. Ask:\n  \
         aws ec2 describe-images --region eu-west-1 --include-deprecated --filters \
         Name=image-id,Values=ami-0e0716a04c5d6e708 > images-eu-west-1.json\n  \
         trailduck amis import images-eu-west-1.json\n"
    );
    let ran = place.run(&["amis", "--deprecated"]);
    assert!(ran.stderr.starts_with("no image in use is known to be deprecated\n"), "{}", ran.stderr);

    place.ok(&["amis", "import", fixtures("describe-images.json").to_str().expect("UTF-8")]);
    let ran = place.run(&[
        "amis",
        "--at",
        "2026-10-08",
        "--format",
        "csv",
        "--columns",
        "image_id,name,state,running,deprecated_at_launch,release,replacement",
    ]);
    assert_eq!(
        ran.stdout,
        "image_id,name,state,running,deprecated_at_launch,release,replacement\n\
         ami-0e0716a04c5d6e708,legacy-batch-2016.07,deprecated,1,true,,ami-0e0926a04c5d6e709\n\
         ami-0ab16d2016e5f7c01,amzn-ami-hvm-2016.03.3.x86_64-gp2,deprecated,0,true,Amazon Linux 1,\n\
         ami-0ab16d2016e5f7c02,amzn-ami-hvm-2016.09.0.20160923-x86_64-gp2,deprecated,0,true,Amazon Linux 1,\n\
         ami-0c4e16a04b1d2e304,ubuntu/images/hvm-ssd/ubuntu-xenial-16.04-amd64-server-20161020,deprecated,0,true,Ubuntu 16.04,\n\
         ami-0c1f0e5a2b7d94e31,al2023-ami-2023.11.20260817.0-kernel-6.1-x86_64,available,5,false,,\n"
    );
    assert_eq!(ran.stderr, "");
    let story = &place.rows(&["amis", "--deprecated", "--at", "2026-10-08"])[0];
    for (column, value) in [
        ("running_instances", json!(["i-097cec58dd34a44a6"])),
        ("regions", json!(["eu-west-1"])),
        ("days_deprecated", json!(3008)),
        ("principals", json!(["ops-admin/session-1791253040"])),
        ("sources", json!(["log", "inventory"])),
    ] {
        assert_eq!(story[column], value, "{column}");
    }
    let deprecated = ids(&["--deprecated"]);
    assert_eq!(deprecated, ids(&[])[..4]);
    assert_eq!(ids(&["--limit", "1"]), deprecated[..1]);
    // by the end of November the image of the deployments is deprecated, too, and has a successor
    let later =
        place.rows(&["amis", "--deprecated", "--at", "2026-11-25T00:00:00Z", "--columns", "image_id,replacement"]);
    assert_eq!(later[1], json!({"image_id": "ami-0c1f0e5a2b7d94e31", "replacement": "ami-0c1f0e5a2b7d94e32"}));
    // before its first launch there was no use of it
    assert_eq!(place.rows(&["amis", "--at", "2026-10-06"]).len(), 1);
    for format in ["table", "json", "ndjson", "markdown"] {
        assert!(
            place.ok(&["amis", "--at", "2026-10-08", "--format", format]).contains("ami-0e0926a04c5d6e709"),
            "{format}"
        );
    }
    let ran = place.run(&["amis", "--deprecated", "import", "x"]);
    assert_eq!(ran.code, 2);
}
