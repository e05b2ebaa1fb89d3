//! The tree of a YAML file: nodes with places, aliases expanded, merge keys merged, all of it bounded.
//!
//! Follows PyYAML's `safe_load`. Knows no key of the configuration.

use std::collections::HashMap;
use std::sync::Arc;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Span as Range, StrInput, Tag};

use super::node::{Entry, Node, Span, Value};
use super::notice::{Kind, Notice};
use super::scalar;

/// The largest configuration file that is read.
pub const FILE_BYTES_MAX: u64 = 10 * 1024 * 1024;
/// Values in all files together, each alias counted as often as it is used.
const NODES_MAX: usize = 500_000;
/// Maps and lists within each other; LiteLLM looks no deeper either.
const DEPTH_MAX: usize = 100;

/// What is left to spend on the files of one configuration, and what they gave to say.
pub(super) struct Reader {
    nodes_left: usize,
    pub notices: Vec<Notice>,
}

impl Reader {
    pub fn new() -> Self {
        Self { nodes_left: NODES_MAX, notices: Vec::new() }
    }

    /// The one document of `bytes`, or `None` where it is empty.
    ///
    /// # Errors
    /// What is wrong with the file, at its place: not UTF-8, not YAML, too large, too deep.
    pub fn read(&mut self, file: &Arc<str>, bytes: &[u8]) -> Result<Option<Node>, Box<Notice>> {
        if bytes.len() as u64 > FILE_BYTES_MAX {
            return Err(too_large(file, bytes.len() as u64));
        }
        let text = clean_text(file, bytes)?;
        Builder { reader: self, file, frames: Vec::new(), anchors: HashMap::new(), root: None }.build(text)
    }

    fn spend(&mut self, nodes: usize, span: &Span) -> Result<(), Box<Notice>> {
        let left = self.nodes_left.checked_sub(nodes);
        self.nodes_left = left.ok_or_else(|| {
            let message =
                format!("more than {NODES_MAX} values once aliases are expanded; use fewer aliases or fewer models");
            Notice::refusal(Kind::Unreadable, span, message)
        })?;
        Ok(())
    }
}

/// What to say of a file beyond the limit.
pub(super) fn too_large(file: &str, bytes: u64) -> Box<Notice> {
    let message =
        format!("the file has {bytes} bytes, more than the {FILE_BYTES_MAX} allowed; split it or check the path");
    Notice::refusal(Kind::Unreadable, &Span::start_of(file), message)
}

/// The text without its byte order mark, known to hold only what YAML allows.
fn clean_text<'a>(file: &Arc<str>, bytes: &'a [u8]) -> Result<&'a str, Box<Notice>> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let before = String::from_utf8_lossy(bytes.get(..error.valid_up_to()).unwrap_or_default());
        Notice::refusal(Kind::Unreadable, &place_after(file, &before), "not valid UTF-8 here; save the file as UTF-8")
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let forbidden = text.char_indices().find(|(_, character)| !is_allowed(*character));
    let Some((index, character)) = forbidden else { return Ok(text) };
    let place = place_after(file, text.get(..index).unwrap_or_default());
    let message = format!("character U+{:04X} is not allowed in yaml; remove it", u32::from(character));
    Err(Notice::refusal(Kind::Unreadable, &place, message))
}

/// PyYAML's set of printable characters.
fn is_allowed(character: char) -> bool {
    let line_layout = matches!(character, '\t' | '\n' | '\r' | '\u{85}');
    line_layout || !(character.is_control() || matches!(character, '\u{fffe}' | '\u{ffff}'))
}

fn place_after(file: &Arc<str>, before: &str) -> Span {
    let last_line = before.rsplit('\n').next().unwrap_or_default();
    Span { file: file.clone(), line: before.matches('\n').count() + 1, column: last_line.chars().count() + 1 }
}

/// A map or list whose end has not been seen.
struct Frame {
    anchor: usize,
    span: Span,
    body: Body,
}

enum Body {
    List(Vec<Node>),
    Map { entries: Vec<Entry>, merged: Vec<Entry>, key: Option<Key> },
}

struct Key {
    node: Node,
    is_merge: bool,
}

struct Builder<'a> {
    reader: &'a mut Reader,
    file: &'a Arc<str>,
    frames: Vec<Frame>,
    anchors: HashMap<usize, (Node, usize)>,
    root: Option<Node>,
}

impl Builder<'_> {
    fn build(mut self, text: &str) -> Result<Option<Node>, Box<Notice>> {
        let mut parser = Parser::new(StrInput::new(text));
        let mut documents = 0;
        while let Some(event) = parser.next_event() {
            let (event, range) = event.map_err(|error| self.not_yaml(&error))?;
            let span = self.span(range);
            match event {
                Event::DocumentStart(_) => documents += 1,
                Event::StreamEnd => break,
                _ => {}
            }
            if documents > 1 {
                let message =
                    "a second document starts here; keep one document in a file and move the other to `include`";
                return Err(Notice::refusal(Kind::Unreadable, &span, message));
            }
            self.take(event, span)?;
        }
        Ok(self.root)
    }

    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), Box<Notice>> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let is_merge = style == ScalarStyle::Plain && tag.is_none() && text == "<<";
                let value = scalar_value(&text, style, tag.as_deref(), &span)?;
                self.add(Node { value, span }, anchor, is_merge)
            }
            Event::Alias(anchor) => {
                let known = self.anchors.get(&anchor);
                let (node, size) = known.ok_or_else(|| {
                    Notice::refusal(Kind::Unreadable, &span, "the alias stands inside the value it names; remove it")
                })?;
                let (node, size) = (node, *size);
                self.reader.spend(size, &span)?;
                let node = node.clone();
                self.place(node, false)
            }
            Event::SequenceStart(anchor, tag) => {
                expect_tag(tag.as_deref(), "seq", &span)?;
                self.open(Frame { anchor, span, body: Body::List(Vec::new()) })
            }
            Event::MappingStart(anchor, tag) => {
                expect_tag(tag.as_deref(), "map", &span)?;
                let body = Body::Map { entries: Vec::new(), merged: Vec::new(), key: None };
                self.open(Frame { anchor, span, body })
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            _ => Ok(()),
        }
    }

    fn open(&mut self, frame: Frame) -> Result<(), Box<Notice>> {
        if self.frames.len() >= DEPTH_MAX {
            return Err(too_deep(&frame.span));
        }
        self.frames.push(frame);
        Ok(())
    }

    fn close(&mut self) -> Result<(), Box<Notice>> {
        let Some(frame) = self.frames.pop() else { return Ok(()) };
        let value = match frame.body {
            Body::List(items) => Value::List(items),
            Body::Map { entries, merged, .. } => Value::Map(self.join(merged, entries)),
        };
        self.add(Node { value, span: frame.span }, frame.anchor, false)
    }

    fn add(&mut self, node: Node, anchor: usize, is_merge: bool) -> Result<(), Box<Notice>> {
        self.reader.spend(1, &node.span)?;
        if anchor > 0 {
            // The copy kept for aliases counts too, or anchors within anchors would be free.
            let size = size_of(&node);
            self.reader.spend(size, &node.span)?;
            self.anchors.insert(anchor, (node.clone(), size));
        }
        self.place(node, is_merge)
    }

    /// Puts a finished value where the open map or list expects it.
    fn place(&mut self, node: Node, is_merge: bool) -> Result<(), Box<Notice>> {
        let Some(frame) = self.frames.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        match &mut frame.body {
            Body::List(items) => items.push(node),
            Body::Map { entries, merged, key } => match key.take() {
                None => *key = Some(as_key(node, is_merge)?),
                Some(key) if key.is_merge => merged.extend(merge_entries(node)?),
                Some(key) => entries.push(Entry { key: key.node, value: node }),
            },
        }
        Ok(())
    }

    /// Merged entries first, then the map's own: a later value wins, the first place stays.
    fn join(&mut self, merged: Vec<Entry>, own: Vec<Entry>) -> Vec<Entry> {
        let merged_count = merged.len();
        let mut joined: Vec<Entry> = Vec::with_capacity(merged_count + own.len());
        let mut seen: HashMap<String, (usize, usize)> = HashMap::new();
        for (order, entry) in merged.into_iter().chain(own).enumerate() {
            let identity = identity(&entry.key.value);
            let Some((index, earlier)) = seen.get(&identity).copied() else {
                seen.insert(identity, (joined.len(), order));
                joined.push(entry);
                continue;
            };
            if order >= merged_count && earlier >= merged_count {
                self.report_duplicate(&entry.key);
            }
            seen.insert(identity, (index, order));
            if let Some(first) = joined.get_mut(index) {
                *first = entry;
            }
        }
        joined
    }

    fn report_duplicate(&mut self, key: &Node) {
        let name = super::python::text(&key.value);
        let message = format!("key `{name}` is given twice in this map and this one counts; remove the other");
        self.reader.notices.push(Notice::warning(Kind::DuplicateKey, &key.span, message).at(name));
    }

    fn span(&self, range: Range) -> Span {
        self.marker_span(&range.start)
    }

    fn marker_span(&self, marker: &Marker) -> Span {
        Span { file: self.file.clone(), line: marker.line().max(1), column: marker.col() + 1 }
    }

    fn not_yaml(&self, error: &ScanError) -> Box<Notice> {
        // The parser has a limit of its own, and may meet it while it looks ahead.
        if error.info().contains("recursion limit") {
            return too_deep(&self.marker_span(error.marker()));
        }
        let message =
            format!("not valid yaml: {}; check indentation, quotes and brackets here and above", error.info());
        Notice::refusal(Kind::Unreadable, &self.marker_span(error.marker()), message)
    }
}

fn too_deep(span: &Span) -> Box<Notice> {
    let message = format!("more than {DEPTH_MAX} maps and lists within each other; flatten them");
    Notice::refusal(Kind::Unreadable, span, message)
}

fn identity(key: &Value) -> String {
    match key {
        Value::Text(text) => text.clone(),
        other => format!("\0{}", super::python::text(other)),
    }
}

fn size_of(node: &Node) -> usize {
    let inner: usize = match &node.value {
        Value::List(items) => items.iter().map(size_of).sum(),
        Value::Map(entries) => entries.iter().map(|entry| 1 + size_of(&entry.value)).sum(),
        _ => 0,
    };
    1 + inner
}

fn as_key(node: Node, is_merge: bool) -> Result<Key, Box<Notice>> {
    match &node.value {
        Value::List(_) | Value::Map(_) => {
            let message = format!("a key cannot be {}; quote it if it is meant as text", node.describe());
            Err(Notice::refusal(Kind::Unreadable, &node.span, message))
        }
        _ => Ok(Key { node, is_merge }),
    }
}

/// The entries that `<<: value` brings in: of several maps, the first one to hold a key wins.
fn merge_entries(node: Node) -> Result<Vec<Entry>, Box<Notice>> {
    let refuse = |span: &Span| {
        Notice::refusal(Kind::Unreadable, span, "`<<` needs a map or a list of maps; name an anchored map")
    };
    match node.value {
        Value::Map(entries) => Ok(entries),
        Value::List(items) => {
            let mut entries = Vec::new();
            for item in items.into_iter().rev() {
                let Value::Map(inner) = item.value else { return Err(refuse(&item.span)) };
                entries.extend(inner);
            }
            Ok(entries)
        }
        _ => Err(refuse(&node.span)),
    }
}

fn scalar_value(text: &str, style: ScalarStyle, tag: Option<&Tag>, span: &Span) -> Result<Value, Box<Notice>> {
    let too_large =
        || Notice::refusal(Kind::Unreadable, span, "the integer is too large; quote it if it is meant as text");
    let Some(tag) = tag else {
        return match style {
            ScalarStyle::Plain => scalar::resolve(text).ok_or_else(too_large),
            _ => Ok(Value::Text(text.to_owned())),
        };
    };
    let value = match short_name(tag).as_str() {
        "str" | "!" | "" => Some(Value::Text(text.to_owned())),
        "null" => Some(Value::Null),
        "bool" => scalar::resolve(text).filter(|value| matches!(value, Value::Bool(_))),
        "int" => scalar::integer(text).map(Value::Integer),
        "float" => scalar::float(text).or_else(|| text.parse().ok()).map(Value::Float),
        _ => return Err(unknown_tag(tag, span)),
    };
    value.ok_or_else(|| {
        Notice::refusal(Kind::Unreadable, span, format!("the value does not fit its tag `{tag}`; remove the tag"))
    })
}

fn expect_tag(tag: Option<&Tag>, expected: &str, span: &Span) -> Result<(), Box<Notice>> {
    match tag {
        Some(tag) if ![expected, "!", ""].contains(&short_name(tag).as_str()) => Err(unknown_tag(tag, span)),
        _ => Ok(()),
    }
}

fn short_name(tag: &Tag) -> String {
    let full = format!("{}{}", tag.handle, tag.suffix);
    full.strip_prefix("tag:yaml.org,2002:").map_or(full.clone(), str::to_owned)
}

fn unknown_tag(tag: &Tag, span: &Span) -> Box<Notice> {
    Notice::refusal(Kind::Unreadable, span, format!("tag `{tag}` is not supported; remove it"))
}
