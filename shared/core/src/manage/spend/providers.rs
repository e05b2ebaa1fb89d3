//! `GET /provider/budgets`: how far the budgets of providers are used.

use serde_json::{Map, Value, json};

use crate::App;
use crate::denial::Denial;
use crate::manage::show::{self, Times};
use crate::manage::{Answer, Outcome, Request};
use crate::upstream::BoxFuture;

/// How the names of providers' counters begin.
const COUNTER: &str = "provider_spend:";

/// The handler.
pub fn budgets<'a>(app: &'a App, _: Request) -> BoxFuture<'a, Outcome> {
    Box::pin(async move {
        let mut shown = Map::new();
        let now = app.balancer.clock.now();
        let catalog = app.catalog.get();
        let allowances = catalog.deployments().flat_map(|deployment| &deployment.routing.budgets);
        for allowance in allowances {
            let named = allowance.name.strip_prefix(COUNTER).and_then(|rest| rest.rsplit_once(':'));
            let Some((provider, period)) = named else { continue };
            let mut purse = crate::meter::Purse::default();
            app.balancer.meter.view(&mut |view| purse = view.purse(allowance.purse));
            let spent = purse.spent_picousd(now);
            let left = purse.left(now);
            let resets_at = (!left.is_zero()).then(|| show::moment(now + left, Times::Offset));
            let budget = json!({
                "budget_limit": allowance.limit_picousd as f64 / 1e12,
                "time_period": period,
                "spend": spent as f64 / 1e12,
                "budget_reset_at": resets_at,
            });
            shown.entry(provider).or_insert(budget);
        }
        if shown.is_empty() {
            let sentence = "No provider budget config found. Please set a provider budget config in the router \
                            settings. https://docs.litellm.ai/docs/proxy/provider_budget_routing";
            return Err(Denial::management(500, sentence).into());
        }
        Ok(Answer::ok(json!({ "providers": Value::Object(shown) })))
    })
}
