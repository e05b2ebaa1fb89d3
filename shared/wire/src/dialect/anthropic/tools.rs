//! Tools and the choice between them, in Anthropic's form.
//!
//! Names that Anthropic refuses are changed and told back ([`Tools::renamed`]). Knows no message.

use memchr::memmem;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::schema;
use super::tool::{Tool, Written};
use crate::prepare::Refusal;

const NAME_LENGTH_MAX: usize = 128;
/// Beginnings of the types of tools that Anthropic runs itself.
const HOSTED: [&str; 7] =
    ["web_search", "bash", "text_editor", "code_execution", "web_fetch", "memory", "tool_search_tool"];
const ADVISOR: &str = "advisor_20260301";
const SEARCHES: [&str; 2] = ["tool_search_tool_regex_20251119", "tool_search_tool_bm25_20251119"];
const COMPUTERS: [&str; 2] = ["computer_20241022", "computer_20250124"];

/// The tools of a request.
#[derive(Clone, Debug, Default)]
pub(super) struct Tools {
    pub list: Vec<Tool>,
    pub mcp_servers: Vec<Value>,
    /// Names as sent, and as the client wrote them.
    pub renamed: Vec<(String, String)>,
}

impl Tools {
    /// Reads the client's tools: a JSON list.
    ///
    /// # Errors
    /// Where one is of a type that Anthropic does not have, or lacks what it needs.
    pub fn read(&mut self, text: &str) -> Result<(), Refusal> {
        // Claude Code's types of that name are changed for one of the clouds.
        let is_parsed = memmem::find(text.as_bytes(), b"\"custom\"").is_some();
        if let (false, Ok(tools)) = (is_parsed, serde_json::from_str::<Vec<Written<'_>>>(text)) {
            let plain: Option<Vec<Tool>> = tools.into_iter().map(Tool::of_plain).collect();
            if let Some(plain) = plain {
                self.list.extend(plain);
                return Ok(());
            }
        }
        let tools: Vec<&RawValue> = serde_json::from_str(text).unwrap_or_default();
        for tool in tools {
            let written = if is_parsed { None } else { serde_json::from_str(tool.get()).ok() };
            match written.and_then(Tool::of_plain) {
                Some(plain) => self.list.push(plain),
                None => self.parsed(serde_json::from_str(tool.get()).unwrap_or_default())?,
            }
        }
        Ok(())
    }

    fn parsed(&mut self, tool: Value) -> Result<(), Refusal> {
        if tool["type"] == "namespace" {
            let nested = tool.get("tools").and_then(Value::as_array).into_iter().flatten();
            return nested.cloned().try_for_each(|tool| self.nested(tool));
        }
        if tool.get("input_schema").is_some() {
            self.list.push(tool.into());
            return Ok(());
        }
        self.add(tool)
    }

    fn nested(&mut self, tool: Value) -> Result<(), Refusal> {
        if tool.get("input_schema").is_some() {
            self.list.push(tool.into());
        } else if tool.get("function").is_some() {
            self.add(tool)?;
        } else if tool.get("name").is_some() {
            let kind = tool.get("type").cloned().unwrap_or_else(|| "function".into());
            let mut function = tool;
            if let Some(fields) = function.as_object_mut() {
                fields.shift_remove("type");
            }
            self.add(json!({"type": kind, "function": function}))?;
        }
        Ok(())
    }

    fn add(&mut self, mut tool: Value) -> Result<(), Refusal> {
        let Some(kind) = tool.get("type").and_then(Value::as_str).map(str::to_owned) else {
            return Err(Refusal::bad("a tool has no `type`: Anthropic takes tools of type `function` and its own"));
        };
        let mut made = match kind.as_str() {
            "function" | "custom" => function(&mut tool)?,
            "url" => return self.serve(tool),
            "mcp" => return self.serve(mcp(&tool)?),
            kind if kind.starts_with("computer_") => computer(kind, &tool)?,
            kind if HOSTED.iter().any(|start| kind.starts_with(start)) => hosted(&tool)?,
            ADVISOR => advisor(&tool)?,
            other => return Err(Refusal::bad(format!("Unsupported tool type: {other}"))),
        };
        extras(&tool, &mut made)?;
        self.list.push(Value::Object(made).into());
        Ok(())
    }

    fn serve(&mut self, server: Value) -> Result<(), Refusal> {
        self.mcp_servers.push(server);
        Ok(())
    }

    /// Whether some tool is of this type.
    pub fn has(&self, matches: impl Fn(&str) -> bool) -> bool {
        self.list.iter().filter_map(|tool| tool.get("type")?.as_str()).any(matches)
    }

    /// Whether the advisor is among the tools.
    pub fn has_advisor(&self) -> bool {
        self.has(|kind| kind == ADVISOR)
    }

    /// Changes the names that Anthropic refuses; a name that is sound already stays whatever the others become.
    pub fn rename(&mut self) {
        let is_custom = |tool: &Value| tool["type"] == "custom";
        let names = self.list.iter().filter(|tool| is_custom(tool)).filter_map(|tool| tool["name"].as_str());
        let (sound, unsound): (Vec<&str>, Vec<&str>) =
            names.filter(|name| !name.is_empty()).partition(|name| is_sound(name));
        let mut used: Vec<String> = sound.into_iter().map(str::to_owned).collect();
        let mut renamed: Vec<(String, String)> = Vec::new();
        for own in unsound {
            if renamed.iter().all(|(_, other)| other != own) {
                let sent = unique(&sound_name(own), &used);
                used.push(sent.clone());
                renamed.push((sent, own.to_owned()));
            }
        }
        for tool in self.list.iter_mut().filter(|tool| is_custom(tool)) {
            let found = renamed.iter().find(|(_, own)| tool["name"].as_str() == Some(own));
            if let Some((sent, _)) = found {
                tool["name"] = sent.clone().into();
            }
        }
        self.renamed = renamed;
    }
}

fn is_sound_character(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '-')
}

fn is_sound(name: &str) -> bool {
    name.len() <= NAME_LENGTH_MAX && name.chars().all(is_sound_character)
}

fn sound_name(name: &str) -> String {
    let characters = name.chars().map(|character| if is_sound_character(character) { character } else { '_' });
    characters.take(NAME_LENGTH_MAX).collect()
}

fn unique(candidate: &str, used: &[String]) -> String {
    let mut name = candidate.to_owned();
    let mut number = 1;
    while used.contains(&name) {
        number += 1;
        let suffix = format!("_{number}");
        let length = candidate.len().min(NAME_LENGTH_MAX - suffix.len());
        name = format!("{}{suffix}", &candidate[..length]);
    }
    name
}

fn function(tool: &mut Value) -> Result<Map<String, Value>, Refusal> {
    let streams_eagerly = eager(tool)?;
    let function = tool.get_mut("function").and_then(Value::as_object_mut);
    let Some(function) = function else {
        return Err(Refusal::bad("a tool of type `function` has no `function`: describe the function there"));
    };
    let Some(name) = function.get("name").cloned() else {
        return Err(Refusal::bad("a tool's function has no `name`: give it one"));
    };
    let mut made = Map::new();
    made.insert("name".to_owned(), name);
    made.insert("input_schema".to_owned(), schema::of_tool(function.shift_remove("parameters"))?);
    made.insert("type".to_owned(), "custom".into());
    if let Some(eagerly) = streams_eagerly {
        made.insert("eager_input_streaming".to_owned(), eagerly.into());
    }
    if let Some(description) = function.get("description").filter(|text| !text.is_null()) {
        made.insert("description".to_owned(), description.clone());
    }
    Ok(made)
}

/// Whether the tool's arguments are to be streamed unchecked.
pub(super) fn eager(tool: &Value) -> Result<Option<bool>, Refusal> {
    for flag in [tool.get("eager_input_streaming"), tool.pointer("/function/eager_input_streaming")] {
        match flag {
            None | Some(Value::Null) => {}
            Some(Value::Bool(flag)) => return Ok(Some(*flag)),
            Some(_) => return Err(Refusal::unsupported("eager_input_streaming must be a boolean")),
        }
    }
    Ok(None)
}

fn computer(kind: &str, tool: &Value) -> Result<Map<String, Value>, Refusal> {
    let missing = |name: &str| Refusal::bad(format!("Missing required parameter: {name}"));
    let function = &tool["function"];
    let parameters = function.get("parameters").ok_or_else(|| missing("parameters"))?;
    let mut made = Map::new();
    made.insert("type".to_owned(), kind.into());
    made.insert("name".to_owned(), function.get("name").cloned().unwrap_or_else(|| "computer".into()));
    for name in ["display_width_px", "display_height_px"] {
        let found = parameters.get(name).filter(|value| !value.is_null());
        let found = found.ok_or_else(|| missing("display_width_px or display_height_px"))?;
        made.insert(name.to_owned(), found.clone());
    }
    if let Some(number) = parameters.get("display_number").filter(|value| !value.is_null()) {
        made.insert("display_number".to_owned(), number.clone());
    }
    Ok(made)
}

fn hosted(tool: &Value) -> Result<Map<String, Value>, Refusal> {
    let kind = tool["type"].as_str().unwrap_or_default();
    let name = tool.get("name").or_else(|| tool.pointer("/function/name")).filter(|name| name.is_string());
    let mut made = Map::new();
    made.insert("type".to_owned(), kind.into());
    let name = name.cloned().or_else(|| {
        let plain = kind.strip_suffix("_20251119").filter(|_| SEARCHES.contains(&kind))?;
        Some(plain.into())
    });
    made.insert("name".to_owned(), name.ok_or_else(|| Refusal::bad("Missing required parameter: name"))?);
    for (field, value) in tool.as_object().into_iter().flatten() {
        if field != "type" && field != "name" {
            made.insert(field.clone(), value.clone());
        }
    }
    Ok(made)
}

fn advisor(tool: &Value) -> Result<Map<String, Value>, Refusal> {
    let Some(model) = tool["model"].as_str() else {
        return Err(Refusal::bad("Advisor tool must have a valid model"));
    };
    let mut made = Map::new();
    made.insert("type".to_owned(), ADVISOR.into());
    made.insert("name".to_owned(), "advisor".into());
    made.insert("model".to_owned(), model.into());
    for name in ["max_uses", "caching"] {
        if let Some(value) = tool.get(name).filter(|value| !value.is_null()) {
            made.insert(name.to_owned(), value.clone());
        }
    }
    Ok(made)
}

/// OpenAI's form of a server that offers tools.
fn mcp(tool: &Value) -> Result<Value, Refusal> {
    let need = |name: &str| {
        let found = tool.get(name).cloned();
        found.ok_or_else(|| Refusal::bad(format!("a tool of type `mcp` has no `{name}`: name its server")))
    };
    let mut made = Map::new();
    made.insert("type".to_owned(), "url".into());
    made.insert("url".to_owned(), need("server_url")?);
    made.insert("name".to_owned(), need("server_label")?);
    if let Some(allowed) = tool.get("allowed_tools").filter(|value| !value.is_null()) {
        made.insert("tool_configuration".to_owned(), json!({"allowed_tools": allowed}));
    }
    if let Some(token) = tool.pointer("/headers/Authorization").and_then(Value::as_str) {
        made.insert("authorization_token".to_owned(), token.replace("Bearer ", "").into());
    }
    Ok(made.into())
}

/// Fields that stand at a tool or at its function.
fn extras(tool: &Value, made: &mut Map<String, Value>) -> Result<(), Refusal> {
    let kind = made.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
    let find = |name: &str| {
        let own = tool.get(name).filter(|value| !value.is_null());
        own.or_else(|| tool.get("function")?.get(name)).filter(|value| !value.is_null())
    };
    let is_search = SEARCHES.contains(&kind.as_str());
    if let Some(mark) = find("cache_control").filter(|_| !is_search) {
        made.insert("cache_control".to_owned(), mark.clone());
    }
    if !is_search && !COMPUTERS.contains(&kind.as_str()) {
        if let Some(flag) = find("defer_loading") {
            let is_flag = flag.is_boolean();
            if !is_flag {
                return Err(Refusal::bad("defer_loading must be a boolean"));
            }
            made.insert("defer_loading".to_owned(), flag.clone());
        }
        if let Some(callers) = find("allowed_callers") {
            let is_list = callers.as_array().is_some_and(|callers| callers.iter().all(Value::is_string));
            if !is_list {
                return Err(Refusal::bad("allowed_callers must be a list of strings"));
            }
            made.insert("allowed_callers".to_owned(), callers.clone());
        }
    }
    if let Some(examples) = find("input_examples").filter(|value| kind == "custom" && value.is_array()) {
        made.insert("input_examples".to_owned(), examples.clone());
    }
    Ok(())
}

/// The choice among tools.
pub(super) fn choice(choice: Option<&Value>, parallel: Option<bool>) -> Option<Map<String, Value>> {
    let mut made = choice.and_then(named_choice);
    if let Some(parallel) = parallel.filter(|_| choice.and_then(Value::as_str) != Some("none")) {
        let made = made.get_or_insert_with(|| of_kind("auto"));
        made.insert("disable_parallel_tool_use".to_owned(), (!parallel).into());
    }
    made
}

fn named_choice(choice: &Value) -> Option<Map<String, Value>> {
    let kind = match choice {
        Value::String(kind) if kind != "any" => kind.as_str(),
        Value::Object(fields) if !fields.contains_key("function") && fields.contains_key("type") => {
            fields.get("type")?.as_str()?
        }
        _ => {
            let mut made = of_kind("tool");
            made.insert("name".to_owned(), choice.pointer("/function/name").filter(|name| !name.is_null())?.clone());
            return Some(made);
        }
    };
    match kind {
        "auto" | "none" => Some(of_kind(kind)),
        "required" | "any" => Some(of_kind("any")),
        _ => None,
    }
}

fn of_kind(kind: &str) -> Map<String, Value> {
    Map::from_iter([("type".to_owned(), kind.into())])
}

/// OpenAI's wish for a web search, as Anthropic's tool.
pub(super) fn web_search(options: &Value) -> Tool {
    let mut tool = Map::new();
    tool.insert("type".to_owned(), "web_search_20250305".into());
    tool.insert("name".to_owned(), "web_search".into());
    if let Some(place) = options.pointer("/user_location/approximate").and_then(Value::as_object) {
        let mut location = Map::from_iter([("type".to_owned(), "approximate".into())]);
        for name in ["city", "region", "timezone", "country"] {
            if let Some(value) = place.get(name) {
                location.insert(name.to_owned(), value.clone());
            }
        }
        tool.insert("user_location".to_owned(), location.into());
    }
    let uses = match options["search_context_size"].as_str() {
        Some("low") => Some(1),
        Some("medium") => Some(5),
        Some("high") => Some(10),
        _ => None,
    };
    if let Some(uses) = uses {
        tool.insert("max_uses".to_owned(), uses.into());
    }
    Value::Object(tool).into()
}
