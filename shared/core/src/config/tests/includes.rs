//! Several files as one document.

use super::fake::Fake;
use crate::config::{Mode, NoticeKind};

const MODEL: &str = "model_list: [{model_name: x, litellm_params: {model: openai/m}}]\n";

fn refusal(fake: &Fake) -> String {
    fake.load(Mode::Boot).unwrap_err().to_string()
}

#[test]
fn lists_are_appended_and_everything_else_is_replaced() {
    let fake = Fake::with(
        "config.yaml",
        format!("include: [a.yaml]\n{MODEL}litellm_settings: {{drop_params: true, num_retries: 1}}"),
    )
    .and(
        "a.yaml",
        "model_list: [{model_name: y, litellm_params: {model: openai/m}}]\nlitellm_settings: {num_retries: 5}",
    );
    let loaded = fake.load(Mode::Boot).unwrap();
    let groups: Vec<_> = loaded.config.models.iter().map(|model| model.group.as_str()).collect();
    assert_eq!(groups, ["x", "y"]);
    assert_eq!(
        (loaded.config.litellm_settings.drop_params, loaded.config.litellm_settings.num_retries),
        (false, Some(5))
    );
    let replaced = loaded.notices.iter().find(|notice| notice.kind == NoticeKind::Include).map(ToString::to_string);
    let expected =
        "a.yaml:2:1: `litellm_settings` replaces all of `litellm_settings` of config.yaml:3; keep it in one file";
    assert_eq!(replaced.as_deref(), Some(expected));
}

#[test]
fn files_are_read_breadth_first_and_each_once() {
    let entry = |name: &str| format!("model_list: [{{model_name: {name}, litellm_params: {{model: openai/m}}}}]\n");
    let fake = Fake::with("config.yaml", "include: [a.yaml, b.yaml]")
        .and("a.yaml", entry("a") + "include: [c.yaml, sub/d.yaml]")
        .and("b.yaml", entry("b") + "include: [./c.yaml]")
        .and("c.yaml", entry("c"))
        .and("sub/d.yaml", entry("d") + "include: [../e.yaml]")
        .and("e.yaml", entry("e"));
    let loaded = fake.load(Mode::Boot).unwrap();
    let groups: Vec<_> = loaded.config.models.iter().map(|model| model.group.as_str()).collect();
    assert_eq!(groups, ["a", "b", "c", "d", "e"]);
}

#[test]
fn a_nested_include_may_be_found_next_to_the_root() {
    let fake =
        Fake::with("config.yaml", "include: [sub/a.yaml]").and("sub/a.yaml", "include: [b.yaml]").and("b.yaml", MODEL);
    let loaded = fake.load(Mode::Boot).unwrap();
    assert_eq!(loaded.config.models.len(), 1);
    let expected = "sub/a.yaml:1:11: include `b.yaml` is not next to `sub/a.yaml`, `b.yaml` is read instead; move it";
    assert_eq!(loaded.notices[0].to_string(), expected);
}

#[test]
fn a_missing_include_names_the_chain() {
    let fake = Fake::with("config.yaml", "include:\n  - a.yaml").and("a.yaml", "include: [gone.yaml]");
    let expected =
        "a.yaml:1:11: included file `gone.yaml` does not exist; check the path (config.yaml -> a.yaml -> gone.yaml)";
    assert_eq!(refusal(&fake), expected);
}

#[test]
fn a_cycle_names_the_chain() {
    let fake = Fake::with("config.yaml", "include: [a.yaml]")
        .and("a.yaml", "include: [b.yaml]")
        .and("b.yaml", "include: [a.yaml]");
    let expected =
        "b.yaml:1:11: `a.yaml` includes itself; remove this line (config.yaml -> a.yaml -> b.yaml -> a.yaml)";
    assert_eq!(refusal(&fake), expected);
    let fake = Fake::with("config.yaml", "include: [./config.yaml]");
    let expected = "config.yaml:1:11: `config.yaml` includes itself; remove this line (config.yaml -> config.yaml)";
    assert_eq!(refusal(&fake), expected);
}

#[test]
fn an_include_that_is_no_list_of_paths_is_refused() {
    let fake = Fake::with("config.yaml", "include: a.yaml");
    let expected =
        "config.yaml:1:10: `include` must be a list of file paths, found a string; write `include: [models.yaml]`";
    assert_eq!(refusal(&fake), expected);
}

#[test]
fn an_empty_included_file_is_no_fault() {
    let fake = Fake::with("config.yaml", format!("include: [a.yaml]\n{MODEL}")).and("a.yaml", "# nothing\n");
    assert_eq!(fake.load(Mode::Boot).unwrap().config.models.len(), 1);
}
