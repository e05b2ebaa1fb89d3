"""A provider with a script for each deployment: the first part of the path names the deployment.

Every deployment plays its list of answers in order; the last one repeats. Knows nothing of LiteLLM.
"""
from __future__ import annotations

import json
import re
import socket
import socketserver
import struct
import threading
import time

import scripted_upstream
from scripted_upstream import REASONS

HANG_S = 6
# Long enough that what ends a stream is never read together with what came before.
GAP_S = 0.6
SAID = re.compile(r"call \d+")


def error(message, kind=None, code=None, param=None):
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def chunk(delta, finish=None):
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": "c1", "object": "chat.completion.chunk", "created": 1700000000, "model": "gpt-4o", "choices": [choice]}


def data(value):
    return "data: " + (value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))) + "\n\n"


def chat_body(text, finish="stop"):
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": finish}
    usage = {"prompt_tokens": 5, "completion_tokens": 3, "total_tokens": 8}
    return {"id": "c1", "object": "chat.completion", "created": 1700000000, "model": "gpt-4o", "choices": [choice], "usage": usage}


ROLE = data(chunk({"role": "assistant", "content": ""}))
BEGIN = data(chunk({"role": "assistant", "content": "Begin"}))
BROKEN = data(error("The server had an error while processing your request", "server_error"))

LIMITED = error("Rate limit reached for gpt-4o", "rate_limit_error", "rate_limit_exceeded")
SERVER = error("The server had an error", "server_error")
CONTEXT = error("This model's maximum context length is 8192 tokens. However, your messages resulted in 9001 tokens.",
                "invalid_request_error", "context_length_exceeded", "messages")
POLICY = error("Your request was rejected as a result of our safety system.", "invalid_request_error", "content_policy_violation")

# Each is {"status", "headers"?, "body"}, {"events", "end", "before_s"?} or {"end"}.
# `end`: done (the last chunk is sent), cut (the connection closes without it), reset, hang.
FAULTS = {
    "400": {"status": 400, "body": error("Unknown parameter", "invalid_request_error", None, "x")},
    "401": {"status": 401, "body": error("Incorrect API key provided", "invalid_request_error", "invalid_api_key")},
    "402": {"status": 402, "body": error("Payment required", "billing_error")},
    "403": {"status": 403, "body": error("Not allowed", "invalid_request_error", "forbidden")},
    "404": {"status": 404, "body": error("The model does not exist", "invalid_request_error", "model_not_found")},
    "408": {"status": 408, "body": error("Request timed out", "server_error")},
    "422": {"status": 422, "body": error("Unprocessable", "invalid_request_error")},
    "429": {"status": 429, "body": LIMITED},
    "429 after 0": {"status": 429, "headers": {"retry-after": "0"}, "body": LIMITED},
    "429 after 1": {"status": 429, "headers": {"retry-after": "1"}, "body": LIMITED},
    "429 after 2": {"status": 429, "headers": {"retry-after": "2"}, "body": LIMITED},
    "429 after 90": {"status": 429, "headers": {"retry-after": "90"}, "body": LIMITED},
    # `IN 2 S` stands for an HTTP date two seconds ahead, written when the answer is sent.
    "429 after date": {"status": 429, "headers": {"retry-after": "IN 2 S"}, "body": LIMITED},
    "429 after 1 ms": {"status": 429, "headers": {"retry-after-ms": "1000"}, "body": LIMITED},
    "429 quota": {"status": 429, "body": error("You exceeded your current quota", "insufficient_quota", "insufficient_quota")},
    "500": {"status": 500, "body": SERVER},
    "500 after 1": {"status": 500, "headers": {"retry-after": "1"}, "body": SERVER},
    "502": {"status": 502, "body": error("Bad gateway", "server_error")},
    "503": {"status": 503, "body": error("Overloaded", "server_error")},
    "503 after 1": {"status": 503, "headers": {"retry-after": "1"}, "body": error("Overloaded", "server_error")},
    "504": {"status": 504, "body": error("Gateway timeout", "server_error")},
    "529": {"status": 529, "body": error("Overloaded", "overloaded_error")},
    "context": {"status": 400, "body": CONTEXT},
    "policy": {"status": 400, "body": POLICY},
    "filtered": {"status": 200, "body": chat_body("", "content_filter")},
    "garbage": {"status": 200, "body": "this is not json"},
    "hang": {"end": "hang"},
    "close": {"end": "cut"},
    "reset": {"end": "reset"},
    "stream cut": {"events": [BEGIN], "end": "cut"},
    "stream reset": {"events": [BEGIN], "end": "reset"},
    "stream reset after role": {"events": [ROLE], "end": "reset"},
    "stream cut after role": {"events": [ROLE], "end": "cut"},
    "stream no events": {"events": [], "end": "done"},
    "stream reset at once": {"events": [], "end": "reset"},
    "stream hang": {"events": [], "end": "hang"},
    "stream hang after content": {"events": [BEGIN], "end": "hang"},
    "stream slow": {"events": [BEGIN, data(chunk({}, "stop")), data("[DONE]")], "end": "done", "before_s": 2.5},
    "stream error first": {"events": [BROKEN], "end": "done"},
    "stream error after role": {"events": [ROLE, BROKEN], "end": "done"},
    "stream error after content": {"events": [BEGIN, BROKEN], "end": "done"},
}


def responses_events(text):
    answer = responses_body(text)
    started = {**answer, "status": "in_progress", "output": [], "usage": None}
    return [
        "event: response.created\n" + data({"type": "response.created", "sequence_number": 0, "response": started}),
        "event: response.output_text.delta\n" + data({"type": "response.output_text.delta", "sequence_number": 1, "item_id": "m1",
                                                      "output_index": 0, "content_index": 0, "delta": text}),
        "event: response.completed\n" + data({"type": "response.completed", "sequence_number": 2, "response": answer}),
    ]


def responses_body(text):
    part = {"type": "output_text", "text": text, "annotations": []}
    output = [{"type": "message", "id": "m1", "status": "completed", "role": "assistant", "content": [part]}]
    usage = {"input_tokens": 5, "output_tokens": 3, "total_tokens": 8, "input_tokens_details": {"cached_tokens": 0},
             "output_tokens_details": {"reasoning_tokens": 0}}
    return {"id": "resp_1", "object": "response", "created_at": 1700000000, "status": "completed", "model": "gpt-4o", "output": output,
            "parallel_tool_calls": True, "tool_choice": "auto", "tools": [], "usage": usage}


def messages_body(text):
    return {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-sonnet-4-5", "content": [{"type": "text", "text": text}],
            "stop_reason": "end_turn", "stop_sequence": None, "usage": {"input_tokens": 5, "output_tokens": 3}}


def embeddings_body():
    item = {"object": "embedding", "index": 0, "embedding": [0.5, 0.25]}
    return {"object": "list", "data": [item], "model": "text-embedding-3-small", "usage": {"prompt_tokens": 2, "total_tokens": 2}}


FROM = "from DEPLOYMENT"
# What `ok` is, by the end of the path: `whole`, and `events` when the request says `"stream": true`.
OK = {
    "/chat/completions": {"whole": chat_body(FROM), "events": [data(chunk({"role": "assistant", "content": FROM})), data(chunk({}, "stop")), data("[DONE]")]},
    "/responses": {"whole": responses_body(FROM), "events": responses_events(FROM)},
    "/embeddings": {"whole": embeddings_body()},
    "/messages": {"whole": messages_body(FROM)},
}


def ok(deployment, path, streamed):
    kind = next(value for end, value in OK.items() if path.endswith(end))
    said = json.dumps({"events": kind["events"], "end": "done", "gap_s": 0.01} if streamed else {"status": 200, "body": kind["whole"]})
    return json.loads(said.replace("DEPLOYMENT", deployment))


class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        request = self.read_request()
        if request is None:
            return
        path, body = request
        deployment = path.split("/")[1]
        name = self.server.owner.next_answer(deployment, body)
        answer = FAULTS[name] if name in FAULTS else ok(deployment, path, b'"stream":true' in body.replace(b" ", b""))
        if "status" in answer:
            self.answer_whole(answer)
        elif "events" in answer:
            self.answer_stream(answer)
        self.end(answer.get("end"))

    def read_request(self):
        received = b""
        while b"\r\n\r\n" not in received:
            piece = self.request.recv(65536)
            if not piece:
                return None
            received += piece
        head, _, body = received.partition(b"\r\n\r\n")
        length = re.search(rb"(?im)^content-length: *(\d+)", head)
        while length and len(body) < int(length[1]):
            body += self.request.recv(65536)
        return head.split(b" ")[1].decode(), body

    def head(self, status, kind, *lines):
        text = [f"HTTP/1.1 {status} {REASONS.get(status, 'Odd')}", f"Content-Type: {kind}", "Connection: close", *lines]
        self.request.sendall(("\r\n".join(text) + "\r\n\r\n").encode())

    def answer_whole(self, answer):
        body = answer["body"] if isinstance(answer["body"], str) else json.dumps(answer["body"])
        ahead = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 2))
        more = [f"{name}: {value.replace('IN 2 S', ahead)}" for name, value in answer.get("headers", {}).items()]
        self.head(answer["status"], "application/json", f"Content-Length: {len(body.encode())}", *more)
        self.request.sendall(body.encode())

    def answer_stream(self, answer):
        self.head(200, "text/event-stream", "Transfer-Encoding: chunked")
        time.sleep(answer.get("before_s", 0))
        for event in answer["events"]:
            piece = event.encode()
            self.request.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
            time.sleep(answer.get("gap_s", GAP_S))

    def end(self, end):
        if end == "done":
            self.request.sendall(b"0\r\n\r\n")
        elif end == "hang":
            self.request.settimeout(HANG_S)
            self.request.recv(1)
        elif end == "reset":
            self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.request.close()


class Server(scripted_upstream.Server):
    request_queue_size = 64


class Provider:
    """Remembers which deployment was called, in order, and for which `call N` of the scene."""

    def __init__(self, port, scripts):
        self.scripts = {name: list(answers) for name, answers in scripts.items()}
        self.calls, self.lock = [], threading.Lock()
        self.server = Server(("127.0.0.1", port), Handler)
        self.server.owner = self
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def next_answer(self, deployment, body):
        said = SAID.search(body.decode("utf-8", "replace"))
        with self.lock:
            self.calls.append((said[0] if said else "?", deployment, body))
            left = self.scripts.get(deployment, ["ok"])
            return left.pop(0) if len(left) > 1 else left[0]

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
