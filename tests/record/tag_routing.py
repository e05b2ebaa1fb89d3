"""Records which deployments LiteLLM's `get_deployments_for_tag` leaves, and its sentence where it leaves none.

    python tag_routing.py        # writes shared/core/src/select/tags/recorded.json

A deployment is [tags, tag_regex, allow_fail_open]; `left` and `kept` are places in the list of them. RANDOM=20000
adds so many drawn cases to compare once. Needs a Python with `litellm`; works offline.
"""
from __future__ import annotations

import asyncio
import json
import os
import random
import types

os.environ.update(LITELLM_LOCAL_MODEL_COST_MAP="True", LITELLM_LOG="CRITICAL")

from litellm.router_strategy.tag_based_routing import get_deployments_for_tag  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.path.join(HERE, "..", "..", "shared", "core", "src", "select", "tags", "recorded.json")
DRAWN = int(os.environ.get("RANDOM", "40"))


def plain(*tags, open=False):
    return [list(tags), [], open]


def searched(*patterns, tags=(), open=False):
    return [list(tags), list(patterns), open]


FREE_PAID = [plain("free"), plain("paid")]
DEFAULTED = [plain("free"), plain("paid"), plain("default"), plain("default", "paid")]
REGIONS = [plain("eu", "paid"), plain("us", "paid"), plain("eu", "free"), plain()]
OPEN = [plain("eu", open=True), plain("us"), plain("default", "eu")]
CLAUDE = [searched("^User-Agent: claude-code/"), plain("default"), plain("paid")]

CASES = (
    ("no metadata, no default", FREE_PAID, {"tags": None}),
    ("no metadata, defaults", DEFAULTED, {"tags": None}),
    ("no metadata, the default is out", DEFAULTED, {"tags": None, "left": [0, 1]}),
    ("nobody is tagged and nothing is asked", [plain(), plain()], {}),
    ("nobody is tagged and something is asked", [plain(), plain()], {"tags": ["free"]}),
    ("nobody is tagged and something is forbidden", [plain(), plain()], {"tags": ["!free"]}),
    ("nobody is left", FREE_PAID, {"tags": ["free"], "left": []}),
    ("one in common", FREE_PAID, {"tags": ["free"]}),
    ("any of two", FREE_PAID, {"tags": ["paid", "other"]}),
    ("all of two, nobody", FREE_PAID, {"tags": ["paid", "other"], "match_any": False}),
    ("all of two, one", REGIONS, {"tags": ["paid", "eu"], "match_any": False}),
    ("order is kept", DEFAULTED, {"tags": ["paid"], "left": [3, 1, 0]}),
    ("no tag, defaults", DEFAULTED, {}),
    ("an unknown tag, defaults", DEFAULTED, {"tags": ["unknown"]}),
    ("an unknown tag, no default", FREE_PAID, {"tags": ["unknown"]}),
    ("a known tag whose carrier is out", [plain("free"), plain("default")], {"tags": ["free"], "left": [1]}),
    ("a known tag whose carrier is out, failing open", [plain("free"), plain("default", open=True), plain()], {"tags": ["free"], "left": [1, 2]}),
    ("only who is out fails open", [plain("free", open=True), plain("default")], {"tags": ["free"], "left": [1]}),
    ("the tag default", DEFAULTED, {"tags": ["default"]}),
    ("an empty tag", FREE_PAID, {"tags": [""]}),
    ("an empty tag is carried", [plain(""), plain("a")], {"tags": [""]}),
    ("names are case-sensitive", FREE_PAID, {"tags": ["Free"]}),
    ("one forbidden", REGIONS, {"tags": ["!eu"]}),
    ("all forbidden", FREE_PAID, {"tags": ["!free", "!paid"]}),
    ("forbidden among defaults", DEFAULTED, {"tags": ["!paid"]}),
    ("the default forbidden", DEFAULTED, {"tags": ["!default"]}),
    ("forbidden and asked", REGIONS, {"tags": ["paid", "!us"]}),
    ("one demanded", REGIONS, {"tags": ["&eu"]}),
    ("two demanded", REGIONS, {"tags": ["&eu", "&paid"]}),
    ("demanded passes over defaults", DEFAULTED, {"tags": ["&free"]}),
    ("demanded and asked", REGIONS, {"tags": ["&eu", "free"]}),
    ("demanded and asked in vain", REGIONS, {"tags": ["&eu", "unknown"]}),
    ("demanded and forbidden", REGIONS, {"tags": ["&eu", "!eu"]}),
    ("an unknown demand", REGIONS, {"tags": ["&mars"]}),
    ("marks alone", DEFAULTED, {"tags": ["&", "!"]}),
    ("two marks", [plain("!a"), plain("&a"), plain("a")], {"tags": ["!!a", "!&a"]}),
    ("failing open to the default", OPEN, {"tags": ["&mars"]}),
    ("failing open of what is forbidden", OPEN, {"tags": ["!eu", "!us"]}),
    ("failing open of what is asked", [plain("eu", open=True), plain("us")], {"tags": ["mars"]}),
    ("an invented demand hides an answer", OPEN, {"tags": ["&us", "&mars"]}),
    ("an invented demand hides nothing", OPEN, {"tags": ["&us", "&eu", "&mars"]}),
    ("a repeated demand", OPEN, {"tags": ["&us", "&us", "&eu"]}),
    ("a policy's demand is kept in failing open", OPEN, {"tags": ["&us", "&eu"], "inherited": ["&us"]}),
    ("a policy's ban is kept in failing open", OPEN, {"tags": ["!us", "&mars"], "inherited": ["!us"]}),
    ("a policy's demand cannot be met", OPEN, {"tags": ["&mars"], "inherited": ["&mars"]}),
    ("a policy of no tags", OPEN, {"tags": ["&mars"], "inherited": []}),
    ("a policy's tag the call does not carry", OPEN, {"tags": ["&mars"], "inherited": ["&us", "!eu", "paid"]}),
    ("a policy's prefixed demand", OPEN, {"tags": ["route:&us", "&eu"], "inherited": ["route:&us"], "prefix": "route:"}),
    ("a prefixed tag", FREE_PAID, {"tags": ["route:free"], "prefix": "route:"}),
    ("a prefix that is not set", FREE_PAID, {"tags": ["route:free"]}),
    ("a prefixed tag unknown to the group is no noise", DEFAULTED, {"tags": ["route:unknown"], "prefix": "route:"}),
    ("a prefixed demand and ban", REGIONS, {"tags": ["route:&eu", "route:!free"], "prefix": "route:"}),
    ("a prefixed demand is not invented", OPEN, {"tags": ["&us", "route:&mars"], "prefix": "route:"}),
    ("a mark before the prefix", REGIONS, {"tags": ["!route:eu"], "prefix": "route:"}),
    ("nothing but the prefix", DEFAULTED, {"tags": ["route:"], "prefix": "route:"}),
    ("a prefixed mark alone", DEFAULTED, {"tags": ["route:&"], "prefix": "route:"}),
    ("a prefix with a mark", REGIONS, {"tags": ["&eu"], "prefix": "&"}),
    ("a pattern matches", CLAUDE, {"user_agent": "claude-code/1.2"}),
    ("a pattern does not match", CLAUDE, {"user_agent": "curl/8"}),
    ("a pattern and no agent", CLAUDE, {"user_agent": ""}),
    ("a pattern and a tag", CLAUDE, {"user_agent": "claude-code/1.2", "tags": ["paid"]}),
    ("a pattern and an unknown tag", CLAUDE, {"user_agent": "curl/8", "tags": ["unknown"]}),
    ("a pattern, no match and no default", CLAUDE[::2], {"user_agent": "curl/8"}),
    ("a pattern whose deployment is out", CLAUDE, {"user_agent": "claude-code/1.2", "left": [1, 2]}),
    ("a pattern and a ban", CLAUDE, {"user_agent": "claude-code/1.2", "tags": ["!paid"]}),
    ("a pattern gives way to a demand", CLAUDE, {"user_agent": "claude-code/1.2", "tags": ["&paid"]}),
    ("a pattern of the demanded", [searched("curl", tags=["eu"]), plain("eu")], {"user_agent": "curl/8", "tags": ["&eu"]}),
    ("a pattern of a tagged deployment, any", [searched("curl", tags=["eu"]), plain("us")], {"user_agent": "curl/8", "tags": ["us"]}),
    ("a pattern of a tagged deployment, all", [searched("curl", tags=["eu"]), plain("us")], {"user_agent": "curl/8", "tags": ["us"], "match_any": False}),
    ("a pattern of a tagged deployment, all, no tag", [searched("curl", tags=["eu"]), searched("curl")], {"user_agent": "curl/8", "match_any": False}),
    ("an invalid pattern is skipped", [searched("(", "curl"), plain("default")], {"user_agent": "curl/8"}),
    ("nothing but an invalid pattern", [searched("("), plain("eu")], {"user_agent": "curl/8"}),
    ("quotes in the sentence", FREE_PAID, {"tags": ["it's", 'a "b"', "it's \"c\"", "ü\n\u200b鍵", "&x"]}),
)
AGENT = "claude-code/1.2.3 (external; cli) a[b]{x} <y> foo"
PATTERNS = (
    r"^claude", r"^User-Agent: claude-code/\d+\.\d+", r"foo$", r"foo\Z", r"\Auser", r"(?i)\Auser-agent: CLAUDE", r"[[]b", r"[]]\{", r"[^]a-z]\d", r"a\[b\]\{x\}", r"{x}", r"{ *x", r"\d{1,2}\.\d", r"1{,2}\.", r"1{,}\.",
    r"\<y\>", r"<y>", r"(?:cli|sdk)\)", r"(?P<name>cli)", r"(?<name>cli)", r"(?P<name", r"\bcli\b", r"\Bli\b", r"a&&b|[a&&b]x", r"[~~]", r"[\w.-]+/[\d.]+ ", r"external;\s+cli", r"\x63laude", r"*", r"a|*", r"[z-a]", r"\q", r"User-Agent: .*foo", r"(?s).+foo", r"é|\é|foo", r"[:\/]c",
)
NAMES = ("eu", "us", "paid", "default", "mars")


def defaults(deployments, given):
    case = {"match_any": True, "prefix": "", "left": list(range(len(deployments))), "tags": [], "user_agent": None, "inherited": None}
    return {**case, **given, "deployments": deployments}


def drawn(source):
    def some(most):
        return source.sample(NAMES, source.randrange(most + 1))

    def asked():
        return [source.choice(("", "", "r:")) + source.choice(("", "&", "!", "&")) + source.choice(NAMES) for _ in range(source.randrange(4))]

    deployments = [[some(3), source.choice(([], [], ["curl"], ["^User-Agent: x"])), source.random() < 0.3] for _ in range(source.randrange(1, 5))]
    return defaults(deployments, {
        "match_any": source.random() < 0.6, "prefix": source.choice(("", "r:")), "left": [place for place in range(len(deployments)) if source.random() < 0.8],
        "tags": asked(), "user_agent": source.choice((None, "curl/8", "x")), "inherited": source.choice((None, [], asked())),
    })


def cases():
    for claim, deployments, given in CASES:
        yield claim, defaults(deployments, given)
    for pattern in PATTERNS:
        yield f"the pattern {pattern}", defaults([searched(pattern), plain("default")], {"user_agent": AGENT})
    source = random.Random(1)
    for number in range(DRAWN):
        yield f"drawn {number}", drawn(source)


def kept(case):
    deployments = [
        {"model_name": "group", "litellm_params": {"tags": tags, "tag_regex": patterns}, "model_info": {"allow_fail_open": is_open, "place": place}}
        for place, (tags, patterns, is_open) in enumerate(case["deployments"])
    ]
    router = types.SimpleNamespace(
        enable_tag_filtering=True, tag_filtering_match_any=case["match_any"], tag_routing_prefix=case["prefix"],
        get_all_deployments=lambda model_name: deployments,
    )
    metadata = {"tags": case["tags"], "user_agent": case["user_agent"], "inherited_tags": case["inherited"]}
    kwargs = {} if case["tags"] is None else {"metadata": metadata}
    try:
        left = asyncio.run(get_deployments_for_tag(router, "group", [deployments[place] for place in case["left"]], kwargs))
    except ValueError as refusal:
        return str(refusal)
    return [deployment["model_info"]["place"] for deployment in left]


def main():
    rows = [{"claim": claim, **case, "kept": kept(case)} for claim, case in cases()]
    with open(OUT, "w") as file:
        file.write("[\n" + ",\n".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows) + "\n]\n")
    print(len(rows), os.path.getsize(OUT))


if __name__ == "__main__":
    main()
