//! How a deployment shows who is calling, and where its credentials come from.
//!
//! Holds what was configured. Fetches nothing.

use std::fmt;

use crate::Secret;

/// The way a deployment authenticates. Equal schemes share their credentials, so a scheme can be a key.
///
/// `Debug` names the way and nothing else.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// AWS Signature Version 4 for one service and region.
    SigV4 { service: &'static str, region: String, source: AwsSource },
    /// A Google access token for the scope `cloud-platform`. The credentials are JSON, or the path of a file of it;
    /// without them the application's default credentials are looked for.
    Google { credentials: Option<Secret> },
    /// A Microsoft Entra access token for this scope.
    Entra { scope: String, source: EntraSource },
    /// An IBM Cloud access token for an API key.
    Ibm { token_url: String, api_key: Secret },
    /// An access token of a Databricks service principal.
    Databricks { token_url: String, client_id: String, client_secret: Secret },
}

/// Where AWS credentials come from, in the order in which LiteLLM looks for them.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum AwsSource {
    /// The token is exchanged for the role. It is a token, the path of a file with one, or an `oidc/…` reference.
    WebIdentity {
        token: Secret,
        role: AssumedRole,
    },
    /// The role is assumed by these keys; without them by whoever the gateway runs as.
    Role {
        base: Option<AwsKeys>,
        role: AssumedRole,
    },
    /// A profile of the shared configuration and credentials files.
    Profile(String),
    Keys(AwsKeys),
    /// The AWS SDKs' default chain: environment, profile, web identity, container, instance.
    Chain,
}

/// A role to take on.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct AssumedRole {
    pub arn: String,
    /// Without one, `litellm-session-<seconds since 1970>`.
    pub session_name: Option<String>,
    pub external_id: Option<String>,
    /// Sorted by key.
    pub tags: Vec<(String, String)>,
    pub sts: Sts,
}

/// The Security Token Service to ask.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Sts {
    /// Without one, that of the region.
    pub endpoint: Option<String>,
    pub region: String,
}

/// An access key and, if it is temporary, its session token.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct AwsKeys {
    pub id: String,
    pub secret: Secret,
    pub session_token: Option<Secret>,
}

/// Where a Microsoft Entra token comes from.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum EntraSource {
    /// A service principal and its secret.
    ClientSecret { tenant_id: String, client_id: String, client_secret: Secret },
    /// A user of the application `client_id`.
    Password { tenant_id: String, client_id: String, username: String, password: Secret },
    /// A token of another issuer, by an `oidc/…` reference.
    Assertion { tenant_id: String, client_id: String, reference: Secret },
    /// Whoever the gateway runs as: workload identity, else managed identity.
    Ambient { client_id: Option<String> },
}

impl Scheme {
    /// The way's name, for logs.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::SigV4 { .. } => "aws",
            Self::Google { .. } => "google",
            Self::Entra { .. } => "entra",
            Self::Ibm { .. } => "ibm",
            Self::Databricks { .. } => "databricks",
        }
    }
}

impl fmt::Debug for Scheme {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Scheme").field(&self.name()).finish()
    }
}
