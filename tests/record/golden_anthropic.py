#!/usr/bin/env python3
"""Extracts what LiteLLM makes of Anthropic's answers into the fixture of `dialect/anthropic`.

Reads recorded runs (`golden/anthropic.json`, `cases.jsonl`) and the imitated provider's own answers
(`capture_server.py`) from the folder given as the first argument; writes the fixture to the second. Starts nothing.

Fixture: [[case, request, text of the raw answer, the client's answer or the data of its events]]
"""
import importlib.util
import json
import pathlib
import sys


def load(folder: pathlib.Path, name: str):
    sys.path.insert(0, str(folder))
    spec = importlib.util.spec_from_file_location(name, folder / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def answer(server, case: dict, run: dict):
    """The raw answer of the imitated provider and what the client got; nothing for failures."""
    scenario = server.SCENARIOS[case["scenario"]]
    if "error" in scenario or "bad" in case["scenario"] or not run["upstream"] or run["client"]["status"] != 200:
        return None
    body = run["upstream"][0]["body"]
    reply = server.anthropic(body, scenario, stream=bool(body.get("stream")))
    if not body.get("stream"):
        return reply.body.decode(), run["client"].get("body")
    if reply.cut or "sse" not in run["client"]:
        return None
    return b"".join(reply.chunks).decode(), [event["data"] for event in run["client"]["sse"]]


def main(folder: pathlib.Path, target: pathlib.Path):
    server, rows, seen = load(folder, "capture_server"), [], set()
    known = {case["id"]: case for case in map(json.loads, (folder / "cases.jsonl").read_text().splitlines())}
    for name, run in json.loads((folder / "golden" / "anthropic.json").read_text()).items():
        case = known[name]
        if case["kind"] != "chat" or name.startswith("mock"):
            continue
        found = answer(server, case, run)
        # One row for each scenario and kind of stream is enough.
        usage = (case["body"].get("stream_options") or {}).get("include_usage")
        key = (case["scenario"], bool(case["body"].get("stream")), bool(usage), "response_format" in case["body"])
        if found and key not in seen:
            seen.add(key)
            rows.append([name, case["body"], *found])
    lines = [json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows]
    target.write_text("[\n" + ",\n".join(lines) + "\n]\n")
    print(f"{len(rows)} answers, {target.stat().st_size} bytes")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
