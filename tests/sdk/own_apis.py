"""Imitations of four providers' own APIs, each wanting its own key. Knows no gateway.

    python own_apis.py PORT

Answers 401 where the key or the signature is wrong, so that whatever works was shown the right one.
"""

import asyncio
import binascii
import hashlib
import hmac
import json
import struct
import sys
from urllib.parse import quote

from aiohttp import web

TEXT = "Hello from upstream! Zażółć 🚀"
AWS_KEY, AWS_SECRET, AWS_REGION = "AKIASCRIPTED", "provider-secret", "eu-central-1"
PIECES = [TEXT[:5], TEXT[5:12], TEXT[12:]]
CLOSED = {}


def plain(status, value, **headers):
    return web.json_response(value, status=status, headers={name.replace("_", "-"): text for name, text in headers.items()})


async def stream(request, content_type, chunks, end=True):
    answer = web.StreamResponse(headers={"content-type": content_type})
    await answer.prepare(request)
    for chunk in chunks:
        await answer.write(chunk)
        await asyncio.sleep(0.002)
    if end:
        await answer.write_eof()
    return answer


def event(value, name=None):
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(value)}\n\n".encode()


# --------------------------------------------------------------- Anthropic


async def anthropic(request, path, body):
    if request.headers.get("x-api-key") != "sk-ant-provider" or "authorization" in request.headers:
        return plain(401, {"type": "error", "error": {"type": "authentication_error", "message": "invalid x-api-key"}})
    if "anthropic-version" not in request.headers:
        return plain(400, {"type": "error", "error": {"type": "invalid_request_error", "message": "no version"}})
    body = json.loads(body)
    if body["model"] == "busy":
        error = {"type": "error", "error": {"type": "rate_limit_error", "message": "slow down"}, "request_id": "req_1"}
        return plain(429, error, retry_after="17", request_id="req_1", set_cookie="a=b")
    if path == "v1/messages/count_tokens":
        return plain(200, {"input_tokens": 21})
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": body["model"], "stop_sequence": None}
    usage = {"input_tokens": 21, "output_tokens": 13}
    if not body.get("stream"):
        content = [{"type": "text", "text": TEXT}]
        return plain(200, {**message, "content": content, "stop_reason": "end_turn", "usage": usage}, request_id="req_2")
    started = {**message, "content": [], "stop_reason": None, "usage": {**usage, "output_tokens": 1}}
    events = [("message_start", {"message": started})]
    events.append(("content_block_start", {"index": 0, "content_block": {"type": "text", "text": ""}}))
    events += [("content_block_delta", {"index": 0, "delta": {"type": "text_delta", "text": piece}}) for piece in PIECES]
    events.append(("content_block_stop", {"index": 0}))
    ended = {"delta": {"stop_reason": "end_turn", "stop_sequence": None}, "usage": {"output_tokens": 13}}
    events += [("message_delta", ended), ("message_stop", {})]
    return await stream(request, "text/event-stream", [event({"type": kind, **value}, kind) for kind, value in events])


# --------------------------------------------------------------- OpenAI


async def openai(request, path, body):
    if request.headers.get("authorization") != "Bearer sk-openai-provider":
        return plain(401, {"error": {"message": "wrong key", "type": "invalid_request_error", "code": "invalid_api_key"}})
    if path == "v1/files":
        reply = {"id": "file-1", "object": "file", "created_at": 1, "filename": "f", "purpose": "batch", "status": "processed"}
        return plain(200, {**reply, "bytes": len(body), "status_details": hashlib.sha256(body).hexdigest()})
    if path == "v1/files/file-1/content":
        return web.Response(body=bytes(range(256)) * 4096, content_type="application/octet-stream")
    if path == "v1/files/file-1":
        return plain(200, {"id": "file-1", "object": "file", "deleted": request.method == "DELETE"})
    if path == "v1/redirect":
        return web.Response(status=302, headers={"location": "http://127.0.0.1:1/elsewhere"})
    if path != "v1/chat/completions":
        return plain(404, {"error": {"message": f"no {path}", "type": "invalid_request_error", "code": None}})
    body = json.loads(body)
    base = {"id": "chatcmpl-1", "created": 1, "model": body["model"]}
    if not body.get("stream"):
        choice = {"index": 0, "message": {"role": "assistant", "content": TEXT}, "finish_reason": "stop"}
        usage = {"prompt_tokens": 21, "completion_tokens": 13, "total_tokens": 34}
        return plain(200, {**base, "object": "chat.completion", "choices": [choice], "usage": usage})
    base["object"] = "chat.completion.chunk"
    chunk = lambda text: event({**base, "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}]})
    if body["model"] != "endless":
        return await stream(request, "text/event-stream", [*map(chunk, PIECES), b"data: [DONE]\n\n"])
    CLOSED["endless"] = False
    try:
        await stream(request, "text/event-stream", (chunk("word ") for _ in range(100000)))
    finally:
        CLOSED["endless"] = True


# --------------------------------------------------------------- Gemini


async def gemini(request, path, body):
    if request.query.getall("key", []) != ["gemini-provider"] or "x-goog-api-key" in request.headers:
        return plain(400, {"error": {"code": 400, "message": "API key not valid", "status": "INVALID_ARGUMENT"}})
    if ":nothing" in path or "models/none" in path:
        return plain(404, {"error": {"code": 404, "message": "no such model", "status": "NOT_FOUND"}})
    usage = {"promptTokenCount": 21, "candidatesTokenCount": 13, "totalTokenCount": 34}
    answer = lambda text: {
        "candidates": [{"content": {"role": "model", "parts": [{"text": text}]}, "index": 0}], "usageMetadata": usage
    }
    if path.endswith(":streamGenerateContent"):
        assert request.query.get("alt") == "sse", request.query_string
        return await stream(request, "text/event-stream", [event(answer(piece)) for piece in PIECES])
    return plain(200, answer(TEXT))


# --------------------------------------------------------------- Bedrock


def signature_is_right(request, body):
    fields = dict(part.strip().split("=", 1) for part in request.headers["authorization"].partition(" ")[2].split(","))
    key, date, region, service, _ = fields["Credential"].split("/")
    if (key, region, service) != (AWS_KEY, AWS_REGION, "bedrock"):
        return False
    names = fields["SignedHeaders"].split(";")
    headers = "".join(f"{name}:{' '.join(request.headers[name].split())}\n" for name in names)
    path = quote(request.raw_path.partition("?")[0], safe="/-_.~")
    parts = [request.method, path, request.query_string, headers, ";".join(names), hashlib.sha256(body).hexdigest()]
    scope = f"{date}/{region}/{service}/aws4_request"
    digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()
    text = "\n".join(["AWS4-HMAC-SHA256", request.headers["x-amz-date"], scope, digest])
    secret = b"AWS4" + AWS_SECRET.encode()
    for part in scope.split("/"):
        secret = hmac.new(secret, part.encode(), hashlib.sha256).digest()
    return hmac.new(secret, text.encode(), hashlib.sha256).hexdigest() == fields["Signature"]


def frame(kind, value):
    headers = b""
    for name, text in ((":event-type", kind), (":content-type", "application/json"), (":message-type", "event")):
        headers += bytes([len(name)]) + name.encode() + b"\x07" + struct.pack(">H", len(text)) + text.encode()
    payload = json.dumps(value).encode()
    head = struct.pack(">II", 16 + len(headers) + len(payload), len(headers))
    head += struct.pack(">I", binascii.crc32(head))
    message = head + headers + payload
    return message + struct.pack(">I", binascii.crc32(message))


async def bedrock(request, path, body):
    if not signature_is_right(request, body):
        return plain(403, {"message": "the signature does not match"}, x_amzn_ErrorType="AccessDeniedException")
    path = request.raw_path.removeprefix("/bedrock/")
    _, model, action = path.split("/")
    usage = {"inputTokens": 21, "outputTokens": 13, "totalTokens": 34}
    if model == "throttled":
        return plain(429, {"message": "slow down"}, x_amzn_ErrorType="ThrottlingException")
    if action == "converse-stream":
        frames = [frame("messageStart", {"role": "assistant"})]
        frames += [frame("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": piece}}) for piece in PIECES]
        frames += [frame("messageStop", {"stopReason": "end_turn"}), frame("metadata", {"usage": usage})]
        return await stream(request, "application/vnd.amazon.eventstream", frames)
    if action == "invoke":
        return plain(200, {"model": model, "echo": json.loads(body)}, x_amzn_bedrock_input_token_count="21")
    message = {"role": "assistant", "content": [{"text": f"{model}: {TEXT}"}]}
    return plain(200, {"output": {"message": message}, "stopReason": "end_turn", "usage": usage, "metrics": {"latencyMs": 1}})


PROVIDERS = {"anthropic": anthropic, "openai": openai, "gemini": gemini, "bedrock": bedrock}


async def answer(request):
    body = await request.read()
    if b"sk-black-box" in body or "sk-black-box" in str(request.raw_headers) + request.raw_path:
        return plain(418, {"error": "the gateway's key came along"})
    if request.path == "/__closed":
        return plain(200, CLOSED)
    provider, _, path = request.path.lstrip("/").partition("/")
    return await PROVIDERS[provider](request, path, body)


async def main():
    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", int(sys.argv[1]))
    await site.start()
    print("listening on", site._server.sockets[0].getsockname()[1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
