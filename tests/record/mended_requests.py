#!/usr/bin/env python3
"""Writes what LiteLLM sends with `modify_params` on into the fixture of `prepare/mend`.

Runs LiteLLM's own `completion` in this process; the request is caught before it leaves. Run with the Python that has
`litellm==1.106.2`; the first argument is the fixture.

Fixture: [{"name", "model", "body", "sent"}]
"""
import json
import os
import sys
import unittest.mock

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
import litellm  # noqa: E402
from litellm.llms.custom_httpx.http_handler import HTTPHandler  # noqa: E402

CLAUDE, CONVERSE, INVOKE = (
    "anthropic/claude-sonnet-4-5-20250929",
    "bedrock/us.anthropic.claude-sonnet-4-5-20250929-v1:0",
    "bedrock/invoke/us.anthropic.claude-sonnet-4-5-20250929-v1:0",
)
TOOL = {"type": "function", "function": {"name": "look", "parameters": {"type": "object", "properties": {}}}}


def user(content):
    return {"role": "user", "content": content}


def said(content, **more):
    return {"role": "assistant", "content": content, **more}


def calls(*ids, **more):
    listed = [{"id": name, "type": "function", "function": {"name": "look", "arguments": "{}"}} for name in ids]
    return said(None, tool_calls=listed, **more)


def result(name, content="seen"):
    return {"role": "tool", "tool_call_id": name, "content": content}


SYSTEM = {"role": "system", "content": "Be brief."}
TEXT = {"type": "text", "text": "Look."}
BLANK = {"type": "text", "text": " "}
THOUGHT = [{"type": "thinking", "thinking": "Hm.", "signature": "c2lnbmVk"}]
THINKING = {"thinking": {"type": "enabled", "budget_tokens": 2048}, "tools": [TOOL]}
CONVERSATIONS = {
    "nobody speaks": ([], {}),
    "only the system speaks": ([SYSTEM], {}),
    "the assistant begins": ([said("Hello."), user("Hi.")], {}),
    "the assistant ends": ([user("Hi."), said("Hello.")], {}),
    "the assistant is continued": ([user("Hi."), said("Hel", prefix=True)], {}),
    "a call has no result": ([user("Look."), calls("a"), user("Well?")], {"tools": [TOOL]}),
    "a call ends the history": ([user("Look."), calls("a")], {"tools": [TOOL]}),
    "one of two calls has a result": ([user("Look."), calls("a", "b"), result("a"), user("Well?")], {"tools": [TOOL]}),
    "a result answers no call": ([user("Look."), result("x"), said("I see."), user("Well?")], {"tools": [TOOL]}),
    "a result answers an earlier call": (
        [user("Look."), calls("a"), result("a"), said("Seen."), result("a", "again"), user("Well?")],
        {"tools": [TOOL]},
    ),
    "a result is given twice": (
        [user("Look."), calls("a"), result("a", "first"), result("a", "last"), user("Well?")],
        {"tools": [TOOL]},
    ),
    "results and words meet": ([user("Look."), calls("a"), result("a"), user("Well?")], {"tools": [TOOL]}),
    "there are no tools": ([user("Look."), calls("a"), result("a"), user("Well?")], {}),
    "the user says nothing": ([user(""), said("Hello."), user("  ")], {}),
    "the user's part is blank": ([user([TEXT, BLANK]), said("Hello."), user([BLANK])], {}),
    "the user has no parts": ([user([]), said("Hello."), user("Hi.")], {}),
    "the assistant says nothing": ([user("Hi."), said(""), user("Hello?")], {}),
    "the assistant's parts are blank": ([user("Hi."), said([BLANK, BLANK]), user("Hello?")], {}),
    "one part of the assistant's is blank": ([user("Hi."), said([TEXT, BLANK]), user("Hello?")], {}),
    "a call comes with a blank": ([user("Hi."), {**calls("a"), "content": " "}, result("a")], {"tools": [TOOL]}),
    "thoughts are missing": ([user("Look."), calls("a"), result("a")], THINKING),
    "thoughts are there": ([user("Look."), calls("a", thinking_blocks=THOUGHT), result("a")], THINKING),
    "earlier thoughts are there": (
        [user("Look."), said("Hm.", thinking_blocks=THOUGHT), user("Well?"), calls("a"), result("a")],
        THINKING,
    ),
    "no tool was called": ([user("Look."), said("Hm."), user("Well?")], THINKING),
    "the limit is beyond the model": ([user("Hi.")], {"max_tokens": 1000000}),
    "the limit is within the model": ([user("Hi.")], {"max_tokens": 1000}),
}


def sent(model, body):
    client = HTTPHandler()
    with unittest.mock.patch.object(client, "post", side_effect=RuntimeError("caught")) as post:
        try:
            litellm.completion(model=model, client=client, num_retries=0, **body)
        except Exception as error:
            if not post.called:
                return {"refused": str(error)}
    arguments = post.call_args.kwargs
    payload = arguments.get("json") or arguments.get("data")
    return payload if isinstance(payload, dict) else json.loads(payload)


def main():
    litellm.modify_params = True
    litellm.suppress_debug_info = True
    os.environ.update(ANTHROPIC_API_KEY="key", AWS_BEARER_TOKEN_BEDROCK="key", AWS_REGION="us-west-2", OPENAI_API_KEY="key")
    cases = []
    for model in (CLAUDE, CONVERSE, INVOKE):
        for name, (messages, parameters) in CONVERSATIONS.items():
            body = {"messages": messages, **parameters}
            text = json.dumps(body)
            cases.append({"name": name, "model": model, "body": json.loads(text), "sent": sent(model, json.loads(text))})
    with open(sys.argv[1], "w") as file:
        lines = ",\n".join(json.dumps(case, ensure_ascii=False) for case in cases)
        file.write(f"[\n{lines}\n]\n")


main()
