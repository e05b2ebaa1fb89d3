"""Records the ids LiteLLM gives to deployments, for shared/core/src/config/tests/deployment_ids.json.

Needs `pip install 'litellm[proxy]==1.106.2'`. Loads each case as LiteLLM's own proxy does.
"""

import asyncio
import contextlib
import io
import json
import os
import pathlib
import sys
import tempfile

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
VARIABLES = {"RECORDED_KEY": "sk-recorded", "RECORDED_FLAG": "True", "RECORDED_NUMBER": "600", "RECORDED_UNICODE": "schlüssel"}
os.environ.update(VARIABLES)

PARAMS = {
    "plain": "model: openai/gpt-4o\napi_key: sk-1",
    "order of keys": "api_key: sk-1\nmodel: openai/gpt-4o",
    "integers, floats and flags": "model: openai/gpt-4o\nmax_retries: 3\ntimeout: 60.5\nstream_timeout: 10.0\ndrop_params: true\nstream: no",
    "null": "model: openai/gpt-4o\napi_key:\napi_base: null\norganization: ~",
    "quoted numbers": "model: openai/gpt-4o\ntimeout: '600'\nmax_retries: \"2\"\napi_version: '2024-02-01'",
    "small and large floats": "model: openai/gpt-4o\ninput_cost_per_token: 0.00000015\noutput_cost_per_token: 1.5e-05\ntop_p: 1.0e+16\ntemperature: 123456789012345680.0\nx: 1e-3\ny: 0.0001",
    "a map": "model: openai/gpt-4o\nextra_headers: {X-One: a, X-Two: \"ü\"}\nextra_body: {a: 1, b: 2.5, c: [true, null, 'x'], d: {e: 1e3}}",
    "a list": "model: openai/gpt-4o\ntags: [free, \"it's\", 'say \"hi\"', \"both ' and \\\"\"]\nadditional_drop_params: []\nmixed: [1, 2.0, true, null, {a: b, 1: x}]",
    "references": "model: openai/gpt-4o\napi_key: os.environ/RECORDED_KEY\ndrop_params: os.environ/RECORDED_FLAG\ntimeout: os.environ/RECORDED_NUMBER\napi_base: os.environ/RECORDED_UNSET",
    "references in a map": "model: openai/gpt-4o\nextra_headers: {Authorization: os.environ/RECORDED_KEY, Name: os.environ/RECORDED_UNICODE}",
    "unicode": "model: openai/gpt-4o\napi_key: schlüssel-鍵-🔑\nextra_body: {text: \"鍵🔑\\n\\t\\u0001\"}\ntags: [\"鍵🔑\", \"tab\\t\", \"nul\\u0001\\u00a0\\u200b\"]",
    "another provider": "model: claude-haiku-4-5\ncustom_llm_provider: anthropic\napi_key: sk-ant",
    "unknown keys": "model: openai/gpt-4o\nmy_own: 1\nanother: [a]",
    "a credential": "model: openai/gpt-4o\nlitellm_credential_name: shared",
    "yaml 1.1 scalars": "model: openai/gpt-4o\nx_a: 0x1F\nx_b: 010\nx_c: 1_000\nx_d: 1:30\nx_e: on\nx_f: .inf\nx_g: 1e3\nx_h: -.5\nx_i: +12\nx_j: 0b101\nx_k: 1_0.5\nx_l: -0.0\nx_m: .nan\nx_n: 1:30.5",
    "keys that are no strings": "model: openai/gpt-4o\nlogit_bias: {50256: -100, true: 1, null: 2, 1.5: 3}",
    "long strings": "model: openai/gpt-4o\nfolded: >\n  one\n  two\nliteral: |\n  one\n  two\nstripped: |-\n  one\n",
    "limits": "model: openai/gpt-4o\ntpm: 100000\nrpm: 1000\nweight: 2\norder: 1\nmax_parallel_requests: 10",
}


def indent(text, spaces):
    return "\n".join(" " * spaces + line for line in text.splitlines())


def documents():
    for claim, params in PARAMS.items():
        yield claim, "model_list:\n  - model_name: group\n    litellm_params:\n" + indent(params, 6) + "\n"
    plain = "model: openai/gpt-4o, api_key: sk-1"
    yield "limits of the entry do not count", f"model_list:\n  - {{model_name: group, tpm: 5, rpm: 6, litellm_params: {{{plain}}}}}\n"
    yield "another group", f"model_list:\n  - {{model_name: grüppe, litellm_params: {{{plain}}}}}\n"
    yield "a given id", f"model_list:\n  - {{model_name: group, litellm_params: {{{plain}}}, model_info: {{id: mine}}}}\n"
    yield "a given number", f"model_list:\n  - {{model_name: group, litellm_params: {{{plain}}}, model_info: {{id: 7}}}}\n"
    yield "other model_info does not count", f"model_list:\n  - {{model_name: group, litellm_params: {{{plain}}}, model_info: {{mode: chat}}}}\n"
    yield (
        "an anchor and a merge key",
        "shared: &shared {api_key: sk-1, timeout: 5}\nmodel_list:\n"
        "  - model_name: group\n    litellm_params:\n      model: openai/gpt-4o\n      <<: *shared\n      timeout: 6\n",
    )
    yield (
        "a list of merge keys",
        "one: &one {api_key: sk-1, a: 1}\ntwo: &two {api_key: sk-2, b: 2}\nmodel_list:\n"
        "  - model_name: group\n    litellm_params:\n      <<: [*one, *two]\n      model: openai/gpt-4o\n",
    )
    yield "a list of organizations", f"model_list:\n  - {{model_name: group, litellm_params: {{{plain}, organization: [one, two]}}}}\n"


async def recorded(text):
    from litellm.proxy.proxy_server import ProxyConfig

    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "config.yaml")
        path.write_text(text, encoding="utf-8")
        with contextlib.redirect_stdout(io.StringIO()):
            router, _, _ = await ProxyConfig().load_config(router=None, config_file_path=str(path))
    return [model["model_info"]["id"] for model in router.model_list]


async def record():
    cases = [{"claim": claim, "yaml": text, "ids": await recorded(text)} for claim, text in documents()]
    return {"variables": VARIABLES, "cases": cases}


if __name__ == "__main__":
    json.dump(asyncio.run(record()), sys.stdout, indent=2, ensure_ascii=False)
    print()
