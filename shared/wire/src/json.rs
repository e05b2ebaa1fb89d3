//! A JSON object, taken apart one level deep and put together again.
//!
//! Values stay the sender's own bytes, so what nobody rewrites leaves exactly as it came.
//! Knows no field by name.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, Serializer};
use serde_json::value::RawValue;

/// Fields that one object may have: names are looked up by walking them, so their number is bounded.
pub const FIELDS_MAX: usize = 1_000;
const TOO_MANY_FIELDS: &str = "more than 1000 fields at the top level";

/// One field of an [`Object`].
#[derive(Clone, Debug)]
pub struct Field<'a> {
    pub name: Cow<'a, str>,
    value: Cow<'a, RawValue>,
}

/// A parsed top level: fields in the sender's order, each value unparsed.
///
/// A repeated name keeps its first place and its last value, as Python's parser does.
#[derive(Clone, Debug, Default)]
pub struct Object<'a> {
    fields: Vec<Field<'a>>,
}

impl<'a> Object<'a> {
    /// Checks that `text` is one JSON object and splits its top level.
    ///
    /// # Errors
    /// Names line and column of the first byte that is not JSON, or says that it is no object.
    pub fn parse(text: &'a [u8]) -> Result<Self, serde_json::Error> {
        // One fast check of the whole spares a slow one of every value.
        match std::str::from_utf8(text) {
            Ok(text) => serde_json::from_str(text),
            Err(_) => serde_json::from_slice(text),
        }
    }

    /// The value's own text, or `None` where the field is absent.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|field| field.name == name).map(|field| field.value.get())
    }

    /// The value's own text, where LiteLLM would treat it as given: a null counts as absent.
    pub fn given(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|text| *text != "null")
    }

    /// Where the field's value stands in `whole`, the text that the object was parsed from.
    pub fn place_in(&self, name: &str, whole: &[u8]) -> Option<Range<usize>> {
        let text = self.get(name)?.as_bytes();
        let start = text.as_ptr().addr().checked_sub(whole.as_ptr().addr())?;
        let place = start..start.checked_add(text.len())?;
        // A value that was replaced stands elsewhere.
        (whole.get(place.clone()) == Some(text)).then_some(place)
    }

    /// Whether no value has been set since parsing.
    pub fn is_as_parsed(&self) -> bool {
        self.fields.iter().all(|field| matches!(field.value, Cow::Borrowed(_)))
    }

    /// The field as a string; `None` where it is absent or of another type.
    pub fn string(&self, name: &str) -> Option<Cow<'_, str>> {
        self.get(name).and_then(parse_string)
    }

    /// Whether the field is the literal `true`.
    pub fn is_true(&self, name: &str) -> bool {
        self.get(name) == Some("true")
    }

    /// Replaces the field in its place, or appends it.
    pub fn set(&mut self, name: &str, value: Box<RawValue>) {
        match self.fields.iter_mut().find(|field| field.name == name) {
            Some(field) => field.value = Cow::Owned(value),
            None => self.fields.push(Field { name: Cow::Owned(name.to_owned()), value: Cow::Owned(value) }),
        }
    }

    /// As [`set`](Self::set), without a copy.
    pub fn set_borrowed(&mut self, name: &'a str, value: &'a RawValue) {
        match self.fields.iter_mut().find(|field| field.name == name) {
            Some(field) => field.value = Cow::Borrowed(value),
            None => self.fields.push(Field { name: Cow::Borrowed(name), value: Cow::Borrowed(value) }),
        }
    }

    /// Replaces the field by JSON text that this crate composed; text that is no JSON changes nothing.
    pub fn set_text(&mut self, name: &str, text: String) {
        if let Ok(value) = RawValue::from_string(text) {
            self.set(name, value);
        }
    }

    /// Appends the field only where the object has none of that name.
    pub fn set_default(&mut self, name: &str, value: &RawValue) {
        if self.get(name).is_none() {
            self.fields.push(Field { name: Cow::Owned(name.to_owned()), value: Cow::Owned(value.to_owned()) });
        }
    }

    /// Removes the field and returns its text.
    pub fn remove(&mut self, name: &str) -> Option<String> {
        let place = self.fields.iter().position(|field| field.name == name)?;
        Some(self.fields.remove(place).value.get().to_owned())
    }

    /// Keeps only the fields that `keep` approves by name and value text.
    pub fn retain(&mut self, mut keep: impl FnMut(&str, &str) -> bool) {
        self.fields.retain(|field| keep(&field.name, field.value.get()));
    }

    /// Names and value texts in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|field| (field.name.as_ref(), field.value.get()))
    }

    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// Writes the object as compact JSON around the values' original text.
    pub fn to_vec(&self) -> Vec<u8> {
        let length: usize = self.fields.iter().map(|field| field.name.len() + field.value.get().len() + 8).sum();
        let mut out = Vec::with_capacity(length + 2);
        self.write(&mut out);
        out
    }

    /// Appends the object's compact JSON to `out`.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.push(b'{');
        for (place, field) in self.fields.iter().enumerate() {
            if place > 0 {
                out.push(b',');
            }
            write_string(out, &field.name);
            out.push(b':');
            out.extend_from_slice(field.value.get().as_bytes());
        }
        out.push(b'}');
    }
}

/// Any serialisable value as raw JSON text; `null` where it cannot be written as JSON.
pub fn raw(value: &impl serde::Serialize) -> Box<RawValue> {
    serde_json::value::to_raw_value(value).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

/// The text of a JSON string, unescaped; borrowed where nothing was escaped.
pub fn parse_string(text: &str) -> Option<Cow<'_, str>> {
    let inner = text.strip_prefix('"')?.strip_suffix('"')?;
    if inner.contains('\\') {
        return serde_json::from_str::<String>(text).ok().map(Cow::Owned);
    }
    Some(Cow::Borrowed(inner))
}

/// Appends `text` as a JSON string with its quotes.
pub fn write_string(out: &mut Vec<u8>, text: &str) {
    let plain = text.bytes().all(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\');
    if plain {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
    } else {
        let start = out.len();
        // Writing to memory cannot fail; what cannot be written would be no string at all.
        if serde_json::to_writer(&mut *out, text).is_err() {
            out.truncate(start);
            out.extend_from_slice(b"\"\"");
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor)
    }
}

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.fields.iter().map(|field| (&field.name, &field.value)))
    }
}

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = Object<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields: Vec<Field<'de>> = Vec::with_capacity(8);
        while let Some(BorrowedName(name)) = map.next_key::<BorrowedName<'de>>()? {
            let value = Cow::Borrowed(map.next_value::<&'de RawValue>()?);
            let place = fields.iter().position(|field| field.name == name);
            match place {
                Some(place) => fields[place].value = value,
                None if fields.len() < FIELDS_MAX => fields.push(Field { name, value }),
                None => return Err(serde::de::Error::custom(TOO_MANY_FIELDS)),
            }
        }
        Ok(Object { fields })
    }
}

/// A name borrowed from the text where it has no escapes; serde's own `Cow` always copies.
struct BorrowedName<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for BorrowedName<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(NameVisitor).map(BorrowedName)
    }
}

struct NameVisitor;

impl<'de> Visitor<'de> for NameVisitor {
    type Value = Cow<'de, str>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a field name")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_owned()))
    }
}

#[cfg(test)]
mod tests;
