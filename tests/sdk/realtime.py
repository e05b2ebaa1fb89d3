"""Realtime sessions by the official Python SDK, one line a claim.

    python realtime.py GATEWAY_URL KEY PROVIDER_URL

Exits with 1 if a claim fails. The gateway runs with realtime.yaml of this folder, the provider is talker.py.
"""

import sys
import traceback

import openai
import websockets

GATEWAY, KEY, _ = sys.argv[1:4]
client = openai.OpenAI(base_url=GATEWAY + "/v1", api_key=KEY, max_retries=0, timeout=30)
CLAIMS = []


def claim(function):
    CLAIMS.append(function)
    return function


def equal(got, want):
    assert got == want, f"got {got!r}, want {want!r}"


@claim
def a_session_is_configured_and_answers_in_pieces():
    with client.realtime.connect(model="voice") as session:
        created = session.recv()
        equal((created.type, created.session.model), ("session.created", "gpt-realtime"))
        session.session.update(session={"type": "realtime", "output_modalities": ["text"]})
        equal(session.recv().type, "session.updated")
        item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hi"}]}
        session.conversation.item.create(item=item)
        equal(session.recv().type, "conversation.item.added")
        session.response.create()
        text = ""
        for event in session:
            if event.type == "response.output_text.delta":
                text += event.delta
            if event.type == "response.done":
                equal(event.response.usage.total_tokens, 9)
                break
        equal(text, "Hello")


@claim
def an_event_that_the_provider_refuses_is_an_event():
    with client.realtime.connect(model="voice") as session:
        session.recv()
        session.send({"type": "nonsense"})
        event = session.recv()
        equal((event.type, event.error.message), ("error", "unknown event nonsense"))


@claim
def the_provider_s_close_reaches_the_client():
    with client.realtime.connect(model="voice") as session:
        session.recv()
        session.input_audio_buffer.clear()
        try:
            while True:
                session.recv()
        except websockets.ConnectionClosedError as closed:
            equal((closed.rcvd.code, closed.rcvd.reason), (4000, "told to"))


@claim
def a_wrong_key_or_model_opens_no_session():
    wrong = openai.OpenAI(base_url=GATEWAY + "/v1", api_key="sk-wrong", max_retries=0)
    for caller, model in [(wrong, "voice"), (client, "nope")]:
        try:
            with caller.realtime.connect(model=model):
                raise AssertionError("a session was opened")
        except websockets.InvalidStatus as refused:
            equal(refused.response.status_code, 400)


def main():
    failed = 0
    for function in CLAIMS:
        name = function.__name__.replace("_", " ")
        try:
            function()
            print(f"ok   {name}")
        except Exception:
            failed += 1
            print(f"FAIL {name}\n{traceback.format_exc()}")
    sys.exit(1 if failed else 0)


main()
