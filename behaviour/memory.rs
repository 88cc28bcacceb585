//! What connections cost in memory, by a count of every byte on the heap.

// An allocator that counts can't be had without it.
#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::io::{Read, Write};
use std::net::TcpStream as Peer;

use super::support::alone::alone;
use super::support::{
    calm, listen, once, pipe, remade, run, server, server_and_peer, text, wire, yield_now,
};
#[cfg(feature = "deflate")]
use crate::miniws::{Compression, DeflateConfig};
use crate::miniws::{Config, Event, Listener, Server, WebSocket};
use crate::runtime::{TcpListener, TcpStream};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Counts for each thread what it holds. A test runs on one thread, so its count is its own.
struct Counting;

thread_local! {
    static HELD: Cell<isize> = const { Cell::new(0) };
}

fn count(bytes: isize) {
    HELD.set(HELD.get() + bytes);
}

// SAFETY: everything is left to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        unsafe { System.dealloc(pointer, layout) }
    }
}

fn held() -> isize {
    HELD.get()
}

/// The peers are the standard library's, which holds nothing on the heap for them.
async fn accept(listener: &mut Listener, headers: &str) -> (WebSocket<TcpStream>, Peer) {
    let mut peer = Peer::connect(listener.local_addr()).unwrap();
    peer.write_all(wire::request(headers).as_bytes()).unwrap();
    let socket = listener.accept().await.unwrap().unwrap();
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        peer.read_exact(&mut byte).unwrap();
        head.extend(byte);
    }
    (socket, peer)
}

async fn echo((socket, peer): &mut (WebSocket<TcpStream>, Peer)) {
    peer.write_all(&wire::masked(wire::TEXT, "an echo, please"))
        .unwrap();
    let event = socket.recv().await.unwrap();
    socket.send(text(event)).await.unwrap();
    let mut answer = [0; 17];
    peer.read_exact(&mut answer).unwrap();
    assert_eq!(&answer[2..], b"an echo, please");
}

/// Makes it wait, with its timer set, as it would in its task.
async fn idle((socket, _): &mut (WebSocket<TcpStream>, Peer)) {
    assert!(once(socket.recv()).await.is_none());
}

/// What the runtime and the pool of buffers keep for good is there before anything is counted.
async fn warm_up() {
    let (mut server, mut peer) = server_and_peer(Config::default());
    wire::write(&mut peer, wire::masked(wire::TEXT, "a message")).await;
    assert_eq!(text(server.recv().await.unwrap()), "a message");
    assert!(once(server.recv()).await.is_none());
}

const CONNECTIONS: usize = 200;

/// What each of `CONNECTIONS` holds that were made since `before`.
fn each(before: isize) -> usize {
    usize::try_from(held() - before).unwrap() / CONNECTIONS
}

/// With the default configuration, so with a keep-alive timer, and with the server's word to close.
#[test]
fn an_idle_connection() {
    let test = async {
        let bare = bare_stream().await;
        let (mut listener, _) = listen(Server::new()).await;
        // What the runtime and the pool of buffers keep for good is there before it is counted.
        for _ in 0..20 {
            let mut first = accept(&mut listener, "").await;
            echo(&mut first).await;
            idle(&mut first).await;
        }
        let mut sockets = Vec::with_capacity(CONNECTIONS);
        let before = held();
        for _ in 0..CONNECTIONS {
            let mut socket = accept(&mut listener, "").await;
            idle(&mut socket).await;
            sockets.push(socket);
        }
        let after_handshake = each(before);
        for socket in &mut sockets {
            echo(socket).await;
            idle(socket).await;
        }
        let after_echo = each(before);

        let inline = size_of::<WebSocket<TcpStream>>();
        println!("a WebSocket itself: {inline} bytes");
        println!("the runtime's part of an idle TCP stream: {bare} bytes of heap");
        println!("an idle connection after its handshake: {after_handshake} bytes of heap");
        println!("an idle connection after an echo: {after_echo} bytes of heap");
        assert!(after_handshake < 1024);
        assert!(after_echo < 1024);
        assert!(inline < 1024);
    };
    alone("memory::an_idle_connection", || run(test));
}

/// Without context takeover, what compresses and inflates is shared by all connections.
#[cfg(feature = "deflate")]
#[test]
fn an_idle_connection_that_compresses() {
    const OFFER: &str = "Sec-WebSocket-Extensions: permessage-deflate; \
                         client_no_context_takeover; server_no_context_takeover\r\n";
    let test = async {
        let config = Config::default().deflate(Some(DeflateConfig::default()));
        let (mut listener, _) = listen(Server::new().config(config)).await;
        let mut first = accept(&mut listener, OFFER).await;
        compressed_echo(&mut first).await;
        idle(&mut first).await;
        let mut sockets = Vec::with_capacity(CONNECTIONS);
        let before = held();
        for _ in 0..CONNECTIONS {
            let mut socket = accept(&mut listener, OFFER).await;
            compressed_echo(&mut socket).await;
            idle(&mut socket).await;
            sockets.push(socket);
        }
        let each = each(before);
        println!("an idle connection after a compressed echo: {each} bytes of heap");
        // The states alone would be many times as much.
        assert!(each < 1280);
    };
    alone("memory::an_idle_connection_that_compresses", || run(test));
}

#[cfg(feature = "deflate")]
async fn compressed_echo((socket, peer): &mut (WebSocket<TcpStream>, Peer)) {
    // RFC 7692 section 7.2.3.1.
    peer.write_all(b"\xc1\x87\0\0\0\0\xf2\x48\xcd\xc9\xc9\x07\0")
        .unwrap();
    let message = text(socket.recv().await.unwrap());
    assert_eq!(message, "Hello");
    socket
        .send_with(message, Compression::Always)
        .await
        .unwrap();
    let mut head = [0; 2];
    peer.read_exact(&mut head).unwrap();
    assert_eq!(head[0], 0xc1);
    peer.read_exact(&mut [0; 125][..usize::from(head[1])])
        .unwrap();
}

/// What a stream of the runtime's costs without a WebSocket, to compare.
async fn bare_stream() -> usize {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut streams = Vec::with_capacity(CONNECTIONS);
    let before = held();
    for _ in 0..CONNECTIONS {
        let peer = Peer::connect(address).unwrap();
        streams.push((listener.accept().await.unwrap(), peer));
    }
    each(before)
}

/// What a message announces is not reserved for it.
#[test]
fn a_message_that_is_only_announced() {
    let test = async {
        warm_up().await;
        let (stream, mut peer) = pipe(1000);
        let mut server = server(stream, calm());
        let before = held();
        wire::write(&mut peer, b"\x82\xff\0\0\0\0\0\xf0\0\0\0\0\0\0begun").await;
        assert!(once(server.recv()).await.is_none());
        let cost = held() - before;
        println!("15 MiB announced: {cost} bytes of heap");
        assert!(cost < 64 << 10);
    };
    alone("memory::a_message_that_is_only_announced", || run(test));
}

/// A peer that pings as fast as it can, and never reads what it gets.
#[test]
fn a_flood_of_pings_from_a_peer_that_never_reads() {
    let test = async {
        warm_up().await;
        let (stream, mut peer) = pipe(4096);
        let mut server = server(stream, calm());
        let ping = wire::masked(wire::PING, [7; 125]);
        let before = held();
        for _ in 0..20_000 {
            wire::write(&mut peer, &ping).await;
            assert!(matches!(
                remade!(server.recv()).unwrap(),
                Some(Event::Ping(_))
            ));
        }
        assert!(once(server.recv()).await.is_none());
        let cost = held() - before;
        println!("2.5 MB of pings that are not taken the answers of: {cost} bytes of heap");
        assert!(cost < 64 << 10);
    };
    alone(
        "memory::a_flood_of_pings_from_a_peer_that_never_reads",
        || run(test),
    );
}

/// Empty fragments have a price as well.
#[test]
fn a_flood_of_empty_fragments() {
    let test = async {
        warm_up().await;
        let (stream, mut peer) = pipe(1 << 20);
        let mut server = server(stream, calm());
        let mut fragments = b"\x01\x80\0\0\0\0".to_vec();
        for _ in 0..100_000 {
            fragments.extend_from_slice(b"\0\x80\0\0\0\0");
        }
        wire::write(&mut peer, &fragments).await;
        let before = held();
        while once(server.recv()).await.is_some() {}
        let cost = held() - before;
        println!("100,000 empty fragments: {cost} bytes of heap");
        assert!(cost < 64 << 10);
    };
    alone("memory::a_flood_of_empty_fragments", || run(test));
}

/// Output that nobody takes stops at the mark.
#[test]
fn output_that_is_not_taken() {
    let test = async {
        warm_up().await;
        let (stream, _peer) = pipe(1000);
        let mut server = server(stream, calm());
        let before = held();
        let mut fed = 0;
        while server.feed("x").is_ok() {
            fed += 1;
        }
        let cost = held() - before;
        println!("{fed} messages of a byte in a full queue of 1 MiB: {cost} bytes of heap");
        assert!(cost <= 2 << 20);
    };
    alone("memory::output_that_is_not_taken", || run(test));
}

/// A handshake that was begun holds what has come of its head, and little more.
#[test]
fn handshakes_that_are_not_finished() {
    let test = async {
        warm_up().await;
        let (mut listener, _) = listen(Server::new()).await;
        let mut peers = Vec::with_capacity(CONNECTIONS);
        let before = held();
        for _ in 0..CONNECTIONS {
            let mut peer = Peer::connect(listener.local_addr()).unwrap();
            peer.write_all(b"GET / HTTP/1.1\r\n").unwrap();
            peers.push(peer);
            for _ in 0..10 {
                assert!(once(listener.accept()).await.is_none());
                yield_now().await;
            }
        }
        let each = each(before);
        println!("a handshake that was begun: {each} bytes of heap");
        assert!(each < 16 << 10);
    };
    alone("memory::handshakes_that_are_not_finished", || run(test));
}
