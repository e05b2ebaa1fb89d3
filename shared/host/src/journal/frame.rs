//! One record of a journal as a line: what tells it from what is torn or damaged.
//!
//! `crc length position kind` and the record as JSON, which has no line breaks: after a damaged record the next line is
//! whole again. The numbers are hexadecimal and of fixed width. Knows no file.

use std::io::{self, BufRead, Read};

/// `crc32 length position k`, with a blank after each number.
const HEADER_BYTES: usize = CRC_BYTES + 9 + 17 + 1;
const CRC_BYTES: usize = 9;
/// Longer records are not written, and a longer line is damaged.
pub const RECORD_BYTES_MAX: usize = 16 * 1024 * 1024;

/// What a record says of its call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Begin,
    End,
}

impl Kind {
    const fn letter(self) -> u8 {
        match self {
            Self::Begin => b'B',
            Self::End => b'E',
        }
    }

    const fn of(letter: u8) -> Option<Self> {
        match letter {
            b'B' => Some(Self::Begin),
            b'E' => Some(Self::End),
            _ => None,
        }
    }
}

/// A record that was found whole.
#[derive(Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    pub kind: Kind,
    pub position: u64,
    pub json: &'a [u8],
}

/// How long the record's line is.
pub const fn length(json: &[u8]) -> usize {
    HEADER_BYTES + json.len() + 1
}

/// Appends the line of a record.
pub fn write(kind: Kind, position: u64, json: &[u8], to: &mut Vec<u8>) {
    to.reserve(length(json));
    let start = to.len();
    to.resize(start + CRC_BYTES, b' ');
    push_hex(to, json.len() as u64, 8);
    push_hex(to, position, 16);
    to.push(kind.letter());
    to.extend_from_slice(json);
    let sum = crc32fast::hash(&to[start + CRC_BYTES..]);
    to.push(b'\n');
    let mut crc = Vec::with_capacity(CRC_BYTES);
    push_hex(&mut crc, sum.into(), 8);
    to[start..start + CRC_BYTES].copy_from_slice(&crc);
}

/// The number in this many digits, and a blank.
fn push_hex(to: &mut Vec<u8>, number: u64, digits: u32) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for place in (0..digits).rev() {
        let digit = (number >> (4 * place)) & 0xf;
        to.push(DIGITS[digit as usize]);
    }
    to.push(b' ');
}

fn read_hex(text: &[u8]) -> Option<u64> {
    u64::from_str_radix(std::str::from_utf8(text).ok()?, 16).ok()
}

/// The record at the beginning of a text, and what stands behind it.
fn read(text: &[u8]) -> Option<(Frame<'_>, &[u8])> {
    let header = text.get(..HEADER_BYTES)?;
    let crc = read_hex(&header[..8])?;
    let length = usize::try_from(read_hex(&header[9..17])?).ok()?;
    let position = read_hex(&header[18..34])?;
    let kind = Kind::of(header[HEADER_BYTES - 1])?;
    let end = HEADER_BYTES.checked_add(length)?;
    let json = text.get(HEADER_BYTES..end)?;
    let is_whole = u64::from(crc32fast::hash(&text[CRC_BYTES..end])) == crc;
    // A line's end may be what was damaged: it is not part of the record.
    is_whole.then(|| (Frame { kind, position, json }, text.get(end + 1..).unwrap_or_default()))
}

/// What was found in one line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// Its length with its end; 0 at the end of the file.
    pub bytes: u64,
    pub is_damaged: bool,
}

/// Reads the next line into the buffer and hands over its record, or records where the line's end was damaged.
///
/// # Errors
/// When the file cannot be read.
pub fn next_line(file: &mut impl BufRead, line: &mut Vec<u8>, found: &mut dyn FnMut(Frame<'_>)) -> io::Result<Line> {
    line.clear();
    let bytes = file.by_ref().take(RECORD_BYTES_MAX as u64 * 2).read_until(b'\n', line)?;
    let mut rest: &[u8] = line;
    while let Some((frame, behind)) = read(rest) {
        found(frame);
        rest = behind;
    }
    // An empty line was written on purpose, to end a torn one.
    let is_damaged = !matches!(rest, [] | [b'\n']);
    Ok(Line { bytes: bytes as u64, is_damaged })
}
