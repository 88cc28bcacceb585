//! What an application has to say about compression.

use super::support::wire::{self, TEXT};
use super::support::{calm, pipe, run};
use crate::miniws::{Compression, DeflateConfig, MessageKind, PreparedMessage, Server};

/// The first byte of a compressed text (RFC 7692 section 6.1).
const DEFLATED: u8 = 0x80 | 0x40 | TEXT;

/// Whichever way it is sent, on its own or through a half: whole, prepared or in chunks, at once or
/// with a flush.
#[test]
fn messages_choose_whether_they_are_compressed() {
    run(async {
        let (ours, mut peer) = pipe(64 << 10);
        let request = wire::request("Sec-WebSocket-Extensions: permessage-deflate\r\n");
        wire::write(&mut peer, request).await;
        let config = calm().deflate(Some(DeflateConfig::default()));
        let mut server = Server::new().config(config).accept(ours).await.unwrap();
        wire::read_head(&mut peer).await;

        let kind = MessageKind::Text;
        let text = "x".repeat(100);
        let choices = [(Compression::Never, 0x81), (Compression::Always, DEFLATED)];
        for (choice, first) in choices {
            let prepared = PreparedMessage::new(text.as_str()).compression(choice);
            let piece = || text.clone();
            server.send_with(piece(), choice).await.unwrap();
            server.send_prepared(&prepared).await.unwrap();
            let sending = server.send_chunk_with(kind, piece(), true, choice);
            sending.await.unwrap();
            server.feed_with(piece(), choice).unwrap();
            server.feed_prepared(&prepared).unwrap();
            server.feed_chunk_with(kind, piece(), true, choice).unwrap();
            server.flush().await.unwrap();
            for _ in 0..6 {
                assert_eq!(wire::read_frame(&mut peer).await.0, first);
            }
        }
        let (sender, _receiver) = server.split();
        for (choice, first) in choices {
            let prepared = PreparedMessage::new(text.as_str()).compression(choice);
            let piece = || text.clone();
            sender.send_with(piece(), choice).await.unwrap();
            sender.send_prepared(&prepared).await.unwrap();
            let sending = sender.send_chunk_with(kind, piece(), true, choice);
            sending.await.unwrap();
            sender.feed_with(piece(), choice).unwrap();
            sender.feed_prepared(&prepared).unwrap();
            sender.feed_chunk_with(kind, piece(), true, choice).unwrap();
            sender.flush().await.unwrap();
            for _ in 0..6 {
                assert_eq!(wire::read_frame(&mut peer).await.0, first);
            }
        }
    });
}
