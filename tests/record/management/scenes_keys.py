"""Virtual keys: generate, info, list, update, regenerate, block, delete, and who may."""
from __future__ import annotations

LITERAL = ["sk-chosen-by-the-client-1", "sk-chosen-by-the-client-2", "sk-unknown-key-0123456789"]
UNKNOWN_HASH = "0" * 64


def generate(s):
    s.post("/key/generate")
    s.call("POST", "/key/generate", note="no body")
    full = s.post("/key/generate", {
        "key_alias": "full", "duration": "30d", "models": ["chat", "other-chat"], "aliases": {"fast": "chat"}, "spend": 1.5, "max_budget": 10,
        "soft_budget": 8, "budget_duration": "1d", "user_id": "someone-new", "max_parallel_requests": 3, "tpm_limit": 1000, "rpm_limit": 10,
        "tpm_limit_type": "best_effort_throughput", "rpm_limit_type": "best_effort_throughput", "metadata": {"owner": "ci", "nested": {"a": [1, None]}},
        "permissions": {"anything": True}, "blocked": False, "allowed_cache_controls": ["no-cache"], "config": {"anything": 1}})
    s.get(f"/key/info?key={full['key']}")
    s.get(f"/key/info?key={full['token']}", note="by hash")
    s.get("/key/info", by=full["key"], note="its own")
    s.rows("LiteLLM_VerificationToken", "key_alias = 'full'")
    s.rows("LiteLLM_BudgetTable")
    s.rows("LiteLLM_UserTable", note="user_id named at generation")
    chosen = s.post("/key/generate", {"key": LITERAL[0], "key_alias": "chosen"})
    s.post("/key/generate", {"key": LITERAL[0], "key_alias": "chosen again"}, note="the key exists")
    s.get(f"/key/info?key={chosen['key']}")
    for fields in ({"duration": "60s"}, {"duration": "2h"}, {"duration": "7d"}, {"duration": "1w"}, {"duration": "1mo"}, {"duration": "2mo"}):
        s.post("/key/generate", fields)
    for fields in ("30s", "45m", "1h", "6h", "24h", "1d", "3d", "7d", "30d", "1w", "1mo", "daily", "weekly", "monthly", "hourly"):
        s.post("/key/generate", {"max_budget": 1, "budget_duration": fields})
    s.post("/key/generate", {"budget_duration": "1d"}, note="a duration without a budget")
    s.rows("LiteLLM_VerificationToken", "budget_duration IS NOT NULL", order="created_at", columns="max_budget, budget_duration, budget_reset_at", note="when each is reset")
    s.post("/key/generate", {"metadata": None, "models": None, "aliases": None, "max_budget": None, "key_alias": None})
    s.post("/key/generate", {"model_rpm_limit": {"chat": 5}, "model_tpm_limit": {"chat": 500}})
    s.post("/key/generate", {"rpm_limit": 0, "tpm_limit": 0, "max_parallel_requests": 0, "max_budget": 0})
    s.post("/key/generate", {"allowed_routes": ["/v1/models", "llm_api_routes"]})
    for kind in ("llm_api", "management", "read_only", "default"):
        s.post("/key/generate", {"key_type": kind})
    s.post("/key/generate", {"unknown_field": 1, "models": ["no-such-model"]})
    s.post("/key/generate", {"budget_limits": [{"budget_duration": "1d", "max_budget": 2}, {"budget_duration": "30d", "max_budget": 20}]})
    s.post("/key/generate", {"throttle_on_budget_exceeded": True, "default_estimated_output_tokens": 100})
    s.post("/key/generate", {"router_settings": {"num_retries": 2, "fallbacks": [{"chat": ["other-chat"]}]}})
    s.post("/key/generate", {"blocked": True})
    s.post("/key/generate", {"permissions": {"get_spend_routes": True}}, note="without a licence")
    s.post("/key/generate", {"object_permission": {"mcp_servers": [], "vector_stores": ["vs-1"]}})
    s.rows("LiteLLM_ObjectPermissionTable")
    s.post("/key/generate", {"auto_rotate": True, "rotation_interval": "30d"})
    s.post("/key/generate", {"send_invite_email": False, "organization_id": None, "project_id": None})


def generate_refused(s):
    s.key(key_alias="taken")
    for fields in (
        {"key_alias": "taken"}, {"key": "no-prefix-0123456789"}, {"key": "sk-short"}, {"key": ""}, {"key": 5}, {"max_budget": "abc"}, {"max_budget": "12.5"}, {"max_budget": -1},
        {"models": "chat"}, {"models": [1]}, {"models": {"a": 1}}, {"duration": "abc"}, {"duration": "10x"}, {"duration": ""}, {"duration": 60}, {"duration": "-5s"}, {"duration": "0s"},
        {"budget_duration": "abc", "max_budget": 1}, {"budget_duration": "0d", "max_budget": 1}, {"tpm_limit": "many"}, {"tpm_limit": -1}, {"tpm_limit": 1.5}, {"tpm_limit": 10**12}, {"rpm_limit": -1}, {"rpm_limit": 10**30},
        {"max_parallel_requests": -1}, {"max_parallel_requests": 3_000_000_000}, {"metadata": "text"}, {"metadata": []}, {"aliases": "text"}, {"aliases": {"a": 1}}, {"permissions": []}, {"blocked": "maybe"}, {"blocked": "yes"},
        {"key_alias": 5}, {"key_alias": ""}, {"key_alias": "a" * 300}, {"key_alias": "with space"}, {"key_alias": "<script>"}, {"team_id": "no-such-team"}, {"team_id": 5}, {"user_id": 5}, {"budget_id": "no-such-budget"}, {"organization_id": "no-such-organization"},
        {"project_id": "no-such-project"}, {"agent_id": "no-such-agent"}, {"key_type": "wizard"}, {"tpm_limit_type": "wizard"}, {"tpm_limit_type": "guaranteed_throughput"}, {"rpm_limit_type": "guaranteed_throughput", "rpm_limit": 5}, {"allowed_routes": "text"}, {"allowed_routes": [1]},
        {"model_max_budget": {"chat": {"budget_limit": 1, "time_period": "1d"}}}, {"model_max_budget": "text"}, {"tags": ["a"]}, {"guardrails": ["a"]}, {"enforced_params": ["user"]},
        {"budget_limits": "text"}, {"budget_limits": [{"max_budget": 1}]}, {"budget_limits": [{"budget_duration": "abc", "max_budget": 1}]}, {"budget_limits": [{"budget_duration": "1d", "max_budget": -1}]}, {"budget_limits": [{"budget_duration": "1d", "max_budget": 1}, {"budget_duration": "1d", "max_budget": 2}]},
        {"model_rpm_limit": "text"}, {"model_rpm_limit": {"chat": "x"}}, {"soft_budget": "x"}, {"soft_budget": -1}, {"spend": "x"}, {"spend": -1}, {"auto_rotate": True}, {"rotation_interval": "abc", "auto_rotate": True}, {"object_permission": "x"}, {"router_settings": "x"}, {"access_group_ids": ["no-such-group"]},
    ):
        s.post("/key/generate", fields)
    s.call("POST", "/key/generate", raw="{")
    s.call("POST", "/key/generate", raw="[1]")
    s.call("POST", "/key/generate", raw='"text"')
    s.call("POST", "/key/generate", raw="null")
    s.call("POST", "/key/generate", raw='{"max_budget": NaN}')
    s.call("POST", "/key/generate", raw='{"max_budget": 1e400}')
    s.get("/key/generate", note="the wrong method")


def generate_licensed(s):
    made = s.post("/key/generate", {"model_max_budget": {"chat": {"budget_limit": 1, "time_period": "1d"}, "other-chat": {"max_budget": 2, "budget_duration": "30d"}}})
    s.get(f"/key/info?key={made['key']}")
    s.post("/key/generate", {"model_max_budget": {"chat": {"budget_limit": "x"}}})
    s.post("/key/generate", {"model_max_budget": {"chat": {"budget_limit": 1, "time_period": "abc"}}})
    s.post("/key/generate", {"model_max_budget": {"chat": 5}})
    tagged = s.post("/key/generate", {"tags": ["a", "b"], "metadata": {"kept": 1}})
    s.get(f"/key/info?key={tagged['key']}")
    s.post("/key/generate", {"guardrails": ["g"], "policies": ["p"], "prompts": ["q"]})
    s.post("/key/generate", {"enforced_params": ["user", "metadata.generation_name"]})
    s.post("/key/generate", {"allowed_passthrough_routes": ["/x"], "denied_passthrough_routes": ["/y"]})
    s.post("/key/generate", {"tag_rpm_limit": {"a": 5}, "mcp_rpm_limit": {"m": 5}})
    s.post("/key/update", {"key": tagged["key"], "tags": ["c"]})
    s.post("/key/update", {"key": tagged["key"], "model_max_budget": {"chat": {"budget_limit": 3, "time_period": "7d"}}})
    s.get(f"/key/info?key={tagged['key']}")
    s.rows("LiteLLM_VerificationToken", order="created_at", columns="key_alias, models, metadata, model_max_budget, permissions, budget_fallbacks")


def info(s):
    key = s.key(key_alias="one", max_budget=5)
    other = s.key(key_alias="two")
    s.get(f"/key/info?key={key}")
    s.get(f"/key/info?key={LITERAL[2]}", note="unknown")
    s.get("/key/info?key=not-a-key")
    s.get(f"/key/info?key={UNKNOWN_HASH}")
    s.get("/key/info?key=")
    s.get("/key/info", note="the master key's own")
    s.get(f"/key/info?key={key}", by=other, note="someone else's")
    s.get(f"/key/info?key={key}", by=key)
    s.post("/v2/key/info", {"keys": [key, other]})
    s.post("/v2/key/info", {"keys": []})
    s.post("/v2/key/info", {"keys": ["no-such"]})
    s.post("/v2/key/info", {})
    s.post("/v2/key/info", {"keys": "text"})
    s.post("/v2/key/info", {"keys": [key]}, by=other)
    s.post("/key/health", by=key)
    s.post("/key/health")
    s.get("/key/aliases")
    s.get("/key/aliases?page=1&size=1")
    s.get("/key/aliases?search=on")
    s.get("/key/aliases?size=0")
    s.get("/key/aliases", by=key)


def listed(s):
    for number in range(3):
        s.key(key_alias=f"alias-{number}", user_id=f"user-{number % 2}")
    s.post("/team/new", {"team_id": "team-1", "team_alias": "Team 1"})
    s.key(key_alias="team-key", team_id="team-1")
    s.post("/key/generate", {"key_alias": "blocked", "blocked": True})
    gone = s.key(key_alias="gone")
    s.post("/key/delete", {"keys": [gone]})
    expired = s.key(key_alias="expired", duration="1d")
    s.sql("UPDATE \"LiteLLM_VerificationToken\" SET expires = '2020-01-01 00:00:00' WHERE key_alias = 'expired'")
    s.get("/key/list?sort_by=key_alias&sort_order=asc")
    s.get("/key/list?sort_by=key_alias&sort_order=asc&return_full_object=true&size=2")
    for query in ("page=2&size=2&sort_by=key_alias&sort_order=asc", "user_id=user-0&return_full_object=true&sort_by=key_alias&sort_order=desc", "team_id=team-1&return_full_object=true", "key_alias=alias-1&return_full_object=true",
                  "key_alias=alias", "search=alias-2", "organization_id=none", "status=deleted&return_full_object=true", "status=deleted", "status=active", "status=expired", "status=blocked", "status=wizard", "size=101", "size=0", "page=0", "page=99", "size=abc",
                  "sort_by=nonsense", "sort_by=spend&sort_order=wizard", "expand=user&return_full_object=true&key_alias=alias-0", "expand=nonsense", "include_team_keys=true&size=1&sort_by=key_alias&sort_order=asc", "include_created_by_keys=true&size=1&sort_by=key_alias&sort_order=asc",
                  "project_id=none", "access_group_id=none", "agent_id=none", f"key_hash={UNKNOWN_HASH}", "user_id=no-such", "return_full_object=maybe"):
        s.get(f"/key/list?{query}")
    s.get(f"/key/info?key={gone}", note="deleted")
    s.get(f"/key/info?key={expired}", note="expired")
    s.rows("LiteLLM_DeletedVerificationToken")


def update(s):
    key = s.key(key_alias="before", max_budget=1, duration="1d", metadata={"a": 1, "b": 2}, models=["chat"], rpm_limit=5)
    s.post("/key/update", {"key": key})
    s.post("/key/update", {"key": key, "key_alias": "after", "max_budget": 2.5, "models": ["other-chat"], "metadata": {"c": 3}, "tpm_limit": 7})
    s.get(f"/key/info?key={key}")
    for fields in ({"duration": "2d"}, {"duration": "-1"}, {"duration": None}, {"max_budget": None}, {"rpm_limit": None}, {"models": []}, {"metadata": {}}, {"metadata": None}, {"blocked": True}, {"blocked": False}, {"spend": 0.5},
                   {"budget_duration": "30d"}, {"budget_duration": None}, {"user_id": "someone"}, {"aliases": {"x": "chat"}}, {"permissions": {"p": 1}}, {"max_parallel_requests": 4}, {"allowed_routes": ["/v1/models"]}, {"temp_budget_increase": 5, "temp_budget_expiry": "1d"},
                   {"budget_limits": [{"budget_duration": "1d", "max_budget": 4}]}, {"soft_budget": 1}, {"model_rpm_limit": {"chat": 3}}, {"config": {"a": 1}}, {"unknown_field": 1}):
        s.post("/key/update", {"key": key, **fields})
    s.get(f"/key/info?key={key}")
    s.rows("LiteLLM_VerificationToken", "key_alias = 'after'")
    s.key(key_alias="taken")
    for fields in ({}, {"key": "sk-unknown-key-0123456789"}, {"key": key, "key_alias": "taken"}, {"key": key, "max_budget": "x"}, {"key": key, "max_budget": -1}, {"key": key, "duration": "abc"}, {"key": key, "team_id": "no-such-team"},
                   {"key": key, "budget_id": "no-such-budget"}, {"key": key, "models": "x"}, {"key": key, "temp_budget_increase": 5}, {"key": key, "temp_budget_expiry": "1d"}, {"key": key, "temp_budget_increase": 5, "temp_budget_expiry": "abc"}, {"key": 5},
                   {"key": key, "model_max_budget": {"chat": {"budget_limit": 1, "time_period": "1d"}}}, {"key": key, "tags": ["x"]}, {"key": key, "rpm_limit": -1}, {"key": key, "budget_duration": "abc"}):
        s.post("/key/update", fields)


def blocked(s):
    key = s.key(key_alias="one")
    s.chat(key)
    s.post("/key/block", {"key": key})
    s.chat(key)
    s.get("/key/info", by=key, note="a blocked key asks about itself")
    s.get(f"/key/info?key={key}")
    s.post("/key/unblock", {"key": key})
    s.chat(key)
    s.post("/key/block", {"key": "sk-unknown-key-0123456789"})
    s.post("/key/block", {"key": "not-a-key"})
    s.post("/key/block", {})
    s.post("/key/unblock", {"key": UNKNOWN_HASH})
    s.post("/key/block", {"key": key}, by=key)


def deleted(s):
    first, second, third = s.key(key_alias="first"), s.key(key_alias="second"), s.key(key_alias="third")
    s.post("/key/delete", {"keys": [first]})
    s.chat(first, note="deleted")
    s.get(f"/key/info?key={first}")
    s.post("/key/delete", {"key_aliases": ["second"]})
    s.post("/key/delete", {"keys": [first]})
    s.post("/key/delete", {"keys": ["sk-unknown-key-0123456789"]})
    s.post("/key/delete", {"key_aliases": ["no-such"]})
    s.post("/key/delete", {})
    s.post("/key/delete", {"keys": []})
    s.post("/key/delete", {"keys": "text"})
    s.post("/key/delete", {"keys": [third, "sk-unknown-key-0123456789"]})
    s.rows("LiteLLM_DeletedVerificationToken", order="key_alias")
    s.rows("LiteLLM_VerificationToken", columns="token, key_alias")


def regenerate(s):
    key = s.key(key_alias="one", max_budget=3, metadata={"a": 1})
    made = s.post("/key/regenerate", {"key": key})
    s.get("/key/info", by=key, note="the old key")
    s.get("/key/info", by=made["key"])
    again = s.post(f"/key/{made['key']}/regenerate", {"max_budget": 7, "duration": "1d"})
    chosen = s.post(f"/key/{again['key']}/regenerate", {"new_key": LITERAL[1]})
    s.get("/key/info", by=LITERAL[1])
    s.post("/key/regenerate", {"key": LITERAL[1], "new_key": "bad"})
    graced = s.post(f"/key/{LITERAL[1]}/regenerate", {"grace_period": "1h"})
    s.get("/key/info", by=LITERAL[1], note="within its grace")
    s.get("/key/info", by=graced["key"])
    s.post("/key/regenerate", {"key": "sk-unknown-key-0123456789"})
    s.post("/key/regenerate", {})
    s.post(f"/key/{graced['key']}/regenerate", {"grace_period": "abc"})
    s.post(f"/key/{graced['key']}/regenerate", {"duration": "abc"})
    s.rows("LiteLLM_VerificationToken")
    s.rows("LiteLLM_DeprecatedVerificationToken")
    s.rows("LiteLLM_DeletedVerificationToken", order="created_at", columns="token, key_alias, key_name, deleted_at, deleted_by")
    return chosen


def regenerate_unlicensed(s):
    key = s.key(key_alias="one")
    s.post("/key/regenerate", {"key": key})
    s.post(f"/key/{key}/regenerate", {})


def reset_spend(s):
    key = s.key(key_alias="one", spend=4, max_budget=10)
    s.post(f"/key/{key}/reset_spend", {"reset_to": 1})
    s.post(f"/key/{key}/reset_spend", {"reset_to": 5}, note="more than was spent")
    s.post(f"/key/{key}/reset_spend", {"reset_to": -1})
    s.post(f"/key/{key}/reset_spend", {})
    s.post("/key/sk-unknown-key-0123456789/reset_spend", {"reset_to": 0})
    s.post("/key/bulk_update", {"keys": [{"key": key, "max_budget": 11}, {"key": "sk-unknown-key-0123456789", "max_budget": 1}]})
    s.post("/key/bulk_update", {"keys": []})
    s.post("/key/bulk_update", {})


def by_role(s):
    """What each role gets from each route of keys."""
    s.post("/team/new", {"team_id": "team-1", "members_with_roles": [{"role": "user", "user_id": "member"}]})
    roles = {role: s.user(f"user-{role}", role) for role in ("proxy_admin", "proxy_admin_viewer", "internal_user", "internal_user_viewer")}
    plain = s.key(key_alias="plain")
    victim = s.key(key_alias="victim", user_id="victim-owner")
    for role, key in [*roles.items(), ("plain", plain)]:
        own = f"user-{role}"
        s.post("/key/generate", {"key_alias": f"made-by-{role}"}, by=key, note=role)
        s.post("/key/generate", {"user_id": own}, by=key, note=role)
        s.post("/key/generate", {"user_id": "victim-owner"}, by=key, note=f"{role}: for someone else")
        s.post("/key/generate", {"team_id": "team-1"}, by=key, note=f"{role}: in a team it is not in")
        s.get(f"/key/info?key={victim}", by=key, note=role)
        s.get("/key/list?size=1&sort_by=created_at&sort_order=asc", by=key, note=role)
        s.get("/key/list?user_id=victim-owner", by=key, note=role)
        s.post("/key/update", {"key": victim, "max_budget": 1}, by=key, note=role)
        s.post("/key/block", {"key": victim}, by=key, note=role)
        s.post("/key/unblock", {"key": victim}, by=key, note=role)
        s.post("/key/regenerate", {"key": victim}, by=key if role != "proxy_admin" else plain, note=role)
        s.post("/key/delete", {"keys": [victim]}, by=key if role != "proxy_admin" else plain, note=role)
        s.get("/key/aliases", by=key, note=role)
    s.post("/key/generate", {}, by=None)
    s.post("/key/generate", {}, by="sk-unknown-key-0123456789")


def own_keys(s):
    """An internal user's management of its own keys."""
    user = s.user("worker", "internal_user", max_budget=50, models=["chat"], rpm_limit=100, tpm_limit=1000)
    mine = s.post("/key/generate", {"key_alias": "mine"}, by=user)["key"]
    s.get(f"/key/info?key={mine}", by=user)
    s.get("/key/list", by=user)
    s.post("/key/update", {"key": mine, "key_alias": "renamed"}, by=user)
    s.post("/key/update", {"key": mine, "max_budget": 1000}, by=user)
    s.post("/key/update", {"key": mine, "user_id": "other"}, by=user)
    s.post("/key/update", {"key": mine, "models": ["other-chat"]}, by=user)
    s.post("/key/generate", {"models": ["other-chat"]}, by=user, note="a model the user may not use")
    s.post("/key/generate", {"max_budget": 500}, by=user, note="more than the user's budget")
    s.post("/key/generate", {"rpm_limit": 500}, by=user)
    s.post("/key/generate", {"allowed_routes": ["/team/new"]}, by=user)
    s.post("/key/generate", {"permissions": {"get_spend_routes": True}}, by=user)
    s.post("/key/block", {"key": mine}, by=user)
    s.post("/key/delete", {"keys": [mine]}, by=user)
    s.post("/key/delete", {"keys": [user]}, by=user, note="the key it uses")


def in_teams(s):
    """Keys of teams: who may make them, what they take from the team."""
    lead, member = s.user("lead", "internal_user"), s.user("member", "internal_user")
    outsider = s.user("outsider", "internal_user")
    s.post("/team/new", {"team_id": "team-1", "team_alias": "One", "models": ["chat"], "max_budget": 20, "tpm_limit": 100, "rpm_limit": 10,
                         "members_with_roles": [{"role": "admin", "user_id": "lead"}, {"role": "user", "user_id": "member"}]})
    s.post("/key/generate", {"team_id": "team-1"})
    s.post("/key/generate", {"team_id": "team-1", "key_alias": "lead-key", "user_id": "member"}, by=lead, note="a team admin for a member")
    s.post("/key/generate", {"team_id": "team-1", "key_alias": "member-key"}, by=member, note="a member")
    s.post("/key/generate", {"team_id": "team-1"}, by=outsider)
    s.post("/key/generate", {"team_id": "team-1", "models": ["other-chat"]})
    s.post("/key/generate", {"team_id": "team-1", "models": ["all-team-models"]})
    s.post("/key/generate", {"team_id": "team-1", "max_budget": 100})
    s.post("/key/generate", {"team_id": "team-1", "tpm_limit": 5000})
    s.post("/key/generate", {"team_id": "team-1", "rpm_limit": 5000, "rpm_limit_type": "guaranteed_throughput"})
    s.post("/key/generate", {"team_id": "team-1", "user_id": "outsider"})
    key = s.key(team_id="team-1", key_alias="team-key", user_id="member")
    s.get(f"/key/info?key={key}", by=member)
    s.get(f"/key/info?key={key}", by=lead)
    s.get(f"/key/info?key={key}", by=outsider)
    s.post("/key/update", {"key": key, "max_budget": 3}, by=member)
    s.post("/key/update", {"key": key, "max_budget": 3}, by=lead)
    s.post("/key/block", {"key": key}, by=member)
    s.post("/key/block", {"key": key}, by=lead)
    s.post("/key/unblock", {"key": key}, by=lead)
    s.get("/key/list?team_id=team-1", by=lead)
    s.get("/key/list?team_id=team-1", by=member)
    s.get("/key/list?include_team_keys=true&sort_by=created_at&sort_order=asc", by=lead)
    s.post("/key/delete", {"keys": [key]}, by=outsider)
    s.post("/key/delete", {"keys": [key]}, by=lead)
    s.post("/key/service-account/generate", {"team_id": "team-1", "key_alias": "robot"})
    s.post("/key/service-account/generate", {"key_alias": "robot-2"})
    s.post("/key/service-account/generate", {"team_id": "no-such"})
    s.post("/key/service-account/generate", {"team_id": "team-1"}, by=member)
    s.get("/key/list?team_id=team-1&return_full_object=true&sort_by=created_at&sort_order=asc&size=2")


def bounded(s):
    """default_key_generate_params and upperbound_key_generate_params."""
    s.post("/key/generate", {})
    s.post("/key/generate", {"max_budget": 1, "duration": "1h", "models": ["chat"]})
    s.post("/key/generate", {"max_budget": 1000})
    s.post("/key/generate", {"duration": "90d"})
    s.post("/key/generate", {"tpm_limit": 100000})
    s.post("/key/generate", {"budget_duration": "90d"})
    s.post("/key/generate", {"max_parallel_requests": 1000})
    key = s.key()
    s.post("/key/update", {"key": key, "max_budget": 1000})
    s.post("/key/update", {"key": key, "duration": "90d"})


def generation_settings(s):
    user = s.user("worker", "internal_user")
    s.post("/key/generate", {"key_alias": "personal"}, by=user)
    s.post("/key/generate", {"key_alias": "personal"})
    s.post("/team/new", {"team_id": "team-1", "members_with_roles": [{"role": "user", "user_id": "worker"}]})
    s.post("/key/generate", {"team_id": "team-1"}, by=user)
    s.post("/key/generate", {"team_id": "team-1"})
    s.post("/key/generate", {"team_id": "team-1", "metadata": {"project": "x"}})


SCENES = [
    {"name": "keys: generate", "play": generate, "literal": LITERAL},
    {"name": "keys: generate refused", "play": generate_refused, "literal": LITERAL},
    {"name": "keys: generate, licensed", "play": generate_licensed, "literal": LITERAL, "licence": True},
    {"name": "keys: info", "play": info, "literal": LITERAL},
    {"name": "keys: list", "play": listed, "literal": LITERAL},
    {"name": "keys: update", "play": update, "literal": LITERAL},
    {"name": "keys: block", "play": blocked, "literal": LITERAL},
    {"name": "keys: delete", "play": deleted, "literal": LITERAL},
    {"name": "keys: regenerate", "play": regenerate, "literal": LITERAL, "licence": True},
    {"name": "keys: regenerate, unlicensed", "play": regenerate_unlicensed, "literal": LITERAL},
    {"name": "keys: reset spend, bulk", "play": reset_spend, "literal": LITERAL},
    {"name": "keys: by role", "play": by_role, "literal": LITERAL, "licence": True},
    {"name": "keys: an internal user's own", "play": own_keys, "literal": LITERAL, "licence": True},
    {"name": "keys: in teams", "play": in_teams, "literal": LITERAL, "licence": True},
    {"name": "keys: default and upper bounds", "play": bounded, "literal": LITERAL, "settings": {
        "default_key_generate_params": {"max_budget": 5, "models": ["chat"], "metadata": {"by": "default"}, "team_id": None},
        "upperbound_key_generate_params": {"max_budget": 100, "budget_duration": "30d", "duration": "30d", "tpm_limit": 1000, "rpm_limit": 100, "max_parallel_requests": 10}}},
    {"name": "keys: generation settings", "play": generation_settings, "literal": LITERAL, "settings": {
        "key_generation_settings": {"team_key_generation": {"allowed_team_member_roles": ["admin"], "required_params": ["metadata"]}, "personal_key_generation": {"allowed_user_roles": ["proxy_admin"]}}}},
]
