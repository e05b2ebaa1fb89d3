"""The official Anthropic SDK over every simulated provider through /v1/messages, one line a claim.

    python messages.py GATEWAY_URL KEY PROVIDER_URL [PART_OF_A_CLAIM]

The gateway runs with simulated.yaml of this folder, the providers are the folder `simulated`.
"""

import time

import anthropic

from claims import GATEWAY, KEY, claim, equal, is_left, raised, run, simulated
from subjects import (
    BOTH, CACHE_WRITTEN, CACHED, PERSON, PIXEL, PIXEL_BYTES, READ, SIGNATURE, TEXT, THOUGHT, WEATHER, WRITTEN, Person,
)  # fmt: skip

EVERY = ("claude", "bedrock", "gpt", "gemini", "gemini-3", "ollama", "mistral", "cohere")
NATIVE = ("claude", "bedrock")
SEEING = ("claude", "bedrock", "gpt", "gemini", "mistral")
FUNCTION = WEATHER["function"]
TOOL = {"name": "weather", "description": FUNCTION["description"], "input_schema": FUNCTION["parameters"]}
THINKING = {"type": "enabled", "budget_tokens": 1024}

client = anthropic.Anthropic(base_url=GATEWAY, api_key=KEY, max_retries=0, timeout=30)


def asked(model, text, **more):
    messages = text if isinstance(text, list) else [{"role": "user", "content": text}]
    return {"model": model, "max_tokens": 2048, "messages": messages, "system": "Be brief.", **more}


def results_of(message):
    uses = [block for block in message.content if block.type == "tool_use"]
    told = [{"type": "tool_result", "tool_use_id": use.id, "content": f"7 degrees in {use.input['city']}"} for use in uses]
    return {"role": "user", "content": told}


def text_of(message):
    return "".join(block.text for block in message.content if block.type == "text")


@claim.over(*EVERY)
def messages_answer(model):
    answer = client.messages.create(**asked(model, "Hi"))
    equal((answer.type, answer.role, answer.stop_reason, text_of(answer)), ("message", "assistant", "end_turn", TEXT))
    usage = answer.usage
    read = usage.input_tokens + (usage.cache_read_input_tokens or 0) + (usage.cache_creation_input_tokens or 0)
    equal((read, usage.output_tokens), (READ, WRITTEN))


@claim.over(*EVERY)
def messages_stream(model):
    with client.messages.stream(**asked(model, "Hi")) as stream:
        kinds = [event.type for event in stream]
        final = stream.get_final_message()
    equal((text_of(final), final.stop_reason, final.usage.output_tokens), (TEXT, "end_turn", WRITTEN))
    equal((kinds[0], kinds[-1]), ("message_start", "message_stop"))


@claim.over(*EVERY)
def raw_events_come_in_order(model):
    kinds = [event.type for event in client.messages.create(**asked(model, "#both", tools=[TOOL]), stream=True)]
    equal((kinds[0], kinds[-2:]), ("message_start", ["message_delta", "message_stop"]))
    depth = 0
    for kind in kinds:
        depth += {"content_block_start": 1, "content_block_stop": -1}.get(kind, 0)
        assert depth in (0, 1) and (depth or kind != "content_block_delta"), kinds


@claim.over(*NATIVE)
def the_cache_is_told(model):
    usage = client.messages.create(**asked(model, "Hi")).usage
    equal((usage.cache_read_input_tokens, usage.cache_creation_input_tokens), (CACHED, CACHE_WRITTEN))
    with client.messages.stream(**asked(model, "Hi")) as stream:
        equal(stream.get_final_message().usage.cache_read_input_tokens, CACHED)


@claim.over(*NATIVE)
def cache_control_arrives(model):
    system = [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}]
    equal(text_of(client.messages.create(**{**asked(model, "Hi"), "system": system})), TEXT)
    last = simulated("__last")["system"]
    assert {"type": "ephemeral"} in [part.get("cache_control") for part in last] or {"cachePoint": {"type": "default"}} in last, last


@claim.over(*EVERY)
def the_limit_of_tokens_is_the_reason(model):
    equal(client.messages.create(**asked(model, "#long")).stop_reason, "max_tokens")


@claim.over(*SEEING)
def pictures_are_seen(model):
    source = {"type": "base64", "media_type": "image/png", "data": PIXEL}
    content = [{"type": "image", "source": source}, {"type": "text", "text": "What is it?"}]
    answer = client.messages.create(**asked(model, [{"role": "user", "content": content}]))
    equal(text_of(answer), f"saw image/png of {PIXEL_BYTES} bytes")


@claim.over(*EVERY)
def tools_are_called_at_once_and_answered(model):
    messages = [{"role": "user", "content": "#both"}]
    first = client.messages.create(**asked(model, messages, tools=[TOOL]))
    # LiteLLM tells the empty text of some providers as a block.
    kinds = [block.type for block in first.content if block.type != "text" or block.text]
    equal((first.stop_reason, kinds), ("tool_use", ["tool_use", "tool_use"]))
    messages += [{"role": "assistant", "content": first.content}, results_of(first)]
    equal(text_of(client.messages.create(**asked(model, messages, tools=[TOOL]))), BOTH)


@claim.over(*EVERY)
def tools_are_called_in_two_rounds_of_streams(model):
    messages = [{"role": "user", "content": "#twice"}]
    for _ in range(2):
        with client.messages.stream(**asked(model, messages, tools=[TOOL], tool_choice={"type": "auto"})) as stream:
            message = stream.get_final_message()
        equal(message.stop_reason, "tool_use")
        messages += [{"role": "assistant", "content": message.content}, results_of(message)]
    with client.messages.stream(**asked(model, messages, tools=[TOOL])) as stream:
        equal("".join(stream.text_stream), BOTH)


@claim.over("claude", "bedrock", "gpt", "gemini", "gemini-3")
def tools_are_forced(model):
    for choice in ({"type": "any"}, {"type": "tool", "name": "weather"}):
        answer = client.messages.create(**asked(model, "Hi", tools=[TOOL], tool_choice=choice))
        equal([block.name for block in answer.content if block.type == "tool_use"], ["weather"])


# Conversations as clients keep them; the ids are such as Mistral takes.
USE = {"type": "tool_use", "id": "abcdefghi", "name": "weather", "input": {}}
CALLED = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": [{"type": "text", "text": "I look"}, USE]}]
RESULT = {"type": "tool_result", "tool_use_id": "abcdefghi"}
PICTURE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PIXEL}}
RESULTS = {
    "text": [{**RESULT, "content": "noon"}],
    "blocks": [{**RESULT, "content": [{"type": "text", "text": "no"}, {"type": "text", "text": "on"}]}],
    "a picture": [{**RESULT, "content": [{"type": "text", "text": "look"}, PICTURE]}],
    "a failure": [{**RESULT, "content": "broken", "is_error": True}],
    "nothing": [RESULT],
    "text, and a question": [{**RESULT, "content": "noon"}, {"type": "text", "text": "Hi"}],
}


@claim.over(*EVERY)
def results_of_every_kind_are_taken(model):
    for name, content in RESULTS.items():
        messages = [*CALLED, {"role": "user", "content": content}]
        answer = client.messages.create(**asked(model, messages, tools=[TOOL]))
        assert text_of(answer), (name, answer)


@claim.over(*EVERY)
def common_options_arrive(model):
    options = {"stop_sequences": ["END"], "temperature": 0.5, "metadata": {"user_id": "u"}}
    system = [{"type": "text", "text": "Be brief."}, {"type": "text", "text": "And kind."}]
    marked = {**TOOL, "cache_control": {"type": "ephemeral"}}
    choice = {"type": "none"} if model != "bedrock" else {"type": "auto"}
    request = {**asked(model, "Hi", tools=[marked], tool_choice=choice, extra_body=options), "system": system}
    equal(text_of(client.messages.create(**request)), TEXT)


@claim.over("claude")
def answers_are_parsed_by_their_schema(model):
    answer = client.messages.parse(**asked(model, "Who?"), output_format=Person)
    equal(answer.parsed_output, Person(**PERSON))


@claim.over("claude", "bedrock", "gemini", "gemini-3")
def thoughts_are_told(model):
    answer = client.messages.create(**asked(model, "Hi", thinking=THINKING))
    equal(([block.thinking for block in answer.content if block.type == "thinking"], text_of(answer)), ([THOUGHT], TEXT))
    with client.messages.stream(**asked(model, "Hi", thinking=THINKING)) as stream:
        final = stream.get_final_message()
    equal([block.thinking for block in final.content if block.type == "thinking"], [THOUGHT])


@claim.over("claude", "bedrock", "gemini-3")
def thoughts_come_back_with_the_tools_results(model):
    messages = [{"role": "user", "content": "#twice"}]
    options = {"tools": [TOOL], "thinking": THINKING}
    for _ in range(2):
        with client.messages.stream(**asked(model, messages, **options)) as stream:
            message = stream.get_final_message()
        if model in NATIVE:
            equal([block.signature for block in message.content if block.type == "thinking"], [SIGNATURE])
        messages += [{"role": "assistant", "content": message.content}, results_of(message)]
    equal(text_of(client.messages.create(**asked(model, messages, **options))), BOTH)


@claim
def tokens_are_counted():
    for model in EVERY:
        counted = client.messages.count_tokens(model=model, messages=[{"role": "user", "content": "How many?"}])
        assert counted.input_tokens > 0, counted


FAILURES = {
    400: anthropic.BadRequestError,
    401: anthropic.AuthenticationError,
    429: anthropic.RateLimitError,
    500: anthropic.InternalServerError,
}


@claim.over(*EVERY)
def failures_are_the_sdks_own_classes(model):
    for status, kind in FAILURES.items():
        # LiteLLM tells a 500 of Bedrock as 503.
        kind = anthropic.ServiceUnavailableError if (model, status) == ("bedrock", 500) else kind
        error = raised(kind, lambda: client.messages.create(**asked(model, f"#{status}")))
        assert error.body["error"]["message"], error.body
        raised(kind, lambda: client.messages.create(**asked(model, f"#{status}"), stream=True))


@claim
def an_overloaded_provider_is_a_server_error():
    try:
        client.messages.create(**asked("claude", "#529"))
    except anthropic.APIStatusError as error:
        assert isinstance(error, anthropic.InternalServerError) or error.status_code >= 500, error
    else:
        raise AssertionError("an answer")


@claim
def a_wrong_key_is_refused():
    wrong = anthropic.Anthropic(base_url=GATEWAY, api_key="sk-wrong", max_retries=0)
    # As LiteLLM without a database: it cannot know whether the key is one.
    raised(anthropic.BadRequestError, lambda: wrong.messages.create(**asked("claude", "Hi")))


@claim.over(*EVERY)
def a_broken_stream_is_an_error_and_not_an_end(model):
    try:
        with client.messages.stream(**asked(model, "#cut")) as stream:
            final = stream.get_final_message()
    except anthropic.APIError:
        return
    except Exception as error:
        assert type(error).__module__.startswith("httpx"), repr(error)
        return
    raise AssertionError(f"the stream ended: {final}")


@claim.over(*EVERY)
def a_client_that_waits_no_longer_gets_its_timeout(model):
    started = time.monotonic()
    hasty = client.with_options(timeout=0.4)
    raised(anthropic.APITimeoutError, lambda: hasty.messages.create(**asked(model, "#slow")))
    assert time.monotonic() - started < 5


@claim.over(*EVERY)
def leaving_a_stream_closes_the_providers(model):
    before = simulated("__left")["left"]
    stream = client.messages.create(**asked(model, "#endless"), stream=True)
    for _ in range(4):
        next(iter(stream))
    stream.close()
    is_left(before)


if __name__ == "__main__":
    run()
