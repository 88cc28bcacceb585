//! The example `restart`, restarted. Each of its processes is this program once more.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "../examples/restart/server.rs"]
mod server;

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use miniws_tokio::{Event, NetStream, WebSocket, connect};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(60);
const MARK: &str = "MINIWS_TEST_RESTART";

/// The program, when it is a server.
#[test]
fn a_server() {
    if std::env::var_os(MARK).is_some() {
        server::main().unwrap();
    }
}

#[tokio::test]
async fn a_restart_refuses_nobody_and_ends_no_conversation() {
    timeout(PATIENCE, scenario()).await.expect("it hangs");
}

async fn scenario() {
    let mut old = Process::start();
    let (ready, lines) = next_ready(BufReader::new(old.0.stdout.take().unwrap())).await;
    let url = ready.strip_prefix("listening on ").unwrap().to_owned();

    let mut early = connect(&url).await.unwrap();
    assert_eq!(ask(&mut early).await, old.0.id());

    signal("-HUP", old.0.id());
    let (again, _lines) = next_ready(lines).await;
    assert_eq!(again, ready);
    // Both listen, for a moment: whoever answers, nobody is refused.
    let new = loop {
        let mut late = connect(&url).await.unwrap();
        let process = ask(&mut late).await;
        if process != old.0.id() {
            break Stranger(process);
        }
    };
    assert_eq!(ask(&mut early).await, old.0.id());
    assert!(early.close().await.unwrap().clean);
    assert!(
        spawn_blocking(move || old.0.wait())
            .await
            .unwrap()
            .unwrap()
            .success()
    );

    let mut late = connect(&url).await.unwrap();
    assert_eq!(ask(&mut late).await, new.0);
}

async fn ask(socket: &mut WebSocket<NetStream>) -> u32 {
    socket.send("who are you?").await.unwrap();
    loop {
        match socket.recv().await.unwrap() {
            Some(Event::Message(answer)) => return answer.as_text().unwrap().parse().unwrap(),
            Some(_) => {}
            None => panic!("it has ended"),
        }
    }
}

/// The next line that says that a server is ready, and what reads those after it.
async fn next_ready<R: BufRead + Send + 'static>(mut output: R) -> (String, R) {
    let reading = spawn_blocking(move || {
        loop {
            let mut line = String::new();
            assert_ne!(
                output.read_line(&mut line).unwrap(),
                0,
                "the server has ended"
            );
            if let Some(ready) = line.find("listening on ") {
                return (line[ready..].trim_end().to_owned(), output);
            }
        }
    });
    reading.await.unwrap()
}

struct Process(Child);

impl Process {
    fn start() -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["127.0.0.1:0", "--exact", "a_server", "--nocapture"]);
        Self(
            command
                .env(MARK, "yes")
                .stdout(Stdio::piped())
                .spawn()
                .unwrap(),
        )
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
    }
}

/// A process that somebody else has started.
struct Stranger(u32);

impl Drop for Stranger {
    fn drop(&mut self) {
        signal("-TERM", self.0);
    }
}

fn signal(signal: &str, process: u32) {
    let status = Command::new("kill")
        .args([signal, &process.to_string()])
        .status();
    assert!(status.unwrap().success());
}
