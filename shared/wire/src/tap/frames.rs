//! Amazon's event stream as it passes by: binary frames, each with one JSON document.
//!
//! The format is that of Smithy's `application/vnd.amazon.eventstream`: total and header lengths, a checksum,
//! headers, the document, a checksum. Checks no checksum: the client does.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::scan::Scan;

const PRELUDE_BYTES: usize = 12;
const CHECKSUM_BYTES: usize = 4;
/// Amazon's own limit on a frame is 16 MiB: what says it is longer is no frame.
const FRAME_BYTES_MAX: usize = 16 * 1024 * 1024;

/// A reader of frames.
#[derive(Debug, Default)]
pub struct Frames {
    scan: Scan,
    prelude: Vec<u8>,
    /// Bytes of the frame under way that are still to come, part by part.
    headers: usize,
    document: usize,
    checksum: usize,
    /// The stream is something else.
    lost: bool,
}

impl Frames {
    pub fn push(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() && !self.lost {
            if self.headers + self.document + self.checksum == 0 {
                let missing = PRELUDE_BYTES - self.prelude.len();
                self.prelude.extend_from_slice(take(&mut bytes, missing));
                if self.prelude.len() == PRELUDE_BYTES {
                    self.begin();
                }
            } else if self.headers > 0 {
                self.headers -= take(&mut bytes, self.headers).len();
            } else if self.document > 0 {
                let part = take(&mut bytes, self.document);
                self.scan.push(part);
                self.document -= part.len();
            } else {
                self.checksum -= take(&mut bytes, self.checksum).len();
            }
            if self.document == 0 {
                self.unpack();
            }
        }
    }

    pub const fn scan(&self) -> &Scan {
        &self.scan
    }

    pub const fn scan_mut(&mut self) -> &mut Scan {
        &mut self.scan
    }

    fn begin(&mut self) {
        let number = |bytes: &[u8]| bytes.iter().fold(0usize, |sum, byte| (sum << 8) | usize::from(*byte));
        let (total, headers) = (number(&self.prelude[..4]), number(&self.prelude[4..8]));
        self.prelude.clear();
        let around = headers.saturating_add(PRELUDE_BYTES + CHECKSUM_BYTES);
        if total > FRAME_BYTES_MAX || total < around {
            self.lost = true;
            return;
        }
        (self.headers, self.document, self.checksum) = (headers, total - around, CHECKSUM_BYTES);
        self.scan.restart();
    }

    /// An invoke stream packs the model's own events once more.
    fn unpack(&mut self) {
        let Some(piece) = self.scan.take_piece() else { return };
        if let Ok(document) = STANDARD.decode(piece) {
            self.scan.restart();
            self.scan.push(&document);
        }
    }
}

/// Cuts at most `count` bytes off the front.
fn take<'a>(bytes: &mut &'a [u8], count: usize) -> &'a [u8] {
    let (front, rest) = bytes.split_at(count.min(bytes.len()));
    *bytes = rest;
    front
}
