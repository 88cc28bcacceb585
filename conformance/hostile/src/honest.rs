//! A client that means no harm, and how long it waits.

use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use tokio::runtime::Builder;
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};

use crate::Result;
use crate::wire::{CLOSE, FIN, Peer, close, masked};

/// Between two rounds.
const PACE: Duration = Duration::from_millis(50);

/// How often it looks whether the machine lets it run.
const PULSE: Duration = Duration::from_millis(10);

/// After so long it has not been served at all.
const PATIENCE: Duration = Duration::from_secs(10);

/// A client that is served, again and again, in a thread of its own, so that it is not kept waiting
/// by what attacks.
pub(crate) struct Honest {
    stop: oneshot::Sender<()>,
    ended: oneshot::Receiver<Result<Duration>>,
}

/// Who asks to be served.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Guests {
    /// A connection that is there from the start, and one that is new in each round.
    All,
    /// Only the former.
    Regular,
}

impl Honest {
    /// Returns after its first round.
    pub(crate) async fn start(address: SocketAddr, guests: Guests) -> Result<Self> {
        let (stop, mut stopped) = oneshot::channel();
        let (begin, begun) = oneshot::channel();
        let (end, ended) = oneshot::channel();
        let come = async move {
            let (mut regular, _) = Peer::open(address, "").await?;
            round(address, &mut regular, guests).await?;
            let _ = begin.send(());
            let mut slowest = Duration::ZERO;
            // The last round begins after the attack has ended.
            let mut last = false;
            while !last {
                last = timeout(PACE, &mut stopped).await.is_ok();
                slowest = slowest.max(round(address, &mut regular, guests).await?);
            }
            Ok(slowest)
        };
        let runtime = Builder::new_current_thread().enable_all().build()?;
        thread::spawn(move || end.send(runtime.block_on(come)));
        if begun.await.is_err() {
            return Err(match ended.await? {
                Err(error) => format!("the first round: {error}").into(),
                Ok(_) => "no round".into(),
            });
        }
        Ok(Self { stop, ended })
    }

    /// The longest that it had to wait.
    pub(crate) async fn finish(self) -> Result<Duration> {
        let _ = self.stop.send(());
        self.ended.await?
    }
}

/// An echo for the regular guest, then a whole visit of a new one; the longer of the two times.
async fn round(address: SocketAddr, regular: &mut Peer, guests: Guests) -> Result<Duration> {
    let served = async {
        let mut slowest = wait_of(regular.echo("how are you?")).await?;
        if guests == Guests::All {
            slowest = slowest.max(wait_of(visit(address)).await?);
        }
        Ok(slowest)
    };
    let late = |_| format!("an honest client was not served within {PATIENCE:?}");
    timeout(PATIENCE, served).await.map_err(late)?
}

/// How long somebody waits to be served. Time in which the machine did not let this thread run
/// either says nothing of the server, and is left out.
async fn wait_of(served: impl Future<Output = Result<()>>) -> Result<Duration> {
    let start = Instant::now();
    let mut late = Duration::ZERO;
    let pulse = async {
        loop {
            let before = Instant::now();
            sleep(PULSE).await;
            // Timers are coarse: they are late by a little in any case.
            let late_by = before.elapsed().saturating_sub(PULSE);
            if late_by > PULSE {
                late += late_by;
            }
        }
    };
    tokio::select! {
        biased;
        () = pulse => {}
        served = served => served?,
    }
    Ok(start.elapsed().saturating_sub(late))
}

async fn visit(address: SocketAddr) -> Result<()> {
    let (mut guest, _) = Peer::open(address, "").await?;
    guest.echo("good evening").await?;
    guest.write(masked(FIN | CLOSE, close(1000, b""))).await?;
    match guest.reading.frame().await? {
        Some(frame) if frame.opcode() == CLOSE && frame.code()? == 1000 => {}
        other => return Err(format!("{other:?} instead of a close").into()),
    }
    match guest.reading.frame().await? {
        None => Ok(()),
        Some(frame) => Err(format!("{frame:?} behind the close").into()),
    }
}
