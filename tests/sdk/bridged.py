"""Anthropic's Python SDK on the gateway's /v1/messages, in front of a chat and of responses, one line a claim.

    python bridged.py GATEWAY_URL KEY PROVIDER_URL

Exits with 1 if a claim fails. The gateway runs with bridged.yaml of this folder, the provider is agents/provider.py.
"""

import sys
import traceback

import anthropic

GATEWAY, KEY = sys.argv[1:3]
client = anthropic.Anthropic(base_url=GATEWAY, api_key=KEY, max_retries=0, timeout=30)
MODELS = ("chat", "responses")
BASH = {"name": "Bash", "description": "runs", "input_schema": {"type": "object", "properties": {"command": {"type": "string"}}}}
SAID = [{"role": "user", "content": "Which number?"}]
CLAIMS = []


def claim(function):
    CLAIMS.append(function)
    return function


def equal(got, want):
    assert got == want, f"got {got!r}, want {want!r}"


def ask(model, **more):
    return client.messages.create(**{"model": model, "max_tokens": 100, "messages": SAID, **more})


@claim
def a_message_is_answered_whole():
    for model in MODELS:
        message = ask(model, system="Be brief.", stop_sequences=["END"], metadata={"user_id": "u"})
        equal([(block.type, block.text) for block in message.content], [("text", "ok")])
        equal((message.role, message.model, message.stop_reason), ("assistant", model, "end_turn"))
        equal((message.usage.input_tokens, message.usage.output_tokens), (11, 7))


@claim
def a_message_is_streamed_as_the_helper_reads_it():
    for model in MODELS:
        with client.messages.stream(model=model, max_tokens=100, messages=SAID) as stream:
            equal("".join(stream.text_stream), "ok")
            message = stream.get_final_message()
        equal((message.stop_reason, message.usage.output_tokens), ("end_turn", 7))


@claim
def a_tool_is_called_and_its_result_read():
    for model in MODELS:
        first = ask(model, tools=[BASH], tool_choice={"type": "any"})
        equal(first.stop_reason, "tool_use")
        call = first.content[-1]
        equal((call.name, call.input["command"]), ("Bash", "echo tollgate-$((40 + 2))"))
        result = {"type": "tool_result", "tool_use_id": call.id, "content": [{"type": "text", "text": "42"}]}
        turns = [*SAID, {"role": "assistant", "content": first.content}, {"role": "user", "content": [result]}]
        equal(ask(model, tools=[BASH], messages=turns).content[0].text, "The tool said: 42")


@claim
def a_streamed_tool_call_is_put_together():
    for model in MODELS:
        with client.messages.stream(model=model, max_tokens=100, messages=SAID, tools=[BASH]) as stream:
            message = stream.get_final_message()
        equal((message.stop_reason, message.content[-1].input["description"]), ("tool_use", "Say the number"))


@claim
def tokens_are_counted_before_a_message_is_sent():
    for model in MODELS:
        counted = client.messages.count_tokens(model=model, messages=SAID, system="Be brief.", tools=[BASH])
        assert counted.input_tokens > 20, counted


@claim
def errors_are_the_sdks_own():
    try:
        ask("unknown")
        raise AssertionError("no error")
    except anthropic.BadRequestError as error:
        equal(error.body["error"]["type"], "invalid_request_error")
    try:
        ask("nowhere")
        raise AssertionError("no error")
    except anthropic.NotFoundError as error:
        equal(error.body["error"]["type"], "not_found_error")
    try:
        anthropic.Anthropic(base_url=GATEWAY, api_key="sk-wrong", max_retries=0).messages.create(
            model="chat", max_tokens=1, messages=SAID
        )
        raise AssertionError("no error")
    except anthropic.APIStatusError as error:
        assert error.status_code in (400, 401), error.status_code


failed = 0
for function in CLAIMS:
    try:
        function()
        print("ok  ", function.__name__)
    except Exception:
        failed += 1
        print("FAIL", function.__name__)
        traceback.print_exc()
sys.exit(1 if failed else 0)
