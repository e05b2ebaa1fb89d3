//! HTTP/1.1 by hand, either side of a connection. Knows no route.
//!
//! A client library would hide what these tests are about: how a body is cut, how it ends, whether anything came.

use super::PATIENCE;
use serde_json::Value;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpStream};

/// A limit on heads: no test sends or expects a longer one.
const HEAD_BYTES_MAX: usize = 4 << 20;

/// The first line and the headers of a message; names in lower case.
#[derive(Clone, Debug, Default)]
pub struct Head {
    pub line: String,
    pub headers: Vec<(String, String)>,
}

impl Head {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The status of a response; 0 if the first line is no status line.
    pub fn status(&self) -> u16 {
        let status = self.line.strip_prefix("HTTP/1.").and_then(|rest| rest.split(' ').nth(1));
        status.and_then(|status| status.parse().ok()).unwrap_or(0)
    }

    /// The method and the target of a request.
    pub fn request(&self) -> (&str, &str) {
        let mut words = self.line.split(' ');
        (words.next().unwrap_or(""), words.next().unwrap_or(""))
    }
}

/// A whole message.
#[derive(Clone, Debug)]
pub struct Message {
    pub head: Head,
    pub body: Vec<u8>,
}

impl Message {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON; panics with the body if it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("not JSON ({error}): {}", self.text()))
    }
}

/// How much of the current body is still to come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Framing {
    Done,
    Length(usize),
    Chunked,
    UntilClosed,
}

/// One connection with what was read ahead of it. Reads end with an error after [`PATIENCE`].
pub struct Connection {
    stream: TcpStream,
    ahead: Vec<u8>,
    framing: Framing,
}

impl Connection {
    /// Connects to 127.0.0.1.
    pub fn open(port: u16) -> io::Result<Self> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        Self::over(TcpStream::connect_timeout(&address, PATIENCE)?)
    }

    /// The server's side of a connection, or a client's that is connected already.
    pub fn over(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self { stream, ahead: Vec::new(), framing: Framing::Done })
    }

    pub const fn stream(&self) -> &TcpStream {
        &self.stream
    }

    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// Sends one chunk of a chunked body; an empty one ends it.
    pub fn write_chunk(&mut self, data: &[u8]) -> io::Result<()> {
        let mut chunk = format!("{:x}\r\n", data.len()).into_bytes();
        chunk.extend_from_slice(data);
        chunk.extend_from_slice(b"\r\n");
        self.write(&chunk)
    }

    /// Sends a request with a JSON body.
    pub fn post(&mut self, path: &str, key: &str, body: &Value) -> io::Result<()> {
        self.write(&post_bytes(path, key, body.to_string().as_bytes()))
    }

    pub fn get(&mut self, path: &str) -> io::Result<()> {
        self.write(format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n").as_bytes())
    }

    /// Says that nothing more will be sent.
    pub fn end_writing(&self) {
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// Closes both ways at once.
    pub fn close(&self) {
        let _ = self.stream.shutdown(Shutdown::Both);
    }

    /// Reads the head of a response, then [`Self::next_piece`] its body.
    pub fn read_response_head(&mut self) -> io::Result<Head> {
        loop {
            let head = self.read_head()?;
            match head.status() {
                100..=199 => {}
                204 | 304 => return Ok(self.with_framing(head, Framing::Done)),
                _ => return Ok(self.with_framing(head, Framing::UntilClosed)),
            }
        }
    }

    /// Reads a whole response.
    pub fn read_response(&mut self) -> io::Result<Message> {
        let head = self.read_response_head()?;
        Ok(Message { body: self.read_body()?, head })
    }

    /// Reads the response to a HEAD request, which has no body whatever its headers say.
    pub fn read_bodyless_response(&mut self) -> io::Result<Message> {
        let head = self.read_response_head()?;
        self.framing = Framing::Done;
        Ok(Message { head, body: Vec::new() })
    }

    /// Reads the head of a request; `UnexpectedEof` once the client is gone.
    pub fn read_request_head(&mut self) -> io::Result<Head> {
        let head = self.read_head()?;
        Ok(self.with_framing(head, Framing::Done))
    }

    pub fn read_request(&mut self) -> io::Result<Message> {
        let head = self.read_request_head()?;
        Ok(Message { body: self.read_body()?, head })
    }

    /// The rest of the body.
    pub fn read_body(&mut self) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        while let Some(piece) = self.next_piece()? {
            body.extend_from_slice(&piece);
        }
        Ok(body)
    }

    /// The next piece of the body: one chunk of a chunked one. Nothing once it has ended as it should.
    pub fn next_piece(&mut self) -> io::Result<Option<Vec<u8>>> {
        match self.framing {
            Framing::Done | Framing::Length(0) => Ok(None),
            Framing::Length(left) => {
                let piece = self.read_some(left)?.ok_or(ErrorKind::UnexpectedEof)?;
                self.framing = Framing::Length(left - piece.len());
                Ok(Some(piece))
            }
            Framing::UntilClosed => self.read_some(usize::MAX),
            Framing::Chunked => self.read_chunk(),
        }
    }

    fn with_framing(&mut self, head: Head, otherwise: Framing) -> Head {
        let length = head.header("content-length").and_then(|length| length.parse().ok());
        let chunked = head.header("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked"));
        self.framing = match (chunked, length) {
            (true, _) => Framing::Chunked,
            (false, Some(length)) => Framing::Length(length),
            (false, None) => otherwise,
        };
        head
    }

    fn read_head(&mut self) -> io::Result<Head> {
        let mut head = Head { line: self.read_line()?, headers: Vec::new() };
        loop {
            let line = self.read_line()?;
            let Some((name, value)) = line.split_once(':') else { return Ok(head) };
            head.headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
    }

    fn read_chunk(&mut self) -> io::Result<Option<Vec<u8>>> {
        let line = self.read_line()?;
        let size = usize::from_str_radix(line.split(';').next().unwrap_or("").trim(), 16);
        let size = size.map_err(|_| io::Error::new(ErrorKind::InvalidData, format!("no chunk size: {line:?}")))?;
        while self.ahead.len() < size {
            self.fill()?;
        }
        let chunk: Vec<u8> = self.ahead.drain(..size).collect();
        // The line after the last chunk is the first trailer, if any.
        while !self.read_line()?.is_empty() {}
        if size == 0 {
            self.framing = Framing::Done;
            return Ok(None);
        }
        Ok(Some(chunk))
    }

    /// One line without its end.
    fn read_line(&mut self) -> io::Result<String> {
        loop {
            if let Some(end) = self.ahead.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.ahead.drain(..=end).collect();
                return Ok(String::from_utf8_lossy(&line).trim_end().to_owned());
            }
            if self.ahead.len() > HEAD_BYTES_MAX {
                return Err(io::Error::new(ErrorKind::InvalidData, "a line without end"));
            }
            self.fill()?;
        }
    }

    /// At most `most` bytes, whatever is there first; nothing at the end of the connection.
    fn read_some(&mut self, most: usize) -> io::Result<Option<Vec<u8>>> {
        if self.ahead.is_empty() {
            match self.fill() {
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
                outcome => outcome?,
            }
        }
        let size = most.min(self.ahead.len());
        Ok(Some(self.ahead.drain(..size).collect()))
    }

    fn fill(&mut self) -> io::Result<()> {
        let mut buffer = [0; 65_536];
        match self.stream.read(&mut buffer)? {
            0 => Err(ErrorKind::UnexpectedEof.into()),
            size => {
                self.ahead.extend_from_slice(&buffer[..size]);
                Ok(())
            }
        }
    }
}

/// The bytes of a POST with a JSON body, valid or not.
pub fn post_bytes(path: &str, key: &str, body: &[u8]) -> Vec<u8> {
    let mut request = format!(
        "POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {key}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    request.extend_from_slice(body);
    request
}
