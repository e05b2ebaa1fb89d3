//! `/spend/keys` and `/spend/users`: whole rows, the dearest first.

use serde_json::{Map, Value};

use super::totals::{ROWS_MAX, among};
use crate::denial::Denial;
use crate::directory::{Columns, Direction, Query, Row, moment_text, schema};
use crate::manage::keys::answer;
use crate::manage::show::{self, Times};
use crate::manage::{Answer, Outcome, Request, find};
use crate::upstream::BoxFuture;
use crate::{App, Error};

/// `GET /spend/keys`: all for who sees all, else the caller's own.
pub fn keys<'a>(app: &'a App, request: Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        let mut query = Query::of(&schema::KEYS);
        if !request.caller.sees_all() {
            let Some(user_id) = request.caller.user_id() else { return Ok(Answer::ok(Value::Array(Vec::new()))) };
            query = query.is("user_id", user_id);
        }
        let keys = find::all(app, &query.sorted("spend", Direction::Down).page(0, ROWS_MAX)).await?;
        Ok(Answer::ok(keys.iter().map(|key| Value::Object(answer::whole(key, Times::Zulu))).collect()))
    })
}

/// `GET /spend/users`: all for who sees all, else the caller alone.
pub fn users<'a>(app: &'a App, request: Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        let asked = request.parameter("user_id");
        if request.caller.sees_all() {
            return match asked {
                Some(id) => one(app, id).await,
                None => all(app).await,
            };
        }
        let Some(own) = request.caller.user_id() else { return Ok(Answer::ok(Value::Array(Vec::new()))) };
        if asked.is_some_and(|asked| asked != own) {
            return Err(Denial::detail_error(403, "Not authorized to view spend for another user.").into());
        }
        one(app, own).await
    })
}

/// Users as LiteLLM's database answers them: with the names of their keys.
async fn all(app: &App) -> Outcome {
    let query = Query::of(&schema::USERS).sorted("spend", Direction::Down).page(0, ROWS_MAX);
    let users = find::all(app, &query).await?;
    let ids = users.iter().filter_map(|user| user.text("user_id"));
    let keys = among(app, &schema::KEYS, "user_id", ids).await?;
    let mut aliases: std::collections::HashMap<&str, Vec<Value>> = std::collections::HashMap::new();
    for key in &keys {
        let alias = key.get("key_alias").cloned().unwrap_or(Value::Null);
        aliases.entry(key.text("user_id").unwrap_or_default()).or_default().push(alias);
    }
    let shown = users.iter().map(|user| {
        let mut shown = plain(user);
        let id = user.text("user_id").unwrap_or_default();
        let own = aliases.get(id).cloned().unwrap_or_else(|| vec![Value::Null]);
        shown.insert("key_aliases".to_owned(), own.into());
        Value::Object(shown)
    });
    Ok(Answer::ok(shown.collect()))
}

/// Times to the millisecond; no password.
fn plain(user: &Row) -> Row {
    let mut shown = show::row(&schema::USERS, user, Times::Offset);
    shown.shift_remove("password");
    for name in ["created_at", "updated_at"] {
        if let Some(moment) = user.moment(name) {
            shown.insert(name.to_owned(), moment_text(moment).replace('Z', "+00:00").into());
        }
    }
    shown
}

/// What belongs to a user and is not looked up.
const RELATIONS: &[&str] = &["invitations_created", "invitations_updated", "invitations_user", "object_permission"];

/// One user, with the memberships in organizations; null where there is none.
async fn one(app: &App, id: &str) -> Outcome {
    let Some(user) = find::one(app, &schema::USERS, id).await? else {
        return Ok(Answer::ok(Value::Array(vec![Value::Null])));
    };
    let mut shown = Map::new();
    shown.insert("verified_subjects".to_owned(), Value::Null);
    shown.extend(show::row(&schema::USERS, &user, Times::Zulu));
    shown.shift_remove("password");
    shown.insert("litellm_organization_table".to_owned(), Value::Null);
    shown.insert("organization_memberships".to_owned(), memberships(app, id).await?);
    show::add_nulls(&mut shown, RELATIONS);
    Ok(Answer::ok(Value::Array(vec![Value::Object(shown)])))
}

async fn memberships(app: &App, user_id: &str) -> Result<Value, Error> {
    let table = &schema::ORGANIZATION_MEMBERSHIPS;
    let rows = find::all(app, &Query::of(table).is("user_id", user_id).page(0, ROWS_MAX)).await?;
    let shown = rows.iter().map(|row| {
        let mut shown = show::row(table, row, Times::Zulu);
        show::add_nulls(&mut shown, &["user", "organization", "litellm_budget_table"]);
        Value::Object(shown)
    });
    Ok(shown.collect())
}
