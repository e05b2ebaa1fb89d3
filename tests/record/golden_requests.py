#!/usr/bin/env python3
"""Extracts what LiteLLM sent upstream into the fixture that the tests of `prepare` replay.

Reads recorded runs (`golden/<provider>.json`, `cases.jsonl`, `common.py`) from the folder given as
the first argument; writes the fixture to the second. Further arguments name the providers; without them, those of
OpenAI's wire. Knows no Rust and starts nothing.

    golden_requests.py ORACLE shared/wire/src/prepare/golden.json
    golden_requests.py ORACLE shared/wire/src/dialect/anthropic/requests.json anthropic anthropic_drop anthropic_opus47
    golden_requests.py ORACLE shared/wire/src/dialect/anthropic/clouds.json vertex_claude bedrock_invoke_claude

Fixture: {"cases": {id: {"kind", "body" or "form"}}, "deployments": {provider: litellm_params},
          "runs": [[provider, case, {"path", "query", "headers", "body" or "parts"} or {"refused": message}]]}
A request is expressed as after `compare.py`'s normalisation: repeats dropped, nulls and empty values pruned.
"""
import importlib.util
import json
import pathlib
import sys

PROVIDERS = """
openai azure azure_v1 azure_ai openai_gpt5 openai_o3 groq deepseek together_ai fireworks_ai openrouter xai
perplexity hosted_vllm nvidia_nim cerebras deepinfra sambanova databricks custom_openai moonshot litellm_proxy
mistral openai_embed azure_embed mistral_embed openai_instruct openai_mod openai_img openai_stt cohere_rerank
""".split()
KINDS = {"chat", "completions", "embeddings", "misc"}
# Requests in another format are replayed only where the provider speaks it.
NATIVE = {"anthropic": "messages", "vertex_claude": "messages", "bedrock_invoke_claude": "messages"}
# These never reach a provider, or are answered by the gateway itself.
WITHOUT_UPSTREAM = {"mock", "mock+s", "mock_ise"}
HEADERS = {"authorization", "api-key", "anthropic-beta", "anthropic-version", "x-custom", "http-referer", "x-title", "openai-organization"}
BASE = "http://127.0.0.1:1"


def load_common(folder: pathlib.Path):
    spec = importlib.util.spec_from_file_location("common", folder / "common.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def deployment(entry: dict) -> dict:
    params = {name: value.replace("{CAP}", BASE) if isinstance(value, str) else value for name, value in entry["params"].items()}
    info = params.pop("model_info", None) or {}
    return {**params, **info}


def wanted(common, run: dict):
    upstream = common.dedupe([common.norm_upstream(request) for request in run["upstream"]])
    if not upstream:
        message = run["client"].get("body", {}).get("error", {}).get("message", "")
        return {"refused": message.split("\n\nLiteLLM: model group")[0]}
    request = upstream[0]
    want = {"path": request["path"], "headers": {k: v for k, v in request["headers"].items() if k in HEADERS}}
    if request["query"]:
        want["query"] = request["query"]
    want["parts" if request["body"] is None else "body"] = request["raw"] if request["body"] is None else request["body"]
    return want


def main(folder: pathlib.Path, target: pathlib.Path, providers: list):
    common = load_common(folder)
    cases, runs, deployments = {}, [], {}
    known = {case["id"]: case for case in map(json.loads, (folder / "cases.jsonl").read_text().splitlines())}
    for provider in providers:
        deployments[provider] = deployment(common.ALL[provider])
        golden = json.loads((folder / "golden" / f"{provider}.json").read_text())
        for name, run in golden.items():
            case = known[name]
            if case["kind"] not in KINDS | {NATIVE.get(provider)} or name in WITHOUT_UPSTREAM:
                continue
            body = "form" if "form" in case else "body"
            cases[name] = {"kind": case["kind"], "path": case["path"], body: case[body]}
            if "headers" in case:
                cases[name]["headers"] = case["headers"]
            runs.append([provider, name, wanted(common, run)])
    lines = [json.dumps(run, ensure_ascii=False, separators=(",", ":")) for run in runs]
    head = json.dumps({"cases": cases, "deployments": deployments}, ensure_ascii=False, separators=(",", ":"))
    target.write_text(head[:-1] + ',"runs":[\n' + ",\n".join(lines) + "\n]}\n")
    print(f"{len(runs)} runs of {len(cases)} cases, {target.stat().st_size} bytes")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3:] or PROVIDERS)
