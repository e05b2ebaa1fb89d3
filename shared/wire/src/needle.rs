//! A fixed text that is searched for in every answer: the search is prepared once.

use std::sync::LazyLock;

use memchr::memmem::Finder;

/// A text to look for.
pub(crate) struct Needle {
    text: &'static str,
    finder: LazyLock<Finder<'static>>,
}

/// Makes a [`Needle`] in a `static`.
macro_rules! needle {
    ($text:expr) => {
        $crate::needle::Needle::new($text, std::sync::LazyLock::new(|| memchr::memmem::Finder::new($text)))
    };
}
pub(crate) use needle;

impl Needle {
    pub const fn new(text: &'static str, finder: LazyLock<Finder<'static>>) -> Self {
        Self { text, finder }
    }

    pub const fn text(&self) -> &'static str {
        self.text
    }

    pub fn is_in(&self, text: &str) -> bool {
        self.finder.find(text.as_bytes()).is_some()
    }

    /// Where the text behind each occurrence begins.
    pub fn ends_in<'a>(&'a self, text: &'a str) -> impl Iterator<Item = usize> + 'a {
        self.finder.find_iter(text.as_bytes()).map(|at| at + self.text.len())
    }
}
