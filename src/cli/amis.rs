use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::bail;
use chrono::NaiveDateTime;
use clap::{Args, Subcommand};

use super::print::{PrintArgs, note};
use super::time::moment;
use super::{Context, exit};
use crate::catalog::{CATALOG, quote};
use crate::inventory::{self, Options, Summary};
use crate::output::{Format, visible};
use crate::source;
use crate::store::{Cell, Mode, Store};

/// Review the images in use: who launched them, what still runs, what is deprecated
///
/// One row per image that was launched, worst first: deprecated ones of which instances still run. What is known of images
/// comes from the log (calls that made, changed or deprecated them) and from inventories: see `trailduck amis import --help`.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  trailduck amis
  trailduck amis --deprecated --format csv
  trailduck amis --at 2026-10-06T02:45:52Z --columns all
  trailduck amis import images-us-east-1.json
  trailduck sql 'FROM ami_inventory'         all images that are known of
  trailduck sql 'FROM ami_events'            who made, changed or shared them
  trailduck sql 'FROM ami_name_ages'         how old the images are that were asked for"
)]
pub struct Amis {
    #[command(subcommand)]
    command: Option<Command>,

    /// Only images that are deprecated
    #[arg(long)]
    deprecated: bool,

    /// As of this moment, instead of now: 24h, 7d, 2026-10-01, 2026-10-01T14:00:00Z
    #[arg(long, value_name = "T", value_parser = moment)]
    at: Option<NaiveDateTime>,

    #[command(flatten)]
    print: PrintArgs,
}

#[derive(Debug, Subcommand)]
enum Command {
    Import(Import),
}

/// Import what `aws ec2 describe-images --include-deprecated` answered
///
/// One answer or several, one behind the other or one a line; or images in a list, or one a line; plain, gzip or zstd. An
/// answer does not say of which region it is: unless told, the region is taken from the path (images-eu-west-1.json,
/// eu-west-1/images.json), as is the account (111122223333/images.json). Of each image the newest description is kept. A
/// file that is damaged is not imported at all; the others are.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  aws ec2 describe-images --include-deprecated --owners self > images.json
  trailduck amis import images.json
  trailduck amis import --region eu-west-1 --as-of 2026-10-01 images.json
  trailduck amis import 'inventory/*/images-*.json.gz'
  aws ec2 describe-images --include-deprecated --owners amazon | trailduck amis import -")]
struct Import {
    /// Files, folders, patterns, or `-`
    #[arg(required = true, value_name = "FILE")]
    paths: Vec<PathBuf>,

    /// Region that was asked
    #[arg(long, value_name = "REGION")]
    region: Option<String>,

    /// Account that asked
    #[arg(long, value_name = "ID")]
    account: Option<String>,

    /// When that was; unless told, when the file was last changed
    #[arg(long, value_name = "T", value_parser = moment)]
    as_of: Option<NaiveDateTime>,

    /// How the summary is written
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
}

impl Amis {
    pub fn run(self, context: &Context) -> anyhow::Result<u8> {
        if let Some(Command::Import(import)) = self.command {
            return import.run(context);
        }
        let store = context.open(Mode::Read)?;
        let at = self.at.map_or("now".to_owned(), |at| at.format("%Y-%m-%d %H:%M:%S%.6f").to_string());
        // asked once, and looked at twice
        store
            .connection
            .execute_batch(&format!("CREATE TEMP TABLE amis_in_use AS FROM ami_usage_at(moment := {})", quote(&at)))?;
        let condition = if self.deprecated { "days_deprecated IS NOT NULL" } else { "true" };
        let display = CATALOG.query("ami_usage_at").map_or(&[][..], |query| &query.display);
        let sql = format!("FROM amis_in_use WHERE {condition}");
        let rows = context.printer.print(&store, &sql, &self.print, display)?;
        if rows == 0 && self.print.format == Format::Table {
            note(if self.deprecated { "no image in use is known to be deprecated" } else { "no image was launched" });
        }
        unknown(context, &store)?;
        Ok(exit::DONE)
    }
}

/// Says which images in use nothing is known of, and how to find out: for each region a command that asks for them.
fn unknown(context: &Context, store: &Store) -> anyhow::Result<()> {
    // what does not look like an id or a region is not put into a command; unlike --image-ids, a filter does not fail
    // where one of the images is gone
    let (_, rows) = store.collect(&format!(
        "WITH unknown AS (
            SELECT image_id, unnest(regions) AS region
            FROM amis_in_use
            WHERE state = 'unknown' AND regexp_full_match(image_id, 'ami-[0-9a-f]{{8,17}}')
        )
        SELECT
            region,
            count(*),
            array_to_string(list(image_id ORDER BY image_id)[:{IDS_SHOWN}], ',')
        FROM unknown
        WHERE regexp_full_match(region, '[a-z0-9-]+')
        GROUP BY region
        ORDER BY count(*) DESC, region"
    ))?;
    let db = context.db_argument();
    for row in rows.iter().take(REGIONS_SHOWN) {
        let [Cell::Text(region), Cell::Integer(count), Cell::Text(ids)] = row.as_slice() else { continue };
        let first = if *count > IDS_SHOWN { format!(", of the first {IDS_SHOWN}") } else { String::new() };
        note(&format!(
            "{region}: whether {count} images in use are deprecated is not known. Ask{first}:\n  \
             aws ec2 describe-images --region {region} --include-deprecated --filters Name=image-id,Values={ids} > images-{region}.json\n  \
             trailduck{db} amis import images-{region}.json"
        ));
    }
    if rows.len() > REGIONS_SHOWN {
        note(&format!("... and so in {} more regions", rows.len() - REGIONS_SHOWN));
    }
    Ok(())
}

/// How many ids a command that asks for images names.
const IDS_SHOWN: i64 = 20;

/// For how many regions there is such a command.
const REGIONS_SHOWN: usize = 3;

impl Import {
    fn run(self, context: &Context) -> anyhow::Result<u8> {
        // a typo leaves no empty store behind
        let found = source::find(&self.paths)?;
        let store = context.open(Mode::Create)?;
        let options = Options { region: self.region, account: self.account, as_of: self.as_of };
        let mut summary = Summary::default();
        let mut failed = Vec::new();
        for source in &found.sources {
            if let Err(error) = inventory::import(&store, source, &options, &mut summary) {
                failed.push(super::describe(&error));
            }
        }
        failed.extend(found.unreadable.into_iter().map(|(_, reason)| reason));
        for reason in &failed {
            note(&format!("trailduck: {}", visible(reason)));
        }
        let mut to = io::stdout().lock();
        match self.format {
            Format::Table => writeln!(to, "{}", in_words(&summary))?,
            format => {
                context.printer.print_to(&mut to, &store, &as_row(&summary), &PrintArgs::all(format), &[])?;
            }
        }
        to.flush()?;
        if found.sources.is_empty() && failed.is_empty() {
            bail!("no file to import");
        }
        Ok(if failed.is_empty() { exit::DONE } else { exit::FAILED })
    }
}

fn in_words(summary: &Summary) -> String {
    let Summary { files, images, new, updated, unchanged, older, rejected, rejects } = summary;
    let mut lines = vec![format!(
        "{files} files, {images} images: {new} new, {updated} updated, {unchanged} unchanged, {older} older than what is known, \
         {rejected} rejected"
    )];
    for (path, number, reason) in rejects {
        lines.push(format!("rejected: {}, image {number}: {reason}", visible(path)));
    }
    if *rejected > rejects.len() as u64 {
        lines.push(format!("... and {} more", rejected - rejects.len() as u64));
    }
    lines.join("\n")
}

fn as_row(summary: &Summary) -> String {
    let Summary { files, images, new, updated, unchanged, older, rejected, .. } = summary;
    format!(
        "SELECT {files} AS files, {images} AS images, {new} AS new, {updated} AS updated, {unchanged} AS unchanged, \
         {older} AS older, {rejected} AS rejected"
    )
}
