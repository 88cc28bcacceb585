//! `wss://`, with certificates made on the spot.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use miniws_tokio::rustls::crypto::ring::default_provider;
use miniws_tokio::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use miniws_tokio::rustls::server::WebPkiClientVerifier;
use miniws_tokio::rustls::{ClientConfig, RootCertStore, ServerConfig};
use miniws_tokio::tls::{TlsListener, TlsStream};
use miniws_tokio::{Client, Config, Error, Event, Listen, NetStream, Server, WebSocket};
use rcgen::{CertificateParams, CertifiedIssuer, KeyPair, date_time_ymd};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Whom our clients and servers trust.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        Self::named("ours")
    }

    fn named(name: &str) -> Self {
        let mut params = CertificateParams::new([]).unwrap();
        params
            .distinguished_name
            .push(rcgen::DnType::CommonName, name);
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn roots(&self) -> Arc<RootCertStore> {
        let mut roots = RootCertStore::empty();
        roots.add(self.0.der().clone()).unwrap();
        Arc::new(roots)
    }

    fn sign(&self, params: CertificateParams) -> Identity {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        Identity {
            certificate: certificate.der().clone(),
            key: key.serialize_der(),
        }
    }
}

struct Identity {
    certificate: CertificateDer<'static>,
    key: Vec<u8>,
}

impl Identity {
    fn key(&self) -> PrivateKeyDer<'static> {
        self.key.clone().try_into().unwrap()
    }
}

fn params(name: &str) -> CertificateParams {
    CertificateParams::new([name.to_owned()]).unwrap()
}

fn server_config(identity: &Identity) -> ServerConfig {
    ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![identity.certificate.clone()], identity.key())
        .unwrap()
}

fn client_config(authority: &Authority) -> ClientConfig {
    ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(authority.roots())
        .with_no_client_auth()
}

/// A server that echoes.
async fn serve(config: ServerConfig) -> SocketAddr {
    let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let settings = Config::default().handshake_timeout(Duration::from_millis(300));
    let server = Server::new().config(settings);
    let listener = server.listen(TlsListener::new(tcp, config)).unwrap();
    let address = listener.local_addr();
    tokio::spawn(
        listener.serve(|mut socket: WebSocket<TlsStream<TcpStream>>| async move {
            assert!(socket.get_ref().get_ref().is_some());
            while let Ok(Some(event)) = socket.recv().await {
                if let Event::Message(message) = event {
                    socket.send(message).await.unwrap();
                }
            }
        }),
    );
    address
}

async fn connect(address: SocketAddr, config: ClientConfig) -> Result<WebSocket<NetStream>, Error> {
    let url = format!("wss://localhost:{}/", address.port());
    Client::new(&url).tls(config).connect().await
}

async fn is_echoed(socket: &mut WebSocket<NetStream>, message: &str) {
    socket.send(message).await.unwrap();
    assert_eq!(
        socket.recv().await.unwrap(),
        Some(Event::Message(message.into()))
    );
}

fn assert_fails(result: Result<WebSocket<NetStream>, Error>, why: &str) {
    let error = result.unwrap_err().to_string();
    assert!(error.contains(why), "{error}");
}

#[tokio::test]
async fn a_good_certificate() {
    let authority = Authority::new();
    let address = serve(server_config(&authority.sign(params("localhost")))).await;
    let mut socket = connect(address, client_config(&authority)).await.unwrap();
    assert_eq!(socket.remote_addr(), Some(address));
    assert!(
        socket
            .get_ref()
            .tls()
            .unwrap()
            .peer_certificates()
            .is_some()
    );
    assert!(socket.get_ref().tcp().unwrap().nodelay().unwrap());
    is_echoed(&mut socket, "hello").await;
    let large = "x".repeat(1 << 20);
    is_echoed(&mut socket, &large).await;
    assert!(socket.close().await.unwrap().clean);
}

#[tokio::test]
async fn certificates_that_are_not_good() {
    let authority = Authority::new();
    let config = || client_config(&authority);

    let other_host = serve(server_config(&authority.sign(params("example.org")))).await;
    assert_fails(
        connect(other_host, config()).await,
        "not valid for name \"localhost\"",
    );

    let mut expired = params("localhost");
    expired.not_after = date_time_ymd(2020, 1, 1);
    let expired = serve(server_config(&authority.sign(expired))).await;
    assert_fails(connect(expired, config()).await, "expired");

    let stranger = Authority::named("a stranger");
    let unknown = serve(server_config(&stranger.sign(params("localhost")))).await;
    assert_fails(connect(unknown, config()).await, "UnknownIssuer");

    // And nobody trusts it by default.
    let url = format!("wss://localhost:{}/", unknown.port());
    assert_fails(Client::new(&url).connect().await, "UnknownIssuer");
}

#[tokio::test]
async fn client_certificates() {
    let authority = Authority::new();
    let identity = authority.sign(params("localhost"));
    let provider = Arc::new(default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(authority.roots(), provider.clone());
    let config = ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier.build().unwrap())
        .with_single_cert(vec![identity.certificate.clone()], identity.key())
        .unwrap();
    let address = serve(config).await;

    let ours = authority.sign(params("someone"));
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(authority.roots())
        .with_client_auth_cert(vec![ours.certificate.clone()], ours.key())
        .unwrap();
    let mut socket = connect(address, config).await.unwrap();
    is_echoed(&mut socket, "hello").await;

    assert_fails(
        connect(address, client_config(&authority)).await,
        "CertificateRequired",
    );
}

#[tokio::test]
async fn alpn() {
    let authority = Authority::new();
    let mut config = server_config(&authority.sign(params("localhost")));
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let address = serve(config).await;

    let mut good = client_config(&authority);
    good.alpn_protocols = vec![b"http/1.1".to_vec()];
    let socket = connect(address, good).await.unwrap();
    assert_eq!(
        socket.get_ref().tls().unwrap().alpn_protocol(),
        Some(&b"http/1.1"[..])
    );

    let mut other = client_config(&authority);
    other.alpn_protocols = vec![b"h2".to_vec()];
    assert_fails(connect(address, other).await, "NoApplicationProtocol");
}

/// After both close frames TLS has nothing to protect any more.
#[tokio::test]
async fn no_close_notify_after_a_close() {
    let authority = Authority::new();
    let config = Arc::new(server_config(&authority.sign(params("localhost"))));
    let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = tcp.local_addr().unwrap();
    let serving = tokio::spawn(async move {
        let acceptor = tokio_rustls::TlsAcceptor::from(config);
        let (stream, _) = tcp.accept().await.unwrap();
        let stream = acceptor.accept(stream).await.unwrap();
        let mut server = miniws_tokio::accept(stream).await.unwrap();
        while !matches!(server.recv().await.unwrap(), Some(Event::Close(_))) {}
        // Dropped: TCP ends, and TLS does not.
    });
    let mut socket = connect(address, client_config(&authority)).await.unwrap();
    let status = socket.close().await.unwrap();
    assert!(status.clean);
    assert!(matches!(socket.recv().await, Ok(None)));
    serving.await.unwrap();
}

/// Before them, an end without `close_notify` may be an attacker's.
#[tokio::test]
async fn no_close_notify_and_no_close() {
    let authority = Authority::new();
    let config = Arc::new(server_config(&authority.sign(params("localhost"))));
    let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = tcp.local_addr().unwrap();
    tokio::spawn(async move {
        let acceptor = tokio_rustls::TlsAcceptor::from(config);
        let (stream, _) = tcp.accept().await.unwrap();
        let stream = acceptor.accept(stream).await.unwrap();
        drop(miniws_tokio::accept(stream).await.unwrap());
    });
    let mut socket = connect(address, client_config(&authority)).await.unwrap();
    assert!(socket.recv().await.unwrap_err().is_connection_lost());
}

/// Who never ends the handshake of TLS is given up, and holds nobody up meanwhile.
#[tokio::test]
async fn handshakes_that_never_end() {
    let authority = Authority::new();
    let address = serve(server_config(&authority.sign(params("localhost")))).await;
    let mut silent = TcpStream::connect(address).await.unwrap();
    let mut plain = TcpStream::connect(address).await.unwrap();
    plain
        .write_all(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        .await
        .unwrap();

    let mut socket = connect(address, client_config(&authority)).await.unwrap();
    is_echoed(&mut socket, "hello").await;

    let mut rest = Vec::new();
    silent.read_to_end(&mut rest).await.unwrap();
    assert!(rest.is_empty());
    // An alert of TLS, and no HTTP.
    plain.read_to_end(&mut rest).await.unwrap();
    assert_eq!(rest.first(), Some(&21));
}

/// The error of a handshake that has failed stays an error, however often the stream is used.
#[tokio::test]
async fn a_failed_handshake_stays_failed() {
    let authority = Authority::new();
    let config = server_config(&authority.sign(params("localhost")));
    let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let listener = TlsListener::new(tcp, config);
    let address = listener.local_addr().unwrap();
    let mut plain = TcpStream::connect(address).await.unwrap();
    plain.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();

    let (mut stream, _) = listener.accept().await.unwrap();
    let mut bytes = [0; 8];
    assert!(stream.read(&mut bytes).await.is_err());
    assert!(stream.read(&mut bytes).await.is_err());
    assert!(stream.write(b"hello").await.is_err());
    assert!(stream.get_ref().is_none());
}
