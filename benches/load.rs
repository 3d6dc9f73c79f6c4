//! How fast is a load? `cargo bench --bench load` prints figures; `-- --quick` for 100,000 events, `-- --large` for ten
//! million; `-- generate N FOLDER` makes the events and prints where they are.
//!
//! Every step runs in a process of its own, on the same files, so that its peak memory is its own: this program calls
//! itself with the name of the step.

mod generator;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime};

use trailduck::alerts::{RaiseOptions, Receivers};
use trailduck::load::{self, Options, Progress};
use trailduck::record::envelope::{Item, Reader, Step};
use trailduck::record::schema::{FIELDS, Field, Kind};
use trailduck::source::{self, Budget, Limits, Narrow, Source, Text, Unpacked};
use trailduck::store::{Cell, Mode, Store};
use trailduck::watch::{self, SystemClock, Watch};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// How often a query is run; the median counts.
const RUNS: usize = 5;

/// How often a load of a million events or less, and a hunt, is run; the median counts.
const LOADS: usize = 3;

fn main() -> Result<()> {
    let args: Vec<_> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["step", step, logs, work] => run_step(step, Path::new(logs), Path::new(work)),
        // for others to measure with, and for .ci/spark.py
        ["generate", events, cache] => {
            println!("{}", generator::data_set(Path::new(cache), events.parse()?)?.folder.display());
            Ok(())
        }
        [] => compare(1_000_000),
        ["--quick"] => compare(100_000),
        ["--large"] => compare(10_000_000),
        _ => Err("usage: cargo bench --bench load [-- --quick | --large | generate N FOLDER]".into()),
    }
}

/// What a step measured.
struct Measured {
    seconds: f64,
    peak_mib: f64,
}

fn compare(events: usize) -> Result<()> {
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench");
    let data = generator::data_set(&cache, events)?;
    println!(
        "{} events ({} distinct) in {} files: {:.0} MB of JSON, {:.0} MB of gzip; {} alerts, {} of them followed by a launch; {} threads\n",
        data.events,
        data.distinct,
        data.files,
        data.json_bytes as f64 / 1e6,
        data.gzip_bytes as f64 / 1e6,
        data.alerts,
        data.launches,
        threads(),
    );
    let work = tempfile::tempdir_in(&cache)?;
    println!("{:<28}{:>9}{:>13}{:>11}{:>13}", "step", "seconds", "events/s", "peak MiB", "of recipe");
    let mut seconds = Vec::new();
    let steps = ["inflate", "parse", "load", "load again", "hunt", "recipe"];
    let logs = data.folder.join("AWSLogs");
    let measured: Vec<_> = steps
        .iter()
        .map(|step| {
            let again = ["load", "hunt"].contains(step) && events <= 1_000_000;
            let mut runs: Vec<_> = (0..if again { LOADS } else { 1 })
                .map(|_| {
                    let store = work.path().join(format!("{step}.duckdb"));
                    if store.exists() {
                        fs::remove_file(store)?;
                    }
                    measure(step, &logs, work.path())
                })
                .collect::<Result<_>>()?;
            runs.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
            Ok(runs.swap_remove(runs.len() / 2))
        })
        .collect::<Result<_>>()?;
    let recipe = measured[5].seconds;
    for (step, measured) in steps.iter().zip(&measured) {
        let Measured { seconds: took, peak_mib } = *measured;
        let peak = if *step == "hunt" { "-".to_owned() } else { format!("{peak_mib:.0}") };
        println!("{step:<28}{took:>9.2}{:>13.0}{peak:>11}{:>12.1}x", events as f64 / took, recipe / took);
        seconds.push(took);
    }
    println!(
        "\nload: {:.1} times inflate + parse, {:.1} times as fast as the recipe",
        seconds[2] / seconds[1],
        recipe / seconds[2]
    );
    let size = |name: &str| fs::metadata(work.path().join(name)).map(|metadata| metadata.len() as f64);
    let gzip = data.gzip_bytes as f64;
    println!(
        "size of the store: {:.0} MB, {:.2} of the gzip; of the recipe's: {:.0} MB",
        size("load.duckdb")? / 1e6,
        size("load.duckdb")? / gzip,
        size("recipe.duckdb")? / 1e6
    );
    queries(&work.path().join("load.duckdb"), &data)?;
    watch(&work.path().join("load.duckdb"), &logs, work.path())
}

/// Times of a watch's ticks.
fn watch(store: &Path, logs: &Path, work: &Path) -> Result<()> {
    let more = work.join("more");
    fs::create_dir(&more)?;
    let receivers = Receivers::default();
    let options = watch::Options {
        store: store.to_owned(),
        arguments: Vec::new(),
        paths: vec![logs.to_owned(), more.clone()],
        narrow: Narrow::default(),
        every: Duration::from_secs(300),
        longest_schedule: Duration::from_secs(300),
        raise: RaiseOptions::default(),
        max_alerts: 100,
        metrics: Some(work.join("trailduck.prom")),
        databases: Box::new(|_| Ok(Arc::new([]))),
    };
    let progress = Arc::new(Progress::default());
    let mut watch = Watch::start(options, None, Arc::new(SystemClock), receivers, progress, |_| {})?;
    let mut tick = || {
        let tick = watch.tick(true);
        assert!(tick.problems.is_empty(), "{:?}", tick.problems);
        tick
    };
    println!();
    let first = tick();
    println!("{:<28}{:>7.1} ms{:>9} alerts", "first tick of a watch", first.seconds * 1e3, first.alerts);
    let (seconds, _) = median(|| Ok(tick()))?;
    println!("{:<28}{:>7.1} ms", "tick with nothing new", seconds * 1e3);
    let (mut number, mut ticks) = (0, Vec::new());
    while ticks.len() < RUNS {
        number += 1;
        let path = more.join(format!("{number}.json"));
        let record = format!(
            r#"{{"eventID":"00000000-0000-4000-8000-{number:012}","eventTime":"2026-10-06T02:14:00Z","eventName":"DescribeImages","eventSource":"ec2.amazonaws.com","requestParameters":{{"includeDeprecated":true,"ownersSet":{{"items":[{{"owner":"amazon"}}]}}}}}}"#
        );
        fs::write(&path, record)?;
        fs::File::options().write(true).open(&path)?.set_modified(SystemTime::now() - Duration::from_secs(60))?;
        let done = tick();
        assert_eq!((done.files, done.alerts), (1, 1));
        ticks.push(done.seconds);
    }
    ticks.sort_by(f64::total_cmp);
    println!("{:<28}{:>7.1} ms", "tick with a file, an alert", ticks[RUNS / 2] * 1e3);
    Ok(())
}

/// Times of the questions people ask, on the store that was loaded.
fn queries(path: &Path, data: &generator::DataSet) -> Result<()> {
    let store = Store::open(path, Mode::Write)?;
    // places as a GeoIP database has them, but made up: a country of 40 and a city of 400 for each public address
    store.connection.execute_batch(
        "INSERT INTO ip_geo (source_ip_address, country_iso_code, country_name, city_name, latitude, longitude,
            as_number, as_organization_name)
        SELECT address, 'X' || h % 40, 'Country ' || h % 40, 'City ' || h % 400, h % 120 - 60.0, h % 300 - 150.0,
            64496 + h % 16, 'Network ' || h % 16
        FROM (
            SELECT DISTINCT source_ip_address AS address, hash(source_ip_address) // 4 % 1000000::BIGINT AS h
            FROM events WHERE source_kind(source_ip_address) = 'public'
        )",
    )?;
    drop(store);
    let store = Store::open(path, Mode::Read)?;
    let (_, found) = store.collect(
        "SELECT (SELECT count(*) FROM events), (SELECT count(*) FROM deprecated_ami_discovery),
            (SELECT principal_arn FROM deprecated_ami_discovery WHERE principal_arn IS NOT NULL ORDER BY event_time LIMIT 1)",
    )?;
    let [Cell::Integer(events), Cell::Integer(alerts), Cell::Text(arn)] = found[0].as_slice() else {
        return Err("the store holds no alerts".into());
    };
    assert_eq!((*events as usize, *alerts as usize), (data.distinct, data.alerts), "the load is wrong");
    println!();
    for (question, sql) in [
        ("detection", "FROM deprecated_ami_discovery".to_owned()),
        ("launches after a query", "FROM launches_after_deprecated_query()".to_owned()),
        ("a principal's activity", format!("FROM activity_by_principal('{arn}')")),
        ("role sessions", "FROM role_sessions".to_owned()),
        ("images in use", "FROM ami_usage".to_owned()),
        ("by country", "FROM geography_by_country()".to_owned()),
        ("by city", "FROM geography_by_city()".to_owned()),
        ("by network", "FROM geography_by_network()".to_owned()),
        ("by region", "FROM geography_by_region()".to_owned()),
        ("by source kind", "FROM geography_by_source_kind()".to_owned()),
        ("by principal and country", "FROM geography_by_principal()".to_owned()),
        ("by API and country", "FROM geography_by_api()".to_owned()),
        ("over time", "FROM geography_over_time()".to_owned()),
        ("first seen in a country", "FROM first_seen_countries()".to_owned()),
        ("impossible travel", "FROM impossible_travel()".to_owned()),
        ("new countries in alerts", "FROM new_countries_in_alerts()".to_owned()),
    ] {
        let (seconds, rows) = median(|| Ok(store.collect(&sql)?.1.len()))?;
        println!("{question:<28}{:>7.1} ms{rows:>9} rows", seconds * 1e3);
    }
    drop(store);
    let (seconds, bytes) = median(|| {
        let triage =
            Command::new(env!("CARGO_BIN_EXE_trailduck")).args(["triage", "--latest", "--db"]).arg(path).output()?;
        assert!(triage.status.success(), "{}", String::from_utf8_lossy(&triage.stderr));
        Ok(triage.stdout.len())
    })?;
    println!("{:<28}{:>7.1} ms{bytes:>9} bytes", "triage of the latest alert", seconds * 1e3);
    Ok(())
}

/// Runs something several times. Returns the median time in seconds, and what it returned then.
fn median<T>(mut run: impl FnMut() -> Result<T>) -> Result<(f64, T)> {
    let mut runs: Vec<_> = (0..RUNS)
        .map(|_| {
            let begun = Instant::now();
            run().map(|result| (begun.elapsed().as_secs_f64(), result))
        })
        .collect::<Result<_>>()?;
    runs.sort_by(|a, b| a.0.total_cmp(&b.0));
    Ok(runs.swap_remove(RUNS / 2))
}

/// Runs a step in a process of its own.
fn measure(step: &str, logs: &Path, work: &Path) -> Result<Measured> {
    let output = Command::new(std::env::current_exe()?).args(["step", step]).arg(logs).arg(work).output()?;
    let stdout = String::from_utf8(output.stdout)?;
    let numbers: Vec<f64> = stdout.split_whitespace().filter_map(|number| number.parse().ok()).collect();
    match numbers.as_slice() {
        [seconds, peak_mib] if output.status.success() => Ok(Measured { seconds: *seconds, peak_mib: *peak_mib }),
        _ => Err(format!("{step}: {stdout}{}", String::from_utf8_lossy(&output.stderr)).into()),
    }
}

fn run_step(step: &str, logs: &Path, work: &Path) -> Result<()> {
    let begun = Instant::now();
    match step {
        "inflate" => on_all_threads(logs, drop)?,
        "parse" => on_all_threads(logs, |text| {
            let mut reader = Reader::default();
            while let Step::Item(item) = reader.next(text.window(), text.is_last()) {
                assert!(matches!(item, Item::Record(..)), "the data set is sound");
            }
        })?,
        "load" | "load again" => {
            let store = Store::open(&work.join("load.duckdb"), Mode::Create)?;
            let options = Options {
                arguments: vec![logs.to_owned()],
                strict: false,
                events_per_transaction: load::EVENTS_PER_TRANSACTION,
                limits: Limits::default(),
            };
            load::load(&store, source::find(&options.arguments)?, &options, Arc::new(Progress::default()))?;
        }
        "hunt" => {
            let hunt = Command::new(env!("CARGO_BIN_EXE_trailduck"))
                .args(["hunt", "--format", "json", "--db"])
                .arg(work.join("hunt.duckdb"))
                .arg(logs)
                .output()?;
            assert!(hunt.status.success(), "{}", String::from_utf8_lossy(&hunt.stderr));
        }
        "recipe" => recipe(logs, &work.join("recipe.duckdb"))?,
        _ => return Err("no such step".into()),
    }
    println!("{} {}", begun.elapsed().as_secs_f64(), peak_mib());
    Ok(())
}

/// Calls `each` with the text of every file, files spread over all threads.
fn on_all_threads(logs: &Path, each: impl Fn(Text) + Sync) -> Result<()> {
    let found = source::find(&[logs.to_owned()])?;
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..threads() {
            scope.spawn(|| {
                while let Some(source) = found.sources.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let content = Source::read(source).expect("the data set is readable");
                    let budget = Budget::new(content.size, Limits::default());
                    match source::unpack(content, &budget) {
                        Unpacked::Text(text) => each(text),
                        Unpacked::Archive(_) => unreachable!("the data set has no archives"),
                    }
                }
            });
        }
    });
    Ok(())
}

/// What one would write in SQL to the same end: read_json with all types spelled out, into a table like `events`. It
/// stores duplicates twice, drops fields it does not know, and fails on the first bad file. VARIANTs are not shredded, as in
/// the store: shredded, it takes minutes.
fn recipe(logs: &Path, store: &Path) -> Result<()> {
    let fields: Vec<_> = FIELDS.iter().map(|field| format!("\"{}\" {}", field.json, json_type(&field.kind))).collect();
    let columns: Vec<_> = FIELDS.iter().map(|field| convert(&format!("r.\"{}\"", field.json), field)).collect();
    let files = logs.join("**/*.json.gz");
    let connection = duckdb::Connection::open(store)?;
    connection.execute_batch(&format!(
        "SET preserve_insertion_order = false;
        SET variant_minimum_shredding_size = -1;
        CREATE TABLE events AS SELECT {} FROM (
            SELECT unnest(Records) AS r
            FROM read_json('{}', columns = {{Records: 'STRUCT({})[]'}}, maximum_object_size = 200000000)
        );",
        columns.join(", "),
        files.display(),
        fields.join(", "),
    ))?;
    Ok(())
}

fn json_type(kind: &Kind) -> String {
    let members = |fields: &[Field]| {
        let members: Vec<_> =
            fields.iter().map(|field| format!("\"{}\" {}", field.json, json_type(&field.kind))).collect();
        members.join(", ")
    };
    match kind {
        Kind::Text => "VARCHAR".to_owned(),
        Kind::Bool => "BOOLEAN".to_owned(),
        Kind::Time => "TIMESTAMP".to_owned(),
        Kind::Uuid => "UUID".to_owned(),
        Kind::Json => "JSON".to_owned(),
        Kind::Struct(fields) => format!("STRUCT({})", members(fields)),
        Kind::List(fields) => format!("STRUCT({})[]", members(fields)),
    }
}

fn convert(path: &str, field: &Field) -> String {
    match field.kind {
        Kind::Json => format!("{path}::VARIANT AS {}", field.column),
        _ => format!("{path} AS {}", field.column),
    }
}

fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Peak memory of this process. (The step `hunt` runs another, whose memory is that of `load`.)
fn peak_mib() -> f64 {
    let status = fs::read_to_string(PathBuf::from("/proc/self/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kib.unwrap_or(f64::NAN) / 1024.0
}
