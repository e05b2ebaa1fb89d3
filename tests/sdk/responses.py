"""The official OpenAI SDK's responses over every simulated provider, one line a claim.

    python responses.py GATEWAY_URL KEY PROVIDER_URL [PART_OF_A_CLAIM]

The gateway runs with simulated.yaml of this folder, the providers are the folder `simulated`.
"""

import json

import openai

from claims import GATEWAY, KEY, claim, equal, run
from subjects import PERSON, READ, TEXT, WEATHER, WRITTEN, Person

EVERY = ("gpt", "claude", "gemini", "gemini-3", "bedrock", "ollama", "mistral", "cohere")

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


if __name__ == "__main__":
    run()
