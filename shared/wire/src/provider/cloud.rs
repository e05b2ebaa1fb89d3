//! Where in a cloud a model is: the parts of a deployment that addresses and bodies of AWS, Google and IBM need.
//!
//! Holds no secret, and knows neither configuration nor environment: the values are worked out elsewhere.

/// Regions, projects and endpoints, resolved once per deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cloud {
    /// Never empty: the parameter, else the region within the model's name (`bedrock/<region>/<model>`), else others.
    pub aws_region: String,
    /// `aws_bedrock_runtime_endpoint`, else the variable `AWS_BEDROCK_RUNTIME_ENDPOINT`.
    pub aws_bedrock_runtime_endpoint: Option<String>,
    /// What stands in the address in place of the model: an ARN of a provisioned model or an inference profile; an
    /// inference component on SageMaker.
    pub model_id: Option<String>,
    pub sagemaker_base_url: Option<String>,
    pub vertex_project: Option<String>,
    /// Never empty.
    pub vertex_location: String,
    pub watsonx_project_id: Option<String>,
    pub watsonx_space_id: Option<String>,
    /// Never empty: the value of the query parameter `version`.
    pub watsonx_api_version: String,
}

impl Default for Cloud {
    /// What LiteLLM takes where nothing is said.
    fn default() -> Self {
        Self {
            aws_region: "us-west-2".to_owned(),
            aws_bedrock_runtime_endpoint: None,
            model_id: None,
            sagemaker_base_url: None,
            vertex_project: None,
            vertex_location: "us-central1".to_owned(),
            watsonx_project_id: None,
            watsonx_space_id: None,
            watsonx_api_version: "2024-03-13".to_owned(),
        }
    }
}
