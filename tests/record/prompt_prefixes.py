"""Records the keys under which LiteLLM remembers and looks up who served a marked prompt.

    python prompt_prefixes.py        # writes shared/core/src/select/prefix/recorded.json

`messages` is JSON text in which each `@` stands for `repeat` times `A`. RANDOM=5000 adds so many drawn cases to
compare once. Needs a Python with `litellm`; works offline.
"""
from __future__ import annotations

import json
import os
import random

os.environ.update(LITELLM_LOCAL_MODEL_COST_MAP="True", LITELLM_LOG="CRITICAL")

from litellm.router_utils.prompt_caching_cache import PromptCachingCache, _lookback_keys  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.path.join(HERE, "..", "..", "shared", "core", "src", "select", "prefix", "recorded.json")
DRAWN = int(os.environ.get("RANDOM", "5"))
EPHEMERAL = {"type": "ephemeral"}


def text(words, **more):
    return {"type": "text", "text": words, **more}


def marked(words, **more):
    return text(words, cache_control=EPHEMERAL, **more)


def user(content, **more):
    return {"role": "user", "content": content, **more}


def tool_use(number, **more):
    return {"type": "tool_use", "id": f"toolu_{number}", "name": "search", "input": {"q": "x", "a": [1, 2.5, None, True]}, **more}


def tool_result(number, **more):
    return {"type": "tool_result", "tool_use_id": f"toolu_{number}", "content": "found", **more}


def nested(depth, words):
    value = words
    for _ in range(depth):
        value = [value]
    return value


SYSTEM = {"role": "system", "content": "Be brief."}
URI = "data:image/png;base64,@"
CASES = (
    ("nothing is marked", [SYSTEM, user("Hi")]),
    ("a mark of another kind", [user([text("Hi", cache_control={"type": "persistent"})])]),
    ("a mark that is no object", [user("Hi", cache_control="ephemeral"), user([text("Hi", cache_control=None)])]),
    ("a marked message", [SYSTEM, user("Hi", cache_control=EPHEMERAL), user("more")]),
    ("a marked block", [SYSTEM, user([text("a"), marked("b"), text("c")])]),
    ("a text is as one block", [SYSTEM, user([text("Hi")]), user([marked("b")])]),
    ("the last of many marks counts", [{"role": "system", "content": [marked("s")]}, user([marked("a")]), user([marked("b"), text("c")]), user("d")]),
    ("a marked message with blocks is whole", [user([text("a"), text("b")], cache_control=EPHEMERAL)]),
    ("a block's mark wins over its message's", [user([marked("a"), text("b")], cache_control=EPHEMERAL)]),
    ("a mark with a lifetime", [user([text("a", cache_control={"type": "ephemeral", "ttl": "1h"})])]),
    ("no content", [{"role": "assistant"}, {"role": "assistant", "content": None}, user(""), user([]), user({"a": 1}), user(5), user([marked("a")])]),
    ("blocks that are no objects", [user(["a", 1, None, ["x"], marked("b")])]),
    ("names are sorted", [{"name": "z", "content": [{"zeta": {"b": 1, "a": {"d": 2, "c": 3}}, "type": "text", "text": "a", "É": 1, "é": 2, "𝒜": 3, "\uffff": 4, "cache_control": EPHEMERAL}], "role": "user", "Name": "A"}]),
    ("numbers", [user([marked("a", numbers=[0, 1, -1, 1.0, 0.1, 1e16, 1e15, 1.5e-5, 0.0001, 1e300, -2.5, 18446744073709551615, 9223372036854775808, -9223372036854775808])])]),
    ("beyond ASCII", [user([marked("Größe 鍵🔑 \" \\ / \n\r\t\b\f\x00\x1f\x7f\u2028")])]),
    ("tool blocks in a run count once", [user([marked("a")]), {"role": "assistant", "content": [tool_use(number) for number in range(25)]}, user([tool_result(number) for number in range(25)]), user([marked("b")])]),
    ("tool messages in a run count once", [user([text("a")])] + [{"role": "tool", "tool_call_id": str(number), "content": "x"} for number in range(25)] + [user([marked("b")])]),
    ("a tool message's blocks", [{"role": "tool", "content": [text("a"), tool_use(1), tool_result(2)]}, user([tool_result(3), text("x"), tool_result(4), tool_use(5, cache_control=EPHEMERAL)])]),
    ("no more than twenty back", [user([text(f"part {number}") for number in range(30)] + [marked("end")])]),
    ("twenty back in texts", [user(f"part {number}") for number in range(19)] + [user("end", cache_control=EPHEMERAL)]),
    ("tool calls are of the envelope", [{"role": "assistant", "content": None, "tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{\"a\": 1}"}}]}, {"role": "tool", "tool_call_id": "c", "content": "1", "cache_control": EPHEMERAL}]),
    ("short data is kept", [user([{"type": "image_url", "image_url": {"url": URI}}, marked("a")])], 64),
    ("data in bytes", [user([{"type": "image_url", "image_url": {"url": URI}}, marked("a")])], 65),
    ("data in KB", [user([{"type": "image_url", "image_url": {"url": URI}}, marked("a")])], 1366),
    ("data in KB, half way", [user([{"type": "image_url", "image_url": URI}, marked("a")])], 3072),
    ("data in KB, half way up", [user([{"type": "image_url", "image_url": URI}, marked("a")])], 5120),
    ("data in MB", [user([{"type": "image_url", "image_url": URI}, marked("a")])], 1_500_001),
    ("data in words", [user(f"see {URI} and {URI}= or data:;base64,@ or data: x/y;base64,@, data:a,b;base64,@ data:data:a/b;base64,@ data:x;y;base64,@ data:é;base64,@- DATA:x;base64,@"), user([marked("a")])], 100),
    ("data behind a space of Python's", [user([marked("data:a\x1fb;base64,@ data:a\x85b;base64,@ data:a\u200bb;base64,@")])], 100),
    ("data of a long kind", [user([marked("data:" + "x" * 255 + ";base64,@ data:" + "é" * 255 + ";base64,@ data:" + "x" * 256 + ";base64,@")])], 100),
    ("data without end", [user([marked("data:x;base64,"), text("")])]),
    ("deep data", [user([marked("a", deep=nested(depth, URI))]) for depth in (16, 17, 18, 19)], 100),
    ("data in a name", [user([marked("a", **{URI: URI})], name=URI)], 100),
)


def drawn(source):
    def block():
        kind = source.randrange(4)
        block = (text(source.choice("abc")), tool_use(1), tool_result(1), text(URI))[kind]
        return {**block, "cache_control": EPHEMERAL} if source.random() < 0.15 else block

    def message():
        content = source.choice((None, "a", "b", [block() for _ in range(source.randrange(8))]))
        message = {"content": content, "role": source.choice(("user", "assistant", "tool"))}
        return {**message, "cache_control": EPHEMERAL} if source.random() < 0.1 else message

    return [message() for _ in range(source.randrange(1, 8))]


def cases():
    for claim, messages, *repeat in CASES:
        yield claim, messages, repeat[0] if repeat else 0
    source = random.Random(1)
    for number in range(DRAWN):
        yield f"drawn {number}", drawn(source), source.choice((3, 70))


def row(claim, messages, repeat):
    # The keys of an object in the order given, and as many escapes as Python makes: both must not matter.
    messages = json.dumps(messages)
    given = json.loads(messages.replace("@", "A" * repeat))
    return {"claim": claim, "messages": messages, "repeat": repeat, "keys": _lookback_keys(PromptCachingCache.prefix_positions(given, None))}


def main():
    rows = [row(*case) for case in cases()]
    with open(OUT, "w") as file:
        file.write("[\n" + ",\n".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows) + "\n]\n")
    print(len(rows), os.path.getsize(OUT))


if __name__ == "__main__":
    main()
