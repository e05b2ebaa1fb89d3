"""Records LiteLLM's own refusals on the routes of other formats than OpenAI's chat, and raw examples of broken streams.

    python format_errors.py     # writes ../recorded/format_errors.json

A case: {"name", "path", "headers", "body", "status", "type", "answer"}; both bodies as text.
"""
from __future__ import annotations

import json
import os
import tempfile

import proxy
from proxy import MASTER_KEY
from scripted_upstream import Upstream, odd, stream, whole

HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.path.join(HERE, "..", "recorded", "format_errors.json")
UPSTREAM_PORT, PORT = 18480, 18388
UPSTREAM = f"http://127.0.0.1:{UPSTREAM_PORT}"
JSON = ("Content-Type", "application/json")
KEY = ("Authorization", f"Bearer {MASTER_KEY}")
GOOD = {"messages": {"messages": [{"role": "user", "content": "hi"}], "max_tokens": 9}, "responses": {"input": "hi"}, "generate": {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]}}
ROUTES = {"messages": "/v1/messages", "count messages": "/v1/messages/count_tokens", "responses": "/v1/responses", "generate": "/v1beta/models/{model}:generateContent",
          "stream generate": "/v1beta/models/{model}:streamGenerateContent", "count contents": "/v1beta/models/{model}:countTokens"}
NEEDED = {"messages": ("messages", "max_tokens"), "count messages": ("messages",), "responses": ("input",), "generate": ("contents",), "stream generate": ("contents",), "count contents": ("contents",)}
MODELS = ("claude", "gpt", "gem")


def config():
    def made(alias, model, base):
        return {"model_name": alias, "litellm_params": {"model": model, "api_key": "sk-fake", "api_base": base, "timeout": 2, "stream_timeout": 2, "max_retries": 0}}

    return {"model_list": [made("claude", "anthropic/claude-sonnet-4-5", UPSTREAM), made("gpt", "openai/gpt-4o", UPSTREAM), made("gem", "gemini/gemini-2.5-flash", UPSTREAM), made("refused", "anthropic/claude-sonnet-4-5", "http://127.0.0.1:9")],
            "litellm_settings": {"num_retries": 0, "request_timeout": 30, "telemetry": False}, "router_settings": {"num_retries": 0, "disable_cooldowns": True}, "general_settings": {"master_key": MASTER_KEY}}


def body_for(route):
    return GOOD[{"count messages": "messages", "stream generate": "generate", "count contents": "generate"}.get(route, route)]


def cases():
    for route, path in ROUTES.items():
        in_path = "{model}" in path
        good = body_for(route)
        whole_body = good if in_path else {"model": "claude", **good}
        at = path.replace("{model}", "claude")
        refusals = {"no key": (), "wrong key": (("Authorization", "Bearer sk-wrong-key-1234"),), "wrong x-api-key": (("x-api-key", "sk-wrong"),), "wrong goog key": (("x-goog-api-key", "sk-wrong"),), "malformed key": (("Authorization", "sk-wrong"),)}
        for name, headers in refusals.items():
            yield f"{route}: {name}", at, headers, json.dumps(whole_body)
        for name, text in {"no json": "{nonsense", "empty": "", "array": "[]", "text": "\"x\"", "number": "5"}.items():
            yield f"{route}: {name}", at, (KEY,), text
        yield f"{route}: request id", at, (("x-request-id", "req_mine"), KEY), "{nonsense"
        yield f"{route}: unknown model", path.replace("{model}", "no-such"), (KEY,), json.dumps(whole_body if in_path else {**whole_body, "model": "no-such"})
        yield f"{route}: unknown model, request id", path.replace("{model}", "no-such"), (("x-request-id", "req_mine"), KEY), json.dumps(whole_body if in_path else {**whole_body, "model": "no-such"})
        if not in_path:
            yield f"{route}: no model", at, (KEY,), json.dumps(good)
            for name, value in {"null": None, "number": 5, "empty": "", "list": ["a"]}.items():
                yield f"{route}: model {name}", at, (KEY,), json.dumps({**whole_body, "model": value})
        for alias in MODELS:
            for field in NEEDED[route]:
                there = path.replace("{model}", alias)
                base = dict(whole_body) if in_path else {**whole_body, "model": alias}
                yield f"{route} {alias}: no {field}", there, (KEY,), json.dumps({name: value for name, value in base.items() if name != field})
                for name, value in {"null": None, "number": 5, "text": "words", "empty list": [], "object": {}, "list of numbers": [1]}.items():
                    yield f"{route} {alias}: {field} {name}", there, (KEY,), json.dumps({**base, field: value})
        yield f"{route}: stream text", at, (KEY,), json.dumps({**whole_body, "stream": "yes"})
        yield f"{route}: forbidden field", at, (KEY,), json.dumps({**whole_body, "api_base": "http://127.0.0.1:1"})
    yield "generate: no such method", "/v1beta/models/claude:noSuch", (KEY,), "{}"
    yield "generate short path", "/models/no-such:generateContent", (KEY,), json.dumps(GOOD["generate"])


def data(value, event=None):
    return (f"event: {event}\n" if event else "") + f"data: {value if isinstance(value, str) else json.dumps(value)}\n\n"


CLAUDE = [data({"type": "message_start", "message": {"id": "m1", "type": "message", "role": "assistant", "model": "m", "content": [], "stop_reason": None, "stop_sequence": None, "usage": {"input_tokens": 2, "output_tokens": 1}}}, "message_start"),
          data({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}, "content_block_start"), data({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Begin"}}, "content_block_delta")]
GPT = [data({"id": "c1", "object": "chat.completion.chunk", "created": 1700000000, "model": "m", "choices": [{"index": 0, "delta": {"role": "assistant", "content": "Begin"}, "finish_reason": None}]})]
GEM = [data({"candidates": [{"content": {"role": "model", "parts": [{"text": "Begin"}]}, "index": 0}]})]
RESPONSE = {"id": "resp_1", "object": "response", "created_at": 1700000000, "model": "gpt-4o", "status": "in_progress", "output": [], "parallel_tool_calls": True, "tool_choice": "auto", "tools": [], "temperature": 1.0, "top_p": 1.0}
GPT_RESPONSES = [data({"type": "response.created", "sequence_number": 0, "response": RESPONSE}, "response.created"), data({"type": "response.output_text.delta", "sequence_number": 1, "item_id": "i1", "output_index": 0, "content_index": 0, "delta": "Begin"}, "response.output_text.delta")]
ERRORS = {"claude": data({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}, "error"), "gpt": data({"error": {"message": "no", "type": "server_error", "code": 500}}), "gem": data({"error": {"code": 503, "message": "The model is overloaded.", "status": "UNAVAILABLE"}}),
          "gpt responses": data({"type": "error", "sequence_number": 2, "code": "server_error", "message": "no", "param": None}, "error"), "gpt failed": data({"type": "response.failed", "sequence_number": 2, "response": {**RESPONSE, "status": "failed", "error": {"code": "server_error", "message": "no"}}}, "response.failed")}


def streams():
    for route in ("messages", "responses", "stream generate"):
        path = ROUTES[route]
        for alias in MODELS:
            begin = {"claude": CLAUDE, "gpt": GPT if route == "stream generate" else GPT_RESPONSES, "gem": GEM}[alias]
            failing = {"claude": ("claude",), "gem": ("gem",), "gpt": ("gpt",) if route == "stream generate" else ("gpt", "gpt responses", "gpt failed")}[alias]
            played = {f"mid {name}": stream(*begin, ERRORS[name]) for name in failing} | {f"first {name}": stream(ERRORS[name]) for name in failing}
            played |= {"mid cut": stream(*begin, end="cut"), "first cut": stream(end="cut"), "mid garbage": stream(*begin, data("not json")), "status 429": whole(429, {"error": {"message": "slow down", "code": 429}})}
            body = body_for(route) if "{model}" in path else {"model": alias, "stream": True, **body_for(route)}
            for name, scene in played.items():
                yield f"{route} {alias}+s: {name}", path.replace("{model}", alias), (KEY,), json.dumps(body), scene


def main():
    upstream = Upstream(UPSTREAM_PORT)
    found = []
    folder = tempfile.mkdtemp(prefix="formats-")
    with proxy.litellm(proxy.write_config(folder, "config.yaml", config()), PORT, os.path.join(folder, "litellm.log")):
        for name, path, headers, body, *scene in [*cases(), *streams()]:
            upstream.play(scene[0] if scene else whole(400, {"error": {"message": "upstream was asked", "type": "invalid_request_error"}}))
            answer = proxy.send(PORT, "POST", path, [JSON, *headers], body.encode())
            kind = dict((key.lower(), value) for key, value in answer["headers"]).get("content-type")
            found.append({"name": name, "path": path, "headers": dict(headers), "body": body, "status": answer["status"], "type": kind, "answer": answer["body"].partition("Traceback (most recent")[0][:6000], **({"asked": upstream.seen} if upstream.seen else {})})
    upstream.stop()
    with open(OUT, "w") as file:
        file.write("[\n" + ",\n".join(json.dumps(case, ensure_ascii=False, separators=(",", ":")) for case in found) + "\n]\n")
    print(len(found))


if __name__ == "__main__":
    main()
