//! A provider with a script for each deployment, as the recording's: the first part of the path names the deployment.
//!
//! Every deployment plays its list of answers in order; the last one repeats. Knows nothing of the gateway.

use crate::harness::http::{Connection, Message};
use crate::harness::process::free_port;
use serde_json::Value;
use std::collections::{BTreeMap, VecDeque};
use std::io::{self, ErrorKind, Read};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, SystemTime};

const HANG: Duration = Duration::from_secs(6);
/// Long enough that what ends a stream is never read together with what came before.
const BETWEEN_EVENTS: Duration = Duration::from_millis(150);
const REQUEST_BYTES_MAX: usize = 60_000;

/// What the recording says of answers: each fault by its name, and what `ok` is on each path.
pub struct Answers {
    pub faults: Value,
    pub ok: Value,
}

/// A call that has arrived.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// `call N` of its question; the scene numbers its requests so.
    pub said: String,
    pub deployment: String,
    pub is_changed: bool,
}

/// The provider of one scene. Its threads end with the tests' process.
pub struct Provider {
    pub port: u16,
    state: Arc<State>,
}

struct State {
    answers: Arc<Answers>,
    scripts: Mutex<BTreeMap<String, VecDeque<String>>>,
    arrivals: Mutex<Vec<Arrival>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Provider {
    pub fn start(answers: Arc<Answers>, scripts: &Value) -> Self {
        let port = free_port();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).expect("the provider's port");
        let names = |script: &Value| {
            let names = script.as_array().expect("a script").iter();
            names.map(|name| name.as_str().expect("a name").to_owned()).collect()
        };
        let scripts = scripts.as_object().expect("scripts").iter();
        let scripts = scripts.map(|(deployment, script)| (deployment.clone(), names(script))).collect();
        let state = Arc::new(State { answers, scripts: Mutex::new(scripts), arrivals: Mutex::default() });
        let serving = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let state = Arc::clone(&serving);
                thread::spawn(move || serve(stream?, &state));
            }
        });
        Self { port, state }
    }

    /// The calls made for this request of the scene, in the order of their arrival.
    pub fn calls(&self, number: usize) -> Vec<Arrival> {
        let said = format!("call {number}");
        lock(&self.state.arrivals).iter().filter(|arrival| arrival.said == said).cloned().collect()
    }
}

impl State {
    fn next_answer(&self, deployment: &str, request: &Message) -> Value {
        let text = String::from_utf8_lossy(&request.body).into_owned();
        let said = said(&text);
        let is_changed = text.contains("in other words");
        lock(&self.arrivals).push(Arrival { said, deployment: deployment.to_owned(), is_changed });
        let name = match lock(&self.scripts).get_mut(deployment) {
            Some(script) if script.len() > 1 => script.pop_front(),
            Some(script) => script.front().cloned(),
            None => None,
        };
        let fault = name.and_then(|name| self.answers.faults.get(name).cloned());
        fault.unwrap_or_else(|| self.ok(deployment, request, &text))
    }

    fn ok(&self, deployment: &str, request: &Message, text: &str) -> Value {
        let (_, path) = request.head.request();
        let kinds = self.answers.ok.as_object().expect("kinds of answers");
        let (_, kind) = kinds.iter().find(|(end, _)| path.ends_with(*end)).expect("a path that is known");
        let answer = match text.replace(' ', "").contains("\"stream\":true") {
            true => serde_json::json!({ "events": kind["events"], "end": "done" }),
            false => serde_json::json!({ "status": 200, "body": kind["whole"] }),
        };
        serde_json::from_str(&answer.to_string().replace("DEPLOYMENT", deployment)).expect("JSON")
    }
}

/// The first `call N` of a text.
fn said(text: &str) -> String {
    let numbers = text.split("call ").skip(1).map(|rest| {
        let end = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
        &rest[..end]
    });
    numbers
        .into_iter()
        .find(|digits| !digits.is_empty())
        .map_or_else(|| "?".to_owned(), |digits| format!("call {digits}"))
}

/// One request, then the connection is closed.
fn serve(stream: TcpStream, state: &State) -> io::Result<()> {
    // What is closed with bytes unread is reset: the request is only looked at until it is known how it ends.
    let Some(request) = peek(&stream)? else { return Ok(()) };
    let deployment = request.head.request().1.split('/').nth(1).unwrap_or("").to_owned();
    let answer = state.next_answer(&deployment, &request);
    let end = answer["end"].as_str().unwrap_or("");
    let mut connection = Connection::over(stream)?;
    if end != "reset" {
        connection.read_request()?;
    }
    if answer.get("status").is_some() {
        return send_whole(&mut connection, &answer);
    }
    if answer.get("events").is_some() {
        send_stream(&mut connection, &answer)?;
    }
    match end {
        "done" => connection.write_chunk(b""),
        "hang" => {
            connection.stream().set_read_timeout(Some(HANG))?;
            connection.stream().read(&mut [0; 1]).map(drop)
        }
        _ => Ok(()),
    }
}

/// The request that is waiting to be read.
fn peek(stream: &TcpStream) -> io::Result<Option<Message>> {
    let mut buffer = vec![0; REQUEST_BYTES_MAX];
    loop {
        let size = stream.peek(&mut buffer)?;
        if size == 0 {
            return Ok(None);
        }
        if let Some(request) = parse(&buffer[..size]) {
            return Ok(Some(request));
        }
        if size == buffer.len() {
            return Err(ErrorKind::InvalidData.into());
        }
        thread::sleep(Duration::from_millis(1));
    }
}

fn parse(bytes: &[u8]) -> Option<Message> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let text = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = text.split("\r\n");
    let line = lines.next()?.to_owned();
    let headers = lines.filter_map(|line| line.split_once(':'));
    let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())).collect();
    let head = crate::harness::http::Head { line, headers };
    let length: usize = head.header("content-length").map_or(Ok(0), str::parse).ok()?;
    let body = bytes[end + 4..].to_vec();
    (body.len() >= length).then_some(Message { head, body })
}

fn send_whole(connection: &mut Connection, answer: &Value) -> io::Result<()> {
    let body = answer["body"].as_str().map_or_else(|| spaced(&answer["body"]), str::to_owned);
    let ahead = http_date(SystemTime::now() + Duration::from_secs(2));
    let headers = answer["headers"].as_object().into_iter().flatten();
    let headers: String = headers
        .map(|(name, value)| format!("{name}: {}\r\n", value.as_str().unwrap_or("").replace("IN 2 S", &ahead)))
        .collect();
    let (status, length) = (&answer["status"], body.len());
    let head = format!(
        "HTTP/1.1 {status} Scripted\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n"
    );
    connection.write((head + &body).as_bytes())
}

/// JSON as the recording's provider wrote it: LiteLLM quotes bodies as they came.
fn spaced(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(spaced).collect::<Vec<_>>().join(", ")),
        Value::Object(fields) => {
            let pairs = fields.iter().map(|(name, value)| format!("{}: {}", Value::from(name.as_str()), spaced(value)));
            format!("{{{}}}", pairs.collect::<Vec<_>>().join(", "))
        }
        value => value.to_string(),
    }
}

fn send_stream(connection: &mut Connection, answer: &Value) -> io::Result<()> {
    connection.write(
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n",
    )?;
    thread::sleep(Duration::from_secs_f64(answer["before_s"].as_f64().unwrap_or(0.0)));
    for event in answer["events"].as_array().expect("events") {
        connection.write_chunk(event.as_str().expect("an event").as_bytes())?;
        thread::sleep(BETWEEN_EVENTS);
    }
    Ok(())
}

/// A date as RFC 9110 writes it (days from the civil calendar by Howard Hinnant's algorithm).
fn http_date(at: SystemTime) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let seconds = at.duration_since(SystemTime::UNIX_EPOCH).expect("a time after 1970").as_secs();
    let (days, of_day) = (seconds / 86_400, seconds % 86_400);
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = (from_march + 2) % 12;
    let year = year_of_era + era * 400 + u64::from(month < 2);
    let (weekday, month) = (DAYS[(days % 7) as usize], MONTHS[month as usize]);
    let (hour, minute, second) = (of_day / 3_600, of_day / 60 % 60, of_day % 60);
    format!("{weekday}, {day:02} {month} {year} {hour:02}:{minute:02}:{second:02} GMT")
}
