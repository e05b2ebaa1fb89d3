"""OpenAI's Responses. Knows the chat form's errors and data URLs.

Fields: https://platform.openai.com/docs/api-reference/responses.
"""

import json

import openai_chat
import script
from shape import Refused, check, filled, object_schema, strict_schema, tagged
from script import Asked, Turn

KEY, error, STREAM_TYPE = openai_chat.KEY, openai_chat.error, openai_chat.STREAM_TYPE
call_id = openai_chat.call_id
NULL = type(None)
IN_PARTS = [tagged("type", {"input_text": {"text!": str}, "input_image": {"image_url": filled, "detail": {"auto", "low", "high"}}})]
OUT_PARTS = [tagged("type", {"output_text": {"text!": str, "annotations": list, "logprobs": (list, NULL)}})]
ITEM = tagged(
    "type",
    {
        "message": {
            "role!": {"user", "assistant", "system", "developer"},
            "content!": (str, IN_PARTS, OUT_PARTS),
            "id": str,
            "status": str,
            "phase": (str, NULL),
        },
        "function_call": {"call_id!": filled, "name!": filled, "arguments!": str, "id": str, "status": str, "namespace": (str, NULL)},
        "function_call_output": {"call_id!": filled, "output!": (str, IN_PARTS), "id": str, "status": str},
        "reasoning": {"id": str, "summary!": list, "encrypted_content": (str, NULL), "content": list, "status": (str, NULL)},
        "item_reference": {"id!": filled},
    },
)
TOOL = {"type!": {"function"}, "name!": filled, "description": (str, NULL), "parameters!": object_schema, "strict": (bool, NULL)}
FORMAT = {"name!": filled, "schema!": object_schema, "strict": (bool, NULL), "description": str}
BODY = {
    "model!": filled,
    "input!": (str, [dict]),
    "instructions": (str, NULL),
    "stream": bool,
    "tools": [TOOL],
    "tool_choice": ({"auto", "none", "required"}, {"type!": {"function"}, "name!": filled}),
    "text": {"format": tagged("type", {"text": {}, "json_object": {}, "json_schema": FORMAT}), "verbosity": str},
    "reasoning": {"effort": {"minimal", "low", "medium", "high"}, "summary": {"auto", "concise", "detailed"}},
    "max_output_tokens": int,
    "temperature": float,
    "top_p": float,
    "store": bool,
    "include": [str],
    "parallel_tool_calls": bool,
    "metadata": dict,
    "user": str,
}


def read(body, _path=None):
    check(body, BODY)
    items = body["input"]
    items = [{"role": "user", "content": items}] if isinstance(items, str) else items
    items = [item if "type" in item else {"type": "message", **item} for item in items]
    for position, item in enumerate(items):
        check(item, ITEM, f"input.{position}")
    turns = [turn for item in items for turn in turns_of(item)]
    calls_are_answered(turns)
    schema = body.get("text", {}).get("format", {})
    if schema.get("strict"):
        strict_schema(schema["schema"], "text.format.schema")
    choice = body.get("tool_choice")
    return Asked(
        model=body["model"],
        turns=turns,
        tools=[tool["name"] for tool in body.get("tools", [])],
        forced=choice == "required" or isinstance(choice, dict),
        schema=schema.get("schema"),
        thinking="reasoning" in body,
        stream=body.get("stream", False),
    )


def turns_of(item):
    if item["type"] == "function_call":
        call = script.Call(item["call_id"], item["name"], json.loads(item["arguments"] or "{}"))
        return [Turn("assistant", calls=[call])]
    if item["type"] == "function_call_output":
        told = item["output"]
        text = told if isinstance(told, str) else "".join(part.get("text", "") for part in told)
        return [Turn("user", results=[(item["call_id"], None, text)])]
    if item["type"] != "message" or item["role"] in ("system", "developer"):
        return []
    parts = item["content"]
    parts = [{"type": "input_text", "text": parts}] if isinstance(parts, str) else parts
    turn = Turn(item["role"], "".join(part.get("text", "") for part in parts))
    turn.images = [openai_chat.data_url(part["image_url"]) for part in parts if part["type"] == "input_image"]
    return [turn]


def calls_are_answered(turns):
    called = [call.id for turn in turns for call in turn.calls]
    told = [result[0] for turn in turns for result in turn.results]
    if called != told and sorted(called) != sorted(told):
        raise Refused(f"No tool output found for function calls {called}: {told}")


def items_of(reply):
    items = []
    if reply.thought:
        summary = [{"type": "summary_text", "text": reply.thought}]
        items.append({"type": "reasoning", "id": "rs_scripted", "summary": summary})
    if reply.text:
        part = {"type": "output_text", "text": reply.text, "annotations": [], "logprobs": []}
        items.append({"type": "message", "id": "msg_scripted", "role": "assistant", "status": "completed", "content": [part]})
    for number, call in enumerate(reply.calls):
        arguments = json.dumps(call.arguments, ensure_ascii=False)
        known = {"id": f"fc_scripted{number}", "call_id": call.id, "name": call.name, "arguments": arguments}
        items.append({"type": "function_call", "status": "completed", **known})
    return items


def envelope(request, status, items, reply=None):
    usage, cut_short = None, None
    if reply:
        if reply.finish == "length":
            status, cut_short = "incomplete", {"reason": "max_output_tokens"}
        usage = {
            "input_tokens": script.READ,
            "input_tokens_details": {"cached_tokens": script.CACHED},
            "output_tokens": script.WRITTEN,
            "output_tokens_details": {"reasoning_tokens": script.THOUGHTS if reply.thought else 0},
            "total_tokens": script.READ + script.WRITTEN,
        }
    return {
        "id": "resp_scripted",
        "object": "response",
        "created_at": 1764000000,
        "status": status,
        "error": None,
        "incomplete_details": cut_short,
        "instructions": None,
        "metadata": {},
        "model": request.model,
        "output": items,
        "parallel_tool_calls": True,
        "temperature": 1.0,
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "usage": usage,
    }


def answer(request, reply):
    return envelope(request, "completed", items_of(reply), reply)


def stream(request, reply):
    number = -1

    def event(kind, **fields):
        nonlocal number
        number += 1
        body = json.dumps({"type": kind, "sequence_number": number, **fields}, ensure_ascii=False)
        return f"event: {kind}\ndata: {body}\n\n".encode()

    yield event("response.created", response=envelope(request, "in_progress", []))
    yield event("response.in_progress", response=envelope(request, "in_progress", []))
    items = items_of(reply)
    for index, item in enumerate(items):
        for kind, fields in item_events(index, item):
            yield event(kind, **fields)
    last = "response.incomplete" if reply.finish == "length" else "response.completed"
    yield event(last, response=envelope(request, "completed", items, reply))


def item_events(index, item):
    place = {"output_index": index, "item_id": item["id"]}
    opened = {**item, **{name: [] for name in ("content", "summary") if name in item}}
    if item["type"] == "function_call":
        opened |= {"arguments": "", "status": "in_progress"}
    yield "response.output_item.added", {"output_index": index, "item": opened}
    if item["type"] == "function_call":
        arguments = item["arguments"]
        for begin in range(0, len(arguments), 5):
            yield "response.function_call_arguments.delta", {**place, "delta": arguments[begin : begin + 5]}
        yield "response.function_call_arguments.done", {**place, "arguments": arguments, "name": item["name"]}
    elif item["type"] == "reasoning":
        part = item["summary"][0]
        place["summary_index"] = 0
        yield "response.reasoning_summary_part.added", {**place, "part": {**part, "text": ""}}
        for piece in script.Reply(part["text"]).pieces():
            yield "response.reasoning_summary_text.delta", {**place, "delta": piece}
        yield "response.reasoning_summary_text.done", {**place, "text": part["text"]}
        yield "response.reasoning_summary_part.done", {**place, "part": part}
    else:
        part = item["content"][0]
        place["content_index"] = 0
        yield "response.content_part.added", {**place, "part": {**part, "text": ""}}
        for piece in script.Reply(part["text"]).pieces():
            yield "response.output_text.delta", {**place, "delta": piece, "logprobs": []}
        yield "response.output_text.done", {**place, "text": part["text"], "logprobs": []}
        yield "response.content_part.done", {**place, "part": part}
    yield "response.output_item.done", {"output_index": index, "item": item}
