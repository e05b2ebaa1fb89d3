//! `/add/allowed_ip`, `/delete/allowed_ip` and `/get/allowed_ips`: who may call from where, while calls go on.

use serde_json::{Map, Value, json};

use super::{change, stored, values};
use crate::address::Network;
use crate::denial::Denial;
use crate::manage::{Answer, Outcome, Request};
use crate::upstream::BoxFuture;
use crate::{App, Error};

const SECTION: &str = "general_settings";
const LIST: &str = "allowed_ips";

/// `GET /get/allowed_ips`: null where everybody may call.
pub fn list(app: &App, _: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let own = app.stored.file().and_then(|file| file.sections.value(SECTION, LIST));
        let listed = match own {
            Some(own) => Some(own),
            None => values(stored(app, SECTION).await?.as_ref()).get(LIST).cloned(),
        };
        Ok(Answer::ok(json!({ "data": listed })))
    })
}

/// `POST /add/allowed_ip`: the first one keeps everybody else out.
pub fn add(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let ip = named(&request)?;
        if Network::parse(&ip).is_none() {
            return Err(
                Denial::detail(400, format!("{ip} is no address, and no range such as 10.0.0.0/8").into()).into()
            );
        }
        check_owner(app).await?;
        check_is_on(app)?;
        change(app, &request, SECTION, &|mut stored| {
            let mut listed = listed(&stored);
            if listed.contains(&ip) {
                return Err(Denial::detail(400, "IP address already exists".into()).into());
            }
            listed.push(ip.clone());
            stored.insert(LIST.to_owned(), listed.into());
            Ok(stored)
        })
        .await?;
        let message = format!("IP {ip} address added successfully");
        Ok(Answer::ok(json!({ "message": message, "status": "success" })))
    })
}

/// `POST /delete/allowed_ip`: after the last one nobody may call, as in LiteLLM.
pub fn remove(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let ip = named(&request)?;
        check_owner(app).await?;
        check_is_on(app)?;
        change(app, &request, SECTION, &|mut stored| {
            let mut listed = listed(&stored);
            if !listed.contains(&ip) {
                return Err(Denial::detail(404, "IP address not found".into()).into());
            }
            listed.retain(|own| *own != ip);
            stored.insert(LIST.to_owned(), listed.into());
            Ok(stored)
        })
        .await?;
        Ok(Answer::ok(json!({ "message": format!("IP {ip} deleted successfully"), "status": "success" })))
    })
}

fn named(request: &Request) -> Result<String, Error> {
    let fields = request.fields()?;
    let ip = fields.required("ip").to_owned();
    fields.check()?;
    Ok(ip)
}

fn listed(stored: &Map<String, Value>) -> Vec<String> {
    let items = stored.get(LIST).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    items.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// A list of the file stays as the file says it.
async fn check_owner(app: &App) -> Result<(), Error> {
    if app.stored.file().and_then(|file| file.sections.value(SECTION, LIST)).is_none() {
        return Ok(());
    }
    let is_shadowed = values(stored(app, SECTION).await?.as_ref()).contains_key(LIST);
    let shadow =
        if is_shadowed { " The value stored in the database for it is ignored and will never be applied." } else { "" };
    let error = format!(
        "{SECTION}.{LIST} is set in the config file, so the config file owns it and it cannot be changed here.{shadow} \
         Edit the config file to change it, or remove it from the file to let the database own it."
    );
    let detail = json!({
        "error": error,
        "keys": [LIST],
        "section": SECTION,
        "stored_database_value_ignored": is_shadowed,
    });
    Err(Denial::detail(400, detail).into())
}

fn check_is_on(app: &App) -> Result<(), Error> {
    if app.stored.is_on() {
        return Ok(());
    }
    let sentence = "Set `'STORE_MODEL_IN_DB='True'` in your env to enable this feature.";
    Err(Denial::detail_error(500, sentence).into())
}
