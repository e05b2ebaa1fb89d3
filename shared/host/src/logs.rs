//! Log lines: plain for people, or one JSON object each with LiteLLM's field names.
//!
//! Decides the shape of a line only; what is logged, and that it holds no secret, is the caller's care.

mod batch;
mod timestamp;

use std::fmt::{self, Write as _};
use std::str::FromStr;

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::fmt::{FmtContext, layer};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry;
use tracing_subscriber::util::SubscriberInitExt;

use batch::Batch;
use tracing_subscriber::registry::LookupSpan;

/// How lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    Plain,
    Json,
}

/// How much is logged: LiteLLM's words for `LITELLM_LOG`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    Debug,
    Info,
    Warning,
    Error,
}

impl FromStr for Level {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.to_ascii_uppercase().as_str() {
            "DEBUG" => Ok(Self::Debug),
            "INFO" => Ok(Self::Info),
            "WARNING" | "WARN" => Ok(Self::Warning),
            "ERROR" | "CRITICAL" => Ok(Self::Error),
            _ => Err(format!("unknown log level `{text}`: use DEBUG, INFO, WARNING or ERROR")),
        }
    }
}

/// When lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// Together, a moment later: cheapest for a server that lives.
    Batched,
    /// Each at once: for a function that may be frozen after any answer.
    Immediate,
}

/// Started logging; says when the last lines have to go out.
pub struct Logs(Option<Batch>);

impl Logs {
    /// Writes what is still waiting; for the end of the process.
    pub fn flush(&self) {
        if let Some(batch) = &self.0 {
            batch.flush();
        }
    }
}

/// Starts logging to standard output, for the rest of the process. A second call changes nothing.
pub fn start(shape: Shape, level: Level, delivery: Delivery) -> Logs {
    let filter = filter(level);
    // Without a thread for it, every line is written at once.
    let batch = (delivery == Delivery::Batched).then(Batch::start).and_then(Result::ok);
    let layer = layer().event_format(Line { shape });
    let registry = registry().with(filter);
    // Setting fails only where a subscriber is set already, as in tests that share a process.
    match batch.clone() {
        Some(batch) => registry.with(layer.with_writer(batch)).try_init().ok(),
        None => registry.with(layer).try_init().ok(),
    };
    Logs(batch)
}

/// What is logged; the libraries' own debugging would drown the gateway's.
fn filter(level: Level) -> Targets {
    match level {
        Level::Debug => Targets::new()
            .with_default(LevelFilter::INFO)
            .with_target("tollgate", LevelFilter::DEBUG)
            .with_target("tollgate_", LevelFilter::DEBUG),
        Level::Info => Targets::new().with_default(LevelFilter::INFO),
        Level::Warning => Targets::new().with_default(LevelFilter::WARN),
        Level::Error => Targets::new().with_default(LevelFilter::ERROR),
    }
}

struct Line {
    shape: Shape,
}

impl<S, N> FormatEvent<S, N> for Line
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut out: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        match self.shape {
            Shape::Plain => plain(&mut out, event),
            Shape::Json => json(&mut out, event),
        }
    }
}

fn plain(out: &mut Writer<'_>, event: &Event<'_>) -> fmt::Result {
    timestamp::write(out)?;
    out.write_str(match *event.metadata().level() {
        tracing::Level::ERROR => " ERROR ",
        tracing::Level::WARN => " WARN  ",
        tracing::Level::INFO => " INFO  ",
        tracing::Level::DEBUG => " DEBUG ",
        tracing::Level::TRACE => " TRACE ",
    })?;
    event.record(&mut PlainFields { out });
    out.write_char('\n')
}

fn json(out: &mut Writer<'_>, event: &Event<'_>) -> fmt::Result {
    let mut time = String::new();
    timestamp::write(&mut time)?;
    let mut fields = JsonFields(Map::new());
    fields.0.insert("message".to_owned(), Value::Null);
    fields.0.insert("level".to_owned(), event.metadata().level().as_str().into());
    fields.0.insert("timestamp".to_owned(), time.into());
    fields.0.insert("component".to_owned(), "tollgate".into());
    fields.0.insert("logger".to_owned(), event.metadata().target().into());
    event.record(&mut fields);
    writeln!(out, "{}", Value::Object(fields.0))
}

/// Writes through, but shows control characters: a name that a client made up must not begin a line of its own.
struct OneLine<'a, 'b>(&'a mut Writer<'b>);

impl fmt::Write for OneLine<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // Looks at every byte instead of stopping early: so the compiler can look at many at once.
        let is_suspect = |byte: u8| (byte < 0x20) | (byte == 0x7f) | (byte == 0xc2);
        if !text.bytes().fold(false, |found, byte| found | is_suspect(byte)) {
            return self.0.write_str(text);
        }
        for letter in text.chars() {
            if letter.is_control() {
                write!(self.0, "{}", letter.escape_default())?;
            } else {
                self.0.write_char(letter)?;
            }
        }
        Ok(())
    }
}

/// The message first, as tracing hands it over, then the fields.
struct PlainFields<'a, 'b> {
    out: &'a mut Writer<'b>,
}

impl PlainFields<'_, '_> {
    /// A field's beginning, without the machinery of formatting: lines are written for every call.
    fn name(&mut self, field: &Field) -> fmt::Result {
        self.out.write_char(' ')?;
        self.out.write_str(field.name())?;
        self.out.write_char('=')
    }
}

impl Visit for PlainFields<'_, '_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let mut out = OneLine(self.out);
        let written = match field.name() {
            "message" => write!(out, "{value:?}"),
            name => write!(out, " {name}={value:?}"),
        };
        // A value's own formatter that fails leaves the rest of its field out.
        written.ok();
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.name(field).and_then(|()| OneLine(self.out).write_str(value)).ok();
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        let mut digits = itoa::Buffer::new();
        self.name(field).and_then(|()| self.out.write_str(digits.format(value))).ok();
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        // Three decimals by whole numbers: formatting floats costs more than the rest of the line.
        let thousandths = (value * 1000.0).round() as i64;
        write!(self.out, " {}={}.{:03}", field.name(), thousandths / 1000, thousandths.unsigned_abs() % 1000).ok();
    }
}

struct JsonFields(Map<String, Value>);

impl Visit for JsonFields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}").into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.0.insert(field.name().to_owned(), value.into());
    }
}

#[cfg(test)]
mod tests;
