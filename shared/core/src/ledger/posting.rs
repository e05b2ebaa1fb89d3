//! What a batch of records changes in the directory: rows of spend logs, and sums by whom they are added to.
//!
//! Sums are whole picodollars; rows stand in one order, so that two writers never wait for each other in a circle. Pure.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::keep::without_nul;
use super::log_row::{self, Log};
use super::{Entry, Payer, Spend, endpoints, keep};
use crate::directory::{Table, moment_text, schema};
use crate::quota::{Window, accounts};

/// What is written of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Off with `disable_spend_logs`.
    pub keeps_logs: bool,
    /// Off with `disable_spend_updates`: then nothing is written at all.
    pub keeps_sums: bool,
    /// `store_prompts_in_spend_logs`.
    pub keeps_prompts: bool,
    /// The longest text of a request or an answer: `MAX_STRING_LENGTH_PROMPT_IN_DB`.
    pub text_chars_max: usize,
}

impl Default for Rules {
    fn default() -> Self {
        Self { keeps_logs: true, keeps_sums: true, keeps_prompts: false, text_chars_max: keep::TEXT_CHARS_MAX }
    }
}

/// Everything that a batch changes.
#[derive(Debug, Default)]
pub struct Posting<'e> {
    /// Rows of `LiteLLM_SpendLogs`.
    pub logs: Vec<Log<'e>>,
    pub totals: Vec<Totals>,
    pub windows: Vec<(Window, u64)>,
    pub daily: Vec<Days>,
}

/// What is added to rows of one table.
#[derive(Debug)]
pub struct Totals {
    pub table: &'static Table,
    /// The columns that all get the amount.
    pub columns: &'static [&'static str],
    /// By primary key.
    pub rows: BTreeMap<Vec<String>, u64>,
}

/// What is added to rows of a daily table.
#[derive(Debug)]
pub struct Days {
    pub table: &'static Table,
    /// The columns of its constraint.
    pub by: &'static [&'static str],
    pub rows: BTreeMap<Vec<String>, Day>,
}

/// A daily row's sums.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Day {
    pub model_group: String,
    /// One of the calls; LiteLLM keeps it for tags.
    pub request_id: String,
    pub prompt_tokens: u64,
    pub completion_tokens: u64,
    pub cache_read_input_tokens: u64,
    pub cache_creation_input_tokens: u64,
    pub cost_picousd: u64,
    pub api_requests: u64,
    pub successful_requests: u64,
    pub failed_requests: u64,
    pub total_response_time_ms: u64,
    pub timed_requests: u64,
}

impl<'e> Posting<'e> {
    pub fn of(entries: &'e [Entry], rules: &Rules) -> Self {
        let mut posting = Self::default();
        if !rules.keeps_sums {
            return posting;
        }
        if rules.keeps_logs {
            posting.logs = entries.iter().map(|entry| Log::of(&entry.spend)).collect();
        }
        let mut sums = Sums::default();
        for (first, day) in groups(entries) {
            sums.add(first, &day);
        }
        posting.totals = sums.totals.into_values().collect();
        posting.windows = windows(sums.windows);
        posting.daily = sums.daily.into_values().collect();
        posting
    }

    /// A call whose id another one has already gets its own behind it. `taken` are ids of rows that are there.
    pub fn name_logs(&mut self, mut taken: HashSet<String>) {
        for log in &mut self.logs {
            if taken.contains(&*log.request_id) {
                log.request_id = other_id(&log.request_id, log.spend).into();
            }
            taken.insert(log.request_id.clone().into_owned());
        }
    }
}

/// What a call's row is called where another one has its id.
pub fn other_id(wanted: &str, spend: &Spend) -> String {
    format!("{wanted}-{}", without_nul(&spend.id))
}

/// What tells calls apart that are added to different rows: most of a batch are alike, and are added up before.
#[derive(PartialEq, Eq, Hash)]
struct Group<'e> {
    payer: &'e Payer,
    day: u64,
    model: &'e str,
    model_group: &'e str,
    provider: &'e str,
    call_type: &'e str,
}

/// The sums of calls that are alike, each with the first of them.
fn groups(entries: &[Entry]) -> Vec<(&Spend, Day)> {
    let mut places: HashMap<Group<'_>, usize> = HashMap::new();
    let mut sums: Vec<(&Spend, Day)> = Vec::new();
    for Entry { spend, .. } in entries {
        let group = Group {
            payer: &spend.payer,
            day: spend.started.seconds() / SECONDS_A_DAY,
            model: &spend.model,
            model_group: &spend.model_group,
            provider: &spend.provider,
            call_type: &spend.call_type,
        };
        let place = *places.entry(group).or_insert_with(|| {
            sums.push((spend, Day::default()));
            sums.len() - 1
        });
        sums[place].1.count(spend);
    }
    sums
}

const SECONDS_A_DAY: u64 = 24 * 60 * 60;

/// The newest window of each kind: what an older one spent does not count any more.
fn windows(sums: BTreeMap<WindowKey, (Window, u64)>) -> Vec<(Window, u64)> {
    let mut windows: Vec<(Window, u64)> = Vec::with_capacity(sums.len());
    for (window, cost) in sums.into_values() {
        let is_newer = |(last, _): &(Window, u64)| {
            (&last.entity_type, &last.entity_id, &last.duration)
                == (&window.entity_type, &window.entity_id, &window.duration)
        };
        if windows.last().is_some_and(is_newer) {
            windows.pop();
        }
        windows.push((window, cost));
    }
    windows
}

/// Entity, duration, and when it began.
type WindowKey = (String, String, String, u64);

#[derive(Default)]
struct Sums {
    totals: BTreeMap<&'static str, Totals>,
    windows: BTreeMap<WindowKey, (Window, u64)>,
    daily: BTreeMap<&'static str, Days>,
}

const SPEND: &[&str] = &["spend"];
const BOTH: &[&str] = &["spend", "total_spend"];

impl Sums {
    /// Adds what calls that are alike come to together.
    fn add(&mut self, spend: &Spend, day: &Day) {
        let (payer, cost) = (&spend.payer, day.cost_picousd);
        self.total(&schema::KEYS, BOTH, &[&payer.key], cost);
        self.total(&schema::USERS, SPEND, &[accounts::PROXY], cost);
        for (table, id) in entities(payer) {
            self.total(table, SPEND, &[id], cost);
        }
        if let (Some(user_id), Some(team_id)) = (&payer.user_id, &payer.team_id) {
            self.total(&schema::TEAM_MEMBERSHIPS, BOTH, &[user_id, team_id], cost);
        }
        if let (Some(user_id), Some(organization_id)) = (&payer.user_id, &payer.organization_id) {
            self.total(&schema::ORGANIZATION_MEMBERSHIPS, SPEND, &[user_id, organization_id], cost);
        }
        for window in &payer.windows {
            self.window(window, cost);
        }
        self.days(spend, day);
    }

    fn total(&mut self, table: &'static Table, columns: &'static [&'static str], key: &[&str], cost: u64) {
        if key.iter().any(|part| part.is_empty()) {
            return;
        }
        let totals = || Totals { table, columns, rows: BTreeMap::new() };
        let rows = &mut self.totals.entry(table.name).or_insert_with(totals).rows;
        let sum = rows.entry(key.iter().map(|part| without_nul(part)).collect()).or_default();
        *sum = sum.saturating_add(cost);
    }

    fn window(&mut self, window: &Window, cost: u64) {
        let (kind, id, duration) = (window.entity_type.clone(), window.entity_id.clone(), window.duration.clone());
        let sum = self.windows.entry((kind, id, duration, window.start.0)).or_insert_with(|| (window.clone(), 0));
        sum.1 = sum.1.saturating_add(cost);
    }

    fn days(&mut self, spend: &Spend, day: &Day) {
        let payer = &spend.payer;
        let date: String = moment_text(spend.started).chars().take(10).collect();
        let mut add = |table: &'static Table, entity: &str| self.day(table, (entity, &date), spend, day);
        // LiteLLM adds up calls without a user or a team under an empty one, and others where there is somebody.
        add(&schema::DAILY_USER, payer.user_id.as_deref().unwrap_or_default());
        add(&schema::DAILY_TEAM, payer.team_id.as_deref().unwrap_or_default());
        add(&schema::DAILY_GLOBAL, "");
        let others = [
            (&schema::DAILY_ORGANIZATION, &payer.organization_id),
            (&schema::DAILY_CUSTOMER, &payer.customer_id),
            (&schema::DAILY_AGENT, &payer.agent_id),
        ];
        for (table, id) in others {
            if let Some(id) = id.as_ref().filter(|id| !id.is_empty()) {
                add(table, id);
            }
        }
        for tag in distinct(&payer.tags) {
            add(&schema::DAILY_TAG, tag);
        }
    }

    fn day(&mut self, table: &'static Table, (entity, date): (&str, &str), spend: &Spend, day: &Day) {
        let by = table.unique.first().copied().unwrap_or_default();
        let days = self.daily.entry(table.name).or_insert_with(|| Days { table, by, rows: BTreeMap::new() });
        let key = by.iter().enumerate().map(|(place, column)| match *column {
            "date" => date.to_owned(),
            "api_key" => without_nul(&spend.payer.key),
            "model" => without_nul(&spend.model),
            "model_group" => without_nul(&spend.model_group),
            "custom_llm_provider" => without_nul(&spend.provider),
            "endpoint" => endpoints::of(&spend.call_type).to_owned(),
            _ if place == 0 => without_nul(entity),
            // Calls of MCP tools; null would be another row each time.
            _ => String::new(),
        });
        days.rows.entry(key.collect()).or_default().merge(day);
    }
}

impl Day {
    /// Adds one call.
    fn count(&mut self, spend: &Spend) {
        let is_success = log_row::is_success(spend.outcome);
        let duration_ms = if is_success { u64::try_from(log_row::duration_ms(spend)).unwrap_or(0) } else { 0 };
        if self.api_requests == 0 {
            self.model_group = without_nul(&spend.model_group);
            self.request_id = without_nul(&spend.request_id);
        }
        self.sum([
            spend.tokens.prompt,
            spend.tokens.completion,
            spend.tokens.cache_read,
            spend.tokens.cache_write,
            spend.cost_picousd,
            1,
            u64::from(is_success),
            u64::from(!is_success),
            duration_ms,
            u64::from(is_success),
        ]);
    }

    /// Adds the calls of another sum.
    fn merge(&mut self, other: &Self) {
        if self.api_requests == 0 {
            self.clone_from(other);
            return;
        }
        self.sum([
            other.prompt_tokens,
            other.completion_tokens,
            other.cache_read_input_tokens,
            other.cache_creation_input_tokens,
            other.cost_picousd,
            other.api_requests,
            other.successful_requests,
            other.failed_requests,
            other.total_response_time_ms,
            other.timed_requests,
        ]);
    }

    fn sum(&mut self, amounts: [u64; 10]) {
        let sums = [
            &mut self.prompt_tokens,
            &mut self.completion_tokens,
            &mut self.cache_read_input_tokens,
            &mut self.cache_creation_input_tokens,
            &mut self.cost_picousd,
            &mut self.api_requests,
            &mut self.successful_requests,
            &mut self.failed_requests,
            &mut self.total_response_time_ms,
            &mut self.timed_requests,
        ];
        for (sum, amount) in sums.into_iter().zip(amounts) {
            *sum = sum.saturating_add(amount);
        }
    }

    /// Its sums by column.
    pub const fn counts(&self) -> [(&'static str, u64); 9] {
        [
            ("prompt_tokens", self.prompt_tokens),
            ("completion_tokens", self.completion_tokens),
            ("cache_read_input_tokens", self.cache_read_input_tokens),
            ("cache_creation_input_tokens", self.cache_creation_input_tokens),
            ("api_requests", self.api_requests),
            ("successful_requests", self.successful_requests),
            ("failed_requests", self.failed_requests),
            ("total_response_time_ms", self.total_response_time_ms),
            ("timed_requests", self.timed_requests),
        ]
    }
}

/// Whoever a call is paid by alone, with the table that has the row.
fn entities(payer: &Payer) -> Vec<(&'static Table, &str)> {
    let single = [
        (&schema::USERS, &payer.user_id),
        (&schema::TEAMS, &payer.team_id),
        (&schema::ORGANIZATIONS, &payer.organization_id),
        (&schema::PROJECTS, &payer.project_id),
        (&schema::CUSTOMERS, &payer.customer_id),
    ];
    let single = single.into_iter().filter_map(|(table, id)| Some((table, id.as_deref()?)));
    let tags = distinct(&payer.tags).into_iter().map(|tag| (&schema::TAGS, tag));
    let groups = distinct(&payer.access_groups).into_iter().map(|name| (&schema::MODEL_ACCESS_GROUP_BUDGETS, name));
    single.chain(tags).chain(groups).collect()
}

fn distinct(names: &[String]) -> Vec<&str> {
    let mut distinct: Vec<&str> = names.iter().map(String::as_str).filter(|name| !name.is_empty()).collect();
    distinct.sort_unstable();
    distinct.dedup();
    distinct
}
