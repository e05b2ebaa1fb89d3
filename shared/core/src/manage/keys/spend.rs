//! Setting back what a key has spent.

use serde_json::{Value, json};

use super::{hash_if_needed, rights};
use crate::clock::Moment;
use crate::denial::Denial;
use crate::directory::{Change, Columns, Filter, Row, schema};
use crate::govern::period;
use crate::manage::audit::{Action, entry};
use crate::manage::show::{self, Times};
use crate::manage::{Answer, Outcome, Request, find};
use crate::upstream::BoxFuture;
use crate::{App, Error};

fn refused(status: u16, sentence: &str) -> Error {
    Denial::detail_error(status, sentence).into()
}

/// `POST /key/{key}/reset_spend`.
pub fn reset_spend<'a>(app: &'a App, request: Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        let fields = request.fields()?;
        if !fields.is_sent("reset_to") {
            fields.fault("reset_to", "missing", "Field required");
        } else if fields.object().get("reset_to").is_none_or(|value| value.is_null() || value.is_boolean()) {
            fields.fault("reset_to", "value_error", "Value error, reset_to must be a number, not a boolean");
        }
        let reset_to = fields.number("reset_to");
        fields.check()?;
        let named = request.place("key");
        let hash = hash_if_needed(named);
        let Some(key) = find::one(app, &schema::KEYS, &hash).await? else {
            return Err(refused(404, &format!("Key {named} not found.")));
        };
        let reset_to = checked(app, reset_to, &key).await?;
        let leads = rights::team_of(app, &key).await?.is_some_and(|team| team.is_led_by(&request.caller));
        if !request.caller.is_admin() && !leads {
            return Err(refused(403, "You must be a proxy admin or team admin to reset key spend"));
        }
        write(app, &request, (&key, &hash), reset_to).await
    })
}

async fn checked(app: &App, reset_to: Option<f64>, key: &Row) -> Result<f64, Error> {
    let Some(reset_to) = reset_to.filter(|number| number.is_finite()) else {
        return Err(refused(400, "reset_to must be a float"));
    };
    if reset_to < 0.0 {
        return Err(refused(400, "reset_to must be >= 0"));
    }
    let spend = key.number("spend").unwrap_or_default();
    if reset_to > spend {
        return Err(refused(400, &format!("reset_to ({reset_to:?}) must be <= current spend ({spend:?})")));
    }
    let linked = match key.text("budget_id") {
        Some(id) => find::one(app, &schema::BUDGETS, id).await?.and_then(|budget| budget.number("max_budget")),
        None => None,
    };
    let budgets = [key.number("max_budget"), linked];
    let least = budgets.into_iter().flatten().min_by(f64::total_cmp);
    match least.filter(|least| reset_to > *least) {
        Some(least) => Err(refused(400, &format!("reset_to ({reset_to:?}) must be <= budget ({least:?})"))),
        None => Ok(reset_to),
    }
}

async fn write(app: &App, request: &Request, (key, hash): (&Row, &str), reset_to: f64) -> Outcome {
    let now = app.governance.clock.now();
    let spend = key.number("spend").unwrap_or_default();
    let mut set = Row::new();
    set.insert("spend".to_owned(), reset_to.into());
    set.extend(restarted(key.get("budget_limits"), now).map(|windows| ("budget_limits".to_owned(), windows)));
    let mut after = key.clone();
    after.extend(set.clone());
    // Had more been spent meanwhile, it would be lost.
    let seen = vec![Filter::Is("token", hash.into()), Filter::Is("spend", spend.into())];
    let changes = vec![
        Change::Expect(&schema::KEYS, seen, 1),
        Change::Update(&schema::KEYS, vec![Filter::Is("token", hash.into())], set),
        entry(request, now, Action::Updated, (&schema::KEYS, hash), (Some(key), Some(&after))),
    ];
    find::write(app, changes).await?;
    let reset_at = key.get("budget_reset_at").map_or(Value::Null, |at| show::time(at, Times::Offset));
    Ok(Answer::ok(json!({
        "key_hash": hash,
        "spend": reset_to,
        "previous_spend": spend,
        "max_budget": key.get("max_budget"),
        "budget_reset_at": reset_at,
    })))
}

/// Windows of `budget_limits` that begin now, so that nothing that was spent before counts.
fn restarted(windows: Option<&Value>, now: Moment) -> Option<Value> {
    let windows = windows?.as_array().filter(|windows| !windows.is_empty())?;
    let restart = |window: &Value| {
        let mut window = window.as_object().cloned().unwrap_or_default();
        let length = window.text("budget_duration").and_then(|duration| period::length(duration, now));
        if let Some(length) = length {
            window.insert("reset_at".to_owned(), show::moment(now + length, Times::Offset).into());
        }
        Value::Object(window)
    };
    Some(Value::Array(windows.iter().map(restart).collect()))
}
