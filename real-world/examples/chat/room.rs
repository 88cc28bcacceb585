//! The room of one process: who is in it, and how everyone is told something without anyone being
//! waited for.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use miniws_tokio::PreparedMessage;
use serde::Serialize;
use tokio::sync::mpsc;

/// How many messages may wait for a member's task.
const MAX_WAITING: usize = 256;

const MAX_MEMBERS: usize = 1000;
const MAX_NAME: usize = 32;
const MAX_TEXT: usize = 1000;

/// What a client is told.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(crate) enum Tell<'a> {
    Welcome { members: Vec<String> },
    Joined { name: &'a str, members: usize },
    Left { name: &'a str, members: usize },
    Said { name: &'a str, text: &'a str },
    Error { reason: &'a str },
}

impl Tell<'_> {
    pub(crate) fn to_json(&self) -> String {
        // It has strings and numbers only, which cannot fail.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// The members by name, each with the way to its task; that is `None` for who was too slow.
#[derive(Default)]
pub(crate) struct Room(Mutex<Members>);

type Members = BTreeMap<String, Option<mpsc::Sender<PreparedMessage>>>;

/// Someone's place in the room. Dropping it leaves.
pub(crate) struct Member {
    room: Arc<Room>,
    name: String,
    inbox: mpsc::Receiver<PreparedMessage>,
}

impl Room {
    /// Lets someone in, and names everyone who is there then.
    pub(crate) fn join(
        self: &Arc<Self>,
        name: &str,
    ) -> Result<(Member, Vec<String>), &'static str> {
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
        let joined = Tell::Joined {
            name,
            members: members.len() + 1,
        };
        tell(&mut members, joined.to_json());
        let (sender, inbox) = mpsc::channel(MAX_WAITING);
        members.insert(name.to_owned(), Some(sender));
        let member = Member {
            room: self.clone(),
            name: name.to_owned(),
            inbox,
        };
        Ok((member, members.keys().cloned().collect()))
    }

    pub(crate) fn tell(&self, what: impl Into<String>) {
        tell(&mut self.lock(), what.into());
    }

    fn lock(&self) -> MutexGuard<'_, Members> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells everyone: the frame is made once, and shared.
fn tell(members: &mut Members, what: String) {
    let message = PreparedMessage::new(what);
    for member in members.values_mut() {
        if let Some(inbox) = member
            && inbox.try_send(message.clone()).is_err()
        {
            *member = None;
        }
    }
}

impl Member {
    /// What everyone is told when this member says something.
    pub(crate) fn says(&self, text: &str) -> Result<String, &'static str> {
        if text.trim().is_empty() || text.chars().count() > MAX_TEXT {
            return Err("a message has 1 to 1000 characters");
        }
        let name = &self.name;
        Ok(Tell::Said { name, text }.to_json())
    }

    /// Waits for something that the room tells this member, and takes all that there is; `None` when
    /// the room has given the member up.
    pub(crate) async fn hear(&mut self) -> Option<Vec<PreparedMessage>> {
        let mut heard = Vec::new();
        let count = self.inbox.recv_many(&mut heard, MAX_WAITING).await;
        (count > 0).then_some(heard)
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        let mut members = self.room.lock();
        members.remove(&self.name);
        let left = Tell::Left {
            name: &self.name,
            members: members.len(),
        };
        tell(&mut members, left.to_json());
    }
}
