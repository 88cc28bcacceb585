//! What the messages are made of.

use std::sync::LazyLock;

use arbitrary::{Arbitrary, Result, Unstructured};
use miniws_proto::{Message, MessageKind};

/// The longest message.
pub(super) const MAX_MESSAGE: usize = 255 * 255 / 2;

/// A length: all the small ones, and some large ones.
pub(super) fn len(input: &mut Unstructured<'_>) -> Result<usize> {
    let number = usize::from(u8::arbitrary(input)?);
    Ok(number * number / 2)
}

pub(super) fn message(kind: MessageKind, len: usize) -> Message {
    match kind {
        MessageKind::Text => Message::from(text(len)),
        MessageKind::Binary => Message::from(&TEXT.as_bytes()[..len]),
    }
}

/// So many bytes of text, or a few less.
pub(super) fn text(len: usize) -> &'static str {
    &TEXT[..TEXT.floor_char_boundary(len)]
}

/// Text with characters of every length, no part of which is like another.
pub(super) static TEXT: LazyLock<String> = LazyLock::new(|| {
    let mut text: String = (0..4000).map(|number| format!("{number} aé€😀 ")).collect();
    text.truncate(text.floor_char_boundary(MAX_MESSAGE + 4));
    text
});
