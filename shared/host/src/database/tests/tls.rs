//! Connections to PostgreSQL under TLS: by every word that an address may say of them.

use tollgate_core::directory::schema::KEYS;
use tollgate_core::directory::{Directory, Fault, Query};
use tollgate_testkit::postgres;

use super::*;

async fn asked(address: &str) -> Result<(), Fault> {
    let settings = Settings::of(Address::parse(address).expect("an address"));
    let database = Database::open(settings, Clock::System).expect("a database");
    database.migrate(Migration::Done).await?;
    database.find(&Query::of(&KEYS)).await.map(drop)
}

#[tokio::test]
async fn a_server_that_demands_tls_is_used_under_tls() {
    let (server, authority) = postgres::tls_server();
    let address = server.empty_database();
    let with = |parameters: &str| format!("{address}?{parameters}");
    let (root, other) = (authority.display(), tempfile::NamedTempFile::new().expect("a file"));
    let openssl =
        ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=other", "-keyout", "/dev/null", "-out"];
    let made = std::process::Command::new("openssl").args(openssl).arg(other.path()).output().expect("openssl");
    assert!(made.status.success(), "{made:?}");
    for permitted in [
        String::new(),
        "sslmode=prefer".to_owned(),
        "sslmode=require".to_owned(),
        format!("sslmode=require&sslrootcert={root}"),
        format!("sslmode=verify-ca&sslrootcert={root}"),
        format!("sslmode=verify-full&sslrootcert={root}"),
        // Prisma's words for the same.
        format!("sslmode=require&sslaccept=strict&sslcert={root}"),
    ] {
        assert_eq!(asked(&with(&permitted)).await, Ok(()), "{permitted}");
    }
    let stranger = other.path().display();
    for refused in [
        "sslmode=disable".to_owned(),
        format!("sslmode=verify-full&sslrootcert={stranger}"),
        // Not an authority of the list that is built in.
        "sslmode=verify-full".to_owned(),
    ] {
        assert!(asked(&with(&refused)).await.is_err(), "{refused}");
    }
}
