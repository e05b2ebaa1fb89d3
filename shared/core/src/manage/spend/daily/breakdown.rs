//! Days, and what their totals are made of. Pure, but for the names of what is divided.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::key_names::KeyNames;
use super::metrics::Metrics;
use super::scope::Entity;
use crate::directory::{Columns, Row};
use crate::{App, Error};

/// Days by their date.
#[derive(Default)]
pub struct Days(BTreeMap<String, Day>);

#[derive(Default)]
struct Day {
    metrics: Metrics,
    parts: BTreeMap<&'static str, BTreeMap<String, Part>>,
    keys: BTreeMap<String, Metrics>,
}

/// One model, provider, …, and which keys used it.
#[derive(Default)]
struct Part {
    metrics: Metrics,
    keys: BTreeMap<String, Metrics>,
}

/// LiteLLM's order of the divisions; those of keys stand before the last.
const DIVISIONS: &[&str] = &["mcp_servers", "models", "model_groups", "providers", "endpoints"];
const ENTITIES: &str = "entities";

/// What a row counts towards.
fn divisions(row: &Row) -> impl Iterator<Item = (&'static str, &str)> {
    let given = |name: &str| row.text(name).filter(|text| !text.is_empty());
    let provider = given("custom_llm_provider").unwrap_or("unknown");
    let parts = [
        ("mcp_servers", given("mcp_namespaced_tool_name")),
        ("models", given("model")),
        ("model_groups", given("model_group").or_else(|| given("model"))),
        ("providers", Some(provider)),
        ("endpoints", given("endpoint")),
    ];
    parts.into_iter().filter_map(|(division, name)| Some((division, name?)))
}

/// The entity of a row; who has none counts together.
pub fn entity_name(row: &Row, column: &str) -> String {
    row.text(column).filter(|id| !id.is_empty()).unwrap_or("Unassigned").to_owned()
}

impl Days {
    fn day(&mut self, row: &Row) -> &mut Day {
        self.0.entry(row.text("date").unwrap_or_default().to_owned()).or_default()
    }

    /// Adds to the day and to its divisions.
    pub fn add_group(&mut self, row: &Row) {
        let metrics = Metrics::of(row);
        let day = self.day(row);
        day.metrics.add(&metrics);
        for (division, name) in divisions(row) {
            day.part(division, name).metrics.add(&metrics);
        }
    }

    /// Adds to the row's key, in the day and in its divisions.
    pub fn add_key(&mut self, row: &Row) {
        let (metrics, key) = (Metrics::of(row), key_of(row));
        let day = self.day(row);
        day.keys.entry(key.clone()).or_default().add(&metrics);
        for (division, name) in divisions(row) {
            day.part(division, name).keys.entry(key.clone()).or_default().add(&metrics);
        }
    }

    pub fn add_entity(&mut self, row: &Row, column: &str) {
        let metrics = Metrics::of(row);
        self.day(row).part(ENTITIES, &entity_name(row, column)).metrics.add(&metrics);
    }

    pub fn add_key_of_entity(&mut self, row: &Row, column: &str) {
        let (metrics, key) = (Metrics::of(row), key_of(row));
        self.day(row).part(ENTITIES, &entity_name(row, column)).keys.entry(key).or_default().add(&metrics);
    }

    pub fn total(&self) -> Metrics {
        let mut total = Metrics::default();
        self.0.values().for_each(|day| total.add(&day.metrics));
        total
    }

    fn keys(&self) -> BTreeSet<&str> {
        self.0.values().flat_map(|day| day.keys.keys().map(String::as_str)).collect()
    }

    fn entities(&self) -> BTreeSet<&str> {
        let parts = self.0.values().filter_map(|day| day.parts.get(ENTITIES));
        parts.flat_map(|parts| parts.keys().map(String::as_str)).collect()
    }

    /// The latest day first.
    pub fn json(&self, naming: &Naming) -> Value {
        self.0.iter().rev().map(|(date, day)| day.json(date, naming)).collect()
    }
}

fn key_of(row: &Row) -> String {
    row.text("api_key").unwrap_or_default().to_owned()
}

impl Day {
    fn part(&mut self, division: &'static str, name: &str) -> &mut Part {
        self.parts.entry(division).or_default().entry(name.to_owned()).or_default()
    }

    fn json(&self, date: &str, naming: &Naming) -> Value {
        let mut breakdown = Map::new();
        let parts_of = |division: &str| {
            let parts = self.parts.get(division).into_iter().flatten();
            let shown = parts.map(|(name, part)| {
                let metadata = if division == ENTITIES { naming.entity(name) } else { json!({}) };
                (name.clone(), part.json(metadata, naming))
            });
            Value::Object(shown.collect())
        };
        for division in DIVISIONS {
            breakdown.insert((*division).to_owned(), parts_of(division));
        }
        breakdown.insert("api_keys".to_owned(), keys_json(&self.keys, naming));
        breakdown.insert(ENTITIES.to_owned(), parts_of(ENTITIES));
        json!({ "date": date, "metrics": self.metrics.json(), "breakdown": breakdown })
    }
}

impl Part {
    fn json(&self, metadata: Value, naming: &Naming) -> Value {
        json!({
            "metrics": self.metrics.json(),
            "metadata": metadata,
            "api_key_breakdown": keys_json(&self.keys, naming),
        })
    }
}

fn keys_json(keys: &BTreeMap<String, Metrics>, naming: &Naming) -> Value {
    let shown = keys
        .iter()
        .map(|(key, metrics)| (key.clone(), json!({ "metrics": metrics.json(), "metadata": naming.keys.json(key) })));
    Value::Object(shown.collect())
}

/// What keys and entities are called.
pub struct Naming {
    keys: KeyNames,
    entities: BTreeMap<String, Value>,
}

impl Naming {
    /// # Errors
    /// The directory's, as an answer.
    pub async fn of(app: &App, days: &Days, entity: Entity) -> Result<Self, Error> {
        let used = days.keys();
        let keys = KeyNames::of(app, used.iter().copied()).await?;
        let entities = entity.names(app, days.entities().into_iter()).await?;
        Ok(Self { keys, entities })
    }

    fn entity(&self, id: &str) -> Value {
        self.entities.get(id).cloned().unwrap_or_else(|| json!({}))
    }
}
