"""Teams and their members."""
from __future__ import annotations


def create(s):
    s.post("/team/new")
    s.post("/team/new", {"team_alias": "named"})
    s.post("/team/new", {"team_alias": "named"}, note="the alias again")
    s.post("/team/new", {
        "team_id": "team-1", "team_alias": "One", "models": ["chat"], "max_budget": 20, "soft_budget": 15, "budget_duration": "30d", "tpm_limit": 1000, "rpm_limit": 100, "metadata": {"a": 1},
        "members_with_roles": [{"role": "admin", "user_id": "lead"}, {"role": "user", "user_id": "member"}, {"role": "user", "user_email": "mail@example.com"}], "blocked": False, "model_aliases": {"fast": "chat"}})
    s.rows("LiteLLM_TeamTable", "team_id = 'team-1'")
    s.rows("LiteLLM_UserTable", order="created_at, user_id", note="users named as members")
    s.rows("LiteLLM_TeamMembership", "team_id LIKE 'team-%'", order="length(user_id), user_id")
    s.rows("LiteLLM_ModelTable")
    s.get("/team/info?team_id=team-1")
    s.post("/team/new", {"team_id": "team-1"}, note="the id again")
    s.post("/team/new", {"team_id": "team-2", "team_member_budget": 3, "team_member_budget_duration": "1d", "team_member_rpm_limit": 5, "team_member_tpm_limit": 50, "team_member_key_duration": "10d", "members_with_roles": [{"role": "user", "user_id": "member"}]})
    s.rows("LiteLLM_TeamTable", "team_id = 'team-2'", columns="team_id, metadata, members_with_roles, admins, members")
    s.rows("LiteLLM_BudgetTable")
    s.rows("LiteLLM_TeamMembership", "team_id LIKE 'team-%'", order="team_id, length(user_id), user_id")
    s.get("/team/info?team_id=team-2")
    s.post("/team/new", {"team_id": "team-3", "budget_limits": [{"budget_duration": "1d", "max_budget": 2}], "model_rpm_limit": {"chat": 4}, "model_tpm_limit": {"chat": 40}, "team_member_permissions": ["/key/generate", "/key/delete"], "router_settings": {"num_retries": 1}})
    s.post("/team/new", {"team_id": "team-4", "unknown_field": 1, "models": ["no-such-model"]})
    for fields in ({"members_with_roles": "x"}, {"members_with_roles": [{"role": "wizard", "user_id": "u"}]}, {"members_with_roles": [{"role": "user"}]}, {"max_budget": "x"}, {"max_budget": -1}, {"budget_duration": "abc", "max_budget": 1}, {"tpm_limit": "x"}, {"rpm_limit": -1},
                   {"models": "chat"}, {"metadata": "x"}, {"organization_id": "no-such"}, {"tags": ["a"]}, {"guardrails": ["a"]}, {"model_max_budget": {"chat": {"budget_limit": 1, "time_period": "1d"}}}, {"team_member_permissions": ["/no/such"]}, {"team_id": 5}, {"soft_budget": 5, "max_budget": 1}):
        s.post("/team/new", fields)


def change(s):
    s.post("/team/new", {"team_id": "team-1", "team_alias": "One", "models": ["chat"], "max_budget": 20, "metadata": {"a": 1}})
    for fields in ({}, {"team_alias": "Uno"}, {"max_budget": 30, "budget_duration": "7d"}, {"max_budget": None}, {"models": ["other-chat"]}, {"metadata": {"b": 2}}, {"tpm_limit": 5, "rpm_limit": 6}, {"blocked": True}, {"blocked": False}, {"budget_duration": None}, {"soft_budget": 4},
                   {"team_member_budget": 2}, {"model_aliases": {"x": "chat"}}, {"tags": ["a"]}, {"organization_id": "no-such"}, {"max_budget": "x"}, {"max_budget": -5}, {"budget_duration": "abc"}, {"unknown_field": 1}, {"team_member_permissions": ["/key/update"]}, {"spend": 3}):
        s.post("/team/update", {"team_id": "team-1", **fields})
    s.rows("LiteLLM_TeamTable")
    s.post("/team/update", {"team_id": "no-such", "team_alias": "x"})
    s.post("/team/update", {"team_alias": "x"})
    s.patch("/team/team-1", {"team_alias": "patched"})
    s.post("/team/block", {"team_id": "team-1"})
    key = s.key(team_id="team-1")
    s.chat(key, note="its team is blocked")
    s.get("/key/info", by=key)
    s.post("/team/unblock", {"team_id": "team-1"})
    s.post("/team/block", {"team_id": "no-such"})
    s.post("/team/unblock", {"team_id": "no-such"})
    s.post("/team/block", {})
    s.post("/team/model/add", {"team_id": "team-1", "models": ["chat", "embed"]})
    s.post("/team/model/delete", {"team_id": "team-1", "models": ["chat"]})
    s.post("/team/model/add", {"team_id": "no-such", "models": ["chat"]})
    s.post("/team/model/add", {"team_id": "team-1"})
    s.post("/team/model/delete", {"team_id": "team-1", "models": ["never-there"]})


def members(s):
    s.user("present", "internal_user", user_email="present@example.com")
    s.post("/team/new", {"team_id": "team-1", "models": ["chat", "other-chat"]})
    s.post("/team/member_add", {"team_id": "team-1", "member": {"role": "user", "user_id": "present"}})
    s.post("/team/member_add", {"team_id": "team-1", "member": {"role": "user", "user_id": "present"}}, note="again")
    s.post("/team/member_add", {"team_id": "team-1", "member": [{"role": "admin", "user_id": "lead"}, {"role": "user", "user_email": "new@example.com"}], "max_budget_in_team": 5, "budget_duration": "1d", "tpm_limit": 10, "rpm_limit": 2, "allowed_models": ["chat"]})
    s.rows("LiteLLM_TeamMembership", order="length(user_id), user_id", columns="user_id, team_id, spend, total_spend, budget_id IS NOT NULL AS has_budget")
    s.rows("LiteLLM_BudgetTable", columns="max_budget, tpm_limit, rpm_limit, budget_duration, budget_reset_at, allowed_models, created_by")
    s.rows("LiteLLM_TeamTable", columns="team_id, admins, members, members_with_roles")
    s.rows("LiteLLM_UserTable", order="user_email, user_id", columns="user_id, user_email, user_role, teams, spend, max_budget, models")
    for fields in ({"member": {"role": "wizard", "user_id": "x"}}, {"member": {"role": "user"}}, {"member": []}, {}, {"member": {"role": "user", "user_id": "x"}, "max_budget_in_team": "x"}, {"member": {"role": "user", "user_id": "x"}, "max_budget_in_team": -1},
                   {"member": {"user_id": "x"}}, {"member": {"role": "user", "user_id": "y"}, "budget_duration": "abc", "max_budget_in_team": 1}, {"member": {"role": "user", "user_id": "z"}, "allowed_models": ["no-such"]}):
        s.post("/team/member_add", {"team_id": "team-1", **fields})
    s.post("/team/member_add", {"team_id": "no-such", "member": {"role": "user", "user_id": "x"}})
    s.post("/team/member_update", {"team_id": "team-1", "user_id": "present", "max_budget_in_team": 7})
    s.post("/team/member_update", {"team_id": "team-1", "user_id": "present", "role": "admin", "tpm_limit": 3, "rpm_limit": 4, "budget_duration": "30d"})
    s.post("/team/member_update", {"team_id": "team-1", "user_email": "new@example.com", "max_budget_in_team": 1})
    s.post("/team/member_update", {"team_id": "team-1", "user_id": "no-such", "max_budget_in_team": 7})
    s.post("/team/member_update", {"team_id": "no-such", "user_id": "present", "max_budget_in_team": 7})
    s.post("/team/member_update", {"team_id": "team-1", "max_budget_in_team": 7})
    s.post("/team/member_update", {"team_id": "team-1", "user_id": "present", "role": "wizard"})
    s.get("/team/info?team_id=team-1")
    s.key(team_id="team-1", user_id="present", key_alias="of the member")
    s.post("/team/member_delete", {"team_id": "team-1", "user_id": "present"})
    s.post("/team/member_delete", {"team_id": "team-1", "user_email": "new@example.com"})
    s.post("/team/member_delete", {"team_id": "team-1", "user_id": "present"}, note="again")
    s.post("/team/member_delete", {"team_id": "no-such", "user_id": "present"})
    s.post("/team/member_delete", {"team_id": "team-1"})
    s.rows("LiteLLM_TeamMembership", order="user_id")
    s.rows("LiteLLM_VerificationToken", order="key_alias", columns="token, key_alias, user_id, team_id")
    s.post("/team/bulk_member_add", {"team_id": "team-1", "members": [{"role": "user", "user_id": "b1"}, {"role": "user", "user_id": "b2"}]})
    s.get("/team/team-1/members/me")
    s.get("/team/permissions_list?team_id=team-1")
    s.post("/team/permissions_update", {"team_id": "team-1", "team_member_permissions": ["/key/generate"]})
    s.post("/team/permissions_update", {"team_id": "team-1", "team_member_permissions": ["/nonsense"]})
    s.post("/team/permissions_update", {"team_id": "no-such", "team_member_permissions": []})


def listed(s):
    s.user("u-1", "internal_user")
    for number in range(3):
        s.post("/team/new", {"team_id": f"team-{number}", "team_alias": f"Alias {number}", "members_with_roles": [{"role": "user", "user_id": "u-1"}] if number else []})
    s.key(team_id="team-1", key_alias="in-team-1")
    s.get("/team/list")
    s.get("/team/list?user_id=u-1")
    s.get("/team/list?user_id=no-such")
    s.get("/v2/team/list?sort_by=team_alias&sort_order=asc")
    for query in ("page=2&page_size=2&sort_by=team_alias&sort_order=asc", "team_id=team-1", "team_alias=Alias 1", "user_id=u-1&sort_by=team_alias&sort_order=desc", "organization_id=no-such", "page_size=0", "page_size=101", "page=0", "sort_by=nonsense", "page_size=x", "status=deleted", "status=nonsense", "search=alias"):
        s.get("/v2/team/list?" + query.replace(" ", "%20"))
    s.get("/team/available")
    s.get("/team/info?team_id=no-such")
    s.get("/team/info")
    s.post("/team/delete", {"team_ids": ["team-1"]})
    s.get("/team/info?team_id=team-1", note="deleted")
    s.rows("LiteLLM_DeletedTeamTable")
    s.rows("LiteLLM_VerificationToken", order="created_at", columns="key_alias, team_id")
    s.rows("LiteLLM_UserTable", columns="user_id, teams")
    s.rows("LiteLLM_TeamMembership", order="team_id")
    s.post("/team/delete", {"team_ids": ["team-1"]}, note="again")
    s.post("/team/delete", {"team_ids": []})
    s.post("/team/delete", {})
    s.get("/v2/team/list?status=deleted")
    s.get("/team/daily/activity?start_date=2020-01-01&end_date=2020-01-02")
    s.get("/team/daily/activity")


def by_role(s):
    roles = {role: s.user(f"user-{role}", role) for role in ("proxy_admin_viewer", "internal_user", "internal_user_viewer")}
    lead, member = s.user("lead", "internal_user"), s.user("member", "internal_user")
    s.post("/team/new", {"team_id": "team-1", "max_budget": 10, "members_with_roles": [{"role": "admin", "user_id": "lead"}, {"role": "user", "user_id": "member"}]})
    plain = s.key(key_alias="plain")
    of_team = s.key(team_id="team-1", key_alias="of team")
    allowed = s.key(allowed_routes=["/team/new", "/team/update"], key_alias="allowed")
    for role, key in [*roles.items(), ("team admin", lead), ("team member", member), ("plain key", plain), ("key of the team", of_team), ("key with allowed_routes", allowed)]:
        s.post("/team/new", {"team_id": f"by-{role.replace(' ', '-')}"}, by=key, note=role)
        s.get("/team/info?team_id=team-1", by=key, note=role)
        s.get("/team/list", by=key, note=role)
        s.get("/v2/team/list", by=key, note=role)
        s.post("/team/update", {"team_id": "team-1", "metadata": {"by": role}}, by=key, note=role)
        s.post("/team/update", {"team_id": "team-1", "max_budget": 99}, by=key, note=role)
        s.post("/team/member_add", {"team_id": "team-1", "member": {"role": "user", "user_id": f"added-by-{role}"}}, by=key, note=role)
        s.post("/team/member_update", {"team_id": "team-1", "user_id": "member", "max_budget_in_team": 1}, by=key, note=role)
        s.post("/team/member_delete", {"team_id": "team-1", "user_id": f"added-by-{role}"}, by=key, note=role)
        s.post("/team/block", {"team_id": "team-1"}, by=key, note=role)
        s.post("/team/unblock", {"team_id": "team-1"}, by=key, note=role)
        s.post("/team/model/add", {"team_id": "team-1", "models": ["chat"]}, by=key, note=role)
        s.get("/team/daily/activity?start_date=2020-01-01&end_date=2020-01-02&team_ids=team-1", by=key, note=role)
        s.post("/team/delete", {"team_ids": ["no-such-team"]}, by=key, note=role)


SCENES = [
    {"name": "teams: new", "play": create},
    {"name": "teams: new, licensed", "play": create, "licence": True},
    {"name": "teams: update, block, models", "play": change},
    {"name": "teams: members", "play": members, "licence": True},
    {"name": "teams: list, info, delete", "play": listed},
    {"name": "teams: by role", "play": by_role, "licence": True},
]
