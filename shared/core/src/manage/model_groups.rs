//! Model access groups: `/access_group/*`. A name that stands for stored models in lists of what may be used.
//!
//! A group is nowhere by itself: every deployment of it says so in its `model_info.access_groups`. Beside that, a row
//! tells what is spent by all who use it, and links the budget that they share.

mod budget;
mod change;
mod read;

pub use budget::{delete as delete_budget, info as budget_info, set as set_budget};
pub use change::{create, delete, update};
pub use read::{info, list};

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::records;
use crate::denial::Denial;
use crate::directory::{Columns, Query, Row, Table, schema};
use crate::{App, Error};

const MODELS: &Table = &schema::MODELS;
const GROUPS: &Table = &schema::MODEL_ACCESS_GROUP_BUDGETS;
const IN_INFO: &str = "access_groups";

fn refused(status: u16, sentence: &str) -> Error {
    Denial::detail_error(status, sentence).into()
}

fn absent(name: &str) -> Error {
    refused(404, &format!("Access group '{name}' not found"))
}

/// The groups that a stored deployment is in.
fn groups_of(model: &Row) -> Vec<String> {
    records::map_of(model.get("model_info")).texts(IN_INFO)
}

/// Every stored deployment that is in a group, by group.
async fn members(app: &App) -> Result<BTreeMap<String, Vec<String>>, Error> {
    let models = records::all(app, &Query::of(MODELS).only(&["model_id", "model_name", "model_info"])).await?;
    let mut groups: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for model in &models {
        for group in groups_of(model) {
            groups.entry(group).or_default().push(model.text("model_name").unwrap_or_default().to_owned());
        }
    }
    Ok(groups)
}

/// # Errors
/// 404 where no deployment is in the group.
async fn check_exists(app: &App, name: &str) -> Result<(), Error> {
    if members(app).await?.contains_key(name) { Ok(()) } else { Err(absent(name)) }
}

/// What all have spent in the group, and the budget they share.
async fn account(app: &App, name: &str) -> Result<(Option<Row>, Option<Row>), Error> {
    let row = records::one(app, GROUPS, name).await?;
    let budget_id = row.as_ref().and_then(|row| row.text("budget_id"));
    let budget = records::linked(app, &schema::BUDGETS, budget_id).await?;
    Ok((row, budget))
}

/// The part of an answer that tells of money; a group without a row has spent nothing.
fn shown_account(row: Option<&Row>, budget: Option<&Row>) -> (Value, Value) {
    let spend = row.and_then(|row| row.number("spend")).unwrap_or_default();
    let budget = budget.map(|budget| {
        let shown = records::shown(&schema::BUDGETS, budget);
        records::only(&shown, &["budget_id", "max_budget", "soft_budget", "budget_duration", "budget_reset_at"])
    });
    (spend.into(), json!(budget))
}
