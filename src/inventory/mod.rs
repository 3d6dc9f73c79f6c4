//! Images as an inventory describes them, on their way into the table `amis`.

mod read;

use std::fs;

use anyhow::{Context, anyhow, bail};
use chrono::{DateTime, NaiveDateTime, Utc};
use duckdb::{Connection, params};

use crate::source::{Budget, Limits, Source, Text, Unpacked, unpack};
use crate::store::Store;
use read::{Image, Reader, Step};

/// How many images are put into the table at a time.
const BATCH: u64 = 5_000;

/// What DuckDB may use: with more, it would keep all of a transaction's rows in memory.
const MEMORY: &str = "300MB";

/// How many rejects a summary shows.
const REJECTS_SHOWN: usize = 5;

/// What the user says about an inventory.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Else as the path of the file says.
    pub region: Option<String>,
    pub account: Option<String>,
    /// When the inventory was taken; else when the file was last changed.
    pub as_of: Option<NaiveDateTime>,
}

/// What an import did.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Summary {
    pub files: u64,
    /// new + updated + unchanged + older + rejected.
    pub images: u64,
    pub new: u64,
    pub updated: u64,
    pub unchanged: u64,
    /// Of which the table had a newer description.
    pub older: u64,
    pub rejected: u64,
    /// The first few rejects: path, number of the image in its file, reason.
    pub rejects: Vec<(String, u64, &'static str)>,
}

/// Imports one file: all of it, or nothing.
pub fn import(store: &Store, source: &Source, options: &Options, summary: &mut Summary) -> anyhow::Result<()> {
    let path = source.name();
    if matches!(source, Source::File { path, .. } if store.owns(path)) {
        bail!("{path} is the store itself");
    }
    let mut of_file = summary.clone();
    let connection = &store.connection;
    connection.execute_batch(&format!("SET memory_limit = '{MEMORY}'; BEGIN"))?;
    let imported = read_file(connection, source, options, &mut of_file);
    connection.execute_batch(if imported.is_ok() { "COMMIT" } else { "ROLLBACK" })?;
    connection.execute_batch("RESET memory_limit")?;
    imported.with_context(|| format!("{path}: nothing of it was imported"))?;
    of_file.files += 1;
    *summary = of_file;
    Ok(())
}

impl Summary {
    fn reject(&mut self, path: &str, image: u64, reason: &'static str) {
        self.images += 1;
        self.rejected += 1;
        if self.rejects.len() < REJECTS_SHOWN {
            self.rejects.push((path.to_owned(), image, reason));
        }
    }
}

fn read_file(connection: &Connection, source: &Source, options: &Options, summary: &mut Summary) -> anyhow::Result<()> {
    let path = source.name();
    let (region, account) = connection.query_row(
        "SELECT coalesce($1, region_in_path($2)), coalesce($3, account_in_path($2))",
        params![options.region, path, options.account],
        |row| Ok((row.get::<_, Option<String>>(0)?, row.get::<_, Option<String>>(1)?)),
    )?;
    let as_of = options.as_of.or_else(|| last_change(source)).unwrap_or_else(|| Utc::now().naive_utc());
    let as_of = as_of.format("%Y-%m-%d %H:%M:%S%.6f").to_string();
    connection.execute_batch(
        "CREATE OR REPLACE TEMP TABLE described (number BIGINT, answer BIGINT, image_id VARCHAR, image VARCHAR)",
    )?;
    let put = |summary: &mut Summary| put(connection, &path, region.as_deref(), account.as_deref(), &as_of, summary);

    let mut text = open(source)?;
    let mut reader = Reader::new();
    let mut appender = connection.appender("described")?;
    loop {
        let step = reader.next(text.window(), text.is_last());
        // a text that was cut short is no JSON, but that is not what is wrong with it
        let step = step.map_err(|error| text.damage().map_or_else(|| error.into(), |damage| anyhow!("{damage}")))?;
        match step {
            Step::Image(Image { id, json }) => {
                appender.append_row(params![reader.images as i64, reader.answers as i64, id, json])?;
                if reader.images.is_multiple_of(BATCH) {
                    appender.flush()?;
                    put(summary)?;
                }
            }
            Step::Reject(reason) => {
                summary.reject(&path, reader.images, reason);
            }
            Step::More => text.advance(reader.release()),
            Step::End => break,
        }
    }
    if let Some(damage) = text.damage() {
        bail!("{damage}");
    }
    appender.flush()?;
    put(summary)
}

/// The text of a file, without its compression.
fn open(source: &Source) -> anyhow::Result<Text> {
    let content = source.read()?;
    let budget = Budget::new(content.size, Limits::default());
    match unpack(content, &budget) {
        Unpacked::Text(text) => Ok(text),
        Unpacked::Archive(_) => bail!("looks like an archive: unpack it first"),
    }
}

/// When a file was last changed, UTC.
fn last_change(source: &Source) -> Option<NaiveDateTime> {
    let Source::File { path, .. } = source else { return None };
    let modified = fs::metadata(path).ok()?.modified().ok()?;
    Some(DateTime::<Utc>::from(modified).naive_utc())
}

/// An image whose deprecation time says nothing would be taken for one that is not to be deprecated.
fn reject_unreadable_dates(connection: &Connection, path: &str, summary: &mut Summary) -> anyhow::Result<()> {
    let mut statement = connection.prepare(
        "DELETE FROM described
        WHERE described_image(image).DeprecationTime IS NOT NULL
          AND moment_of(described_image(image).DeprecationTime) IS NULL
        RETURNING number",
    )?;
    let mut numbers = statement.query_map([], |row| row.get(0))?.collect::<Result<Vec<u64>, _>>()?;
    numbers.sort_unstable();
    for number in numbers {
        summary.reject(path, number, "its DeprecationTime is no time");
    }
    Ok(())
}

/// Moves what was read so far into the table `amis`. The last description of an image counts.
fn put(
    connection: &Connection,
    path: &str,
    region: Option<&str>,
    account: Option<&str>,
    as_of: &str,
    summary: &mut Summary,
) -> anyhow::Result<()> {
    reject_unreadable_dates(connection, path, summary)?;
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE incoming AS
        WITH last AS (
            SELECT arg_max(d, number) AS d, arg_max(described_image(image), number) AS i
            FROM described AS d
            GROUP BY image_id
        )
        SELECT
            d.image_id AS image_id,
            $2 AS aws_region,
            $3 AS account_id,
            i.Name AS name,
            i.Description AS description,
            i.OwnerId AS owner_id,
            i.ImageOwnerAlias AS owner_alias,
            moment_of(i.CreationDate) AS creation_date,
            moment_of(i.DeprecationTime) AS deprecation_time,
            i.State AS state,
            CASE i.Public WHEN 'true' THEN true WHEN 'false' THEN false END AS is_public,
            i.Architecture AS architecture,
            coalesce(i.PlatformDetails, i.Platform) AS platform,
            i.RootDeviceType AS root_device_type,
            i.SourceImageId AS source_image_id,
            i.SourceImageRegion AS source_image_region,
            json(d.image) AS image,
            $1 || CASE WHEN d.answer > 1 THEN '#' || d.answer ELSE '' END AS source,
            CAST($4 AS TIMESTAMP) AS described_at,
            utc_now() AS imported_at
        FROM last",
        params![path, region, account, as_of],
    )?;
    let counts = connection.query_row(
        "SELECT
            (SELECT count(*) FROM described),
            count(*) FILTER (k.image_id IS NULL),
            count(*) FILTER (i.described_at < k.described_at),
            count(*) FILTER (
                i.described_at >= k.described_at
                AND (i.image <> k.image OR i.aws_region <> k.aws_region OR i.account_id <> k.account_id)
            )
        FROM incoming AS i
        LEFT JOIN amis AS k ON k.image_id = i.image_id",
        [],
        |row| Ok([row.get::<_, u64>(0)?, row.get(1)?, row.get(2)?, row.get(3)?]),
    )?;
    let [images, new, older, updated] = counts;
    summary.images += images;
    summary.new += new;
    summary.older += older;
    summary.updated += updated;
    // an image that was described twice is among these
    summary.unchanged += images - new - older - updated;
    connection.execute_batch(
        "INSERT OR REPLACE INTO amis
        SELECT
            i.* REPLACE (
                coalesce(i.aws_region, k.aws_region) AS aws_region,
                coalesce(i.account_id, k.account_id) AS account_id
            )
        FROM incoming AS i
        LEFT JOIN amis AS k ON k.image_id = i.image_id
        WHERE k.image_id IS NULL OR i.described_at >= k.described_at;
        DELETE FROM described;",
    )?;
    Ok(())
}
