//! Users who are made by becoming members of a team or an organization.

use crate::App;
use crate::directory::Row;
use crate::manage::records;

/// The columns of such a user: with what `default_internal_user_params` gives, but never another role.
pub fn columns(app: &App, user_id: String, email: Option<String>) -> Row {
    let rules = &app.governance.settings.keys;
    let mut user = rules.newcomer();
    if let Some(duration) = user.get("budget_duration").and_then(serde_json::Value::as_str) {
        // LiteLLM forgets it here, so that such a budget would never begin anew.
        let reset_at = records::reset_at(app, duration);
        user.insert("budget_reset_at".to_owned(), reset_at.into());
    }
    if let Some(email) = email {
        user.insert("user_email".to_owned(), email.into());
    }
    user.insert("user_id".to_owned(), user_id.into());
    user.insert("user_role".to_owned(), "internal_user".into());
    user
}
