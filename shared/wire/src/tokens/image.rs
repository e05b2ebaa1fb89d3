//! An image in tokens, by OpenAI's tiles of 512 pixels.
//!
//! Knows nothing of the network: an image that is not in the request has LiteLLM's standard size.

use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// An image in low detail, and the base of one in high detail.
pub const BASE_TOKENS: u64 = 85;
const TILE_TOKENS: u64 = 2 * BASE_TOKENS;
const TILE_PIXELS: u64 = 512;
const SHORT_SIDE_MAX: u64 = 768;
const LONG_SIDE_MAX: u64 = 2_000;
/// LiteLLM's size where an image cannot be read.
const STANDARD_SIZE: (u64, u64) = (300, 300);

/// How closely a model looks; LiteLLM takes `auto` as low.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    Low,
    High,
}

/// Tokens of the image at `url`, which is looked into only where it is a data URL and detail is high.
pub fn count(url: &str, detail: Detail) -> u64 {
    if detail == Detail::Low {
        return BASE_TOKENS;
    }
    let (width, height) = fitted(pixels_of(url).unwrap_or(STANDARD_SIZE));
    BASE_TOKENS + TILE_TOKENS * width.div_ceil(TILE_PIXELS) * height.div_ceil(TILE_PIXELS)
}

/// The size at which the model sees the image: short side, then long side, brought down to their limits.
fn fitted((width, height): (u64, u64)) -> (u64, u64) {
    if (width <= SHORT_SIDE_MAX && height <= SHORT_SIDE_MAX) || width == 0 || height == 0 {
        return (width, height);
    }
    let ratio = width.max(height) as f64 / width.min(height) as f64;
    let (mut short, mut long) = (SHORT_SIDE_MAX, (SHORT_SIDE_MAX as f64 * ratio) as u64);
    if long > LONG_SIDE_MAX {
        (short, long) = ((LONG_SIDE_MAX as f64 / ratio) as u64, LONG_SIDE_MAX);
    }
    if width <= height { (short, long) } else { (long, short) }
}

/// Whoever leaves the padding away is understood.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

fn pixels_of(url: &str) -> Option<(u64, u64)> {
    let (_, encoded) = url.strip_prefix("data:")?.split_once(',')?;
    let bytes = BASE64.decode(encoded.trim()).ok()?;
    match bytes.as_slice() {
        [0x89, b'P', b'N', b'G', ..] => Some((big(&bytes, 16, 4)?, big(&bytes, 20, 4)?)),
        [b'G', b'I', b'F', b'8', _, b'a', ..] => Some((little(&bytes, 6, 2)?, little(&bytes, 8, 2)?)),
        [0xff, 0xd8, 0xff, ..] => jpeg(&bytes),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => webp(&bytes),
        _ => None,
    }
}

/// Walks the segments up to the one that begins a frame.
fn jpeg(bytes: &[u8]) -> Option<(u64, u64)> {
    let mut at = 2;
    loop {
        while *bytes.get(at)? == 0xff {
            at += 1;
        }
        let kind = bytes[at];
        if matches!(kind, 0xc0..=0xcf) && !matches!(kind, 0xc4 | 0xc8 | 0xcc) {
            // Length and precision stand between the kind and the sides.
            return Some((big(bytes, at + 6, 2)?, big(bytes, at + 4, 2)?));
        }
        at += 1 + usize::try_from(big(bytes, at + 1, 2)?).ok()?;
    }
}

/// Each of the three formats has its sides elsewhere.
fn webp(bytes: &[u8]) -> Option<(u64, u64)> {
    match bytes.get(12..16)? {
        b"VP8X" => Some((little(bytes, 24, 3)? + 1, little(bytes, 27, 3)? + 1)),
        b"VP8 " => Some((little(bytes, 26, 2)? & 0x3fff, little(bytes, 28, 2)? & 0x3fff)),
        b"VP8L" => {
            let bits = little(bytes, 21, 4)?;
            Some(((bits & 0x3fff) + 1, ((bits >> 14) & 0x3fff) + 1))
        }
        _ => None,
    }
}

fn big(bytes: &[u8], at: usize, length: usize) -> Option<u64> {
    Some(bytes.get(at..at + length)?.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

fn little(bytes: &[u8], at: usize, length: usize) -> Option<u64> {
    Some(bytes.get(at..at + length)?.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}
