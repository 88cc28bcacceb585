//! What TLS needs on any runtime.

use std::io;
use std::sync::{Arc, LazyLock};

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};

use crate::dial::without_place;

/// A client's configuration: the roots that Mozilla trusts, and TLS 1.2 or 1.3.
///
/// The crypto provider is named here, so it does not matter whether the process has a default.
#[must_use]
pub fn client_config() -> Arc<ClientConfig> {
    static CONFIG: LazyLock<Arc<ClientConfig>> = LazyLock::new(|| {
        let roots = RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider);
        // These versions are what the provider is made for.
        #[allow(clippy::expect_used)]
        let builder = builder
            .with_safe_default_protocol_versions()
            .expect("ring has both versions");
        let mut config = builder.with_root_certificates(roots).with_no_client_auth();
        // The handshake is one of HTTP/1.1 (RFC 6455 section 4.1).
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Arc::new(config)
    });
    Arc::clone(&CONFIG)
}

/// What rustls says, if that is within an error of the transport.
pub(crate) fn error_within(error: &io::Error) -> Option<&rustls::Error> {
    without_place(error).get_ref()?.downcast_ref()
}

/// Whom the server's certificate has to name.
pub fn server_name(host: &str) -> io::Result<ServerName<'static>> {
    let name = ServerName::try_from(host.to_owned());
    name.map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))
}
