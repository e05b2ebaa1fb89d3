"""Records what LiteLLM's `token_counter` says about texts and chats, in both of OpenAI's vocabularies.

    python token_counts.py        # writes shared/wire/src/tokens/recorded.json

A row is [model, request, tokens]. A request with `text` is counted as a text, one with `messages` as a chat.
Needs a Python with `litellm`; counts offline.
"""
from __future__ import annotations

import base64
import json
import os
import random
import struct

os.environ.update(LITELLM_LOCAL_MODEL_COST_MAP="True", HF_HUB_OFFLINE="1", LITELLM_LOG="CRITICAL")

import litellm  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.path.join(HERE, "..", "..", "shared", "wire", "src", "tokens", "recorded.json")
MODELS = ("gpt-4o", "gpt-3.5-turbo")
OTHER_MODELS = (
    "gpt-4", "gpt-4-turbo", "gpt-4.1-mini", "gpt-5", "gpt-5-nano", "gpt-5.1-codex", "o1", "o3-mini", "o4-mini", "o1-pro", "gpt-4o-mini",
    "gpt-4o-audio-preview-2024-12-17", "text-embedding-3-small", "gpt-35-turbo", "gpt-3.5-turbo-16k", "chat-latest", "gpt-realtime", "mistral-large-latest", "deepseek-chat", "gemini-2.5-pro",
)
TEXTS = (
    "", "a", "Hello, world!", " ", "  ", "\n", "\n\n\n", "   leading", "trailing   ", "a  b   c    d", "\tindented\n\t\tmore\n", "Line one\r\nLine two\r\n\r\nLine four",
    "I'm you're they've we'll he'd it's I'M YOU'RE don'T", "O'Brien's 's 't 'll", "The quick brown fox jumps over the lazy dog.", "antidisestablishmentarianism", "CamelCaseAndHTTPServer2Go", "snake_case_name SCREAMING_CASE",
    "1 12 123 1234 12345 1234567890", "3.14159 1,000,000.00 1e-9 0xdeadbeef", "½ ² ٣ 五 Ⅷ", "2024-05-13T12:34:56.789Z", "https://example.com/a/b?c=d&e=%20#frag", "user@example.com",
    "你好，世界。今天天气很好。", "こんにちは、世界。カタカナとひらがな。", "안녕하세요 세계", "Привет, мир! Как дела?", "مرحبا بالعالم", "שלום עולם", "नमस्ते दुनिया", "สวัสดีชาวโลก", "Ελληνικά κείμενα", "Tiếng Việt có dấu",
    "Zażółć gęślą jaźń", "Straße, Größe, ÄÖÜß", "e\u0301 a\u0308 n\u0303 o\u0302", "ǅ ǈ ǋ ﬁ ﬂ ſ", "'ſ it'ſ", "👍 😀 🎉 👩‍💻 🏳️‍🌈 🇩🇪", "a\u200bb\u200dc\ufeffd", "\u00a0\u2003\u3000x\u3000 \u00a0y", "x\u0085y\u2028z",
    "<|endoftext|>", "<|im_start|>system\nHi<|im_end|>", "<|fim_prefix|>a<|fim_suffix|>b<|fim_middle|>", "!!!???...---===***", "/////", "a./\n/b", "({[<>]})", "\"quoted\" 'single' `code`", "\\n \\t \\u0041", "\x00\x01\x7f",
    "fn main() {\n    println!(\"{}\", 1 + 2);\n}\n", "def f(x):\n    return [y ** 2 for y in x if y % 2 == 0]\n", "SELECT * FROM users WHERE id = 42 AND name LIKE '%x%';", "<html><body class=\"x\">&nbsp;</body></html>",
    '{"name": "x", "values": [1, 2.5, null, true], "nested": {"a": {"b": "c"}}}', "# Title\n\n- one\n- two\n\n```rust\nlet x = 1;\n```\n", "| a | b |\n|---|---|\n| 1 | 2 |", "E = mc²; ∑_{i=0}^{n} x_i ≤ ∞",
    "a" * 100, "a" * 1023, "a" * 1024, "a" * 1025, "ab" * 1500, " " * 2000, "\n" * 3000, "=" * 2500, "0" * 2048, "é" * 1500, "你" * 1100, "word " * 1000, "Wörter und Sätze. " * 200, "x" * 1020 + "👩‍💻" * 10, "Hi\n" * 900,
)
WORDS = ("the", "Gateway", "42", "naïve", "→", "δ", "日本", "don't", "foo_bar", "HTTP/1.1", "...", "x=1;", "\n", "  ", "\t", "🚀", "ÅNGSTRÖM", "http://a.b/c", "3.5%", "(", ")", "'s", "/", "//\n", "A", "bB", "Ω")


def png(width, height):
    return "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">LL", width, height) + b"\x08\x02\0\0\0").decode()


def gif(width, height):
    return "data:image/gif;base64," + base64.b64encode(b"GIF89a" + struct.pack("<HH", width, height) + b"\0" * 8).decode()


def jpeg(width, height):
    head = b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0" + b"\xff\xdb\0\x04ab" + b"\xff\xff\xc4\0\x05abc"
    return "data:image/jpeg;base64," + base64.b64encode(head + b"\xff\xc2\0\x11\x08" + struct.pack(">HH", height, width) + b"\x03" + b"\0" * 12).decode()


def webp(kind, width, height):
    if kind == b"VP8X":
        body = b"\x0a\0\0\0\0\0\0\0" + struct.pack("<I", width - 1)[:3] + struct.pack("<I", height - 1)[:3]
    elif kind == b"VP8 ":
        body = b"\0" * 4 + b"\0" * 6 + struct.pack("<HH", width, height)
    else:
        body = b"\0" * 4 + b"\x2f" + struct.pack("<I", (width - 1) | (height - 1) << 14)
    return "data:image/webp;base64," + base64.b64encode(b"RIFF\0\0\0\0WEBP" + kind + body + b"\0" * 8).decode()


def image(url, detail=None):
    return {"type": "image_url", "image_url": {"url": url} if detail is None else {"url": url, "detail": detail}}


def user(content, **more):
    return {"role": "user", "content": content, **more}


def function(name, description=None, **parameters):
    made = {"name": name}
    if description is not None:
        made["description"] = description
    if parameters:
        made["parameters"] = parameters
    return {"type": "function", "function": made}


SYSTEM = {"role": "system", "content": "You are a helpful assistant."}
WEATHER = function(
    "get_current_weather", "Get the current weather in a given location", type="object", required=["location"],
    properties={"location": {"type": "string", "description": "The city and state, e.g. San Francisco, CA"}, "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]}},
)
DEEP = function(
    "plan", "Plan a trip", type="object", required=["stops", "budget"],
    properties={
        "stops": {"type": "array", "description": "In order", "items": {"type": "object", "required": ["city"], "properties": {
            "city": {"type": "string", "description": "A city"}, "nights": {"type": "integer", "enum": [1, 2, 3]}, "tags": {"type": "array", "items": {"type": "string"}}}}},
        "budget": {"type": "number"}, "flexible": {"type": "boolean", "description": "Whether dates may move"}, "none": {"type": "null"}, "any": {}, "either": {"type": ["string", "null"]},
        "options": {"type": "object", "properties": {"class": {"type": "string", "enum": ["eco", "first"]}, "inner": {"type": "object", "properties": {"deep": {"type": "number", "enum": [1.5, 2]}}}}},
        "empty": {"type": "object", "properties": {}},
    },
)
TOOLS = (
    [WEATHER], [DEEP], [WEATHER, DEEP], [function("ping")], [function("ping", "Answers pong")], [function("none", "No properties", type="object", properties={})], [{"type": "web_search"}],
    [{"name": "anthropic_tool", "description": "As Anthropic writes it", "input_schema": {"type": "object", "properties": {"q": {"type": "string"}}, "required": ["q"]}}],
    [{"type": "function", "name": "flat", "description": "As the responses API writes it", "parameters": {"type": "object", "properties": {"q": {"type": "string"}}}}],
    [{"function_declarations": [{"name": "a", "description": "First"}, {"name": "b", "parameters": {"type": "object", "properties": {"x": {"type": "integer"}}}}]}],
    [{"functionDeclarations": [{"name": "c"}]}], [{"type": "function", "function": {"description": "nameless"}}], [function("größe", "Beschreibung: Länge — Maß\nzweite Zeile", type="object", properties={"maß": {"type": "string"}})],
)
CALL = {"id": "call_abc123", "type": "function", "function": {"name": "get_current_weather", "arguments": "{\"location\": \"Paris\", \"unit\": \"celsius\"}"}}
CHATS = (
    [], [user("Hi")], [SYSTEM, user("Hi")], [user("")], [user(None)], [user("Hi", name="alice")], [SYSTEM, user("What is 2+2?"), {"role": "assistant", "content": "4"}, user("And 3+3?")],
    [{"role": "developer", "content": "Be terse."}, user("Hi")], [user("Weather?"), {"role": "assistant", "content": None, "tool_calls": [CALL]}, {"role": "tool", "tool_call_id": "call_abc123", "content": "22 degrees"}],
    [{"role": "assistant", "tool_calls": [CALL, CALL], "content": "Looking"}], [{"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{\"a\": 1}"}}, {"role": "function", "name": "f", "content": "ok"}],
    [{"role": "assistant", "content": None, "tool_calls": [{"id": "x", "type": "function", "function": {"name": "f", "arguments": {"a": [1, None, True, 2.5], "b": "it's"}}}]}],
    [{"role": "assistant", "content": None, "tool_calls": [{"id": "x", "type": "function", "function": {"name": "f"}}]}], [{"role": "assistant", "content": "Done", "reasoning_content": "I should be brief.", "refusal": None}],
    [user([{"type": "text", "text": "One"}, {"type": "text", "text": "Two"}])], [user(["bare", "strings"])], [user([{"type": "text", "text": "Cached"}], cache_control={"type": "ephemeral"})], [user([])], [user([{"type": "text"}])], [user([{"type": "text", "text": None}, {"type": "text", "text": 5}])],
    [user([{"type": "text", "text": "What is this?"}, image("https://example.com/a.png")])], [user([image("https://example.com/a.png", "low"), image("https://example.com/b.png", "auto")])], [user([{"type": "image_url", "image_url": "https://example.com/a.png"}])],
    *[[user([image(png(width, height), "high")])] for width, height in ((1, 1), (512, 512), (513, 512), (768, 768), (769, 400), (1024, 1024), (2048, 4096), (4096, 2048), (10000, 100), (100, 10000), (1999, 771), (770, 2500))],
    [user([image(gif(640, 480), "high")])], [user([image(jpeg(1920, 1080), "high")])], [user([image(jpeg(300, 1500), "high")])], [user([image(webp(b"VP8X", 1200, 900), "high")])], [user([image(webp(b"VP8 ", 900, 1200), "high")])], [user([image(webp(b"VP8L", 1600, 1601), "high")])],
    [user([image("data:image/bmp;base64,Qk0AAAAA", "high")])], [user([image(png(2000, 2000))])],
    [user([{"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGk="}}])], [user([{"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}}])],
    [user([{"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "A plain document."}, "title": "Title", "context": "Context"}])], [user([{"type": "document", "source": {"type": "content", "content": [{"type": "text", "text": "In parts"}]}}])],
    [user([{"type": "document", "source": {"type": "content", "content": "As one text"}}])], [user([{"type": "document", "source": {"type": "url", "url": "https://example.com/a.pdf"}, "title": "Linked"}])],
    [user([{"type": "file", "file": {"filename": "notes.txt", "file_data": "data:text/plain;base64,aGk="}}])], [user([{"type": "file", "file": {"file_id": "file-1"}}])], [user([{"type": "file", "file": {"filename": "only a name.pdf"}}])],
    [{"role": "assistant", "content": [{"type": "tool_use", "id": "toolu_1", "name": "search", "input": {"query": "it's \"here\"", "limit": 3, "deep": {"x": [1.0, 1e-7, None, False]}}}]}],
    [user([{"type": "tool_result", "tool_use_id": "toolu_1", "content": "Found it"}])], [user([{"type": "tool_result", "tool_use_id": "toolu_1", "is_error": True, "content": [{"type": "text", "text": "A"}, {"type": "image", "source": {"type": "url", "url": "https://x/y.png"}}]}])],
    [{"role": "assistant", "content": [{"type": "thinking", "thinking": "Let me think.", "signature": "c2lnbmF0dXJl"}, {"type": "redacted_thinking", "data": "b3BhcXVl"}, {"type": "text", "text": "So."}]}],
    [user([{"type": "tool_reference", "tool_name": "get_weather"}])], [user([{"type": "tool_result", "tool_use_id": "t", "content": [{"type": "tool_reference", "tool_name": "get_weather"}]}])],
    [{"role": "tool", "tool_call_id": "c", "content": "See results", "search_results": [{"source": "https://x", "title": "X", "content": [{"text": "Body of X"}], "citations": {"enabled": True}}, "odd", {"title": 3}]}],
    [user("Hi", number=5, flag=True, list=["x"], object={"a": "b"}, extra="counted")],
)
CHOICES = ("none", "auto", "required", {"type": "function", "function": {"name": "get_current_weather"}})


def requests():
    for model in MODELS:
        for text in TEXTS:
            yield model, {"text": text}
        for chat in CHATS:
            yield model, {"messages": chat}
        for tools in TOOLS:
            yield model, {"messages": [user("Go")], "tools": tools}
            yield model, {"messages": [SYSTEM, user("Go")], "tools": tools}
        for choice in CHOICES:
            yield model, {"messages": [user("Go")], "tools": [WEATHER], "tool_choice": choice}
        random_source = random.Random(model)
        for _ in range(60):
            yield model, {"text": "".join(random_source.choice(("", " ")) + random_source.choice(WORDS) for _ in range(random_source.randrange(3, 40)))}
    for model in OTHER_MODELS:
        yield model, {"messages": [SYSTEM, user("Größe und Maß: 你好 1234567 HTTPServer's\n\n", name="bob")]}


def main():
    rows = [[model, request, litellm.token_counter(model=model, **request)] for model, request in requests()]
    with open(OUT, "w") as file:
        file.write("[\n" + ",\n".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows) + "\n]\n")
    print(len(rows), os.path.getsize(OUT))


if __name__ == "__main__":
    main()
