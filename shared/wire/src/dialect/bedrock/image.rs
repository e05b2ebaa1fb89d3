//! Images out of words: Titan, Nova Canvas and Stability's models, each with a body of its own.
//!
//! Shapes follow AWS's pages on the models' parameters; which of OpenAI's parameters is known is LiteLLM's choice.
//! Knows no chat.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::dialect::{Context, Unreadable};
use crate::json::Object;
use crate::prepare::{Call, Prepared, Refusal, Rules};

/// OpenAI's parameters beside the prompt, in the order in which they are looked at.
const PARAMETERS: [&str; 9] =
    ["n", "quality", "response_format", "size", "style", "user", "imageConfig", "tools", "web_search_options"];
/// Fields that are told as headers: of the request's body, and of AWS.
const GUARDRAIL: [(&str, &str); 2] = [
    ("guardrailIdentifier", "x-amz-bedrock-guardrail-identifier"),
    ("guardrailVersion", "x-amz-bedrock-guardrail-version"),
];
/// What Nova Canvas is asked to do, and where it reads the words.
const TASKS: [(&str, &str); 3] = [
    ("TEXT_IMAGE", "textToImageParams"),
    ("COLOR_GUIDED_GENERATION", "colorGuidedGenerationParams"),
    ("INPAINTING", "inpaintingParams"),
];

/// Whose body a model takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    Titan,
    NovaCanvas,
    /// Stable Diffusion 3 and Stable Image.
    Stability,
    /// Stable Diffusion XL and whatever else there is.
    StabilityFirst,
}

impl Family {
    fn of(model: &str) -> Self {
        match () {
            () if model.contains("amazon.titan") => Self::Titan,
            () if model.contains("amazon.nova-canvas") => Self::NovaCanvas,
            () if model.contains("sd3") || model.contains("stable-image") => Self::Stability,
            () => Self::StabilityFirst,
        }
    }

    /// OpenAI's parameters that the family knows.
    const fn known(self) -> &'static [&'static str] {
        match self {
            Self::Titan | Self::NovaCanvas => &["n", "quality", "size"],
            Self::Stability => &[],
            Self::StabilityFirst => &["size"],
        }
    }
}

/// Writes the request.
///
/// # Errors
/// Where the model does not take a parameter, or not with this value.
pub(super) fn prepare(rules: &Rules, body: Object<'_>) -> Result<Prepared, Refusal> {
    let family = Family::of(&rules.settings.model);
    let mut call = Call::new(rules, body);
    check(&mut call, family)?;
    call.drop_paths();
    call.absorb_extra_body();
    for (name, header) in GUARDRAIL {
        if let Some(value) = call.body.string(name).map(String::from) {
            call.body.remove(name);
            call.prepared.headers.push((header.to_owned(), value));
        }
    }
    let prompt = call.body.string("prompt").map(String::from).unwrap_or_default();
    let settings = settings(&call, family)?;
    let own = own(&call);
    let body = match family {
        Family::Titan => titan(&prompt, settings, own),
        Family::NovaCanvas => nova(&prompt, settings, own)?,
        Family::Stability => with(json!({ "prompt": prompt }), own),
        Family::StabilityFirst => {
            let prompts = json!({ "text_prompts": [{ "text": prompt.replace('\n', " "), "weight": 1 }] });
            with(with(prompts, settings), own)
        }
    };
    call.prepared.body = body.to_string().into_bytes();
    Ok(call.prepared)
}

/// Drops what the model does not know, or refuses it.
fn check(call: &mut Call<'_, '_>, family: Family) -> Result<(), Refusal> {
    let is_unknown = |name: &str| PARAMETERS.contains(&name) && !family.known().contains(&name);
    let refused = PARAMETERS.iter().find(|name| is_unknown(name) && call.body.given(name).is_some());
    if let Some(name) = refused.filter(|_| !call.drops_unsupported()) {
        return Err(Refusal::unsupported(format!(
            "Setting `{name}` is not supported by bedrock, {}. To drop it from the call, set `litellm.drop_params = \
             True`.",
            call.rules.settings.model
        )));
    }
    call.body.retain(|name, _| !is_unknown(name));
    Ok(())
}

/// OpenAI's parameters in AWS's words.
fn settings(call: &Call<'_, '_>, family: Family) -> Result<Map<String, Value>, Refusal> {
    let mut settings = Map::new();
    let size = call.body.string("size");
    if let Some(size) = size.as_deref().filter(|size| *size != "auto") {
        let sides = size.split_once('x').and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)));
        let (width, height): (u32, u32) = sides.ok_or_else(|| {
            Refusal::bad(format!("`size` is `{size}`: write width and height in pixels, such as 1024x1024"))
        })?;
        settings.insert("width".to_owned(), width.into());
        settings.insert("height".to_owned(), height.into());
    }
    if let Some(Ok(count)) = call.body.given("n").map(serde_json::from_str::<Value>) {
        settings.insert("numberOfImages".to_owned(), count);
    }
    let is_titan = family == Family::Titan;
    let quality = match call.body.string("quality").as_deref() {
        Some("hd" | "premium") => Some("premium"),
        Some("standard") => Some("standard"),
        Some("high") if is_titan => Some("premium"),
        Some("medium" | "low") if is_titan => Some("standard"),
        _ => None,
    };
    settings.extend(quality.map(|quality| ("quality".to_owned(), quality.into())));
    Ok(settings)
}

/// What is not OpenAI's: AWS's own fields.
fn own(call: &Call<'_, '_>) -> Map<String, Value> {
    let fields =
        call.body.iter().filter(|(name, _)| !matches!(*name, "model" | "prompt") && !PARAMETERS.contains(name));
    fields.filter_map(|(name, text)| Some((name.to_owned(), serde_json::from_str(text).ok()?))).collect()
}

/// The object with more fields.
fn with(mut object: Value, more: Map<String, Value>) -> Value {
    if let Some(fields) = object.as_object_mut() {
        fields.extend(more);
    }
    object
}

/// Takes an object out of the fields; an empty one where there is none.
fn take(fields: &mut Map<String, Value>, name: &str) -> Map<String, Value> {
    match fields.shift_remove(name) {
        Some(Value::Object(object)) => object,
        _ => Map::new(),
    }
}

/// Titan reads no other field than these.
fn titan(prompt: &str, settings: Map<String, Value>, mut own: Map<String, Value>) -> Value {
    let mut words = json!({ "text": prompt });
    if let Some(negative) = own.shift_remove("negativeText") {
        words["negativeText"] = negative;
    }
    let task = own.shift_remove("taskType").unwrap_or_else(|| "TEXT_IMAGE".into());
    let config = with(settings.into(), take(&mut own, "imageGenerationConfig"));
    json!({ "taskType": task, "textToImageParams": words, "imageGenerationConfig": config })
}

/// Everything that is not the task's belongs to the image's configuration.
fn nova(prompt: &str, settings: Map<String, Value>, mut own: Map<String, Value>) -> Result<Value, Refusal> {
    let task = own.shift_remove("taskType").unwrap_or_else(|| "TEXT_IMAGE".into());
    let Some((_, place)) = TASKS.iter().find(|(name, _)| task == *name) else {
        return Err(Refusal::bad(format!(
            "Task type {} is not supported: use TEXT_IMAGE, COLOR_GUIDED_GENERATION or INPAINTING",
            crate::python::display(&task)
        )));
    };
    let mut config = take(&mut own, "imageGenerationConfig");
    config.extend(settings);
    config.extend(own);
    let own_words = take(&mut config, place);
    let words = with(json!({ "text": prompt }), own_words);
    Ok(json!({ "taskType": task, *place: words, "imageGenerationConfig": config }))
}

/// What the models answer: images of their own or of Stability's first form, in base64.
#[derive(Deserialize)]
struct Answer {
    images: Option<Vec<String>>,
    artifacts: Option<Vec<Artifact>>,
    /// Why Stability's filters held an image back; null for those that are there.
    #[serde(default)]
    finish_reasons: Vec<Option<String>>,
}

#[derive(Deserialize)]
struct Artifact {
    base64: String,
}

/// Reads the answer and writes it in OpenAI's form.
///
/// # Errors
/// Where the body holds no images, or Stability's filters held them back.
pub(super) fn answer(context: &Context, bodies: &[Bytes]) -> Result<Vec<u8>, Unreadable> {
    let body = bodies.first().map(Bytes::as_ref).unwrap_or_default();
    let answer: Answer = serde_json::from_slice(body).map_err(|error| Unreadable(error.to_string()))?;
    let reasons: Vec<String> =
        answer.finish_reasons.into_iter().flatten().filter(|reason| !reason.is_empty()).collect();
    if !reasons.is_empty() {
        return Err(Unreadable(reasons.join("; ")));
    }
    let artifacts = answer.artifacts.map(|list| list.into_iter().map(|artifact| artifact.base64).collect());
    let Some(images) = answer.images.or(artifacts) else {
        return Err(Unreadable("the answer holds no images".to_owned()));
    };
    let data: Vec<Value> = images.into_iter().map(|image| json!({ "b64_json": image })).collect();
    // Bedrock counts images, not tokens.
    let usage = json!({
        "total_tokens": 0,
        "input_tokens": 0,
        "input_tokens_details": { "image_tokens": 0, "text_tokens": 0 },
        "output_tokens": 0,
    });
    Ok(json!({ "created": context.stamp.created_s, "data": data, "usage": usage }).to_string().into_bytes())
}

#[cfg(test)]
mod tests;
