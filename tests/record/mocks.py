"""Records LiteLLM's answers for deployments whose config holds a `mock_response`.

    python mocks.py            # writes shared/wire/src/mock/recorded.json

A case has the mock, the route, the request and the answer's status and body text.
"""
from __future__ import annotations

import json
import os
import tempfile

import proxy
from proxy import MASTER_KEY

HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.path.join(HERE, "..", "..", "shared", "wire", "src", "mock", "recorded.json")
PORT = 18387
CALL = {"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": "{\"city\":\"Paris\"}"}}
WHOLE = {"id": "chatcmpl-mine", "object": "chat.completion", "created": 1700000000, "model": "mine", "choices": [{"index": 0, "finish_reason": "length", "message": {"role": "assistant", "content": "whole answer"}}], "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}}
MOCKS = {
    "text": "This is a mocked reply", "short": "ab", "exact": "abcdef", "empty": "", "unicode": "Zażółć 🚀🚀 \"q\"\n2nd line", "spaces": "   ", "rate": "litellm.RateLimitError", "context": "litellm.ContextWindowExceededError",
    "server": "litellm.InternalServerError", "filter": "Exception: content_filter_policy", "filter more": "Exception: content_filter_policy and more", "streaming error": "Exception: mock_streaming_error", "exception": "Exception: whatever",
    "authentication": "litellm.AuthenticationError", "json text": "{\"a\": 1}", "whole": WHOLE, "partial": {"choices": [{"message": {"content": "part"}}]}, "empty object": {}, "odd object": {"a": 1}, "number": 5, "zero": 0, "float": 1.5, "true": True, "false": False, "list": ["a", "b"], "vector": [0.1, -0.25, 1], "empty list": [],
    "vectors": [[0.1], [0.2]], "error": "error", "url": "http://127.0.0.1/x.png",
}
MORE = {
    "tools": {"mock_response": "with tools", "mock_tool_calls": [CALL]}, "only tools": {"mock_tool_calls": [CALL]}, "delay": {"mock_response": "late", "mock_delay": 0.2}, "timeout": {"mock_timeout": True, "timeout": 0.5},
    "other provider": {"mock_response": "claude says", "model": "anthropic/claude-sonnet-4-5"}, "other provider rate": {"mock_response": "litellm.RateLimitError", "model": "anthropic/claude-sonnet-4-5"}, "azure server": {"mock_response": "litellm.InternalServerError", "model": "azure/x"},
    "azure context": {"mock_response": "litellm.ContextWindowExceededError", "model": "azure/x"}, "other provider exception": {"mock_response": "Exception: content_filter_policy", "model": "groq/x"}, "instruct": {"mock_response": "instructed", "model": "text-completion-openai/gpt-3.5-turbo-instruct"},
}
CHAT, TEXT, EMBED, IMAGE = "/v1/chat/completions", "/v1/completions", "/v1/embeddings", "/v1/images/generations"
USAGE = {"stream_options": {"include_usage": True}}


def requests():
    chat = {"messages": [{"role": "user", "content": "hi"}]}
    yield "chat", CHAT, chat
    yield "chat stream", CHAT, chat | {"stream": True}
    yield "chat n 2", CHAT, chat | {"n": 2}
    yield "chat n 2 stream", CHAT, chat | {"n": 2, "stream": True}
    yield "chat n 1", CHAT, chat | {"n": 1}
    yield "chat n 1 stream", CHAT, chat | {"n": 1, "stream": True}
    yield "chat usage stream", CHAT, chat | {"stream": True} | USAGE
    yield "text", TEXT, {"prompt": "hi"}
    yield "text stream", TEXT, {"prompt": "hi", "stream": True}
    yield "text usage stream", TEXT, {"prompt": "hi", "stream": True} | USAGE
    yield "text n 2", TEXT, {"prompt": "hi", "n": 2}
    yield "text list", TEXT, {"prompt": ["hi", "ho"]}
    yield "embed", EMBED, {"input": "hi"}
    yield "embed list", EMBED, {"input": ["hi", "ho"]}
    yield "embed base64", EMBED, {"input": "hi", "encoding_format": "base64"}
    yield "image", IMAGE, {"prompt": "hi"}


SMALL = ("chat", "chat stream", "text", "text stream", "embed", "image")
ALWAYS_ALL = ("text", "unicode", "rate", "whole", "tools", "instruct")


def config():
    base = {"model": "openai/gpt-4o", "api_key": "sk-fake", "api_base": "http://127.0.0.1:9", "max_retries": 0}
    models = [{"model_name": name, "litellm_params": base | {"mock_response": mock}} for name, mock in MOCKS.items()]
    models += [{"model_name": name, "litellm_params": base | params} for name, params in MORE.items()]
    return {
        "model_list": models, "litellm_settings": {"num_retries": 0, "request_timeout": 30, "telemetry": False, "disable_hf_tokenizer_download": True},
        "router_settings": {"num_retries": 0, "disable_cooldowns": True}, "general_settings": {"master_key": MASTER_KEY},
    }


def main():
    folder = tempfile.mkdtemp(prefix="mocks-")
    cases = []
    headers = [("Content-Type", "application/json"), ("Authorization", f"Bearer {MASTER_KEY}")]
    with proxy.litellm(proxy.write_config(folder, "config.yaml", config()), PORT, os.path.join(folder, "litellm.log")):
        for name in (*MOCKS, *MORE):
            params = MORE.get(name) or {"mock_response": MOCKS[name]}
            for kind, path, body in requests():
                if kind in SMALL or name in ALWAYS_ALL:
                    answer = proxy.send(PORT, "POST", path, headers, json.dumps({"model": name, **body}).encode())
                    cases.append({"name": name, "params": params, "kind": kind, "path": path, "request": {"model": name, **body}, "status": answer["status"], "body": answer["body"][:20_000]})
    os.makedirs(os.path.dirname(OUT), exist_ok=True)
    with open(OUT, "w") as file:
        file.write("[\n" + ",\n".join(json.dumps(case, ensure_ascii=False, separators=(",", ":")) for case in cases) + "\n]\n")
    print(len(cases), "cases")


if __name__ == "__main__":
    main()
