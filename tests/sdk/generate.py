"""Google's own SDK over every simulated provider through /v1beta, one line a claim.

    python generate.py GATEWAY_URL KEY PROVIDER_URL [PART_OF_A_CLAIM]

The gateway runs with simulated.yaml of this folder, the providers are the folder `simulated`.
"""

import base64

from google import genai
from google.genai import errors, types

from claims import GATEWAY, KEY, claim, equal, is_left, raised, run, simulated
from subjects import PERSON, PIXEL, PIXEL_BYTES, READ, TEXT, THOUGHT, WRITTEN, Person

EVERY = ("gemini", "gemini-3", "claude", "bedrock", "gpt", "ollama", "mistral", "cohere")
# Ids of calls are made of the tool's name, as LiteLLM does; Mistral refuses such ids.
CALLING = tuple(model for model in EVERY if model != "mistral")
SEEING = ("gemini", "claude", "bedrock", "gpt", "mistral")
# Thoughts are asked for in words of Gemini's own.
NATIVE = ("gemini", "gemini-3")

client = genai.Client(api_key=KEY, http_options={"base_url": GATEWAY, "timeout": 30_000})
DECLARATION = types.FunctionDeclaration(
    name="weather",
    description="the weather of a city",
    parameters=types.Schema(type="OBJECT", properties={"city": types.Schema(type="STRING")}, required=["city"]),
)
TOOLS = [types.Tool(function_declarations=[DECLARATION])]


def options(**more):
    return types.GenerateContentConfig(system_instruction="Be brief.", max_output_tokens=2048, **more)


def ask(model, contents, **more):
    return client.models.generate_content(model=model, contents=contents, config=options(**more))


def listen(model, contents, **more):
    return list(client.models.generate_content_stream(model=model, contents=contents, config=options(**more)))


def both_are_told(text):
    """Other models than Gemini's are told a result as JSON, as LiteLLM does."""
    assert text.startswith("The tool said: ") and text.index("7 degrees in Kraków") < text.index("7 degrees in Łódź"), text


def results_of(calls):
    return types.Content(
        role="user",
        parts=[
            types.Part.from_function_response(name=call.name, response={"result": f"7 degrees in {call.args['city']}"})
            for call in calls
        ],
    )


@claim.over(*EVERY)
def contents_answer(model):
    answer = ask(model, "Hi", temperature=0.5, top_p=0.9, stop_sequences=["END"])
    equal((answer.text, answer.candidates[0].finish_reason.name), (TEXT, "STOP"))
    usage = answer.usage_metadata
    equal((usage.prompt_token_count, usage.total_token_count), (READ, READ + WRITTEN))


@claim.over(*EVERY)
def contents_stream(model):
    chunks = listen(model, "Hi")
    equal("".join(chunk.text or "" for chunk in chunks), TEXT)
    reasons = [chunk.candidates[0].finish_reason for chunk in chunks if chunk.candidates]
    equal([reason.name for reason in reasons if reason], ["STOP"])
    usages = [chunk.usage_metadata for chunk in chunks if chunk.usage_metadata]
    equal(usages[-1].total_token_count, READ + WRITTEN)


@claim.over(*EVERY)
def chats_are_remembered(model):
    chat = client.chats.create(model=model)
    equal((chat.send_message("Hi").text, chat.send_message("And again").text), (TEXT, TEXT))


@claim.over(*SEEING)
def pictures_are_seen(model):
    picture = types.Part.from_bytes(data=base64.b64decode(PIXEL), mime_type="image/png")
    equal(ask(model, [picture, "What is it?"]).text, f"saw image/png of {PIXEL_BYTES} bytes")


@claim.over(*CALLING)
def tools_are_called_at_once_and_answered(model):
    contents = [types.Content(role="user", parts=[types.Part(text="#both")])]
    first = ask(model, contents, tools=TOOLS)
    equal([call.args["city"] for call in first.function_calls], ["Kraków", "Łódź"])
    contents += [first.candidates[0].content, results_of(first.function_calls)]
    both_are_told(ask(model, contents, tools=TOOLS).text)


@claim.over(*CALLING)
def tools_are_called_in_two_rounds_of_streams(model):
    contents = [types.Content(role="user", parts=[types.Part(text="#twice")])]
    for city in ("Kraków", "Łódź"):
        chunks = listen(model, contents, tools=TOOLS)
        parts = [part for chunk in chunks for part in chunk.candidates[0].content.parts or [] if part.function_call]
        equal([part.function_call.args for part in parts], [{"city": city}])
        contents += [types.Content(role="model", parts=parts), results_of([part.function_call for part in parts])]
    both_are_told("".join(chunk.text or "" for chunk in listen(model, contents, tools=TOOLS)))


@claim.over(*CALLING)
def functions_of_python_are_called(model):
    def weather(city: str) -> str:
        """The weather of a city."""
        return f"7 degrees in {city}"

    both_are_told(ask(model, "#both", tools=[weather]).text)


@claim.over("gemini", "gemini-3", "claude", "gpt")
def tools_are_forced(model):
    calling = types.FunctionCallingConfig(mode="ANY")
    answer = ask(model, "Hi", tools=TOOLS, tool_config=types.ToolConfig(function_calling_config=calling))
    equal([call.name for call in answer.function_calls], ["weather"])


@claim.over(*NATIVE, "claude", "bedrock", "gpt", "ollama", "mistral")
def answers_are_parsed_by_their_schema(model):
    answer = ask(model, "Who?", response_mime_type="application/json", response_schema=Person)
    equal(answer.parsed, Person(**PERSON))


@claim.over(*NATIVE)
def thoughts_are_told(model):
    thinking = types.ThinkingConfig(include_thoughts=True, thinking_budget=1024)
    parts = ask(model, "Hi", thinking_config=thinking).candidates[0].content.parts
    equal([(part.text, bool(part.thought)) for part in parts], [(THOUGHT, True), (TEXT, False)])


@claim
def tokens_are_counted():
    assert client.models.count_tokens(model="gpt", contents="How many?").total_tokens > 0


@claim.over(*EVERY)
def failures_are_the_sdks_own_classes(model):
    for status in (400, 401, 429, 500):
        kind = errors.ServerError if status == 500 else errors.ClientError
        scene = f"#{status}"
        error = raised(kind, lambda: ask(model, scene))
        # LiteLLM tells a 500 of Bedrock as 503.
        status = 503 if (model, status) == ("bedrock", 500) else status
        equal(error.code, status)
        assert error.message, error
        equal(raised(kind, lambda: listen(model, scene)).code, status)


@claim
def a_wrong_key_is_refused():
    wrong = genai.Client(api_key="sk-wrong", http_options={"base_url": GATEWAY})
    error = raised(errors.ClientError, lambda: wrong.models.generate_content(model="gemini", contents="Hi"))
    # As LiteLLM without a database: it cannot know whether the key is one.
    equal(error.code, 400)


@claim.over(*EVERY)
def leaving_a_stream_closes_the_providers(model):
    before = simulated("__left")["left"]
    stream = client.models.generate_content_stream(model=model, contents="#endless")
    for _ in range(3):
        next(stream)
    stream.close()
    is_left(before)


if __name__ == "__main__":
    run()
