"""Records signatures of botocore for requests of many shapes, at a fixed date.

    python tests/record/aws_signatures.py > shared/host/src/sign/sigv4/recorded.json

Needs botocore. Only the headers that a request is given here are signed, and those that signing adds.
"""
import datetime
import itertools
import json
import sys

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

MOMENT = datetime.datetime(2024, 2, 29, 23, 59, 58)


class Fixed(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return MOMENT.replace(tzinfo=tz)

    @classmethod
    def utcnow(cls):
        return MOMENT


botocore.auth.datetime.datetime = Fixed
for name in ("get_current_datetime",):
    if hasattr(botocore.auth, name):
        setattr(botocore.auth, name, lambda *_, **__: MOMENT)

HOSTS = [
    ("bedrock", "us-west-2", "https://bedrock-runtime.us-west-2.amazonaws.com"),
    ("bedrock", "eu-central-1", "http://127.0.0.1:18181"),
    ("sagemaker", "us-east-1", "https://runtime.sagemaker.us-east-1.amazonaws.com:443"),
    ("sts", "us-gov-west-1", "http://localhost:80"),
]
PATHS = [
    "/",
    "",
    "/model/amazon.nova-lite-v1%3A0/converse",
    "/model/us.anthropic.claude-sonnet-4-5-20250929-v1:0/invoke",
    "/model/us.anthropic.claude-sonnet-4-5-20250929-v1:0/invoke-with-response-stream",
    "/model/arn%3Aaws%3Abedrock%3Aus-west-2%3A123456789012%3Aapplication-inference-profile%2Fabc123/converse",
    "/model/arn:aws:bedrock:us-west-2:123456789012:inference-profile/abc/converse-stream",
    "/endpoints/my-endpoint/invocations",
    "/a//b/./c/../d/",
    "/with%20space/~tilde/!$&'()*+,;=@",
    "/za%C5%BC%C3%B3%C5%82%C4%87",
    "/..",
    "/model/x/",
]
QUERIES = [
    "",
    "Action=GetCallerIdentity&Version=2011-06-15",
    "b=2&a=1&a=0&c",
    "x=%20%2F&y=a%3Db&X=1",
]
BODIES = ["", "{}", '{"messages":[{"role":"user","content":[{"text":"Zażółć 🚀 \\"q\\""}]}]}', "a" * 5000]
STORED = [
    ("PUT", "/in/pre/litellm-bedrock-files-a-1.jsonl", "", '{"a":1}\n', {"content-type": "application/json"}),
    ("GET", "/in/a%20b%2Bc/d%3D.out", "", "", {}),
    ("GET", "/in", "list-type=2&prefix=pre%2Flitellm-b&start-after=x%3Dy", "", {}),
    ("DELETE", "/in/x//y", "", "", {}),
]
HEADERS = [
    {},
    {"content-type": "application/json"},
    {"content-type": "application/x-www-form-urlencoded; charset=utf-8", "x-amz-target": "Some.Thing"},
    {"content-type": "application/json", "x-amzn-bedrock-trace": "ENABLED", "x-amz-extra": "  two   spaces\tand a tab "},
]
SECRETS = [
    Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
    Credentials("ASIAEXAMPLE", "secret/with+signs=", "IQoJb3JpZ2luX2VjE//////////wEaCXVzLWVhc3QtMSJHMEUCIQ=="),
]


def record(service, region, base, path, query, body, headers, keys, method):
    url = base + path + ("?" + query if query else "")
    request = AWSRequest(method=method, url=url, data=body.encode(), headers=dict(headers))
    # The project signs host, content-type, date and x-amz-* alone: others are added after botocore has signed.
    for name in list(request.headers):
        if not (name.lower() in ("content-type", "date") or name.lower().startswith("x-amz-")):
            del request.headers[name]
    signer = botocore.auth.S3SigV4Auth if service == "s3" else botocore.auth.SigV4Auth
    signer(keys, service, region).add_auth(request)
    return {
        "service": service, "region": region, "method": method, "url": url, "headers": headers, "body": body,
        "id": keys.access_key, "secret": keys.secret_key, "token": keys.token,
        "authorization": request.headers["Authorization"],
    }


def main():
    shapes = zip(
        itertools.cycle(HOSTS), PATHS * 5, itertools.cycle(QUERIES + [""]), itertools.cycle(BODIES + ["{}", "x", "y"]),
        itertools.cycle(HEADERS + [HEADERS[1]]), itertools.cycle(SECRETS + SECRETS[:1]),
    )
    recorded = []
    for number, ((service, region, base), path, query, body, headers, keys) in enumerate(shapes):
        method = "GET" if number % 7 == 0 else "POST"
        recorded.append(record(service, region, base, path, query, body, headers, keys, method))
    for number, (method, path, query, body, headers) in enumerate(STORED):
        keys = SECRETS[number % 2]
        host = "https://s3.eu-west-1.amazonaws.com"
        recorded.append(record("s3", "eu-west-1", host, path, query, body, headers, keys, method))
    json.dump(recorded, sys.stdout, indent=1, ensure_ascii=False)
    print()


main()
