//! Budgets of model access groups: what all who use a group may spend together.
//!
//! A call draws on a group's budget where the group leads to the model that is asked for and a list of the caller's names
//! the group: who may use everything has not been given the group, and pays nothing into it.

use std::sync::Arc;

use super::draws::money;
use super::limits::{Claim, Kind, Scope};
use super::{Governance, Profile};
use crate::Error;
use crate::catalog::Group;
use crate::directory::{Columns, Row, schema};
use crate::quota::{Edge, Home, NamedTable, accounts};

impl Governance {
    /// Adds the budgets of the groups that the call is made through; their names.
    ///
    /// # Errors
    /// Where the directory cannot be reached.
    pub(super) async fn group_claims(
        &self,
        profile: &Profile,
        group: Option<&Arc<Group>>,
        claims: &mut Vec<Arc<Claim>>,
    ) -> Result<Vec<String>, Error> {
        let mut charged = Vec::new();
        if !self.has_rows() {
            return Ok(charged);
        }
        for name in granted(profile, group) {
            let Some(row) = self.named(&schema::MODEL_ACCESS_GROUP_BUDGETS, &name).await? else { continue };
            let budget = match row.text("budget_id") {
                Some(budget) => self.named(&schema::BUDGETS, budget).await?,
                None => None,
            };
            // Nothing is LiteLLM's way to say that there is no limit.
            let limit = budget.as_ref().and_then(|budget| budget.number("max_budget")).filter(|limit| *limit > 0.0);
            let resets_at = budget.as_ref().and_then(|budget| budget.moment("budget_reset_at"));
            let home = Home::Row { table: NamedTable(&schema::MODEL_ACCESS_GROUP_BUDGETS), key: vec![name.clone()] };
            let draw = money(accounts::access_group(&name), limit, Edge::Reached, home, Some(&row));
            let scope = Scope { kind: Kind::AccessGroup, name: name.clone(), resets_at, soft_picousd: None };
            claims.push(Claim::new(draw, scope));
            charged.push(name);
        }
        Ok(charged)
    }
}

/// The groups that lead to the model and that a list of the caller's names.
fn granted(profile: &Profile, group: Option<&Arc<Group>>) -> Vec<String> {
    let deployments = group.map(|group| group.deployments.as_slice()).unwrap_or_default();
    let mut leading: Vec<&str> =
        deployments.iter().flat_map(|deployment| &deployment.routing.access_groups).map(String::as_str).collect();
    if leading.is_empty() {
        return Vec::new();
    }
    leading.sort_unstable();
    leading.dedup();
    let lists: [(Option<&Row>, &str); 5] = [
        (Some(&profile.key), "models"),
        (profile.team.as_ref(), "models"),
        (profile.membership_budget.as_ref(), "allowed_models"),
        (profile.project.as_ref(), "models"),
        (profile.organization.as_ref(), "models"),
    ];
    let names: Vec<String> = lists.into_iter().filter_map(|(row, column)| Some(row?.texts(column))).flatten().collect();
    leading.into_iter().filter(|name| names.iter().any(|own| own == name)).map(str::to_owned).collect()
}
