//! A million records: every report answers in a fifth of a second, on both databases.

mod fill;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use tollgate_core::directory::moment_of;
use tollgate_core::govern::{Caller, Governance, Ports};
use tollgate_core::manage::{Handler, Request, spend};
use tollgate_core::{App, Catalog, Gatekeeper, Limits, Secret};
use tollgate_testkit::{NoFetch, Scripted, Stamp};

use super::*;

const MASTER: &str = "sk-load-master";
/// Of the middle one of five.
const MEDIAN_MAX: Duration = Duration::from_millis(200);
/// Of answers of some megabytes: here it takes most of the time to write them, for nothing is optimised.
const LARGE_MAX: Duration = Duration::from_millis(800);

fn app(directory: Arc<dyn Directory>) -> App {
    let clock = Clock::manual(moment_of("2026-11-25T12:00:00Z").expect("a time"));
    App {
        gatekeeper: Gatekeeper::MasterKey { key: Secret::new(MASTER.to_owned()), header: None },
        governance: Governance::new(Ports::alone(directory), clock, tollgate_core::govern::Settings::default()),
        catalog: Catalog::default().into(),
        stored: tollgate_core::stored::Storage::default(),
        accounts: tollgate_core::resources::Accounts::default(),
        responses: tollgate_core::responses::Responses::default(),
        upstream: Scripted::new([]),
        fetch: Arc::new(NoFetch),
        signer: Arc::new(Stamp::default()),
        balancer: tollgate_core::balance::Balancer::default(),
        resilience: tollgate_core::resilience::Resilience::default(),
        health: tollgate_core::health::Watch::default(),
        mirrors: tollgate_core::journey::Mirrors::default(),
        limits: Limits {
            retried_upload_bytes_max: 0,
            request_bytes_max: 100,
            answer_bytes_max: 1000,
            media_bytes_max: 1000,
            header_bytes_max: 1000,
            request_timeout: Duration::from_secs(1),
        },
        passes: tollgate_core::pass::Passes::default(),
        search_tools: Vec::new(),
        session_limits: tollgate_core::realtime::SessionLimits {
            message_bytes_max: 1024,
            idle_max: Duration::from_secs(1),
        },
        draining: AtomicBool::new(false),
    }
}

const MONTH: &str = "start_date=2026-10-27&end_date=2026-11-25";
const WEEK: &str = "start_date=2026-11-19&end_date=2026-11-25";

/// Whose key asks, the route, its query, and a part of the answer.
type Case = (&'static str, &'static str, Handler, String, &'static str);

fn pages() -> Vec<Case> {
    let page = |who, query: &str, part| -> Case {
        (who, "/spend/logs/v2", spend::page, format!("start_date=2026-10-27&end_date=2026-11-26&{query}"), part)
    };
    vec![
        page(MASTER, "page=1", r#""total":10000,"#),
        page(MASTER, "page=200", r#""total_is_capped":true"#),
        page(MASTER, "sort_order=asc&page_size=1000", r#""request_id":"call-0000"#),
        page(MASTER, "status_filter=failure", r#""total":10000,"#),
        page(MASTER, "user_id=user-7", r#""total":10000,"#),
        page(MASTER, "team_id=team-3", r#""total":10000,"#),
        page(MASTER, "api_key=key-7", r#""total":10000,"#),
        page(MASTER, "end_user=customer-7", r#""total":5000,"#),
        page(MASTER, "key_alias=alias-77", r#""total":10000,"#),
        page(MASTER, "model=openai/model-3", r#""total":10000,"#),
        page(MASTER, "request_id=call-0777777", r#""total":1,"#),
        page(MASTER, "session_id=session-77777", r#""total""#),
        page(MASTER, "min_spend=0.005", r#""total":10000,"#),
        page(MASTER, "user_id=nobody", r#""total":0,"#),
        page(fill::USER_KEY, "page=1", r#""total":10000,"#),
        (
            MASTER,
            "/spend/logs/ui",
            spend::page,
            "start_date=2026-11-01%2000:00:00&end_date=2026-11-25%2000:00:00".to_owned(),
            "session_total_count",
        ),
    ]
}

fn reports() -> Vec<Case> {
    let of = |path, handler: Handler, query: &str, part| -> Case { (MASTER, path, handler, query.to_owned(), part) };
    vec![
        of("/spend/logs", spend::list, MONTH, "openai/model-3"),
        of("/spend/logs", spend::list, "request_id=call-0777777", "call-0777777"),
        of("/spend/tags", spend::by_tag, "", "tag-1"),
        of("/spend/keys", spend::key_rows, "", "alias-7"),
        of("/spend/users", spend::user_rows, "", "user-7"),
        of("/global/spend", spend::total, "", "spend"),
        of("/global/spend/logs", spend::days, "", "2026-11-25"),
        of("/global/spend/keys", spend::keys, "", "alias-7"),
        of("/global/spend/teams", spend::teams, "", "Team 3"),
        of("/global/spend/models", spend::models, "", "openai/model-3"),
        of("/global/spend/tags", spend::tags_within, MONTH, "tag-1"),
        of("/global/spend/provider", spend::by_provider, MONTH, "openai"),
        of("/global/spend/all_tag_names", spend::all_names, "", "tag-2"),
        of("/global/spend/end_users", spend::end_users, "", "customer-1"),
        of("/global/activity", spend::activity, MONTH, "Nov 25"),
        of("/global/activity/model", spend::models_activity, MONTH, "model-3"),
        of("/global/spend/report", spend::report, "start_date=2026-11-25&end_date=2026-11-25", "Team 3"),
        of("/global/spend/report", spend::report, &format!("{MONTH}&group_by=api_key"), "key-7"),
        of("/team/spend/report", spend::of_team, &format!("{MONTH}&team_id=team-3"), "key-3"),
        of("/user/daily/activity", spend::users_daily, MONTH, "alias-"),
        of("/user/daily/activity", spend::users_daily, &format!("{MONTH}&user_id=user-7"), "alias-"),
        of("/user/daily/activity/aggregated", spend::users_aggregated, MONTH, "openai/model-3"),
        of("/team/daily/activity", spend::teams_daily, &format!("{MONTH}&team_ids=team-3"), "Team 3"),
        of("/team/daily/activity/aggregated", spend::teams_aggregated, WEEK, "Team 3"),
        of("/tag/daily/activity", spend::tags_daily, MONTH, "tag-1"),
        of("/customer/daily/activity", spend::customers_daily, MONTH, "customer-"),
        of("/organization/daily/activity", spend::organizations_daily, MONTH, "org-"),
        of("/team/spend/by_user", spend::by_user, &format!("{WEEK}&team_ids=team-3"), "user-3"),
        of("/global/activity/cache_hits", spend::cache_hits, "start_date=2026-11-25&end_date=2026-11-25", "groups"),
    ]
}

async fn ask(app: &App, caller: &Caller, (_, path, handler, query, part): &Case) -> Result<Duration, String> {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let request = Request {
        caller: caller.clone(),
        method: http::Method::GET,
        path: (*path).to_owned(),
        places: Vec::new(),
        query: pairs.map(|(name, value)| (name.to_owned(), value.replace("%20", " "))).collect(),
        body: serde_json::Value::Null,
        changed_by: None,
    };
    let start = Instant::now();
    let answer = handler(app, request).await.unwrap_or_else(|error| panic!("{path}?{query}: {error}"));
    let text = answer.body.to_string();
    let took = start.elapsed();
    if text.contains(part) { Ok(took) } else { Err(text.chars().take(300).collect()) }
}

async fn check(name: &str, directory: Arc<dyn Directory>) {
    let app = app(directory);
    let mut faults = Vec::new();
    for case in pages().into_iter().chain(reports()) {
        let caller = app.governance.identify(&app.gatekeeper, case.0).await.unwrap_or_else(|error| panic!("{error}"));
        let mut took = Vec::new();
        for _ in 0..5 {
            match ask(&app, &caller, &case).await {
                Ok(each) => took.push(each),
                Err(answer) => faults.push(format!("{}?{} lacks {}: {answer}", case.1, case.3, case.4)),
            }
        }
        took.sort_unstable();
        let Some(median) = took.get(2).copied() else { continue };
        println!("{name} {:>6.1} ms {}?{}", median.as_secs_f64() * 1000.0, case.1, case.3);
        let most = if case.1.ends_with("/aggregated") { LARGE_MAX } else { MEDIAN_MAX };
        if median > most {
            faults.push(format!("{} ms {}?{}", median.as_millis(), case.1, case.3));
        }
    }
    assert!(faults.is_empty(), "{name}:\n{}", faults.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_million_records_answer_quickly_on_both_databases() {
    let start = Instant::now();
    let (_folder, address) = file();
    let sqlite = database(&address).await;
    fill::sqlite(&sqlite).await;
    println!("sqlite filled after {:?}", start.elapsed());
    check("sqlite", Arc::new(sqlite)).await;
    let address = postgres::server().empty_database();
    let postgres = database(&address).await;
    fill::postgres(&address);
    println!("postgres filled after {:?}", start.elapsed());
    check("postgres", Arc::new(postgres)).await;
    println!("all after {:?}", start.elapsed());
}
