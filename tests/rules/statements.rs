//! SQL is written in one folder, and no value ever becomes part of its text.
//!
//! Values are bound: `Statement::bind` writes `$1`, `$2`, …. What a text takes in beside that are names of the schema and
//! fixed pieces, listed here; whoever adds another one has to come here, and to be sure that no caller can choose it.

use std::collections::BTreeSet;

const FOLDER: &str = "shared/host/src/database";
/// Where a text that was put together is handed to the database: `sqlx` wants each said to be safe.
const HANDED_OVER: &[&str] = &["execute.rs", "quota.rs", "quota/lapse.rs"];
/// Placeholders that take in names of tables and columns, pieces that are constants, and numbers of the program's own.
const INLINE: &[&str] = &[
    "CHANNEL",
    "VERSION",
    "by",
    "definition",
    "guard",
    "index",
    "is_member",
    "kind",
    "name",
    "now",
    "on",
    "own",
    "place",
    "shown",
    "table",
    "teams",
    "text",
];
/// What stands behind a text with `{}`: tables and columns by their names in the schema.
const POSITIONAL: &[&str] = &[
    "dialect.table(",
    "self.transaction.dialect.table(",
    "self.dialect.cast(",
    "quoted(",
    "names.join(",
    "columns.join(",
    "list(",
    "is_same(",
    "function(",
];
const WORDS: &[&str] = &[
    "SELECT ",
    "INSERT INTO ",
    "UPDATE ",
    "DELETE FROM ",
    " FROM ",
    " WHERE ",
    "CREATE ",
    "ALTER TABLE",
    "DROP ",
    " VALUES",
    "CONSTRAINT ",
    " DEFAULT ",
    " JOIN ",
    " SET ",
];

/// Sources of the product with their paths in the checkout; tests and what is for tests are left out.
fn product() -> Vec<(String, String)> {
    let root = crate::root();
    let sources = crate::lengths::all_sources().into_iter().map(|(path, text)| {
        let path = path.strip_prefix(&root).map_or_else(|_| path.clone(), std::path::Path::to_path_buf);
        (path.display().to_string(), text)
    });
    let is_product = |path: &String| {
        !path.contains("tests") && !path.contains("testkit") && !path.contains("/fuzz/") && !path.contains("/benches/")
    };
    sources.filter(|(path, _)| is_product(path)).collect()
}

/// The texts between quotes, and what stands behind each up to the end of its line's call. Comments are no texts.
fn literals(text: &str) -> Vec<(&str, String, &str)> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['"', '/', '\'']) {
        let (before, after) = rest.split_at(at);
        if after.starts_with("//") {
            rest = after.split_once('\n').map_or("", |(_, rest)| rest);
        } else if after.starts_with("'\"'") || after.starts_with("'\\") {
            rest = &after[3..];
        } else if !after.starts_with('"') {
            rest = &after[1..];
        } else {
            let inside = &after[1..];
            let mut escaped = false;
            let end = inside.find(|letter| {
                let ends = letter == '"' && !escaped;
                escaped = letter == '\\' && !escaped;
                ends
            });
            let Some(end) = end else { break };
            rest = &inside[end + 1..];
            found.push((before, inside[..end].to_owned(), rest));
        }
    }
    found
}

fn is_sql(literal: &str) -> bool {
    WORDS.iter().any(|word| literal.contains(word))
}

/// What a text with places takes in that it may not.
fn intruders(literal: &str, behind: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut has_positional = false;
    for piece in literal.replace("{{", "").split('{').skip(1) {
        let name = piece.split(['}', ':']).next().unwrap_or_default();
        has_positional |= name.is_empty();
        if !name.is_empty() && !INLINE.contains(&name) {
            found.insert(name.to_owned());
        }
    }
    if literal.contains("'{") && !literal.contains("'{CHANNEL}'") {
        found.insert("a value between quotes".to_owned());
    }
    let arguments = behind.trim_start_matches([',', ' ', '\n']);
    if has_positional && !POSITIONAL.iter().any(|known| arguments.starts_with(known)) {
        found.insert(arguments.lines().next().unwrap_or_default().to_owned());
    }
    found
}

#[test]
fn sql_is_written_in_one_folder() {
    let begins = ["SELECT ", "INSERT INTO ", "UPDATE \"", "DELETE FROM ", "CREATE TABLE", "ALTER TABLE", "DROP TABLE"];
    for (path, text) in product().iter().filter(|(path, _)| !path.starts_with(FOLDER)) {
        assert!(!text.contains("sqlx::"), "{path} speaks to a database: only {FOLDER} does");
        for (_, literal, _) in literals(text) {
            let is_sql = begins.iter().any(|begin| literal.starts_with(begin));
            assert!(!is_sql, "{path} has SQL of its own: {literal}");
        }
    }
}

#[test]
fn only_names_and_fixed_pieces_are_put_into_sql() {
    let mut seen = 0;
    for (path, text) in product().iter().filter(|(path, _)| path.starts_with(FOLDER)) {
        for (before, literal, behind) in literals(text) {
            let is_put_together = before.trim_end().ends_with("format!(") || before.trim_end().ends_with("write!(");
            if is_put_together && is_sql(&literal) {
                seen += 1;
                let found = intruders(&literal, behind);
                assert!(
                    found.is_empty(),
                    "{path}: `{literal}` takes in {found:?}: bind it, or see tests/rules/statements.rs"
                );
            }
        }
        let file = path.trim_start_matches(FOLDER).trim_start_matches('/');
        let hands_over = text.contains("AssertSqlSafe(") || text.contains("raw_sql(");
        assert!(!hands_over || HANDED_OVER.contains(&file), "{path} hands SQL over by itself: use `execute`");
    }
    assert!(seen > 30, "only {seen} texts: they are elsewhere");
}

#[test]
fn a_value_in_a_text_would_be_found() {
    let places = |literal: &str, behind: &str| intruders(literal, behind).len();
    assert_eq!(places("SELECT 1 FROM {table} WHERE a = '{value}'", ")"), 2);
    assert_eq!(places("SELECT 1 FROM {} WHERE a = ", ", user_id)"), 1);
    assert_eq!(places("SELECT 1 FROM {} WHERE a = ", ", dialect.table(table))"), 0);
    let source = "// \"no SELECT here\"\nlet a = format!(\"SELECT {x} \\\" FROM b\", c); let q = '\"';";
    let found = literals(source);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].0.ends_with("format!(") && found[0].1.contains("FROM b"), "{found:?}");
}
