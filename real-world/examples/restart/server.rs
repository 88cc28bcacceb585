//! A server that starts its successor.

use std::env;
use std::error::Error;
use std::io::{self, Write};
use std::net::TcpListener;
use std::os::fd::{AsFd, OwnedFd};
use std::process::{self, Stdio};
use std::time::Duration;

use miniws_tokio::{Event, Server, WebSocket};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, BufReader};
use tokio::process::Command;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::timeout;

/// How long the conversations may go on, and how long the rest may take to say goodbye.
const PATIENCE: Duration = Duration::from_secs(600);
const GOODBYE: Duration = Duration::from_secs(5);
/// How long a successor may take to start.
const START: Duration = Duration::from_secs(30);

/// Says that standard input is the listening socket.
const INHERITED: &str = "RESTART_INHERITED";
const READY: &str = "listening on ";

#[tokio::main]
pub(crate) async fn main() -> Result<(), Box<dyn Error>> {
    let socket = match env::var_os(INHERITED) {
        Some(_) => TcpListener::from(io::stdin().as_fd().try_clone_to_owned()?),
        None => TcpListener::bind(env::args().nth(1).as_deref().unwrap_or("127.0.0.1:9001"))?,
    };
    socket.set_nonblocking(true)?;
    let tokios = tokio::net::TcpListener::from_std(socket.try_clone()?)?;
    let listener = Server::new().listen(tokios)?;
    let stopper = listener.stopper();
    // Nothing is ever sent here: it ends when the last connection has dropped its sender.
    let (alive, mut gone) = mpsc::channel::<()>(1);
    let serving = tokio::spawn(listener.serve(move |socket| {
        let alive = alive.clone();
        async move {
            if let Err(error) = tell(socket).await {
                eprintln!("{error}");
            }
            drop(alive);
        }
    }));

    let mut hangups = signal(SignalKind::hangup())?;
    say(&format!("{READY}ws://{}", socket.local_addr()?));
    while hangups.recv().await.is_some() {
        match start_successor(socket.try_clone()?).await {
            Ok(ready) => {
                say(&ready);
                break;
            }
            Err(error) => eprintln!("the successor does not start, so this goes on: {error}"),
        }
    }
    stopper.stop();
    serving.await?;
    if timeout(PATIENCE, gone.recv()).await.is_err() {
        stopper.close_all(GOODBYE).await;
    }
    Ok(())
}

/// Starts the successor, and returns what it says when it listens.
async fn start_successor(socket: TcpListener) -> Result<String, Box<dyn Error>> {
    let mut successor = Command::new(env::current_exe()?)
        .args(env::args_os().skip(1))
        .env(INHERITED, "yes")
        .stdin(OwnedFd::from(socket))
        .stdout(Stdio::piped())
        .spawn()?;
    let output = successor.stdout.take().ok_or("it has no output")?;
    let mut lines = BufReader::new(output).lines();
    let ready = async {
        while let Some(line) = lines.next_line().await? {
            if line.starts_with(READY) {
                return Ok(line);
            }
        }
        Err("it has ended".into())
    };
    let started = timeout(START, ready).await;
    if !matches!(started, Ok(Ok(_))) {
        successor.kill().await?;
    }
    started?
}

/// Nobody may be reading any more: who started the predecessor, for example.
fn say(line: &str) {
    let mut output = io::stdout();
    let _ = writeln!(output, "{line}").and_then(|()| output.flush());
}

/// Answers every message.
async fn tell<S: AsyncRead + AsyncWrite + Unpin>(
    mut socket: WebSocket<S>,
) -> Result<(), miniws_tokio::Error> {
    while let Some(event) = socket.recv().await? {
        if let Event::Message(_) = event {
            socket.send(process::id().to_string()).await?;
        }
    }
    Ok(())
}
