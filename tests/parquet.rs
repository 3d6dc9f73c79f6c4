//! `export --format parquet`: a folder for other engines that grows with the store.

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{Place, log, record};
use serde_json::json;

/// All Parquet files of the events.
const EVENTS: &str = "read_parquet('lake/events/**/*.parquet', hive_types = {'account': VARCHAR})";

fn export(place: &Place) -> String {
    let ran = place.run(&["export", "--format", "parquet", "-o", "lake"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    ran.stderr
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let files = walkdir::WalkDir::new(folder).sort_by_file_name().into_iter().map(|file| file.expect("a file"));
    files.filter(|file| file.file_type().is_file()).map(walkdir::DirEntry::into_path).collect()
}

#[test]
fn every_event_is_there_once_in_the_partition_of_its_day_account_and_region() {
    let place = Place::with_fixtures();
    assert!(export(&place).contains("106 new events in 10 partitions: 10 files"));
    let counted = place.sql(&format!(
        "SELECT count(*) AS events, count(DISTINCT event_id) AS ids,
            count_if(date = CAST(make_timestamp(epoch_us(event_time)) AS DATE) AND account = recipient_account_id AND region = aws_region) AS placed
        FROM {EVENTS}"
    ));
    assert_eq!(counted, [json!({"events": 106, "ids": 106, "placed": 106})]);
    let place_of_one = "lake/events/date=2026-10-06/account=111122223333/region=us-east-1/00001-0.parquet";
    assert!(place.path(place_of_one).is_file());
}

#[test]
fn what_is_nested_comes_back_equal() {
    let place = Place::with_fixtures();
    export(&place);
    let columns = [
        "request_parameters",
        "response_elements",
        "additional_event_data",
        "service_event_details",
        "extra",
        "user_identity",
        "resources",
        "tls_details",
    ];
    for column in columns {
        let unequal = place.sql(&format!(
            "SELECT e.event_id, e.{column}::JSON AS stored, p.{column}::JSON AS exported
            FROM events AS e JOIN {EVENTS} AS p ON p.event_id = e.event_id::VARCHAR
            WHERE replace(e.{column}::JSON::VARCHAR, '+00', '') IS DISTINCT FROM replace(p.{column}::JSON::VARCHAR, '+00', '')"
        ));
        assert!(unequal.is_empty(), "{column}: {unequal:?}");
    }
}

#[test]
fn only_the_fields_that_views_reach_for_are_columns_of_their_own() {
    let place = Place::with_fixtures();
    export(&place);
    let file = "lake/events/date=2026-10-06/account=111122223333/region=us-east-1/00001-0.parquet";
    let columns =
        place.sql(&format!("SELECT count(*) AS columns FROM parquet_schema('{file}') WHERE type IS NOT NULL"));
    assert!(columns[0]["columns"].as_u64().expect("a number") < 120, "{columns:?}");
    let named =
        format!("SELECT count(*) AS n FROM parquet_schema('{file}') WHERE name IN ('includeDeprecated', 'owner')");
    assert_eq!(place.sql(&named), [json!({"n": 2})]);
}

#[test]
fn a_file_is_sorted_by_service_call_and_time() {
    let place = Place::with_fixtures();
    export(&place);
    let unsorted = place.sql(
        "WITH rows AS (
            SELECT filename, (event_source, event_name, event_time) AS key,
                lag((event_source, event_name, event_time)) OVER (PARTITION BY filename ORDER BY file_row_number) AS before
            FROM read_parquet('lake/events/**/*.parquet', filename = true, file_row_number = true)
        )
        SELECT * FROM rows WHERE key < before"
    );
    assert!(unsorted.is_empty(), "{unsorted:?}");
}

#[cfg(unix)]
#[test]
fn what_could_not_be_read_before_and_is_tried_again_stops_no_export() {
    let place = Place::new();
    place.write("logs/a.json", log(&[record(1, &json!({}))]));
    std::os::unix::fs::symlink("later.json", place.path("logs/broken.json")).expect("a link");
    assert_eq!(place.load(&["logs"]), [2, 2, 1, 0, 1]);
    assert!(export(&place).starts_with("1 new events"));
    assert_eq!(place.load(&["logs"]), [2, 1, 0, 0, 1]);
    assert!(export(&place).starts_with("0 new events"));
    place.write("logs/later.json", log(&[record(2, &json!({}))]));
    place.load(&["logs"]);
    assert!(export(&place).starts_with("1 new events"));
}

#[test]
fn the_next_export_adds_what_is_new_and_touches_nothing_else() {
    let place = Place::new();
    let write = |name: &str, numbers: std::ops::Range<u64>| {
        let records: Vec<_> = numbers.map(|number| record(number, &json!({}))).collect();
        place.write(name, log(&records))
    };
    place.ok(&["load", &write("a.json", 0..3)]);
    assert!(export(&place).starts_with("3 new events in 1 partitions: 1 files"));
    let first = files(&place.path("lake/events"));
    let bytes = fs::read(&first[0]).expect("a file");
    assert!(export(&place).starts_with("0 new events"));
    // with some that are there already
    place.ok(&["load", &write("b.json", 2..7)]);
    assert!(export(&place).starts_with("4 new events in 1 partitions: 1 files"));
    assert_eq!(fs::read(&first[0]).expect("a file"), bytes);
    assert_eq!(files(&place.path("lake/events")).len(), 2);
    let counted = format!("SELECT count(*) AS events, count(DISTINCT event_id) AS ids FROM {EVENTS}");
    assert_eq!(place.sql(&counted), [json!({"events": 7, "ids": 7})]);
    let tables = place.sql("SELECT count(*) AS files FROM 'lake/tables/files.parquet'");
    assert_eq!(tables, [json!({"files": 2})]);
}

#[test]
fn an_export_that_was_killed_leaves_nothing_half() {
    let place = Place::new();
    place.ok(&[
        "load",
        &place.write("a.json", log(&[record(1, &json!({})), record(2, &json!({"awsRegion": "eu-west-1"}))])),
    ]);
    export(&place);
    let whole: Vec<_> = files(&place.path("lake"));
    // while it moved files: some are in their places, others are not, and the manifest says that all are complete
    let back = |name: &str| {
        let to = place.path("lake/_staging").join(name);
        fs::create_dir_all(to.parent().expect("a folder")).expect("a folder");
        fs::rename(place.path("lake").join(name), to).expect("it moves");
    };
    back("manifest.json");
    back("events/date=2026-10-06/account=111122223333/region=us-east-1/00001-0.parquet");
    assert!(export(&place).starts_with("0 new events"));
    // before that: what is there is of no use
    place.write("lake/_staging/events/date=2026-10-06/half.parquet", "PAR1");
    assert!(export(&place).starts_with("0 new events"));
    assert_eq!(files(&place.path("lake")), whole);
    assert_eq!(place.sql(&format!("SELECT count(*) AS events FROM {EVENTS}")), [json!({"events": 2})]);
}

#[test]
fn another_store_s_folder_and_other_files_are_left_alone() {
    let place = Place::with_fixtures();
    export(&place);
    let other = ["--db", "other.duckdb"];
    place.ok(&[&other[..], &["load", &place.write("a.json", log(&[record(1, &json!({}))]))]].concat());
    let ran = place.run(&[&other[..], &["export", "--format", "parquet", "-o", "lake"]].concat());
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("another store"), "{}", ran.stderr);
    place.write("mine/notes.txt", "mine");
    let ran = place.run(&["export", "--format", "parquet", "-o", "mine"]);
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("holds something else"), "{}", ran.stderr);
    assert_eq!(files(&place.path("mine")).len(), 1);
}

#[test]
fn a_folder_stays_divided_as_it_was_first() {
    let place = Place::with_fixtures();
    let export =
        |partitions: &[&str]| place.run(&[&["export", "--format", "parquet", "-o", "lake"], partitions].concat());
    assert!(export(&["--partitions", "date"]).stderr.contains("106 new events in 7 partitions: 7 files"));
    assert!(place.path("lake/events/date=2026-10-06/00001-0.parquet").is_file());
    assert_eq!(export(&[]).code, 0);
    let ran = export(&["--partitions", "account"]);
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("divided in another way"), "{}", ran.stderr);
}

#[test]
fn values_typed_by_an_attacker_lead_out_of_no_folder() {
    let place = Place::new();
    let records = [
        record(1, &json!({"awsRegion": "../../../../escaped", "recipientAccountId": "a/b'; --"})),
        record(2, &json!({"awsRegion": null, "recipientAccountId": ""})),
        record(3, &json!({"awsRegion": "é".repeat(500)})),
        // these share a folder with others
        record(4, &json!({"awsRegion": "", "recipientAccountId": null})),
        record(5, &json!({"awsRegion": "é".repeat(501)})),
    ];
    place.ok(&["load", &place.write("a.json", log(&records))]);
    export(&place);
    assert_eq!(files(&place.path("lake/events")).len(), 5);
    assert!(!place.path("escaped").exists());
    let one = place.path("lake/events/date=2026-10-06/account=a%2Fb%27%3B%20--/region=..%2F..%2F..%2F..%2Fescaped");
    assert!(one.is_dir());
    let regions = place.sql(&format!("SELECT aws_region FROM {EVENTS} ORDER BY event_id"));
    assert_eq!(regions[0]["aws_region"], "../../../../escaped");
    assert_eq!(regions[2]["aws_region"], "é".repeat(500));
    assert_eq!(regions.len(), 5);
}

#[test]
fn files_that_are_gone_are_said() {
    let place = Place::with_fixtures();
    place.ok(&["export", "--format", "parquet", "-o", "lake"]);
    assert!(!place.run(&["export", "--format", "parquet", "-o", "lake"]).stderr.contains("not there"));
    fs::remove_dir_all(place.path("lake/events/date=2026-10-06")).expect("a day");
    let ran = place.run(&["export", "--format", "parquet", "-o", "lake"]);
    assert!(ran.stderr.contains("files that earlier exports wrote are not there any more"), "{}", ran.stderr);
}

#[test]
fn a_folder_is_needed_and_a_selection_is_refused() {
    let place = Place::with_fixtures();
    for args in [
        &["export", "--format", "parquet"][..],
        &["export", "--format", "parquet", "-o", "lake", "--since", "2026-10-06"],
        &["export", "--format", "parquet", "-o", "lake", "--where", "true"],
        &["export", "--format", "parquet", "-o", "s3://my-trail/lake"],
    ] {
        let ran = place.run(args);
        assert_eq!(ran.code, 2, "{args:?}: {}", ran.stderr);
    }
    assert!(!place.path("lake").exists() && !place.path("s3:").exists());
}
