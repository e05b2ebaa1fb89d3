"""Records LiteLLM's own answers: refusals, probes, lists and headers, byte for byte.

    python gateway_errors.py CAPTURE_SERVER.py     # writes ../recorded/gateway_errors.json

No database. CAPTURE_SERVER.py imitates the providers and answers `GET /__ctl/ping`.
"""
from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile

import proxy
from proxy import MASTER_KEY

HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.path.join(HERE, "..", "recorded", "gateway_errors.json")
UPSTREAM_PORT, PORT, HEALTH_PORT, BOOT_PORT = 18381, 18382, 18383, 18384
UPSTREAM = f"http://127.0.0.1:{UPSTREAM_PORT}/openai/v1"
JSON = ("Content-Type", "application/json")
KEY = ("Authorization", f"Bearer {MASTER_KEY}")
MESSAGES = [{"role": "user", "content": "hi"}]
BODY_LIMIT = 30_000
PAGE_LIMIT = 400
PAGES = ("<!DOCTYPE", '{"openapi"', '{"sample_spec"', '{"routes"')


def deployment(alias, model, **params):
    return {"model_name": alias, "litellm_params": {"model": model, "api_key": "sk-fake-openai", "api_base": UPSTREAM, **params}}


def config(*deployments):
    return {
        "model_list": list(deployments),
        "litellm_settings": {"num_retries": 0, "request_timeout": 30, "telemetry": False},
        "router_settings": {"num_retries": 0, "disable_cooldowns": True},
        "general_settings": {"master_key": MASTER_KEY},
    }


GOOD = deployment("gpt", "openai/gpt-4o")
BAD = deployment("bad", "openai/gpt-4o-mini", api_base="http://127.0.0.1:9/v1")
MAIN = config(
    GOOD, BAD,
    deployment("mock", "openai/gpt-4o", mock_response="This is a mocked reply"),
    deployment("instruct", "text-completion-openai/gpt-3.5-turbo-instruct"),
    deployment("embed", "openai/text-embedding-3-small"),
    deployment("moderation", "openai/omni-moderation-latest"),
    deployment("image", "openai/gpt-image-1"),
    deployment("speech", "openai/tts-1"),
    deployment("transcribe", "openai/whisper-1"),
    deployment("rerank", "cohere/rerank-v3.5", api_base=f"http://127.0.0.1:{UPSTREAM_PORT}/cohere/v2/rerank"),
)


def chat(**changes):
    body = {"model": "gpt", "messages": MESSAGES, **changes}
    return json.dumps({name: value for name, value in body.items() if value != "ABSENT"}).encode()


def post(path, body, *headers):
    return "POST", path, (JSON, *headers), body if isinstance(body, bytes) else json.dumps(body).encode()


def get(path, *headers):
    return "GET", path, headers, None


def key_cases():
    ask = "/v1/chat/completions"
    bearer = f"Bearer {MASTER_KEY}"
    values = {
        "no key": (), "basic": ("Authorization", "Basic x"), "basic master": ("Authorization", f"Basic {MASTER_KEY}"),
        "bearer alone": ("Authorization", "Bearer"), "bearer space": ("Authorization", "Bearer "),
        "no prefix": ("Authorization", MASTER_KEY), "empty": ("Authorization", ""), "lower bearer": ("Authorization", f"bearer {MASTER_KEY}"),
        "upper bearer": ("Authorization", f"BEARER {MASTER_KEY}"), "two spaces": ("Authorization", f"Bearer  {MASTER_KEY}"),
        "trailing space": ("Authorization", f"Bearer {MASTER_KEY} "),
        "wrong sk": ("Authorization", "Bearer sk-wrong-key-1234"), "wrong no sk": ("Authorization", "Bearer wrong-key-123456789"),
        "wrong short": ("Authorization", "Bearer abc"), "wrong sk short": ("Authorization", "Bearer sk-1"), "not ascii": ("Authorization", "Bearer sk-\u00e9".encode().decode("latin-1")),
    }
    for name, header in values.items():
        yield f"key: {name}", post(ask, chat(), *([header] if header else []))
    for header in ("x-litellm-api-key", "API-Key", "x-api-key", "x-goog-api-key", "Ocp-Apim-Subscription-Key"):
        for name, value in {"right": MASTER_KEY, "right bearer": bearer, "wrong": "sk-wrong", "wrong no sk": "wrong-key-123456789", "empty": ""}.items():
            yield f"key: {header} {name}", post(ask, chat(), (header, value))
    headers = ("x-litellm-api-key", "Authorization", "API-Key", "x-api-key", "x-goog-api-key", "Ocp-Apim-Subscription-Key")
    for first, second in zip(headers, headers[1:]):
        for right, wrong in ((first, second), (second, first)):
            pair = [(right, bearer if right == "Authorization" else MASTER_KEY), (wrong, "Bearer sk-wrong" if wrong == "Authorization" else "sk-wrong")]
            yield f"precedence: {first} over {second}, right in {right}", post(ask, chat(), *pair)
    yield "precedence: x-litellm-api-key empty, Authorization right", post(ask, chat(), ("x-litellm-api-key", ""), KEY)
    yield "precedence: Authorization malformed, x-api-key right", post(ask, chat(), ("Authorization", "x"), ("x-api-key", MASTER_KEY))
    yield "precedence: Authorization empty, x-api-key right", post(ask, chat(), ("Authorization", ""), ("x-api-key", MASTER_KEY))
    yield "precedence: Authorization twice", post(ask, chat(), ("Authorization", "Bearer sk-wrong"), KEY)
    yield "query key on chat", post(ask + "?key=" + MASTER_KEY, chat())
    for name, header in {"no key": (), "wrong": ("Authorization", "Bearer sk-wrong"), "right": KEY}.items():
        more = [header] if header else []
        for path in PLAIN_PATHS:
            yield f"{name}: GET {path}", get(path, *more)
        yield f"{name}: POST /no/such", post("/no/such", {}, *more)
        yield f"{name}: POST /v1/embeddings", post("/v1/embeddings", {"model": "embed", "input": "hi"}, *more)


PLAIN_PATHS = (
    "/v1/models", "/models", "/v1/models/gpt", "/v1/models/no-such", "/model/info", "/v1/model/info", "/v2/model/info", "/model_group/info", "/health?model=gpt", "/health?model=bad",
    "/health?model=no-such", "/health/liveliness", "/health/liveness", "/health/readiness", "/health/readiness/details", "/health/services", "/metrics", "/no/such", "/v1/no/such", "/", "/docs", "/redoc", "/openapi.json",
    "/routes", "/test", "/key/info", "/user/info", "/key/list", "/spend/logs", "/global/spend", "/team/list", "/config/yaml", "/get/config/callbacks", "/settings",
    "/public/litellm_model_cost_map", "/public/model_hub", "/cache/ping", "/sso/key/generate", "/ui", "/ui/", "/favicon.ico", "/.well-known/litellm-ui-config", "/v1/models/", "/health/",
    "/model/info?litellm_model_id=no-such", "/v1/models?return_wildcard_routes=true", "/utils/supported_openai_params?model=gpt-4o", "/active/callbacks",
)


def body_cases():
    ask = "/v1/chat/completions"
    for method in ("GET", "PUT", "DELETE", "PATCH", "HEAD"):
        yield f"method: {method} {ask} with key", (method, ask, (KEY,), None)
    yield f"method: GET {ask} no key", get(ask)
    yield "method: POST /v1/models", post("/v1/models", {}, KEY)
    yield "method: GET /v1/embeddings", get("/v1/embeddings", KEY)
    bodies = {
        "good": chat(), "good stream": chat(stream=True), "unknown model": chat(model="no-such"), "unknown model stream": chat(model="no-such", stream=True), "no model": chat(model="ABSENT"), "null model": chat(model=None), "empty model": chat(model=""),
        "number model": chat(model=3), "list model": chat(model=["gpt", "no-such"]), "list of good models": chat(model=["gpt", "mock"]), "comma models": chat(model="gpt,mock"), "object model": chat(model={"a": 1}),
        "empty body": b"", "spaces": b"   ", "invalid json": b'{"model": "gpt", "messages": [', "trailing comma": b'{"model":"gpt","messages":[{"role":"user","content":"hi"}],}',
        "array": b"[1,2]", "string": b'"abc"', "number": b"1", "null": b"null", "true": b"true", "empty object": b"{}", "nan": b'{"model":"gpt","messages":[{"role":"user","content":"hi"}],"temperature":NaN}', "not utf-8": b'{"model":"gpt","messages":[{"role":"user","content":"\xff"}]}',
        "lone surrogate": b'{"model":"gpt","messages":[{"role":"user","content":"\\ud83d"}]}', "byte order mark": b"\xef\xbb\xbf" + chat(),
        "no messages": chat(messages="ABSENT"), "null messages": chat(messages=None), "empty messages": chat(messages=[]), "string messages": chat(messages="hi"), "object messages": chat(messages={"role": "user"}), "number messages": chat(messages=3),
        "messages of strings": chat(messages=["hi"]), "message without role": chat(messages=[{"content": "hi"}]), "message of unknown role": chat(messages=[{"role": "wizard", "content": "hi"}]), "message without content": chat(messages=[{"role": "user"}]),
        "string stream": chat(stream="yes"), "false string stream": chat(stream="false"), "number stream": chat(stream=1), "null stream": chat(stream=None), "string temperature": chat(temperature="hot"), "string max_tokens": chat(max_tokens="many"),
        "unknown parameter": chat(no_such_parameter=1), "api_base": chat(api_base="http://127.0.0.1:9"), "base_url": chat(base_url="http://127.0.0.1:9"), "model_list": chat(model_list=[]), "api_key": chat(api_key="sk-x"), "mock_response": chat(mock_response="mine"), "string metadata": chat(metadata="abc"), "json string metadata": chat(metadata='{"a":"b"}'),
        "string tags": chat(metadata={"tags": "abc"}), "upstream refused": chat(model="bad"), "upstream refused stream": chat(model="bad", stream=True), "mock": chat(model="mock"), "n 0": chat(n=0), "fallbacks": chat(fallbacks=["mock"]), "bad with fallbacks": chat(model="bad", fallbacks=["mock"]), "bad with bad fallbacks": chat(model="bad", fallbacks=["no-such"]), "bad fallbacks disabled": chat(model="bad", disable_fallbacks=True),
        "timeout string": chat(timeout="abc"), "num_retries": chat(model="bad", num_retries=1), "deep": b'{"model":"gpt","messages":' + b"[" * 2000 + b"]" * 2000 + b"}", "duplicate keys": b'{"model":"no-such","model":"gpt","messages":[{"role":"user","content":"hi"}]}',
    }
    for name, body in bodies.items():
        yield f"chat: {name}", post(ask, body, KEY)
    yield "chat: invalid json, no key", post(ask, b"{", )
    yield "chat: no body, no key", ("POST", ask, (), None)
    yield "chat: no content type", ("POST", ask, (KEY,), chat())
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "multipart/form-data; boundary=b", "application/json; charset=utf-8", "application/xml", "application/json; charset=latin-1"):
        yield f"chat: content type {kind}", ("POST", ask, (("Content-Type", kind), KEY), chat())
    yield "chat: form body", ("POST", ask, (("Content-Type", "application/x-www-form-urlencoded"), KEY), b"model=gpt&messages=hi")
    yield "chat: huge body", post(ask, chat(messages=[{"role": "user", "content": "x" * 20_000_000}]), KEY)
    yield "chat: path model", post("/openai/deployments/gpt/chat/completions", chat(model="ABSENT"), KEY)
    yield "chat: engines path", post("/engines/gpt/chat/completions", chat(model="ABSENT"), KEY)
    yield "chat: path model unknown", post("/openai/deployments/no-such/chat/completions", chat(model="ABSENT"), KEY)
    yield "chat: without v1", post("/chat/completions", chat(model="no-such"), KEY)
    yield "chat: trailing slash", post(ask + "/", chat(), KEY)
    yield "chat: doubled slash", post("//v1/chat/completions", chat(), KEY)


def route_cases():
    refused = {
        "/v1/completions": [{"model": "instruct"}, {"model": "instruct", "prompt": 3}, {"model": "no-such", "prompt": "x"}, {"prompt": "x"}, {"model": "instruct", "prompt": "x"}, {"model": "gpt", "prompt": "x"}],
        "/v1/embeddings": [{"model": "embed"}, {"model": "embed", "input": None}, {"model": "embed", "input": []}, {"model": "embed", "input": 3}, {"model": "no-such", "input": "x"}, {"input": "x"}, {}],
        "/v1/moderations": [{"model": "moderation"}, {"input": "x"}, {"model": "no-such", "input": "x"}, {}],
        "/v1/images/generations": [{"model": "image"}, {"prompt": "x"}, {"model": "no-such", "prompt": "x"}, {}],
        "/v1/audio/speech": [{"model": "speech"}, {"model": "speech", "input": "x"}, {"input": "x", "voice": "alloy"}, {"model": "no-such", "input": "x", "voice": "alloy"}, {}],
        "/v1/audio/transcriptions": [{"model": "transcribe"}, {}],
        "/v1/rerank": [{"model": "rerank"}, {"model": "rerank", "query": "x"}, {"model": "rerank", "documents": ["a"]}, {"model": "no-such", "query": "x", "documents": ["a"]}, {"query": "x", "documents": ["a"]}, {"model": "rerank", "query": "x", "documents": []}, {}],
        "/v1/responses": [{"model": "gpt"}, {"model": "no-such", "input": "x"}, {"input": "x"}, {}],
        "/v1/messages": [{"model": "gpt"}, {"model": "no-such", "messages": MESSAGES, "max_tokens": 5}, {"messages": MESSAGES}, {"model": "gpt", "messages": MESSAGES}, {}],
        "/v1/messages/count_tokens": [{"model": "gpt", "messages": MESSAGES}, {"model": "gpt"}, {}],
        "/v1beta/models/no-such:generateContent": [{"contents": []}], "/v1beta/models/gpt:generateContent": [{}],
    }
    for path, bodies in refused.items():
        for body in bodies:
            yield f"route: {path} {json.dumps(body)}", post(path, body, KEY)
        yield f"route: {path} invalid json", post(path, b"{", KEY)
        yield f"route: {path} empty body", post(path, b"", KEY)
    form = b'--b\r\nContent-Disposition: form-data; name="model"\r\n\r\ntranscribe\r\n--b--\r\n'
    file = b'--b\r\nContent-Disposition: form-data; name="model"\r\n\r\n%s\r\n--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\nContent-Type: audio/wav\r\n\r\nRIFF\r\n--b--\r\n'
    kind = ("Content-Type", "multipart/form-data; boundary=b")
    yield "route: transcription form without file", ("POST", "/v1/audio/transcriptions", (kind, KEY), form)
    yield "route: transcription good", ("POST", "/v1/audio/transcriptions", (kind, KEY), file % b"transcribe")
    yield "route: transcription unknown model", ("POST", "/v1/audio/transcriptions", (kind, KEY), file % b"no-such")
    yield "route: transcription cut form", ("POST", "/v1/audio/transcriptions", (kind, KEY), form[:40])
    yield "messages: no key", post("/v1/messages", {"model": "gpt", "messages": MESSAGES, "max_tokens": 5})
    yield "messages: wrong key", post("/v1/messages", {"model": "gpt", "messages": MESSAGES, "max_tokens": 5}, ("x-api-key", "sk-wrong"))
    yield "generateContent: query key", post(f"/v1beta/models/gpt:generateContent?key={MASTER_KEY}", {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]})
    yield "management: POST /key/generate", post("/key/generate", {}, KEY)
    yield "management: POST /key/generate no key", post("/key/generate", {})
    yield "management: POST /key/delete", post("/key/delete", {"keys": ["sk-x"]}, KEY)
    yield "management: POST /team/new", post("/team/new", {}, KEY)
    yield "management: POST /user/new", post("/user/new", {}, KEY)
    yield "management: POST /model/new", post("/model/new", {"model_name": "a", "litellm_params": {"model": "openai/x"}}, KEY)
    yield "management: POST /model/new without params", post("/model/new", {"model_name": "a"}, KEY)
    yield "management: POST /budget/new", post("/budget/new", {}, KEY)
    yield "management: POST /utils/token_counter", post("/utils/token_counter", {"model": "gpt", "messages": MESSAGES}, KEY)


def cors_cases():
    origin, wanted = ("Origin", "https://example.com"), ("Access-Control-Request-Method", "POST")
    for path in ("/v1/chat/completions", "/v1/models", "/no/such", "/"):
        yield f"cors: OPTIONS {path} preflight", ("OPTIONS", path, (origin, wanted, ("Access-Control-Request-Headers", "authorization,content-type")), None)
        yield f"cors: OPTIONS {path} bare", ("OPTIONS", path, (), None)
        yield f"cors: OPTIONS {path} origin only", ("OPTIONS", path, (origin,), None)
    yield "cors: OPTIONS bad method", ("OPTIONS", "/v1/models", (origin, ("Access-Control-Request-Method", "BREW")), None)
    yield "cors: chat with origin", post("/v1/chat/completions", chat(), KEY, origin)
    yield "cors: chat with origin and cookie", post("/v1/chat/completions", chat(), KEY, origin, ("Cookie", "a=b"))
    yield "cors: refusal with origin", post("/v1/chat/completions", chat(), origin)
    yield "cors: unknown path with origin", get("/no/such", origin)
    yield "headers: call id given", post("/v1/chat/completions", chat(), KEY, ("x-litellm-call-id", "my-call-id"))
    yield "headers: call id given, unknown model", post("/v1/chat/completions", chat(model="no-such"), KEY, ("x-litellm-call-id", "my-call-id"))
    yield "headers: request id given", post("/v1/chat/completions", chat(), KEY, ("x-request-id", "my-request-id"))


def shorten(record):
    limit = PAGE_LIMIT if record["body"].lstrip().startswith(PAGES) else BODY_LIMIT
    if len(record["body"]) > limit:
        record["body_chars"] = len(record["body"])
        record["body"] = record["body"][:limit]
    return record


def shown(request):
    method, path, headers, body = request
    text = None if body is None else body.decode("latin-1" if b"\xff" in body else "utf-8")
    if text is not None and len(text) > BODY_LIMIT:
        text = f"{text[:200]}... ({len(body)} bytes)"
    return {"method": method, "path": path, "headers": headers, "body": text}


def ask(port, cases, records):
    for name, request in cases:
        try:
            answer = shorten(proxy.send(port, *request))
        except Exception as failure:  # a dropped connection is a fact worth a record
            answer = {"exception": f"{type(failure).__name__}: {failure}"}
        records[name] = {"request": shown(request), "answer": answer}


def health_records(folder, log):
    path = proxy.write_config(folder, "health.yaml", config(GOOD, BAD))
    records = {}
    with proxy.litellm(path, HEALTH_PORT, log):
        ask(HEALTH_PORT, [("health: one good, one bad", get("/health", KEY)), ("health: readiness", get("/health/readiness")),
                          ("model info of two", get("/model/info", KEY))], records)
    return records


def boot(folder, name, general, limit_s=150, **variables):
    path = proxy.write_config(folder, f"boot_{name}.yaml", {"model_list": [GOOD], "general_settings": general})
    try:
        done = subprocess.run(proxy.command(path, BOOT_PORT), env=proxy.environment(**variables), capture_output=True, timeout=limit_s)
        # Standard output is a banner that changes from run to run.
        return {"config": general, "environment": variables, "code": done.returncode, "stderr": done.stderr.decode().replace(path, "CONFIG_PATH")}
    except subprocess.TimeoutExpired:
        return {"config": general, "environment": variables, "code": None}


def boot_records(folder):
    cases = {
        "no key": ({}, {}), "null key": ({"master_key": None}, {}), "empty key": ({"master_key": ""}, {}), "blank key": ({"master_key": "  "}, {}), "weak key": ({"master_key": "sk-1234"}, {}),
        "weak key in environment": ({}, {"LITELLM_MASTER_KEY": "sk-1234"}), "unset environment reference": ({"master_key": "os.environ/LITELLM_MASTER_KEY"}, {}),
        "weak environment reference": ({"master_key": "os.environ/LITELLM_MASTER_KEY"}, {"LITELLM_MASTER_KEY": " sk-1234 "}), "empty in environment": ({}, {"LITELLM_MASTER_KEY": ""}),
    }
    return {name: boot(folder, name.replace(" ", "_"), general, **variables) for name, (general, variables) in cases.items()}


def main():
    folder = tempfile.mkdtemp(prefix="gateway-errors-")
    log = os.path.join(folder, "litellm.log")
    answers = {}
    with proxy.script(sys.argv[1], UPSTREAM_PORT, "/__ctl/ping", log):
        with proxy.litellm(proxy.write_config(folder, "main.yaml", MAIN), PORT, log):
            for cases in (key_cases(), body_cases(), route_cases(), cors_cases()):
                ask(PORT, cases, answers)
        answers.update(health_records(folder, log))
    write({"litellm": "1.106.2", "config": MAIN, "answers": answers, "boot": {}})
    write({"litellm": "1.106.2", "config": MAIN, "answers": answers, "boot": boot_records(folder)})


def write(records):
    text = json.dumps(records, indent=1, ensure_ascii=False)
    with open(OUT, "w") as file:
        file.write(text.replace(sys.prefix, "PYTHON_PREFIX") + "\n")


if __name__ == "__main__":
    main()
