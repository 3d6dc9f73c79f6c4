//! How fast is a load from a bucket? `cargo bench --bench bucket` compares it with one of the same files from disk;
//! `-- --quick` for 100,000 events.
//!
//! The server runs in a process of its own, on the same processors: what it takes of them is told, and is not taken off.

#[allow(dead_code, reason = "the other bench looks at more of it")]
mod generator;
#[path = "../tests/common/s3.rs"]
mod s3;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use trailduck::bucket::{Access, Buckets, CONCURRENCY, Fetching, Known, Uri};
use trailduck::source::Narrow;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// How often a load is run; the median counts.
const LOADS: usize = 3;

/// What a load from the bucket is to reach of one from disk.
const WANTED: f64 = 0.7;

fn main() -> Result<()> {
    let args: Vec<_> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["serve", folder] => serve(Path::new(folder)),
        ["fetch", endpoint] => fetch(endpoint),
        [] => compare(1_000_000),
        ["--quick"] => compare(100_000),
        _ => Err("usage: cargo bench --bench bucket [-- --quick]".into()),
    }
}

fn compare(events: usize) -> Result<()> {
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench");
    let data = generator::data_set(&cache, events)?;
    println!("{} events in {} files, {:.0} MB of gzip\n", data.events, data.files, data.gzip_bytes as f64 / 1e6);
    let work = tempfile::tempdir_in(&cache)?;
    let mut server = Command::new(std::env::current_exe()?)
        .arg("serve")
        .arg(&data.folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut endpoint = String::new();
    BufReader::new(server.stdout.take().ok_or("no output")?).read_line(&mut endpoint)?;
    let endpoint = endpoint.trim();
    let measured = measure(&data.folder, work.path(), endpoint, &server);
    server.kill()?;
    server.wait()?;
    let [disk, bucket] = measured?;
    println!(
        "\nfrom the bucket: {:.0} % of the speed from disk (wanted: {:.0} %)",
        disk / bucket * 100.0,
        WANTED * 100.0
    );
    Ok(())
}

/// Seconds of a load from disk, and from the bucket.
fn measure(folder: &Path, work: &Path, endpoint: &str, server: &Child) -> Result<[f64; 2]> {
    let logs = folder.join("AWSLogs");
    let logs = logs.to_str().ok_or("a folder that is not UTF-8")?;
    let uri = format!("s3://{}/AWSLogs/", s3::BUCKET);
    let mut seconds = [Vec::new(), Vec::new()];
    let mut served = Vec::new();
    // in turn, so that both meet the same machine
    for _ in 0..LOADS {
        for (index, from) in [logs, &uri].into_iter().enumerate() {
            let store = work.join("load.duckdb");
            let _ = fs::remove_file(&store);
            let (begun, before) = (Instant::now(), cpu_seconds(server));
            load(&store, from, endpoint)?;
            seconds[index].push(begun.elapsed().as_secs_f64());
            if index == 1 {
                served.push(cpu_seconds(server) - before);
            }
        }
    }
    let [disk, bucket] = seconds.map(median);
    println!("{:<44}{disk:>8.2} s", "load from disk");
    println!("{:<44}{bucket:>8.2} s", format!("load from the bucket, {CONCURRENCY} at a time"));
    println!("{:<44}{:>8.2} s of a processor", "  of which the server takes", median(served));
    let begun = Instant::now();
    load(&work.join("load.duckdb"), &uri, endpoint)?;
    println!("{:<44}{:>8.2} s", "load from the bucket again", begun.elapsed().as_secs_f64());
    let begun = Instant::now();
    let fetched = Command::new(std::env::current_exe()?).args(["fetch", endpoint]).output()?;
    if !fetched.status.success() {
        return Err(String::from_utf8_lossy(&fetched.stderr).into());
    }
    println!("{:<44}{:>8.2} s", "fetched only, and thrown away", begun.elapsed().as_secs_f64());
    Ok([disk, bucket])
}

fn load(store: &Path, from: &str, endpoint: &str) -> Result<()> {
    let load = Command::new(env!("CARGO_BIN_EXE_trailduck"))
        .args(["load", "--quiet", from, "--endpoint-url", endpoint, "--db"])
        .arg(store)
        .env("AWS_ACCESS_KEY_ID", s3::ACCESS_KEY)
        .env("AWS_SECRET_ACCESS_KEY", s3::SECRET_KEY)
        .env("NO_PROXY", "127.0.0.1")
        .output()?;
    if load.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&load.stderr).into()) }
}

/// Serves a folder until it is killed; says where.
fn serve(folder: &Path) -> Result<()> {
    let server = s3::Server::start();
    server.put_folder(folder, "");
    println!("{}", server.endpoint());
    std::thread::park();
    Ok(())
}

/// Fetches all there is, and does nothing with it.
fn fetch(endpoint: &str) -> Result<()> {
    let access = Access { endpoint: Some(endpoint.to_owned()), ..Access::default() };
    let uri = Uri { bucket: s3::BUCKET.to_owned(), key: String::new() };
    // SAFETY: no other thread is there yet
    unsafe {
        std::env::set_var("AWS_ACCESS_KEY_ID", s3::ACCESS_KEY);
        std::env::set_var("AWS_SECRET_ACCESS_KEY", s3::SECRET_KEY);
    }
    let buckets = Buckets::open(&[uri], &access)?;
    let fetching = Fetching {
        known: Known::default(),
        concurrency: CONCURRENCY,
        on_new: Box::new(|_| ()),
        on_known: Box::new(|_| ()),
    };
    let arriving = buckets.fetch(buckets.list(&Narrow::default()), fetching);
    while let Some(arrival) = arriving.next(|| false) {
        arrival.bytes?;
    }
    arriving.failure().map_or(Ok(()), |failure| Err(failure.into()))
}

fn median(mut runs: Vec<f64>) -> f64 {
    runs.sort_by(f64::total_cmp);
    runs[runs.len() / 2]
}

/// Processor time of a process and its threads, so far.
fn cpu_seconds(process: &Child) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{}/stat", process.id())).unwrap_or_default();
    // behind the name, which is in brackets: user time and system time are the 12th and 13th, in hundredths
    let fields: Vec<_> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
    let ticks = |index: usize| fields.get(index).and_then(|field| field.parse::<f64>().ok()).unwrap_or(f64::NAN);
    (ticks(11) + ticks(12)) / 100.0
}
