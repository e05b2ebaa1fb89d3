#!/usr/bin/env python3
"""Writes bedrock.tsv: `generate_bedrock.py model_prices_and_context_window.json > bedrock.tsv`.

What LiteLLM's model map says of models behind Bedrock beyond models.tsv; only models of which it says something. One
line per model, sorted by the lower-cased name, tab separated: name, flags, highest effort of Claude.
A flag is one letter: upper case where the map says true, lower case where it says false.
"""
import json
import sys

# The letters are repeated in dialect/bedrock/facts.rs.
FLAGS = {
    "supports_parallel_tool_use_config": "P", "bedrock_converse_supports_strict_tools": "S",
    "supports_prompt_cache_breakpoint": "B", "supports_regex_lookaround": "L", "supports_forced_tool_use": "F",
    "thinking_always_on": "A", "supports_output_config": "C",
}
# A price for an hour's cache means that the model keeps one.
HOUR = "cache_creation_input_token_cost_above_1hr"


def letters(entry: dict) -> str:
    known = ((letter, entry.get(name)) for name, letter in FLAGS.items())
    text = "".join(letter if value else letter.lower() for letter, value in known if isinstance(value, bool))
    return text + ("H" if entry.get(HOUR) is not None else "")


def main(path: str):
    with open(path, encoding="utf-8") as file:
        entries = json.load(file)
    for name in sorted(entries, key=lambda name: (name.lower(), name)):
        entry = entries[name]
        if not isinstance(entry, dict) or entry.get("litellm_provider") not in ("bedrock", "bedrock_converse"):
            continue
        flags, ceiling = letters(entry), entry.get("bedrock_output_config_effort_ceiling") or ""
        if flags or ceiling:
            print(f"{name}\t{flags}\t{ceiling}")


if __name__ == "__main__":
    main(sys.argv[1])
