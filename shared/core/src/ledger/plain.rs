//! The ledger over a directory in memory, one change after another: what every other ledger must agree with.
//!
//! Decides which rows exist and which are made. Knows no SQL.

use std::sync::Arc;

use super::posting::{Days, Posting, Rules, Totals, other_id};
use super::{Entry, Ledger, Log, Spend, log_row};
use crate::clock::Moment;
use crate::directory::schema::{CUSTOMERS, JOURNALS, KEYS, TEAM_MEMBERSHIPS, TEAMS, WINDOW_SPEND};
use crate::directory::{Change, Columns, Directory, Fault, Filter, Late, Memory, Row, Table, moment_text};
use crate::upstream::BoxFuture;

/// How often a write is tried that somebody else came in the way of.
const ATTEMPTS: usize = 5;

pub struct Plain {
    directory: Arc<Memory>,
    rules: Rules,
}

/// A row from pairs.
fn row<const N: usize>(pairs: [(&str, serde_json::Value); N]) -> Row {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn is(table: &'static Table, key: &[String]) -> Vec<Filter> {
    table.key.iter().zip(key).map(|(column, value)| Filter::Is(column, value.as_str().into())).collect()
}

impl Plain {
    pub const fn new(directory: Arc<Memory>, rules: Rules) -> Self {
        Self { directory, rules }
    }

    async fn attempt(&self, journal: &str, entries: &[Entry]) -> Result<(), Fault> {
        let known = self.row(&JOURNALS, &[journal.to_owned()]).await?.and_then(|row| row.whole("position"));
        let is_old = |entry: &Entry| i64::try_from(entry.position).unwrap_or(i64::MAX) <= known.unwrap_or(-1);
        let fresh = &entries[entries.partition_point(is_old)..];
        let Some(last) = fresh.last() else { return Ok(()) };
        let mut changes = reached(journal, known, last.position);
        let posting = Posting::of(fresh, &self.rules);
        let active = fresh.iter().map(|entry| entry.spend.ended).max().unwrap_or_default();
        for totals in &posting.totals {
            self.totals(totals, active, &mut changes).await?;
        }
        self.windows(&posting, &mut changes).await?;
        for days in &posting.daily {
            daily(days, &mut changes);
        }
        let logs = posting.logs.iter().map(|log| late(log, self.rules)).collect();
        self.directory.write_with_logs(changes, logs)
    }

    async fn row(&self, table: &'static Table, key: &[String]) -> Result<Option<Row>, Fault> {
        let mut rows = self.directory.get(&[(table, key.to_vec())]).await?;
        Ok(rows.pop().flatten())
    }

    async fn totals(&self, totals: &Totals, active: Moment, changes: &mut Vec<Change>) -> Result<(), Fault> {
        let table = totals.table;
        for (key, cost) in &totals.rows {
            if table.name == CUSTOMERS.name {
                changes.push(Change::Offer(table, row([("user_id", key[0].as_str().into())])));
            }
            if table.name == TEAM_MEMBERSHIPS.name && self.is_member(&key[0], &key[1]).await? {
                let member = row([("user_id", key[0].as_str().into()), ("team_id", key[1].as_str().into())]);
                changes.push(Change::Offer(table, member));
            }
            let amounts = totals.columns.iter().map(|column| (*column, log_row::usd(*cost))).collect();
            changes.push(Change::Add(table, is(table, key), amounts));
            if table.name == KEYS.name {
                let set = row([("last_active", moment_text(active).into())]);
                changes.push(Change::Update(table, is(table, key), set));
            }
        }
        Ok(())
    }

    /// LiteLLM keeps a team's members in the team's row; their own rows it makes when they spend.
    async fn is_member(&self, user_id: &str, team_id: &str) -> Result<bool, Fault> {
        let team = self.row(&TEAMS, &[team_id.to_owned()]).await?.unwrap_or_default();
        let members = team.get("members_with_roles").and_then(serde_json::Value::as_array);
        let has_id = |member: &serde_json::Value| member.get("user_id").and_then(|id| id.as_str()) == Some(user_id);
        Ok(members.is_some_and(|members| members.iter().any(has_id)))
    }

    async fn windows(&self, posting: &Posting<'_>, changes: &mut Vec<Change>) -> Result<(), Fault> {
        for (window, cost) in &posting.windows {
            let key = vec![window.entity_type.clone(), window.entity_id.clone(), window.duration.clone()];
            let known = self.row(&WINDOW_SPEND, &key).await?.and_then(|row| row.moment("window_start"));
            let start = moment_text(window.start);
            let begins = crate::directory::moment_of(&start).unwrap_or(window.start);
            let cost = log_row::usd(*cost);
            let set = row([("window_start", start.into()), ("spend", cost.into())]);
            changes.push(match known {
                Some(known) if known > begins => continue,
                Some(known) if known == begins => {
                    Change::Add(&WINDOW_SPEND, is(&WINDOW_SPEND, &key), vec![("spend", cost)])
                }
                Some(_) => Change::Update(&WINDOW_SPEND, is(&WINDOW_SPEND, &key), set),
                None => {
                    let names = WINDOW_SPEND.key.iter().zip(&key);
                    let names = names.map(|(name, value)| ((*name).to_owned(), value.as_str().into()));
                    Change::Insert(&WINDOW_SPEND, names.chain(set).collect())
                }
            });
        }
        Ok(())
    }
}

/// The row is made when somebody looks, from as much of the call as it shows.
fn late(log: &Log<'_>, rules: Rules) -> Late {
    let (messages, response) = match rules.keeps_prompts {
        true => (log.spend.messages.clone(), log.spend.response.clone()),
        false => (None, None),
    };
    let spend = Spend { messages, response, ..log.spend.clone() };
    Late {
        id: log.request_id.clone().into_owned(),
        otherwise: other_id(&log.request_id, log.spend),
        make: Box::new(move |id: String, now| {
            Log { spend: &spend, request_id: id.into() }.row(&rules, &moment_text(now))
        }),
    }
}

/// Notes how far the journal is written, unless somebody has meanwhile.
fn reached(journal: &str, known: Option<i64>, position: u64) -> Vec<Change> {
    let own = || Filter::Is("journal", journal.into());
    let set = row([("position", position.into())]);
    match known {
        None => {
            vec![Change::Insert(&JOURNALS, [row([("journal", journal.into())]), set].into_iter().flatten().collect())]
        }
        Some(known) => vec![
            Change::Expect(&JOURNALS, vec![own(), Filter::Is("position", known.into())], 1),
            Change::Update(&JOURNALS, vec![own()], set),
        ],
    }
}

fn daily(days: &Days, changes: &mut Vec<Change>) {
    for (key, day) in &days.rows {
        let mut new: Row =
            days.by.iter().zip(key).map(|(name, value)| ((*name).to_owned(), value.as_str().into())).collect();
        new.insert("model_group".to_owned(), day.model_group.as_str().into());
        if days.table.column("request_id").is_some() {
            new.insert("request_id".to_owned(), day.request_id.as_str().into());
        }
        changes.push(Change::Offer(days.table, new));
        let own = days.by.iter().zip(key).map(|(name, value)| Filter::Is(name, value.as_str().into())).collect();
        let mut amounts: Vec<(&'static str, f64)> =
            day.counts().iter().map(|(name, count)| (*name, *count as f64)).collect();
        amounts.push(("spend", log_row::usd(day.cost_picousd)));
        changes.push(Change::Add(days.table, own, amounts));
    }
}

impl Ledger for Plain {
    fn commit<'a>(&'a self, journal: &'a str, entries: &'a [Entry]) -> BoxFuture<'a, Result<(), Fault>> {
        Box::pin(async move {
            let mut outcome = Ok(());
            for _ in 0..ATTEMPTS {
                outcome = self.attempt(journal, entries).await;
                if !matches!(outcome, Err(Fault::Changed(_) | Fault::Taken { .. })) {
                    break;
                }
            }
            outcome
        })
    }
}
