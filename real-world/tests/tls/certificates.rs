//! Who is trusted, and what is agreed to.

use std::sync::Arc;

use rcgen::date_time_ymd;

use super::authority::{Authority, Identity, client_config, params, server_config};
use super::{connect, is_echoed, run, serve};
use crate::miniws::rustls::crypto::ring::default_provider;
use crate::miniws::rustls::server::WebPkiClientVerifier;
use crate::miniws::rustls::{ClientConfig, ServerConfig};
use crate::miniws::{Client, Error, NetStream, WebSocket};

fn assert_fails(result: Result<WebSocket<NetStream>, Error>, why: &str) {
    let error = result.unwrap_err().to_string();
    assert!(error.contains(why), "{error}");
}

#[test]
fn a_good_certificate() {
    run(async {
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
    });
}

#[test]
fn certificates_that_are_not_good() {
    run(async {
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

        let itself = Identity::self_signed(params("localhost"));
        let itself = serve(server_config(&itself)).await;
        assert_fails(connect(itself, config()).await, "UnknownIssuer");

        // And nobody trusts it by default.
        let url = format!("wss://localhost:{}/", unknown.port());
        assert_fails(Client::new(&url).connect().await, "UnknownIssuer");
    });
}

#[test]
fn client_certificates() {
    run(async {
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
    });
}

#[test]
fn alpn() {
    run(async {
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
    });
}
