//! What a subscriber of `tracing` is told of a TLS handshake that fails.

use tracing::Level;
use tracing::subscriber::set_default;

use crate::authority::{Authority, client_config, params, server_config};
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
