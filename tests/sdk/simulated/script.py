"""What the simulated models say, whichever provider they stand behind. Knows no wire format.

The conversation decides; words of the last user message ask for a scene:

    #weather        calls the tool `weather` for Kraków, once; then tells its result
    #both           calls it for Kraków and Łódź at once; then tells both results
    #twice          calls it for Kraków, then for Łódź; then tells both results
    #NNN            fails with this status, in the provider's own form
    #cut            a stream breaks off in its middle
    #slow           the answer takes 20 s
    #endless        a stream that goes on until its caller leaves
    #long           the answer ends at the limit of tokens

A schema for the answer gets PERSON; an image gets its type and size told; anything else gets TEXT.
"""

import json
import re
from dataclasses import dataclass, field

TEXT = 'Hello from upstream! Zażółć 🚀 "quoted"\n2nd line'
THOUGHT = "The user greets me. I greet back: cześć!"
SIGNATURE = "c2lnbmVkLWJ5LXRoZS1wcm92aWRlcg=="
PERSON = {"name": "Zażółć Gęślą", "age": 36, "pets": [{"kind": "cat", "name": "Mruczek"}]}
CITIES = ["Kraków", "Łódź"]
# Of 100 tokens read, 40 were cached and 10 written to the cache; of 50 written, 20 were thoughts.
READ, CACHED, CACHE_WRITTEN, WRITTEN, THOUGHTS = 100, 40, 10, 50, 20


@dataclass
class Call:
    id: str
    name: str
    arguments: dict


@dataclass
class Turn:
    """One message, in no provider's words. `results` are (id or None, name or None, text)."""

    role: str
    text: str = ""
    images: list = field(default_factory=list)
    calls: list = field(default_factory=list)
    results: list = field(default_factory=list)


@dataclass
class Asked:
    """One request, in no provider's words; `form` is for providers that speak in more than one."""

    model: str
    turns: list
    system: str = ""
    tools: list = field(default_factory=list)
    forced: bool = False
    schema: object = None
    thinking: bool = False
    stream: bool = False
    form: str = ""


@dataclass
class Reply:
    text: str
    calls: list = field(default_factory=list)
    thought: str = ""
    finish: str = "stop"

    def pieces(self):
        return re.findall(r"(?s).{1,7}", self.text)


def last_question(asked):
    return next((turn.text for turn in reversed(asked.turns) if turn.role == "user" and turn.text), "")


def asked_for(asked, scene):
    return scene in last_question(asked)


def status_asked(asked):
    found = re.search(r"#(\d{3})\b", last_question(asked))
    return int(found[1]) if found else None


def results_since_question(asked):
    results = []
    for turn in reversed(asked.turns):
        results = list(turn.results) + results
        if turn.role == "user" and turn.text and not turn.results:
            break
    return results


def calls_wanted(asked, told):
    """The cities to ask the tool for, given how many results were told."""
    if "weather" not in asked.tools:
        return []
    if asked_for(asked, "#twice"):
        return CITIES[told : told + 1]
    if asked_for(asked, "#both"):
        return [] if told else CITIES
    if asked_for(asked, "#weather") or (asked.forced and asked.tools == ["weather"]):
        return [] if told else CITIES[:1]
    return []


def reply(asked, make_id):
    """What the model says; `make_id` gives the id of call number n in the provider's style."""
    thought = THOUGHT if asked.thinking else ""
    results = results_since_question(asked)
    cities = calls_wanted(asked, len(results))
    if cities:
        calls = [Call(make_id(len(results) + n), "weather", {"city": city}) for n, city in enumerate(cities)]
        return Reply("", calls, thought, "tool_calls")
    if asked.forced and asked.tools and not results:
        # A tool that carries a structured answer: its arguments are the answer.
        return Reply("", [Call(make_id(0), asked.tools[-1], PERSON)], thought, "tool_calls")
    if results:
        return Reply("The tool said: " + " | ".join(text for _, _, text in results), thought=thought)
    if asked.schema is not None:
        return Reply(json.dumps(PERSON, ensure_ascii=False), thought=thought)
    images = [f"{kind} of {len(data)} bytes" for turn in asked.turns for kind, data in turn.images]
    if images:
        return Reply("saw " + ", ".join(images), thought=thought)
    return Reply(TEXT, thought=thought, finish="length" if asked_for(asked, "#long") else "stop")
