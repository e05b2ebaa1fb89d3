"""The official OpenAI SDK of Python over every simulated provider, one line a claim.

    python everywhere.py GATEWAY_URL KEY PROVIDER_URL [PART_OF_A_CLAIM]

The gateway runs with simulated.yaml of this folder, the providers are the folder `simulated`.
"""

import asyncio
import json
import time

import openai

from claims import GATEWAY, KEY, claim, equal, is_left, raised, run, simulated
from subjects import (
    CACHED, PERSON, PIXEL, PIXEL_BYTES, READ, TEXT, THOUGHT, THOUGHTS, WEATHER, WRITTEN, Person, Pet,
)  # fmt: skip

EVERY = ("gpt", "claude", "gemini", "gemini-3", "bedrock", "ollama", "mistral", "cohere")
# Those that can be told to call a tool, to answer by a schema, to look at a picture.
FORCED = ("gpt", "claude", "gemini", "gemini-3", "bedrock", "mistral")
SHAPED = ("gpt", "claude", "gemini", "gemini-3", "bedrock", "ollama", "mistral")
SEEING = ("gpt", "claude", "gemini", "bedrock", "mistral")
CACHING = ("gpt", "claude", "gemini", "bedrock", "mistral")
THINKING = ("claude", "gemini", "gemini-3", "bedrock", "ollama")

client = openai.OpenAI(base_url=GATEWAY + "/v1", api_key=KEY, max_retries=0, timeout=30)
chat = client.chat.completions


def question(text):
    return [{"role": "system", "content": "Be brief."}, {"role": "user", "content": text}]


def results_of(message):
    for call in message.tool_calls:
        city = json.loads(call.function.arguments)["city"]
        yield {"role": "tool", "tool_call_id": call.id, "content": f"7 degrees in {city}"}


def gathered(stream):
    """The text, the calls [(id, name, arguments)], the reasons and the usages of a stream."""
    text, calls, reasons, usages = "", {}, [], []
    for chunk in stream:
        usages += [chunk.usage] if chunk.usage else []
        for choice in chunk.choices:
            text += choice.delta.content or ""
            reasons += [choice.finish_reason] if choice.finish_reason else []
            for piece in choice.delta.tool_calls or []:
                known = calls.setdefault(piece.index, ["", "", ""])
                known[0] = known[0] or piece.id or ""
                known[1] += piece.function.name or ""
                known[2] += piece.function.arguments or ""
    return text, [tuple(known) for known in calls.values()], reasons, usages


# --------------------------------------------------------------- chats


@claim.over(*EVERY, "gpt-thinking")
def chat_answers(model):
    answer = chat.create(model=model, messages=question("Hi"), max_completion_tokens=64)
    equal((answer.object, answer.choices[0].finish_reason, answer.model), ("chat.completion", "stop", model))
    equal((answer.choices[0].message.role, answer.choices[0].message.content), ("assistant", TEXT))
    usage = answer.usage
    equal((usage.prompt_tokens, usage.completion_tokens, usage.total_tokens), (READ, WRITTEN, READ + WRITTEN))


@claim.over(*EVERY, "gpt-thinking")
def chat_streams(model):
    stream = chat.create(model=model, messages=question("Hi"), stream=True, stream_options={"include_usage": True})
    text, calls, reasons, usages = gathered(stream)
    equal((text, calls, reasons), (TEXT, [], ["stop"]))
    equal([usage.total_tokens for usage in usages], [READ + WRITTEN])


@claim.over(*EVERY)
def streams_tell_no_usage_unasked(model):
    equal(gathered(chat.create(model=model, messages=question("Hi"), stream=True))[3], [])


@claim.over(*CACHING)
def cached_tokens_are_told(model):
    usage = chat.create(model=model, messages=question("Hi")).usage
    equal(usage.prompt_tokens_details.cached_tokens, CACHED)
    options = {"include_usage": True}
    usages = gathered(chat.create(model=model, messages=question("Hi"), stream=True, stream_options=options))[3]
    equal(usages[0].prompt_tokens_details.cached_tokens, CACHED)


@claim.over(*EVERY)
def the_limit_of_tokens_is_the_reason(model):
    answer = chat.create(model=model, messages=question("#long"), max_tokens=64)
    equal(answer.choices[0].finish_reason, "length")
    stream = chat.create(model=model, messages=question("#long"), max_tokens=64, stream=True)
    equal(gathered(stream)[2], ["length"])


@claim.over(*EVERY)
def common_options_arrive(model):
    options = {"temperature": 0.5, "top_p": 0.9, "stop": ["END"], "max_tokens": 100}
    equal(chat.create(model=model, messages=question("Hi"), **options).choices[0].message.content, TEXT)


@claim.over(*SEEING)
def pictures_are_seen(model):
    picture = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}"}}
    parts = [{"type": "text", "text": "What is it?"}, picture]
    answer = chat.create(model=model, messages=[{"role": "user", "content": parts}])
    equal(answer.choices[0].message.content, f"saw image/png of {PIXEL_BYTES} bytes")


# --------------------------------------------------------------- tools


@claim.over(*EVERY)
def tools_are_called_at_once_and_answered(model):
    messages = question("#both")
    first = chat.create(model=model, messages=messages, tools=[WEATHER])
    message = first.choices[0].message
    equal((first.choices[0].finish_reason, len(message.tool_calls)), ("tool_calls", 2))
    equal(len({call.id for call in message.tool_calls}), 2)
    messages += [message, *results_of(message)]
    second = chat.create(model=model, messages=messages, tools=[WEATHER])
    equal(second.choices[0].message.content, "The tool said: 7 degrees in Kraków | 7 degrees in Łódź")


@claim.over(*EVERY)
def tools_are_called_in_two_rounds(model):
    messages = question("#twice")
    for city in ("Kraków", "Łódź"):
        message = chat.create(model=model, messages=messages, tools=[WEATHER], tool_choice="auto").choices[0].message
        equal([json.loads(call.function.arguments) for call in message.tool_calls], [{"city": city}])
        messages += [message.model_dump(exclude_none=True), *results_of(message)]
    last = chat.create(model=model, messages=messages, tools=[WEATHER]).choices[0].message
    equal(last.content, "The tool said: 7 degrees in Kraków | 7 degrees in Łódź")


@claim.over(*EVERY)
def tools_are_called_in_streams(model):
    messages = question("#both")
    text, calls, reasons, _ = gathered(chat.create(model=model, messages=messages, tools=[WEATHER], stream=True))
    equal((text, reasons, len({call[0] for call in calls})), ("", ["tool_calls"], 2))
    equal([(name, json.loads(arguments)) for _, name, arguments in calls], [("weather", {"city": city}) for city in ("Kraków", "Łódź")])
    told = [{"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}} for call_id, name, arguments in calls]
    messages.append({"role": "assistant", "content": None, "tool_calls": told})
    messages += [{"role": "tool", "tool_call_id": call[0], "content": "7"} for call in calls]
    equal(gathered(chat.create(model=model, messages=messages, tools=[WEATHER], stream=True))[0], "The tool said: 7 | 7")


@claim.over(*FORCED)
def tools_are_forced(model):
    by_name = [{"type": "function", "function": {"name": "weather"}}]
    # LiteLLM does not tell Mistral's models which tool is wanted, and leaves the wish out.
    for choice in ("required", *([] if model == "mistral" else by_name)):
        answer = chat.create(model=model, messages=question("Hi"), tools=[WEATHER], tool_choice=choice)
        equal([call.function.name for call in answer.choices[0].message.tool_calls], ["weather"])


@claim.over("gpt", "claude", "gemini", "bedrock", "mistral")
def the_stream_helper_gathers_calls(model):
    with chat.stream(model=model, messages=question("#weather"), tools=[WEATHER]) as stream:
        kinds = {event.type for event in stream}
        call = stream.get_final_completion().choices[0].message.tool_calls[0]
    assert "tool_calls.function.arguments.done" in kinds, kinds
    equal(json.loads(call.function.arguments), {"city": "Kraków"})


# Conversations as clients keep them; the ids are such as Mistral takes.
CALL = {"id": "abcdefghi", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Kraków"}'}}
NO_ARGUMENTS = {**CALL, "function": {"name": "weather", "arguments": ""}}
HI = {"role": "user", "content": "Hi"}


def told(content, call=CALL, said=None):
    called = {"role": "assistant", "content": said, "tool_calls": [call]}
    return [HI, called, {"role": "tool", "tool_call_id": call["id"], "content": content}]


HISTORIES = {
    "two users": ([HI, HI], TEXT),
    "an assistant's empty words": ([HI, {"role": "assistant", "content": ""}, HI], TEXT),
    "a system prompt in the middle": ([HI, {"role": "assistant", "content": "yes"}, {"role": "system", "content": "x"}, HI], TEXT),
    "words beside a call": (told("noon", said="I look"), "The tool said: noon"),
    "a result in parts": (told([{"type": "text", "text": "no"}, {"type": "text", "text": "on"}]), None),
    "an empty result": (told(""), None),
    "a call without arguments": (told("noon", NO_ARGUMENTS), "The tool said: noon"),
    "a question after a result": ([*told("noon"), HI], None),
}


@claim.over(*EVERY)
def histories_of_every_kind_are_taken(model):
    for name, (messages, want) in HISTORIES.items():
        text = chat.create(model=model, messages=messages, tools=[WEATHER]).choices[0].message.content
        assert text == want or (text and not want), (name, text)


NESTED = {
    "type": "object",
    "$defs": {"Pet": {"type": "object", "properties": {"name": {"type": ["string", "null"]}}, "required": ["name"]}},
    "properties": {
        "pets": {"type": "array", "items": {"$ref": "#/$defs/Pet"}},
        "size": {"type": "integer", "enum": [1, 2]},
        "kind": {"const": "x"},
        "either": {"oneOf": [{"type": "string", "format": "email"}, {"type": "integer"}]},
    },
    "required": ["pets"],
}
NOTHING = {"type": "object", "properties": {}}


@claim.over(*EVERY)
def tools_of_every_kind_are_taken(model):
    for schema in (NOTHING, NESTED):
        tool = {"type": "function", "function": {"name": "tool", "description": "a tool", "parameters": schema}}
        equal(chat.create(model=model, messages=[HI], tools=[tool]).choices[0].message.content, TEXT)


# --------------------------------------------------------------- answers by a schema


@claim.over(*SHAPED)
def answers_are_parsed_by_their_schema(model):
    answer = chat.parse(model=model, messages=question("Who?"), response_format=Person)
    equal(answer.choices[0].message.parsed, Person(**PERSON))
    equal((answer.choices[0].message.tool_calls or [], answer.choices[0].finish_reason), ([], "stop"))


@claim.over(*SHAPED)
def streamed_answers_are_parsed_by_their_schema(model):
    with chat.stream(model=model, messages=question("Who?"), response_format=Person) as stream:
        equal(stream.get_final_completion().choices[0].message.parsed, Person(**PERSON))


@claim.over(*SHAPED)
def json_is_asked_for(model):
    answer = chat.create(model=model, messages=question("JSON, please"), response_format={"type": "json_object"})
    assert answer.choices[0].message.content or answer.choices[0].message.tool_calls, answer


@claim.over(*SHAPED)
def schemas_and_tools_go_together(model):
    answer = chat.parse(model=model, messages=question("Who?"), response_format=Person, tools=[openai.pydantic_function_tool(Pet)])
    equal(answer.choices[0].message.parsed, Person(**PERSON))


# --------------------------------------------------------------- reasoning


@claim.over(*THINKING)
def thoughts_are_told(model):
    answer = chat.create(model=model, messages=question("Hi"), reasoning_effort="low")
    message = answer.choices[0].message
    equal((message.content, message.reasoning_content), (TEXT, THOUGHT))
    chunks = list(chat.create(model=model, messages=question("Hi"), reasoning_effort="low", stream=True))
    deltas = [chunk.choices[0].delta for chunk in chunks if chunk.choices]
    equal("".join(getattr(delta, "reasoning_content", None) or "" for delta in deltas), THOUGHT)
    equal("".join(delta.content or "" for delta in deltas), TEXT)


@claim.over("gemini", "gemini-3")
def thoughts_are_counted(model):
    usage = chat.create(model=model, messages=question("Hi"), reasoning_effort="low").usage
    equal((usage.completion_tokens, usage.completion_tokens_details.reasoning_tokens), (WRITTEN, THOUGHTS))


@claim.over("claude", "gemini-3", "bedrock")
def thoughts_come_back_with_the_tools_results(model):
    messages = question("#twice")
    options = {"model": model, "tools": [WEATHER], "reasoning_effort": "low"}
    for _ in range(2):
        message = chat.create(messages=messages, **options).choices[0].message
        messages += [message.model_dump(exclude_none=True), *results_of(message)]
    last = chat.create(messages=messages, **options).choices[0].message
    equal(last.content, "The tool said: 7 degrees in Kraków | 7 degrees in Łódź")
    assert last.reasoning_content == THOUGHT, last


@claim.over("claude", "bedrock", "gemini-3")
def clients_that_forget_thoughts_are_served(model):
    messages = question("#weather")
    options = {"model": model, "tools": [WEATHER], "reasoning_effort": "low"}
    call = chat.create(messages=messages, **options).choices[0].message.tool_calls[0]
    known = {"id": call.id, "type": "function", "function": {"name": "weather", "arguments": call.function.arguments}}
    messages += [{"role": "assistant", "content": None, "tool_calls": [known]}]
    messages += [{"role": "tool", "tool_call_id": call.id, "content": "7"}]
    equal(chat.create(messages=messages, **options).choices[0].message.content, "The tool said: 7")


# --------------------------------------------------------------- embeddings


@claim.over("embedding-gpt", "embedding-gemini", "embedding-ollama", "embedding-cohere")
def embeddings_answer(model):
    answer = client.embeddings.create(model=model, input=["first", "second"])
    equal([item.embedding for item in answer.data], [[0.5, -0.25, 0.125, 1.0], [1.5, -0.25, 0.125, 1.0]])
    equal([item.index for item in answer.data], [0, 1])


# --------------------------------------------------------------- failures


def code_of(model, status, **options):
    def ask():
        answer = chat.create(model=model, messages=question(f"#{status}"), **options)
        # A stream that was taken may still fail in its middle; here it must not be taken.
        raise AssertionError(f"an answer: {answer}")

    return ask


FAILURES = {
    400: openai.BadRequestError,
    401: openai.AuthenticationError,
    429: openai.RateLimitError,
    500: openai.InternalServerError,
    503: openai.InternalServerError,
}


@claim.over(*EVERY)
def failures_are_the_sdks_own_classes(model):
    for status, kind in FAILURES.items():
        error = raised(kind, code_of(model, status))
        assert error.message and error.body["message"], error.body
        raised(kind, code_of(model, status, stream=True))


@claim.over(*EVERY)
def the_providers_wish_to_wait_is_told(model):
    error = raised(openai.RateLimitError, code_of(model, 429))
    equal(error.response.headers["llm_provider-retry-after"], "7")


@claim
def an_overloaded_provider_is_a_server_error():
    for options in ({}, {"stream": True}):
        raised(openai.InternalServerError, code_of("claude", 529, **options))


@claim.over("wrong-key-claude", "wrong-key-gemini")
def a_wrong_key_of_the_gateway_is_told(model):
    raised(openai.AuthenticationError, lambda: chat.create(model=model, messages=question("Hi")))


@claim.over(*EVERY)
def a_broken_stream_is_an_error_and_not_an_end(model):
    try:
        text, _, reasons, _ = gathered(chat.create(model=model, messages=question("#cut"), stream=True))
    except (openai.APIError, openai.APIConnectionError):
        return
    except Exception as error:
        assert type(error).__module__.startswith("httpx"), repr(error)
        return
    raise AssertionError(f"the stream ended with {reasons}: {text!r}")


@claim.over(*EVERY)
def a_client_that_waits_no_longer_gets_its_timeout(model):
    hasty = client.with_options(timeout=0.4)
    started = time.monotonic()
    raised(openai.APITimeoutError, lambda: hasty.chat.completions.create(model=model, messages=question("#slow")))
    assert time.monotonic() - started < 5


@claim
def a_timeout_asked_of_the_gateway_holds():
    body = {"timeout": 0.4}
    started = time.monotonic()
    try:
        chat.create(model="claude", messages=question("#slow"), extra_body=body)
    except openai.APIStatusError as error:
        equal(error.status_code, 408)
    else:
        raise AssertionError("an answer after 20 s")
    assert time.monotonic() - started < 5


@claim.over(*EVERY)
def leaving_a_stream_closes_the_providers(model):
    before = simulated("__left")["left"]
    stream = chat.create(model=model, messages=question("#endless"), stream=True)
    for _ in range(3):
        next(iter(stream))
    stream.close()
    is_left(before)


@claim
def a_cancelled_task_closes_the_providers_stream():
    before = simulated("__left")["left"]

    async def listen():
        async with openai.AsyncOpenAI(base_url=GATEWAY + "/v1", api_key=KEY, max_retries=0) as caller:
            async for _ in await caller.chat.completions.create(model="gemini", messages=question("#endless"), stream=True):
                pass

    async def cancel():
        task = asyncio.create_task(listen())
        await asyncio.sleep(0.5)
        task.cancel()
        await asyncio.wait([task])

    asyncio.run(cancel())
    is_left(before)


if __name__ == "__main__":
    run()
