"""Models, credentials and configuration changed while running."""
from __future__ import annotations

STORED = {"STORE_MODEL_IN_DB": "True", "LITELLM_SALT_KEY": "sk-salt-for-the-recording"}
ROLES = ("proxy_admin_viewer", "internal_user", "internal_user_viewer")


def models(s):
    s.get("/model/info?litellm_model_id=id-free")
    s.get("/v1/model/info?litellm_model_id=id-chat")
    s.get("/v1/model/info?litellm_model_id=no-such")
    s.get("/v2/model/info?size=1")
    s.get("/v2/model/info?modelId=id-chat")
    s.get("/v2/model/info?page=0")
    s.get("/model_group/info?model_group=chat")
    s.get("/model_group/info?model_group=no-such")
    s.get("/models")
    made = s.post("/model/new", {"model_name": "stored", "litellm_params": {"model": "openai/gpt-4o", "api_key": "sk-secret-value", "api_base": f"http://127.0.0.1:{s.provider_port}/v1", "rpm": 5}, "model_info": {"id": "id-stored", "base_model": "gpt-4o"}})
    s.chat("admin", model="stored")
    s.get("/v1/model/info?litellm_model_id=id-stored")
    s.rows("LiteLLM_ProxyModelTable", columns="model_id, model_name, model_info, created_by, updated_by, blocked, jsonb_object_keys(litellm_params) AS parameter")
    s.post("/model/new", {"model_name": "unnamed-id", "litellm_params": {"model": "openai/gpt-4o"}})
    s.post("/model/new", {"model_name": "stored", "litellm_params": {"model": "openai/gpt-4o"}, "model_info": {"id": "id-stored"}}, note="the id again")
    for fields in ({}, {"model_name": "x"}, {"model_name": "x", "litellm_params": {}}, {"model_name": 5, "litellm_params": {"model": "openai/x"}}, {"litellm_params": {"model": "openai/x"}}, {"model_name": "x", "litellm_params": {"model": "openai/x"}, "model_info": {"team_id": "no-such"}}):
        s.post("/model/new", fields)
    s.post("/model/update", {"model_name": "stored", "litellm_params": {"model": "openai/gpt-4o-mini"}, "model_info": {"id": "id-stored"}})
    s.post("/model/update", {"litellm_params": {"model": "openai/gpt-4o-mini"}, "model_info": {"id": "no-such"}})
    s.post("/model/update", {"litellm_params": {"model": "openai/gpt-4o-mini"}})
    s.post("/model/update", {"litellm_params": {"model": "openai/gpt-4o-mini"}, "model_info": {"id": "id-chat"}}, note="of the configuration file")
    s.patch("/model/id-stored/update", {"model_name": "renamed", "litellm_params": {"rpm": 7}})
    s.patch("/model/no-such/update", {"model_name": "renamed"})
    s.get("/v1/model/info?litellm_model_id=id-stored")
    for role in ROLES:
        key = s.user(f"user-{role}", role)
        s.post("/model/new", {"model_name": "x", "litellm_params": {"model": "openai/x"}}, by=key, note=role)
        s.post("/model/update", {"litellm_params": {"model": "openai/x"}, "model_info": {"id": "id-stored"}}, by=key, note=role)
        s.post("/model/delete", {"id": "id-stored"}, by=key, note=role)
        s.get("/v1/model/info?litellm_model_id=id-chat", by=key, note=role)
        s.get("/models", by=key, note=role)
    only = s.key(models=["chat"])
    s.get("/models", by=only, note="a key for one model")
    s.get("/v1/model/info", by=only)
    s.get("/model_group/info", by=only)
    s.get("/v1/model/info?litellm_model_id=id-embed", by=only)
    s.post("/model/delete", {"id": "id-stored"})
    s.chat("admin", model="renamed", note="deleted")
    s.post("/model/delete", {"id": "id-stored"}, note="again")
    s.post("/model/delete", {"id": "id-chat"}, note="of the configuration file")
    s.post("/model/delete", {})
    return made


def team_models(s):
    lead = s.user("lead", "internal_user")
    s.post("/team/new", {"team_id": "team-1", "models": ["chat"], "members_with_roles": [{"role": "admin", "user_id": "lead"}]})
    made = {"model_name": "own", "litellm_params": {"model": "openai/gpt-4o", "api_key": "x", "api_base": f"http://127.0.0.1:{s.provider_port}/v1"}, "model_info": {"team_id": "team-1", "id": "id-own"}}
    s.post("/model/new", made, by=lead, note="a team admin")
    s.rows("LiteLLM_ProxyModelTable", columns="model_id, model_name, model_info, created_by")
    s.rows("LiteLLM_TeamTable", columns="team_id, models")
    key, other = s.key(team_id="team-1"), s.key()
    s.chat(key, model="own")
    s.chat(other, model="own")
    s.get("/models", by=key)
    s.post("/model/delete", {"id": "id-own"}, by=lead)


def models_unstored(s):
    s.post("/model/new", {"model_name": "stored", "litellm_params": {"model": "openai/gpt-4o"}})
    s.post("/model/update", {"litellm_params": {"model": "openai/gpt-4o"}, "model_info": {"id": "id-chat"}})
    s.post("/model/delete", {"id": "id-chat"})


def credentials(s):
    s.post("/credentials", {"credential_name": "one", "credential_values": {"api_key": "sk-secret-value-1", "api_base": "http://127.0.0.1:9/v1"}, "credential_info": {"custom_llm_provider": "openai", "description": "first"}})
    s.post("/credentials", {"credential_name": "one", "credential_values": {"api_key": "x"}, "credential_info": {}}, note="again")
    s.rows("LiteLLM_CredentialsTable", columns="credential_name, credential_info, created_by, updated_by, jsonb_object_keys(credential_values) AS value")
    for fields in ({}, {"credential_name": "x"}, {"credential_name": "x", "credential_info": {}}, {"credential_name": "x", "credential_values": "x", "credential_info": {}}, {"credential_name": "from-model", "model_id": "id-chat", "credential_info": {}}, {"credential_name": "y", "model_id": "no-such", "credential_info": {}}):
        s.post("/credentials", fields)
    s.get("/credentials")
    s.get("/credentials/by_name/one")
    s.get("/credentials/by_name/no-such")
    s.get("/credentials/by_model/id-chat")
    s.get("/credentials/by_model/no-such")
    s.patch("/credentials/one", {"credential_name": "one", "credential_values": {"api_key": "sk-secret-value-2"}, "credential_info": {"description": "second"}})
    s.get("/credentials/by_name/one")
    s.patch("/credentials/no-such", {"credential_name": "no-such", "credential_values": {}, "credential_info": {}})
    s.patch("/credentials/one", {})
    s.post("/model/new", {"model_name": "with-credential", "litellm_params": {"model": "openai/gpt-4o", "litellm_credential_name": "one"}, "model_info": {"id": "id-with"}})
    s.get("/v1/model/info?litellm_model_id=id-with")
    for role in ROLES:
        key = s.user(f"user-{role}", role)
        s.get("/credentials", by=key, note=role)
        s.get("/credentials/by_name/one", by=key, note=role)
        s.post("/credentials", {"credential_name": "z", "credential_values": {"a": "b"}, "credential_info": {}}, by=key, note=role)
        s.delete("/credentials/one", by=key, note=role)
    s.delete("/credentials/one")
    s.delete("/credentials/one", note="again")


def configuration(s):
    s.get("/config/list?config_type=general_settings")
    s.get("/config/list?config_type=no-such")
    s.get("/config/list")
    s.get("/get/config/callbacks")
    s.get("/config/field/info?field_name=max_parallel_requests")
    s.get("/config/field/info?field_name=master_key")
    s.get("/config/field/info?field_name=no-such")
    s.get("/config/field/info")
    s.post("/config/field/update", {"field_name": "max_parallel_requests", "field_value": 50, "config_type": "general_settings"})
    s.get("/config/field/info?field_name=max_parallel_requests")
    s.rows("LiteLLM_Config", order="param_name")
    for fields in ({}, {"field_name": "max_parallel_requests", "field_value": "x", "config_type": "general_settings"}, {"field_name": "no-such", "field_value": 1, "config_type": "general_settings"}, {"field_name": "master_key", "field_value": "sk-other", "config_type": "general_settings"}, {"field_name": "max_parallel_requests", "field_value": 1, "config_type": "wizard"}):
        s.post("/config/field/update", fields)
    s.post("/config/field/delete", {"config_type": "general_settings", "field_name": "max_parallel_requests"})
    s.post("/config/field/delete", {"config_type": "general_settings", "field_name": "no-such"})
    s.post("/config/field/delete", {})
    s.post("/config/update", {"litellm_settings": {"drop_params": True}, "router_settings": {"num_retries": 1}, "environment_variables": {"SOME_VARIABLE": "value"}})
    s.post("/config/update", {"general_settings": {"max_parallel_requests": 9}})
    s.post("/config/update", {"litellm_settings": "x"})
    s.post("/config/update", {})
    s.rows("LiteLLM_Config", order="param_name", columns="param_name, CASE WHEN param_name = 'environment_variables' THEN '\"encrypted\"'::jsonb ELSE param_value END AS param_value")
    s.get("/cache/ping")
    s.post("/cache/delete", {"keys": ["x"]})
    s.post("/cache/flushall")
    for role in ROLES:
        key = s.user(f"user-{role}", role)
        s.get("/config/list?config_type=router_settings", by=key, note=role)
        s.get("/get/config/callbacks", by=key, note=role)
        s.post("/config/update", {"litellm_settings": {"drop_params": False}}, by=key, note=role)
        s.post("/config/field/update", {"field_name": "max_parallel_requests", "field_value": 5, "config_type": "general_settings"}, by=key, note=role)
        s.get("/cache/ping", by=key, note=role)


def configuration_unstored(s):
    s.post("/config/update", {"litellm_settings": {"drop_params": True}})
    s.post("/config/field/update", {"field_name": "max_parallel_requests", "field_value": 50, "config_type": "general_settings"})
    s.get("/config/field/info?field_name=max_parallel_requests")


SCENES = [
    {"name": "models", "play": models, "environment": STORED},
    {"name": "models: of a team", "play": team_models, "environment": STORED, "licence": True},
    {"name": "models: not stored", "play": models_unstored},
    {"name": "credentials", "play": credentials, "environment": STORED},
    {"name": "configuration", "play": configuration, "environment": STORED},
    {"name": "configuration: not stored", "play": configuration_unstored},
]
