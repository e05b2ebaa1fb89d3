//! The database as the configuration and variables name it.

use std::collections::HashMap;

use tollgate_core::config::{Environment, Mode, ReadError, load};

use super::*;
use crate::upstream::{Limits, Pool};

struct Document(String);

impl Environment for Document {
    fn read(&self, _: &str, _: u64) -> Result<Vec<u8>, ReadError> {
        Ok(self.0.clone().into_bytes())
    }

    fn exists(&self, _: &str) -> bool {
        true
    }

    fn variable(&self, _: &str) -> Option<String> {
        None
    }
}

fn read(general: &str, variables: &[(&'static str, &'static str)]) -> Result<Option<Settings>, AddressError> {
    let document = Document(format!("general_settings: {{{general}}}"));
    let config = load("config.yaml", &document, Mode::Boot).unwrap_or_else(|refusal| panic!("{refusal}")).config;
    let variables: HashMap<&str, &str> = variables.iter().copied().collect();
    let limits = Limits {
        connect_timeout: Duration::from_secs(1),
        idle_connections_per_host_max: 1,
        idle_timeout: Duration::from_secs(1),
    };
    let pool = Arc::new(Pool::new(limits, rustls::RootCertStore::empty()));
    let credentials = Arc::new(Credentials::new(pool, Box::new(|_| None)));
    Settings::read(&config.general_settings, &|name| variables.get(name).map(|value| (*value).to_owned()), &credentials)
}

const PARTS: [(&str, &str); 3] = [("DATABASE_HOST", "h"), ("DATABASE_USERNAME", "u"), ("DATABASE_NAME", "d")];

#[tokio::test]
async fn the_first_that_names_a_database_wins() {
    let url = ("DATABASE_URL", "postgresql://x@variable/d");
    let both: Vec<_> = PARTS.into_iter().chain([url]).collect();
    let cases = [
        ("", vec![], None),
        ("database_url: 'sqlite:a.db'", vec![url], Some("the database file a.db")),
        ("", both, Some("the database d at variable:5432")),
        ("", PARTS.to_vec(), Some("the database d at h:5432")),
        ("", PARTS[..2].to_vec(), None),
        ("", vec![("DATABASE_URL", "")], None),
    ];
    for (general, variables, expected) in cases {
        let settings = read(general, &variables).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(
            settings.map(|settings| settings.address.to_string()).as_deref(),
            expected,
            "{general} {variables:?}"
        );
    }
}

#[tokio::test]
async fn a_token_needs_its_user_and_goes_over_tls() {
    let with = |more: &[(&'static str, &'static str)]| {
        let all: Vec<_> =
            PARTS.into_iter().chain([("IAM_TOKEN_DB_AUTH", "True")]).chain(more.iter().copied()).collect();
        read("", &all).unwrap_or_else(|error| panic!("{error}")).unwrap_or_else(|| panic!("no database"))
    };
    let settings = with(&[("DATABASE_URL", "postgresql://x@variable/d"), ("AWS_REGION_NAME", "eu-west-1")]);
    let Address::Postgres(address) = &settings.address else { panic!("a file") };
    assert_eq!(
        (address.options.get_host(), format!("{:?}", address.options.get_ssl_mode())),
        ("h", "Require".to_owned())
    );
    assert_eq!(settings.token.map(|token| token.region).as_deref(), Some("eu-west-1"));
    let missing = read("", &[("IAM_TOKEN_DB_AUTH", "1"), ("DATABASE_HOST", "h")]).err().map(|error| error.0);
    assert!(missing.is_some_and(|text| text.contains("DATABASE_USERNAME, DATABASE_NAME")));
}

#[tokio::test]
async fn limits_are_the_configurations_and_no_wait_is_longer_than_the_deadline() {
    let general = "database_url: 'postgresql://u@h/d?connection_limit=3', database_connection_pool_limit: 5, database_timeout_seconds: 2, \
                   database_disable_prepared_statements: true";
    let settings =
        read(general, &[]).unwrap_or_else(|error| panic!("{error}")).unwrap_or_else(|| panic!("no database"));
    assert_eq!(
        (settings.connections_max, settings.wait_max, settings.timeout),
        (Some(5), Duration::from_secs(2), Duration::from_secs(2))
    );
    assert!(matches!(settings.address, Address::Postgres(address) if address.is_pooled));
}
