//! Files that are no configuration, and files that are out to do harm.

use std::fmt::Write;
use std::time::{Duration, Instant};

use super::fake::{Fake, notices, served};
use crate::config::{Mode, NoticeKind};

/// Asserts that the file is refused quickly, with an error that begins like this.
fn check(content: impl Into<Vec<u8>>, start: &str) {
    let fake = Fake::with("config.yaml", content);
    let begun = Instant::now();
    let refusal = fake.load(Mode::Boot).unwrap_err().to_string();
    assert!(refusal.starts_with(start), "{}", refusal.chars().take(300).collect::<String>());
    assert!(begun.elapsed() < Duration::from_secs(1), "{start} took {:?}", begun.elapsed());
}

#[test]
fn a_yaml_bomb_is_refused() {
    let mut bomb = "l0: &l0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..9 {
        let below = level - 1;
        let aliases = vec![format!("*l{below}"); 9].join(", ");
        writeln!(bomb, "l{level}: &l{level} [{aliases}]").unwrap();
    }
    check(bomb, "config.yaml:6:");
}

#[test]
fn a_file_of_50_mb_is_refused() {
    let expected =
        "config.yaml:1:1: the file has 52428800 bytes, more than the 10485760 allowed; split it or check the path";
    check(vec![b'#'; 50 * 1024 * 1024], expected);
}

#[test]
fn deep_nesting_is_refused() {
    check("[".repeat(100_000), "config.yaml:1:256: more than 100 maps and lists within each other; flatten them");
    check("- ".repeat(100_000), "config.yaml:1:201: more than 100 maps and lists within each other; flatten them");
    check("{a: ".repeat(100_000), "config.yaml:1:1021: more than 100 maps and lists within each other; flatten them");
    check("a: &a ".repeat(100_000), "config.yaml:1:");
    let lines: String = (0..2_000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    check(lines, "config.yaml:101:101: more than 100 maps and lists within each other; flatten them");
}

#[test]
fn what_is_no_configuration_is_refused() {
    check("", "config.yaml:1:1: the configuration is empty; add a `model_list`");
    check("# nothing", "config.yaml:1:1: the configuration is empty; add a `model_list`");
    check("- a\n- b", "config.yaml:1:1: the document is a list, not a map; start it with a key such as `model_list:`");
    check("hello", "config.yaml:1:1: the document is a string, not a map");
    check("a: 1\n---\nb: 2", "config.yaml:2:1: a second document starts here");
    check("a: *gone", "config.yaml:1:4: not valid yaml: ");
    check("a: &a [*a]", "config.yaml:1:8: the alias stands inside the value it names; remove it");
    check("a: b\0c", "config.yaml:1:5: character U+0000 is not allowed in yaml; remove it");
    check("a:\n  b: \x07", "config.yaml:2:6: character U+0007 is not allowed in yaml; remove it");
    check(b"a: 1\nb: \xff\xfe", "config.yaml:2:4: not valid UTF-8 here; save the file as UTF-8");
    check("a:\n\tb: 1", "config.yaml:2:");
    check("a: [1, 2", "config.yaml:2:1: not valid yaml: while parsing a flow sequence");
    check("a: 'open", "config.yaml:1:");
    check("? [a]\n: b", "config.yaml:1:3: a key cannot be a list; quote it if it is meant as text");
    check("a: !!python/object/apply:os.system ['x']", "config.yaml:1:4: tag `");
    check("<<: 1", "config.yaml:1:5: `<<` needs a map or a list of maps; name an anchored map");
    check(
        format!("a: {}", "9".repeat(60)),
        "config.yaml:1:4: the integer is too large; quote it if it is meant as text",
    );
}

#[test]
fn a_missing_file_is_refused() {
    let refusal = Fake::default().load(Mode::Boot).unwrap_err().to_string();
    assert_eq!(refusal, "config.yaml:1:1: file `config.yaml` does not exist; check the path");
}

#[test]
fn a_byte_order_mark_and_windows_lines_are_no_fault() {
    let yaml = "\u{feff}model_list:\r\n  - model_name: x\r\n    litellm_params: {model: openai/m, api_bse: x}\r\n";
    let loaded = served(yaml);
    assert_eq!(loaded.config.models.len(), 1);
    assert_eq!((loaded.notices[0].line, loaded.notices[0].column), (3, 39));
}

#[test]
fn a_string_of_1_mb_is_kept() {
    let yaml = format!("general_settings: {{master_key: \"{}\"}}", "k".repeat(1024 * 1024));
    let key = served(&yaml).config.general_settings.master_key;
    assert_eq!(key.map(|key| key.expose().len()), Some(1024 * 1024));
}

#[test]
fn of_a_key_given_twice_the_last_counts_and_both_are_told_of() {
    let yaml = "litellm_settings:\n  num_retries: 1\n  num_retries: 2\n";
    assert_eq!(served(yaml).config.litellm_settings.num_retries, Some(2));
    let found: Vec<_> =
        notices(yaml, Mode::Boot).into_iter().filter(|notice| notice.kind == NoticeKind::DuplicateKey).collect();
    let expected =
        "config.yaml:3:3: key `num_retries` is given twice in this map and this one counts; remove the other";
    assert_eq!(found[0].to_string(), expected);
}

#[test]
fn a_large_configuration_is_loaded_in_time() {
    let mut yaml = "model_list:\n".to_owned();
    for number in 0..1_000 {
        writeln!(yaml, "  - model_name: group-{number}\n    litellm_params: {{model: openai/m, api_key: sk, timeout: 5, api_bse: x}}").unwrap();
    }
    let begun = Instant::now();
    let loaded = served(&yaml);
    assert_eq!((loaded.config.models.len(), loaded.notices.len()), (1_000, 1_000));
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
}
