//! Blocking a key, and letting it in again.

use serde_json::{Value, json};

use super::{answer, hash_if_needed, rights};
use crate::denial::Denial;
use crate::directory::{Change, Filter, Row, moment_text, schema};
use crate::manage::audit::{Action, entry};
use crate::manage::show::Times;
use crate::manage::{Answer, Outcome, Request, find};
use crate::upstream::BoxFuture;
use crate::{App, Error};

/// `POST /key/block`.
pub fn block<'a>(app: &'a App, request: Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        let row = set(app, &request, Action::Blocked).await?;
        let mut shown = answer::known(&row, None, Times::Zulu);
        shown.insert("org_id".to_owned(), Value::Null);
        Ok(Answer::ok(Value::Object(shown)))
    })
}

/// `POST /key/unblock`.
pub fn unblock<'a>(app: &'a App, request: Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        let row = set(app, &request, Action::Unblocked).await?;
        Ok(Answer::ok(Value::Object(answer::whole(&row, Times::Zulu))))
    })
}

async fn set(app: &App, request: &Request, action: Action) -> Result<Row, Error> {
    let fields = request.fields()?;
    let named = fields.required("key");
    fields.check()?;
    let is_hash = named.len() == 64 && named.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !named.starts_with("sk-") && !is_hash {
        return Err(Denial::new(400, "bad_request_error", "Invalid key format.").about("key").into());
    }
    let hash = hash_if_needed(named);
    let caller = &request.caller;
    let Some(key) = find::one(app, &schema::KEYS, &hash).await? else {
        let missing = match caller.is_admin() {
            true => Denial::new(404, "not_found_error", "Key not found.").about("key"),
            false => Denial::detail(404, json!({ "error": format!("Key not found: {hash}") })),
        };
        return Err(missing.into());
    };
    if !rights::administers(app, caller, &key).await? {
        return Err(Denial::detail_error(403, &rights::admins_only(caller, &request.path)).into());
    }
    let now = app.governance.clock.now();
    let mut change = Row::new();
    change.insert("blocked".to_owned(), (action == Action::Blocked).into());
    for name in ["updated_at", "settings_updated_at"] {
        change.insert(name.to_owned(), moment_text(now).into());
    }
    let mut after = key.clone();
    after.extend(change.clone());
    let filters = vec![Filter::Is("token", hash.as_str().into())];
    let changes = vec![
        Change::Expect(&schema::KEYS, filters.clone(), 1),
        Change::Update(&schema::KEYS, filters, change),
        entry(request, now, action, (&schema::KEYS, &hash), (Some(&key), Some(&after))),
    ];
    find::write(app, changes).await?;
    Ok(after)
}
