//! How a deployment is chosen among those of a group: the strategy, its arguments, and groups with one of their own.
//!
//! Reads what the tables have checked already. Chooses nothing.

use super::node::Node;
use super::params::Fields;

/// The strategies of LiteLLM that are followed; `lar1` is not among them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strategy {
    #[default]
    SimpleShuffle,
    LeastBusy,
    /// `usage-based-routing` and `usage-based-routing-v2`: both want the fewest tokens of this minute.
    UsageBased,
    LatencyBased,
    CostBased,
}

impl Strategy {
    /// LiteLLM's name of it.
    pub fn name(self) -> &'static str {
        match self {
            Self::SimpleShuffle => "simple-shuffle",
            Self::LeastBusy => "least-busy",
            Self::UsageBased => "usage-based-routing-v2",
            Self::LatencyBased => "latency-based-routing",
            Self::CostBased => "cost-based-routing",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "simple-shuffle" => Some(Self::SimpleShuffle),
            "least-busy" => Some(Self::LeastBusy),
            "usage-based-routing" | "usage-based-routing-v2" => Some(Self::UsageBased),
            "latency-based-routing" => Some(Self::LatencyBased),
            "cost-based-routing" => Some(Self::CostBased),
            _ => None,
        }
    }
}

/// `routing_strategy_args`. Only the strategies by latency and by usage have any.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StrategyArgs {
    /// How long an observation counts: 3600 where nothing is set, 60 for the strategy by usage.
    pub ttl_seconds: f64,
    /// How far above the lowest latency a deployment may be and still be chosen, as a share of it; 0.
    pub lowest_latency_buffer: f64,
    /// How many latencies of a deployment are kept; 10.
    pub max_latency_list_size: usize,
    /// Above 0, up to 1: streams are judged by this percentile of their time to the first token, not by the mean.
    pub ttft_percentile: Option<f64>,
}

impl Default for StrategyArgs {
    fn default() -> Self {
        Self { ttl_seconds: 3600.0, lowest_latency_buffer: 0.0, max_latency_list_size: 10, ttft_percentile: None }
    }
}

impl StrategyArgs {
    pub(super) fn read(node: Option<&Node>, strategy: Strategy) -> Self {
        let fields = Fields::of(node);
        let default = match strategy {
            Strategy::UsageBased => Self { ttl_seconds: 60.0, ..Self::default() },
            _ => Self::default(),
        };
        let size = fields.count("max_latency_list_size").and_then(|size| usize::try_from(size).ok());
        Self {
            ttl_seconds: fields.number("ttl").unwrap_or(default.ttl_seconds),
            lowest_latency_buffer: fields.number("lowest_latency_buffer").unwrap_or(default.lowest_latency_buffer),
            max_latency_list_size: size.unwrap_or(default.max_latency_list_size),
            ttft_percentile: fields.number("ttft_percentile"),
        }
    }
}

/// An entry of `routing_groups`: model groups that share a strategy, and what that strategy has observed.
///
/// LiteLLM lets a model group belong to one entry only; what belongs to none follows `routing_strategy`. The name may
/// be asked for like a model and then means all of `models`, unless a model group or an alias has that name too.
/// With the strategy `priority`, which is read as the shuffle, each deployment counts as one whose `order` is the
/// priority of its model group. That holds for calls of the name alone: a model group may belong to any number of such
/// entries, and calls of the model group itself are not touched by them.
#[derive(Clone, Debug, PartialEq)]
pub struct RoutingGroup {
    pub name: String,
    pub models: Vec<String>,
    pub strategy: Strategy,
    pub args: StrategyArgs,
    /// Of the strategy `priority`, for each of `models`; the lowest is tried first. Empty for any other strategy.
    pub model_priorities: Vec<(String, i64)>,
}

impl RoutingGroup {
    fn read(item: &Node) -> Option<Self> {
        let fields = Fields::of(Some(item));
        let strategy = strategy(&fields);
        Some(Self {
            name: fields.text("group_name")?,
            models: fields.texts("models"),
            strategy,
            args: StrategyArgs::read(fields.get("routing_strategy_args"), strategy),
            model_priorities: priorities(fields.get("model_priorities")),
        })
    }
}

/// The value of `routing_strategy`; what is not followed becomes the shuffle.
pub(super) fn strategy(fields: &Fields<'_>) -> Strategy {
    let name = fields.get("routing_strategy").and_then(Node::as_text);
    name.and_then(Strategy::parse).unwrap_or_default()
}

pub(super) fn routing_groups(list: Option<&Node>) -> Vec<RoutingGroup> {
    list.map(Node::items).unwrap_or_default().iter().filter_map(RoutingGroup::read).collect()
}

fn priorities(node: Option<&Node>) -> Vec<(String, i64)> {
    let mut priorities = Vec::new();
    for entry in node.map(Node::entries).unwrap_or_default() {
        let priority = entry.value.as_integer().and_then(|number| i64::try_from(number).ok());
        if let (Some(name), Some(priority)) = (entry.name(), priority) {
            priorities.push((name.to_owned(), priority));
        }
    }
    priorities
}
