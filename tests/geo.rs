//! Geography: where calls came from, with GeoIP databases and without.

mod common;

use std::fs;
use std::path::Path;

use common::{Place, Ran, fixtures, log, record};
use serde_json::{Value, json};

fn database(name: &str) -> String {
    fixtures("geoip").join(name).to_str().expect("UTF-8").to_owned()
}

/// A store that holds the fixtures, their addresses looked up.
fn located() -> Place {
    let place = Place::with_fixtures();
    place.ok(&["geoip", &database("Example-City.mmdb"), &database("Example-ASN.mmdb")]);
    place
}

/// A store with a call from each of these addresses.
fn calls_from(addresses: &[&str], arguments: &[&str]) -> Place {
    let place = Place::new();
    let calls = addresses.iter().zip(1..).map(|(address, number)| record(number, &json!({"sourceIPAddress": address})));
    place.write("calls.json", log(&calls.collect::<Vec<_>>()));
    place.ok(&[&["load", "calls.json"], arguments].concat());
    place
}

/// One column of some SQL.
fn column(place: &Place, sql: &str) -> Vec<Value> {
    place
        .sql(sql)
        .iter()
        .map(|row| row.as_object().expect("a row").values().next().expect("a column").clone())
        .collect()
}

/// What is in the store of addresses and databases, in order.
fn known(place: &Place) -> Vec<Value> {
    let rows = |sql| place.sql(sql);
    [rows("FROM ip_geo ORDER BY ALL"), rows("FROM geoip_databases ORDER BY ALL")].concat()
}

fn refused(place: &Place, args: &[&str], message: &str) {
    let Ran { code, stderr, .. } = place.run(args);
    assert_eq!(code, 1, "{args:?}: {stderr}");
    assert!(stderr.contains(message), "{args:?}: {stderr}");
}

#[test]
fn each_address_is_looked_up_in_every_database() {
    let place = located();
    let [intruder] = &place.sql("FROM ip_geo WHERE source_ip_address = '192.0.2.77'")[..] else { panic!("one row") };
    assert_eq!(
        *intruder,
        json!({
            "source_ip_address": "192.0.2.77", "continent_name": "Oceania", "country_iso_code": "NZ",
            "country_name": "New Zealand", "region_name": "Auckland", "city_name": "Auckland",
            "latitude": -36.8485, "longitude": 174.7635, "as_number": 64511, "as_organization_name": "Example Proxies",
            "prefix": "192.0.2.64/26", "place_database_id": 1, "network_database_id": 2,
        })
    );
    let places = column(&place, "SELECT place || ' | ' || network FROM sources ORDER BY calls DESC, source_ip_address");
    assert_eq!(
        places,
        [
            "Auckland, New Zealand | Example Proxies",
            "Gothenburg, Sweden | Example Office",
            "Dublin, Ireland | Example Hosting",
            "Reykjavik, Iceland | Example Transit",
            "unknown | private",
            "Gothenburg, Sweden | Example Office",
            "unknown | autoscaling.amazonaws.com",
            "Gothenburg, Sweden | Example Broadband",
            "London, United Kingdom | Example Hosting",
            "United States | Example Hosting",
            "unknown | unknown",
            "unknown | AWS Internal",
            "unknown | backup.amazonaws.com",
            "unknown | cloudtrail.amazonaws.com",
            "unknown | ssm.amazonaws.com",
        ]
    );
    let databases = place.sql("SELECT database_type, built_at, named, addresses FROM geoip_databases");
    let of = |kind| json!({"database_type": kind, "built_at": "2026-10-01T00:00:00Z", "named": true, "addresses": 8});
    assert_eq!(databases, [of("Example-City"), of("Example-ASN")]);
}

#[test]
fn every_kind_of_address_is_looked_up_or_passed_over() {
    let geoip = ["--geoip", &database("Example-City.mmdb")];
    let addresses = [
        "198.51.100.1",
        "::ffff:198.51.100.1",
        "2001:db8:12::1",
        "2001:DB8:12:0::2",
        "10.0.0.1",
        "fd00::1",
        "8.8.8.8",
        "2001:db8:99::1",
        "ec2.amazonaws.com",
        "AWS Internal",
        "198.51.100.1:443",
        "198.51.100",
        "198.051.100.1",
        "",
    ];
    let place = calls_from(&addresses, &geoip);
    let found = column(&place, "SELECT source_ip_address FROM ip_geo WHERE city_name = 'Gothenburg' ORDER BY ALL");
    assert_eq!(found, ["198.51.100.1", "2001:DB8:12:0::2", "2001:db8:12::1", "::ffff:198.51.100.1"]);
    assert_eq!(column(&place, "SELECT count(*) FROM ip_geo"), [4]);
    // whatever is not known is counted all the same
    let calls = column(&place, "SELECT sum(calls) FROM geography_by_country()");
    assert_eq!(calls, [addresses.len()]);
}

#[test]
fn flat_databases_work_too() {
    let place = Place::with_fixtures();
    let words = place.ok(&["geoip", &database("Example-flat.mmdb")]);
    assert!(words.starts_with("9 addresses, 8 of them public: 4 found, 4 with a country, 2 with a city, 4 with a network\nExample-flat of 2026-10-01, "), "{words}");
    assert_eq!(
        place.sql("SELECT DISTINCT * EXCLUDE (source_ip_address) FROM ip_geo ORDER BY country_iso_code"),
        [
            json!({
                "continent_name": "North America", "country_iso_code": "CA", "country_name": "Canada", "region_name": null,
                "city_name": null, "latitude": null, "longitude": null, "as_number": 64499,
                "as_organization_name": "Example Six", "prefix": "2001:db8::/32", "place_database_id": 1,
                "network_database_id": 1,
            }),
            json!({
                "continent_name": "North America", "country_iso_code": "US", "country_name": "United States",
                "region_name": "Ohio", "city_name": "Springfield", "latitude": 39.9242, "longitude": -83.8088,
                "as_number": 64498, "as_organization_name": "Example Flat", "prefix": "198.51.100.0/24",
                "place_database_id": 1, "network_database_id": 1,
            }),
        ]
    );
}

#[test]
fn another_database_replaces_all_without_a_load() {
    let place = located();
    let [before] = &place.rows(&["geoip", &database("Example-flat.mmdb")])[..] else { panic!("one row") };
    assert_eq!(
        (&before["addresses"], &before["found"], &before["databases"][0]["addresses"]),
        (&json!(9), &json!(4), &json!(4))
    );
    assert_eq!(column(&place, "SELECT DISTINCT country_iso_code FROM ip_geo ORDER BY ALL"), ["CA", "US"]);
    assert_eq!(column(&place, "SELECT count(*) FROM loads"), [1]);
    // in a load, too
    let logs = fixtures("AWSLogs");
    place.ok(&["load", logs.to_str().expect("UTF-8"), "--geoip", &database("Example-City.mmdb")]);
    assert_eq!(column(&place, "SELECT count(DISTINCT country_iso_code) FROM ip_geo"), [6]);
    assert_eq!(column(&place, "SELECT database_type FROM geoip_databases"), ["Example-City"]);
}

#[test]
fn what_a_later_load_brings_is_looked_up_in_the_databases_remembered() {
    let place = calls_from(&["198.51.100.1"], &["--geoip", &database("Example-City.mmdb")]);
    // a row that only a new look-up would change
    place.ok(&["sql", "--write", "UPDATE ip_geo SET city_name = 'kept'"]);
    let more = |number: u64, address: &str| log(&[record(number, &json!({"sourceIPAddress": address}))]);
    place.write("more.json", more(100, "203.0.113.1"));
    let words = place.ok(&["load", "more.json"]);
    assert!(words.ends_with("2 addresses located by Example-City of 2026-10-01; 2 are public\n"), "{words}");
    assert_eq!(column(&place, "SELECT city_name FROM ip_geo ORDER BY source_ip_address"), ["kept", "Dublin"]);
    place.write("none.json", more(101, "192.0.2.77"));
    place.ok(&["load", "none.json", "--no-geoip"]);
    assert_eq!(column(&place, "SELECT count(*) FROM ip_geo"), [2]);
    place.ok(&["geoip"]);
    assert_eq!(
        column(&place, "SELECT city_name FROM ip_geo ORDER BY source_ip_address"),
        ["Auckland", "Gothenburg", "Dublin"]
    );
    assert_eq!(column(&place, "SELECT addresses FROM geoip_databases"), [3]);
}

#[test]
fn a_remembered_database_that_is_gone_or_broken_stops_no_load() {
    let place = Place::new();
    fs::copy(database("Example-City.mmdb"), place.path("City.mmdb")).expect("a copy");
    place.write("one.json", log(&[record(1, &json!({"sourceIPAddress": "198.51.100.1"}))]));
    place.ok(&["load", "one.json", "--geoip", "City.mmdb"]);
    place.write("two.json", log(&[record(2, &json!({"sourceIPAddress": "198.51.100.2"}))]));
    fs::remove_file(place.path("City.mmdb")).expect("it was there");
    let ran = place.run(&["load", "two.json"]);
    assert_eq!(ran.code, 0);
    assert!(
        ran.stderr.contains("geoip: cannot read the GeoIP database") && ran.stderr.contains("City.mmdb"),
        "{}",
        ran.stderr
    );
    assert_eq!(column(&place, "SELECT source_ip_address FROM ip_geo"), ["198.51.100.1"]);
}

#[test]
fn databases_come_from_the_environment_and_the_usual_folders() {
    let place = Place::with_fixtures();
    let folder = place.path("folder");
    fs::create_dir(&folder).expect("a folder");
    let copy = |from: &str, to: &str| fs::copy(database(from), folder.join(to)).map(drop).expect("a copy");
    copy("Example-City.mmdb", "GeoLite2-City.mmdb");
    copy("Example-ASN.mmdb", "dbip-asn-lite-2026-10.mmdb");
    copy("Example-flat.mmdb", "unpublished.mmdb");
    fs::write(folder.join("ipinfo_lite.mmdb"), "broken").expect("a file");
    let run = |variable: &str, value: &Path, args: &[&str]| {
        Ran::from(place.command(args).env(variable, value).output().expect("it runs"))
    };
    let found = run("TRAILDUCK_GEOIP_FOLDERS", &folder, &["geoip"]);
    assert_eq!(found.code, 0, "{}", found.stderr);
    assert!(
        found.stderr.contains("geoip: passed over: ") && found.stderr.contains("ipinfo_lite.mmdb"),
        "{}",
        found.stderr
    );
    assert!(
        found.stdout.contains("8 found, 8 with a country, 7 with a city, 8 with a network\nExample-City of"),
        "{}",
        found.stdout
    );
    assert_eq!(column(&place, "SELECT DISTINCT named FROM geoip_databases"), [false]);
    // named in the environment
    let flat = database("Example-flat.mmdb");
    let named = run("TRAILDUCK_GEOIP", Path::new(&format!(":{flat}")), &["geoip", "--format", "json"]);
    let named: Value = serde_json::from_str(&named.stdout).expect("JSON");
    assert_eq!((&named[0]["found"], &named[0]["databases"][0]["named"]), (&json!(4), &json!(true)));
    // named on the command line
    let city = database("Example-City.mmdb");
    let both = run("TRAILDUCK_GEOIP", Path::new(&flat), &["geoip", &city]);
    assert!(both.stdout.contains("Example-City") && !both.stdout.contains("Example-flat"), "{}", both.stdout);
    // what the environment names must be there
    assert_eq!(run("TRAILDUCK_GEOIP", Path::new("nowhere.mmdb"), &["load", "x"]).code, 1);
}

#[test]
fn without_a_database_it_says_how_to_get_one() {
    let place = Place::with_fixtures();
    let words = place.ok(&["geoip"]);
    assert!(words.starts_with("9 addresses, 8 of them public, and no GeoIP database to look them up in: "), "{words}");
    assert!(words.contains("GeoLite2") && words.contains("db-ip.com"), "{words}");
    assert_eq!(known(&place), Vec::<Value>::new());
}

#[test]
fn a_hunt_looks_up_too() {
    let place = Place::new();
    let logs = fixtures("AWSLogs");
    let page = place.ok(&["hunt", logs.to_str().expect("UTF-8"), "--geoip", &database("Example-City.mmdb")]);
    assert!(page.contains("8 addresses located by Example-City of 2026-10-01; 8 are public\n"), "{page}");
}

#[test]
fn a_broken_or_wrong_file_is_refused_and_nothing_changes() {
    let place = located();
    let before = known(&place);
    let whole = fs::read(database("Example-City.mmdb")).expect("a database");
    let damaged = "is no GeoIP database (MMDB file), or a damaged one";
    for length in [0, 1, 16, whole.len() / 2, whole.len() - 100, whole.len() - 1] {
        place.write("cut.mmdb", &whole[..length]);
        refused(&place, &["geoip", "cut.mmdb"], &format!("cut.mmdb {damaged}"));
    }
    let metadata = b"\xab\xcd\xefMaxMind.com";
    for (name, bytes) in [
        ("garbage.mmdb", vec![0x5a; 4096]),
        ("text.mmdb", b"GeoLite2 City, truly".to_vec()),
        ("empty-metadata.mmdb", metadata.to_vec()),
        ("odd-metadata.mmdb", [&whole[..], metadata, b"\xe1\x45hello"].concat()),
        // a tree whose first node points to itself
        ("loop.mmdb", [&[0; 6], &whole[6..]].concat()),
        // data of no type, where the tree and records are found
        (
            "data.mmdb",
            whole.iter().enumerate().map(|(at, byte)| if (400..1800).contains(&at) { 0xff } else { *byte }).collect(),
        ),
    ] {
        place.write(name, bytes);
        refused(&place, &["geoip", name], &format!("{name} {damaged}"));
    }
    refused(&place, &["geoip", "nowhere.mmdb"], "cannot read the GeoIP database nowhere.mmdb");
    refused(&place, &["geoip", "."], "cannot read the GeoIP database .");
    let other = database("Example-Anonymous-IP.mmdb");
    refused(
        &place,
        &["geoip", &other],
        "says nothing about places or networks: it is of the kind \"Example-Anonymous-IP\"",
    );
    // one of several is enough
    refused(&place, &["geoip", &database("Example-flat.mmdb"), "garbage.mmdb"], damaged);
    assert_eq!(known(&place), before);
}

#[test]
fn a_load_with_a_broken_database_loads_nothing() {
    let place = Place::new();
    place.write("broken.mmdb", "broken");
    place.write("one.json", log(&[record(1, &json!({}))]));
    refused(&place, &["load", "one.json", "--geoip", "broken.mmdb"], "broken.mmdb is no GeoIP database");
    assert!(!place.path("trail.duckdb").exists(), "no store is left behind");
    assert_eq!(place.run(&["load", "one.json", "--geoip", "broken.mmdb", "--no-geoip"]).code, 2);
    assert_eq!(place.load(&["one.json", "--no-geoip"])[2], 1);
}

#[test]
fn the_broken_databases_of_maxmind_are_refused() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/mmdb");
    if !folder.is_dir() {
        eprintln!("skipped: {} is not there", folder.display());
        return;
    }
    let place = located();
    let before = known(&place);
    for name in [
        "GeoIP2-City-Test-Invalid-Node-Count.mmdb",
        "MaxMind-DB-test-broken-pointers-24.mmdb",
        "MaxMind-DB-test-broken-search-tree-24.mmdb",
    ] {
        let path = folder.join(name);
        refused(&place, &["geoip", path.to_str().expect("UTF-8")], &format!("{name} is no GeoIP database"));
    }
    assert_eq!(known(&place), before);
}

/// Calls by what they have in common, as the first columns say, and how many there are.
fn rollup(place: &Place, query: &str, columns: &str) -> Vec<Value> {
    let rows = place.rows(&["query", query, "--columns", columns]);
    rows.iter().map(|row| Value::Array(columns.split(',').map(|column| row[column].clone()).collect())).collect()
}

#[test]
fn calls_by_country_city_and_network() {
    let place = located();
    let columns = "country_name,source_kind,calls,principals,addresses,failures,deprecated_ami_queries";
    assert_eq!(
        Value::Array(rollup(&place, "geography_by_country", columns)),
        json!([
            ["Sweden", "public", 32, 6, 3, 3, 1],
            ["New Zealand", "public", 25, 3, 1, 5, 2],
            ["Ireland", "public", 20, 6, 1, 2, 0],
            ["Iceland", "public", 8, 2, 1, 0, 1],
            ["unknown", "aws_service", 7, 5, 4, 0, 0],
            ["unknown", "private", 7, 1, 1, 1, 0],
            ["United Kingdom", "public", 2, 2, 1, 0, 0],
            ["United States", "public", 2, 2, 1, 0, 0],
            ["unknown", "unknown", 2, 0, 0, 0, 0],
            ["unknown", "aws_internal", 1, 1, 1, 0, 0],
        ])
    );
    let columns = "city_name,country_name,source_kind,latitude,longitude,calls";
    assert_eq!(
        Value::Array(rollup(&place, "geography_by_city", columns)),
        json!([
            ["Gothenburg", "Sweden", "public", 57.7072, 11.9668, 32],
            ["Auckland", "New Zealand", "public", -36.8485, 174.7635, 25],
            ["Dublin", "Ireland", "public", 53.3331, -6.2489, 20],
            ["Reykjavik", "Iceland", "public", 64.1355, -21.8954, 8],
            ["unknown", "unknown", "aws_service", null, null, 7],
            ["unknown", "unknown", "private", null, null, 7],
            ["London", "United Kingdom", "public", 51.5085, -0.1257, 2],
            ["unknown", "United States", "public", null, null, 2],
            ["unknown", "unknown", "unknown", null, null, 2],
            ["unknown", "unknown", "aws_internal", null, null, 1],
        ])
    );
    let columns = "network,as_number,calls,addresses";
    assert_eq!(
        Value::Array(rollup(&place, "geography_by_network", columns)),
        json!([
            ["Example Office", 64496, 29, 2],
            ["Example Proxies", 64511, 25, 1],
            ["Example Hosting", 64500, 24, 3],
            ["Example Transit", 65551, 8, 1],
            ["private", null, 7, 1],
            ["autoscaling.amazonaws.com", null, 4, 1],
            ["Example Broadband", 64497, 3, 1],
            ["unknown", null, 2, 0],
            ["AWS Internal", null, 1, 1],
            ["backup.amazonaws.com", null, 1, 1],
            ["cloudtrail.amazonaws.com", null, 1, 1],
            ["ssm.amazonaws.com", null, 1, 1],
        ])
    );
}

#[test]
fn without_a_database_calls_have_kinds_networks_and_regions() {
    let place = Place::with_fixtures();
    let columns = "country_name,source_kind,calls";
    assert_eq!(
        Value::Array(rollup(&place, "geography_by_country", columns)),
        json!([
            ["unknown", "public", 89],
            ["unknown", "aws_service", 7],
            ["unknown", "private", 7],
            ["unknown", "unknown", 2],
            ["unknown", "aws_internal", 1],
        ])
    );
    let columns = "aws_region,place,country_iso_code,latitude,calls,failures,deprecated_ami_queries";
    assert_eq!(
        Value::Array(rollup(&place, "geography_by_region", columns)),
        json!([["us-east-1", "N. Virginia", "US", 39.04, 94, 11, 4], ["eu-west-1", "Ireland", "IE", 53.35, 12, 0, 0],])
    );
    let networks = rollup(&place, "geography_by_network", "network,source_kind");
    assert!(networks.contains(&json!(["AWS Internal", "aws_internal"])), "{networks:?}");
    assert!(networks.contains(&json!(["backup.amazonaws.com", "aws_service"])), "{networks:?}");
    for query in ["impossible_travel", "new_countries_in_alerts"] {
        assert_eq!(place.rows(&["query", query]), Vec::<Value>::new());
    }
}

#[test]
fn every_rollup_counts_every_call() {
    let place = located();
    for query in &trailduck::catalog::CATALOG.queries {
        if query.name.starts_with("geography_") {
            let calls = column(&place, &format!("SELECT sum(calls) FROM {}()", query.name));
            assert_eq!(calls, [106], "{}", query.name);
        }
    }
    assert_eq!(column(&place, "SELECT sum(calls) FROM sources"), [106]);
    assert_eq!(column(&place, "SELECT sum(calls) FROM origins"), [106]);
    assert_eq!(column(&place, "SELECT count(*) FROM narrow_calls"), [106]);
    // a sign-in fails by its response, which is why sign-ins are counted apart
    let failures = "SELECT count(*) FROM (SELECT event_id, outcome FROM api_calls EXCEPT SELECT event_id, outcome FROM narrow_calls)";
    assert_eq!(column(&place, failures), [0]);
}

#[test]
fn principals_and_apis_by_country_and_over_time() {
    let place = located();
    let bob = place.rows(&[
        "query",
        "geography_by_principal",
        "--arn",
        "*user/bob",
        "--columns",
        "countries,country_name,calls",
    ]);
    let row = |country: &str, calls: u64| json!({"countries": 3, "country_name": country, "calls": calls});
    assert_eq!(bob, [row("New Zealand", 6), row("Sweden", 5), row("Iceland", 2)]);
    let launches = place.sql(
        "SELECT country_name, calls, failures FROM geography_by_api() WHERE event_name = 'RunInstances' ORDER BY calls DESC, country_name",
    );
    let row = |country: &str, calls: u64, failures: u64| json!({"country_name": country, "calls": calls, "failures": failures});
    assert_eq!(
        launches,
        [
            row("New Zealand", 7, 3),
            row("Iceland", 3, 0),
            row("Ireland", 3, 0),
            row("unknown", 2, 0),
            row("Sweden", 1, 0),
        ]
    );
    let day = place
        .sql("SELECT country_name, calls FROM geography_over_time() WHERE bucket_start = DATE '2026-10-07' ORDER BY 1");
    assert_eq!(day, [json!({"country_name": "Iceland", "calls": 2}), json!({"country_name": "Sweden", "calls": 6})]);
    let months = place.rows(&["query", "geography_over_time", "--bucket", "month", "--columns", "bucket_start"]);
    assert_eq!(months.len(), 10);
    assert!(months.iter().all(|row| row["bucket_start"] == "2026-10-01T00:00:00Z"));
}

#[test]
fn a_principals_first_call_from_each_country() {
    let place = located();
    let bob = place.rows(&[
        "query",
        "first_seen_countries",
        "--arn",
        "*user/bob",
        "--columns",
        "first_seen,country_name,is_first_country,event_name,source_ip_address,calls",
    ]);
    let row = |time: &str, country: &str, first: bool, name: &str, address: &str, calls: u64| {
        json!({
            "first_seen": time, "country_name": country, "is_first_country": first, "event_name": name,
            "source_ip_address": address, "calls": calls,
        })
    };
    assert_eq!(
        bob,
        [
            row("2026-10-06T13:51:30Z", "Iceland", false, "AssumeRole", "2001:db8:5:77::a1", 2),
            row("2026-10-06T02:16:04Z", "New Zealand", false, "GetCallerIdentity", "192.0.2.77", 6),
            row("2026-10-01T10:12:48Z", "Sweden", true, "DescribeLaunchTemplates", "198.51.100.61", 5),
        ]
    );
    let web = place.rows(&["query", "first_seen_countries", "--arn", "*web-server-role*"]);
    assert_eq!((&web[0]["country_name"], &web[0]["is_first_country"]), (&json!("unknown"), &json!(null)));
}

#[test]
fn travel_that_no_aeroplane_makes() {
    let place = located();
    let columns =
        "event_time,principal,from_source_ip_address,source_ip_address,distance_km,minutes,speed_kmh,same_access_key";
    let bob = "arn:aws:iam::111122223333:user/bob";
    let session = "arn:aws:sts::111122223333:assumed-role/ops-admin/session-1791253040";
    let (gothenburg, auckland, reykjavik) = ("198.51.100.61", "192.0.2.77", "2001:db8:5:77::a1");
    assert_eq!(
        Value::Array(rollup(&place, "impossible_travel", columns)),
        json!([
            ["2026-10-06T13:51:30Z", bob, auckland, reykjavik, 16783.2, 6.33, 158_999.0, true],
            ["2026-10-06T02:53:40Z", session, auckland, reykjavik, 16783.2, 6.17, 163_296.0, true],
            ["2026-10-06T02:38:11Z", session, reykjavik, auckland, 16783.2, 10.63, 94_702.0, true],
            ["2026-10-06T02:27:33Z", session, auckland, reykjavik, 16783.2, 2.45, 411_018.0, true],
            ["2026-10-06T02:16:04Z", bob, gothenburg, auckland, 17374.6, 589.87, 1767.0, true],
        ])
    );
    let slower = place.rows(&["query", "impossible_travel", "--max_speed_kmh", "2000"]);
    assert_eq!(slower.len(), 4);
    assert_eq!(place.rows(&["query", "impossible_travel", "--min-distance-km", "17000"]).len(), 1);
}

#[test]
fn distances_are_those_of_great_circles() {
    let place = Place::with_fixtures();
    let distance =
        |places: &str| column(&place, &format!("SELECT distance_km({places})"))[0].as_f64().expect("a number");
    // a quarter, a half and none of the Earth's circumference, and Paris to London
    let radius = 6371.0088;
    for (places, expected) in [
        ("0, 0, 0, 90", radius * std::f64::consts::FRAC_PI_2),
        ("0, 0, 0, 180", radius * std::f64::consts::PI),
        ("-90, 17, 90, -40", radius * std::f64::consts::PI),
        ("51.5, 0.25, 51.5, 0.25", 0.0),
        ("0, 179.5, 0, -179.5", radius.to_radians()),
        ("48.8566, 2.3522, 51.5074, -0.1278", 343.557),
    ] {
        assert!((distance(places) - expected).abs() < 0.01, "{places}: {}", distance(places));
    }
}

#[test]
fn travel_is_judged_call_by_call_and_session_by_session() {
    let place = Place::new();
    let call = |number: u64, time: &str, address: &str, session: &str, key: &str| {
        record(
            number,
            &json!({
                "eventTime": format!("2026-10-06T{time}Z"),
                "sourceIPAddress": address,
                "userIdentity": {
                    "type": "AssumedRole", "arn": format!("arn:aws:sts::111122223333:assumed-role/admin/{session}"),
                    "accessKeyId": key,
                },
            }),
        )
    };
    let (gothenburg, london, dublin) = ("198.51.100.1", "203.0.113.150", "203.0.113.1");
    place.write(
        "a.json",
        log(&[
            // London and Dublin, 462 km, in the same second: whoever it was, in no time; then from one to the other in an hour
            call(1, "10:00:00", london, "same", "ASIA1EXAMPLE"),
            call(2, "10:00:00", dublin, "same", "ASIA2EXAMPLE"),
            call(3, "11:00:00", dublin, "same", "ASIA1EXAMPLE"),
            // what lies between has no place, and connects nothing
            call(4, "10:00:00", gothenburg, "between", "ASIA3EXAMPLE"),
            call(5, "10:00:01", "ec2.amazonaws.com", "between", "ASIA3EXAMPLE"),
            call(6, "10:00:02", "AWS Internal", "between", "ASIA3EXAMPLE"),
            call(7, "10:00:03", "10.0.0.1", "between", "ASIA3EXAMPLE"),
            call(8, "10:06:00", dublin, "between", "ASIA3EXAMPLE"),
            // two people in one role
            call(9, "10:00:00", gothenburg, "alice", "ASIA4EXAMPLE"),
            call(10, "10:00:01", dublin, "bob", "ASIA5EXAMPLE"),
            // two addresses in one place
            call(11, "10:00:00", gothenburg, "home", "ASIA6EXAMPLE"),
            call(12, "10:00:00", "2001:db8:12::1", "home", "ASIA6EXAMPLE"),
        ]),
    );
    place.ok(&["load", "a.json", "--geoip", &database("Example-City.mmdb")]);
    let rows = place.sql(
        "SELECT split_part(principal, '/', 3) AS session, from_place, place, distance_km, minutes, speed_kmh, same_access_key
        FROM impossible_travel() ORDER BY session",
    );
    let expected = [
        json!({
            "session": "between", "from_place": "Gothenburg, Sweden", "place": "Dublin, Ireland", "distance_km": 1240.6,
            "minutes": 6.0, "speed_kmh": 12406.0, "same_access_key": true,
        }),
        json!({
            "session": "same", "from_place": "Dublin, Ireland", "place": "London, United Kingdom", "distance_km": 461.9,
            "minutes": 0.0, "speed_kmh": "inf", "same_access_key": false,
        }),
    ];
    assert_eq!(rows, expected);
    assert_eq!(place.rows(&["query", "impossible_travel", "--max-speed-kmh", "400"]).len(), 3);
}

#[test]
fn alerts_from_countries_not_seen_before() {
    let place = located();
    let columns = "event_id,country_name,new_in_logs,new_for_principal,identity";
    let role = "arn:aws:iam::111122223333:role/ops-admin";
    assert_eq!(
        Value::Array(rollup(&place, "new_countries_in_alerts", columns)),
        json!([
            ["a1e27003-e65c-4408-968f-ecee9c645d75", "Iceland", true, true, role],
            ["a1e27002-50b1-4553-94fa-d1183bf7d38e", "New Zealand", true, true, role],
            ["a1e27001-4bc7-46d5-ab6e-e5d18726ff95", "New Zealand", true, true, role],
        ])
    );
    // counted from the alert itself, the visit's own calls make the country known to the role, but for its first call
    let at_once = place.rows(&["query", "new_countries_in_alerts", "--hours", "0"]);
    assert_eq!(at_once.iter().map(|row| &row["country_name"]).collect::<Vec<_>>(), ["Iceland"]);
}

#[test]
fn regions_are_on_the_map() {
    let place = Place::with_fixtures();
    let odd = "SELECT aws_region FROM aws_regions WHERE NOT (regexp_full_match(aws_region, '[a-z]{2,4}(-[a-z]+)+-[0-9]')
        AND country_iso_code SIMILAR TO '[A-Z]{2}' AND coalesce(abs(latitude) <= 90 AND abs(longitude) <= 180, \"partition\" NOT IN ('aws', 'aws-cn')))";
    assert_eq!(place.sql(odd), Vec::<Value>::new());
    assert_eq!(column(&place, "SELECT count(*) - count(DISTINCT aws_region) FROM aws_regions"), [0]);
    let frankfurt =
        place.sql("SELECT place, country_iso_code, \"partition\" FROM aws_regions WHERE aws_region = 'eu-central-1'");
    assert_eq!(frankfurt, [json!({"place": "Frankfurt", "country_iso_code": "DE", "partition": "aws"})]);
}
