//! Configuration: the LiteLLM YAML, checked against what is known of it, as typed values.
//!
//! Knows every key LiteLLM knows. Reads no file and no environment: both are asked of [`Environment`].

mod accounts;
mod budget;
mod custom_auth;
mod database;
mod failure_policy;
mod fallbacks;
mod general_settings;
mod governance;
mod include;
mod inspect;
mod jwt;
mod key_rules;
mod litellm_settings;
mod load;
mod model;
mod model_id;
mod model_info;
mod model_list;
mod node;
mod notice;
mod own_routing;
mod params;
mod pass_through;
mod provider;
pub(crate) mod python;
mod reference;
mod report;
mod router_settings;
mod routing;
mod scalar;
mod schema;
mod search_tool;
mod spend;
mod stored;
mod team_rules;
mod yaml;

pub use budget::Budget;
pub use custom_auth::{CustomAuthCredential, CustomAuthSettings};
pub use database::DatabaseSettings;
pub use failure_policy::{AllowedFails, RetryPolicy};
pub use fallbacks::{FallbackTarget, Fallbacks};
pub use general_settings::GeneralSettings;
pub use jwt::{ClaimFields, JwtIssuer, JwtSettings, LitellmRole, RoleMapping, ScopeMapping, UnregisteredClient};
pub use litellm_settings::LitellmSettings;
pub use load::{Config, Environment, Loaded, Mode, ReadError, load};
pub use model::{Credential, Model};
pub use model_info::ModelInfo;
pub use node::Span;
pub use notice::{Kind as NoticeKind, Notice, Refusal, Severity};
pub use params::Params;
pub use pass_through::{PassThroughEndpoint, VertexConfig};
pub use report::{Report, Verdict, check};
pub use router_settings::{GroupAlias, RouterSettings};
pub use routing::{RoutingGroup, Strategy, StrategyArgs};
pub use search_tool::SearchTool;
pub use spend::{JournalFull, SpendSettings};
pub use stored::{Sections, Stored, StoredCredential, StoredModel};
pub use yaml::FILE_BYTES_MAX;

#[cfg(test)]
pub(crate) mod tests;
