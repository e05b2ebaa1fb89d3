use std::io;
use std::sync::{Arc, Mutex};

use super::*;

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl io::Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic while held").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn line(shape: Shape) -> String {
    let kept = Kept::default();
    let writer = kept.clone();
    let subscriber =
        tracing_subscriber::fmt().event_format(Line { shape }).with_writer(move || writer.clone()).finish();
    tracing::subscriber::with_default(subscriber, || {
        tracing::info!(model = %"gpt\nINFO forged", status = 200, duration_ms = 1.5, "served gpt\nin 1 ms");
    });
    String::from_utf8(kept.0.lock().expect("no panic while held").clone()).expect("utf-8")
}

#[test]
fn plain_line_stays_one_line() {
    let line = line(Shape::Plain);
    assert_eq!(line.matches('\n').count(), 1, "{line}");
    assert!(line.contains("INFO  served gpt\\nin 1 ms model=gpt\\nINFO forged status=200 duration_ms=1.500"), "{line}");
}

#[test]
fn json_line_has_the_fields_of_litellm() {
    let line = line(Shape::Json);
    let object: Value = serde_json::from_str(&line).expect("JSON");
    for name in ["message", "level", "timestamp", "component", "logger"] {
        assert!(object[name].is_string(), "{name}: {line}");
    }
    assert_eq!((&object["status"], &object["level"]), (&200.into(), &"INFO".into()));
}

#[test]
fn level_is_one_of_litellms_words() {
    assert_eq!("warning".parse(), Ok(Level::Warning));
    assert!("loud".parse::<Level>().expect_err("unknown").contains("use DEBUG"));
}
