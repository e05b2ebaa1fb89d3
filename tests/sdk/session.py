"""The official Python SDK against the gateway, one line a claim. Knows the scripted provider's answers.

    python session.py GATEWAY_URL KEY PROVIDER_URL

Exits with 1 if a claim fails. The gateway runs with config.yaml of this folder, the provider is provider.py.
"""

import asyncio
import hashlib
import json
import sys
import time
import traceback
import urllib.request
from urllib.parse import quote

import openai

from provider import IMAGE, SPEECH, TEXT, TOOL_ARGUMENTS, vector

GATEWAY, KEY, PROVIDER = sys.argv[1:4]
QUESTION = [{"role": "user", "content": "Hi"}]
TOOL = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "the weather of a city",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "unit": {"type": "string"}},
            "required": ["city"],
        },
    },
}
# The provider must be told within this time; the best of the tries counts, for the machine may be busy.
CLOSE_LIMIT_MS = 100
CLOSE_TRIES = 5

client = openai.OpenAI(base_url=GATEWAY + "/v1", api_key=KEY, max_retries=0, timeout=30)
CLAIMS = []


def claim(function):
    CLAIMS.append(function)
    return function


def equal(got, want):
    assert got == want, f"got {got!r}, want {want!r}"


def raised(kind, status, call):
    """Calls, and returns the error, which must be exactly of the SDK's class `kind`."""
    try:
        call()
    except openai.APIStatusError as error:
        equal((type(error).__name__, error.status_code), (kind.__name__, status))
        return error
    raise AssertionError(f"no error, want {kind.__name__}")


# --------------------------------------------------------------- chat


@claim
def models_are_listed_and_found():
    names = {model.id for model in client.models.list()}
    assert {"chat", "embedding", "rerank"} <= names, names
    equal(client.models.retrieve("chat").id, "chat")


@claim
def chat_answers_whole():
    answer = client.chat.completions.create(model="chat", messages=QUESTION, temperature=0.3, max_tokens=64)
    choice = answer.choices[0]
    equal((answer.object, answer.model), ("chat.completion", "chat"))
    equal((choice.message.role, choice.message.content, choice.finish_reason), ("assistant", TEXT, "stop"))
    usage = answer.usage
    equal((usage.prompt_tokens, usage.completion_tokens, usage.total_tokens), (21, 13, 34))
    equal(usage.prompt_tokens_details.cached_tokens, 4)


@claim
def chat_answers_carry_the_gateways_headers():
    raw = client.chat.completions.with_raw_response.create(model="chat", messages=QUESTION)
    assert raw.headers["x-litellm-call-id"], raw.headers
    assert raw.headers["x-litellm-model-id"], raw.headers
    equal(raw.headers["x-litellm-model-group"], "chat")


@claim
def chat_streams():
    chunks = list(client.chat.completions.create(model="chat", messages=QUESTION, stream=True))
    choices = [chunk.choices[0] for chunk in chunks if chunk.choices]
    equal("".join(choice.delta.content or "" for choice in choices), TEXT)
    equal(choices[0].delta.role, "assistant")
    equal([choice.finish_reason for choice in choices if choice.finish_reason], ["stop"])
    equal({chunk.model for chunk in chunks}, {"chat"})
    equal({chunk.object for chunk in chunks}, {"chat.completion.chunk"})
    equal([chunk.usage for chunk in chunks if chunk.usage], [])


@claim
def chat_streams_its_usage_when_asked():
    options = {"include_usage": True}
    chunks = list(client.chat.completions.create(model="chat", messages=QUESTION, stream=True, stream_options=options))
    equal([chunk.usage.total_tokens for chunk in chunks if chunk.usage], [34])
    assert chunks[-1].usage, chunks[-1]


@claim
def the_stream_helper_gathers_the_answer():
    with client.chat.completions.stream(model="chat", messages=QUESTION) as stream:
        kinds = {event.type for event in stream}
        final = stream.get_final_completion()
    assert {"chunk", "content.delta", "content.done"} <= kinds, kinds
    equal(final.choices[0].message.content, TEXT)


@claim
def many_at_once_get_their_own_answers():
    async def ask(caller, number):
        messages = [*QUESTION, {"role": "tool", "tool_call_id": "call_scripted", "content": f"number {number}"}]
        answer = await caller.chat.completions.create(model="chat", messages=messages)
        return answer.choices[0].message.content

    async def ask_all():
        async with openai.AsyncOpenAI(base_url=GATEWAY + "/v1", api_key=KEY, max_retries=0, timeout=30) as caller:
            return await asyncio.gather(*(ask(caller, number) for number in range(20)))

    equal(asyncio.run(ask_all()), [f"The tool said: number {number}" for number in range(20)])


# --------------------------------------------------------------- tools


@claim
def tools_are_called_and_answered():
    first = client.chat.completions.create(model="chat-tools", messages=QUESTION, tools=[TOOL], tool_choice="auto")
    equal(first.choices[0].finish_reason, "tool_calls")
    call = first.choices[0].message.tool_calls[0]
    equal((call.id, call.type, call.function.name), ("call_scripted", "function", "weather"))
    equal(json.loads(call.function.arguments), json.loads(TOOL_ARGUMENTS))
    messages = [*QUESTION, first.choices[0].message, {"role": "tool", "tool_call_id": call.id, "content": "7 degrees"}]
    second = client.chat.completions.create(model="chat-tools", messages=messages, tools=[TOOL])
    equal(second.choices[0].message.content, "The tool said: 7 degrees")


@claim
def tool_calls_stream_in_pieces():
    chunks = client.chat.completions.create(model="chat-tools", messages=QUESTION, tools=[TOOL], stream=True)
    choices = [chunk.choices[0] for chunk in chunks if chunk.choices]
    calls = [call for choice in choices for call in choice.delta.tool_calls or []]
    equal({call.index for call in calls}, {0})
    equal([call.id for call in calls if call.id], ["call_scripted"])
    equal([call.function.name for call in calls if call.function.name], ["weather"])
    equal(json.loads("".join(call.function.arguments or "" for call in calls)), json.loads(TOOL_ARGUMENTS))
    equal([choice.finish_reason for choice in choices if choice.finish_reason], ["tool_calls"])


# --------------------------------------------------------------- other kinds of call


@claim
def text_completions_answer():
    answer = client.completions.create(model="text", prompt="Once upon a time")
    equal((answer.object, answer.choices[0].text, answer.usage.total_tokens), ("text_completion", TEXT, 34))


@claim
def embeddings_answer_packed_and_plain():
    for options in ({}, {"encoding_format": "float"}):
        answer = client.embeddings.create(model="embedding", input=["first", "second"], **options)
        equal([item.embedding for item in answer.data], [vector(0), vector(1)])
        equal([item.index for item in answer.data], [0, 1])
        equal(answer.usage.total_tokens, 9)


@claim
def images_are_made():
    answer = client.images.generate(model="image", prompt="a cat", n=2, size="1024x1024")
    equal([image.b64_json for image in answer.data], [IMAGE, IMAGE])


@claim
def speech_is_relayed_byte_for_byte():
    arguments = {"model": "speech", "voice": "alloy", "input": "Hello"}
    equal(hashlib.sha256(client.audio.speech.create(**arguments).content).digest(), hashlib.sha256(SPEECH).digest())
    with client.audio.speech.with_streaming_response.create(**arguments) as answer:
        equal(b"".join(answer.iter_bytes()), SPEECH)


@claim
def audio_is_uploaded_whole():
    audio = SPEECH * 3
    answer = client.audio.transcriptions.create(
        model="transcription", file=("talk.wav", audio), language="pl", prompt="names"
    )
    digest = hashlib.sha256(audio).hexdigest()
    said = dict(word.split("=", 1) for word in answer.text.split())
    equal((said["file"], said["bytes"], said["sha256"]), ("talk.wav", str(len(audio)), digest))
    assert {"file", "model", "language", "prompt"} <= set(said["fields"].split(",")), said


@claim
def moderations_answer():
    for text, flagged in (("hate", True), ("love", False)):
        answer = client.moderations.create(model="moderation", input=text)
        equal((answer.results[0].flagged, answer.results[0].categories.hate), (flagged, flagged))


@claim
def rerank_answers():
    body = {"model": "rerank", "query": "q", "documents": ["first", "second"], "top_n": 2}
    answer = client.post("/rerank", cast_to=object, body=body)
    equal([result["index"] for result in answer["results"]], [1, 0])


# --------------------------------------------------------------- errors


@claim
def provider_errors_are_the_sdks_own_classes():
    expected = [
        (400, openai.BadRequestError),
        (401, openai.AuthenticationError),
        (404, openai.NotFoundError),
        (429, openai.RateLimitError),
        (500, openai.InternalServerError),
        (503, openai.InternalServerError),
    ]
    for status, kind in expected:
        error = raised(kind, status, lambda: client.chat.completions.create(model=f"chat-{status}", messages=QUESTION))
        equal(error.code, str(status))
        assert error.body["message"], error.body


@claim
def a_refused_stream_is_an_error_and_not_a_stream():
    def ask():
        return client.chat.completions.create(model="chat-429", messages=QUESTION, stream=True)

    raised(openai.RateLimitError, 429, ask)


@claim
def an_unknown_model_is_a_bad_request():
    error = raised(
        openai.BadRequestError, 400, lambda: client.chat.completions.create(model="no-such-model", messages=QUESTION)
    )
    assert "no-such-model" in error.message, error.message


@claim
def a_call_without_key_is_not_authenticated():
    def ask():
        keyless = {"Authorization": openai.Omit()}
        return client.chat.completions.create(model="chat", messages=QUESTION, extra_headers=keyless)

    equal(raised(openai.AuthenticationError, 401, ask).type, "auth_error")


@claim
def a_call_without_messages_is_a_bad_request():
    raised(openai.BadRequestError, 400, lambda: client.post("/chat/completions", cast_to=object, body={"model": "chat"}))


# --------------------------------------------------------------- cancelling


def closed(tag):
    with urllib.request.urlopen(f"{PROVIDER}/__closed?tag={quote(tag)}", timeout=10) as answer:
        return json.load(answer)


def close_latency_ms(tag):
    """Leaves an endless stream after three chunks; how long the provider then went on."""
    messages = [{"role": "user", "content": tag}]
    stream = client.chat.completions.create(model="chat-endless", messages=messages, stream=True)
    for _ in range(3):
        next(iter(stream))
    stream.close()
    left_at = time.monotonic()
    while time.monotonic() < left_at + 15:
        known = closed(tag)
        if known["closed"]:
            return (time.monotonic() - left_at) * 1000 - known["closed_ms_ago"]
        time.sleep(0.005)
    raise AssertionError("the provider's stream is still open after 15 s")


@claim
def leaving_a_stream_closes_the_providers():
    latencies = [close_latency_ms(f"python {number} {time.monotonic()}") for number in range(CLOSE_TRIES)]
    assert min(latencies) < CLOSE_LIMIT_MS, latencies


def main():
    failed = 0
    for function in CLAIMS:
        name = function.__name__.replace("_", " ")
        try:
            function()
            print("ok -", name, flush=True)
        except Exception:
            failed += 1
            print("FAILED -", name, flush=True)
            traceback.print_exc(file=sys.stdout)
    print(f"python: {len(CLAIMS) - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
