//! A chat room, with a page to chat on: open `http://ADDR` in two windows.
//!
//! `chat [--addr 127.0.0.1:9001]`
//!
//! It prints `listening on ws://ADDR` when it is ready. Ctrl-C closes everyone with 1001.
//!
//! What is said is framed once, as a `PreparedMessage`, and shared by all connections. Nobody is ever
//! waited for: a member has a queue of bounded length, and who doesn't keep up is dropped.

#[path = "../../miniws-tokio/examples/common/exit.rs"]
mod exit;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lexopt::{Arg, Parser, ValueExt};
use miniws_tokio::{
    Config, Event, Message, PreparedMessage, Reply, Request, SendError, Server, WebSocket,
};
use serde::{Deserialize, Serialize};
use tokio::net::TcpStream;
use tokio::signal::ctrl_c;
use tokio::sync::mpsc;

use exit::Error;

/// How many messages may wait for a member's task, and how many bytes for its connection.
const MAX_WAITING: usize = 256;
const MAX_QUEUED: usize = 256 << 10;

const MAX_MEMBERS: usize = 1000;
const MAX_NAME: usize = 32;
const MAX_TEXT: usize = 1000;

#[tokio::main]
async fn main() {
    exit::exit(run().await)
}

async fn run() -> Result<(), Error> {
    let addr = addr()?;
    let config = Config::default()
        .max_message_size(16 << 10)
        .max_queued(MAX_QUEUED);
    let bound = Server::new().config(config).plain(page).bind(&addr).await;
    let listener = bound.map_err(|error| format!("{addr}: {error}"))?;
    let ready = format!("listening on ws://{}", listener.local_addr());
    let stopper = listener.stopper();
    let room = Arc::new(Room::default());
    let serving = tokio::spawn(listener.serve(move |socket| {
        let room = room.clone();
        async move {
            if let Err(error) = chat(socket, room).await {
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

/// What a client asks for.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Ask {
    Join { name: String },
    Say { text: String },
}

/// What a client is told.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Tell<'a> {
    Welcome { members: Vec<String> },
    Joined { name: &'a str, members: usize },
    Left { name: &'a str, members: usize },
    Said { name: &'a str, text: &'a str },
    Error { reason: &'a str },
}

/// One client, from its first message to its last.
///
/// `feed` only queues, and `recv` writes what is queued before it waits. So this never waits for the
/// client to take something: when its queue is full, `feed` fails, and the client is dropped.
async fn chat(mut socket: WebSocket<TcpStream>, room: Arc<Room>) -> Result<(), Error> {
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
                    (Some(Ask::Say { text }), Some(member)) => member.say(&text).map(|()| None),
                    (Some(Ask::Join { .. }), Some(_)) => Err("you have joined already"),
                    (Some(Ask::Say { .. }), None) => Err("join before you say something"),
                    (None, _) => Err("that is not understood here"),
                };
                let answer = answer.unwrap_or_else(|reason| Some(Tell::Error { reason }));
                if let Some(tell) = answer {
                    unless_closing(socket.feed(serde_json::to_string(&tell)?))?;
                }
            }
            heard = hear(&mut member) => match heard {
                Some(message) => unless_closing(socket.feed_prepared(&message))?,
                None => return Err("a member was too slow".into()),
            },
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

/// What the room tells a member next, `None` when the room has given the member up. Who has not
/// joined hears nothing.
async fn hear(member: &mut Option<Member>) -> Option<PreparedMessage> {
    match member {
        Some(member) => member.inbox.recv().await,
        None => std::future::pending().await,
    }
}

/// The members by name, each with the way to its task; that is `None` for who was too slow.
#[derive(Default)]
struct Room(Mutex<Members>);

type Members = BTreeMap<String, Option<mpsc::Sender<PreparedMessage>>>;

/// Someone's place in the room. Dropping it leaves.
struct Member {
    room: Arc<Room>,
    name: String,
    inbox: mpsc::Receiver<PreparedMessage>,
}

impl Room {
    /// Lets someone in, and names everyone who is there then.
    fn join(self: &Arc<Self>, name: &str) -> Result<(Member, Vec<String>), &'static str> {
        if name.is_empty() || name.chars().count() > MAX_NAME {
            return Err("a name has 1 to 32 characters");
        }
        if name.contains(char::is_control) {
            return Err("a name has no control characters");
        }
        let mut members = self.lock();
        if members.contains_key(name) {
            return Err("that name is taken");
        }
        if members.len() >= MAX_MEMBERS {
            return Err("the room is full");
        }
        let count = members.len() + 1;
        tell(
            &mut members,
            &Tell::Joined {
                name,
                members: count,
            },
        );
        let (sender, inbox) = mpsc::channel(MAX_WAITING);
        members.insert(name.to_owned(), Some(sender));
        let member = Member {
            room: self.clone(),
            name: name.to_owned(),
            inbox,
        };
        Ok((member, members.keys().cloned().collect()))
    }

    fn lock(&self) -> MutexGuard<'_, Members> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Member {
    fn say(&self, text: &str) -> Result<(), &'static str> {
        if text.trim().is_empty() || text.chars().count() > MAX_TEXT {
            return Err("a message has 1 to 1000 characters");
        }
        let name = &self.name;
        tell(&mut self.room.lock(), &Tell::Said { name, text });
        Ok(())
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        let name = &self.name;
        let mut members = self.room.lock();
        members.remove(name);
        let count = members.len();
        tell(
            &mut members,
            &Tell::Left {
                name,
                members: count,
            },
        );
    }
}

/// Tells everyone: the frame is made once, and shared.
fn tell(members: &mut Members, what: &Tell<'_>) {
    let Ok(text) = serde_json::to_string(what) else {
        return;
    };
    let message = PreparedMessage::new(text);
    for member in members.values_mut() {
        if let Some(inbox) = member
            && inbox.try_send(message.clone()).is_err()
        {
            *member = None;
        }
    }
}

fn page(request: &Request) -> Reply {
    match request.path() {
        "/" => Reply::new(200)
            .header("Content-Type", "text/html; charset=utf-8")
            .body(include_str!("pages/chat.html")),
        _ => Reply::new(404),
    }
}

fn addr() -> Result<String, lexopt::Error> {
    let mut addr = "127.0.0.1:9001".to_owned();
    let mut parser = Parser::from_env();
    while let Some(arg) = parser.next()? {
        match arg {
            Arg::Long("addr") => addr = parser.value()?.string()?,
            _ => return Err(arg.unexpected()),
        }
    }
    Ok(addr)
}
