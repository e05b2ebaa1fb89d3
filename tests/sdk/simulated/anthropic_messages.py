"""Anthropic's Messages. Knows no other provider.

Fields: https://docs.claude.com/en/api/messages; thinking and its signatures: .../build-with-claude/extended-thinking.
"""

import json

import script
from shape import Refused, check, decoded, filled, object_schema, strict_schema, tagged
from script import Asked, Turn

KEY = {"x-api-key": "sk-ant"}
ERRORS = {
    400: ("invalid_request_error", "the request is not valid"),
    401: ("authentication_error", "invalid x-api-key"),
    403: ("permission_error", "not allowed"),
    404: ("not_found_error", "model: none"),
    413: ("request_too_large", "too large"),
    429: ("rate_limit_error", "slow down"),
    500: ("api_error", "Internal server error"),
    529: ("overloaded_error", "Overloaded"),
}
CACHE = {"type!": {"ephemeral"}, "ttl": {"5m", "1h"}}
TEXT = {"text!": filled, "cache_control": CACHE}
SOURCE = tagged("type", {"base64": {"media_type!": filled, "data!": filled}, "url": {"url!": filled}})
IMAGE = {"source!": SOURCE, "cache_control": CACHE}
RESULT = {
    "tool_use_id!": filled,
    "content": (str, [tagged("type", {"text": TEXT, "image": IMAGE})]),
    "is_error": bool,
    "cache_control": CACHE,
}
THINKING = {"thinking!": str, "signature!": filled}
USE = {"id!": filled, "name!": filled, "input!": dict, "cache_control": CACHE}
MESSAGE = tagged(
    "role",
    {
        "user": {"content!": (filled, [tagged("type", {"text": TEXT, "image": IMAGE, "tool_result": RESULT})])},
        "assistant": {
            "content!": (
                filled,
                [tagged("type", {"text": TEXT, "tool_use": USE, "thinking": THINKING, "redacted_thinking": {"data!": str}})],
            )
        },
    },
)
TOOL = {
    "name!": filled,
    "type": {"custom"},
    "description": str,
    "input_schema!": object_schema,
    "strict": bool,
    "cache_control": CACHE,
    "eager_input_streaming": bool,
}
ONE_CALL = {"disable_parallel_tool_use": bool}
CHOICE = tagged("type", {"auto": ONE_CALL, "any": ONE_CALL, "none": {}, "tool": {"name!": filled, **ONE_CALL}})
FORMAT = {"type!": {"json_schema"}, "schema!": object_schema}
BODY = {
    "model!": filled,
    "max_tokens!": int,
    "messages!": [MESSAGE],
    "system": (str, [tagged("type", {"text": TEXT})]),
    "stream": bool,
    "temperature": float,
    "top_p": float,
    "top_k": int,
    "stop_sequences": [str],
    "tools": [TOOL],
    "tool_choice": CHOICE,
    "thinking": tagged(
        "type",
        {"enabled": {"budget_tokens!": int}, "disabled": {}, "adaptive": {"display": {"summarized", "omitted"}}},
    ),
    "metadata": {"user_id": str},
    "output_format": FORMAT,
    "output_config": {"effort": {"low", "medium", "high", "max"}, "format": FORMAT},
    "service_tier": str,
    "cache_control": CACHE,
}


def read(body, _path=None):
    check(body, BODY)
    thinking = body.get("thinking", {}).get("type") in ("enabled", "adaptive")
    if thinking and body["thinking"].get("budget_tokens", 0) >= body["max_tokens"]:
        raise Refused("`max_tokens` must be greater than `thinking.budget_tokens`")
    forced = body.get("tool_choice", {}).get("type") in ("any", "tool")
    if thinking and forced:
        raise Refused("Thinking may not be enabled when tool_choice forces tool use.")
    if thinking and body.get("temperature", 1) != 1:
        raise Refused("`temperature` may only be set to 1 when thinking is enabled.")
    if "tool_choice" in body and not body.get("tools"):
        raise Refused("tool_choice may only be specified while providing tools")
    turns = [turn(message) for message in body["messages"]]
    if turns[0].role != "user":
        raise Refused("messages: first message must use the \"user\" role")
    calls_are_answered(turns)
    if thinking:
        thoughts_come_back(body["messages"])
    schema = body.get("output_format") or body.get("output_config", {}).get("format")
    if schema:
        strict_schema(close_of(schema["schema"]), "output_format.schema")
    return Asked(
        model=body["model"],
        turns=turns,
        tools=[tool["name"] for tool in body.get("tools", [])],
        forced=forced,
        schema=schema,
        thinking=thinking,
        stream=body.get("stream", False),
    )


def close_of(schema):
    """Anthropic wants objects closed, but takes optional properties."""
    if isinstance(schema, list):
        return [close_of(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {name: close_of(inner) for name, inner in schema.items()}
    return {**kept, "required": list(kept.get("properties", {}))} if kept.get("type") == "object" else kept


def turn(message):
    read_turn = Turn(message["role"])
    blocks = message["content"]
    for block in [{"type": "text", "text": blocks}] if isinstance(blocks, str) else blocks:
        if block["type"] == "text":
            read_turn.text += block["text"]
        elif block["type"] == "image":
            data = decoded(block["source"]["data"])
            read_turn.images.append((block["source"]["media_type"], data))
        elif block["type"] == "tool_use":
            read_turn.calls.append(script.Call(block["id"], block["name"], block["input"]))
        elif block["type"] == "tool_result":
            told = block.get("content", "")
            text = told if isinstance(told, str) else "".join(part.get("text", "") for part in told)
            read_turn.results.append((block["tool_use_id"], None, text))
        elif block["type"] == "thinking" and block["signature"] != script.SIGNATURE:
            raise Refused("Invalid `signature` in `thinking` block")
    return read_turn


def calls_are_answered(turns):
    """Every call gets its result in the very next message, and no result comes without its call."""
    wanted = []
    for each in turns:
        told = [result[0] for result in each.results]
        if sorted(told) != sorted(wanted):
            raise Refused(f"`tool_use` ids {wanted} want their `tool_result` in the next message, got {told}")
        wanted = [call.id for call in each.calls]
        if len(set(wanted)) < len(wanted):
            raise Refused("messages: `tool_use` ids must be unique")


def thoughts_come_back(messages):
    """While a turn with tools goes on, its assistant messages must begin with their thoughts."""
    last = next((message for message in reversed(messages) if message["role"] == "assistant"), None)
    if last is None or messages[-1]["role"] != "user" or isinstance(last["content"], str):
        return
    kinds = [block["type"] for block in last["content"]]
    if "tool_use" in kinds and kinds[0] not in ("thinking", "redacted_thinking"):
        raise Refused("Expected `thinking` or `redacted_thinking`, but found `tool_use`.")


def call_id(number):
    return f"toolu_scripted{number}"


def usage(written):
    return {
        "input_tokens": script.READ - script.CACHED - script.CACHE_WRITTEN,
        "cache_creation_input_tokens": script.CACHE_WRITTEN,
        "cache_read_input_tokens": script.CACHED,
        "cache_creation": {"ephemeral_5m_input_tokens": script.CACHE_WRITTEN, "ephemeral_1h_input_tokens": 0},
        "output_tokens": written,
        "service_tier": "standard",
    }


STOPS = {"stop": "end_turn", "tool_calls": "tool_use", "length": "max_tokens"}


def blocks_of(reply):
    blocks = []
    if reply.thought:
        blocks.append({"type": "thinking", "thinking": reply.thought, "signature": script.SIGNATURE})
    if reply.text:
        blocks.append({"type": "text", "text": reply.text})
    return blocks + [{"type": "tool_use", "id": call.id, "name": call.name, "input": call.arguments} for call in reply.calls]


def envelope(request, content, stop, written):
    return {
        "id": "msg_scripted",
        "type": "message",
        "role": "assistant",
        "model": request.model,
        "content": content,
        "stop_reason": stop,
        "stop_sequence": None,
        "usage": usage(written),
    }


def answer(request, reply):
    return envelope(request, blocks_of(reply), STOPS[reply.finish], script.WRITTEN)


def event(kind, **fields):
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields}, ensure_ascii=False)}\n\n".encode()


def deltas(block):
    """The empty block that opens it, and what is added to it."""
    if block["type"] == "text":
        pieces = script.Reply(block["text"]).pieces()
        return {**block, "text": ""}, [{"type": "text_delta", "text": piece} for piece in pieces]
    if block["type"] == "thinking":
        pieces = script.Reply(block["thinking"]).pieces()
        added = [{"type": "thinking_delta", "thinking": piece} for piece in pieces]
        return {**block, "thinking": "", "signature": ""}, [*added, {"type": "signature_delta", "signature": block["signature"]}]
    arguments = json.dumps(block["input"], ensure_ascii=False)
    pieces = ["", *(arguments[start : start + 5] for start in range(0, len(arguments), 5))]
    return {**block, "input": {}}, [{"type": "input_json_delta", "partial_json": piece} for piece in pieces]


def stream(request, reply):
    yield event("message_start", message=envelope(request, [], None, 1))
    yield event("ping")
    for index, block in enumerate(blocks_of(reply)):
        opened, added = deltas(block)
        yield event("content_block_start", index=index, content_block=opened)
        for delta in added:
            yield event("content_block_delta", index=index, delta=delta)
        yield event("ping")
        yield event("content_block_stop", index=index)
    ended = {"stop_reason": STOPS[reply.finish], "stop_sequence": None}
    yield event("message_delta", delta=ended, usage={"output_tokens": script.WRITTEN})
    yield event("message_stop")


STREAM_TYPE = "text/event-stream; charset=utf-8"


def error(status, message=None):
    kind, text = ERRORS.get(status, ERRORS[500])
    return {"type": "error", "error": {"type": kind, "message": message or text}, "request_id": "req_scripted"}, {}
