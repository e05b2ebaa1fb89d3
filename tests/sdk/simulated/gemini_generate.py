"""Gemini's generateContent and embeddings. Knows no other provider.

Fields: https://ai.google.dev/api/generate-content; signatures: https://ai.google.dev/gemini-api/docs/thought-signatures.
"""

import base64
import json
import re

import script
from shape import Refused, check, check_type, decoded, filled
from script import Asked, Turn

KEY = {"x-goog-api-key": "gemini-key"}
STATUSES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}
# The dummy that Google documents for histories of other models.
NO_SIGNATURE = base64.b64encode(b"skip_thought_signature_validator").decode()
# Google's own name for the same dummy may also come unencoded.
SIGNATURES = {script.SIGNATURE, NO_SIGNATURE, "skip_thought_signature_validator"}
KEYWORDS = {
    "type", "format", "title", "description", "nullable", "enum", "items", "maxItems", "minItems", "properties", "required",
    "minProperties", "maxProperties", "minLength", "maxLength", "pattern", "example", "anyOf", "propertyOrdering", "default",
    "minimum", "maximum",
}  # fmt: skip
# What holds a client's own data: its keys are no field names.
OPAQUE = {"parameters", "parametersJsonSchema", "responseSchema", "responseJsonSchema", "args", "response", "labels"}


def open_schema(value, path):
    """A schema in the subset of OpenAPI that Gemini reads."""
    check_type(value, dict, path)
    unknown = sorted(set(value) - KEYWORDS)
    if unknown:
        raise Refused(f'Invalid JSON payload received. Unknown name "{unknown[0]}" at \'{path}\': Cannot find field.')
    for name, inner in value.get("properties", {}).items():
        open_schema(inner, f"{path}.properties.{name}")
    for position, inner in enumerate(value.get("anyOf", [])):
        open_schema(inner, f"{path}.any_of.{position}")
    if "items" in value:
        open_schema(value["items"], f"{path}.items")


BLOB = {"mimeType!": filled, "data!": filled}
PART = {
    "text": str,
    "inlineData": BLOB,
    "fileData": {"mimeType": filled, "fileUri!": filled},
    "functionCall": {"name!": filled, "args": dict, "id": filled},
    "functionResponse": {"name!": filled, "response!": dict, "id": filled, "parts": [{"inlineData!": BLOB}]},
    "thought": bool,
    "thoughtSignature": filled,
}
DECLARATION = {
    "name!": filled,
    "description": str,
    "parameters": open_schema,
    "parametersJsonSchema": dict,
    "response": open_schema,
    "responseJsonSchema": dict,
    "behavior": {"BLOCKING", "NON_BLOCKING"},
}
CALLING = {"mode": {"AUTO", "ANY", "NONE", "VALIDATED"}, "allowedFunctionNames": [str]}
THINKING = {
    "includeThoughts": bool,
    "thinkingBudget": int,
    "thinkingLevel": {"minimal", "low", "medium", "high", "MINIMAL", "LOW", "MEDIUM", "HIGH"},
}
GENERATION = {
    "temperature": float,
    "topP": float,
    "topK": float,
    "candidateCount": int,
    "maxOutputTokens": int,
    "stopSequences": [str],
    "presencePenalty": float,
    "frequencyPenalty": float,
    "responseMimeType": {"text/plain", "application/json"},
    "responseSchema": open_schema,
    "responseJsonSchema": dict,
    "seed": int,
    "responseModalities": [str],
    "thinkingConfig": THINKING,
}
BODY = {
    "model": filled,
    "contents!": [{"role": {"user", "model"}, "parts!": [PART]}],
    "systemInstruction": {"role": str, "parts!": [{"text!": str}]},
    "tools": [{"functionDeclarations!": [DECLARATION]}],
    "toolConfig": {"functionCallingConfig": CALLING},
    "generationConfig": GENERATION,
    "safetySettings": [{"category!": str, "threshold!": str}],
}


def camel(value):
    """Either spelling of a field is read, as protobuf's JSON has it."""
    if isinstance(value, list):
        return [camel(item) for item in value]
    if not isinstance(value, dict):
        return value
    renamed = {re.sub("_([a-z])", lambda found: found[1].upper(), name): inner for name, inner in value.items()}
    return {name: inner if name in OPAQUE else camel(inner) for name, inner in renamed.items()}


def read(body, path):
    model, _, action = path.rpartition("/")[2].partition(":")
    body = camel(body)
    check(body, BODY)
    if not body["contents"]:
        raise Refused("contents is not specified")
    generation = body.get("generationConfig", {})
    schema = generation.get("responseSchema") or generation.get("responseJsonSchema")
    if schema and generation.get("responseMimeType") != "application/json":
        raise Refused("a response schema wants response_mime_type application/json")
    turns = [turn(content) for content in body["contents"]]
    calls_are_answered(turns)
    if model.startswith("gemini-3"):
        signatures_come_back(body["contents"])
    mode = body.get("toolConfig", {}).get("functionCallingConfig", {}).get("mode")
    declared = [tool for group in body.get("tools", []) for tool in group["functionDeclarations"]]
    if mode == "ANY" and not declared:
        raise Refused("Function calling config is set without function_declarations.")
    return Asked(
        model=model,
        turns=turns,
        tools=[tool["name"] for tool in declared],
        forced=mode == "ANY",
        schema=schema,
        thinking=generation.get("thinkingConfig", {}).get("includeThoughts", False),
        stream=action == "streamGenerateContent",
    )


def turn(content):
    read_turn = Turn("assistant" if content.get("role") == "model" else "user")
    for part in content["parts"]:
        kinds = set(part) - {"thought", "thoughtSignature"}
        if len(kinds) != 1:
            raise Refused(f"contents.parts: one kind of data is wanted, not {sorted(kinds)}")
        if "inlineData" in part:
            # Either alphabet is read: Google's SDKs write the URL-safe one.
            data = decoded(part["inlineData"]["data"].replace("-", "+").replace("_", "/"))
            read_turn.images.append((part["inlineData"]["mimeType"], data))
        elif "functionCall" in part:
            call = part["functionCall"]
            read_turn.calls.append(script.Call(call.get("id"), call["name"], call.get("args", {})))
        elif "functionResponse" in part:
            told = part["functionResponse"]["response"]
            text = next(iter(told.values())) if len(told) == 1 else json.dumps(told, ensure_ascii=False)
            read_turn.results.append((None, part["functionResponse"]["name"], str(text)))
        elif not part.get("thought"):
            read_turn.text += part.get("text", "")
    return read_turn


def calls_are_answered(turns):
    """As many responses as calls, directly after them, by name."""
    wanted = []
    for each in turns:
        told = [result[1] for result in each.results]
        if wanted and told != wanted:
            raise Refused(f"the number of function response parts must equal the function call parts: {wanted}, {told}")
        if told and not wanted:
            raise Refused("function response turn comes immediately after a function call turn")
        wanted = [call.name for call in each.calls]


def signatures_come_back(contents):
    """Gemini 3 wants the signature of the first call of each step of the current turn."""
    for content in contents:
        called = [part for part in content["parts"] if "functionCall" in part]
        if called and called[0].get("thoughtSignature") not in SIGNATURES:
            raise Refused("Function call is missing a thought_signature in functionCall parts.")


def call_id(_number):
    return None


def usage(reply):
    thoughts = {"thoughtsTokenCount": script.THOUGHTS} if reply.thought else {}
    return {
        "promptTokenCount": script.READ,
        "cachedContentTokenCount": script.CACHED,
        "candidatesTokenCount": script.WRITTEN - (script.THOUGHTS if reply.thought else 0),
        "totalTokenCount": script.READ + script.WRITTEN,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": script.READ}],
        "cacheTokensDetails": [{"modality": "TEXT", "tokenCount": script.CACHED}],
        **thoughts,
    }


def call_parts(reply):
    parts = [{"functionCall": {"name": call.name, "args": call.arguments}} for call in reply.calls]
    if parts:
        parts[0]["thoughtSignature"] = script.SIGNATURE
    return parts


def chunk(request, reply, parts, finish=None):
    candidate = {"content": {"role": "model", "parts": parts}, "index": 0}
    if finish:
        candidate["finishReason"] = finish
    known = {"usageMetadata": usage(reply), "modelVersion": request.model, "responseId": "scripted"}
    return {"candidates": [candidate], **known}


def finish_of(reply):
    return "MAX_TOKENS" if reply.finish == "length" else "STOP"


def answer(request, reply):
    parts = [{"text": reply.thought, "thought": True}] if reply.thought else []
    if reply.text:
        parts.append({"text": reply.text})
    return chunk(request, reply, parts + call_parts(reply), finish_of(reply))


def stream(request, reply):
    def event(parts, finish=None):
        return f"data: {json.dumps(chunk(request, reply, parts, finish), ensure_ascii=False)}\r\n\r\n".encode()

    for piece in script.Reply(reply.thought).pieces():
        yield event([{"text": piece, "thought": True}])
    for piece in reply.pieces():
        yield event([{"text": piece}])
    if reply.calls:
        yield event(call_parts(reply))
    yield event([{"text": ""}], finish_of(reply))


STREAM_TYPE = "text/event-stream"


def error(status, message=None):
    text = message or "Resource has been exhausted (e.g. check quota)."
    known = {"code": status, "message": text, "status": STATUSES.get(status, "UNKNOWN")}
    if status == 429:
        known["details"] = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "7s"}]
    return {"error": known}, {}
