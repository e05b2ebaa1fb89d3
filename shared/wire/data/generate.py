#!/usr/bin/env python3
"""Writes models.tsv from LiteLLM's model map: `generate.py model_prices_and_context_window.json > models.tsv`.

One line per model, sorted by the lower-cased name (then by the name), tab separated, empty where the map is silent:
name, provider, mode, max_input_tokens, max_output_tokens, max_tokens, input_cost_per_token, output_cost_per_token,
cache_read_input_token_cost, cache_creation_input_token_cost, capabilities, reasoning efforts, default effort.
A capability is one letter: upper case where the map says true, lower case where it says false.
"""
import json
import sys

NUMBERS = (
    "max_input_tokens", "max_output_tokens", "max_tokens", "input_cost_per_token", "output_cost_per_token",
    "cache_read_input_token_cost", "cache_creation_input_token_cost",
)
# The letters are repeated in models.rs.
CAPABILITIES = {
    "supports_function_calling": "F", "supports_tool_choice": "T", "supports_parallel_function_calling": "P",
    "supports_response_schema": "R", "supports_vision": "V", "supports_system_messages": "S",
    "supports_prompt_caching": "C", "supports_reasoning": "E", "supports_web_search": "W",
    "supports_none_reasoning_effort": "N", "supports_minimal_reasoning_effort": "I",
    "supports_low_reasoning_effort": "L", "supports_xhigh_reasoning_effort": "X", "supports_max_reasoning_effort": "M",
    "supports_pdf_input": "D", "supports_audio_input": "A", "supports_audio_output": "B",
    "supports_adaptive_thinking": "O", "supports_legacy_thinking": "U", "supports_anthropic_thinking_payload": "H",
    "supports_native_structured_output": "Y", "supports_native_streaming": "J", "supports_assistant_prefill": "Z",
    "supports_mid_conversation_system": "K", "supports_sampling_params": "G",
}


def number(value) -> str:
    return repr(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else ""


def letters(entry: dict) -> str:
    known = ((letter, entry.get(name)) for name, letter in CAPABILITIES.items())
    return "".join(letter if value else letter.lower() for letter, value in known if isinstance(value, bool))


def line(name: str, entry: dict) -> str:
    numbers = [number(entry.get(column)) for column in NUMBERS]
    efforts = ",".join(entry.get("reasoning_effort_levels") or ())
    default = entry.get("default_reasoning_effort") or ""
    provider, mode = entry.get("litellm_provider") or "", entry.get("mode") or ""
    return "\t".join([name, provider, mode, *numbers, letters(entry), efforts, default])


def main(path: str):
    with open(path, encoding="utf-8") as file:
        entries = json.load(file)
    models = {name: entry for name, entry in entries.items() if name not in ("sample_spec", "fallback_generalizations")}
    for name in sorted(models, key=lambda name: (name.lower(), name)):
        print(line(name, models[name]))


if __name__ == "__main__":
    main(sys.argv[1])
