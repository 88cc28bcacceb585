//! Which certificates are good, and what else TLS agrees on.

use std::net::TcpListener;
use std::sync::Arc;

use rcgen::date_time_ymd;

use crate::authority::{Authority, Identity, client_config, params, server_config};
use crate::miniws::rustls::crypto::ring::default_provider;
use crate::miniws::rustls::server::WebPkiClientVerifier;
use crate::miniws::rustls::version::{TLS12, TLS13};
use crate::miniws::rustls::{ClientConfig, Connection, ServerConfig};
use crate::miniws::tls::TlsListener;
use crate::miniws::{Client, Config, Error, NetStream, Server, WebSocket};
use crate::{connect, echo, is_echoed, pair, run, serve, spawn};

fn assert_fails(result: Result<WebSocket<NetStream>, Error>, why: &str) {
    let error = result.unwrap_err().to_string();
    assert!(error.contains(why), "{error}");
}

#[test]
fn a_good_one() {
    run(|| {
        let authority = Authority::new();
        let address = serve(server_config(&authority.sign(params("localhost"))));
        let mut socket = connect(address, client_config(&authority)).unwrap();
        assert_eq!(socket.remote_addr(), Some(address));
        let stream = socket.get_ref();
        let session = stream.tls().unwrap();
        assert!(session.peer_certificates().is_some());
        assert!(stream.tcp().unwrap().nodelay().unwrap());
        drop(session);
        is_echoed(&mut socket, "hello");
        let large = "x".repeat(1 << 20);
        is_echoed(&mut socket, &large);
        assert!(socket.close().unwrap().clean);
    });
}

/// What a listener knows of a connection is known under TLS, too.
#[test]
fn at_the_server() {
    run(|| {
        let (server, client, _listener) = pair(&Config::default());
        let client = client.get_ref().tcp().unwrap();
        assert_eq!(server.remote_addr(), Some(client.local_addr().unwrap()));
        let (stream, session) = server.get_ref().get_ref();
        assert!(stream.nodelay().unwrap());
        let Connection::Server(session) = &*session else {
            panic!("not a server's");
        };
        assert_eq!(session.server_name(), Some("localhost"));
    });
}

#[test]
fn ones_that_are_not_good() {
    run(|| {
        let authority = Authority::new();
        let config = || client_config(&authority);

        let other_host = serve(server_config(&authority.sign(params("example.org"))));
        let why = "not valid for name \"localhost\"";
        assert_fails(connect(other_host, config()), why);

        let mut expired = params("localhost");
        expired.not_after = date_time_ymd(2020, 1, 1);
        let expired = serve(server_config(&authority.sign(expired)));
        assert_fails(connect(expired, config()), "expired");

        let stranger = Authority::named("a stranger");
        let unknown = serve(server_config(&stranger.sign(params("localhost"))));
        assert_fails(connect(unknown, config()), "UnknownIssuer");

        let itself = Identity::self_signed(params("localhost"));
        let itself = serve(server_config(&itself));
        assert_fails(connect(itself, config()), "UnknownIssuer");

        // And nobody trusts it by default.
        let url = format!("wss://localhost:{}/", unknown.port());
        assert_fails(Client::new(&url).connect(), "UnknownIssuer");
    });
}

#[test]
fn of_clients() {
    run(|| {
        let authority = Authority::new();
        let identity = authority.sign(params("localhost"));
        let provider = Arc::new(default_provider());
        let verifier =
            WebPkiClientVerifier::builder_with_provider(authority.roots(), provider.clone());
        let config = ServerConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(verifier.build().unwrap())
            .with_single_cert(vec![identity.certificate.clone()], identity.key())
            .unwrap();
        let address = serve(config);

        let ours = authority.sign(params("someone"));
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(authority.roots())
            .with_client_auth_cert(vec![ours.certificate.clone()], ours.key())
            .unwrap();
        let mut socket = connect(address, config).unwrap();
        is_echoed(&mut socket, "hello");

        let without = connect(address, client_config(&authority));
        assert_fails(without, "CertificateRequired");
    });
}

#[test]
fn alpn() {
    run(|| {
        let authority = Authority::new();
        let mut config = server_config(&authority.sign(params("localhost")));
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let address = serve(config);

        let mut good = client_config(&authority);
        good.alpn_protocols = vec![b"http/1.1".to_vec()];
        let socket = connect(address, good).unwrap();
        let agreed = socket.get_ref().tls().unwrap();
        assert_eq!(agreed.alpn_protocol(), Some(&b"http/1.1"[..]));

        let mut other = client_config(&authority);
        other.alpn_protocols = vec![b"h2".to_vec()];
        assert_fails(connect(address, other), "NoApplicationProtocol");
    });
}

/// In TLS 1.2 it is the server that ends the handshake.
#[test]
fn versions() {
    run(|| {
        let authority = Authority::new();
        let address = serve(server_config(&authority.sign(params("localhost"))));
        for version in [&TLS12, &TLS13] {
            let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
                .with_protocol_versions(&[version])
                .unwrap()
                .with_root_certificates(authority.roots())
                .with_no_client_auth();
            let mut socket = connect(address, config).unwrap();
            let agreed = socket.get_ref().tls().unwrap().protocol_version();
            assert_eq!(agreed, Some(version.version));
            is_echoed(&mut socket, "hello");
            assert!(socket.close().unwrap().clean);
        }
    });
}

/// An address is in the certificate as such, and in brackets in the URL if it is one of IPv6.
#[test]
fn of_an_address() {
    run(|| {
        let authority = Authority::new();
        let server = |address: &str| {
            let tcp = TcpListener::bind((address, 0)).ok()?;
            let config = server_config(&authority.sign(params(address)));
            let listener = Server::new().listen(TlsListener::new(tcp, config)).unwrap();
            let port = listener.local_addr().port();
            spawn(|| listener.serve(echo));
            Some(port)
        };
        for (address, host) in [("127.0.0.1", "127.0.0.1"), ("::1", "[::1]")] {
            let Some(port) = server(address) else {
                continue; // A machine without IPv6.
            };
            let client = Client::new(&format!("wss://{host}:{port}/"));
            let mut socket = client.tls(client_config(&authority)).connect().unwrap();
            is_echoed(&mut socket, "hello");
        }
    });
}
