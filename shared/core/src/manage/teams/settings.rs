//! What a request sets of a team: columns, and what LiteLLM keeps in its metadata.

use serde_json::{Value, json};

use super::{TEAMS, budget};
use crate::denial::Denial;
use crate::directory::{Columns, Kind, Row, moment_of, moment_text};
use crate::manage::{Fields, input, money, records};
use crate::{App, Error};

/// What may be set at any time.
pub const COLUMNS: &[&str] = &[
    "team_alias",
    "organization_id",
    "tpm_limit",
    "rpm_limit",
    "tpd_limit",
    "max_budget",
    "soft_budget",
    "models",
    "blocked",
    "budget_duration",
    "router_settings",
    "access_group_ids",
    "default_team_member_models",
];

/// What only a new team is given so.
pub const NEW_COLUMNS: &[&str] = &["team_id", "admins", "members", "team_member_permissions", "policies"];

/// Fields that are kept in the metadata.
pub const FOLDED: &[&str] = &[
    "model_rpm_limit",
    "model_tpm_limit",
    "model_itpm_limit",
    "model_otpm_limit",
    "default_estimated_output_tokens",
    "default_estimated_output_tokens_per_model",
    "mcp_rpm_limit",
    "rpm_limit_type",
    "tpm_limit_type",
    "allowed_vector_store_indexes",
    "enforced_batch_output_expires_after",
    "enforced_file_expires_after",
    "disable_global_guardrails",
    "guardrails",
    "policies",
    "tags",
    "team_member_key_duration",
    "prompts",
    "secret_manager_settings",
    "allowed_passthrough_routes",
    "denied_passthrough_routes",
];

/// The key of the metadata under which the members' default budget is linked: no request sets it.
pub const DEFAULT_BUDGET: &str = "team_member_budget_id";

/// What a request sets.
pub struct Settings {
    /// The columns that were sent; null where that was sent.
    pub columns: Row,
    /// `metadata`, where it was sent.
    pub metadata: Option<Row>,
    /// What is kept in the metadata, where it was sent.
    pub folded: Row,
    /// The budget of members, by the columns of a budget.
    pub member_budget: Row,
    pub aliases: Option<Row>,
    pub permission: Option<Row>,
}

impl Settings {
    /// Reads them; what is wrong with them is noted in the fields.
    pub fn read(fields: &Fields<'_>, names: &[&[&'static str]]) -> Self {
        let mut columns = Row::new();
        for names in names {
            columns.extend(input::columns(fields, TEAMS, names));
        }
        if fields.is_sent("model_max_budget") {
            columns.insert("model_max_budget".to_owned(), money::of_models(fields).unwrap_or_else(|| json!({})));
        }
        if fields.is_sent("budget_limits") {
            columns.insert("budget_limits".to_owned(), windows(fields));
        }
        let is_folded = |name: &&&str| fields.is_sent(name);
        let folded = FOLDED.iter().filter(is_folded);
        Self {
            columns,
            metadata: fields.map("metadata").map(|metadata| without_default_budget(metadata.clone())),
            folded: folded.map(|name| ((*name).to_owned(), fields.object()[*name].clone())).collect(),
            member_budget: budget::sent(fields),
            aliases: fields.map("model_aliases").cloned(),
            permission: fields.map("object_permission").cloned(),
        }
    }

    /// # Errors
    /// 400 for amounts and durations that no budget can have.
    pub fn check(&self, app: &App) -> Result<(), Error> {
        let refuse = |sentence: String| -> Error { Denial::management_error(400, &sentence).into() };
        money::check(&self.columns, &["max_budget"]).map_err(refuse)?;
        let members = self.member_budget.number("max_budget");
        let members: Row = members.map(|amount| ("team_member_budget".to_owned(), amount.into())).into_iter().collect();
        money::check(&members, &["team_member_budget"]).map_err(refuse)?;
        money::check(&self.columns, &["soft_budget"]).map_err(refuse)?;
        records::check_duration(app, self.columns.text("budget_duration")).map_err(refuse)?;
        records::check_duration(app, self.member_budget.text("budget_duration")).map_err(refuse)?;
        for window in self.windows() {
            records::check_duration(app, window.get("budget_duration").and_then(Value::as_str)).map_err(refuse)?;
        }
        Ok(())
    }

    fn windows(&self) -> &[Value] {
        self.columns.get("budget_limits").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
    }

    /// What is asked of the throughput that an organization promises.
    pub fn promised(&self) -> Row {
        let mut asked = self.columns.clone();
        asked.extend(self.folded.clone());
        asked.extend(self.metadata.clone().map(|metadata| ("metadata".to_owned(), Value::Object(metadata))));
        asked
    }

    /// Gives what is not asked for as the operator says; a period that is sent as null means none.
    pub fn default(&mut self, defaults: &Row) {
        for (name, value) in defaults {
            let is_refused = name == "budget_duration" && self.columns.contains_key(name);
            if !is_refused && self.columns.get(name).is_none_or(Value::is_null) {
                self.columns.insert(name.clone(), value.clone());
            }
        }
    }

    /// The columns as a row holds them: with the times of the next resets, and without nulls that no column can hold.
    pub fn stored(&self, app: &App) -> Row {
        let mut columns = self.columns.clone();
        if let Some(duration) = columns.get("budget_duration") {
            let reset_at = duration.as_str().map_or(Value::Null, |duration| records::reset_at(app, duration).into());
            columns.insert("budget_reset_at".to_owned(), reset_at);
        }
        if let Some(windows) = columns.get_mut("budget_limits").and_then(Value::as_array_mut) {
            for window in windows {
                let reset_at = records::reset_at(app, window["budget_duration"].as_str().unwrap_or_default());
                window["reset_at"] = reset_at.replace(".000Z", "+00:00").into();
            }
        }
        columns.retain(|name, value| {
            let Some(column) = TEAMS.column(name) else { return false };
            if value.is_null() && !column.is_optional && column.kind == Kind::Texts {
                *value = json!([]);
            }
            !value.is_null() || column.is_optional
        });
        columns
    }
}

/// `budget_limits`: budgets of several windows.
fn windows(fields: &Fields<'_>) -> Value {
    let Some(list) = fields.list("budget_limits") else { return Value::Null };
    let mut windows = Vec::with_capacity(list.len());
    for (place, window) in list.iter().enumerate() {
        let amount = window.get("max_budget").and_then(Value::as_f64);
        match (window.get("budget_duration").and_then(Value::as_str), amount) {
            (Some(duration), Some(amount)) => {
                let reset_at = window.get("reset_at").and_then(Value::as_str).and_then(moment_of).map(moment_text);
                windows.push(json!({ "budget_duration": duration, "max_budget": amount, "reset_at": reset_at }));
            }
            (None, _) => fault(fields, (place, "budget_duration")),
            (_, None) => fault(fields, (place, "max_budget")),
        }
    }
    Value::Array(windows)
}

fn fault(fields: &Fields<'_>, (place, name): (usize, &str)) {
    fields.fault_at(json!(["body", "budget_limits", place, name]), "missing", "Field required");
}

/// The metadata without what only Tollgate itself writes there.
pub fn without_default_budget(mut metadata: Row) -> Row {
    metadata.shift_remove(DEFAULT_BUDGET);
    metadata
}
