//! Works out where a deployment keeps the files of its batches: a bucket of S3 or of Google's Cloud Storage.
//!
//! LiteLLM's names of parameters and variables. Reads no file and asks nobody.

use serde_json::Value;
use tollgate_wire::dialect::aws_host;

use super::scheme::{self, Known};
use crate::Secret;
use crate::sign::{AwsKeys, AwsSource, Scheme};

/// A deployment's place for files. Nothing is checked before it is needed.
#[derive(Default)]
pub struct Storage {
    /// `name`, or `name/prefix`.
    pub bucket: Option<String>,
    /// Where jobs write, if not there.
    pub output_bucket: Option<String>,
    /// The address of S3, with its scheme and without a slash at its end.
    pub endpoint: String,
    pub bucket_owner: Option<String>,
    pub encryption_key: Option<String>,
    /// The role that a job runs as.
    pub role_arn: Option<String>,
    pub tags: Option<Value>,
    /// How requests to S3 are signed.
    pub scheme: Option<Scheme>,
}

/// The deployment's storage; empty where its provider has none.
pub(super) fn storage(known: &Known<'_>) -> Storage {
    let text = |name: &str, variables: &[&str]| known.text(name, variables);
    match known.provider.name {
        "bedrock" => {
            let region = text("s3_region_name", &[]).unwrap_or_else(|| known.cloud.aws_region.clone());
            let endpoint = text("s3_endpoint_url", &[]).unwrap_or_else(|| aws_host("s3", &region));
            let tags = known.params.credential("bedrock_tags");
            Storage {
                bucket: text("s3_bucket_name", &["AWS_S3_BUCKET_NAME"]),
                output_bucket: text("s3_output_bucket_name", &["AWS_S3_OUTPUT_BUCKET_NAME"]),
                endpoint: endpoint.trim_end_matches('/').to_owned(),
                bucket_owner: text("s3_bucket_owner", &["AWS_S3_BUCKET_OWNER"]),
                encryption_key: text("s3_encryption_key_id", &["AWS_S3_ENCRYPTION_KEY_ID"]),
                role_arn: text("aws_batch_role_arn", &["AWS_BATCH_ROLE_ARN"]),
                tags: tags.and_then(|tags| serde_json::from_str(tags.expose()).ok()),
                scheme: s3_scheme(known, region),
            }
        }
        name if name.starts_with("vertex_ai") => Storage {
            bucket: text("gcs_bucket_name", &["GCS_BATCH_BUCKET_NAME", "GCS_BUCKET_NAME"]),
            ..Storage::default()
        },
        _ => Storage::default(),
    }
}

/// Keys of the storage's own, else those of the deployment.
fn s3_scheme(known: &Known<'_>, region: String) -> Option<Scheme> {
    let own = |name: &str| known.params.credential(name).map(|secret| secret.expose().to_owned());
    if let (Some(id), Some(secret)) = (own("s3_access_key_id"), own("s3_secret_access_key")) {
        let keys = AwsKeys { id, secret: Secret::new(secret), session_token: None };
        return Some(Scheme::SigV4 { service: "s3", region, source: AwsSource::Keys(keys) });
    }
    match scheme::aws_scheme(known, "s3").ok()? {
        Scheme::SigV4 { service, source, .. } => Some(Scheme::SigV4 { service, region, source }),
        _ => None,
    }
}

impl Storage {
    /// Every bucket that files may be read from, the one for uploads first.
    pub fn buckets(&self) -> impl Iterator<Item = &str> {
        self.bucket.iter().chain(&self.output_bucket).map(String::as_str)
    }
}
