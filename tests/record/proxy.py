"""Starts LiteLLM and an imitation provider on loopback, and sends single requests to them.

Knows nothing of what is recorded. Needs a Python with `litellm[proxy]`, `prisma`, `aiohttp` and `pyyaml`.
"""
from __future__ import annotations

import contextlib
import http.client
import os
import signal
import subprocess
import sys
import time

import yaml

MASTER_KEY = "sk-oracle-master"
OWN_VARIABLES = ("AWS_", "OPENAI", "ANTHROPIC", "GOOGLE", "AZURE", "DATABASE", "LITELLM")


def environment(**more):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OWN_VARIABLES)}
    kept.update(
        LITELLM_LOCAL_MODEL_COST_MAP="True", LITELLM_TELEMETRY="False", AWS_EC2_METADATA_DISABLED="true",
        NO_PROXY="127.0.0.1,localhost", LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS="True", LITELLM_LOG="CRITICAL",
        HF_HUB_OFFLINE="1", LITELLM_LOCAL_BLOG_POSTS="True", DISABLE_ADMIN_UI="True",
    )
    kept.update(more)
    return kept


def command(config, port):
    binary = os.path.join(os.path.dirname(sys.executable), "litellm")
    return [binary, "--config", config, "--port", str(port), "--host", "127.0.0.1", "--num_workers", "1"]


def write_config(folder, name, config):
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, name)
    with open(path, "w") as file:
        yaml.safe_dump(config, file, sort_keys=False, width=1000)
    return path


def stop(process):
    if process.poll() is not None:
        return
    os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(15)


def wait_ready(port, process, path="/health/liveliness", limit_s=180):
    started = time.monotonic()
    while time.monotonic() - started < limit_s:
        if process.poll() is not None:
            raise RuntimeError("the program ended before it was ready")
        with contextlib.suppress(OSError, http.client.HTTPException):
            if send(port, "GET", path)["status"] < 500:
                return
        time.sleep(0.3)
    raise RuntimeError("the program was not ready in time")


@contextlib.contextmanager
def litellm(config, port, log, **variables):
    with open(log, "ab") as sink:
        process = subprocess.Popen(
            command(config, port), stdout=sink, stderr=subprocess.STDOUT,
            env=environment(**variables), start_new_session=True,
        )
        try:
            wait_ready(port, process)
            yield process
        finally:
            stop(process)


@contextlib.contextmanager
def script(path, port, ready, log):
    with open(log, "ab") as sink:
        process = subprocess.Popen(
            [sys.executable, path, "--port", str(port)], stdout=sink, stderr=subprocess.STDOUT, start_new_session=True,
        )
        try:
            wait_ready(port, process, ready)
            yield process
        finally:
            stop(process)


def send(port, method, path, headers=(), body=None, limit_s=120):
    """One request with exactly these headers; the answer with every header, in order."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=limit_s)
    try:
        connection.putrequest(method, path, skip_accept_encoding=True)
        for name, value in headers:
            connection.putheader(name, value)
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        answer = connection.getresponse()
        try:
            raw = answer.read()
            whole = True
        except http.client.IncompleteRead as cut:
            raw, whole = cut.partial, False
        record = {"status": answer.status, "headers": answer.getheaders(), "body": raw.decode("utf-8", "replace")}
        if not whole:
            record["truncated"] = True
        return record
    finally:
        connection.close()
