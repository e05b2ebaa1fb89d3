"""Starts LiteLLM once, with nothing configured, and forks it for each scene.

Loading LiteLLM takes seconds and starting it half a second; a fork has its own configuration, cooldowns and counters.
Retries wait without jitter, so that durations can be compared.
"""
from __future__ import annotations

import contextlib
import importlib
import os
import signal

import proxy


# What the first request would load, a second in every fork.
LOADED_LATE = ("openai.resources", "anyio._backends._asyncio", "jiter", "uvicorn.lifespan.on", "litellm.litellm_core_utils.default_encoding",
               "litellm.integrations.websearch_interception.handler", "litellm.proxy._experimental.mcp_server.mcp_server_manager",
               "litellm.proxy._experimental.mcp_server.utils", "litellm.responses.mcp.litellm_proxy_mcp_handler")


def load():
    """Must run before any thread is started: forks keep only the thread that forked."""
    kept = proxy.environment(JITTER="0")
    os.environ.clear()
    os.environ.update(kept)
    for name in ("litellm.proxy.proxy_cli", "litellm.proxy.proxy_server", *LOADED_LATE):
        importlib.import_module(name)
    importlib.import_module("litellm.llms").load_guardrail_translation_mappings()


class Fork:
    def __init__(self, config, port, log):
        self.ended = False
        self.pid = os.fork()
        if self.pid == 0:
            serve(config, port, log)

    def poll(self):
        if not self.ended:
            self.ended = os.waitpid(self.pid, os.WNOHANG)[0] != 0
        return 0 if self.ended else None

    def stop(self):
        if not self.ended:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            self.ended = True


def serve(config, port, log):
    try:
        sink = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(sink, 1)
        os.dup2(sink, 2)
        from litellm.proxy.proxy_cli import run_server
        run_server.main(args=["--config", config, "--port", str(port), "--host", "127.0.0.1", "--num_workers", "1"], standalone_mode=False)
    finally:
        os._exit(1)


@contextlib.contextmanager
def forked(config, port, log):
    process = Fork(config, port, log)
    try:
        proxy.wait_ready(port, process)
        yield
    finally:
        process.stop()
