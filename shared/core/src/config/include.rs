//! `include`: several files read as one document.
//!
//! Breadth first and each file once, as LiteLLM does; a file that includes itself is refused.
//! Reads files through [`Environment`] only.

use std::sync::Arc;

use super::load::{Environment, ReadError};
use super::node::{Entry, Node, Span, Value};
use super::notice::{Kind, Notice};
use super::yaml::{FILE_BYTES_MAX, Reader, too_large};

/// Files of one configuration, itself included.
const FILES_MAX: usize = 100;

/// A file that waits to be read.
struct Pending {
    entry: String,
    span: Span,
    /// The files that lead to it, from the root on.
    chain: Vec<Arc<str>>,
}

/// The document under `name` with all its includes merged in.
///
/// # Errors
/// What cannot be read, with the chain of files that led there.
pub(super) fn assemble(name: &str, environment: &dyn Environment, reader: &mut Reader) -> Result<Node, Box<Notice>> {
    let root_name: Arc<str> = name.into();
    let start = Span::start_of(name);
    let mut root = read_file(&root_name, &start, environment, reader)?
        .ok_or_else(|| Notice::refusal(Kind::Unreadable, &start, "the configuration is empty; add a `model_list`"))?;
    if !matches!(root.value, Value::Map(_)) {
        return Err(not_a_map(&root));
    }
    let mut pending = pending_of(&mut root, std::slice::from_ref(&root_name))?;
    let mut loaded: Vec<Arc<str>> = vec![normal(name).into()];
    while !pending.is_empty() {
        let next = pending.remove(0);
        let path = locate(&next, &root_name, environment, reader)?;
        refuse_cycle(&next, &path)?;
        if loaded.contains(&path) {
            continue;
        }
        if loaded.len() >= FILES_MAX {
            return Err(Notice::refusal(
                Kind::Include,
                &next.span,
                format!("more than {FILES_MAX} files; join some of them"),
            ));
        }
        loaded.push(path.clone());
        let Some(mut included) = read_file(&path, &next.span, environment, reader)? else { continue };
        if !matches!(included.value, Value::Map(_)) {
            return Err(not_a_map(&included));
        }
        let chain: Vec<_> = next.chain.iter().cloned().chain([path]).collect();
        pending.extend(pending_of(&mut included, &chain)?);
        merge(&mut root, included, reader);
    }
    Ok(root)
}

fn not_a_map(node: &Node) -> Box<Notice> {
    let message = format!("the document is {}, not a map; start it with a key such as `model_list:`", node.describe());
    Notice::refusal(Kind::Unreadable, &node.span, message)
}

fn read_file(
    path: &Arc<str>,
    span: &Span,
    environment: &dyn Environment,
    reader: &mut Reader,
) -> Result<Option<Node>, Box<Notice>> {
    let refuse = |message: String| Notice::refusal(Kind::Unreadable, span, message);
    match environment.read(path, FILE_BYTES_MAX) {
        Ok(bytes) => reader.read(path, &bytes),
        Err(ReadError::TooLarge { bytes }) => Err(too_large(path, bytes)),
        Err(ReadError::Missing) => Err(refuse(format!("file `{path}` does not exist; check the path"))),
        Err(ReadError::Failed(reason)) => Err(refuse(format!("file `{path}` cannot be read: {reason}"))),
    }
}

/// Takes the `include` list out of a document.
fn pending_of(document: &mut Node, chain: &[Arc<str>]) -> Result<Vec<Pending>, Box<Notice>> {
    let Value::Map(entries) = &mut document.value else { return Ok(Vec::new()) };
    let Some(index) = entries.iter().position(|entry| entry.name() == Some("include")) else { return Ok(Vec::new()) };
    let include = entries.remove(index).value;
    let refuse = |node: &Node| {
        let message = format!(
            "`include` must be a list of file paths, found {}; write `include: [models.yaml]`",
            node.describe()
        );
        Box::new(Notice::error(Kind::WrongType, &node.span, message).at("include"))
    };
    let Value::List(items) = &include.value else { return Err(refuse(&include)) };
    let mut pending = Vec::new();
    for item in items {
        let entry = item.as_text().ok_or_else(|| refuse(item))?.to_owned();
        pending.push(Pending { entry, span: item.span.clone(), chain: chain.to_vec() });
    }
    Ok(pending)
}

/// The path of an include: next to the file that declares it, else next to the root.
fn locate(
    pending: &Pending,
    root: &Arc<str>,
    environment: &dyn Environment,
    reader: &mut Reader,
) -> Result<Arc<str>, Box<Notice>> {
    let declaring = pending.chain.last().unwrap_or(root);
    let beside = join(declaring, &pending.entry);
    let beside_root = join(root, &pending.entry);
    if environment.exists(&beside) {
        if beside != beside_root && environment.exists(&beside_root) {
            let message = format!(
                "include `{}` matches two files: `{beside}` is read, `{beside_root}` is not; rename one",
                pending.entry
            );
            reader.notices.push(Notice::warning(Kind::Include, &pending.span, message).at("include"));
        }
        return Ok(beside.into());
    }
    if beside != beside_root && environment.exists(&beside_root) {
        let message = format!(
            "include `{}` is not next to `{declaring}`, `{beside_root}` is read instead; move it",
            pending.entry
        );
        reader.notices.push(Notice::warning(Kind::Include, &pending.span, message).at("include"));
        return Ok(beside_root.into());
    }
    let message =
        format!("included file `{beside}` does not exist; check the path ({})", chain_text(&pending.chain, &beside));
    Err(Box::new(Notice::error(Kind::Include, &pending.span, message).at("include")))
}

fn refuse_cycle(pending: &Pending, path: &Arc<str>) -> Result<(), Box<Notice>> {
    if !pending.chain.iter().any(|file| normal(file) == **path) {
        return Ok(());
    }
    let message = format!("`{path}` includes itself; remove this line ({})", chain_text(&pending.chain, path));
    Err(Box::new(Notice::error(Kind::Include, &pending.span, message).at("include")))
}

fn chain_text(chain: &[Arc<str>], last: &str) -> String {
    let mut text = String::new();
    for file in chain {
        text.push_str(file);
        text.push_str(" -> ");
    }
    text + last
}

/// Lists are appended, everything else is replaced by the included file.
fn merge(base: &mut Node, included: Node, reader: &mut Reader) {
    let (Value::Map(base), Value::Map(included)) = (&mut base.value, included.value) else { return };
    for entry in included {
        let Some(existing) = base.iter_mut().find(|existing| existing.key.value == entry.key.value) else {
            base.push(entry);
            continue;
        };
        replace(existing, entry, reader);
    }
}

fn replace(existing: &mut Entry, entry: Entry, reader: &mut Reader) {
    if let (Value::List(items), Value::List(more)) = (&mut existing.value.value, &entry.value.value) {
        items.extend(more.iter().cloned());
        return;
    }
    let name = super::python::text(&entry.key.value);
    let was = &existing.key.span;
    let message = format!("`{name}` replaces all of `{name}` of {}:{}; keep it in one file", was.file, was.line);
    reader.notices.push(Notice::warning(Kind::Include, &entry.key.span, message).at(name));
    *existing = entry;
}

/// `entry` as seen from the folder of `file`, without `.` and `..`.
fn join(file: &str, entry: &str) -> String {
    if entry.starts_with('/') {
        return normal(entry);
    }
    match file.rsplit_once('/') {
        Some((folder, _)) => normal(&format!("{folder}/{entry}")),
        None => normal(entry),
    }
}

fn normal(path: &str) -> String {
    let absolute = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        let can_go_up = parts.last().is_some_and(|last| *last != "..");
        match part {
            "" | "." => {}
            ".." if can_go_up => drop(parts.pop()),
            ".." if absolute => {}
            _ => parts.push(part),
        }
    }
    format!("{}{}", if absolute { "/" } else { "" }, parts.join("/"))
}
