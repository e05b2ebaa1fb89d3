//! Prompts, bodies, answers and streams of the families, as LiteLLM has them.

use serde_json::{Value, json};

use super::*;
use crate::Operation;
use crate::chat::Chunk;
use crate::dialect::{Context, Decoder as _, Frame};
use crate::json::Object;
use crate::prepare::{Rules, Settings, prepare};
use crate::provider;

const MESSAGES: &str = r#"[{"role":"system","content":"S"},{"role":"user","content":"A"},
    {"role":"assistant","content":"x</think>B"},{"role":"user","content":" C "}]"#;

/// The body of a chat with a model.
fn check(model: &str, more: Value, want: Value) {
    let resolved = provider::resolve(&format!("bedrock/{model}"), None, None).expect("a provider");
    let rules = Rules::new(Settings::new(resolved.provider, resolved.model));
    let mut body = more;
    body["messages"] = serde_json::from_str(MESSAGES).expect("JSON");
    let text = body.to_string();
    let prepared = prepare(&rules, Operation::ChatCompletion, Object::parse(text.as_bytes()).expect("an object"));
    let got: Value = serde_json::from_slice(&prepared.expect("a request").body).expect("JSON");
    assert_eq!(got, want, "{model}");
}

#[test]
fn bodies_are_litellms() {
    check(
        "invoke/meta.llama3-8b-instruct-v1:0",
        json!({"max_tokens": 5, "temperature": 0.5, "x": 1}),
        json!({
            "prompt": "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nS<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nA<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\nx</think>B<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nC<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n",
            "max_gen_len": 5, "temperature": 0.5, "x": 1,
        }),
    );
    check(
        "invoke/meta.llama2-13b-chat-v1",
        json!({}),
        json!({"prompt": "<s>[INST] <<SYS>>\nS\n<</SYS>>\n [/INST]\n[INST] A [/INST]\nx</think>B\n</s>[INST]  C  [/INST]\n"}),
    );
    check(
        "mistral.mistral-7b-instruct-v0:2",
        json!({"stop": ["x"], "top_p": 1}),
        json!({"prompt": "<s>[INST] \nS [/INST]\n[INST] A [/INST]\n x</think>B</s> [INST]  C  [/INST]\n", "stop": ["x"], "top_p": 1}),
    );
    check(
        "amazon.titan-text-lite-v1",
        json!({"max_tokens": 3}),
        json!({
            "inputText": "\n\nUser: <admin>S</admin>\n\nUser: A\n\nBot: x</think>B\n\nUser:  C \n\nBot: ",
            "textGenerationConfig": {"maxTokenCount": 3},
        }),
    );
    check(
        "deepseek_r1/arn:aws:bedrock:us-east-1:1:imported-model/x",
        json!({}),
        json!({"prompt": "<｜begin▁of▁sentence｜>S<｜User｜>A<｜Assistant｜>B<｜end▁of▁sentence｜><｜User｜> C <｜Assistant｜><think>\n"}),
    );
    check(
        "cohere.command-r-v1:0",
        json!({"n": 2}),
        json!({"message": "S\n\nA\n\nx</think>B\n\n C", "num_generations": 2, "chat_history": []}),
    );
}

#[test]
fn answers_of_each_family_are_read() {
    let context = Context::default();
    for (family, body) in [
        (Family::Llama, json!({"generation": "Hi", "prompt_token_count": 1, "generation_token_count": 2})),
        (Family::Mistral, json!({"outputs": [{"text": "Hi", "stop_reason": "length"}]})),
        (Family::Mistral, json!({"choices": [{"message": {"content": "Hi"}, "finish_reason": "length"}]})),
        (Family::Titan, json!({"results": [{"outputText": "Hi", "tokenCount": 2}], "inputTextTokenCount": 1})),
        (Family::Cohere, json!({"generations": [{"text": "Hi", "finish_reason": "COMPLETE"}]})),
        (Family::Cohere, json!({"text": "Hi"})),
        (Family::Ai21, json!({"completions": [{"data": {"text": "Hi"}}]})),
        (Family::Qwen3, json!({"generation": "<|im_start|>assistant\nHi<|im_end|>"})),
        (Family::Qwen2, json!({"text": "Hi"})),
        (Family::OpenAi, json!({"choices": [{"message": {"role": "assistant", "content": "Hi"}}]})),
        (
            Family::Nova,
            json!({"output": {"message": {"content": [{"text": "Hi"}]}}, "stopReason": "end_turn", "usage": {"inputTokens": 1, "outputTokens": 2}}),
        ),
    ] {
        let read = answer(family, &context, body.to_string().as_bytes()).expect("an answer");
        assert_eq!(read.choices[0].message.content.as_deref(), Some("Hi"), "{body}");
    }
    assert!(answer(Family::Llama, &context, b"{}").is_err());
}

/// The chunks of a stream of events.
fn chunks(family: Family, events: &[Value]) -> Vec<Chunk> {
    use base64::Engine as _;
    let (mut stream, mut out) = (InvokeStream::new(family, &Context::default()), Vec::new());
    for event in events {
        let bytes = base64::engine::general_purpose::STANDARD.encode(event.to_string());
        let data = json!({ "bytes": bytes }).to_string();
        stream.frame(Frame { name: "chunk", data: data.as_bytes() }, &mut out).expect("an event");
    }
    out
}

#[test]
fn streams_of_each_family_are_read() {
    let end = json!({"generation": "", "stop_reason": "length", "prompt_token_count": 1, "generation_token_count": 2});
    let llama = chunks(Family::Llama, &[json!({"generation": "Hi", "prompt_token_count": null}), end]);
    assert_eq!(llama, [Chunk::text("Hi"), Chunk::finish("length"), Chunk::counts(answer::counted(1, 2))]);
    let titan = chunks(Family::Titan, &[json!({"outputText": "Hi", "completionReason": "FINISH"})]);
    assert_eq!(titan, [Chunk::text("Hi"), Chunk::finish("stop")]);
    let mistral = chunks(Family::Mistral, &[json!({"outputs": [{"text": "Hi", "stop_reason": null}]})]);
    assert_eq!(mistral, [Chunk::text("Hi")]);
    let pieces = ["hm", "</think>", "Hi"].map(|text| json!({ "generation": text }));
    assert_eq!(chunks(Family::DeepSeekR1, &pieces), [Chunk::reasoning("hm"), Chunk::text("Hi")]);
    let nova = json!({"contentBlockDelta": {"delta": {"text": "Hi"}, "contentBlockIndex": 0}});
    assert_eq!(chunks(Family::Nova, &[nova]), [Chunk::text("Hi")]);
    let openai = json!({"choices": [{"index": 0, "delta": {"content": "Hi"}}]});
    assert_eq!(chunks(Family::Moonshot, &[openai]), [Chunk::text("Hi")]);
}

#[test]
fn marks_for_caching_go_into_the_text_before_them() {
    let mut blocks = json!([{"text": "a"}, {"cachePoint": {"type": "default"}}, {"image": {}}]);
    inline_marks(&mut blocks);
    assert_eq!(blocks, json!([{"text": "a", "cachePoint": {"type": "default"}}, {"image": {}}]));
}
