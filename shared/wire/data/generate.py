#!/usr/bin/env python3
"""Writes models.tsv and rules.tsv from LiteLLM's model map: `generate.py model_prices_and_context_window.json`.

models.tsv: one line per model, sorted by the lower-cased name (then by the name), tab separated, empty where the map
is silent: name, provider, mode, max_input_tokens, max_output_tokens, max_tokens, prices, capabilities, reasoning
efforts, default effort, deprecation date. A capability is one letter: upper case where the map says true, lower case
where it says false. The letters and the codes of prices are those of fields.tsv, which Rust reads too.

Prices are words, sorted, with a blank between them:
  i=25e-7               a rate: USD for one token, second, image, ... as an exact decimal
  i>272k.p=5e-6         the same above 272,000 prompt tokens, in the tier `priority`
  os@720p=1e-1          the same for a size or resolution
  T0-256000;i=5e-8;...  `tiered_pricing`: the rates of calls whose prompt is longer than the first and at most the second
  S1-10;q=5e-3          the same by the number of results that a search asks for
  O;i=15e-8;...         rates off peak
  H12345;00:00-01:00    hours off peak (UTC) on these days of the week (1 is Monday), every day where there are none
  Z8                    the days of the week are those of a place so many hours before UTC
  Q                     searches are charged by query, not by prompt

rules.tsv: the patterns of `fallback_generalizations`; what they say is written out in models/families.rs.
"""
import json
import os
import re
import sys
from decimal import ROUND_HALF_UP, Decimal

HERE = os.path.dirname(os.path.abspath(__file__))
LIMITS = ("max_input_tokens", "max_output_tokens", "max_tokens")
PLACES = 21
HOURS = {"UTC": 0, "Asia/Shanghai": 8}
LABELLED = ("output_cost_per_second", "output_cost_per_image")
ABOVE = re.compile(r"_above_(\d+k?)_tokens$")


def fields(kind: str) -> dict:
    with open(os.path.join(HERE, "fields.tsv"), encoding="utf-8") as file:
        lines = [line.rstrip("\n").split("\t") for line in file]
    return {name: code for this, code, name in lines if this == kind}


RATES, TIERS, FLAGS = fields("rate"), fields("tier"), fields("flag")


def number(value) -> str:
    return repr(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else ""


def decimal(value) -> str:
    """The number without trailing zeros, rounded to 1e-21: 25e-7. Of a float the 15 digits that are exact count."""
    exact = Decimal(f"{value:.14e}" if isinstance(value, float) else str(value))
    units = int(exact.scaleb(PLACES).to_integral_value(ROUND_HALF_UP))
    if units == 0:
        return "0"
    digits = str(units).rstrip("0")
    exponent = len(str(units)) - len(digits) - PLACES
    return f"{digits}e{exponent}" if exponent else digits


def code(name: str):
    """The code of a rate's name, with its threshold, label and tier; None for what is no rate."""
    if name in RATES:
        return RATES[name]
    tier = next((suffix for suffix in TIERS if name.endswith("_" + suffix)), None)
    base = name.removesuffix("_" + tier) if tier else name
    above = None if base in RATES else ABOVE.search(base)
    base = base[:above.start()] if above else base
    labels = (base[len(known) + 1:] for known in LABELLED if base not in RATES and base.startswith(known + "_"))
    label = next(labels, None)
    base = base[:-len(label) - 1] if label else base
    if base not in RATES:
        return None
    text = RATES[base] + (f">{above[1]}" if above else "") + (f"@{label}" if label else "")
    return text + (f".{TIERS[tier]}" if tier else "")


def rates(entry: dict) -> list:
    flat = dict(entry)
    for outer, inner in entry.items():
        if isinstance(inner, dict):
            flat.update({f"{outer}.{name}": value for name, value in inner.items()})
    words = ((code(name), value) for name, value in flat.items())
    return sorted(f"{code}={decimal(value)}" for code, value in words if code and number(value))


def tier(step: dict) -> str:
    letter, bounds = ("S", step["max_results_range"]) if "max_results_range" in step else ("T", step["range"])
    return f"{letter}{int(bounds[0])}-{int(bounds[1])};" + ";".join(rates(step))


def hours(rule: dict) -> str:
    windows = rule.get("hours_utc") or []
    windows = [windows] if isinstance(windows, str) else windows
    return "H" + "".join(str(day) for day in rule.get("weekdays") or []) + "".join(";" + window for window in windows)


def off_peak(block: dict) -> list:
    words = ["O;" + ";".join(rates(block))]
    words += [hours(block)] if block.get("hours_utc") else []
    words += [hours(rule) for rule in block.get("windows") or []]
    ahead = HOURS[block.get("weekday_timezone") or "UTC"]
    return words + ([f"Z{ahead}"] if ahead else [])


def prices(entry: dict) -> str:
    words = rates(entry) + [tier(step) for step in entry.get("tiered_pricing") or []]
    words += off_peak(entry["off_peak_pricing"]) if entry.get("off_peak_pricing") else []
    words += ["Q"] if entry.get("web_search_billing_unit") == "per_query" else []
    return " ".join(words)


def letters(entry: dict) -> str:
    known = ((letter, entry.get(name)) for name, letter in FLAGS.items())
    return "".join(letter if value else letter.lower() for letter, value in known if isinstance(value, bool))


def line(name: str, entry: dict) -> str:
    limits = [number(entry.get(column)) for column in LIMITS]
    efforts = ",".join(entry.get("reasoning_effort_levels") or ())
    default, dies = entry.get("default_reasoning_effort") or "", entry.get("deprecation_date") or ""
    provider, mode = entry.get("litellm_provider") or "", entry.get("mode") or ""
    return "\t".join([name, provider, mode, *limits, prices(entry), letters(entry), efforts, default, dies])


def write(name: str, lines):
    with open(os.path.join(HERE, name), "w", encoding="utf-8") as file:
        file.writelines(line + "\n" for line in lines)


def main(path: str):
    with open(path, encoding="utf-8") as file:
        entries = json.load(file)
    rules = entries.pop("fallback_generalizations")["rules"]
    del entries["sample_spec"]
    write("models.tsv", (line(name, entries[name]) for name in sorted(entries, key=lambda name: (name.lower(), name))))
    write("rules.tsv", (f"{rule['name']}\t{rule['pattern']}" for rule in rules))


if __name__ == "__main__":
    main(sys.argv[1])
