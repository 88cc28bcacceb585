//! What a subscriber of `tracing` is told of a TLS handshake that fails.

use tracing::Level;
use tracing::subscriber::set_default;

use crate::authority::{Authority, client_config, params, server_config};
use crate::miniws::Client;
use crate::miniws::reconnect::Cause;
use crate::recorder::Records;
use crate::{connect, run, serve};

#[test]
fn a_failure_is_called_what_rustls_calls_it() {
    run(|| {
        let records = Records::default();
        let _guard = set_default(records.recorder(Level::TRACE));
        let address = serve(server_config(&Authority::new().sign(params("localhost"))));
        let stranger = client_config(&Authority::named("a stranger"));
        connect(address, stranger).err().unwrap();
        let failure = records.one("not opened");
        assert_eq!(failure.fields(), "error.type=InvalidCertificate");
    });
}

/// That of a proxy, too, though the error says where it has happened.
#[test]
fn a_failure_of_a_proxy_is_called_the_same() {
    run(|| {
        let records = Records::default();
        let _guard = set_default(records.recorder(Level::TRACE));
        let stranger = Authority::named("a stranger");
        let proxy = serve(server_config(&stranger.sign(params("localhost"))));
        let client = Client::new("ws://server.example/")
            .proxy(&format!("https://localhost:{}", proxy.port()))
            .tls(client_config(&Authority::new()));
        let error = client.connect().err().unwrap();
        let failure = records.one("not opened");
        assert_eq!(failure.field("error.type"), "InvalidCertificate");
        // Nor does a client that stays connected try it again.
        let text = error.to_string();
        assert!(text.contains("the proxy https://localhost"), "{text}");
        assert!(Cause::Connect(error).is_final());
    });
}
