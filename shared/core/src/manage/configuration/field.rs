//! One field of `general_settings`: `/config/field/*`, and `GET /config/list`.

use serde_json::{Map, Value, json};

use super::fields::{FIELDS, Kind, LISTED};
use super::{change, is_secret, owned, owned_detail, stored, values, within};
use crate::denial::Denial;
use crate::directory::Row;
use crate::manage::{Answer, Fields, Outcome, Request, input, records, show};
use crate::upstream::BoxFuture;
use crate::{App, Error};

const SECTION: &str = "general_settings";
const TYPE: &[&str] = &[SECTION];

/// `POST /config/field/update`.
pub fn update(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let empty = json!({});
        let fields = body(&request, &empty)?;
        let name = fields.required("field_name").to_owned();
        if !fields.is_sent("field_value") {
            fields.fault("field_value", "missing", "Field required");
        }
        required_type(&fields);
        fields.check()?;
        let value = fields.object().get("field_value").cloned().unwrap_or_default();
        check_admin(&request)?;
        let kind = kind_of(&name)?;
        if !fits(kind, &value) {
            let sentence = format!("Invalid type of field value={} passed in.", python_class(&value));
            return Err(refused(&sentence));
        }
        check_owner(app, &name)?;
        let row = change(app, &request, SECTION, &|mut stored| {
            stored.insert(name.clone(), value.clone());
            Ok(stored)
        })
        .await?;
        Ok(Answer::ok(shown(&row)))
    })
}

/// `POST /config/field/delete`.
pub fn delete(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let empty = json!({});
        let fields = body(&request, &empty)?;
        required_type(&fields);
        let name = fields.required("field_name").to_owned();
        fields.check()?;
        check_admin(&request)?;
        kind_of(&name)?;
        check_owner(app, &name)?;
        if stored(app, SECTION).await?.is_none() {
            return Err(refused(&format!("Field name={name} not in config")));
        }
        let row = change(app, &request, SECTION, &|mut stored| {
            stored.shift_remove(&name);
            Ok(stored)
        })
        .await?;
        Ok(Answer::ok(shown(&row)))
    })
}

/// `GET /config/field/info`.
pub fn info(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let name = input::required_parameter(&request, "field_name")?;
        if !request.caller.sees_all() {
            return Err(refused("You do not have permission to access this resource"));
        }
        kind_of(name)?;
        let held = values(stored(app, SECTION).await?.as_ref());
        let (value, source) = found(app, &held, name);
        let value = value.ok_or_else(|| refused(&format!("Field name={name} is not set")))?;
        let value = if is_secret(name) { "REDACTED".into() } else { within(&value) };
        Ok(Answer::ok(json!({
            "field_name": name,
            "field_value": value,
            "source": source,
            "editable": source != "config",
        })))
    })
}

/// `GET /config/list`.
pub fn list(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let kind = input::required_parameter(&request, "config_type")?;
        if kind != SECTION {
            let fault =
                json!({ "type": "literal_error", "loc": ["query", "config_type"], "msg": input::expected(TYPE) });
            return Err(Denial::detail(422, json!([fault])).into());
        }
        let held = values(stored(app, SECTION).await?.as_ref());
        let field = |(name, kind): &(&str, &str)| {
            let (value, source) = found(app, &held, name);
            let is_stored = match source {
                "db" => Value::Bool(true),
                "config" => Value::Bool(false),
                _ => Value::Null,
            };
            json!({
                "field_name": name,
                "field_type": kind,
                "field_description": name.replace('_', " "),
                "field_value": value.filter(|_| !is_secret(name)).map(|value| within(&value)),
                "stored_in_db": is_stored,
                "field_default_value": null,
                "premium_field": false,
                "nested_fields": null,
                "field_options": null,
                "field_tab": null,
                "source": source,
                "editable": source != "config",
            })
        };
        Ok(Answer::ok(LISTED.iter().map(field).collect()))
    })
}

/// What a field is, and who says so.
fn found(app: &App, held: &Map<String, Value>, name: &str) -> (Option<Value>, &'static str) {
    let own = app.stored.file().and_then(|file| file.sections.value(SECTION, name));
    match (own, held.get(name)) {
        (Some(value), _) => (Some(value), "config"),
        (None, Some(value)) => (Some(value.clone()), "db"),
        (None, None) => (None, "unset"),
    }
}

fn body<'a>(request: &'a Request, empty: &'a Value) -> Result<Fields<'a>, Error> {
    Fields::of(if request.body.is_null() { empty } else { &request.body })
}

fn required_type(fields: &Fields<'_>) {
    if fields.is_sent("config_type") {
        input::one_of(fields, "config_type", TYPE);
    } else {
        fields.fault("config_type", "missing", "Field required");
    }
}

fn check_admin(request: &Request) -> Result<(), Error> {
    if request.caller.is_admin() {
        return Ok(());
    }
    let role = records::role_of(&request.caller);
    Err(refused(&format!("You do not have permission to access this resource, your role={role}")))
}

fn check_owner(app: &App, name: &str) -> Result<(), Error> {
    let keys = owned(app, SECTION, [&name.to_owned()].into_iter());
    if keys.is_empty() {
        return Ok(());
    }
    Err(Denial::detail(400, Value::Object(owned_detail(SECTION, &keys))).into())
}

fn kind_of(name: &str) -> Result<Kind, Error> {
    let known = FIELDS.iter().find(|(known, _)| *known == name);
    known.map(|(_, kind)| *kind).ok_or_else(|| refused(&format!("Invalid field={name} passed in.")))
}

fn fits(kind: Kind, value: &Value) -> bool {
    match (kind, value) {
        (_, Value::Null) | (Kind::Any, _) => true,
        (Kind::Flag, Value::Bool(_)) | (Kind::Text, Value::String(_)) => true,
        (Kind::Whole, Value::Number(number)) => number.is_i64() || number.is_u64(),
        (Kind::Number, Value::Number(_)) | (Kind::List, Value::Array(_)) | (Kind::Map, Value::Object(_)) => true,
        (Kind::Whole | Kind::Number, Value::String(text)) => text.trim().parse::<f64>().is_ok(),
        _ => false,
    }
}

/// What Python calls the value's type.
const fn python_class(value: &Value) -> &'static str {
    match value {
        Value::Null => "<class 'NoneType'>",
        Value::Bool(_) => "<class 'bool'>",
        Value::Number(_) => "<class 'float'>",
        Value::String(_) => "<class 'str'>",
        Value::Array(_) => "<class 'list'>",
        Value::Object(_) => "<class 'dict'>",
    }
}

fn shown(row: &Row) -> Value {
    let mut shown = show::row(super::CONFIG, row, show::Times::Zulu);
    let told = super::redacted(SECTION, &values(Some(row)));
    shown.insert("param_value".to_owned(), told);
    Value::Object(shown)
}

fn refused(sentence: &str) -> Error {
    Denial::detail_error(400, sentence).into()
}
