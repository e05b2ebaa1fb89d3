//! Admission of a call of a model: what its request says of itself, as `govern` has to know it.
//!
//! Reads the request that has been parsed already; decides nothing.

use tollgate_wire::Operation;
use tollgate_wire::cost;
use tollgate_wire::json::Object;

use crate::bill::Bill;
use crate::call::Visitor;
use crate::catalog::{Found, Group};
use crate::directory::Columns;
use crate::govern::limits::Kind;
use crate::govern::{TokenEstimate, Visit, Worst, access};
use crate::journey::{Ask, AskBody};
use crate::price::{Deed, Job};
use crate::{App, Error};

/// LiteLLM's estimate of a token's length in characters, where limits of tokens are concerned.
const BYTES_A_TOKEN: u64 = 4;

impl App {
    /// Admits the call; where the key's budget for its model is used up, in the name of the first model that the key
    /// names in its place (`budget_fallbacks`) and whose budget is not.
    ///
    /// # Errors
    /// The refusal.
    pub(crate) async fn admit(&self, visitor: &Visitor, ask: &mut Ask<'_>) -> Result<Bill, Error> {
        let is_over = |error: &Error| matches!(error, Error::Denied(denial) if denial.full == Some(Kind::KeyModel) && denial.kind == "budget_exceeded");
        let refused = match self.admit_named(visitor, ask).await {
            Err(error) if is_over(&error) => error,
            outcome => return outcome,
        };
        let named = ask.named.clone();
        let fallbacks = visitor.caller.profile().and_then(|profile| profile.key.object("budget_fallbacks"));
        for model in fallbacks.map(|map| map.texts(named.as_deref().unwrap_or_default())).unwrap_or_default() {
            ask.named = Some(model);
            match self.admit_named(visitor, ask).await {
                Err(error) if is_over(&error) => {}
                Ok(bill) => return Ok(bill),
                // It may not be used, either: what was asked for is what is refused.
                Err(_) => break,
            }
        }
        ask.named = named;
        Err(refused)
    }

    /// Admits the call, in the name that its key's names make of the model.
    async fn admit_named(&self, visitor: &Visitor, ask: &mut Ask<'_>) -> Result<Bill, Error> {
        let caller = &visitor.caller;
        if let AskBody::Json { object, .. } = &ask.body {
            self.governance.check_required(caller, object)?;
        }
        let dispatched = match (caller.profile(), &ask.named) {
            (Some(profile), Some(model)) => access::dispatched(profile, model),
            _ => None,
        };
        let call = ask.call;
        let served = dispatched.as_deref().or(ask.named.as_deref());
        let catalog = self.catalog.get();
        let found = served.and_then(|model| catalog.resolve(model, caller.team_scope()).ok().flatten());
        let group = found.as_ref().map(Found::group);
        let job = match &ask.body {
            AskBody::Json { object, .. } => Job::asked(call.operation, object),
            AskBody::Upload(held) => held.job(call.operation),
        };
        let messages = || match &ask.body {
            AskBody::Json { bytes, .. } => serde_json::from_slice(bytes).ok(),
            AskBody::Upload(_) => None,
        };
        let worst = || self.worst(group.map(|group| &**group), ask, &job);
        let visit = Visit {
            call_id: &call.id,
            call_type: call.operation.name(),
            endpoint: &visitor.endpoint,
            model: ask.named.as_deref(),
            dispatched: dispatched.as_deref(),
            group,
            customer: customer(visitor.customer.as_deref(), &ask.body),
            tags: ask.controls.wish.tags.clone(),
            session: ask.controls.session.clone(),
            user_agent: visitor.user_agent.clone(),
            address: visitor.address.clone(),
            metadata: spend_metadata(&ask.body),
            messages: Some(&messages),
            tokens: tokens(ask),
            worst: Some(&worst),
            job: job.clone(),
            is_silent: call.hints.is_silent,
        };
        let bill = self.governance.admit(&catalog, caller, visit).await?;
        if dispatched.is_some() {
            ask.named = dispatched;
        }
        ask.controls.wish.team_id = caller.team_scope().map(str::to_owned);
        Ok(bill)
    }
}

impl App {
    /// Admits what has a known price, if any: a search, or a request that is passed on, and that may name a model.
    ///
    /// # Errors
    /// The refusal.
    pub(crate) async fn admit_at(
        &self,
        visitor: Option<&Visitor>,
        (call_id, call_type): (&str, &'static str),
        (model, picousd): (Option<&str>, Option<u64>),
    ) -> Result<Option<Bill>, Error> {
        let Some(visitor) = visitor else { return Ok(None) };
        let catalog = self.catalog.get();
        let found = model.and_then(|model| catalog.resolve(model, visitor.caller.team_scope()).ok().flatten());
        let group = found.as_ref().map(Found::group);
        let worst = || Worst { picousd: Some(picousd.unwrap_or(0)), is_free: false };
        let visit = Visit { worst: Some(&worst), model, group, ..other(visitor, (call_id, call_type)) };
        self.governance.admit(&catalog, &visitor.caller, visit).await.map(Some)
    }

    /// Admits what is no call of a model: one about a file or a batch, a search, a session, a request that is passed on.
    ///
    /// # Errors
    /// The refusal.
    pub(crate) async fn admit_other(
        &self,
        visitor: Option<&Visitor>,
        (call_id, call_type): (&str, &'static str),
        model: Option<&str>,
    ) -> Result<Option<Bill>, Error> {
        let Some(visitor) = visitor else { return Ok(None) };
        let catalog = self.catalog.get();
        let found = model.and_then(|model| catalog.resolve(model, visitor.caller.team_scope()).ok().flatten());
        // What it costs is known in the end, if ever: it is let in while anything is left.
        let group = found.as_ref().map(Found::group);
        let visit = Visit { model, group, ..other(visitor, (call_id, call_type)) };
        self.governance.admit(&catalog, &visitor.caller, visit).await.map(Some)
    }
}

/// A call that no model has a part in.
fn other<'a>(visitor: &'a Visitor, (call_id, call_type): (&'a str, &'static str)) -> Visit<'a> {
    Visit {
        call_id,
        call_type,
        endpoint: &visitor.endpoint,
        customer: visitor.customer.clone(),
        user_agent: visitor.user_agent.clone(),
        address: visitor.address.clone(),
        tokens: TokenEstimate { input: 0, output: Some(0) },
        ..Visit::default()
    }
}

/// Whether calls of the operation cost nothing, so that nothing is reserved for them.
const fn is_free(operation: Operation) -> bool {
    matches!(operation, Operation::CountMessageTokens | Operation::CountContentTokens)
}

/// What limits of tokens take for the call.
fn tokens(ask: &Ask<'_>) -> TokenEstimate {
    match &ask.body {
        AskBody::Json { bytes, .. } if !is_free(ask.call.operation) => {
            let limit = ask.output_tokens();
            let input = (bytes.len() as u64 / BYTES_A_TOKEN).max(1);
            TokenEstimate { input, output: (limit > 0).then_some(limit) }
        }
        _ => TokenEstimate { input: 0, output: Some(0) },
    }
}

impl App {
    /// The most that the call can cost at any deployment that may serve it.
    fn worst(&self, group: Option<&Group>, ask: &Ask<'_>, job: &Job) -> Worst {
        if is_free(ask.call.operation) {
            return Worst { picousd: Some(0), is_free: false };
        }
        let (asked, job) = match &ask.body {
            AskBody::Json { bytes, object } => {
                (asked(ask, bytes.len() as u64, object), job.most(Some(object), Some(bytes.len() as u64)))
            }
            AskBody::Upload(held) => {
                let job = job.most(None, held.length_bytes());
                let choices = if let Deed::Images { count, .. } = job.work { count } else { 1 };
                (cost::Ask { choices, ..UPLOADED }, job)
            }
        };
        let prices = &self.governance.prices;
        let picousd = group.and_then(|group| prices.worst(group, &job, &asked));
        Worst { picousd, is_free: picousd == Some(0) && group.is_some_and(|group| prices.is_free(group, &job)) }
    }
}

/// A form with a recording or with images, as tokens: nobody counts them before they are read.
const UPLOADED: cost::Ask = cost::Ask {
    input_tokens: Some(UPLOAD_TOKENS),
    output_tokens: None,
    choices: 1,
    has_answer: true,
    writes_cache: false,
    has_media: true,
};
/// 25 minutes of sound, which OpenAI takes at most, at ten tokens a second; images have fewer.
const UPLOAD_TOKENS: u64 = 15_000;

/// What a request of JSON says of its size.
fn asked(ask: &Ask<'_>, bytes: u64, object: &Object<'_>) -> cost::Ask {
    let limit = ask.output_tokens();
    cost::Ask {
        // No token is shorter than a byte.
        input_tokens: Some(bytes),
        output_tokens: (limit > 0).then_some(limit),
        choices: object.given("n").and_then(|text| text.parse().ok()).unwrap_or(1),
        has_answer: true,
        writes_cache: object.given("messages").is_some_and(|text| text.contains("cache_control")),
        has_media: false,
    }
}

/// Whom the call is made for: a header, else the places of the body where LiteLLM looks.
fn customer(header: Option<&str>, body: &AskBody<'_>) -> Option<String> {
    if let Some(id) = header {
        return Some(id.to_owned());
    }
    let AskBody::Json { object, .. } = body else { return None };
    let text = |name: &str| object.given(name).and_then(|_| object.string(name)).map(std::borrow::Cow::into_owned);
    let within = |section: &str, name: &str| member(object, section, name)?.as_str().map(str::to_owned);
    let places =
        [text("user"), within("litellm_metadata", "user"), within("metadata", "user_id"), text("safety_identifier")];
    places.into_iter().flatten().find(|id| !id.is_empty())
}

/// `spend_logs_metadata` of the request's metadata.
fn spend_metadata(body: &AskBody<'_>) -> Option<serde_json::Value> {
    let AskBody::Json { object, .. } = body else { return None };
    let of = |section| member(object, section, "spend_logs_metadata");
    of("litellm_metadata").or_else(|| of("metadata")).filter(serde_json::Value::is_object)
}

fn member(object: &Object<'_>, section: &str, name: &str) -> Option<serde_json::Value> {
    let text = object.given(section)?;
    // Most metadata names nothing that is looked for: it need not be parsed.
    if !text.contains(name) {
        return None;
    }
    let mut fields: serde_json::Map<String, serde_json::Value> = serde_json::from_str(text).ok()?;
    fields.remove(name)
}
