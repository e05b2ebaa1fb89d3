//! The time at the beginning of a line, in UTC: RFC 3339 with microseconds.
//!
//! The part down to the second is put together once a second: lines are written for every call.

use std::cell::RefCell;
use std::fmt::{self, Write};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime as Formatter};

/// Length of `2026-11-23T06:11:17`.
const SECOND_LENGTH: usize = 19;

thread_local! {
    static LAST: RefCell<(u64, String)> = const { RefCell::new((u64::MAX, String::new())) };
}

/// Writes the present time.
pub fn write(out: &mut impl Write) -> fmt::Result {
    let mut since = now();
    LAST.with_borrow_mut(|(second, text)| {
        // The formatter reads the clock itself: right if the second is the same before and after.
        while *second != since.as_secs() {
            *second = since.as_secs();
            text.clear();
            Formatter.format_time(&mut Writer::new(text))?;
            text.truncate(SECOND_LENGTH);
            since = now();
        }
        out.write_str(text)
    })?;
    // A leading 1 keeps the zeros; it is left out again.
    let mut digits = itoa::Buffer::new();
    out.write_char('.')?;
    out.write_str(&digits.format(1_000_000 + since.subsec_micros())[1..])?;
    out.write_char('Z')
}

fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

#[cfg(test)]
mod tests;
