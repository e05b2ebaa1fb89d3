"""Records what LiteLLM asks of other providers for a client of /v1/messages, and what it makes of their answers.

    python golden_messages.py ORACLE_FOLDER > shared/wire/src/client/messages/golden.json

ORACLE_FOLDER holds cases.jsonl, golden/PROVIDER.json and capture_server.py. Each row has the client's request, the
body that reached the provider, the provider's own answer and the client's. Bodies of equal content are kept once.
"""

import json
import sys
from pathlib import Path

PROVIDERS = ("hosted_vllm", "openai", "azure", "mistral", "groq")
FOLDER = Path(sys.argv[1])
sys.path.insert(0, str(FOLDER))
import capture_server  # noqa: E402  # of the oracle


def provided(case, upstream):
    """The provider's own answer to this request, as the oracle's stand-in gives it."""
    answers = capture_server.openai_responses if "input" in upstream else capture_server.openai_chat
    reply = answers(upstream, capture_server.SCENARIOS[case["scenario"]])
    return "".join(part if isinstance(part, str) else part.decode() for part in reply.chunks or [reply.body])


def cases():
    for line in (FOLDER / "cases.jsonl").read_text().splitlines():
        case = json.loads(line)
        if case["kind"] == "messages" and not case["scenario"].startswith(("err", "stream_err")):
            yield case


def main():
    rows = []
    for provider in PROVIDERS:
        golden = json.loads((FOLDER / "golden" / f"{provider}.json").read_text())
        runs = golden.get("cases", golden)
        for case in cases():
            run = runs.get(case["id"]) if isinstance(runs, dict) else next((r for r in runs if r["id"] == case["id"]), None)
            if run is None or not run["upstream"]:
                continue
            client = run["client"]
            answer = [[event["event"], event["data"]] for event in client["sse"]] if "sse" in client else client["body"]
            rows.append({
                "provider": provider,
                "case": case["id"],
                "request": case["body"],
                "upstream": run["upstream"][0]["body"],
                "provided": provided(case, run["upstream"][0]["body"]),
                "answer": answer,
            })
    json.dump(rows, sys.stdout, ensure_ascii=False, separators=(",", ":"))
    print()


main()
