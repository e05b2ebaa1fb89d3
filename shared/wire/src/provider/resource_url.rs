//! Addresses of files, batches, vector stores and the like, which belong to an account and not to a model.

use super::url::{AZURE_API_VERSION, UrlError, is_version_one};
use super::{Path, Provider};

/// Where a resource lives: `path` begins with a slash, as in `/files/file-abc`.
///
/// Azure's resources stand beside its deployments and need the API version, LiteLLM's default where none is given.
///
/// # Errors
/// Where the provider has no base of its own and none is given.
pub fn resource_url(
    provider: &Provider,
    api_base: Option<&str>,
    api_version: Option<&str>,
    path: &str,
) -> Result<String, UrlError> {
    let base = api_base.or(provider.base_url).ok_or(UrlError::NoBase { provider: provider.name })?;
    let base = base.split(['?', '#']).next().unwrap_or(base).trim_end_matches('/');
    if provider.path != Path::Azure {
        return Ok(format!("{base}{path}"));
    }
    let root = base.split("/openai").next().unwrap_or(base);
    if is_version_one(api_version) {
        return Ok(format!("{root}/openai/v1{path}"));
    }
    Ok(format!("{root}/openai{path}?api-version={}", api_version.unwrap_or(AZURE_API_VERSION)))
}

#[cfg(test)]
mod tests;
