//! All that is known of a key: its own row, and the rows of those it was made for.
//!
//! Built once for each look-up; calls only read it.

use std::sync::Arc;

use super::{Allowance, Claim, Role};
use crate::clock::Moment;
use crate::directory::{Columns, Row, Table, schema};

/// A key, and everyone whose rules apply to its calls.
#[derive(Debug, Default)]
pub struct Profile {
    pub hash: String,
    pub role: Role,
    pub key: Row,
    /// The budget that the key is linked to.
    pub key_budget: Option<Row>,
    pub user: Option<Row>,
    pub team: Option<Row>,
    /// What the team's names of models stand for: `model_aliases` of its `LiteLLM_ModelTable`.
    pub team_aliases: Option<Row>,
    /// The user's membership of the team.
    pub membership: Option<Row>,
    pub membership_budget: Option<Row>,
    pub organization: Option<Row>,
    pub organization_budget: Option<Row>,
    pub project: Option<Row>,
    pub project_budget: Option<Row>,
    pub expires: Option<Moment>,
    /// When the first of the budgets begins anew.
    pub due: Option<Moment>,
    /// The accounts that every call of the key draws on.
    pub claims: Vec<Arc<Claim>>,
    /// Budgets that begin anew again and again.
    pub allowances: Vec<Allowance>,
    /// Tags that the key and its team put on every call.
    pub tags: Vec<String>,
}

impl Profile {
    /// Routes that the key may call; all where there are none.
    pub fn allowed_routes(&self) -> Vec<String> {
        self.key.texts("allowed_routes")
    }

    /// Whether the key has been given the permission, as `get_spend_routes`.
    pub fn has_permission(&self, name: &str) -> bool {
        let permissions = self.key.object("permissions");
        permissions.and_then(|permissions| permissions.get(name)).is_some_and(|value| value.as_bool() != Some(false))
    }

    /// Every row with a budget that begins anew.
    pub fn budgeted(&self) -> impl Iterator<Item = (&'static Table, &Row)> {
        let rows = [
            (&schema::KEYS, Some(&self.key)),
            (&schema::BUDGETS, self.key_budget.as_ref()),
            (&schema::USERS, self.user.as_ref()),
            (&schema::TEAMS, self.team.as_ref()),
            (&schema::BUDGETS, self.membership_budget.as_ref()),
            (&schema::BUDGETS, self.organization_budget.as_ref()),
            (&schema::BUDGETS, self.project_budget.as_ref()),
        ];
        rows.into_iter().filter_map(|(table, row)| Some((table, row?)))
    }

    pub fn user_id(&self) -> Option<&str> {
        self.key.text("user_id")
    }

    pub fn team_id(&self) -> Option<&str> {
        self.key.text("team_id")
    }
}
