//! The vectors of one of DuckDB's chunks, written to cell by cell.

use duckdb::core::DataChunkHandle;
use duckdb::ffi;

use super::batch::{BESIDE, Beside, Cell};
use super::variant::{Variants, validity};
use crate::record::schema::{FIELDS, Field, Kind};

/// Where the values of a node go.
#[derive(Clone, Copy)]
struct Target {
    data: *mut u8,
    validity: *mut u64,
    shape: Shape,
    /// Whether it is inside a list.
    in_list: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Text,
    Bool,
    Int32,
    /// As many raw bytes as the cell has: a time, an id.
    Raw,
    /// JSON text.
    Variant,
    Struct,
    List,
    /// The struct that a list is of.
    Element,
}

/// The vectors of a chunk, by node.
pub struct Targets<'b> {
    targets: Vec<Target>,
    /// The VARIANT columns, and where their values are gathered.
    variants: &'b mut Vec<Variants>,
    variant_vectors: Vec<ffi::duckdb_vector>,
    /// Elements of the list written so far; only one column of the schema is a list, and none is inside another.
    elements: usize,
}

impl<'b> Targets<'b> {
    /// # Safety
    /// The chunk has the columns of [`batch::types`](super::batch::types) and room for `rows` rows, with `elements` elements in their list.
    pub unsafe fn of(chunk: &DataChunkHandle, rows: usize, elements: usize, variants: &'b mut Vec<Variants>) -> Self {
        let mut this = Self { targets: Vec::with_capacity(128), variants, variant_vectors: Vec::new(), elements: 0 };
        // SAFETY: as above; the vectors of a chunk live as long as it does
        unsafe {
            let column = |index: usize| ffi::duckdb_data_chunk_get_vector(chunk.get_ptr(), index as u64);
            for (index, field) in FIELDS.iter().enumerate() {
                this.add(column(index), &field.kind, rows, false, elements);
            }
            for (index, (beside, _)) in (FIELDS.len()..).zip(BESIDE) {
                let shape = match beside {
                    Beside::Extra => Shape::Variant,
                    Beside::NullFields | Beside::Original => Shape::Text,
                    Beside::EventIdDerived => Shape::Bool,
                    Beside::FileId => Shape::Int32,
                };
                this.target(column(index), shape, rows, false);
            }
        }
        this
    }

    /// # Safety
    /// As for [`Targets::of`]; the vector is of this kind.
    unsafe fn add(&mut self, vector: ffi::duckdb_vector, kind: &Kind, rows: usize, in_list: bool, elements: usize) {
        let shape = match kind {
            Kind::Text => Shape::Text,
            Kind::Json => Shape::Variant,
            Kind::Bool => Shape::Bool,
            Kind::Time | Kind::Uuid => Shape::Raw,
            Kind::Struct(_) => Shape::Struct,
            Kind::List(_) => Shape::List,
        };
        // SAFETY: as above
        unsafe {
            self.target(vector, shape, rows, in_list);
            match kind {
                Kind::Struct(fields) => self.members(vector, fields, rows, in_list, elements),
                Kind::List(fields) => {
                    ffi::duckdb_list_vector_reserve(vector, elements as u64);
                    ffi::duckdb_list_vector_set_size(vector, elements as u64);
                    let element = ffi::duckdb_list_vector_get_child(vector);
                    self.target(element, Shape::Element, elements, true);
                    self.members(element, fields, elements, true, elements);
                }
                _ => {}
            }
        }
    }

    /// # Safety
    /// As for [`Targets::add`]; the vector is of a struct of these fields.
    unsafe fn members(
        &mut self,
        vector: ffi::duckdb_vector,
        fields: &[Field],
        rows: usize,
        in_list: bool,
        elements: usize,
    ) {
        for (index, field) in (0..).zip(fields) {
            // SAFETY: as above
            unsafe {
                let member = ffi::duckdb_struct_vector_get_child(vector, index);
                self.add(member, &field.kind, rows, in_list, elements);
            }
        }
    }

    /// Adds a vector, all of whose rows are null at first.
    ///
    /// # Safety
    /// The vector is of this shape and has room for `rows` rows.
    unsafe fn target(&mut self, vector: ffi::duckdb_vector, shape: Shape, rows: usize, in_list: bool) {
        if shape == Shape::Variant {
            if self.variants.len() == self.variant_vectors.len() {
                self.variants.push(Variants::default());
            }
            // in the place of the data: which of the VARIANT columns it is
            let data = std::ptr::without_provenance_mut(self.variant_vectors.len());
            self.variant_vectors.push(vector);
            self.targets.push(Target { data, validity: std::ptr::null_mut(), shape, in_list });
            return;
        }
        // SAFETY: as above
        unsafe {
            let validity = validity(vector, rows);
            let data = ffi::duckdb_vector_get_data(vector).cast();
            self.targets.push(Target { data, validity, shape, in_list });
        }
    }

    /// Hands the VARIANT columns over.
    ///
    /// # Safety
    /// As for [`Variants::hand_over`].
    pub unsafe fn finish(self, rows: usize) {
        for (variants, vector) in self.variants.iter().zip(self.variant_vectors) {
            // SAFETY: as above
            unsafe { variants.hand_over(vector, rows) };
        }
    }

    /// Writes a cell of the row at `place`, and takes the bytes it has off the row's characters.
    ///
    /// # Safety
    /// `place` is below the number of rows the targets were made for, and the cell one of those they were made for.
    /// `exact` says that no object in its JSON repeats a key.
    pub unsafe fn write(&mut self, place: usize, cell: Cell, characters: &mut &[u8], exact: bool) {
        let Target { data, validity, shape, in_list } = self.targets[usize::from(cell.node)];
        let mut bytes = || {
            let (bytes, rest) = characters.split_at(cell.value as usize);
            *characters = rest;
            bytes
        };
        if shape == Shape::Element {
            self.elements += 1;
        }
        if shape == Shape::Variant {
            // SAFETY: all characters are those of strings; the batch outlives the chunk
            unsafe { self.variants[data.addr()].push(place, std::str::from_utf8_unchecked(bytes()), exact) };
            return;
        }
        let row = if in_list { self.elements - 1 } else { place };
        // SAFETY: as above; the element a vector is written to as is its size
        unsafe {
            *validity.add(row / 64) |= 1 << (row % 64);
            match shape {
                Shape::Text => *data.cast::<ffi::duckdb_string_t>().add(row) = string(bytes()),
                Shape::Bool => *data.add(row) = cell.value as u8,
                Shape::Int32 => *data.cast::<u32>().add(row) = cell.value,
                Shape::Raw => {
                    let bytes = bytes();
                    std::ptr::copy_nonoverlapping(bytes.as_ptr(), data.add(row * bytes.len()), bytes.len());
                }
                Shape::List => {
                    let entry = ffi::duckdb_list_entry { offset: self.elements as u64, length: cell.value.into() };
                    *data.cast::<ffi::duckdb_list_entry>().add(row) = entry;
                }
                Shape::Variant | Shape::Struct | Shape::Element => {}
            }
        }
    }
}

/// A string as DuckDB's vectors hold it: short ones inside, of long ones the first four bytes and where they are.
pub fn string(bytes: &[u8]) -> ffi::duckdb_string_t {
    use ffi::{
        duckdb_string_t__bindgen_ty_1 as Value, duckdb_string_t__bindgen_ty_1__bindgen_ty_1 as Pointer,
        duckdb_string_t__bindgen_ty_1__bindgen_ty_2 as Inlined,
    };
    let length = bytes.len() as u32;
    let value = if bytes.len() <= 12 {
        let mut inlined = [0u8; 12];
        // two copies of a fixed size that overlap are faster than one of any size
        match bytes.len() {
            8.. => {
                inlined[..8].copy_from_slice(&bytes[..8]);
                inlined[bytes.len() - 8..bytes.len()].copy_from_slice(&bytes[bytes.len() - 8..]);
            }
            4.. => {
                inlined[..4].copy_from_slice(&bytes[..4]);
                inlined[bytes.len() - 4..bytes.len()].copy_from_slice(&bytes[bytes.len() - 4..]);
            }
            _ => inlined[..bytes.len()].copy_from_slice(bytes),
        }
        Value { inlined: Inlined { length, inlined: inlined.map(u8::cast_signed) } }
    } else {
        let prefix = [bytes[0], bytes[1], bytes[2], bytes[3]].map(u8::cast_signed);
        Value { pointer: Pointer { length, prefix, ptr: bytes.as_ptr().cast_mut().cast() } }
    };
    ffi::duckdb_string_t { value }
}
