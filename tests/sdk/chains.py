"""LangChain over every simulated provider, through its clients for OpenAI, Anthropic and Google, one line a claim.

    python chains.py GATEWAY_URL KEY PROVIDER_URL [PART_OF_A_CLAIM]

The gateway runs with simulated.yaml of this folder, the providers are the folder `simulated`.
"""

import asyncio

import anthropic
import openai
from langchain_anthropic import ChatAnthropic
from langchain_core.messages import HumanMessage, SystemMessage, ToolMessage
from langchain_core.tools import tool
from langchain_google_genai import ChatGoogleGenerativeAI
from langchain_openai import ChatOpenAI, OpenAIEmbeddings

from claims import GATEWAY, KEY, claim, equal, is_left, run, simulated
from subjects import BOTH, CACHED, PERSON, PIXEL, PIXEL_BYTES, READ, TEXT, THOUGHT, WRITTEN, Person

MODELS = ("gpt", "claude", "gemini", "gemini-3", "bedrock", "ollama", "mistral", "cohere")
SEEING = ("gpt", "claude", "gemini", "bedrock", "mistral")
# Names of chat models here: the client, then the gateway's model.
OPENAI = tuple(f"openai:{model}" for model in MODELS)
ANTHROPIC = tuple(f"anthropic:{model}" for model in MODELS)
GOOGLE = tuple(f"google:{model}" for model in MODELS)
# Ids of calls are made of the tool's name there, as LiteLLM does; Mistral refuses such ids.
CALLING = (*OPENAI, *ANTHROPIC, *(name for name in GOOGLE if not name.endswith("mistral")))
# LangChain keeps connections for longer than a loop of `asyncio.run` lives.
LOOP = asyncio.new_event_loop()


@tool
def weather(city: str) -> str:
    """The weather of a city."""
    return f"7 degrees in {city}"


def chat(name, **more):
    client, model = name.split(":")
    if client == "openai":
        more = {"stream_usage": True, **more}
        return ChatOpenAI(model=model, base_url=GATEWAY + "/v1", api_key=KEY, max_retries=0, timeout=30, **more)
    if client == "anthropic":
        more = {"max_tokens": 2048, **more}
        return ChatAnthropic(model=model, base_url=GATEWAY, api_key=KEY, max_retries=0, timeout=30, **more)
    return ChatGoogleGenerativeAI(model=model, base_url=GATEWAY, google_api_key=KEY, max_retries=1, timeout=30, **more)


def both_are_told(text):
    """Other models than Gemini's are told a result as JSON by Google's client."""
    assert text.startswith("The tool said: ") and text.index("7 degrees in Kraków") < text.index("7 degrees in Łódź"), text


def question(text):
    return [SystemMessage("Be brief."), HumanMessage(text)]


@claim.over(*OPENAI, *ANTHROPIC, *GOOGLE)
def chats_are_invoked(name):
    answer = chat(name, temperature=0.5).invoke(question("Hi"))
    equal(answer.text, TEXT)
    usage = answer.usage_metadata
    equal((usage["input_tokens"], usage["output_tokens"], usage["total_tokens"]), (READ, WRITTEN, READ + WRITTEN))


@claim.over(*OPENAI, *ANTHROPIC, *GOOGLE)
def chats_are_streamed(name):
    whole = None
    for chunk in chat(name).stream(question("Hi")):
        whole = chunk if whole is None else whole + chunk
    equal((whole.text, whole.usage_metadata["output_tokens"]), (TEXT, WRITTEN))


@claim.over(*OPENAI)
def chats_are_batched_and_awaited(name):
    equal([answer.text for answer in chat(name).batch(["Hi", "Hi", "Hi"])], [TEXT] * 3)
    equal(LOOP.run_until_complete(chat(name).ainvoke("Hi")).text, TEXT)


@claim.over("openai:gpt", "openai:claude", "openai:gemini", "openai:bedrock", "anthropic:claude", "google:gemini")
def cached_tokens_are_told(name):
    equal(chat(name).invoke("Hi").usage_metadata["input_token_details"]["cache_read"], CACHED)


@claim.over(*CALLING)
def tools_are_called_in_two_rounds(name):
    model = chat(name).bind_tools([weather])
    messages = question("#twice")
    for city in ("Kraków", "Łódź"):
        answer = model.invoke(messages)
        equal([(call["name"], call["args"]) for call in answer.tool_calls], [("weather", {"city": city})])
        messages += [answer, *(weather.invoke(call) for call in answer.tool_calls)]
    both_are_told(model.invoke(messages).text)


@claim.over(*CALLING)
def tools_are_called_at_once_in_streams(name):
    model = chat(name).bind_tools([weather])
    messages, whole = question("#both"), None
    for chunk in model.stream(messages):
        whole = chunk if whole is None else whole + chunk
    equal([call["args"]["city"] for call in whole.tool_calls], ["Kraków", "Łódź"])
    messages += [whole, *(weather.invoke(call) for call in whole.tool_calls)]
    both_are_told("".join(chunk.text for chunk in model.stream(messages)))


@claim.over("openai:claude", "openai:gemini", "anthropic:gpt", "google:claude")
def a_conversation_moves_from_model_to_model(name):
    messages = question("#both")
    answer = chat("openai:gpt").bind_tools([weather]).invoke(messages)
    messages += [answer, *(ToolMessage(f"7 degrees in {call['args']['city']}", tool_call_id=call["id"], name="weather") for call in answer.tool_calls)]
    both_are_told(chat(name).bind_tools([weather]).invoke(messages).text)


@claim.over(*(f"openai:{model}" for model in MODELS if model != "cohere"), "google:gemini", "anthropic:claude")
def answers_are_structured_by_schema(name):
    model = chat(name).with_structured_output(Person, method="json_schema")
    equal(model.invoke("Who?"), Person(**PERSON))


@claim.over(*(f"openai:{model}" for model in MODELS if model not in ("ollama", "cohere", "mistral")), "anthropic:claude")
def answers_are_structured_by_a_tool(name):
    model = chat(name).with_structured_output(Person, method="function_calling")
    equal(model.invoke("Who?"), Person(**PERSON))


@claim.over(*(f"openai:{model}" for model in SEEING), *(f"anthropic:{model}" for model in SEEING), "google:gemini", "google:claude")
def pictures_are_seen(name):
    picture = {"type": "image", "base64": PIXEL, "mime_type": "image/png"}
    answer = chat(name).invoke([HumanMessage([{"type": "text", "text": "What is it?"}, picture])])
    equal(answer.text, f"saw image/png of {PIXEL_BYTES} bytes")


@claim.over("anthropic:claude", "anthropic:bedrock")
def thoughts_come_back_with_the_tools_results(name):
    model = chat(name, thinking={"type": "enabled", "budget_tokens": 1024}).bind_tools([weather])
    messages = question("#twice")
    for _ in range(2):
        answer = model.invoke(messages)
        equal([block["reasoning"] for block in answer.content_blocks if block["type"] == "reasoning"], [THOUGHT])
        messages += [answer, *(weather.invoke(call) for call in answer.tool_calls)]
    equal(model.invoke(messages).text, BOTH)


@claim.over("embedding-gpt", "embedding-gemini", "embedding-ollama", "embedding-cohere")
def texts_are_embedded(model):
    # Its own tokens are OpenAI's alone; other models want the text.
    embed = OpenAIEmbeddings(model=model, base_url=GATEWAY + "/v1", api_key=KEY, check_embedding_ctx_length=False)
    equal(embed.embed_documents(["a", "b"]), [[0.5, -0.25, 0.125, 1.0], [1.5, -0.25, 0.125, 1.0]])


@claim.over(*OPENAI)
def failures_are_the_clients_own_classes(name):
    for status, kind in ((400, openai.BadRequestError), (401, openai.AuthenticationError), (429, openai.RateLimitError)):
        try:
            chat(name).invoke(f"#{status}")
        except kind as error:
            equal(error.status_code, status)
        else:
            raise AssertionError(f"no error for {status}")


@claim.over(*ANTHROPIC)
def failures_are_anthropics_classes(name):
    for status, kind in ((400, anthropic.BadRequestError), (429, anthropic.RateLimitError)):
        try:
            chat(name).invoke(f"#{status}")
        except kind as error:
            equal(error.status_code, status)
        else:
            raise AssertionError(f"no error for {status}")


@claim.over("openai:claude", "anthropic:gemini", "google:bedrock")
def leaving_a_stream_closes_the_providers(name):
    before = simulated("__left")["left"]
    stream = chat(name).stream("#endless")
    for _ in range(4):
        next(stream)
    stream.close()
    is_left(before)


if __name__ == "__main__":
    run()
