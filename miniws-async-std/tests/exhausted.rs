//! A server on a machine that is out of descriptors. It runs in a process of its own, whose limit is
//! low, because the limit is the process's.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![cfg(all(unix, any(feature = "smol", feature = "async-std")))]

use std::fs::File;
use std::future::Future;
use std::process::Command;
use std::time::Duration;

use async_io::Timer;
use futures_lite::FutureExt;
use futures_lite::future::{block_on, poll_once, zip};
use miniws_async_std::generic::{Listener, Runtime};

/// Set in that process.
const MARK: &str = "MINIWS_TEST_EXHAUSTED";

fn in_a_process_of_its_own(test: &str, body: impl FnOnce()) {
    if std::env::var_os(MARK).is_some() {
        return body();
    }
    let program = std::env::current_exe().unwrap();
    let done = Command::new("sh")
        .args(["-c", "ulimit -n 64 && exec \"$0\" --exact \"$1\""])
        .arg(program)
        .arg(test)
        .env(MARK, "1")
        .output()
        .unwrap();
    let output = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success(), "{output}");
    assert!(output.contains("1 passed"), "{output}");
}

/// It neither gives up nor spins: it tries again after a while, and handshakes go on meanwhile.
async fn waits_for_better_times<R: Runtime>(mut listener: Listener<R>) {
    let url = format!("ws://{}/", listener.local_addr());
    let under_way = std::net::TcpStream::connect(listener.local_addr()).unwrap();
    // Its handshake has begun.
    while !format!("{listener:?}").contains("}, handshakes: 1,") {
        assert!(poll_once(listener.accept()).await.is_none());
    }
    let waiting = std::net::TcpStream::connect(listener.local_addr()).unwrap();
    let mut taken = Vec::new();
    while let Ok(file) = File::open("/dev/null") {
        taken.push(file);
    }
    // If it spun, this would not return.
    for _ in 0..10 {
        assert!(poll_once(listener.accept()).await.is_none());
    }
    std::io::Write::write_all(
        &mut &under_way,
        b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
          Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
    )
    .unwrap();
    assert!(listener.accept().await.unwrap().is_ok());

    drop((taken, waiting, under_way));
    assert!(
        listener.accept().await.unwrap().is_err(),
        "the one that waited has gone"
    );
    let client = miniws_async_std::generic::Client::<R>::new(&url).connect();
    let (server, client) = zip(listener.accept(), client).await;
    assert!(server.unwrap().is_ok() && client.is_ok());
}

fn bounded(test: impl Future<Output = ()>) {
    let too_late = async {
        Timer::after(Duration::from_secs(30)).await;
        panic!("it hangs");
    };
    block_on(test.or(too_late));
}

#[cfg(feature = "smol")]
#[test]
fn on_smol() {
    use miniws_async_std::smol::Server;
    in_a_process_of_its_own("on_smol", || {
        bounded(async {
            waits_for_better_times(Server::new().bind("127.0.0.1:0").await.unwrap()).await;
        });
    });
}

#[cfg(feature = "async-std")]
#[test]
fn on_async_std() {
    use miniws_async_std::async_std::Server;
    in_a_process_of_its_own("on_async_std", || {
        bounded(async {
            waits_for_better_times(Server::new().bind("127.0.0.1:0").await.unwrap()).await;
        });
    });
}
