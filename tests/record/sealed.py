"""Records values as LiteLLM's own functions seal them: stored secrets of both forms, and session tokens.

    python sealed.py        # writes shared/core/src/seal/recorded.json

Nonces are drawn anew each time, so every run writes other values. Needs a Python with `litellm[proxy]`; works offline.
"""
from __future__ import annotations

import base64
import json
import os

os.environ.update(LITELLM_LOCAL_MODEL_COST_MAP="True", LITELLM_LOG="CRITICAL")

from litellm.proxy import proxy_server  # noqa: E402
from litellm.proxy.common_utils import encrypt_decrypt_utils as sealing  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.path.join(HERE, "..", "..", "shared", "core", "src", "seal", "recorded.json")
SALTS = ("sk-salt-1", "grüße 鍵", "x" * 300)
TEXTS = ("sk-proj-abc", "", " padded ", "grüße 鍵 \U0001f511", '{"a": "b"}', "k" * 300)
OBJECT = {"model": "openai/gpt-4o", "api_key": "sk-provider", "rpm": 10, "use_in_pass_through": False}
PREFIX = "litellm_login_"


def stored(salt, algorithm):
    proxy_server.general_settings["encryption_algorithm"] = algorithm
    for text in TEXTS:
        value = sealing.encrypt_value_helper(text, new_encryption_key=salt)
        yield {"salt": salt, "algorithm": algorithm, "text": text, "stored": value}
        if algorithm != "aes-256-gcm":
            standard = base64.b64encode(sealing.encrypt_value(text, salt)).decode()
            yield {"salt": salt, "algorithm": "standard base64", "text": text, "stored": standard}


def main():
    values = [case for salt in SALTS for name in ("xsalsa20-poly1305", "aes-256-gcm") for case in stored(salt, name)]
    for case in values:
        os.environ["LITELLM_SALT_KEY"] = case["salt"]
        assert sealing.decrypt_value_helper(case["stored"], "recorded") == case["text"]
    os.environ["LITELLM_SALT_KEY"] = SALTS[0]
    proxy_server.general_settings["encryption_algorithm"] = "xsalsa20-poly1305"
    recorded = {
        "values": values,
        "object": {
            "salt": SALTS[0], "plain": OBJECT,
            "stored": {key: sealing.encrypt_value_helper(value) for key, value in OBJECT.items()},
        },
        "token": {
            "salt": SALTS[0], "prefix": PREFIX, "text": '{"user_id":"u"}',
            "token": sealing.encrypt_bearer_token('{"user_id":"u"}', PREFIX),
        },
    }
    with open(OUT, "w") as file:
        json.dump(recorded, file, indent=1, ensure_ascii=False)
        file.write("\n")


if __name__ == "__main__":
    main()
