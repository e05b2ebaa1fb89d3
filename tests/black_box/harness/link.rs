//! The way between a gateway and its database, which can be cut and mended. Knows no protocol.

use super::process::free_port;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

/// How the way is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Open,
    /// Connections are closed, and new ones at once: a server that was stopped.
    Cut,
    /// Nothing passes, and nobody is told: a server that was frozen, or a network that swallows packets.
    Silent,
}

/// A port of its own before another one. Its threads end with the tests' process.
pub struct Link {
    pub port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    open: Mutex<Vec<TcpStream>>,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self) -> MutexGuard<'_, Vec<TcpStream>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_while_silent(&self) {
        drop(self.changed.wait_while(self.state(), |state| *state == State::Silent));
    }
}

impl Link {
    pub fn to(target: u16) -> Self {
        let port = free_port();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).expect("the link's port");
        let shared =
            Arc::new(Shared { state: Mutex::new(State::Open), changed: Condvar::new(), open: Mutex::default() });
        let own = Arc::clone(&shared);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let shared = Arc::clone(&own);
                thread::spawn(move || join(&client, target, &shared));
            }
        });
        Self { port, shared }
    }

    pub fn switch(&self, to: State) {
        *self.shared.state() = to;
        self.shared.changed.notify_all();
        if to == State::Cut {
            for stream in self.shared.open().drain(..) {
                let _ = stream.shutdown(Shutdown::Both);
            }
        }
    }
}

fn join(client: &TcpStream, target: u16, shared: &Arc<Shared>) -> Option<()> {
    shared.wait_while_silent();
    if *shared.state() == State::Cut {
        return None;
    }
    let server = TcpStream::connect((Ipv4Addr::LOCALHOST, target)).ok()?;
    for stream in [client, &server] {
        stream.set_nodelay(true).ok()?;
        shared.open().push(stream.try_clone().ok()?);
    }
    let (from, to, own) = (client.try_clone().ok()?, server.try_clone().ok()?, Arc::clone(shared));
    thread::spawn(move || pass(from, to, &own));
    pass(server, client.try_clone().ok()?, shared);
    Some(())
}

fn pass(mut from: TcpStream, mut to: TcpStream, shared: &Shared) {
    let mut buffer = [0; 16_384];
    while let Ok(size @ 1..) = from.read(&mut buffer) {
        shared.wait_while_silent();
        if to.write_all(&buffer[..size]).is_err() {
            break;
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
