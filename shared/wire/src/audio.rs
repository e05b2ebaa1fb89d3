//! How long a recording is, read from the first bytes of its file.
//!
//! Of WAV, FLAC and MP3 the head says it; of Ogg only the end does, which the caller has to have. Decodes no sound.

use std::time::Duration;

/// What has been read of a file.
#[derive(Clone, Copy, Debug)]
pub struct File<'a> {
    /// Its first bytes.
    pub head: &'a [u8],
    /// How long the file is, if that is known; the head is all of it where both are equal.
    pub bytes: Option<u64>,
}

/// How long the recording is; `None` where this much of it does not tell.
pub fn length(file: File<'_>) -> Option<Duration> {
    let head = file.head;
    match head.get(..4)? {
        b"RIFF" => wav(file),
        b"fLaC" => flac(head),
        b"OggS" => ogg(file),
        _ => mp3(file),
    }
}

/// Units at so many a second.
fn of(units: u64, a_second: u64) -> Option<Duration> {
    let nanoseconds = u128::from(units) * 1_000_000_000 / u128::from(Some(a_second).filter(|rate| *rate > 0)?);
    Some(Duration::from_nanos(u64::try_from(nanoseconds).ok()?))
}

fn little(bytes: &[u8], at: usize) -> Option<u64> {
    let four: [u8; 4] = bytes.get(at..at + 4)?.try_into().ok()?;
    Some(u64::from(u32::from_le_bytes(four)))
}

fn big(bytes: &[u8], at: usize) -> Option<u64> {
    let four: [u8; 4] = bytes.get(at..at + 4)?.try_into().ok()?;
    Some(u64::from(u32::from_be_bytes(four)))
}

/// Chunks, each with its size: `fmt ` tells bytes a second, `data` how many there are.
fn wav(file: File<'_>) -> Option<Duration> {
    /// Writers that do not know the size yet leave this.
    const UNKNOWN: u64 = 0xFFFF_FFFF;
    let head = file.head;
    if head.get(8..12)? != b"WAVE" {
        return None;
    }
    let (mut at, mut bytes_a_second) = (12usize, None);
    loop {
        let (name, size) = (head.get(at..at + 4)?, little(head, at + 4)?);
        match name {
            b"fmt " => bytes_a_second = little(head, at + 16),
            b"data" => {
                let left = file.bytes.map(|bytes| bytes.saturating_sub(at as u64 + 8));
                let is_told = size != 0 && size != UNKNOWN;
                // What stands in the head may be more than there is.
                let size = if is_told { size.min(left.unwrap_or(size)) } else { left? };
                return of(size, bytes_a_second?);
            }
            _ => {}
        }
        // Chunks begin at even places.
        at = at.checked_add(8)?.checked_add(usize::try_from(size + size % 2).ok()?)?;
    }
}

/// The first block: 20 bits of rate, 36 bits of samples.
fn flac(head: &[u8]) -> Option<Duration> {
    let info = head.get(8..8 + 18)?;
    let rate = (u64::from(info[10]) << 12) | (u64::from(info[11]) << 4) | (u64::from(info[12]) >> 4);
    let samples = (u64::from(info[13] & 0x0F) << 32) | big(info, 14)?;
    of(samples, rate).filter(|_| samples > 0)
}

/// The last page's position, at the rate of Vorbis or at the 48 kHz of Opus.
fn ogg(file: File<'_>) -> Option<Duration> {
    let is_whole = file.bytes == Some(file.head.len() as u64);
    let head = file.head;
    let first = head.get(28..)?;
    let (rate, skipped) = if first.starts_with(b"\x01vorbis") {
        (little(first, 12)?, 0)
    } else if first.starts_with(b"OpusHead") {
        (48_000, u64::from(u16::from_le_bytes([*first.get(10)?, *first.get(11)?])))
    } else {
        return None;
    };
    let last = memchr::memmem::rfind(head, b"OggS").filter(|_| is_whole)?;
    let position: [u8; 8] = head.get(last + 6..last + 14)?.try_into().ok()?;
    of(u64::from_le_bytes(position).checked_sub(skipped)?, rate)
}

/// One frame of MPEG's audio layers.
struct Frame {
    bits_a_second: u64,
    rate: u64,
    samples: u64,
    /// Where Xing's table begins, behind the frame's head.
    side_bytes: usize,
}

/// A table of frames where an encoder has left one, else the file's size at its constant rate.
fn mp3(file: File<'_>) -> Option<Duration> {
    let begin = tag_bytes(file.head);
    let head = file.head.get(begin..)?;
    let frame = frame(head)?;
    let xing = head.get(4 + frame.side_bytes..)?;
    let is_xing = xing.starts_with(b"Xing") || xing.starts_with(b"Info");
    let frames = if is_xing && big(xing, 4)? & 1 == 1 { big(xing, 8) } else { None };
    if let Some(frames) = frames {
        return of(frames.saturating_mul(frame.samples).saturating_sub(silence(xing)), frame.rate);
    }
    let vbri = head.get(36..).filter(|table| table.starts_with(b"VBRI")).and_then(|table| big(table, 14));
    if let Some(frames) = vbri {
        return of(frames.saturating_mul(frame.samples), frame.rate);
    }
    of(file.bytes?.saturating_sub(begin as u64).saturating_mul(8), frame.bits_a_second)
}

/// Samples that the encoder has put before and behind the sound: twelve bits each in the LAME tag of a full table.
fn silence(xing: &[u8]) -> u64 {
    const ALL_FIELDS: u64 = 0xF;
    let has_tag = big(xing, 4) == Some(ALL_FIELDS) && xing.get(120).is_some_and(|byte| *byte != 0);
    let Some([first, second, third]) = xing.get(141..144).filter(|_| has_tag) else { return 0 };
    let before = (u64::from(*first) << 4) | (u64::from(*second) >> 4);
    before + ((u64::from(*second & 0xF) << 8) | u64::from(*third))
}

/// Bytes of an ID3 tag in front: seven bits of its size in each of four bytes.
fn tag_bytes(head: &[u8]) -> usize {
    let Some(tag) = head.get(..10).filter(|tag| tag.starts_with(b"ID3")) else { return 0 };
    tag[6..].iter().fold(0, |size, byte| (size << 7) | usize::from(byte & 0x7F)) + 10
}

fn frame(head: &[u8]) -> Option<Frame> {
    const KILOBITS: [[u64; 15]; 4] = [
        [0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
        [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
        [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
        [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
    ];
    const RATES: [u64; 3] = [44_100, 48_000, 32_000];
    let [first, second, third, fourth] = *head.first_chunk::<4>()?;
    if first != 0xFF || second & 0xE0 != 0xE0 {
        return None;
    }
    // Version 1, 2 or 2.5; layer I, II or III.
    let divisor = match (second >> 3) & 3 {
        3 => 1,
        2 => 2,
        0 => 4,
        _ => return None,
    };
    let is_first_version = divisor == 1;
    let layer = match (second >> 1) & 3 {
        3 => 1,
        2 => 2,
        1 => 3,
        _ => return None,
    };
    let row = match (is_first_version, layer) {
        (true, layer) => layer - 1,
        (false, 1) => return None,
        (false, _) => 3,
    };
    let kilobits = *KILOBITS[row].get(usize::from(third >> 4)).filter(|rate| **rate > 0)?;
    let rate = RATES.get(usize::from((third >> 2) & 3))? / divisor;
    let samples = match (layer, is_first_version) {
        (1, _) => 384,
        (3, false) => 576,
        _ => 1152,
    };
    let is_mono = fourth >> 6 == 3;
    let side_bytes = match (is_first_version, is_mono) {
        (true, false) => 32,
        (true, true) | (false, false) => 17,
        (false, true) => 9,
    };
    Some(Frame { bits_a_second: kilobits * 1000, rate, samples, side_bytes })
}

#[cfg(test)]
mod tests;
