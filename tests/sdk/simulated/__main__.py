"""Imitations of model providers that take nothing they do not document. Knows no gateway.

    python simulated PORT        0 takes a free port; the first line printed is `listening on PORT`

Each provider has a path of its own (/openai, /anthropic, …) and wants its own key. What a model says is in script.py,
what each provider takes and how it says it in the file of its name. Streams are cut where it hurts: inside lines,
inside characters, inside frames. `GET /__left` tells how many endless streams were left by their caller, `GET /__last`
the body of the last request.
"""

import asyncio
import base64
import itertools
import json
import struct
import sys

from aiohttp import web

import anthropic_messages
import bedrock_converse
import cohere_chat
import gemini_generate
import mistral_chat
import ollama_chat
import openai_chat
import openai_responses
import script
from shape import Refused, check

BODY_BYTES_MAX = 16 * 1024 * 1024
SLOW_S = 20
CUT_SIZES = [1, 7, 64, 3, 300, 19]
# Which file answers a path: (beginning, end, file).
ROUTES = [
    ("openai/v1/chat/completions", "", openai_chat),
    ("openai/v1/responses", "", openai_responses),
    ("mistral/v1/chat/completions", "", mistral_chat),
    ("anthropic/v1/messages", "", anthropic_messages),
    ("gemini/v1beta/models/", ":generateContent", gemini_generate),
    ("gemini/v1beta/models/", ":streamGenerateContent", gemini_generate),
    ("bedrock/model/", "/converse", bedrock_converse),
    ("bedrock/model/", "/converse-stream", bedrock_converse),
    ("bedrock/model/", "/invoke", bedrock_converse),
    ("bedrock/model/", "/invoke-with-response-stream", bedrock_converse),
    ("ollama/api/chat", "", ollama_chat),
    ("cohere/v2/chat", "", cohere_chat),
]
STATE = {"left": 0, "last": None}


def plain(value, status=200, headers=None):
    return web.json_response(value, status=status, headers=headers, dumps=lambda body: json.dumps(body, ensure_ascii=False))


def failure(provider, status, message=None):
    body, headers = provider.error(status, message)
    if status == 429:
        headers = {**headers, "retry-after": "7"}
    return plain(body, status, headers)


def vectors(inputs):
    return [[0.5 + position, -0.25, 0.125, 1.0] for position in range(len(inputs))]


def openai_embeddings(body):
    known = {"model!": str, "input!": (str, [str]), "encoding_format": {"float", "base64"}, "dimensions": int, "user": str}
    check(body, known)
    packed = body.get("encoding_format") == "base64"
    inputs = [body["input"]] if isinstance(body["input"], str) else body["input"]
    shown = [base64.b64encode(struct.pack("<4f", *vector)).decode() if packed else vector for vector in vectors(inputs)]
    data = [{"object": "embedding", "index": n, "embedding": vector} for n, vector in enumerate(shown)]
    return {"object": "list", "data": data, "model": body["model"], "usage": {"prompt_tokens": 9, "total_tokens": 9}}


def gemini_embeddings(body):
    check(body, {"requests!": [{"model!": str, "content!": {"parts!": [{"text!": str}], "role": str}, "outputDimensionality": int}]})
    return {"embeddings": [{"values": vector} for vector in vectors(body["requests"])]}


def ollama_embeddings(body):
    check(body, {"model!": str, "input!": (str, [str]), "truncate": bool, "options": dict, "dimensions": int})
    inputs = [body["input"]] if isinstance(body["input"], str) else body["input"]
    return {"model": body["model"], "embeddings": vectors(inputs), "prompt_eval_count": 9}


def token_count(body):
    asked = {name: rule for name, rule in anthropic_messages.BODY.items() if name in ("model!", "messages!", "system", "tools")}
    check(body, asked)
    return {"input_tokens": script.READ}


# Answers that are never streamed: (end of the path, provider, function).
WHOLE = [
    ("openai/v1/embeddings", openai_chat, openai_embeddings),
    (":batchEmbedContents", gemini_generate, gemini_embeddings),
    ("ollama/api/embed", ollama_chat, ollama_embeddings),
    ("cohere/v2/embed", cohere_chat, cohere_chat.embeddings),
    ("cohere/v2/rerank", cohere_chat, cohere_chat.rankings),
    ("anthropic/v1/messages/count_tokens", anthropic_messages, token_count),
]


# --------------------------------------------------------------- streams


def cut(chunks):
    """The same bytes in other pieces."""
    whole = b"".join(chunks)
    position = 0
    for size in itertools.cycle(CUT_SIZES):
        if position >= len(whole):
            return
        yield whole[position : position + size]
        position += size


async def send_stream(request, provider, asked, said):
    answer = web.StreamResponse(headers={"content-type": provider.STREAM_TYPE})
    await answer.prepare(request)
    pieces = list(cut(provider.stream(asked, said)))
    if script.asked_for(asked, "#cut"):
        for piece in pieces[: len(pieces) * 2 // 3]:
            await answer.write(piece)
        await asyncio.sleep(0.05)
        request.transport.abort()
        return answer
    for piece in pieces:
        await answer.write(piece)
        await asyncio.sleep(0)
    await answer.write_eof()
    return answer


async def send_endless(request, provider, asked):
    """Says a word every 10 ms until the caller is gone."""
    answer = web.StreamResponse(headers={"content-type": provider.STREAM_TYPE})
    await answer.prepare(request)
    chunks = list(provider.stream(asked, script.Reply("word " * 20_000)))
    try:
        for chunk in chunks:
            await answer.write(chunk)
            await asyncio.sleep(0.01)
    finally:
        STATE["left"] += 1
    return answer


# --------------------------------------------------------------- requests


def right_key(request, provider):
    if provider is bedrock_converse:
        return "/bedrock/aws4_request" in request.headers.get("authorization", "")
    return all(request.headers.get(name) == value for name, value in provider.KEY.items())


async def generate(request, provider, body, path):
    asked = provider.read(body, path)
    status = script.status_asked(asked)
    if status:
        return failure(provider, status)
    if script.asked_for(asked, "#slow"):
        await asyncio.sleep(SLOW_S)
    if asked.stream and script.asked_for(asked, "#endless"):
        return await send_endless(request, provider, asked)
    said = script.reply(asked, provider.call_id)
    if asked.stream:
        return await send_stream(request, provider, asked, said)
    return plain(provider.answer(asked, said))


def control(path):
    return plain({"left": STATE["left"]}) if path == "__left" else plain(STATE["last"])


async def answer(request):
    path = request.raw_path.partition("?")[0].lstrip("/")
    if path.startswith("__"):
        return control(path)
    whole = next((row for row in WHOLE if path.endswith(row[0])), None)
    route = next((row for row in ROUTES if path.startswith(row[0]) and path.endswith(row[1])), None)
    if not whole and not route:
        print("no such path:", request.method, request.raw_path, flush=True)
        return plain({"error": f"no such path: {path}"}, 404)
    provider = whole[1] if whole else route[2]
    if not right_key(request, provider):
        return failure(provider, 401)
    try:
        body = STATE["last"] = json.loads(await request.read())
        if whole:
            return plain(whole[2](body))
        return await generate(request, provider, body, path.partition("/")[2])
    except Refused as refused:
        print("refused:", path, refused, json.dumps(STATE["last"], ensure_ascii=False), flush=True)
        return failure(provider, refused.status, str(refused))


async def main():
    app = web.Application(client_max_size=BODY_BYTES_MAX)
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, handler_cancellation=True)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", int(sys.argv[1]))
    await site.start()
    print("listening on", runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
