"""How a session states its claims, one line each, and ends with 1 if one fails. Knows no SDK.

    @claim
    def a_thing_holds(): ...

    @claim.over("claude", "gemini")
    def a_thing_holds_for_each(model): ...

A session's arguments are GATEWAY_URL KEY PROVIDER_URL.
"""

import json
import sys
import time
import traceback
import urllib.request

GATEWAY, KEY, PROVIDER = (*sys.argv[1:4], "", "", "")[:3]
CLAIMS = []


class _Claim:
    def __call__(self, function):
        CLAIMS.append((function.__name__, function, ()))
        return function

    def over(self, *models):
        def add(function):
            CLAIMS.extend((f"{function.__name__} {model}", function, (model,)) for model in models)
            return function

        return add


claim = _Claim()


def equal(got, want):
    assert got == want, f"got {got!r}, want {want!r}"


def raised(kind, call):
    """Calls, and returns the error, which must be exactly of the class `kind`."""
    try:
        call()
    except kind as error:
        equal(type(error).__name__, kind.__name__)
        return error
    raise AssertionError(f"no error, want {kind.__name__}")


def simulated(path):
    """What the simulated providers tell of themselves."""
    with urllib.request.urlopen(f"{PROVIDER}/{path}", timeout=10) as answer:
        return json.load(answer)


def is_left(before):
    """Waits until one more endless stream was left by its caller than `before`."""
    end = time.monotonic() + 15
    while time.monotonic() < end:
        if simulated("__left")["left"] > before:
            return
        time.sleep(0.02)
    raise AssertionError("the provider goes on 15 s after the client left")


def run():
    failed = 0
    wanted = sys.argv[4] if len(sys.argv) > 4 else ""
    chosen = [row for row in CLAIMS if wanted in row[0]]
    for name, function, arguments in chosen:
        try:
            function(*arguments)
            print("ok -", name.replace("_", " "), flush=True)
        except Exception:
            failed += 1
            print("FAILED -", name.replace("_", " "), flush=True)
            traceback.print_exc(file=sys.stdout)
    print(f"{len(chosen) - failed} claims hold, {failed} fail")
    sys.exit(1 if failed else 0)
