"""The official OpenAI SDK's responses over every simulated provider, one line a claim.

    python responses.py GATEWAY_URL KEY PROVIDER_URL [PART_OF_A_CLAIM]

The gateway runs with simulated.yaml of this folder, the providers are the folder `simulated`.
"""

import json

import openai

from claims import GATEWAY, KEY, claim, equal, is_left, raised, run, simulated
from subjects import BOTH, CITIES, PERSON, PIXEL, PIXEL_BYTES, READ, TEXT, THOUGHT, WEATHER, WRITTEN, Person

EVERY = ("gpt", "claude", "gemini", "gemini-3", "bedrock", "ollama", "mistral", "cohere")

# Those that show what they think, and those that look at pictures.
THINKING = ("gpt-thinking", "claude", "gemini", "gemini-3", "bedrock")
SEEING = ("gpt", "claude", "gemini", "bedrock", "mistral")

client = openai.OpenAI(base_url=GATEWAY + "/v1", api_key=KEY, max_retries=0, timeout=30)


@claim.over(*EVERY, "gpt-thinking")
def responses_answer_and_stream(model):
    answer = client.responses.create(model=model, input="Hi", instructions="Be brief.")
    equal((answer.object, answer.status, answer.output_text), ("response", "completed", TEXT))
    equal((answer.usage.input_tokens, answer.usage.output_tokens), (READ, WRITTEN))
    with client.responses.stream(model=model, input="Hi") as stream:
        text = "".join(event.delta for event in stream if event.type == "response.output_text.delta")
        final = stream.get_final_response()
    equal((text, final.output_text, final.usage.total_tokens), (TEXT, TEXT, READ + WRITTEN))


@claim.over(*EVERY)
def responses_call_tools(model):
    tool = {"type": "function", "strict": False, **WEATHER["function"]}
    items = [{"role": "user", "content": "#both"}]
    first = client.responses.create(model=model, input=items, tools=[tool])
    calls = [item for item in first.output if item.type == "function_call"]
    equal([json.loads(call.arguments)["city"] for call in calls], ["Kraków", "Łódź"])
    items += [item.model_dump(exclude_none=True) for item in first.output]
    items += [{"type": "function_call_output", "call_id": call.call_id, "output": "7"} for call in calls]
    equal(client.responses.create(model=model, input=items, tools=[tool]).output_text, "The tool said: 7 | 7")


@claim.over("gpt", "claude", "gemini", "bedrock", "mistral")
def responses_are_parsed_by_their_schema(model):
    equal(client.responses.parse(model=model, input="Who?", text_format=Person).output_parsed, Person(**PERSON))


@claim.over(*EVERY)
def responses_call_tools_in_streams(model):
    tool = {"type": "function", "strict": False, **WEATHER["function"]}
    items = [{"role": "user", "content": "#twice"}]
    for city in CITIES:
        with client.responses.stream(model=model, input=items, tools=[tool]) as stream:
            kinds = {event.type for event in stream}
            final = stream.get_final_response()
        assert "response.function_call_arguments.done" in kinds, kinds
        calls = [item for item in final.output if item.type == "function_call"]
        equal([json.loads(call.arguments) for call in calls], [{"city": city}])
        items += [item.model_dump(exclude_none=True, exclude={"parsed_arguments"}) for item in final.output]
        items += [{"type": "function_call_output", "call_id": call.call_id, "output": f"7 degrees in {city}"} for call in calls]
    equal(client.responses.create(model=model, input=items, tools=[tool]).output_text, BOTH)


@claim.over(*THINKING)
def thoughts_are_told(model):
    answer = client.responses.create(model=model, input="Hi", reasoning={"effort": "low", "summary": "auto"})
    parts = [part for item in answer.output if item.type == "reasoning" for part in item.summary or item.content]
    equal(([part.text for part in parts], answer.output_text), ([THOUGHT], TEXT))


@claim.over(*SEEING)
def pictures_are_seen(model):
    picture = {"type": "input_image", "image_url": f"data:image/png;base64,{PIXEL}", "detail": "auto"}
    content = [{"type": "input_text", "text": "What is it?"}, picture]
    answer = client.responses.create(model=model, input=[{"role": "user", "content": content}])
    equal(answer.output_text, f"saw image/png of {PIXEL_BYTES} bytes")


# OpenAI keeps its own responses, which the simulated one does not.
@claim.over(*(model for model in EVERY if model != "gpt"))
def a_conversation_goes_on_from_its_last_response(model):
    first = client.responses.create(model=model, input="Hi")
    second = client.responses.create(model=model, input="And again", previous_response_id=first.id)
    equal(second.output_text, TEXT)


FAILURES = {
    400: openai.BadRequestError,
    401: openai.AuthenticationError,
    429: openai.RateLimitError,
    500: openai.InternalServerError,
}


@claim.over(*EVERY)
def failures_are_the_sdks_own_classes(model):
    for status, kind in FAILURES.items():
        scene = f"#{status}"
        raised(kind, lambda: client.responses.create(model=model, input=scene))
        raised(kind, lambda: list(client.responses.create(model=model, input=scene, stream=True)))


@claim.over(*EVERY)
def a_broken_stream_is_an_error_and_not_an_end(model):
    try:
        events = list(client.responses.create(model=model, input="#cut", stream=True))
    except openai.APIError:
        return
    except Exception as error:
        assert type(error).__module__.startswith("httpx"), repr(error)
        return
    kinds = [event.type for event in events]
    assert "response.completed" not in kinds and kinds[-1] in ("error", "response.failed"), kinds[-3:]


@claim.over(*EVERY)
def leaving_a_stream_closes_the_providers(model):
    before = simulated("__left")["left"]
    stream = client.responses.create(model=model, input="#endless", stream=True)
    for _ in range(6):
        next(iter(stream))
    stream.close()
    is_left(before)


@claim.over("claude", "gemini", "bedrock", "ollama", "mistral")
def responses_are_kept_and_gone_on_from(model):
    tool = {"type": "function", "strict": False, **WEATHER["function"]}
    first = client.responses.create(model=model, input="#both", tools=[tool])
    results = [
        {"type": "function_call_output", "call_id": call.call_id, "output": "7"}
        for call in first.output
        if call.type == "function_call"
    ]
    second = client.responses.create(model=model, input=results, tools=[tool], previous_response_id=first.id)
    equal(second.output_text, "The tool said: 7 | 7")
    equal(client.responses.retrieve(second.id).output_text, second.output_text)
    items = client.responses.input_items.list(second.id, order="asc")
    equal([item.type for item in items], ["function_call_output", "function_call_output"])
    client.responses.delete(second.id)
    raised(openai.NotFoundError, lambda: client.responses.retrieve(second.id))
    again = lambda: client.responses.create(model=model, input="Hi", previous_response_id=second.id)
    equal(raised(openai.BadRequestError, again).code, "previous_response_not_found")


@claim.over("claude", "gemini")
def a_streamed_response_is_kept_unless_the_client_declines(model):
    def ended(**more):
        with client.responses.stream(model=model, input="Hi", **more) as stream:
            for _ in stream:
                pass
            return stream.get_final_response()

    equal(client.responses.retrieve(ended().id).output_text, TEXT)
    raised(openai.NotFoundError, lambda: client.responses.retrieve(ended(store=False).id))


@claim
def an_id_of_nobody_is_not_found():
    raised(openai.NotFoundError, lambda: client.responses.retrieve("resp_" + "A" * 200))


if __name__ == "__main__":
    run()
