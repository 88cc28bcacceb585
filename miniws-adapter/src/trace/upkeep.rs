//! A client that stays connected.

use std::time::Duration;

use super::TARGET;
use super::error_type::error_type;
use crate::reconnect::Cause;

/// There is no connection, and there will be another attempt.
pub fn lost(cause: &Cause, retry: u32, delay: Duration) {
    tracing::info!(
        target: TARGET,
        {
            error.type = cause_type(cause),
            websocket.close.code = close_code(cause),
            websocket.retry = retry,
            websocket.retry.delay = delay.as_secs_f64(),
        },
        "lost",
    );
}

/// There is no connection, and no further attempt, though the peer has not closed with 1000.
pub fn gave_up(cause: &Cause) {
    tracing::warn!(
        target: TARGET,
        {
            error.type = cause_type(cause),
            websocket.close.code = close_code(cause),
        },
        "gave up",
    );
}

/// There is a connection again, so long after one has last lasted.
pub fn reconnected(gap: Duration) {
    tracing::info!(target: TARGET, { websocket.gap = gap.as_secs_f64() }, "reconnected");
}

fn cause_type(cause: &Cause) -> Option<String> {
    match cause {
        Cause::Closed(_) => None,
        Cause::Broken(error) | Cause::Connect(error) => Some(error_type(error)),
    }
}

fn close_code(cause: &Cause) -> Option<u16> {
    match cause {
        Cause::Closed(status) => Some(status.code.into()),
        Cause::Broken(_) | Cause::Connect(_) => None,
    }
}
