//! What is in the messages.

/// The kind of a message and of what is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    Binary,
    /// Text of one byte a character.
    Ascii,
    /// Text of one to four bytes a character.
    MultiByte,
}

impl Content {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Binary => "binary",
            Self::Ascii => "ascii",
            Self::MultiByte => "multi",
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
