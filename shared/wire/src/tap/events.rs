//! An event stream as it passes by: the data of each event is one JSON document.
//!
//! Keeps no line. Knows no event by name.

use super::scan::Scan;

const DATA: &[u8] = b"data:";

/// A reader of events.
#[derive(Debug, Default)]
pub struct Events {
    scan: Scan,
    line: Line,
}

/// How far the line under way has been recognised.
#[derive(Debug)]
enum Line {
    /// So many bytes of `data:` have come.
    Begins(usize),
    Data,
    Other,
}

impl Default for Line {
    fn default() -> Self {
        Self::Begins(0)
    }
}

impl Events {
    pub fn push(&mut self, mut bytes: &[u8]) {
        while let Some(first) = bytes.first() {
            if matches!(first, b'\n' | b'\r') {
                self.line = Line::default();
                bytes = &bytes[1..];
                continue;
            }
            let Line::Begins(count) = self.line else {
                let end = memchr::memchr2(b'\n', b'\r', bytes).unwrap_or(bytes.len());
                if matches!(self.line, Line::Data) {
                    self.scan.push(&bytes[..end]);
                }
                bytes = &bytes[end..];
                continue;
            };
            self.line = match DATA.get(count) == Some(first) {
                false => Line::Other,
                true if count + 1 == DATA.len() => {
                    self.scan.restart();
                    Line::Data
                }
                true => Line::Begins(count + 1),
            };
            bytes = &bytes[1..];
        }
    }

    pub const fn scan(&self) -> &Scan {
        &self.scan
    }

    pub const fn scan_mut(&mut self) -> &mut Scan {
        &mut self.scan
    }
}
