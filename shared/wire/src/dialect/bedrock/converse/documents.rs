//! What Bedrock demands of documents: names of their own, and a text beside them. Knows no message.

use super::block::{Block, Turn};

/// Stands where a turn has a document and no text (LiteLLM's `BEDROCK_DOCUMENT_PLACEHOLDER_TEXT`).
const PLACEHOLDER: &str = ".";

/// Renames documents of one name, and gives turns that have nothing else a text.
pub(super) fn finish(turns: &mut [Turn<'_>]) {
    rename(turns);
    turns.iter_mut().for_each(add_text);
}

/// The first document of a name keeps it; later ones get `_2`, `_3`, … behind it.
fn rename(turns: &mut [Turn<'_>]) {
    let blocks = || turns.iter().flat_map(|turn| &turn.content);
    let mut used: Vec<String> = blocks().filter_map(name).map(str::to_owned).collect();
    if used.len() < 2 {
        return;
    }
    let mut seen: Vec<String> = Vec::new();
    for block in turns.iter_mut().flat_map(|turn| &mut turn.content) {
        let Block::Document(document) = block else { continue };
        let count = seen.iter().filter(|name| **name == document.name).count() + 1;
        seen.push(document.name.clone());
        if count > 1 {
            let fresh = (count..).map(|suffix| format!("{}_{suffix}", document.name));
            let fresh = fresh.take(used.len() + 1).find(|name| !used.contains(name)).unwrap_or_default();
            used.push(fresh.clone());
            document.name = fresh;
        }
    }
}

fn name<'b>(block: &'b Block<'_>) -> Option<&'b str> {
    match block {
        Block::Document(document) => Some(&document.name),
        _ => None,
    }
}

fn add_text(turn: &mut Turn<'_>) {
    let has = |holds: fn(&Block<'_>) -> bool| turn.content.iter().any(holds);
    let needs_text = turn.role == "user"
        && has(|block| matches!(block, Block::Document(_)))
        && !has(|block| matches!(block, Block::Text(_)));
    if needs_text {
        // A mark for caching at the end stays the end.
        let is_marked = matches!(turn.content.last(), Some(Block::CachePoint(_)));
        let place = turn.content.len() - usize::from(is_marked);
        turn.content.insert(place, Block::text(PLACEHOLDER));
    }
}
