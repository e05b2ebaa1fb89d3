//! Embeddings: OpenAI's input as Gemini's contents or Vertex AI's instances, and their vectors back.
//!
//! LiteLLM's rules; vectors keep their text. Knows no chat.

use std::borrow::Cow;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::media;
use crate::dialect::Unreadable;
use crate::json::{Object, raw};
use crate::prepare::{Call, Prepared, Refusal, Rules, Settings, check_embedding};

/// Which of the interfaces embeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// `batchEmbedContents`: a request for each input.
    Batch,
    /// `embedContent`: all input as one content.
    Content,
    /// `predict`, an instance for each text.
    Instances,
    /// `predict` of the model that embeds pictures beside texts.
    Multimodal,
    /// `predict` of a tuned model, which is a number.
    Tuned,
}

impl Way {
    /// The way of a deployment's model.
    pub fn of(is_vertex: bool, settings: &Settings) -> Self {
        let model = settings.model.as_str();
        match () {
            () if !is_vertex => Self::Batch,
            () if model.starts_with("gemini-embedding-2") || model == "gemini-flash-experimental" => Self::Content,
            () if model.starts_with("multimodalembedding") => Self::Multimodal,
            () if model.bytes().all(|byte| byte.is_ascii_digit()) => Self::Tuned,
            () => Self::Instances,
        }
    }

    pub const fn method(self) -> &'static str {
        match self {
            Self::Batch => "batchEmbedContents",
            Self::Content => "embedContent",
            _ => "predict",
        }
    }
}

/// Writes the request.
///
/// # Errors
/// Parameters that Google does not take, or input that cannot be expressed.
pub(super) fn prepare(rules: &Rules, body: Object<'_>, way: Way) -> Result<Prepared, Refusal> {
    let mut call = Call::new(rules, body);
    // Vectors of numbers are all that Google gives.
    if call.body.string("encoding_format").is_some_and(|format| format == "float") {
        call.body.remove("encoding_format");
    }
    check_embedding(&mut call, &["dimensions"])?;
    call.drop_paths();
    let text = call.body.get("input").unwrap_or("null");
    let input: Value = serde_json::from_str(text).map_err(|error| Refusal::bad(format!("input: {error}")))?;
    let inputs = match input {
        Value::Array(list) => list,
        one => vec![one],
    };
    let options = options(&call);
    let body = match way {
        Way::Batch => batch(&rules.settings.model, &inputs, &options)?,
        Way::Content => content(&inputs, &options)?,
        Way::Multimodal => multimodal(&inputs, &options),
        Way::Instances | Way::Tuned => instances(way, &inputs, options),
    };
    Ok(Prepared { body: raw(&body).get().as_bytes().to_vec(), ..call.prepared })
}

/// Everything but model and input, under the names that LiteLLM gives.
fn options(call: &Call<'_, '_>) -> Map<String, Value> {
    let mut options = Map::new();
    for (name, text) in call.body.iter().filter(|(name, _)| !matches!(*name, "model" | "input")) {
        let value: Value = serde_json::from_str(text).unwrap_or(Value::Null);
        if name == "input_type" {
            options.insert("task_type".to_owned(), value.clone());
        }
        let name = if name == "dimensions" { "outputDimensionality" } else { name };
        options.insert(name.to_owned(), value);
    }
    options
}

/// What Gemini's own interface takes beside the content.
fn gemini_options(options: &Map<String, Value>) -> Map<String, Value> {
    let named = [
        ("outputDimensionality", "outputDimensionality"),
        ("task_type", "taskType"),
        ("taskType", "taskType"),
        ("title", "title"),
    ];
    named.iter().filter_map(|(own, name)| Some(((*name).to_owned(), options.get(*own)?.clone()))).collect()
}

fn batch(model: &str, inputs: &[Value], options: &Map<String, Value>) -> Result<Value, Refusal> {
    let more = gemini_options(options);
    let mut requests = Vec::with_capacity(inputs.len());
    for input in inputs {
        let parts = match input {
            Value::Array(group) if group.is_empty() => {
                return Err(Refusal::bad("Nested input list must not be empty"));
            }
            Value::Array(group) => group.iter().map(part).collect::<Result<Vec<_>, _>>()?,
            one => vec![part(one)?],
        };
        let mut request = json!({ "model": format!("models/{model}"), "content": { "parts": parts } });
        if let Some(fields) = request.as_object_mut() {
            fields.extend(more.clone());
        }
        requests.push(request);
    }
    Ok(json!({ "requests": requests }))
}

fn content(inputs: &[Value], options: &Map<String, Value>) -> Result<Value, Refusal> {
    let parts = inputs.iter().map(part).collect::<Result<Vec<_>, _>>()?;
    let mut body = gemini_options(options);
    body.insert("content".to_owned(), json!({ "parts": parts }));
    Ok(Value::Object(body))
}

/// A text, or a medium: a `data:` text, a name in Google's storage, or a `file` part.
fn part(input: &Value) -> Result<Value, Refusal> {
    let part = match input {
        Value::String(text) if is_medium(text) => media::part(Cow::Borrowed(text), None)?,
        Value::String(text) => return Ok(json!({ "text": text })),
        Value::Object(fields) => {
            let file = fields.get("file").map(Value::to_string);
            let part = media::file(file.as_deref(), "")?;
            return Ok(serde_json::to_value(&part).unwrap_or(Value::Null));
        }
        _ => return Err(Refusal::bad("Embedding input elements must be strings or file content blocks")),
    };
    Ok(serde_json::to_value(&part).unwrap_or(Value::Null))
}

fn is_medium(text: &str) -> bool {
    text.starts_with("gs://") || (text.starts_with("data:") && text.contains(";base64,"))
}

fn instances(way: Way, inputs: &[Value], options: Map<String, Value>) -> Value {
    let [task_type, title] = ["task_type", "title"].map(|name| options.get(name).filter(|value| !value.is_null()));
    let instance = |text: &Value| {
        if way == Way::Tuned {
            return json!({ "inputs": text });
        }
        let mut instance = json!({ "content": text });
        if let Some(task_type) = task_type {
            instance["task_type"] = task_type.clone();
        }
        if let Some(title) = title {
            instance["title"] = title.clone();
        }
        instance
    };
    let instances: Vec<Value> = inputs.iter().map(instance).collect();
    json!({ "instances": instances, "parameters": options })
}

/// A text and the medium behind it are one instance.
fn multimodal(inputs: &[Value], options: &Map<String, Value>) -> Value {
    let mut instances: Vec<Value> = Vec::with_capacity(inputs.len());
    let mut takes_medium = false;
    for input in inputs {
        match input.as_str() {
            Some(text) if is_medium(text) => match instances.last_mut().filter(|_| takes_medium) {
                Some(last) => set_medium(last, text),
                None => {
                    let mut instance = json!({});
                    set_medium(&mut instance, text);
                    instances.push(instance);
                }
            },
            Some(text) => instances.push(json!({ "text": text })),
            None => instances.push(input.clone()),
        }
        takes_medium = input.as_str().is_some_and(|text| !is_medium(text));
    }
    let mut body = json!({ "instances": options.get("instances").cloned().unwrap_or_else(|| instances.into()) });
    if let Some(dimension) = options.get("outputDimensionality") {
        body["parameters"] = json!({ "dimension": dimension });
    }
    body
}

fn set_medium(instance: &mut Value, text: &str) {
    match text.split_once(',').filter(|_| text.starts_with("data:")) {
        Some((_, data)) => instance["image"] = json!({ "bytesBase64Encoded": data }),
        None if text.contains("mp4") => instance["video"] = json!({ "gcsUri": text }),
        None => instance["image"] = json!({ "gcsUri": text }),
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Vector<'a> {
    #[serde(borrow)]
    values: Option<&'a RawValue>,
    statistics: Statistics,
    /// Of a film's part.
    #[serde(borrow)]
    embedding: Option<&'a RawValue>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Statistics {
    token_count: f64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Prediction<'a> {
    #[serde(borrow)]
    embeddings: Option<Vector<'a>>,
    #[serde(borrow)]
    text_embedding: Option<&'a RawValue>,
    #[serde(borrow)]
    image_embedding: Option<&'a RawValue>,
    #[serde(borrow)]
    video_embeddings: Vec<Vector<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Answer<'a> {
    #[serde(borrow)]
    embeddings: Option<Vec<Vector<'a>>>,
    #[serde(borrow)]
    embedding: Option<Vector<'a>>,
    #[serde(borrow)]
    predictions: Option<&'a RawValue>,
    usage_metadata: Option<super::read::Usage>,
}

/// The answer in OpenAI's form; without usage where Google counts nothing.
///
/// # Errors
/// Where the body holds no vectors.
pub(super) fn answer(model: &str, bodies: &[Bytes]) -> Result<Vec<u8>, Unreadable> {
    let body = bodies.first().map(Bytes::as_ref).unwrap_or_default();
    let answer: Answer<'_> = serde_json::from_slice(body).map_err(|error| Unreadable(error.to_string()))?;
    let mut list = List::default();
    match (&answer.embeddings, &answer.embedding, answer.predictions) {
        (Some(vectors), _, _) => vectors.iter().enumerate().for_each(|(place, vector)| list.add(place, vector.values)),
        (None, Some(vector), _) => list.add(0, vector.values),
        (None, None, Some(predictions)) => list.predictions(predictions)?,
        (None, None, None) => return Err(Unreadable("no embeddings".to_owned())),
    }
    if let Some(counts) = &answer.usage_metadata {
        list.tokens = Some(counts.prompt_token_count);
    }
    Ok(list.write(model))
}

/// Vectors with their places.
#[derive(Debug, Default)]
struct List<'a> {
    vectors: Vec<(usize, &'a RawValue)>,
    tokens: Option<u64>,
}

impl<'a> List<'a> {
    fn add(&mut self, place: usize, vector: Option<&'a RawValue>) {
        self.vectors.extend(vector.map(|vector| (place, vector)));
    }

    fn predictions(&mut self, text: &'a RawValue) -> Result<(), Unreadable> {
        let unreadable = |error: serde_json::Error| Unreadable(error.to_string());
        // A tuned model answers with lists of lists.
        if let Ok(tuned) = serde_json::from_str::<Vec<Vec<&RawValue>>>(text.get()) {
            for (place, vectors) in tuned.iter().enumerate() {
                self.add(place, vectors.first().copied());
            }
            self.tokens = Some(0);
            return Ok(());
        }
        let predictions: Vec<Prediction<'a>> = serde_json::from_str(text.get()).map_err(unreadable)?;
        let mut tokens = 0.0;
        for (place, prediction) in predictions.iter().enumerate() {
            if let Some(vector) = &prediction.embeddings {
                tokens += vector.statistics.token_count;
                self.add(place, vector.values);
            } else if let Some(vector) = prediction.text_embedding.or(prediction.image_embedding) {
                self.add(place, Some(vector));
            }
            prediction.video_embeddings.iter().for_each(|part| self.add(place, part.embedding));
        }
        self.tokens = Some(whole(tokens));
        Ok(())
    }

    fn write(&self, model: &str) -> Vec<u8> {
        let data: Vec<Box<RawValue>> = self.vectors.iter().map(|(place, vector)| item(*place, vector)).collect();
        let mut out = Object::default();
        out.set("object", raw(&"list"));
        out.set("model", raw(&model));
        out.set("data", raw(&data));
        if let Some(tokens) = self.tokens {
            let usage = json!({ "completion_tokens": 0, "prompt_tokens": tokens, "total_tokens": tokens });
            out.set("usage", raw(&usage));
        }
        out.to_vec()
    }
}

fn item(place: usize, vector: &RawValue) -> Box<RawValue> {
    let text = format!("{{\"object\":\"embedding\",\"index\":{place},\"embedding\":{}}}", vector.get());
    RawValue::from_string(text).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

/// Google writes some counts as `6.0`.
fn whole(tokens: f64) -> u64 {
    format!("{tokens:.0}").parse().unwrap_or(0)
}
