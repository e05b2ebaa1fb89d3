"""The scenes of resilience.py: configurations, what each deployment answers, and the requests sent.

A scene's requests come in rounds: those of one round are sent at once and touch different groups, the next round
starts when all are answered. `call N` in a request is numbered across the scene, so that the provider can tell
which request a call belongs to. Where two deployments share a group, `a` weighs a million times `b`, so it is chosen.
"""
from __future__ import annotations

import json

from proxy import MASTER_KEY

WHOLE = ("400", "401", "402", "403", "404", "408", "422", "429", "429 after 1", "500", "502", "503", "504", "529", "context", "policy",
         "garbage", "hang", "close", "reset")
STREAMED = ("401", "404", "429", "500", "503", "context", "policy", "hang", "close", "reset", "stream cut", "stream reset", "stream reset after role",
            "stream cut after role", "stream no events", "stream reset at once", "stream hang", "stream hang after content", "stream slow",
            "stream error first", "stream error after role", "stream error after content")
SLOW = ("hang", "stream hang", "stream hang after content", "stream slow")
HEAVY, LIGHT = 1_000_000, 1
CHAT, MESSAGES, RESPONSES, EMBEDDINGS = "/v1/chat/completions", "/v1/messages", "/v1/responses", "/v1/embeddings"


def slug(fault):
    return fault.replace(" ", "_")


def deployment(name, group=None, info=None, **params):
    """`name` is its id, its path at the provider, and its group when no other is given."""
    settings = {"model": "openai/gpt-4o", "api_key": "sk-fake", "api_base": f"http://PROVIDER/{name}/v1", **params}
    return {"model_name": group or name, "litellm_params": settings, "model_info": {"id": name, **(info or {})}}


def pair(group, **params):
    """Two deployments, `GROUP_a` always chosen while it is there."""
    return [deployment(f"{group}_a", group, weight=HEAVY, **params), deployment(f"{group}_b", group, weight=LIGHT, **params)]


def chat(model, headers=None, wait_s=0, path=CHAT, **more):
    request = {"path": path, "body": {"model": model, "messages": [{"role": "user", "content": "call N"}], **more}}
    return request | ({"headers": headers} if headers else {}) | ({"wait_s": wait_s} if wait_s else {})


def message(model, **more):
    return chat(model, path=MESSAGES, max_tokens=16, **more)


def answer_to(path, model, **more):
    return {"path": path, "body": {"model": model, "input": "call N", **more}}


def numbered(rounds):
    number, found = 0, []
    for requests in rounds:
        found.append([])
        for request in requests:
            found[-1].append(json.loads(json.dumps(request).replace("call N", f"call {number}")))
            number += 1
    return found


def scene(name, deployments, scripts, rounds, router=None, litellm=None, general=None, counted=None):
    """A round may be a single request. `counted` total: which deployment is called is random."""
    config = {"model_list": deployments}
    if router:
        config["router_settings"] = router
    if litellm:
        config["litellm_settings"] = litellm
    config["general_settings"] = {"master_key": MASTER_KEY, **(general or {})}
    listed = numbered([item if isinstance(item, list) else [item] for item in rounds])
    return {"name": name, **({"counted": counted} if counted else {}), "config": config, "scripts": scripts, "rounds": listed}


def limits(fault):
    return {"timeout": 1, "stream_timeout": 1} if fault in SLOW else {}


def asked(faults, streamed, groups=slug):
    return [chat(groups(fault), **({"stream": True} if streamed else {})) for fault in faults]


def matrix(kind, faults):
    """The faults, each in a group of its own; every scene asks twice, so the second round shows what is cooled."""
    streamed = kind == "streamed"
    round_of = asked(faults, streamed)
    same = {slug(fault): [fault] for fault in faults}
    sole = [deployment(slug(fault), **limits(fault)) for fault in faults]
    spare = [deployment("spare")]
    pairs = [made for fault in faults for made in pair(slug(fault), **limits(fault))]
    both = {f"{slug(fault)}_{one}": [fault] for fault in faults for one in "ab"}
    first = {f"{slug(fault)}_a": [fault] for fault in faults}
    backs = [{slug(fault): ["spare"]} for fault in faults]
    lasting = {"cooldown_time": 60}
    again = {slug(fault): [fault, "ok"] for fault in faults}
    return [
        scene(f"sole, default retries, {kind}", sole, same, [round_of, round_of], lasting),
        scene(f"sole, fails once, {kind}", sole, again, [round_of], lasting),
        scene(f"sole, no retries, {kind}", sole, same, [round_of, round_of], {**lasting, "num_retries": 0}),
        scene(f"pair, both fail, {kind}", pairs, both, [round_of, round_of], lasting),
        scene(f"pair, first fails, {kind}", pairs, first, [round_of, round_of], lasting),
        scene(f"pair, first fails, no retries, {kind}", pairs, first, [round_of, round_of], {**lasting, "num_retries": 0}),
        scene(f"fallback, {kind}", sole + spare, same, [round_of, round_of], {**lasting, "num_retries": 0, "fallbacks": backs}),
        scene(f"fallback, default retries, {kind}", sole + spare, same, [round_of], {**lasting, "fallbacks": backs}),
        scene(f"fallback also fails, {kind}", sole + spare, {**same, "spare": ["500"]}, [round_of], {**lasting, "num_retries": 0, "fallbacks": backs}),
        scene(f"fallback for another group, {kind}", sole + spare, same, [round_of], {**lasting, "num_retries": 0, "fallbacks": [{"other": ["spare"]}, {"third": ["spare"]}]}),
        scene(f"default fallbacks, {kind}", sole + spare, same, [round_of], {**lasting, "num_retries": 0, "default_fallbacks": ["spare"]}),
        scene(f"pair, then fallback, {kind}", pairs + spare, both, [round_of], {**lasting, "fallbacks": backs}),
    ]


def classes(streamed=False):
    return [chat(slug(fault), **({"stream": True} if streamed else {})) for fault in CLASSES]


CLASSES = ("400", "401", "403", "404", "408", "422", "429", "500", "502", "503", "504", "context", "policy", "hang", "close")
POLICY = {"BadRequestErrorRetries": 1, "AuthenticationErrorRetries": 1, "TimeoutErrorRetries": 0, "RateLimitErrorRetries": 1,
          "ContentPolicyViolationErrorRetries": 0, "InternalServerErrorRetries": 1, "ServiceUnavailableErrorRetries": 0, "NotFoundErrorRetries": 1}


def retry_policies():
    sole = [deployment(slug(fault), **limits(fault)) for fault in CLASSES]
    pairs = [made for fault in CLASSES for made in pair(slug(fault), **limits(fault))]
    same = {slug(fault): [fault] for fault in CLASSES}
    both = {f"{slug(fault)}_{one}": [fault] for fault in CLASSES for one in "ab"}
    one_each = {name: 1 for name in POLICY}
    yield scene("retry policy, each class", sole, same, [classes()], {"retry_policy": POLICY})
    yield scene("retry policy, each class, streamed", sole, same, [classes(True)], {"retry_policy": POLICY})
    yield scene("retry policy, each class, pair", pairs, both, [classes()], {"retry_policy": POLICY})
    yield scene("retry policy, default retries", sole, same, [classes()], {"retry_policy": {"DefaultRetries": 1, "BadRequestErrorRetries": 0}})
    yield scene("retry policy, bad request only", sole, same, [classes()], {"retry_policy": {"BadRequestErrorRetries": 1}, "num_retries": 0})
    yield scene("retry policy, timeout only", sole, same, [classes()], {"retry_policy": {"TimeoutErrorRetries": 1}, "num_retries": 0})
    yield scene("retry policy, internal only", sole, same, [classes()], {"retry_policy": {"InternalServerErrorRetries": 1}, "num_retries": 0})
    yield scene("retry policy of a group", sole, same, [classes()],
                {"num_retries": 0, "retry_policy": {"DefaultRetries": 0}, "model_group_retry_policy": {slug(fault): one_each for fault in CLASSES[::2]}})
    yield scene("retry policy and the request's count", [deployment("a"), deployment("b"), deployment("c")], {name: ["500"] for name in "abc"},
                [[chat("a", num_retries=0), chat("b", num_retries=2), chat("c")]], {"retry_policy": {"InternalServerErrorRetries": 1}})
    yield scene("retry policy, succeeds at last", [deployment("a")], {"a": ["500", "ok"]}, [chat("a")], {"num_retries": 0, "retry_policy": {"InternalServerErrorRetries": 1}})


def retry_counts():
    many = [deployment(name) for name in "abcdefgh"]
    down = {name: ["500"] for name in "abcdefgh"}
    header = {"x-litellm-num-retries": "1"}
    yield scene("retries asked by the request", many, down, [[
        chat("a", num_retries=0), chat("b", num_retries=1), chat("c", headers=header), chat("d", headers=header, num_retries=0),
        chat("e", headers={"x-litellm-num-retries": "0"}), chat("f", num_retries=None), chat("g", max_retries=1), chat("h", stream=True, num_retries=1)]])
    yield scene("retries asked in odd ways", many, down, [[
        chat("a", num_retries="1"), chat("b", num_retries=-1), chat("c", headers={"x-litellm-num-retries": "many"}), chat("d", num_retries=1.5),
        chat("e", headers={"x-litellm-num-retries": ""}), chat("f", num_retries=True)]])
    ones = [deployment("a", num_retries=1), deployment("b", num_retries=0), deployment("c", max_retries=1), deployment("d", num_retries=1), deployment("e", num_retries=1)]
    yield scene("retries of the deployment", ones, {name: ["500"] for name in "abcde"}, [[chat("a"), chat("b"), chat("c"), chat("d", num_retries=0), chat("e", stream=True)]])
    yield scene("retries of the deployment, router has none", ones, {name: ["500"] for name in "abcde"}, [[chat("a"), chat("b"), chat("c"), chat("d", num_retries=0), chat("e", stream=True)]], {"num_retries": 0})
    yield scene("retries of litellm_settings", many[:2], down, [[chat("a"), chat("b", stream=True)]], litellm={"num_retries": 1})
    yield scene("retries of both settings", many[:1], down, [chat("a")], {"num_retries": 0}, {"num_retries": 1})
    yield scene("retries then success", many[:4], {"a": ["500", "ok"], "b": ["500", "500", "ok"], "c": ["500", "ok"], "d": ["429", "ok"]},
                [[chat("a"), chat("b"), chat("c", stream=True), chat("d")]])
    yield scene("last failure is told", many[:2], {"a": ["500", "503", "429"], "b": ["500", "401"]}, [[chat("a"), chat("b")]])
    after = ("429 after 0", "429 after 1", "429 after 2", "429 after 90", "429 after date", "429 after 1 ms", "500 after 1", "503 after 1", "429 quota")
    yield scene("retry-after obeyed", [deployment(slug(fault)) for fault in after], {slug(fault): [fault, "ok"] for fault in after}, [asked(after, False)])
    yield scene("retry-after told", [deployment(slug(fault)) for fault in after], {slug(fault): [fault] for fault in after}, [asked(after, False), asked(after, False)], {"num_retries": 0})
    yield scene("retry-after of the router", many[:1], {"a": ["500", "ok"]}, [chat("a")], {"retry_after": 2})
    yield scene("retry-after cools a pair", [made for fault in after for made in pair(slug(fault))], {f"{slug(fault)}_{one}": [fault] for fault in after for one in "ab"},
                [asked(after, False), asked(after, False)], {"num_retries": 0})


def special_fallbacks():
    sole = [deployment(name) for name in ("context", "policy", "500", "spare", "wide", "tame")]
    faults = {"context": ["context"], "policy": ["policy"], "500": ["500"]}
    three = [chat("context"), chat("policy"), chat("500")]
    streams = [chat("context", stream=True), chat("policy", stream=True), chat("500", stream=True)]
    none = {"num_retries": 0}
    context, policy = {"context_window_fallbacks": [{"context": ["wide"]}]}, {"content_policy_fallbacks": [{"policy": ["tame"]}]}
    general = {"fallbacks": [{"context": ["spare"]}, {"policy": ["spare"]}, {"500": ["spare"]}]}
    yield scene("special fallbacks unset", sole, faults, [three, streams], none)
    yield scene("special fallbacks set", sole, faults, [three, streams], {**none, **context, **policy})
    yield scene("special fallbacks set, default retries", sole, faults, [three], {**context, **policy})
    yield scene("special fallbacks beside general ones", sole, faults, [three, streams], {**none, **context, **policy, **general})
    yield scene("special fallbacks of other groups", sole, faults, [three], {**none, "context_window_fallbacks": [{"other": ["wide"]}], "content_policy_fallbacks": [{"other": ["tame"]}]})
    yield scene("special fallbacks of other groups beside general ones", sole, faults, [three],
                {**none, **general, "context_window_fallbacks": [{"other": ["wide"]}], "content_policy_fallbacks": [{"other": ["tame"]}]})
    yield scene("special fallbacks also fail", sole, {**faults, "wide": ["context"], "tame": ["policy"]}, [three], {**none, **context, **policy})
    yield scene("special fallback fails, general one left", sole, {**faults, "wide": ["500"], "tame": ["500"]}, [three], {**none, **context, **policy, **general})
    yield scene("special fallbacks in litellm_settings", sole, faults, [three], none, {**context, **policy})
    yield scene("special fallbacks in the request", sole, faults, [[
        chat("context", context_window_fallbacks=[{"context": ["wide"]}]), chat("policy", content_policy_fallbacks=[{"policy": ["tame"]}]),
        chat("500", context_window_fallbacks=[{"500": ["wide"]}])]], none)
    yield scene("special fallbacks by star", sole, faults, [three], {**none, "context_window_fallbacks": [{"*": ["wide"]}], "content_policy_fallbacks": [{"*": ["tame"]}]})


def filtered_answers():
    """A whole answer that the provider cut because of its content is a content policy error when a fallback is there."""
    two, bad = [deployment("g"), deployment("spare")], {"g": ["filtered"]}
    for name, settings in (("no fallbacks", {}), ("policy fallbacks", {"content_policy_fallbacks": [{"g": ["spare"]}]}), ("fallbacks", {"fallbacks": [{"g": ["spare"]}]}),
                           ("default fallbacks", {"default_fallbacks": ["spare"]}), ("policy fallbacks of another", {"content_policy_fallbacks": [{"other": ["spare"]}]})):
        yield scene(f"filtered answer, {name}", two, bad, [[chat("g")], [chat("g")]], {"num_retries": 0, **settings})
    yield scene("filtered answer, policy fallback is filtered too", two, {**bad, "spare": ["filtered"]}, [[chat("g")]], {"num_retries": 0, "content_policy_fallbacks": [{"g": ["spare"]}]})
    yield scene("filtered answer, policy fallbacks, default retries", two, bad, [[chat("g")]], {"content_policy_fallbacks": [{"g": ["spare"]}]})


def request_fallbacks():
    sole = [deployment(name) for name in ("bad", "worse", "spare", "last")]
    down = {"bad": ["500"], "worse": ["503"]}
    none = {"num_retries": 0}
    changed = [{"role": "user", "content": "call N, in other words"}]
    requests = [
        chat("bad", fallbacks=["spare"]), chat("bad", fallbacks=["worse", "spare"]), chat("bad", fallbacks=["worse"]), chat("bad", fallbacks=["missing"]),
        chat("bad", fallbacks=["missing", "spare"]), chat("bad", fallbacks=[]), chat("bad", fallbacks=[{"bad": ["spare"]}]), chat("bad", fallbacks=[{"worse": ["spare"]}]),
        chat("bad", fallbacks=[{"model": "spare"}]), chat("bad", fallbacks=[{"model": "spare", "messages": changed}]),
        chat("bad", fallbacks=[{"model": "worse", "messages": changed}, {"model": "spare"}]), chat("bad", fallbacks=[{"model": "missing", "messages": changed}]),
        chat("bad", fallbacks=["bad"]), chat("bad", fallbacks=["bad", "spare"]), chat("bad", fallbacks="spare"), chat("bad", fallbacks=None), chat("bad", fallbacks={"bad": ["spare"]}),
        chat("bad", fallbacks=["spare", {"model": "last"}]), chat("spare", fallbacks=["last"]), chat("missing", fallbacks=["spare"]),
        chat("bad", fallbacks=["spare"], stream=True), chat("bad", fallbacks=["worse"], stream=True), chat("bad", fallbacks=["worse"], disable_fallbacks=True),
    ]
    yield scene("fallbacks in the request", sole, down, [[request] for request in requests], {**none, "cooldown_time": 0})
    yield scene("fallbacks in the request over the configured", sole, down, [[chat("bad", fallbacks=["last"])], [chat("bad")], [chat("bad", fallbacks=[])], [chat("bad", fallbacks=None)]],
                {**none, "fallbacks": [{"bad": ["spare"]}]})
    yield scene("fallbacks disabled", sole, down, [[chat("bad", disable_fallbacks=True)], [chat("bad", disable_fallbacks=False)], [chat("bad", disable_fallbacks="true")],
                [chat("bad", disable_fallbacks=True, stream=True)], [chat("bad", headers={"x-litellm-disable-fallbacks": "true"})], [chat("missing", disable_fallbacks=True)]],
                {**none, "fallbacks": [{"bad": ["spare"]}]})
    yield scene("fallback errors included", sole, down, [[chat("bad", include_fallback_errors=True)], [chat("bad", headers={"x-litellm-include-fallback-errors": "true"})],
                [chat("worse", include_fallback_errors=True)]], {**none, "fallbacks": [{"bad": ["worse", "spare"]}, {"worse": ["bad"]}]})


def chains():
    names = "abcdefgh"
    line = [deployment(name) for name in names]
    down = {name: ["500"] for name in names}
    chained = [{one: [following]} for one, following in zip(names, names[1:])]
    none = {"num_retries": 0}
    ask_a, stream_a = [chat("a")], [chat("a", stream=True)]
    yield scene("chain of fallbacks, all fail", line, down, [ask_a, stream_a], {**none, "fallbacks": chained})
    yield scene("chain of fallbacks, third serves", line, {"a": ["500"], "b": ["503"]}, [ask_a, stream_a], {**none, "fallbacks": chained})
    yield scene("chain of fallbacks, last serves", line, {**down, "h": ["ok"]}, [ask_a], {**none, "fallbacks": chained})
    yield scene("list of fallbacks, all fail", line, down, [ask_a, stream_a], {**none, "fallbacks": [{"a": list(names[1:])}]})
    yield scene("list of fallbacks, third serves", line, {"a": ["500"], "b": ["503"], "c": ["429"]}, [ask_a, stream_a], {**none, "fallbacks": [{"a": list(names[1:])}]})
    yield scene("list of fallbacks, last serves", line, {**down, "h": ["ok"]}, [ask_a], {**none, "fallbacks": [{"a": list(names[1:])}]})
    for most in (0, 1, 2, 10):
        yield scene(f"at most {most} fallbacks", line, {**down, "h": ["ok"]}, [ask_a], {**none, "max_fallbacks": most, "fallbacks": [{"a": list(names[1:])}]})
        yield scene(f"at most {most} fallbacks, chained", line, {**down, "h": ["ok"]}, [ask_a], {**none, "max_fallbacks": most, "fallbacks": chained})
    yield scene("at most of the request", line, down, [[chat("a", max_fallbacks=1)]], {**none, "fallbacks": chained})
    yield scene("loop of two", line[:2], down, [ask_a, [chat("b")], stream_a], {**none, "fallbacks": [{"a": ["b"]}, {"b": ["a"]}]})
    yield scene("loop of three", line[:3], down, [ask_a], {**none, "fallbacks": [{"a": ["b"]}, {"b": ["c"]}, {"c": ["a"]}]})
    yield scene("loop to itself", line[:1], down, [ask_a], {**none, "fallbacks": [{"a": ["a"]}]})
    yield scene("loop, second hop serves", line[:2], {"a": ["500", "ok"], "b": ["500"]}, [ask_a], {**none, "fallbacks": [{"a": ["b"]}, {"b": ["a"]}]})
    yield scene("fallback with the group's retries", line[:2], {"a": ["500"], "b": ["500", "ok"]}, [ask_a, stream_a], {"num_retries": 1, "fallbacks": [{"a": ["b"]}]})
    yield scene("fallback keeps the request's retries", line[:2], {"a": ["500"], "b": ["500", "ok"]}, [[chat("a", num_retries=1)]], {**none, "fallbacks": [{"a": ["b"]}]})
    yield scene("fallback to a missing group", line[:1], down, [ask_a, stream_a], {**none, "fallbacks": [{"a": ["missing"]}]})
    yield scene("fallback past a missing group", line[:2], {"a": ["500"]}, [ask_a], {**none, "fallbacks": [{"a": ["missing", "b"]}]})
    yield scene("fallback's failures differ", line[:3], {"a": ["429"], "b": ["401"], "c": ["context"]}, [ask_a, stream_a], {**none, "fallbacks": [{"a": ["b", "c"]}]})
    yield scene("fallback's failure decides nothing", line[:2], {"a": ["400"], "b": ["503"]}, [ask_a, stream_a], {**none, "fallbacks": [{"a": ["b"]}]})
    yield scene("fallbacks in litellm_settings", line[:2], {"a": ["500"]}, [ask_a], none, {"fallbacks": [{"a": ["b"]}]})
    yield scene("fallbacks in both settings", line[:3], {"a": ["500"]}, [ask_a], {**none, "fallbacks": [{"a": ["b"]}]}, {"fallbacks": [{"a": ["c"]}]})
    yield scene("fallback for a stripped provider", [deployment("o", "openai/gpt-4o"), deployment("b")], {"o": ["500"]}, [[chat("openai/gpt-4o")]], {**none, "fallbacks": [{"gpt-4o": ["b"]}]})
    yield scene("fallback dicts in the configuration", line[:3], {"a": ["500"]},
                [ask_a], {**none, "fallbacks": [{"a": [{"model": "b", "messages": [{"role": "user", "content": "call 0, in other words"}]}]}]})
    yield scene("context fallback in a hop", line[:4], {"a": ["500"], "b": ["context"]}, [ask_a], {**none, "fallbacks": [{"a": ["b"]}], "context_window_fallbacks": [{"b": ["c"]}]})
    yield scene("fallback of a cooled group", line[:2], {"a": ["404"]}, [ask_a, ask_a, stream_a], {**none, "fallbacks": [{"a": ["b"]}]})
    yield scene("fallback to a cooled group", line[:2], {"a": ["500"], "b": ["404"]}, [[chat("b")], ask_a, stream_a], {**none, "fallbacks": [{"a": ["b"]}]})


def defaults():
    three = [deployment(name) for name in ("bad", "own", "spare")]
    none = {"num_retries": 0}
    yield scene("default fallbacks of the router", three, {"bad": ["500"]}, [[chat("bad")], [chat("missing")], [chat("bad", stream=True)], [chat("missing", stream=True)]], {**none, "default_fallbacks": ["spare"]})
    yield scene("default fallbacks of litellm_settings", three, {"bad": ["500"]}, [[chat("bad")], [chat("missing")]], none, {"default_fallbacks": ["spare"]})
    yield scene("default fallbacks beside own", three, {"bad": ["500"], "own": ["503"]}, [[chat("bad")], [chat("own")], [chat("missing")]], {**none, "default_fallbacks": ["spare"], "fallbacks": [{"bad": ["own"]}]})
    yield scene("default fallbacks fail", three, {"bad": ["500"], "spare": ["503"]}, [[chat("bad")], [chat("missing")], [chat("spare")]], {**none, "default_fallbacks": ["spare"]})
    yield scene("default fallbacks by star", three, {"bad": ["500"]}, [[chat("bad")], [chat("missing")]], {**none, "fallbacks": [{"*": ["spare"]}]})
    yield scene("missing model", three, {}, [[chat("missing")], [chat("missing", stream=True)], [message("missing")], [answer_to(RESPONSES, "missing")], [answer_to(EMBEDDINGS, "missing")]], none)
    yield scene("missing model with own fallbacks", three, {}, [[chat("missing")]], {**none, "fallbacks": [{"missing": ["spare"]}]})


def orders():
    def ordered(*levels, **params):
        return [deployment(name, "group", order=level, **params) for name, level in levels]
    two, three = ordered(("a", 1), ("b", 2)), ordered(("a", 1), ("b", 2), ("c", 3))
    none = {"num_retries": 0}
    ask, stream = [chat("group")], [chat("group", stream=True)]
    yield scene("order, first serves", two, {}, [ask, stream])
    yield scene("order, first fails", two, {"a": ["500"]}, [ask, ask, stream])
    yield scene("order, first fails, no retries", two, {"a": ["500"]}, [ask, ask, stream], none)
    yield scene("order, first is limited", two, {"a": ["429"]}, [ask, ask, stream], none)
    yield scene("order, first is limited, default retries", two, {"a": ["429"]}, [ask, ask, stream])
    yield scene("order, all fail", three, {name: ["500"] for name in "abc"}, [ask, stream], none)
    yield scene("order, third serves", three, {name: ["500"] for name in "ab"}, [ask, stream], none)
    yield scene("order, then fallback", [*two, deployment("spare")], {name: ["500"] for name in "ab"}, [ask, stream], {**none, "fallbacks": [{"group": ["spare"]}]})
    yield scene("order, bad request", two, {"a": ["400"]}, [ask, stream], none)
    yield scene("order, context", two, {"a": ["context"]}, [ask], none)
    yield scene("order, unauthorized", two, {"a": ["401"]}, [ask, ask], none)
    yield scene("order beside none", [*ordered(("b", 2)), deployment("a", "group")], {"a": ["500"], "b": ["500"]}, [ask], none, counted="total")
    yield scene("order, fallbacks disabled", two, {"a": ["500"]}, [[chat("group", disable_fallbacks=True)]], none)
    yield scene("order, fallbacks in the request", [*two, deployment("spare")], {"a": ["500"], "b": ["500"]}, [[chat("group", fallbacks=["spare"])]], none)


def mocks():
    two = [deployment("a"), deployment("b")]
    allowed = {"dangerously_allow_mock_testing_request_params": True}
    names = ("mock_testing_fallbacks", "mock_testing_context_fallbacks", "mock_testing_content_policy_fallbacks", "mock_testing_rate_limit_error")
    sent = [[chat("a", **{name: True})] for name in names] + [[chat("a", **{name: False})] for name in names]
    backs = {"fallbacks": [{"a": ["b"]}], "context_window_fallbacks": [{"a": ["b"]}], "content_policy_fallbacks": [{"a": ["b"]}]}
    none = {"num_retries": 0}
    yield scene("mock testing is not allowed", two, {}, [*sent, [chat("a", mock_timeout=True)], [chat("a", mock_delay=1)], [chat("a", mock_response="hi")]], {**none, **backs})
    yield scene("mock testing without fallbacks", two, {}, [*sent[:4], [chat("a", mock_testing_fallbacks=True, stream=True)]], none, general=allowed)
    yield scene("mock testing with fallbacks", two, {}, [*sent, [chat("a", mock_testing_fallbacks=True, stream=True)], [chat("b", mock_testing_fallbacks=True)],
                [chat("a", mock_testing_fallbacks=True, disable_fallbacks=True)]], {**none, **backs}, general=allowed)
    yield scene("mock testing with default retries", two, {}, sent[:4], general=allowed)
    yield scene("mock testing of other surfaces", two, {}, [[message("a", mock_testing_fallbacks=True)], [answer_to(RESPONSES, "a", mock_testing_fallbacks=True)],
                [answer_to(EMBEDDINGS, "a", mock_testing_rate_limit_error=True)]], {**none, **backs}, general=allowed)
    yield scene("mock timeout", two, {}, [[chat("a", mock_timeout=True, timeout=0.1)]], {**none, **backs}, general=allowed)


def cooldowns():
    group = pair("g")
    none = {"num_retries": 0}
    ask, stream = [chat("g")], [chat("g", stream=True)]
    yield scene("cooldown, one is limited", group, {"g_a": ["429", "ok"]}, [ask, ask, [chat("g", wait_s=5.5)]], none)
    yield scene("cooldown, one is limited, default retries", group, {"g_a": ["429"]}, [ask, ask])
    yield scene("cooldown, both are limited", group, {"g_a": ["429"], "g_b": ["429"]}, [ask, ask, ask, stream, [message("g")], [answer_to(RESPONSES, "g")]], {**none, "cooldown_time": 30})
    yield scene("cooldown, both are limited, default retries", group, {"g_a": ["429"], "g_b": ["429"]}, [ask, ask, stream], {"cooldown_time": 30})
    for fault in ("401", "404", "402", "408", "429", "500", "403", "400"):
        yield scene(f"cooldown, sole answers {fault}", [deployment("g")], {"g": [fault]}, [ask, ask, stream], {**none, "cooldown_time": 30})
        yield scene(f"cooldown, one of two answers {fault}", group, {"g_a": [fault]}, [ask, ask], {**none, "cooldown_time": 30})
    yield scene("cooldown of the default time", [deployment("g")], {"g": ["404", "ok"]}, [ask, ask, [chat("g", wait_s=5.2)]], none)
    yield scene("cooldown of the router's time", [deployment("g")], {"g": ["404", "ok"]}, [ask, ask, [chat("g", wait_s=2.2)]], {**none, "cooldown_time": 2})
    yield scene("cooldown of the deployment's time", [deployment("g", cooldown_time=2)], {"g": ["404", "ok"]}, [ask, ask, [chat("g", wait_s=2.2)]], {**none, "cooldown_time": 30})
    yield scene("cooldown of the model info's time", [deployment("g", info={"cooldown_time": 2})], {"g": ["404", "ok"]}, [ask, ask, [chat("g", wait_s=2.2)]], {**none, "cooldown_time": 30})
    yield scene("cooldown of the deployment is zero", [deployment("g", cooldown_time=0)], {"g": ["404", "ok"]}, [ask, ask], {**none, "cooldown_time": 30})
    yield scene("cooldown of the router is zero", [deployment("g")], {"g": ["404", "ok"]}, [ask, ask], {**none, "cooldown_time": 0})
    yield scene("cooldown of retry-after", group, {"g_a": ["429 after 2", "ok"]}, [ask, ask, [chat("g", wait_s=2.3)]], {**none, "cooldown_time": 30})
    yield scene("cooldown told later", [deployment("g"), *pair("h")], {"g": ["404"], "h_a": ["429 after 90"], "h_b": ["429 after 2"]},
                [ask, [chat("h")], [chat("h")], [chat("h", wait_s=1.2)], [chat("g")], [chat("h", wait_s=1.5)]], {**none, "cooldown_time": 30})
    yield scene("cooldowns disabled", group, {"g_a": ["429"], "g_b": ["429"]}, [ask, ask, ask], {**none, "disable_cooldowns": True})
    yield scene("cooldown by percentage, sole", [deployment("g")], {"g": ["500"]}, [ask] * 8, none)
    yield scene("cooldown by percentage, first of two", group, {"g_a": ["500"]}, [ask] * 8, {**none, "cooldown_time": 30})
    yield scene("cooldown by percentage, half fail", group, {"g_a": ["ok", "500", "ok", "500", "ok", "500", "500", "500", "ok"]}, [ask] * 10, {**none, "cooldown_time": 30})
    yield scene("cooldown by percentage, retries count", group, {"g_a": ["500"]}, [ask] * 7, {"cooldown_time": 30})
    yield scene("cooldown by percentage, fallbacks count", [*group, deployment("x")], {"g_a": ["500"], "x": ["500"]}, [[chat("x")]] * 7, {**none, "cooldown_time": 30, "fallbacks": [{"x": ["g"]}]})
    yield scene("cooldown by percentage, timeouts", pair("g", timeout=0.3), {"g_a": ["hang"]}, [ask] * 7, {**none, "cooldown_time": 30})
    yield scene("cooldown by percentage, connections", group, {"g_a": ["close"]}, [ask] * 7, {**none, "cooldown_time": 30})
    yield scene("cooldown by percentage, streams", group, {"g_a": ["stream error after content"]}, [stream] * 7, {**none, "cooldown_time": 30})


def allowed_fails():
    group = pair("g")
    none = {"num_retries": 0, "cooldown_time": 30}
    ask = [chat("g")]
    failing = {"g_a": ["500"]}
    yield scene("allowed fails of the router", group, failing, [ask] * 4, {**none, "allowed_fails": 1})
    yield scene("allowed fails of the router, none", group, failing, [ask] * 3, {**none, "allowed_fails": 0})
    yield scene("allowed fails of the router, the default", group, failing, [ask] * 7, {**none, "allowed_fails": 3})
    yield scene("allowed fails of litellm_settings", group, failing, [ask] * 4, none, {"allowed_fails": 1})
    yield scene("allowed fails of litellm_settings with limits", group, {"g_a": ["429"]}, [ask] * 4, none, {"allowed_fails": 1})
    yield scene("allowed fails of both", group, failing, [ask] * 4, {**none, "allowed_fails": 1}, {"allowed_fails": 1})
    yield scene("allowed fails, limited", group, {"g_a": ["429"]}, [ask] * 4, {**none, "allowed_fails": 1})
    yield scene("allowed fails, unauthorized", group, {"g_a": ["401"]}, [ask] * 4, {**none, "allowed_fails": 1})
    yield scene("allowed fails, bad request", group, {"g_a": ["400"]}, [ask] * 4, {**none, "allowed_fails": 1})
    yield scene("allowed fails, sole", [deployment("g")], {"g": ["500"]}, [ask] * 4, {**none, "allowed_fails": 1})
    yield scene("allowed fails, retries count", group, failing, [ask] * 3, {"cooldown_time": 30, "allowed_fails": 1})
    yield scene("allowed fails, timeouts", pair("g", timeout=0.3), {"g_a": ["hang"]}, [ask] * 4, {**none, "allowed_fails": 1})
    yield scene("allowed fails forgotten", group, failing, [ask, [chat("g", wait_s=2.3)], ask, ask], {"num_retries": 0, "cooldown_time": 2, "allowed_fails": 1})
    policy = {"BadRequestErrorAllowedFails": 0, "AuthenticationErrorAllowedFails": 1, "TimeoutErrorAllowedFails": 1, "RateLimitErrorAllowedFails": 2,
              "ContentPolicyViolationErrorAllowedFails": 0, "InternalServerErrorAllowedFails": 1}
    faults = ("400", "401", "404", "429", "500", "503", "policy", "context", "close")
    pairs = [made for fault in faults for made in pair(slug(fault))]
    first = {f"{slug(fault)}_a": [fault] for fault in faults}
    yield scene("allowed fails policy", pairs, first, [asked(faults, False)] * 4, {**none, "allowed_fails_policy": policy})
    yield scene("allowed fails policy, sole", [deployment(slug(fault)) for fault in faults], {slug(fault): [fault] for fault in faults}, [asked(faults, False)] * 4, {**none, "allowed_fails_policy": policy})
    yield scene("allowed fails policy with a number", pairs, first, [asked(faults, False)] * 4, {**none, "allowed_fails": 2, "allowed_fails_policy": {"InternalServerErrorAllowedFails": 0}})
    own = [made for fault in faults for made in pair(slug(fault), info={"allowed_fails": 1})]
    yield scene("allowed fails of the deployment", own, first, [asked(faults, False)] * 4, none)
    named = [made for fault in faults for made in pair(slug(fault), info={"allowed_fails_policy": policy})]
    yield scene("allowed fails policy of the deployment", named, first, [asked(faults, False)] * 4, none)
    yield scene("allowed fails of the deployment, sole", [deployment(slug(fault), info={"allowed_fails": 1}) for fault in faults], {slug(fault): [fault] for fault in faults}, [asked(faults, False)] * 4, none)


def surfaces():
    faults = ("401", "404", "429", "500", "context", "close")
    sole = [deployment(slug(fault)) for fault in faults]
    same = {slug(fault): [fault] for fault in faults}
    none = {"num_retries": 0}
    backs = {"fallbacks": [{slug(fault): ["spare"]} for fault in faults]}
    spare = deployment("spare")
    vectors = [deployment(slug(fault), model="openai/text-embedding-3-small") for fault in faults]
    claude = [deployment(slug(fault), model="anthropic/claude-sonnet-4-5", api_base=f"http://PROVIDER/{slug(fault)}") for fault in faults]
    both = [made for fault in faults for made in pair(slug(fault))]
    first = {f"{slug(fault)}_a": [fault] for fault in faults}
    surfaces_of = {
        "messages": (sole, spare, lambda fault: message(slug(fault))),
        "messages, streamed": (sole, spare, lambda fault: message(slug(fault), stream=True)),
        "messages of Anthropic": (claude, deployment("spare", model="anthropic/claude-sonnet-4-5", api_base="http://PROVIDER/spare"), lambda fault: message(slug(fault))),
        "responses": (sole, spare, lambda fault: answer_to(RESPONSES, slug(fault))),
        "responses, streamed": (sole, spare, lambda fault: answer_to(RESPONSES, slug(fault), stream=True)),
        "embeddings": (vectors, deployment("spare", model="openai/text-embedding-3-small"), lambda fault: answer_to(EMBEDDINGS, slug(fault))),
    }
    for name, (deployments, other, ask) in surfaces_of.items():
        round_of = [ask(fault) for fault in faults]
        yield scene(f"{name}, default retries", deployments, same, [round_of, round_of], {"cooldown_time": 60})
        yield scene(f"{name}, fallback", [*deployments, other], same, [round_of, round_of], {**none, **backs})
        yield scene(f"{name}, fallback also fails", [*deployments, other], {**same, "spare": ["500"]}, [round_of], {**none, **backs})
        yield scene(f"{name}, fails once", deployments, {slug(fault): [fault, "ok"] for fault in faults}, [round_of])
        if deployments is sole:
            yield scene(f"{name}, first of two fails", both, first, [round_of, round_of], {"cooldown_time": 30})
    chosen = [deployment("a"), spare]
    yield scene("fallbacks in the request of other surfaces", chosen, {"a": ["500"]},
                [[message("a", fallbacks=["spare"])], [answer_to(RESPONSES, "a", fallbacks=["spare"])], [answer_to(EMBEDDINGS, "a", fallbacks=["spare"])]], none)


def tags():
    def tagged(name, *tags, **params):
        return deployment(name, "g", **({"tags": list(tags)} if tags else {}), **params)
    on = {"num_retries": 0, "enable_tag_filtering": True}
    three = [tagged("a", "free"), tagged("b", "paid"), tagged("c", "default")]

    def ask(*tags, **more):
        return [chat("g", metadata={"tags": list(tags)}, **more)]
    requests = [ask("free"), ask("paid"), ask("free", "unknown"), ask("unknown"), [chat("g")], [chat("g", headers={"x-litellm-tags": "paid"})], [chat("g", headers={"x-litellm-tags": "free, x"})],
                [chat("g", tags=["paid"])], ask("free", stream=True), ask("!default"), ask("&free"), ask("&unknown"), ask("!default", "!free", "!paid")]
    yield scene("tags", three, {}, requests, on)
    yield scene("tags without default", three[:2], {}, [*requests[:4], requests[12]], on)
    yield scene("tags without default, untagged request", three[:2], {}, [[chat("g")]], on, counted="total")
    yield scene("tags, all must match", [tagged("a", "free", "eu"), tagged("b", "free"), tagged("c", "default")], {}, [ask("free", "eu"), ask("eu"), ask("free", "us"), [chat("g")]], {**on, "tag_filtering_match_any": False})
    yield scene("tags are not filtered", three[:1], {}, [ask("paid")], {"num_retries": 0})
    yield scene("tags, chosen one fails", three, {"a": ["500"]}, [ask("free")], {"enable_tag_filtering": True})
    yield scene("tags, chosen one fails, fallback", [*three, deployment("spare")], {"a": ["500"]}, [ask("free"), ask("unknown")], {**on, "fallbacks": [{"g": ["spare"]}]})
    yield scene("tags unsatisfiable, fallback", [*three[:2], deployment("spare", tags=["unknown"]), deployment("last")], {}, [ask("unknown"), ask("other")], {**on, "fallbacks": [{"g": ["spare", "last"]}]})
    yield scene("tags unsatisfiable, default retries", three[:2], {}, [ask("unknown"), ask("unknown", stream=True), [message("g", litellm_metadata={"tags": ["unknown"]})]], {"enable_tag_filtering": True})
    yield scene("tags, chosen one is cooled", three[:2], {"a": ["404"]}, [ask("free"), ask("free")], on)


def checks():
    small, large = deployment("a", "g", info={"max_input_tokens": 5}), deployment("b", "g", info={"max_input_tokens": 100000})
    on = {"num_retries": 0, "enable_pre_call_checks": True}
    ask, stream = [chat("g")], [chat("g", stream=True)]
    yield scene("context check, none fits", [small], {}, [ask, stream, [message("g")]], on)
    yield scene("context check, none fits, default retries", [small], {}, [ask], {"enable_pre_call_checks": True})
    yield scene("context check, one fits", [small, large], {}, [ask, ask], on)
    wide = deployment("spare", model="openai/gpt-4o-mini")
    yield scene("context check, context fallback", [small, wide], {}, [ask, stream], {**on, "context_window_fallbacks": [{"g": ["spare"]}]})
    yield scene("context check, fallback", [small, wide], {}, [ask], {**on, "fallbacks": [{"g": ["spare"]}]})
    # The small limit becomes the limit of every deployment of the same model that states none.
    yield scene("context check, fallback of the same model", [small, deployment("spare")], {}, [ask], {**on, "fallbacks": [{"g": ["spare"]}]})
    yield scene("context check is off", [small], {}, [ask], {"num_retries": 0})
    yield scene("requests a minute, checked", [deployment("g", rpm=1)], {}, [ask, ask, stream], on)
    yield scene("requests a minute, checked, fallback", [deployment("g", rpm=1), deployment("spare")], {}, [ask, ask, ask], {**on, "fallbacks": [{"g": ["spare"]}]})
    usage = {"num_retries": 0, "routing_strategy": "usage-based-routing-v2"}
    yield scene("usage-based, requests exceeded", [deployment("g", rpm=1)], {}, [ask, ask, stream, [message("g")]], usage)
    yield scene("usage-based, requests exceeded, two", [deployment("a", "g", rpm=1), deployment("b", "g", rpm=1)], {}, [ask, ask, ask], usage, counted="total")
    yield scene("usage-based, requests exceeded, fallback", [deployment("g", rpm=1), deployment("spare")], {}, [ask, ask], {**usage, "fallbacks": [{"g": ["spare"]}]})
    yield scene("usage-based, tokens exceeded", [deployment("g", tpm=10)], {}, [ask, ask, ask], usage)
    yield scene("usage-based, provider is limited", pair("g"), {"g_a": ["429"], "g_b": ["429"]}, [ask, ask, ask], {**usage, "cooldown_time": 30}, counted="total")
    for strategy in ("least-busy", "latency-based-routing", "cost-based-routing", "usage-based-routing"):
        yield scene(f"{strategy}, all cooled", [deployment("a", "g"), deployment("b", "g")], {"a": ["429"], "b": ["429"]}, [ask, ask, ask], {"num_retries": 0, "cooldown_time": 30, "routing_strategy": strategy}, counted="total")
    yield scene("parallel requests exceeded", [deployment("g", max_parallel_requests=1, timeout=2)], {"g": ["hang"]}, [[chat("g"), chat("g", wait_s=0.5)]], {"num_retries": 0})


def timeouts():
    slow = [deployment("a", timeout=1), deployment("b", timeout=1), deployment("c"), deployment("d", stream_timeout=1), deployment("e")]
    hung = {name: ["hang"] for name in "abcde"}
    none = {"num_retries": 0}
    yield scene("timeouts of deployment and request", slow, hung, [[chat("a"), chat("b", timeout=0.5), chat("c", timeout=0.5), chat("d", stream=True), chat("e", headers={"x-litellm-timeout": "0.5"})]], none)
    yield scene("timeout of the router", slow[2:3], hung, [[chat("c"), chat("c", stream=True)]], {**none, "timeout": 1})
    yield scene("timeout of litellm_settings", slow[2:3], hung, [[chat("c")]], none, {"request_timeout": 1})
    yield scene("stream timeout of the router", slow[2:3], hung, [[chat("c", stream=True)]], {**none, "stream_timeout": 1})
    yield scene("timeout of the request cools nothing", pair("g"), {"g_a": ["hang"]}, [[chat("g", headers={"x-litellm-timeout": "0.3"})]] * 7, {**none, "cooldown_time": 30})


def midway():
    """A stream that fails after its first content: the client is told, or the fallback goes on."""
    faults = ("stream cut", "stream reset", "stream error after content", "stream hang after content")
    sole = [deployment(slug(fault), **limits(fault)) for fault in faults]
    same = {slug(fault): [fault] for fault in faults}
    sent = asked(faults, True)
    none = {"num_retries": 0}
    spare = deployment("spare")
    backs = [{slug(fault): ["spare"]} for fault in faults]
    yield scene("midway, fallback is cut too", [*sole, spare], {**same, "spare": ["stream cut"]}, [sent], {**none, "fallbacks": backs})
    yield scene("midway, fallbacks disabled", [*sole, spare], same, [[{**request, "body": {**request["body"], "disable_fallbacks": True}} for request in sent]], {**none, "fallbacks": backs})
    yield scene("midway, fallbacks in the request", [*sole, spare], same, [[{**request, "body": {**request["body"], "fallbacks": ["spare"]}} for request in sent]], none)
    yield scene("midway, default fallbacks", [*sole, spare], same, [sent], {**none, "default_fallbacks": ["spare"]})
    whole = [{**request, "body": {**request["body"], "stream_options": {"include_usage": True}}} for request in sent]
    yield scene("midway, usage asked for", [*sole, spare], same, [whole], {**none, "fallbacks": backs})


SCENES = [
    *matrix("whole", WHOLE), *matrix("streamed", STREAMED), *retry_policies(), *retry_counts(), *special_fallbacks(), *filtered_answers(), *request_fallbacks(), *chains(),
    *defaults(), *orders(), *mocks(), *cooldowns(), *allowed_fails(), *surfaces(), *tags(), *checks(), *timeouts(), *midway(),
]
