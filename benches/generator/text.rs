//! The two tools everything else is made with: random values, and templates they are put into.

use chrono::{DateTime, SecondsFormat, Utc};
use fastrand::Rng;
use uuid::Builder;

/// A source of randomness of its own for every thing that has a label and a number, so that
/// nothing depends on the order in which threads get to it.
pub fn seeded(label: &str, number: u64) -> Rng {
    let fnv1a = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let bytes = label.bytes().chain(number.to_le_bytes());
    Rng::with_seed(bytes.fold(0xcbf2_9ce4_8422_2325, fnv1a))
}

pub fn chance(rng: &mut Rng, probability: f64) -> bool {
    rng.f64() < probability
}

pub fn pick<T: Copy>(rng: &mut Rng, from: &[T]) -> T {
    from[rng.usize(..from.len())]
}

/// An index below `len`, the small ones much more often: few things are busy, most are not.
pub fn skewed(rng: &mut Rng, len: usize) -> usize {
    (rng.f64().powi(3) * len as f64) as usize
}

/// Draws indexes as often as their weights say.
pub struct Weighted {
    sums: Vec<f64>,
}

impl Weighted {
    pub fn new(weights: impl Iterator<Item = f64>) -> Self {
        let sums = weights.scan(0.0, |sum, weight| {
            *sum += weight;
            Some(*sum)
        });
        Self { sums: sums.collect() }
    }

    pub fn draw(&self, rng: &mut Rng) -> usize {
        let at = rng.f64() * self.sums[self.sums.len() - 1];
        self.sums.partition_point(|&sum| sum <= at)
    }
}

/// What the placeholders of a template stand for where they are not random.
#[derive(Clone, Copy)]
pub struct Scope<'a> {
    /// Seconds since 1970, which the times in a template are near to.
    time: i64,
    values: &'a [(&'a str, &'a str)],
}

impl<'a> Scope<'a> {
    pub fn new(time: i64, values: &'a [(&'a str, &'a str)]) -> Self {
        Self { time, values }
    }
}

/// Appends a template, mostly a piece of JSON, with its variable parts filled in:
///
/// - `{uuid}`: a random value, see [`random`], or one of the scope; a brace before anything but a
///   small letter is JSON's own.
/// - `<a|b|>`: one of these templates.
/// - `` `a` ``: this template one to four times, with commas between.
///
/// A choice cannot stand in a choice, nor a repetition in a repetition.
/// Values go in as they are: words, names and user agents have nothing that JSON escapes.
pub fn fill(out: &mut String, template: &str, rng: &mut Rng, scope: Scope) {
    let mut rest = template;
    while let Some(at) = rest.find(['{', '<', '`']) {
        out.push_str(&rest[..at]);
        let (opening, after) = rest[at..].split_at(1);
        let closing = match opening {
            "<" => '>',
            "`" => '`',
            _ if after.starts_with(|c: char| c.is_ascii_lowercase()) => '}',
            _ => {
                out.push('{');
                rest = after;
                continue;
            }
        };
        let (inner, behind) =
            after.split_once(closing).unwrap_or_else(|| panic!("`{opening}` is not closed in {template}"));
        match closing {
            '>' => {
                let choices = inner.split('|').count();
                let choice = inner.split('|').nth(rng.usize(..choices));
                fill(out, choice.expect("there is one at least"), rng, scope);
            }
            '`' => {
                for item in 0..=skewed(rng, 4) {
                    out.push_str(if item == 0 { "" } else { "," });
                    fill(out, inner, rng, scope);
                }
            }
            _ => match scope.values.iter().find(|(name, _)| *name == inner) {
                Some((_, value)) => out.push_str(value),
                None => random(out, inner, rng, scope.time),
            },
        }
        rest = behind;
    }
    out.push_str(rest);
}

pub fn filled(template: &str, rng: &mut Rng, scope: Scope) -> String {
    let mut out = String::new();
    fill(&mut out, template, rng, scope);
    out
}

/// Appends a random value of a kind.
fn random(out: &mut String, kind: &str, rng: &mut Rng, time: i64) {
    let characters = match kind {
        "hex" => Some((&b"0123456789abcdef"[..], 8)),
        "digits" => Some((&b"0123456789"[..], 12)),
        "code" => Some((&b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[..], 16)),
        "alnum" => Some((&BASE64[..62], 16)),
        "base64" => Some((&BASE64[..], 76)),
        "token" => Some((&BASE64[..], rng.usize(40..160))),
        "sessionToken" => Some((&BASE64[..], rng.usize(300..600))),
        _ => None,
    };
    if let Some((alphabet, count)) = characters {
        out.extend((0..count).map(|_| char::from(pick(rng, alphabet))));
        return;
    }
    let value = match kind {
        "uuid" => Builder::from_random_bytes(rng.u128(..).to_be_bytes()).into_uuid().to_string(),
        "bool" => rng.bool().to_string(),
        "small" => rng.u32(0..30).to_string(),
        "byte" => rng.u32(1..255).to_string(),
        "big" => ((1_u64 << rng.u32(6..40)) + rng.u64(..60_000)).to_string(),
        "word" => pick(rng, WORDS).to_string(),
        "person" => pick(rng, PEOPLE).to_string(),
        "time" => rfc3339(time - rng.i64(0..5_000_000)),
        "millis" => (time * 1000 - rng.i64(0..9_000_000)).to_string(),
        "date" => in_utc(time + 3600).format("%b %-d, %Y, %-I:%M:%S %p").to_string(),
        _ => panic!("a template asks for `{kind}`, which nobody gave"),
    };
    out.push_str(&value);
}

pub fn in_utc(time: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(time, 0).expect("a time in our century")
}

pub fn rfc3339(time: i64) -> String {
    in_utc(time).to_rfc3339_opts(SecondsFormat::Secs, true)
}

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

#[rustfmt::skip]
const WORDS: &[&str] = &[
    "access", "alerts", "analytics", "api", "archive", "artifacts", "assets", "audit", "backup",
    "batch", "billing", "cache", "catalog", "checkout", "claims", "cluster", "config", "core",
    "customer", "dashboard", "data", "delivery", "docs", "edge", "events", "export", "feed",
    "finance", "fraud", "frontend", "gateway", "identity", "images", "ingest", "inventory",
    "invoices", "jobs", "lake", "ledger", "logs", "mail", "media", "metrics", "mobile", "network",
    "orders", "partner", "payments", "platform", "pricing", "queue", "raw", "reports", "risk",
    "search", "security", "shipping", "staging", "stream", "support", "tenant", "users", "warehouse",
    "worker",
];

#[rustfmt::skip]
const PEOPLE: &[&str] = &[
    "aisha", "alex", "ana", "anders", "bert-jan", "carlos", "chen", "chloe", "daniel", "diego",
    "elena", "emma", "fatima", "felix", "grace", "hana", "igor", "ines", "ivan", "jonas", "jose",
    "julia", "jurgen", "kofi", "lea", "lin", "maria", "mateo", "mei", "mia", "noah", "olga",
    "omar", "priya", "ravi", "sara", "sofia", "tom", "yuki", "zoe",
];
