"""A provider of realtime sessions, for the realtime session. Knows no gateway.

    python3 talker.py PORT        0 takes a free port; the first line printed is `listening on PORT`

Speaks as much of OpenAI's realtime events as a session in writing needs. Needs the package websockets.
"""

import json
import sys

from websockets.sync.server import serve

USAGE = {"total_tokens": 9, "input_tokens": 5, "output_tokens": 4}


def answer(event):
    """What is said to one event of the client."""
    kind = event.get("type")
    if kind == "session.update":
        return [{"type": "session.updated", "event_id": "e1", "session": event["session"]}]
    if kind == "conversation.item.create":
        return [{"type": "conversation.item.added", "event_id": "e2", "item": event["item"], "previous_item_id": None}]
    if kind == "response.create":
        place = {"response_id": "r1", "item_id": "i1", "output_index": 0, "content_index": 0}
        deltas = [{"type": "response.output_text.delta", "event_id": "e3", "delta": text, **place} for text in ("Hel", "lo")]
        response = {"object": "realtime.response", "id": "r1", "status": "completed", "output": [], "usage": USAGE}
        return [*deltas, {"type": "response.done", "event_id": "e4", "response": response}]
    error = {"type": "invalid_request_error", "message": f"unknown event {kind}"}
    return [{"type": "error", "event_id": "e5", "error": error}]


def talk(connection):
    session = {"type": "realtime", "model": connection.request.path.split("model=")[-1]}
    connection.send(json.dumps({"type": "session.created", "event_id": "e0", "session": session}))
    for message in connection:
        event = json.loads(message)
        if event.get("type") == "input_audio_buffer.clear":
            connection.close(4000, "told to")
            return
        for said in answer(event):
            connection.send(json.dumps(said))


with serve(talk, "127.0.0.1", int(sys.argv[1])) as server:
    print(f"listening on {server.socket.getsockname()[1]}", flush=True)
    server.serve_forever()
