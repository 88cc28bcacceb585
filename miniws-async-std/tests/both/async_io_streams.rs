//! Streams of `async-io` itself, and what a client makes of them.

use std::net::TcpListener;
#[cfg(unix)]
use std::os::unix::net::UnixStream;

use async_io::Async;
use miniws_async_std::NetStream;

use crate::behaviour::streams::ends_its_side;
use crate::behaviour::support::{dial, run};

#[test]
fn tcp_is_shut_down() {
    run(async {
        let listener = Async::<TcpListener>::bind(([127, 0, 0, 1], 0)).unwrap();
        let peer = dial(listener.get_ref().local_addr().unwrap()).await;
        ends_its_side(listener.accept().await.unwrap().0, peer).await;
        let peer = dial(listener.get_ref().local_addr().unwrap()).await;
        let (stream, _) = listener.accept().await.unwrap();
        ends_its_side(NetStream::from(stream), peer).await;
    });
}

#[cfg(unix)]
#[test]
fn unix_sockets_are_shut_down() {
    run(async {
        let (ours, peer) = Async::<UnixStream>::pair().unwrap();
        ends_its_side(ours, peer).await;
        let (ours, peer) = Async::<UnixStream>::pair().unwrap();
        ends_its_side(NetStream::from(ours), peer).await;
    });
}
