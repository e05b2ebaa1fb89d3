//! A provider that follows a script, one thread a connection. Knows OpenAI's chunks, no gateway.

use super::http::{Connection, Message};
use super::process::free_port;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::thread;

/// Where scripted answers come from. Its threads end with the tests' process.
pub struct Provider {
    pub port: u16,
}

impl Provider {
    /// Runs `script` for every request; an error of it closes the connection.
    pub fn start<Script>(script: Script) -> Self
    where
        Script: Fn(&Message, &mut Connection) -> io::Result<()> + Send + Sync + 'static,
    {
        let port = free_port();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).expect("the provider's port");
        let script = Arc::new(script);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let script = Arc::clone(&script);
                thread::spawn(move || serve(Connection::over(stream?)?, &*script));
            }
        });
        Self { port }
    }
}

/// Until the gateway closes the connection or the script does.
fn serve<Script>(mut connection: Connection, script: &Script) -> io::Result<()>
where
    Script: Fn(&Message, &mut Connection) -> io::Result<()>,
{
    loop {
        let request = connection.read_request()?;
        script(&request, &mut connection)?;
    }
}

/// Answers with a whole chat completion.
pub fn send_completion(connection: &mut Connection, content: &str) -> io::Result<()> {
    let body = serde_json::json!({
        "id": "chatcmpl-scripted", "object": "chat.completion", "created": 1_764_000_000, "model": "gpt-4o",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7},
    })
    .to_string();
    let head = format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", body.len());
    connection.write((head + &body).as_bytes())
}

/// Begins a stream.
pub fn send_stream_head(connection: &mut Connection) -> io::Result<()> {
    connection.write(
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n",
    )
}

/// Sends one content chunk of a stream.
pub fn send_content(connection: &mut Connection, content: &str) -> io::Result<()> {
    connection.write_chunk(content_event(content).as_bytes())
}

/// Ends a stream as it should end.
pub fn send_stream_end(connection: &mut Connection) -> io::Result<()> {
    let finish = r#""choices":[{"index":0,"delta":{},"finish_reason":"stop"}]"#;
    connection.write_chunk(event(finish).as_bytes())?;
    connection.write_chunk(b"data: [DONE]\n\n")?;
    connection.write_chunk(b"")
}

/// The bytes of one content chunk, without HTTP's framing.
pub fn content_event(content: &str) -> String {
    event(&format!(r#""choices":[{{"index":0,"delta":{{"content":"{content}"}},"finish_reason":null}}]"#))
}

fn event(rest: &str) -> String {
    format!(
        "data: {{\"id\":\"chatcmpl-scripted\",\"object\":\"chat.completion.chunk\",\"created\":1764000000,\"model\":\"gpt-4o\",{rest}}}\n\n"
    )
}
