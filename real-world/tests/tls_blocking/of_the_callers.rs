//! Streams of TLS that the application makes, as those of other libraries.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

use crate::authority::{Authority, client_config, params, server_config};
use crate::miniws::rustls::{
    ClientConnection, ConnectionCommon, ServerConnection, SideData, StreamOwned,
};
use crate::miniws::tls::TlsStream;
use crate::miniws::{Client, Event, NetStream, Stream, WebSocket, accept};
use crate::{connect, is_echoed, run, serve, spawn};

/// That of rustls, as it would be done with another library.
pub(crate) struct Owned<C>(pub(crate) StreamOwned<C, TcpStream>);

impl<C, D> Stream for Owned<C>
where
    C: DerefMut + Deref<Target = ConnectionCommon<D>>,
    D: SideData,
{
    fn set_read_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.0.sock.set_read_timeout(timeout)
    }

    fn set_write_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.0.sock.set_write_timeout(timeout)
    }

    fn shutdown_write(&mut self) -> io::Result<()> {
        self.0.conn.send_close_notify();
        self.0.flush()?;
        self.0.sock.shutdown(Shutdown::Write)
    }
}

impl<C, D> Read for Owned<C>
where
    C: DerefMut + Deref<Target = ConnectionCommon<D>>,
    D: SideData,
{
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl<C, D> Write for Owned<C>
where
    C: DerefMut + Deref<Target = ConnectionCommon<D>>,
    D: SideData,
{
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Our client, and a server over a stream of the caller's, whose end is not told by TLS when it is
/// dropped.
pub(crate) fn ours_and_theirs() -> (WebSocket<NetStream>, WebSocket<Owned<ServerConnection>>) {
    let authority = Authority::new();
    let config = Arc::new(server_config(&authority.sign(params("localhost"))));
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = tcp.local_addr().unwrap();
    let serving = spawn(move || {
        let (stream, _) = tcp.accept().unwrap();
        let session = ServerConnection::new(config).unwrap();
        accept(Owned(StreamOwned::new(session, stream))).unwrap()
    });
    let client = connect(address, client_config(&authority)).unwrap();
    (client, serving.join())
}

#[test]
fn a_server() {
    run(|| {
        let (mut client, mut server) = ours_and_theirs();
        client.send("hello").unwrap();
        let received = server.recv().unwrap();
        assert_eq!(received, Some(Event::Message("hello".into())));
        let closing = spawn(move || client.close().unwrap().clean);
        while server.recv().unwrap().is_some() {}
        assert!(closing.join());
    });
}

#[test]
fn a_client() {
    run(|| {
        let authority = Authority::new();
        let address = serve(server_config(&authority.sign(params("localhost"))));
        let config = Arc::new(client_config(&authority));
        let session = || ClientConnection::new(config.clone(), "localhost".try_into().unwrap());
        let client = || Client::new("wss://localhost/");

        let tcp = TcpStream::connect(address).unwrap();
        let stream = Owned(StreamOwned::new(session().unwrap(), tcp));
        let mut socket = client().handshake(stream).unwrap();
        is_echoed(&mut socket, &"hello".repeat(100_000));
        assert!(socket.close().unwrap().clean);

        let tcp = TcpStream::connect(address).unwrap();
        let stream = TlsStream::new(tcp, session().unwrap());
        let mut socket = client().handshake(stream).unwrap();
        is_echoed(&mut socket, "hello");
        assert_eq!(socket.remote_addr(), Some(address));
        assert!(socket.get_ref().get_ref().1.alpn_protocol().is_none());
        assert!(socket.close().unwrap().clean);
    });
}
