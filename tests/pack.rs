//! `pack`: what Apache Spark needs. Whether Spark answers as DuckDB does is seen by .ci/spark.py.

mod common;

use std::fs;
use std::path::Path;

use common::Place;

#[test]
fn a_pack_has_the_script_an_example_for_each_query_a_job_and_how_to_use_them() {
    let place = Place::new();
    place.ok(&["pack", "--engine", "spark", "-o", "pack"]);
    for name in [
        "README.md",
        "trailduck.sql",
        "events_parquet.sql",
        "events_json.sql",
        "tables_parquet.sql",
        "tables_empty.sql",
        "trailduck_spark.py",
        "trailduck.zip",
        "detect.py",
    ] {
        assert!(place.path("pack").join(name).is_file(), "{name}");
    }
    let queries = Path::new(env!("CARGO_MANIFEST_DIR")).join("sql/queries");
    for file in fs::read_dir(queries).expect("the folder") {
        let name = file.expect("a file").file_name().into_string().expect("UTF-8");
        let example = fs::read_to_string(place.path("pack/queries").join(&name)).expect("an example");
        let query = name.strip_suffix(".sql").expect("SQL");
        assert!(example.contains(&format!("FROM {query}(")), "{example}");
    }
}

#[test]
fn a_pack_is_written_over_an_older_one_and_nothing_else() {
    let place = Place::with_fixtures();
    place.ok(&["export", "--format", "parquet", "-o", "lake"]);
    let ran = place.run(&["pack", "-o", "lake"]);
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("lake holds something else"), "{}", ran.stderr);
    place.ok(&["pack", "-o", "pack"]);
    place.ok(&["pack", "-o", "pack"]);
}

#[test]
fn the_script_reads_alike_each_time_and_nothing_of_duckdb_is_left_in_it() {
    let place = Place::new();
    place.ok(&["pack", "-o", "a"]);
    place.ok(&["pack", "-o", "b"]);
    let read = |name: &str| fs::read_to_string(place.path(name)).expect("a file");
    let script = read("a/trailduck.sql");
    assert_eq!(script, read("b/trailduck.sql"));
    for foreign in ["COMMENT ON", "MACRO", "EXCLUDE", "unnest(", "list_filter", "ASOF", "CREATE OR REPLACE VIEW"] {
        assert!(!script.contains(foreign), "{foreign}");
    }
}

#[test]
fn the_fields_of_a_record_are_those_that_a_load_knows() {
    let place = Place::new();
    place.ok(&["pack", "-o", "pack"]);
    let script = fs::read_to_string(place.path("pack/events_json.sql")).expect("a file");
    for part in ["`eventID`: STRING", "`requestParameters`: VARIANT", "r.userIdentity.sessionContext.sessionIssuer.arn"]
    {
        assert!(script.contains(part), "{part}");
    }
}
