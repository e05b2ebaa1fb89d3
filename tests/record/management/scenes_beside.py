"""Callbacks of teams, access groups of models, permissions of many teams, addresses, token mappings."""
from __future__ import annotations

from scenes_models import STORED

CALLBACK = {"callback_name": "langfuse", "callback_type": "success", "callback_vars": {"langfuse_public_key": "pk-lf-one", "langfuse_secret_key": "sk-lf-secret", "langfuse_host": "https://one.example"}}


def callbacks(s):
    s.post("/team/new", {"team_id": "team-1", "members_with_roles": [{"role": "admin", "user_id": "lead"}, {"role": "user", "user_id": "member"}]})
    lead, member, viewer = s.user("lead-2", "internal_user"), s.user("member-2", "internal_user"), s.user("viewer", "proxy_admin_viewer")
    s.post("/team/member_add", {"team_id": "team-1", "member": [{"role": "admin", "user_id": "lead-2"}, {"role": "user", "user_id": "member-2"}]})
    path = "/team/team-1/callback"
    s.get(path, note="none yet")
    s.post(path, CALLBACK)
    s.post(path, CALLBACK, note="again")
    s.get(path)
    s.post(path, {**CALLBACK, "callback_type": "failure"}, by=lead)
    s.post(path, {"callback_name": "langfuse_otel", "callback_vars": {"langfuse_host": "https://two.example"}}, by=lead)
    s.post(path, {"callback_name": "gcs", "callback_vars": {"gcs_bucket_name": "b", "gcs_path_service_account": "/key.json"}}, by=lead)
    s.get(path, by=lead)
    for by in (member, viewer):
        s.get(path, by=by)
        s.post(path, CALLBACK, by=by)
        s.delete(path + "/gcs", by=by)
        s.post("/team/team-1/disable_logging", by=by)
    s.get("/team/no-such/callback")
    s.get("/team/no-such/callback", by=member)
    s.post("/team/no-such/callback", CALLBACK)
    s.delete("/team/no-such/callback/gcs")
    s.post("/team/no-such/disable_logging")
    for fields in ({}, {"callback_name": "x"}, {"callback_name": "x", "callback_vars": {"langfuse_host": "os.environ/HOME"}}, {"callback_name": "x", "callback_vars": {"langfuse_environment": "UP"}},
                   {"callback_name": "x", "callback_vars": {"langfuse_span_scope": "some"}}, {"callback_name": "x", "callback_vars": {"langfuse_span_scope": "full"}}, {"callback_name": "x", "callback_type": "never", "callback_vars": {}},
                   {"callback_name": 5, "callback_vars": {}}, {"callback_name": "arize", "callback_vars": {"arize_error_sampling_rate": "2"}}, {"callback_name": "x", "callback_vars": {"arize_error_sampling_rate": "1"}},
                   {"callback_name": "arize", "callback_vars": {"arize_otlp_protocol": "grpc"}}, {"callback_name": "newrelic", "callback_vars": {"newrelic_api_key": "k"}}):
        s.post(path, fields)
    s.delete(path + "/gcs", by=lead)
    s.delete(path + "/gcs")
    s.post("/team/team-1/disable_logging", by=lead)
    s.post("/team/team-1/disable_logging")
    s.get(path)
    s.rows("LiteLLM_TeamTable", columns="metadata")


def permissions(s):
    s.post("/team/new", {"team_id": "team-1"})
    s.post("/team/new", {"team_id": "team-2", "team_alias": "Two", "team_member_permissions": ["/key/list"]})
    plain = s.user("plain", "internal_user", user_email="plain@example.com")
    path = "/team/permissions_bulk_update"
    for fields in ({}, {"permissions": ["/no/such"]}, {"permissions": []}, {"permissions": ["/key/list"]}, {"permissions": ["/key/list"], "team_ids": ["team-1"], "apply_to_all_teams": True}, {"permissions": ["/key/list"], "team_ids": ["team-1", "no-such"]},
                   {"permissions": ["/key/update", "/key/delete"], "team_ids": ["team-1"]}, {"permissions": ["/key/list"], "apply_to_all_teams": True}, {"permissions": ["/key/list"], "apply_to_all_teams": True}):
        s.post(path, fields)
    s.post(path, {"permissions": ["/key/list"]}, by=plain)
    s.rows("LiteLLM_TeamTable", columns="team_id, team_member_permissions", order="team_id")
    s.get("/team/filter/ui?team_id=TEAM-2")
    s.get("/team/filter/ui?team_alias=none")
    s.get("/team/filter/ui?page=0")
    s.get("/team/filter/ui", by=plain)
    s.get("/user/filter/ui?user_id=PLAIN")
    s.get("/user/filter/ui?search=plain@", by=plain)
    s.get("/user/filter/ui?user_email=none")


def groups(s):
    plain = s.user("plain", "internal_user")
    viewer = s.user("viewer", "proxy_admin_viewer")
    for name, id in (("one", "id-1"), ("one", "id-2"), ("two", "id-3")):
        s.post("/model/new", {"model_name": name, "litellm_params": {"model": "openai/gpt-4o", "api_key": "k"}, "model_info": {"id": id}})
    for fields in ({}, {"access_group": "g"}, {"access_group": " ", "model_names": ["one"]}, {"access_group": "g", "model_names": []}, {"access_group": "g", "model_names": ["no-such", "nor"]}, {"access_group": "g", "model_names": ["chat"]}, {"access_group": "g", "model_ids": ["no-such"]},
                   {"access_group": "g", "model_names": ["one"]}, {"access_group": "g", "model_names": ["one"]}):
        s.post("/access_group/new", fields)
    s.get("/access_group/g/info")
    s.get("/access_group/g/info", by=viewer)
    s.get("/access_group/no-such/info")
    s.get("/access_group/list", by=plain)
    s.put("/access_group/g/update", {})
    s.put("/access_group/no-such/update", {"model_names": ["one"]})
    s.put("/access_group/g/update", {"model_ids": ["id-2", "id-3"]})
    s.get("/access_group/list")
    budget = "/access_group/g/budget"
    s.get(budget)
    for fields in ({}, {"tpm_limit": 1}, {"max_budget": -1}, {"max_budget": "x"}, {"budget_duration": "abc"}, {"max_budget": 5, "budget_duration": "1d"}, {"max_budget": 7}):
        s.put(budget, fields)
    s.put(budget, {"max_budget": 1}, by=viewer)
    s.put("/access_group/no-such/budget", {"max_budget": 1})
    s.get("/access_group/g/info")
    s.rows("LiteLLM_ModelAccessGroupBudgetTable", columns="access_group_name, spend, created_by, updated_by")
    s.delete(budget)
    s.delete(budget)
    s.delete("/access_group/g/delete", by=plain)
    s.delete("/access_group/g/delete")
    s.delete("/access_group/g/delete")
    s.post("/model/block", {"model_id": "id-1"})
    s.post("/model/unblock", {"model_id": "id-1"})
    s.post("/model/block", {"model_id": "no-such"})
    s.post("/model/block", {"model_id": "id-chat"})
    s.post("/model/block", {})
    s.post("/model/block", {"model_id": "id-1"}, by=plain)


def addresses(s):
    plain = s.user("plain", "internal_user")
    s.get("/get/allowed_ips")
    s.get("/get/allowed_ips", by=plain)
    s.post("/delete/allowed_ip", {"ip": "127.0.0.1"})
    s.post("/add/allowed_ip", {})
    s.post("/add/allowed_ip", {"ip": "127.0.0.1"}, by=plain)
    s.post("/add/allowed_ip", {"ip": "127.0.0.1"})
    s.post("/add/allowed_ip", {"ip": "127.0.0.1"})
    s.get("/get/allowed_ips")
    s.post("/add/allowed_ip", {"ip": "10.0.0.1"})
    s.post("/delete/allowed_ip", {"ip": "10.0.0.1"})
    s.get("/get/allowed_ips")
    s.get("/cache/redis/info")


def tokens(s):
    plain = s.user("plain", "internal_user")
    s.post("/key/generate", {"key": "sk-chosen-for-the-scene", "key_alias": "chosen"})
    path = "/jwt/key/mapping/new"
    claim = {"jwt_claim_name": "sub", "jwt_claim_value": "one"}
    for fields in ({}, claim, {**claim, "key": "sk-chosen-for-the-scene", "token": "x"}, {**claim, "token": "sk-chosen-for-the-scene"}, {**claim, "key": "sk-no-such-key"}, {**claim, "key": "sk-chosen-for-the-scene", "description": "d"}, {**claim, "key": "sk-chosen-for-the-scene"}):
        s.post(path, fields)
    s.post(path, {**claim, "key": "sk-chosen-for-the-scene"}, by=plain)
    s.get("/jwt/key/mapping/list")
    s.get("/jwt/key/mapping/list", by=plain)
    s.get("/jwt/key/mapping/info?id=no-such")
    s.get("/jwt/key/mapping/info")
    s.post("/jwt/key/mapping/update", {"id": "no-such"})
    s.post("/jwt/key/mapping/delete", {"id": "no-such"})


SCENES = [
    {"name": "beside: callbacks", "play": callbacks, "environment": STORED, "licence": True},
    {"name": "beside: permissions", "play": permissions},
    {"name": "beside: groups", "play": groups, "environment": STORED},
    {"name": "beside: addresses", "play": addresses, "environment": STORED, "licence": True},
    {"name": "beside: tokens", "play": tokens},
]
