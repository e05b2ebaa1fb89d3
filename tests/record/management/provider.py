"""A provider on loopback in OpenAI's dialect, whose answers are always the same but for their numbered id: 10 tokens in,
5 out."""
from __future__ import annotations

import itertools
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

USAGE = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}


def chunk(name, model, choices, **more):
    return {"id": name, "object": "chat.completion.chunk", "created": 1700000000, "model": model, "choices": choices, **more}


def chunks(name, body):
    model = body["model"]
    yield chunk(name, model, [{"index": 0, "delta": {"role": "assistant", "content": "Hel"}, "finish_reason": None}])
    yield chunk(name, model, [{"index": 0, "delta": {"content": "lo"}, "finish_reason": None}])
    yield chunk(name, model, [{"index": 0, "delta": {}, "finish_reason": "stop"}])
    if (body.get("stream_options") or {}).get("include_usage"):
        yield chunk(name, model, [], usage=USAGE)


def completion(name, body):
    message = {"role": "assistant", "content": "Hello"}
    return {"id": name, "object": "chat.completion", "created": 1700000000, "model": body["model"],
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}], "usage": USAGE}


def embedding(body):
    return {"object": "list", "data": [{"object": "embedding", "index": 0, "embedding": [0.5, -0.5]}], "model": body["model"],
            "usage": {"prompt_tokens": 8, "total_tokens": 8}}


def response(name, body):
    content = [{"type": "output_text", "text": "Hello", "annotations": []}]
    return {"id": name, "object": "response", "created_at": 1700000000, "status": "completed", "model": body["model"], "parallel_tool_calls": True, "tool_choice": "auto", "tools": [],
            "output": [{"type": "message", "id": "msg_1", "status": "completed", "role": "assistant", "content": content}],
            "usage": {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15, "input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0}}}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if body.get("model") == "broken":
            self.answer(500, {"error": {"message": "the provider is broken", "type": "server_error", "param": None, "code": None}})
        elif self.path.endswith("/embeddings"):
            self.answer(200, embedding(body))
        elif self.path.endswith("/responses"):
            self.answer(200, response(f"resp_{next(self.server.numbers)}", body))
        elif body.get("stream"):
            self.stream(f"chatcmpl-{next(self.server.numbers)}", body)
        else:
            self.answer(200, completion(f"chatcmpl-{next(self.server.numbers)}", body))

    def answer(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def stream(self, name, body):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        for event in chunks(name, body):
            self.wfile.write(f"data: {json.dumps(event)}\n\n".encode())
        self.wfile.write(b"data: [DONE]\n\n")
        self.close_connection = True


class Provider:
    def __init__(self, port):
        self.server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.numbers = itertools.count(1)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
