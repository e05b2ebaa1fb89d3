//! What the operator's rules make of new teams and their members, and what nobody may have more of than there is.

use serde_json::{Map, Value, json};
use tollgate_core::govern::{KeyRules, Settings, TeamRules};

use super::own::{Step, check, team_with_lead};

fn map(value: Value) -> Map<String, Value> {
    value.as_object().cloned().expect("a map")
}

#[test]
fn plain_members_of_many_teams_are_permitted_more_at_once() {
    let path = "/team/permissions_bulk_update";
    let of = |permissions: Value, ids: Value| json!({ "permissions": permissions, "team_ids": ids });
    let mut all = of(json!(["/key/list"]), json!([]));
    all["apply_to_all_teams"] = true.into();
    let mut both = all.clone();
    both["team_ids"] = json!(["t"]);
    let mut steps = team_with_lead();
    steps.extend([
        ("admin", "POST", "/team/new", json!({ "team_id": "u" }), 200, "/team_id", json!("u")),
        ("admin", "POST", path, of(json!(["no"]), json!(["t"])), 422, "/detail/0/type", json!("enum")),
        ("admin", "POST", path, json!({}), 422, "/detail/0/loc", json!(["body", "permissions"])),
        ("admin", "POST", path, of(json!([]), json!(null)), 200, "/teams_updated", json!(0)),
        (
            "admin",
            "POST",
            path,
            of(json!(["/key/list"]), json!(null)),
            400,
            "/detail/error",
            json!("Must provide team_ids or set apply_to_all_teams=true"),
        ),
        (
            "admin",
            "POST",
            path,
            both,
            400,
            "/detail/error",
            json!("Cannot set both apply_to_all_teams=true and team_ids"),
        ),
        (
            "admin",
            "POST",
            path,
            of(json!(["/key/list"]), json!(["t", "no"])),
            404,
            "/detail/error",
            json!("Team(s) not found: ['no']"),
        ),
        (
            "admin",
            "POST",
            path,
            of(json!(["/key/update", "/key/generate"]), json!(["t"])),
            200,
            "/teams_updated",
            json!(1),
        ),
        ("admin", "POST", path, of(json!(["/key/generate"]), json!(["t"])), 200, "/teams_updated", json!(0)),
        ("admin", "POST", path, all, 200, "/teams_updated", json!(2)),
        (
            "admin",
            "GET",
            "/team/permissions_list?team_id=t",
            Value::Null,
            200,
            "/team_member_permissions",
            json!(["/key/generate", "/key/list", "/key/update"]),
        ),
        ("<key:lead>", "POST", path, of(json!(["/key/list"]), json!(["t"])), 401, "/error/code", json!("401")),
    ]);
    check(Settings::default(), &steps);
}

#[test]
fn a_new_team_is_given_what_it_does_not_ask_for() {
    let defaults = map(json!({
        "max_budget": 5.0,
        "budget_duration": "1d",
        "tpm_limit": 100,
        "team_member_permissions": ["/key/list"],
    }));
    let settings = Settings { teams: TeamRules { defaults, leaves_admins_out: true }, ..Settings::default() };
    let own = json!({ "team_id": "o", "max_budget": 7, "budget_duration": null, "tpm_limit": null, "rpm_limit": 3 });
    let members = json!({ "team_id": "m", "members_with_roles": [{ "role": "user", "user_id": "u" }] });
    check(
        settings,
        &[
            ("admin", "POST", "/team/new", json!({ "team_id": "d" }), 200, "/max_budget", json!(5.0)),
            ("admin", "GET", "/team/info?team_id=d", Value::Null, 200, "/team_info/budget_duration", json!("1d")),
            (
                "admin",
                "GET",
                "/team/info?team_id=d",
                Value::Null,
                200,
                "/team_info/team_member_permissions",
                json!(["/key/list"]),
            ),
            // An admin of everything is no member here.
            ("admin", "GET", "/team/info?team_id=d", Value::Null, 200, "/team_info/members_with_roles", json!([])),
            ("admin", "POST", "/team/new", own, 200, "/max_budget", json!(7.0)),
            ("admin", "GET", "/team/info?team_id=o", Value::Null, 200, "/team_info/budget_duration", json!(null)),
            ("admin", "GET", "/team/info?team_id=o", Value::Null, 200, "/team_info/tpm_limit", json!(100)),
            ("admin", "POST", "/team/new", members, 200, "/members_with_roles/0/user_id", json!("u")),
        ],
    );
}

#[test]
fn a_user_made_by_becoming_a_member_has_the_defaults_of_users_but_their_role() {
    let user_defaults = map(json!({ "user_role": "proxy_admin", "models": ["chat"], "max_budget": 3.0 }));
    let keys = KeyRules { user_defaults, user_budget_duration: Some("30d".to_owned()), ..KeyRules::default() };
    let add = json!({ "team_id": "t", "member": { "role": "user", "user_id": "new" } });
    let organization = json!({ "organization_id": "o", "organization_alias": "o" });
    let join = json!({ "organization_id": "o", "member": { "role": "internal_user", "user_id": "other" } });
    let (new, other) = ("/user/info?user_id=new", "/user/info?user_id=other");
    check(
        Settings { keys, ..Settings::default() },
        &[
            ("admin", "POST", "/team/new", json!({ "team_id": "t" }), 200, "/team_id", json!("t")),
            ("admin", "POST", "/team/member_add", add, 200, "/updated_users/0/max_budget", json!(3.0)),
            ("admin", "GET", new, Value::Null, 200, "/user_info/user_role", json!("internal_user")),
            ("admin", "GET", new, Value::Null, 200, "/user_info/models", json!(["chat"])),
            ("admin", "GET", new, Value::Null, 200, "/user_info/budget_duration", json!("30d")),
            ("admin", "POST", "/organization/new", organization, 200, "/organization_id", json!("o")),
            ("admin", "POST", "/organization/member_add", join, 200, "/organization_id", json!("o")),
            ("admin", "GET", other, Value::Null, 200, "/user_info/max_budget", json!(3.0)),
            ("admin", "GET", other, Value::Null, 200, "/user_info/user_role", json!("internal_user")),
        ],
    );
}

#[test]
fn no_more_throughput_is_guaranteed_than_an_organization_has() {
    let organization = json!({ "organization_id": "o", "organization_alias": "o", "tpm_limit": 100 });
    let team = |id: &str, limit: u64| json!({ "team_id": id, "organization_id": "o", "tpm_limit": limit, "tpm_limit_type": "guaranteed_throughput" });
    let mut in_metadata = json!({ "team_id": "m", "organization_id": "o", "tpm_limit": 41 });
    in_metadata["metadata"] = json!({ "rpm_limit_type": "guaranteed_throughput" });
    let refusal = json!("Allocated TPM limit=60 + Team TPM limit=60 is greater than organization TPM limit=100");
    let of_model = json!({ "team_id": "n", "organization_id": "o", "tpm_limit_type": "guaranteed_throughput", "model_tpm_limit": { "chat": 101 } });
    let (new, update) = ("/team/new", "/team/update");
    check(
        Settings::default(),
        &[
            ("admin", "POST", "/organization/new", organization, 200, "/organization_id", json!("o")),
            ("admin", "POST", new, team("a", 60), 200, "/tpm_limit", json!(60)),
            ("admin", "POST", new, team("b", 60), 400, "/error/message", refusal),
            ("admin", "POST", new, in_metadata, 400, "/error/code", json!("400")),
            ("admin", "POST", new, of_model, 400, "/error/code", json!("400")),
            ("admin", "POST", new, team("b", 40), 200, "/tpm_limit", json!(40)),
            // What the team itself was promised is not counted against it.
            ("admin", "POST", update, team("a", 60), 200, "/data/tpm_limit", json!(60)),
            ("admin", "POST", update, team("a", 61), 400, "/error/code", json!("400")),
            // Who asks for no guarantee is held by the organization's own limit alone.
            (
                "admin",
                "POST",
                new,
                json!({ "team_id": "c", "organization_id": "o", "tpm_limit": 100 }),
                200,
                "/tpm_limit",
                json!(100),
            ),
        ],
    );
}

#[test]
fn budgets_of_a_teams_models_are_raised_by_admins_of_everything_alone() {
    let budget = |amount: Value, duration: &str| json!({ "max_budget": amount, "budget_duration": duration });
    let set = |budgets: Value| json!({ "team_id": "t", "model_max_budget": budgets });
    let of = |amount: Value, duration: &str| set(json!({ "chat": budget(amount, duration) }));
    let mut team = of(json!(5), "1d");
    team["organization_id"] = "o".into();
    let chief = json!({ "user_id": "chief", "user_role": "internal_user", "key_alias": "chief" });
    let join = json!({ "organization_id": "o", "member": { "role": "org_admin", "user_id": "chief" } });
    let organization = json!({ "organization_id": "o", "organization_alias": "o" });
    let raised = "{'error': \"Only a proxy admin can raise a team's model_max_budget for 'chat' or change its \
                  budget_duration. Current max_budget=5.0 per 1d (entry 'chat'), requested=6.0 per 1d.\"}";
    let removed = "{'error': \"Only a proxy admin can remove a team's model_max_budget for 'chat'. Current \
                   max_budget=5.0.\"}";
    let (path, message, code) = ("/team/update", "/error/message", "/error/code");
    let beside = json!({ "chat": budget(json!(5), "1d"), "openai/chat": budget(json!(7), "1d") });
    let steps: Vec<Step> = vec![
        ("admin", "POST", "/user/new", chief, 200, "/user_id", json!("chief")),
        ("admin", "POST", "/organization/new", organization, 200, "/organization_id", json!("o")),
        ("admin", "POST", "/organization/member_add", join, 200, "/organization_id", json!("o")),
        ("admin", "POST", "/team/new", team, 200, "/team_id", json!("t")),
        ("<key:chief>", "POST", path, of(json!(6), "1d"), 403, message, json!(raised)),
        ("<key:chief>", "POST", path, of(json!(null), "1d"), 403, code, json!("403")),
        ("<key:chief>", "POST", path, of(json!(5), "2d"), 403, code, json!("403")),
        ("<key:chief>", "POST", path, set(json!({})), 403, message, json!(removed)),
        ("<key:chief>", "POST", path, set(json!(null)), 403, message, json!(removed)),
        ("<key:chief>", "POST", path, set(beside), 403, code, json!("403")),
        ("<key:chief>", "POST", path, of(json!(4), "1d"), 200, "/team_id", json!("t")),
        ("admin", "POST", path, of(json!(6), "2d"), 200, "/team_id", json!("t")),
        (
            "admin",
            "GET",
            "/team/info?team_id=t",
            Value::Null,
            200,
            "/team_info/model_max_budget_usage",
            json!({ "chat": { "current_spend": 0.0, "budget_limit": 6.0, "time_period": "2d" } }),
        ),
    ];
    check(Settings::default(), &steps);
}
