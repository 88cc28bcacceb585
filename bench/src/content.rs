//! What is in the messages.

use std::fmt::Write;

/// The kind of a message and of what is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    Binary,
    /// Text of one byte a character.
    Ascii,
    /// Text of one to four bytes a character.
    MultiByte,
    /// Records in JSON, that can be compressed.
    Json,
}

impl Content {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Binary => "binary",
            Self::Ascii => "ascii",
            Self::MultiByte => "multi",
            Self::Json => "json",
        }
    }

    pub const fn is_text(self) -> bool {
        !matches!(self, Self::Binary)
    }

    /// A payload of `size` bytes; each `variant` is a different one.
    pub fn payload(self, size: usize, variant: usize) -> Vec<u8> {
        match self {
            Self::Binary => (0..size)
                .map(|at| (at.wrapping_mul(167) ^ (at >> 7) ^ variant) as u8)
                .collect(),
            Self::Ascii => (0..size)
                .map(|at| b' ' + ((at + variant) % 95) as u8)
                .collect(),
            Self::MultiByte => multi_byte(size, variant),
            Self::Json => json(size, variant),
        }
    }
}

fn multi_byte(size: usize, variant: usize) -> Vec<u8> {
    let characters = ['ä', 'x', '水', '🌍', 'ж', 'é', '語'];
    let mut text = String::with_capacity(size);
    let mut next = characters.into_iter().cycle().skip(variant % 7);
    while text.len() < size {
        let character = next.next().unwrap_or('x');
        text.push(if text.len() + character.len_utf8() > size {
            'x'
        } else {
            character
        });
    }
    text.into_bytes()
}

fn json(size: usize, variant: usize) -> Vec<u8> {
    let mut text = String::with_capacity(size + 200);
    let mut random = variant as u32;
    let mut next = || {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        random >> 8
    };
    while text.len() < size {
        let price = next() % 100_000;
        let _ = write!(
            text,
            r#"{{"id":{},"symbol":"{}","price":{}.{:02},"volume":{},"side":"{}"}},"#,
            next() % 10_000_000,
            ["EURUSD", "USDJPY", "GBPUSD", "AUDNZD"][next() as usize % 4],
            price / 100,
            price % 100,
            next() % 50_000,
            if next() % 2 == 0 { "buy" } else { "sell" },
        );
    }
    text.truncate(size);
    text.into_bytes()
}
