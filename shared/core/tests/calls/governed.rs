//! Calls of virtual keys: every budget and every limit refuses when it is used up, in LiteLLM's words, and not before.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tollgate_core::call::{Call, Visitor};
use tollgate_core::clock::Clock;
use tollgate_core::directory::{Change, Directory, Filter, Memory, Row, Table, moment_of, schema};
use tollgate_core::govern::{Governance, Ports, Settings, hash_of};
use tollgate_wire::Operation;

use crate::gateway::{Answer, Gateway, question};
use crate::several;

const KEY: &str = "sk-governed-0001";
/// 5 tokens of the question at 1 USD and 3 of the answer at 5 USD: a call costs 20 USD.
const PRICED: &str = ", input_cost_per_token: 1.0, output_cost_per_token: 5.0";

/// A gateway with one key over a directory in memory.
struct Stage {
    gateway: Gateway,
    clock: Clock,
    /// What each further call names: customer and tags.
    customer: Option<String>,
}

impl Stage {
    /// The key with these columns, and these rows beside it.
    async fn new(key: Value, rows: Vec<(&'static Table, Value)>, settings: Settings) -> Self {
        let (mut gateway, _) = several::gateway(&[("a", PRICED)], "");
        let clock = Clock::manual(moment_of("2026-11-25T12:00:00Z").unwrap());
        let directory = Arc::new(Memory::new(clock.clone()));
        let mut own = row(key);
        own.insert("token".to_owned(), hash_of(KEY).into());
        own.insert("key_name".to_owned(), "sk-...0001".into());
        let others = rows.into_iter().map(|(table, value)| Change::Insert(table, row(value)));
        directory.write(others.chain([Change::Insert(&schema::KEYS, own)]).collect()).await.unwrap();
        gateway.app.governance = Governance::new(Ports::alone(directory), clock.clone(), settings);
        Self { gateway, clock, customer: None }
    }

    async fn of_key(key: Value) -> Self {
        Self::new(key, Vec::new(), Settings::default()).await
    }

    async fn call(&self, body: &Value) -> Call {
        let app = &self.gateway.app;
        let caller = app.governance.identify(&app.gatekeeper, KEY).await.unwrap();
        let visitor = Visitor {
            caller,
            endpoint: "/v1/chat/completions".to_owned(),
            address: None,
            customer: self.customer.clone(),
            user_agent: None,
        };
        Call { visitor: Some(visitor), ..self.gateway.call(Operation::ChatCompletion, body) }
    }

    async fn ask(&self, body: &Value) -> Answer {
        self.gateway.serve(self.call(body).await).await
    }

    async fn chat(&self) -> Answer {
        self.ask(&question("g")).await
    }

    /// So many calls are served, and the next one is refused with this status and a sentence with these words.
    async fn refuses_after(&self, served: usize, status: u16, words: &str) {
        for number in 0..served {
            let answer = self.chat().await;
            assert_eq!(answer.status, 200, "call {number} before `{words}`: {answer:?}");
        }
        let answer = self.chat().await;
        assert_eq!(answer.status, status, "{answer:?}");
        assert!(answer.text.contains(words), "`{words}` is not in `{}`", answer.text);
    }
}

fn row(value: Value) -> Row {
    match value {
        Value::Object(row) => row,
        other => panic!("no row: {other}"),
    }
}

fn budget(id: &str, more: Value) -> (&'static Table, Value) {
    let mut budget = row(json!({ "budget_id": id, "created_by": "t", "updated_by": "t" }));
    budget.extend(row(more));
    (&schema::BUDGETS, budget.into())
}

/// A call costs 20: after two of them 30 are used up.
#[tokio::test]
async fn every_budget_is_kept() {
    let check = async |key: Value, rows: Vec<(&'static Table, Value)>, served: usize, words: &str| {
        let mut stage = Stage::new(key, rows, Settings::default()).await;
        stage.customer = Some("c".to_owned());
        stage.refuses_after(served, 422, words).await;
    };
    let spent = "Current cost: 40.0, Max budget: 30.0";
    check(json!({ "max_budget": 30 }), vec![], 2, &format!("Key=sk-...0001 {spent}")).await;
    check(json!({ "max_budget": 0 }), vec![], 0, "Key=sk-...0001 Current cost: 0.0, Max budget: 0.0").await;
    let linked = json!({ "budget_id": "b" });
    check(linked.clone(), vec![budget("b", json!({ "max_budget": 30 }))], 2, spent).await;
    let team = |more: Value| (&schema::TEAMS, with(json!({ "team_id": "t" }), more));
    check(json!({ "team_id": "t" }), vec![team(json!({ "max_budget": 30 }))], 2, &format!("Team=t {spent}")).await;
    let user = json!({ "user_id": "u", "max_budget": 30 });
    let over_user = "ExceededBudget: User=u over budget. Spend=40.0, Budget=30.0";
    check(json!({ "user_id": "u" }), vec![(&schema::USERS, user.clone())], 2, over_user).await;
    let organization = json!({ "organization_id": "o", "organization_alias": "O", "budget_id": "b", "created_by": "t",
        "updated_by": "t" });
    let rows = vec![budget("b", json!({ "max_budget": 30 })), (&schema::ORGANIZATIONS, organization)];
    check(json!({ "organization_id": "o" }), rows, 2, &format!("Organization=o {spent}")).await;
    let project = json!({ "project_id": "p", "budget_id": "b", "created_by": "t", "updated_by": "t" });
    let rows = vec![budget("b", json!({ "max_budget": 30 })), (&schema::PROJECTS, project)];
    check(json!({ "project_id": "p" }), rows, 2, &format!("Project=p {spent}")).await;
    let member = json!({ "user_id": "u", "team_id": "t", "budget_id": "b" });
    let rows = vec![team(json!({})), budget("b", json!({ "max_budget": 30 })), (&schema::TEAM_MEMBERSHIPS, member)];
    check(json!({ "user_id": "u", "team_id": "t" }), rows, 2, &format!("TeamMember=u:t {spent}")).await;
    let customer = json!({ "user_id": "c", "budget_id": "b" });
    let rows = vec![budget("b", json!({ "max_budget": 30 })), (&schema::CUSTOMERS, customer.clone())];
    check(json!({}), rows, 2, "ExceededBudget: End User=c over budget. Spend=40.0, Budget=30.0").await;
    let tag = json!({ "tag_name": "x", "budget_id": "b", "created_by": "t" });
    let rows = vec![budget("b", json!({ "max_budget": 30 })), (&schema::TAGS, tag)];
    check(json!({ "metadata": { "tags": ["x"] } }), rows, 2, &format!("Tag=x {spent}")).await;
    let windows = json!({ "budget_limits": [{ "budget_duration": "1d", "max_budget": 30 }] });
    let over_window = "ExceededBudget: Key over 1d budget. Spend=$40.0000, Limit=$30.00";
    check(windows.clone(), vec![], 2, over_window).await;
    check(json!({ "team_id": "t" }), vec![team(windows)], 2, "ExceededBudget: Team=t over 1d budget.").await;
    let models = json!({ "model_max_budget": { "g": { "budget_limit": 30, "time_period": "1d" } } });
    let over_model = "key_alias: None, exceeded budget for model=g";
    check(models.clone(), vec![], 2, over_model).await;
    check(json!({ "budget_id": "b" }), vec![budget("b", models.clone())], 2, over_model).await;
    let over_team = "LiteLLM Team: t, exceeded budget for model=g";
    check(json!({ "team_id": "t" }), vec![team(models.clone())], 2, over_team).await;
    let of_user = with(json!({ "user_id": "u" }), models.clone());
    let over_user = "LiteLLM User: u, exceeded budget for model=g";
    check(json!({ "user_id": "u" }), vec![(&schema::USERS, of_user)], 2, over_user).await;
    let rows = vec![budget("b", models), (&schema::CUSTOMERS, customer)];
    check(json!({}), rows, 2, "LiteLLM End User: c, exceeded budget for model=g").await;
}

fn with(one: Value, other: Value) -> Value {
    let mut joined = row(one);
    joined.extend(row(other));
    joined.into()
}

#[tokio::test]
async fn every_limit_is_kept_and_begins_anew() {
    let check = async |key: Value, rows: Vec<(&'static Table, Value)>, whose: &str| {
        let mut stage = Stage::new(key, rows, Settings::default()).await;
        stage.customer = Some("c".to_owned());
        let whose = whose.replace("KEY", &hash_of(KEY));
        let words = format!("Rate limit exceeded for {whose}. Limit type: requests. Current limit: 2, Remaining: 0.");
        stage.refuses_after(2, 429, &words).await;
        stage.clock.advance(Duration::from_secs(60));
        assert_eq!(stage.chat().await.status, 200, "the window of {whose} is over");
    };
    let two = json!({ "rpm_limit": 2 });
    let of_model = json!({ "metadata": { "model_rpm_limit": { "g": 2 } } });
    check(two.clone(), vec![], "api_key: KEY").await;
    check(json!({ "budget_id": "b" }), vec![budget("b", two.clone())], "api_key: KEY").await;
    let team = with(json!({ "team_id": "t" }), two.clone());
    check(json!({ "team_id": "t" }), vec![(&schema::TEAMS, team)], "team: t").await;
    let user = with(json!({ "user_id": "u" }), two.clone());
    check(json!({ "user_id": "u" }), vec![(&schema::USERS, user)], "user: u").await;
    let member = json!({ "user_id": "u", "team_id": "t", "budget_id": "b" });
    let rows = vec![budget("b", two.clone()), (&schema::TEAM_MEMBERSHIPS, member)];
    check(json!({ "user_id": "u", "team_id": "t" }), rows, "team_member: t:u").await;
    let customer = json!({ "user_id": "c", "budget_id": "b" });
    check(json!({}), vec![budget("b", two.clone()), (&schema::CUSTOMERS, customer)], "end_user: c").await;
    let organization = json!({ "organization_id": "o", "organization_alias": "O", "budget_id": "b", "created_by": "t",
        "updated_by": "t" });
    let rows = vec![budget("b", two.clone()), (&schema::ORGANIZATIONS, organization.clone())];
    check(json!({ "organization_id": "o" }), rows, "organization: o").await;
    let rows = vec![budget("b", json!({})), (&schema::ORGANIZATIONS, with(organization, of_model.clone()))];
    check(json!({ "organization_id": "o" }), rows, "model_per_organization: o:g").await;
    let project = with(json!({ "project_id": "p", "created_by": "t", "updated_by": "t" }), of_model.clone());
    check(json!({ "project_id": "p" }), vec![(&schema::PROJECTS, project)], "model_per_project: p:g").await;
    check(of_model.clone(), vec![], "model_per_key: KEY:g").await;
    let budgets = json!({ "model_max_budget": { "g": { "rpm_limit": 2, "budget_limit": 1e9, "time_period": "1d" } } });
    check(budgets, vec![], "model_per_key: KEY:g").await;
    let tag = json!({ "tag_name": "x", "budget_id": "b", "created_by": "t" });
    let tagged = json!({ "metadata": { "tags": ["x"] } });
    check(tagged, vec![budget("b", two), (&schema::TAGS, tag)], "tag: x").await;
    check(json!({ "metadata": { "tags": ["x"], "tag_rpm_limit": { "x": 2 } } }), vec![], "tag_per_key: KEY:x").await;
}

#[tokio::test]
async fn a_model_whose_budget_is_used_up_is_replaced_by_what_the_key_names() {
    let key = json!({
        "models": ["g", "a"],
        "model_max_budget": { "g": { "budget_limit": 30, "time_period": "1d" },
                              "x": { "budget_limit": 0, "time_period": "1d" } },
        "budget_fallbacks": { "g": ["x", "openai/gpt-4o"] },
    });
    // Not one of the key's models: what was asked for is what is refused.
    let stage = Stage::of_key(key.clone()).await;
    stage.refuses_after(2, 422, "exceeded budget for model=g").await;
    let stage = Stage::of_key(with(key, json!({ "models": [] }))).await;
    for _ in 0..2 {
        assert_eq!(stage.chat().await.json()["model"], "g");
    }
    let answer = stage.chat().await;
    assert_eq!((answer.status, &answer.json()["model"]), (200, &json!("openai/gpt-4o")));
}

#[tokio::test]
async fn a_key_may_be_slowed_where_it_would_be_refused() {
    let settings = Settings { throttle: Some(0.5), ..Settings::default() };
    let asking = json!({ "max_budget": 30, "rpm_limit": 4, "metadata": { "throttle_on_budget_exceeded": true } });
    let stage = Stage::new(asking.clone(), vec![], settings.clone()).await;
    stage.refuses_after(2, 429, "Current limit: 2, Remaining: 0.").await;
    stage.clock.advance(Duration::from_secs(60));
    stage.refuses_after(2, 429, "Current limit: 2, Remaining: 0.").await;
    // Without limits there is nothing to slow, and without the setting nobody is.
    let unlimited = with(asking.clone(), json!({ "rpm_limit": null }));
    Stage::new(unlimited, vec![], settings).await.refuses_after(2, 422, "Budget has been exceeded!").await;
    Stage::of_key(asking).await.refuses_after(2, 422, "Budget has been exceeded!").await;
}

#[tokio::test]
async fn what_a_request_must_have_is_asked_for() {
    let settings = Settings {
        required: vec!["user".to_owned()],
        required_of_service_accounts: vec!["seed".to_owned()],
        ..Settings::default()
    };
    let key = json!({ "metadata": { "enforced_params": ["metadata.generation_name"], "service_account_id": "s" } });
    let stage = Stage::new(key, vec![], settings).await;
    let mut body = question("g");
    let check = async |body: &Value, words: &str| {
        let answer = stage.ask(body).await;
        assert_eq!((answer.status, answer.text.contains(words)), (400, true), "{answer:?}");
    };
    check(&body, "please pass param=user in request body").await;
    body["user"] = json!("u");
    check(&body, "please pass param=seed in request body").await;
    body["seed"] = json!(1);
    check(&body, "please pass param=metadata in request body").await;
    body["metadata"] = json!({ "other": 1 });
    check(&body, "please pass param=[metadata][generation_name] in request body").await;
    body["metadata"] = json!({ "generation_name": "n" });
    assert_eq!(stage.ask(&body).await.status, 200);
}

#[tokio::test]
async fn a_strict_budget_refuses_what_may_not_fit() {
    let settings = Settings { enforcement: tollgate_core::quota::Enforcement::Strict, ..Settings::default() };
    let mut body = question("g");
    // No token is shorter than a byte; the answer may have 2 tokens.
    body["max_tokens"] = json!(2);
    let worst = body.to_string().len() as f64 + 10.0;
    let fits = Stage::new(json!({ "max_budget": worst }), vec![], settings.clone()).await;
    assert_eq!(fits.ask(&body).await.status, 200);
    let refused = Stage::new(json!({ "max_budget": worst - 1.0 }), vec![], settings).await;
    assert_eq!(refused.ask(&body).await.status, 422);
}

/// What is written of a key's spend counts at once, for calls as for whoever looks.
#[tokio::test]
async fn spend_that_is_written_counts_at_once() {
    let stage = Stage::of_key(json!({ "max_budget": 30, "spend": 35.0 })).await;
    stage.refuses_after(0, 422, "Current cost: 35.0, Max budget: 30.0").await;
    let this = vec![Filter::Is("token", hash_of(KEY).into())];
    let less = row(json!({ "spend": 5.0 }));
    stage.gateway.app.governance.write(vec![Change::Update(&schema::KEYS, this, less)]).await.unwrap();
    stage.refuses_after(2, 422, "Current cost: 45.0, Max budget: 30.0").await;
}
