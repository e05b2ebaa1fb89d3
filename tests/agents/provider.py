"""A scripted provider for agents: calls a tool once, then says what the tool answered. Knows no gateway.

    python3 provider.py PORT        0 takes a free port; the first line printed is `listening on PORT`

It speaks OpenAI's chat completions (`/v1/chat/completions`) and responses (`/v1/responses`), whole and streamed.
A request that offers a shell (`SHELLS`) and holds no result yet is answered by a call of it; a request with a result
by a sentence that quotes its last line; every other request by `ok`. `GET /__asked` lists the paths that were asked.

Standard library only.
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

COMMAND = "echo tollgate-$((40 + 2))"
# What each agent calls its shell, and how it wants the command.
SHELLS = {
    "Bash": {"command": COMMAND, "description": "Say the number"},
    "exec_command": {"cmd": COMMAND},
    "shell_command": {"command": COMMAND},
    "shell": {"command": ["bash", "-lc", COMMAND]},
}
ASKED = []


def text_of(content):
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "") for part in content or [] if isinstance(part, dict))


def decide(tools, results):
    """What to answer: the name and the arguments of a call, or a text."""
    if results:
        return None, None, f"The tool said: {results[-1].strip().splitlines()[-1]}"
    for name, arguments in SHELLS.items():
        if name in tools:
            return name, json.dumps(arguments), None
    return None, None, "ok"


def chat(body):
    tools = [tool.get("function", {}).get("name") for tool in body.get("tools", [])]
    results = [text_of(message["content"]) for message in body["messages"] if message["role"] == "tool"]
    shell, call, text = decide(tools, results)
    usage = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
    head = {"id": "chatcmpl-agent", "created": 1700000000, "model": body["model"]}
    function = {"name": shell, "arguments": call}
    reason = "tool_calls" if call else "stop"
    if not body.get("stream"):
        calls = [{"id": "call_agent", "type": "function", "function": function}] if call else None
        message = {"role": "assistant", "content": text, **({"tool_calls": calls} if calls else {})}
        choice = {"index": 0, "message": message, "finish_reason": reason}
        return [{**head, "object": "chat.completion", "choices": [choice], "usage": usage}]
    deltas = [{"role": "assistant", "content": ""}]
    if call:
        whole = {"index": 0, "id": "call_agent", "type": "function", "function": {"name": shell, "arguments": ""}}
        deltas.append({"tool_calls": [whole]})
        deltas += [{"tool_calls": [{"index": 0, "function": {"arguments": piece}}]} for piece in (call[:9], call[9:])]
    else:
        deltas += [{"content": text[:5]}, {"content": text[5:]}]
    chunk = {**head, "object": "chat.completion.chunk"}
    events = [{**chunk, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas]
    events.append({**chunk, "choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})
    return [*events, {**chunk, "choices": [], "usage": usage}, "[DONE]"]


def responses(body):
    tools = [tool.get("name") for tool in body.get("tools", [])]
    results = [text_of(item["output"]) for item in body["input"] if item.get("type") == "function_call_output"]
    shell, call, text = decide(tools, results)
    usage = {"input_tokens": 11, "output_tokens": 7, "total_tokens": 18, "input_tokens_details": {"cached_tokens": 0}}
    if call:
        kind = {"type": "function_call", "id": "fc_1", "call_id": "call_agent", "name": shell}
        item, empty = {**kind, "arguments": call, "status": "completed"}, {**kind, "arguments": ""}
        delta = {"type": "response.function_call_arguments.delta", "item_id": "fc_1", "output_index": 0, "delta": call}
    else:
        content = [{"type": "output_text", "text": text, "annotations": []}]
        kind = {"type": "message", "id": "msg_1", "role": "assistant"}
        item, empty = {**kind, "content": content, "status": "completed"}, {**kind, "content": []}
        delta = {"type": "response.output_text.delta", "item_id": "msg_1", "output_index": 0, "delta": text}
    whole = {"id": "resp_agent", "object": "response", "created_at": 1700000000, "model": body["model"]}
    done = {**whole, "status": "completed", "output": [item], "usage": usage}
    if not body.get("stream"):
        return [done]
    return [
        {"type": "response.created", "response": {**whole, "status": "in_progress", "output": []}},
        {"type": "response.output_item.added", "output_index": 0, "item": empty},
        delta,
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": "response.completed", "response": done},
    ]


ROUTES = {"/v1/chat/completions": chat, "/v1/responses": responses}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.answer("application/json", json.dumps(ASKED))

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        ASKED.append(self.path)
        route = ROUTES.get(self.path)
        if route is None:
            return self.answer("application/json", json.dumps({"error": {"message": "no such path"}}), 404)
        events = route(body)
        if not body.get("stream"):
            return self.answer("application/json", json.dumps(events[0]))
        lines = [event if isinstance(event, str) else json.dumps(event) for event in events]
        self.answer("text/event-stream", "".join(f"data: {line}\n\n" for line in lines))

    def answer(self, kind, text, status=200):
        data = text.encode()
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
    print(f"listening on {server.server_address[1]}", flush=True)
    server.serve_forever()
