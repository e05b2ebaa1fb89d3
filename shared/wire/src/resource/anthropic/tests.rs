//! Anthropic's answers against what LiteLLM 1.106.2 makes of them.

use serde_json::{Value, json};

use super::{batch, batches, content_path, deleted_file, file, files};

const NOW_S: i64 = 1_800_000_000;

fn check(read: fn(&[u8], i64) -> Option<Vec<u8>>, said: &Value, want: &Value) {
    let answer = read(said.to_string().as_bytes(), NOW_S).unwrap();
    assert_eq!(String::from_utf8(answer).unwrap(), want.to_string());
}

fn said_file() -> Value {
    json!({"id":"file_011","type":"file","filename":"a.pdf","mime_type":"application/pdf","size_bytes":12,
        "created_at":"2025-01-01T00:00:05.123Z","downloadable":false})
}

fn shown_file() -> Value {
    json!({"id":"file_011","bytes":12,"created_at":1735689605,"filename":"a.pdf","object":"file","purpose":"messages",
        "status":"uploaded","expires_at":null,"status_details":null})
}

fn said_batch() -> Value {
    json!({"id":"msgbatch_1","type":"message_batch","processing_status":"ended",
        "request_counts":{"processing":0,"succeeded":2,"errored":1,"canceled":1,"expired":0},
        "ended_at":"2024-08-20T18:38:24.100435Z","created_at":"2024-08-20T18:37:24.100435Z",
        "expires_at":"2024-08-21T18:37:24.100435Z","archived_at":null,"cancel_initiated_at":null})
}

fn shown_batch() -> Value {
    json!({"id":"msgbatch_1","completion_window":"24h","created_at":1724179044,"endpoint":"/v1/messages",
        "input_file_id":"None","object":"batch","status":"completed","cancelled_at":null,"cancelling_at":null,
        "completed_at":1724179104,"error_file_id":null,"errors":null,"expired_at":null,"expires_at":1724265444,
        "failed_at":null,"finalizing_at":null,"in_progress_at":null,"metadata":{},"model":null,
        "output_file_id":"msgbatch_1","request_counts":{"completed":2,"failed":1,"total":4},"usage":null})
}

#[test]
fn files_and_batches_are_openai_s_objects() {
    check(file, &said_file(), &shown_file());
    check(batch, &said_batch(), &shown_batch());
    check(
        deleted_file,
        &json!({"id":"file_011","type":"file_deleted"}),
        &json!({"id":"file_011","deleted":true,"object":"file"}),
    );
}

#[test]
fn lists_can_be_read_by_openai_s_client() {
    let want =
        json!({"object":"list","data":[shown_file()],"first_id":"file_011","last_id":"file_011","has_more":true});
    check(files, &json!({"data":[said_file()],"has_more":true}), &want);
    let want =
        json!({"object":"list","data":[shown_batch()],"first_id":"msgbatch_1","last_id":"msgbatch_1","has_more":false});
    check(batches, &json!({"data":[said_batch()]}), &want);
    check(files, &json!({}), &json!({"object":"list","data":[],"first_id":null,"last_id":null,"has_more":false}));
}

#[test]
fn a_batch_under_way_says_since_when() {
    let shown = |status: &str| {
        let said = json!({"id":"m","processing_status":status,"created_at":"1970-01-01T00:00:01Z",
            "cancel_initiated_at":"1970-01-01T00:00:02Z"});
        serde_json::from_slice::<Value>(&batch(said.to_string().as_bytes(), NOW_S).unwrap()).unwrap()
    };
    let running = shown("in_progress");
    assert_eq!((&running["status"], &running["in_progress_at"]), (&json!("in_progress"), &json!(1)));
    let stopping = shown("canceling");
    assert_eq!((&stopping["status"], &stopping["cancelling_at"]), (&json!("cancelling"), &json!(2)));
}

#[test]
fn damaged_answers_are_none_or_have_defaults() {
    for body in [&b""[..], b"[]", b"{", b"null", b"\xff"] {
        assert!(file(body, NOW_S).is_none() && batches(body, NOW_S).is_none());
    }
    check(
        file,
        &json!({"id":1,"size_bytes":"x","created_at":7}),
        &json!({"id":"","bytes":0,"created_at":NOW_S,"filename":"","object":"file","purpose":"messages",
            "status":"uploaded","expires_at":null,"status_details":null}),
    );
}

#[test]
fn the_content_of_a_batch_is_its_results() {
    assert_eq!(content_path("msgbatch_1"), "/v1/messages/batches/msgbatch_1/results");
    assert_eq!(content_path("file_1"), "/v1/files/file_1/content");
}
