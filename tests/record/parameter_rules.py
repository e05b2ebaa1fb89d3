#!/usr/bin/env python3
"""Writes what LiteLLM makes of parameters that a provider with a form of its own does not know, or knows otherwise.

Runs LiteLLM's own `completion` in this process; the request is caught before it leaves. Run with the Python that has
`litellm==1.106.2`; the first argument is the fixture of `prepare/parameter_rules`.

Fixture: [{"name", "model", "body", "sent"}], `sent` being the body or {"refused": sentence}.
"""
import json
import os
import sys
import unittest.mock

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
import litellm  # noqa: E402
from litellm.llms.custom_httpx.http_handler import HTTPHandler  # noqa: E402

MODELS = """
anthropic/claude-sonnet-4-5-20250929 bedrock/us.anthropic.claude-sonnet-4-5-20250929-v1:0 bedrock/amazon.nova-pro-v1:0
bedrock/invoke/us.anthropic.claude-sonnet-4-5-20250929-v1:0 gemini/gemini-2.5-flash cohere/command-a-03-2025
ollama_chat/llama3.1 ollama/llama3.1
""".split()
MESSAGES = [{"role": "user", "content": "Hi."}]
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": False}
TOOL = {"type": "function", "function": {"name": "look", "description": "Looks.", "parameters": SCHEMA, "strict": True}}
CASES = {
    "nothing": {},
    "one answer": {"n": 1},
    "two answers": {"n": 2},
    "seed": {"seed": 7},
    "log probabilities": {"logprobs": True, "top_logprobs": 2},
    "penalties": {"frequency_penalty": 0.5, "presence_penalty": 0.25},
    "bias": {"logit_bias": {"1": 2}},
    "user": {"user": "u-1"},
    "user is a mail address": {"user": "a@example.com"},
    "nulls": {"n": None, "seed": None, "temperature": None, "stop": None, "tools": None, "user": None},
    "sampling": {"temperature": 0.5, "top_p": 0.9, "max_tokens": 10, "stop": ["x", "y"]},
    "one stop": {"stop": "x"},
    "the newer limit": {"max_completion_tokens": 12},
    "both limits": {"max_tokens": 10, "max_completion_tokens": 12},
    "zero": {"temperature": 0},
    "dropped": {"n": 2, "seed": 7, "logprobs": True, "frequency_penalty": 0.5, "logit_bias": {"1": 2}, "drop_params": True},
    "dropped by name": {"temperature": 0.5, "top_p": 0.9, "additional_drop_params": ["temperature"]},
    "dropped, though it is not there": {"additional_drop_params": ["seed", "what"]},
    "dropped by name, though it is not known": {"logit_bias": {"1": 2}, "additional_drop_params": ["logit_bias"]},
    "dropped within tools": {"tools": [TOOL], "additional_drop_params": ["tools[*].function.strict"]},
    "dropped within the first tool": {"tools": [TOOL, TOOL], "additional_drop_params": ["tools[0].function.description"]},
    "dropped by a dotted name": {"tools": [TOOL], "tool_choice": "auto", "additional_drop_params": ["tools[*].function.parameters.additionalProperties"]},
    "insisted on": {"seed": 7, "logit_bias": {"1": 2}, "allowed_openai_params": ["seed", "logit_bias"]},
    "insisted on, though it is known": {"temperature": 0.5, "allowed_openai_params": ["temperature"]},
    "a stranger": {"foo": {"bar": 1}},
    "a known stranger": {"top_k": 5},
    "extra body": {"extra_body": {"foo": 1}},
    "extra body over a parameter": {"temperature": 0.5, "extra_body": {"temperature": 0.75}},
    "tools": {"tools": [TOOL], "tool_choice": "auto"},
    "tools in turn": {"tools": [TOOL], "parallel_tool_calls": False},
    "no tools": {"tools": []},
    "service tier": {"service_tier": "auto"},
    "kept": {"store": True, "metadata": {"a": "b"}},
    "modalities": {"modalities": ["text"]},
    "prediction": {"prediction": {"type": "content", "content": "x"}},
    "verbosity": {"verbosity": "low"},
}


def sent(model, body):
    with unittest.mock.patch.object(HTTPHandler, "post", side_effect=RuntimeError("caught")) as post:
        try:
            # As the proxy calls it: a stream is declined in so many words.
            litellm.completion(model=model, stream=False, num_retries=0, messages=MESSAGES, **body)
        except Exception as error:
            if not post.called:
                return {"refused": str(error)}
    arguments = post.call_args.kwargs
    payload = arguments.get("json") or arguments.get("data")
    return payload if isinstance(payload, dict) else json.loads(payload)


def main():
    litellm.suppress_debug_info = True
    os.environ.update(
        ANTHROPIC_API_KEY="key", AWS_BEARER_TOKEN_BEDROCK="key", AWS_REGION="us-west-2", GEMINI_API_KEY="key", COHERE_API_KEY="key"
    )
    rows = []
    for model in MODELS:
        for name, body in CASES.items():
            row = {"name": name, "model": model, "body": body, "sent": sent(model, json.loads(json.dumps(body)))}
            rows.append(json.dumps(row, ensure_ascii=False))
    with open(sys.argv[1], "w") as file:
        file.write("[\n" + ",\n".join(rows) + "\n]\n")


main()
