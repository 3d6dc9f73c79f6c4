//! Records as rows of a CSV file: CloudTrail Lake's and Athena's query results, the console's event history.

use std::borrow::Cow;

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

use super::convert::{self, normal};
use super::wrapped::Carried;

/// What stands between columns, the usual one first.
const DELIMITERS: [u8; 3] = *b",\t;";

/// Columns that hold the whole record, if a table has one of them.
const WHOLE: [&str; 3] = ["eventjson", "cloudtrailevent", "message"];

/// A table of CloudTrail records, known by its first line.
#[derive(Debug)]
pub struct Table {
    columns: Vec<String>,
    reader: Reader,
}

impl Table {
    /// Recognises a table by its header; also the header's length in bytes. `last` says whether the text ends here.
    pub fn begin(text: &str, last: bool) -> Option<(Self, usize)> {
        DELIMITERS.into_iter().find_map(|delimiter| {
            let mut reader = ReaderBuilder::new().delimiter(delimiter).build();
            let (columns, len) = cells(&mut reader, text, last)?;
            let has = |name: &str| columns.iter().any(|column| normal(column) == name);
            let messages = columns.iter().any(|column| column == "@message");
            let known = has("eventtime") && has("eventname") || has("eventjson") || has("cloudtrailevent") || messages;
            known.then_some((Self { columns, reader }, len))
        })
    }

    /// The next row and its length in bytes; none if it is not complete.
    pub fn row(&mut self, text: &str, last: bool) -> Option<(Carried<'static>, usize)> {
        let (cells, len) = cells(&mut self.reader, text, last)?;
        let whole = self
            .columns
            .iter()
            .zip(&cells)
            .find(|(column, cell)| WHOLE.contains(&normal(column).as_str()) && cell.trim_start().starts_with('{'));
        let record = match whole {
            Some((_, cell)) => cell.clone(),
            None => {
                let names = self.columns.iter().map(String::as_str).chain(std::iter::repeat("more"));
                convert::row(names.zip(cells.iter().map(|cell| Cow::Borrowed(cell.as_str()))))
            }
        };
        Some((Carried::Text(record.into()), len))
    }
}

/// The cells of the row at the beginning of `text`, and its length in bytes.
fn cells(reader: &mut Reader, text: &str, last: bool) -> Option<(Vec<String>, usize)> {
    reader.reset();
    let input = text.as_bytes();
    let (mut output, mut ends) = (vec![0; 4096], vec![0; 64]);
    let (mut read, mut written, mut ended) = (0, 0, 0);
    loop {
        let (result, more_read, more_written, more_ended) =
            reader.read_record(&input[read..], &mut output[written..], &mut ends[ended..]);
        read += more_read;
        written += more_written;
        ended += more_ended;
        match result {
            // an empty input tells the reader that the text ends
            ReadRecordResult::InputEmpty if last => {}
            ReadRecordResult::InputEmpty => return None,
            ReadRecordResult::OutputFull => output.resize(output.len() * 2, 0),
            ReadRecordResult::OutputEndsFull => ends.resize(ends.len() * 2, 0),
            ReadRecordResult::Record | ReadRecordResult::End => break,
        }
    }
    let begins = std::iter::once(0).chain(ends[..ended].iter().copied());
    let cells =
        begins.zip(&ends[..ended]).map(|(begin, &end)| String::from_utf8_lossy(&output[begin..end]).into_owned());
    Some((cells.collect(), read))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_known_by_its_columns() {
        for header in [
            "eventTime,eventName\n",
            "Event name\tEvent time\n",
            "\"eventtime\";\"eventname\"",
            "@timestamp,@message\n",
        ] {
            assert!(Table::begin(header, true).is_some_and(|(_, len)| len == header.len()), "{header}");
        }
        for header in ["", "a,b\n", "eventTime\n", "date,level,message\n", "eventTime,event"] {
            assert!(Table::begin(header, false).is_none(), "{header}");
        }
    }

    #[test]
    fn rows_become_records() {
        let (mut table, len) = Table::begin("eventTime,eventName,x\n", false).expect("a table");
        assert_eq!(len, 22);
        let row = "t,\"a \"\"b\"\"\nc\",\n";
        let record = r#"{"eventTime":"t","eventName":"a \"b\"\nc"}"#;
        assert_eq!(table.row(&format!("{row}u,"), false), Some((Carried::Text(record.into()), row.len())));
        assert_eq!(table.row("t,\"n", false), None);
        assert!(table.row("t,\"n", true).is_some());
        let (mut table, _) = Table::begin("eventId,eventJson\n", false).expect("a table");
        assert_eq!(table.row("1,\"{\"\"a\"\":1}\"\n", false), Some((Carried::Text("{\"a\":1}".into()), 14)));
    }
}
