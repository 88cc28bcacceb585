//! One sends to all.

use crate::contestant::{Contestant, Sink};

/// Sends what comes from the sender to all of the others, until it goes.
pub async fn relay<S, C: Contestant<S>>(mut sender: C::Socket, mut others: Vec<C::Socket>) {
    let mut sink = Sink::keep();
    while C::receive(&mut sender, &mut sink).await {
        C::broadcast(&mut others, &sink.kept()).await;
    }
}
