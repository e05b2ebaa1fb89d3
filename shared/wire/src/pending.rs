//! Bytes that wait for their rest. Knows no format.

use bytes::{Bytes, BytesMut};

/// Appends `chunk` to `pending`.
///
/// What waits alone is not copied, and what grows is not copied each time: a line that comes in a thousand pieces
/// costs no more than one in ten.
pub(crate) fn append(pending: &mut Bytes, chunk: Bytes) {
    if pending.is_empty() {
        *pending = chunk;
        return;
    }
    let mut joined = std::mem::take(pending).try_into_mut().unwrap_or_else(|shared| {
        let mut joined = BytesMut::with_capacity((shared.len() + chunk.len()) * 2);
        joined.extend_from_slice(&shared);
        joined
    });
    joined.extend_from_slice(&chunk);
    *pending = joined.freeze();
}
