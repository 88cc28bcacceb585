//! What TLS does by itself between messages, and where its records are cut.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, LazyLock};

use crate::authority::{Authority, client_config, params, server_config};
use crate::common::pipe::{Pipe, pair_of};
use crate::miniws::bytes::BytesMut;
use crate::miniws::rustls::client::Resumption;
use crate::miniws::rustls::crypto::CryptoProvider;
use crate::miniws::rustls::crypto::ring::cipher_suite::TLS13_AES_128_GCM_SHA256;
use crate::miniws::rustls::crypto::ring::default_provider;
use crate::miniws::rustls::version::TLS13;
use crate::miniws::rustls::{
    CipherSuiteCommon, ClientConfig, ClientConnection, ServerConfig, ServerConnection, StreamOwned,
    SupportedCipherSuite, Tls13CipherSuite,
};
use crate::miniws::tls::TlsStream;
use crate::miniws::{Client, Config, Connection, Event, Negotiated, WebSocket, accept};
use crate::{connect, echo, is_echoed, run, serve, spawn};

/// The ends of a session of TLS: a server's, and a client's. None is the continuation of another.
pub(crate) fn sessions() -> (ServerConnection, ClientConnection) {
    static CONFIGS: LazyLock<(Arc<ServerConfig>, Arc<ClientConfig>)> = LazyLock::new(|| {
        let authority = Authority::new();
        let server = server_config(&authority.sign(params("localhost")));
        let mut client = client_config(&authority);
        client.resumption = Resumption::disabled();
        (Arc::new(server), Arc::new(client))
    });
    let (server, client) = CONFIGS.clone();
    let server = ServerConnection::new(server).unwrap();
    let client = ClientConnection::new(client, "localhost".try_into().unwrap()).unwrap();
    (server, client)
}

/// Our server, whose WebSocket is open, and a peer of rustls', whose is not.
fn server_and_peer() -> (
    WebSocket<TlsStream<TcpStream>>,
    StreamOwned<ClientConnection, TcpStream>,
) {
    let (server, client) = sessions();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let tcp = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let mut peer = StreamOwned::new(client, tcp);
    let stream = TlsStream::new(listener.accept().unwrap().0, server);
    let connection = Connection::server(Config::default(), Negotiated::default());
    let socket = WebSocket::from_parts(stream, connection, BytesMut::new());
    let shaking = spawn(move || {
        peer.conn.complete_io(&mut peer.sock).unwrap();
        peer
    });
    let mut socket = socket;
    socket.ping(b"").unwrap(); // With the handshake of TLS.
    let mut peer = shaking.join();
    let mut ping = [0; 2];
    peer.read_exact(&mut ping).unwrap();
    assert_eq!(ping, [0x89, 0]);
    (socket, peer)
}

/// The frame of a text of two letters, masked with zeros.
const HI: &[u8] = b"\x81\x82\0\0\0\0hi";

fn is_hi(event: Option<Event>) -> bool {
    event == Some(Event::Message("hi".into()))
}

/// Little at a time goes in and out, so that records are cut at each byte.
#[test]
fn through_a_needles_eye() {
    run(|| {
        for (capacity, most) in [(1 << 16, 1), (100, 7), (1 << 20, 16 << 10)] {
            let (server, client) = sessions();
            let (ours, theirs) = pair_of(capacity, most);
            let serving = spawn(move || {
                echo::<TlsStream<Pipe>>(accept(TlsStream::new(ours, server)).unwrap())
            });
            let stream = TlsStream::new(theirs, client);
            let mut socket = Client::new("wss://localhost/").handshake(stream).unwrap();
            is_echoed(&mut socket, "hello");
            is_echoed(&mut socket, &"x".repeat(40_000));
            assert!(socket.close().unwrap().clean);
            serving.join();
        }
    });
}

/// What was good before a record that is not, in the same segment, is received.
#[test]
fn rubbish_behind_a_message() {
    run(|| {
        let (mut server, mut peer) = server_and_peer();
        let mut segment = Vec::new();
        peer.conn.writer().write_all(HI).unwrap();
        peer.conn.write_tls(&mut segment).unwrap();
        segment.extend_from_slice(&[23, 3, 3, 0, 32]);
        segment.extend_from_slice(&[0; 32]);
        peer.sock.write_all(&segment).unwrap();
        assert!(is_hi(server.recv().unwrap()));
        let error = server.recv().unwrap_err();
        assert!(error.is_connection_lost(), "{error}");
        // And the peer is told why.
        let alert = peer.read(&mut [0; 16]).unwrap_err().to_string();
        assert!(alert.contains("BadRecordMac"), "{alert}");
    });
}

/// The peer wants other keys of us, which it gets before the next message.
#[test]
fn new_keys() {
    run(|| {
        let (mut server, mut peer) = server_and_peer();
        for _ in 0..3 {
            peer.conn.refresh_traffic_keys().unwrap();
            peer.write_all(HI).unwrap();
            assert!(is_hi(server.recv().unwrap()));
            server.send("ho").unwrap();
            let mut frame = [0; 4];
            peer.read_exact(&mut frame).unwrap();
            assert_eq!(&frame, b"\x81\x02ho");
        }
    });
}

/// Keys are good for so many records only, which is a matter of the cipher: here for two.
#[test]
fn keys_that_wear_out() {
    static SUITE: LazyLock<Tls13CipherSuite> = LazyLock::new(|| {
        let SupportedCipherSuite::Tls13(suite) = TLS13_AES_128_GCM_SHA256 else {
            panic!("not one of TLS 1.3");
        };
        Tls13CipherSuite {
            common: CipherSuiteCommon {
                suite: suite.common.suite,
                hash_provider: suite.common.hash_provider,
                confidentiality_limit: 2,
            },
            hkdf_provider: suite.hkdf_provider,
            aead_alg: suite.aead_alg,
            quic: None,
        }
    });
    run(|| {
        let provider = CryptoProvider {
            cipher_suites: vec![SupportedCipherSuite::Tls13(&SUITE)],
            ..default_provider()
        };
        let authority = Authority::new();
        let address = serve(server_config(&authority.sign(params("localhost"))));
        let config = ClientConfig::builder_with_provider(Arc::new(provider))
            .with_protocol_versions(&[&TLS13])
            .unwrap()
            .with_root_certificates(authority.roots())
            .with_no_client_auth();
        let mut socket = connect(address, config).unwrap();
        for _ in 0..10 {
            is_echoed(&mut socket, "hello");
        }
        is_echoed(&mut socket, &"x".repeat(300_000));
    });
}

/// Many records in one segment, whose content is larger than what is read at once.
#[test]
fn many_records_at_once() {
    run(|| {
        let (mut server, mut peer) = server_and_peer();
        let mut segment = Vec::new();
        for _ in 0..2000 {
            peer.conn.writer().write_all(HI).unwrap();
            while peer.conn.wants_write() {
                peer.conn.write_tls(&mut segment).unwrap();
            }
        }
        let sending = spawn(move || {
            peer.sock.write_all(&segment).unwrap();
            peer
        });
        for _ in 0..2000 {
            assert!(is_hi(server.recv().unwrap()));
        }
        drop(sending.join());
    });
}
