//! Which objects there are: CloudTrail's folders are gone down into, so that only what is wanted is listed; what lies
//! otherwise is listed as it is.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use chrono::{Datelike, NaiveDate};
use futures::future::join_all;
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::task::JoinHandle;

use super::client::{Client, MAX_KEYS, Next, Object, Page, Query};
use super::failure::Failure;
use crate::source::{DIGESTS, Layout, Narrow, Verdict, is_account, time_in_name};

/// The folder in which CloudTrail, as other services, puts its own.
const LOGS: &str = "AWSLogs/";

/// Keys that may be in memory at a time, twice: with more lists side by side, pages are smaller.
const KEYS: usize = 100_000;

/// A page is as large, at least and at most.
const PAGE: (usize, usize) = (50, MAX_KEYS);

/// Objects that wait to be looked at.
const WAITING: usize = 1000;

/// What a URI stands for.
#[derive(Debug, Clone)]
pub enum Place {
    Object(Object),
    /// Empty, or ending in `/`.
    Folder(Arc<Client>, String),
}

impl Place {
    fn client_and_key(&self) -> (&Arc<Client>, &str) {
        match self {
            Self::Object(object) => (&object.client, &object.key),
            Self::Folder(client, folder) => (client, folder),
        }
    }

    /// Whether another is in this one, or the same.
    pub fn has(&self, other: &Self) -> bool {
        let ((client, key), (of_other, below)) = (self.client_and_key(), other.client_and_key());
        let holds = match self {
            Self::Object(_) => key == below,
            Self::Folder(..) => below.starts_with(key),
        };
        Arc::ptr_eq(client, of_other) && holds
    }
}

/// A part of a bucket that cannot be listed.
#[derive(Debug)]
pub struct Unlisted {
    pub uri: String,
    pub failure: Failure,
}

impl fmt::Display for Unlisted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.uri, self.failure.reason)
    }
}

impl Unlisted {
    fn of(client: &Client, prefix: &str, failure: Failure) -> Self {
        Self { uri: format!("s3://{}/{prefix}", client.bucket), failure }
    }

    fn nameless(client: &Client, name: Option<String>) -> Option<Self> {
        name.map(|name| Self::of(client, &name, Failure::nameless()))
    }
}

/// What the lists were found to hold beside the objects.
#[derive(Debug, Default)]
pub struct Counts {
    /// Objects that are taken because their keys do not tell whether they are wanted.
    pub unknown: AtomicU64,
    /// Digest files, which are passed over.
    pub digests: AtomicU64,
    /// Whether all is listed.
    pub is_complete: AtomicBool,
}

/// What a list gives.
pub type Listed = Result<Object, Unlisted>;

/// Lists the objects of `places` that are wanted, about in the order in which they were delivered.
pub fn objects(places: Vec<Place>, narrow: Narrow, counts: Arc<Counts>) -> Receiver<Listed> {
    let (to, objects) = mpsc::channel(WAITING);
    tokio::spawn(async move {
        let context = Arc::new(Context { narrow, counts });
        let mut lists = Vec::new();
        for place in places {
            match place {
                Place::Object(object) if context.is_wanted(&object) => {
                    lists.push(List { page: [object].into(), next: None });
                }
                Place::Object(_) => {}
                Place::Folder(client, folder) => lists.extend(context.descend(&client, folder, &to).await),
            }
        }
        if merge(lists, &context, &to).await.is_ok() {
            // else whoever asked for them asks no more
            context.counts.is_complete.store(true, Ordering::Relaxed);
        }
    });
    objects
}

/// Keys that are listed one after the other.
#[derive(Debug, Clone)]
struct Range {
    client: Arc<Client>,
    query: Query,
    /// Only keys before this one.
    before: Option<String>,
}

/// A list as far as it was read.
struct List {
    page: VecDeque<Object>,
    next: Option<JoinHandle<Result<Part, Unlisted>>>,
}

/// A page of what is wanted, and what is asked for to get the next.
struct Part {
    objects: VecDeque<Object>,
    unlisted: Option<Unlisted>,
    rest: Option<(Range, Next)>,
}

struct Context {
    narrow: Narrow,
    counts: Arc<Counts>,
}

/// Where a folder is in CloudTrail's layout.
enum Level {
    /// In none; but one may be in it.
    Above,
    /// Its folders are accounts, or the one of an organisation.
    Accounts,
    /// Its folders are what services log.
    Kinds,
    Regions,
    /// In a region's folder, whose name this is: there are those of days.
    Days(String),
    /// Something else below `AWSLogs`.
    Elsewhere,
}

impl Level {
    fn of(folder: &str) -> Self {
        let Some(at) = folder.rfind(LOGS).filter(|&at| at == 0 || folder.as_bytes()[at - 1] == b'/') else {
            return Self::Above;
        };
        let mut parts: Vec<_> = folder[at + LOGS.len()..].split_terminator('/').collect();
        if parts.first().is_some_and(|part| part.starts_with("o-")) {
            parts.remove(0);
        }
        match parts.as_slice() {
            [] => Self::Accounts,
            [account, rest @ ..] if is_account(account) => match rest {
                [] => Self::Kinds,
                [kind] if is_kind(kind) => Self::Regions,
                [kind, _, days @ ..] if is_kind(kind) => {
                    let below: usize = days.iter().map(|day| day.len() + 1).sum();
                    Self::Days(folder[..folder.len() - below].to_owned())
                }
                _ => Self::Elsewhere,
            },
            _ => Self::Elsewhere,
        }
    }
}

fn is_kind(folder: &str) -> bool {
    folder.starts_with("CloudTrail") && folder != DIGESTS
}

impl Context {
    /// The lists that a folder comes to.
    async fn descend(self: &Arc<Self>, client: &Arc<Client>, folder: String, to: &Sender<Listed>) -> Vec<List> {
        let mut ranges = Vec::new();
        let mut folders = vec![folder];
        while !folders.is_empty() {
            let looked_into = join_all(folders.drain(..).map(|folder| self.look_into(client, folder))).await;
            for found in looked_into {
                match found {
                    Ok(found) => {
                        folders.extend(found.folders);
                        ranges.extend(found.ranges);
                        for unlisted in found.unlisted {
                            // who does not wait for it any more gets no objects either
                            let _ = to.send(Err(unlisted)).await;
                        }
                    }
                    Err(unlisted) => drop(to.send(Err(unlisted)).await),
                }
            }
        }
        let page = (KEYS / ranges.len().max(1)).clamp(PAGE.0, PAGE.1);
        let with_page = |range: Range| Range { query: Query { max_keys: Some(page), ..range.query }, ..range };
        ranges.into_iter().map(|range| List::of(self, with_page(range))).collect()
    }

    /// What a folder has in it: folders to look into, and keys to list.
    async fn look_into(&self, client: &Arc<Client>, folder: String) -> Result<Inside, Unlisted> {
        let range = |prefix: &str, after: Option<String>, before: Option<String>| Range {
            client: client.clone(),
            query: Query { prefix: prefix.to_owned(), after, ..Query::default() },
            before,
        };
        let mut inside = Inside::default();
        let level = Level::of(&folder);
        match &level {
            Level::Days(region) => {
                let day = |day: NaiveDate| format!("{region}{}", day.format("%Y/%m/%d"));
                let (first, last) = self.narrow.days();
                // the folder may itself be one of a later day
                let after = first.map(day).filter(|first| *first > folder);
                // a year of five digits would be sorted elsewhere
                let before = last.and_then(|last| last.succ_opt()).filter(|day| day.year() <= 9999).map(day);
                inside.ranges.push(range(&folder, after, before));
            }
            Level::Elsewhere => inside.ranges.push(range(&folder, None, None)),
            Level::Above if !self.holds(client, &format!("{folder}{LOGS}")).await? => {
                // a key that begins with a slash would be listed without it, as another
                let nameless = "/".to_owned();
                if folder.is_empty() {
                    inside.ranges.push(range("", None, Some(nameless.clone())));
                    inside.ranges.push(range(&nameless, None, None));
                    inside.ranges.push(range("", Some(format!("{nameless}{}", char::MAX)), None));
                } else {
                    inside.ranges.push(range(&folder, None, None));
                }
            }
            Level::Above | Level::Accounts | Level::Kinds | Level::Regions => {
                let by_folder = Query { prefix: folder.clone(), by_folder: true, ..Query::default() };
                let (mut next, mut has_objects) = (None, false);
                loop {
                    let page = self.page(client, &by_folder, next).await?;
                    has_objects |= !page.objects.is_empty();
                    inside.unlisted.extend(Unlisted::nameless(client, page.nameless));
                    for child in page.folders {
                        let name = child.strip_prefix(&folder).unwrap_or(&child).trim_end_matches('/');
                        match level {
                            Level::Accounts if is_account(name) && !self.narrow.account(name) => {}
                            // what other services log
                            Level::Kinds if !is_kind(name) => {}
                            Level::Regions if !self.narrow.region(name) => {}
                            // what is in another folder is not looked for further down
                            Level::Above if name != LOGS.trim_end_matches('/') => {
                                inside.ranges.push(range(&child, None, None));
                            }
                            _ => inside.folders.push(child),
                        }
                    }
                    next = page.next;
                    if next.is_none() {
                        break;
                    }
                }
                if has_objects {
                    // listed again, since there may be any number of them
                    inside.ranges.push(Range { client: client.clone(), query: by_folder, before: None });
                }
            }
        }
        Ok(inside)
    }

    /// The next wanted objects of a range.
    async fn part(&self, range: Range, next: Option<Next>) -> Result<Part, Unlisted> {
        let page = self.page(&range.client, &range.query, next).await?;
        let is_before = |key: &String| range.before.as_ref().is_none_or(|before| key < before);
        let last = page.objects.last().map(|object| &object.key).max(page.nameless.as_ref());
        let ends = last.is_some_and(|last| !is_before(last));
        let wanted = |object: &Object| is_before(&object.key) && self.wants(object);
        let objects = page.objects.into_iter().filter(wanted).collect();
        // what is listed by folder was looked into before, and this said then
        let nameless = page.nameless.filter(|name| is_before(name) && !range.query.by_folder);
        let unlisted = Unlisted::nameless(&range.client, nameless);
        let rest = page.next.filter(|_| !ends).map(|next| (range, next));
        Ok(Part { objects, unlisted, rest })
    }

    async fn holds(&self, client: &Arc<Client>, prefix: &str) -> Result<bool, Unlisted> {
        client.holds(prefix).await.map_err(|failure| Unlisted::of(client, prefix, failure))
    }

    async fn page(&self, client: &Arc<Client>, query: &Query, next: Option<Next>) -> Result<Page, Unlisted> {
        client.list(query, next).await.map_err(|failure| Unlisted::of(client, &query.prefix, failure))
    }

    /// Whether an object that was not named is to be fetched.
    fn wants(&self, object: &Object) -> bool {
        if Layout::of(&object.key).is_some_and(|layout| layout.kind == DIGESTS) {
            self.counts.digests.fetch_add(1, Ordering::Relaxed);
            return false;
        }
        // an object without content stands for a folder
        object.size > 0 && self.is_wanted(object)
    }

    fn is_wanted(&self, object: &Object) -> bool {
        let verdict = self.narrow.judge(&object.key);
        self.counts.unknown.fetch_add(u64::from(verdict == Verdict::Unknown), Ordering::Relaxed);
        verdict != Verdict::Unwanted
    }
}

/// What is in a folder.
#[derive(Default)]
struct Inside {
    folders: Vec<String>,
    ranges: Vec<Range>,
    unlisted: Vec<Unlisted>,
}

impl List {
    /// The next page of a list is asked for while the one before it is used up.
    fn of(context: &Arc<Context>, range: Range) -> Self {
        Self { page: VecDeque::new(), next: Some(ask(context, range, None)) }
    }

    /// Sees to it that there is an object, if there is another; an error says what is not listed, and the list goes on.
    async fn fill(&mut self, context: &Arc<Context>) -> Result<(), Unlisted> {
        while self.page.is_empty()
            && let Some(next) = self.next.take()
        {
            // a task fails to end only if it is ended, and then no one waits for it
            let Ok(part) = next.await else { break };
            let Part { objects, unlisted, rest } = part?;
            self.page = objects;
            self.next = rest.map(|(range, next)| ask(context, range, Some(next)));
            if let Some(unlisted) = unlisted {
                return Err(unlisted);
            }
        }
        Ok(())
    }
}

fn ask(context: &Arc<Context>, range: Range, next: Option<Next>) -> JoinHandle<Result<Part, Unlisted>> {
    let context = context.clone();
    tokio::spawn(async move { context.part(range, next).await })
}

/// Sends the objects of all lists by the time in their names; each list is in this order already, or in none.
async fn merge(
    mut lists: Vec<List>,
    context: &Arc<Context>,
    to: &Sender<Listed>,
) -> Result<(), mpsc::error::SendError<Listed>> {
    let mut heads = BinaryHeap::new();
    for (index, list) in lists.iter_mut().enumerate() {
        while let Err(unlisted) = list.fill(context).await {
            to.send(Err(unlisted)).await?;
        }
        heads.extend(list.head(index));
    }
    while let Some(Reverse((_, index))) = heads.pop() {
        let list = &mut lists[index];
        if let Some(object) = list.page.pop_front() {
            to.send(Ok(object)).await?;
        }
        while let Err(unlisted) = list.fill(context).await {
            to.send(Err(unlisted)).await?;
        }
        heads.extend(list.head(index));
    }
    Ok(())
}

impl List {
    fn head(&self, index: usize) -> Option<Reverse<(String, usize)>> {
        let object = self.page.front()?;
        let name = object.key.rsplit('/').next().unwrap_or_default();
        Some(Reverse((time_in_name(name).unwrap_or_default().to_owned(), index)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_layout_is_known_wherever_a_folder_is_in_it() {
        let level = |folder: &str| match Level::of(folder) {
            Level::Above => "above".to_owned(),
            Level::Accounts => "accounts".to_owned(),
            Level::Kinds => "kinds".to_owned(),
            Level::Regions => "regions".to_owned(),
            Level::Days(region) => region,
            Level::Elsewhere => "elsewhere".to_owned(),
        };
        for (folder, expected) in [
            ("", "above"),
            ("team/", "above"),
            ("MyAWSLogs/", "above"),
            ("AWSLogs/", "accounts"),
            ("team/AWSLogs/", "accounts"),
            ("AWSLogs/o-abc/", "accounts"),
            ("AWSLogs/111122223333/", "kinds"),
            ("AWSLogs/o-abc/111122223333/", "kinds"),
            ("AWSLogs/111122223333/CloudTrail/", "regions"),
            ("AWSLogs/111122223333/CloudTrail-Insight/", "regions"),
            ("AWSLogs/111122223333/CloudTrail/eu-west-1/", "AWSLogs/111122223333/CloudTrail/eu-west-1/"),
            ("AWSLogs/111122223333/CloudTrail/eu-west-1/2026/10/", "AWSLogs/111122223333/CloudTrail/eu-west-1/"),
            ("AWSLogs/111122223333/Config/", "elsewhere"),
            ("AWSLogs/111122223333/CloudTrail-Digest/", "elsewhere"),
            ("AWSLogs/mine/", "elsewhere"),
        ] {
            assert_eq!(level(folder), expected, "{folder}");
        }
    }
}
