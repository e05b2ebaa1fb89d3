//! Prices: `POST /reload/model_cost_map`, discounts and margins.

use serde_json::{Value, json};
use tollgate_wire::cost::Adjustments;

use super::{change, owned, owned_detail};
use crate::denial::Denial;
use crate::manage::{Answer, Outcome, Request, records};
use crate::upstream::BoxFuture;
use crate::{App, Error};

const SECTION: &str = "litellm_settings";
const DISCOUNTS: &str = "cost_discount_config";
const MARGINS: &str = "cost_margin_config";

/// `POST /reload/model_cost_map`: reads the price map again, at this instance.
pub fn reload(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        check_admin(&request)?;
        let count = app.stored.reload_prices(app).await.map_err(|reason| {
            let sentence = format!("Failed to reload model cost map: {reason}. Current pricing data was kept.");
            Denial::detail(502, sentence.into())
        })?;
        Ok(Answer::ok(json!({
            "message": format!("Price data reloaded successfully! {count} models updated."),
            "status": "success",
            "models_count": count,
            "timestamp": records::now(app),
            "source": if app.stored.cost_map_url().is_some() { "remote" } else { "local" },
        })))
    })
}

/// `GET /config/cost_discount_config`.
pub fn discounts(app: &App, _request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move { Ok(shown(app, DISCOUNTS)) })
}

/// `GET /config/cost_margin_config`.
pub fn margins(app: &App, _request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move { Ok(shown(app, MARGINS)) })
}

/// `PATCH /config/cost_discount_config`: the body takes the place of what there was.
pub fn set_discounts(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        Adjustments::read(&request.body, &Value::Null).map_err(|error| refused(&error.to_string()))?;
        set(app, request, DISCOUNTS, "Cost discount configuration updated successfully").await
    })
}

/// `PATCH /config/cost_margin_config`.
pub fn set_margins(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        Adjustments::read(&Value::Null, &request.body).map_err(|error| refused(&error.to_string()))?;
        set(app, request, MARGINS, "Cost margin configuration updated successfully").await
    })
}

async fn set(app: &App, request: Request, name: &'static str, message: &str) -> Outcome {
    request.fields()?.check()?;
    check_admin(&request)?;
    if !app.stored.is_on() {
        return Err(refused("Set `'STORE_MODEL_IN_DB='True'` in your env to enable this feature."));
    }
    let keys = owned(app, SECTION, [&name.to_owned()].into_iter());
    if !keys.is_empty() {
        return Err(Denial::detail(400, Value::Object(owned_detail(SECTION, &keys))).into());
    }
    let value = request.body.clone();
    change(app, &request, SECTION, &|mut stored| {
        stored.insert(name.to_owned(), value.clone());
        Ok(stored)
    })
    .await?;
    Ok(Answer::ok(json!({ "message": message, "status": "success", "values": request.body })))
}

fn shown(app: &App, name: &str) -> Answer {
    let config = app.stored.config();
    let settings = config.as_ref().map(|config| &config.litellm_settings);
    let value = settings.map(|settings| match name {
        DISCOUNTS => settings.cost_discounts.clone(),
        _ => settings.cost_margins.clone(),
    });
    let value = value.filter(|value| !value.is_null()).unwrap_or_else(|| json!({}));
    Answer::ok(json!({ "values": value }))
}

fn check_admin(request: &Request) -> Result<(), Error> {
    if request.caller.is_admin() {
        return Ok(());
    }
    let role = records::role_of(&request.caller);
    Err(Denial::detail(403, format!("Access denied. Admin role required. Current role: {role}").into()).into())
}

fn refused(sentence: &str) -> Error {
    Denial::detail_error(400, sentence).into()
}
