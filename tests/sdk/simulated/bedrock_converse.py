"""Bedrock's Converse, and InvokeModel with Anthropic's Messages in it. Knows Anthropic's form and AWS's frames.

Fields: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html.
"""

import base64
import binascii
import json
import struct
from urllib.parse import unquote

import anthropic_messages
import script
from shape import Refused, check, decoded, filled, keyed, object_schema
from script import Asked, Turn

KEY = {}
CACHE = {"type!": {"default"}, "ttl": {"5m", "1h"}}
IMAGE = {"format!": {"png", "jpeg", "gif", "webp"}, "source!": {"bytes!": filled}}
RESULT = {
    "toolUseId!": filled,
    "content!": [keyed({"text": str, "json": dict, "image": IMAGE})],
    "status": {"success", "error"},
}
REASONING = keyed({"reasoningText": {"text!": str, "signature": filled}, "redactedContent": str})
BLOCK = keyed(
    {
        "text": filled,
        "image": IMAGE,
        "toolUse": {"toolUseId!": filled, "name!": filled, "input!": dict},
        "toolResult": RESULT,
        "reasoningContent": REASONING,
        "cachePoint": CACHE,
    }
)
SPEC = {"name!": filled, "description": filled, "inputSchema!": {"json!": object_schema}, "strict": bool}
CHOICE = keyed({"auto": {}, "any": {}, "tool": {"name!": filled}})
FORMAT = {"type!": {"json_schema"}, "structure!": {"jsonSchema!": {"schema!": filled, "name": str, "description": str}}}
BODY = {
    "messages!": [{"role!": {"user", "assistant"}, "content!": [BLOCK]}],
    "system": [keyed({"text": filled, "cachePoint": CACHE})],
    "inferenceConfig": {"maxTokens": int, "temperature": float, "topP": float, "stopSequences": [str]},
    "toolConfig": {"tools!": [keyed({"toolSpec": SPEC, "cachePoint": CACHE})], "toolChoice": CHOICE},
    "additionalModelRequestFields": dict,
    "additionalModelResponseFieldPaths": [str],
    "outputConfig": {"textFormat": FORMAT},
    "requestMetadata": dict,
}


def read(body, path):
    model, action = path.removeprefix("model/").rsplit("/", 1)
    if action.startswith("invoke"):
        return read_invoke(body, unquote(model), action)
    check(body, BODY)
    turns = [turn(message) for message in body["messages"]]
    if [each.role for each in turns] != ["user", "assistant"] * (len(turns) // 2) + ["user"] * (len(turns) % 2):
        raise Refused("A conversation must alternate between user and assistant roles, starting with the user.")
    anthropic_messages.calls_are_answered(turns)
    used = any(each.calls or each.results for each in turns)
    config = body.get("toolConfig", {})
    if used and not config.get("tools"):
        raise Refused("The toolConfig field must be defined when using toolUse and toolResult content blocks.")
    thinking = "thinking" in body.get("additionalModelRequestFields", {})
    if thinking:
        thoughts_come_back(body["messages"])
    choice = config.get("toolChoice", {})
    return Asked(
        model=unquote(model),
        turns=turns,
        tools=[tool["toolSpec"]["name"] for tool in config.get("tools", []) if "toolSpec" in tool],
        forced="any" in choice or "tool" in choice,
        schema=body.get("outputConfig"),
        thinking=thinking,
        stream=action == "converse-stream",
    )


def read_invoke(body, model, action):
    if body.pop("anthropic_version", None) != "bedrock-2023-05-31":
        raise Refused("anthropic_version: Field required")
    if "model" in body or "stream" in body:
        raise Refused("model, stream: Extra inputs are not permitted")
    body.pop("anthropic_beta", None)
    asked = anthropic_messages.read({**body, "model": model})
    asked.form = "messages"
    asked.stream = action == "invoke-with-response-stream"
    return asked


def turn(message):
    read_turn = Turn(message["role"])
    for block in message["content"]:
        kind, value = next(iter(block.items()))
        if kind == "text":
            read_turn.text += value
        elif kind == "image":
            read_turn.images.append((f"image/{value['format']}", decoded(value["source"]["bytes"])))
        elif kind == "toolUse":
            read_turn.calls.append(script.Call(value["toolUseId"], value["name"], value["input"]))
        elif kind == "toolResult":
            text = "".join(part.get("text") or json.dumps(part.get("json")) for part in value["content"])
            read_turn.results.append((value["toolUseId"], None, text))
    return read_turn


def thoughts_come_back(messages):
    last = next((message for message in reversed(messages) if message["role"] == "assistant"), None)
    kinds = [next(iter(block)) for block in last["content"]] if last and messages[-1]["role"] == "user" else []
    if "toolUse" in kinds and kinds[0] != "reasoningContent":
        raise Refused("Expected `thinking` or `redacted_thinking`, but found `tool_use`.")
    for block in last["content"] if last else []:
        thought = block.get("reasoningContent", {}).get("reasoningText")
        if thought and thought.get("signature") != script.SIGNATURE:
            raise Refused("Invalid `signature` in `thinking` block")


def call_id(number):
    return f"tooluse_scripted{number}"


def usage():
    return {
        "inputTokens": script.READ - script.CACHED - script.CACHE_WRITTEN,
        "cacheReadInputTokens": script.CACHED,
        "cacheWriteInputTokens": script.CACHE_WRITTEN,
        "outputTokens": script.WRITTEN,
        "totalTokens": script.READ + script.WRITTEN,
    }


STOPS = {"stop": "end_turn", "tool_calls": "tool_use", "length": "max_tokens"}


def answer(request, reply):
    if request.form == "messages":
        return anthropic_messages.answer(request, reply)
    content = []
    if reply.thought:
        content.append({"reasoningContent": {"reasoningText": {"text": reply.thought, "signature": script.SIGNATURE}}})
    if reply.text:
        content.append({"text": reply.text})
    for call in reply.calls:
        content.append({"toolUse": {"toolUseId": call.id, "name": call.name, "input": call.arguments}})
    message = {"role": "assistant", "content": content}
    known = {"stopReason": STOPS[reply.finish], "usage": usage(), "metrics": {"latencyMs": 1}}
    return {"output": {"message": message}, **known}


def frame(kind, value, message_type="event"):
    """One frame of AWS's event stream."""
    headers = b""
    kind_name = ":event-type" if message_type == "event" else ":exception-type"
    for name, text in ((kind_name, kind), (":content-type", "application/json"), (":message-type", message_type)):
        headers += bytes([len(name)]) + name.encode() + b"\x07" + struct.pack(">H", len(text)) + text.encode()
    payload = json.dumps(value).encode()
    head = struct.pack(">II", 16 + len(headers) + len(payload), len(headers))
    head += struct.pack(">I", binascii.crc32(head))
    message = head + headers + payload
    return message + struct.pack(">I", binascii.crc32(message))


def stream(request, reply):
    if request.form == "messages":
        for event in anthropic_messages.stream(request, reply):
            data = event.partition(b"data: ")[2].strip()
            yield frame("chunk", {"bytes": base64.b64encode(data).decode(), "p": "abcdefgh"})
        return
    yield frame("messageStart", {"role": "assistant", "p": "abc"})
    index = 0
    if reply.thought:
        for piece in script.Reply(reply.thought).pieces():
            yield delta(index, {"reasoningContent": {"text": piece}})
        yield delta(index, {"reasoningContent": {"signature": script.SIGNATURE}})
        yield frame("contentBlockStop", {"contentBlockIndex": index})
        index += 1
    if reply.text:
        for piece in reply.pieces():
            yield delta(index, {"text": piece})
        yield frame("contentBlockStop", {"contentBlockIndex": index})
        index += 1
    for index, call in enumerate(reply.calls, index):
        start = {"toolUse": {"toolUseId": call.id, "name": call.name}}
        yield frame("contentBlockStart", {"start": start, "contentBlockIndex": index})
        arguments = json.dumps(call.arguments, ensure_ascii=False)
        for begin in range(0, len(arguments), 5):
            yield delta(index, {"toolUse": {"input": arguments[begin : begin + 5]}})
        yield frame("contentBlockStop", {"contentBlockIndex": index})
    yield frame("messageStop", {"stopReason": STOPS[reply.finish]})
    yield frame("metadata", {"usage": usage(), "metrics": {"latencyMs": 1}})


def delta(index, value):
    return frame("contentBlockDelta", {"contentBlockIndex": index, "delta": value, "p": "abcdefghijklmnop"})


STREAM_TYPE = "application/vnd.amazon.eventstream"
KINDS = {
    400: "ValidationException",
    401: "UnrecognizedClientException",
    403: "AccessDeniedException",
    404: "ResourceNotFoundException",
    429: "ThrottlingException",
    500: "InternalServerException",
    503: "ServiceUnavailableException",
}


def error(status, message=None):
    kind = KINDS.get(status, KINDS[500])
    return {"message": message or f"{kind}, as scripted"}, {"x-amzn-errortype": f"{kind}:http://internal.amazon.com/"}
