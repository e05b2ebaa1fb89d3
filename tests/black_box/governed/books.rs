//! The gateway's records held against the provider's: every call once, at its price, and the sums of all of them.

use super::caller::{self, Seen};
use super::till::Sale;
use crate::harness::store::{Kind, Store};
use serde_json::Value;
use std::collections::HashMap;

/// One row of `LiteLLM_SpendLogs`.
#[derive(Clone, Debug)]
pub struct Row {
    pub customer: String,
    pub key: String,
    pub team: String,
    pub user: String,
    pub spend_usd: f64,
    pub status: String,
    /// `lapsed`, `client_left`; empty for a call that came to its end.
    pub outcome: String,
    pub prompt_tokens: u64,
    pub completion_tokens: u64,
}

/// A call as its client knows it.
#[derive(Clone, Debug)]
pub struct Asked {
    pub body: Value,
    pub seen: Seen,
}

/// How many calls ended how.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    pub served: usize,
    pub lapsed: usize,
}

pub fn rows(store: &Store) -> Vec<Row> {
    let outcome = match store.kind {
        Kind::Sqlite => "json_extract(metadata, '$.tollgate_outcome')",
        Kind::Postgres => "metadata->>'tollgate_outcome'",
    };
    let sql = format!(
        "SELECT end_user, api_key, team_id, \"user\", spend, status, {outcome}, prompt_tokens, completion_tokens \
         FROM \"LiteLLM_SpendLogs\""
    );
    let row = |cells: &Vec<String>| {
        let text = |place: usize| cells[place].clone();
        let number = |place: usize| cells[place].parse().unwrap_or(u64::MAX);
        Row {
            customer: text(0),
            key: text(1),
            team: text(2),
            user: text(3),
            spend_usd: cells[4].parse().unwrap_or(f64::NAN),
            status: text(5),
            outcome: text(6),
            prompt_tokens: number(7),
            completion_tokens: number(8),
        }
    };
    store.rows(&sql).iter().map(row).collect()
}

fn usd(picousd: u64) -> f64 {
    picousd as f64 / 1e12
}

/// Asserts that the rows are the provider's calls, each once, and what is charged for each.
pub fn judge(rows: &[Row], sales: &HashMap<String, Vec<Sale>>, asked: &HashMap<String, Asked>) -> Tally {
    let mut by_customer: HashMap<&str, Vec<&Row>> = HashMap::new();
    for row in rows {
        by_customer.entry(&row.customer).or_default().push(row);
    }
    for (id, sale) in sales {
        assert_eq!(sale.len(), 1, "{id} has reached the provider more than once");
        assert_eq!(by_customer.get(id.as_str()).map_or(0, Vec::len), 1, "rows of {id}, which has reached the provider");
    }
    let mut tally = Tally::default();
    for (id, found) in &by_customer {
        let [row] = found.as_slice() else { panic!("{id} has {} rows: {found:?}", found.len()) };
        let asked = asked.get(*id).unwrap_or_else(|| panic!("nobody has made the call {id}: {row:?}"));
        judge_row(row, sales.get(*id).and_then(|sale| sale.first()), asked);
        *(if row.outcome == "lapsed" { &mut tally.lapsed } else { &mut tally.served }) += 1;
    }
    for (id, asked) in asked {
        assert!(asked.seen != Seen::Whole || by_customer.contains_key(id.as_str()), "{id} was served and has no row");
    }
    tally
}

fn judge_row(row: &Row, sale: Option<&Sale>, asked: &Asked) {
    if row.outcome == "lapsed" {
        assert_ne!(asked.seen, Seen::Whole, "its client has had everything: {row:?}");
        assert_eq!(row.spend_usd, usd(caller::most_picousd(&asked.body)), "what it could have cost: {row:?}");
        return;
    }
    assert_eq!((row.outcome.as_str(), row.status.as_str()), ("", "success"), "{row:?} {asked:?}");
    let sale = sale.unwrap_or_else(|| panic!("it never reached the provider: {row:?}"));
    let used = (row.prompt_tokens, row.completion_tokens);
    assert_eq!(used, (sale.prompt_tokens, sale.completion_tokens), "{row:?} {asked:?}");
    assert_eq!(row.spend_usd, usd(sale.picousd()), "{row:?}");
}

/// Whose row it is.
type Owner = fn(&Row) -> &str;

/// Asserts that every total is the sum of its rows.
pub fn totals_agree(store: &Store, rows: &[Row]) {
    let owners: [(&str, Owner); 4] = [
        ("SELECT token, spend FROM \"LiteLLM_VerificationToken\"", |row| &row.key),
        ("SELECT team_id, spend FROM \"LiteLLM_TeamTable\"", |row| &row.team),
        ("SELECT user_id, spend FROM \"LiteLLM_UserTable\"", |row| &row.user),
        ("SELECT user_id, spend FROM \"LiteLLM_EndUserTable\"", |row| &row.customer),
    ];
    for (sql, owner) in owners {
        let mut sums: HashMap<&str, f64> = HashMap::new();
        for row in rows {
            *sums.entry(owner(row)).or_default() += row.spend_usd;
        }
        for cells in store.rows(sql) {
            let sum = sums.get(cells[0].as_str()).copied().unwrap_or(0.0);
            is_same(&format!("{sql}: {}", cells[0]), cells[1].parse().unwrap_or(f64::NAN), (sum, rows.len()));
        }
    }
    let all: f64 = rows.iter().map(|row| row.spend_usd).sum();
    for table in ["LiteLLM_DailyEndUserSpend", "LiteLLM_DailyUserSpend"] {
        let daily = store.number(&format!("SELECT sum(spend) FROM \"{table}\""));
        is_same(table, daily, (all, rows.len()));
        let calls = store.number(&format!("SELECT sum(api_requests) FROM \"{table}\""));
        assert_eq!(calls, rows.len() as f64, "calls in {table}");
    }
    if store.kind == Kind::Postgres {
        accounts_agree(store);
    }
}

/// Nobody is under way any more, and everything is written.
fn accounts_agree(store: &Store) {
    let open = store.rows("SELECT id, settled, draws FROM \"Tollgate_Reservation\" LIMIT 3");
    assert!(open.is_empty(), "calls hold what is written already, or what they never made: {open:?}");
    let full = store.rows("SELECT account, pending, held FROM \"Tollgate_Account\" WHERE pending <> 0 OR held <> 0");
    assert!(full.is_empty(), "accounts hold what is written already, or nobody's: {full:?}");
}

/// To the picodollar, as far as numbers of double precision that are added up can be.
fn is_same(what: &str, found: f64, (expected, terms): (f64, usize)) {
    let slack = 5e-13 + expected * f64::EPSILON * terms as f64;
    assert!((found - expected).abs() <= slack, "{what}: {found} instead of {expected}");
}
