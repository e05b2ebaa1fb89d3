//! Showing keys: one, several, and whether the caller's own is well.

use serde_json::{Value, json};

use super::{answer, end, hash_if_needed, rights};
use crate::denial::Denial;
use crate::directory::{Columns, Direction, Filter, Query, Row, moment_text, schema};
use crate::manage::show::{self, Times};
use crate::manage::{Answer, Outcome, Request, find, usage};
use crate::upstream::BoxFuture;
use crate::{App, Error};

/// `GET /key/info`: the key that is named, or the caller's own.
pub fn info<'a>(app: &'a App, request: Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        let caller = &request.caller;
        let named = request.parameter("key").map_or_else(|| rights::own_hash(caller).to_owned(), str::to_owned);
        let hash = hash_if_needed(&named);
        let live = find::one(app, &schema::KEYS, &hash).await?;
        let is_live = live.is_some();
        let found = match live {
            Some(key) => Some(key),
            None => archived(app, &hash).await?,
        };
        let Some(key) = found else {
            return Err(Denial::new(404, "not_found_error", "Key not found in database").about("key").into());
        };
        if !rights::may_see(app, caller, &key).await? {
            let role = rights::role_name(caller);
            let sentence = format!("You are not allowed to access this key's info. Your role={role}");
            return Err(Denial::management(403, sentence).into());
        }
        let mut shown = match is_live {
            true => live_info(app, &key).await?,
            false => answer::deleted(&key, Times::Offset),
        };
        shown.shift_remove("token");
        let now = moment_text(app.governance.clock.now());
        let status = if is_live { status(&key, &now) } else { "deleted" };
        let usage_at = shown.keys().position(|name| name.ends_with("_usage")).unwrap_or(shown.len());
        shown.shift_insert(usage_at, "status".to_owned(), status.into());
        Ok(Answer::ok(json!({ "key": named, "info": shown })))
    })
}

async fn archived(app: &App, hash: &str) -> Result<Option<Row>, Error> {
    let query = Query::of(&schema::DELETED_KEYS).is("token", hash).sorted("deleted_at", Direction::Down).page(0, 1);
    Ok(find::all(app, &query).await?.pop())
}

/// Whether a key that is there may be used: `active`, `expired` or, where it is blocked, `revoked`.
fn status(key: &Row, now: &str) -> &'static str {
    match (key.flag("blocked"), key.text("expires")) {
        (Some(true), _) => "revoked",
        (_, Some(expires)) if expires < now => "expired",
        _ => "active",
    }
}

async fn live_info(app: &App, key: &Row) -> Result<Row, Error> {
    let budget = match key.text("budget_id") {
        Some(id) => find::one(app, &schema::BUDGETS, id).await?,
        None => None,
    };
    let permission = match key.text("object_permission_id") {
        Some(id) => find::one(app, &schema::OBJECT_PERMISSIONS, id).await?,
        None => None,
    };
    let mut shown = answer::info(key, budget.as_ref(), Times::Offset);
    shown.insert("object_permission".to_owned(), show::permission(permission.as_ref()));
    let of_models = key.object("model_max_budget").filter(|budgets| !budgets.is_empty());
    let of_models = of_models.or_else(|| budget.as_ref()?.object("model_max_budget"));
    let hash = key.text("token").unwrap_or_default();
    if let Some(usage) = usage::of_models(app, ("key_model", hash), of_models).await? {
        shown.insert("model_max_budget_usage".to_owned(), usage);
    }
    if let Some(usage) = usage::of_windows(app, ("key", hash), key.get("budget_limits")).await? {
        shown.insert("budget_limits_usage".to_owned(), usage);
    }
    Ok(shown)
}

/// `POST /v2/key/info`: those of the named keys that the caller may see.
pub fn infos<'a>(app: &'a App, request: Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        let (keys, aliases) = end::named(&request)?;
        let hashes = keys.iter().map(|key| hash_if_needed(key)).collect();
        let filter = Filter::Any(vec![Filter::In("token", hashes), Filter::In("key_alias", aliases)]);
        let query = Query::of(&schema::KEYS).with(filter).sorted("spend", Direction::Down);
        let mut infos = Vec::new();
        for key in find::all(app, &query.sorted("created_at", Direction::Up)).await? {
            if rights::may_see(app, &request.caller, &key).await? {
                infos.push(Value::Object(live_info(app, &key).await?));
            }
        }
        let asked = request.body.get("keys").cloned().unwrap_or(Value::Null);
        Ok(Answer::ok(json!({ "key": asked, "info": infos })))
    })
}

/// `POST /key/health`: a key that has come this far is well. Callbacks of single keys are not made here.
pub fn health<'a>(_: &'a App, _: Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move { Ok(Answer::ok(json!({ "key": "healthy", "logging_callbacks": null }))) })
}
