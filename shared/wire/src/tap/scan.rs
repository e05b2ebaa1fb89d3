//! One JSON document as it passes by: its usage and its model, without keeping it.
//!
//! Follows strings and brackets, byte by byte, and keeps the values of a few keys near the top. Accepts whatever
//! comes: what is no JSON holds nothing.

use super::counts::Counts;
use crate::Usage;

/// A value that grows longer is let go.
pub const VALUE_BYTES_MAX: usize = 16 * 1024;
/// Keys that grow longer are none of those looked for.
const KEY_BYTES_MAX: usize = 40;
/// Levels of nesting whose keys are looked at.
const LEVELS: usize = 2;
/// Levels of nesting that are told apart at all.
const DEPTH_MAX: usize = 63;
/// Keys, at any level, whose string is something that was generated.
const TEXTS: [&str; 11] = [
    "text",
    "content",
    "delta",
    "arguments",
    "partial_json",
    "thinking",
    "reasoning_content",
    "refusal",
    "completion",
    "generation",
    "outputText",
];

/// Keys whose object is a usage: OpenAI, Anthropic, Bedrock; Gemini; Bedrock's invoke; Cohere's first API.
const USAGES: [&str; 4] = ["usage", "usageMetadata", "amazon-bedrock-invocationMetrics", "meta"];
/// Keys whose string is the model that answers.
const MODELS: [&str; 2] = ["model", "modelVersion"];
/// The key, at any level, of the searches that Gemini has made.
const SEARCHES: &[u8] = b"webSearchQueries";
/// A piece of an invoke stream: JSON in base64.
const PIECE: &str = "bytes";
/// Events that carry a whole answer one level down: Anthropic's first, those of OpenAI's responses, Cohere's last.
const WRAPPERS: [&str; 3] = ["message", "response", "delta"];

/// A reader of one document after another; what it has found stays.
#[derive(Debug, Default)]
pub struct Scan {
    counts: Counts,
    model: Option<String>,
    piece: Option<Vec<u8>>,
    /// Bytes of generated text in the documents before.
    text_bytes: u64,
    /// Searches in the document that has the most: a stream may tell them again.
    searches: u64,
    place: Place,
}

/// Where in the document the next byte stands.
#[derive(Debug, Default)]
struct Place {
    /// Open brackets, without those of an array around everything.
    depth: usize,
    /// Whether the document is an array of answers, as Gemini streams without events.
    listed: bool,
    begun: bool,
    /// Whether what is open at each level is an object, a bit for each.
    objects: u64,
    keys: [Vec<u8>; LEVELS],
    /// The last key, at whatever level.
    key: Vec<u8>,
    /// Whether the string under way was generated, and the bytes of all that were.
    is_text: bool,
    text_bytes: u64,
    searches: u64,
    in_string: bool,
    escaped: bool,
    /// Whether a string that begins here is a key.
    key_next: bool,
    in_key: bool,
    capture: Option<Capture>,
}

/// A value that is being kept.
#[derive(Debug)]
struct Capture {
    /// The depth at which it began, and ends.
    depth: usize,
    kind: Kind,
    text: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Usage,
    Model,
    Piece,
}

impl Scan {
    pub fn push(&mut self, bytes: &[u8]) {
        for byte in bytes {
            if let Some(capture) = self.place.step(*byte) {
                self.keep(capture);
            }
        }
    }

    /// Takes a usage object over that stands elsewhere.
    pub fn count(&mut self, json: &[u8]) {
        self.counts.add(json);
    }

    /// Begins another document.
    pub fn restart(&mut self) {
        self.text_bytes = self.text_bytes();
        self.searches = self.searches();
        self.place = Place::default();
    }

    pub fn usage(&self) -> Option<Usage> {
        self.counts.usage(Some(self.searches()).filter(|count| *count > 0))
    }

    fn searches(&self) -> u64 {
        self.searches.max(self.place.searches)
    }

    pub fn model(&self) -> Option<&str> {
        self.model.as_deref()
    }

    /// Bytes of everything generated that has come by.
    pub const fn text_bytes(&self) -> u64 {
        self.text_bytes.saturating_add(self.place.text_bytes)
    }

    /// The last piece of an invoke stream, still in base64.
    pub fn take_piece(&mut self) -> Option<Vec<u8>> {
        self.piece.take()
    }

    fn keep(&mut self, capture: Capture) {
        match capture.kind {
            Kind::Usage => self.counts.add(&capture.text),
            Kind::Model => self.model = serde_json::from_slice(&capture.text).ok().or(self.model.take()),
            Kind::Piece => self.piece = serde_json::from_slice::<String>(&capture.text).ok().map(String::into_bytes),
        }
    }
}

impl Place {
    /// Goes one byte further; hands out a value that is complete with it.
    fn step(&mut self, byte: u8) -> Option<Capture> {
        let is_captured = self.capture.is_some();
        if let Some(capture) = &mut self.capture {
            capture.text.push(byte);
            if capture.text.len() > VALUE_BYTES_MAX {
                self.capture = None;
            }
        }
        if self.in_string {
            return self.string(byte);
        }
        match byte {
            b'"' => {
                self.in_string = true;
                self.in_key = self.key_next;
                self.is_text = !self.in_key && TEXTS.iter().any(|name| self.key == name.as_bytes());
                if self.in_key {
                    self.key.clear();
                } else if self.key == SEARCHES {
                    self.searches += 1;
                }
                match self.level().filter(|_| self.in_key) {
                    Some(level) => self.keys[level].clear(),
                    None if !is_captured => self.value(byte),
                    None => {}
                }
            }
            b'{' | b'[' => self.open(byte, is_captured),
            b'}' | b']' => {
                self.depth = self.depth.saturating_sub(1);
                self.key_next = false;
                return self.complete();
            }
            b',' => self.key_next = self.is_object(),
            b':' => self.key_next = false,
            _ => {}
        }
        None
    }

    fn open(&mut self, byte: u8, is_captured: bool) {
        let is_first = !std::mem::replace(&mut self.begun, true);
        if is_first && byte == b'[' {
            self.listed = true;
            return;
        }
        if !is_captured {
            self.value(byte);
        }
        self.depth += 1;
        let is_object = byte == b'{';
        if self.depth <= DEPTH_MAX {
            self.objects = (self.objects & !(1 << self.depth)) | (u64::from(is_object) << self.depth);
        }
        self.key_next = self.is_object();
    }

    /// Whether the innermost of what is open is an object.
    const fn is_object(&self) -> bool {
        self.depth <= DEPTH_MAX && self.objects >> self.depth & 1 == 1
    }

    fn string(&mut self, byte: u8) -> Option<Capture> {
        if self.escaped {
            self.escaped = false;
            return None;
        }
        match byte {
            b'\\' => self.escaped = true,
            b'"' => {
                self.in_string = false;
                if std::mem::take(&mut self.in_key) {
                    return None;
                }
                return self.complete();
            }
            _ if self.in_key => {
                if self.key.len() <= KEY_BYTES_MAX {
                    self.key.push(byte);
                }
                let level = self.level()?;
                let key = &mut self.keys[level];
                if key.len() <= KEY_BYTES_MAX {
                    key.push(byte);
                }
            }
            _ if self.is_text => self.text_bytes += 1,
            _ => {}
        }
        None
    }

    /// The level of the object that is open here, from 0; `None` where it is too deep.
    const fn level(&self) -> Option<usize> {
        if self.depth >= 1 && self.depth <= LEVELS { Some(self.depth - 1) } else { None }
    }

    /// A string or something in brackets begins: kept, if its key is one of those looked for.
    fn value(&mut self, first: u8) {
        let Some(level) = self.level() else { return };
        if self.key_next || !self.is_object() {
            return;
        }
        if level == 1 && !WRAPPERS.iter().any(|wrapper| self.keys[0] == wrapper.as_bytes()) {
            return;
        }
        let is_any = |names: &[&str]| names.iter().any(|name| self.keys[level] == name.as_bytes());
        let kind = match first {
            b'{' if is_any(&USAGES) => Kind::Usage,
            b'"' if is_any(&MODELS) => Kind::Model,
            b'"' if level == 0 && is_any(&[PIECE]) => Kind::Piece,
            _ => return,
        };
        self.capture = Some(Capture { depth: self.depth, kind, text: vec![first] });
    }

    /// The value that is kept, if it ends here.
    fn complete(&mut self) -> Option<Capture> {
        let ends = self.capture.as_ref().is_some_and(|capture| capture.depth == self.depth);
        if ends { self.capture.take() } else { None }
    }
}
