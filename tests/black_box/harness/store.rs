//! Where gateways under test keep their records: a folder, a database, and a look into it from outside.
//!
//! Knows no table.

use super::link::Link;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;
use tollgate_testkit::postgres;

/// Which database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Sqlite,
    Postgres,
}

/// A data folder, and a database that outlives the gateways on it.
pub struct Store {
    pub folder: TempDir,
    pub kind: Kind,
    postgres: Option<Postgres>,
}

struct Postgres {
    name: String,
    url: String,
    link: Link,
}

impl Store {
    pub fn new(kind: Kind) -> Self {
        let postgres = (kind == Kind::Postgres).then(|| {
            let address = postgres::server().empty_database();
            let (before, name) = address.rsplit_once('/').expect("a database in the address");
            let (before, port) = before.rsplit_once(':').expect("a port in the address");
            let link = Link::to(port.parse().expect("a port"));
            let url = format!("{before}:{}/{name}", link.port);
            Postgres { name: name.to_owned(), url, link }
        });
        Self { folder: tempfile::tempdir().expect("a folder"), kind, postgres }
    }

    /// What a gateway's environment says of it.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let mut environment = vec![("TOLLGATE_DATA_DIR", self.folder.path().display().to_string())];
        environment.extend(self.postgres.as_ref().map(|postgres| ("DATABASE_URL", postgres.url.clone())));
        environment
    }

    /// The way to the server of a PostgreSQL.
    pub fn link(&self) -> &Link {
        &self.postgres.as_ref().expect("a database with a server").link
    }

    /// The rows that a query answers with, whether or not the gateways can reach the database.
    pub fn rows(&self, sql: &str) -> Vec<Vec<String>> {
        let printed = match &self.postgres {
            Some(postgres) => postgres::server().psql(&postgres.name, sql),
            None => python(&self.folder.path().join("tollgate.db"), sql, QUERY),
        };
        printed.lines().map(|line| line.split('|').map(str::to_owned).collect()).collect()
    }

    /// The only number that a query answers with; 0 for nothing.
    pub fn number(&self, sql: &str) -> f64 {
        let rows = self.rows(sql);
        rows.first().and_then(|row| row.first()).and_then(|cell| cell.parse().ok()).unwrap_or(0.0)
    }

    /// Every row of LiteLLM's tables: the same text for the same content.
    pub fn dump(&self) -> String {
        match &self.postgres {
            Some(postgres) => postgres::server().dump(&postgres.name, "\"LiteLLM_\"*"),
            None => python(&self.folder.path().join("tollgate.db"), "", DUMP),
        }
    }

    /// Folders of journals that nobody has drained to the end.
    pub fn journals(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.folder.path().join("journal")).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect()
    }
}

const QUERY: &str = "import sqlite3, sys\n\
    database = sqlite3.connect(sys.argv[1], timeout=30)\n\
    for row in database.execute(sys.argv[2]):\n\
    \x20   print('|'.join('' if cell is None else str(cell) for cell in row))\n\
    database.commit()";
const DUMP: &str = "import sqlite3, sys\n\
    database = sqlite3.connect(sys.argv[1], timeout=30)\n\
    tables = database.execute(\"SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'LiteLLM%' ORDER BY 1\")\n\
    for table, in tables.fetchall():\n\
    \x20   rows = sorted(map(repr, database.execute(f'SELECT * FROM \"{table}\"')))\n\
    \x20   print(table, *rows, sep='\\n')";

/// Python is there for other tests, and has SQLite with it; floats are printed as they are.
fn python(file: &Path, sql: &str, script: &str) -> String {
    let output = Command::new("python3").args(["-c", script]).arg(file).arg(sql).output().expect("python3 runs");
    assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}
