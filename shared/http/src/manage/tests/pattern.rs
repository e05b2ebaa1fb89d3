//! Recorded values: names that stand in them where a recording differs from run to run.
//!
//! A name is bound where it first appears, and means the same from there to the end of the scene.

use std::collections::HashMap;

use serde_json::Value;
use tollgate_core::govern::hash_of;

/// What names mean so far.
#[derive(Clone, Default)]
pub struct Bindings(HashMap<String, String>);

/// When the scenes are played: a Wednesday.
pub const START: &str = "2026-01-07T12:00:00.123Z";

/// Midnights, and what is a day away, as seen from [`START`].
const TIMES: &[(&str, &str)] = &[
    ("<midnight+1:", "2026-01-08T00:00:00"),
    ("<monday+1:", "2026-01-12T00:00:00"),
    ("<month+1:", "2026-02-01T00:00:00"),
    ("<month+50:", "2030-03-01T00:00:00"),
    ("<now+86400:", "2026-01-08T12:00"),
    ("<now:", "2026-01-07T12:00"),
];

/// Lists that the database orders as it likes.
const UNORDERED: &[&str] = &[".team_memberships", ".keys", ".members", ".teams"];

impl Bindings {
    pub fn bind(&mut self, name: &str, value: &str) {
        self.0.insert(name.to_owned(), value.to_owned());
        if let Some(number) = name.strip_prefix("<key:") {
            self.0.insert(format!("<hash:{number}"), hash_of(value));
            self.0.insert(format!("<name:{number}"), value[value.len() - 4..].to_owned());
        }
    }

    /// The text with what the names in it mean; a time as requests write it.
    pub fn fill(&self, text: &str) -> String {
        let mut filled = text.to_owned();
        for (name, value) in &self.0 {
            filled = filled.replace(name.as_str(), value);
        }
        for (name, time) in TIMES {
            while let Some(start) = filled.find(name) {
                let end = start + filled[start..].find('>').expect("a whole name") + 1;
                filled.replace_range(start..end, &format!("{time}Z"));
            }
        }
        filled
    }

    pub fn fill_value(&self, value: &Value) -> Value {
        serde_json::from_str(&self.fill(&value.to_string())).expect("JSON")
    }

    /// Whether the value is as it was recorded; where it differs first, if not.
    pub fn meets(&mut self, recorded: &Value, value: &Value, place: &str) -> Result<(), String> {
        match (recorded, value) {
            (Value::String(recorded), Value::String(text)) => self.reads(recorded, text, place),
            (Value::Number(recorded), Value::Number(number)) if recorded.as_f64() == number.as_f64() => Ok(()),
            (Value::Array(recorded), Value::Array(items)) => self.lists(recorded, items, place),
            (Value::Object(recorded), Value::Object(object)) => {
                // LiteLLM never sets when the budgets of organizations and tags are reset, so that they never are.
                let has_duration = recorded.get("budget_duration").is_some_and(Value::is_string);
                for name in recorded.keys().chain(object.keys()) {
                    let (Some(recorded), Some(value)) = (recorded.get(name), object.get(name)) else {
                        return Err(format!("{place}.{name}: {:?} for {:?}", object.get(name), recorded.get(name)));
                    };
                    if name == "budget_reset_at" && recorded.is_null() && value.is_string() && has_duration {
                        continue;
                    }
                    self.meets(recorded, value, &format!("{place}.{name}"))?;
                }
                Ok(())
            }
            (recorded, value) if recorded == value => Ok(()),
            (recorded, value) => Err(format!("{place}: {value} for {recorded}")),
        }
    }

    fn lists(&mut self, recorded: &[Value], items: &[Value], place: &str) -> Result<(), String> {
        if recorded.len() != items.len() {
            return Err(format!("{place}: {} items for {}: {items:?} for {recorded:?}", items.len(), recorded.len()));
        }
        if UNORDERED.iter().any(|name| place.ends_with(name)) {
            return self.meets_in_any_order(recorded, items, place);
        }
        for (number, (recorded, item)) in recorded.iter().zip(items).enumerate() {
            self.meets(recorded, item, &format!("{place}[{number}]"))?;
        }
        Ok(())
    }

    /// The same for lists without an order: rows, and what a database lists as it likes.
    pub fn meets_in_any_order(&mut self, recorded: &[Value], items: &[Value], place: &str) -> Result<(), String> {
        let mut left: Vec<&Value> = items.iter().collect();
        for (number, recorded) in recorded.iter().enumerate() {
            let mut nearest = format!("{place}[{number}]: nothing is left for {recorded}");
            let mut found = None;
            for (at, item) in left.iter().enumerate() {
                let mut tried = self.clone();
                match tried.meets(recorded, item, &format!("{place}[{number}]")) {
                    Ok(()) => {
                        found = Some((at, tried));
                        break;
                    }
                    Err(difference) => nearest = format!("{nearest}\n  {difference}"),
                }
            }
            let Some((at, tried)) = found else { return Err(nearest) };
            left.remove(at);
            *self = tried;
        }
        if left.is_empty() { Ok(()) } else { Err(format!("{place}: besides, {left:?}")) }
    }

    fn reads(&mut self, recorded: &str, text: &str, place: &str) -> Result<(), String> {
        let refuse = || Err(format!("{place}: {text:?} for {recorded:?}"));
        let (mut recorded_left, mut left) = (recorded, text);
        while let Some(start) = recorded_left.find('<') {
            let Some(end) = recorded_left[start..].find('>').map(|end| start + end + 1) else { break };
            let Some(rest) = left.strip_prefix(&recorded_left[..start]) else { return refuse() };
            let name = &recorded_left[start..end];
            let Some(taken) = self.take(name, rest) else { return refuse() };
            (recorded_left, left) = (&recorded_left[end..], &rest[taken..]);
        }
        if recorded_left == left { Ok(()) } else { refuse() }
    }

    /// How much of the text the name takes.
    fn take(&mut self, name: &str, text: &str) -> Option<usize> {
        if let Some((_, time)) = TIMES.iter().find(|(known, _)| name.starts_with(known)) {
            let is_part = |character: char| character.is_ascii_digit() || "-:.TZ+ ".contains(character);
            let length = text.find(|character| !is_part(character)).unwrap_or(text.len());
            let zone = name.trim_end_matches('>').trim_end_matches(|each| each != 'Z' && each != '0').ends_with('Z');
            let fits = text.starts_with(time) && (!zone || text[..length].ends_with('Z'));
            return fits.then_some(length);
        }
        if let Some(value) = self.0.get(name) {
            return text.starts_with(value.as_str()).then_some(value.len());
        }
        let length = match name.split(':').next()? {
            "<uuid" => 36,
            "<hash" => 64,
            "<key" => 25,
            "<name" => 4,
            "<hex" => 32,
            _ => return text.starts_with(name).then_some(name.len()),
        };
        self.bind(name, text.get(..length)?);
        Some(length)
    }
}
