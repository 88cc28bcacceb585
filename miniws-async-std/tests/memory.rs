//! What connections cost in memory, by a count of every byte on the heap.

// An allocator that counts can't be had without it.
#![allow(unsafe_code)]
#![allow(clippy::unwrap_used)]

#[path = "support/duplex.rs"]
#[allow(dead_code)]
mod duplex;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use duplex::{Duplex, duplex};
use futures_lite::future::{block_on, poll_once};
use futures_lite::{AsyncReadExt, AsyncWriteExt};
use miniws_async_std::{Config, Connection, Event, Negotiated, WebSocket};

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

fn server() -> (WebSocket<Duplex>, Duplex) {
    let (ours, theirs) = duplex(1 << 20);
    let connection = Connection::server(Config::default(), Negotiated::default());
    (
        WebSocket::from_parts(ours, connection, Default::default()),
        theirs,
    )
}

async fn echo((socket, peer): &mut (WebSocket<Duplex>, Duplex)) {
    peer.write_all(b"\x81\x82\0\0\0\0hi").await.unwrap();
    let Some(Event::Message(message)) = socket.recv().await.unwrap() else {
        return;
    };
    socket.send(message).await.unwrap();
    let mut answer = [0; 4];
    peer.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"\x81\x02hi");
}

/// Makes it wait, with its timer set, as it would in its task.
async fn idle((socket, _): &mut (WebSocket<Duplex>, Duplex)) {
    assert!(poll_once(socket.recv()).await.is_none());
}

const CONNECTIONS: usize = 200;

/// No buffer at all: neither to read into nor to write from.
#[test]
fn an_idle_connection() {
    block_on(async {
        // What the pool of buffers keeps for good is there before it is counted.
        for _ in 0..20 {
            let mut first = server();
            echo(&mut first).await;
            idle(&mut first).await;
        }
        let mut sockets = Vec::with_capacity(CONNECTIONS);
        for _ in 0..CONNECTIONS {
            let mut pair = server();
            // The pipe's own memory and the timer's are there before it is counted, too.
            pair.1.write_all(&[]).await.unwrap();
            sockets.push(pair);
        }
        let before = HELD.get();
        for pair in &mut sockets {
            echo(pair).await;
            idle(pair).await;
        }
        let each = usize::try_from(HELD.get() - before).unwrap() / CONNECTIONS;
        println!("an idle connection after an echo: {each} bytes of heap more than at first");
        println!(
            "a WebSocket itself: {} bytes",
            size_of::<WebSocket<Duplex>>()
        );
        assert!(each < 1024, "{each}");
    });
}

/// What a message announces is not reserved for it.
#[test]
fn a_message_that_is_only_announced() {
    block_on(async {
        let mut pair = server();
        echo(&mut pair).await;
        idle(&mut pair).await;
        let before = HELD.get();
        let begun = b"\x82\xff\0\0\0\0\0\xf0\0\0\0\0\0\0begun";
        pair.1.write_all(begun).await.unwrap();
        idle(&mut pair).await;
        let cost = HELD.get() - before;
        println!("15 MiB announced: {cost} bytes of heap");
        assert!(cost < 64 << 10, "{cost}");
    });
}
