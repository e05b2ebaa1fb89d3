//! One request on its way to a provider: what it says, what it says to the gateway, what it asks for.
//!
//! Takes the gateway's own fields out of the body. Knows no provider's quirk.

use serde_json::value::RawValue;

use super::fields::is_gateway_only;
use super::rules::{Rules, StreamUsage};
use super::{Prepared, drop_path};
use crate::json::{Object, raw};
use crate::provider::is_parameter;

/// Headers that a request may not set through `extra_headers`: the gateway's own key and framing go there.
const RESERVED_HEADERS: [&str; 14] = [
    "authorization",
    "api-key",
    "x-api-key",
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
    "expect",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "upgrade",
];

/// What to do with a parameter that the provider refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unsupported {
    Refuse,
    Drop,
}

/// A request while it is being prepared.
pub(crate) struct Call<'rules, 'body> {
    pub rules: &'rules Rules,
    pub body: Object<'body>,
    pub unsupported: Unsupported,
    pub allowed: Vec<String>,
    /// Parameters that must be sent as the client wrote them, should a translation take them away.
    pub insisted: Vec<(String, Box<RawValue>)>,
    pub dropped: Vec<String>,
    pub extra_body: Vec<(String, Box<RawValue>)>,
    pub prepared: Prepared,
    /// `cache_control_injection_points`, as the request or the deployment wrote them.
    pub injection_points: Option<String>,
    /// `metadata`: for the gateway, but some providers label their bill with it.
    pub metadata: Option<String>,
    /// Whether `stream: false` may be spelled out; a null says that it may not.
    pub names_stream: bool,
    /// Whether the system prompt of Mistral's reasoning models is to be added.
    pub adds_reasoning_prompt: bool,
}

impl<'rules, 'body> Call<'rules, 'body> {
    /// Fills in the deployment's defaults, then parts what is for the gateway from what is for the provider.
    pub fn new(rules: &'rules Rules, mut body: Object<'body>) -> Self {
        let settings = &rules.settings;
        for (name, value) in &settings.defaults {
            body.set_default(name, value);
        }
        let drops = settings.drop_params || means_true(body.given("drop_params"));
        let mut call = Self {
            rules,
            unsupported: if drops { Unsupported::Drop } else { Unsupported::Refuse },
            allowed: names(&body, "allowed_openai_params", &settings.allowed_openai_params),
            dropped: names(&body, "additional_drop_params", &settings.additional_drop_params),
            extra_body: settings.extra_body.clone(),
            prepared: Prepared { headers: headers(rules), ..Prepared::default() },
            injection_points: body.given("cache_control_injection_points").map(str::to_owned),
            metadata: body.given("metadata").map(str::to_owned),
            names_stream: body.get("stream") != Some("null"),
            adds_reasoning_prompt: false,
            insisted: Vec::new(),
            body,
        };
        call.take_extras();
        let Self { body, dropped, .. } = &mut call;
        body.retain(|name, text| text != "null" && !is_gateway_only(name) && !dropped.iter().any(|drop| drop == name));
        call.insisted =
            call.allowed.iter().filter_map(|name| Some((name.clone(), copy(call.body.get(name)?)?))).collect();
        call
    }

    /// Puts back what `allowed_openai_params` names and a translation has taken away.
    pub fn insist(&mut self) {
        for (name, value) in &self.insisted {
            self.body.set_default(name, value);
        }
    }

    /// Reads `extra_body` and `extra_headers` of the request: its body stands in the place of the deployment's,
    /// its headers beside them.
    fn take_extras(&mut self) {
        if let Some(Ok(extra)) = self.body.given("extra_body").map(|text| Object::parse(text.as_bytes())) {
            let fields = extra.iter().filter_map(|(name, text)| Some((name.to_owned(), copy(text)?)));
            self.extra_body = fields.collect();
        }
        if let Some(Ok(extra)) = self.body.given("extra_headers").map(|text| Object::parse(text.as_bytes())) {
            for (name, _) in extra.iter() {
                if let Some(value) = extra.string(name) {
                    set_header(&mut self.prepared.headers, name, &value);
                }
            }
        }
    }

    /// Whether the request or the deployment insists on sending this parameter as it is.
    pub fn is_allowed(&self, name: &str) -> bool {
        self.allowed.iter().any(|allowed| allowed == name)
    }

    /// Whether parameters that the provider refuses are dropped in silence.
    pub fn drops_unsupported(&self) -> bool {
        self.unsupported == Unsupported::Drop
    }

    /// Replaces a field by any serialisable value.
    pub fn set(&mut self, name: &str, value: &impl serde::Serialize) {
        self.body.set(name, raw(value));
    }

    /// Gives a field another name; the new one takes the value if both are there.
    pub fn rename(&mut self, old: &str, new: &str) {
        if let Some(Ok(value)) = self.body.remove(old).map(RawValue::from_string) {
            self.body.set(new, value);
        }
    }

    /// Sets what the client asked of streaming, and what is asked of the provider.
    pub fn set_stream_usage(&mut self) {
        let asked = self.body.get("stream_options").and_then(|text| Object::parse(text.as_bytes()).ok());
        let wants = asked.as_ref().and_then(|options| options.get("include_usage")).map(|text| text == "true");
        let mode = self.rules.settings.stream_usage;
        self.prepared.include_usage_wanted = wants.unwrap_or(mode == StreamUsage::Show);
        let asks = match mode {
            StreamUsage::Track => true,
            StreamUsage::Show => wants.is_none_or(|wants| wants),
            StreamUsage::AsAsked => false,
        };
        if !asks || wants == Some(true) || !self.rules.supports("stream_options") {
            return;
        }
        let mut options = asked.unwrap_or_default();
        options.set("include_usage", raw(&true));
        let text = String::from_utf8(options.to_vec()).unwrap_or_default();
        if let Ok(options) = RawValue::from_string(text) {
            self.body.set("stream_options", options);
        }
    }

    /// Has the provider tell the usage of a stream, unless the client declined.
    pub fn ask_for_usage(&mut self) {
        let options = self.body.get("stream_options").and_then(|text| Object::parse(text.as_bytes()).ok());
        let mut options = options.unwrap_or_default();
        options.set_default("include_usage", &raw(&true));
        let text = String::from_utf8(options.to_vec()).unwrap_or_default();
        if let Ok(options) = RawValue::from_string(text) {
            self.body.set("stream_options", options);
        }
    }

    /// Puts the extra fields into the body before its end, for providers that translate them too.
    pub fn absorb_extra_body(&mut self) {
        for (name, value) in std::mem::take(&mut self.extra_body) {
            let is_dropped = matches!(name.as_str(), "model" | "azure_ad_token") || self.dropped.contains(&name);
            // A field that OpenAI does not know and that the client set itself is the client's.
            let is_set = !is_parameter(&name) && self.body.get(&name).is_some();
            if !is_dropped && !is_set {
                self.body.set(&name, value);
            }
        }
    }

    /// Removes what paths in `additional_drop_params` lead to.
    pub fn drop_paths(&mut self) {
        for path in self.dropped.iter().filter(|name| drop_path::is_path(name)) {
            let Some((name, rest)) = drop_path::split(path) else { continue };
            // Messages are not among the parameters that LiteLLM lets a path reach.
            let value = self.body.get(&name).filter(|_| name != "messages").map(serde_json::from_str);
            if let Some(Ok(mut value)) = value {
                rest.remove_from(&mut value);
                self.body.set(&name, raw(&value));
            }
        }
    }

    /// Puts the extra fields over the body, names the model, and writes it all.
    pub fn finish(mut self) -> Prepared {
        self.absorb_extra_body();
        self.body.set("model", self.rules.plain_model.clone());
        self.write()
    }

    /// As `finish`, with the name that chat requests bear.
    pub fn finish_chat(mut self) -> Prepared {
        self.absorb_extra_body();
        self.body.set("model", self.rules.chat_model.clone());
        self.write()
    }

    /// As `finish`, with a name that the dialect chooses.
    pub fn finish_as(mut self, model: &str) -> Prepared {
        self.absorb_extra_body();
        self.body.set("model", raw(&model));
        self.write()
    }

    /// As `finish`, where the address tells the model.
    pub fn finish_without_model(mut self) -> Prepared {
        self.absorb_extra_body();
        self.body.remove("model");
        self.write()
    }

    fn write(mut self) -> Prepared {
        self.prepared.body = self.body.to_vec();
        self.prepared
    }
}

fn headers(rules: &Rules) -> Vec<(String, String)> {
    let fixed = rules.provider().headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let mut headers: Vec<(String, String)> = fixed.collect();
    if let Some(organization) = &rules.settings.organization {
        headers.push(("OpenAI-Organization".to_owned(), organization.clone()));
    }
    for (name, value) in &rules.settings.extra_headers {
        headers.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
        headers.push((name.clone(), value.clone()));
    }
    headers
}

/// The same JSON text in memory of its own.
fn copy(text: &str) -> Option<Box<RawValue>> {
    RawValue::from_string(text.to_owned()).ok()
}

/// Sets a header that the client asks for, unless it is one of the gateway's own.
fn set_header(headers: &mut Vec<(String, String)>, name: &str, value: &str) {
    let is_reserved = RESERVED_HEADERS.iter().any(|reserved| reserved.eq_ignore_ascii_case(name));
    if is_reserved {
        return;
    }
    headers.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
    headers.push((name.to_owned(), value.to_owned()));
}

/// The names that a list field of the request gives, after those of the deployment.
fn names(body: &Object<'_>, field: &str, settings: &[String]) -> Vec<String> {
    let mut names = settings.to_vec();
    if let Some(Ok(more)) = body.given(field).map(serde_json::from_str::<Vec<String>>) {
        names.extend(more);
    }
    names
}

/// LiteLLM reads `true` and the string `"true"` alike.
fn means_true(text: Option<&str>) -> bool {
    text.is_some_and(|text| text.trim_matches('"').eq_ignore_ascii_case("true"))
}
