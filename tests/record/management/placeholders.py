"""Puts stable names where a recording holds what differs from run to run. Knows nothing of LiteLLM's routes.

    <key:N>        a generated virtual key, numbered in order of first appearance in the scene
    <hash:N>       the SHA-256 in hexadecimal of <key:N>
    <name:N>       the last four characters of <key:N> (key_name is "sk-...<name:N>")
    <masked:N>     <key:N> with all but its first and last four characters as 17 asterisks
    <end:N>        the last four characters of <hash:N>
    <hash:xN>      another 64-digit hexadecimal value
    <uuid:N>       a UUID
    <hex:N>        a UUID's 32 digits without dashes
    <opaque>       a stored value, encrypted, or an id that hides a deployment
    <now:F>        a time within three minutes of the step
    <now+SECONDS:F>, <now-SECONDS:F>    a time that far from the step, a whole number of minutes when longer than ten
    <hour+HOURS:F>, <later:F>           a full hour, that many begun hours on; another full second of the day, later
    <midnight+DAYS:F>                   midnight UTC that many days after the day of the step
    <monday+WEEKS:F>, <month+MONTHS:F>  midnight of a coming Monday, of the first of a coming month, when later than tomorrow
    <date+DAYS>    a date without a time
    <unix>, <ms>   seconds since 1970; a measured duration
    <s>, <http date>                    another measured duration; the provider's clock
    <traceback>    Python's
    model_map_value is without its fields that are null and supported_openai_params
    PROVIDER       the loopback address of the provider, PYTHON LiteLLM's folder of packages, CONFIG its configuration file

F is the written form: T or _ (a blank), digits of the fraction, then Z, +00:00 or nothing; without a zone (a column's text,
where PostgreSQL leaves trailing noughts out) up to three digits are 3. A name is bound where it first
appears and means the same value from there to the end of the scene; times and durations are not bound.
"""
from __future__ import annotations

import datetime
import hashlib
import re

KEY = re.compile(r"sk-[A-Za-z0-9_-]{22}(?![A-Za-z0-9_-])")
HASH = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
UUID = re.compile(r"(?<![0-9a-fA-F])[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?![0-9a-fA-F])")
HEX = re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")
ENCRYPTED = re.compile(r"(?:litellm_enc::)?(?=.*[G-Z_-])[A-Za-z0-9_-]{54,}={0,2}")
CREATED = re.compile(r'("created(?:_at)?": ?)(\d{10})(?!\d)')
TIME = re.compile(r"(20\d\d-\d\d-\d\d)([T ])(\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|\+00:00)?")
DATE = re.compile(r"(?<![\d-])(20\d\d-\d\d-\d\d)(?![\dT-]| \d\d:)")
MEASURED = {"request_duration_ms": "<ms>", "response_time_ms": "<ms>", "litellm_overhead_time_ms": "<ms>", "duration_ms": "<ms>", "_response_ms": "<ms>", "total_response_time_ms": "<ms>",
            "queue_time_seconds": "<s>"}
UTC = datetime.timezone.utc


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


class Names:
    def __init__(self, literal):
        self.keys, self.hashes, self.others, self.uuids, self.hexes, self.literal = [], {}, [], [], [], literal

    def learn(self, text):
        for key in KEY.findall(text):
            if key not in self.keys and key not in self.literal:
                self.keys.append(key)
                self.hashes[sha256(key)] = len(self.keys)

    def key(self, match):
        text = match.group(0)
        return f"<key:{self.keys.index(text) + 1}>" if text in self.keys else text

    def hash(self, match):
        text = match.group(0)
        if text in self.hashes:
            return f"<hash:{self.hashes[text]}>"
        if text in map(sha256, self.literal):
            return text
        return f"<hash:x{numbered(self.others, text)}>"

    def uuid(self, match):
        return f"<uuid:{numbered(self.uuids, match.group(0))}>"

    def steady(self, text, now):
        if ENCRYPTED.fullmatch(text):
            return "<opaque>"
        text = KEY.sub(self.key, text)
        for number, key in enumerate(self.keys, 1):
            text = text.replace("sk-.**" + key[-4:], f"sk-.**<name:{number}>").replace(key[:4] + "*" * 17 + key[-4:], f"<masked:{number}>")
            text = text.replace("sk-..." + key[-4:], f"sk-...<name:{number}>").replace("sk-..." + sha256(key)[-4:], f"sk-...<end:{number}>")
        text = HASH.sub(self.hash, text)
        text = UUID.sub(self.uuid, text)
        text = HEX.sub(lambda match: f"<hex:{numbered(self.hexes, match.group(0))}>", text)
        text = CREATED.sub(lambda match: match.group(1) + (match.group(2) if abs(int(match.group(2)) - now.timestamp()) > 100_000 else "<unix>"), text)
        text = TIME.sub(lambda match: time_name(match, now), text)
        return DATE.sub(lambda match: date_name(match, now), text)


def numbered(known, text):
    if text not in known:
        known.append(text)
    return known.index(text) + 1


def time_name(match, now):
    date, between, clock, fraction, zone = match.groups()
    value = datetime.datetime.fromisoformat(f"{date}T{clock}").replace(tzinfo=UTC)
    digits = len(fraction or "")
    if not zone and between == "T" and digits <= 3 and clock != "00:00:00":
        digits = 3
    form = ("T" if between == "T" else "_") + str(digits) + (zone or "")
    away = (value - now).total_seconds()
    if abs(away) < 180:
        return f"<now:{form}>"
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    days = (value - midnight).total_seconds() / 86400
    if clock == "00:00:00" and not fraction:
        months = (value.year - now.year) * 12 + value.month - now.month
        if days > 1 and value.day == 1:
            return f"<month+{months}:{form}>"
        if days > 1 and value.weekday() == 0 and days < 9:
            return f"<monday+{int(days + 6) // 7}:{form}>"
        return f"<midnight{int(days):+d}:{form}>" if abs(days) < 1000 else match.group(0)
    if 0 < away < 86400 and not fraction:
        hours = (value - now.replace(minute=0, second=0, microsecond=0)).total_seconds() / 3600
        return f"<hour+{int(hours)}:{form}>" if hours == int(hours) else f"<later:{form}>"
    if abs(days) > 3000:
        return match.group(0)
    return f"<now{round(away / 60) * 60 if abs(away) > 600 else round(away):+d}:{form}>"


def date_name(match, now):
    days = (datetime.date.fromisoformat(match.group(1)) - now.date()).days
    return f"<date{days:+d}>" if abs(days) < 500 else match.group(0)


def strings(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from strings(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from strings(inner)


def steadied(value, names, now, field=None):
    if field == "traceback" and value:
        return "<traceback>"
    if field == "model_map_value" and value:
        value = {name: inner for name, inner in value.items() if inner is not None and name != "supported_openai_params"}
    if isinstance(value, str):
        return "<http date>" if field in ("date", "llm_provider-date") and value.endswith("GMT") else names.steady(value, now)
    if isinstance(value, dict):
        return {names.steady(name, now): steadied(inner, names, now, name) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [steadied(inner, names, now, field) for inner in value]
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return number(value, now, field)
    return value


def number(value, now, field):
    if MEASURED.get(field):
        return MEASURED[field]
    return "<unix>" if abs(value - now.timestamp()) < 100_000 else value
