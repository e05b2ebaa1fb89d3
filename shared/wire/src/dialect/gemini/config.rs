//! `generationConfig`: how the answer shall be made.
//!
//! LiteLLM's names, in snake case as it sends them. Knows no message and no tool.

use serde_json::{Value, json};

use super::{model, schema, thinking};
use crate::json::{Object, raw};
use crate::models::{self, Capability};
use crate::prepare::{Call, Refusal};

/// Fields of the configuration that pass as the client wrote them, in either case.
const FIELDS: [&str; 20] = [
    "temperature",
    "top_p",
    "top_k",
    "candidate_count",
    "max_output_tokens",
    "stop_sequences",
    "presence_penalty",
    "frequency_penalty",
    "response_mime_type",
    "response_schema",
    "response_json_schema",
    "responseFormat",
    "seed",
    "responseLogprobs",
    "logprobs",
    "responseModalities",
    "imageConfig",
    "thinkingConfig",
    "mediaResolution",
    "speechConfig",
];

/// Writes the configuration that the call's parameters mean.
pub(super) struct Config<'c, 'rules, 'body> {
    call: &'c Call<'rules, 'body>,
    out: Object<'static>,
}

impl<'c, 'rules, 'body> Config<'c, 'rules, 'body> {
    /// The whole configuration; empty where nothing is asked.
    ///
    /// # Errors
    /// A value that Gemini does not take.
    pub fn of(call: &'c Call<'rules, 'body>) -> Result<Object<'static>, Refusal> {
        let mut config = Self { call, out: Object::default() };
        config.sampling();
        config.response_format()?;
        config.reasoning()?;
        config.audio()?;
        config.others();
        if config.is_third() && config.out.get("temperature").is_none() {
            config.set("temperature", &1.0);
        }
        Ok(config.out)
    }

    fn model(&self) -> &'rules str {
        &self.call.rules.settings.model
    }

    fn is_third(&self) -> bool {
        model::is_third(self.model())
    }

    fn set(&mut self, name: &str, value: &impl serde::Serialize) {
        self.out.set(name, raw(value));
    }

    /// Takes a parameter over as it is, under Gemini's name.
    fn take(&mut self, parameter: &str, name: &str) {
        if let Some(text) = self.call.body.get(parameter) {
            self.out.set_text(name, text.to_owned());
        }
    }

    fn value(&self, parameter: &str) -> Option<Value> {
        serde_json::from_str(self.call.body.get(parameter)?).ok()
    }

    fn sampling(&mut self) {
        self.take("temperature", "temperature");
        self.take("top_p", "top_p");
        self.take("n", "candidate_count");
        match self.value("stop") {
            Some(Value::String(word)) => self.set("stop_sequences", &[word]),
            Some(Value::Array(words)) => self.set("stop_sequences", &words),
            _ => {}
        }
        self.take("max_tokens", "max_output_tokens");
        self.take("max_completion_tokens", "max_output_tokens");
        if takes_penalties(self.model()) {
            self.take("presence_penalty", "presence_penalty");
            self.take("frequency_penalty", "frequency_penalty");
        }
        self.take("seed", "seed");
        self.take("logprobs", "responseLogprobs");
        self.take("top_logprobs", "logprobs");
    }

    fn response_format(&mut self) -> Result<(), Refusal> {
        let Some(mut format) = self.value("response_format").filter(Value::is_object) else { return Ok(()) };
        let reads_json_schema = model::reads_json_schema(self.model());
        schema::remove_strict(&mut format);
        if !reads_json_schema {
            schema::open_objects(&mut format);
        }
        let kind = format.get("type").and_then(Value::as_str).unwrap_or_default();
        match kind {
            "json_object" => self.set("response_mime_type", &"application/json"),
            "text" => self.set("response_mime_type", &"text/plain"),
            _ => {}
        }
        let wanted = match format.get("response_schema") {
            Some(schema) => Some(schema),
            None if kind == "json_schema" => format.pointer("/json_schema/schema"),
            None => None,
        };
        let Some(wanted) = wanted else { return Ok(()) };
        self.set("response_mime_type", &"application/json");
        let is_schema = wanted.as_object().is_some_and(|fields| !fields.is_empty());
        if is_schema && reads_json_schema {
            self.set("response_json_schema", wanted);
        } else if is_schema {
            self.set("response_schema", &schema::convert_ordered(wanted.clone())?);
        }
        Ok(())
    }

    fn reasoning(&mut self) -> Result<(), Refusal> {
        let (provider, model) = (super::catalogued(self.call.rules.provider().name), self.model());
        let mut config = None;
        if let Some(effort) = self.value("reasoning_effort") {
            config = thinking::from_effort(provider, model, &effort)?;
        }
        if let Some(wanted) = self.value("thinking") {
            if config.as_ref().is_some_and(|config| config.get("thinkingLevel").is_some()) {
                return Err(thinking::conflict("thinking"));
            }
            config = Some(thinking::from_thinking(model, &wanted));
        }
        if let Some(config) = config {
            self.set("thinkingConfig", &config);
        }
        Ok(())
    }

    fn audio(&mut self) -> Result<(), Refusal> {
        let mut modalities = self.value("modalities").filter(Value::is_array).map(|list| modalities(&list));
        if let Some(audio) = self.value("audio").filter(Value::is_object) {
            let speech = speech(&audio)?;
            self.set("speechConfig", &speech);
            let wanted = modalities.get_or_insert_with(Vec::new);
            if !wanted.contains(&"AUDIO") {
                wanted.push("AUDIO");
            }
        }
        if let Some(modalities) = modalities {
            self.set("responseModalities", &modalities);
        }
        Ok(())
    }

    /// Fields of the configuration itself.
    fn others(&mut self) {
        for (name, text) in self.call.body.iter() {
            let is_field = FIELDS.iter().any(|field| *field == name || is_same_name(field, name));
            if is_field && !crate::provider::is_parameter(name) {
                self.out.set_text(name, text.to_owned());
            }
        }
    }
}

/// Whether one name is the other in camel case.
fn is_same_name(left: &str, right: &str) -> bool {
    fn letters(name: &str) -> impl Iterator<Item = u8> {
        name.bytes().filter(|byte| *byte != b'_').map(|byte| byte.to_ascii_lowercase())
    }
    letters(left).eq(letters(right))
}

/// Whether the model takes `presence_penalty` and `frequency_penalty`.
pub(super) fn takes_penalties(model: &str) -> bool {
    !model::is_third(model) && model != "gemini-2.5-pro-preview-06-05"
}

fn modalities(list: &Value) -> Vec<&'static str> {
    let words = list.as_array().into_iter().flatten();
    words
        .map(|word| match word.as_str() {
            Some("text") => "TEXT",
            Some("image") => "IMAGE",
            Some("audio") => "AUDIO",
            Some("video") => "VIDEO",
            _ => "MODALITY_UNSPECIFIED",
        })
        .collect()
}

fn speech(audio: &Value) -> Result<Value, Refusal> {
    if let Some(format) = audio.get("format").and_then(Value::as_str).filter(|format| *format != "pcm16") {
        return Err(Refusal::bad(format!(
            "Unsupported audio format for Gemini TTS models: {format}. Gemini TTS models only support 'pcm16' format as \
             they return audio data in L16 PCM format. Please set audio format to 'pcm16'."
        )));
    }
    let mut speech = json!({});
    if let Some(voice) = audio.get("voice") {
        speech["voiceConfig"] = json!({ "prebuiltVoiceConfig": { "voiceName": voice } });
    }
    if let Some(language) = audio.get("language_code") {
        speech["languageCode"] = language.clone();
    }
    Ok(speech)
}

/// Whether the model reasons, by the map or by its name.
pub(super) fn reasons(provider: &str, model: &str) -> bool {
    model::is_third(model) || models::supports(provider, model, Capability::Reasoning)
}
