//! Files and variables that exist only in a test.

use std::collections::HashMap;

use crate::config::{Environment, Loaded, Mode, Notice, NoticeKind, ReadError, Refusal, load};

#[derive(Default)]
pub(super) struct Fake {
    pub files: HashMap<String, Vec<u8>>,
    pub variables: HashMap<String, String>,
}

impl Fake {
    pub fn with(name: &str, content: impl Into<Vec<u8>>) -> Self {
        Self::default().and(name, content)
    }

    pub fn and(mut self, name: &str, content: impl Into<Vec<u8>>) -> Self {
        self.files.insert(name.to_owned(), content.into());
        self
    }

    pub fn set(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    pub fn load(&self, mode: Mode) -> Result<Loaded, Refusal> {
        load("config.yaml", self, mode)
    }
}

impl Environment for Fake {
    fn read(&self, path: &str, bytes_max: u64) -> Result<Vec<u8>, ReadError> {
        let bytes = self.files.get(path).ok_or(ReadError::Missing)?;
        if bytes.len() as u64 > bytes_max {
            return Err(ReadError::TooLarge { bytes: bytes.len() as u64 });
        }
        Ok(bytes.clone())
    }

    fn exists(&self, path: &str) -> bool {
        self.files.contains_key(path)
    }

    fn variable(&self, name: &str) -> Option<String> {
        self.variables.get(name).cloned()
    }
}

/// Loads one file that must be servable.
pub(crate) fn served(yaml: &str) -> Loaded {
    Fake::with("config.yaml", yaml).load(Mode::Boot).unwrap_or_else(|refusal| panic!("refused:\n{refusal}\nof\n{yaml}"))
}

/// The same with variables.
pub(crate) fn served_with(yaml: &str, variables: &[(&str, &str)]) -> Loaded {
    let fake = variables.iter().fold(Fake::with("config.yaml", yaml), |fake, (name, value)| fake.set(name, value));
    fake.load(Mode::Boot).unwrap_or_else(|refusal| panic!("refused:\n{refusal}\nof\n{yaml}"))
}

/// Every notice of one file, whether it is served or not.
pub(super) fn notices(yaml: &str, mode: Mode) -> Vec<Notice> {
    match Fake::with("config.yaml", yaml).load(mode) {
        Ok(loaded) => loaded.notices,
        Err(refusal) => refusal.notices,
    }
}

/// Asserts that exactly one notice is of this kind, and that it reads like this.
pub(super) fn check_notice(yaml: &str, mode: Mode, kind: NoticeKind, expected: &str) {
    let found: Vec<_> = notices(yaml, mode).into_iter().filter(|notice| notice.kind == kind).collect();
    let texts: Vec<_> = found.iter().map(ToString::to_string).collect();
    assert_eq!(texts, [expected], "of\n{yaml}");
}
