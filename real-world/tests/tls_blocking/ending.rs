//! How TLS ends, and TCP under it.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use crate::authority::{Authority, client_config, params, server_config};
use crate::common::pipe::pair_of;
use crate::fault::{Fault, Plan};
use crate::faulty::Faulty;
use crate::miniws::rustls::{ClientConnection, StreamOwned};
use crate::miniws::tls::{TlsListener, TlsStream};
use crate::miniws::{CloseCode, Config, Event, Listen, Stream};
use crate::of_the_callers::ours_and_theirs;
use crate::records::sessions;
use crate::{pair, run, spawn};

/// After both close frames TLS has nothing to protect any more.
#[test]
fn no_close_notify_after_a_close() {
    run(|| {
        let (mut client, mut server) = ours_and_theirs();
        let closing = spawn(move || (client.close().unwrap(), client.recv()));
        while !matches!(server.recv().unwrap(), Some(Event::Close(_))) {}
        drop(server);
        let (status, after) = closing.join();
        assert!(status.clean);
        assert!(matches!(after, Ok(None)));
    });
}

/// Before them, an end without `close_notify` may be an attacker's.
#[test]
fn no_close_notify_and_no_close() {
    run(|| {
        let (mut client, server) = ours_and_theirs();
        drop(server);
        assert!(client.recv().unwrap_err().is_connection_lost());
    });
}

#[test]
fn a_close_by_either() {
    run(|| {
        let (mut server, mut client, _listener) = pair(&Config::default());
        let closing = spawn(move || client.close_with(CloseCode::from(4001), "bye").unwrap());
        while server.recv().unwrap().is_some() {}
        assert!(closing.join().clean);
        assert_eq!(server.close_status().unwrap().code, CloseCode::from(4001));

        let (mut server, mut client, _listener) = pair(&Config::default());
        let closing = spawn(move || server.close_with(CloseCode::from(4002), "bye").unwrap());
        while client.recv().unwrap().is_some() {}
        assert!(closing.join().clean);
        assert_eq!(client.close_status().unwrap().code, CloseCode::from(4002));
    });
}

/// The end of the writing side is told by TLS, and then by TCP, though the stream is still held.
#[test]
fn tcp_ends_with_tls() {
    run(|| {
        let authority = Authority::new();
        let config = server_config(&authority.sign(params("localhost")));
        let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        let listener = TlsListener::new(tcp, config);
        let address = listener.local_addr().unwrap();
        let serving = spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.write_all(b"hello").unwrap();
            stream.shutdown_write().unwrap();
            stream
        });
        let config = Arc::new(client_config(&authority));
        let session = ClientConnection::new(config, "localhost".try_into().unwrap()).unwrap();
        let tcp = TcpStream::connect(address).unwrap();
        let mut stream = StreamOwned::new(session, tcp);
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap(); // An error without `close_notify`.
        assert_eq!(bytes, b"hello");
        assert_eq!(stream.sock.read(&mut [0]).unwrap(), 0);
        drop(serving.join());
    });
}

/// A signal does not take `close_notify` away, whatever it interrupts.
#[test]
fn close_notify_despite_a_signal() {
    run(|| {
        for at in 1.. {
            let (server, client) = sessions();
            let (ours, theirs) = pair_of(1 << 20, usize::MAX);
            let plan = Arc::new(Mutex::new(Plan::new(Fault::Interrupted, at)));
            let mut stream = TlsStream::new(Faulty::new(ours, plan.clone()), client);
            let reading = spawn(move || {
                let mut bytes = Vec::new();
                let read = StreamOwned::new(server, theirs).read_to_end(&mut bytes);
                read.map(|_| bytes)
            });
            stream.write_all(b"hello").unwrap();
            while stream.flush().is_err_and(|error| is_signal(&error)) {}
            while stream
                .shutdown_write()
                .is_err_and(|error| is_signal(&error))
            {}
            assert_eq!(reading.join().unwrap(), b"hello", "{at}");
            if plan.lock().unwrap().met.is_none() {
                break;
            }
        }
    });
}

fn is_signal(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::Interrupted
}
