//! `POST /cost/estimate`: what calls of so many tokens would cost, and at which rates.

use serde_json::{Map, Value, json};
use tollgate_wire::Usage;
use tollgate_wire::cost::{Cost, Unmapped};
use tollgate_wire::money::Picodollars;
use tollgate_wire::provider::resolve;

use crate::clock::Moment;
use crate::denial::Denial;
use crate::manage::{Answer, Fields, Outcome, Request, input};
use crate::price::Quoted;
use crate::upstream::BoxFuture;
use crate::{App, Error};

/// Tokens of one call, and how many there are.
struct Asked<'a> {
    model: &'a str,
    input: u64,
    output: u64,
    cached: u64,
    written: u64,
    reasoning: u64,
    a_day: Option<u64>,
    a_month: Option<u64>,
}

/// The handler.
pub fn estimate<'a>(app: &'a App, request: Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        let asked = read(&request.fields()?)?;
        let deployment =
            if app.catalog.get().holds(asked.model) { app.catalog.get().first(asked.model)? } else { None };
        let resolved = resolve(asked.model, None, None).ok();
        let (quoted, resolved_to) = match (&deployment, &resolved) {
            (Some(deployment), _) => (Quoted::Deployment(deployment), deployment.named.to_string()),
            (None, Some(resolved)) => {
                let (provider, model) = (resolved.provider.name, resolved.model.as_str());
                (Quoted::Model { provider, model }, asked.model.to_owned())
            }
            (None, None) => return Err(unknown(asked.model, asked.model, "its provider is not known")),
        };
        let provider = match quoted {
            Quoted::Deployment(deployment) => deployment.provider,
            Quoted::Model { provider, .. } => provider,
        };
        let now = app.governance.clock.now();
        let quote = Quote { app, quoted, now };
        let cost = quote.cost(&asked.usage());
        let cost = cost.map_err(|error| unknown(asked.model, &resolved_to, &error.to_string()))?;
        Ok(Answer::ok(shown(&asked, &quote, &cost, provider)))
    })
}

fn unknown(model: &str, resolved: &str, reason: &str) -> Error {
    let sentence = format!("Could not calculate cost for model '{model}' (resolved to '{resolved}'): {reason}");
    Denial::detail_error(404, &sentence).into()
}

fn read<'a>(fields: &Fields<'a>) -> Result<Asked<'a>, Error> {
    let number = |name: &'static str| {
        let number = fields.whole(name)?;
        if number < 0 {
            fields.fault(name, "greater_than_equal", "Input should be greater than or equal to 0");
        }
        u64::try_from(number).ok()
    };
    let needed = |name: &'static str| {
        if !fields.is_sent(name) {
            fields.fault(name, "missing", "Field required");
        }
        number(name).unwrap_or(0)
    };
    let asked = Asked {
        model: fields.required("model"),
        input: needed("input_tokens"),
        output: needed("output_tokens"),
        cached: number("cache_read_input_tokens").unwrap_or(0),
        written: number("cache_creation_input_tokens").unwrap_or(0),
        reasoning: number("reasoning_tokens").unwrap_or(0),
        a_day: number("num_requests_per_day"),
        a_month: number("num_requests_per_month"),
    };
    fields.check()?;
    if asked.cached.saturating_add(asked.written) > asked.input {
        let sentence = "cache_read_input_tokens plus cache_creation_input_tokens cannot exceed input_tokens";
        return Err(input::unfit(sentence));
    }
    if asked.reasoning > asked.output {
        return Err(input::unfit("reasoning_tokens cannot exceed output_tokens"));
    }
    Ok(asked)
}

impl Asked<'_> {
    fn usage(&self) -> Usage {
        let mut usage = tokens(self.input, self.output);
        usage.details.cached = self.cached;
        usage.details.written = self.written;
        usage.details.reasoning = self.reasoning;
        usage
    }
}

fn tokens(prompt_tokens: u64, completion_tokens: u64) -> Usage {
    let total_tokens = prompt_tokens.saturating_add(completion_tokens);
    Usage { prompt_tokens, completion_tokens, total_tokens, ..Usage::default() }
}

struct Quote<'a> {
    app: &'a App,
    quoted: Quoted<'a>,
    now: Moment,
}

impl Quote<'_> {
    fn cost(&self, usage: &Usage) -> Result<Cost, Unmapped> {
        self.app.governance.prices.quote(self.quoted, usage, self.now)
    }

    /// The rate of a token, which may depend on how many there are: a call of nothing else is charged.
    fn rate(&self, usage: &Usage, count: u64, part: fn(&Cost) -> Picodollars) -> Value {
        match self.cost(usage) {
            Ok(cost) => (part(&cost).0 as f64 / count as f64 / 1e12).into(),
            Err(_) => Value::Null,
        }
    }
}

fn shown(asked: &Asked<'_>, quote: &Quote<'_>, cost: &Cost, provider: &str) -> Value {
    let mut shown = Map::new();
    let mut set = |name: String, value: Value| shown.insert(name, value);
    set("model".to_owned(), asked.model.into());
    let counts = [
        ("input_tokens", asked.input),
        ("output_tokens", asked.output),
        ("cache_read_input_tokens", asked.cached),
        ("cache_creation_input_tokens", asked.written),
        ("reasoning_tokens", asked.reasoning),
    ];
    for (name, count) in counts {
        set(name.to_owned(), count.into());
    }
    set("num_requests_per_day".to_owned(), asked.a_day.into());
    set("num_requests_per_month".to_owned(), asked.a_month.into());
    let parts = &cost.breakdown;
    let lines = [
        ("", cost.total),
        ("input_", parts.input),
        ("output_", parts.output),
        ("margin_", parts.margin),
        ("cache_read_", parts.cache_read),
        ("cache_creation_", parts.cache_write),
        ("reasoning_", parts.reasoning),
    ];
    for (part, amount) in lines {
        set(format!("{part}cost_per_request"), amount.usd().into());
    }
    for (span, times) in [("daily", asked.a_day), ("monthly", asked.a_month)] {
        for (part, amount) in lines {
            set(format!("{span}_{part}cost"), times.map(|times| amount.usd() * times as f64).into());
        }
    }
    for (name, rate) in rates(asked, quote) {
        set(name.to_owned(), rate);
    }
    set("provider".to_owned(), provider.into());
    json!(shown)
}

fn rates(asked: &Asked<'_>, quote: &Quote<'_>) -> [(&'static str, Value); 5] {
    let (input, output) = (asked.input.max(1), asked.output.max(1));
    let (mut cached, mut written, mut reasoning) = (tokens(input, 0), tokens(input, 0), tokens(asked.input, output));
    cached.details.cached = input;
    written.details.written = input;
    reasoning.details.reasoning = output;
    [
        ("input_cost_per_token", quote.rate(&tokens(input, 0), input, |cost| cost.breakdown.input)),
        ("output_cost_per_token", quote.rate(&tokens(asked.input, output), output, |cost| cost.breakdown.output)),
        ("cache_read_input_token_cost", quote.rate(&cached, input, |cost| cost.breakdown.input)),
        ("cache_creation_input_token_cost", quote.rate(&written, input, |cost| cost.breakdown.input)),
        ("output_cost_per_reasoning_token", quote.rate(&reasoning, output, |cost| cost.breakdown.output)),
    ]
}
