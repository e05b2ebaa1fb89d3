#!/usr/bin/env python3
"""Writes shared/wire/tests/streams.json: the bytes of streams as the imitated providers send them.

    provider_streams.py ORACLE_FOLDER

Cohere is not among them: its imitation sends lines of JSON, which the provider does not. Every stream is asked for with the request that LiteLLM was recorded sending, so that each provider's own path,
framing and checksums are there. Needs aiohttp.
"""
import asyncio
import base64
import json
import pathlib
import sys

CASES = ("basic+s", "t_parallel+s", "th_enabled+s", "so_usage+s", "t_text_and_call+s")
PROVIDERS = {
    "openai": ("openai", "gpt-4o"),
    "groq": ("groq", "openai/gpt-oss-120b"),
    "anthropic": ("anthropic", "claude-sonnet-4-5"),
    "bedrock_claude": ("bedrock", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"),
    "bedrock_nova": ("bedrock", "amazon.nova-pro-v1:0"),
    "bedrock_invoke_claude": ("bedrock", "invoke/us.anthropic.claude-sonnet-4-5-20250929-v1:0"),
    "gemini": ("gemini", "gemini-2.5-flash"),
    "vertex_claude": ("vertex_ai", "claude-sonnet-4-5@20250929"),
    "ollama_chat": ("ollama_chat", "llama3.1"),
    "ollama_generate": ("ollama", "llama3.1"),
}
TARGET = pathlib.Path(__file__).resolve().parents[2] / "shared/wire/tests/streams.json"


async def main(oracle: pathlib.Path) -> None:
    sys.path.insert(0, str(oracle))
    import aiohttp
    import capture_server

    cases = {case["id"]: case for case in map(json.loads, (oracle / "cases.jsonl").read_text().splitlines())}
    _, runner = await capture_server.start(18599)
    base = "http://127.0.0.1:18599"
    streams = []
    async with aiohttp.ClientSession() as session:
        for name, (provider, model) in PROVIDERS.items():
            golden = json.loads((oracle / f"golden/{name}.json").read_text())
            for case in CASES:
                if case not in golden or not golden[case]["upstream"]:
                    continue
                sent = golden[case]["upstream"][0]
                await (await session.post(base + "/__ctl/begin", json={"scenario": cases[case]["scenario"]})).read()
                url = base + sent["path"] + ("?" + sent["query"] if sent["query"] else "")
                async with session.post(url, json=sent["body"]) as answer:
                    body = await answer.read()
                if answer.status != 200:
                    continue
                row = {"provider": provider, "model": model, "case": case, "body": base64.b64encode(body).decode()}
                streams.append(row)
    await runner.cleanup()
    TARGET.parent.mkdir(exist_ok=True)
    lines = ",\n".join(json.dumps(row) for row in streams)
    TARGET.write_text(f"[\n{lines}\n]\n")
    print(f"{len(streams)} streams, {TARGET.stat().st_size} bytes")


asyncio.run(main(pathlib.Path(sys.argv[1]).resolve()))
