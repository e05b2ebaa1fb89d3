//! What calls about resources are charged: films by their seconds, searches in vector stores, responses made shorter.
//!
//! Everything else that is done with a resource costs nothing, as with LiteLLM. Knows no price.

use bytes::Bytes;
use serde_json::Value;
use tollgate_wire::Usage;

use super::Action;
use crate::call::ServedBy;
use crate::dispatch::settle;
use crate::price::{Deed, seconds};
use crate::record::Record;

/// The work of an action, before it is done.
pub(super) const fn work(action: Action) -> Deed {
    match action {
        Action::SearchVectorStore => Deed::VectorSearch,
        Action::CompactResponse => Deed::Tokens,
        _ => Deed::Nothing,
    }
}

/// Ends the record of an action that went well, with what its answer tells of its cost.
pub(super) async fn finish(action: Action, mut record: Record, answer: Option<&Bytes>, served_by: &mut ServedBy) {
    if let Some(answer) = answer {
        note(action, &mut record, answer);
    }
    let is_charged = record.bill.as_ref().is_some_and(|bill| bill.job.work != Deed::Nothing);
    if is_charged {
        return settle(record, 200, served_by).await;
    }
    if let Some(bill) = &mut record.bill {
        served_by.governed = bill.told();
    }
    record.finish(200).durable().await;
}

fn note(action: Action, record: &mut Record, answer: &[u8]) {
    let Some(bill) = &mut record.bill else { return };
    match action {
        Action::CreateVideo | Action::RemixVideo => {
            let answer: Value = serde_json::from_slice(answer).unwrap_or_default();
            if let Some(work) = film(&answer) {
                bill.job.work = work;
            }
        }
        Action::CompactResponse => {
            let answer: Value = serde_json::from_slice(answer).unwrap_or_default();
            record.usage = answer.get("usage").and_then(|usage| Usage::parse(&usage.to_string()));
        }
        _ => {}
    }
}

/// A film of so many `seconds`: OpenAI writes the number as a text.
fn film(answer: &Value) -> Option<Deed> {
    let told = &answer["seconds"];
    let number = told.as_f64().or_else(|| told.as_str()?.parse().ok())?;
    Some(Deed::Video { length: seconds(number)?, resolution: None, count: 1 })
}
