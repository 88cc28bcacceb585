//! How long a client waits before it connects again, and when it gives up: exactly, for neither clock
//! nor chance is real.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::io;
use std::time::Duration;

use miniws_adapter::Error;
use miniws_adapter::reconnect::{Backoff, Cause, Retries};
use miniws_proto::{CloseCode, CloseStatus, HandshakeError, Headers, ProxyError, Response, Time};

const SECOND: Duration = Duration::from_secs(1);

fn no_chance(bytes: &mut [u8]) {
    bytes.fill(0);
}

fn at(seconds: u64) -> Time {
    Time::from_duration(Duration::from_secs(seconds))
}

fn response(status: u16, retry_after: Option<&str>) -> Box<Response> {
    let mut headers = Headers::new();
    if let Some(value) = retry_after {
        headers.push("Retry-After", value).unwrap();
    }
    Box::new(Response::new(status, headers))
}

fn refused(status: u16, retry_after: Option<&str>) -> Cause {
    Cause::Connect(HandshakeError::Refused(response(status, retry_after)).into())
}

fn refused_by_proxy(status: u16, retry_after: Option<&str>) -> Cause {
    Cause::Connect(ProxyError::Refused(response(status, retry_after)).into())
}

fn closed(code: u16) -> Cause {
    Cause::Closed(CloseStatus {
        code: CloseCode::from(code),
        reason: "".into(),
        clean: true,
    })
}

fn failed(kind: io::ErrorKind) -> Cause {
    Cause::Connect(Error::Io(kind.into()))
}

fn unreachable() -> Cause {
    failed(io::ErrorKind::ConnectionRefused)
}

fn retries(backoff: Backoff) -> Retries<'static> {
    let mut retries = Retries::default();
    retries.set_backoff(backoff);
    retries.set_entropy(no_chance);
    retries
}

#[test]
fn waits_grow_up_to_the_most() {
    let backoff = Backoff::default();
    let waits = (1..8).map(|retry| backoff.delay(retry, &mut no_chance).as_secs());
    assert_eq!(waits.collect::<Vec<_>>(), [1, 2, 4, 8, 16, 30, 30]);
    let backoff = backoff.first(2 * SECOND).factor(1.5);
    let waits = (1..4).map(|retry| backoff.delay(retry, &mut no_chance).as_millis());
    assert_eq!(waits.collect::<Vec<_>>(), [2000, 3000, 4500]);
}

#[test]
fn chance_takes_a_share() {
    let backoff = Backoff::default();
    let mut half = |bytes: &mut [u8]| bytes.copy_from_slice(&0x8000_0000_u32.to_le_bytes());
    let mut all = |bytes: &mut [u8]| bytes.fill(0xff);
    assert_eq!(backoff.delay(3, &mut half), 2 * SECOND);
    assert!(backoff.delay(3, &mut all) < Duration::from_nanos(2));
    let backoff = backoff.jitter(0.5);
    assert_eq!(backoff.delay(3, &mut half), 3 * SECOND);
    assert_eq!(backoff.jitter(0.0).delay(3, &mut all), 4 * SECOND);
}

#[test]
fn no_setting_makes_it_panic() {
    let numbers = [
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        -1.0,
        0.0,
        f64::MAX,
    ];
    for number in numbers {
        for time in [Duration::ZERO, SECOND, Duration::MAX] {
            for retry in [0, 1, 2, u32::MAX] {
                let backoff = Backoff::default().factor(number).jitter(number);
                let backoff = backoff.first(time).most(time);
                assert!(backoff.delay(retry, &mut no_chance) <= time);
                assert!(backoff.delay(retry, &mut |bytes: &mut [u8]| bytes.fill(0xff)) <= time);
            }
        }
    }
}

/// A thousand clients that lose their connection at the same moment come back spread over the wait.
#[test]
fn a_herd_is_spread() {
    let backoff = Backoff::default().first(10 * SECOND);
    let mut tenths = [0; 10];
    for seed in 1..=1000_u32 {
        // The finalizer of murmur3, as plain as a random number can be.
        let mut number = seed;
        for factor in [0x85eb_ca6b_u32, 0xc2b2_ae35] {
            number ^= number >> 16;
            number = number.wrapping_mul(factor);
        }
        let mut entropy = |bytes: &mut [u8]| bytes.copy_from_slice(&number.to_le_bytes());
        let delay = backoff.delay(1, &mut entropy);
        assert!(delay <= 10 * SECOND);
        tenths[(delay.as_millis() / 1000).min(9) as usize] += 1;
    }
    assert!(
        tenths.iter().all(|count| (60..140).contains(count)),
        "{tenths:?}"
    );
}

#[test]
fn a_connection_that_does_not_last_changes_nothing() {
    let mut retries = retries(Backoff::default());
    let lost = |retries: &mut Retries<'_>, now| {
        let retry = retries.lost(&unreachable(), at(now)).unwrap();
        (retry.number, retry.delay.as_secs())
    };
    assert_eq!(lost(&mut retries, 0), (1, 1));
    retries.opened(at(1));
    assert_eq!(lost(&mut retries, 10), (2, 2));
    retries.opened(at(12));
    assert_eq!(lost(&mut retries, 22), (1, 1));
    assert_eq!(lost(&mut retries, 23), (2, 2));
}

#[test]
fn it_gives_up_after_so_many() {
    let mut retries = retries(Backoff::default().retries(Some(2)));
    assert!(retries.lost(&unreachable(), at(0)).is_some());
    assert!(retries.lost(&unreachable(), at(1)).is_some());
    assert_eq!(retries.lost(&unreachable(), at(3)), None);
}

#[test]
fn it_gives_up_rather_than_wait_for_longer_than_it_may() {
    let mut retries = retries(Backoff::default().give_up_after(Some(7 * SECOND)));
    for now in [0, 1, 3] {
        assert!(retries.lost(&unreachable(), at(now)).is_some());
    }
    assert_eq!(retries.lost(&unreachable(), at(7)), None);
}

#[test]
fn what_a_busy_server_asks_for_is_added_up_to_a_bound() {
    let most = Backoff::default().max_retry_after(60 * SECOND);
    for (value, expected) in [
        ("20", 21),
        ("99999", 61),
        ("18446744073709551615", 61),
        ("-1", 1),
        ("soon", 1),
    ] {
        let mut retries = retries(most.clone());
        let retry = retries.lost(&refused(429, Some(value)), at(0)).unwrap();
        assert_eq!(retry.delay.as_secs(), expected, "{value}");
    }
    let retry = retries(most).lost(&refused_by_proxy(503, Some("20")), at(0));
    assert_eq!(retry.unwrap().delay.as_secs(), 21);
}

#[test]
fn what_is_final() {
    for code in [1000, 1008, 3000, 3003] {
        assert!(closed(code).is_final(), "{code}");
    }
    for code in [1001, 1002, 1005, 1006, 1009, 1011, 1012, 1013, 3001, 4000] {
        assert!(!closed(code).is_final(), "{code}");
    }
    for status in [200, 302, 400, 401, 403, 404, 426, 501, 505] {
        assert!(refused(status, None).is_final(), "{status}");
    }
    for status in [408, 421, 425, 429, 500, 502, 503, 504, 520] {
        assert!(!refused(status, None).is_final(), "{status}");
    }
    for kind in [io::ErrorKind::InvalidInput, io::ErrorKind::Unsupported] {
        assert!(failed(kind).is_final(), "{kind:?}");
        assert!(
            !Cause::Broken(Error::Io(kind.into())).is_final(),
            "{kind:?}"
        );
    }
    for error in [HandshakeError::Timeout, HandshakeError::ConnectionLost] {
        assert!(!Cause::Connect(error.into()).is_final());
    }
    for error in [HandshakeError::WrongAccept, HandshakeError::EmptyHost] {
        assert!(Cause::Connect(error.into()).is_final());
    }
    for (error, expected) in [
        (ProxyError::ConnectionLost, false),
        (ProxyError::Failed(1), false),
        (ProxyError::Failed(2), true),
        (ProxyError::Failed(5), false),
        (ProxyError::NotSocks, true),
        (ProxyError::AuthenticationFailed, true),
    ] {
        let cause = Cause::Connect(error.into());
        assert_eq!(cause.is_final(), expected, "{cause:?}");
    }
    assert!(refused_by_proxy(407, None).is_final());
    assert!(!refused_by_proxy(503, None).is_final());
    assert!(Cause::Connect(Error::Aborted).is_final());
    assert!(!Cause::Connect(Error::ConnectTimeout).is_final());
    assert!(!unreachable().is_final());
}

#[cfg(feature = "rustls")]
#[test]
fn a_bad_certificate_is_final_and_another_failure_of_tls_is_not() {
    use rustls::{CertificateError, Error::*, PeerMisbehaved};

    let is_final = |error: rustls::Error| {
        let error = io::Error::new(io::ErrorKind::InvalidData, error);
        Cause::Connect(error.into()).is_final()
    };
    assert!(is_final(InvalidCertificate(CertificateError::Expired)));
    assert!(is_final(InvalidCertificate(
        CertificateError::NotValidForName
    )));
    assert!(!is_final(InvalidMessage(
        rustls::InvalidMessage::InvalidContentType
    )));
    assert!(!is_final(AlertReceived(
        rustls::AlertDescription::InternalError
    )));
    assert!(!is_final(PeerMisbehaved(
        PeerMisbehaved::TooManyEmptyFragments
    )));
    assert!(!failed(io::ErrorKind::InvalidData).is_final());
}

#[test]
fn the_hook_has_the_last_word() {
    let mut retries = retries(Backoff::default());
    retries.set_give_up_if(|cause| cause.response().is_some_and(|it| it.status() == 503));
    assert!(retries.lost(&closed(1000), at(0)).is_some());
    assert_eq!(retries.lost(&refused(503, None), at(0)), None);
}
