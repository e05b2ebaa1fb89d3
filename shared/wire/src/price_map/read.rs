//! Entries of a document in LiteLLM's form, written as lines of `data/models.tsv`; a deployment's own prices.
//!
//! Does what `data/generate.py` does, and says what it cannot read. Knows no lookup.

use serde_json::{Map, Value};

use super::Fault;
use crate::money::ExactUsd;
use crate::prices::{Prices, code_of, listed, window};

const NAME_BYTES_MAX: usize = 512;
const LIMITS: [&str; 3] = ["max_input_tokens", "max_output_tokens", "max_tokens"];

/// Name, pattern, and the line of what it says.
pub(super) type RawRule = (String, String, String);

/// The line of an entry, with its end.
pub(super) fn line(name: &str, json: &str) -> Result<String, String> {
    let entry: Map<String, Value> =
        serde_json::from_str(json).map_err(|_| "it must be an object of prices and limits".to_owned())?;
    if name.is_empty() || name.len() > NAME_BYTES_MAX || name.chars().any(char::is_control) {
        return Err("its name must be a text of at most 512 bytes without control characters".to_owned());
    }
    Ok(format!("{name}\t{}\n", columns(&entry)?))
}

fn columns(entry: &Map<String, Value>) -> Result<String, String> {
    let text =
        |field: &str| entry.get(field).and_then(Value::as_str).unwrap_or_default().replace(['\t', '\n', '\r'], " ");
    let limit =
        |field: &&str| entry.get(*field).filter(|value| value.is_number()).map(Value::to_string).unwrap_or_default();
    let limits = LIMITS.iter().map(limit).collect::<Vec<_>>().join("\t");
    let efforts = entry.get("reasoning_effort_levels").and_then(Value::as_array);
    let efforts: Vec<&str> = efforts.into_iter().flatten().filter_map(Value::as_str).collect();
    let (provider, mode, prices) = (text("litellm_provider"), text("mode"), words(entry)?);
    let (flags, efforts) = (flags(entry), efforts.join(",").replace(['\t', '\n'], " "));
    let (effort, date) = (text("default_reasoning_effort"), text("deprecation_date"));
    Ok(format!("{provider}\t{mode}\t{limits}\t{prices}\t{flags}\t{efforts}\t{effort}\t{date}"))
}

fn flags(entry: &Map<String, Value>) -> String {
    let known = listed("flag").filter_map(|(letter, name)| Some((letter, entry.get(name)?.as_bool()?)));
    known.map(|(letter, says)| if says { letter.to_owned() } else { letter.to_ascii_lowercase() }).collect()
}

/// The rules of `fallback_generalizations` that say something of models; those that only route are none of ours.
pub(super) fn rules(json: &str) -> (Vec<RawRule>, Vec<Fault>) {
    let block: Value = serde_json::from_str(json).unwrap_or_default();
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    for rule in block["rules"].as_array().into_iter().flatten() {
        let name = rule["name"].as_str().unwrap_or("without name").to_owned();
        let parts = (rule["pattern"].as_str(), rule["model_info"].as_object());
        let entry = format!("fallback_generalizations.{name}");
        let (Some(pattern), Some(info)) = parts else {
            bad.push(Fault { entry, why: "a rule needs a `pattern` and a `model_info`".to_owned() });
            continue;
        };
        if info.len() == 1 && info.contains_key("litellm_provider") {
            continue;
        }
        match columns(info) {
            Ok(columns) => good.push((name, pattern.to_owned(), format!("\t{columns}"))),
            Err(why) => bad.push(Fault { entry, why }),
        }
    }
    (good, bad)
}

/// The prices that a deployment has of its own, in `litellm_params` or `model_info`; `None` where it has none.
///
/// A deployment's own price that cannot be read is an error: charging the public price instead would be silent.
pub fn custom(deployment: &str, fields: &Map<String, Value>) -> Result<Option<Prices>, Fault> {
    let words = words(fields).map_err(|why| Fault { entry: deployment.to_owned(), why })?;
    Ok(Some(Prices::parse(&words)).filter(|prices| !prices.is_empty()))
}

/// The words of an entry's prices, in the order of the table.
fn words(entry: &Map<String, Value>) -> Result<String, String> {
    let mut words = rates(entry)?;
    for step in list(entry, "tiered_pricing") {
        words.push(step_word(step).ok_or_else(|| format!("`tiered_pricing` has a step that cannot be read: {step}"))?);
    }
    if let Some(block) = entry.get("off_peak_pricing").filter(|block| !block.is_null()) {
        words.extend(off_peak(block)?);
    }
    if entry.get("web_search_billing_unit").and_then(Value::as_str) == Some("per_query") {
        words.push("Q".to_owned());
    }
    Ok(words.join(" "))
}

/// `code=decimal` of every rate, also of those one object deeper.
fn rates(entry: &Map<String, Value>) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    for (name, value) in entry {
        if let Value::Object(inner) = value {
            for (part, value) in inner {
                words.extend(rate(&format!("{name}.{part}"), value)?);
            }
        }
        words.extend(rate(name, value)?);
    }
    words.sort_unstable();
    Ok(words)
}

fn rate(name: &str, value: &Value) -> Result<Option<String>, String> {
    let Some(code) = code_of(name).filter(|_| !value.is_null()) else { return Ok(None) };
    let decimal = match value {
        // Of a float the 15 digits that are exact count: 1.5000020000000002e-05 is a sum that was rounded.
        Value::Number(number) if number.is_f64() => {
            ExactUsd::parse(&format!("{:.14e}", number.as_f64().unwrap_or(-1.0)))
        }
        Value::Number(number) => ExactUsd::parse(&number.to_string()),
        Value::String(text) => ExactUsd::parse(text.trim()),
        _ => None,
    };
    let decimal = decimal.ok_or_else(|| format!("`{name}` must be a price in USD, not negative: {value}"))?;
    Ok(Some(format!("{code}={}", decimal.decimal())))
}

fn list<'e>(entry: &'e Map<String, Value>, name: &str) -> &'e [Value] {
    entry.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn step_word(step: &Value) -> Option<String> {
    let step = step.as_object()?;
    let results = step.get("max_results_range");
    let letter = if results.is_some() { 'S' } else { 'T' };
    let bounds = results.or_else(|| step.get("range"))?.as_array()?;
    let [from, to] = bounds.as_slice() else { return None };
    let (from, to) = (from.as_f64()?, to.as_f64()?);
    let is_range = from >= 0.0 && to >= from;
    let rates = rates(step).ok().filter(|_| is_range)?;
    Some(format!("{letter}{}-{};{}", from as u64, to as u64, rates.join(";")))
}

fn off_peak(block: &Value) -> Result<Vec<String>, String> {
    let block = block.as_object().ok_or("`off_peak_pricing` must be an object")?;
    let mut words = vec![format!("O;{}", rates(block)?.join(";"))];
    if block.get("hours_utc").is_some_and(|hours| !hours.is_null()) {
        words.push(hours(block)?);
    }
    for rule in list(block, "windows") {
        words.push(hours(rule.as_object().ok_or("a window off peak must be an object")?)?);
    }
    match block.get("weekday_timezone").and_then(Value::as_str) {
        None | Some("" | "UTC") => {}
        Some("Asia/Shanghai") => words.push("Z8".to_owned()),
        Some(zone) => return Err(format!("`weekday_timezone` must be UTC or Asia/Shanghai, not {zone}")),
    }
    Ok(words)
}

fn hours(rule: &Map<String, Value>) -> Result<String, String> {
    let windows = match rule.get("hours_utc") {
        Some(Value::String(one)) => vec![one.as_str()],
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    if let Some(bad) = windows.iter().find(|text| window(text).is_none()) {
        return Err(format!("hours off peak must be like 16:30-00:30, not {bad}"));
    }
    let mut word = "H".to_owned();
    for day in list(rule, "weekdays") {
        let day = weekday(day).ok_or_else(|| format!("a day of the week must be 1 to 7 or a name, not {day}"))?;
        word.push(char::from(b'0' + day));
    }
    windows.iter().for_each(|window| {
        word.push(';');
        word.push_str(window);
    });
    Ok(word)
}

fn weekday(day: &Value) -> Option<u8> {
    const NAMES: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    if let Some(number) = day.as_u64() {
        return u8::try_from(number).ok().filter(|number| (1..=7).contains(number));
    }
    let name = day.as_str()?.trim().to_ascii_lowercase();
    let place = NAMES.iter().position(|known| name.starts_with(known))?;
    Some(place as u8 + 1)
}
