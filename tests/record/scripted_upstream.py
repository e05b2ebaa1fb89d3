"""A provider that answers each request with the bytes it was told to: any status, body, cut or stall.

Knows nothing of LiteLLM. One scenario at a time; every request reads it anew.
"""
from __future__ import annotations

import json
import socket
import socketserver
import struct
import threading
import time

REASONS = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 422: "Unprocessable Entity",
           429: "Too Many Requests", 500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable"}
STALL_S = 3.5


def whole(status, body, kind="application/json", **headers):
    text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
    return {"status": status, "kind": kind, "body": text, "headers": headers, "end": "close"}


def stream(*events, end="done", kind="text/event-stream"):
    """`events` are raw texts; `end`: done (clean end), cut (no last chunk), reset, stall."""
    return {"status": 200, "kind": kind, "events": list(events), "end": end}


def odd(end):
    """No answer at all: `close`, `reset`, `stall`, `garbage`, `short` (less body than announced), `half` (stall in the body)."""
    return {"status": None, "end": end}


class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        if not self.read_request():
            return
        self.server.owner.seen += 1
        scene = self.server.owner.scene
        if scene["status"] is None:
            self.answer_oddly(scene["end"])
        elif "events" in scene:
            self.answer_stream(scene)
        else:
            self.answer_whole(scene)

    def read_request(self):
        data = b""
        while b"\r\n\r\n" not in data:
            piece = self.request.recv(65536)
            if not piece:
                return False
            data += piece
        head, _, body = data.partition(b"\r\n\r\n")
        length = 0
        for line in head.split(b"\r\n")[1:]:
            name, _, value = line.partition(b":")
            if name.strip().lower() == b"content-length":
                length = int(value)
        while len(body) < length:
            body += self.request.recv(65536)
        return True

    def head(self, status, kind, *lines):
        text = [f"HTTP/1.1 {status} {REASONS.get(status, 'Odd')}", f"Content-Type: {kind}", "Connection: close", *lines]
        self.request.sendall(("\r\n".join(text) + "\r\n\r\n").encode())

    def answer_whole(self, scene):
        body = scene["body"].encode()
        more = [f"{name}: {value}" for name, value in scene["headers"].items()]
        self.head(scene["status"], scene["kind"], f"Content-Length: {len(body)}", *more)
        self.request.sendall(body)

    def answer_stream(self, scene):
        self.head(200, scene["kind"], "Transfer-Encoding: chunked")
        for event in scene["events"]:
            piece = event.encode()
            self.request.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
            time.sleep(0.01)
        if scene["end"] == "done":
            self.request.sendall(b"0\r\n\r\n")
        elif scene["end"] == "stall":
            time.sleep(STALL_S)
        elif scene["end"] == "reset":
            self.reset()

    def answer_oddly(self, end):
        if end == "reset":
            self.reset()
        elif end == "stall":
            time.sleep(STALL_S)
        elif end == "garbage":
            self.request.sendall(b"this is not http\r\n\r\n")
        elif end in ("short", "half"):
            self.head(200, "application/json", "Content-Length: 500")
            self.request.sendall(b'{"id":"x","object":"chat.completion"')
            if end == "half":
                time.sleep(STALL_S)

    def reset(self):
        self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.request.close()


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def shutdown_request(self, request):
        try:
            super().shutdown_request(request)
        except OSError:
            pass

    def handle_error(self, request, client_address):
        pass


class Upstream:
    def __init__(self, port):
        self.server = Server(("127.0.0.1", port), Handler)
        self.server.owner = self
        self.scene = odd("close")
        self.seen = 0
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def play(self, scene):
        self.scene, self.seen = scene, 0

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
