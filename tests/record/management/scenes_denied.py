"""Refusals: what is wrong with the key, the model, the route, the money, the rate."""
from __future__ import annotations

ASK = {"model": "chat", "messages": [{"role": "user", "content": "hi"}]}
LITERAL = ["sk-unknown-key-0123456789"]
SPENT = {"key": "LiteLLM_VerificationToken", "user": "LiteLLM_UserTable", "team": "LiteLLM_TeamTable", "org": "LiteLLM_OrganizationTable"}


def bad_keys(s):
    s.chat(None)
    for headers in ({"Authorization": "Bearer "}, {"Authorization": "sk-unknown-key-0123456789"}, {"Authorization": "Bearer not-a-key"}, {"Authorization": "Bearer sk-"}, {"Authorization": "Basic sk-unknown-key-0123456789"}, {"Authorization": "bearer sk-unknown-key-0123456789"},
                    {"x-api-key": "sk-unknown-key-0123456789"}, {"API-Key": "sk-unknown-key-0123456789"}, {"x-litellm-api-key": "sk-unknown-key-0123456789"}, {"x-goog-api-key": "short"}, {"Ocp-Apim-Subscription-Key": "not-a-key"}):
        s.chat(None, headers=headers)
    s.chat("sk-unknown-key-0123456789")
    s.chat("0" * 64, note="a hash is no key")
    s.get("/v1/models", by="sk-unknown-key-0123456789")
    s.post("/key/generate", {}, by="sk-unknown-key-0123456789")
    key = s.key(key_alias="expired", duration="1d", models=["chat"])
    s.sql("UPDATE \"LiteLLM_VerificationToken\" SET expires = '2020-01-01 00:00:00' WHERE key_alias = 'expired'")
    s.chat(key, note="expired")
    s.chat(key, model="other-chat", note="expired, and may not use the model")
    s.get("/key/info", by=key, note="expired")
    blocked = s.post("/key/generate", {"key_alias": "blocked", "blocked": True})["key"]
    s.chat(blocked)
    s.chat(blocked, model="no-such")
    for header in ("x-api-key", "API-Key", "x-litellm-api-key", "x-goog-api-key", "Ocp-Apim-Subscription-Key"):
        s.chat(None, headers={header: s.key(key_alias=header)})
    s.chat(None, headers={"x-litellm-api-key": "Bearer " + s.key()})
    s.user("gone", "internal_user")
    s.sql("UPDATE \"LiteLLM_UserTable\" SET metadata = '{\"scim_active\": false}' WHERE user_id = 'gone'")
    s.chat(s.key(user_id="gone"), note="deactivated by SCIM")
    s.chat(s.key(user_id="not-in-the-table"), note="its user has no row of its own")
    s.call("POST", "/v1/chat/completions", raw="{", by=blocked)
    s.post("/customer/new", {"user_id": "barred", "blocked": True})
    s.chat(s.key(), user="barred", note="a blocked customer")
    robot = s.post("/team/new", {"team_id": "robots"}) and s.post("/key/service-account/generate", {"team_id": "robots", "key_alias": "robot"})["key"]
    s.chat(robot, note="a service account's key")
    for path in ("/key/info", "/team/info?team_id=robots", "/user/info", "/key/list", "/user/daily/activity?start_date=2020-01-01&end_date=2020-01-02"):
        s.get(path, by=robot, note="a service account's key")
    s.post("/key/generate", {"team_id": "robots"}, by=robot, note="a service account's key")


def models(s):
    only = s.key(models=["chat"])
    s.chat(only)
    s.chat(only, model="other-chat")
    s.chat(only, model="no-such")
    s.post("/v1/embeddings", {"model": "embed", "input": "hi"}, by=only)
    s.chat(only, fallbacks=["other-chat"], note="a fallback it may not use")
    s.post("/v1/messages", {"model": "other-chat", "max_tokens": 5, "messages": ASK["messages"]}, by=only)
    s.post("/v1/responses", {"model": "other-chat", "input": "hi"}, by=only)
    s.chat(s.key(), model="no-such")
    s.chat(s.key(models=["openai/*"]), model="chat")
    s.chat(s.key(models=["all-proxy-models"]), model="chat")
    s.chat(s.key(models=["*"]), model="chat")
    s.chat(s.key(models=["all-team-models"]), model="chat", note="no team")
    s.chat(s.key(models=["no-default-models"]), model="chat")
    s.chat(s.key(models=["ch*"]), model="chat")
    s.chat(s.key(aliases={"fast": "chat"}), model="fast")
    s.chat(s.key(models=["fast"], aliases={"fast": "chat"}), model="fast")
    s.post("/team/new", {"team_id": "team-1", "models": ["chat"]})
    s.chat(s.key(team_id="team-1"), model="other-chat", note="the team's list")
    s.chat(s.key(team_id="team-1"), model="chat")
    s.post("/team/new", {"team_id": "team-2", "models": []})
    s.chat(s.key(team_id="team-2"), model="other-chat", note="a team without a list")
    s.post("/team/new", {"team_id": "team-3", "models": ["no-default-models"]})
    s.chat(s.key(team_id="team-3"), model="chat")
    s.post("/team/new", {"team_id": "team-4", "models": ["chat"], "model_aliases": {"fast": "other-chat"}})
    s.chat(s.key(team_id="team-4"), model="fast", note="the team's alias")
    for name, list_ in (("some", ["chat"]), ("none", ["no-default-models"]), ("all", [])):
        s.post("/user/new", {"user_id": name, "models": list_, "auto_create_key": False})
        key = s.key(user_id=name)
        s.chat(key, model="chat", note=f"user: {name}")
        s.chat(key, model="other-chat", note=f"user: {name}")
        s.get("/models", by=key)
    s.post("/team/member_add", {"team_id": "team-2", "member": {"role": "user", "user_id": "some"}, "allowed_models": ["embed"]})
    s.chat(s.key(team_id="team-2", user_id="some"), model="other-chat", note="user's and member's lists")
    s.post("/customer/new", {"user_id": "customer", "models": ["chat"]})
    s.chat(s.key(), model="other-chat", user="customer")


def routes(s):
    for fields, calls in (
        ({"allowed_routes": ["/v1/models"]}, ("GET /v1/models", "POST /v1/chat/completions", "GET /key/info")),
        ({"allowed_routes": ["llm_api_routes"]}, ("GET /v1/models", "POST /v1/chat/completions", "GET /key/info", "POST /key/generate")),
        ({"allowed_routes": ["management_routes"]}, ("POST /v1/chat/completions", "GET /key/info", "POST /key/generate", "GET /team/list")),
        ({"allowed_routes": ["info_routes"]}, ("GET /v1/models", "GET /key/info", "GET /team/list", "POST /key/generate")),
        ({"allowed_routes": ["/v1/*"]}, ("POST /v1/chat/completions", "POST /chat/completions")),
        ({"allowed_routes": ["/chat/completions"]}, ("POST /v1/chat/completions", "POST /chat/completions")),
        ({"key_type": "llm_api"}, ("POST /v1/chat/completions", "GET /key/info", "GET /user/info")),
        ({"key_type": "management"}, ("POST /v1/chat/completions", "POST /key/generate")),
        ({"key_type": "read_only"}, ("POST /v1/chat/completions", "GET /key/info", "GET /v1/models")),
    ):
        key = s.key(**fields)
        for call in calls:
            method, path = call.split()
            s.call(method, path, ASK if "chat" in path else {} if method == "POST" else None, by=key)
    viewer, inner, innerview = s.user("viewer", "proxy_admin_viewer"), s.user("inner", "internal_user"), s.user("innerview", "internal_user_viewer")
    for role, key in (("proxy_admin_viewer", viewer), ("internal_user", inner), ("internal_user_viewer", innerview), ("plain key", s.key())):
        s.chat(key, note=role)
        for call in ("GET /spend/logs?request_id=no-such", "GET /global/spend", "GET /spend/tags", "GET /spend/users", "GET /global/activity?start_date=2020-01-01&end_date=2020-01-02", "POST /global/spend/reset", "GET /config/yaml", "GET /health/readiness", "GET /model_group/info", "GET /tag/list", "GET /no/such/route", "POST /cache/flushall", "GET /audit"):
            method, path = call.split()
            s.call(method, path, {} if method == "POST" and path != "/config/yaml" else None, by=key, note=role)


def unsafe(s):
    key = s.key()
    for more in ({"api_base": "http://127.0.0.1:9"}, {"base_url": "http://127.0.0.1:9"}, {"model_list": []}, {"api_key": "sk-x"}, {"mock_response": "mine"}, {"metadata": {"tags": ["a"]}}, {"litellm_metadata": {"a": 1}}, {"guardrails": ["x"]}, {"user_config": {}}, {"langfuse_host": "x"}, {"aws_sts_endpoint": "x"}, {"vertex_credentials": "x"}, {"api_version": "x"}, {"custom_llm_provider": "anthropic"}, {"extra_headers": {"x": "y"}}, {"proxy_server_request": {}}, {"no-log": True}, {"disable_global_guardrails": True}):
        s.chat(key, **more)


def addresses(s):
    s.chat("admin")
    s.get("/health/liveliness", by=None)
    s.get("/v1/models", by=None)


def routes_of_proxy(s):
    s.chat("admin")
    s.get("/v1/models")
    s.get("/key/info")
    s.get("/health/liveliness", by=None)


def budgets(s):
    key = s.key(key_alias="alias", max_budget=1)
    bare = s.key(max_budget=1)
    zero = s.key(max_budget=0)
    exact = s.key(key_alias="exact", max_budget=1)
    s.sql("UPDATE \"LiteLLM_VerificationToken\" SET spend = 2 WHERE key_alias = 'alias' OR key_alias IS NULL AND max_budget = 1")
    s.sql("UPDATE \"LiteLLM_VerificationToken\" SET spend = 1 WHERE key_alias = 'exact'")
    s.chat(key)
    s.chat(bare, note="without an alias")
    s.chat(zero, note="a budget of nothing")
    s.chat(exact, note="exactly spent")
    s.chat(key, stream=True)
    s.chat(key, model="free", note="a model without a price")
    s.chat(key, model="no-such")
    s.post("/v1/embeddings", {"model": "embed", "input": "hi"}, by=key)
    s.post("/v1/messages", {"model": "chat", "max_tokens": 5, "messages": ASK["messages"]}, by=key)
    s.post("/v1/responses", {"model": "chat", "input": "hi"}, by=key)
    s.get("/v1/models", by=key)
    s.wait(2, "the key's last use is written")
    s.get("/key/info", by=key)
    s.post("/user/new", {"user_id": "poor", "max_budget": 1, "auto_create_key": False})
    s.sql("UPDATE \"LiteLLM_UserTable\" SET spend = 2 WHERE user_id = 'poor'")
    s.chat(s.key(user_id="poor"))
    s.post("/team/new", {"team_id": "rich", "members_with_roles": [{"role": "user", "user_id": "poor"}]})
    s.chat(s.key(user_id="poor", team_id="rich"), note="a user's budget on a team's key")
    s.post("/team/new", {"team_id": "poor-team", "team_alias": "Poor", "max_budget": 1})
    s.post("/team/new", {"team_id": "exact-team", "max_budget": 1})
    s.sql("UPDATE \"LiteLLM_TeamTable\" SET spend = 2 WHERE team_id = 'poor-team'")
    s.sql("UPDATE \"LiteLLM_TeamTable\" SET spend = 1 WHERE team_id = 'exact-team'")
    s.chat(s.key(team_id="poor-team"))
    s.chat(s.key(team_id="exact-team"), note="exactly spent")
    s.post("/team/new", {"team_id": "members", "members_with_roles": []})
    s.post("/team/member_add", {"team_id": "members", "member": {"role": "user", "user_id": "member"}, "max_budget_in_team": 1})
    s.sql("UPDATE \"LiteLLM_TeamMembership\" SET spend = 2 WHERE user_id = 'member'")
    s.chat(s.key(team_id="members", user_id="member"), note="a member's budget")
    s.post("/customer/new", {"user_id": "poor-customer", "max_budget": 1})
    s.post("/customer/new", {"user_id": "exact-customer", "max_budget": 1})
    s.sql("UPDATE \"LiteLLM_EndUserTable\" SET spend = 2 WHERE user_id = 'poor-customer'")
    s.sql("UPDATE \"LiteLLM_EndUserTable\" SET spend = 1 WHERE user_id = 'exact-customer'")
    free = s.key()
    s.chat(free, user="poor-customer")
    s.chat(free, user="exact-customer", note="exactly spent")
    s.chat(free, headers={"x-litellm-customer-id": "poor-customer"})
    s.chat(free, metadata={"user_id": "poor-customer"})
    s.chat("admin", user="poor-customer", note="with the master key")
    s.post("/organization/new", {"organization_id": "poor-org", "organization_alias": "Poor", "max_budget": 1})
    s.post("/team/new", {"team_id": "of-org", "organization_id": "poor-org"})
    s.sql("UPDATE \"LiteLLM_OrganizationTable\" SET spend = 2 WHERE organization_id = 'poor-org'")
    s.chat(s.key(team_id="of-org"), note="an organization's budget")
    s.post("/tag/new", {"name": "poor-tag", "max_budget": 1})
    s.sql("UPDATE \"LiteLLM_TagTable\" SET spend = 2 WHERE tag_name = 'poor-tag'")
    s.chat(free, metadata={"tags": ["poor-tag"]})
    s.chat(free, headers={"x-litellm-tags": "poor-tag"})
    linked = s.post("/budget/new", {"budget_id": "linked", "max_budget": 1})
    s.key(key_alias="linked", budget_id="linked")
    with_budget = s.key(key_alias="linked-2", budget_id="linked")
    s.sql("UPDATE \"LiteLLM_VerificationToken\" SET spend = 2 WHERE key_alias LIKE 'linked%'")
    s.chat(with_budget, note="a budget by its id")
    s.chat(s.key(soft_budget=0.0000001, spend=1), note="a soft budget")
    return linked


def spending(s):
    """Budgets used up by calls: a call to `chat` costs 0.02."""
    key = s.key(key_alias="small", max_budget=0.03)
    for _ in range(3):
        s.chat(key, max_tokens=5)
        s.wait(1.5, "spend is counted after the answer")
    s.chat(s.key(max_budget=0.001), note="the worst case is more than the budget")
    window = s.key(budget_limits=[{"budget_duration": "1d", "max_budget": 0.01}])
    s.chat(window, max_tokens=5)
    s.wait(1.5, "spend is counted after the answer")
    s.chat(window, max_tokens=5)
    s.get(f"/key/info?key={window}")
    per_model = s.key(model_max_budget={"chat": {"budget_limit": 0.01, "time_period": "1d"}})
    s.chat(per_model, max_tokens=5)
    s.wait(1.5, "spend is counted after the answer")
    s.chat(per_model, max_tokens=5)
    s.chat(per_model, model="other-chat", max_tokens=5)
    s.get(f"/key/info?key={per_model}")
    s.post("/team/new", {"team_id": "window", "budget_limits": [{"budget_duration": "1h", "max_budget": 0.01}]})
    of_team = s.key(team_id="window")
    s.chat(of_team, max_tokens=5)
    s.wait(1.5, "spend is counted after the answer")
    s.chat(of_team, max_tokens=5)


def global_budget(s):
    s.sql("INSERT INTO \"LiteLLM_UserTable\" (user_id, spend) VALUES ('litellm-proxy-budget', 5) ON CONFLICT (user_id) DO UPDATE SET spend = 5")
    s.wait(2, "the spend read before is kept for a second")
    s.chat(s.key())
    s.chat("admin")


def budget_code(s):
    s.chat(s.key(max_budget=0))


def rates(s):
    for fields in ({"rpm_limit": 1}, {"tpm_limit": 1}, {"max_parallel_requests": 0}, {"rpm_limit": 0}, {"tpm_limit": 0}, {"model_rpm_limit": {"chat": 1}}, {"model_tpm_limit": {"chat": 1}}, {"rpm_limit": 100, "tpm_limit": 1000, "max_parallel_requests": 5}):
        key = s.key(**fields)
        s.chat(key, max_tokens=5, note=str(fields))
        s.wait(0.5, "tokens are counted after the answer")
        s.chat(key, max_tokens=5, note=str(fields))
        s.wait(0.5, "tokens are counted after the answer")
        s.chat(key, model="other-chat", max_tokens=5, note=str(fields))
        s.wait(0.5, "tokens are counted after the answer")
    s.chat(key, stream=True)
    s.wait(0.5, "tokens are counted after the answer")
    s.post("/v1/embeddings", {"model": "embed", "input": "hi"}, by=key)
    s.get("/v1/models", by=key)
    s.post("/user/new", {"user_id": "slow", "rpm_limit": 1, "auto_create_key": False})
    user = s.key(user_id="slow")
    s.chat(user)
    s.chat(user)
    s.post("/team/new", {"team_id": "slow-team", "rpm_limit": 1})
    team = s.key(team_id="slow-team")
    s.chat(team)
    s.chat(team)
    s.post("/team/new", {"team_id": "team-2"})
    s.post("/team/member_add", {"team_id": "team-2", "member": {"role": "user", "user_id": "member"}, "rpm_limit": 1})
    member = s.key(team_id="team-2", user_id="member")
    s.chat(member)
    s.chat(member)
    s.post("/customer/new", {"user_id": "slow-customer", "rpm_limit": 1})
    free = s.key()
    s.chat(free, user="slow-customer")
    s.chat(free, user="slow-customer")
    s.post("/team/new", {"team_id": "team-3", "model_rpm_limit": {"chat": 1}})
    by_model = s.key(team_id="team-3")
    s.chat(by_model)
    s.chat(by_model)
    s.post("/organization/new", {"organization_id": "slow-org", "organization_alias": "Slow", "rpm_limit": 1})
    s.post("/team/new", {"team_id": "of-org", "organization_id": "slow-org"})
    of_org = s.key(team_id="of-org")
    s.chat(of_org)
    s.chat(of_org)
    s.post("/budget/new", {"budget_id": "slow", "rpm_limit": 1})
    linked = s.key(budget_id="slow")
    s.chat(linked)
    s.chat(linked)


def required_user(s):
    key = s.key()
    s.chat(key)
    s.chat(key, user="someone")


SCENES = [
    {"name": "denied: keys", "play": bad_keys, "literal": LITERAL},
    {"name": "denied: models", "play": models, "licence": True},
    {"name": "denied: routes", "play": routes, "licence": True},
    {"name": "denied: unsafe parameters", "play": unsafe},
    {"name": "denied: addresses", "play": addresses, "licence": True, "general": {"allowed_ips": ["10.0.0.1"]}},
    {"name": "denied: routes of the proxy", "play": routes_of_proxy, "licence": True, "general": {"allowed_routes": ["/v1/models"]}},
    {"name": "denied: budgets", "play": budgets, "licence": True},
    {"name": "denied: budgets used up by calls", "play": spending, "licence": True},
    {"name": "denied: global budget", "play": global_budget, "settings": {"max_budget": 1, "budget_duration": "30d"}, "general": {"user_api_key_cache_ttl": 1}},
    {"name": "denied: another status for budgets", "play": budget_code, "settings": {"budget_exceeded_status_code": 429}},
    {"name": "denied: rates", "play": rates, "licence": True},
    {"name": "denied: no user", "play": required_user, "general": {"enforce_user_param": True}},
]
