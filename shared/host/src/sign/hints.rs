//! What credential files say beside credentials: the project of a Google account, the region of an AWS profile.
//!
//! Stands below variables and parameters. Decides nothing about credentials.

use tollgate_core::config::Params;

use super::aws::profile;
use super::google;
use super::outside::Outside;

/// What stands in for a variable, for a deployment of these parameters.
pub fn hint(outside: &Outside, params: &Params, variable: &str) -> Option<String> {
    match variable {
        "GOOGLE_CLOUD_PROJECT" => {
            let from_variable = outside.variable("VERTEXAI_CREDENTIALS");
            let given = params.google_credentials().map(|given| given.expose().to_owned()).or(from_variable);
            google::project(outside, given.as_deref())
        }
        "AWS_DEFAULT_REGION" => {
            let named = ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"].iter().find_map(|name| outside.variable(name));
            profile::region(outside, named.as_deref().unwrap_or("default"))
        }
        _ => None,
    }
}
