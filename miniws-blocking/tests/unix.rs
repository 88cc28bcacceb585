//! Unix sockets: `ws+unix:` URLs, and listeners.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use std::fs;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use common::*;
use miniws_blocking::{Accept, Client, CloseCode, Error, Event, Listener, Server, connect};

/// A path for a socket, which is removed in the end.
struct Path(PathBuf);

impl Path {
    fn new(name: &str) -> Self {
        let file = format!("miniws-blocking-{}-{name}.sock", std::process::id());
        Self(std::env::temp_dir().join(file))
    }

    fn url(&self) -> String {
        format!("ws+unix:{}:/chat?room=7", self.0.display())
    }
}

impl Drop for Path {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn listen(path: &Path) -> Listener<UnixListener> {
    let listener = UnixListener::bind(&path.0).unwrap();
    Server::new().listen(listener).unwrap()
}

#[test]
fn a_client_and_a_server() {
    let path = Path::new("conversation");
    let listener = Server::new()
        .verify(|attempt| {
            assert_eq!(attempt.request().target(), "/chat?room=7");
            assert_eq!(attempt.remote_addr(), None);
            Ok(Accept::new())
        })
        .listen(UnixListener::bind(&path.0).unwrap())
        .unwrap();
    assert_eq!(listener.local_addr().as_pathname(), Some(&*path.0));
    let stopper = listener.stopper();
    let serving = spawn(|| {
        listener.serve(|socket| {
            let _ = echo(socket);
        });
    });

    let mut client = connect(&path.url()).unwrap();
    assert_eq!(client.remote_addr(), None);
    assert!(client.get_ref().tcp().is_none());
    for size in [0, 10, 300_000] {
        let message = "x".repeat(size);
        client.feed(message.as_str()).unwrap();
        assert!(text(client.recv().unwrap()) == message);
    }

    // Both wait to receive.
    let receiving = spawn(move || client.recv().unwrap());
    stopper.close_all(PATIENCE);
    let Some(Event::Close(Some(frame))) = receiving.join() else {
        panic!("no close");
    };
    assert_eq!(frame.code(), CloseCode::GOING_AWAY);
    serving.join();
}

#[test]
fn who_is_not_there_is_an_io_error() {
    let path = Path::new("nobody");
    assert!(matches!(connect(&path.url()), Err(Error::Io(_))));
}

/// The listener's backlog is full.
#[cfg(target_os = "linux")]
#[test]
fn gives_up_connecting() {
    let path = Path::new("full");
    let address = socket2::SockAddr::unix(&path.0).unwrap();
    let full = socket2::Socket::new(socket2::Domain::UNIX, socket2::Type::STREAM, None).unwrap();
    full.bind(&address).unwrap();
    full.listen(0).unwrap();
    let _queued = UnixStream::connect(&path.0).unwrap();

    let client = Client::new(&path.url()).connect_timeout(Duration::from_millis(50));
    let connecting = spawn(move || client.connect().map(drop));
    assert!(matches!(connecting.join(), Err(Error::ConnectTimeout)));
}

#[test]
fn dropping_gives_up_at_once() {
    let path = Path::new("silent");
    let silent = UnixListener::bind(&path.0).unwrap();
    let connecting = Client::new(&path.url()).start();
    let (mut peer, _) = silent.accept().unwrap();
    read_head(&mut peer);
    drop(connecting);
    peer.set_read_timeout(Some(PATIENCE)).unwrap();
    assert!(read_all(&mut peer).is_empty());
}

fn stops_at_once(listener: Listener<UnixListener>) {
    let stopper = listener.stopper();
    let accepting = spawn(move || listener.accept().is_none());
    assert!(!accepting.is_done_within(Duration::from_millis(20)));
    let started = Instant::now();
    stopper.stop();
    assert!(accepting.join());
    assert!(started.elapsed() < Duration::from_secs(2));
}

#[test]
fn stop_wakes_who_accepts() {
    let path = Path::new("stopped");
    stops_at_once(listen(&path));
    // Nobody listens there any more.
    assert!(UnixStream::connect(&path.0).is_err());
}

#[cfg(target_os = "linux")]
#[test]
fn stop_wakes_who_accepts_at_a_path_that_is_gone() {
    let path = Path::new("gone");
    let listener = listen(&path);
    fs::remove_file(&path.0).unwrap();
    stops_at_once(listener);
}

/// The process that takes over has bound the same path before this one is told to stop.
#[test]
fn stop_ends_accept_when_the_path_leads_to_another() {
    let path = Path::new("replaced");
    let listener = listen(&path);
    fs::remove_file(&path.0).unwrap();
    let _other = UnixListener::bind(&path.0).unwrap();
    let stopper = listener.stopper();
    let accepting = spawn(move || listener.accept().is_none());
    assert!(!accepting.is_done_within(Duration::from_millis(20)));
    stopper.stop();
    assert!(accepting.join());
}
