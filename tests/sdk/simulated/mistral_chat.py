"""Mistral's chat completions: OpenAI's form with fewer fields, and ids of nine letters. Knows OpenAI's form.

Fields: https://docs.mistral.ai/api. The real one answers 422 to a field it does not know.
"""

import re

import openai_chat
from shape import Refused, check, filled, object_schema, tagged

KEY = {"authorization": "Bearer sk-mistral"}
NAMES = {"model!", "messages!", "stream", "temperature", "top_p", "max_tokens", "n", "stop", "tools", "parallel_tool_calls"}
TEXT = openai_chat.content({"text": openai_chat.TEXT_PART})
IMAGE = {"image_url!": (str, {"url!": filled, "detail": str})}
FUNCTION = {"name!": filled, "description": str, "parameters!": object_schema, "strict": bool}
MESSAGE = tagged(
    "role",
    {
        "system": {"content!": TEXT},
        "user": {"content!": openai_chat.content({"text": openai_chat.TEXT_PART, "image_url": IMAGE})},
        "assistant": {"content": (openai_chat.NULL, TEXT), "tool_calls": [openai_chat.CALL], "prefix": bool},
        "tool": {"content!": TEXT, "tool_call_id!": filled, "name": str},
    },
)
BODY = {
    **{name: rule for name, rule in openai_chat.BODY.items() if name in NAMES},
    "messages!": [MESSAGE],
    "tools": [{"type!": {"function"}, "function!": FUNCTION}],
    "tool_choice": ({"none", "auto", "any", "required"}, openai_chat.CHOICE[1]),
    "response_format": openai_chat.FORMAT,
    "random_seed": int,
    "safe_prompt": bool,
    "reasoning_effort": {"none", "high"},
}


def read(body, _path=None):
    try:
        check(body, BODY)
    except Refused as failure:
        raise Refused(str(failure), 422) from failure
    for message in body["messages"]:
        for call in message.get("tool_calls") or []:
            if not re.fullmatch("[A-Za-z0-9]{9}", call["id"]):
                raise Refused(f"Tool call id was {call['id']} but must be a-z, A-Z, 0-9, with a length of 9.")
    return openai_chat.asked(body)


def call_id(number):
    return f"scripted{number}"


answer, stream, STREAM_TYPE = openai_chat.answer, openai_chat.stream, openai_chat.STREAM_TYPE


def error(status, message=None):
    if status == 422:
        detail = [{"type": "extra_forbidden", "loc": ["body"], "msg": message or "not valid", "input": None}]
        return {"object": "error", "message": {"detail": detail}, "type": "invalid_request_error", "code": None}, {}
    text = message or openai_chat.ERRORS.get(status, openai_chat.ERRORS[500])[1]
    return {"object": "error", "message": text, "type": "error", "param": None, "code": "1300"}, {}
