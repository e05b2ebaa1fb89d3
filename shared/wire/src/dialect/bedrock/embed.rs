//! Embeddings: Titan's models take one text a request, Cohere's take all at once.
//!
//! Shapes follow AWS's pages on the models' parameters; which parameter is known is LiteLLM's choice. Knows no chat.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use crate::dialect::{Context, Unreadable};
use crate::json::Object;
use crate::prepare::{Call, Prepared, Refusal, Rules, check_embedding};

/// Texts that one call may have embedded, each in a request of its own.
const INPUTS_MAX: usize = 2_048;
/// What Cohere's models read beside the texts.
const COHERE_FIELDS: [&str; 4] = ["input_type", "truncate", "embedding_types", "output_dimension"];

/// Whose body an embedding model takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    /// Titan's first text models.
    TitanText,
    TitanTextV2,
    /// Texts and images.
    TitanImage,
    Cohere,
}

impl Family {
    fn of(model: &str) -> Option<Self> {
        const MARKS: [(&str, Family); 5] = [
            ("amazon.titan-embed-text-v1", Family::TitanText),
            ("amazon.titan-embed-g1-text-02", Family::TitanText),
            ("amazon.titan-embed-text-v2", Family::TitanTextV2),
            ("amazon.titan-embed-image-v1", Family::TitanImage),
            ("cohere.embed", Family::Cohere),
        ];
        MARKS.iter().find(|(mark, _)| model.contains(mark)).map(|(_, family)| *family)
    }

    /// OpenAI's parameters that the family knows.
    const fn known(self) -> &'static [&'static str] {
        match self {
            Self::TitanText => &[],
            Self::TitanImage => &["dimensions"],
            Self::TitanTextV2 | Self::Cohere => &["dimensions", "encoding_format"],
        }
    }
}

/// Writes the requests.
///
/// # Errors
/// Where the model is none that embeds, or does not take the input or a parameter.
pub(super) fn prepare(rules: &Rules, body: Object<'_>) -> Result<Prepared, Refusal> {
    let model = &rules.settings.model;
    let Some(family) = Family::of(model) else {
        return Err(Refusal::bad(format!("Unable to determine bedrock embedding provider for model: {model}")));
    };
    let mut call = Call::new(rules, body);
    check_embedding(&mut call, family.known())?;
    let inputs = inputs(&call)?;
    let fields = fields(&call, family);
    let mut bodies = match family {
        Family::Cohere => vec![cohere(&inputs, fields)],
        _ => inputs.iter().map(|input| titan(input, family, &fields)).collect(),
    };
    call.prepared.more_bodies = bodies.split_off(1);
    call.prepared.body = bodies.pop().unwrap_or_default();
    Ok(call.prepared)
}

/// The texts, at least one.
fn inputs(call: &Call<'_, '_>) -> Result<Vec<String>, Refusal> {
    let input = call.body.given("input").unwrap_or_default();
    let texts = match serde_json::from_str::<Value>(input) {
        Ok(Value::String(text)) => Some(vec![text]),
        Ok(Value::Array(_)) => serde_json::from_str(input).ok(),
        _ => None,
    };
    let texts: Vec<String> = texts.ok_or_else(|| Refusal::bad("`input` has to be a string or a list of strings"))?;
    match texts.len() {
        0 => Err(Refusal::bad("`input` is empty: send at least one text")),
        1..=INPUTS_MAX => Ok(texts),
        _ => Err(Refusal::bad(format!("`input` holds more than {INPUTS_MAX} texts: send them in several calls"))),
    }
}

/// The parameters in the family's words, with what is not OpenAI's.
fn fields(call: &Call<'_, '_>, family: Family) -> Map<String, Value> {
    let mut fields = Map::new();
    for (name, text) in call.body.iter() {
        let Ok(value) = serde_json::from_str::<Value>(text) else { continue };
        match (name, family) {
            ("model" | "input" | "user", _) => {}
            ("encoding_format", Family::Cohere) => {
                let formats = if let Value::Array(formats) = value { formats } else { vec![value] };
                let plain = |format: Value| if format == "base64" { "float".into() } else { format };
                fields.insert("embedding_types".to_owned(), formats.into_iter().map(plain).collect());
            }
            ("encoding_format", _) => {
                let kind = if value == "base64" { "binary" } else { "float" };
                fields.insert("embeddingTypes".to_owned(), json!([kind]));
            }
            ("dimensions", Family::Cohere) => {
                fields.insert("output_dimension".to_owned(), value);
            }
            ("dimensions", Family::TitanImage) => {
                fields.insert("embeddingConfig".to_owned(), json!({ "outputEmbeddingLength": value }));
            }
            _ => {
                fields.insert(name.to_owned(), value);
            }
        }
    }
    fields
}

fn titan(input: &str, family: Family, fields: &Map<String, Value>) -> Vec<u8> {
    let image = image(input).filter(|_| family == Family::TitanImage);
    let mut body = match image {
        Some(image) => json!({ "inputImage": image }),
        None => json!({ "inputText": input }),
    };
    if let Some(body) = body.as_object_mut().filter(|_| family != Family::TitanText) {
        body.extend(fields.clone());
    }
    body.to_string().into_bytes()
}

fn cohere(inputs: &[String], fields: Map<String, Value>) -> Vec<u8> {
    let are_images = inputs.last().is_some_and(|input| image(input).is_some());
    let (name, kind) = if are_images { ("images", "image") } else { ("texts", "search_document") };
    let mut body = json!({ "input_type": kind, name: inputs });
    if let Some(body) = body.as_object_mut() {
        body.extend(fields.into_iter().filter(|(name, _)| COHERE_FIELDS.contains(&name.as_str())));
    }
    body.to_string().into_bytes()
}

/// The base64 text of an input that is an image (`data:…,…`).
fn image(input: &str) -> Option<&str> {
    let data = input.strip_prefix("data:")?.split(',').nth(1)?;
    STANDARD.decode(data).is_ok().then_some(data)
}

/// What Titan answers.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TitanAnswer<'a> {
    #[serde(borrow)]
    embedding: Option<&'a RawValue>,
    #[serde(borrow, default)]
    embeddings_by_type: ByType<'a>,
    #[serde(default)]
    input_text_token_count: u64,
}

#[derive(Default, Deserialize)]
struct ByType<'a> {
    #[serde(borrow)]
    binary: Option<&'a RawValue>,
    #[serde(borrow)]
    float: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct CohereAnswer {
    embeddings: CohereEmbeddings,
    meta: Option<Value>,
}

/// A list, or a list for each type.
#[derive(Deserialize)]
#[serde(untagged)]
enum CohereEmbeddings {
    List(Vec<Value>),
    ByType(Map<String, Value>),
}

/// OpenAI's list.
#[derive(Serialize)]
struct List<'a, E: Serialize> {
    object: &'static str,
    model: &'a str,
    data: Vec<Entry<E>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Value>,
}

#[derive(Serialize)]
struct Entry<E: Serialize> {
    embedding: E,
    index: usize,
    object: &'static str,
}

/// Reads the answers, one for each request.
///
/// # Errors
/// Where a body is no embedding.
pub(super) fn answer(context: &Context, bodies: &[Bytes]) -> Result<Vec<u8>, Unreadable> {
    if Family::of(&context.model) == Some(Family::Cohere) {
        return cohere_answer(context, bodies.first().map(Bytes::as_ref).unwrap_or_default());
    }
    let (mut data, mut tokens) = (Vec::with_capacity(bodies.len()), 0_u64);
    for (index, body) in bodies.iter().enumerate() {
        let answer: TitanAnswer<'_> = serde_json::from_slice(body).map_err(|error| Unreadable(error.to_string()))?;
        let by_type = answer.embeddings_by_type;
        let embedding = by_type.binary.or(by_type.float).or(answer.embedding);
        let embedding = embedding.ok_or_else(|| Unreadable("no embedding data found in response".to_owned()))?;
        tokens = tokens.saturating_add(answer.input_text_token_count);
        data.push(Entry { embedding, index, object: "embedding" });
    }
    write(context, data, Some(usage(tokens)))
}

fn cohere_answer(context: &Context, body: &[u8]) -> Result<Vec<u8>, Unreadable> {
    let answer: CohereAnswer = serde_json::from_slice(body).map_err(|error| Unreadable(error.to_string()))?;
    let lists: Vec<Vec<Value>> = match answer.embeddings {
        CohereEmbeddings::List(list) => vec![list],
        CohereEmbeddings::ByType(lists) => lists
            .into_iter()
            .filter_map(|(_, list)| if let Value::Array(list) = list { Some(list) } else { None })
            .collect(),
    };
    let entry = |(index, embedding)| Entry { embedding, index, object: "embedding" };
    let data = lists.into_iter().flat_map(|list| list.into_iter().enumerate().map(entry)).collect();
    let billed = answer.meta.as_ref().and_then(|meta| meta.get("billed_units"));
    let count = |name: &str| billed.and_then(|billed| billed.get(name)).and_then(Value::as_u64);
    let (texts, images) = (count("input_tokens"), count("images"));
    let told = texts.is_some() || images.is_some();
    let usage = told.then(|| usage(texts.unwrap_or_default().saturating_add(images.unwrap_or_default())));
    write(context, data, usage)
}

fn usage(tokens: u64) -> Value {
    json!({ "prompt_tokens": tokens, "completion_tokens": 0, "total_tokens": tokens })
}

fn write<E: Serialize>(context: &Context, data: Vec<Entry<E>>, usage: Option<Value>) -> Result<Vec<u8>, Unreadable> {
    let list = List { object: "list", model: &context.model, data, usage };
    serde_json::to_vec(&list).map_err(|error| Unreadable(error.to_string()))
}
