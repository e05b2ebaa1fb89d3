#!/usr/bin/env python3
"""Writes what LiteLLM charges for calls of every kind: the fixture of `shared/wire/src/cost/tests.rs`.

Run with the Python that has `litellm==1.106.2`; the first argument is the fixture. It holds the usages, the options and
the models once, entries of the map as they stand there, and cases that name the former by place:
[model, work, usage, option, total, input, output, cache read, cache write, reasoning, tools] in USD, or null for the
total where LiteLLM cannot tell it. Models are chosen so that every provider, mode and price of the map occurs.
"""
import json
import os
import re
import sys
from datetime import datetime, timezone
from types import SimpleNamespace

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
import litellm  # noqa: E402
from litellm import cost_calculator  # noqa: E402
from litellm.litellm_core_utils.llm_cost_calc import utils as arithmetic  # noqa: E402
from litellm.llms.base_llm.ocr.transformation import OCRPage, OCRResponse, OCRUsageInfo  # noqa: E402
from litellm.types.rerank import RerankResponse  # noqa: E402
from litellm.types.utils import EmbeddingResponse, ImageObject, ImageResponse, ImageUsage  # noqa: E402
from litellm.types.utils import ImageUsageInputTokensDetails, LlmProvidersSet, ModelResponse, TranscriptionResponse  # noqa: E402
from litellm.types.utils import Usage  # noqa: E402

UNREAD = ("source", "metadata", "comment", "supported_endpoints", "supported_modalities", "supported_output_modalities",
          "supported_regions", "token_count_model", "search_free_requests")
WEEKDAY, NIGHT, SUNDAY = "2026-11-25T08:00:00", "2026-11-25T04:30:00", "2026-11-29T12:00:00"
MONDAY_IN_SHANGHAI = "2026-11-29T16:30:00"


def usage(prompt, completion, prompt_details=None, completion_details=None, **more):
    counts = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
    details = {"prompt_tokens_details": prompt_details, "completion_tokens_details": completion_details}
    return {**counts, **{name: value for name, value in details.items() if value}, **more}


def written(minutes, hour):
    split = {"ephemeral_5m_input_tokens": minutes, "ephemeral_1h_input_tokens": hour}
    return {"cache_write_tokens": minutes + hour, "cache_creation_token_details": split}


USAGES = {
    "plain": usage(1234, 567),
    "nothing": usage(0, 0),
    "cached": usage(1500, 300, {"cached_tokens": 700}),
    "all cached": usage(1000, 10, {"cached_tokens": 1000}),
    "written": usage(3000, 300, {"cached_tokens": 500, **written(700, 0)}),
    "written for an hour": usage(3000, 300, {"cached_tokens": 500, **written(400, 900)}),
    "written, unsplit": usage(3000, 300, {"cache_write_tokens": 800}),
    "anthropic": usage(3000, 300, cache_read_input_tokens=1000, cache_creation_input_tokens=500),
    "deepseek": usage(3000, 300, prompt_cache_hit_tokens=1000),
    "thinking": usage(800, 900, None, {"reasoning_tokens": 600}),
    "thinking within text": usage(800, 900, None, {"reasoning_tokens": 600, "text_tokens": 900}),
    "thinking apart": usage(800, 300, None, {"reasoning_tokens": 600, "text_tokens": 300}, total_tokens=1700),
    "audio": usage(2000, 800, {"audio_tokens": 900, "text_tokens": 1100}, {"audio_tokens": 500, "text_tokens": 300}),
    "cached audio": usage(
        2000, 100,
        {"audio_tokens": 900, "cached_tokens": 600, "cached_tokens_details": {"audio_tokens": 400, "text_tokens": 200}}),
    "images": usage(2000, 1300, {"image_tokens": 1200}, {"image_tokens": 1290}),
    "video": usage(5000, 100, {"video_tokens": 4000, "audio_tokens": 300}, {"video_tokens": 20}),
    "counted twice": usage(1000, 100, {"text_tokens": 1000, "cached_tokens": 400, "audio_tokens": 700}),
    "inconsistent": usage(100, 100, {"cached_tokens": 400}),
    "at 200k": usage(200000, 500, {"cached_tokens": 1000}),
    "above 100k": usage(100001, 500, {"cached_tokens": 1000, **written(100, 100)}),
    "above 128k": usage(128001, 128002),
    "above 200k": usage(200001, 500, {"cached_tokens": 1000, **written(100, 100)}, {"reasoning_tokens": 100}),
    "at 272k": usage(272000, 500),
    "above 272k": usage(272001, 500, {"cached_tokens": 1000, **written(100, 100)}, {"reasoning_tokens": 100}),
    "above 512k": usage(600000, 500, {"cached_tokens": 1000}),
    "step 1": usage(32000, 500, {"cached_tokens": 1000, "cache_write_tokens": 10}, {"reasoning_tokens": 100}),
    "step 2": usage(32001, 500, {"cached_tokens": 1000}, {"reasoning_tokens": 100}),
    "last step": usage(2000000, 500, {"cached_tokens": 1000}, {"reasoning_tokens": 100}),
    "served priority": usage(1500, 300, {"cached_tokens": 700}, None, service_tier="priority"),
    "served default": usage(1500, 300, {"cached_tokens": 700}, None, service_tier="default"),
    "fast in the us": usage(1500, 300, {"cached_tokens": 700}, None, speed="fast", inference_geo="us"),
    "searches of gemini": usage(500, 300, {"web_search_requests": 3}),
    "searches of anthropic": usage(500, 300, server_tool_use={"web_search_requests": 3}),
    "searches of xai": usage(500, 300, server_side_tool_usage_details={"web_search_calls": 3}),
    "searches of groq": usage(500, 300, server_tool_use={"web_search_requests": 2, "browser_open_requests": 4}),
    "maps": usage(500, 300, {"google_maps_grounding_requests": 2}),
    "stated": usage(500, 300, cost=0.0123),
    "citations": usage(500, 300, {"web_search_requests": 2}, {"reasoning_tokens": 100}, citation_tokens=70),
    "characters": usage(500, 0, {"character_count": 900, "text_tokens": 100}),
    "pictures": usage(0, 0, {"image_count": 3}),
    "film": usage(10, 0, {"video_length_seconds": 12.5, "video_tokens": 3}),
    "recording": usage(10, 0, {"audio_length_seconds": 7.25, "audio_tokens": 3}),
    "queries": usage(10, 0, {"query_count": 2}),
}
CHATS = ["plain", "cached", "written for an hour", "thinking", "above 200k", "above 272k"]
RARE = [name for name in USAGES if name not in CHATS and name not in ("characters", "pictures", "film", "recording", "queries")]
EMBEDDINGS = ["plain", "characters", "pictures", "film", "recording", "queries"]
OPTIONS = [{}, *({"tier": tier} for tier in ("flex", "priority", "balanced", "fast", "ultrafast", "auto", "default"))]
OPTIONS += [{"residency": "eu"}, {"residency": "us"}, {"location": "global"}, {"location": "us-east5"}]
OPTIONS += [{"at": NIGHT}, {"at": SUNDAY}, {"at": MONDAY_IN_SHANGHAI}, {"elapsed_ms": 2500}]
OPTIONS += [{"discount": {"openai": 0.05, "gemini": 0.125}}, {"margin": {"openai": 0.1}}, {"margin": {"global": 0.03}}]
OPTIONS += [{"margin": {"anthropic": {"percentage": 0.08, "fixed_amount": 0.0005}, "global": 0.5}}]
OPTIONS += [{"discount": {"anthropic": 0.2}, "margin": {"anthropic": 0.3}}]
OPTIONS += [{"context": context} for context in ("low", "medium", "high")]
OPTIONS += [{"base_model": "gpt-4o"}, {"base_model": "azure/gpt-4o"}, {"response_model": "gpt-4o-2024-08-06"}]
OPTIONS += [{"response_model": "nobody-knows"}, {"region": "us-east-1"}, {"region": "eu-central-1"}]
CUSTOM = [
    {"input_cost_per_token": 1e-6, "output_cost_per_token": 3e-6},
    {"input_cost_per_token": 1e-6, "output_cost_per_token": 3e-6, "cache_read_input_token_cost": 0},
    {"input_cost_per_token": 0, "output_cost_per_token": 0},
    {"input_cost_per_token": "2e-7", "output_cost_per_token": 3e-6, "cache_creation_input_token_cost": 5e-6},
    {"input_cost_per_second": 0.0005}, {"output_cost_per_second": 0.002}, {"cost_per_second": 1.5},
    {"output_cost_per_token": 9e-6},
    {"input_cost_per_token": 1e-6, "input_cost_per_token_above_200k_tokens": 2e-6, "output_cost_per_token": 3e-6},
    {"input_cost_per_token": 1e-6, "output_cost_per_token": 3e-6, "output_cost_per_reasoning_token": 7e-6,
     "input_cost_per_audio_token": 4e-6, "output_cost_per_audio_token": 5e-6, "input_cost_per_token_flex": 5e-7},
    {"output_cost_per_token": 3e-6, "input_cost_per_token": 1e-6,
     "tiered_pricing": [{"range": [0, 1000], "input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6},
                        {"range": [1000, 100000], "input_cost_per_token": 5e-6}]},
]
OPTIONS += [{"custom": custom, "elapsed_ms": 2500} for custom in CUSTOM]

models, cases, seen = [], [], set()


class Logging:
    """Keeps what LiteLLM would store."""

    def __init__(self, model):
        self.model, self.breakdown, self.litellm_params, self.model_call_details = model, {}, {}, {}

    def set_cost_breakdown(self, **parts):
        self.breakdown = parts

    def get_response_ms(self):
        return 0.0


def at(option):
    moment = datetime.fromisoformat(option.get("at", WEEKDAY)).replace(tzinfo=timezone.utc)
    arithmetic.current_billing_time = lambda: moment


def given(option, model, provider):
    """The arguments of `completion_cost` that an option stands for."""
    litellm.cost_discount_config, litellm.cost_margin_config = option.get("discount", {}), option.get("margin", {})
    at(option)
    arguments = {
        "optional_params": {"service_tier": option["tier"]} if "tier" in option else {},
        "data_residency": option.get("residency"), "vertex_location": option.get("location"),
        "total_time": option.get("elapsed_ms", 0.0), "base_model": option.get("base_model"),
        "region_name": option.get("region"),
    }
    if "context" in option:
        arguments["standard_built_in_tools_params"] = {"web_search_options": {"search_context_size": option["context"]}}
    if "custom" in option:
        name = "deployment-" + str(CUSTOM.index(option["custom"]))
        litellm.model_cost[name] = {key: float(value) if isinstance(value, str) else value
                                    for key, value in option["custom"].items()}
        litellm.utils._invalidate_model_cost_lowercase_map()
        arguments |= {"custom_pricing": True, "router_model_id": name}
    return arguments


def charge(model, provider, response, option, **more):
    logging = Logging(model)
    arguments = given(option, model, provider)
    try:
        total = cost_calculator.completion_cost(
            completion_response=response, model=model, custom_llm_provider=provider, litellm_logging_obj=logging,
            **{**arguments, **more})
    except Exception:  # LiteLLM raises bare exceptions for what it cannot price
        return [None]
    names = ("input_cost", "output_cost", "cache_read_cost", "cache_creation_cost", "reasoning_cost",
             "cost_for_built_in_tools_cost_usd_dollar")
    parts = [logging.breakdown.get(name) or 0 for name in names]
    return [total, *parts] if logging.breakdown else [total]


def place(model, provider):
    if [provider, model] not in models:
        models.append([provider, model])
    return models.index([provider, model])


def add(model, provider, work, name, option, result):
    key = json.dumps([model, provider, work, name, option])
    if key in seen:
        return
    seen.add(key)
    result = [0 if part == 0 else part for part in result]
    while len(result) > 1 and result[-1] == 0:
        result.pop()
    cases.append([place(model, provider), work, list(USAGES).index(name), OPTIONS.index(option), *result])


def chat(model, provider, name, option={}):
    answer = ModelResponse(model=option.get("response_model", model), usage=Usage(**USAGES[name]))
    if "context" in option:
        answer.choices[0].message.annotations = [{"type": "url_citation", "url_citation": {}}]
        work = ["searched"]
    else:
        work = ["tokens"]
    more = {"call_type": "acompletion"}
    add(model, provider, work, name, option, charge(model, provider, answer, option, **more))


def embedding(model, provider, name):
    answer = EmbeddingResponse(model=model, usage=Usage(**USAGES[name]))
    add(model, provider, ["embedding"], name, {}, charge(model, provider, answer, {}, call_type="aembedding"))


def batch(model, provider, name, option={}):
    arguments = given(option, model, provider)
    try:
        parts = cost_calculator.batch_cost_calculator(
            Usage(**USAGES[name]), model, provider, data_residency=arguments["data_residency"],
            vertex_location=arguments["vertex_location"])
        result = [sum(parts)]
    except Exception:
        result = [None]
    add(model, provider, ["batch"], name, option, result)


def images(model, provider, work):
    count, size, quality, resolution, tokens = work[1:]
    counted = None
    if tokens:
        details = ImageUsageInputTokensDetails(image_tokens=100, text_tokens=134)
        counted = ImageUsage(input_tokens=234, input_tokens_details=details, output_tokens=1056, total_tokens=1290)
    answer = ImageResponse(data=[ImageObject(b64_json="")] * count, usage=counted)
    optional = {name: value for name, value in (("size", size), ("quality", quality), ("resolution", resolution)) if value}
    if provider == "fal_ai" and size:
        width, height = (int(part.strip("-")) for part in size.split("x"))
        optional["image_size"] = {"width": width, "height": height}
    result = charge(model, provider, answer, {}, call_type="aimage_generation", optional_params=optional)
    add(model, provider, work, "nothing", {}, result)


def video(model, provider, seconds, resolution, count):
    answer = SimpleNamespace(usage={"duration_seconds": seconds, "video_resolution": resolution, "video_count": count})
    result = charge(model, provider, answer, {}, call_type="acreate_video")
    add(model, provider, ["video", seconds, resolution, count], "nothing", {}, result)


def speech(model, provider, characters):
    result = charge(model, provider, None, {}, call_type="aspeech", prompt="x" * characters)
    add(model, provider, ["speech", characters], "nothing", {}, result)


def transcription(model, provider, seconds, name):
    answer = TranscriptionResponse(text="said")
    answer._hidden_params = {"audio_transcription_duration": seconds}
    if name != "nothing":
        answer.usage = Usage(**USAGES[name])
    result = charge(model, provider, answer, {}, call_type="atranscription")
    add(model, provider, ["transcription", seconds], name, {}, result)


def rerank(model, provider, units, tokens):
    answer = RerankResponse(id="r", results=[], meta={"billed_units": {"search_units": units, "total_tokens": tokens}})
    result = charge(model, provider, answer, {}, call_type="arerank")
    add(model, provider, ["rerank", units, tokens], "nothing", {}, result)


def pages(model, provider, count, annotated, credits):
    counted = OCRUsageInfo(pages_processed=count, pages_processed_annotation=annotated, credits=credits)
    answer = OCRResponse(pages=[OCRPage(index=0, markdown="")], model=model, usage_info=counted)
    result = charge(model, provider, answer, {}, call_type="aocr")
    add(model, provider, ["pages", count, annotated, credits], "nothing", {}, result)
    if credits is None:
        result = [sum(cost_calculator.ocr_batch_cost(model, provider, counted))]
        add(model, provider, ["batch pages", count, annotated], "nothing", {}, result)


def search(model, provider, queries, results):
    optional = {"query": ["q"] * queries, "max_results": results}
    result = charge(model, provider, SimpleNamespace(), {}, call_type="asearch", optional_params=optional)
    add(model, provider, ["search", queries, results], "nothing", {}, result[:1])


def served_by(entry):
    """The provider that a deployment of this entry would name, if it is one that LiteLLM serves."""
    provider = entry["litellm_provider"]
    for family in ("vertex_ai", "fireworks_ai", "bedrock_converse", "cohere_chat"):
        if provider.startswith(family + "-") or provider == family:
            provider = {"bedrock_converse": "bedrock"}.get(family, family)
    if entry.get("mode") == "search":
        return provider
    return provider if provider in LlmProvidersSet and provider not in ("huggingface", "ollama", "ollama_chat") else None


def chosen(entries):
    """The first models of every provider, mode and set of prices, and of every price there is."""
    kept, kinds = {}, {}
    for name, entry in entries.items():
        provider = served_by(entry)
        if provider is None or entry.get("mode") is None or re.search(r"\d+-x-|\d+x\d+/|commitment", name):
            continue
        prices = tuple(sorted(field for field in entry if "cost" in field or "pricing" in field or "uplift" in field))
        marks = [(provider, entry["mode"], prices[:3]), ("all", prices)]
        marks += [(field, entry["mode"]) for field in prices]
        marks += [(field, provider) for field in prices]
        marks += [("entry", json.dumps(entry.get("provider_specific_entry"))), ("unit", entry.get("web_search_billing_unit"))]
        if any(kinds.get(mark, 0) < 1 for mark in marks):
            kept[name] = (provider, entry)
            for mark in marks:
                kinds[mark] = kinds.get(mark, 0) + 1
    return kept


def bare(name, provider):
    return name.removeprefix(provider + "/")


def by_mode(name, provider, entry):
    mode, model = entry["mode"], bare(name, provider)
    if mode in ("chat", "completion", "responses", "realtime"):
        for kind in CHATS:
            chat(model, provider, kind)
        if any("batches" in field for field in entry):
            for kind in ("plain", "cached", "written", "images", "audio", "above 200k", "above 272k"):
                batch(model, provider, kind)
        for tier in ("flex", "priority", "balanced", "ultrafast"):
            if any(tier in field for field in entry):
                chat(model, provider, "above 272k", {"tier": tier})
                chat(model, provider, "written", {"tier": tier})
                chat(model, provider, "thinking", {"tier": tier})
        if any("audio" in field for field in entry):
            chat(model, provider, "audio")
            chat(model, provider, "audio", {"tier": "priority"})
            chat(model, provider, "cached audio")
        if any("image_token" in field or "video_token" in field for field in entry):
            chat(model, provider, "images")
            chat(model, provider, "video")
        if "tiered_pricing" in entry:
            for kind in ("step 1", "step 2", "last step", "nothing"):
                chat(model, provider, kind)
        if "off_peak_pricing" in entry:
            for moment in (NIGHT, SUNDAY, MONDAY_IN_SHANGHAI):
                chat(model, provider, "cached", {"at": moment})
        if "search_context_cost_per_query" in entry or "google_maps_grounding_cost_per_query" in entry:
            for kind in ("searches of gemini", "searches of anthropic", "maps"):
                chat(model, provider, kind)
            for context in ("low", "medium", "high"):
                chat(model, provider, "plain", {"context": context})
        for option in ({"residency": "eu"}, {"residency": "us"}):
            if any("processing_uplift" in field for field in entry):
                chat(model, provider, "written", option)
        for option in ({"location": "global"}, {"location": "us-east5"}):
            if "regional_endpoint_uplift_multiplier" in entry:
                chat(model, provider, "written", option)
        if any(field.endswith("cost_per_second") for field in entry):
            chat(model, provider, "plain", {"elapsed_ms": 2500})
        if "provider_specific_entry" in entry:
            chat(model, provider, "fast in the us")
    elif mode == "embedding":
        for kind in EMBEDDINGS:
            embedding(model, provider, kind)
        batch(model, provider, "plain")
    elif mode in ("image_generation", "image_edit"):
        for work in ([2, None, None, None, False], [1, "1024x1024", "high", None, False], [1, None, None, None, True],
                     [1, None, None, "2K", False], [3, "512x512", "low", None, False]):
            images(model, provider, ["images", *work])
    elif mode == "video_generation":
        for seconds, resolution, count in ((5, None, 1), (7.5, "720p", 2), (4, "1080P", 1), (10, "4k", 1)):
            video(model, provider, seconds, resolution, count)
    elif mode == "audio_speech" and (entry.get("input_cost_per_character") or "lyria" in name):
        speech(model, provider, 1234)
    elif mode == "audio_transcription":
        for kind in ("nothing", "audio", "plain"):
            transcription(model, provider, 61.7, kind)
    elif mode == "rerank":
        rerank(model, provider, 3, 4567)
        rerank(model, provider, None, None)
    elif mode == "ocr":
        for work in ((7, 0, None), (7, 3, None), (2, 0, 4.5)):
            pages(model, provider, *work)
    elif mode == "search":
        for queries, results in ((1, 10), (3, 26), (2, 500)):
            search(name, provider, queries, results)


FULL = [
    ("gpt-4o", "openai"), ("gpt-6-astra", "openai"), ("gpt-5", "openai"), ("claude-sonnet-4-5", "anthropic"),
    ("claude-opus-5-5", "anthropic"), ("gpt-audio", "openai"), ("gpt-realtime-2.1-mini", "openai"), ("gemini-2.5-pro", "gemini"),
    ("gemini-2.5-flash", "vertex_ai"), ("gemini-3-pro-preview", "vertex_ai"), ("claude-sonnet-4-5", "vertex_ai"),
    ("anthropic.claude-sonnet-4-5-20250929-v1:0", "bedrock"), ("gpt-4o", "azure"), ("grok-4.20-0309-reasoning", "xai"),
    ("deepseek-v4-pro", "deepseek"), ("qwen-plus-2025-04-28", "dashscope"), ("sonar-pro", "perplexity"),
    ("sonar-deep-research", "perplexity"), ("openai/gpt-oss-120b", "groq"), ("mistral-large-latest", "mistral"),
    ("accounts/fireworks/models/deepseek-v3p1", "fireworks_ai"), ("command-a-03-2025", "cohere_chat"),
    ("MiniMax-M3", "minimax"), ("gpt-4.1", "azure_ai"), ("deepseek-v4-pro-0813", "tencent"),
]
NAMES = [
    ("openai/openai/gpt-4o", "openai"), ("GPT-4o", "openai"), ("gpt-4o-2024-08-06", "openai"), ("gpt-4o-2031-01-01", "openai"),
    ("ft:gpt-4o-2024-08-06:org::id", "openai"), ("ft:gpt-3.5-turbo:my-org:custom_suffix:id", "openai"), ("nobody-knows", "openai"),
    ("gpt-7-next", "openai"), ("claude-newfamily-7-1", "anthropic"), ("claude-sonnet-4-5-20250929", "anthropic"),
    ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "bedrock"), ("converse/us.anthropic.claude-sonnet-4-5-20250929-v1:0", "bedrock"),
    ("invoke/anthropic.claude-3-haiku-20240307-v1:0", "bedrock"), ("anthropic.claude-3-5-sonnet-20241022-v2:0:51k", "bedrock"),
    ("us.anthropic.claude-opus-4-6-v1[1m]", "bedrock"), ("us-east-1/anthropic.claude-3-haiku-20240307-v1:0", "bedrock"),
    ("eu-west-3/mistral.mistral-7b-instruct-v0:2", "bedrock"), ("mistral.mistral-7b-instruct-v0:2", "bedrock"),
    ("apac.amazon.nova-lite-v1:0", "bedrock"), ("nova/arn:aws:bedrock:us-east-1:1:custom-model/x", "bedrock"),
    ("gemini-2.5-pro-001", "gemini"), ("gemini-2.5-flash-009", "vertex_ai"), ("llama-3.1-405b-instruct-maas", "vertex_ai"),
    ("meta/llama-3.1-405b-instruct-maas", "vertex_ai"), ("mistral-large", "vertex_ai"), ("codestral", "vertex_ai"),
    ("claude-sonnet-4-5@20250929", "vertex_ai"), ("deepseek-ai/deepseek-v3.1-maas", "vertex_ai"), ("vertex/claude-opus-5", "vertex_ai"),
    ("gpt-35-turbo", "azure"), ("gpt-4o-2024-11-20", "azure"), ("eu/gpt-4o-2024-08-06", "azure"), ("my-deployment", "azure"),
    ("claude-sonnet-4-5", "azure_ai"), ("gpt-4o", "azure_ai"), ("azure-model-router", "azure_ai"), ("model_router", "azure_ai"),
    ("databricks-claude-opus-4", "databricks"), ("mixtral-8x7b-instruct-v0.1", "databricks"), ("dbrx-instruct-071224", "databricks"),
    ("together_ai/meta-llama/Unknown-70B", "together_ai"), ("some/model-7b", "together_ai"), ("some/model-405b", "together_ai"),
    ("meta-llama/Llama-3.3-70B-Instruct-Turbo", "together_ai"), ("deepseek-v3p1", "fireworks_ai"), ("mixtral-8x22b-odd", "fireworks_ai"),
    ("model-3b-odd", "fireworks_ai"), ("model-13b-odd", "fireworks_ai"), ("model-70b-odd", "fireworks_ai"), ("odd", "fireworks_ai"),
    ("openai/gpt-4o", "openrouter"), ("anthropic/claude-sonnet-4.5", "openrouter"), ("perplexity/sonar", "perplexity"),
    ("gpt-4o", "github"), ("gpt-4o", "litellm_proxy"), ("anything", "lemonade"), ("gpt-4o", "groq"), ("grok-4-latest", "xai"),
    ("us-east-1/anthropic.claude-opus-5-5", "bedrock_mantle"), ("anthropic.claude-sonnet-5", "bedrock_mantle"),
]
SIZES = [("dall-e-3", "openai"), ("dall-e-2", "openai"), ("gpt-image-1", "openai"), ("dall-e-3", "azure"), ("gpt-image-1-mini", "azure"),
         ("stability.stable-diffusion-xl-v1", "bedrock"), ("amazon.nova-canvas-v1:0", "bedrock"), ("fal-ai/nano-banana-2", "fal_ai"),
         ("openai/gpt-image-2", "fal_ai"), ("gpt-image-1.5", "openai"), ("dall-e-3", "aiml")]


def main(path):
    with open(os.path.join(os.path.dirname(litellm.__file__), "model_prices_and_context_window_backup.json")) as file:
        entries = json.load(file)
    del entries["sample_spec"], entries["fallback_generalizations"]
    for name, (provider, entry) in chosen(entries).items():
        by_mode(name, provider, entry)
    for model, provider in FULL:
        for kind in CHATS + RARE:
            chat(model, provider, kind)
        for option in OPTIONS:
            if "region" not in option or provider == "bedrock":
                chat(model, provider, "written for an hour", option)
    for option in OPTIONS:
        if "custom" in option:
            for model, provider in (("gpt-4o", "openai"), ("mine", "hosted_vllm"), ("claude-sonnet-4-5", "anthropic")):
                for kind in ("plain", "cached", "above 200k", "thinking", "audio"):
                    chat(model, provider, kind, option)
    for model, provider in NAMES:
        chat(model, provider, "cached")
        if provider == "bedrock" and "/" not in model:
            chat(model, provider, "plain", {"region": "us-east-1"})
    for model, provider in SIZES:
        for size in ("1024x1024", "1024x1792", "1792-x-1024", "512x512", "256x256"):
            for quality in (None, "hd", "low", "high"):
                images(model, provider, ["images", 2, size, quality, None, False])
    kept = {name: {field: value for field, value in entry.items() if field not in UNREAD}
            for name, (_, entry) in list(chosen(entries).items())[::2]}
    with open(path, "w") as file:
        rows = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
        head = {"models": models, "usages": list(USAGES.values()), "names": list(USAGES), "options": OPTIONS, "entries": kept}
        text = ",\n".join(f"{json.dumps(name)}: {json.dumps(value, separators=(',', ':'))}" for name, value in head.items())
        file.write("{\n" + text + ',\n"cases": [\n' + rows + "\n]\n}\n")
    print(len(cases), "cases,", len(models), "models,", sum(case[4] is None for case in cases), "not mapped")


if __name__ == "__main__":
    main(sys.argv[1])
