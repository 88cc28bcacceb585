//! A client that stays connected.

use std::io;
use std::time::Duration;

use tracing::Level;

use super::super::support::{Pipe, client_and_peer, run};
use super::{record, story};
use crate::miniws::Error;
use crate::miniws::reconnect::{Backoff, Reconnecting, Update};

#[test]
fn gaps_and_attempts() {
    let (records, _guard) = record(Level::TRACE);
    run(async {
        let mut attempts = 0;
        let mut peers = Vec::new();
        let mut client = Reconnecting::<Pipe>::new(move || {
            attempts += 1;
            let opened = match attempts {
                2 => {
                    let (socket, peer) = client_and_peer(Default::default());
                    peers.push(peer);
                    Ok(socket)
                }
                _ => Err(Error::from(io::Error::from(
                    io::ErrorKind::ConnectionRefused,
                ))),
            };
            if attempts == 2 {
                peers.clear(); // It is lost at once.
            }
            async { opened }
        })
        .backoff(
            Backoff::default()
                .first(Duration::from_millis(1))
                .jitter(0.0)
                .retries(Some(2)),
        );
        assert!(matches!(
            client.recv().await,
            Ok(Some(Update::Lost { retry: 1, .. }))
        ));
        assert!(matches!(
            client.recv().await,
            Ok(Some(Update::Connected(_)))
        ));
        assert!(matches!(
            client.recv().await,
            Ok(Some(Update::Lost { retry: 2, .. }))
        ));
        client.recv().await.unwrap_err();
    });
    let lost = records.all("lost");
    let fields: Vec<_> = lost
        .iter()
        .map(|lost| (lost.level, lost.fields()))
        .collect();
    let expected = |error_type, retry, delay| {
        let fields = format!(
            "error.type={error_type} websocket.retry={retry} websocket.retry.delay={delay}"
        );
        (Level::INFO, fields)
    };
    assert_eq!(
        fields,
        [
            expected("ConnectionRefused", 1, 0.001),
            expected("ConnectionLost", 2, 0.002)
        ]
    );
    let again = records.one("reconnected");
    assert_eq!(again.level, Level::INFO);
    assert!(again.field("websocket.gap").parse::<f64>().unwrap() >= 0.001);
    let over = records.one("gave up");
    assert_eq!(
        (over.level, &*over.fields()),
        (Level::WARN, "error.type=ConnectionRefused")
    );
    story(&records, "client");
}
