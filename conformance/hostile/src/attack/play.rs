//! One attack, from the start of what is attacked to what it has come to.

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

use super::row::{Attack, Outcome, Play};
use crate::Result;
use crate::honest::{Guests, Honest};
use crate::program::{self, Program};
use crate::wire::{CLOSE, Frame, Head, Peer};

/// How long an honest client may have to wait.
const PROMPT: Duration = Duration::from_secs(1);

/// How an attack was withstood.
pub(crate) struct Withstood {
    /// KiB.
    pub(crate) growth: usize,
    /// The longest that an honest client had to wait.
    pub(crate) slowest: Option<Duration>,
}

pub(crate) async fn play(attack: Attack, directory: &Path) -> Result<Withstood> {
    let Attack {
        options,
        expected,
        growth: bound,
        within,
        guests,
        play,
        ..
    } = attack;
    let attacked = match play {
        Play::Server(play) => {
            let path = directory.join("echo");
            against_server(&path, &options, guests, within, play).await?
        }
        Play::Client(play) => {
            let path = directory.join("client");
            let played = against_client(&path, &options, expected, play);
            timeout(within, played).await.map_err(|_| "it hangs")??
        }
    };
    let (outcome, withstood) = attacked;
    if outcome != expected {
        return Err(format!("{outcome} instead of {expected}").into());
    }
    if withstood.growth > bound {
        return Err(format!(
            "it grew by {} KiB, not by {bound} at most",
            withstood.growth
        )
        .into());
    }
    match withstood.slowest {
        Some(slowest) if slowest > PROMPT => {
            Err(format!("an honest client waited for {slowest:.1?}").into())
        }
        _ => Ok(withstood),
    }
}

async fn against_server<F>(
    path: &Path,
    options: &[&str],
    guests: Guests,
    within: Duration,
    play: impl FnOnce(Arc<Program>) -> F,
) -> Result<(Outcome, Withstood)>
where
    F: Future<Output = Result<Outcome>>,
{
    // That of the library, not that of the example.
    let always = ["--addr", "127.0.0.1:0", "--max-message", MAX_MESSAGE];
    let options = [&always, options].concat();
    let server = Arc::new(Program::start(path, &options).await?);
    let honest = Honest::start(server.address, guests).await?;
    let before = server.peak()?;
    let outcome = match timeout(within, play(server.clone())).await {
        Ok(outcome) => outcome?,
        Err(_) => return Err(format!("not over after {within:?}").into()),
    };
    let slowest = Some(honest.finish().await?);
    let growth = server.peak()? - before;
    Ok((outcome, Withstood { growth, slowest }))
}

/// The default of `Config::max_message_size`.
const MAX_MESSAGE: &str = "16777216";

async fn against_client<F>(
    path: &Path,
    options: &[&str],
    expected: Outcome,
    play: impl FnOnce(Peer, Head) -> F,
) -> Result<(Outcome, Withstood)>
where
    F: Future<Output = Result<Outcome>>,
{
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let mut client = Command::new(path)
        .arg(format!("ws://{}/", listener.local_addr()?))
        .arg("--check")
        .args(options)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| format!("{}: {error}", path.display()))?;
    let (stream, _) = listener.accept().await?;
    let mut peer = Peer::over(stream)?;
    let head = peer.reading.head().await?;
    let (outcome, growth) = tokio::join!(play(peer, head), peak_of(&mut client));
    let (growth, succeeded) = growth?;
    let outcome = outcome?;
    if succeeded != (expected == Outcome::Served) {
        return Err(format!(
            "{outcome}, and the client's status is that of {}",
            if succeeded { "success" } else { "failure" }
        )
        .into());
    }
    let slowest = None;
    Ok((outcome, Withstood { growth, slowest }))
}

/// The most memory that it has taken, looked at until it ends, and whether it succeeded.
async fn peak_of(client: &mut Child) -> Result<(usize, bool)> {
    let mut peak = 0;
    loop {
        if let Some(status) = client.try_wait()? {
            return Ok((peak, status.success()));
        }
        if let Some(seen) = client.id().and_then(|pid| program::peak(pid).ok()) {
            peak = seen;
        }
        sleep(Duration::from_millis(2)).await;
    }
}

impl Peer {
    /// Reads what a failed connection ends with: a close frame, or nothing.
    pub(crate) async fn ending(&mut self) -> Result<Outcome> {
        let Some(frame) = self.reading.frame().await? else {
            return Ok(Outcome::Ended);
        };
        if frame.opcode() != CLOSE {
            return Err(unexpected(&frame, "the end"));
        }
        match self.reading.frame().await? {
            None => Ok(Outcome::Closed(frame.code()?)),
            Some(frame) => Err(unexpected(&frame, "the end")),
        }
    }

    /// Reads the answer to a bad request, its body, and the end.
    pub(crate) async fn refusal(&mut self) -> Result<Outcome> {
        let head = self.reading.head().await?;
        let length = head.header("Content-Length").unwrap_or("0").parse()?;
        let body = self.reading.rest().await?;
        if body.len() != length {
            return Err(format!("{length} bytes of a body, and then {body:x?}").into());
        }
        Ok(Outcome::Status(head.status()?))
    }
}

fn unexpected(frame: &Frame, expected: &str) -> Box<dyn std::error::Error + Send + Sync> {
    let (first, len) = (frame.first, frame.payload.len());
    format!("a frame {first:02x} of {len} bytes instead of {expected}").into()
}
