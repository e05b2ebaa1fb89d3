//! What differs from LiteLLM at one request, field by field. Knows no reason.

use serde_json::{Map, Value};

/// How many pieces LiteLLM's stream had, and how long it took, is its own affair.
const NOT_COMPARED: [&str; 2] = ["events", "seconds"];
/// Scenes in which it matters how long a call took: it may be shorter by what LiteLLM takes for itself, and longer by
/// chance and a busy machine.
const TIMED: &str = "retry-after o";
const SHORTER_MAX_S: f64 = 0.7;
const LONGER_MAX_S: f64 = 4.0;

/// One field of an answer that is not LiteLLM's.
#[derive(Clone, Debug)]
pub struct Difference {
    pub scene: String,
    /// The request's place in the scene, as its question says it.
    pub number: usize,
    /// The group that was asked.
    pub group: String,
    /// `status`, `calls`, …; headers are fields of their own, and what an error says: `model-id` is the header
    /// `x-litellm-model-id`.
    pub field: String,
    pub ours: Value,
    pub theirs: Value,
    /// Whether either answer is a failure.
    pub is_of_failure: bool,
    /// Ids of the group's deployments.
    pub ids: Vec<String>,
}

impl Difference {
    /// All of one request.
    pub fn of(scene: &Value, number: usize, request: &Value, ours: &Value) -> Vec<Self> {
        let theirs = &request["answer"];
        let is_of_failure = [ours, theirs].iter().any(|answer| answer["status"].as_u64() >= Some(400));
        let group = request["body"]["model"].as_str().unwrap_or("").to_owned();
        let is_timed = scene["name"].as_str().is_some_and(|name| name.starts_with(TIMED));
        let late = Some(&ours["seconds"]).filter(|took| is_timed && !is_alike(took, &theirs["seconds"])).cloned();
        let (mut ours, theirs) = (flat(ours), flat(theirs));
        ours.extend(late.map(|took| ("seconds".to_owned(), took)));
        let mut names: Vec<&String> = ours.keys().chain(theirs.keys()).collect();
        names.sort();
        names.dedup();
        let value = |record: &Map<String, Value>, name: &str| record.get(name).cloned().unwrap_or(Value::Null);
        let differing = names.into_iter().filter(|name| value(&ours, name) != value(&theirs, name));
        differing
            .map(|name| Self {
                scene: scene["name"].as_str().expect("a name").to_owned(),
                number,
                group: group.clone(),
                field: name.clone(),
                ours: value(&ours, name),
                theirs: value(&theirs, name),
                is_of_failure,
                ids: ids(scene, &group),
            })
            .collect()
    }

    /// Whether a request's name in the table of differences is this one's.
    pub fn is_of(&self, request: &str) -> bool {
        request == self.group || request.strip_prefix('#') == Some(&self.number.to_string())
    }

    /// Whether a field's name in the table is this one's.
    pub fn is_in(&self, field: &str) -> bool {
        field == self.field || (field == "error" && self.field.starts_with("error."))
    }

    pub fn shown(&self) -> String {
        let Self { scene, number, group, field, ours, theirs, .. } = self;
        format!("{scene}, #{number} {group}, {field}:\n   {ours}\n   not {theirs}")
    }
}

fn is_alike(took: &Value, recorded: &Value) -> bool {
    let (took, recorded) = (took.as_f64().unwrap_or(0.0), recorded.as_f64().unwrap_or(0.0));
    (recorded - SHORTER_MAX_S..=recorded + LONGER_MAX_S).contains(&took)
}

fn flat(record: &Value) -> Map<String, Value> {
    let mut fields = Map::new();
    for (name, value) in record.as_object().into_iter().flatten() {
        match value {
            _ if NOT_COMPARED.contains(&name.as_str()) => {}
            Value::Object(headers) if name == "headers" => fields.extend(headers.iter().map(|(header, value)| {
                let short = header.strip_prefix("x-litellm-").unwrap_or(header);
                (short.to_owned(), value.clone())
            })),
            Value::Object(parts) => {
                fields.extend(parts.iter().map(|(part, value)| (format!("{name}.{part}"), value.clone())));
            }
            value => drop(fields.insert(name.clone(), value.clone())),
        }
    }
    fields
}

fn ids(scene: &Value, group: &str) -> Vec<String> {
    let deployments = scene["config"]["model_list"].as_array().expect("deployments").iter();
    let own = deployments.filter(|deployment| deployment["model_name"] == group);
    own.map(|deployment| deployment["model_info"]["id"].as_str().expect("an id").to_owned()).collect()
}
