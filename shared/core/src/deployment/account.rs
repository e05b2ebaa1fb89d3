//! Providers whose address is made of an account, and whose key says of what kind it is: Cloudflare and Snowflake.
//!
//! LiteLLM's `CloudflareChatConfig` and `SnowflakeBaseConfig`. Reads no environment: variables are handed in.

use super::{Variables, first};
use crate::config::Params;

/// Stands before a programmatic access token of Snowflake; every other key is a signed token.
const ACCESS_TOKEN_PREFIX: &str = "pat/";

/// The provider's base, where it follows from the account or is an older one.
pub(super) fn base(provider: &str, params: &Params, given: Option<String>, variables: Variables<'_>) -> Option<String> {
    match (provider, given) {
        ("cloudflare", Some(base)) => Some(current(base)),
        ("cloudflare", None) => first(&["CLOUDFLARE_ACCOUNT_ID"], variables)
            .map(|account| format!("https://api.cloudflare.com/client/v4/accounts/{account}/ai/v1")),
        ("snowflake", None) => account_id(params)
            .or_else(|| first(&["SNOWFLAKE_ACCOUNT_ID"], variables))
            .filter(|account| is_plain(account))
            .map(|account| format!("https://{account}.snowflakecomputing.com")),
        (_, given) => given,
    }
}

/// Cloudflare's older path does not speak OpenAI's wire any more.
fn current(base: String) -> String {
    let older = base.trim_end_matches('/').strip_suffix("/ai/run").map(|root| format!("{root}/ai/v1"));
    older.unwrap_or(base)
}

fn account_id(params: &Params) -> Option<String> {
    let (_, value) = params.defaults.iter().find(|(name, _)| name == "account_id")?;
    value.as_str().map(str::to_owned)
}

/// An account is part of a host: nothing in it may lead elsewhere.
fn is_plain(account: &str) -> bool {
    account.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

/// The key without what tells its kind, and the header that tells it instead.
pub(super) fn snowflake_key(key: &str) -> (&str, (&'static str, &'static str)) {
    const HEADER: &str = "X-Snowflake-Authorization-Token-Type";
    match key.strip_prefix(ACCESS_TOKEN_PREFIX) {
        Some(token) => (token, (HEADER, "PROGRAMMATIC_ACCESS_TOKEN")),
        None => (key, (HEADER, "KEYPAIR_JWT")),
    }
}

#[cfg(test)]
mod tests;
