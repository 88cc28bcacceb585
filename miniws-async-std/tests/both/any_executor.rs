//! Clients and servers on an executor that is none of a runtime's.

use futures_lite::future::block_on;
use miniws_async_std::{Server, connect};

use crate::behaviour::support::watched::watched;
use crate::behaviour::support::{join, text};
use crate::runtime::TcpListener;

#[test]
fn a_client_and_a_listener() {
    watched(|| {
        block_on(async {
            let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let mut listener = Server::new().listen(tcp).unwrap();
            let url = format!("ws://{}/", listener.local_addr());
            let (server, client) = join(listener.accept(), connect(&url)).await;
            let (mut server, mut client) = (server.unwrap().unwrap(), client.unwrap());
            client.send("hello").await.unwrap();
            assert_eq!(text(server.recv().await.unwrap()), "hello");
        });
    });
}
