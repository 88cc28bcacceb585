//! A server on a machine that is out of descriptors: in a process that may have few.

use std::fs::File;
use std::io::Write;
use std::net::TcpStream;

use async_channel::unbounded;

use super::support::alone::alone_with_files;
use super::support::{join, listen, once, run, wire, yield_now};
use crate::miniws::{Accept, Server, connect};

/// It neither gives up nor spins: it tries again after a while, and handshakes go on meanwhile.
#[test]
fn it_waits_for_better_times() {
    let test = async {
        let (enter, entered) = unbounded();
        let (release, released) = unbounded();
        let server = Server::new().verify(move |_| {
            enter.try_send(()).unwrap();
            let released = released.clone();
            async move {
                released.recv().await.unwrap();
                Ok(Accept::new())
            }
        });
        let (mut listener, url) = listen(server).await;
        let mut under_way = TcpStream::connect(listener.local_addr()).unwrap();
        under_way.write_all(wire::request("").as_bytes()).unwrap();
        while entered.is_empty() {
            assert!(once(listener.accept()).await.is_none());
            yield_now().await;
        }
        let waiting = TcpStream::connect(listener.local_addr()).unwrap();
        let mut taken = Vec::new();
        while let Ok(file) = File::open("/dev/null") {
            taken.push(file);
        }
        // If it spun, this would not return.
        for _ in 0..10 {
            assert!(once(listener.accept()).await.is_none());
            yield_now().await;
        }
        release.try_send(()).unwrap();
        assert!(listener.accept().await.unwrap().is_ok());

        drop((taken, waiting, under_way));
        assert!(
            listener.accept().await.unwrap().is_err(),
            "the one that waited has gone"
        );
        release.try_send(()).unwrap();
        let (server, client) = join(listener.accept(), connect(&url)).await;
        assert!(server.unwrap().is_ok() && client.is_ok());
    };
    alone_with_files(64, "exhausted::it_waits_for_better_times", || run(test));
}
