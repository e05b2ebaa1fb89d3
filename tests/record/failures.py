"""Records what LiteLLM tells a client when a provider fails: every status, body shape, cut and stall.

    python failures.py            # writes shared/wire/src/failure/recorded.json

A row is [provider, operation, scene, status, message, type, param, provider_specific_fields, upstream requests].
The operation's name ends in `+s` when the client asked for a stream. A row of a failure inside a stream, after
its first bytes, has status 200 and the fields of the error event.
"""
from __future__ import annotations

import json
import os
import tempfile
from concurrent.futures import ThreadPoolExecutor

import proxy
from proxy import MASTER_KEY
from scripted_upstream import Upstream, odd, stream, whole

HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.path.join(HERE, "..", "..", "shared", "wire", "src", "failure", "recorded.json")
UPSTREAM_PORT, PORT = 18400, 18386
LANES_AT_ONCE = 10
ALL_FAULTS = ("openai", "azure", "groq", "mistral", "hosted_vllm", "databricks")
TIMEOUT_S = 2
MODELS = {
    "openai": "openai/gpt-4o", "azure": "azure/my-gpt4o-deployment", "azure_ai": "azure_ai/mistral-large", "groq": "groq/openai/gpt-oss-120b",
    "mistral": "mistral/mistral-large-latest", "hosted_vllm": "hosted_vllm/meta-llama/Llama-3.1-8B-Instruct", "deepseek": "deepseek/deepseek-chat",
    "together_ai": "together_ai/meta-llama/Llama-3.3-70B-Instruct-Turbo", "perplexity": "perplexity/sonar-pro", "openrouter": "openrouter/anthropic/claude-sonnet-4.5",
    "databricks": "databricks/databricks-claude-sonnet-4", "litellm_proxy": "litellm_proxy/gpt-4o", "fireworks_ai": "fireworks_ai/accounts/fireworks/models/llama-v3p3-70b-instruct",
    "xai": "xai/grok-4.3", "nvidia_nim": "nvidia_nim/meta/llama3-70b-instruct", "cerebras": "cerebras/llama3.1-8b", "deepinfra": "deepinfra/meta-llama/Meta-Llama-3-70B-Instruct",
    "sambanova": "sambanova/Meta-Llama-3.3-70B-Instruct", "moonshot": "moonshot/kimi-k2-0711-preview", "azure_v1": "azure/gpt-4o",
}
BRIEF = ("xai", "nvidia_nim", "cerebras", "deepinfra", "sambanova", "moonshot", "azure_v1", "fireworks_ai")
OTHER = {
    "embed": {"openai": "openai/text-embedding-3-small", "azure": "azure/my-embed", "mistral": "mistral/mistral-embed", "hosted_vllm": "hosted_vllm/e5", "together_ai": "together_ai/bge",
              "fireworks_ai": "fireworks_ai/nomic", "databricks": "databricks/bge", "nvidia_nim": "nvidia_nim/e5", "azure_ai": "azure_ai/e5", "cohere": "cohere/embed-english-v3.0"},
    "text": {"text-completion-openai": "text-completion-openai/gpt-3.5-turbo-instruct", "openai": "openai/gpt-4o", "hosted_vllm": "hosted_vllm/llama"},
    "image": {"openai": "openai/gpt-image-1", "azure": "azure/dall-e-3"}, "moderation": {"openai": "openai/omni-moderation-latest"},
    "speech": {"openai": "openai/tts-1", "azure": "azure/tts"}, "rerank": {"cohere": "cohere/rerank-v3.5", "together_ai": "together_ai/rerank", "hosted_vllm": "hosted_vllm/rerank"},
    "transcription": {"openai": "openai/whisper-1", "groq": "groq/whisper-large-v3"}, "responses": {"openai": "openai/gpt-4o", "azure": "azure/gpt-4o"},
}
PATHS = {"chat": "/v1/chat/completions", "embed": "/v1/embeddings", "text": "/v1/completions", "image": "/v1/images/generations", "moderation": "/v1/moderations",
         "speech": "/v1/audio/speech", "rerank": "/v1/rerank", "transcription": "/v1/audio/transcriptions", "responses": "/v1/responses"}
BODIES = {"chat": {"messages": [{"role": "user", "content": "hi"}]}, "embed": {"input": "hi"}, "text": {"prompt": "hi"}, "image": {"prompt": "hi"}, "moderation": {"input": "hi"},
          "speech": {"input": "hi", "voice": "alloy"}, "rerank": {"query": "q", "documents": ["a"]}, "responses": {"input": "hi"}}
SAID = "upstream says no"
ERROR_TYPES = {400: ("invalid_request_error", None), 401: ("invalid_request_error", "invalid_api_key"), 403: ("invalid_request_error", "forbidden"),
               404: ("invalid_request_error", "model_not_found"), 413: ("invalid_request_error", None), 422: ("invalid_request_error", None), 429: ("rate_limit_error", "rate_limit_exceeded")}
BRIEF_STATUSES = (400, 401, 403, 404, 408, 413, 422, 429, 500, 502, 503, 504, 529)
STATUSES = (*BRIEF_STATUSES, 402, 405, 409, 410, 415, 418, 424, 451, 498, 501, 505, 520, 524, 599)


def error(message, kind=None, code=None, param=None, **more):
    return {"error": {"message": message, "type": kind, "param": param, "code": code, **more}}


def status_scenes(statuses):
    for status in statuses:
        kind, code = ERROR_TYPES.get(status, ("server_error", None))
        yield f"usual {status}", whole(status, error(SAID, kind, code))
        yield f"untyped {status}", whole(status, error(SAID))


SHAPES = {
    "empty": "", "html": "<html><body><h1>502 Bad Gateway</h1></body></html>", "text": "plain words", "string error": {"error": "a string"}, "detail": {"detail": "a detail"},
    "detail list": {"detail": [{"type": "missing", "loc": ["body", "messages"], "msg": "Field required", "ok": True, "n": None, "f": 1.50}]}, "message": {"message": "a message"},
    "mistral": {"object": "error", "message": "a message", "type": "invalid_model", "param": None, "code": "1500"}, "vllm": {"object": "error", "message": "a message", "type": "BadRequestError", "param": None, "code": 400},
    "message object": {"object": "error", "message": {"detail": [{"msg": "Field required"}]}, "type": "invalid_request_error", "param": None, "code": None}, "only message": {"error": {"message": "a message"}},
    "param": error("a message", "some_type", "some_code", "temperature"), "number code": error("a message", "some_type", 429, "messages.0"), "array": [], "array of errors": [{"error": {"message": "a message", "code": 400}}],
    "null": "null", "json string": "\"words\"", "null error": {"error": None}, "empty object": {}, "broken json": "{\"error\": {\"mess", "unicode": error("Zażółć 🚀 \"q\" 'x'\n2nd\tline"), "empty message": error(""),
    "no message": {"error": {"type": "some_type", "code": "x"}}, "number error": {"error": 5}, "errors list": {"errors": [{"message": "a message"}]}, "quote": {"error": "it's \"so\""}, "nested": {"error": {"message": {"a": "b"}}},
}
PHRASES = {
    "context": (400, error("This model's maximum context length is 8192 tokens. However, your messages resulted in 9001 tokens.", "invalid_request_error", "context_length_exceeded", "messages")),
    "context cerebras": (400, error("Current length is 9001 while limit is 8192", "invalid_request_error", "context_length_exceeded")),
    "context long": (400, error("Please reduce: the prompt is longer than the model's context length", "BadRequestError")),
    "context string": (400, error("Invalid 'user': string too long. Expected a string with maximum length 64", "invalid_request_error", "string_above_max_length", "user")),
    "context llama": (400, error("the request exceeds the available context size", "exceed_context_size_error")),
    "context input": (400, error("The maximum input length is 8192 tokens", "x")), "context together": (400, {"error": "`inputs` tokens + `max_new_tokens` must be <= 4097"}),
    "context 500": (500, error("This model's maximum context length is 8192 tokens.")), "prompt too long": (400, error("prompt is too long: 9 tokens > 8 maximum")),
    "policy": (400, error("Your request was rejected as a result of our safety system.", "invalid_request_error", "content_policy_violation")),
    "policy prompt": (400, error("Invalid prompt: your prompt was flagged as potentially violating our usage policy.", "x")),
    "policy system": (400, error("The request was rejected as a result of the safety system", "x")),
    "filter azure": (400, error("The response was filtered due to the prompt triggering Azure OpenAI's content management policy.", None, "content_filter", "prompt", status=400,
                                innererror={"code": "ResponsibleAIPolicyViolation", "content_filter_result": {"hate": {"filtered": False, "severity": "safe"}, "jailbreak": {"filtered": True, "detected": True}}})),
    "filter azure inner_error": (400, error("blocked", "x", "content_policy_violation", None, inner_error={"code": "ResponsibleAIPolicyViolation", "revised_prompt": "p", "content_filter_results": {"hate": {"filtered": True}}})),
    "encrypted": (400, error("The encrypted content could not be verified.", "invalid_request_error", "invalid_encrypted_content")),
    "rate words": (400, error("You hit a Rate Limit of 3", "x")), "rate number 400": (400, error("token 429 here", "x")), "rate number 503": (503, error("error 429 upstream", "x")), "rate words 500": (500, error("rate-limit reached", "x")),
    "tier capacity": (500, error("Service tier capacity exceeded for this model.", "x")), "quota": (429, error("You exceeded your current quota, please check your plan and billing details.", "insufficient_quota", "insufficient_quota")),
    "model not found": (404, error("The model `x` does not exist", "invalid_request_error", "model_not_found")), "model not found 400": (400, error("The model `x` does not exist", "invalid_request_error", "model_not_found")),
    "timeout occurred": (500, error("A timeout occurred", "x")), "timed out": (500, error("Request timed out", "x")), "read timed out": (500, error("The read operation timed out", "x")),
    "web server": (520, error("Web server is returning an unknown error", "x")), "server had": (500, error("The server had an error processing your request. Sorry", "server_error")), "too large": (413, error("Request too large for gpt", "tokens")),
    "key": (401, error("Incorrect API key provided: sk-abc.", "invalid_request_error", "invalid_api_key")), "key secret": (401, error("Incorrect API key provided: sk-abcdefghijklmnopqrstuvwx.", "invalid_request_error", "invalid_api_key")),
    "mistral streaming": (500, error("Mistral API raised a streaming error", "x")), "internal words": (503, error("Internal server error", "x")), "deployment": (404, error("The API deployment for this resource does not exist.", None, "DeploymentNotFound")),
    "token quota": (429, error("too many", "too_many_tokens_error", "token_quota_reached")), "private key": (401, {"error": "invalid private key"}), "argument": (400, {"error": "INVALID_ARGUMENT x"}), "bad gateway words": (502, error("The server received an invalid response from an upstream server.")),
    "validation": (400, {"error": "bad field", "error_type": "validation"}), "invalid typed 500": (500, error(SAID, "invalid_request_error")), "invalid typed 403": (403, error("Incorrect API key provided", "invalid_request_error")),
    "nested litellm": (400, error("litellm.ContextWindowExceededError: litellm.BadRequestError: x", "invalid_request_error", "400")), "nested litellm rate": (429, error("litellm.RateLimitError: x", "throttling_error", "429")),
    "nested litellm server": (500, error("litellm.InternalServerError: x", None, "500")), "nested litellm auth": (401, error("litellm.AuthenticationError: x", None, "401")), "nested litellm unknown": (500, error("litellm.StrangeError: x")),
    "openai word": (400, error("OPENAI said no; openai.OpenAIError", "x")), "connection words": (500, error("Connection error", "x")), "no deployment": (400, error("No deployments available", "x")), "param message": (400, error("BadRequestError.__init__() missing 1 required positional argument: 'param'", "x")),
    "bedrock words": (400, error("Extra inputs are not permitted", "invalid_request_error")), "authorization denied": (401, {"error": "authorization denied for Bearer abcdefghijklmn"}), "overloaded": (529, error("Overloaded", "overloaded_error")),
    "redact": (400, error("at /home/app/x.py on 10.1.2.3, db.internal and 8.8.8.8; key AKIAABCDEFGHIJKLMNOP, Bearer abcdefghijklmnop, api_key=abcdefgh12 and AIzaSyA123456789012345678901234567890123 password: hunter2, https://user:pass@host/x?key=abcdefghij&sig=abc%2B end", "x")),
    "redact more": (400, error("postgres://u:p@h; 'master_key': 'zzz', x-api-key: q1; dapi0123456789abcdef0123456789abcdef eyJhbGciOiJI.eyJzdWIi.sig C:\\Users\\x 192.168.1.1 172.16.0.1 172.32.0.1 127.0.0.1 ya29.abc /tmp/x /opt/y/z.txt; /v1/chat a.b.local foo.lan", "x")),
    "traceback": (500, error("it broke\nTraceback (most recent call last):\n  File \"x.py\", line 1\nValueError: y", "x")),
}
GARBAGE = {
    "garbage text": whole(200, "this is not json"), "garbage empty": whole(200, ""), "garbage html": whole(200, "<html></html>", "text/html"), "garbage object": whole(200, {}), "garbage array": whole(200, []),
    "garbage null": whole(200, "null"), "garbage string": whole(200, "\"words\""), "garbage number": whole(200, "5"), "garbage cut json": whole(200, "{\"id\": \"x\", \"choices\": [{"), "garbage error": whole(200, error(SAID, "server_error", 500)),
    "garbage error string": whole(200, {"error": "a string"}), "garbage error null": whole(200, {"error": None, "choices": []}), "garbage error 429": whole(200, error(SAID, "rate", 429)), "garbage no choices": whole(200, {"id": "x", "object": "chat.completion", "choices": []}),
    "garbage null choices": whole(200, {"id": "x", "object": "chat.completion", "choices": None}), "garbage empty choice": whole(200, {"id": "x", "choices": [{}]}), "garbage no content type": whole(200, "words", "application/octet-stream"), "garbage detail": whole(200, {"detail": "x"}),
}
CONNECTION = {"connection close": odd("close"), "connection reset": odd("reset"), "connection garbage": odd("garbage"), "connection short": odd("short"), "connection stall": odd("stall"), "connection half": odd("half")}
REDIRECTS = {"redirect 301": whole(301, ""), "not modified": whole(304, ""), "no content": whole(204, ""), "created": whole(201, "{}")}


def piece(text, **more):
    chunk = {"id": "c1", "object": "chat.completion.chunk", "created": 1700000000, "model": "m", "choices": [{"index": 0, "delta": {"role": "assistant", "content": text}, "finish_reason": None}], **more}
    return "data: " + json.dumps(chunk) + "\n\n"


def data(value):
    return "data: " + (value if isinstance(value, str) else json.dumps(value)) + "\n\n"


A, B = piece("Begin"), piece(" then")
MID = {
    "cut": stream(A, B, end="cut"), "reset": stream(A, B, end="reset"), "stall": stream(A, B, end="stall"), "no done": stream(A, B), "error": stream(A, B, data(error("The server had an error while processing your request", "server_error"))),
    "error typed": stream(A, data(error(SAID, "invalid_request_error", "context_length_exceeded"))), "error code 429": stream(A, data(error(SAID, "rate", 429))), "error code 503": stream(A, data(error(SAID, "overloaded", 503))), "error code text": stream(A, data(error(SAID, "overloaded", "503"))),
    "error code 400": stream(A, data(error(SAID, "bad", 400))), "error string": stream(A, data({"error": "a string"})), "error event": stream(A, "event: error\n" + data(error(SAID, "server_error"))), "error flat": stream(A, data({"message": "a message", "code": 500})), "error detail": stream(A, data({"detail": "a detail"})),
    "error object": stream(A, data({"object": "error", "message": "a message", "type": "BadRequestError", "param": None, "code": 400})), "error context": stream(A, data(error("This model's maximum context length is 8192 tokens."))), "error rate": stream(A, data(error("rate limit reached"))), "error null": stream(A, data({"error": None}), B, data("[DONE]")),
    "garbage": stream(A, data("not json"), B, data("[DONE]")), "cut json": stream(A, data("{\"id\": \"x\", \"choi")), "html": stream(A, "<html>oops</html>\n\n"), "empty object": stream(A, data({}), B, data("[DONE]")), "empty line": stream(A, "data: \n\n", B, data("[DONE]")), "number": stream(A, data("5"), B, data("[DONE]")), "array": stream(A, data("[]"), B, data("[DONE]")),
    "null choices": stream(A, data({"id": "x", "choices": None}), data("[DONE]")), "first error": stream(data(error(SAID, "server_error", 500))), "first error 429": stream(data(error(SAID, "rate", 429))), "first error string": stream(data({"error": "a string"})), "first garbage": stream(data("not json")), "first cut": stream(end="cut"), "first reset": stream(end="reset"),
    "first stall": stream(end="stall"), "empty": stream(), "only done": stream(data("[DONE]")), "json instead": whole(200, {"id": "x", "object": "chat.completion", "choices": [{"index": 0, "message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}]}),
}


def scenes_for(operation, provider):
    if not operation.startswith("chat"):
        return other_scenes()
    streamed = operation.endswith("+s")
    if provider in BRIEF:
        chosen = dict(status_scenes(BRIEF_STATUSES))
        chosen |= {f"shape {status} {name}": whole(status, SHAPES[name]) for status in (400, 503) for name in ("empty", "html", "string error", "detail", "param")}
        chosen |= {name: whole(*PHRASES[name]) for name in ("context", "policy", "quota", "key")}
        chosen |= {name: GARBAGE[name] for name in ("garbage text", "garbage object", "garbage error")} | {name: CONNECTION[name] for name in ("connection close", "connection reset", "connection stall")}
        return chosen | ({f"mid {name}": MID[name] for name in ("cut", "error", "error string", "garbage", "first error", "stall")} if streamed else {})
    chosen = dict(status_scenes(BRIEF_STATUSES if streamed else STATUSES))
    shaped = (400,) if streamed else (400, 429, 503)
    chosen |= {f"shape {status} {name}": whole(status, shape, "text/html" if name == "html" else "application/json") for status in shaped for name, shape in SHAPES.items()}
    if streamed:
        chosen |= {name: whole(*PHRASES[name]) for name in ("context", "policy", "quota", "key", "filter azure", "timed out")}
        return chosen | CONNECTION | {name: GARBAGE[name] for name in ("garbage text", "garbage empty", "garbage object", "garbage error", "garbage html")} | {f"mid {name}": scene for name, scene in MID.items()}
    chosen |= {f"phrase {name}": whole(*phrase) for name, phrase in PHRASES.items()}
    return chosen | GARBAGE | CONNECTION | REDIRECTS


def other_scenes():
    # Outside chat the client library tries three times, so only one body of each retried status is played.
    chosen = {name: scene for name, scene in status_scenes(BRIEF_STATUSES) if name.startswith("untyped") or scene["status"] < 408}
    chosen |= {f"shape {status} {name}": whole(status, SHAPES[name]) for status in (400,) for name in ("empty", "html", "string error", "detail", "message", "param")}
    chosen |= {f"phrase {name}": whole(*PHRASES[name]) for name in ("context", "policy", "quota", "key", "filter azure", "filter azure inner_error", "timed out")}
    return chosen | {name: GARBAGE[name] for name in ("garbage text", "garbage empty", "garbage object", "garbage error")} | CONNECTION


def lanes():
    """(operation, provider, model): each has an upstream of its own, so that several play at once."""
    return [(operation, provider, model) for operation, models in ({"chat": MODELS} | OTHER).items() for provider, model in models.items()]


def deployments():
    for place, (operation, provider, model) in enumerate(lanes()):
        params = {"model": model, "api_key": "sk-fake-key", "api_base": f"http://127.0.0.1:{UPSTREAM_PORT + place}", "timeout": TIMEOUT_S, "stream_timeout": TIMEOUT_S, "max_retries": 0}
        if model.startswith("azure/"):
            params["api_version"] = "v1" if provider == "azure_v1" else "2024-10-21"
        yield {"model_name": f"{operation}.{provider}", "litellm_params": params}
        yield {"model_name": f"refused.{operation}.{provider}", "litellm_params": params | {"api_base": "http://127.0.0.1:9"}}
        if operation == "chat" and provider in ALL_FAULTS:
            yield {"model_name": f"dns.chat.{provider}", "litellm_params": params | {"api_base": "http://no-such-host.invalid"}}
            yield {"model_name": f"tls.chat.{provider}", "litellm_params": params | {"api_base": f"https://127.0.0.1:{UPSTREAM_PORT + place}"}}


def config():
    return {
        "model_list": list(deployments()),
        "litellm_settings": {"num_retries": 0, "request_timeout": 30, "telemetry": False, "disable_hf_tokenizer_download": True},
        "router_settings": {"num_retries": 0, "disable_cooldowns": True}, "general_settings": {"master_key": MASTER_KEY},
    }


def ask(operation, alias, streamed):
    headers = [("Authorization", f"Bearer {MASTER_KEY}")]
    if operation == "transcription":
        parts = f'--b\r\nContent-Disposition: form-data; name="model"\r\n\r\n{alias}\r\n--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\nContent-Type: audio/wav\r\n\r\nRIFF\r\n--b--\r\n'
        return proxy.send(PORT, "POST", PATHS[operation], [("Content-Type", "multipart/form-data; boundary=b"), *headers], parts.encode())
    body = {"model": alias, **BODIES[operation], **({"stream": True} if streamed else {})}
    return proxy.send(PORT, "POST", PATHS[operation], [("Content-Type", "application/json"), *headers], json.dumps(body).encode())


def fault(answer):
    """The error object, or the events' count and the error event, or the body when there is no error."""
    body = answer["body"]
    if "text/event-stream" in dict((name.lower(), value) for name, value in answer["headers"]).get("content-type", ""):
        events = [event for event in body.split("\n\n") if event]
        for event in events:
            if event.startswith('data: {"error"'):
                return {**json.loads(event[6:])["error"], "events": len(events), "last": events[-1] == event}
        return {"message": f"NO ERROR: {events[-1] if events else ''}", "events": len(events)}
    try:
        value = json.loads(body)
    except ValueError:
        return {"message": f"RAW: {body[:500]}"}
    if isinstance(value, dict) and isinstance(value.get("error"), dict) and "message" in value["error"]:
        return value["error"]
    return {"message": f"NO ERROR: {body[:300]}" if answer["status"] < 400 else f"RAW: {body[:1000]}"}


def without_traceback(message):
    """Python's traceback holds nothing but paths of this machine."""
    for mark in ("\nTraceback (most recent call last)", " Traceback (most recent call last)"):
        message = message.partition(mark)[0]
    return message


def row(provider, operation, name, upstream, alias):
    streamed = operation.endswith("+s")
    try:
        answer = ask(operation.removesuffix("+s"), alias, streamed)
    except Exception as failure:  # a dropped connection is a fact worth a row
        return [provider, operation, name, 0, f"EXCEPTION: {type(failure).__name__}", None, None, None, upstream.seen]
    found = fault(answer)
    code = found.get("code")
    extra = found.get("provider_specific_fields")
    status = answer["status"]
    notes = {key: found[key] for key in ("events", "last") if key in found}
    if code is not None and code != str(status):
        notes["code"] = code
    if answer.get("truncated"):
        notes["truncated"] = True
    return [provider, operation, name, status, without_traceback(found["message"]), found.get("type"), found.get("param"), extra, upstream.seen, *([notes] if notes else [])]


def record(place, operation, provider):
    upstream = Upstream(UPSTREAM_PORT + place)
    rows = []
    try:
        for asked in (operation, f"{operation}+s") if operation == "chat" else (operation,):
            for name, scene in scenes_for(asked, provider).items():
                upstream.play(scene)
                rows.append(row(provider, asked, name, upstream, f"{operation}.{provider}"))
            upstream.play(odd("close"))
            rows.append(row(provider, asked, "connection refused", upstream, f"refused.{operation}.{provider}"))
        for name in ("dns", "tls") if operation == "chat" and provider in ALL_FAULTS else ():
            rows.append(row(provider, "chat", f"connection {name}", upstream, f"{name}.chat.{provider}"))
    finally:
        upstream.stop()
    print(provider, operation, len(rows), flush=True)
    return rows


def every_scene():
    every = {}
    for operation, provider, _ in lanes():
        every |= scenes_for(operation, provider)
        if operation == "chat":
            every |= scenes_for("chat+s", provider)
    return every


def main():
    folder = tempfile.mkdtemp(prefix="failures-")
    with proxy.litellm(proxy.write_config(folder, "config.yaml", config()), PORT, os.path.join(folder, "litellm.log")):
        with ThreadPoolExecutor(LANES_AT_ONCE) as pool:
            jobs = [pool.submit(record, place, operation, provider) for place, (operation, provider, _) in enumerate(lanes())]
            rows = [found for job in jobs for found in job.result()]
    with open(OUT, "w") as file:
        lines = [json.dumps(item, ensure_ascii=False, separators=(",", ":")) for item in rows]
        scenes = [f"{json.dumps(name)}:{json.dumps(scene, ensure_ascii=False, separators=(',', ':'))}" for name, scene in every_scene().items()]
        file.write('{"litellm":"1.106.2","scenes":{\n' + ",\n".join(scenes) + '\n},\n"rows":[\n' + ",\n".join(lines) + "\n]}\n")
    print(OUT, len(rows), "rows")


if __name__ == "__main__":
    main()
