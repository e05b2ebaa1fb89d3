//! The client's side of a call: from its format to what the provider is asked, and back.
//!
//! A provider that speaks the client's format gets it as it came; every other is asked in a chat, whose answer is
//! turned back. Knows no provider's wire.

mod chat;
mod generate;
mod messages;
mod responses;

pub(crate) use messages::Invocation;

use std::borrow::Cow;
use std::fmt::Debug;
use std::sync::Arc;

use bytes::Bytes;
pub use responses::{Ids, own_id, response_in};
use serde_json::{Map, Value};

use crate::Format;
use crate::answer::{self, Answer, Form, Garbage};
use crate::chat::{Chunk, Completion};
use crate::dialect::responses::RESPONSES;
use crate::dialect::{Context, Dialect, Framing};
use crate::failure::Begun;
use crate::generated::Generated;
use crate::json::Object;
use crate::prepare::{Refusal, Rules};
use crate::stream::{self, Fault, Observer, Rewriter, Stream, Tally, Translator, UsageWish, Wish};
use crate::tokens::{Estimator, Uncountable};
use crate::usage::Usage;
use crate::{Operation, bridge, rerank};

/// What the client expects of an answer.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The model's name in the answer.
    pub model: String,
    /// Counts prompt and answer where the provider sends no usage.
    pub estimator: Estimator,
    pub usage: UsageWish,
    pub form: Form,
    /// Fields of the request that its answer repeats or depends on.
    pub echo: Map<String, Value>,
}

/// What a provider is asked in the place of what the client asked.
#[derive(Debug)]
pub struct Asked<'a> {
    pub operation: Operation,
    pub body: Object<'a>,
    pub form: Form,
    pub echo: Map<String, Value>,
}

/// Writes a client's stream, chunk by chunk.
pub(crate) trait Encoder: Debug + Send {
    /// Appends what a chunk says in the client's format.
    fn chunk(&mut self, chunk: Chunk, out: &mut Vec<u8>);

    /// Everything has been said: appends the end.
    fn finish(&mut self, tally: &Tally, out: &mut Vec<u8>);

    /// What the client has been told of the stream, for the event that ends it where it breaks. Only Responses tells.
    fn begun(&self) -> Begun {
        Begun::default()
    }

    /// The whole response that the stream came to, once it has ended. Only Responses has one.
    fn response(&self) -> Option<&[u8]> {
        None
    }
}

/// What a relayed stream has shown of itself.
#[derive(Debug, Default)]
pub struct Seen {
    /// The model's name as the client wrote it.
    pub model: String,
    pub usage: Option<Usage>,
    /// What the model wrote, in case that the provider does not count it.
    pub(crate) generated: Generated,
    /// The data of the event just looked at, where the client is to get other data.
    pub replaced: Option<Vec<u8>>,
    /// Whether the format's last event has come.
    pub is_done: bool,
    /// What the client has been told of the stream, for the event that ends it where it breaks. Only Responses tells.
    pub begun: Begun,
    /// Makes the ids of responses.
    pub(crate) ids: Option<Arc<dyn Ids>>,
    /// The provider's id of the response, and the one that is shown for it.
    pub(crate) shown_id: Option<(String, String)>,
}

/// What the provider of `rules` is asked, when a client asks `operation`.
///
/// # Errors
/// What cannot be said to this provider.
pub fn ask<'a>(rules: &Rules, operation: Operation, body: Object<'a>) -> Result<Asked<'a>, Refusal> {
    let asked = |operation, body, form| Ok(Asked { operation, body, form, echo: Map::new() });
    match operation {
        Operation::Messages if rules.speaks(operation) => asked(operation, body, Form::Native(Format::Messages)),
        Operation::Messages => messages::ask(rules, &body),
        Operation::CountMessageTokens => messages::ask_count(rules, body),
        Operation::Responses if rules.speaks(operation) => asked(operation, body, Form::Native(Format::Responses)),
        Operation::Responses => responses::ask(rules, body),
        Operation::GenerateContent if rules.speaks(operation) => {
            asked(operation, body, Form::Native(Format::GenerateContent))
        }
        Operation::GenerateContent => generate::ask(rules, body),
        Operation::ChatCompletion => asked(operation, body, Form::Chat),
        Operation::TextCompletion => asked(operation, body, Form::Text),
        Operation::Embedding if body.given("encoding_format").is_none() => {
            asked(operation, body, Form::EmbeddingFromBase64)
        }
        Operation::Embedding => asked(operation, body, Form::Embedding),
        _ => asked(operation, body, Form::Plain),
    }
}

/// The gateway's own count of the tokens of a message's request, in Anthropic's form.
///
/// # Errors
/// Where messages or tools are of a shape that cannot be counted.
pub fn count_message_tokens(model: &str, body: &Object<'_>) -> Result<Vec<u8>, Uncountable> {
    messages::count_here(model, body)
}

/// The gateway's own count of Gemini's contents, for providers that do not count them.
///
/// # Errors
/// Contents of a shape that cannot be counted.
pub fn count_content_tokens(rules: &Rules, body: &Object<'_>) -> Result<Vec<u8>, Refusal> {
    generate::count_here(rules, body)
}

/// A text completion asked of a model that only chats; `None` where the prompt is made of token numbers.
pub fn ask_in_chat(body: Object<'_>) -> Option<Asked<'_>> {
    let body = bridge::text_to_chat(body)?;
    Some(Asked { operation: Operation::ChatCompletion, body, form: Form::ChatAsText, echo: Map::new() })
}

/// A provider's whole answer in the client's format; several bodies where several requests were made.
///
/// # Errors
/// Where a body is no answer.
pub fn answer(
    rules: &Rules,
    asked: Operation,
    context: &Context,
    wanted: &Wanted,
    bodies: &[Bytes],
) -> Result<Answer, Garbage> {
    let first = bodies.first().map(Bytes::as_ref).unwrap_or_default();
    if let Form::Native(format) = wanted.form {
        return native(format, context, wanted, first);
    }
    match wanted.form {
        Form::MessagesFromResponses => return messages::answer_from_response(wanted, first),
        Form::MessageCount => {
            let (body, count) = messages::counted(first)?;
            return Ok(Answer { body, usage: Usage::counted(count, 0) });
        }
        _ => {}
    }
    if asked == Operation::Rerank
        && let Some(body) = rerank::answer(context, first)
    {
        let plain = answer::rewrite(Form::Plain, &wanted.model, &wanted.estimator, first);
        let usage = plain.map_or_else(|_| wanted.estimator.guess(), |plain| plain.usage);
        return Ok(Answer { body, usage });
    }
    let openai: Cow<'_, [u8]> = match spoken(rules, context) {
        None if rules.provider().name == "databricks" => Cow::Owned(without_fingerprint(first)),
        None => Cow::Borrowed(first),
        Some(dialect) if matches!(asked, Operation::ChatCompletion | Operation::Responses) => {
            let completion = dialect.answer(context, first).map_err(|error| Garbage(error.0))?;
            if !is_openai_shaped(wanted.form) {
                return from_chat(context, wanted, completion);
            }
            Cow::Owned(serde_json::to_vec(&completion).unwrap_or_default())
        }
        Some(dialect) => Cow::Owned(dialect.other_answer(asked, context, bodies).map_err(|error| Garbage(error.0))?),
    };
    match wanted.form {
        form if !is_openai_shaped(form) => {
            let completion: Completion = serde_json::from_slice(&openai).map_err(|error| Garbage(error.to_string()))?;
            from_chat(context, wanted, completion)
        }
        form => answer::rewrite(form, &wanted.model, &wanted.estimator, &openai),
    }
}

/// How the provider was spoken to; `None` where it was OpenAI's chat.
fn spoken(rules: &Rules, context: &Context) -> Option<&'static dyn Dialect> {
    if context.notes.responses { Some(&RESPONSES) } else { rules.dialect }
}

/// Whether the client reads OpenAI's chat or one of its elder forms.
const fn is_openai_shaped(form: Form) -> bool {
    !matches!(form, Form::Messages | Form::Responses | Form::GenerateContent)
}

/// LiteLLM's handler of Databricks builds the answer anew, and leaves the fingerprint behind.
fn without_fingerprint(body: &[u8]) -> Vec<u8> {
    let Ok(mut object) = Object::parse(body) else { return body.to_vec() };
    object.remove("system_fingerprint");
    object.to_vec()
}

fn native(format: Format, context: &Context, wanted: &Wanted, body: &[u8]) -> Result<Answer, Garbage> {
    match format {
        Format::Messages => messages::native(wanted, body),
        Format::Responses => responses::native(context, wanted, body),
        Format::GenerateContent => generate::native(wanted, body),
        Format::OpenAi => answer::rewrite(Form::Plain, &wanted.model, &wanted.estimator, body),
    }
}

fn from_chat(context: &Context, wanted: &Wanted, completion: Completion) -> Result<Answer, Garbage> {
    match wanted.form {
        Form::Messages => messages::answer(context, wanted, completion),
        Form::Responses => Ok(responses::answer(context, wanted, completion)),
        _ => Ok(generate::answer(context, wanted, completion)),
    }
}

/// The stream of an answer, from the provider's wire to the client's.
pub fn stream(rules: &Rules, context: &Context, wanted: &Wanted) -> Stream {
    let form = match wanted.form {
        Form::Native(format) => {
            let framing = rules.dialect.map_or(Framing::Events, |dialect| dialect.framing());
            let observer = Observer::new(format, framing, wanted).with_ids(context.ids.clone());
            return Stream::Observed(Box::new(observer));
        }
        Form::Text => stream::Form::Text,
        Form::ChatAsText => stream::Form::ChatAsText,
        _ => stream::Form::Chat,
    };
    if wanted.form == Form::MessagesFromResponses {
        let (decoder, encoder) = (messages::responses_decoder(), messages::encoder(context, wanted));
        let translator = Translator::new(Framing::Events, decoder, encoder, wanted.estimator.clone());
        return Stream::Translated(Box::new(translator));
    }
    let spoken = spoken(rules, context);
    if spoken.is_none() && is_openai_shaped(wanted.form) {
        let (model, usage, estimator) = (wanted.model.clone(), wanted.usage, wanted.estimator.clone());
        return Stream::Rewritten(Box::new(Rewriter::new(Wish { model, form, usage, estimator })));
    }
    let (framing, decoder) = match spoken {
        Some(dialect) => (dialect.framing(), dialect.decoder(context)),
        None => (Framing::Events, stream::openai_decoder()),
    };
    let translator = Translator::new(framing, decoder, encoder(context, wanted), wanted.estimator.clone());
    Stream::Translated(Box::new(translator))
}

/// A stream made of a whole answer, where the provider cannot stream what was asked.
///
/// # Errors
/// Where a body is no answer.
pub fn replay(
    rules: &Rules,
    asked: Operation,
    context: &Context,
    wanted: &Wanted,
    bodies: &[Bytes],
) -> Result<(Vec<Vec<u8>>, Usage), Garbage> {
    if is_openai_shaped(wanted.form) && spoken(rules, context).is_none() {
        let answer = answer(rules, asked, context, wanted, bodies)?;
        return Ok((stream::replay(&answer.body, wanted.usage), answer.usage));
    }
    let form = if context.notes.json_tool { Form::ChatFromTool } else { Form::Chat };
    let plain = Wanted { form, ..wanted.clone() };
    let whole = answer(rules, asked, context, &plain, bodies)?;
    let completion: Completion = serde_json::from_slice(&whole.body).map_err(|error| Garbage(error.to_string()))?;
    let (mut out, mut encoder, mut tally) = (Vec::new(), encoder(context, wanted), Tally::default());
    for chunk in completion.into_chunks() {
        tally.note(&chunk);
        encoder.chunk(chunk, &mut out);
    }
    encoder.finish(&tally, &mut out);
    Ok((vec![out], whole.usage))
}

fn encoder(context: &Context, wanted: &Wanted) -> Box<dyn Encoder> {
    match wanted.form {
        Form::Messages | Form::MessagesFromResponses => messages::encoder(context, wanted),
        Form::Responses | Form::Native(Format::Responses) => responses::encoder(context, wanted),
        Form::GenerateContent => generate::encoder(context, wanted),
        Form::Text | Form::ChatAsText => chat::encoder(stream::Form::Text, context, wanted),
        _ => chat::encoder(stream::Form::Chat, context, wanted),
    }
}

/// Notes what one event of a relayed stream says of usage and end.
///
/// # Errors
/// Where the event is an error that the client must not take for an answer.
pub fn observe(format: Format, data: &[u8], seen: &mut Seen) -> Result<(), Fault> {
    match format {
        Format::Messages => messages::observe(data, seen),
        Format::Responses => responses::observe(data, seen),
        Format::GenerateContent => generate::observe(data, seen),
        Format::OpenAi => Ok(()),
    }
}

/// The end of a relayed stream: whether it is one.
///
/// # Errors
/// Where the format's last event has not come, and the format has one.
pub fn observed_end(format: Format, seen: &Seen) -> Result<(), Fault> {
    match format {
        Format::Messages if !seen.is_done => Err(Fault::Unfinished(messages::UNFINISHED)),
        Format::Responses if !seen.is_done => Err(Fault::Unfinished(responses::UNFINISHED)),
        _ => Ok(()),
    }
}
