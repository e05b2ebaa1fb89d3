use super::*;

/// Pairs recorded from LiteLLM 1.106.2.
#[test]
fn ids_are_those_of_litellm() {
    let recorded = [
        ("file-abc123", "gpt-4o-litellm", Kind::File, "file-bGl0ZWxsbTpmaWxlLWFiYzEyMzttb2RlbCxncHQtNG8tbGl0ZWxsbQ"),
        ("batch_abc", "batch-model", Kind::Batch, "batch_bGl0ZWxsbTpiYXRjaF9hYmM7bW9kZWwsYmF0Y2gtbW9kZWw"),
        (
            "3814889423749775360",
            "gemini-2.5-pro",
            Kind::Batch,
            "batch_bGl0ZWxsbTozODE0ODg5NDIzNzQ5Nzc1MzYwO21vZGVsLGdlbWluaS0yLjUtcHJv",
        ),
    ];
    for (id, model, kind, handed_out) in recorded {
        assert_eq!(encode(id, model, kind), handed_out);
        let routed = Routed { id: id.to_owned(), model: model.to_owned() };
        assert_eq!(decode(handed_out), Some(routed));
    }
}

#[test]
fn ids_of_a_provider_are_left_alone() {
    for id in ["file-abc123", "batch_abc", "", "file-", "file-bGl0ZWxsbTo", "file-\u{1F600}"] {
        assert_eq!(decode(id), None, "{id}");
        assert!(!is_managed(id), "{id}");
    }
}

#[test]
fn ids_of_managed_files_are_known() {
    let id = URL_SAFE_NO_PAD.encode("litellm_proxy:application/octet-stream;unified_id,1;target_model_names,a");
    assert!(is_managed(&id) && decode(&id).is_none());
}

#[test]
fn ids_of_videos_are_litellm_s() {
    let video = super::Video { id: "video_1".to_owned(), provider: "openai".to_owned(), model: "sora".to_owned() };
    let id = "video_bGl0ZWxsbTpjdXN0b21fbGxtX3Byb3ZpZGVyOm9wZW5haTttb2RlbF9pZDpzb3JhO3ZpZGVvX2lkOnZpZGVvXzE=";
    assert_eq!(video.encode(), id);
    assert_eq!(super::Video::decode(id), Some(video.clone()));
    assert_eq!(super::Video::decode(id.trim_end_matches('=')), Some(video));
    for id in ["video_1", "video_", "file-1", "video_bGl0ZWxsbTo="] {
        assert_eq!(super::Video::decode(id), None, "{id}");
    }
}
