#!/usr/bin/env python3
"""Records what LiteLLM sends to providers with wires of their own, and what it makes of their answers.

LiteLLM's own functions are called in this process, with its HTTP client's transport replaced: nothing is sent. The
provider's answers are canned below. Writes one fixture, replayed by `shared/wire/src/dialect/tests/recorded.rs`:

    python golden_dialects.py shared/wire/src/dialect/tests/recorded.json [name part …]

A row: {"name", "model", "settings", "operation", "body", "url", "sent", "headers", "raw" or "raw64", "answer" or "folded"},
or {"refused"} in the place of what was sent.
"""
import asyncio
import base64
import binascii
import json
import os
import pathlib
import struct
import sys

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
    os.environ[name] = "fake"
os.environ.update({"WATSONX_TOKEN": "fake", "WATSONX_PROJECT_ID": "p1", "AWS_REGION": "us-west-2"})

import httpx  # noqa: E402
import litellm  # noqa: E402

litellm.disable_aiohttp_transport = True
litellm.suppress_debug_info = True
SENT, CANNED = [], []


def reply(request: httpx.Request) -> httpx.Response:
    request.read()
    if request.url.host == "huggingface.co":
        return httpx.Response(404, text="no template", request=request)
    SENT.append(request)
    if not CANNED:
        return httpx.Response(500, text="nothing canned", request=request)
    raw, content_type = CANNED.pop(0) if len(CANNED) > 1 else CANNED[0]
    return httpx.Response(200, content=raw, headers={"content-type": content_type}, request=request)


class Whole(httpx.AsyncByteStream):
    def __init__(self, data):
        self.data = data

    async def __aiter__(self):
        yield self.data


async def handle_async(_transport, request):
    await request.aread()
    answer = reply(request)
    return httpx.Response(answer.status_code, headers=answer.headers, stream=Whole(answer.content), request=request)


httpx.AsyncHTTPTransport.handle_async_request = handle_async
httpx.HTTPTransport.handle_request = lambda _transport, request: reply(request)

TOOL = {"type": "function", "function": {"name": "get_weather", "description": "Get weather", "parameters": {"type": "object", "properties": {"city": {"type": "string", "description": "City"}, "unit": {"type": "string", "enum": ["c", "f"]}}, "required": ["city"], "additionalProperties": False}, "strict": True}}
USER = [{"role": "user", "content": "Hi"}]
TURNS = [
    {"role": "system", "content": "S"}, {"role": "user", "content": "w?"}, {"role": "user", "content": "again"},
    {"role": "assistant", "content": "Let me see", "tool_calls": [{"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": "{\"city\": \"Paris\"}"}}]},
    {"role": "tool", "tool_call_id": "call_1", "content": "22C"},
]
IMAGE = [{"role": "user", "content": [{"type": "text", "text": "What?"}, {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}]}]
CHATS = {
    "basic": {"messages": USER},
    "params": {"messages": USER, "temperature": 0.5, "max_tokens": 7, "top_p": 0.9, "stop": ["END"]},
    "max_completion_tokens": {"messages": USER, "max_completion_tokens": 9},
    "many": {"messages": USER, "seed": 3, "n": 2, "frequency_penalty": 0.1, "presence_penalty": 0.2},
    "tools": {"messages": USER, "tools": [TOOL], "tool_choice": "auto"},
    "tool_named": {"messages": USER, "tools": [TOOL], "tool_choice": {"type": "function", "function": {"name": "get_weather"}}},
    "turns": {"messages": TURNS, "tools": [TOOL]},
    "after_turns": {"messages": TURNS + [{"role": "user", "content": "And?"}], "tools": [TOOL]},
    "image": {"messages": IMAGE},
    "schema": {"messages": USER, "response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "object", "properties": {"x": {"type": "integer"}}}}}},
    "own": {"messages": USER, "top_k": 5},
    "stream": {"messages": USER, "stream": True},
    "stream_usage": {"messages": USER, "stream": True, "stream_options": {"include_usage": True}},
    "stream_tools": {"messages": USER, "tools": [TOOL], "stream": True, "stream_options": {"include_usage": True}},
}
LEFT_OUT = ("image", "after_turns", "tool_named", "many")
MOST = {name: body for name, body in CHATS.items() if name not in LEFT_OUT}
FEW = {name: CHATS[name] for name in ("basic", "params", "tools", "stream")}
USAGE = {"prompt_tokens": 21, "completion_tokens": 13, "total_tokens": 34}
CALL = {"id": "call_9", "type": "function", "function": {"name": "get_weather", "arguments": "{\"city\": \"Paris\"}"}}
J, SSE = "application/json", "text/event-stream"


def openai_answer(body):
    message = {"role": "assistant", "content": "Hello ż"}
    if "tools" in body:
        message = {"role": "assistant", "content": None, "tool_calls": [CALL]}
    finish = "tool_calls" if "tools" in body else "stop"
    return json.dumps({"id": "c1", "object": "chat.completion", "created": 1, "model": "m", "choices": [{"index": 0, "message": message, "finish_reason": finish}], "usage": USAGE}), J


def openai_chunks(body):
    head = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    said = [{"role": "assistant", "content": ""}]
    if "tools" in body:
        said += [{"tool_calls": [{"index": 0, **CALL, "function": {"name": "get_weather", "arguments": ""}}]}, {"tool_calls": [{"index": 0, "function": {"arguments": CALL["function"]["arguments"]}}]}]
    else:
        said += [{"content": "Hello"}, {"content": " ż"}]
    finish = "tool_calls" if "tools" in body else "stop"
    chunks = [{**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in said]
    return chunks + [{**head, "choices": [{"index": 0, "delta": {}, "finish_reason": finish}]}, {**head, "choices": [], "usage": USAGE}]


def openai_wire(body):
    if not body.get("stream"):
        return openai_answer(body)
    return "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in openai_chunks(body)) + "data: [DONE]\n\n", SSE


def aws_event(payload: bytes) -> bytes:
    def header(name, value):
        return bytes([len(name)]) + name.encode() + b"\x07" + struct.pack(">H", len(value)) + value.encode()
    headers = header(":message-type", "event") + header(":event-type", "PayloadPart") + header(":content-type", "application/octet-stream")
    prelude = struct.pack(">II", len(payload) + len(headers) + 16, len(headers))
    message = prelude + struct.pack(">I", binascii.crc32(prelude)) + headers + payload
    return message + struct.pack(">I", binascii.crc32(message))


def sagemaker_chat_wire(body):
    if not body.get("stream"):
        return openai_answer(body)
    parts = [f"data: {json.dumps(chunk)}\n\n" for chunk in openai_chunks(body)]
    middle = len(parts[1]) // 2
    parts[1:2] = [parts[1][:middle], parts[1][middle:]]
    return b"".join(aws_event(part.encode()) for part in parts), "application/vnd.amazon.eventstream"


def sagemaker_wire(body):
    if not body.get("stream"):
        return json.dumps([{"generated_text": "Hello ż"}]), J
    parts = [f"data: {json.dumps({'token': {'text': text}, 'generated_text': None})}\n\n" for text in ("Hello", " ż", "<|endoftext|>")]
    return b"".join(aws_event(part.encode()) for part in parts), "application/vnd.amazon.eventstream"


def watsonx_text_wire(body):
    result = {"generated_text": "Hello ż", "generated_token_count": 3, "input_token_count": 5, "stop_reason": "eos_token"}
    if not body.get("stream"):
        return json.dumps({"model_id": "m", "created_at": "2024-01-01T00:00:00Z", "results": [result]}), J
    steps = [{**result, "generated_text": "Hello", "stop_reason": "not_finished"}, {**result, "generated_text": " ż"}]
    return "".join(f"id: 1\nevent: message\ndata: {json.dumps({'results': [step]})}\n\n" for step in steps), SSE


def cohere_first_wire(body):
    calls = [{"name": "get_weather", "parameters": {"city": "Paris"}, "generation_id": "g"}] if "tools" in body else None
    meta = {"billed_units": {"input_tokens": 21, "output_tokens": 13}}
    whole = {"response_id": "r", "text": "" if calls else "Hello ż", "finish_reason": "COMPLETE", "meta": meta}
    if calls:
        whole["tool_calls"] = calls
    if not body.get("stream"):
        return json.dumps(whole), J
    lines = [{"is_finished": False, "event_type": "stream-start"}]
    if calls:
        lines.append({"is_finished": False, "event_type": "tool-calls-generation", "tool_calls": calls})
    else:
        lines += [{"is_finished": False, "event_type": "text-generation", "text": text} for text in ("Hello", " ż")]
    lines.append({"is_finished": True, "event_type": "stream-end", "finish_reason": "COMPLETE", "response": whole})
    return "".join(json.dumps(line) + "\n" for line in lines), "application/stream+json"


def cohere_wire(body):
    usage = {"billed_units": {"input_tokens": 20.0}, "tokens": {"input_tokens": 21.0, "output_tokens": 13.0}}
    if not body.get("stream"):
        message = {"role": "assistant", "content": [{"type": "text", "text": "Hello ż"}]}
        if "tools" in body:
            message = {"role": "assistant", "tool_plan": "I will", "tool_calls": [CALL]}
        return json.dumps({"id": "c", "finish_reason": "TOOL_CALL" if "tools" in body else "COMPLETE", "message": message, "usage": usage}), J
    events = [{"type": "message-start", "delta": {"message": {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": []}}}]
    if "tools" in body:
        events += [{"type": "tool-plan-delta", "delta": {"message": {"tool_plan": "I will"}}}, {"type": "tool-call-start", "index": 0, "delta": {"message": {"tool_calls": {**CALL, "function": {"name": "get_weather", "arguments": ""}}}}}, {"type": "tool-call-delta", "index": 0, "delta": {"message": {"tool_calls": {"function": {"arguments": CALL["function"]["arguments"]}}}}}, {"type": "tool-call-end", "index": 0}]
    else:
        events += [{"type": "content-start", "index": 0, "delta": {"message": {"content": {"type": "text", "text": ""}}}}]
        events += [{"type": "content-delta", "index": 0, "delta": {"message": {"content": {"text": text}}}} for text in ("Hello", " ż")]
    events.append({"type": "message-end", "delta": {"finish_reason": "TOOL_CALL" if "tools" in body else "COMPLETE", "usage": usage}})
    return "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events), SSE


def replicate_wire(body):
    return json.dumps({"id": "p1", "status": "succeeded", "output": ["Hello", " ż"], "urls": {"get": "https://api.replicate.com/v1/predictions/p1"}}), J


VECTORS = [[0.1, -0.25], [0.5, 1.0]]
RANKED = {"id": "r", "results": [{"index": 1, "relevance_score": 0.9}, {"index": 0, "relevance_score": 0.1}], "meta": {"billed_units": {"search_units": 1}}}


def canned(value):
    return lambda _body: (json.dumps(value), J)


def tei_wire(body):
    ranked = [{"index": 1, "score": 0.9, "text": "b"}, {"index": 0, "score": 0.1, "text": "a"}]
    return json.dumps(ranked if body.get("return_documents") else [{**one, "text": None} for one in ranked]), J


def openai_vectors(_body):
    return json.dumps({"object": "list", "model": "m", "data": [{"object": "embedding", "index": index, "embedding": vector} for index, vector in enumerate(VECTORS)], "usage": {"prompt_tokens": 6, "total_tokens": 6}}), J


EMBEDDINGS = {"text": {"input": "hello"}, "list": {"input": ["a", "b"]}, "dimensions": {"input": ["a", "b"], "dimensions": 2}, "own": {"input": ["a", "b"], "input_type": "query"}}
RERANKS = {"texts": {"query": "q", "documents": ["a", "b"], "top_n": 2}, "objects": {"query": "q", "documents": [{"text": "a"}, {"text": "b"}], "return_documents": True}, "bare": {"query": "q", "documents": ["a", "b"]}}

# name, model, settings of the deployment, operation, the provider's answers, its cases.
ROWS = [
    ("cohere", "cohere_chat/command-a-03-2025", {}, "chat", cohere_wire, CHATS),
    ("cohere first", "cohere_chat/v1/command-r", {}, "chat", cohere_first_wire, CHATS),
    ("huggingface", "huggingface/meta-llama/Llama-3.3-70B-Instruct", {}, "chat", openai_wire, MOST),
    ("huggingface endpoint", "huggingface/tgi", {"api_base": "https://x.endpoints.huggingface.cloud/v1/"}, "chat", openai_wire, FEW),
    ("sagemaker_chat", "sagemaker_chat/my-endpoint", {}, "chat", sagemaker_chat_wire, MOST),
    ("sagemaker_nova", "sagemaker_nova/my-endpoint", {}, "chat", sagemaker_chat_wire, FEW),
    ("sagemaker", "sagemaker/my-endpoint", {}, "chat", sagemaker_wire, MOST),
    ("watsonx", "watsonx/ibm/granite-3-8b-instruct", {"api_base": "https://us-south.ml.cloud.ibm.com"}, "chat", openai_wire, MOST),
    ("watsonx deployment", "watsonx/deployment/d1", {"api_base": "https://us-south.ml.cloud.ibm.com/"}, "chat", openai_wire, FEW),
    ("watsonx_text", "watsonx_text/ibm/granite-13b-chat-v2", {"api_base": "https://us-south.ml.cloud.ibm.com"}, "chat", watsonx_text_wire, CHATS),
    ("snowflake", "snowflake/mistral-7b", {"api_base": "https://acct.snowflakecomputing.com"}, "chat", openai_wire, MOST),
    ("replicate", "replicate/meta/meta-llama-3-8b-instruct", {}, "chat", replicate_wire, MOST),
    ("cohere embed", "cohere/embed-v4.0", {}, "embedding", canned({"embeddings": {"float": VECTORS}, "meta": {"billed_units": {"input_tokens": 6}}}), EMBEDDINGS),
    ("watsonx embed", "watsonx/ibm/slate-30m", {"api_base": "https://us-south.ml.cloud.ibm.com"}, "embedding", canned({"results": [{"embedding": vector} for vector in VECTORS], "input_token_count": 6}), EMBEDDINGS),
    ("snowflake embed", "snowflake/e5", {"api_base": "https://acct.snowflakecomputing.com"}, "embedding", openai_vectors, EMBEDDINGS),
    ("huggingface rerank", "huggingface/BAAI/bge-reranker-base", {"api_base": "https://x.hf.cloud"}, "rerank", tei_wire, RERANKS),
    ("nvidia rerank", "nvidia_nim/nvidia/llama-3.2-nv-rerankqa-1b-v2", {}, "rerank", canned({"rankings": [{"index": 1, "logit": 1.5}, {"index": 0, "logit": -2.0}], "usage": {"total_tokens": 9}}), RERANKS),
    ("nvidia ranking", "nvidia_nim/ranking/nvidia/llama-3.2-nv-rerankqa-1b-v2", {}, "rerank", canned({"rankings": [{"index": 1, "logit": 1.5}, {"index": 0, "logit": -2.0}]}), RERANKS),
    ("deepinfra rerank", "deepinfra/Qwen/Qwen3-Reranker-0.6B", {"api_base": "https://api.deepinfra.com/v1/openai"}, "rerank", canned({"scores": [0.1, 0.9], "input_tokens": 7, "request_id": "r"}), RERANKS),
    ("together rerank", "together_ai/Salesforce/Llama-Rank-V1", {}, "rerank", canned({**RANKED, "usage": {"prompt_tokens": 3, "completion_tokens": 0, "total_tokens": 3}}), RERANKS),
    ("watsonx rerank", "watsonx/cross-encoder/ms", {"api_base": "https://us-south.ml.cloud.ibm.com"}, "rerank", canned({"model_id": "m", "results": [{"index": 1, "score": 0.9}, {"index": 0, "score": 0.1}], "input_token_count": 4}), RERANKS),
    ("jina rerank", "jina_ai/jina-reranker-v2", {}, "rerank", canned({"model": "j", "results": RANKED["results"], "usage": {"total_tokens": 4}}), RERANKS),
    ("voyage rerank", "voyage/rerank-2", {}, "rerank", canned({"object": "list", "data": RANKED["results"], "model": "v", "usage": {"total_tokens": 4}}), RERANKS),
    ("infinity rerank", "infinity/rerank", {"api_base": "https://infinity"}, "rerank", canned({"id": "r", "results": [{"index": 1, "relevance_score": 0.9, "document": "b"}, {"index": 0, "relevance_score": 0.1, "document": "a"}], "usage": {"prompt_tokens": 3, "total_tokens": 3}}), RERANKS),
    ("fireworks rerank", "fireworks_ai/fireworks/qwen3-reranker-8b", {}, "rerank", canned({"object": "list", "model": "m", "data": RANKED["results"], "usage": {"prompt_tokens": 3, "completion_tokens": 0, "total_tokens": 3}}), RERANKS),
    ("hosted_vllm rerank", "hosted_vllm/bge", {"api_base": "https://vllm"}, "rerank", canned({"id": "r", "model": "m", "usage": {"total_tokens": 5}, "results": [{"index": 1, "document": {"text": "b"}, "relevance_score": 0.9}, {"index": 0, "document": {"text": "a"}, "relevance_score": 0.1}]}), RERANKS),
]


def plain(value):
    return json.loads(value.model_dump_json(exclude_none=True)) if hasattr(value, "model_dump_json") else value


def folded(chunks):
    """A stream as its sum."""
    sum_ = {"text": "", "reasoning": "", "tools": {}, "finish": None}
    for chunk in chunks:
        for choice in chunk.get("choices", []):
            delta = choice.get("delta", {})
            sum_["text"] += delta.get("content") or ""
            sum_["reasoning"] += delta.get("reasoning_content") or ""
            sum_["finish"] = choice.get("finish_reason") or sum_["finish"]
            for call in delta.get("tool_calls") or []:
                tool = sum_["tools"].setdefault(str(call["index"]), {"name": "", "arguments": ""})
                tool["name"] += call["function"].get("name") or ""
                tool["arguments"] += call["function"].get("arguments") or ""
        if chunk.get("usage"):
            sum_["usage"] = {name: chunk["usage"].get(name) for name in USAGE}
    return sum_


async def run(name, model, settings, operation, wire, case, body):
    SENT.clear()
    wants = dict(body, tools=body["tools"]) if "tools" in body else {key: value for key, value in body.items() if key != "tools"}
    CANNED[:] = [wire(wants)]
    raw, _ = CANNED[0]
    row = {"name": f"{name}: {case}", "model": model, "settings": settings, "operation": operation, "body": body}
    call = {"chat": litellm.acompletion, "embedding": litellm.aembedding, "rerank": litellm.arerank}[operation]
    try:
        # The proxy spells out that it wants no stream.
        said = {"stream": False, **body} if operation == "chat" else body
        answer = await call(model=model, api_key="fake", num_retries=0, **settings, **json.loads(json.dumps(said)))
        if body.get("stream"):
            row["folded"] = folded([plain(chunk) async for chunk in answer])
        else:
            row["answer"] = plain(answer)
    except Exception as error:  # noqa: BLE001
        if not SENT:
            row["refused"] = f"{type(error).__name__}: {error}"[:400]
            return row
        row["failed"] = f"{type(error).__name__}: {error}"[:300]
    posted = [request for request in SENT if request.method == "POST" and request.content[:1] in (b"{", b"[")]
    if not posted:
        row["refused"] = f"asked {SENT[-1].url}"
        return row
    request = posted[0]
    row["url"] = str(request.url)
    row["sent"] = json.loads(request.content)
    for wanted in ("x-amzn-sagemaker-inference-component", "x-snowflake-authorization-token-type", "prefer"):
        if wanted in request.headers:
            row.setdefault("headers", {})[wanted] = request.headers[wanted]
    if isinstance(raw, bytes):
        row["raw64"] = base64.b64encode(raw).decode()
    else:
        row["raw"] = raw
    return row


async def main(target, parts):
    rows = []
    for name, model, settings, operation, wire, cases in ROWS:
        if parts and not any(part in name for part in parts):
            continue
        for case, body in cases.items():
            rows.append(await run(name, model, settings, operation, wire, case, body))
    text = "[\n" + ",\n".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows) + "\n]\n"
    target.write_text(text)
    for row in rows:
        state = row.get("refused") or row.get("failed") or "ok"
        print(row["name"], row.get("url", ""), state[:150].replace("\n", " "))
    print(len(rows), "rows,", len(text.encode()), "bytes")


if __name__ == "__main__":
    asyncio.run(main(pathlib.Path(sys.argv[1]), sys.argv[2:]))
