"""What the sessions over simulated providers talk about, and what the simulated models say. Knows no SDK."""

import sys
from pathlib import Path

import pydantic

sys.path.insert(0, str(Path(__file__).parent / "simulated"))
from script import (  # noqa: E402, F401
    CACHE_WRITTEN, CACHED, CITIES, PERSON, READ, SIGNATURE, TEXT, THOUGHT, THOUGHTS, WRITTEN,
)  # fmt: skip

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
PIXEL_BYTES = 70
WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "the weather of a city",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "unit": {"type": "string", "enum": ["celsius", "kelvin"]}},
            "required": ["city"],
            "additionalProperties": False,
        },
    },
}
# Answer to the scenes #both and #twice, when every result is `7 degrees in CITY`.
BOTH = "The tool said: 7 degrees in Kraków | 7 degrees in Łódź"


class Pet(pydantic.BaseModel):
    kind: str
    name: str | None


class Person(pydantic.BaseModel):
    name: str
    age: int
    pets: list[Pet]
