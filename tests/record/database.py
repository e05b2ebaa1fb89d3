"""Records a database as LiteLLM fills it: rows that its own process has written over its own migrations.

    python database.py     # writes tests/recorded/litellm_database.sql and litellm_database.json

Needs what management.py says. Two LiteLLMs run one after the other on one database: the first seals secrets in its
default form, the second says `encryption_algorithm: aes-256-gcm`. The .sql is the dump of the rows that there are then
(no tables: those come from LiteLLM's migrations); the .json tells what a dump cannot: the master key, the salt, and
every key in plain, by what it is for. A call of `chat` costs 0.02: 10 tokens in, 5 out.
"""
from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time

import management
from management import database

HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.path.join(HERE, "..", "recorded", "litellm_database")
NAME = "filled"
PORT, PROVIDER_PORT = 18690, 18691
SALT = "sk-salt-of-the-recorded-database"
# What belongs to a process that runs, and not to what it keeps.
LEFT_OUT = ("LiteLLM_ProxyWorkerHeartbeat", "LiteLLM_CronJob", "LiteLLM_HealthCheckTable")
BASE = "os.environ/PROVIDER_BASE"
SPENT = 'SELECT count(*) AS n FROM "LiteLLM_SpendLogs"'


def keys_of_their_own(s, keys):
    keys["plain"] = s.key(key_alias="plain", metadata={"owner": "ci"})
    keys["only chat"] = s.key(key_alias="only-chat", models=["chat"])
    keys["access group"] = s.key(key_alias="access-group", models=["grouped"])
    keys["aliased"] = s.key(key_alias="aliased", models=["chat", "fast"], aliases={"fast": "chat"})
    keys["blocked"] = s.key(key_alias="blocked", blocked=True)
    keys["expired"] = s.key(key_alias="expired", duration="1s")
    keys["long lived"] = s.key(key_alias="long-lived", duration="3650d")
    keys["models only"] = s.key(key_alias="models-only", allowed_routes=["/v1/models"])
    keys["once a minute"] = s.key(key_alias="once-a-minute", rpm_limit=1)
    keys["spent"] = s.key(key_alias="spent", max_budget=0.03)
    keys["one call left"] = s.key(key_alias="one-call-left", max_budget=0.03)
    keys["due"] = s.key(key_alias="due", max_budget=0.03, budget_duration="1d")
    s.post("/budget/new", {"budget_id": "shared", "max_budget": 0.01})
    keys["shared budget"] = s.key(key_alias="shared-budget", budget_id="shared")


def users(s, keys):
    for role in ("proxy_admin", "proxy_admin_viewer", "internal_user", "internal_user_viewer"):
        keys[role] = s.user(f"user-{role}", role, user_email=f"{role}@example.com", user_alias=role.title())
    keys["poor user"] = s.user("poor-user", "internal_user", max_budget=0.01)
    s.post("/user/new", {"user_id": "member", "user_role": "internal_user", "auto_create_key": False})


def teams(s, keys):
    s.post("/team/new", {"team_id": "team", "team_alias": "Team", "models": ["chat"], "max_budget": 30, "tpm_limit": 100000, "metadata": {"cost": "centre"}})
    s.post("/team/member_add", {"team_id": "team", "member": {"role": "user", "user_id": "member"}, "max_budget_in_team": 0.01})
    s.post("/team/member_add", {"team_id": "team", "member": {"role": "admin", "user_id": "user-internal_user"}})
    keys["team"] = s.key(key_alias="of-the-team", team_id="team")
    keys["member"] = s.key(key_alias="of-the-member", team_id="team", user_id="member")
    s.post("/team/new", {"team_id": "poor-team", "max_budget": 0.01})
    keys["poor team"] = s.key(key_alias="of-the-poor-team", team_id="poor-team")
    s.post("/team/new", {"team_id": "blocked-team"})
    keys["blocked team"] = s.key(key_alias="of-the-blocked-team", team_id="blocked-team")
    s.post("/team/block", {"team_id": "blocked-team"})


def others(s, keys):
    s.post("/organization/new", {"organization_id": "organization", "organization_alias": "Organization", "max_budget": 50})
    s.post("/organization/member_add", {"organization_id": "organization", "member": {"role": "internal_user", "user_id": "member"}})
    s.post("/organization/new", {"organization_id": "poor-organization", "organization_alias": "Poor", "max_budget": 0.01})
    s.post("/team/new", {"team_id": "poor-organization-team", "organization_id": "poor-organization"})
    keys["poor organization"] = s.key(key_alias="of-the-poor-organization", team_id="poor-organization-team")
    s.post("/customer/new", {"user_id": "customer", "alias": "Customer", "max_budget": 8})
    s.post("/customer/new", {"user_id": "poor-customer", "max_budget": 0.01})
    s.post("/customer/new", {"user_id": "blocked-customer", "blocked": True})
    s.post("/tag/new", {"name": "tag", "description": "A tag", "max_budget": 9})
    s.post("/tag/new", {"name": "poor-tag", "max_budget": 0.01})


def secrets(s, form):
    """What is sealed: models, credentials, variables; `form` names how."""
    s.post("/credentials", {"credential_name": f"credential-{form}", "credential_values": {"api_key": f"sk-credential-{form}"}, "credential_info": {"custom_llm_provider": "openai"}})
    # A team's model may name no variables: its address is the provider's own.
    priced = {"model": "openai/gpt-4o", "api_base": BASE, "input_cost_per_token": 0.001, "output_cost_per_token": 0.002}
    s.post("/model/new", {"model_name": f"stored-{form}", "litellm_params": {**priced, "api_key": f"sk-model-{form}"}, "model_info": {"id": f"id-stored-{form}", "access_groups": ["grouped"]}})
    s.post("/model/new", {"model_name": f"by-credential-{form}", "litellm_params": {**priced, "litellm_credential_name": f"credential-{form}"}, "model_info": {"id": f"id-by-credential-{form}"}})
    s.post("/model/new", {"model_name": f"of-the-team-{form}", "litellm_params": {**priced, "api_base": None, "api_key": f"sk-team-model-{form}"}, "model_info": {"id": f"id-of-the-team-{form}", "team_id": "team"}})


def configured(s):
    s.post("/config/update", {"router_settings": {"retry_after": 1}, "litellm_settings": {"drop_params": True}, "environment_variables": {"STORED_VARIABLE": "sk-stored-variable"}})
    s.post("/config/field/update", {"config_type": "general_settings", "field_name": "max_parallel_requests", "field_value": 5000})


def calls(s, keys):
    for name in ("plain", "spent", "spent", "one call left", "due", "due", "shared budget", "poor user", "member", "poor team", "poor organization"):
        s.chat(keys[name])
        # Each sees what the one before has cost.
        time.sleep(0.2)
    s.chat(keys["plain"], user="poor-customer")
    s.chat(keys["plain"], user="customer", metadata={"tags": ["tag"]})
    s.chat(keys["plain"], metadata={"tags": ["poor-tag"]})
    s.chat(keys["plain"], model="stored-nacl")
    s.chat(keys["team"], stream=True)
    s.settle(SPENT, 16)
    s.settle('SELECT count(*) AS n FROM "LiteLLM_DailyTagSpend"', 2)
    s.settle("SELECT count(*) AS n FROM \"LiteLLM_EndUserTable\" WHERE spend > 0", 2)
    s.settle("SELECT count(*) AS n FROM \"LiteLLM_TagTable\" WHERE spend > 0", 2)
    s.settle("SELECT count(*) AS n FROM \"LiteLLM_OrganizationTable\" WHERE spend > 0", 1)
    s.settle("SELECT count(*) AS n FROM \"LiteLLM_TeamMembership\" WHERE spend > 0", 1)


@contextlib.contextmanager
def litellm(folder, form, general):
    import proxy
    import recorder
    from provider import Provider
    base = f"http://127.0.0.1:{PROVIDER_PORT}/v1"
    variables = {"DATABASE_URL": database.url(NAME), **database.environment(), "STORE_MODEL_IN_DB": "True", "LITELLM_SALT_KEY": SALT, "PROVIDER_BASE": base}
    path = proxy.write_config(folder, f"{form}.yaml", recorder.config(PROVIDER_PORT, {"store_model_in_db": True, **general}))
    process = recorder.Fork(path, PORT, os.path.join(folder, f"{form}.log"), variables, True)
    provider = Provider(PROVIDER_PORT)
    try:
        proxy.wait_ready(PORT, process)
        yield recorder.Session(PORT, NAME, PROVIDER_PORT)
    finally:
        process.stop()
        provider.stop()


def refuse_failures(session):
    failed = [step for step, _ in session.steps if step.get("status", 200) >= 400]
    if failed:
        sys.exit("\n".join(json.dumps(step)[:600] for step in failed))


def fill(folder):
    keys = {}
    with litellm(folder, "nacl", {}) as session:
        keys_of_their_own(session, keys)
        users(session, keys)
        teams(session, keys)
        others(session, keys)
        secrets(session, "nacl")
        configured(session)
        calls(session, keys)
        refuse_failures(session)
    with litellm(folder, "gcm", {"encryption_algorithm": "aes-256-gcm"}) as session:
        secrets(session, "gcm")
        keys["written last"] = session.key(key_alias="written-last")
        refuse_failures(session)
    # A day later.
    database.psql(NAME, "-c", "UPDATE \"LiteLLM_VerificationToken\" SET budget_reset_at = '2020-01-01' WHERE key_alias = 'due'")
    return keys


def dump():
    arguments = ["pg_dump", "--data-only", "--inserts", "--no-owner", "-h", "127.0.0.1", "-p", str(database.PORT), "-U", "gw", "-t", '"LiteLLM_"*']
    for table in LEFT_OUT:
        arguments += ["-T", f'"{table}"']
    text = subprocess.run([*arguments, NAME], check=True, capture_output=True, text=True).stdout
    kept = [line for line in text.split("\n") if line and not line.startswith(("--", "\\restrict", "\\unrestrict"))]
    return "\n".join(kept) + "\n"


def write(keys):
    import proxy
    text = dump()
    assert len(text) < 300_000, len(text)
    with open(OUT + ".sql", "w") as file:
        file.write(text)
    told = {"litellm": "1.106.2", "master_key": proxy.MASTER_KEY, "salt": SALT, "keys": keys}
    with open(OUT + ".json", "w") as file:
        json.dump(told, file, indent=1)
        file.write("\n")
    print(OUT, len(text), "bytes", len(keys), "keys")


def main():
    management.with_fixed_hashes()
    os.nice(5)
    database.install_client()
    database.client_first()
    management.load()
    folder = tempfile.mkdtemp(prefix="database-")
    database.start()
    try:
        database.prepare_template()
        database.create(NAME)
        write(fill(folder))
    finally:
        database.drop(NAME)
        database.stop()
        print("logs in", folder, file=sys.stderr)


if __name__ == "__main__":
    main()
