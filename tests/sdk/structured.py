"""Instructor over simulated providers: answers as objects, asked for in each of its ways, one line a claim.

    python structured.py GATEWAY_URL KEY PROVIDER_URL [PART_OF_A_CLAIM]

The gateway runs with simulated.yaml of this folder, the providers are the folder `simulated`.
"""

import anthropic
import instructor
import openai

from claims import GATEWAY, KEY, claim, equal, run
from subjects import PERSON, READ, WRITTEN, Person

QUESTION = [{"role": "user", "content": "Who?"}]
# By a tool that must be called; by a schema.
BY_TOOL = ("gpt", "claude", "gemini", "gemini-3", "bedrock")
BY_SCHEMA = ("gpt", "claude", "gemini", "gemini-3", "bedrock", "ollama", "mistral")

client = openai.OpenAI(base_url=GATEWAY + "/v1", api_key=KEY, max_retries=0, timeout=30)
claude = anthropic.Anthropic(base_url=GATEWAY, api_key=KEY, max_retries=0, timeout=30)


def caller(mode):
    return instructor.from_openai(client, mode=mode)


@claim.over(*BY_TOOL)
def a_tool_carries_the_answer(model):
    answer, whole = caller(instructor.Mode.TOOLS).chat.completions.create_with_completion(
        model=model, messages=QUESTION, response_model=Person, max_retries=0
    )
    equal((answer.model_dump(), whole.usage.total_tokens), (PERSON, READ + WRITTEN))


@claim.over(*BY_SCHEMA)
def a_schema_shapes_the_answer(model):
    ask = caller(instructor.Mode.JSON_SCHEMA).chat.completions.create
    equal(ask(model=model, messages=QUESTION, response_model=Person, max_retries=0).model_dump(), PERSON)


@claim.over(*BY_TOOL)
def answers_grow_in_streams(model):
    partial = caller(instructor.Mode.TOOLS).chat.completions.create_partial
    steps = list(partial(model=model, messages=QUESTION, response_model=Person, max_retries=0))
    # Gemini sends the arguments of a call in one piece.
    assert len(steps) > 1 or model.startswith("gemini"), steps
    equal(steps[-1].model_dump(), PERSON)


@claim.over("claude", "bedrock", "gpt", "gemini")
def anthropics_client_gets_objects(model):
    ask = instructor.from_anthropic(claude, mode=instructor.Mode.ANTHROPIC_TOOLS).messages.create
    answer = ask(model=model, max_tokens=2048, messages=QUESTION, response_model=Person, max_retries=0)
    equal(answer.model_dump(), PERSON)


if __name__ == "__main__":
    run()
