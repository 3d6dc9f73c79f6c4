//! What a load would read, and what asking for it costs.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::atomic::Ordering;

use chrono::NaiveDate;
use indicatif::{HumanBytes, HumanCount};

use crate::bucket::{Buckets, Known, cost, requests_for};
use crate::catalog::quote;
use crate::source::{Layout, Narrow, Source};

/// Files of one account and region.
#[derive(Default)]
struct Group {
    files: u64,
    bytes: u64,
    /// The days of delivery, where they are known.
    days: Option<(NaiveDate, NaiveDate)>,
}

/// What would be read.
#[derive(Default)]
pub struct Plan {
    /// By bucket (none for files), account and region, where these are known.
    groups: BTreeMap<[Option<String>; 3], Group>,
    /// Objects that were fetched before.
    known: u64,
    /// What of a bucket cannot be listed, with the reasons.
    pub unlisted: Vec<String>,
    lists: u64,
    gets: u64,
}

impl Plan {
    pub fn add_files(&mut self, sources: &[Source]) {
        for source in sources {
            if let Source::File { path, .. } = source {
                // what cannot be looked at is said by the load
                let size = path.metadata().map_or(0, |metadata| metadata.len());
                self.add(None, &source.name(), size);
            }
        }
    }

    pub fn add_objects(&mut self, buckets: &Buckets, narrow: &Narrow, known: &Known) -> anyhow::Result<()> {
        for listed in buckets.list(narrow) {
            let object = match listed? {
                Ok(object) => object,
                Err(unlisted) => {
                    self.unlisted.push(unlisted);
                    continue;
                }
            };
            if known.has(&object) {
                self.known += 1;
                continue;
            }
            self.gets += requests_for(object.size);
            self.add(Some(&object.client.bucket), &object.key, object.size);
        }
        self.lists = buckets.requests.lists.load(Ordering::Relaxed);
        Ok(())
    }

    fn add(&mut self, bucket: Option<&str>, path: &str, size: u64) {
        let layout = Layout::of(path);
        let account = layout.map(|layout| layout.account.to_owned());
        let region = layout.map(|layout| layout.region.to_owned());
        let group = self.groups.entry([bucket.map(str::to_owned), account, region]).or_default();
        group.files += 1;
        group.bytes += size;
        if let Some(Layout { day, .. }) = layout {
            group.days = Some(group.days.map_or((day, day), |(first, last)| (first.min(day), last.max(day))));
        }
    }

    pub fn is_empty(&self) -> bool {
        self.files() + self.known == 0
    }

    fn files(&self) -> u64 {
        self.groups.values().map(|group| group.files).sum()
    }

    fn bytes(&self) -> u64 {
        self.groups.values().map(|group| group.bytes).sum()
    }

    fn cost(&self) -> f64 {
        self.lists as f64 * cost::LIST + self.gets as f64 * cost::GET
    }

    /// A row for each account and region.
    pub fn as_rows(&self) -> String {
        let text = |text: &Option<String>| text.as_deref().map_or("NULL".to_owned(), quote);
        let rows = self.groups.iter().map(|([bucket, account, region], Group { files, bytes, days })| {
            let day = |day: Option<NaiveDate>| day.map_or("NULL".to_owned(), |day| format!("'{day}'"));
            format!(
                "({}, {}, {}, {}, {}, {files}, {bytes})",
                text(bucket),
                text(account),
                text(region),
                day(days.map(|(first, _)| first)),
                day(days.map(|(_, last)| last)),
            )
        });
        let rows = rows.collect::<Vec<_>>().join(", ");
        let none = if rows.is_empty() { " LIMIT 0" } else { "" };
        let rows = if rows.is_empty() { "(NULL, NULL, NULL, NULL, NULL, 0, 0)".to_owned() } else { rows };
        format!(
            "SELECT bucket::VARCHAR AS bucket, account_id::VARCHAR AS account_id, aws_region::VARCHAR AS aws_region,
                first_day::DATE AS first_day, last_day::DATE AS last_day, files, bytes
            FROM (VALUES {rows}) AS t(bucket, account_id, aws_region, first_day, last_day, files, bytes){none}"
        )
    }

    /// All in one row.
    pub fn as_row(&self) -> String {
        format!(
            "SELECT {} AS files, {} AS bytes, {} AS files_known, {} AS list_requests, {} AS get_requests,
                {:.6}::DOUBLE AS request_cost_usd, [{}]::VARCHAR[] AS unlisted, coalesce(list(groups), []) AS groups
            FROM ({}) AS groups",
            self.files(),
            self.bytes(),
            self.known,
            self.lists,
            self.gets,
            self.cost(),
            self.unlisted.iter().map(|unlisted| quote(unlisted)).collect::<Vec<_>>().join(", "),
            self.as_rows()
        )
    }

    /// All in words.
    pub fn in_words(&self) -> String {
        let mut words = format!("would read {} files, {}", HumanCount(self.files()), HumanBytes(self.bytes()));
        if self.known > 0 {
            // writing to a string cannot fail
            let _ = write!(words, "; {} more were fetched before", HumanCount(self.known));
        }
        if self.lists + self.gets > 0 {
            let _ = write!(
                words,
                "\nrequests: {} for lists, as made for this, and {} for objects: ${:.4} at the prices of S3 Standard in \
                 us-east-1 ({})\nnot in it: data transfer, free only within the bucket's region; requests to KMS; \
                 archived objects",
                HumanCount(self.lists),
                HumanCount(self.gets),
                self.cost(),
                cost::AS_OF,
            );
        }
        words + "\n"
    }
}
