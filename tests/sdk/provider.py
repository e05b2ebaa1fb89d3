"""A scripted provider that speaks OpenAI's HTTP API, for the SDK sessions. Knows no gateway.

    python3 provider.py PORT        0 takes a free port; the first line printed is `listening on PORT`

What it answers depends on the request alone, mostly on the model's name:

    NAME-429            any three digits at the end: that status, with an error body like OpenAI's
    NAME-endless        a stream that never ends, one chunk every 10 ms
    NAME-tools          a tool call, then a sentence once the tool's result is among the messages
    anything else       one fixed answer, whole or streamed

Endless streams are watched. `GET /__closed?tag=TAG`, where TAG is the last user message of the stream's request,
tells whether the caller hung up and how many milliseconds ago:

    {"started": true, "closed": true, "closed_ms_ago": 12.5, "chunks": 40}

Standard library only.
"""

import asyncio
import base64
import hashlib
import json
import re
import struct
import sys
import time
from urllib.parse import parse_qs, urlsplit

TEXT = 'Hello from upstream! Zażółć 🚀 "quoted"\n2nd line'
USAGE = {
    "prompt_tokens": 21,
    "completion_tokens": 13,
    "total_tokens": 34,
    "prompt_tokens_details": {"cached_tokens": 4, "audio_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
}
TOOL_ARGUMENTS = '{"city": "Kraków", "unit": "celsius"}'
IMAGE = base64.b64encode(b"an image, as far as this provider can tell").decode()
SPEECH = b"".join(hashlib.sha256(struct.pack(">I", number)).digest() for number in range(4096))
ERRORS = {
    400: ("invalid_request_error", "the request is not valid", "bad_value"),
    401: ("invalid_request_error", "Incorrect API key provided", "invalid_api_key"),
    403: ("permission_error", "not allowed for this project", "forbidden"),
    404: ("invalid_request_error", "The model does not exist", "model_not_found"),
    409: ("conflict_error", "the resource is busy", "conflict"),
    422: ("invalid_request_error", "the value cannot be processed", "unprocessable"),
    429: ("rate_limit_error", "Rate limit reached for requests", "rate_limit_exceeded"),
    500: ("server_error", "The server had an error", "server_error"),
    503: ("server_error", "The engine is currently overloaded", "overloaded"),
}
HEADERS_BYTES_MAX = 64 * 1024
BODY_BYTES_MAX = 64 * 1024 * 1024

# tag -> what is known of its endless stream
STREAMS = {}


# --------------------------------------------------------------- reading


class Request:
    def __init__(self, method, target, headers, body):
        url = urlsplit(target)
        self.method, self.path, self.query = method, url.path, parse_qs(url.query)
        self.headers, self.body = headers, body


async def read_request(reader):
    """The next request of a connection, or None at its end."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    lines = head.decode("latin-1").split("\r\n")
    method, target, _ = lines[0].split(" ", 2)
    headers = {}
    for line in lines[1:]:
        name, _, value = line.partition(":")
        if name:
            headers[name.lower()] = value.strip()
    if headers.get("transfer-encoding", "").lower() == "chunked":
        body = await read_chunks(reader)
    else:
        body = await reader.readexactly(min(int(headers.get("content-length", "0")), BODY_BYTES_MAX))
    return Request(method, target, headers, body)


async def read_chunks(reader):
    parts = []
    while True:
        size = int((await reader.readline()).split(b";")[0], 16)
        parts.append(await reader.readexactly(size))
        await reader.readline()
        if size == 0:
            return b"".join(parts)


def multipart_fields(request):
    """[(name, filename or None, bytes)] of a multipart form."""
    boundary = re.search(r'boundary="?([^";]+)', request.headers.get("content-type", ""))
    if not boundary:
        return []
    fields = []
    for part in request.body.split(b"--" + boundary[1].encode()):
        head, found, content = part.partition(b"\r\n\r\n")
        name = re.search(rb'[; ]name="?([^";\r\n]*)', head)
        if found and name:
            filename = re.search(rb'filename="?([^";\r\n]*)', head)
            fields.append((name[1].decode(), filename and filename[1].decode(), content.removesuffix(b"\r\n")))
    return fields


# --------------------------------------------------------------- writing


def send_head(writer, status, content_type, extra=()):
    lines = [f"HTTP/1.1 {status} Scripted", f"content-type: {content_type}", "x-request-id: req_scripted", *extra]
    writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())


def send_whole(writer, body, status=200, content_type="application/json", extra=()):
    send_head(writer, status, content_type, [f"content-length: {len(body)}", *extra])
    writer.write(body)


def send_json(writer, value, status=200, extra=()):
    send_whole(writer, json.dumps(value, ensure_ascii=False).encode(), status, extra=extra)


def send_error(writer, status):
    kind, message, code = ERRORS.get(status, ("server_error", f"status {status}", "unknown"))
    extra = ["retry-after: 7"] if status == 429 else []
    send_json(writer, {"error": {"message": message, "type": kind, "param": None, "code": code}}, status, extra)


def send_chunk(writer, data):
    writer.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")


def send_event(writer, value):
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    send_chunk(writer, f"data: {text}\n\n".encode())


# --------------------------------------------------------------- chat


def completion(model, message, finish):
    return {
        "id": "chatcmpl-scripted",
        "object": "chat.completion",
        "created": 1764000000,
        "model": model,
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": finish}],
        "usage": USAGE,
        "system_fingerprint": "fp_scripted",
    }


def chunk(model, delta, finish=None):
    return {
        "id": "chatcmpl-scripted",
        "object": "chat.completion.chunk",
        "created": 1764000000,
        "model": model,
        "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}],
        "system_fingerprint": "fp_scripted",
    }


def tool_call():
    return {"id": "call_scripted", "type": "function", "function": {"name": "weather", "arguments": TOOL_ARGUMENTS}}


def chat_message(body):
    """The message that answers, and why it finished."""
    messages = body.get("messages") or []
    results = [message for message in messages if message.get("role") == "tool"]
    if body["model"].endswith("-tools") and not results:
        return {"role": "assistant", "content": None, "tool_calls": [tool_call()]}, "tool_calls"
    if results:
        return {"role": "assistant", "content": f"The tool said: {results[-1]['content']}"}, "stop"
    return {"role": "assistant", "content": TEXT, "refusal": None}, "stop"


def deltas(message):
    """A message cut the way a stream brings it."""
    yield {"role": "assistant", "content": "" if message["content"] else None}
    for call in message.get("tool_calls", []):
        head = {"index": 0, **call, "function": {"name": call["function"]["name"], "arguments": ""}}
        yield {"tool_calls": [head]}
        for piece in re.findall(".{1,5}", call["function"]["arguments"]):
            yield {"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}
    for piece in re.findall(r"(?s).{1,6}", message["content"] or ""):
        yield {"content": piece}


async def chat(request, reader, writer):
    body = json.loads(request.body)
    message, finish = chat_message(body)
    if not body.get("stream"):
        return send_json(writer, completion(body["model"], message, finish))
    send_head(writer, 200, "text/event-stream; charset=utf-8", ["transfer-encoding: chunked"])
    if body["model"].endswith("-endless"):
        return await endless(body, reader, writer)
    for delta in deltas(message):
        send_event(writer, chunk(body["model"], delta))
        await writer.drain()
        # One write a chunk: the other side must see them apart.
        await asyncio.sleep(0.001)
    send_event(writer, chunk(body["model"], {}, finish))
    if (body.get("stream_options") or {}).get("include_usage"):
        send_event(writer, {**chunk(body["model"], {}), "choices": [], "usage": USAGE})
    send_event(writer, "[DONE]")
    send_chunk(writer, b"")


async def endless(body, reader, writer):
    """Streams until the caller is gone; hears of it by the end of its sending side."""
    tag = str(body["messages"][-1]["content"])
    known = STREAMS[tag] = {"chunks": 0, "closed_at": None}
    gone = asyncio.ensure_future(reader.read(1))
    try:
        while not gone.done():
            known["chunks"] += 1
            send_event(writer, chunk(body["model"], {"content": f"word{known['chunks']} "}))
            await writer.drain()
            await asyncio.wait([gone], timeout=0.01)
    except ConnectionError:
        pass
    finally:
        known["closed_at"] = time.monotonic()
        gone.cancel()
        writer.close()


def send_closed(request, writer):
    known = STREAMS.get(request.query.get("tag", [""])[0])
    if known is None:
        return send_json(writer, {"started": False, "closed": False, "closed_ms_ago": None, "chunks": 0})
    closed_at = known["closed_at"]
    ago = None if closed_at is None else (time.monotonic() - closed_at) * 1000
    return send_json(
        writer, {"started": True, "closed": ago is not None, "closed_ms_ago": ago, "chunks": known["chunks"]}
    )


# --------------------------------------------------------------- the rest


def send_text_completion(request, writer):
    body = json.loads(request.body)
    choice = {"index": 0, "text": TEXT, "logprobs": None, "finish_reason": "stop"}
    answer = {"id": "cmpl-scripted", "object": "text_completion", "created": 1764000000, "model": body["model"]}
    send_json(writer, {**answer, "choices": [choice], "usage": USAGE})


def vector(position):
    return [0.5 + position, -0.25, 0.125, 1.0]


def send_embeddings(request, writer):
    body = json.loads(request.body)
    inputs = body["input"] if isinstance(body["input"], list) else [body["input"]]
    packed = body.get("encoding_format") == "base64"
    data = []
    for position in range(len(inputs)):
        numbers = vector(position)
        value = base64.b64encode(struct.pack("<4f", *numbers)).decode() if packed else numbers
        data.append({"object": "embedding", "index": position, "embedding": value})
    usage = {"prompt_tokens": 9, "total_tokens": 9}
    send_json(writer, {"object": "list", "data": data, "model": body["model"], "usage": usage})


def send_images(request, writer):
    body = json.loads(request.body)
    data = [{"b64_json": IMAGE, "revised_prompt": body["prompt"]} for _ in range(body.get("n") or 1)]
    usage = {
        "total_tokens": 12,
        "input_tokens": 5,
        "output_tokens": 7,
        "input_tokens_details": {"text_tokens": 5, "image_tokens": 0},
    }
    send_json(writer, {"created": 1764000000, "data": data, "usage": usage})


def send_transcription(request, writer):
    """Tells what arrived: the names of the fields, the file's name, size and digest."""
    fields = multipart_fields(request)
    names = ",".join(sorted({name for name, _, _ in fields}))
    _, filename, content = next((field for field in fields if field[1] is not None), ("", "", b""))
    digest = hashlib.sha256(content).hexdigest()
    send_json(writer, {"text": f"fields={names} file={filename} bytes={len(content)} sha256={digest}"})


def send_moderation(request, writer):
    body = json.loads(request.body)
    flagged = "hate" in json.dumps(body["input"])
    result = {
        "flagged": flagged,
        "categories": {"hate": flagged, "violence": False},
        "category_scores": {"hate": 0.9 if flagged else 0.01, "violence": 0.01},
    }
    send_json(writer, {"id": "modr-scripted", "model": body["model"], "results": [result]})


def send_rerank(request, writer):
    body = json.loads(request.body)
    ranked = reversed(range(len(body["documents"])))
    results = [{"index": index, "relevance_score": 0.9 - place / 10} for place, index in enumerate(ranked)]
    meta = {"api_version": {"version": "2"}, "billed_units": {"search_units": 1}}
    send_json(writer, {"id": "rerank-scripted", "results": results, "meta": meta})


ROUTES = [
    ("/embeddings", send_embeddings),
    ("/images/generations", send_images),
    ("/audio/speech", lambda _, writer: send_whole(writer, SPEECH, content_type="audio/mpeg")),
    ("/audio/transcriptions", send_transcription),
    ("/moderations", send_moderation),
    ("/rerank", send_rerank),
]


def scripted_status(request):
    """The status that the model's name asks for, if it does."""
    found = re.search(rb'"model"\s*:\s*"[^"]*-(\d{3})"', request.body)
    return int(found[1]) if found else None


async def answer(request, reader, writer):
    status = scripted_status(request)
    if request.path == "/__closed":
        return send_closed(request, writer)
    if status:
        return send_error(writer, status)
    if request.path.endswith("/chat/completions"):
        return await chat(request, reader, writer)
    if request.path.endswith("/completions"):
        return send_text_completion(request, writer)
    for path, route in ROUTES:
        if request.path.endswith(path):
            return route(request, writer)
    return send_error(writer, 404)


async def serve_connection(reader, writer):
    try:
        while request := await read_request(reader):
            await answer(request, reader, writer)
            await writer.drain()
    except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError, KeyError) as failure:
        print("connection dropped:", repr(failure), file=sys.stderr, flush=True)
    finally:
        writer.close()


async def main():
    server = await asyncio.start_server(serve_connection, "127.0.0.1", int(sys.argv[1]), limit=HEADERS_BYTES_MAX)
    print("listening on", server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
