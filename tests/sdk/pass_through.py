"""Providers' official Python SDKs against the gateway's pass-through routes, one line a claim.

    python pass_through.py GATEWAY_URL KEY PROVIDER_URL

Exits with 1 if a claim fails. The gateway runs with pass_through.yaml of this folder, the providers are own_apis.py.
"""

import hashlib
import json
import os
import sys
import time
import traceback
import urllib.error
import urllib.request

import anthropic
import boto3
import botocore.config
import botocore.exceptions
import openai
from google import genai
from google.genai import errors as genai_errors

from own_apis import PIECES, TEXT

GATEWAY, KEY, PROVIDER = sys.argv[1:4]
QUESTION = [{"role": "user", "content": "Hi"}]
CLAIMS = []


def claim(function):
    CLAIMS.append(function)
    return function


def equal(got, want):
    assert got == want, f"got {got!r}, want {want!r}"


def raised(kind, call):
    try:
        call()
    except kind as error:
        return error
    raise AssertionError(f"no error, want {kind.__name__}")


# --------------------------------------------------------------- Anthropic

claude = anthropic.Anthropic(base_url=GATEWAY + "/anthropic", api_key=KEY, max_retries=0, timeout=30)


@claim
def anthropic_messages_answer_and_stream():
    asked = {"model": "claude", "max_tokens": 10, "messages": QUESTION}
    answer = claude.messages.create(**asked)
    equal((answer.content[0].text, answer.usage.output_tokens, answer.model), (TEXT, 13, "claude"))
    with claude.messages.stream(**asked) as stream:
        equal(list(stream.text_stream), PIECES)
        equal(stream.get_final_message().usage.output_tokens, 13)
    equal(claude.messages.count_tokens(model="claude", messages=QUESTION).input_tokens, 21)


@claim
def anthropic_failures_come_back_as_they_are():
    asked = {"model": "busy", "max_tokens": 10, "messages": QUESTION}
    error = raised(anthropic.RateLimitError, lambda: claude.messages.create(**asked))
    equal(error.body["error"], {"type": "rate_limit_error", "message": "slow down"})
    equal((error.response.headers["retry-after"], error.request_id), ("17", "req_1"))
    assert error.response.headers["x-litellm-call-id"], error.response.headers
    assert "set-cookie" not in error.response.headers, error.response.headers


@claim
def a_wrong_key_ends_at_the_gateway():
    wrong = anthropic.Anthropic(base_url=GATEWAY + "/anthropic", api_key="sk-wrong", max_retries=0)
    error = raised(anthropic.APIStatusError, lambda: wrong.messages.create(model="m", max_tokens=1, messages=QUESTION))
    equal(error.status_code, 400)


# --------------------------------------------------------------- OpenAI

client = openai.OpenAI(base_url=GATEWAY + "/openai/v1", api_key=KEY, max_retries=0, timeout=30)


@claim
def openai_chats_answer_and_stream():
    for base in ("/openai", "/openai/v1", "/openai_passthrough/v1", "/mine"):
        caller = openai.OpenAI(base_url=GATEWAY + base, api_key=KEY, max_retries=0, timeout=30)
        answer = caller.chat.completions.create(model="gpt", messages=QUESTION)
        equal((answer.choices[0].message.content, answer.usage.total_tokens), (TEXT, 34))
        chunks = caller.chat.completions.create(model="gpt", messages=QUESTION, stream=True)
        equal([chunk.choices[0].delta.content for chunk in chunks], PIECES)


@claim
def openai_files_go_up_and_down_byte_for_byte():
    content = os.urandom(8 * 1024 * 1024)
    boundary = "boundary-of-a-test"
    body = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'.encode()
    body += content + f"\r\n--{boundary}--\r\n".encode()
    headers = {"authorization": f"Bearer {KEY}", "content-type": f"multipart/form-data; boundary={boundary}"}
    request = urllib.request.Request(GATEWAY + "/openai_passthrough/v1/files", body, headers, method="POST")
    with urllib.request.urlopen(request, timeout=60) as answer:
        known = json.load(answer)
    equal((known["bytes"], known["status_details"]), (len(body), hashlib.sha256(body).hexdigest()))
    caller = openai.OpenAI(base_url=GATEWAY + "/openai_passthrough/v1", api_key=KEY, max_retries=0, timeout=30)
    equal(caller.files.content("file-1").content, bytes(range(256)) * 4096)
    assert caller.files.delete("file-1").deleted
    assert caller.files.create(file=("f", content), purpose="batch").bytes > len(content)


@claim
def uploads_end_where_the_gateways_limit_is():
    for headers in ({}, {"content-length": str(17 * 1024 * 1024)}):
        pieces = (b"x" * 1024 * 1024 for _ in range(17))
        headers |= {"authorization": f"Bearer {KEY}", "content-type": "application/octet-stream"}
        request = urllib.request.Request(GATEWAY + "/openai_passthrough/v1/files", pieces, headers, method="POST")
        try:
            urllib.request.urlopen(request, timeout=30)
        except urllib.error.HTTPError as error:
            equal(error.code, 413)
        except urllib.error.URLError as error:
            # The gateway closes what it has refused; whoever still writes may see that first.
            assert isinstance(error.reason, ConnectionError), error
        else:
            raise AssertionError("17 MB went through a limit of 16")


@claim
def openai_failures_are_the_sdks_own_classes():
    error = raised(openai.NotFoundError, lambda: client.get("/nothing", cast_to=object))
    equal(error.body["message"], "no v1/nothing")


@claim
def redirects_are_not_followed():
    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_):
            return None

    request = urllib.request.Request(GATEWAY + "/openai/v1/redirect", headers={"authorization": f"Bearer {KEY}"})
    error = raised(urllib.error.HTTPError, lambda: urllib.request.build_opener(Stay).open(request, timeout=10))
    equal((error.code, error.headers["location"]), (302, "http://127.0.0.1:1/elsewhere"))


@claim
def leaving_a_stream_closes_it_at_the_provider():
    stream = client.chat.completions.create(model="endless", messages=QUESTION, stream=True)
    for _ in range(3):
        next(iter(stream))
    stream.close()
    end = time.monotonic() + 15
    while time.monotonic() < end:
        with urllib.request.urlopen(PROVIDER + "/__closed", timeout=10) as answer:
            if json.load(answer).get("endless"):
                return
        time.sleep(0.02)
    raise AssertionError("the provider went on")


# --------------------------------------------------------------- Gemini

gemini = genai.Client(api_key=KEY, http_options={"base_url": GATEWAY + "/gemini"})


@claim
def gemini_answers_and_streams():
    equal(gemini.models.generate_content(model="gemini-2.5-flash", contents="Hi").text, TEXT)
    chunks = list(gemini.models.generate_content_stream(model="gemini-2.5-flash", contents="Hi"))
    equal(([chunk.text for chunk in chunks], chunks[-1].usage_metadata.total_token_count), (PIECES, 34))


@claim
def gemini_failures_come_back_as_they_are():
    error = raised(genai_errors.ClientError, lambda: gemini.models.generate_content(model="none", contents="Hi"))
    equal((error.code, error.status, error.message), (404, "NOT_FOUND", "no such model"))


# --------------------------------------------------------------- Bedrock

bedrock = boto3.client(
    "bedrock-runtime",
    endpoint_url=GATEWAY + "/bedrock",
    region_name="us-east-1",
    aws_access_key_id=KEY,
    aws_secret_access_key="whatever",
    config=botocore.config.Config(retries={"total_max_attempts": 1}, read_timeout=30),
)
TURN = [{"role": "user", "content": [{"text": "Hi"}]}]


@claim
def bedrock_converses_under_a_signature_of_the_gateways():
    for asked, model in (
        ("anthropic.claude-3:0", "anthropic.claude-3%3A0"),
        ("arn:aws:bedrock:eu-central-1:1:inference-profile/p", "arn%3Aaws%3Abedrock%3Aeu-central-1%3A1%3Ainference-profile%2Fp"),
        ("team/claude", "eu.anthropic.claude-v1%3A0"),
    ):
        answer = bedrock.converse(modelId=asked, messages=TURN)
        equal(answer["output"]["message"]["content"][0]["text"], f"{model}: {TEXT}")
        equal(answer["usage"]["totalTokens"], 34)


@claim
def bedrock_streams_its_frames():
    stream = list(bedrock.converse_stream(modelId="anthropic.claude-3:0", messages=TURN)["stream"])
    deltas = [event["contentBlockDelta"]["delta"]["text"] for event in stream if "contentBlockDelta" in event]
    equal((deltas, stream[-1]["metadata"]["usage"]["totalTokens"]), (PIECES, 34))


@claim
def bedrock_invokes_models():
    answer = bedrock.invoke_model(modelId="m", body=json.dumps({"prompt": "é"}))
    equal(json.load(answer["body"]), {"model": "m", "echo": {"prompt": "é"}})


@claim
def bedrock_failures_are_botos_own_classes():
    error = raised(botocore.exceptions.ClientError, lambda: bedrock.converse(modelId="throttled", messages=TURN))
    equal(error.response["Error"], {"Message": "slow down", "Code": "ThrottlingException"})


def main():
    failed = 0
    for check in CLAIMS:
        try:
            check()
            print("ok  ", check.__name__, flush=True)
        except Exception:
            failed += 1
            print("FAIL", check.__name__, flush=True)
            traceback.print_exc(file=sys.stdout)
    print(f"{len(CLAIMS) - failed} claims hold, {failed} fail")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
