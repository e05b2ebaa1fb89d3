//! The names of the accounts, the same on every instance and in every adapter.
//!
//! They are LiteLLM's names of its spend counters, where it has them.

use crate::clock::Moment;
use crate::ledger::Payer;

use super::Window;

pub fn key(hash: &str) -> String {
    format!("spend:key:{hash}")
}

pub fn team(id: &str) -> String {
    format!("spend:team:{id}")
}

pub fn user(id: &str) -> String {
    format!("spend:user:{id}")
}

pub fn team_member(user_id: &str, team_id: &str) -> String {
    format!("spend:team_member:{user_id}:{team_id}")
}

pub fn organization(id: &str) -> String {
    format!("spend:org:{id}")
}

pub fn project(id: &str) -> String {
    format!("spend:project:{id}")
}

pub fn tag(name: &str) -> String {
    format!("spend:tag:{name}")
}

pub fn customer(id: &str) -> String {
    format!("spend:end_user:{id}")
}

pub fn access_group(name: &str) -> String {
    format!("spend:model_access_group:{name}")
}

/// The row of users under which everything that the proxy spends is added up.
pub const PROXY: &str = "litellm-proxy-budget";

pub fn window(window: &Window) -> String {
    format!("spend:{}:{}:window:{}", window.entity_type, window.entity_id, window.duration)
}

/// Every money account that a call of this payer draws on, with the end of its window where it has one.
pub fn of(payer: &Payer) -> Vec<(String, Option<Moment>)> {
    let mut names = Vec::with_capacity(8);
    names.push(key(&payer.key));
    names.extend(payer.user_id.as_deref().map(user));
    names.extend(payer.team_id.as_deref().map(team));
    if let (Some(user_id), Some(team_id)) = (&payer.user_id, &payer.team_id) {
        names.push(team_member(user_id, team_id));
    }
    names.extend(payer.organization_id.as_deref().map(organization));
    names.extend(payer.project_id.as_deref().map(project));
    names.extend(payer.customer_id.as_deref().map(customer));
    names.extend(payer.tags.iter().map(|name| tag(name)));
    names.extend(payer.access_groups.iter().map(|name| access_group(name)));
    names.push(user(PROXY));
    let plain = names.into_iter().map(|name| (name, None));
    plain.chain(payer.windows.iter().map(|each| (window(each), Some(each.end)))).collect()
}
