//! Requests of each kind that clients send, at any length. Knows no provider.

use serde_json::{Value, json};

/// What a request consists of, and how it is made at a length in bytes.
pub type Mix = (&'static str, fn(usize) -> String);

/// Every mix; a part of a request that is slow shows in one of them.
pub const MIXES: [Mix; 7] = [
    ("texts", texts),
    ("escapes", escapes),
    ("small messages", small_messages),
    ("calls", calls),
    ("tools", tools),
    ("image", image),
    ("parts", parts),
];

fn request(messages: &[Value], tools: &[Value]) -> String {
    if tools.is_empty() {
        return json!({"model": "m", "messages": messages, "max_tokens": 1000, "temperature": 0.5}).to_string();
    }
    json!({"model": "m", "messages": messages, "tools": tools, "tool_choice": "auto"}).to_string()
}

/// Turns made by `turn`, until they are so long.
fn turns(bytes: usize, turn: impl Fn(usize) -> Vec<Value>) -> Vec<Value> {
    let mut messages = vec![json!({"role": "system", "content": "Use the tools."})];
    let mut length = 0;
    while length < bytes {
        let more = turn(messages.len());
        length += more.iter().map(|message| message.to_string().len() + 1).sum::<usize>();
        messages.extend(more);
    }
    messages
}

/// Long texts: a document in the prompt, a question and an answer.
fn texts(bytes: usize) -> String {
    let line = "The quick brown fox, as \"one\" says, jumps over the lazy dog; größer als üblich.\n";
    let text = line.repeat(bytes / (2 * line.len()));
    let messages = [
        json!({"role": "system", "content": "Be brief."}),
        json!({"role": "user", "content": [{"type": "text", "text": text}, {"type": "text", "text": "What is it?"}]}),
        json!({"role": "assistant", "content": "A fox."}),
        json!({"role": "user", "content": text}),
    ];
    request(&messages, &[])
}

/// Source code, markup and other scripts; letters beyond ASCII are written as escapes in half of it, as Python does.
fn escapes(bytes: usize) -> String {
    let line = "\tprintln!(\"{}\\n\", \"日本語 größer 🚀\");\r\n<a href=\"x\">Привет</a>\n";
    let text = line.repeat(bytes / (3 * line.len()));
    let ascii: String = line
        .repeat(bytes / (9 * line.len()))
        .encode_utf16()
        .map(|unit| match char::from_u32(u32::from(unit)).filter(char::is_ascii) {
            Some(letter) => letter.to_string(),
            None => format!("@u{unit:04x}"),
        })
        .collect();
    let messages = [json!({"role": "user", "content": text}), json!({"role": "user", "content": ascii})];
    request(&messages, &[]).replace("@u", "\\u")
}

fn small_messages(bytes: usize) -> String {
    let turn = |_: usize| {
        vec![
            json!({"role": "user", "content": "How is the weather in Paris today?"}),
            json!({"role": "assistant", "content": "It is sunny, at 22 degrees."}),
        ]
    };
    request(&turns(bytes, turn), &[])
}

/// Many short turns with calls of tools and their results.
fn calls(bytes: usize) -> String {
    let parameters = json!({
        "type": "object",
        "properties": {"city": {"type": "string", "description": "Where"}, "unit": {"enum": ["celsius", "fahrenheit"]}},
        "required": ["city"],
    });
    let tool = |number: usize| {
        let function = json!({"name": format!("get_{number}"), "description": "Looks it up", "parameters": parameters});
        json!({"type": "function", "function": function})
    };
    let tools: Vec<Value> = (0..8).map(tool).collect();
    let turn = |place: usize| {
        let id = format!("call_{place}");
        let function = json!({"name": "get_1", "arguments": "{\"city\":\"Paris\",\"unit\":\"celsius\"}"});
        vec![
            json!({"role": "user", "content": "How is the weather in Paris today?"}),
            json!({"role": "assistant", "content": null, "tool_calls": [{"id": id, "type": "function", "function": function}]}),
            json!({"role": "tool", "tool_call_id": id, "content": "22 degrees, \"sunny\"\nwind from the west"}),
            json!({"role": "assistant", "content": "It is sunny, at 22 degrees."}),
        ]
    };
    request(&turns(bytes.saturating_sub(2_500), turn), &tools)
}

/// The tools of a coding agent, and a short question.
fn tools(bytes: usize) -> String {
    let tool = |number: usize| {
        let edits = json!({
            "type": "array",
            "description": "Edits to apply one after the other, each on the outcome of the one before",
            "items": {
                "type": "object",
                "properties": {
                    "old_string": {"type": "string", "description": "The text to replace; it has to be unique"},
                    "new_string": {"type": "string", "description": "The text that stands there afterwards"},
                    "replace_all": {"type": "boolean", "default": false, "description": "Whether every place counts"},
                },
                "required": ["old_string", "new_string"],
                "additionalProperties": false,
            },
            "minItems": 1,
        });
        let parameters = json!({
            "$schema": "http://json-schema.org/draft-07/schema#",
            "type": "object",
            "properties": {
                "file_path": {"type": "string", "description": "The absolute path of the file to change"},
                "edits": edits,
                "mode": {"type": "string", "enum": ["plan", "write", "dry run"]},
                "timeout_ms": {"type": "integer", "minimum": 0, "maximum": 600_000},
            },
            "required": ["file_path", "edits"],
            "additionalProperties": false,
        });
        let description =
            "Changes several places of one file at once.\n\nUsage:\n- Read the \"file\" before.\n".repeat(4);
        let function = json!({"name": format!("edit_{number}"), "description": description, "parameters": parameters});
        json!({"type": "function", "function": function})
    };
    let length = tool(0).to_string().len() + 1;
    let tools: Vec<Value> = (0..(bytes / length).max(1)).map(tool).collect();
    request(&[json!({"role": "user", "content": "Rename the variable."})], &tools)
}

/// One picture as bytes.
fn image(bytes: usize) -> String {
    let data = "iVBORw0KGgoAAAANSUhEUgAA".repeat(bytes / 24);
    let picture = json!({"type": "image_url", "image_url": {"url": format!("data:image/png;base64,{data}")}});
    let content = json!([{"type": "text", "text": "What is in it?"}, picture]);
    request(&[json!({"role": "user", "content": content})], &[])
}

/// Messages whose content is a list with marks for the cache.
fn parts(bytes: usize) -> String {
    let turn = |_: usize| {
        let mark = json!({"type": "ephemeral"});
        vec![
            json!({"role": "user", "content": [
                {"type": "text", "text": "How is the weather in Paris today?", "cache_control": mark},
                {"type": "text", "text": "And tomorrow?"},
            ]}),
            json!({"role": "assistant", "content": [{"type": "text", "text": "It is sunny, at 22 degrees."}]}),
        ]
    };
    request(&turns(bytes, turn), &[])
}
