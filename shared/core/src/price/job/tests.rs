use super::*;

fn asked(operation: Operation, body: &str) -> Job {
    Job::asked(operation, &Object::parse(body.as_bytes()).unwrap())
}

fn answered(work: Deed, answer: &str) -> Deed {
    let mut job = Job::from(work);
    job.answered(answer.as_bytes());
    job.work
}

#[test]
fn images_are_those_of_the_answer() {
    let asked = asked(Operation::ImageGeneration, r#"{"n":3,"size":"1024x1024","quality":"hd"}"#).work;
    let images = |count, size: &str, quality: &str| Deed::Images {
        count,
        size: Some(size.to_owned()),
        quality: Some(quality.to_owned()),
        resolution: None,
        steps: None,
    };
    assert_eq!(asked, images(3, "1024x1024", "hd"));
    let answer = r#"{"data":[{"b64_json":"a,b"},{"url":"u"}],"quality":"high"}"#;
    assert_eq!(answered(asked, answer), images(2, "1024x1024", "high"));
}

#[test]
fn the_answer_tells_before_the_recording() {
    let of = |length: Option<u64>, answer: &str| {
        let length = length.map(Duration::from_secs);
        match answered(Deed::Transcription { length }, answer) {
            Deed::Transcription { length } => length.map(|length| length.as_millis()),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(of(Some(3), r#"{"text":"a","duration":8.47}"#), Some(8470));
    assert_eq!(of(None, r#"{"text":"a","duration":"2.5"}"#), Some(2500));
    assert_eq!(of(Some(3), r#"{"text":"a","usage":{"type":"duration","seconds":4}}"#), Some(3000));
    assert_eq!(of(None, r#"{"text":"a","usage":{"type":"duration","seconds":4}}"#), Some(4000));
    assert_eq!(of(None, "just words"), None);
}

#[test]
fn reranks_and_pages_are_counted_by_whoever_answers() {
    let rerank = |answer| answered(Deed::Rerank { units: Some(1), tokens: None }, answer);
    let billed = r#"{"results":[],"meta":{"billed_units":{"search_units":2,"total_tokens":9}}}"#;
    assert_eq!(rerank(billed), Deed::Rerank { units: Some(2), tokens: Some(9) });
    assert_eq!(rerank(r#"{"results":[]}"#), Deed::Rerank { units: Some(1), tokens: None });
    let pages = |answer| answered(Deed::Pages { pages: None, annotated: 0, credits: None }, answer);
    let told = r#"{"pages":[],"usage_info":{"pages_processed":3,"pages_processed_annotation":2,"credits":1.5}}"#;
    assert_eq!(pages(told), Deed::Pages { pages: Some(3), annotated: 2, credits: Some(1500) });
}

#[test]
fn searches_and_files_of_an_answer_are_tools() {
    let tools = |answer: &str| {
        let mut job = Job::default();
        job.answered(answer.as_bytes());
        (job.tools.searched, job.tools.files.is_some())
    };
    let output = |items: &str| format!(r#"{{"output":[{items}]}}"#);
    let (web, file) = (r#"{"type":"web_search_call"}"#, r#"{"type":"file_search_call"}"#);
    assert_eq!(tools(&output(&format!("{web},{web},{file}"))), (Some(2), false));
    assert_eq!(tools(&output(file)), (None, true));
    let billed = format!(r#"{{"output":[{web},{web}],"tool_usage":{{"web_search":{{"num_requests":1}}}}}}"#);
    assert_eq!(tools(&billed), (Some(1), false));
    assert_eq!(tools(r#"{"choices":[{"message":{"annotations":[{"type":"url_citation"}]}}]}"#), (Some(1), false));
    assert_eq!(tools(r#"{"choices":[{"message":{"content":"\"url_citation\""}}]}"#), (None, false));
}

#[test]
fn the_most_is_what_no_answer_exceeds() {
    let most = |operation, body: &str, bytes| {
        let object = Object::parse(body.as_bytes()).unwrap();
        Job::asked(operation, &object).most(Some(&object), bytes).work
    };
    let pages = |pages, annotated| Deed::Pages { pages: Some(pages), annotated, credits: None };
    assert_eq!(most(Operation::Ocr, "{}", None), pages(1000, 0));
    assert_eq!(most(Operation::Ocr, r#"{"pages":[0,1],"document_annotation_format":{}}"#, None), pages(2, 2));
    let documents = format!(r#"{{"documents":[{}]}}"#, vec!["\"d\""; 101].join(","));
    assert_eq!(most(Operation::Rerank, &documents, None), Deed::Rerank { units: Some(2), tokens: None });
    let length = |seconds| Deed::Transcription { length: Some(Duration::from_secs(seconds)) };
    assert_eq!(most(Operation::Transcription, "{}", Some(60_000)), length(61));
    assert_eq!(most(Operation::Transcription, "{}", None), length(4 * 3600));
    let known = Job::from(length(3));
    assert_eq!(known.most(None, Some(60_000)).work, length(3));
}

#[test]
fn a_request_tells_its_tier_and_how_much_is_read() {
    let job = asked(
        Operation::ChatCompletion,
        r#"{"service_tier":"flex","web_search_options":{"search_context_size":"low"}}"#,
    );
    assert_eq!((job.tier.as_deref(), job.tools.context), (Some("flex"), Some(Context::Low)));
    let tools = r#"{"tools":[{"type":"web_search_preview","search_context_size":"high"}]}"#;
    assert_eq!(asked(Operation::Responses, tools).tools.context, Some(Context::High));
}
