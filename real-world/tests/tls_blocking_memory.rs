//! What a connection over TLS holds while it rests, by a count of every byte on the heap.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]
// An allocator that counts can't be had without it.
#![allow(unsafe_code)]

#[path = "tls/authority.rs"]
#[allow(dead_code)]
mod authority;

use std::alloc::{GlobalAlloc, Layout, System};
use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use authority::{Authority, client_config, params, server_config};
use miniws::tls::TlsListener;
use miniws::{Client, Event, Server};
use miniws_blocking as miniws;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

struct Counting;

static HELD: AtomicUsize = AtomicUsize::new(0);

// SAFETY: everything is left to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        HELD.fetch_add(layout.size(), Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        unsafe { System.dealloc(pointer, layout) }
    }
}

const PATIENCE: Duration = Duration::from_secs(30);

/// What rustls makes of its buffer when that is as small as it can be, at either end.
const BUFFERS: usize = 2 * 4096;

/// Large messages leave nothing behind, but for the buffers of the sessions at their smallest.
#[test]
fn nothing_is_kept_of_large_messages() {
    let authority = Authority::new();
    let config = server_config(&authority.sign(params("localhost")));
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let listener = Server::new().listen(TlsListener::new(tcp, config)).unwrap();
    let url = format!("wss://localhost:{}/", listener.local_addr().port());
    thread::spawn(|| {
        listener.serve(|mut socket| {
            while let Ok(Some(event)) = socket.recv() {
                if let Event::Message(message) = event {
                    socket.send(message).unwrap();
                }
            }
        });
    });
    let client = Client::new(&url).tls(client_config(&authority));
    let (sender, mut receiver) = client.connect().unwrap().split();
    let (lengths, received) = mpsc::channel();
    thread::spawn(move || {
        while let Ok(Some(event)) = receiver.recv() {
            if let Event::Message(message) = event {
                lengths.send(message.as_bytes().len()).unwrap();
            }
        }
    });
    let echo = |length| {
        sender.send(vec![0; length]).unwrap();
        assert_eq!(received.recv_timeout(PATIENCE), Ok(length));
    };

    echo(10);
    let before = HELD.load(Ordering::Relaxed);
    echo(1 << 20);
    let deadline = Instant::now() + PATIENCE;
    loop {
        let held = HELD.load(Ordering::Relaxed);
        if held < before + BUFFERS {
            return;
        }
        assert!(Instant::now() < deadline, "{} more", held - before);
        thread::sleep(Duration::from_millis(10));
    }
}
