//! What a subscriber of `tracing` is told of a TLS handshake that fails.

use futures_lite::future::zip;
use tracing::Level;
use tracing::subscriber::set_default;

use super::authority::{Authority, client_config, params, server_config};
use super::recorder::Records;
use super::{connect, run};
use crate::miniws::Server;
use crate::miniws::tls::TlsListener;
use crate::runtime::TcpListener;

#[test]
fn a_failure_is_called_what_rustls_calls_it() {
    let records = Records::default();
    let _guard = set_default(records.recorder(Level::TRACE));
    run(async {
        let config = server_config(&Authority::new().sign(params("localhost")));
        let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let listener = TlsListener::new(tcp, config);
        let mut listener = Server::new().listen(listener).unwrap();
        let address = listener.local_addr();
        let stranger = client_config(&Authority::named("a stranger"));
        let (refused, failed) = zip(listener.accept(), connect(address, stranger)).await;
        assert!(refused.unwrap().is_err() && failed.is_err());
    });
    let failures = records.all("not opened");
    let kinds = failures.iter().map(|failure| {
        let span = records.parent(failure).unwrap();
        (span.field("otel.kind").to_owned(), failure.fields())
    });
    let mut kinds: Vec<_> = kinds.collect();
    kinds.sort();
    let expected = [
        ("client", "error.type=InvalidCertificate"),
        ("server", "error.type=AlertReceived"),
    ];
    assert_eq!(
        kinds,
        expected.map(|(kind, told)| (kind.to_owned(), told.to_owned()))
    );
}
