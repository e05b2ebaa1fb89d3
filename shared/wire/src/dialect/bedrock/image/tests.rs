use serde_json::json;

use super::*;
use crate::prepare::Settings;
use crate::{Operation, provider};

/// What LiteLLM sends, and what it refuses, was read off `litellm.image_generation`.
fn check(model: &str, body: Value, expected: Result<Value, &str>) {
    let resolved = provider::resolve(&format!("bedrock/{model}"), None, None).expect("a known provider");
    let rules = Rules::new(Settings::new(resolved.provider, resolved.model));
    let text = body.to_string();
    let body = Object::parse(text.as_bytes()).expect("an object");
    let prepared = crate::prepare::prepare(&rules, Operation::ImageGeneration, body);
    let ours = prepared.map(|prepared| serde_json::from_slice(&prepared.body).expect("JSON"));
    assert_eq!(ours.map_err(|refusal| refusal.to_string()), expected.map_err(str::to_owned), "{model} {text}");
}

const TITAN: &str = "amazon.titan-image-generator-v2:0";
const NOVA: &str = "us.amazon.nova-canvas-v1:0";

#[test]
fn titan_is_told_sizes_and_numbers_in_its_configuration() {
    let words = json!({"text": "a cat"});
    check(
        TITAN,
        json!({"model": "m", "prompt": "a cat", "n": 2, "size": "512x256", "quality": "hd"}),
        Ok(json!({"taskType": "TEXT_IMAGE", "textToImageParams": words, "imageGenerationConfig":
            {"numberOfImages": 2, "quality": "premium", "width": 512, "height": 256}})),
    );
    check(
        TITAN,
        json!({"model": "m", "prompt": "a cat", "negativeText": "x", "seed": 3}),
        Ok(json!({"taskType": "TEXT_IMAGE", "textToImageParams": {"text": "a cat", "negativeText": "x"},
            "imageGenerationConfig": {}})),
    );
}

#[test]
fn nova_canvas_takes_every_other_field_as_configuration() {
    check(
        NOVA,
        json!({"model": "m", "prompt": "a cat", "n": 2, "size": "512x256", "quality": "premium", "cfgScale": 3}),
        Ok(json!({"taskType": "TEXT_IMAGE", "textToImageParams": {"text": "a cat"}, "imageGenerationConfig":
            {"width": 512, "height": 256, "numberOfImages": 2, "quality": "premium", "cfgScale": 3}})),
    );
    check(
        NOVA,
        json!({"model": "m", "prompt": "a cat", "taskType": "COLOR_GUIDED_GENERATION",
            "colorGuidedGenerationParams": {"colors": ["#fff"]}}),
        Ok(json!({"taskType": "COLOR_GUIDED_GENERATION", "imageGenerationConfig": {},
            "colorGuidedGenerationParams": {"text": "a cat", "colors": ["#fff"]}})),
    );
    check(
        NOVA,
        json!({"model": "m", "prompt": "a cat", "taskType": "X"}),
        Err("Task type X is not supported: use TEXT_IMAGE, COLOR_GUIDED_GENERATION or INPAINTING"),
    );
}

#[test]
fn stability_is_asked_in_two_forms() {
    check(
        "stability.sd3-large-v1:0",
        json!({"model": "m", "prompt": "a cat\nand dog", "aspect_ratio": "1:1"}),
        Ok(json!({"prompt": "a cat\nand dog", "aspect_ratio": "1:1"})),
    );
    check(
        "stability.stable-diffusion-xl-v1",
        json!({"model": "m", "prompt": "a cat\nand dog", "size": "512x256", "steps": 30}),
        Ok(json!({"text_prompts": [{"text": "a cat and dog", "weight": 1}], "width": 512, "height": 256, "steps": 30})),
    );
}

#[test]
fn unknown_parameters_are_refused_or_dropped() {
    let refused = "Setting `style` is not supported by bedrock, amazon.titan-image-generator-v2:0. To drop it from the \
                   call, set `litellm.drop_params = True`.";
    check(TITAN, json!({"model": "m", "prompt": "a", "style": "vivid", "user": "u"}), Err(refused));
    let plain = json!({"taskType": "TEXT_IMAGE", "textToImageParams": {"text": "a"}, "imageGenerationConfig": {}});
    check(TITAN, json!({"model": "m", "prompt": "a", "style": "vivid", "drop_params": true}), Ok(plain.clone()));
    check(TITAN, json!({"model": "m", "prompt": "a", "size": "auto"}), Ok(plain));
    let size = "`size` is `big`: write width and height in pixels, such as 1024x1024";
    check(TITAN, json!({"model": "m", "prompt": "a", "size": "big"}), Err(size));
}

#[test]
fn images_are_answered_in_base64() {
    let read = |body: Value| {
        let context = Context::default();
        let answered = answer(&context, &[Bytes::from(body.to_string())]);
        answered.map(|text| serde_json::from_slice::<Value>(&text).expect("JSON")["data"].take())
    };
    let cat = json!([{"b64_json": "QUJD"}]);
    assert_eq!(read(json!({"images": ["QUJD"], "finish_reasons": [null]})), Ok(cat.clone()));
    assert_eq!(read(json!({"artifacts": [{"base64": "QUJD"}]})), Ok(cat));
    assert_eq!(
        read(json!({"images": [], "finish_reasons": ["Filter reason: prompt", null]})),
        Err(Unreadable("Filter reason: prompt".to_owned()))
    );
    assert!(read(json!({"x": 1})).is_err() && read(json!([])).is_err());
}
