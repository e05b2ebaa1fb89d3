//! Addresses as LiteLLM's users have them.

use super::*;

fn parsed(text: &str) -> PostgresAddress {
    match Address::parse(text) {
        Ok(Address::Postgres(address)) => *address,
        Ok(Address::Sqlite(path)) => panic!("{text} is the file {}", path.display()),
        Err(error) => panic!("{text}: {error}"),
    }
}

#[test]
fn an_address_says_where_and_who() {
    let address = parsed(
        "postgresql://us%40er:p%2Fw@db.example:6543/na%20me?schema=my%22one&connection_limit=7&pool_timeout=60&what=ever",
    );
    let options = &address.options;
    assert_eq!((options.get_host(), options.get_port(), options.get_username()), ("db.example", 6543, "us@er"));
    assert_eq!(options.get_database(), Some("na me"));
    assert_eq!((address.schema.as_deref(), address.connections_max, address.is_pooled), (Some("my\"one"), 7, false));
    assert!(parsed("postgres://u@h/d?pgbouncer=true").is_pooled);
    assert_eq!(parsed("postgres://u@h/d").connections_max, 10);
}

#[test]
fn encryption_is_as_strict_as_it_was_asked_for() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let path = file.path().display();
    let cases = [
        (String::new(), "Prefer"),
        ("sslmode=disable".to_owned(), "Disable"),
        ("sslmode=require".to_owned(), "Require"),
        ("sslmode=require&sslaccept=strict".to_owned(), "VerifyFull"),
        (format!("sslmode=require&sslcert={path}"), "VerifyCa"),
        (format!("sslrootcert={path}"), "VerifyFull"),
        (format!("sslmode=verify-ca&sslrootcert={path}"), "VerifyCa"),
    ];
    for (query, mode) in cases {
        let address = parsed(&format!("postgresql://u@h/d?{query}"));
        assert_eq!(format!("{:?}", address.options.get_ssl_mode()), mode, "{query}");
    }
}

#[test]
fn files_are_named_with_or_without_slashes() {
    let cases = [
        ("sqlite:tollgate.db", "tollgate.db"),
        ("sqlite:///var/a.db", "/var/a.db"),
        ("sqlite:/var/a.db?x=1", "/var/a.db"),
    ];
    for (text, path) in cases {
        match Address::parse(text) {
            Ok(Address::Sqlite(found)) => assert_eq!(found, Path::new(path)),
            _ => panic!("{text} is no file"),
        }
    }
}

#[test]
fn what_is_no_address_is_refused_without_repeating_it() {
    let cases = [
        ("mysql://u:geheim@h/d", "mysql:"),
        ("geheim", "postgresql://"),
        ("postgresql://u:geheim@h:port/d", "%40"),
        ("postgresql://u:geheim@h/d?sslmode=maybe", "sslmode=maybe"),
        ("postgresql://u:geheim@h/d?connection_limit=few", "connection_limit"),
        ("postgresql://u:geheim@h/d?sslrootcert=/no/such", "no such file"),
        ("sqlite::memory:", "name a file"),
        ("sqlite:", "name a file"),
    ];
    for (text, part) in cases {
        let error = Address::parse(text).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains(part) && !error.contains("geheim"), "{text}: {error}");
    }
    assert_eq!(
        Address::Postgres(Box::new(parsed("postgresql://u:geheim@h/d"))).to_string(),
        "the database d at h:5432"
    );
}
