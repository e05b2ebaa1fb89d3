//! The headers of one message: the four that matter, found among values of every type. Knows no payload.

/// What the headers say of their message; empty where they say nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Headers<'a> {
    /// `event`, `exception` or `error`.
    pub message_type: &'a str,
    pub event_type: &'a str,
    pub exception_type: &'a str,
    pub error_message: &'a str,
}

impl<'a> Headers<'a> {
    /// Reads a header block; `None` where it is cut or holds a type that does not exist.
    pub fn read(mut block: &'a [u8]) -> Option<Self> {
        let mut headers = Self::default();
        while !block.is_empty() {
            let name_bytes = take(&mut block, 1)?[0];
            let name = take(&mut block, usize::from(name_bytes))?;
            let kind = take(&mut block, 1)?[0];
            let value = value(&mut block, kind)?;
            let place = match name {
                b":message-type" => &mut headers.message_type,
                b":event-type" => &mut headers.event_type,
                b":exception-type" => &mut headers.exception_type,
                b":error-message" => &mut headers.error_message,
                _ => continue,
            };
            *place = std::str::from_utf8(value).ok()?;
        }
        Some(headers)
    }
}

/// The bytes of a value: the types of the specification, by number.
fn value<'a>(block: &mut &'a [u8], kind: u8) -> Option<&'a [u8]> {
    let bytes = match kind {
        // Booleans are their own value.
        0 | 1 => 0,
        2 => 1,
        3 => 2,
        4 => 4,
        // A long number, and a time in milliseconds.
        5 | 8 => 8,
        // A run of bytes, and a text.
        6 | 7 => {
            let length = take(block, 2)?;
            usize::from(u16::from_be_bytes([length[0], length[1]]))
        }
        // A UUID.
        9 => 16,
        _ => return None,
    };
    take(block, bytes)
}

fn take<'a>(block: &mut &'a [u8], bytes: usize) -> Option<&'a [u8]> {
    let (taken, rest) = block.split_at_checked(bytes)?;
    *block = rest;
    Some(taken)
}
