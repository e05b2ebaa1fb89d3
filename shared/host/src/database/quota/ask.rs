//! Draws as the database's functions take them: one list a column, in the order of the accounts' names.
//!
//! Knows the homes' numbers in `functions.sql`. Pure.

use tollgate_core::quota::{Draw, Edge, Home, Level, Measure, Money, NamedTable};

use super::shown;

/// The columns.
#[derive(Debug, Default)]
pub struct Asked {
    /// Where each draw stood.
    order: Vec<usize>,
    pub names: Vec<String>,
    pub kinds: Vec<i16>,
    pub limits: Vec<Option<i64>>,
    /// Whether money may be at its limit already.
    pub rules: Vec<bool>,
    /// How long a window is, or when it ends.
    pub spans: Vec<i64>,
    pub wants: Vec<i64>,
    pub places: Vec<i16>,
    pub firsts: Vec<String>,
    pub seconds: Vec<String>,
    pub thirds: Vec<String>,
    pub starts: Vec<i64>,
}

impl Asked {
    pub fn new(draws: &[Draw], amount: impl Fn(&Draw) -> i64) -> Self {
        let mut order: Vec<usize> = (0..draws.len()).collect();
        order.sort_unstable_by_key(|place| draws.get(*place).map(|draw| &draw.account));
        let mut asked = Self::default();
        for draw in order.iter().filter_map(|place| draws.get(*place)) {
            asked.names.push(draw.account.to_string());
            asked.wants.push(amount(draw));
            asked.measure(&draw.measure);
        }
        Self { order, ..asked }
    }

    fn measure(&mut self, measure: &Measure) {
        let (kind, limit, span) = match measure {
            Measure::Money(money) => return self.money(money),
            Measure::Requests { limit, window } => (3, *limit, window.as_micros()),
            Measure::Tokens { limit, window, .. } => (4, *limit, window.as_micros()),
            Measure::Parallel { limit } => (5, *limit, 0),
        };
        self.counted((kind, Some(limit)), Edge::Reached, i64::try_from(span).unwrap_or(i64::MAX));
        self.home(0, ["", "", ""], 0);
    }

    fn money(&mut self, money: &Money) {
        match &*money.home {
            Home::Row { table, key } => {
                self.counted((1, money.limit_picousd), money.edge, 0);
                let part = |place: usize| key.get(place).map_or("", String::as_str);
                self.home(place_of(*table), [part(0), part(1), ""], 0);
            }
            Home::Window(window) => {
                self.counted((2, money.limit_picousd), money.edge, whole(window.end.0));
                self.home(10, [&window.entity_type, &window.entity_id, &window.duration], whole(window.start.0));
            }
        }
    }

    fn counted(&mut self, (kind, limit): (i16, Option<u64>), edge: Edge, span: i64) {
        self.kinds.push(kind);
        self.limits.push(limit.map(whole));
        self.rules.push(edge == Edge::Exceeded);
        self.spans.push(span);
    }

    fn home(&mut self, place: i16, [first, second, third]: [&str; 3], start: i64) {
        self.places.push(place);
        self.firsts.push(first.to_owned());
        self.seconds.push(second.to_owned());
        self.thirds.push(third.to_owned());
        self.starts.push(start);
    }

    /// The place in the call's own order.
    pub fn original(&self, place: usize) -> usize {
        self.order.get(place).copied().unwrap_or_default()
    }

    pub fn in_original_order(&self, found: &[Level], draws: &[Draw]) -> Vec<Level> {
        let mut levels = vec![Level::default(); draws.len()];
        for (place, level) in self.order.iter().zip(found) {
            if let Some(slot) = levels.get_mut(*place) {
                *slot = shown(*level, draws.get(*place));
            }
        }
        levels
    }
}

/// As much as the column holds.
fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The number of a home, as `tollgate_home_1` knows it; 0 for one that it does not know, which has spent nothing.
fn place_of(NamedTable(table): NamedTable) -> i16 {
    match table.name {
        "LiteLLM_VerificationToken" => 1,
        "LiteLLM_TeamTable" => 2,
        "LiteLLM_UserTable" => 3,
        "LiteLLM_TeamMembership" => 4,
        "LiteLLM_OrganizationTable" => 5,
        "LiteLLM_ProjectTable" => 6,
        "LiteLLM_TagTable" => 7,
        "LiteLLM_EndUserTable" => 8,
        "LiteLLM_ModelAccessGroupBudgetTable" => 9,
        _ => 0,
    }
}
