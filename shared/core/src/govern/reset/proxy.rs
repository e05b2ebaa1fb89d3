//! The budget of everything together has a row of its own, as with LiteLLM: a user of this name, whose period begins
//! anew as any other.

use serde_json::Value;

use super::{Resets, this};
use crate::directory::schema::USERS;
use crate::directory::{Change, Fault, Row};
use crate::quota::accounts;

/// `litellm_settings.max_budget` and `budget_duration`.
#[derive(Clone, Debug, PartialEq)]
pub struct ProxyBudget {
    pub max_usd: f64,
    /// `None`: it never begins anew.
    pub duration: Option<String>,
}

impl Resets {
    /// Writes down what the configuration says of it. Its end is not moved: a restart begins nothing anew.
    pub(super) async fn keep_proxy_row(&self) -> Result<(), Fault> {
        let Some(budget) = &self.proxy_budget else { return Ok(()) };
        let duration = budget.duration.clone().map_or(Value::Null, Value::from);
        let mut said = Row::from_iter([
            ("max_budget".to_owned(), Value::from(budget.max_usd)),
            ("budget_duration".to_owned(), duration),
        ]);
        let found = self.directory.get(&[(&USERS, vec![accounts::PROXY.to_owned()])]).await?;
        let change = match found.into_iter().flatten().next() {
            Some(row) if said.iter().all(|(name, value)| row.get(name).unwrap_or(&Value::Null) == value) => {
                return Ok(());
            }
            Some(row) => Change::Update(&USERS, this(&USERS, &row), said),
            None => {
                said.insert("user_id".to_owned(), accounts::PROXY.into());
                if let Some(duration) = &budget.duration {
                    said.insert("budget_reset_at".to_owned(), self.next(duration).into());
                }
                Change::Offer(&USERS, said)
            }
        };
        self.directory.write(vec![change]).await
    }
}
