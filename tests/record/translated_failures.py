"""Records what LiteLLM tells a client when a provider with a format of its own fails.

    python translated_failures.py [PROVIDER ...]     # writes shared/wire/src/failure/recorded/*.json

Name some ten providers at a time: under hundreds of broken streams LiteLLM's interpreter may crash.

One file a provider: {"<asked>": {"<scene>": [status, message, type, param, notes]}}; `§` ends a message that goes on
with the router's sentence that no fallback was attempted. `asked` is the operation, with `+s`
where the client asked for a stream. Scenes are written once, to scenes.json: a body with its status, or the frames of
a stream. A frame that is no text is written as {"name", "payload"} of an AWS exception, or as base64.
"""
from __future__ import annotations

import base64
import binascii
import json
import os
import re
import struct
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

import proxy
from failures import without_traceback
from proxy import MASTER_KEY
from scripted_upstream import Upstream, odd, stream, whole

HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.path.join(HERE, "..", "..", "shared", "wire", "src", "failure", "recorded")
UPSTREAM_PORT, TOKEN_PORT, PORT = 18500, 18490, 18387
TIMEOUT_S = 2
LANES_AT_ONCE = 8
SAID = "upstream says no"
EXPLAINED = re.compile(r"\n\nLiteLLM: model group '[^']*' failed with the error above\. No fallback was attempted\.$")
STATUSES = (400, 401, 403, 404, 408, 413, 422, 424, 429, 500, 502, 503, 504, 529)
ANTHROPIC_TYPES = {400: "invalid_request_error", 401: "authentication_error", 403: "permission_error", 404: "not_found_error", 408: "timeout_error", 413: "request_too_large",
                   429: "rate_limit_error", 500: "api_error", 504: "timeout_error", 529: "overloaded_error"}
GOOGLE_STATUSES = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED", 503: "UNAVAILABLE", 504: "DEADLINE_EXCEEDED"}
FLAVOURS = {
    "anthropic": lambda status, said: {"type": "error", "error": {"type": ANTHROPIC_TYPES.get(status, "api_error"), "message": said}, "request_id": "req_1"},
    "aws": lambda status, said: {"message": said},
    "google": lambda status, said: {"error": {"code": status, "message": said, "status": GOOGLE_STATUSES.get(status, "INTERNAL")}},
    "message": lambda status, said: {"message": said}, "error": lambda status, said: {"error": said}, "detail": lambda status, said: {"detail": said},
    "watsonx": lambda status, said: {"errors": [{"code": "some_code", "message": said}], "trace": "t1", "status_code": status},
    "openai": lambda status, said: {"error": {"message": said, "type": "some_type", "param": None, "code": None}},
    "cloudflare": lambda status, said: {"success": False, "errors": [{"code": 10000, "message": said}], "messages": [], "result": None},
    "oci": lambda status, said: {"code": "SomeCode", "message": said},
}
AWS = {"aws_access_key_id": "key1", "aws_secret_access_key": "key2", "aws_region_name": "us-west-2"}
CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"


def base(model, **more):
    return lambda up, sa: {"model": model, "api_key": "sk-fake-key", "api_base": up, **more}


def under(model, path):
    return lambda up, sa: {"model": model, "api_key": "sk-fake-key", "api_base": up + path}


def bedrock(model):
    return lambda up, sa: {"model": model, "aws_bedrock_runtime_endpoint": up, **AWS}


def vertex(model):
    return lambda up, sa: {"model": model, "vertex_project": "p1", "vertex_location": "us-central1", "vertex_credentials": sa, "api_base": up}


def sagemaker(model):
    return lambda up, sa: {"model": model, "sagemaker_base_url": up, **AWS}


WATSONX = {"token": "tok", "project_id": "p1"}
CHATS = {
    "anthropic": ("anthropic", base("anthropic/claude-sonnet-4-5")), "bedrock": ("aws", bedrock("bedrock/amazon.nova-pro-v1:0")), "bedrock.invoke": ("aws", bedrock(f"bedrock/invoke/{CLAUDE}")),
    "vertex_ai": ("google", vertex("vertex_ai/gemini-2.5-pro")), "vertex_ai.claude": ("anthropic", vertex("vertex_ai/claude-sonnet-4-5@20250929")), "vertex_ai_beta": ("google", vertex("vertex_ai_beta/gemini-2.5-pro")),
    "gemini": ("google", base("gemini/gemini-2.5-flash")), "azure_ai.claude": ("anthropic", base("azure_ai/claude-sonnet-4-5")), "cohere": ("message", base("cohere/command-a-03-2025")),
    "cohere_chat": ("message", base("cohere_chat/command-a-03-2025")), "ollama": ("error", base("ollama/llama3.1")), "ollama_chat": ("error", base("ollama_chat/llama3.1")),
    "sagemaker": ("aws", sagemaker("sagemaker/my-endpoint")), "sagemaker_chat": ("aws", sagemaker("sagemaker_chat/my-endpoint")), "sagemaker_nova": ("aws", sagemaker("sagemaker_nova/my-endpoint")), "watsonx": ("watsonx", base("watsonx/ibm/granite-3-8b-instruct", **WATSONX)),
    "watsonx_text": ("watsonx", base("watsonx_text/ibm/granite-3-8b-instruct", **WATSONX)), "huggingface": ("error", base("huggingface/meta-llama/Llama-3.1-8B-Instruct")), 
    "cloudflare": ("cloudflare", base("cloudflare/@cf/meta/llama-2-7b-chat-int8")), "nlp_cloud": ("detail", under("nlp_cloud/dolphin", "/")), "predibase": ("error", base("predibase/llama-3-8b-instruct", predibase_tenant_id="t1")),
    "triton": ("error", under("triton/llama", "/v2/models/llama/generate")), "snowflake": ("message", base("snowflake/mistral-7b", account_id="a1")), "oci": ("oci", base("oci/meta.llama-3.3-70b-instruct", oci_region="us-ashburn-1", oci_user="u", oci_fingerprint="f", oci_tenancy="t", oci_compartment_id="c", oci_key="KEY")),
    "github_copilot": ("openai", base("github_copilot/gpt-4o")), "anthropic_text": ("anthropic", base("anthropic_text/claude-2")), "petals": ("error", base("petals/llama")),
    "langgraph": ("detail", base("langgraph/agent")), "text-completion-codestral": ("detail", base("text-completion-codestral/codestral")),
    "maritalk": ("detail", base("maritalk/sabia-3")),
    "ragflow": ("message", base("ragflow/chat/c1/gpt-4o")), "langflow": ("detail", base("langflow/flow1")), "amazon_nova": ("message", base("amazon_nova/nova-pro")), "bedrock_mantle": ("openai", base("bedrock_mantle/openai.gpt-oss-120b")),
}
EMBEDS = {
    "bedrock": ("aws", bedrock("bedrock/amazon.titan-embed-text-v2:0")), "bedrock.cohere": ("aws", bedrock("bedrock/cohere.embed-english-v3")), "vertex_ai": ("google", vertex("vertex_ai/text-embedding-005")), "gemini": ("google", base("gemini/gemini-embedding-001")),
    "ollama": ("error", base("ollama/nomic-embed-text")), 
    "voyage": ("detail", base("voyage/voyage-3")), "jina_ai": ("detail", base("jina_ai/jina-embeddings-v3")), "triton": ("error", base("triton/embed")), "snowflake": ("message", base("snowflake/snowflake-arctic-embed-l-v2.0", account_id="a1")),
}
MESSAGES = {name: CHATS[name] for name in ("anthropic", "bedrock", "bedrock.invoke", "vertex_ai", "vertex_ai.claude", "gemini", "azure_ai.claude", "cohere_chat", "ollama_chat")} | {
    "openai": ("openai", base("openai/gpt-4o")), "groq": ("openai", base("groq/openai/gpt-oss-120b")), "azure": ("openai", base("azure/gpt-4o", api_version="2024-10-21"))}
LANES = {"chat": CHATS, "embed": EMBEDS, "messages": MESSAGES, "responses": MESSAGES, "generate": {name: MESSAGES[name] for name in ("anthropic", "gemini", "openai")}}
PATHS = {"chat": "/v1/chat/completions", "embed": "/v1/embeddings", "messages": "/v1/messages", "responses": "/v1/responses"}
TURN = {"messages": [{"role": "user", "content": "hi"}]}
BODIES = {"chat": TURN, "embed": {"input": "hi"}, "messages": TURN | {"max_tokens": 9}, "responses": {"input": "hi"}, "generate": {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]}}

PHRASES = {
    "anthropic": {"context": (400, "prompt is too long: 210000 tokens > 200000 maximum"), "context limit": (400, "input length and `max_tokens` exceed context limit: 199000 + 21333 > 200000"), "context length": (400, "prompt: length 9 over"),
                  "policy": (400, "Output blocked by content filtering policy"), "overloaded": (529, "Overloaded"), "overloaded 400": (400, "Overloaded"), "key": (401, "Invalid API Key"), "client error": (500, "Client error '400 Bad Request' for url"), "redact": (401, "invalid x-api-key: sk-ant-REDACTEDabcdefghijkl at 10.1.2.3")},
    "aws": {"context": (400, "Input is too long for requested model."), "context tokens": (400, "too many tokens"), "context length": (400, "expected maxLength: 2048, actual: 9000"), "context prompt": (400, "prompt is too long: 9 > 8"), "context prompt length": (400, "prompt: length: 1..9"),
            "context input": (400, "Too many input tokens. Max input tokens: 8192"), "turns": (400, "Conversation blocks and tool result blocks cannot be provided in the same turn."), "malformed": (400, "Malformed input request: #: extraneous key [x] is not permitted"), "malformed 500": (500, "Malformed input request: x"),
            "first turn": (400, "A conversation must start with a user message. Try again"), "token": (403, "The security token included in the request is invalid."), "locate": (500, "Unable to locate credentials"), "denied": (403, "AccessDeniedException: no access to the model"), "throttled": (429, "ThrottlingException: Too many requests"),
            "throttled 400": (400, "throttlingException"), "timed out": (500, "the model timed out"), "image": (500, "Could not process image"), "image 400": (400, "Could not process image"), "not ready": (429, "Model is not ready for inference."), "blocked": (400, "The content was blocked by a guardrail"), "best_of": (400, "Input validation error: `best_of` must be > 0 and <= 2"),
            "inputs": (400, "`inputs` tokens + `max_new_tokens` must be <= 4096"), "instance": (500, "use an instance type with more CPU capacity or memory"), "connect": (500, "Connect timeout on endpoint URL: x")},
    "google": {"context": (400, "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)."), "payload": (400, "400 Request payload size exceeds the limit"), "unused": (403, "Vertex AI API has not been used in project 1 before"), "project": (404, "Unable to find your project"),
               "unknown": (500, "None Unknown Error."), "no parts": (500, "Content has no parts."), "key": (400, "API key not valid. Please pass a valid API key."), "number 403": (500, "error 403 said"), "blocked": (400, "The response was blocked."), "policy": (400, "Output blocked by content filtering policy"),
               "quota": (429, "Quota exceeded for aiplatform.googleapis.com/x"), "exhausted": (429, "Resource exhausted. Please try again later."), "exhausted 500": (500, "Resource exhausted"), "index": (500, "IndexError: list index out of range"), "capacity": (500, "429 Unable to submit request because the service is temporarily out of capacity."),
               "internal": (500, "500 Internal Server Error"), "overloaded": (503, "The model is overloaded. Please try again later."), "quota words": (503, "429 Quota exceeded")},
    "message": {"tokens": (400, "too many tokens: the prompt is too long"), "key": (401, "invalid api token"), "no key": (401, "No API key provided."), "type": (400, "invalid type: parameter x"), "type words": (422, "invalid type: y"), "internal": (503, "internal server error"), "unexpected": (500, "Unexpected server error")},
    "error": {"missing": (404, "model 'x' not found"), "file": (500, "open x: no such file or directory"), "object": (500, "Invalid response object from API"), "connection": (500, "Failed to establish a new connection"), "read": (500, "Read timed out"), "length": (400, "length limit exceeded"), "token": (401, "A valid user token is required"),
              "rate": (503, "Rate limit reached. You reached free usage limit"), "denied": (401, "authorization denied for Bearer abcdefghijklmnopqrst"), "validation": (422, "Input validation error: `inputs` must have less than 4096 tokens"), "aleph": (400, "This is longer than the model's maximum context length"), "invalid": (401, "InvalidToken"), "context": (400, "This model's maximum context length is 8192 tokens.")},
    "detail": {"length": (400, "Input text length should not exceed 9"), "value": (400, "value is not a valid list"), "token": (401, "Incorrect authentication token"), "long": (400, "input is too long"), "throttled": (429, "Request was throttled. Expected available in 1 second."), "context": (400, "This model's maximum context length is 8192 tokens.")},
    "watsonx": {"quota": (429, "token_quota_reached"), "no chat": (404, "model_no_support_for_function"), "denied": (401, "authorization denied for Bearer abcdefghijklmnopqrst"), "context": (400, "This model's maximum context length is 8192 tokens."), "upstream": (502, "The server received an invalid response from an upstream server.")},
    "openai": {"context": (400, "This model's maximum context length is 8192 tokens."), "rate": (400, "Rate limit reached"), "mantle": (400, "validation_error: prompt tokens (9001) exceed model maximum (8192)")},
    "cloudflare": {"auth": (400, "Authentication error"), "property": (400, "must have required property 'prompt'"), "context": (400, "This model's maximum context length is 8192 tokens.")},
    "oci": {"context": (400, "This model's maximum context length is 8192 tokens.")},
}
SHAPES = {"empty": "", "html": "<html><body><h1>502 Bad Gateway</h1></body></html>", "text": "plain words", "object": {}, "string error": {"error": "a string"}, "detail": {"detail": "a detail"}, "capital message": {"Message": "a message"}, "number": "5",
          "code 429": {"error": {"code": 429, "message": SAID}}, "code 400": {"error": {"code": 400, "message": SAID}}, "timed out": {"error": {"message": "Request timed out"}}, "overloaded": {"type": "error", "error": {"type": "overloaded_error", "message": "x"}}}
GARBAGE = {"garbage text": whole(200, "this is not json"), "garbage empty": whole(200, ""), "garbage html": whole(200, "<html></html>", "text/html"), "garbage object": whole(200, {}), "garbage array": whole(200, []), "garbage null": whole(200, "null"), "garbage cut json": whole(200, "{\"id\": \"x\", \"content\": [{"),
           "garbage error": whole(200, {"error": {"message": SAID, "type": "server_error", "code": 500}}), "garbage error string": whole(200, {"error": "a string"})}
CONNECTION = {"connection close": odd("close"), "connection reset": odd("reset"), "connection stall": odd("stall")}


def data(value, event=None):
    text = value if isinstance(value, str) else json.dumps(value)
    return (f"event: {event}\n" if event else "") + f"data: {text}\n\n"


def line(value):
    return json.dumps(value) + "\n"


def frame(headers, payload):
    head = b"".join(bytes([len(name)]) + name.encode() + b"\x07" + struct.pack(">H", len(value)) + value.encode() for name, value in headers.items())
    prelude = struct.pack(">II", 16 + len(head) + len(payload), len(head))
    message = prelude + struct.pack(">I", binascii.crc32(prelude)) + head + payload
    return message + struct.pack(">I", binascii.crc32(message))


def aws(name, value):
    return frame({":event-type": name, ":content-type": "application/json", ":message-type": "event"}, json.dumps(value).encode())


def chunk(value):
    return aws("chunk", {"bytes": base64.b64encode(json.dumps(value).encode()).decode()})


class Exceptional(bytes):
    """An AWS exception frame, which remembers what it says."""


def exceptional(name, message, **more):
    payload = json.dumps({"message": message, **more})
    made = Exceptional(frame({":exception-type": name, ":content-type": "application/json", ":message-type": "exception"}, payload.encode()))
    made.said = {"name": name, "payload": payload}
    return made


ANTHROPIC_BEGIN = {"type": "message_start", "message": {"id": "m1", "type": "message", "role": "assistant", "model": "m", "content": [], "stop_reason": None, "stop_sequence": None, "usage": {"input_tokens": 2, "output_tokens": 1}}}
ANTHROPIC_BLOCK = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
ANTHROPIC_TEXT = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Begin"}}
GEMINI_TEXT = {"candidates": [{"content": {"role": "model", "parts": [{"text": "Begin"}]}, "index": 0}]}
OPENAI_TEXT = {"id": "c1", "object": "chat.completion.chunk", "created": 1700000000, "model": "m", "choices": [{"index": 0, "delta": {"role": "assistant", "content": "Begin"}, "finish_reason": None}]}
BEGIN = {
    "anthropic": [data(piece, piece["type"]) for piece in (ANTHROPIC_BEGIN, ANTHROPIC_BLOCK, ANTHROPIC_TEXT)], "google": [data(GEMINI_TEXT)], "openai": [data(OPENAI_TEXT)],
    "converse": [aws("messageStart", {"role": "assistant"}), aws("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "Begin"}})], "invoke": [chunk(piece) for piece in (ANTHROPIC_BEGIN, ANTHROPIC_BLOCK, ANTHROPIC_TEXT)],
    "sagemaker": [frame({":event-type": "PayloadPart", ":content-type": "application/octet-stream", ":message-type": "event"}, data({"token": {"text": "Begin"}, "generated_text": None}).encode())],
    "sagemaker_chat": [frame({":event-type": "PayloadPart", ":content-type": "application/octet-stream", ":message-type": "event"}, data(OPENAI_TEXT).encode())],
    "cohere": [data({"type": "message-start", "id": "m1", "delta": {"message": {"role": "assistant"}}}, "message-start"), data({"type": "content-delta", "index": 0, "delta": {"message": {"content": {"text": "Begin"}}}}, "content-delta")],
    "ollama": [line({"model": "m", "created_at": "2024-01-01T00:00:00Z", "response": "Begin", "done": False})], "ollama_chat": [line({"model": "m", "created_at": "2024-01-01T00:00:00Z", "message": {"role": "assistant", "content": "Begin"}, "done": False})],
    "watsonx_text": [data({"results": [{"generated_text": "Begin", "generated_token_count": 1, "input_token_count": 2, "stop_reason": "not_finished"}]})], "cloudflare": [data({"response": "Begin"})], "triton": [data({"text_output": "Begin"})], "huggingface": [data(OPENAI_TEXT)], "predibase": [data({"token": {"text": "Begin"}, "generated_text": None})],
}
FORMS = {"bedrock": "converse", "bedrock.invoke": "invoke", "sagemaker": "sagemaker", "sagemaker_chat": "sagemaker_chat", "sagemaker_nova": "sagemaker_chat", "cohere": "cohere", "cohere_chat": "cohere", "ollama": "ollama", "ollama_chat": "ollama_chat", "cloudflare": "cloudflare", "triton": "triton", "predibase": "predibase", "watsonx_text": "watsonx_text"}


def form_of(provider, flavour):
    return FORMS.get(provider, flavour if flavour in BEGIN else "openai")


def errors_of(form):
    if form in ("converse", "invoke", "sagemaker", "sagemaker_chat"):
        names = ("modelStreamErrorException", "throttlingException", "internalServerException", "validationException", "serviceUnavailableException", "modelTimeoutException", "strangeException")
        found = {name: [exceptional(name, f"{name} said", **({"originalStatusCode": 424} if name.startswith("modelStream") else {}))] for name in names}
        return found | {"validation context": [exceptional("validationException", "Input is too long for requested model.")]}
    if form == "anthropic":
        kinds = ("overloaded_error", "api_error", "rate_limit_error", "invalid_request_error", "authentication_error", "not_found_error", "permission_error", "request_too_large", "timeout_error")
        found = {kind: [data({"type": "error", "error": {"type": kind, "message": "Overloaded" if kind.startswith("overloaded") else SAID}}, "error")] for kind in kinds}
        return found | {"context": [data({"type": "error", "error": {"type": "invalid_request_error", "message": "prompt is too long: 9 tokens > 8 maximum"}}, "error")], "openai": [data({"error": {"message": SAID, "code": 500}})], "untyped": [data({"type": "error", "error": {"message": SAID}}, "error")], "string": [data({"type": "error", "error": "a string"}, "error")]}
    if form == "google":
        found = {f"{code}": [data({"error": {"code": code, "message": SAID, "status": GOOGLE_STATUSES.get(code, "INTERNAL")}})] for code in (400, 401, 403, 404, 429, 500, 503)}
        return found | {"overloaded": [data({"error": {"code": 503, "message": "The model is overloaded.", "status": "UNAVAILABLE"}})], "string": [data({"error": "a string"})], "blocked": [data({"promptFeedback": {"blockReason": "SAFETY"}})]}
    if form == "cohere":
        return {"end": [data({"type": "message-end", "delta": {"error": "stream broke", "finish_reason": "ERROR"}}, "message-end")], "object": [data({"message": SAID})], "error": [data({"error": SAID})]}
    if form in ("ollama", "ollama_chat"):
        return {"string": [line({"error": SAID})], "object": [line({"error": {"message": SAID}})]}
    return {"object": [data({"error": {"message": SAID, "type": "server_error", "code": 500}})], "429": [data({"error": {"message": SAID, "code": 429}})], "string": [data({"error": SAID})], "detail": [data({"detail": SAID})], "errors": [data({"errors": [{"message": SAID}]})]}


def streams(form):
    begin = BEGIN[form]
    binary = isinstance(begin[0], bytes)
    lines = form.startswith("ollama")
    kind = "application/vnd.amazon.eventstream" if binary else "application/x-ndjson" if lines else "text/event-stream"
    garbage = b"this is no frame at all, but text" if binary else "not json\n" if lines else data("not json")
    cut_json = begin[-1][:-20]
    made = {f"mid error {name}": stream(*begin, *events, kind=kind) for name, events in errors_of(form).items()} | {f"first error {name}": stream(*events, kind=kind) for name, events in errors_of(form).items()}
    made |= {"mid cut": stream(*begin, end="cut", kind=kind), "mid reset": stream(*begin, end="reset", kind=kind), "mid stall": stream(*begin, end="stall", kind=kind), "mid garbage": stream(*begin, garbage, kind=kind), "mid cut json": stream(*begin, cut_json, kind=kind), "mid html": stream(*begin, b"<html>" if binary else "<html>oops</html>\n\n", kind=kind)}
    made |= {"first cut": stream(end="cut", kind=kind), "first reset": stream(end="reset", kind=kind), "first garbage": stream(garbage, kind=kind), "first stall": stream(end="stall", kind=kind), "no end": stream(*begin, kind=kind), "empty": stream(kind=kind), "json instead": whole(200, {"id": "x"})}
    return {f"{form}: {name}": scene for name, scene in made.items()}


def scenes_for(asked, provider, flavour):
    operation, streamed = asked.removesuffix("+s"), asked.endswith("+s")
    body = FLAVOURS[flavour]
    chosen = {f"{flavour} {status}": whole(status, body(status, SAID)) for status in STATUSES}
    brief = operation not in ("chat", "embed")
    if brief:
        chosen |= {name: CONNECTION[name] for name in ("connection close",)} | {"garbage text": GARBAGE["garbage text"]}
    else:
        chosen |= {f"shape {status} {name}": whole(status, shape) for status in ((400,) if streamed or operation == "embed" else (400, 503)) for name, shape in SHAPES.items()}
        chosen |= CONNECTION | (GARBAGE if not streamed else {})
        chosen |= {f"{flavour} phrase {name}": whole(status, body(status, said)) for name, (status, said) in PHRASES[flavour].items()}
    if streamed:
        chosen |= streams(form_of(provider, flavour)) if not brief else brief_streams(form_of(provider, flavour))
    return chosen


def brief_streams(form):
    return {name: scene for name, scene in streams(form).items() if "stall" not in name}


class BinaryUpstream(Upstream):
    """Also plays frames that are bytes."""

    def play(self, scene):
        if "events" in scene:
            scene = scene | {"events": [Piece(event) for event in scene["events"]]}
        super().play(scene)


class Piece:
    def __init__(self, event):
        self.event = event

    def encode(self):
        return self.event if isinstance(self.event, bytes) else self.event.encode()


def shown(event):
    if isinstance(event, Exceptional):
        return event.said
    return {"base64": base64.b64encode(event).decode()} if isinstance(event, bytes) else event


def wanted():
    return sys.argv[1:] or [*CHATS, *EMBEDS, *MESSAGES]


def lanes():
    return [lane for lane in every_lane() if lane[1] in wanted()]


def every_lane():
    return [(operation, provider, flavour, params) for operation, providers in LANES.items() for provider, (flavour, params) in providers.items()]


def service_account(folder):
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
    path = os.path.join(folder, "service_account.json")
    with open(path, "w") as file:
        json.dump({"type": "service_account", "project_id": "p1", "private_key_id": "k1", "private_key": pem, "client_email": "a@p1.iam.gserviceaccount.com", "client_id": "1", "token_uri": f"http://127.0.0.1:{TOKEN_PORT}/token"}, file)
    return path, pem


def deployments(folder):
    account, pem = service_account(folder)
    for place, (operation, provider, _, params) in enumerate(lanes()):
        for prefix, up in (("", f"http://127.0.0.1:{UPSTREAM_PORT + place}"), ("refused.", "http://127.0.0.1:9")):
            made = params(up, account) | {"timeout": TIMEOUT_S, "stream_timeout": TIMEOUT_S, "max_retries": 0}
            if made.get("oci_key"):
                made["oci_key"] = pem
            yield {"model_name": f"{prefix}{operation}.{provider}", "litellm_params": made}


def config(folder):
    return {"model_list": list(deployments(folder)), "litellm_settings": {"num_retries": 0, "request_timeout": 30, "telemetry": False, "disable_hf_tokenizer_download": True},
            "router_settings": {"num_retries": 0, "disable_cooldowns": True}, "general_settings": {"master_key": MASTER_KEY}}


def ask(operation, alias, streamed):
    headers = [("Authorization", f"Bearer {MASTER_KEY}"), ("Content-Type", "application/json")]
    if operation == "generate":
        verb = "streamGenerateContent" if streamed else "generateContent"
        return proxy.send(PORT, "POST", f"/v1beta/models/{alias}:{verb}", headers, json.dumps(BODIES[operation]).encode())
    body = {"model": alias, **BODIES[operation], **({"stream": True} if streamed else {})}
    return proxy.send(PORT, "POST", PATHS[operation], headers, json.dumps(body).encode())


def told(answer):
    """[status, message, type, param, notes]: the error that the answer holds, or how it ends."""
    body, status, notes = answer["body"], answer["status"], {}
    if answer.get("truncated"):
        notes["truncated"] = True
    if "text/event-stream" in dict((name.lower(), value) for name, value in answer["headers"]).get("content-type", ""):
        events = [event for event in body.split("\n\n") if event]
        found = [event for event in events if event.startswith(('data: {"error"', 'event: error', 'data: {"type": "error"', 'data: {"type":"error"', 'data: {"type":"response.failed"', "event: response.failed"))]
        notes["events"] = len(events)
        if not found:
            return [status, f"NO ERROR: {events[-1][:300] if events else ''}", None, None, notes]
        notes["last"] = events[-1] == found[0]
        name, _, text = found[0].rpartition("data: ")
        notes |= {"event": name.strip()} if name else {}
        body = text
    try:
        value = json.loads(body)
    except ValueError:
        return [status, f"RAW: {body[:300]}", None, None, notes]
    if isinstance(value, dict) and value.get("type") == "response.failed":
        notes["failed"] = True
        value = {"error": value["response"]["error"]}
    error = value.get("error") if isinstance(value, dict) else None
    if not isinstance(error, dict) or "message" not in error:
        return [status, f"NO ERROR: {body[:200]}" if status < 400 else f"RAW: {body[:500]}", None, None, notes]
    notes |= {name: value[name] for name in value if name != "error"} | {name: error[name] for name in error if name not in ("message", "type", "param") and (name != "code" or error[name] != str(status))}
    message = without_traceback(str(error["message"]))
    return [status, EXPLAINED.sub("§", message), error.get("type"), error.get("param"), *([notes] if notes else [])]


def record(place, operation, provider, flavour):
    upstream = BinaryUpstream(UPSTREAM_PORT + place)
    rows = {}
    try:
        for asked in (operation, f"{operation}+s") if operation != "embed" else (operation,):
            found = rows[asked] = {}
            for name, scene in scenes_for(asked, provider, flavour).items():
                upstream.play(scene)
                found[name] = attempt(operation, f"{operation}.{provider}", asked.endswith("+s"))
                if upstream.seen != 1:
                    found[name].append({"requests": upstream.seen})
            found["connection refused"] = attempt(operation, f"refused.{operation}.{provider}", asked.endswith("+s"))
    finally:
        upstream.stop()
    print(provider, operation, {asked: len(found) for asked, found in rows.items()}, flush=True)
    return provider, rows


def attempt(operation, alias, streamed):
    try:
        return told(ask(operation, alias, streamed))
    except Exception as failure:  # a dropped connection is a fact worth a row
        return [0, f"EXCEPTION: {type(failure).__name__}", None, None]


def write(path, value):
    """Two levels of an object spread over lines, the rest on one line each."""
    compact = lambda value: json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    parts = [f"{compact(name)}:{{\n" + ",\n".join(f"{compact(key)}:{compact(item)}" for key, item in items.items()) + "\n}" for name, items in value.items()]
    with open(path, "w") as file:
        file.write("{\n" + ",\n".join(parts) + "\n}\n")


def every_scene():
    every = {}
    for operation, provider, flavour, _ in every_lane():
        for asked in (operation, f"{operation}+s"):
            every |= scenes_for(asked, provider, flavour)
    for scene in every.values():
        if "events" in scene:
            scene["events"] = [shown(event) for event in scene["events"]]
    return every


def main():
    os.makedirs(OUT, exist_ok=True)
    folder = os.environ.get("RECORD_FOLDER") or tempfile.mkdtemp(prefix="failures-")
    tokens = Upstream(TOKEN_PORT)
    tokens.play(whole(200, {"access_token": "ya29.fake", "expires_in": 3600, "token_type": "Bearer"}))
    copilot = os.path.join(folder, "copilot")
    os.makedirs(copilot, exist_ok=True)
    with open(os.path.join(copilot, "access-token"), "w") as file:
        file.write("gho_x")
    with open(os.path.join(copilot, "api-key.json"), "w") as file:
        json.dump({"token": "t", "expires_at": 4000000000, "endpoints": {"api": "http://127.0.0.1:9"}}, file)
    by_provider = {}
    with proxy.litellm(proxy.write_config(folder, "config.yaml", config(folder)), PORT, os.path.join(folder, "litellm.log"), GITHUB_COPILOT_TOKEN_DIR=copilot, AWS_REGION="us-west-2"):
        with ThreadPoolExecutor(LANES_AT_ONCE) as pool:
            jobs = [pool.submit(record, place, operation, provider, flavour) for place, (operation, provider, flavour, _) in enumerate(lanes())]
            for job in jobs:
                provider, rows = job.result()
                by_provider.setdefault(provider, {}).update(rows)
    for provider, rows in by_provider.items():
        write(os.path.join(OUT, f"{provider}.json"), rows)
    write(os.path.join(OUT, "scenes.json"), {"scenes": every_scene()})
    tokens.stop()


if __name__ == "__main__":
    main()
