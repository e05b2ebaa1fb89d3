"""Ollama's chats and embeddings. Knows no other provider.

Fields: https://github.com/ollama/ollama/blob/main/docs/api.md.
"""

import json

import script
from shape import Refused, check, decoded, filled, object_schema, tagged
from script import Asked, Turn

KEY = {}
CALL = {"id": str, "type": {"function"}, "function!": {"name!": filled, "arguments!": dict, "index": int}}
SAID = {"content!": str, "images": [filled], "thinking": str}
MESSAGE = tagged(
    "role",
    {
        "system": SAID,
        "user": SAID,
        "assistant": {**SAID, "tool_calls": [CALL]},
        "tool": {**SAID, "tool_name": filled, "tool_call_id": filled},
    },
)
OPTIONS = {
    "temperature": float,
    "top_p": float,
    "top_k": int,
    "num_predict": int,
    "num_ctx": int,
    "seed": int,
    "stop": (str, [str]),
    "repeat_penalty": float,
    "presence_penalty": float,
    "frequency_penalty": float,
}
FUNCTION = {"name!": filled, "description": str, "parameters": object_schema, "strict": bool}
BODY = {
    "model!": filled,
    "messages!": [MESSAGE],
    "stream!": bool,
    "options": OPTIONS,
    "tools": [{"type!": {"function"}, "function!": FUNCTION}],
    "format": ({"json"}, object_schema),
    "think": (bool, {"low", "medium", "high"}),
    "keep_alive": (str, int),
}


def read(body, _path=None):
    check(body, BODY)
    turns = [turn(message) for message in body["messages"] if message["role"] != "system"]
    open_calls = 0
    for each in turns:
        open_calls += len(each.calls) - len(each.results)
        if open_calls < 0:
            raise Refused("a tool's message answers no call")
    schema = body.get("format")
    return Asked(
        model=body["model"],
        turns=turns,
        tools=[tool["function"]["name"] for tool in body.get("tools", [])],
        schema=schema if isinstance(schema, dict) else None,
        thinking=bool(body.get("think")),
        stream=body["stream"],
    )


def turn(message):
    read_turn = Turn("assistant" if message["role"] == "assistant" else "user")
    read_turn.images = [("image", decoded(image)) for image in message.get("images", [])]
    if message["role"] == "tool":
        read_turn.results = [(None, None, message["content"])]
    else:
        read_turn.text = message["content"]
    for call in message.get("tool_calls", []):
        read_turn.calls.append(script.Call(None, call["function"]["name"], call["function"]["arguments"]))
    return read_turn


def call_id(_number):
    return None


def envelope(request, message, done):
    return {"model": request.model, "created_at": "2025-11-24T00:00:00.000000Z", "message": message, "done": done}


def calls_of(reply):
    calls = [{"function": {"name": call.name, "arguments": call.arguments}} for call in reply.calls]
    return {"tool_calls": calls} if calls else {}


def ended(reply):
    reason = "length" if reply.finish == "length" else "stop"
    counts = {"prompt_eval_count": script.READ, "eval_count": script.WRITTEN, "eval_duration": 3, "load_duration": 1}
    return {"done_reason": reason, "total_duration": 5, "prompt_eval_duration": 2, **counts}


def answer(request, reply):
    message = {"role": "assistant", "content": reply.text, **calls_of(reply)}
    if reply.thought:
        message["thinking"] = reply.thought
    return {**envelope(request, message, True), **ended(reply)}


def stream(request, reply):
    def line(message, done=False, **more):
        whole = {**envelope(request, {"role": "assistant", **message}, done), **more}
        return json.dumps(whole, ensure_ascii=False).encode() + b"\n"

    for piece in script.Reply(reply.thought).pieces():
        yield line({"content": "", "thinking": piece})
    for piece in reply.pieces():
        yield line({"content": piece})
    if reply.calls:
        yield line({"content": "", **calls_of(reply)})
    yield line({"content": ""}, True, **ended(reply))


STREAM_TYPE = "application/x-ndjson"


def error(status, message=None):
    return {"error": message or f"failed with {status}"}, {}
