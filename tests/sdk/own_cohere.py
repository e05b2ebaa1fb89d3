"""Cohere's own SDK against the gateway: the pass-through route and the rerank routes, one line a claim.

    python own_cohere.py GATEWAY_URL KEY PROVIDER_URL [PART_OF_A_CLAIM]

The gateway runs with simulated.yaml of this folder, the provider is of the folder `simulated`.
"""

import json

import cohere

from claims import GATEWAY, KEY, claim, equal, is_left, raised, run, simulated
from subjects import BOTH, PERSON, READ, TEXT, WEATHER, WRITTEN

MODEL = "command-a-03-2025"
FUNCTION = WEATHER["function"]
TOOL = {"type": "function", "function": {name: FUNCTION[name] for name in ("name", "description", "parameters")}}
OPTIONS = {"max_retries": 0}

client = cohere.ClientV2(api_key=KEY, base_url=GATEWAY + "/cohere", timeout=30)


def question(text):
    return [{"role": "user", "content": text}]


@claim
def chats_answer():
    answer = client.chat(model=MODEL, messages=question("Hi"))
    equal((answer.message.content[0].text, answer.finish_reason), (TEXT, "COMPLETE"))
    equal((answer.usage.tokens.input_tokens, answer.usage.tokens.output_tokens), (READ, WRITTEN))


@claim
def chats_stream():
    events = list(client.chat_stream(model=MODEL, messages=question("Hi")))
    equal("".join(event.delta.message.content.text for event in events if event.type == "content-delta"), TEXT)
    equal((events[0].type, events[-1].type, events[-1].delta.finish_reason), ("message-start", "message-end", "COMPLETE"))


@claim
def tools_are_called_and_answered():
    messages = question("#both")
    first = client.chat(model=MODEL, messages=messages, tools=[TOOL])
    messages.append(first.message)
    for call in first.message.tool_calls:
        city = json.loads(call.function.arguments)["city"]
        messages.append({"role": "tool", "tool_call_id": call.id, "content": f"7 degrees in {city}"})
    equal(client.chat(model=MODEL, messages=messages, tools=[TOOL]).message.content[0].text, BOTH)


@claim
def answers_follow_a_schema():
    wanted = {"type": "json_object", "json_schema": {"type": "object", "properties": {"name": {"type": "string"}}}}
    answer = client.chat(model=MODEL, messages=question("Who?"), response_format=wanted)
    equal(json.loads(answer.message.content[0].text), PERSON)


@claim
def texts_are_embedded():
    answer = client.embed(model="embed-v4.0", texts=["a", "b"], input_type="search_document", embedding_types=["float"])
    equal(answer.embeddings.float_, [[0.5, -0.25, 0.125, 1.0], [1.5, -0.25, 0.125, 1.0]])


@claim
def documents_are_ranked():
    documents = ["first", "second", "third"]
    passed = client.rerank(model="rerank-v3.5", query="q", documents=documents, top_n=2)
    ours = cohere.ClientV2(api_key=KEY, base_url=GATEWAY).rerank(model="rerank", query="q", documents=documents, top_n=2)
    first = cohere.Client(api_key=KEY, base_url=GATEWAY).rerank(model="rerank", query="q", documents=documents, top_n=2)
    for answer in (passed, ours, first):
        equal([(result.index, result.relevance_score) for result in answer.results], [(2, 0.9), (1, 0.8)])
        equal(answer.meta.billed_units.search_units, 1)


@claim
def failures_are_the_sdks_own_classes():
    kinds = {400: cohere.BadRequestError, 401: cohere.UnauthorizedError, 429: cohere.TooManyRequestsError, 500: cohere.InternalServerError}
    for status, kind in kinds.items():
        asked = {"model": MODEL, "messages": question(f"#{status}"), "request_options": OPTIONS}
        equal(raised(kind, lambda: client.chat(**asked)).body, {"id": "scripted", "message": f"failed with {status}"})


@claim
def leaving_a_stream_closes_the_providers():
    before = simulated("__left")["left"]
    stream = client.chat_stream(model=MODEL, messages=question("#endless"))
    for _ in range(3):
        next(stream)
    stream.close()
    is_left(before)


if __name__ == "__main__":
    run()
