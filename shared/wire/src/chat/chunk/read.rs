//! Reads chunks of OpenAI's own stream, field by field.
//!
//! By hand, for the flattening of serde's derived code keeps every field twice: a chunk took twice the time.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};

use super::{Chunk, Delta};
use crate::chat::Text;

impl<'de> Deserialize<'de> for Chunk {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ChunkVisitor)
    }
}

struct ChunkVisitor;

impl<'de> Visitor<'de> for ChunkVisitor {
    type Value = Chunk;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a chunk of a stream")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut chunk = Chunk::default();
        while let Some(Text(name)) = map.next_key::<Text<'de>>()? {
            match name.as_ref() {
                "choices" => chunk.choices = map.next_value()?,
                "usage" => chunk.usage = map.next_value()?,
                // The encoder has its own.
                "id" | "object" | "created" | "model" => drop(map.next_value::<IgnoredAny>()?),
                _ => drop(chunk.extra.insert(name.into_owned(), map.next_value()?)),
            }
        }
        Ok(chunk)
    }
}

impl<'de> Deserialize<'de> for Delta {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(DeltaVisitor)
    }
}

struct DeltaVisitor;

impl<'de> Visitor<'de> for DeltaVisitor {
    type Value = Delta;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the new part of a choice")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut delta = Delta::default();
        while let Some(Text(name)) = map.next_key::<Text<'de>>()? {
            match name.as_ref() {
                "role" => delta.role = map.next_value()?,
                "content" => delta.content = map.next_value()?,
                "reasoning_content" => delta.reasoning_content = map.next_value()?,
                "thinking_blocks" => delta.thinking_blocks = map.next_value()?,
                "tool_calls" => delta.tool_calls = map.next_value()?,
                "images" => delta.images = map.next_value()?,
                "annotations" => delta.annotations = map.next_value()?,
                "audio" => delta.audio = map.next_value()?,
                "refusal" => delta.refusal = map.next_value()?,
                "provider_specific_fields" => delta.provider_specific_fields = map.next_value()?,
                _ => drop(delta.extra.insert(name.into_owned(), map.next_value()?)),
            }
        }
        Ok(delta)
    }
}
