"""Records what LiteLLM does when providers fail: retries, fallbacks, cooldowns, and what the client is told.

    python resilience.py [part of a scene's name]     # writes tests/recorded/resilience.json

The scenes are in resilience_scenes.py, the faults in resilience_provider.py. Given a part of a name, only those
scenes are played and printed, and nothing is written.
"""
from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context

import proxy
import resilience_proxy
from proxy import MASTER_KEY
from resilience_provider import FAULTS, OK, Provider
from resilience_scenes import SCENES

HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.path.join(HERE, "..", "recorded", "resilience.json")
AT_ONCE = 2
SETTLE_S = 0.15
KEPT = ("retry-after", "x-litellm-attempted-retries", "x-litellm-max-retries", "x-litellm-attempted-fallbacks",
        "x-litellm-model-group", "x-litellm-model-id")
TAKEN = re.compile(r"time taken=[\d.]+ seconds")


def filled(value, port):
    return json.loads(json.dumps(value).replace("PROVIDER", f"127.0.0.1:{port}"))


def events_of(body):
    """Each event's data, parsed when it is JSON; the names of events are kept only in Anthropic's and responses' types."""
    for event in body.split("\n\n"):
        for line in event.split("\n"):
            if line.startswith("data: "):
                try:
                    yield json.loads(line[6:])
                except ValueError:
                    yield line[6:]


def text_of(event):
    if not isinstance(event, dict):
        return ""
    if event.get("choices"):
        return "".join(choice.get("delta", {}).get("content") or "" for choice in event["choices"])
    if isinstance(event.get("delta"), str):
        return event["delta"] if event.get("type") == "response.output_text.delta" else ""
    return (event.get("delta") or {}).get("text") or ""


def stream_record(answer):
    events = list(events_of(answer["body"]))
    errors = [event for event in events if isinstance(event, dict) and (event.get("error") or event.get("type") == "error")]
    record = {"text": "".join(text_of(event) for event in events), "events": len(events)}
    if errors:
        record["error"] = errors[0].get("error", errors[0])
    if events and isinstance(events[0], dict) and "type" in events[0]:
        record["types"] = [event.get("type") for event in events if isinstance(event, dict)]
    else:
        record["done"] = events[-1:] == ["[DONE]"]
    return record


def whole_text(value):
    if value.get("choices"):
        return value["choices"][0]["message"]["content"] or ""
    if value.get("object") == "list":
        return "embedding"
    parts = value.get("content") or [part for item in value.get("output", []) for part in item.get("content", [])]
    return "".join(part.get("text", "") for part in parts)


def whole_record(answer):
    try:
        value = json.loads(answer["body"])
    except ValueError:
        return {"raw": answer["body"]}
    if answer["status"] < 400:
        return {"text": whole_text(value)}
    return {"error": value["error"], **{name: other for name, other in value.items() if name != "error"}} if "error" in value else {"raw": value}


def record_of(answer):
    headers = {name.lower(): text for name, text in answer["headers"]}
    streamed = "text/event-stream" in headers.get("content-type", "")
    record = {"status": answer["status"], "headers": {name: headers[name] for name in KEPT if name in headers}}
    record |= {"streamed": True, **stream_record(answer)} if streamed else whole_record(answer)
    return record | ({"truncated": True} if answer.get("truncated") else {})


def ask(port, request):
    time.sleep(request.get("wait_s", 0))
    headers = [("Content-Type", "application/json"), ("Authorization", f"Bearer {MASTER_KEY}"), *request.get("headers", {}).items()]
    started = time.monotonic()
    try:
        answer = record_of(proxy.send(port, "POST", request["path"], headers, json.dumps(request["body"]).encode(), 60))
    except OSError as failure:
        answer = {"status": 0, "failure": type(failure).__name__}
    return answer | {"seconds": round(time.monotonic() - started, 1)}


def calls_of(provider, number, scene):
    """In order, or only how many when which deployment is called is random."""
    names = [name for said, name, _ in provider.calls if said == f"call {number}"]
    return len(names) if scene.get("counted") == "total" else names


def changed(provider, number):
    """The deployments whose messages were not the request's own."""
    return [name for said, name, body in provider.calls if said == f"call {number}" and b"in other words" in body]


def seen(provider, number, scene, answer):
    found = {**answer, "calls": calls_of(provider, number, scene)}
    if scene.get("counted") == "total":
        found.get("headers", {}).pop("x-litellm-model-id", None)
        found |= {"text": "from DEPLOYMENT"} if found.get("text") else {}
    others = changed(provider, number)
    return found | ({"changed": others} if others else {})


def played(scene, port, provider_port, provider):
    rounds, number = [], 0
    for requests in scene["rounds"]:
        numbers = range(number, number + len(requests))
        with ThreadPoolExecutor(len(requests)) as pool:
            answers = list(pool.map(lambda request: ask(port, request), requests))
        # Cooldowns are set by a task that may run after the answer is sent.
        time.sleep(SETTLE_S)
        rounds.append([{**request, "answer": seen(provider, call, scene, answer)} for request, answer, call in zip(requests, answers, numbers)])
        number += len(requests)
    return {**scene, "rounds": steady(rounds, provider_port)}


def steady(rounds, provider_port):
    """Without what differs from run to run: the provider's port and how long a timeout took to the hundredth."""
    text = json.dumps(rounds, ensure_ascii=False).replace(f"127.0.0.1:{provider_port}", "PROVIDER")
    return json.loads(TAKEN.sub("time taken=N seconds", text))


def free_ports(count):
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def play(scene, folder):
    port, provider_port = free_ports(2)
    config = proxy.write_config(folder, f"{port}.yaml", filled(scene["config"], provider_port))
    with resilience_proxy.forked(config, port, os.path.join(folder, f"{port}.log")):
        provider = Provider(provider_port, scene["scripts"])
        # The first request is slow; this one reaches no deployment.
        ask(port, {"path": "/v1/chat/completions", "body": {"model": "no such model", "messages": []}})
        try:
            return played(scene, port, provider_port, provider)
        finally:
            provider.stop()


def work(job):
    """In a worker process, which has no other thread when it forks LiteLLM."""
    number, folder = job
    started, scene = time.monotonic(), SCENES[number]
    try:
        found = play(scene, folder)
    except Exception as failure:
        found = {"name": scene["name"], "failed": repr(failure)}
    print(f"{scene['name']}: {time.monotonic() - started:.1f} s {found.get('failed', '')}", file=sys.stderr, flush=True)
    return found


def record(wanted, folder):
    jobs = [(number, folder) for number, scene in enumerate(SCENES) if wanted in scene["name"]]
    with get_context("fork").Pool(AT_ONCE) as pool:
        return pool.map(work, jobs, 1)


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def document(scenes):
    answers = ",\n".join(f"{compact(name)}:{compact(answer)}" for name, answer in FAULTS.items())
    kinds = ",\n".join(f"{compact(name)}:{compact(answer)}" for name, answer in OK.items())
    return ('{"litellm":"1.106.2","answers":{\n' + answers + '\n},\n"ok":{\n' + kinds + '\n},\n"scenes":[\n'
            + ",\n".join(compact(scene) for scene in scenes) + "\n]}\n")


def main():
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    os.nice(5)
    resilience_proxy.load()
    started = time.monotonic()
    scenes = record(wanted, tempfile.mkdtemp(prefix="resilience-"))
    if wanted:
        print(json.dumps([{name: scene[name] for name in scene if name != "config"} for scene in scenes], indent=1, ensure_ascii=False))
        return
    if any("failed" in scene for scene in scenes):
        sys.exit("a scene could not be played; nothing is written")
    with open(OUT, "w") as file:
        file.write(document(scenes))
    print(OUT, len(scenes), "scenes", round(time.monotonic() - started), "s")


if __name__ == "__main__":
    main()
