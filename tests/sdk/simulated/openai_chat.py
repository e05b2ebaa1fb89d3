"""OpenAI's chat completions, and Mistral's, which are like it but take fewer fields. Knows no other provider.

Fields: https://platform.openai.com/docs/api-reference/chat and https://docs.mistral.ai/api.
"""

import json

import script
from shape import Refused, check, decoded, filled, object_schema, strict_schema, tagged
from script import Asked, Turn

KEY = {"authorization": "Bearer sk-openai"}
ERRORS = {
    400: ("invalid_request_error", "the request is not valid", None),
    401: ("invalid_request_error", "Incorrect API key provided", "invalid_api_key"),
    429: ("rate_limit_error", "Rate limit reached for requests", "rate_limit_exceeded"),
    500: ("server_error", "The server had an error", None),
    503: ("server_error", "The engine is currently overloaded", "overloaded"),
}
TEXT_PART = {"text!": str}
IMAGE_PART = {"image_url!": {"url!": filled, "detail": {"auto", "low", "high"}}}
NULL = type(None)
CALL = {"id!": filled, "type!": {"function"}, "function!": {"name!": filled, "arguments!": str}}
# What OpenAI's own SDKs add to the messages that they send back, and OpenAI overlooks.
KEPT_CALL = {**CALL, "function!": {**CALL["function!"], "parsed_arguments": (dict, NULL)}}


def content(kinds):
    return (str, [tagged("type", kinds)])


MESSAGE = tagged(
    "role",
    {
        "system": {"content!": content({"text": TEXT_PART}), "name": str},
        "developer": {"content!": content({"text": TEXT_PART}), "name": str},
        "user": {"content!": content({"text": TEXT_PART, "image_url": IMAGE_PART}), "name": str},
        "assistant": {
            "content": (NULL, content({"text": TEXT_PART})),
            "tool_calls": [KEPT_CALL],
            "parsed": (dict, NULL),
            "name": str,
            "refusal": (str, NULL),
        },
        "tool": {"content!": content({"text": TEXT_PART}), "tool_call_id!": filled},
    },
)
FUNCTION = {"name!": filled, "description": str, "parameters": object_schema, "strict": (bool, NULL)}
TOOL = {"type!": {"function"}, "function!": FUNCTION}
CHOICE = ({"none", "auto", "required"}, {"type!": {"function"}, "function!": {"name!": filled}})
SCHEMA_FORMAT = {"json_schema!": {"name!": filled, "schema!": object_schema, "strict": (bool, NULL), "description": str}}
FORMAT = tagged("type", {"text": {}, "json_object": {}, "json_schema": SCHEMA_FORMAT})
BODY = {
    "model!": filled,
    "messages!": [MESSAGE],
    "stream": bool,
    "stream_options": {"include_usage": bool, "include_obfuscation": bool},
    "temperature": float,
    "top_p": float,
    "max_tokens": int,
    "max_completion_tokens": int,
    "n": int,
    "stop": (str, [str]),
    "seed": int,
    "user": str,
    "tools": [TOOL],
    "tool_choice": CHOICE,
    "parallel_tool_calls": bool,
    "response_format": FORMAT,
    "reasoning_effort": {"none", "minimal", "low", "medium", "high"},
    "metadata": dict,
    "store": bool,
}


def read(body, _path=None):
    check(body, BODY)
    if body.get("max_tokens") and "max_completion_tokens" in body:
        raise Refused("max_tokens and max_completion_tokens cannot both be set")
    if body["model"].startswith(("gpt-5", "o")) and "max_tokens" in body:
        raise Refused("Unsupported parameter: 'max_tokens' is not supported with this model")
    schema = body.get("response_format", {}).get("json_schema")
    if schema and schema.get("strict"):
        strict_schema(schema["schema"], "response_format.schema")
    if "tool_choice" in body and not body.get("tools"):
        raise Refused("'tool_choice' is only allowed when 'tools' are specified")
    return asked(body)


def asked(body):
    turns = [turn(message) for message in body["messages"] if message["role"] not in ("system", "developer")]
    calls_are_answered(turns)
    choice = body.get("tool_choice")
    return Asked(
        model=body["model"],
        turns=turns,
        tools=[tool["function"]["name"] for tool in body.get("tools", [])],
        forced=choice in ("required", "any") or isinstance(choice, dict),
        schema=body.get("response_format") if body.get("response_format", {}).get("type") == "json_schema" else None,
        stream=body.get("stream", False),
    )


def turn(message):
    read_turn = Turn("assistant" if message["role"] == "assistant" else "user")
    parts = message.get("content") or ""
    parts = [{"type": "text", "text": parts}] if isinstance(parts, str) else parts
    text = "".join(part["text"] for part in parts if part["type"] == "text")
    read_turn.images = [data_url(part["image_url"]) for part in parts if part["type"] == "image_url"]
    if message["role"] == "tool":
        read_turn.results = [(message["tool_call_id"], None, text)]
    else:
        read_turn.text = text
    for call in message.get("tool_calls", []):
        arguments = json.loads(call["function"]["arguments"] or "{}")
        read_turn.calls.append(script.Call(call["id"], call["function"]["name"], arguments))
    return read_turn


def data_url(image):
    url = image if isinstance(image, str) else image["url"]
    head, found, data = url.partition(";base64,")
    if not head.startswith("data:") or not found:
        raise Refused("the image is no data URL")
    return head.removeprefix("data:"), decoded(data)


def calls_are_answered(turns):
    """Every call gets its result directly after it, and no result comes without its call."""
    open_ids = []
    for each in turns:
        for call_id, _, _ in each.results:
            if call_id not in open_ids:
                raise Refused(f"the result of {call_id!r} answers no call of the message before it")
            open_ids.remove(call_id)
        if open_ids and not each.results:
            raise Refused(f"'tool_calls' must be followed by messages responding to {open_ids}")
        open_ids += [call.id for call in each.calls]
        if len(set(open_ids)) < len(open_ids):
            raise Refused(f"the ids of calls must differ: {open_ids}")


def call_id(number):
    return f"call_scripted{number}"


def usage(reply):
    thoughts = script.THOUGHTS if reply.thought else 0
    return {
        "prompt_tokens": script.READ,
        "completion_tokens": script.WRITTEN,
        "total_tokens": script.READ + script.WRITTEN,
        "prompt_tokens_details": {"cached_tokens": script.CACHED, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": thoughts, "audio_tokens": 0},
    }


def function_call(call):
    arguments = json.dumps(call.arguments, ensure_ascii=False)
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": arguments}}


def envelope(request, kind):
    return {"id": "chatcmpl-scripted", "object": kind, "created": 1764000000, "model": request.model}


def answer(request, reply):
    message = {"role": "assistant", "content": reply.text or None, "refusal": None}
    if reply.calls:
        message["tool_calls"] = [function_call(call) for call in reply.calls]
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": reply.finish}
    return {**envelope(request, "chat.completion"), "choices": [choice], "usage": usage(reply)}


def stream(request, reply):
    def event(delta, finish=None, **more):
        choices = [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}]
        chunk = {**envelope(request, "chat.completion.chunk"), "choices": choices, **more}
        return f"data: {json.dumps(chunk, ensure_ascii=False)}\n\n".encode()

    yield b": keep-alive\n\n"
    yield event({"role": "assistant", "content": None if reply.calls else ""})
    for piece in reply.pieces():
        yield event({"content": piece})
    for index, call in enumerate(reply.calls):
        whole = function_call(call)
        arguments = whole["function"].pop("arguments")
        whole["function"]["arguments"] = ""
        yield event({"tool_calls": [{"index": index, **whole}]})
        for start in range(0, len(arguments), 5):
            piece = {"index": index, "function": {"arguments": arguments[start : start + 5]}}
            yield event({"tool_calls": [piece]})
    yield b": keep-alive\n\n"
    yield event({}, reply.finish)
    yield event({}, choices=[], usage=usage(reply))
    yield b"data: [DONE]\n\n"


STREAM_TYPE = "text/event-stream; charset=utf-8"


def error(status, message=None):
    kind, text, code = ERRORS.get(status, ERRORS[500])
    return {"error": {"message": message or text, "type": kind, "param": None, "code": code}}, {}
