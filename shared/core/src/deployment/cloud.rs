//! Works out where in a cloud a deployment's model is.
//!
//! LiteLLM's order for every value: the deployment's own parameter, `litellm_settings`, variables, a default.
//! Decides nothing about credentials, and reads no file.

use serde_json::Value;
use tollgate_wire::dialect::bedrock_region;
use tollgate_wire::provider::Cloud;

use super::{Variables, first};
use crate::config::{Config, Params};

const REGION_VARIABLES: &[&str] = &["AWS_REGION_NAME", "AWS_REGION", "AWS_DEFAULT_REGION"];
const WATSONX_PROJECT_VARIABLES: &[&str] = &["WATSONX_PROJECT_ID", "WX_PROJECT_ID", "PROJECT_ID"];
const WATSONX_SPACE_VARIABLES: &[&str] =
    &["WATSONX_DEPLOYMENT_SPACE_ID", "WATSONX_SPACE_ID", "WX_SPACE_ID", "SPACE_ID"];

/// The deployment's place. `model` is its name at the provider.
pub(super) fn cloud(config: &Config, params: &Params, model: &str, variables: Variables<'_>) -> Cloud {
    let given =
        |names: &[&str]| names.iter().find_map(|name| params.credential(name)).map(|text| text.expose().to_owned());
    let given_or = |names: &[&str], fallbacks: &[&str]| given(names).or_else(|| first(fallbacks, variables));
    let standard = Cloud::default();
    let settings = &config.litellm_settings;
    let model_id = given(&["model_id"]);
    let in_arn = arn_region(model_id.as_deref().unwrap_or(model));
    Cloud {
        aws_region: given(&["aws_region_name"])
            .or_else(|| bedrock_region(model).map(str::to_owned))
            .or(in_arn)
            .or_else(|| first(REGION_VARIABLES, variables))
            .unwrap_or(standard.aws_region),
        aws_bedrock_runtime_endpoint: given_or(&["aws_bedrock_runtime_endpoint"], &["AWS_BEDROCK_RUNTIME_ENDPOINT"]),
        model_id,
        sagemaker_base_url: given(&["sagemaker_base_url"]),
        vertex_project: given(&["vertex_project", "vertex_ai_project"])
            .or_else(|| settings.vertex_project.clone())
            .or_else(|| first(&["VERTEXAI_PROJECT"], variables))
            .or_else(|| service_account_project(params, variables))
            .or_else(|| first(&["GOOGLE_CLOUD_PROJECT", "GCLOUD_PROJECT"], variables)),
        vertex_location: given(&["vertex_location", "vertex_ai_location"])
            .or_else(|| settings.vertex_location.clone())
            .or_else(|| first(&["VERTEXAI_LOCATION", "VERTEX_LOCATION"], variables))
            .unwrap_or(standard.vertex_location),
        watsonx_project_id: default_text(params, "project_id")
            .or_else(|| given_or(&["watsonx_project"], WATSONX_PROJECT_VARIABLES)),
        watsonx_space_id: given_or(&["space_id"], WATSONX_SPACE_VARIABLES),
        watsonx_api_version: params.api_version.clone().unwrap_or(standard.watsonx_api_version),
    }
}

/// `arn:aws:bedrock:<region>:…`; AWS has the same in other partitions, as `arn:aws-us-gov:…`.
fn arn_region(model: &str) -> Option<String> {
    let mut parts = model.get(model.find("arn:aws")?..)?.split(':').skip(2);
    let service = parts.next()?;
    let region = parts.next()?;
    let is_region = !region.is_empty() && region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    (service.starts_with("bedrock") && is_region).then(|| region.to_owned())
}

/// The project that a service account belongs to, where its JSON is written out.
fn service_account_project(params: &Params, variables: Variables<'_>) -> Option<String> {
    let text = params.google_credentials().map(|secret| secret.expose().to_owned());
    let text = text.or_else(|| first(&["VERTEXAI_CREDENTIALS"], variables))?;
    let account: Value = serde_json::from_str(&text).ok()?;
    ["project_id", "quota_project_id"].iter().find_map(|name| account.get(name)?.as_str()).map(str::to_owned)
}

fn default_text(params: &Params, name: &str) -> Option<String> {
    let (_, value) = params.defaults.iter().find(|(own, _)| own == name)?;
    value.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests;
