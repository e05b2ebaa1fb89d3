//! Bodies that a route may choke on: valid ones, and what can be wrong with them. Knows no HTTP.

use super::random::Random;
use serde_json::{Value, json};

/// Routes that take JSON, each with a body that they would accept.
pub const ROUTES: [(&str, &str); 9] = [
    ("/v1/chat/completions", CHAT),
    ("/chat/completions", CHAT),
    ("/openai/deployments/chat/chat/completions", CHAT),
    ("/v1/completions", r#"{"model":"chat","prompt":["a","b"],"max_tokens":5,"echo":false,"suffix":"x"}"#),
    ("/v1/embeddings", r#"{"model":"chat","input":["a","b"],"encoding_format":"float","dimensions":8}"#),
    ("/v1/moderations", r#"{"model":"chat","input":"a"}"#),
    ("/v1/images/generations", r#"{"model":"chat","prompt":"a","n":1,"size":"1024x1024"}"#),
    ("/v1/audio/speech", r#"{"model":"chat","input":"a","voice":"alloy","speed":1.0}"#),
    ("/v1/rerank", r#"{"model":"chat","query":"a","documents":["b",{"text":"c"}],"top_n":1}"#),
];

/// Every field of a chat completion that the gateway may look into, the gateway's own among them.
const CHAT: &str = r#"{"model":"chat","messages":[{"role":"system","content":"s"},{"role":"user","content":[{"type":"text","text":"t"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AA=="}}]},{"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"c","content":"r"}],"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{}}}}],"tool_choice":"auto","stream":false,"stream_options":{"include_usage":true},"temperature":0.5,"top_p":1,"n":1,"stop":["x"],"max_tokens":5,"max_completion_tokens":5,"logit_bias":{"1":2},"response_format":{"type":"text"},"user":"u","seed":1,"metadata":{"tags":["a"]},"timeout":5,"stream_timeout":5,"num_retries":1,"fallbacks":["chat"],"cache":{"no-cache":true},"mock_response":"m","extra_body":{"a":1},"extra_headers":{"x-a":"b"},"drop_params":true,"api_key":"k","api_base":"http://127.0.0.1:9/v1","request_timeout":5,"max_retries":0,"weights":{},"priority":1,"litellm_metadata":{},"guardrails":["g"],"caching_groups":[],"model_info":{},"custom_llm_provider":"openai"}"#;

/// Any of the routes with its body.
pub fn route(random: &mut Random) -> (&'static str, Value) {
    let (path, body) = random.pick(&ROUTES);
    (path, serde_json::from_str(body).expect("a body of JSON"))
}

/// A value that few programs expect anywhere.
pub fn odd_value(random: &mut Random) -> Value {
    let values = [
        json!(null),
        json!(true),
        json!(-1),
        json!(u64::MAX),
        json!(1e308),
        json!(-0.0),
        json!(""),
        json!("\u{0}"),
        json!("a\u{202e}b\u{feff}"),
        json!("x".repeat(5_000)),
        json!([]),
        json!([[[]]]),
        json!([null, 1, "a", {}]),
        json!({}),
        json!({"": {"": ""}}),
        json!({"role": 5, "content": {"type": []}}),
        json!("https://[::1"),
        json!("../../etc/passwd"),
    ];
    random.pick(&values)
}

/// Puts an odd value somewhere into the document, at any depth.
pub fn put_odd_value(document: &mut Value, random: &mut Random) {
    let stop = random.below(3) == 0;
    match document {
        Value::Object(fields) if !stop && !fields.is_empty() => {
            let at = random.below(fields.len());
            if let Some(field) = fields.values_mut().nth(at) {
                put_odd_value(field, random);
            }
        }
        Value::Array(items) if !stop && !items.is_empty() => {
            let at = random.below(items.len());
            put_odd_value(&mut items[at], random);
        }
        other => *other = odd_value(random),
    }
}

/// Takes one field out of the outermost object.
pub fn remove_field(document: &mut Value, random: &mut Random) {
    if let Value::Object(fields) = document {
        let names: Vec<String> = fields.keys().cloned().collect();
        fields.remove(&random.pick(&names));
    }
}

/// The document with one of its fields there twice, with another value the second time.
pub fn repeat_field(document: &Value, random: &mut Random) -> Vec<u8> {
    let names: Vec<&String> = document.as_object().map(|fields| fields.keys().collect()).unwrap_or_default();
    let name = random.pick(&names);
    let mut text = document.to_string();
    text.pop();
    format!("{text},\"{name}\":{}}}", odd_value(random)).into_bytes()
}

/// The document with some of its bytes changed, cut out or doubled.
pub fn damage(document: &Value, random: &mut Random) -> Vec<u8> {
    let mut bytes = document.to_string().into_bytes();
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len());
        match random.below(4) {
            0 => bytes[at] = random.next() as u8,
            1 => bytes.truncate(at + 1),
            2 => bytes.insert(at, random.pick(br#"{}[]",:\0"#)),
            _ => drop(bytes.remove(at)),
        }
        if bytes.is_empty() {
            bytes.push(b'{');
        }
    }
    bytes
}

/// The document with one field's value replaced by text that is no value of JSON, or hardly one.
pub fn put_odd_text(document: &Value, random: &mut Random) -> Vec<u8> {
    const TEXTS: [&[u8]; 16] = [
        b"1e999",
        b"-1e999",
        b"99999999999999999999999999999999",
        b"0.00000000000000000000000000000000000001",
        b"NaN",
        b"Infinity",
        b"01",
        b"+1",
        b"'a'",
        b"\"\\ud800\"",
        b"\"\\x41\"",
        b"\"\xff\xfe\"",
        b"\"\xc0\xaf\"",
        b"\"a\nb\"",
        b"undefined",
        b"/* a */ 1",
    ];
    replace_field(document, random, |random| random.pick(&TEXTS).to_vec())
}

/// The document with one field's value nested beyond any use.
pub fn put_deep_value(document: &Value, random: &mut Random) -> Vec<u8> {
    replace_field(document, random, |random| {
        let depth = random.pick(&[50, 127, 128, 129, 1_000, 20_000]);
        match random.below(3) {
            0 => "[".repeat(depth) + &"]".repeat(depth),
            1 => r#"{"a":"#.repeat(depth) + "1" + &"}".repeat(depth),
            _ => "[".repeat(depth),
        }
        .into_bytes()
    })
}

fn replace_field(document: &Value, random: &mut Random, text: impl FnOnce(&mut Random) -> Vec<u8>) -> Vec<u8> {
    const PLACE: &str = "replace this";
    let mut document = document.clone();
    if let Value::Object(fields) = &mut document {
        let at = random.below(fields.len());
        if let Some(field) = fields.values_mut().nth(at) {
            *field = PLACE.into();
        }
    }
    let whole = document.to_string();
    let (before, after) = whole.split_once(&format!("\"{PLACE}\"")).unwrap_or((&whole, ""));
    [before.as_bytes(), &text(random), after.as_bytes()].concat()
}

/// A body that is no JSON object at all.
pub fn no_object(random: &mut Random) -> Vec<u8> {
    const BODIES: [&[u8]; 12] = [
        b"",
        b" ",
        b"[]",
        b"null",
        b"1",
        b"\"text\"",
        b"true",
        b"{",
        b"{}{}",
        b"\xef\xbb\xbf",
        b"model=chat&messages=",
        b"<xml/>",
    ];
    random.pick(&BODIES).to_vec()
}

/// A form whose parts are wrong in one way or another; `BOUNDARY` divides it.
pub fn odd_form(random: &mut Random) -> Vec<u8> {
    let part = |head: &str, content: &str| format!("--BOUNDARY\r\n{head}\r\n\r\n{content}\r\n");
    let field = |name: &str, content: &str| part(&format!("content-disposition: form-data; name=\"{name}\""), content);
    let file =
        part("content-disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\ncontent-type: audio/wav", "RIFF");
    let end = "--BOUNDARY--\r\n";
    let forms = [
        String::new(),
        end.to_owned(),
        field("model", "chat"),
        field("model", "chat") + end,
        file.clone() + end,
        field("model", "chat") + &field("file", "no file name") + end,
        field("model", "") + &file + end,
        field("model", "chat") + &field("model", "other") + &file + &file + end,
        field("model", "chat") + &file,
        format!("{}--BOUNDARY--trailing garbage", field("model", "chat")),
        part("content-disposition: form-data", "nameless") + end,
        part("content-disposition: form-data; name=\"\\\"", "odd name") + end,
        part("no-colon-here", "x") + end,
        format!("--BOUNDARY\r\n{}\r\n", "a: b\r\n".repeat(2_000)),
        "--BOUNDARY".repeat(500),
        field("temperature", "hot") + &field("model", "chat") + &file + end,
    ];
    let mut form = random.pick(&forms).into_bytes();
    if random.below(4) == 0 {
        let at = random.below(form.len() + 1);
        let noise = random.bytes(64);
        form.splice(at..at, noise);
    }
    form
}
