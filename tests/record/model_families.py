#!/usr/bin/env python3
"""Writes what LiteLLM takes for granted of models that its map does not list: the fixture of `models/families`.

Run with the Python that has `litellm==1.106.2`; the first argument is the fixture: {name: capabilities or null}.
"""
import json
import os
import sys

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
import litellm  # noqa: E402, F401
from litellm.litellm_core_utils.fallback_generalizations import match_capability_generalizations  # noqa: E402

KNOWN = ("mode", "max_input_tokens", "max_output_tokens")
LETTERS = {
    "supports_function_calling": "F", "supports_tool_choice": "T", "supports_parallel_function_calling": "P",
    "supports_response_schema": "R", "supports_vision": "V", "supports_system_messages": "S",
    "supports_prompt_caching": "C", "supports_reasoning": "E", "supports_web_search": "W", "supports_pdf_input": "D",
    "supports_adaptive_thinking": "O", "supports_legacy_thinking": "U", "supports_assistant_prefill": "Z",
    "supports_mid_conversation_system": "K",
}
NAMES = """
claude-sonnet-4-5 claude-sonnet-4.5 openrouter/anthropic/claude-sonnet-4.5 anthropic/claude-opus-4-6 claude-opus-4.6
claude-opus-4_6 claude-opus-4-60 claude-opus-4-7 claude-opus-4-8 claude-newfamily-5 claude-newfamily-5-1
claude-newfamily-9.9 claude-opus-4-20250514 claude-opus-41 claude-opus-4 claude-3-5-sonnet claude-fable-5 claude-next
us.anthropic.claude-opus-5-5-v1:0 databricks-claude-sonnet-4-9 claude-opus-5-20270101 claude-Opus-5 CLAUDE-OPUS-4-9
gemini-2.5-pro gemini-2-5-flash gemini-2.4-pro gemini-2.0-flash gemini-3-pro gemini-3.5-flash-lite gemini-3-pro-preview
gemini-3-proto openrouter/google/gemini-4.2-flash databricks-gemini-3-1-pro gemini-3-pro-image gemini-2.5-flash-tts
gemini-10-pro gemini-3.100-pro gemini-3-live-flash gemini-3 gemini-3-flashy gemini-live gemini-2.5-pro-preview-09-2025
wandb/some/model xwandb/some/model wandb
o1 o3-pro o4-mini o10 o0 o1x openai/o3 azure/o5-next ft:o4-mini:org::id o1.5 xo1 gpt-5 gpt-5.5-cyber gpt-6-astra gpt-4.1
gpt-10 gpt-5.1.2 gpt-5- gpt-9 gpt-50 gpt-5-search-api gpt-5o codex codex-mini gpt-5-codex gpt-4-codex gpt-4.1-mini-codex
deep-research chat-latest gpt-4o-chat-latest gpt-4-chat-latest chatgpt-codex codexx openrouter/openai/gpt-7
openrouter/openai/gpt-7:free a/b/c/o3 o3/b a/o3/b a@b/o3 ft:gpt-5:org o3-deep-research gpt-4-x_y-codex gpt-4--codex
llama-3 mistral-large deepseek-r1
""".split()


def facts(name):
    info = match_capability_generalizations(name)
    if info is None:
        return None
    letters = "".join(sorted(letter for flag, letter in LETTERS.items() if info.get(flag)))
    return [info.get(known) for known in KNOWN] + [letters]


with open(sys.argv[1], "w") as file:
    rows = ",\n".join(f"{json.dumps(name)}: {json.dumps(facts(name))}" for name in NAMES)
    file.write("{\n" + rows + "\n}\n")
