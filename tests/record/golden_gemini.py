#!/usr/bin/env python3
"""Extracts what LiteLLM sent to Gemini, and what it made of Gemini's answers, into the fixture of `dialect/gemini`.

Reads recorded runs (`golden/<provider>.json`, `cases.jsonl`, `common.py`) and the imitated provider's own answers
(`capture_server.py`) from the folder given as the first argument; writes the fixture to the second. Starts nothing.

Fixture: {"cases": {id: {"path", "body"}}, "deployments": {name: model},
          "texts": [...], "requests": [[deployment, case, {"path", "body"} or {"refused"}]],
          "answers": [[deployment, case, text of the raw answer, the client's answer or the data of its events]]}
Places in "texts" stand for values that occur often.
"""
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from golden_bedrock import Texts, load, masked  # noqa: E402

PROVIDERS = "gemini gemini3 vertex_gemini gemini_embed vertex_embed".split()
KINDS = {"chat", "embeddings", "genai"}
# LiteLLM breaks on arguments that are no JSON; what it says then is nobody's rule.
LEFT_OUT = {"tr_bad_args", "client_hdr"}


def request(run: dict) -> dict:
    if not run["upstream"]:
        message = run["client"].get("body", {}).get("error", {}).get("message", "")
        return {"refused": message.split("\n\nLiteLLM: model group")[0]}
    sent = run["upstream"][0]
    query = f"?{sent['query']}" if sent["query"] else ""
    return {"path": sent["path"].removeprefix("/gemini/v1beta") + query, "body": sent["body"]}


def answer(server, case: dict, run: dict):
    """The raw answer of the imitated provider and what the client got; nothing for failures."""
    scenario = server.SCENARIOS[case["scenario"]]
    path = run["upstream"][0]["path"] if run["upstream"] else ""
    is_chat = case["kind"] != "embeddings" and "enerateContent" in path
    if "error" in scenario or "bad" in case["scenario"] or not is_chat or run["client"]["status"] != 200:
        return None
    streamed = path.endswith("streamGenerateContent")
    reply = server.gemini(run["upstream"][0]["body"], scenario, streamed)
    if not streamed:
        return reply.body.decode(), run["client"].get("body")
    if reply.cut or scenario.get("stream_error") or "sse" not in run["client"]:
        return None
    return b"".join(reply.chunks).decode(), [event["data"] for event in run["client"]["sse"]]


def main(folder: pathlib.Path, target: pathlib.Path):
    common, server, texts = load(folder, "common"), load(folder, "capture_server"), Texts()
    known = {case["id"]: case for case in map(json.loads, (folder / "cases.jsonl").read_text().splitlines())}
    cases, deployments, requests, answers = {}, {}, [], []
    for provider in PROVIDERS:
        deployments[provider] = common.ALL[provider]["params"]["model"]
        for name, run in json.loads((folder / "golden" / f"{provider}.json").read_text()).items():
            case = known[name]
            if case["kind"] not in KINDS or name.startswith("mock") or name in LEFT_OUT or "count" in name:
                continue
            cases[name] = {"path": case["path"], "body": case["body"]}
            requests.append([provider, name, texts.place(request(run))])
            found = answer(server, case, run) if provider != "vertex_gemini" else None
            if found:
                answers.append([provider, name, texts.place(found[0]), texts.place(masked(found[1]))])
    lines = [json.dumps(run, separators=(",", ":")) for run in requests]
    fixture = {"cases": cases, "deployments": deployments, "answers": answers}
    head = json.dumps(fixture, ensure_ascii=False, separators=(",", ":"))
    body = ',"texts":[\n' + ",\n".join(texts.places) + '\n],"requests":[\n' + ",\n".join(lines) + "\n]}\n"
    target.write_text(head[:-1] + body)
    print(f"{len(requests)} requests, {len(answers)} answers, {target.stat().st_size} bytes")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
