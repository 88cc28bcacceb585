//! A chat room, with a page to chat on: open `http://ADDR` in two windows.
//!
//! `chat [--addr 127.0.0.1:9001] [--redis redis://127.0.0.1:6379]`
//!
//! It prints `listening on ws://ADDR` when it is ready. Ctrl-C closes everyone with 1001.
//!
//! What is said is framed once, as a `PreparedMessage`, and shared by all connections. Nobody waits for
//! somebody else: a member has a queue of bounded length, and who doesn't keep up is dropped.
//!
//! Alone it is a room of its own. Several processes with the same Redis are one room, as far as what is
//! said goes; who comes and goes is told within each process. On Debian:
//!
//! ```sh
//! apt-get install redis-server
//! redis-server --port 6379 --save '' &
//! cargo run -p miniws-real-world --example chat -- --addr 127.0.0.1:9001 --redis redis://127.0.0.1:6379 &
//! cargo run -p miniws-real-world --example chat -- --addr 127.0.0.1:9002 --redis redis://127.0.0.1:6379
//! ```
//!
//! While Redis is away, who says something is told that it may not have been heard. The processes find
//! Redis again by themselves, and then tell what they have missed.

mod broker;
#[path = "../../../miniws-tokio/examples/common/exit.rs"]
mod exit;
mod options;
mod room;

use std::sync::Arc;
use std::time::Duration;

use miniws_tokio::{
    Config, Event, Message, PreparedMessage, Reply, Request, SendError, Server, WebSocket,
};
use serde::Deserialize;
use tokio::net::TcpStream;
use tokio::signal::ctrl_c;

use broker::Broker;
use exit::Error;
use options::Options;
use room::{Member, Room, Tell};

/// How many bytes may wait for a member's connection, and how long.
const MAX_QUEUED: usize = 256 << 10;
const WRITE_TIMEOUT: Duration = Duration::from_secs(5);

#[tokio::main]
async fn main() {
    exit::exit(run().await)
}

async fn run() -> Result<(), Error> {
    let options = Options::parse()?;
    let room = Arc::new(Room::default());
    let broker = match options.redis {
        Some(url) => Some(share(&url, room.clone()).await?),
        None => None,
    };

    let config = Config::default()
        .max_message_size(16 << 10)
        .max_queued(MAX_QUEUED)
        .write_timeout(Some(WRITE_TIMEOUT));
    let server = Server::new().config(config).plain(page);
    let bound = server.bind(&options.addr).await;
    let listener = bound.map_err(|error| format!("{}: {error}", options.addr))?;
    let ready = format!("listening on ws://{}", listener.local_addr());
    let stopper = listener.stopper();
    let serving = tokio::spawn(listener.serve(move |socket| {
        let (room, broker) = (room.clone(), broker.clone());
        async move {
            if let Err(error) = chat(socket, room, broker).await {
                eprintln!("{error}");
            }
        }
    }));

    // Who has read that it is ready may interrupt it: `ctrl_c` is polled first, and catches from
    // then on.
    let (interrupted, ()) = tokio::join!(ctrl_c(), async { println!("{ready}") });
    interrupted?;
    stopper.close_all(Duration::from_secs(3)).await;
    serving.await?;
    Ok(())
}

/// Makes the room one with those of other processes.
async fn share(url: &str, room: Arc<Room>) -> Result<Broker, Error> {
    let connected = broker::connect(url).await;
    // Without user and password.
    let shown = url.rsplit_once('@').map_or(url, |(_, address)| address);
    let (broker, stream) = connected.map_err(|error| format!("{shown}: {error}"))?;
    tokio::spawn(stream.follow(move |message| room.tell(message)));
    Ok(broker)
}

/// What a client asks for.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Ask {
    Join { name: String },
    Say { text: String },
}

/// One client, from its first message to its last.
///
/// `feed` only queues, and `recv` writes what is queued before it waits. When its queue is full, this
/// waits for its own client, at most until the write timeout.
async fn chat(
    mut socket: WebSocket<TcpStream>,
    room: Arc<Room>,
    broker: Option<Broker>,
) -> Result<(), Error> {
    let mut member: Option<Member> = None;
    loop {
        tokio::select! {
            event = socket.recv() => {
                let Some(event) = event? else {
                    return Ok(());
                };
                let Event::Message(message) = event else {
                    continue;
                };
                let answer = match (ask(&message), &member) {
                    (Some(Ask::Join { name }), None) => room.join(name.trim()).map(|(joined, members)| {
                        member = Some(joined);
                        Some(Tell::Welcome { members })
                    }),
                    (Some(Ask::Say { text }), Some(member)) => match member.says(&text) {
                        Ok(said) => say(said, &room, &broker).await.map(|()| None),
                        Err(reason) => Err(reason),
                    },
                    (Some(Ask::Join { .. }), Some(_)) => Err("you have joined already"),
                    (Some(Ask::Say { .. }), None) => Err("join before you say something"),
                    (None, _) => Err("that is not understood here"),
                };
                let answer = answer.unwrap_or_else(|reason| Some(Tell::Error { reason }));
                if let Some(tell) = answer {
                    unless_closing(socket.feed(tell.to_json()))?;
                }
            }
            heard = hear(&mut member) => {
                for message in heard.ok_or("a member was too slow")? {
                    if !socket.can_send() {
                        socket.flush().await?;
                    }
                    unless_closing(socket.feed_prepared(&message))?;
                }
            }
        }
    }
}

/// Tells everyone: here, or at all processes.
async fn say(said: String, room: &Room, broker: &Option<Broker>) -> Result<(), &'static str> {
    match broker {
        Some(broker) => broker.say(&said).await.map_err(|error| {
            eprintln!("redis: {error}");
            "that may not have been heard: the broker does not answer"
        }),
        None => {
            room.tell(said);
            Ok(())
        }
    }
}

/// Once the connection is closing, what comes next is for `recv` to tell.
fn unless_closing(fed: Result<(), miniws_tokio::Error>) -> Result<(), miniws_tokio::Error> {
    match fed {
        Err(miniws_tokio::Error::Send(SendError::Closed)) => Ok(()),
        fed => fed,
    }
}

fn ask(message: &Message) -> Option<Ask> {
    serde_json::from_str(message.as_text()?).ok()
}

/// All that the room has to tell a member, `None` when the room has given the member up. Who has not
/// joined hears nothing.
async fn hear(member: &mut Option<Member>) -> Option<Vec<PreparedMessage>> {
    match member {
        Some(member) => member.hear().await,
        None => std::future::pending().await,
    }
}

fn page(request: &Request) -> Reply {
    match request.path() {
        "/" => Reply::new(200)
            .header("Content-Type", "text/html; charset=utf-8")
            .body(include_str!("page.html")),
        _ => Reply::new(404),
    }
}
