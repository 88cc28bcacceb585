//! Many handshakes at once, most of which never finish. A test program of its own, because it opens
//! almost as many files as a process may have by default.

#![allow(clippy::unwrap_used, clippy::panic)]
#![cfg(any(feature = "smol", feature = "async-std"))]

use std::io::Write;
use std::time::{Duration, Instant};

use async_io::Timer;
use futures_lite::FutureExt;
use futures_lite::future::{block_on, poll_once, zip};
use miniws_async_std::generic::{Client, Listener, Runtime};

/// They are all there before the good one comes, each with a part of its request.
async fn five_hundred_hold_up_nobody<R: Runtime>(mut listener: Listener<R>) {
    let url = format!("ws://{}/", listener.local_addr());
    let request = "GET /chat HTTP/1.1\r\nHost: example.org\r\nUpgrade: websocket\r\n";
    let mut stalled = Vec::new();
    for count in 0..500 {
        let mut stream = std::net::TcpStream::connect(listener.local_addr()).unwrap();
        let part = &request[..count % request.len()];
        stream.write_all(part.as_bytes()).unwrap();
        stalled.push(stream);
        // The listener takes them in while it is waited for.
        assert!(poll_once(listener.accept()).await.is_none());
    }
    let start = Instant::now();
    let client = Client::<R>::new(&url).connect();
    let (server, client) = zip(listener.accept(), client).await;
    assert!(server.unwrap().is_ok() && client.is_ok());
    assert!(start.elapsed() < Duration::from_secs(5));
}

/// One after the other: together they would open too many files.
#[test]
fn on_each_runtime() {
    let test = async {
        #[cfg(feature = "smol")]
        {
            use miniws_async_std::smol::Server;
            five_hundred_hold_up_nobody(Server::new().bind("127.0.0.1:0").await.unwrap()).await;
        }
        #[cfg(feature = "async-std")]
        {
            use miniws_async_std::async_std::Server;
            five_hundred_hold_up_nobody(Server::new().bind("127.0.0.1:0").await.unwrap()).await;
        }
    };
    let too_late = async {
        Timer::after(Duration::from_secs(60)).await;
        panic!("it hangs");
    };
    block_on(test.or(too_late));
}
