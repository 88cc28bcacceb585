//! What connections cost in memory, by a count of every byte on the heap.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]
// An allocator that counts can't be had without it.
#![allow(unsafe_code)]

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Mutex;
use std::sync::atomic::{AtomicIsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use common::*;
use miniws_blocking::{Config, Event, Server, WebSocket};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Counts what all threads hold, so the tests take turns.
struct Counting;

static TURN: Mutex<()> = Mutex::new(());

static HELD: AtomicIsize = AtomicIsize::new(0);

// SAFETY: everything is left to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        HELD.fetch_add(layout.size() as isize, Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size() as isize, Ordering::Relaxed);
        unsafe { System.dealloc(pointer, layout) }
    }
}

const CONNECTIONS: usize = 50;
/// What a connection and its thread may hold.
const ENOUGH: isize = 1536;
/// All threads wait when nothing changes for so long.
const STILL: Duration = Duration::from_millis(300);

/// What is held once all threads wait.
fn held() -> isize {
    let started = Instant::now();
    let mut last = (HELD.load(Ordering::Relaxed), started);
    while last.1.elapsed() < STILL && started.elapsed() < PATIENCE {
        thread::sleep(Duration::from_millis(1));
        let held = HELD.load(Ordering::Relaxed);
        if held != last.0 {
            last = (held, Instant::now());
        }
    }
    last.0
}

/// What each of the connections holds that were made since then. A buffer is given up after a second,
/// so what is too much is looked at again.
fn each(before: isize) -> isize {
    let started = Instant::now();
    loop {
        let each = (held() - before) / CONNECTIONS as isize;
        if each < ENOUGH || started.elapsed() > PATIENCE {
            return each;
        }
    }
}

fn echo_all(mut socket: WebSocket<TcpStream>) {
    while let Ok(Some(event)) = socket.recv() {
        if let Event::Message(message) = event {
            socket.feed(message).unwrap();
        }
    }
}

/// The peers are the standard library's, which holds nothing on the heap for them.
fn connect(listener: SocketAddr, request: &str) -> TcpStream {
    let mut peer = dial(listener);
    peer.write_all(request.as_bytes()).unwrap();
    let head = read_head(&mut peer);
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    peer
}

fn exchange(peer: &mut TcpStream, first: u8, payload: &[u8]) {
    peer.write_all(&client_frame(first, payload)).unwrap();
    let answer = server_frame(first, payload);
    assert!(read_exactly(peer, answer.len()) == answer);
}

/// What a thread holds that waits to read from a bare stream.
fn bare_thread() -> isize {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let mut peers = Vec::with_capacity(CONNECTIONS);
    let before = held();
    for _ in 0..CONNECTIONS {
        peers.push(dial(address));
        let (mut stream, _) = listener.accept().unwrap();
        let thread = thread::Builder::new().name("miniws-serve".into());
        thread.spawn(move || stream.read(&mut [0])).unwrap();
    }
    each(before)
}

/// What each connection holds, with the thread that waits to receive from it, after its handshake and
/// after each of these messages.
fn connections(config: Config, request: &str, messages: &[(u8, &[u8])]) -> Vec<isize> {
    let listener = Server::new().config(config).bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr();
    let stopper = listener.stopper();
    let serving = thread::spawn(move || listener.serve(echo_all));
    // What the process keeps for good is there before it is counted, such as a pool of compressors.
    let mut first = connect(address, request);
    for (opcode, payload) in messages {
        exchange(&mut first, *opcode, payload);
    }
    drop(first);

    let mut peers = Vec::with_capacity(CONNECTIONS);
    let before = held();
    peers.extend((0..CONNECTIONS).map(|_| connect(address, request)));
    let mut costs = vec![each(before)];
    for (opcode, payload) in messages {
        for peer in &mut peers {
            exchange(peer, *opcode, payload);
        }
        costs.push(each(before));
    }
    drop(peers);
    stopper.close_all(PATIENCE);
    serving.join().unwrap();
    costs
}

#[test]
fn an_idle_connection() {
    let _turn = TURN.lock();
    let thread = bare_thread();
    println!("a thread that reads from a bare stream: {thread} bytes of heap");
    let small: (u8, &[u8]) = (0x81, b"an echo, please");
    let large: (u8, &[u8]) = (0x82, &[0; 20_000]);
    let costs = connections(Config::default(), &upgrade_request(""), &[small, large]);
    for (when, cost) in ["its handshake", "an echo", "a large echo"]
        .iter()
        .zip(costs)
    {
        let cost = cost - thread;
        println!("an idle connection after {when}: {cost} bytes of heap");
        assert!(cost < 1024);
    }
}

#[cfg(feature = "deflate")]
#[test]
fn an_idle_connection_that_compresses() {
    let _turn = TURN.lock();
    let deflate = miniws_blocking::DeflateConfig::default()
        .receive_takeover(false)
        .threshold(0);
    let config = Config::default().deflate(Some(deflate));
    let request = upgrade_request("Sec-WebSocket-Extensions: permessage-deflate\r\n");
    // RFC 7692 section 7.2.3.1.
    let hello: (u8, &[u8]) = (0xc1, b"\xf2\x48\xcd\xc9\xc9\x07\x00");
    let costs = connections(config, &request, &[hello]);
    let thread = bare_thread();
    for (when, cost) in ["its handshake", "an echo"].iter().zip(costs) {
        let cost = cost - thread;
        println!("an idle connection that compresses, after {when}: {cost} bytes of heap");
        assert!(cost < ENOUGH);
    }
}
