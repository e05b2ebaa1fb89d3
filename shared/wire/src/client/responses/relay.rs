//! Answers of providers that speak Responses themselves: theirs but for ids and the model's name.
//!
//! Knows no chat. Looks into an event only as far as its type and what it tells of the response.

use serde_json::Value;

use super::super::{Seen, Wanted};
use super::shown;
use crate::answer::{Answer, Garbage};
use crate::dialect::Context;
use crate::generated::Generated;
use crate::json::{Object, raw};
use crate::stream::{Fault, garbage};
use crate::usage::Usage;

/// What a client is told of a stream that ends without its last event.
pub(in crate::client) const UNFINISHED: &str = "the provider closed the responses stream before any terminal event \
                                                (response.completed, response.incomplete or response.failed)";

/// A whole answer.
pub(in crate::client) fn native(context: &Context, wanted: &Wanted, body: &[u8]) -> Result<Answer, Garbage> {
    let mut response = Object::parse(body).map_err(|error| Garbage(error.to_string()))?;
    if response.get("output").is_none() && response.get("object").is_none() {
        return Err(Garbage("the answer has no `output`".to_owned()));
    }
    let counted = response.given("usage").and_then(Usage::parse);
    let usage = counted.unwrap_or_else(|| {
        let mut generated = Generated::default();
        generated.push(response.get("output").unwrap_or_default());
        wanted.estimator.usage(&generated)
    });
    if let Some(id) = response.string("id").map(|id| shown(context.ids.as_ref(), &id)) {
        response.set("id", raw(&id));
    }
    response.set("model", raw(&wanted.model));
    Ok(Answer { body: response.to_vec(), usage })
}

/// One event of a stream.
pub(in crate::client) fn observe(data: &[u8], seen: &mut Seen) -> Result<(), Fault> {
    if data == b"[DONE]" {
        // It is written once, at the end.
        seen.replaced = Some(Vec::new());
        return Ok(());
    }
    let mut event = Object::parse(data).map_err(|_| garbage(data))?;
    let kind = event.string("type").map(|kind| kind.into_owned()).unwrap_or_default();
    match kind.as_str() {
        "error" => return Err(fault(event.given("error"), data)),
        "response.failed" => {
            let response = event.given("response").and_then(|text| Object::parse(text.as_bytes()).ok());
            return Err(fault(response.as_ref().and_then(|response| response.given("error")), data));
        }
        "response.completed" | "response.incomplete" => seen.is_done = true,
        "response.output_text.delta" | "response.function_call_arguments.delta" => {
            let delta = event.string("delta").unwrap_or_default();
            seen.generated.content.add(&delta);
        }
        _ => {}
    }
    show_id(&mut event, seen);
    event.set("model", raw(&seen.model));
    seen.begun.note(&event);
    seen.replaced = Some(event.to_vec());
    Ok(())
}

fn show_id(event: &mut Object<'_>, seen: &mut Seen) {
    let Some(text) = event.given("response").map(str::to_owned) else { return };
    let Ok(mut response) = Object::parse(text.as_bytes()) else { return };
    if let Some(usage) = response.given("usage").and_then(Usage::parse) {
        seen.usage = Some(usage);
    }
    let Some(id) = response.string("id").map(|id| id.into_owned()) else { return };
    // One id for the whole stream, however many events repeat it.
    let same = seen.shown_id.take().filter(|(own, _)| *own == id);
    let (own, shown) = same.unwrap_or_else(|| (id.clone(), shown(seen.ids.as_ref(), &id)));
    response.set("id", raw(&shown));
    seen.shown_id = Some((own, shown));
    event.set_text("response", String::from_utf8(response.to_vec()).unwrap_or_default());
}

fn fault(error: Option<&str>, data: &[u8]) -> Fault {
    let is_object = |text: &&str| serde_json::from_str::<Value>(text).is_ok_and(|value| value.is_object());
    Fault::Provider(error.filter(is_object).map_or_else(|| String::from_utf8_lossy(data).into_owned(), str::to_owned))
}
