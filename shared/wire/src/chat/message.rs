//! Messages of a chat request as their client wrote them, read in one pass and borrowing its text.
//!
//! Shapes follow OpenAI's API reference of chat completions, with what LiteLLM reads beside it: `cache_control`,
//! `thinking_blocks`, `reasoning_content`. Fields without a name here are kept in `rest`. Knows no provider.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// A string that borrows from the request unless it holds an escape.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Text<'a>(#[serde(borrow)] pub Cow<'a, str>);

impl std::ops::Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

/// One message of the conversation.
#[derive(Clone, Debug, Default)]
pub struct Message<'a> {
    pub role: Text<'a>,
    pub content: Content<'a>,
    pub name: Option<Text<'a>>,
    /// Of an assistant's message.
    pub tool_calls: Vec<Called<'a>>,
    /// The call of a function in OpenAI's older form.
    pub function_call: Option<Function<'a>>,
    /// Of a tool's message: which call it answers.
    pub tool_call_id: Option<Text<'a>>,
    pub reasoning_content: Option<Text<'a>>,
    pub thinking_blocks: Vec<&'a RawValue>,
    pub cache_control: Option<&'a RawValue>,
    /// Every other field that is not null, in the client's order.
    pub rest: Vec<(Cow<'a, str>, &'a RawValue)>,
}

/// What a message says.
#[derive(Clone, Debug, Default)]
pub enum Content<'a> {
    /// Absent or null.
    #[default]
    Nothing,
    Text(Text<'a>),
    Parts(Vec<Part<'a>>),
}

/// One part of a message's content.
#[derive(Clone, Debug, Default)]
pub struct Part<'a> {
    /// `type`; empty where the client wrote none.
    pub kind: Text<'a>,
    /// `text`, of a part that has one.
    pub text: Option<Text<'a>>,
    pub cache_control: Option<&'a RawValue>,
    /// Every other field that is not null, in the client's order: `image_url`, `file`, `input_audio`, `source`, …
    pub rest: Vec<(Cow<'a, str>, &'a RawValue)>,
}

/// A tool call that the model made in an earlier turn.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Called<'a> {
    #[serde(borrow)]
    pub id: Option<Text<'a>>,
    #[serde(borrow)]
    pub function: Option<Function<'a>>,
    #[serde(borrow)]
    pub cache_control: Option<&'a RawValue>,
    #[serde(borrow)]
    pub provider_specific_fields: Option<&'a RawValue>,
}

/// Name and arguments of a called function.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Function<'a> {
    #[serde(borrow)]
    pub name: Option<Text<'a>>,
    /// Usually a string that holds JSON; some clients send the object itself.
    #[serde(borrow)]
    pub arguments: Option<&'a RawValue>,
    #[serde(borrow)]
    pub provider_specific_fields: Option<&'a RawValue>,
}

impl Function<'_> {
    /// The text of the arguments: the string's own, or the JSON of an object that was sent as such.
    pub fn arguments_text(&self) -> Cow<'_, str> {
        let Some(raw) = self.arguments else { return Cow::Borrowed("") };
        crate::json::parse_string(raw.get()).unwrap_or(Cow::Borrowed(raw.get()))
    }
}

impl Message<'_> {
    /// A field without a place of its own.
    pub fn get(&self, name: &str) -> Option<&str> {
        find(&self.rest, name)
    }
}

impl Part<'_> {
    /// A field without a place of its own.
    pub fn get(&self, name: &str) -> Option<&str> {
        find(&self.rest, name)
    }
}

impl Content<'_> {
    /// All text of the content, one part after the other.
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Nothing => Cow::Borrowed(""),
            Self::Text(text) => Cow::Borrowed(text),
            Self::Parts(parts) => {
                let mut texts = parts.iter().filter_map(|part| part.text.as_deref());
                match (texts.next(), texts.next()) {
                    (None, _) => Cow::Borrowed(""),
                    (Some(only), None) => Cow::Borrowed(only),
                    (Some(first), Some(second)) => {
                        let mut joined = format!("{first}{second}");
                        texts.for_each(|text| joined.push_str(text));
                        Cow::Owned(joined)
                    }
                }
            }
        }
    }
}

fn find<'v>(rest: &'v [(Cow<'_, str>, &'v RawValue)], name: &str) -> Option<&'v str> {
    rest.iter().find(|(other, _)| other == name).map(|(_, value)| value.get())
}

impl<'de: 'a, 'a> Deserialize<'de> for Message<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MessageVisitor)
    }
}

struct MessageVisitor;

impl<'de> Visitor<'de> for MessageVisitor {
    type Value = Message<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a message object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut message = Message::default();
        while let Some(Text(name)) = map.next_key::<Text<'de>>()? {
            match name.as_ref() {
                "role" => message.role = map.next_value::<Option<_>>()?.unwrap_or_default(),
                "content" => message.content = map.next_value()?,
                "name" => message.name = map.next_value()?,
                "tool_calls" => message.tool_calls = map.next_value::<Option<_>>()?.unwrap_or_default(),
                "function_call" => message.function_call = map.next_value()?,
                "tool_call_id" => message.tool_call_id = map.next_value()?,
                "reasoning_content" => message.reasoning_content = map.next_value()?,
                "thinking_blocks" => message.thinking_blocks = map.next_value::<Option<_>>()?.unwrap_or_default(),
                "cache_control" => message.cache_control = map.next_value()?,
                _ => keep(&mut message.rest, name, map.next_value()?),
            }
        }
        Ok(message)
    }
}

fn keep<'a>(rest: &mut Vec<(Cow<'a, str>, &'a RawValue)>, name: Cow<'a, str>, value: &'a RawValue) {
    if value.get() != "null" {
        rest.retain(|(other, _)| *other != name);
        rest.push((name, value));
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Part<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PartVisitor)
    }
}

struct PartVisitor;

impl<'de> Visitor<'de> for PartVisitor {
    type Value = Part<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a content part: an object with `type`, or a string")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Part { kind: Text("text".into()), text: Some(Text(text.into())), ..Part::default() })
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Part { kind: Text("text".into()), text: Some(Text(text.to_owned().into())), ..Part::default() })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut part = Part::default();
        while let Some(Text(name)) = map.next_key::<Text<'de>>()? {
            match name.as_ref() {
                "type" => part.kind = map.next_value::<Option<_>>()?.unwrap_or_default(),
                "text" => part.text = map.next_value()?,
                "cache_control" => part.cache_control = map.next_value()?,
                _ => keep(&mut part.rest, name, map.next_value()?),
            }
        }
        Ok(part)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Content<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ContentVisitor)
    }
}

struct ContentVisitor;

impl<'de> Visitor<'de> for ContentVisitor {
    type Value = Content<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string, a list of parts, or null")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Content::Nothing)
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Content::Text(Text(text.into())))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Content::Text(Text(text.to_owned().into())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut parts = Vec::with_capacity(list.size_hint().unwrap_or(4));
        while let Some(part) = list.next_element()? {
            parts.push(part);
        }
        Ok(Content::Parts(parts))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Err(serde::de::Error::custom("`content` is an object: send a string or a list of parts"))
    }
}
