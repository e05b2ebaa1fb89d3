"""Whether a request has the shape its provider documents. Knows no provider.

A rule is a type, a set of values, a dict of fields ("name!" is required, the others may be absent), a list with one
rule for its items, a tuple of rules of which one must hold, or a function that raises Refused.
A field that the rule does not name is refused, as are nulls: that is how a wrong translation shows.
"""

import base64
import binascii


class Refused(Exception):
    """What the provider would not take, with the status of its answer."""

    def __init__(self, message, status=400):
        super().__init__(message)
        self.status = status


def check(value, rule, path="body"):
    """Raises Refused with the place of the first thing that is not as the rule has it."""
    if isinstance(rule, dict):
        check_object(value, rule, path)
    elif isinstance(rule, list):
        check_type(value, list, path)
        for position, item in enumerate(value):
            check(item, rule[0], f"{path}.{position}")
    elif isinstance(rule, tuple):
        check_one_of(value, rule, path)
    elif isinstance(rule, (set, frozenset)):
        if not isinstance(value, (str, int, bool)) or value not in rule:
            raise Refused(f"{path}: {value!r} is not one of {sorted(rule, key=str)}")
    elif isinstance(rule, type):
        check_type(value, rule, path)
    else:
        rule(value, path)


def check_type(value, kind, path):
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise Refused(f"{path}: {value!r} is no {kind.__name__}")


def check_object(value, rule, path):
    check_type(value, dict, path)
    known = {name.removesuffix("!") for name in rule}
    unknown = sorted(set(value) - known)
    if unknown:
        raise Refused(f"{path}.{unknown[0]}: extra fields are not permitted")
    for name, inner in rule.items():
        field = name.removesuffix("!")
        if field in value:
            check(value[field], inner, f"{path}.{field}")
        elif name.endswith("!"):
            raise Refused(f"{path}.{field}: field required")


def check_one_of(value, rules, path):
    failures = []
    for rule in rules:
        try:
            return check(value, rule, path)
        except Refused as failure:
            failures.append(str(failure))
    # The longest place is that of the rule that came furthest.
    raise Refused(max(failures, key=lambda text: text.split(":")[0].count(".")))


def filled(value, path):
    """Text that is not empty."""
    check_type(value, str, path)
    if not value:
        raise Refused(f"{path}: must not be empty")


def decoded(text):
    """Bytes of base64 in the standard alphabet, padded."""
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as failure:
        raise Refused(f"{text[:20]!r} is no base64: {failure}") from failure


def tagged(tag, rules):
    """An object whose field `tag` names the rule for the whole of it."""

    def rule(value, path):
        check_type(value, dict, path)
        if value.get(tag) not in rules:
            raise Refused(f"{path}.{tag}: {value.get(tag)!r} is not one of {sorted(rules)}")
        check(value, {f"{tag}!": str, **rules[value[tag]]}, path)

    return rule


def keyed(rules):
    """An object with exactly one field, which names its rule (a union as Bedrock and Gemini write it)."""

    def rule(value, path):
        check_type(value, dict, path)
        if len(value) != 1 or next(iter(value)) not in rules:
            raise Refused(f"{path}: one of {sorted(rules)} is wanted, not {sorted(value)}")
        name = next(iter(value))
        check(value[name], rules[name], f"{path}.{name}")

    return rule


def object_schema(value, path):
    """A JSON schema of an object, as tools declare their arguments."""
    check_type(value, dict, path)
    if value.get("type") != "object":
        raise Refused(f"{path}.type: 'object' is wanted")
    check_type(value.get("properties", {}), dict, f"{path}.properties")


def strict_schema(value, path):
    """A schema as strict outputs want it: closed, with every property required."""
    if isinstance(value, list):
        for position, item in enumerate(value):
            strict_schema(item, f"{path}.{position}")
    if not isinstance(value, dict):
        return
    if value.get("type") == "object":
        if value.get("additionalProperties") is not False:
            raise Refused(f"{path}: 'additionalProperties' is required to be supplied and to be false")
        missing = set(value.get("properties", {})) - set(value.get("required", []))
        if missing:
            raise Refused(f"{path}: 'required' must name every property, misses {sorted(missing)}")
    for name, inner in value.items():
        strict_schema(inner, f"{path}.{name}")
