//! No directory: only what the configuration says is known.

use super::{Change, Directory, Fault, Query, Row, Standing, Table};
use crate::upstream::BoxFuture;

/// Where there is no database.
#[derive(Debug, Default)]
pub struct Absent;

fn nothing<T>() -> BoxFuture<'static, Result<T, Fault>>
where
    T: Send + 'static,
{
    Box::pin(std::future::ready(Err(Fault::Unavailable("there is none: set general_settings.database.url".to_owned()))))
}

impl Directory for Absent {
    fn get<'a>(&'a self, _: &'a [(&'static Table, Vec<String>)]) -> BoxFuture<'a, Result<Vec<Option<Row>>, Fault>> {
        nothing()
    }

    fn find<'a>(&'a self, _: &'a Query) -> BoxFuture<'a, Result<Vec<Row>, Fault>> {
        nothing()
    }

    fn count<'a>(&'a self, _: &'a Query) -> BoxFuture<'a, Result<u64, Fault>> {
        nothing()
    }

    fn sum<'a>(
        &'a self,
        _: &'a Query,
        _: &'a [&'static str],
        _: &'a [&'static str],
    ) -> BoxFuture<'a, Result<Vec<Row>, Fault>> {
        nothing()
    }

    fn write(&self, _: Vec<Change>) -> BoxFuture<'_, Result<(), Fault>> {
        nothing()
    }

    fn standing(&self) -> Standing {
        Standing::Absent
    }

    fn ping(&self) -> BoxFuture<'_, Standing> {
        Box::pin(std::future::ready(Standing::Absent))
    }
}
