//! What a streamed answer says that its bill has to know: searches in it, the whole response, and, where prompts are
//! kept, the answer itself.
//!
//! Nothing is kept of streams that nobody pays for. Changes no byte.

use bytes::Bytes;
use tollgate_wire::Format;
use tollgate_wire::stream::Assembly;

use crate::record::Record;

/// Only a response, or a chat whose model has searched, holds these.
const MARKS: [&[u8]; 3] = [b"\"url_citation\"", b"\"file_citation\"", b"\"response.completed\""];

/// Listens to one stream.
pub(crate) struct Heard {
    format: Format,
    assembly: Option<Assembly>,
    /// The events that a bill has to read, as they came.
    marked: Vec<Bytes>,
}

/// Citations that are looked at: the first says all there is to know.
const MARKED_MAX: usize = 2;

impl Heard {
    /// `None` where nobody pays for the call.
    pub fn of(record: &Record, format: Format) -> Option<Self> {
        let bill = record.bill.as_ref()?;
        let assembly = bill.spend.messages.is_some().then(|| Assembly::new(format));
        Some(Self { format, assembly, marked: Vec::new() })
    }

    /// Listens to what the client is sent next.
    pub fn push(&mut self, bytes: &Bytes) {
        let is_marked = || MARKS.iter().any(|mark| memchr::memmem::find(bytes, mark).is_some());
        if self.marked.len() < MARKED_MAX && is_marked() {
            self.marked.push(bytes.clone());
        }
        if let Some(assembly) = &mut self.assembly {
            assembly.push(bytes.clone());
        }
    }

    /// Tells the call's bill.
    pub fn tell(self, record: &mut Record) {
        let Some(bill) = &mut record.bill else { return };
        let is_response = self.format == Format::Responses;
        for bytes in self.marked {
            let mut assembly = Assembly::new(self.format);
            assembly.push(bytes.clone());
            match assembly.finish().filter(|_| is_response) {
                Some(response) => bill.job.answered(response.to_string().as_bytes()),
                None if !is_response => bill.job.answered(&bytes),
                None => {}
            }
        }
        if let Some(assembly) = self.assembly {
            bill.spend.response = assembly.finish();
        }
    }
}
