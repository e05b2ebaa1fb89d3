"""Records the keys LiteLLM knows and how PyYAML reads scalars, for shared/core/src/config/tests/.

Needs `pip install 'litellm[proxy]==1.106.2'`. Writes known_keys.json and scalars.json into the folder given.
"""

import ast
import inspect
import json
import os
import pathlib
import re
import sys

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

import litellm  # noqa: E402
import yaml  # noqa: E402
from litellm.constants import OPENAI_CHAT_COMPLETION_PARAMS, ROUTER_SETTINGS_MANAGED_OUTSIDE_CONFIG  # noqa: E402
from litellm.proxy._types import ConfigGeneralSettings  # noqa: E402
from litellm.types.router import LiteLLM_Params, LiteLLMParamsTypedDict, ModelInfo  # noqa: E402
from litellm.types.utils import ModelInfoBase, all_litellm_params  # noqa: E402

SCALARS = """~ null Null NULL nUll yes Yes YES yEs no No on On OFF off true True TRUE tRue false y n
0 1 -1 +1 007 010 08 0o10 0x1F 0xG 0b101 0b2 1_000 _1 1_ 0_1 1__0 12345678901234567890 1:30 1:60 190:20:30 0:30 -1:30
1.0 1. .5 -.5 +.5 ._5 1.5e3 1.5e+3 1.5e-3 1.5E+3 1e3 1e+3 1.e+3 .5e+3 1_0.5_0 0.0 -0.0 1:30.5 1:30. 01:30.5 -1:30.5
.inf .Inf .INF -.inf +.inf .iNf .nan .NaN .NAN -.nan inf nan 1.2.3 1,000 1e-6 0.00000015 1.0e+16 123456789012345680.0
0.0001 0.00001 - + -- +- 0x 0b 0 00 0.1e 0.1e+ 1.0.0 127.0.0.1 gpt-4 a:b http://x:80/y v1 -x os.environ/KEY =""".split()


def module_names():
    tree = ast.parse(pathlib.Path(litellm.__file__).read_text())
    targets = [node.target.id for node in tree.body if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)]
    internal = re.compile(r"^_|^[A-Z]|_models$|_registry$|_client$|_cache$|_session$|^(error_logs|adapters|models_by_provider|longer_.*|credential_list)$")
    return sorted(name for name in targets if not internal.search(name))


def general_settings():
    found = set(ConfigGeneralSettings.model_fields)
    for path in pathlib.Path(litellm.__file__).parent.rglob("*.py"):
        found |= set(re.findall(r"general_settings(?:\.get\(|\[)\s*['\"](\w+)['\"]", path.read_text(encoding="utf-8")))
    return sorted(found)


def known_keys():
    params = set(LiteLLM_Params.model_fields) | set(LiteLLMParamsTypedDict.__annotations__) | set(all_litellm_params)
    params |= set(OPENAI_CHAT_COMPLETION_PARAMS)
    router = set(inspect.signature(litellm.Router.__init__).parameters) - {"self"} - ROUTER_SETTINGS_MANAGED_OUTSIDE_CONFIG
    return {
        "litellm_params": sorted({name.strip() for name in params if not name.startswith("_")} - {"self", "model_list"}),
        "model_info": sorted(set(ModelInfo.model_fields) | set(ModelInfoBase.__annotations__)),
        "router_settings": sorted(router),
        "general_settings": general_settings(),
        "litellm_settings": module_names(),
    }


def scalars():
    readings = {}
    for text in SCALARS:
        try:
            readings[text] = repr([yaml.safe_load(f"key: {text}")["key"]])
        except yaml.YAMLError:
            continue
    return readings


if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[1])
    for name, content in (("known_keys.json", known_keys()), ("scalars.json", scalars())):
        folder.joinpath(name).write_text(json.dumps(content, indent=1) + "\n")
