#!/usr/bin/env python3
"""Extracts what LiteLLM sent to Bedrock, and what it made of Bedrock's answers, into the fixture of `dialect/bedrock`.

Reads recorded runs (`golden/<provider>.json`, `cases.jsonl`, `common.py`) and the imitated provider's own answers
(`capture_server.py`) from the folder given as the first argument; writes the fixture to the second. Starts nothing.

Fixture: {"cases": {id: {"path", "body"}}, "deployments": {name: {"model", "drop_params"}},
          "texts": [...], "requests": [[deployment, case, {"path", "bodies"} or {"refused"}]],
          "answers": [[deployment, case, text of the raw answer or its base64, the client's answer or its events]]}
Places in "texts" stand for values that occur often.
"""
import base64
import importlib.util
import json
import pathlib
import sys

PROVIDERS = """
bedrock_claude bedrock_nova bedrock_drop bedrock_llama bedrock_arn bedrock_titan_embed bedrock_cohere_embed
""".split()
ANSWERED = ("bedrock_claude", "bedrock_nova")
KINDS = {"chat", "embeddings"}
BASE = "/bedrock"


def load(folder: pathlib.Path, name: str):
    sys.path.insert(0, str(folder))
    spec = importlib.util.spec_from_file_location(name, folder / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def request(run: dict) -> dict:
    if not run["upstream"]:
        message = run["client"].get("body", {}).get("error", {}).get("message", "")
        return {"refused": message.split("\n\nLiteLLM: model group")[0]}
    bodies = [upstream["body"] for upstream in run["upstream"]]
    return {"path": run["upstream"][0]["path"].removeprefix(BASE), "bodies": bodies}


def answer(server, case: dict, run: dict):
    """The raw answer of the imitated provider and what the client got; nothing for failures."""
    scenario = server.SCENARIOS[case["scenario"]]
    path = run["upstream"][0]["path"] if run["upstream"] else ""
    if "error" in scenario or "bad" in case["scenario"] or "/converse" not in path or run["client"]["status"] != 200:
        return None
    streamed = path.endswith("converse-stream")
    reply = server.bedrock_converse(run["upstream"][0]["body"], scenario, streamed)
    if not streamed:
        return reply.body.decode(), run["client"].get("body")
    if reply.cut or "sse" not in run["client"]:
        return None
    return base64.b64encode(b"".join(reply.chunks)).decode(), [event["data"] for event in run["client"]["sse"]]


class Texts:
    def __init__(self):
        self.places = {}

    def place(self, value) -> int:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        return self.places.setdefault(text, len(self.places))


def masked(value):
    """Without what differs from run to run."""
    if isinstance(value, dict):
        return {name: masked(inner) for name, inner in value.items() if name not in ("id", "created", "cost") or name == "id" and not str(inner).startswith("chatcmpl-")}
    return [masked(inner) for inner in value] if isinstance(value, list) else value


def main(folder: pathlib.Path, target: pathlib.Path):
    common, server, texts = load(folder, "common"), load(folder, "capture_server"), Texts()
    known = {case["id"]: case for case in map(json.loads, (folder / "cases.jsonl").read_text().splitlines())}
    cases, deployments, requests, answers = {}, {}, [], []
    for provider in PROVIDERS:
        params = common.ALL[provider]["params"]
        deployments[provider] = {"model": params["model"], "drop_params": params.get("drop_params", False)}
        for name, run in json.loads((folder / "golden" / f"{provider}.json").read_text()).items():
            case = known[name]
            if case["kind"] not in KINDS or name.startswith("mock") or name == "client_hdr":
                continue
            cases[name] = {"path": case["path"], "body": case["body"]}
            requests.append([provider, name, texts.place(request(run))])
            found = answer(server, case, run) if provider in ANSWERED else None
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
