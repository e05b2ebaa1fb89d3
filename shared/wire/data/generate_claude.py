#!/usr/bin/env python3
"""Writes claude.tsv from LiteLLM's model map: `generate_claude.py model_prices_and_context_window.json > claude.tsv`.

What the map says of Claude models beyond models.tsv; only models of which it says something. One line per model,
sorted by the lower-cased name, tab separated: name, flags, highest effort at Bedrock.
A flag is one letter: upper case where the map says true, lower case where it says false.
"""
import json
import sys

# The letters are repeated in dialect/anthropic/ability.rs.
FLAGS = {
    "supports_output_config": "C", "supports_forced_tool_use": "F", "thinking_always_on": "A", "supports_speed": "S",
    "supports_tool_search": "T",
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
        if "claude" not in name.lower() or not isinstance(entry, dict):
            continue
        flags, ceiling = letters(entry), entry.get("bedrock_output_config_effort_ceiling") or ""
        if flags or ceiling:
            print(f"{name}\t{flags}\t{ceiling}")


if __name__ == "__main__":
    main(sys.argv[1])
