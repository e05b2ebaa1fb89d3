//! `/jwt/key/mapping/*`: which key a token (JWT) stands for that has a claim.
//!
//! Holds hashes of keys and shows none.

use serde_json::{Value, json};

use super::audit::{Action, entry};
use super::page::{Parameters, offset, pages};
use super::{Answer, Fields, Outcome, Request, failed, input, records, show};
use crate::denial::Denial;
use crate::directory::{Change, Columns, Direction, Fault, Filter, Query, Row, Table, schema};
use crate::govern::hash_of;
use crate::upstream::BoxFuture;
use crate::{App, Error};

const MAPPINGS: &Table = &schema::JWT_KEYS;
const SHOWN: &[&str] = &[
    "id",
    "jwt_issuer",
    "jwt_claim_name",
    "jwt_claim_value",
    "description",
    "is_active",
    "created_at",
    "updated_at",
    "created_by",
    "updated_by",
];

/// `POST /jwt/key/mapping/new`.
pub fn create(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let fields = request.fields()?;
        let (name, value) = (fields.required("jwt_claim_name"), fields.required("jwt_claim_value"));
        let token = token(&fields);
        let (issuer, description) = (fields.text("jwt_issuer"), fields.text("description"));
        fields.check()?;
        check_admin(&request, "create JWT key mappings")?;
        let one = "Provide exactly one of `key` (the plaintext virtual key) or `token` (its SHA-256 hash).";
        let token = token.ok_or_else(|| refused(400, one))??.ok_or_else(|| refused(400, one))?;
        check_key(app, &token).await?;
        let author: Value = request.caller.user_id().into();
        let mapping = records::row([
            ("jwt_issuer", issuer.unwrap_or_default().into()),
            ("jwt_claim_name", name.into()),
            ("jwt_claim_value", value.into()),
            ("token", token.into()),
            ("description", description.into()),
            ("created_by", author.clone()),
            ("updated_by", author),
        ]);
        let mapping = records::complete(app, MAPPINGS, mapping)?;
        let log = logged(app, &request, Action::Created, (None, Some(&mapping)));
        app.governance.write(vec![Change::Insert(MAPPINGS, mapping.clone()), log]).await.map_err(|fault| {
            let issuer = issuer.unwrap_or("None");
            taken(&fault, &format!("A mapping for claim '{name}' = '{value}' already exists for issuer '{issuer}'."))
        })?;
        Ok(Answer::ok(shown(&mapping)))
    })
}

/// `POST /jwt/key/mapping/update`.
pub fn update(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let fields = request.fields()?;
        let id = fields.required("id");
        let token = token(&fields);
        let mut columns = input::columns(&fields, MAPPINGS, &["jwt_issuer", "description", "is_active"]);
        fields.check()?;
        check_admin(&request, "update JWT key mappings")?;
        let most = "Provide at most one of `key` (the plaintext virtual key) or `token` (its SHA-256 hash).";
        if let Some(token) = token.ok_or_else(|| refused(400, most))?? {
            check_key(app, &token).await?;
            columns.insert("token".to_owned(), token.into());
        }
        columns.retain(|name, value| name != "is_active" || !value.is_null());
        if columns.get("jwt_issuer").is_some_and(Value::is_null) {
            columns.insert("jwt_issuer".to_owned(), "".into());
        }
        let before = existing(app, id).await?;
        columns.insert("updated_by".to_owned(), request.caller.user_id().into());
        columns.insert("updated_at".to_owned(), records::now(app).into());
        let mut after = before.clone();
        after.extend(columns.clone());
        let log = logged(app, &request, Action::Updated, (Some(&before), Some(&after)));
        let changes = vec![Change::Update(MAPPINGS, is(id), columns), log];
        let same = "A mapping with those claim values already exists.";
        app.governance.write(changes).await.map_err(|fault| taken(&fault, same))?;
        Ok(Answer::ok(shown(&after)))
    })
}

/// `POST /jwt/key/mapping/delete`.
pub fn delete(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let fields = request.fields()?;
        let id = fields.required("id");
        fields.check()?;
        check_admin(&request, "delete JWT key mappings")?;
        let before = existing(app, id).await?;
        let log = logged(app, &request, Action::Deleted, (Some(&before), None));
        records::write(app, vec![Change::Delete(MAPPINGS, is(id)), log]).await?;
        Ok(Answer::ok(json!({ "status": "success" })))
    })
}

/// `GET /jwt/key/mapping/list`: the newest first.
pub fn list(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let parameters = Parameters::of(&request);
        let (page, size) = (parameters.count("page", 1, None), parameters.count("size", 50, Some(100)));
        parameters.check()?;
        check_view(&request, "list JWT key mappings")?;
        let query = Query::of(MAPPINGS).sorted("created_at", Direction::Down);
        let total = records::count(app, &query).await?;
        let mappings = records::all(app, &query.page(offset(page, size), size)).await?;
        Ok(Answer::ok(json!({
            "mappings": mappings.iter().map(shown).collect::<Value>(),
            "total_count": total,
            "current_page": page,
            "total_pages": pages(total, size),
        })))
    })
}

/// `GET /jwt/key/mapping/info`.
pub fn info(app: &App, request: Request) -> BoxFuture<'_, Outcome> {
    Box::pin(async move {
        let id = input::required_parameter(&request, "id")?;
        check_view(&request, "get JWT key mapping info")?;
        Ok(Answer::ok(shown(&existing(app, id).await?)))
    })
}

fn refused(status: u16, sentence: &str) -> Error {
    Denial::detail(status, sentence.into()).into()
}

fn taken(fault: &Fault, sentence: &str) -> Error {
    match fault {
        Fault::Taken { .. } => refused(409, sentence),
        fault => failed(fault),
    }
}

fn check_admin(request: &Request, what: &str) -> Result<(), Error> {
    if request.caller.is_admin() { Ok(()) } else { Err(refused(403, &format!("Only proxy admins can {what}"))) }
}

fn check_view(request: &Request, what: &str) -> Result<(), Error> {
    if request.caller.sees_all() { Ok(()) } else { Err(refused(403, &format!("Only proxy admins can {what}"))) }
}

/// The hash of the key that is meant, if any is: by itself, or as the key's text. `None` where both are given.
fn token(fields: &Fields<'_>) -> Option<Result<Option<String>, Error>> {
    match (fields.text("key"), fields.text("token")) {
        (Some(_), Some(_)) => None,
        (Some(key), None) => Some(Ok(Some(hash_of(key)))),
        (None, Some(token)) => {
            let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
            let is_hash = token.len() == 64 && token.bytes().all(is_digit);
            let sentence = "`token` must be the SHA-256 hash of a virtual key (64 lowercase hex characters). Pass the \
                            plaintext as `key` instead.";
            Some(if is_hash { Ok(Some(token.to_owned())) } else { Err(refused(400, sentence)) })
        }
        (None, None) => Some(Ok(None)),
    }
}

async fn check_key(app: &App, token: &str) -> Result<(), Error> {
    let absent = || refused(400, "The provided key does not match an existing virtual key.");
    records::one(app, &schema::KEYS, token).await?.map(drop).ok_or_else(absent)
}

async fn existing(app: &App, id: &str) -> Result<Row, Error> {
    records::one(app, MAPPINGS, id).await?.ok_or_else(|| refused(404, "Mapping not found"))
}

fn is(id: &str) -> Vec<Filter> {
    vec![Filter::Is("id", id.into())]
}

fn shown(mapping: &Row) -> Value {
    let mut shown = show::picked(&records::shown(MAPPINGS, mapping), SHOWN);
    if shown.text("jwt_issuer") == Some("") {
        shown.insert("jwt_issuer".to_owned(), Value::Null);
    }
    Value::Object(shown)
}

fn logged(app: &App, request: &Request, action: Action, change: (Option<&Row>, Option<&Row>)) -> Change {
    let id = change.0.or(change.1).and_then(|row| row.text("id")).unwrap_or_default().to_owned();
    entry(request, app.governance.clock.now(), action, (MAPPINGS, &id), change)
}
