"""Plays one scene: a LiteLLM of its own on a database of its own, and the steps that are sent to it, recorded.

A scene is a function that is given a Session; what it calls on it becomes the steps. Knows nothing of the routes.
"""
from __future__ import annotations

import contextlib
import datetime
import json
import os
import re
import signal
import time

import database
import placeholders
import proxy
from provider import Provider
from proxy import MASTER_KEY

ADMIN = "admin"
MODELS = ("chat", "other-chat", "embed", "broken", "free")
KEPT = re.compile(r"^(x-litellm-.*|x-ratelimit-.*|llm_provider-.*|retry-after|rate_limit_type|reset_at|www-authenticate|location)$")
DROPPED = {"x-litellm-version", "x-litellm-response-duration-ms", "x-litellm-overhead-duration-ms", "x-litellm-callback-duration-ms",
           "x-litellm-timing-llm-api-ms", "x-litellm-timing-pre-processing-ms", "x-litellm-timing-post-processing-ms",
           "x-litellm-timing-message-copy-ms", "llm_provider-date", "llm_provider-server", "llm_provider-content-length", "llm_provider-content-type"}
SETTLE_S = 40


def config(provider_port, general=None, settings=None, router=None, more=None):
    base = f"http://127.0.0.1:{provider_port}/v1"

    def deployment(name, model, **parameters):
        return {"model_name": name, "litellm_params": {"model": model, "api_base": base, "api_key": "sk-provider", **parameters}, "model_info": {"id": f"id-{name}"}}

    models = [
        deployment("chat", "openai/gpt-4o", input_cost_per_token=0.001, output_cost_per_token=0.002),
        deployment("other-chat", "openai/gpt-4o-mini"),
        deployment("embed", "openai/text-embedding-3-small"),
        deployment("broken", "openai/broken"),
        deployment("free", "openai/free", input_cost_per_token=0, output_cost_per_token=0),
    ]
    return {
        "model_list": models + (more or []),
        "litellm_settings": {"num_retries": 0, "request_timeout": 20, "telemetry": False, **(settings or {})},
        "router_settings": {"num_retries": 0, "disable_cooldowns": True, **(router or {})},
        "general_settings": {"master_key": MASTER_KEY, "proxy_batch_write_at": 1, **(general or {})},
    }


class Fork:
    """LiteLLM, loaded before, serving in a process of its own."""

    def __init__(self, path, port, log, variables, licence):
        self.ended = False
        self.pid = os.fork()
        if self.pid == 0:
            self.serve(path, port, log, variables, licence)

    def serve(self, path, port, log, variables, licence):
        try:
            os.setsid()
            os.environ.update(variables)
            sink = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            os.dup2(sink, 1)
            os.dup2(sink, 2)
            adapt(licence)
            from litellm.proxy.proxy_cli import run_server
            run_server.main(args=["--config", path, "--port", str(port), "--host", "127.0.0.1", "--num_workers", "1"], standalone_mode=False)
        finally:
            os._exit(1)

    def poll(self):
        if not self.ended:
            self.ended = os.waitpid(self.pid, os.WNOHANG)[0] != 0
        return 0 if self.ended else None

    def stop(self):
        if not self.poll():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
            if not self.ended:
                os.waitpid(self.pid, 0)
            self.ended = True


def adapt(licence):
    """A licence said to be there, short intervals without their random part, and a name older clients of Prisma had."""
    import logging
    import random

    import prisma
    from litellm.proxy import proxy_server
    from litellm.proxy.db import check_migration
    for each in (logging.getLogger("LiteLLM Proxy"), *logging.getLogger("LiteLLM Proxy").handlers):
        each.setLevel("ERROR")
    check_migration.check_prisma_schema_diff = lambda **_: None
    random.randint = lambda low, high: low
    prisma.Prisma._Prisma__engine = property(lambda self: self._internal_engine, lambda self, engine: setattr(self, "_internal_engine", engine))
    if licence:
        proxy_server.premium_user = True
        proxy_server._license_check.is_premium = lambda: True


class Session:
    def __init__(self, port, name, provider_port):
        self.port, self.database, self.provider_port, self.steps, self.names = port, name, provider_port, [], {}

    def call(self, method, path, body=None, by=ADMIN, headers=None, note=None, raw=None):
        """`by` is "admin", a key, or None for no Authorization header. Answers the parsed body."""
        sent = [("Content-Type", "application/json")] if body is not None or raw is not None else []
        if by is not None:
            sent.append(("Authorization", f"Bearer {MASTER_KEY if by == ADMIN else by}"))
        sent += list((headers or {}).items())
        data = raw.encode() if raw is not None else json.dumps(body, allow_nan=False).encode() if body is not None else None
        answer = proxy.send(self.port, method, path, sent, data, 60)
        step = {"method": method, "path": path, "by": by}
        step |= {"headers": headers} if headers else {}
        step |= {"body": body} if body is not None else {}
        step |= {"raw": raw} if raw is not None else {}
        step |= {"note": note} if note else {}
        step |= answer_of(answer)
        self.add(step)
        return step["answer"] if isinstance(step.get("answer"), dict) else {"list": step.get("answer")}

    def add(self, step):
        self.steps.append((step, datetime.datetime.now(datetime.timezone.utc)))

    def get(self, path, by=ADMIN, **more):
        return self.call("GET", path, by=by, **more)

    def post(self, path, body=None, by=ADMIN, **more):
        return self.call("POST", path, {} if body is None and "raw" not in more else body, by=by, **more)

    def patch(self, path, body, by=ADMIN, **more):
        return self.call("PATCH", path, body, by=by, **more)

    def put(self, path, body, by=ADMIN, **more):
        return self.call("PUT", path, body, by, **more)

    def delete(self, path, body=None, by=ADMIN, **more):
        return self.call("DELETE", path, body, by=by, **more)

    def chat(self, by, model="chat", **more):
        headers = more.pop("headers", None)
        note = more.pop("note", None)
        return self.post("/v1/chat/completions", {"model": model, "messages": [{"role": "user", "content": "hi"}], **more}, by=by, headers=headers, note=note)

    def key(self, by=ADMIN, **fields):
        return self.post("/key/generate", fields, by=by)["key"]

    def user(self, user_id, role, **fields):
        return self.post("/user/new", {"user_id": user_id, "user_role": role, **fields})["key"]

    def sql(self, text, note=None):
        """Done to the database directly; the table's and columns' names are the schema's."""
        database.psql(self.database, "-c", text)
        self.add({"sql": text, **({"note": note} if note else {})})

    def query(self, text):
        out = database.psql(self.database, "-At", "-c", f"SELECT coalesce(json_agg(row_to_json(found)), '[]'::json) FROM ({text}) AS found")
        return json.loads(out)

    def rows(self, table, where="true", order="1", columns="*", note=None):
        text = f'SELECT {columns} FROM "{table}" WHERE {where} ORDER BY {order}'
        self.add({"rows": table, "query": text, "found": self.query(text), **({"note": note} if note else {})})

    def settle(self, text, wanted, note=None):
        """Waits until the first column of a query is at least what is wanted: what LiteLLM writes, it writes later."""
        started = time.monotonic()
        while time.monotonic() - started < SETTLE_S:
            found = self.query(text)
            if found and (next(iter(found[0].values())) or 0) >= wanted:
                break
            time.sleep(0.3)
        else:
            raise RuntimeError(f"never reached: {text}")
        self.add({"settle": text, "wanted": wanted, **({"note": note} if note else {})})

    def wait(self, seconds, why):
        time.sleep(seconds)
        self.add({"wait_s": seconds, "note": why})


def answer_of(answer):
    headers = {}
    for name, text in answer["headers"]:
        name = name.lower()
        if (KEPT.match(name) and name not in DROPPED) or (name == "content-type" and text != "application/json"):
            headers[name] = text
    found = {"status": answer["status"], "answer_headers": headers}
    try:
        found["answer"] = json.loads(answer["body"])
    except ValueError:
        found["text"] = answer["body"]
    return found


def steady(session, scene, path):
    names = placeholders.Names({MASTER_KEY, *scene.get("literal", ())})
    for step, _ in session.steps:
        for text in placeholders.strings(step):
            names.learn(text)
    steps = [placeholders.steadied(step, names, now) for step, now in session.steps]
    text = json.dumps(steps, ensure_ascii=False).replace(path, "CONFIG").replace(f"127.0.0.1:{session.provider_port}", "PROVIDER")
    return json.loads(text.replace(os.path.dirname(database.folder_of("litellm")), "PYTHON"))


def played(scene, session):
    try:
        scene["play"](session)
    except Exception as failure:
        raise RuntimeError(f"after {session.steps[-1][0] if session.steps else 'nothing'}") from failure


def play(scene, folder, ports):
    port, provider_port = ports
    name = f"scene_{port}"
    made = config(provider_port, scene.get("general"), scene.get("settings"), scene.get("router"), scene.get("models"))
    variables = {"DATABASE_URL": database.url(name), **database.environment(), **scene.get("environment", {})}
    path = proxy.write_config(folder, f"{port}.yaml", made)
    log = os.path.join(folder, f"{scene['name'].replace(' ', '_')}.log")
    database.create(name)
    process = Fork(path, port, log, variables, scene.get("licence", False))
    provider = None
    try:
        proxy.wait_ready(port, process)
        provider = Provider(provider_port)
        session = Session(port, name, provider_port)
        played(scene, session)
        shown = {field: scene[field] for field in ("general", "settings", "router", "models", "environment", "licence") if field in scene}
        return {"name": scene["name"], **shown, "steps": steady(session, scene, path)}
    finally:
        process.stop()
        if provider:
            provider.stop()
        database.drop(name)
