//! The handshake of the asynchronous servers.

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::Service;
use super::handshake::{Answer, answer};

/// A client that a WebSocket has begun with.
pub struct Greeted {
    /// It is the one that sends to all.
    pub is_sender: bool,
}

/// Answers a client. `None` if that was all it wanted.
pub async fn greet<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    service: Service,
) -> Option<Greeted> {
    let mut head = Vec::with_capacity(512);
    loop {
        if stream.read_buf(&mut head).await.ok()? == 0 {
            return None;
        }
        match answer(&head, service) {
            Answer::Wait => {}
            Answer::Upgrade { reply, is_sender } => {
                stream.write_all(&reply).await.ok()?;
                return Some(Greeted { is_sender });
            }
            Answer::End(reply) => {
                stream.write_all(&reply).await.ok()?;
                return None;
            }
        }
    }
}
