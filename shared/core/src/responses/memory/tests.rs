use super::*;

fn kept(text: &str) -> Kept {
    Kept {
        response: text.to_owned().into(),
        instructions: None,
        before: Vec::new(),
        input: "".into(),
        output: "".into(),
    }
}

async fn ids(memory: &Memory, ids: &[&str]) -> Vec<bool> {
    let mut found = Vec::new();
    for id in ids {
        found.push(memory.get(id).await.is_some());
    }
    found
}

fn bounded(entries_max: usize, bytes_max: usize) -> Memory {
    Memory::new(Bounds { entries_max, bytes_max, retention: Duration::from_secs(60) })
}

#[tokio::test(start_paused = true)]
async fn the_oldest_goes_where_there_are_too_many() {
    let memory = bounded(2, 1_000);
    for id in ["a", "b", "c"] {
        memory.put(id.to_owned(), kept("x")).await;
    }
    assert_eq!(ids(&memory, &["a", "b", "c"]).await, [false, true, true]);
}

#[tokio::test(start_paused = true)]
async fn the_oldest_goes_where_there_are_too_many_bytes() {
    let memory = bounded(10, 25);
    for id in ["a", "b", "c"] {
        memory.put(id.to_owned(), kept("0123456789")).await;
    }
    assert_eq!(ids(&memory, &["a", "b", "c"]).await, [false, true, true]);
    memory.put("d".to_owned(), kept(&"x".repeat(100))).await;
    assert_eq!(ids(&memory, &["b", "c", "d"]).await, [false, false, false]);
    assert_eq!(locked(&memory.state).bytes, 0);
}

#[tokio::test(start_paused = true)]
async fn what_is_old_or_deleted_is_gone() {
    let memory = bounded(10, 1_000);
    memory.put("a".to_owned(), kept("x")).await;
    memory.put("b".to_owned(), kept("x")).await;
    assert!(memory.delete("b").await);
    assert!(!memory.delete("b").await);
    tokio::time::advance(Duration::from_secs(59)).await;
    assert_eq!(ids(&memory, &["a", "b"]).await, [true, false]);
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(ids(&memory, &["a"]).await, [false]);
}

#[tokio::test(start_paused = true)]
async fn texts_of_earlier_turns_count_for_everyone_who_holds_them() {
    let memory = bounded(10, 1_000);
    let long: Arc<str> = "x".repeat(600).into();
    for id in ["a", "b"] {
        memory.put(id.to_owned(), Kept { before: vec![Arc::clone(&long)], ..kept("x") }).await;
    }
    assert_eq!(ids(&memory, &["a", "b"]).await, [false, true]);
}

#[tokio::test(start_paused = true)]
async fn what_is_made_and_deleted_again_and_again_leaves_nothing() {
    let memory = bounded(10, 1_000);
    memory.put("first".to_owned(), kept("x")).await;
    for number in 0..1_000 {
        let id = number.to_string();
        memory.put(id.clone(), kept("x")).await;
        assert!(memory.delete(&id).await);
    }
    assert!(locked(&memory.state).order.len() <= DELETED_MAX + 4);
    assert_eq!(ids(&memory, &["first"]).await, [true]);
}
