"""Records LiteLLM's management API, its refusals and what it writes to the database.

    python management.py [part of a scene's name]     # writes tests/recorded/management.json

Needs, beside what proxy.py says: PostgreSQL 15 (MANAGEMENT_POSTGRES_BIN), node and npm. The first run installs Prisma's
tool and engine below MANAGEMENT_HOME (/tmp/tollgate-management) and applies LiteLLM's migrations to a database there.
Given a part of a name, only those scenes are played and printed, and nothing is written.

The file: {"litellm", "config", "scenes": [{"name", …what the scene configures, "steps"}]}. Every scene has an empty database.
`general`, `settings` and `router` are merged into general_settings, litellm_settings and router_settings of the common
`config`, `models` is added to its model_list; `licence: true` means that LiteLLM was told it has one. A step is one of

    {"method", "path", "by", "headers"?, "body"? | "raw"?, "status", "answer_headers", "answer" | "text"}
        `by` is "admin" (the master key), a key (Authorization: Bearer), or null for no Authorization header
    {"sql"}                          done to the database behind the gateway's back
    {"rows", "query", "found"}       what is in the database then
    {"settle", "wanted"}             waits until the query's first column is at least that (LiteLLM writes later)
    {"wait_s"}

Recorded on Wednesday 25 November; what was read once and may come otherwise: the order in which a message names a set (a team
member's permissions, a proxy's models), rows of equal rank, and whether a count made after an answer is in the next one.
Placeholders such as <key:1> are explained in management/placeholders.py.
"""
from __future__ import annotations

import json
import os
import sys
import tempfile
import time
import traceback
from multiprocessing import get_context

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "management"))

import database  # noqa: E402

OUT = os.path.join(HERE, "..", "recorded", "management.json")
AT_ONCE = 2
FIRST_PORT = 18600


def scenes():
    import scenes as found
    return found.SCENES


def load():
    os.environ.update(PROXY_BATCH_WRITE_AT="1", SPEND_LOG_QUEUE_POLL_INTERVAL="0.5")
    early = dict(os.environ)
    import proxy
    import resilience_proxy
    original = proxy.environment
    # Read when LiteLLM is loaded.
    proxy.environment = lambda **more: original(**more) | {name: early[name] for name in ("PROXY_BATCH_WRITE_AT", "SPEND_LOG_QUEUE_POLL_INTERVAL")} | {"STORE_MODEL_IN_DB": "False"}
    resilience_proxy.load()


def work(job):
    import recorder
    number, folder = job
    scene = scenes()[number]
    started = time.monotonic()
    try:
        found = recorder.play(scene, folder, (FIRST_PORT + 2 * number, FIRST_PORT + 2 * number + 1))
    except Exception:
        found = {"name": scene["name"], "failed": traceback.format_exc()}
    print(f"{scene['name']}: {time.monotonic() - started:.1f} s, {len(found.get('steps', ()))} steps {found.get('failed', '')}", file=sys.stderr, flush=True)
    return found


def record(wanted, folder):
    jobs = [(number, folder) for number, scene in enumerate(scenes()) if wanted in scene["name"]]
    with get_context("fork").Pool(AT_ONCE, maxtasksperchild=1) as pool:
        return pool.map(work, jobs, 1)


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def scene_text(scene):
    head = {name: scene[name] for name in scene if name != "steps"}
    return compact(head)[:-1] + ',"steps":[\n' + ",\n".join(map(compact, scene["steps"])) + "\n]}"


def document(played):
    import recorder
    common = json.loads(compact(recorder.config(0)).replace("127.0.0.1:0", "PROVIDER"))
    return '{"litellm":"1.106.2","config":' + compact(common) + ',\n"scenes":[\n' + ",\n".join(map(scene_text, played)) + "\n]}\n"


def with_fixed_hashes():
    """What LiteLLM prints of a Python set is in the order of hashes."""
    if os.environ.get("PYTHONHASHSEED") != "0":
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, "PYTHONHASHSEED": "0"})


def main():
    with_fixed_hashes()
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    os.nice(5)
    database.install_client()
    database.client_first()
    load()
    folder = tempfile.mkdtemp(prefix="management-")
    database.start()
    try:
        database.prepare_template()
        played = record(wanted, folder)
    finally:
        database.stop()
    print("logs in", folder, file=sys.stderr)
    if wanted:
        print("".join(scene_text(scene) if "steps" in scene else scene["failed"] for scene in played))
        return
    if any("failed" in scene for scene in played):
        sys.exit("a scene could not be played; nothing is written")
    with open(OUT, "w") as file:
        file.write(document(played))
    print(OUT, len(played), "scenes", os.path.getsize(OUT), "bytes")


if __name__ == "__main__":
    main()
