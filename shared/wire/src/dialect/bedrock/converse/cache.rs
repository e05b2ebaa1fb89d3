//! Marks for prompt caching: where the client asks for one, and whether the model takes it. Knows no message.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::block::CachePoint;
use crate::dialect::bedrock::facts::{Flag, Model};

/// What clients write as `cache_control`.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Control<'a> {
    #[serde(borrow)]
    ttl: Option<&'a RawValue>,
}

/// The mark behind what carries `control`; `None` where the model takes no marks.
pub(super) fn point(model: &Model<'_>, control: Option<&RawValue>) -> Option<CachePoint> {
    let control = control?;
    model.takes_cache_points().then(|| CachePoint { kind: "default", ttl: ttl(model, control) })
}

fn ttl(model: &Model<'_>, control: &RawValue) -> Option<&'static str> {
    let control: Control<'_> = serde_json::from_str(control.get()).unwrap_or_default();
    let ttl = match control.ttl?.get() {
        "\"5m\"" => "5m",
        "\"1h\"" => "1h",
        _ => return None,
    };
    (model.flag(Flag::HourCache) == Some(true)).then_some(ttl)
}
