//! trailduck: a local analytics store for AWS CloudTrail.
//!
//! The map. Data flows one way: bytes -> records -> batches -> the table `events` -> views -> detections and queries ->
//! output. A module imports only what stands to its right: cli; report, shell, watch; triage, alerts, load, geo, inventory,
//! exceptions, pack, parquet; output, store, catalog; bucket; record and source know neither each other nor a database, nor
//! a network.

/// Alerts that last: raised once, told until they are told, and what people made of them.
pub mod alerts;
/// CloudTrail's files in S3: credentials, lists, fetching.
pub mod bucket;
/// `sql/`, embedded and typed: front matter, parameters, documentation.
pub mod catalog;
/// One file a command: its arguments and what it does with the layers below.
pub mod cli;
/// Exceptions: alerts known to be legitimate, in the store and as files.
pub mod exceptions;
/// MMDB lookups of the distinct addresses.
pub mod geo;
/// Images as `aws ec2 describe-images` describes them, on their way into the table `amis`.
pub mod inventory;
/// The pipeline: sources -> records -> batches -> store, with progress and rejects.
pub mod load;
/// Rows as a table, JSON, NDJSON, CSV or Markdown.
pub mod output;
/// What Apache Spark needs to run the same detections and queries.
pub mod pack;
/// The events as Parquet, for other engines: partitioned, shredded, incremental.
pub mod parquet;
/// One CloudTrail record: the envelopes it arrives in, its fields, and the way back.
pub mod record;
/// What was found, to be handed over: one document, as HTML, Markdown and JSON.
pub mod report;
/// Statements and dot commands, at a prompt or from a pipe: completion, colours, paging, documentation.
pub mod shell;
/// Where bytes come from: files, folders, globs, standard input; decompression.
pub mod source;
/// The DuckDB file: open, lock, migrate, install the catalog, run SQL.
pub mod store;
/// An investigation: the queries of triage, all answered for one event.
pub mod triage;
/// Keeping watch: what is new is loaded, the rules run, and what they raise is told, again and again.
pub mod watch;

/// Memory comes from jemalloc, for DuckDB as well: a load is a twentieth faster.
#[cfg(all(unix, not(target_env = "musl")))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;
