"""Users and customers."""
from __future__ import annotations


def create(s):
    s.post("/user/new")
    s.post("/user/new", {"user_id": "one", "user_email": "One@Example.com", "user_alias": "The One", "user_role": "internal_user", "max_budget": 10, "budget_duration": "1d", "models": ["chat"], "tpm_limit": 100, "rpm_limit": 10, "metadata": {"a": 1}, "max_parallel_requests": 2, "duration": "30d", "key_alias": "key of one"})
    s.rows("LiteLLM_UserTable", "user_id = 'one'")
    s.rows("LiteLLM_VerificationToken", "user_id = 'one'")
    s.get("/user/info?user_id=one")
    s.post("/user/new", {"user_id": "one"}, note="the id again")
    s.post("/user/new", {"user_id": "other", "user_email": "one@example.com"}, note="the email again")
    s.post("/user/new", {"user_id": "no-key", "auto_create_key": False, "user_role": "internal_user"})
    s.post("/team/new", {"team_id": "team-1"})
    s.post("/user/new", {"user_id": "in-team", "teams": ["team-1"]})
    s.post("/user/new", {"user_id": "team-admin", "teams": [{"team_id": "team-1", "max_budget_in_team": 3, "user_role": "user"}], "auto_create_key": False})
    s.post("/user/new", {"user_id": "team-key", "team_id": "team-1"})
    s.rows("LiteLLM_TeamMembership", order="user_id")
    s.post("/user/new", {"user_id": "sso", "sso_user_id": "sso-1", "auto_create_key": False})
    for role in ("proxy_admin", "proxy_admin_viewer", "internal_user_viewer", "customer", "team", "org_admin", "wizard"):
        s.post("/user/new", {"user_role": role, "user_id": f"u-{role}"})
    for fields in ({"password": "x"}, {"user_email": "not-an-email"}, {"max_budget": "x"}, {"max_budget": -1}, {"models": "x"}, {"teams": ["no-such"]}, {"teams": "x"}, {"budget_duration": "abc", "max_budget": 1}, {"tpm_limit": "x"}, {"metadata": "x"}, {"user_id": 5}, {"organizations": ["no-such"]}, {"auto_create_key": "maybe"}, {"key_alias": "key of one"}, {"unknown_field": 1}, {"send_invite_email": True}):
        s.post("/user/new", fields)


def change(s):
    s.user("one", "internal_user", user_email="one@example.com")
    for fields in ({"max_budget": 5, "budget_duration": "30d"}, {"user_role": "proxy_admin_viewer"}, {"user_email": "uno@example.com"}, {"user_alias": "Uno"}, {"models": ["chat"]}, {"spend": 2}, {"metadata": {"x": 1}}, {"tpm_limit": 1, "rpm_limit": 2}, {"max_budget": None}, {"user_role": "wizard"}, {"max_budget": "x"}, {"max_budget": -1}, {"budget_duration": "abc"}, {"password": "short"}, {"unknown_field": 1}):
        s.post("/user/update", {"user_id": "one", **fields})
    s.post("/user/update", {"user_email": "uno@example.com", "max_budget": 6})
    s.post("/user/update", {"user_id": "no-such", "max_budget": 6})
    s.post("/user/update", {"user_email": "no-such@example.com", "max_budget": 6})
    s.post("/user/update", {"max_budget": 6})
    s.rows("LiteLLM_UserTable")
    s.post("/user/bulk_update", {"users": [{"user_id": "one", "max_budget": 8}, {"user_id": "no-such", "max_budget": 8}]})
    s.get("/v2/user/info?user_id=one")
    s.get("/v2/user/info?user_id=no-such")
    s.get("/user/available_roles")


def listed(s):
    for number in range(3):
        s.user(f"user-{number}", "internal_user" if number else "proxy_admin_viewer", user_email=f"mail-{number}@example.com", user_alias=f"Alias {number}")
    s.key(user_id="user-1", key_alias="second key")
    s.post("/team/new", {"team_id": "team-1", "members_with_roles": [{"role": "user", "user_id": "user-1"}]})
    s.get("/user/list")
    for query in ("page=2&page_size=2", "role=internal_user", "user_ids=user-0,user-2", "user_email=mail-1", "user_alias=Alias", "team=team-1", "sort_by=user_id&sort_order=desc", "sort_by=nonsense", "page_size=0", "page_size=101", "page=0", "role=wizard", "sso_user_ids=x", "organization_ids=x", "user_id=user-0"):
        s.get(f"/user/list?{query}")
    s.get("/user/info?user_id=user-1")
    s.get("/user/info?user_id=no-such")
    s.get("/user/info")
    s.get("/user/daily/activity?start_date=2020-01-01&end_date=2020-01-02")
    s.get("/user/daily/activity")
    s.get("/user/daily/activity?start_date=x&end_date=y")
    s.get("/user/daily/activity?start_date=2020-01-01&end_date=2020-01-02&page_size=5000")
    s.post("/user/delete", {"user_ids": ["user-1"]})
    s.get("/user/info?user_id=user-1", note="deleted")
    s.rows("LiteLLM_VerificationToken", order="user_id", columns="user_id, key_alias")
    s.rows("LiteLLM_TeamTable", columns="team_id, members, members_with_roles")
    s.post("/user/delete", {"user_ids": ["user-1"]}, note="again")
    s.post("/user/delete", {"user_ids": []})
    s.post("/user/delete", {})
    s.post("/user/delete", {"user_ids": "x"})


def by_role(s):
    roles = {role: s.user(f"user-{role}", role) for role in ("proxy_admin", "proxy_admin_viewer", "internal_user", "internal_user_viewer")}
    roles["plain key"] = s.key()
    for role, key in roles.items():
        own = f"user-{role}".replace(" ", "-")
        s.post("/user/new", {"user_id": f"by-{role}"}, by=key, note=role)
        s.post("/user/new", {"user_id": f"admin-by-{role}", "user_role": "proxy_admin"}, by=key, note=role)
        s.get(f"/user/info?user_id={own}", by=key, note=f"{role}: itself")
        s.get("/user/info", by=key, note=f"{role}: itself, unnamed")
        s.get("/user/info?user_id=user-proxy_admin", by=key, note=f"{role}: someone else")
        s.get("/user/list?page_size=1", by=key, note=role)
        s.post("/user/update", {"user_id": own, "user_alias": "Me"}, by=key, note=f"{role}: itself")
        s.post("/user/update", {"user_id": own, "max_budget": 1000}, by=key, note=f"{role}: its own budget")
        s.post("/user/update", {"user_id": own, "user_role": "proxy_admin"}, by=key if role != "proxy_admin" else None, note=f"{role}: its own role")
        s.post("/user/update", {"user_id": "by-proxy_admin", "user_alias": "x"}, by=key, note=f"{role}: someone else")
        s.post("/user/delete", {"user_ids": ["no-such"]}, by=key, note=role)
        s.get("/user/daily/activity?start_date=2020-01-01&end_date=2020-01-02", by=key, note=role)
        s.get("/user/available_roles", by=key, note=role)


def customers(s):
    s.post("/budget/new", {"budget_id": "shared", "max_budget": 4})
    for prefix in ("/customer", "/end_user"):
        name = prefix[1:]
        s.post(f"{prefix}/new", {"user_id": f"{name}-1"})
        s.post(f"{prefix}/new", {"user_id": f"{name}-2", "alias": "Two", "max_budget": 2, "budget_duration": "1d", "allowed_model_region": "eu", "default_model": "chat", "blocked": False})
        s.post(f"{prefix}/new", {"user_id": f"{name}-3", "budget_id": "shared"})
        s.post(f"{prefix}/new", {"user_id": f"{name}-1"}, note="again")
        s.post(f"{prefix}/update", {"user_id": f"{name}-1", "alias": "One", "max_budget": 3})
        s.post(f"{prefix}/update", {"user_id": f"{name}-2", "budget_id": "shared"})
        s.get(f"{prefix}/info?end_user_id={name}-2")
        s.post(f"{prefix}/block", {"user_ids": [f"{name}-1"]})
        s.post(f"{prefix}/unblock", {"user_ids": [f"{name}-1"]})
        s.get(f"{prefix}/list")
        s.post(f"{prefix}/delete", {"user_ids": [f"{name}-3"]})
    s.rows("LiteLLM_EndUserTable", order="user_id")
    s.rows("LiteLLM_BudgetTable", order="max_budget, created_at")
    for fields in ({}, {"user_id": "x", "max_budget": "x"}, {"user_id": "x", "max_budget": -1}, {"user_id": "y", "max_budget": 1, "budget_id": "shared"}, {"user_id": "z", "budget_id": "no-such"}, {"user_id": "v", "allowed_model_region": "mars"}, {"user_id": "w", "default_model": "no-such"}, {"user_id": "r", "allowed_model_region": "eu"}, {"user_id": "d", "budget_duration": "abc", "max_budget": 1}, {"user_id": 5}, {"user_id": "m", "models": ["chat"]}, {"user_id": "s", "spend": 2}):
        s.post("/customer/new", fields)
    s.post("/customer/update", {"user_id": "no-such", "alias": "x"})
    s.post("/customer/update", {})
    s.post("/customer/delete", {"user_ids": ["no-such"]})
    s.post("/customer/delete", {})
    s.get("/customer/info?end_user_id=no-such")
    s.get("/customer/info")
    s.post("/customer/block", {"user_ids": ["never-seen"]})
    s.post("/customer/block", {})
    s.get("/customer/daily/activity?start_date=2020-01-01&end_date=2020-01-02")
    viewer, user, plain = s.user("viewer", "proxy_admin_viewer"), s.user("user", "internal_user"), s.key()
    for role, key in (("proxy_admin_viewer", viewer), ("internal_user", user), ("plain key", plain)):
        s.post("/customer/new", {"user_id": f"by-{role}"}, by=key, note=role)
        s.get("/customer/list", by=key, note=role)
        s.get("/customer/info?end_user_id=customer-2", by=key, note=role)


SCENES = [
    {"name": "users: new", "play": create},
    {"name": "users: update", "play": change},
    {"name": "users: list, info, delete", "play": listed},
    {"name": "users: by role", "play": by_role},
    {"name": "customers", "play": customers},
]
