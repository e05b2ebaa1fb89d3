//! Names in a recording, and what they stand for in this run.

use std::collections::BTreeMap;

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde_json::{Map, Value};
use tollgate_core::clock::Moment;
use tollgate_core::directory::moment_of;
use tollgate_core::govern::hash_of;

/// How far a time of "now" may be from the step, as recorded.
const NOW_S: i64 = 180;

/// What names stand for; a name is bound where it first appears.
#[derive(Clone, Debug, Default)]
pub struct Names {
    bound: BTreeMap<String, String>,
    /// The time of the step.
    pub now: Moment,
}

impl Names {
    /// A request with every name replaced by what it stands for; a name that stands for nothing yet is left.
    pub fn filled(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => self.fill(text).into(),
            Value::Array(items) => items.iter().map(|item| self.filled(item)).collect(),
            Value::Object(members) => {
                let members = members.iter().map(|(name, value)| (self.fill(name), self.filled(value)));
                Value::Object(members.collect::<Map<String, Value>>())
            }
            other => other.clone(),
        }
    }

    /// The same of one text.
    pub fn fill(&self, text: &str) -> String {
        let pieces = pieces(text);
        pieces
            .iter()
            .map(|piece| if piece.starts_with('<') { self.known(piece) } else { (*piece).to_owned() })
            .collect()
    }

    fn known(&self, name: &str) -> String {
        if let Some(value) = self.bound.get(name) {
            return value.clone();
        }
        // The hash or the end of a key that is known.
        let number = name.split_once(':').map(|(_, number)| number).unwrap_or_default();
        let key = self.bound.get(&format!("<key:{number}"));
        match (name.split(':').next(), key) {
            (Some("<hash"), Some(key)) => hash_of(key),
            (Some("<name"), Some(key)) => key.get(key.len() - 4..).unwrap_or_default().to_owned(),
            _ if name == "<hash:x1>" => "0".repeat(64),
            _ => name.to_owned(),
        }
    }

    /// Binds a name, as when a run behaves otherwise on purpose.
    pub fn bind(&mut self, name: &str, value: &str) {
        self.bound.insert(name.to_owned(), value.to_owned());
    }

    /// Compares an answer with the recorded one; the path and both values of the first difference.
    ///
    /// # Errors
    /// Where they differ.
    pub fn compare(&mut self, wanted: &Value, got: &Value) -> Result<(), String> {
        self.compare_at("", wanted, got)
    }

    fn compare_at(&mut self, path: &str, wanted: &Value, got: &Value) -> Result<(), String> {
        let differ = || Err(format!("{path}: {got}, not {wanted}"));
        match (wanted, got) {
            (Value::Object(wanted), Value::Object(got)) => self.compare_objects(path, wanted, got),
            (Value::Array(wanted), Value::Array(got)) if wanted.len() == got.len() => {
                let mut pairs = wanted.iter().zip(got).enumerate();
                pairs.try_for_each(|(place, (wanted, got))| self.compare_at(&format!("{path}/{place}"), wanted, got))
            }
            (Value::String(wanted), Value::String(got)) if self.reads(wanted, got) => Ok(()),
            (Value::Number(wanted), Value::Number(got)) if wanted.as_f64() == got.as_f64() => Ok(()),
            // How long something took is a number that no two runs have in common.
            (Value::String(wanted), Value::Number(_)) if wanted == "<ms>" => Ok(()),
            (wanted, got) if wanted == got => Ok(()),
            _ => differ(),
        }
    }

    fn compare_objects(
        &mut self,
        path: &str,
        wanted: &Map<String, Value>,
        got: &Map<String, Value>,
    ) -> Result<(), String> {
        for (name, value) in wanted {
            let name = self.fill(name);
            match got.get(&name) {
                Some(got) => self.compare_at(&format!("{path}/{name}"), value, got)?,
                None => return Err(format!("{path}/{name}: nothing, not {value}")),
            }
        }
        let names: Vec<String> = wanted.keys().map(|name| self.fill(name)).collect();
        match got.iter().find(|(name, _)| !names.contains(name)) {
            None => Ok(()),
            Some((name, value)) => Err(format!("{path}/{name}: {value}, not there")),
        }
    }

    /// Whether a text is what the recorded one says; binds its names.
    fn reads(&mut self, wanted: &str, got: &str) -> bool {
        let mut rest = got;
        for piece in pieces(wanted) {
            let known = if piece.starts_with('<') { self.known(piece) } else { piece.to_owned() };
            let taken = match known.starts_with('<') && known == *piece && piece.ends_with('>') {
                false => rest.starts_with(&known).then_some(known.len()),
                true => self.take(piece, rest),
            };
            let Some(taken) = taken else { return false };
            let (value, after) = rest.split_at(taken);
            if known == *piece && is_bindable(piece) {
                self.bound.insert(piece.to_owned(), value.to_owned());
            }
            rest = after;
        }
        rest.is_empty()
    }

    /// How much of the text an unbound name takes.
    fn take(&self, name: &str, text: &str) -> Option<usize> {
        let kind = name.trim_start_matches('<').split([':', '+', '-', '>']).next().unwrap_or_default();
        let length = match kind {
            "key" => text.starts_with("sk-").then_some(25)?,
            "hash" => 64,
            "uuid" => 36,
            "name" => 4,
            "unix" | "ms" | "s" => text.len(),
            "date" => 10,
            _ => return self.take_time(name, text),
        };
        (length <= text.len() && text.is_char_boundary(length)).then_some(length)
    }

    fn take_time(&self, name: &str, text: &str) -> Option<usize> {
        let is_of_time = |c: &char| c.is_ascii_digit() || "T:.-+Z _".contains(*c);
        let length: usize = text.chars().take_while(is_of_time).map(char::len_utf8).sum();
        let shown = text.get(..length)?;
        let (what, form) = name.trim_matches(['<', '>']).split_once(':')?;
        let zone = form.trim_start_matches(['T', '_']).trim_start_matches(|c: char| c.is_ascii_digit());
        let is_form = shown.ends_with(zone) && (!zone.is_empty() || !shown.ends_with('Z'));
        let got = moment_of(&shown.replace([' ', '_'], "T"))?;
        if what == "later" {
            return (is_form && got > self.now).then_some(length);
        }
        let away = seconds(got) - seconds(self.wanted(what)?);
        let is_exact = !what.starts_with("now");
        let is_near = if is_exact { away == 0 } else { away.abs() < NOW_S };
        (is_form && is_near).then_some(length)
    }

    fn wanted(&self, what: &str) -> Option<Moment> {
        let at = what.find(['+', '-']).unwrap_or(what.len());
        let (kind, amount) = (what.get(..at)?, what.get(at..)?);
        let amount: i64 = if amount.is_empty() { 0 } else { amount.parse().ok()? };
        let today = TimeZone::UTC.to_datetime(Timestamp::from_second(seconds(self.now)).ok()?).date();
        match kind {
            "now" => u64::try_from(seconds(self.now) + amount).ok().map(|s| Moment(s * 1_000_000)),
            "hour" => {
                let hours = seconds(self.now).div_euclid(3600) + amount;
                u64::try_from(hours * 3600).ok().map(|seconds| Moment(seconds * 1_000_000))
            }
            "midnight" => midnight(today.checked_add(amount.days()).ok()?),
            "month" => midnight(today.first_of_month().checked_add(amount.months()).ok()?),
            "monday" => {
                let days = i64::from(7 - today.weekday().to_monday_zero_offset()) + (amount - 1) * 7;
                midnight(today.checked_add(days.days()).ok()?)
            }
            _ => None,
        }
    }
}

fn midnight(date: Date) -> Option<Moment> {
    let timestamp = TimeZone::UTC.to_timestamp(date.to_datetime(Time::midnight())).ok()?;
    u64::try_from(timestamp.as_microsecond()).ok().map(Moment)
}

fn seconds(moment: Moment) -> i64 {
    i64::try_from(moment.seconds()).unwrap_or(i64::MAX)
}

fn is_bindable(name: &str) -> bool {
    ["<key:", "<hash:", "<uuid:", "<name:"].iter().any(|kind| name.starts_with(kind))
}

/// A text cut at its names.
fn pieces(text: &str) -> Vec<&str> {
    let (mut pieces, mut rest) = (Vec::new(), text);
    while let Some(start) = rest.find('<') {
        let Some(length) = rest.get(start..).and_then(|name| name.find('>')) else { break };
        let name = rest.get(start..=start + length).unwrap_or_default();
        if !is_name(name) {
            let (before, after) = rest.split_at(start + 1);
            pieces.push(before);
            rest = after;
            continue;
        }
        pieces.push(rest.get(..start).unwrap_or_default());
        pieces.push(name);
        rest = rest.get(start + length + 1..).unwrap_or_default();
    }
    pieces.push(rest);
    pieces.retain(|piece| !piece.is_empty());
    pieces
}

fn is_name(text: &str) -> bool {
    const KINDS: [&str; 14] = [
        "key:", "hash:", "name:", "uuid:", "now", "later:", "hour+", "midnight", "monday", "month", "date", "unix>",
        "ms>", "s>",
    ];
    let inner = text.trim_start_matches('<');
    KINDS.iter().any(|kind| inner.starts_with(kind)) && !inner.contains([' ', '<'])
}

#[cfg(test)]
mod tests;
