"""Records what LiteLLM answers on `/utils/…`, and the usage it states where the provider states none.

    python utility_routes.py   # writes tests/recorded/utility_routes.json and shared/wire/src/stream/recorded.json

Rows of the first are [method, path, body, status, answer]; rows of the second are [request, events, usage]. LiteLLM
counts no tools, counts a tool call as the JSON of its own object, and states zeros for whole answers: not recorded.
"""
from __future__ import annotations

import json
import os
import tempfile

import proxy
from proxy import MASTER_KEY
from scripted_upstream import Upstream, stream

HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.path.join(HERE, "..", "recorded", "utility_routes.json")
USAGE_OUT = os.path.join(HERE, "..", "..", "shared", "wire", "src", "stream", "recorded.json")
UPSTREAM_PORT, PORT = 18460, 18461
BASE = f"http://127.0.0.1:{UPSTREAM_PORT}/v1"
MODELS = {
    "gpt": "openai/gpt-4o", "azure-gpt": "azure/gpt-4o-mini", "mistral": "mistral/mistral-large-latest", "vllm": "hosted_vllm/meta-llama/Llama-3.1-8B-Instruct",
    "groq": "groq/openai/gpt-oss-120b", "old": "openai/gpt-3.5-turbo", "embed": "openai/text-embedding-3-small", "claude": "anthropic/claude-sonnet-4-5", "deep": "deepseek/deepseek-chat", "reasoner": "openai/o3-mini",
}
HEADERS = [("Authorization", f"Bearer {MASTER_KEY}"), ("Content-Type", "application/json")]
HI = [{"role": "user", "content": "Hi"}]
TOOL = {"type": "function", "function": {"name": "ping", "description": "Answers pong", "parameters": {"type": "object", "properties": {"x": {"type": "string"}}}}}
COUNTED = (
    {"model": "gpt", "messages": HI}, {"model": "gpt", "prompt": "Hello there"}, {"model": "old", "messages": HI}, {"model": "azure-gpt", "messages": HI}, {"model": "mistral", "messages": HI}, {"model": "deep", "prompt": "Hallo Größe 你好"},
    {"model": "groq", "messages": HI}, {"model": "embed", "prompt": "Hello there"}, {"model": "unknown-model", "messages": HI}, {"model": "gpt-4o", "prompt": "你好，世界。"}, {"model": "openai/gpt-4o", "prompt": "你好，世界。"}, {"model": "gpt", "messages": HI, "tools": [TOOL]},
    {"model": "gpt", "prompt": "Hello", "tools": [TOOL]}, {"model": "gpt", "prompt": "Hello", "system": "Be brief"}, {"model": "gpt", "messages": HI, "system": "Be brief"}, {"model": "gpt", "messages": HI, "system": [{"type": "text", "text": "Be brief"}]},
    {"model": "gpt", "prompt": "Hello", "messages": HI}, {"model": "gpt", "prompt": "", "messages": HI}, {"model": "gpt", "prompt": ""}, {"model": "gpt", "messages": []}, {"model": "gpt", "contents": [{"role": "user", "parts": [{"text": "Hi"}]}]},
    {"model": "gpt"}, {"messages": HI}, {}, {"model": 5, "messages": HI}, {"model": "gpt", "messages": "Hi"}, {"model": "gpt", "messages": ["Hi"]}, {"model": "gpt", "prompt": ["Hi"]}, {"model": "gpt", "messages": [{"role": "user", "content": [{"type": "odd"}]}]},
    {"model": "gpt", "messages": HI, "tools": "x"}, {"model": "gpt", "messages": HI, "tools": [5]}, {"model": "gpt", "messages": HI, "extra": 1}, [], "x", None, {"model": None, "messages": HI}, {"model": "gpt", "messages": None, "prompt": None},
    {"model": "gpt", "messages": [{"role": "user", "content": "Hi", "name": "bob"}], "tools": [TOOL], "system": "Be brief"}, {"model": "gpt", "messages": HI, "system": 5},
)
TRANSFORMED = (
    {"call_type": "completion", "request_body": {"model": "openai/gpt-4o", "messages": HI, "temperature": 0.5}}, {"call_type": "completion", "request_body": {"model": "gpt", "messages": HI}},
    {"call_type": "completion", "request_body": {"model": "azure/gpt-4o", "messages": HI, "api_base": BASE}}, {"call_type": "completion", "request_body": {"model": "mistral/mistral-large-latest", "messages": HI, "max_completion_tokens": 5}},
    {"call_type": "embedding", "request_body": {"model": "openai/text-embedding-3-small", "input": "Hi"}}, {"call_type": "odd", "request_body": {}}, {"call_type": "completion", "request_body": {}}, {},
)
CHUNK = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m"}


def chunk(delta, finish=None):
    return "data: " + json.dumps({**CHUNK, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}, ensure_ascii=False) + "\n\n"


def events(*deltas):
    return stream(*[chunk(delta) for delta in deltas], chunk({}, "stop"), "data: [DONE]\n\n")


ANSWERS = ({"content": "Hello there, Größe 你好!"}, {"content": "Four", "reasoning_content": "Two and two make four."}, {"content": ""})


def scenes():
    for model in ("gpt", "old", "mistral", "vllm", "groq", "deep"):
        for answer in ANSWERS:
            messages = [{"role": "system", "content": "Be brief"}, *HI]
            request = {"model": model, "messages": messages, "stream": True, "stream_options": {"include_usage": True}}
            yield request, events({"role": "assistant", **answer})


def usage_in(body):
    found = [json.loads(line[6:]).get("usage") for line in body.splitlines() if line.startswith("data: {")]
    return next((usage for usage in reversed(found) if usage), None)


def ask(method, path, body=None):
    answer = proxy.send(PORT, method, path, HEADERS, None if body is None and method == "GET" else json.dumps(body).encode())
    try:
        return [method, path, body, answer["status"], json.loads(answer["body"])]
    except ValueError:
        return [method, path, body, answer["status"], answer["body"]]


def main():
    folder = tempfile.mkdtemp()
    models = [{"model_name": name, "litellm_params": {"model": model, "api_key": "sk-provider-secret", "api_base": BASE, "api_version": "2024-10-21"}} for name, model in MODELS.items()]
    config = proxy.write_config(folder, "config.yaml", {"model_list": models, "general_settings": {"master_key": MASTER_KEY}, "litellm_settings": {"num_retries": 0, "disable_hf_tokenizer_download": True}})
    upstream = Upstream(UPSTREAM_PORT)
    with proxy.litellm(config, PORT, os.path.join(folder, "log")):
        routes = [ask("POST", "/utils/token_counter", body) for body in COUNTED]
        names = [*MODELS, "gpt-4o", "openai/gpt-4o", "mistral/mistral-large-latest", "unknown-model", "anthropic/claude-sonnet-4-5", "text-embedding-3-small", "o3-mini", "azure/x", "nowhere/x", ""]
        routes += [ask("GET", f"/utils/supported_openai_params?model={name}") for name in names] + [ask("GET", "/utils/supported_openai_params")]
        routes += [ask("POST", "/utils/transform_request", body) for body in TRANSFORMED]
        usage = []
        for request, scene in scenes():
            upstream.play(scene)
            answer = proxy.send(PORT, "POST", "/v1/chat/completions", HEADERS, json.dumps(request).encode())
            usage.append([request, "".join(scene["events"]), usage_in(answer["body"])])
    upstream.stop()
    for path, rows in ((OUT, routes), (USAGE_OUT, usage)):
        with open(path, "w") as file:
            file.write("[\n" + ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n]\n")


if __name__ == "__main__":
    main()
