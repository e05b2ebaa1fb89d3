//! Functions of at most 70 lines, files of at most 400: tables may be long, logic may not.

use std::fs;
use std::path::{Path, PathBuf};

const FUNCTION_LINES_MAX: usize = 70;
const FILE_LINES_MAX: usize = 400;
/// Files that are data: nothing in them decides.
const TABLES: &[&str] = &["provider/table.rs", "config/schema/", "directory/schema.rs"];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() && !matches!(name, "target" | "node_modules") && !name.starts_with('.') {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

pub fn all_sources() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    sources(&crate::root(), &mut found);
    assert!(found.len() > 50, "the sources are elsewhere");
    found.into_iter().map(|path| (path.clone(), fs::read_to_string(path).expect("UTF-8"))).collect()
}

#[test]
fn files_are_short_unless_they_are_tables() {
    for (path, text) in all_sources() {
        let shown = path.display().to_string();
        let is_table = TABLES.iter().any(|table| shown.contains(table));
        let lines = text.lines().count();
        assert!(is_table || lines <= FILE_LINES_MAX, "{shown} has {lines} lines, {FILE_LINES_MAX} are allowed");
    }
}

#[test]
fn every_file_begins_with_what_it_decides() {
    for (path, text) in all_sources() {
        let is_test = path.file_name().is_some_and(|name| name == "tests.rs");
        assert!(is_test || text.starts_with("//! "), "{} does not say what it decides", path.display());
    }
}

#[test]
fn functions_are_short() {
    for (path, text) in all_sources() {
        for (line, length) in function_lengths(&text) {
            let shown = path.display();
            assert!(
                length <= FUNCTION_LINES_MAX,
                "{shown}:{line}: a function of {length} lines, {FUNCTION_LINES_MAX} are allowed"
            );
        }
    }
}

/// First line and length of every function, told by the indentation that rustfmt gives its closing brace.
fn function_lengths(text: &str) -> Vec<(usize, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut lengths = Vec::new();
    for (place, line) in lines.iter().enumerate() {
        let indent = line.len() - line.trim_start().len();
        let words = line.trim_start();
        let begins = [
            "fn ",
            "pub fn ",
            "pub(crate) fn ",
            "pub(super) fn ",
            "async fn ",
            "pub async fn ",
            "const fn ",
            "pub const fn ",
        ];
        if !begins.iter().any(|begin| words.starts_with(begin)) || words.ends_with(';') {
            continue;
        }
        let closing = format!("{}}}", " ".repeat(indent));
        let end = lines[place..].iter().position(|line| *line == closing).unwrap_or(0);
        lengths.push((place + 1, end + 1));
    }
    lengths
}

#[test]
fn a_long_function_would_be_found() {
    let long = format!("fn a() {{\n{}}}\n", "    b();\n".repeat(80));
    assert_eq!(function_lengths(&long), [(1, 82)]);
}
