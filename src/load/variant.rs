//! JSON as VARIANT, in the form DuckDB's vectors hold it.
//!
//! DuckDB's own cast parses each text twice, which was an eighth of a load. A VARIANT is four columns (DuckDB's
//! `LogicalType::VARIANT`): the keys of all objects in a value; for each member or element which key and which value it
//! is; for each value its type and where its bytes are; and the bytes.

use duckdb::ffi;

use super::chunk::string;
use crate::record::json::{Next, Scanner, Str, SyntaxError};

/// Types of values, as DuckDB numbers them (`VariantLogicalType`).
mod kind {
    pub const NULL: u8 = 0;
    pub const TRUE: u8 = 1;
    pub const FALSE: u8 = 2;
    pub const INT64: u8 = 6;
    pub const UINT64: u8 = 11;
    pub const DOUBLE: u8 = 14;
    pub const VARCHAR: u8 = 16;
    pub const OBJECT: u8 = 29;
    pub const ARRAY: u8 = 30;
}

/// In place of the key of a list's element.
const NO_KEY: u32 = u32::MAX;

/// The values of one column in one chunk.
#[derive(Default)]
pub struct Variants {
    keys: Vec<ffi::duckdb_string_t>,
    /// Key and value of each member or element, counted within its row.
    children: Vec<(u32, u32)>,
    types: Vec<u8>,
    offsets: Vec<u32>,
    data: Vec<u8>,
    rows: Vec<Row>,
    /// Keys that are written with escapes.
    decoded: Vec<Box<str>>,
    /// Members of the objects that are being read.
    open: Vec<(u32, u32)>,
}

// SAFETY: its strings point into its own `decoded`, which moves with it, and into the batch that it is part of
unsafe impl Send for Variants {}

/// Where the parts of a row's value begin.
struct Row {
    place: usize,
    keys: usize,
    children: usize,
    values: usize,
    data: usize,
}

impl Variants {
    pub fn clear(&mut self) {
        self.keys.clear();
        self.children.clear();
        self.types.clear();
        self.offsets.clear();
        self.data.clear();
        self.rows.clear();
        self.decoded.clear();
    }

    /// Adds the value of the row at `place`. `exact` says that no object in it repeats a key.
    ///
    /// # Safety
    /// The text outlives what is handed over.
    pub unsafe fn push(&mut self, place: usize, json: &str, exact: bool) {
        let row = Row {
            place,
            keys: self.keys.len(),
            children: self.children.len(),
            values: self.types.len(),
            data: self.data.len(),
        };
        self.open.clear();
        if self.value(&mut Scanner::new(json), &row, exact).is_err() {
            // it was read before, so that this is no JSON cannot be; all the same, nothing is lost
            self.keys.truncate(row.keys);
            self.children.truncate(row.children);
            self.types.truncate(row.values);
            self.offsets.truncate(row.values);
            self.data.truncate(row.data);
            self.text(&row, json);
        }
        self.rows.push(row);
    }

    /// Reads a value. Its number in the row is that of the values before it.
    fn value(&mut self, scanner: &mut Scanner, row: &Row, exact: bool) -> Result<(), SyntaxError> {
        match scanner.peek()? {
            Next::String => {
                let text = scanner.string()?;
                if text.escaped { self.text(row, &text.decode()) } else { self.text(row, text.raw) }
            }
            next @ (Next::Object | Next::List) => {
                let this = self.types.len();
                self.add(row, if next == Next::Object { kind::OBJECT } else { kind::ARRAY });
                let first = self.open.len();
                if next == Next::Object {
                    scanner.object(|scanner, key| {
                        let key = self.key(row, key);
                        self.open.push((key, (self.types.len() - row.values) as u32));
                        self.value(scanner, row, exact)
                    })?;
                } else {
                    scanner.list(|scanner| {
                        self.open.push((NO_KEY, (self.types.len() - row.values) as u32));
                        self.value(scanner, row, exact)
                    })?;
                }
                if !exact && next == Next::Object {
                    self.drop_repeated(row, first);
                }
                self.offsets[this] = (self.data.len() - row.data) as u32;
                self.varint(self.open.len() - first);
                if self.open.len() > first {
                    self.varint(self.children.len() - row.children);
                    self.children.extend(self.open.drain(first..));
                }
            }
            Next::Null => {
                scanner.value()?;
                self.add(row, kind::NULL);
            }
            Next::Other => match scanner.value()? {
                "true" => self.add(row, kind::TRUE),
                "false" => self.add(row, kind::FALSE),
                number => self.number(row, number),
            },
        }
        Ok(())
    }

    fn add(&mut self, row: &Row, kind: u8) {
        self.types.push(kind);
        self.offsets.push((self.data.len() - row.data) as u32);
    }

    fn text(&mut self, row: &Row, text: &str) {
        self.add(row, kind::VARCHAR);
        self.varint(text.len());
        self.data.extend_from_slice(text.as_bytes());
    }

    fn number(&mut self, row: &Row, number: &str) {
        if let Ok(number) = number.parse::<u64>() {
            self.add(row, kind::UINT64);
            self.data.extend_from_slice(&number.to_ne_bytes());
        } else if let Ok(number) = number.parse::<i64>() {
            self.add(row, kind::INT64);
            self.data.extend_from_slice(&number.to_ne_bytes());
        } else {
            self.add(row, kind::DOUBLE);
            self.data.extend_from_slice(&number.parse::<f64>().unwrap_or(f64::NAN).to_ne_bytes());
        }
    }

    fn key(&mut self, row: &Row, key: Str) -> u32 {
        let key = match key.escaped {
            false => string(key.raw.as_bytes()),
            true => {
                self.decoded.push(key.decode().into());
                string(self.decoded.last().map_or(&[], |key| key.as_bytes()))
            }
        };
        self.keys.push(key);
        (self.keys.len() - 1 - row.keys) as u32
    }

    /// Of members with the same key the last counts, as DuckDB has it.
    fn drop_repeated(&mut self, row: &Row, first: usize) {
        let bytes = |keys: &[ffi::duckdb_string_t], key: u32| {
            let mut key = keys[row.keys + key as usize];
            // SAFETY: the string is one of ours, and what it points to is alive
            unsafe {
                let len = ffi::duckdb_string_t_length(key) as usize;
                std::slice::from_raw_parts(ffi::duckdb_string_t_data(&raw mut key).cast::<u8>(), len).to_vec()
            }
        };
        let mut seen = std::collections::HashSet::new();
        let mut members = self.open.split_off(first);
        members.reverse();
        members.retain(|&(key, _)| seen.insert(bytes(&self.keys, key)));
        members.reverse();
        self.open.extend(members);
    }

    /// LEB128, seven bits a byte, the lowest first.
    fn varint(&mut self, mut number: usize) {
        while number >= 0x80 {
            self.data.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.data.push(number as u8);
    }

    /// Fills a vector of `len` rows; those that were not pushed are null.
    ///
    /// # Safety
    /// The vector is a VARIANT's and has room for `len` rows. It points into this: until DuckDB is done with it, this is
    /// neither changed nor dropped.
    pub unsafe fn hand_over(&self, vector: ffi::duckdb_vector, len: usize) {
        // SAFETY: as above; children of a vector are of the types that DuckDB declares for VARIANT
        unsafe {
            let [keys, children, values, data] =
                [0, 1, 2, 3].map(|index| ffi::duckdb_struct_vector_get_child(vector, index));
            let key = list(keys, self.keys.len());
            copy(key, &self.keys);
            let child = list(children, self.children.len());
            let key_index = ffi::duckdb_struct_vector_get_child(child, 0);
            let value_index = ffi::duckdb_struct_vector_get_child(child, 1);
            let key_indexes = ffi::duckdb_vector_get_data(key_index).cast::<u32>();
            let value_indexes = ffi::duckdb_vector_get_data(value_index).cast::<u32>();
            let is_member = validity(key_index, self.children.len());
            for (at, &(key, value)) in self.children.iter().enumerate() {
                *value_indexes.add(at) = value;
                if key != NO_KEY {
                    *key_indexes.add(at) = key;
                    *is_member.add(at / 64) |= 1 << (at % 64);
                }
            }
            let value = list(values, self.types.len());
            copy(ffi::duckdb_struct_vector_get_child(value, 0), &self.types);
            copy(ffi::duckdb_struct_vector_get_child(value, 1), &self.offsets);

            let masks = [vector, keys, children, values, data].map(|vector| validity(vector, len));
            let [keys, children, values] =
                [keys, children, values].map(|list| ffi::duckdb_vector_get_data(list).cast::<ffi::duckdb_list_entry>());
            let data = ffi::duckdb_vector_get_data(data).cast::<ffi::duckdb_string_t>();
            for list in [keys, children, values] {
                std::slice::from_raw_parts_mut(list.cast::<[u64; 2]>(), len).fill([0, 0]);
            }
            let ends = Row {
                place: len,
                keys: self.keys.len(),
                children: self.children.len(),
                values: self.types.len(),
                data: self.data.len(),
            };
            for (row, next) in self.rows.iter().zip(self.rows.iter().skip(1).chain([&ends])) {
                let entry = |begin: usize, end: usize| ffi::duckdb_list_entry {
                    offset: begin as u64,
                    length: (end - begin) as u64,
                };
                for mask in masks {
                    *mask.add(row.place / 64) |= 1 << (row.place % 64);
                }
                *keys.add(row.place) = entry(row.keys, next.keys);
                *children.add(row.place) = entry(row.children, next.children);
                *values.add(row.place) = entry(row.values, next.values);
                *data.add(row.place) = string(&self.data[row.data..next.data]);
            }
        }
    }
}

/// Makes room for `len` elements in a list's vector; returns that of the elements.
///
/// # Safety
/// The vector is a list's.
unsafe fn list(vector: ffi::duckdb_vector, len: usize) -> ffi::duckdb_vector {
    // SAFETY: as above
    unsafe {
        ffi::duckdb_list_vector_reserve(vector, len as u64);
        ffi::duckdb_list_vector_set_size(vector, len as u64);
        ffi::duckdb_list_vector_get_child(vector)
    }
}

/// # Safety
/// The vector is of this type and has room for the values.
unsafe fn copy<T: Copy>(vector: ffi::duckdb_vector, values: &[T]) {
    // SAFETY: as above
    unsafe {
        std::ptr::copy_nonoverlapping(values.as_ptr(), ffi::duckdb_vector_get_data(vector).cast(), values.len());
    }
}

/// Makes the first `len` rows of a vector null; returns the mask that says so.
///
/// # Safety
/// The vector has room for so many rows.
pub unsafe fn validity(vector: ffi::duckdb_vector, len: usize) -> *mut u64 {
    // SAFETY: as above; a mask that is writable has a bit for each row there is room for
    unsafe {
        ffi::duckdb_vector_ensure_validity_writable(vector);
        let validity = ffi::duckdb_vector_get_validity(vector);
        std::slice::from_raw_parts_mut(validity, len.div_ceil(64)).fill(0);
        validity
    }
}
