//! Jobs and objects against what LiteLLM 1.106.2 makes of them.

use serde_json::{Value, json};

use super::{Bucket, Job, Place, created, has_ended, job, listed, safe};

const ARN: &str = "arn:aws:bedrock:us-east-1:123456789012:model-invocation-job/abc123";
const INPUT: &str = "s3://in/litellm-bedrock-files-m-1.jsonl";

fn parsed(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}

#[test]
fn only_objects_of_the_gateway_can_be_named() {
    let buckets = [Bucket::new("in/pre/"), Bucket::new("out")];
    let check = |id: &str, want: Result<&str, &'static str>| {
        assert_eq!(Place::of(id, &buckets).map(|place| place.key), want.map(str::to_owned), "{id}");
    };
    check("s3://in/pre/litellm-bedrock-files-m-1.jsonl", Ok("pre/litellm-bedrock-files-m-1.jsonl"));
    check("s3://out/litellm-batch-outputs/j/abc/x.out", Ok("litellm-batch-outputs/j/abc/x.out"));
    let foreign = Err("file_id must reference a LiteLLM-managed storage object");
    check("s3://in/litellm-bedrock-files-m-1.jsonl", foreign);
    check("s3://in/pre/secret", foreign);
    check("s3://other/litellm-bedrock-files/x", Err("file_id bucket does not match the configured storage bucket"));
    check("file-1", Err("file_id must be a managed LiteLLM S3 file id"));
    check("s3://in", Err("file_id must include a cloud storage object name"));
    let outside = Err("Cloud storage object name contains an invalid path segment");
    check("s3://out/litellm-batch-outputs/../secret", outside);
    check("s3://out/litellm-batch-outputs/%2e%2e/secret", outside);
}

#[test]
fn a_job_says_what_is_read_and_where_to_write() {
    let tags = json!([{"key":"team","value":"a"}]);
    let job = Job {
        model: "m:0",
        name: "litellm-batch-12345678",
        role_arn: "arn:role",
        input: INPUT,
        output_bucket: &Bucket::new("out"),
        bucket_owner: Some("1"),
        encryption_key: Some("k"),
        tags: Some(&tags),
        completion_window: "24h",
    };
    let want = json!({"modelId":"m:0","jobName":"litellm-batch-12345678",
        "inputDataConfig":{"s3InputDataConfig":{"s3Uri":INPUT,"s3BucketOwner":"1"}},
        "outputDataConfig":{"s3OutputDataConfig":{"s3Uri":"s3://out/litellm-batch-outputs/litellm-batch-12345678/",
            "s3BucketOwner":"1","s3EncryptionKeyId":"k"}},
        "roleArn":"arn:role","tags":tags,"timeoutDurationInHours":24});
    assert_eq!(parsed(&job.body()), want);
}

#[test]
fn a_new_job_is_a_batch_that_is_validated() {
    let request = json!({"input_file_id":INPUT,"endpoint":"/v1/embeddings","completion_window":"24h","metadata":{"a":1,"b":null}});
    let batch = parsed(&created(json!({"jobArn":ARN}).to_string().as_bytes(), &request, 7).unwrap());
    assert_eq!((&batch["id"], &batch["status"], &batch["created_at"]), (&json!(ARN), &json!("validating"), &json!(7)));
    assert_eq!((&batch["endpoint"], &batch["metadata"]), (&json!("/v1/embeddings"), &json!({"a":"1"})));
    for body in ["{}", "[]", "<", ""] {
        assert!(created(body.as_bytes(), &request, 7).is_none());
    }
}

#[test]
fn a_finished_job_names_its_output() {
    let said = json!({"jobArn":ARN,"jobName":"n","modelId":"m","status":"PartiallyCompleted",
        "submitTime":"2024-08-20T18:37:24Z","lastModifiedTime":"2024-08-20T18:37:25Z","endTime":"2024-08-20T18:37:26.5Z",
        "inputDataConfig":{"s3InputDataConfig":{"s3Uri":INPUT}},"outputDataConfig":{"s3OutputDataConfig":{"s3Uri":"s3://out/p/"}},
        "totalRecordCount":3,"successRecordCount":2,"errorRecordCount":1});
    let output = "s3://out/p/abc123/litellm-bedrock-files-m-1.jsonl.out";
    let want = json!({"id":ARN,"completion_window":"24h","created_at":1724179044,"endpoint":"/v1/chat/completions",
        "input_file_id":INPUT,"object":"batch","status":"completed","cancelled_at":null,"cancelling_at":null,
        "completed_at":1724179046,"error_file_id":null,"errors":null,"expired_at":null,"expires_at":null,"failed_at":null,
        "finalizing_at":null,"in_progress_at":1724179045,"metadata":{"model_arn":"m","job_arn":ARN,"job_name":"n",
            "failure_message":"","input_s3_uri":INPUT,"output_s3_uri":"s3://out/p/","output_file_uri":output},
        "model":null,"output_file_id":output,"request_counts":{"completed":2,"failed":1,"total":3},"usage":null});
    let batch = job(said.to_string().as_bytes(), ARN).unwrap();
    assert_eq!(parsed(&batch), want);
    assert!(has_ended(&batch));
}

#[test]
fn a_running_job_names_no_output_yet() {
    let batch = job(br#"{"status":"Scheduled"}"#, ARN).unwrap();
    assert!(!has_ended(&batch));
    let batch = parsed(&batch);
    assert_eq!(
        (&batch["id"], &batch["status"], &batch["output_file_id"]),
        (&json!(ARN), &json!("in_progress"), &Value::Null)
    );
    assert!(job(b"<html>", ARN).is_none());
}

#[test]
fn a_list_shows_the_gateway_s_objects_only() {
    let xml = "<?xml version=\"1.0\"?><ListBucketResult><Name>in</Name><IsTruncated>true</IsTruncated>\
        <Contents><Key>litellm-bedrock-files/a&amp;b</Key><LastModified>2025-01-01T00:00:05.000Z</LastModified><Size>7</Size></Contents>\
        <Contents><Key>secret</Key><Size>1</Size></Contents>\
        <Contents><Key>litellm-batch-outputs/x</Key><Size>2</Size></Contents></ListBucketResult>";
    let page = parsed(&listed(xml, &Bucket::new("in"), None));
    let ids: Vec<_> = page["data"].as_array().unwrap().iter().map(|file| file["id"].clone()).collect();
    assert_eq!(ids, ["s3://in/litellm-bedrock-files/a&b", "s3://in/litellm-batch-outputs/x"]);
    assert_eq!((&page["has_more"], &page["data"][0]["created_at"]), (&json!(true), &json!(1735689605)));
    let outputs = parsed(&listed(xml, &Bucket::new("in"), Some("batch_output")));
    assert_eq!(outputs["data"].as_array().unwrap().len(), 1);
    assert_eq!(parsed(&listed("garbage <Contents> <Key>", &Bucket::new("in"), None))["data"], json!([]));
}

#[test]
fn names_are_made_safe() {
    for (name, want) in [("a b/c d?.jsonl", "c_d_.jsonl"), ("..", ""), ("x:y", "x_y"), ("ä", "")] {
        assert_eq!(safe(name), want, "{name}");
    }
}
