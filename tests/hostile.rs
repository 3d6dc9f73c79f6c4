//! Hostile and damaged files: the good part is kept, the bad part is told, the counts add up, nothing crashes.

#![allow(clippy::type_complexity, reason = "tables of cases")]

mod common;

use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use common::{Place, Ran, gzip};
use flate2::write::{DeflateEncoder, GzEncoder};
use flate2::{Compression, Crc};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use serde_json::Value;

/// No load here takes a tenth of it: a load that hangs fails its test.
const TIMEOUT: Duration = Duration::from_secs(120);

const TIME: &str = "2026-10-06T02:14:00Z";

/// A record as AWS writes it, on one line, with these requestParameters.
fn event_with(number: u64, parameters: &str) -> String {
    [
        r#"{"eventVersion":"1.11","userIdentity":{"type":"Root","accountId":"111122223333"},"#,
        &format!(r#""eventTime":"{TIME}","eventSource":"ec2.amazonaws.com","eventName":"DescribeImages","#),
        r#""awsRegion":"us-east-1","sourceIPAddress":"192.0.2.77","userAgent":"aws-cli/2.17.0","#,
        &format!(r#""requestParameters":{parameters},"responseElements":null,"#),
        &format!(r#""eventID":"00000000-0000-4000-8000-{number:012}","readOnly":true,"#),
        r#""recipientAccountId":"111122223333"}"#,
    ]
    .concat()
}

fn event(number: u64) -> String {
    event_with(number, "{}")
}

fn records(elements: &[String]) -> String {
    format!("{{\"Records\":[{}]}}", elements.join(","))
}

fn events(numbers: std::ops::RangeInclusive<u64>) -> Vec<String> {
    numbers.map(event).collect()
}

/// What the binary did with hostile files. That it ended well and that its counts add up is checked already.
struct Loaded {
    stdout: String,
    /// Numbers of the events in the store.
    kept: Vec<u64>,
    files: Vec<Value>,
    /// Path, byte offset and reason; the first few.
    rejects: Vec<(String, u64, String)>,
    /// How many there are in the table `rejects`.
    rejects_stored: u64,
}

impl Loaded {
    fn sum(&self, key: &str) -> u64 {
        self.files.iter().map(|file| file[key].as_u64().expect("a count")).sum()
    }

    /// Which events are kept, and for each reject its position and part of its reason.
    fn is(&self, case: &str, kept: &[u64], rejects: &[(u64, &str)]) {
        assert_eq!(self.kept, kept, "{case}: {:?}", self.rejects);
        let told: Vec<_> = self.rejects.iter().map(|(_, offset, reason)| (*offset, reason.as_str())).collect();
        let same = |(told, expected): (&(u64, &str), &(u64, &str))| told.0 == expected.0 && told.1.contains(expected.1);
        let all_same = told.len() == rejects.len() && told.iter().zip(rejects).all(same);
        assert!(all_same, "{case}: rejects are\n{told:?}\nand not\n{rejects:?}");
    }
}

/// Loads, and checks what holds for whatever is loaded.
fn load(place: &Place, case: &str, arguments: &[&str]) -> Loaded {
    place.store_if_none();
    let begun = Instant::now();
    let command = &mut place.command(&[&["load", "--quiet"], arguments].concat());
    loaded(place, case, command.timeout(TIMEOUT).output().expect("it runs").into(), begun)
}

fn loaded(place: &Place, case: &str, ran: Ran, begun: Instant) -> Loaded {
    eprintln!("{case} ({:.1} s):", begun.elapsed().as_secs_f64());
    ran.stdout.lines().chain(ran.stderr.lines()).take(3).for_each(|line| eprintln!("    {line:.400}"));
    assert_eq!(ran.stderr, "", "{case}");
    let row = &place.sql(
        "SELECT
            (SELECT list(right(event_id::VARCHAR, 12)::INTEGER ORDER BY event_id) FROM events) AS kept,
            (SELECT list(files ORDER BY file_id) FROM files) AS files,
            (SELECT list({path: path, byte_offset: byte_offset, reason: reason}
                ORDER BY file_id, byte_offset, rejects.rowid)[:1000]
                FROM rejects JOIN files USING (file_id)) AS rejects,
            (SELECT count(*) FROM rejects) AS rejects_stored",
    )[0];
    let list = |key: &str| row[key].as_array().cloned().unwrap_or_default();
    let reject = |reject: Value| {
        let text = |key: &str| reject[key].as_str().expect(key).to_owned();
        (text("path"), reject["byte_offset"].as_u64().expect("a position"), text("reason"))
    };
    let loaded = Loaded {
        stdout: ran.stdout,
        kept: list("kept").iter().map(|number| number.as_u64().expect("a number")).collect(),
        files: list("files"),
        rejects: list("rejects").into_iter().map(reject).collect(),
        rejects_stored: row["rejects_stored"].as_u64().expect("a count"),
    };
    // only what could not be opened at all is a failure
    let last = loaded.files.iter().map(|file| file["load_id"].as_u64()).max();
    let mut of_last = loaded.files.iter().filter(|file| Some(file["load_id"].as_u64()) == last).peekable();
    let nothing_was_read = of_last.peek().is_some() && of_last.all(|file| file["sha256"] == "");
    let code = i32::from(nothing_was_read && !loaded.stdout.contains("loaded before"));
    assert_eq!(ran.code, code, "{case}: {}", loaded.stdout);
    for file in &loaded.files {
        let [records, new, duplicate, rejected] =
            ["records", "new", "duplicate", "rejected"].map(|key| file[key].as_u64().expect(key));
        assert_eq!(records, new + duplicate + rejected, "{case}: {file}");
    }
    assert_eq!(loaded.sum("new"), loaded.kept.len() as u64, "{case}");
    if loaded.sum("rejected") < 10_000 {
        assert_eq!(loaded.sum("rejected"), loaded.rejects_stored, "{case}");
    }
    loaded
}

/// Loads one file, named.
fn load_file(case: &str, name: &str, bytes: impl AsRef<[u8]>) -> Loaded {
    let place = Place::new();
    place.write(name, bytes);
    load(&place, case, &[name])
}

/// Where in a text something stands.
fn at(text: &str, what: &str) -> u64 {
    text.find(what).expect("it is there") as u64
}

fn ndjson(lines: &[String]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// Whether a record of one line is exported equal, apart from the order of its keys.
fn comes_back_equal(place: &Place, line: &str) -> bool {
    let record: Value = serde_json::from_str(line).expect("JSON");
    place.export().contains(&record)
}

mod compressed {
    use super::*;

    /// A log of two records with so many blanks between them that it compresses a thousandfold.
    fn blank_log() -> (String, usize) {
        let mut text = format!("{{\"Records\":[{},", event(1));
        let first = text.len();
        text.extend(std::iter::repeat_n(' ', 100 << 20));
        text += &event(2);
        text += "]}";
        (text, first)
    }

    #[test]
    fn a_truncated_gzip_gives_the_records_before_the_cut() {
        for (form, text) in [("ndjson", ndjson(&events(1..=3000))), ("records", records(&events(1..=3000)))] {
            let mut bytes = gzip(&text);
            bytes.truncate(bytes.len() / 2);
            let case = format!("truncated gzip ({form})");
            let loaded = load_file(&case, "a.json.gz", bytes);
            let kept = loaded.kept.len() as u64;
            assert!((1000..2000).contains(&kept), "{kept}");
            assert!(loaded.kept.iter().copied().eq(1..=kept), "a beginning without holes");
            let cut = at(&text, &event(kept + 1));
            assert!(loaded.rejects.iter().any(|(_, offset, reason)| *offset == cut && reason.contains("text ends")));
            let (_, offset, reason) = loaded.rejects.last().expect("a reject");
            assert!(*offset > cut && *offset < cut + event(1).len() as u64, "{offset}");
            assert_eq!((loaded.rejects.len(), reason.as_str()), (2, "gzip: the file is cut off"));
        }
    }

    #[test]
    fn what_stands_behind_or_in_place_of_gzip() {
        let text = records(&events(1..=2));
        let len = text.len() as u64;
        let mut wrong_sum = gzip(&text);
        let sum = wrong_sum.len() - 8;
        wrong_sum[sum] ^= 1;
        let plain = text.clone().into_bytes();
        let cases: [(&str, Vec<u8>, &[u64], &[(u64, &str)]); 8] = [
            (
                "garbage behind gzip",
                [gzip(&text), b"garbage".to_vec()].concat(),
                &[1, 2],
                &[(len, "7 bytes of something else")],
            ),
            ("zeros behind gzip", [gzip(&text), vec![0; 4096]].concat(), &[1, 2], &[]),
            (
                "zeros and garbage behind gzip",
                [gzip(&text), vec![0; 512], vec![7]].concat(),
                &[1, 2],
                &[(len, "1 bytes of something else")],
            ),
            ("a second gzip behind the first", [gzip(&text), gzip(&records(&[event(3)]))].concat(), &[1, 2, 3], &[]),
            (".gz that is plain JSON", plain, &[1, 2], &[]),
            ("gzip with a wrong check sum", wrong_sum, &[1, 2], &[(len, "gzip: ")]),
            ("gzip of nothing", gzip(""), &[], &[(0, "empty")]),
            ("gzip header alone", gzip(&text)[..10].to_vec(), &[], &[(0, "gzip: the file is cut off")]),
        ];
        for (case, bytes, kept, rejects) in cases {
            load_file(case, "a.json.gz", bytes).is(case, kept, rejects);
        }
    }

    #[test]
    fn a_bomb_is_cut_off() {
        let loaded = load_file("200 MB of zeros in gzip", "bomb.gz", gzip(&"\0".repeat(200 << 20)));
        loaded.is("a bomb", &[], &[(0, "zero bytes"), (64 << 20, "decompression bomb")]);
        let mut member = Member::of("bomb.json", &vec![0; 200 << 20]);
        member.deflate();
        let loaded =
            load_file("200 MB of zeros in zip", "bomb.zip", zip(&[Member::of("a.json", event(1).as_bytes()), member]));
        assert_eq!(loaded.kept, [1]);
        let (path, _, reason) = loaded.rejects.last().expect("a reject");
        assert!(path == "bomb.zip!/bomb.json" && reason.contains("decompression bomb"), "{path}: {reason}");
    }

    #[test]
    fn limits_let_through_what_they_allow_and_keep_what_comes_before() {
        let (text, first) = blank_log();
        let packed = gzip(&text);
        let first = first as u64;
        let bomb = "decompression bomb? (see --max-ratio and --max-size)";
        let open = "the file ends before its list";
        let limit = 64 << 20;
        let cases: [(&str, &[&str], &[u64], &[(u64, &str)]); 4] = [
            ("a log of mostly blanks in gzip", &[], &[1], &[(limit, open), (limit, bomb)]),
            ("the same with --max-ratio 2000", &["--max-ratio", "2000"], &[1, 2], &[]),
            (
                "the same with --max-ratio 2000 --max-size 1000000",
                &["--max-ratio", "2000", "--max-size", "1000000"],
                &[1],
                &[(1_000_000, open), (1_000_000, bomb)],
            ),
            ("the same with --max-size 100", &["--max-size", "100"], &[], &[(12, "text ends"), (100, bomb)]),
        ];
        assert!(first < 1_000_000);
        for (case, arguments, kept, rejects) in cases {
            let place = Place::new();
            place.write("a.json.gz", &packed);
            load(&place, case, &[&["a.json.gz"], arguments].concat()).is(case, kept, rejects);
        }
    }
}

mod text {
    use super::*;

    fn utf_16(text: &str, encode: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(encode).collect()
    }

    #[test]
    fn byte_order_marks_and_utf_16_are_read() {
        let text = records(&[event_with(1, r#"{"name":"é😀"}"#), event(2)]);
        let marked = format!("\u{FEFF}{text}");
        for (case, bytes) in [
            ("UTF-8 with a byte order mark", marked.clone().into_bytes()),
            ("UTF-16 LE with a byte order mark", utf_16(&marked, u16::to_le_bytes)),
            ("UTF-16 BE with a byte order mark", utf_16(&marked, u16::to_be_bytes)),
            ("UTF-16 LE without", utf_16(&text, u16::to_le_bytes)),
            ("UTF-16 BE without", utf_16(&text, u16::to_be_bytes)),
        ] {
            let place = Place::new();
            place.write("a.json", bytes);
            load(&place, case, &["a.json"]).is(case, &[1, 2], &[]);
            let exported = place.ok(&["export"]);
            assert!(exported.contains("é😀"), "{case}: {exported}");
        }
        let mut odd = utf_16(&ndjson(&events(1..=2)), u16::to_le_bytes);
        odd.truncate(odd.len() - 21);
        let case = "UTF-16 cut off in the middle of a character";
        load_file(case, "a.json", odd).is(case, &[1], &[(event(1).len() as u64 + 1, "text ends in the middle")]);
    }

    #[test]
    fn bytes_that_are_no_text_spoil_their_record_alone() {
        let lines = events(1..=3);
        let second = lines[0].len() as u64 + 1;
        let third = 2 * second;
        let middle = |bytes: &[u8]| {
            let (before, after) = lines[1].split_once("aws-cli").expect("it is there");
            [lines[0].as_bytes(), b"\n", before.as_bytes(), bytes, after.as_bytes(), b"\n", lines[2].as_bytes()]
                .concat()
        };
        let mut between = lines[0].clone().into_bytes();
        between.extend([b"\n".as_slice(), &[0; 100], b"\n", lines[2].as_bytes()].concat());
        let mut appended = ndjson(&lines).into_bytes();
        appended.extend([0; 4096]);
        let cases: [(&str, Vec<u8>, &[u64], &[(u64, &str)]); 7] = [
            ("invalid UTF-8 in one record", middle(b"\xFF\xC0\x80"), &[1, 3], &[(second, "not UTF-8")]),
            ("half a UTF-8 character in one record", middle(b"\xE2\x82"), &[1, 3], &[(second, "not UTF-8")]),
            ("NULs in one record", middle(b"\0\0"), &[1, 3], &[(second, "control character")]),
            ("NULs between records", between, &[1, 3], &[(second, "expected a JSON object")]),
            ("NULs appended", appended, &[1, 2, 3], &[(third + second, "expected a JSON object")]),
            ("a file of NULs", vec![0; 100_000], &[], &[(0, "zero bytes")]),
            ("an empty file", vec![], &[], &[(0, "the file is empty")]),
        ];
        for (case, bytes, kept, rejects) in cases {
            load_file(case, "a.json", bytes).is(case, kept, rejects);
        }
    }

    #[test]
    fn json_at_its_limits_is_valid_and_comes_back_to_the_letter() {
        let cases = [
            ("nesting a million deep", format!("{}{}", "[".repeat(1_000_000), "]".repeat(1_000_000))),
            ("objects nested a million deep", format!("{}1{}", "{\"\":".repeat(1_000_000), "}".repeat(1_000_000))),
            ("duplicate keys", r#"{"a":1,"a":2,"a":{"b":1,"b":1}}"#.to_owned()),
            ("numbers beyond 64 bits", "{\"n\":[18446744073709551616,-9223372036854775809,1e-400]}".to_owned()),
            ("1e999", "{\"n\":[1e999,-1e999]}".to_owned()),
            ("a number of 100,000 digits", format!("{{\"n\":{}}}", "7".repeat(100_000))),
            ("lone surrogates", r#"{"\udc00":"\ud800","s":"\ud83d\ud83d\ude00"}"#.to_owned()),
        ];
        let place = Place::new();
        let lines: Vec<_> = cases.iter().zip(1..).map(|((_, json), number)| event_with(number, json)).collect();
        for ((case, _), line) in cases.iter().zip(&lines) {
            load_file(case, "a.json", records(std::slice::from_ref(line)));
        }
        place.write("a.json", ndjson(&lines));
        load(&place, "all of these in one file", &["a.json"]).is("all", &[1, 2, 3, 4, 5, 6, 7], &[]);
        let exported = place.ok(&["export", "--format", "ndjson"]);
        let mut exported: Vec<_> = exported.lines().collect();
        exported.sort_by_key(|line| lines.iter().position(|expected| expected == line));
        assert!(exported == lines, "lengths {:?}", exported.iter().map(|line| line.len()).collect::<Vec<_>>());
    }

    fn keys_come_back(count: u32) {
        let members: Vec<_> = (0..count).map(|number| format!("\"{number}\":{number}")).collect();
        let line = event_with(1, &format!("{{{}}}", members.join(",")));
        let place = Place::new();
        place.write("a.json", records(std::slice::from_ref(&line)));
        let case = format!("{count} keys in one object");
        load(&place, &case, &["a.json"]).is(&case, &[1], &[]);
        let begun = Instant::now();
        assert!(comes_back_equal(&place, &line), "{case}");
        assert!(begun.elapsed() < Duration::from_secs(10), "{case}: exported in {:?}", begun.elapsed());
    }

    #[test]
    fn ten_thousand_keys_in_one_object_come_back() {
        keys_come_back(10_000);
    }

    #[test]
    fn nesting_that_is_never_closed_ends_with_its_record() {
        let open = event_with(2, "HERE").split_once("HERE").expect("it is there").0.to_owned();
        for (case, nesting) in [
            ("lists nested a million deep, unclosed", "[".repeat(1_000_000)),
            ("objects nested a million deep, unclosed", "{\"a\":".repeat(1_000_000)),
        ] {
            let lines = [event(1), format!("{open}{nesting}"), event(3)];
            let second = lines[0].len() as u64 + 1;
            load_file(case, "a.json", ndjson(&lines)).is(case, &[1, 3], &[(second, ", at byte ")]);
            let case = format!("{case}, in a list of records");
            load_file(&case, "a.json", records(&lines)).is(&case, &[1, 3], &[(second + 12, ", at byte ")]);
        }
    }
}

mod shape {
    use super::*;

    #[test]
    fn records_that_are_no_list_or_no_objects_are_rejected_one_by_one() {
        let second = at(&records(&events(1..=2)), &event(2));
        let element = |element: &str| records(&[event(1), element.to_owned(), event(3)]);
        let cases = [
            ("Records is a number", "{\"Records\":5}".to_owned(), vec![], vec![(0, "Records")]),
            ("Records is null", "{\"Records\":null}".to_owned(), vec![], vec![(0, "Records")]),
            ("Records is a string", "{\"Records\":\"[]\"}".to_owned(), vec![], vec![(0, "Records")]),
            ("Records is an object", "{\"Records\":{\"a\":1}}".to_owned(), vec![], vec![(0, "Records")]),
            ("a record is a number", element("5"), vec![1, 3], vec![(second, "a record is a JSON object")]),
            ("a record is a string", element("\"5\""), vec![1, 3], vec![(second, "a record is a JSON object")]),
            ("a record is null", element("null"), vec![1, 3], vec![(second, "a record is a JSON object")]),
            ("a record is a list", element("[1,[2]]"), vec![1, 3], vec![(second, "a record is a JSON object")]),
            ("a record is an empty object", element("{}"), vec![1, 3], vec![(second, "eventTime")]),
            ("a record is no JSON", element("{\"eventTime\":nul}"), vec![1, 3], vec![(second, ", at byte ")]),
            ("Records is empty", "{\"Records\":[]}".to_owned(), vec![], vec![]),
            (
                "Records has no end",
                format!("{{\"Records\":[{}", event(1)),
                vec![1],
                vec![(second - 1, "the file ends before")],
            ),
        ];
        for (case, text, kept, rejects) in cases {
            load_file(case, "a.json", text).is(case, &kept, &rejects);
        }
    }

    #[test]
    fn a_missing_quote_costs_its_record_alone_whatever_strings_come_behind() {
        let damaged = event(2).replace("\"aws-cli", "aws-cli");
        let misleading = event_with(5, r#"{"text":"},"}"#);
        let text = records(&[event(1), damaged, event(3), event(4), misleading, event(6)]);
        let second = at(&records(&events(1..=2)), &event(2));
        let case = "a missing quote, and `},` in a string behind it";
        load_file(case, "a.json", text).is(case, &[1, 3, 4, 5, 6], &[(second, ", at byte ")]);
    }

    #[test]
    fn what_looks_like_a_record_in_a_damaged_one_costs_no_other() {
        let nested = event_with(2, r#"{"events":[{"eventVersion":"1"},{"eventVersion":"1"}]}"#);
        let damaged = nested.replacen("{\"", "{\"\"", 1);
        let case = "things like records in a damaged record";
        let loaded = load_file(case, "a.json", records(&[event(1), damaged, event(3)]));
        assert_eq!(loaded.kept, [1, 3], "{:?}", loaded.rejects);
    }

    #[test]
    fn a_bracket_too_many_costs_its_record_alone() {
        let text = records(&[event(1), format!("]{}", event(2)), event(3)]);
        let loaded = load_file("a `]` in front of a record", "a.json", text);
        assert!([1, 3].iter().all(|number| loaded.kept.contains(number)), "{:?}", loaded.rejects);
    }

    #[test]
    fn times_that_are_none_are_rejected_and_far_off_ones_are_not_changed() {
        let second = event(1).len() as u64 + 1;
        let no_time = [(second, "eventTime")];
        let cases: [(&str, &str, bool); 14] = [
            ("eventTime is missing", "", false),
            ("eventTime is null", "null", false),
            ("eventTime is a number", "1790000000", false),
            ("eventTime is a list", "[\"2026-10-06T02:14:00Z\"]", false),
            ("eventTime is an object", "{}", false),
            ("eventTime is empty", "\"\"", false),
            ("eventTime in the year 0001", "\"0001-01-01T00:00:00Z\"", true),
            ("eventTime in the year 9999", "\"9999-12-31T23:59:59Z\"", true),
            ("eventTime in the year 99999", "\"99999-01-01T00:00:00Z\"", false),
            ("eventTime on 30 February", "\"2026-02-30T00:00:00Z\"", false),
            ("eventTime at 25 o'clock", "\"2026-10-06T25:14:00Z\"", false),
            ("eventTime in a thirteenth month", "\"2026-13-06T02:14:00Z\"", false),
            ("eventTime with an escape", "\"2026-10-06T02:14:00\\u005a\"", true),
            ("eventTime in words", "\"yesterday\"", false),
        ];
        for (case, time, valid) in cases {
            let field = if time.is_empty() { String::new() } else { format!("\"eventTime\":{time},") };
            let line = event(2).replace(&format!("\"eventTime\":\"{TIME}\","), &field);
            let place = Place::new();
            place.write("a.json", ndjson(&[event(1), line.clone(), event(3)]));
            let loaded = load(&place, case, &["a.json"]);
            match valid {
                true => loaded.is(case, &[1, 2, 3], &[]),
                false => loaded.is(case, &[1, 3], &no_time),
            }
            if valid {
                assert!(comes_back_equal(&place, &line), "{case}");
            }
        }
        // is there a year 0? either way is fine, if it is not changed
        let place = Place::new();
        place.write("a.json", event(1).replace(TIME, "0000-01-01T00:00:00Z"));
        let loaded = load(&place, "eventTime in the year 0000", &["a.json"]);
        let exported = place.ok(&["export", "--format", "ndjson"]);
        assert!(loaded.kept.is_empty() || exported.contains("\"0000-01-01T00:00:00Z\""), "{exported}");
    }

    #[test]
    fn a_quote_that_is_left_open_in_csv_costs_its_row() {
        let quoted = |number| format!("\"{}\"", event(number).replace('"', "\"\""));
        let header = "eventTime,eventID,CloudTrailEvent\n";
        let row = |number| format!("{TIME},{number},{}\n", quoted(number));
        let text = format!("{header}{}{}{TIME},3,\"{{\"\"eventVersion\"\": never closed\n", row(1), row(2));
        let case = "CSV with a quote left open in its last row";
        let loaded = load_file(case, "a.csv", &text);
        assert_eq!(loaded.kept, [1, 2], "{:?}", loaded.rejects);
        assert_eq!(loaded.rejects.len(), 1, "{:?}", loaded.rejects);
        assert!(loaded.rejects[0].1 >= at(&text, &format!("{TIME},3")), "{:?}", loaded.rejects);
    }

    #[test]
    fn a_million_lines_of_garbage_hide_no_record() {
        let mut text = event(1) + "\n";
        (0..1_000_000).for_each(|_| text += "garbage\n");
        text += &event(2);
        let loaded = load_file("a million lines of garbage between two records", "a.json", &text);
        assert_eq!(loaded.kept, [1, 2]);
        assert_eq!((loaded.sum("rejected"), loaded.rejects_stored), (1_000_000, 10_000));
        assert_eq!(loaded.rejects[0].1, event(1).len() as u64 + 1);
        assert_eq!(loaded.rejects[1].1, event(1).len() as u64 + 9);
    }
}

mod large {
    use super::*;

    #[test]
    fn a_record_of_50_mb_is_loaded_and_comes_back_equal() {
        let text = "0123456789".repeat(5 << 20);
        let long = event_with(2, &format!("{{\"text\":\"{text}\"}}"));
        let place = Place::new();
        place.write("a.json", records(&[event(1), long.clone(), event(3)]));
        let case = "a record of 50 MB";
        load(&place, case, &["a.json"]).is(case, &[1, 2, 3], &[]);
        assert!(comes_back_equal(&place, &long));
    }

    #[test]
    fn many_long_records_are_loaded() {
        let text = "0123456789".repeat(100 << 10);
        let long = |number| event_with(number, &format!("{{\"text\":\"{text}\"}}"));
        let place = Place::new();
        let lines: Vec<_> = (1..=600).map(long).collect();
        place.write("a.json", ndjson(&lines));
        let case = "600 records of 1 MB";
        assert_eq!(load(&place, case, &["a.json"]).kept.len(), 600);
    }

    #[test]
    fn a_record_of_70_mb_is_rejected_alone() {
        let text = "0123456789".repeat(7 << 20);
        let long = event_with(2, &format!("{{\"text\":\"{text}\"}}"));
        for (case, text, second) in [
            ("a record of 70 MB in NDJSON", ndjson(&[event(1), long.clone(), event(3)]), 1),
            ("a record of 70 MB in a list", records(&[event(1), long.clone(), event(3)]), 13),
        ] {
            let second = event(1).len() as u64 + second;
            load_file(case, "a.json", text).is(case, &[1, 3], &[(second, "longer than 64 MiB")]);
        }
    }

    #[test]
    fn a_line_of_80_mb_is_read_in_bounded_memory() {
        let parameters = format!("{{\"text\":\"{}\"}}", "lorem ipsum ".repeat(30));
        let events: Vec<_> = (1..=110_000).map(|number| event_with(number, &parameters)).collect();
        let text = records(&events);
        assert!(text.len() > 70 << 20 && !text.contains('\n'));
        let place = Place::new();
        place.write("a.json", text);
        let begun = Instant::now();
        let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_trailduck"))
            .args(["load", "a.json"])
            .current_dir(place.path("."))
            .env_remove("TRAILDUCK_DB")
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .expect("it runs");
        let mut peak_kib = 0;
        while child.try_wait().expect("a child").is_none() {
            peak_kib = peak_kib.max(peak_memory(child.id()).unwrap_or_default());
            std::thread::sleep(Duration::from_millis(10));
        }
        let ran = child.wait_with_output().expect("a child").into();
        let loaded = loaded(&place, "80 MB of records on one line", ran, begun);
        assert_eq!((loaded.kept.len(), loaded.rejects_stored), (110_000, 0));
        eprintln!("    peak memory: {} MB", peak_kib >> 10);
        assert!(peak_kib < 700 << 10, "{peak_kib} KiB");
    }

    /// In KiB; none where the system does not tell.
    fn peak_memory(process: u32) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
        let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
        line.split_whitespace().nth(1)?.parse().ok()
    }
}

/// A member of a zip, whatever the format's rules.
#[derive(Clone)]
struct Member {
    name: Vec<u8>,
    flags: u16,
    method: u16,
    mode: u32,
    sum: u32,
    size: u32,
    packed: Vec<u8>,
}

impl Member {
    fn of(name: &str, bytes: &[u8]) -> Self {
        let mut sum = Crc::new();
        sum.update(bytes);
        let (name, packed) = (name.as_bytes().to_vec(), bytes.to_vec());
        Self { name, flags: 0, method: 0, mode: 0o100644, sum: sum.sum(), size: bytes.len() as u32, packed }
    }

    fn deflate(&mut self) {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(&self.packed).expect("memory");
        (self.method, self.packed) = (8, encoder.finish().expect("memory"));
    }

    fn header(&self) -> Vec<u8> {
        let Self { flags, method, sum, size, .. } = self;
        let mut header = Vec::new();
        for short in [20, *flags, *method, 0, 0x21] {
            header.extend(short.to_le_bytes());
        }
        for long in [*sum, self.packed.len() as u32, *size] {
            header.extend(long.to_le_bytes());
        }
        header.extend((self.name.len() as u16).to_le_bytes());
        header.extend([0, 0]);
        header
    }
}

fn zip(members: &[Member]) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for member in members {
        directory.extend(b"PK\x01\x02\x14\x03");
        directory.extend(member.header());
        directory.extend([0; 6]);
        directory.extend((member.mode << 16).to_le_bytes());
        directory.extend((bytes.len() as u32).to_le_bytes());
        directory.extend(&member.name);
        bytes.extend(b"PK\x03\x04");
        bytes.extend(member.header());
        bytes.extend(&member.name);
        bytes.extend(&member.packed);
    }
    let begin = bytes.len() as u32;
    bytes.extend(&directory);
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    bytes.extend([(members.len() as u16).to_le_bytes(); 2].concat());
    bytes.extend((directory.len() as u32).to_le_bytes());
    bytes.extend(begin.to_le_bytes());
    bytes.extend([0, 0]);
    bytes
}

fn tar(members: &[(&str, tar::EntryType, &str)]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, kind, text) in members {
        let mut header = tar::Header::new_ustar();
        // the library refuses such names
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_entry_type(*kind);
        let text = match kind {
            tar::EntryType::Regular => text.as_bytes(),
            _ => {
                header.as_old_mut().linkname[..text.len()].copy_from_slice(text.as_bytes());
                &[]
            }
        };
        header.set_size(text.len() as u64);
        header.set_cksum();
        tar.append(&header, text).expect("memory");
    }
    tar.into_inner().expect("memory")
}

mod archives {
    use super::*;
    use tar::EntryType::{Fifo, Link, Regular, Symlink};

    #[test]
    fn names_that_point_elsewhere_are_only_names() {
        let (one, two) = (event(1), event(2));
        let mut link = Member::of("link.json", b"/etc/passwd");
        link.mode = 0o120777;
        let zipped =
            zip(&[Member::of("/abs/a.json", one.as_bytes()), Member::of("../../b.json", two.as_bytes()), link]);
        let tarred = tar(&[
            ("/abs/a.json", Regular, &one),
            ("link.json", Symlink, "/etc/passwd"),
            ("hard.json", Link, "../../etc/passwd"),
            ("pipe.json", Fifo, ""),
            ("../../b.json", Regular, &two),
        ]);
        for (case, name, bytes) in [
            ("a zip with absolute paths, `..` and links", "in/a.zip", zipped),
            ("a tar with absolute paths, `..` and links", "in/a.tar", tarred),
        ] {
            let place = Place::new();
            place.write(name, bytes);
            let loaded = load(&place, case, &[name]);
            loaded.is(case, &[1, 2], &[]);
            let paths: Vec<_> = loaded.files.iter().map(|file| file["path"].as_str().expect("a path")).collect();
            let members = [format!("{name}!//abs/a.json"), format!("{name}!/../../b.json")];
            assert!(members.iter().all(|member| paths.contains(&member.as_str())), "{paths:?}");
            assert!(!place.path("b.json").exists() && !place.path("in/abs").exists(), "nothing is unpacked");
        }
    }

    #[test]
    fn members_that_cannot_be_read_cost_themselves_alone() {
        let good = |number| Member::of(&format!("{number}.json"), event(number).as_bytes());
        let mut unknown = good(2);
        unknown.method = 99;
        let mut encrypted = good(2);
        encrypted.flags = 1;
        let mut wrong_sum = good(2);
        wrong_sum.sum ^= 1;
        let mut cut = good(2);
        cut.deflate();
        cut.packed.truncate(40);
        for (case, bad, reason) in [
            ("a zip with an unknown method", unknown, "not supported: 99"),
            ("a zip with a password", encrypted, "assword"),
            ("a zip with a wrong check sum", wrong_sum, ""),
            ("a zip with a member cut short", cut, ""),
        ] {
            let loaded = load_file(case, "a.zip", zip(&[good(1), bad, good(3)]));
            assert!([1, 3].iter().all(|number| loaded.kept.contains(number)), "{case}: {:?}", loaded.rejects);
            let (path, _, told) = loaded.rejects.last().expect(case);
            assert!(path == "a.zip!/2.json" && told.len() > 5 && told.contains(reason), "{case}: {path}: {told}");
        }
    }

    #[test]
    fn archives_that_are_cut_off_say_so() {
        let members: Vec<_> = (1..=3).map(|number| (format!("{number}.json"), event(number))).collect();
        let tarred: Vec<_> = members.iter().map(|(name, text)| (name.as_str(), Regular, text.as_str())).collect();
        let third = 2 * (512 + event(1).len().next_multiple_of(512));
        let mut cut = tar(&tarred);
        cut.truncate(third + 512 + 100);
        let case = "a truncated tar";
        let loaded = load_file(case, "a.tar", &cut);
        assert_eq!(loaded.kept, [1, 2], "{:?}", loaded.rejects);
        assert!(loaded.rejects.iter().any(|(_, _, reason)| reason.contains("cut off")), "{:?}", loaded.rejects);

        let mut packed = GzEncoder::new(Vec::new(), Compression::none());
        packed.write_all(&tar(&tarred)).expect("memory");
        let mut packed = packed.finish().expect("memory");
        packed.truncate(third + 512 + 100);
        let case = "a truncated tar.gz";
        let loaded = load_file(case, "a.tar.gz", packed);
        assert_eq!(loaded.kept, [1, 2], "{:?}", loaded.rejects);
        assert!(loaded.rejects.iter().any(|(_, _, reason)| reason.contains("cut off")), "{:?}", loaded.rejects);

        let zipped: Vec<_> = members.iter().map(|(name, text)| Member::of(name, text.as_bytes())).collect();
        let mut cut = zip(&zipped);
        cut.truncate(cut.len() / 2);
        let case = "a truncated zip";
        let loaded = load_file(case, "a.zip", cut);
        assert_eq!((loaded.kept.len(), loaded.rejects.len()), (0, 1));
        assert!(loaded.rejects[0].2.starts_with("zip: "), "{:?}", loaded.rejects);
    }

    #[test]
    fn a_thousand_archives_in_one_are_read_and_ten_in_each_other_are_not() {
        let small = |number: u64| {
            let inner = zip(&[Member::of("a.json", event(number).as_bytes())]);
            Member::of(&format!("{number}.zip"), &inner)
        };
        let many: Vec<_> = (1..=1000).map(small).collect();
        let loaded = load_file("a thousand archives in one zip", "a.zip", zip(&many));
        assert!(loaded.kept.iter().copied().eq(1..=1000) && loaded.rejects.is_empty(), "{:?}", loaded.rejects);

        let mut nested = zip(&[Member::of("10.json", event(10).as_bytes())]);
        for number in (1..10).rev() {
            let record = Member::of(&format!("{number}.json"), event(number).as_bytes());
            nested = zip(&[Member::of("in.zip", &nested), record]);
        }
        let case = "archives nested ten deep";
        let loaded = load_file(case, "a.zip", nested);
        loaded.is(case, &[1, 2, 3, 4], &[(0, "archives in archives, more than 4 deep")]);
        assert_eq!(loaded.rejects[0].0, "a.zip!/in.zip!/in.zip!/in.zip!/in.zip");
    }
}

#[cfg(unix)]
mod file_system {
    use super::*;
    use std::ffi::OsStr;
    use std::fs::{self, Permissions};
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::os::unix::net::UnixListener;

    use rustix::fs::{CWD, FileType, Mode, makedev, mknodat};

    #[test]
    fn names_that_act_on_a_terminal_are_shown_spelled_out() {
        let place = Place::new();
        let names: [&[u8]; 3] = [b"red\x1b[31m.json", b"two\nlines\r.json", b"not\xFFUTF-8\x9b2J.json"];
        fs::create_dir(place.path("logs")).expect("a folder");
        for (name, number) in names.iter().zip(1..) {
            let path = place.path("logs").join(OsStr::from_bytes(name));
            if let Err(error) = fs::write(path, ndjson(&[event(number), "{\"eventTime\": \x1b[2J}".to_owned()])) {
                eprintln!("skipped: {error}");
                return;
            }
        }
        let case = "file names with escapes, newlines and bytes that are no UTF-8";
        let loaded = load(&place, case, &["logs"]);
        assert_eq!((loaded.kept.as_slice(), loaded.rejects.len()), ([1, 2, 3].as_slice(), 3));
        assert!(loaded.stdout.contains(r"red\u{1b}[31m.json") && loaded.stdout.contains(r"two\nlines\r.json"));
        let mut shown = vec![loaded.stdout];
        for format in ["table", "json", "ndjson", "markdown"] {
            shown.push(place.ok(&["sql", "FROM files JOIN rejects USING (file_id)", "--format", format]));
        }
        shown.push(place.ok(&["status"]));
        for text in shown {
            assert!(!text.contains(['\x1b', '\r', '\u{9b}']), "{text:?}");
        }
    }

    #[test]
    fn a_folder_may_be_named_like_a_file_and_link_to_itself() {
        let place = Place::new();
        place.write("logs/x.json/a.json", event(1));
        symlink("..", place.path("logs/x.json/loop")).expect("a link");
        let case = "a folder named like a file, with a link to the folder above";
        let loaded = load(&place, case, &["logs"]);
        loaded.is(case, &[1], &[(0, "loop")]);
    }

    #[test]
    fn a_folder_that_cannot_be_read_is_rejected() {
        if rustix::process::geteuid().is_root() {
            eprintln!("skipped: root reads every folder");
            return;
        }
        let place = Place::new();
        place.write("logs/a.json", event(1));
        place.write("logs/locked/b.json", event(2));
        fs::set_permissions(place.path("logs/locked"), Permissions::from_mode(0o000)).expect("ours");
        let case = "a folder that cannot be read";
        load(&place, case, &["logs"]).is(case, &[1], &[(0, "denied")]);
        fs::set_permissions(place.path("logs/locked"), Permissions::from_mode(0o700)).expect("ours");
    }

    #[test]
    fn what_is_no_file_is_passed_over_in_a_folder() {
        let place = Place::new();
        place.write("logs/a.json", event(1));
        mknodat(CWD, place.path("logs/pipe.json"), FileType::Fifo, Mode::RWXU, 0).expect("a pipe");
        let _socket = UnixListener::bind(place.path("logs/socket.json")).expect("a socket");
        // the kind /dev/zero is of; only root may make one
        let _ = mknodat(CWD, place.path("logs/zero.json"), FileType::CharacterDevice, Mode::RWXU, makedev(1, 5));
        let case = "a folder with a pipe, a socket and a device in it";
        load(&place, case, &["logs"]).is(case, &[1], &[]);
    }

    #[test]
    fn a_pipe_is_read_when_it_is_named_and_a_device_is_not() {
        let place = Place::new();
        let pipe = place.path("pipe");
        mknodat(CWD, &pipe, FileType::Fifo, Mode::RWXU, 0).expect("a pipe");
        let writer = std::thread::spawn(move || fs::write(pipe, gzip(&records(&events(1..=2)))).expect("a reader"));
        let case = "a pipe, named";
        load(&place, case, &["pipe"]).is(case, &[1, 2], &[]);
        writer.join().expect("it is written");
        for device in ["/dev/null", "/dev/zero"] {
            let case = format!("{device}, named");
            let place = Place::new();
            let begun = Instant::now();
            load(&place, &case, &[device]).is(&case, &[], &[(0, "a device, which may have no end")]);
            assert!(begun.elapsed() < Duration::from_secs(20));
        }
    }
}

/// Files as they should be, and what is done to them.
mod random {
    use super::*;
    use trailduck::load::{Options, Summary};
    use trailduck::store::Store;

    #[derive(Debug, Clone)]
    enum Damage {
        Flip(usize, u8),
        Insert(usize, Vec<u8>),
        Delete(usize, usize),
        Truncate(usize),
        Swap(usize, usize, usize),
    }

    impl Damage {
        /// Positions are taken modulo the length.
        fn apply(&self, bytes: &mut Vec<u8>) {
            let len = bytes.len();
            if len == 0 {
                return;
            }
            match self {
                Self::Flip(at, mask) => bytes[at % len] ^= mask,
                Self::Insert(at, inserted) => drop(bytes.splice(at % len..at % len, inserted.iter().copied())),
                Self::Delete(at, count) => drop(bytes.drain(at % len..(at % len + count).min(len))),
                Self::Truncate(at) => bytes.truncate(at % len),
                Self::Swap(one, other, count) => {
                    let count = count % len / 2;
                    let (low, high) = (one % len, other % len);
                    let (low, high) = (low.min(high), low.max(high));
                    if high + count <= len && low + count <= high {
                        let (front, back) = bytes.split_at_mut(high);
                        front[low..low + count].swap_with_slice(&mut back[..count]);
                    }
                }
            }
        }
    }

    /// Bytes that mean something to a parser, and some that do not.
    fn inserted() -> impl Strategy<Value = Vec<u8>> {
        const TOKENS: &[&str] =
            &["{", "}", "[", "]", "\"", "\\", ",", ":", "\n", "\0", "\u{FEFF}", "{\"Records\":[", "null"];
        prop_oneof![
            proptest::sample::select(TOKENS).prop_map(|token| token.as_bytes().to_vec()),
            proptest::collection::vec(any::<u8>(), 1..20),
        ]
    }

    fn damage() -> impl Strategy<Value = Damage> {
        let at = || any::<u16>().prop_map(usize::from);
        prop_oneof![
            (at(), 1..=255u8).prop_map(|(at, mask)| Damage::Flip(at, mask)),
            (at(), inserted()).prop_map(|(at, bytes)| Damage::Insert(at, bytes)),
            (at(), 1..200usize).prop_map(|(at, count)| Damage::Delete(at, count)),
            at().prop_map(Damage::Truncate),
            (at(), at(), 1..400usize).prop_map(|(one, other, count)| Damage::Swap(one, other, count)),
        ]
    }

    #[derive(Debug, Clone)]
    struct File {
        numbers: Vec<u64>,
        list: bool,
        packed: bool,
        before: Vec<Damage>,
        after: Vec<Damage>,
    }

    impl File {
        fn bytes(&self) -> Vec<u8> {
            let lines: Vec<_> = self.numbers.iter().map(|number| event(*number)).collect();
            let mut bytes = if self.list { records(&lines) } else { ndjson(&lines) }.into_bytes();
            self.before.iter().for_each(|damage| damage.apply(&mut bytes));
            if self.packed {
                let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
                encoder.write_all(&bytes).expect("memory");
                bytes = encoder.finish().expect("memory");
            }
            self.after.iter().for_each(|damage| damage.apply(&mut bytes));
            bytes
        }
    }

    fn file() -> impl Strategy<Value = File> {
        let damages = || proptest::collection::vec(damage(), 0..4);
        (proptest::collection::vec(1..12u64, 1..6), any::<bool>(), any::<bool>(), damages(), damages())
            .prop_map(|(numbers, list, packed, before, after)| File { numbers, list, packed, before, after })
    }

    /// Loads with the library, a few events to a transaction.
    fn load(store: &Store, paths: &[PathBuf]) -> Summary {
        let found = trailduck::source::find(paths).expect("files");
        let arguments = paths.to_vec();
        let options = Options { arguments, strict: false, events_per_transaction: 4, limits: Default::default() };
        trailduck::load::load(store, found, &options, Default::default()).expect("a load")
    }

    fn number(store: &Store, sql: &str) -> u64 {
        let (_, rows) = store.collect(&format!("SELECT ({sql})::BIGINT")).expect("SQL");
        match rows[0][0] {
            trailduck::store::Cell::Integer(number) => u64::try_from(number).expect("a count"),
            _ => panic!("no number"),
        }
    }

    fn adds_up(store: &Store, summary: &Summary, before: u64) {
        assert_eq!(summary.events, summary.new + summary.duplicate + summary.rejected);
        assert_eq!(number(store, "SELECT count(*) FROM files WHERE records <> new + duplicate + rejected"), 0);
        let stored = number(store, "SELECT count(*) FROM events");
        assert_eq!(stored, before + summary.new);
        assert_eq!(stored, number(store, "SELECT coalesce(sum(new), 0) FROM files"));
        assert_eq!(
            number(store, "SELECT coalesce(sum(rejected), 0) FROM files"),
            number(store, "SELECT count(*) FROM rejects")
        );
        assert_eq!(
            stored,
            number(store, "SELECT count(DISTINCT (event_time, event_id)) FROM events WHERE event_id IS NOT NULL")
                + number(store, "SELECT count(*) FROM events WHERE event_id IS NULL")
        );
    }

    fn few_cases(cases: u32) -> ProptestConfig {
        // the same cases in every run; PROPTEST_CASES asks for others, and how many
        let usual = ProptestConfig { failure_persistence: None, max_shrink_iters: 200, ..ProptestConfig::default() };
        match std::env::var_os("PROPTEST_CASES") {
            Some(_) => usual,
            None => ProptestConfig { cases, rng_seed: RngSeed::Fixed(1), ..usual },
        }
    }

    const PARAMETERS: &[&str] = &["{}", r#"{"name":"a","deep":[[{"b":{}}]],"list":[1,2]}"#];

    proptest! {
        #![proptest_config(few_cases(32))]

        #[test]
        fn whatever_is_damaged_the_counts_add_up_and_loading_again_adds_nothing(
            files in proptest::collection::vec(file(), 1..5)
        ) {
            let place = Place::new();
            for (file, index) in files.iter().zip(0..) {
                place.write(&format!("logs/{index}.json"), file.bytes());
                // the same records, but content that was never seen
                let other = [b"\n".to_vec(), file.bytes()].concat();
                place.write(&format!("again/{index}.json"), other);
            }
            let store = place.store();
            let first = load(&store, &[place.path("logs")]);
            adds_up(&store, &first, 0);
            let second = load(&store, &[place.path("logs")]);
            adds_up(&store, &second, first.new);
            prop_assert_eq!(second.new, 0);
            if files.iter().all(|file| !file.packed) {
                let again = load(&store, &[place.path("again")]);
                adds_up(&store, &again, first.new);
                prop_assert_eq!(again.new, 0);
            }
            let undamaged = files.iter().filter(|file| file.before.is_empty() && file.after.is_empty());
            let numbers: std::collections::BTreeSet<_> = undamaged.flat_map(|file| &file.numbers).collect();
            for number_kept in numbers {
                let sql = format!("SELECT count(*) FROM events WHERE event_id::VARCHAR LIKE '%-{number_kept:012}'");
                prop_assert!(number(&store, &sql) > 0, "{} is lost", number_kept);
            }
        }

        #[test]
        fn damage_within_one_record_leaves_the_others_alone(
            count in 2..8u64,
            damaged in any::<proptest::sample::Index>(),
            damages in proptest::collection::vec(damage(), 1..4),
            list in any::<bool>(),
            packed in any::<bool>(),
        ) {
            let damaged = damaged.index(count as usize);
            let lines = (1..=count).map(|number| event_with(number, PARAMETERS[number as usize % PARAMETERS.len()]));
            let mut elements: Vec<_> = lines.map(String::into_bytes).collect();
            // all but the brace it begins with: see the test on a bracket in its place
            let mut inside = elements[damaged].split_off(1);
            damages.iter().for_each(|damage| damage.apply(&mut inside));
            elements[damaged].extend(inside);
            let bytes = if list {
                [b"{\"Records\":[".to_vec(), elements.join(b",".as_slice()), b"]}".to_vec()].concat()
            } else {
                elements.join(b"\n".as_slice())
            };
            let place = Place::new();
            let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
            encoder.write_all(&bytes).expect("memory");
            place.write("a.json", if packed { encoder.finish().expect("memory") } else { bytes.clone() });
            let store = place.store();
            let summary = load(&store, &[place.path("a.json")]);
            adds_up(&store, &summary, 0);
            for other in (1..=count).filter(|other| *other != damaged as u64 + 1) {
                let sql = format!("SELECT count(*) FROM events WHERE event_id::VARCHAR LIKE '%-{other:012}'");
                prop_assert!(number(&store, &sql) > 0, "{} is lost of {}", other, String::from_utf8_lossy(&bytes));
            }
        }
    }
}
