//! Calls by which an image becomes an instance: a request in, the columns of `ami_launches` out.

mod common;

use common::{Place, log, record};
use serde_json::{Value, json};

/// A store with these calls, made a minute apart: API, request, response and what else differs.
fn store(calls: &[(&str, Value, Value, Value)]) -> Place {
    let records: Vec<_> = (0..)
        .zip(calls)
        .map(|(number, (event_name, request, response, fields))| {
            let group = event_name.contains("AutoScaling") || event_name.contains("LaunchConfiguration");
            let mut record = record(
                number,
                &json!({
                    "eventSource": if group { "autoscaling.amazonaws.com" } else { "ec2.amazonaws.com" },
                    "eventName": event_name, "eventTime": format!("2026-10-06T02:{number:02}:00Z"),
                    "requestParameters": request, "responseElements": response,
                }),
            );
            for (key, value) in fields.as_object().into_iter().flatten() {
                record[key] = value.clone();
            }
            record
        })
        .collect();
    let place = Place::new();
    place.write("a.json", log(&records));
    place.load(&["a.json"]);
    place
}

/// The launches in order of time, by columns.
fn launches(place: &Place) -> Vec<Value> {
    place.sql("SELECT * EXCLUDE (request_parameters, response_elements) FROM ami_launches ORDER BY event_time")
}

fn assert_columns(row: &Value, expected: Value) {
    for (column, value) in expected.as_object().expect("columns") {
        assert_eq!(row[column], *value, "{column} of {row}");
    }
}

/// The one launch of a store with one call.
fn one(event_name: &str, request: Value, response: Value) -> Value {
    let rows = launches(&store(&[(event_name, request, response, json!({}))]));
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0]["event_name"], event_name);
    rows[0].clone()
}

fn auto_scaling() -> Value {
    json!({
        "userIdentity": {
            "type": "AssumedRole", "principalId": "AROAEXAMPLE:AutoScaling", "accountId": "111122223333",
            "arn": "arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForAutoScaling/AutoScaling",
            "invokedBy": "autoscaling.amazonaws.com",
        },
        "sourceIPAddress": "autoscaling.amazonaws.com", "userAgent": "autoscaling.amazonaws.com",
    })
}

#[test]
fn run_instances() {
    let launched = json!({"instancesSet": {"items": [
        {"instanceId": "i-0f991d68387db2f6e", "imageId": "ami-1", "instanceType": "t3.micro", "networkInterfaceSet": {"items": [{"networkInterfaceId": "eni-1"}]}},
        {"instanceId": "i-034ff696182e906fa", "imageId": "ami-1", "instanceType": "t3.micro"},
    ]}});
    let request = json!({"instancesSet": {"items": [{"imageId": "ami-1", "minCount": 1, "maxCount": 5}]}, "instanceType": "t3.micro"});
    assert_columns(
        &one("RunInstances", request.clone(), launched),
        json!({
            "launch_kind": "instances", "image_ids": ["ami-1"], "outcome": "success", "instance_type": "t3.micro",
            "instance_ids": ["i-0f991d68387db2f6e", "i-034ff696182e906fa"], "instance_count": 2, "launch_template": null,
            "on_behalf": false, "makes": [], "made_from": [],
        }),
    );
    // some exports have a lone item without its list
    let launched = json!({"instancesSet": {"items": {"instanceId": "i-1", "imageId": "ami-1"}}});
    assert_columns(
        &one("RunInstances", request, launched),
        json!({"instance_ids": ["i-1"], "image_ids": ["ami-1"], "instance_count": 1}),
    );
}

#[test]
fn run_instances_from_a_template_has_its_image_from_the_response() {
    let request = json!({"instancesSet": {"items": [{"minCount": 1, "maxCount": 1}]}, "launchTemplate": {"launchTemplateName": "batch", "version": "$Default"}});
    let response =
        json!({"instancesSet": {"items": [{"instanceId": "i-1", "imageId": "ami-1", "instanceType": "c5.large"}]}});
    assert_columns(
        &one("RunInstances", request, response),
        json!({
            "image_ids": ["ami-1"], "instance_type": "c5.large", "launch_template": "batch", "launch_template_id": null,
            "launch_template_name": "batch", "launch_template_version": "$Default",
        }),
    );
}

#[test]
fn refused_and_rehearsed_launches_are_attempts() {
    let request = json!({"instancesSet": {"items": [{"imageId": "ami-1", "minCount": 1, "maxCount": 5}]}});
    let rows = launches(&store(&[
        (
            "RunInstances",
            request.clone(),
            json!(null),
            json!({"errorCode": "Client.DryRunOperation", "errorMessage": "Request would have succeeded"}),
        ),
        ("RunInstances", request, json!(null), json!({"errorCode": "Client.UnauthorizedOperation"})),
        (
            "CreateAutoScalingGroup",
            json!({"autoScalingGroupName": "g"}),
            json!(null),
            json!({"errorCode": "AccessDenied"}),
        ),
    ]));
    let attempt =
        |outcome| json!({"outcome": outcome, "image_ids": ["ami-1"], "instance_ids": [], "instance_count": 5});
    assert_columns(&rows[0], attempt("dry_run"));
    assert_columns(&rows[1], attempt("failure"));
    assert_columns(&rows[2], json!({"outcome": "failure", "auto_scaling_group": "g", "makes": []}));
}

#[test]
fn request_spot_instances() {
    assert_columns(
        &one(
            "RequestSpotInstances",
            json!({"spotPrice": "0.05", "instanceCount": 3, "launchSpecification": {"imageId": "ami-1", "instanceType": "m5.large"}}),
            json!({"spotInstanceRequestSet": {"items": [{"spotInstanceRequestId": "sir-1", "launchSpecification": {"imageId": "ami-1"}}]}}),
        ),
        json!({
            "launch_kind": "request", "image_ids": ["ami-1"], "instance_ids": [], "instance_type": "m5.large",
            "instance_count": 3, "spot_instance_request_ids": ["sir-1"], "makes": ["spot:sir-1"],
        }),
    );
}

#[test]
fn request_spot_fleet() {
    for request in [
        json!({"spotFleetRequestConfig": {"targetCapacity": 4, "launchSpecifications": {"items": [{"imageId": "ami-1", "instanceType": "m5.large"}, {"imageId": "ami-2"}]}}}),
        json!({"spotFleetRequestConfig": {"targetCapacity": 4, "launchSpecifications": [{"imageId": "ami-1", "instanceType": "m5.large"}, {"imageId": "ami-2"}]}}),
    ] {
        assert_columns(
            &one("RequestSpotFleet", request, json!({"spotFleetRequestId": "sfr-1"})),
            json!({
                "launch_kind": "request", "image_ids": ["ami-1", "ami-2"], "instance_type": "m5.large", "instance_count": 4,
                "fleet_id": "sfr-1", "makes": ["fleet:sfr-1"],
            }),
        );
    }
}

#[test]
fn create_fleet() {
    let specification = json!({"LaunchTemplateId": "lt-1", "Version": 2});
    let request = |kind: &str, configs: Value| {
        json!({"CreateFleetRequest": {
            "Type": kind, "LaunchTemplateConfigs": configs,
            "TargetCapacitySpecification": {"TotalTargetCapacity": 2, "DefaultTargetCapacityType": "on-demand"},
        }})
    };
    // a list of one is an object
    let row = one(
        "CreateFleet",
        request("maintain", json!({"tag": 1, "LaunchTemplateSpecification": specification})),
        json!({"CreateFleetResponse": {"fleetId": "fleet-1", "fleetInstanceSet": "", "errorSet": ""}}),
    );
    assert_columns(
        &row,
        json!({
            "launch_kind": "request", "image_ids": [], "instance_ids": [], "instance_count": 2, "fleet_id": "fleet-1",
            "launch_template_id": "lt-1", "launch_template_version": "2", "made_from": ["template:111122223333:us-east-1:lt-1/2"],
        }),
    );
    // one of type instant answers with its instances
    let row = one(
        "CreateFleet",
        request(
            "instant",
            json!([{
                "tag": 1, "LaunchTemplateSpecification": specification,
                "Overrides": [{"tag": 1, "ImageId": "ami-2", "InstanceType": "c5.large"}, {"tag": 2, "ImageId": "ami-1", "InstanceType": "c5.xlarge"}],
            }]),
        ),
        json!({"CreateFleetResponse": {"fleetId": "fleet-1", "fleetInstanceSet": {"item": {"instanceIds": {"item": ["i-0a1", "i-0b2"]}, "instanceType": "c5.large"}}}}),
    );
    assert_columns(
        &row,
        json!({
            "launch_kind": "instances", "image_ids": ["ami-1", "ami-2"], "instance_ids": ["i-0a1", "i-0b2"],
            "instance_count": 2, "instance_type": "c5.large",
        }),
    );
    // in camel case, without the wrapping
    let row = one(
        "CreateFleet",
        json!({"type": "instant", "launchTemplateConfigs": [{"launchTemplateSpecification": {"launchTemplateName": "batch", "version": "$Latest"}}]}),
        json!({"fleetId": "fleet-1", "fleetInstanceSet": [{"instanceIds": ["i-0a1"]}]}),
    );
    assert_columns(
        &row,
        json!({"launch_kind": "instances", "instance_ids": ["i-0a1"], "launch_template_name": "batch", "fleet_id": "fleet-1"}),
    );
}

/// CreateLaunchTemplate, and the calls that follow about it.
fn template(image: &str) -> (&'static str, Value, Value, Value) {
    (
        "CreateLaunchTemplate",
        json!({"CreateLaunchTemplateRequest": {"LaunchTemplateName": "batch", "LaunchTemplateData": {"ImageId": image, "InstanceType": "t3.micro"}}}),
        json!({"CreateLaunchTemplateResponse": {"launchTemplate": {
            "launchTemplateId": "lt-1", "launchTemplateName": "batch", "defaultVersionNumber": 1, "latestVersionNumber": 1,
        }}}),
        json!({}),
    )
}

fn version(number: u64, request: Value, image: &str) -> (&'static str, Value, Value, Value) {
    (
        "CreateLaunchTemplateVersion",
        json!({"CreateLaunchTemplateVersionRequest": request}),
        json!({"CreateLaunchTemplateVersionResponse": {"launchTemplateVersion": {
            "launchTemplateId": "lt-1", "launchTemplateName": "batch", "versionNumber": number, "launchTemplateData": {"imageId": image},
        }}}),
        json!({}),
    )
}

#[test]
fn create_launch_template_and_its_versions() {
    let place = store(&[
        template("ami-1"),
        version(2, json!({"LaunchTemplateId": "lt-1", "LaunchTemplateData": {"ImageId": "ami-2"}}), "ami-2"),
        // the image is that of the version it is made from
        version(
            3,
            json!({"LaunchTemplateName": "batch", "SourceVersion": "1", "LaunchTemplateData": {"InstanceType": "t3.large"}}),
            "ami-1",
        ),
        (
            "CreateLaunchTemplate",
            json!({"launchTemplateName": "plain", "launchTemplateData": {"imageId": "ami-3"}}),
            json!({"launchTemplate": {"launchTemplateId": "lt-2"}}),
            json!({}),
        ),
    ]);
    let rows = launches(&place);
    assert_columns(
        &rows[0],
        json!({
            "launch_kind": "template", "image_ids": ["ami-1"], "instance_ids": [], "instance_type": "t3.micro", "launch_template": "lt-1",
            "launch_template_id": "lt-1", "launch_template_name": "batch", "launch_template_version": "1",
        }),
    );
    assert_columns(
        &rows[1],
        json!({"image_ids": ["ami-2"], "launch_template_name": "batch", "launch_template_version": "2"}),
    );
    assert_columns(
        &rows[2],
        json!({"image_ids": ["ami-1"], "launch_template_id": "lt-1", "launch_template_version": "3"}),
    );
    assert_columns(
        &rows[3],
        json!({"image_ids": ["ami-3"], "launch_template_id": "lt-2", "launch_template_name": "plain"}),
    );
    let versions =
        place.sql("SELECT launch_template_id AS id, version, image_ids FROM launch_templates ORDER BY id, version");
    assert_eq!(versions[1], json!({"id": "lt-1", "version": 2, "image_ids": ["ami-2"]}));
    assert_eq!(versions.len(), 4);
}

#[test]
fn create_launch_configuration() {
    assert_columns(
        &one(
            "CreateLaunchConfiguration",
            json!({"launchConfigurationName": "c", "imageId": "ami-1", "instanceType": "t3.micro"}),
            json!(null),
        ),
        json!({"launch_kind": "template", "launch_configuration": "c", "image_ids": ["ami-1"], "instance_type": "t3.micro"}),
    );
}

#[test]
fn a_group_launches_the_image_of_its_configuration() {
    let configuration = |image| {
        ("CreateLaunchConfiguration", json!({"launchConfigurationName": "c", "imageId": image}), json!(null), json!({}))
    };
    let mut elsewhere = configuration("ami-9");
    elsewhere.3 = json!({"awsRegion": "eu-west-1"});
    let rows = launches(&store(&[
        configuration("ami-1"),
        elsewhere,
        (
            "CreateAutoScalingGroup",
            json!({"autoScalingGroupName": "g", "launchConfigurationName": "c", "minSize": 1, "maxSize": 9, "desiredCapacity": 3}),
            json!(null),
            json!({}),
        ),
    ]));
    assert_columns(
        &rows[2],
        json!({
            "launch_kind": "group", "auto_scaling_group": "g", "launch_configuration": "c", "image_ids": ["ami-1"],
            "instance_count": 3, "makes": ["group:111122223333:us-east-1:g"],
        }),
    );
}

#[test]
fn a_group_launches_the_image_of_the_template_version_it_names() {
    let group = |event_name, request: Value| (event_name, request, json!(null), json!({}));
    let place = store(&[
        template("ami-1"),
        version(2, json!({"LaunchTemplateId": "lt-1", "LaunchTemplateData": {"ImageId": "ami-2"}}), "ami-2"),
        group(
            "CreateAutoScalingGroup",
            json!({"autoScalingGroupName": "g", "launchTemplate": {"launchTemplateName": "batch", "version": "$Latest"}}),
        ),
        group(
            "UpdateAutoScalingGroup",
            json!({"autoScalingGroupName": "g", "launchTemplate": {"launchTemplateId": "lt-1", "version": "$Default"}}),
        ),
        group(
            "UpdateAutoScalingGroup",
            json!({"autoScalingGroupName": "g", "launchTemplate": {"launchTemplateId": "lt-1"}}),
        ),
        (
            "ModifyLaunchTemplate",
            json!({"ModifyLaunchTemplateRequest": {"LaunchTemplateId": "lt-1", "SetDefaultVersion": 2}}),
            json!({"ModifyLaunchTemplateResponse": {"launchTemplate": {"launchTemplateId": "lt-1", "launchTemplateName": "batch", "defaultVersionNumber": 2}}}),
            json!({}),
        ),
        group(
            "UpdateAutoScalingGroup",
            json!({"autoScalingGroupName": "g", "launchTemplate": {"launchTemplateName": "batch", "version": "$Default"}}),
        ),
        group(
            "UpdateAutoScalingGroup",
            json!({"autoScalingGroupName": "g", "mixedInstancesPolicy": {"launchTemplate": {
                "launchTemplateSpecification": {"launchTemplateId": "lt-1", "version": "1"},
                "overrides": [{"instanceType": "c5.large"}, {"launchTemplateSpecification": {"launchTemplateName": "batch", "version": "2"}}],
            }}}),
        ),
        // made before the log begins
        group(
            "UpdateAutoScalingGroup",
            json!({"autoScalingGroupName": "g", "launchTemplate": {"launchTemplateId": "lt-9", "version": "1"}}),
        ),
        // refused, so that no response names the image
        (
            "RunInstances",
            json!({"launchTemplate": {"launchTemplateId": "lt-1", "version": "1"}}),
            json!(null),
            json!({"errorCode": "Client.UnauthorizedOperation"}),
        ),
    ]);
    let rows = launches(&place);
    let images: Vec<_> = rows[2..].iter().map(|row| row["image_ids"].clone()).collect();
    assert_eq!(
        images,
        [
            json!(["ami-2"]),
            json!(["ami-1"]),
            json!(["ami-1"]),
            json!(["ami-2"]),
            json!(["ami-1", "ami-2"]),
            json!([]),
            json!(["ami-1"])
        ]
    );
}

#[test]
fn of_the_changes_to_a_group_those_that_launch_count() {
    let update = |request| ("UpdateAutoScalingGroup", request, json!(null), json!({}));
    let rows = launches(&store(&[
        update(json!({"autoScalingGroupName": "g", "healthCheckGracePeriod": 60})),
        update(json!({"autoScalingGroupName": "g", "desiredCapacity": 5})),
    ]));
    assert_eq!(rows.len(), 1);
    assert_columns(&rows[0], json!({"launch_kind": "group", "instance_count": 5, "image_ids": []}));
}

#[test]
fn what_services_launch_on_behalf_names_what_it_is_launched_from() {
    let tagged = |key: &str, value: &str| json!({"resourceType": "instance", "tags": [{"key": "Name", "value": "web"}, {"key": key, "value": value}]});
    let launched = |item: Value| json!({"instancesSet": {"items": [item]}});
    let run = |request: Value, response: Value| ("RunInstances", request, response, auto_scaling());
    let rows = launches(&store(&[
        run(
            json!({"tagSpecificationSet": {"items": [tagged("aws:autoscaling:groupName", "g")]}, "launchTemplate": {"launchTemplateId": "lt-1", "version": "7"}}),
            launched(json!({"instanceId": "i-1", "imageId": "ami-1"})),
        ),
        run(
            json!({"tagSpecificationSet": {"items": [tagged("aws:ec2:fleet-id", "fleet-1")]}}),
            launched(json!({"instanceId": "i-2", "imageId": "ami-1"})),
        ),
        run(
            json!({}),
            launched(
                json!({"instanceId": "i-3", "tagSet": {"items": [{"key": "aws:ec2spot:fleet-request-id", "value": "sfr-1"}]}}),
            ),
        ),
        run(json!({}), launched(json!({"instanceId": "i-4", "spotInstanceRequestId": "sir-1"}))),
        (
            "CreateFleet",
            json!({"CreateFleetRequest": {"Type": "instant", "TagSpecification": {"ResourceType": "instance", "tag": 1, "Tag": {"Key": "aws:autoscaling:groupName", "Value": "g", "tag": 1}}}}),
            json!({"CreateFleetResponse": {"fleetId": "fleet-2"}}),
            auto_scaling(),
        ),
    ]));
    let scope = "111122223333:us-east-1";
    for (row, (column, value, made_from)) in rows.iter().zip([
        ("auto_scaling_group", "g", json!([format!("template:{scope}:lt-1/7"), format!("group:{scope}:g")])),
        ("fleet_id", "fleet-1", json!(["fleet:fleet-1"])),
        ("fleet_id", "sfr-1", json!(["fleet:sfr-1"])),
        ("launch_configuration", "", json!(["spot:sir-1"])),
        ("auto_scaling_group", "g", json!([format!("group:{scope}:g")])),
    ]) {
        assert_eq!(row[column].as_str().unwrap_or_default(), value);
        assert_columns(row, json!({"on_behalf": true, "made_from": made_from, "makes": []}));
    }
}

#[test]
fn what_is_no_launch_or_another_services_is_none() {
    let rows = launches(&store(&[
        ("StartInstances", json!({"instancesSet": {"items": [{"instanceId": "i-1"}]}}), json!(null), json!({})),
        ("RunInstances", json!({}), json!(null), json!({"eventSource": "ecs.amazonaws.com"})),
        ("CreateAutoScalingGroup", json!({}), json!(null), json!({"eventSource": "ec2.amazonaws.com"})),
        ("CreateFlowLogs", json!({}), json!(null), json!({})),
        ("CreateFleet", json!(null), json!(null), json!({"errorCode": "AccessDenied"})),
    ]));
    assert_eq!(rows.len(), 1);
    assert_columns(
        &rows[0],
        json!({"event_name": "CreateFleet", "image_ids": [], "instance_ids": [], "instance_count": null, "outcome": "failure"}),
    );
}
