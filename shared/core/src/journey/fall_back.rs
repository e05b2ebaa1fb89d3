//! What is asked after a group has failed for good: later levels of its order, then its fallbacks.

use http::HeaderMap;
use tollgate_wire::failure::{Failure, FailureClass};
use tracing::info;

use super::{Journey, Served, Target};
use crate::call::ServedBy;
use crate::config::FallbackTarget;
use crate::controls::MockFault;
use crate::fault::{Told, Tried};
use crate::resilience::Fault;
use crate::resilience::fallback::{Lists, Next, shown};
use crate::upstream::BoxFuture;
use crate::{Error, fault};

/// A failure, and what follows it.
struct Failed<'a> {
    target: &'a Target,
    error: Error,
    fault: Fault,
    /// Whether the provider had begun to answer: LiteLLM's router has nothing to say after it.
    begun: bool,
    /// Who failed: told with the error, whatever has been asked after it.
    served_by: ServedBy,
    depth: u64,
}

impl Journey<'_> {
    /// Asks a group, and what stands in for it.
    pub(super) async fn with_fallbacks(&mut self, target: Target, depth: u64) -> Served {
        let outcome = match self.mocked(&target, depth) {
            Some(error) => {
                let fault = Fault::of(&error, &HeaderMap::new());
                Err((error, fault))
            }
            None => self.with_retries(&target).await,
        };
        let (error, fault) = match outcome {
            Ok(served) => return Ok(served),
            Err(failed) => failed,
        };
        let is_alone = self.ask.call.pinned.is_some() || self.ask.controls.fallback.is_off;
        let Some(fault) = fault.filter(|_| !is_alone) else { return Err(error) };
        let (begun, served_by) = (self.begun, self.served_by.clone());
        self.fall_back(Failed { target: &target, error, fault, begun, served_by, depth }).await
    }

    /// Boxed, for fallbacks have fallbacks; no call that is served at once comes here.
    fn fall_back<'b>(&'b mut self, failed: Failed<'b>) -> BoxFuture<'b, Served> {
        Box::pin(async move {
            let lists = self.lists();
            let later = self.later_orders(&failed);
            if !later.is_empty() {
                return self.by_order(failed, later, &lists).await;
            }
            let tried = match lists.next(&failed.target.name, failed.fault.class) {
                Next::Targets(targets) => {
                    let targets: Vec<_> = targets.iter().map(|next| (next.clone(), None)).collect();
                    // Where a list of its own has not helped, the general one may.
                    let rest = lists.regular(&failed.target.name).into_iter().map(|next| (next, None));
                    let all: Vec<_> = targets.iter().cloned().chain(rest).collect();
                    match self.walk(&failed, &all).await {
                        Ok(served) => return Ok(served),
                        Err(last) => {
                            let detail = last.map_or_else(|| fault::shown(&failed.error), |last| fault::shown(&last));
                            let named: Vec<_> = targets.into_iter().map(|(target, _)| target).collect();
                            Tried::AlsoFailed { targets: shown(&named), detail }
                        }
                    }
                }
                Next::NoneForGroup => Tried::NoGroup,
                Next::NoneOfKind | Next::Unset => Tried::Nothing,
            };
            let ServedBy { waited, fallbacks, .. } = self.served_by;
            self.served_by = ServedBy { waited, fallbacks, ..failed.served_by };
            if failed.depth > 0 || failed.begun {
                return Err(failed.error);
            }
            let told = Told { model_group: &failed.target.name, lists: &lists, tried };
            Err(fault::explained(failed.error, self.ask.call.operation, &told))
        })
    }

    /// Levels of the group's order behind the one that has failed.
    fn later_orders(&self, failed: &Failed<'_>) -> Vec<i64> {
        let has_own_list = matches!(failed.fault.class, FailureClass::ContextWindow | FailureClass::ContentPolicy);
        let team = self.ask.controls.wish.team_id.as_deref();
        let Ok(Some(found)) = self.catalog.resolve(&failed.target.name, team) else { return Vec::new() };
        let mut orders: Vec<i64> = found.group().seats.iter().filter_map(|seat| seat.order).collect();
        orders.sort_unstable();
        orders.dedup();
        let Some(tried) = failed.target.order.or(orders.first().copied()) else { return Vec::new() };
        orders.retain(|order| *order > tried && !has_own_list);
        orders
    }

    /// The levels first, then the group's list; the last failure is the answer, as it is.
    async fn by_order(&mut self, failed: Failed<'_>, later: Vec<i64>, lists: &Lists<'_>) -> Served {
        let own = FallbackTarget { model: Some(failed.target.name.clone()), params: serde_json::Map::new() };
        let levels = later.into_iter().map(|order| (own.clone(), Some(order)));
        let regular = lists.regular(&failed.target.name).into_iter().map(|target| (target, None));
        let targets: Vec<_> = levels.chain(regular).collect();
        match self.walk(&failed, &targets).await {
            Ok(served) => Ok(served),
            Err(last) => Err(last.unwrap_or(failed.error)),
        }
    }

    /// One target after the other, none twice; the last failure, if any was asked.
    async fn walk(
        &mut self,
        failed: &Failed<'_>,
        targets: &[(FallbackTarget, Option<i64>)],
    ) -> Result<(http::HeaderValue, crate::call::ReplyBody), Option<Error>> {
        let depth_max = self.ask.controls.fallback.depth_max.unwrap_or(self.app.resilience.fallback.depth_max);
        if failed.depth >= depth_max {
            return Err(None);
        }
        self.asked.note_group(&failed.target.name);
        let (mut last, mut depth) = (None, failed.depth);
        for (fallback, order) in targets {
            let is_new = match order {
                Some(order) => self.asked.note_order(&failed.target.name, *order),
                None => self.asked.note(fallback),
            };
            if !is_new {
                continue;
            }
            depth += 1;
            self.served_by.fallbacks += 1;
            let target = match order {
                Some(order) => failed.target.at_order(*order),
                None => Target::fallback(fallback, failed.target),
            };
            info!(call_id = self.ask.call.id.as_str(), "falling back from {} to {}", failed.target.name, target.name);
            match Box::pin(self.with_fallbacks(target, depth)).await {
                Ok(served) => return Ok(served),
                Err(error) => last = Some(error),
            }
        }
        Err(last)
    }

    /// The failure that the request asks for; only the group that it names fails so.
    fn mocked(&self, target: &Target, depth: u64) -> Option<Error> {
        let mock = self.ask.controls.mock.filter(|_| depth == 0)?;
        let lists = self.lists();
        let (group, list) = (&target.name, |list| fault::python_list(list));
        let begin = format!("This is a mock exception for model={group}, to trigger a fallback. ");
        let (class, sentence) = match mock {
            MockFault::Any => (FailureClass::InternalServer, format!("{begin}Fallbacks={}", list(lists.fallbacks))),
            MockFault::ContextWindow => {
                let blank = " ".repeat(20);
                let end = format!("{blank}Context_Window_Fallbacks={}", list(lists.context_window));
                (FailureClass::ContextWindow, format!("{begin}{end}"))
            }
            MockFault::ContentPolicy => {
                let blank = " ".repeat(20);
                let end = format!("{blank}Context_Policy_Fallbacks={}", list(lists.content_policy));
                (FailureClass::ContentPolicy, format!("{begin}{end}"))
            }
        };
        Some(Failure::new(class, &sentence).into())
    }
}
