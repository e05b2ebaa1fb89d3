"""Cohere's second version: chats, embeddings and rerankings. Knows OpenAI's rule of answered calls.

Fields: https://docs.cohere.com/reference/chat, /reference/embed, /reference/rerank.
"""

import json

import openai_chat
import script
from shape import check, filled, object_schema, tagged
from script import Asked

KEY = {"authorization": "Bearer cohere-key"}
TEXT = (str, [tagged("type", {"text": {"text!": str}})])
IMAGE = {"image_url!": {"url!": filled, "detail": {"auto", "low", "high"}}}
DOCUMENT = {"document!": {"data!": dict, "id": str}}
# `index` is what LiteLLM leaves in the calls it once answered.
CALL = {**openai_chat.CALL, "index": int}
MESSAGE = tagged(
    "role",
    {
        "system": {"content!": TEXT},
        "user": {"content!": (str, [tagged("type", {"text": {"text!": str}, "image_url": IMAGE})])},
        "assistant": {"content": (openai_chat.NULL, TEXT), "tool_calls": [CALL], "tool_plan": str},
        "tool": {
            "content!": (str, [tagged("type", {"text": {"text!": str}, "document": DOCUMENT})]),
            "tool_call_id!": filled,
        },
    },
)
# `strict` is what LiteLLM writes when it makes a chat of a response.
FUNCTION = {"name!": filled, "description": str, "parameters!": object_schema, "strict": bool}
BODY = {
    "model!": filled,
    "messages!": [MESSAGE],
    "stream": bool,
    "temperature": float,
    "max_tokens": int,
    "p": float,
    "k": int,
    "seed": int,
    "stop_sequences": [str],
    "frequency_penalty": float,
    "presence_penalty": float,
    "tools": [{"type!": {"function"}, "function!": FUNCTION}],
    "tool_choice": {"REQUIRED", "NONE"},
    "strict_tools": bool,
    "response_format": tagged("type", {"text": {}, "json_object": {"json_schema": object_schema}}),
    "thinking": {"type!": {"enabled", "disabled"}, "token_budget": int},
    "documents": list,
    "safety_mode": str,
}
EMBED = {
    "model!": filled,
    "texts": [str],
    "images": [str],
    "input_type!": {"search_document", "search_query", "classification", "clustering", "image"},
    "embedding_types": [{"float", "int8", "base64"}],
    "output_dimension": int,
    "truncate": str,
}
RERANK = {"model!": filled, "query!": str, "documents!": [str], "top_n": int, "max_tokens_per_doc": int, "priority": int}


def read(body, _path=None):
    check(body, BODY)
    turns = [openai_chat.turn(message) for message in body["messages"] if message["role"] != "system"]
    openai_chat.calls_are_answered(turns)
    return Asked(
        model=body["model"],
        turns=turns,
        tools=[tool["function"]["name"] for tool in body.get("tools", [])],
        forced=body.get("tool_choice") == "REQUIRED",
        schema=body.get("response_format", {}).get("json_schema"),
        thinking=body.get("thinking", {}).get("type") == "enabled",
        stream=body.get("stream", False),
    )


call_id = openai_chat.call_id
USAGE = {
    "billed_units": {"input_tokens": script.READ, "output_tokens": script.WRITTEN},
    "tokens": {"input_tokens": script.READ, "output_tokens": script.WRITTEN},
}
FINISHES = {"stop": "COMPLETE", "tool_calls": "TOOL_CALL", "length": "MAX_TOKENS"}


def answer(request, reply):
    message = {"role": "assistant"}
    content = [{"type": "thinking", "thinking": reply.thought}] if reply.thought else []
    if reply.text:
        content.append({"type": "text", "text": reply.text})
    if content:
        message["content"] = content
    if reply.calls:
        message["tool_plan"] = "I ask the tool."
        message["tool_calls"] = [openai_chat.function_call(call) for call in reply.calls]
    return {"id": "scripted", "finish_reason": FINISHES[reply.finish], "message": message, "usage": USAGE}


def event(kind, **fields):
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields}, ensure_ascii=False)}\n\n".encode()


def stream(request, reply):
    opened = {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": []}
    yield event("message-start", id="scripted", delta={"message": opened})
    if reply.text:
        yield event("content-start", index=0, delta={"message": {"content": {"type": "text", "text": ""}}})
        for piece in reply.pieces():
            yield event("content-delta", index=0, delta={"message": {"content": {"text": piece}}})
        yield event("content-end", index=0)
    for index, call in enumerate(reply.calls):
        whole = openai_chat.function_call(call)
        arguments = whole["function"]["arguments"]
        whole["function"]["arguments"] = ""
        yield event("tool-call-start", index=index, delta={"message": {"tool_calls": whole}})
        for begin in range(0, len(arguments), 5):
            added = {"function": {"arguments": arguments[begin : begin + 5]}}
            yield event("tool-call-delta", index=index, delta={"message": {"tool_calls": added}})
        yield event("tool-call-end", index=index)
    yield event("message-end", delta={"finish_reason": FINISHES[reply.finish], "usage": USAGE})
    yield b"data: [DONE]\n\n"


STREAM_TYPE = "text/event-stream"


def error(status, message=None):
    return {"id": "scripted", "message": message or f"failed with {status}"}, {}


def embeddings(body):
    check(body, EMBED)
    inputs = body.get("texts") or body.get("images") or []
    vectors = [[0.5 + position, -0.25, 0.125, 1.0] for position in range(len(inputs))]
    billed = {"billed_units": {"input_tokens": 9}, "api_version": {"version": "2"}}
    return {"id": "scripted", "embeddings": {"float": vectors}, "texts": inputs, "meta": billed, "response_type": "embeddings_by_type"}


def rankings(body):
    check(body, RERANK)
    order = list(reversed(range(len(body["documents"]))))[: body.get("top_n")]
    results = [{"index": index, "relevance_score": 0.9 - place / 10} for place, index in enumerate(order)]
    return {"id": "scripted", "results": results, "meta": {"api_version": {"version": "2"}, "billed_units": {"search_units": 1}}}
