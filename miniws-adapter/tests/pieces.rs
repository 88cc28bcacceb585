//! The small parts: clock, entropy, addresses, errors.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use miniws_adapter::{Error, IpFamily, OsEntropy, clock};
use miniws_proto::{Entropy, HandshakeError, ProxyError, SendError, Time};

/// RFC 8305 section 4: the families in turn, so that a dead one costs one attempt.
#[test]
fn addresses_are_tried_in_turn() {
    let addresses = |all: &[&str]| -> Vec<SocketAddr> {
        all.iter().map(|address| address.parse().unwrap()).collect()
    };
    let found = addresses(&["1.1.1.1:1", "2.2.2.2:1", "[::1]:1", "3.3.3.3:1", "[::2]:1"]);
    let order = |family: IpFamily| family.order(found.clone());
    assert_eq!(
        order(IpFamily::Any),
        addresses(&["[::1]:1", "1.1.1.1:1", "[::2]:1", "2.2.2.2:1", "3.3.3.3:1"])
    );
    assert_eq!(
        order(IpFamily::V4),
        addresses(&["1.1.1.1:1", "2.2.2.2:1", "3.3.3.3:1"])
    );
    assert_eq!(order(IpFamily::V6), addresses(&["[::1]:1", "[::2]:1"]));
    assert_eq!(IpFamily::default().order([]), []);
}

#[test]
fn the_clock_goes_there_and_back() {
    let soon = Instant::now() + Duration::from_secs(7);
    assert!(clock::now() < clock::at(soon));
    assert_eq!(clock::instant(clock::at(soon)), Some(soon));
    assert_eq!(clock::instant(Time::from_duration(Duration::MAX)), None);
}

#[test]
fn entropy_is_not_repeated() {
    let mut blocks = [[0; 16]; 4];
    for block in &mut blocks {
        OsEntropy.fill(block);
    }
    for (at, block) in blocks.iter().enumerate() {
        assert!(!blocks[..at].contains(block));
        assert_ne!(*block, [0; 16]);
    }
}

/// Each says what has failed and why, and has behind it only what it has not told.
#[test]
fn errors_read_well() {
    let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
    let wrapped = std::io::Error::other(Error::from(SendError::Closed));
    for (error, words) in [
        (Error::from(refused), ["transport", "connection refused"]),
        (wrapped.into(), ["transport", "sending"]),
        (HandshakeError::Timeout.into(), ["handshake", "time"]),
        (SendError::Closed.into(), ["sending", "clos"]),
        (ProxyError::Failed(5).into(), ["proxy", "refused"]),
        (Error::ConnectTimeout, ["connect", "time"]),
        (Error::Aborted, ["hook", ""]),
        (Error::Declined { status: 403 }, ["403", ""]),
    ] {
        let message = error.to_string();
        assert!(words.iter().all(|word| message.contains(word)), "{message}");
        assert!(std::error::Error::source(&error).is_none(), "{message}");
        assert_eq!(error.close_code(), None);
    }
}
