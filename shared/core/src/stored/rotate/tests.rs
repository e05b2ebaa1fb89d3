use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;

use super::*;
use crate::Secret;
use crate::clock::{Clock, Moment};
use crate::directory::{Memory, Standing};
use crate::seal::{Algorithm, SecretObject};
use crate::upstream::BoxFuture;

fn sealer(salt: &str, algorithm: Algorithm) -> Sealer {
    Sealer::new(&Secret::new(salt.to_owned()), algorithm)
}

/// A directory whose process is killed at some write.
struct Mortal {
    inner: Memory,
    writes_left: AtomicUsize,
}

impl Directory for Mortal {
    fn get<'a>(
        &'a self,
        wanted: &'a [(&'static Table, Vec<String>)],
    ) -> BoxFuture<'a, Result<Vec<Option<Row>>, Fault>> {
        self.inner.get(wanted)
    }

    fn find<'a>(&'a self, query: &'a Query) -> BoxFuture<'a, Result<Vec<Row>, Fault>> {
        self.inner.find(query)
    }

    fn count<'a>(&'a self, query: &'a Query) -> BoxFuture<'a, Result<u64, Fault>> {
        self.inner.count(query)
    }

    fn sum<'a>(
        &'a self,
        query: &'a Query,
        by: &'a [&'static str],
        columns: &'a [&'static str],
    ) -> BoxFuture<'a, Result<Vec<Row>, Fault>> {
        self.inner.sum(query, by, columns)
    }

    fn write(&self, changes: Vec<Change>) -> BoxFuture<'_, Result<(), Fault>> {
        let lives = self.writes_left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        match lives {
            Ok(_) => self.inner.write(changes),
            Err(_) => Box::pin(async { Err(Fault::Unavailable("killed".to_owned())) }),
        }
    }

    fn standing(&self) -> Standing {
        self.inner.standing()
    }

    fn ping(&self) -> BoxFuture<'_, Standing> {
        self.inner.ping()
    }
}

const MODELS: usize = 5;

async fn filled(old: &Sealer) -> Mortal {
    let inner = Memory::new(Clock::manual(Moment(1_795_627_800_000_000)));
    let sealed = |value: serde_json::Value| {
        let object = value.as_object().cloned().unwrap();
        Value::Object(old.seal_object(&SecretObject::new(object)).unwrap())
    };
    let row = |value: Value| value.as_object().cloned().unwrap();
    let mut changes = Vec::new();
    for number in 0..MODELS {
        let params = sealed(json!({ "model": "openai/gpt-4o", "api_key": format!("sk-{number}"), "rpm": 5 }));
        changes.push(Change::Insert(
            &schema::MODELS,
            row(json!({ "model_id": format!("id-{number}"), "model_name": "m", "litellm_params": params, "created_by": "a", "updated_by": "a" })),
        ));
    }
    let values = sealed(json!({ "api_key": "sk-credential" }));
    changes.push(Change::Insert(
        &schema::CREDENTIALS,
        row(json!({ "credential_name": "one", "credential_values": values, "created_by": "a", "updated_by": "a" })),
    ));
    let variables = sealed(json!({ "NAME": "value" }));
    changes.push(Change::Insert(
        &schema::CONFIG,
        row(json!({ "param_name": "environment_variables", "param_value": variables })),
    ));
    changes.push(Change::Insert(
        &schema::CONFIG,
        row(json!({ "param_name": "general_settings", "param_value": { "alerting": "plain" } })),
    ));
    inner.write(changes).await.unwrap();
    Mortal { inner, writes_left: AtomicUsize::new(usize::MAX) }
}

async fn check_all_open(directory: &Mortal, with: &Sealer) {
    for sealed in SEALED {
        for row in directory.find(&Query::of(sealed.table)).await.unwrap() {
            if row.text("param_name") == Some("general_settings") {
                assert_eq!(row.object("param_value").unwrap().text("alerting"), Some("plain"));
                continue;
            }
            let opened = with.open_object(row.object(sealed.column).unwrap());
            assert!(opened.is_ok(), "{:?}", opened.err());
        }
    }
}

/// A value a model's parameter and key, one of the credential, one variable.
const VALUES: usize = MODELS * 2 + 2;

#[tokio::test]
async fn a_pass_that_is_killed_anywhere_is_finished_by_the_next() {
    let (old, new) = (sealer("old", Algorithm::SecretBox), sealer("new", Algorithm::AesGcm));
    let keys = Keys { old: &old, new: &new };
    for killed_at in 0..MODELS + 2 {
        let directory = filled(&old).await;
        directory.writes_left.store(killed_at, Ordering::SeqCst);
        let first = rotate(&directory, &keys).await;
        assert!(matches!(first, Err(Interrupted::Directory(Fault::Unavailable(_)))), "{first:?}");
        directory.writes_left.store(usize::MAX, Ordering::SeqCst);
        let second = rotate(&directory, &keys).await.unwrap();
        assert_eq!(second.values + second.done, VALUES, "killed at {killed_at}");
        assert_eq!((killed_at == 0, second.stuck), (second.done == 0, Vec::new()));
        check_all_open(&directory, &new).await;
        let third = rotate(&directory, &keys).await.unwrap();
        assert_eq!(third, Rotated { values: 0, done: VALUES, stuck: Vec::new() });
    }
}

#[tokio::test]
async fn secrets_of_callbacks_in_metadata_are_sealed_again() {
    let (old, new) = (sealer("old", Algorithm::SecretBox), sealer("new", Algorithm::AesGcm));
    let keys = Keys { old: &old, new: &new };
    let directory = Memory::new(Clock::manual(Moment(1_795_627_800_000_000)));
    let row = |value: Value| value.as_object().cloned().unwrap();
    let metadata = || {
        let secret = old.seal_variable("secret").unwrap();
        json!({ "logging": [{ "callback_vars": { "dd_api_key": secret, "dd_site": "x" } }], "tag": "plain" })
    };
    let changes = vec![
        Change::Insert(&schema::TEAMS, row(json!({ "team_id": "t", "metadata": metadata() }))),
        Change::Insert(&schema::KEYS, row(json!({ "token": "hash", "metadata": metadata() }))),
        Change::Insert(&schema::DELETED_KEYS, row(json!({ "token": "hash", "metadata": metadata() }))),
    ];
    directory.write(changes).await.unwrap();
    let rotated = rotate(&directory, &keys).await.unwrap();
    assert_eq!(rotated, Rotated { values: 3, done: 0, stuck: Vec::new() });
    for table in [&schema::TEAMS, &schema::KEYS, &schema::DELETED_KEYS] {
        let found = directory.find(&Query::of(table)).await.unwrap().remove(0);
        let metadata = &found["metadata"];
        let variables = &metadata["logging"][0]["callback_vars"];
        let opened = new.open_variable(variables["dd_api_key"].as_str().unwrap()).unwrap();
        assert_eq!(
            (opened.expose(), &variables["dd_site"], &metadata["tag"]),
            ("secret", &json!("x"), &json!("plain"))
        );
    }
    let again = rotate(&directory, &keys).await.unwrap();
    assert_eq!(again, Rotated { values: 0, done: 3, stuck: Vec::new() });
}

#[tokio::test]
async fn what_neither_key_opens_is_named_and_left_alone() {
    let (other, old, new) = ("other", "old", "new").into_sealers();
    let directory = filled(&other).await;
    let rotated = rotate(&directory, &Keys { old: &old, new: &new }).await.unwrap();
    assert_eq!((rotated.values, rotated.done, rotated.stuck.len()), (0, 0, VALUES));
    assert!(rotated.stuck.contains(&"LiteLLM_CredentialsTable one: api_key".to_owned()), "{:?}", rotated.stuck);
    check_all_open(&directory, &other).await;
}

trait Sealers {
    fn into_sealers(self) -> (Sealer, Sealer, Sealer);
}

impl Sealers for (&str, &str, &str) {
    fn into_sealers(self) -> (Sealer, Sealer, Sealer) {
        let of = |salt| sealer(salt, Algorithm::SecretBox);
        (of(self.0), of(self.1), of(self.2))
    }
}
