"""What calls leave behind: headers, rows, totals, and the routes that report them. A call to `chat` costs 0.02."""
from __future__ import annotations

LOGS = 'SELECT count(*) AS n FROM "LiteLLM_SpendLogs"'
MESSAGES = [{"role": "user", "content": "hi"}]
TOTALS = (("LiteLLM_VerificationToken", "token, key_alias, spend, total_spend, model_spend, last_active IS NOT NULL AS active", "key_alias"),
          ("LiteLLM_TeamTable", "team_id, spend, model_spend", "team_id"), ("LiteLLM_UserTable", "user_id, spend, model_spend, user_role, max_budget", "user_id"),
          ("LiteLLM_TeamMembership", "user_id, team_id, spend, total_spend", "user_id"), ("LiteLLM_OrganizationTable", "organization_id, spend, model_spend", "organization_id"),
          ("LiteLLM_OrganizationMembership", "user_id, organization_id, spend", "user_id"), ("LiteLLM_EndUserTable", "user_id, spend, alias, budget_id, blocked", "user_id"),
          ("LiteLLM_TagTable", "tag_name, spend, description, models, budget_id, created_by", "tag_name"), ("LiteLLM_BudgetWindowSpend", "*", "1"))
DAILY = ("User", "Team", "Organization", "EndUser", "Tag", "Agent", "Global")


def people(s):
    s.post("/organization/new", {"organization_id": "org-1", "organization_alias": "Org", "max_budget": 50})
    s.post("/user/new", {"user_id": "user-1", "user_email": "user-1@example.com", "user_role": "internal_user", "auto_create_key": False, "max_budget": 40})
    s.post("/organization/member_add", {"organization_id": "org-1", "member": {"role": "internal_user", "user_id": "user-1"}})
    s.post("/team/new", {"team_id": "team-1", "team_alias": "Team", "organization_id": "org-1", "max_budget": 30, "budget_limits": [{"budget_duration": "1d", "max_budget": 5}]})
    s.post("/team/member_add", {"team_id": "team-1", "member": {"role": "user", "user_id": "user-1"}, "max_budget_in_team": 20})
    s.post("/tag/new", {"name": "known", "max_budget": 9})
    s.post("/customer/new", {"user_id": "customer-1", "alias": "Customer", "max_budget": 8})
    return s.key(key_alias="governed", team_id="team-1", user_id="user-1", max_budget=10, tpm_limit=100000, rpm_limit=1000, max_parallel_requests=50, metadata={"owner": "ci"}, budget_limits=[{"budget_duration": "1d", "max_budget": 6}])


def settled(s, count, note):
    s.settle(LOGS, count, note=note)
    s.rows("LiteLLM_SpendLogs", order='"startTime" DESC', note=f"after {note}: newest first")


def written(s):
    governed = people(s)
    plain = s.key(key_alias="plain")
    s.post("/v1/chat/completions", {"model": "chat", "messages": MESSAGES, "user": "customer-1", "max_tokens": 5, "metadata": {"tags": ["known", "unknown"], "mine": 1, "spend_logs_metadata": {"a": "b"}}}, by=governed, headers={"User-Agent": "recorder/1.0", "x-litellm-tags": "from-header"})
    settled(s, 1, "a chat call")
    s.post("/v1/chat/completions", {"model": "chat", "messages": MESSAGES, "stream": True, "max_tokens": 5}, by=plain)
    s.settle(LOGS, 2)
    s.rows("LiteLLM_SpendLogs", order='"startTime" DESC LIMIT 1', note="a stream")
    s.post("/v1/chat/completions", {"model": "broken", "messages": MESSAGES}, by=plain)
    s.settle(LOGS, 3)
    s.rows("LiteLLM_SpendLogs", order='"startTime" DESC LIMIT 1', note="a failed call")
    s.rows("LiteLLM_ErrorLogs")
    s.post("/v1/embeddings", {"model": "embed", "input": "hi"}, by=plain)
    s.settle(LOGS, 4)
    s.rows("LiteLLM_SpendLogs", order='"startTime" DESC LIMIT 1', note="an embedding")
    s.chat("admin", note="with the master key")
    s.settle(LOGS, 5)
    s.rows("LiteLLM_SpendLogs", order='"startTime" DESC LIMIT 1', note="with the master key")
    s.post("/v1/messages", {"model": "chat", "max_tokens": 5, "messages": MESSAGES}, by=plain)
    s.settle(LOGS, 6)
    s.rows("LiteLLM_SpendLogs", order='"startTime" DESC LIMIT 1', note="messages")
    s.post("/v1/responses", {"model": "chat", "input": "hi"}, by=plain)
    s.settle(LOGS, 7)
    s.rows("LiteLLM_SpendLogs", order='"startTime" DESC LIMIT 1', note="responses")
    s.chat(plain, model="no-such", note="no such model: is it logged?")
    s.chat(s.key(key_alias="denied", max_budget=0), note="over budget: is it logged?")
    s.wait(4, "time to write what may be written")
    s.rows("LiteLLM_SpendLogs", order='"startTime"', columns="status, model, call_type, api_key, spend, total_tokens, metadata->'error_information' AS error_information")
    s.settle('SELECT count(*) AS n FROM "LiteLLM_DailyTagSpend"', 1)
    for table, columns, order in TOTALS:
        s.rows(table, columns=columns, order=order)
    for kind in DAILY:
        s.rows(f"LiteLLM_Daily{kind}Spend", order="1" if kind == "Global" else "model, api_key, endpoint" + (", tag" if kind == "Tag" else ""))


def headers(s):
    governed = people(s)
    plain = s.key(key_alias="plain")
    for key in (plain, governed):
        for path, body in (("/v1/chat/completions", {"model": "chat", "messages": MESSAGES, "max_tokens": 5}), ("/v1/chat/completions", {"model": "chat", "messages": MESSAGES, "max_tokens": 5, "stream": True}),
                           ("/v1/embeddings", {"model": "embed", "input": "hi"}), ("/v1/messages", {"model": "chat", "max_tokens": 5, "messages": MESSAGES}),
                           ("/v1/responses", {"model": "chat", "input": "hi"}), ("/v1/chat/completions", {"model": "broken", "messages": MESSAGES})):
            s.post(path, body, by=key)
            s.wait(0.7, "tokens and spend are counted after the answer")
        s.get("/v1/models", by=key)
        s.wait(3, "spend is written")
        s.get("/key/info", by=key)
    s.wait(3, "spend is written")
    s.chat(governed, max_tokens=5, note="after spend was written")
    s.chat("admin", max_tokens=5)
    limited = s.key(model_rpm_limit={"chat": 10}, model_tpm_limit={"chat": 1000}, rpm_limit=20)
    s.chat(limited, max_tokens=5)
    s.post("/v1/chat/completions", {"model": "chat", "messages": MESSAGES, "user": "customer-1"}, by=limited)


def reported(s):
    governed = people(s)
    s.post("/v1/chat/completions", {"model": "chat", "messages": MESSAGES, "user": "customer-1", "max_tokens": 5, "metadata": {"tags": ["known"]}}, by=governed)
    s.post("/v1/embeddings", {"model": "embed", "input": "hi"}, by=governed)
    s.post("/v1/chat/completions", {"model": "broken", "messages": MESSAGES}, by=governed)
    s.settle(LOGS, 3)
    s.settle('SELECT count(*) AS n FROM "LiteLLM_DailyTagSpend"', 1)
    s.wait(3, "totals are written")
    import datetime
    today = datetime.datetime.now(datetime.timezone.utc).date()
    start, end = today.isoformat(), (today + datetime.timedelta(days=1)).isoformat()
    token = s.get("/key/info", by=governed)["key"]
    for path in (f"/spend/logs?api_key={governed}", "/spend/logs?request_id=no-such", f"/spend/logs?start_date={start}&end_date={end}", f"/spend/logs?start_date={start}&end_date={end}&summarize=false", f"/spend/logs?start_date={start}&end_date={end}&user_id=user-1",
                 f"/spend/logs/v2?start_date={start}%2000:00:00&end_date={end}%2000:00:00", f"/spend/logs/ui?start_date={start}%2000:00:00&end_date={end}%2000:00:00&page_size=1&model=chat", f"/spend/logs/v2?start_date={start}%2000:00:00&end_date={end}%2000:00:00&status_filter=failure", "/spend/logs/v2", "/spend/logs/v2?start_date=x&end_date=y",
                 "/spend/keys", "/spend/keys?limit=1", "/spend/users", "/spend/users?user_id=user-1", "/spend/tags", f"/spend/tags?start_date={start}&end_date={end}",
                 "/global/spend", "/global/spend/logs", f"/global/spend/logs?api_key={token}", "/global/spend/keys", "/global/spend/keys?limit=1", "/global/spend/teams", "/global/spend/models", "/global/spend/tags", f"/global/spend/tags?start_date={start}&end_date={end}", f"/global/spend/provider?start_date={start}&end_date={end}", "/global/spend/all_tag_names", f"/global/spend/report?start_date={start}&end_date={end}&group_by=team", f"/global/spend/report?start_date={start}&end_date={end}",
                 f"/global/activity?start_date={start}&end_date={end}", f"/global/activity/model?start_date={start}&end_date={end}", f"/global/activity/exceptions?start_date={start}&end_date={end}&model_group=chat", f"/global/activity/cache_hits?start_date={start}&end_date={end}", "/global/activity",
                 f"/user/daily/activity?start_date={start}&end_date={end}", f"/user/daily/activity/aggregated?start_date={start}&end_date={end}", f"/team/daily/activity?start_date={start}&end_date={end}", f"/team/daily/activity?start_date={start}&end_date={end}&team_ids=team-1&page_size=1", f"/tag/daily/activity?start_date={start}&end_date={end}", f"/customer/daily/activity?start_date={start}&end_date={end}", f"/organization/daily/activity?start_date={start}&end_date={end}&organization_ids=org-1&page_size=1",
                 "/provider/budgets", f"/key/info?key={governed}", "/team/info?team_id=team-1", "/user/info?user_id=user-1", "/customer/info?end_user_id=customer-1"):
        s.get(path)
    s.post("/global/spend/end_users", {})
    s.post("/global/spend/end_users", {"api_key": token, "startTime": start, "endTime": end})
    for body in ({"model": "chat", "messages": MESSAGES}, {"completion_response": {"model": "chat", "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}}}, {}, {"model": "gpt-4o", "messages": MESSAGES}, {"model": "no-such", "messages": MESSAGES}):
        s.post("/spend/calculate", body)
    s.post("/cost/estimate", {"model": "chat", "input_tokens": 1000, "output_tokens": 500})
    user = s.key(user_id="user-1")
    for path in ("/spend/logs", "/spend/keys", "/spend/users", "/global/spend", f"/spend/logs/v2?start_date={start}%2000:00:00&end_date={end}%2000:00:00", f"/user/daily/activity?start_date={start}&end_date={end}", f"/team/daily/activity?start_date={start}&end_date={end}&team_ids=team-1", f"/global/activity?start_date={start}&end_date={end}"):
        s.get(path, by=user, note="an internal user")
    s.post("/global/spend/reset", {}, by=user)
    s.post("/global/spend/reset", {})
    s.rows("LiteLLM_VerificationToken", columns="token, spend", order="key_alias")
    s.rows("LiteLLM_TeamTable", columns="team_id, spend")


def prompts_stored(s):
    s.chat(s.key(), max_tokens=5)
    s.settle(LOGS, 1)
    s.rows("LiteLLM_SpendLogs", columns="messages, response, proxy_server_request")


def audited(s):
    key = s.key(key_alias="one")
    s.post("/key/update", {"key": key, "max_budget": 1})
    s.post("/team/new", {"team_id": "team-1"})
    s.post("/team/update", {"team_id": "team-1", "max_budget": 3})
    s.post("/user/new", {"user_id": "user-1", "auto_create_key": False})
    s.post("/key/delete", {"keys": [key]}, headers={"litellm-changed-by": "someone"})
    s.post("/team/delete", {"team_ids": ["team-1"]})
    s.settle('SELECT count(*) AS n FROM "LiteLLM_AuditLog"', 7)
    s.rows("LiteLLM_AuditLog", order="updated_at")
    s.get("/audit")


SCENES = [
    {"name": "spent: what is written", "play": written, "licence": True},
    {"name": "spent: headers of governed calls", "play": headers, "licence": True},
    {"name": "spent: reports", "play": reported, "licence": True},
    {"name": "spent: prompts stored", "play": prompts_stored, "general": {"store_prompts_in_spend_logs": True}},
    {"name": "audit", "play": audited, "licence": True, "settings": {"store_audit_logs": True}},
]
