//! Rows of a month: a million calls of a hundred keys, and the daily totals of as many.

use tollgate_core::directory::schema;
use tollgate_core::govern::hash_of;
use tollgate_testkit::postgres::{self, Server};

use super::super::super::{Database, Pools};
use crate::database::create;

/// A key of `user-7`.
pub const USER_KEY: &str = "sk-load-user-000007";

/// How a database writes what differs.
struct Words {
    /// A table of `n`, from 0 to before the number.
    series: fn(u64) -> String,
    /// Seconds after the month's first moment, as a time.
    time: fn(&str) -> String,
    /// Days after its first day.
    day: fn(&str) -> String,
    texts: fn(&str) -> String,
    padded: fn(&str) -> String,
}

const SQLITE: Words = Words {
    series: |most| {
        format!(
            "(WITH RECURSIVE s(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM s WHERE n < {most} - 1) SELECT n FROM s)"
        )
    },
    time: |seconds| format!("strftime('%Y-%m-%dT%H:%M:%S.000Z', 1793059200 + {seconds}, 'unixepoch')"),
    day: |days| format!("date(1793059200 + ({days}) * 86400, 'unixepoch')"),
    texts: |item| format!("'[\"' || {item} || '\"]'"),
    padded: |number| format!("printf('%07d', {number})"),
};

const POSTGRES: Words = Words {
    series: |most| format!("(SELECT n FROM generate_series(0::bigint, {most} - 1) AS n) AS s"),
    time: |seconds| format!("TIMESTAMP '2026-10-27' + ({seconds}) * INTERVAL '1 second'"),
    day: |days| format!("to_char(DATE '2026-10-27' + ({days})::int, 'YYYY-MM-DD')"),
    texts: |item| format!("ARRAY[{item}]"),
    padded: |number| format!("lpad(({number})::text, 7, '0')"),
};

fn calls(words: &Words) -> String {
    let time = (words.time)("(n * 2592 / 1000)");
    let id = (words.padded)("n");
    format!(
        r#"INSERT INTO "LiteLLM_SpendLogs" (request_id, call_type, api_key, spend, total_tokens, prompt_tokens,
        completion_tokens, "startTime", "endTime", request_duration_ms, "completionStartTime", model, model_id,
        model_group, custom_llm_provider, "user", metadata, cache_hit, request_tags, team_id, organization_id, end_user,
        session_id, status, created_at, updated_at)
        SELECT 'call-' || {id}, 'acompletion', 'key-' || (n % 100), (n % 7) * 0.001, 300, 200, 100, {time}, {time}, 700,
        {time}, 'openai/model-' || (n % 10), 'id-' || (n % 10), 'model-' || (n % 10), 'openai', 'user-' || (n % 50),
        '{{"status": "success", "user_api_key_alias": "alias", "usage_object": {{"prompt_tokens": 200}}}}', 'False',
        '["tag-1"]', 'team-' || (n % 20), 'org-' || (n % 5), 'customer-' || (n % 200), 'session-' || (n / 4),
        CASE WHEN n % 50 = 0 THEN 'failure' ELSE 'success' END, {time}, {time} FROM {}"#,
        (words.series)(1_000_000)
    )
}

/// Thirty days of a hundred keys and ten models; every call of a key is of one entity.
fn daily(words: &Words, table: &str, column: &str, entity: &str) -> String {
    let (day, time) = ((words.day)("n / 1000"), (words.time)("0"));
    format!(
        r#"INSERT INTO "{table}" (id, "{column}", date, api_key, model, model_group, custom_llm_provider,
        mcp_namespaced_tool_name, endpoint, prompt_tokens, completion_tokens, spend, api_requests, successful_requests,
        failed_requests, created_at, updated_at)
        SELECT '{column}-{entity}-' || n, {entity}, {day}, 'key-' || (n / 10 % 100), 'openai/model-' || (n % 10),
        'model-' || (n % 10), 'openai', '', '/chat/completions', 6600, 3300, 0.1, 33, 32, 1, {time}, {time} FROM {}"#,
        (words.series)(30_000)
    )
    .replace(&format!("'{column}-{entity}-'"), &format!("'{column}-{}-'", entity.len()))
}

fn holders(words: &Words) -> Vec<String> {
    let (time, hash) = ((words.time)("0"), hash_of(USER_KEY));
    vec![
        format!(
            r#"INSERT INTO "LiteLLM_VerificationToken" (token, key_name, key_alias, user_id, team_id, spend)
            SELECT 'key-' || n, 'sk-...' || n, 'alias-' || n, 'user-' || (n % 50), 'team-' || (n % 20), n FROM {}"#,
            (words.series)(100)
        ),
        format!(r#"INSERT INTO "LiteLLM_VerificationToken" (token, user_id) VALUES ('{hash}', 'user-7')"#),
        format!(
            r#"INSERT INTO "LiteLLM_UserTable" (user_id, user_role, teams, spend)
            SELECT 'user-' || n, 'internal_user', {}, n FROM {}"#,
            (words.texts)("('team-' || (n % 20))"),
            (words.series)(50)
        ),
        format!(
            r#"INSERT INTO "LiteLLM_TeamTable" (team_id, team_alias, spend, created_at, updated_at)
            SELECT 'team-' || n, 'Team ' || n, n, {time}, {time} FROM {}"#,
            (words.series)(20)
        ),
    ]
}

fn statements(words: &Words) -> Vec<String> {
    let mut statements = holders(words);
    let dailies = [
        ("LiteLLM_DailyUserSpend", "user_id", "'user-' || (n / 10 % 50)"),
        ("LiteLLM_DailyTeamSpend", "team_id", "'team-' || (n / 10 % 20)"),
        ("LiteLLM_DailyOrganizationSpend", "organization_id", "'org-' || (n / 10 % 5)"),
        ("LiteLLM_DailyEndUserSpend", "end_user_id", "'customer-' || (n / 10 % 100)"),
        ("LiteLLM_DailyEndUserSpend", "end_user_id", "'customer-' || (n / 10 % 100 + 100)"),
        ("LiteLLM_DailyTagSpend", "tag", "'tag-' || 1"),
        ("LiteLLM_DailyTagSpend", "tag", "'tag-' || 02"),
    ];
    statements.extend(dailies.map(|(table, column, entity)| daily(words, table, column, entity)));
    // Indexes are made once all rows are there: it is done sooner.
    let names = ["startTime", "startTime_request_id", "end_user", "session_id", "litellm_call_id", "api_key_startTime"];
    let own = ["user_startTime", "team_id_startTime"];
    let drop = |name: &&str| format!(r#"DROP INDEX "LiteLLM_SpendLogs_{name}_idx""#);
    statements.extend(names.iter().chain(&own).map(drop));
    statements.push(calls(words));
    statements
}

pub async fn sqlite(database: &Database) {
    let Pools::Sqlite { writer, .. } = &database.pools else { unreachable!("a file") };
    let mut statements = statements(&SQLITE);
    statements.insert(0, "PRAGMA synchronous = OFF".to_owned());
    statements.extend(create::table(&database.dialect, &schema::SPEND_LOGS));
    statements.push("ANALYZE".to_owned());
    for statement in statements {
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement.clone()))
            .execute(writer)
            .await
            .unwrap_or_else(|error| panic!("{error}: {statement}"));
    }
}

pub fn postgres(address: &str) {
    let dialect = super::super::super::Dialect::Postgres { schema: None };
    let mut statements = statements(&POSTGRES);
    statements.extend(create::table(&dialect, &schema::SPEND_LOGS));
    let name = Server::name_in(address);
    postgres::server().psql(name, &statements.join(";\n"));
    postgres::server().psql(name, "VACUUM ANALYZE");
}
