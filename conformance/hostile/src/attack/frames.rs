//! Frames that are wrong.

use super::row::Attack;
use crate::wire::{CLOSE, CONTINUATION, FIN, PING, PONG, TEXT, close, masked, unmasked};

pub(super) fn list() -> Vec<Attack> {
    let mut list = vec![
        Attack::frames(
            "wrong-mask",
            "a text without a mask",
            unmasked(FIN | TEXT, "text"),
            1002,
        ),
        Attack::frames(
            "wrong-mask",
            "a ping without a mask",
            unmasked(FIN | PING, ""),
            1002,
        ),
        Attack::frames(
            "wrong-mask",
            "a close without a mask",
            unmasked(FIN | CLOSE, close(1000, b"")),
            1002,
        ),
        Attack::frames(
            "control-frames",
            "a ping of 126 bytes",
            masked(FIN | PING, [0; 126]),
            1002,
        ),
        Attack::frames(
            "control-frames",
            "a pong of 65536 bytes",
            masked(FIN | PONG, [0; 65536]),
            1002,
        ),
        Attack::frames(
            "control-frames",
            "a ping in fragments",
            masked(PING, "begun"),
            1002,
        ),
        Attack::frames(
            "control-frames",
            "a close in fragments",
            masked(CLOSE, close(1000, b"")),
            1002,
        ),
        Attack::frames(
            "close-of-one-byte",
            "half a close code",
            masked(FIN | CLOSE, [3]),
            1002,
        ),
    ];
    list.extend(CODES.map(|(code, what)| {
        let frame = masked(FIN | CLOSE, close(code, b""));
        Attack::frames("close-codes", what, frame, 1002)
    }));
    list.extend([
        Attack::frames(
            "invalid-utf-8",
            "a stray byte 0x80",
            masked(FIN | TEXT, b"a\x80"),
            1007,
        ),
        Attack::frames(
            "invalid-utf-8",
            "a surrogate, in the first fragment of an unfinished message",
            masked(TEXT, b"\xed\xa0\x80"),
            1007,
        ),
        Attack::frames(
            "invalid-utf-8",
            "a surrogate over two fragments",
            [masked(TEXT, b"\xed"), masked(CONTINUATION, b"\xa0")].concat(),
            1007,
        ),
        Attack::frames(
            "invalid-utf-8",
            "a character that the end cuts short",
            [masked(TEXT, b"\xe2"), masked(FIN | CONTINUATION, b"\x82")].concat(),
            1007,
        ),
        Attack::frames(
            "invalid-utf-8",
            "a frame of 1 MiB that is wrong at its first byte, of which no more comes",
            b"\x81\xff\0\0\0\0\0\x10\0\0\0\0\0\0\xff",
            1007,
        ),
        Attack::frames(
            "invalid-utf-8",
            "a reason that is not UTF-8",
            masked(FIN | CLOSE, close(1000, b"\xc3\x28")),
            1007,
        ),
    ]);
    list.extend(OPCODES.map(|(opcode, what)| {
        Attack::frames(
            "reserved-opcodes-and-bits",
            what,
            masked(FIN | opcode, ""),
            1002,
        )
    }));
    list.extend([
        Attack::frames(
            "reserved-opcodes-and-bits",
            "RSV2",
            masked(FIN | TEXT | 0x20, ""),
            1002,
        ),
        Attack::frames(
            "reserved-opcodes-and-bits",
            "RSV3",
            masked(FIN | TEXT | 0x10, ""),
            1002,
        ),
        Attack::frames(
            "fragments-out-of-order",
            "a text within a text",
            [masked(TEXT, "a"), masked(FIN | TEXT, "b")].concat(),
            1002,
        ),
        Attack::frames(
            "fragments-out-of-order",
            "a continuation without a start",
            masked(FIN | CONTINUATION, "a"),
            1002,
        ),
        Attack::frames(
            "after-the-close",
            "a text and a ping behind a close",
            [
                masked(FIN | CLOSE, close(1000, b"")),
                masked(FIN | TEXT, "late"),
                masked(FIN | PING, "late"),
            ]
            .concat(),
            1000,
        ),
    ]);
    list
}

const CODES: [(u16, &str); 10] = [
    (0, "close code 0"),
    (999, "close code 999"),
    (1004, "close code 1004"),
    (1005, "close code 1005"),
    (1006, "close code 1006"),
    (1015, "close code 1015"),
    (1016, "close code 1016"),
    (2999, "close code 2999"),
    (5000, "close code 5000"),
    (65535, "close code 65535"),
];

const OPCODES: [(u8, &str); 4] = [
    (3, "opcode 3"),
    (7, "opcode 7"),
    (11, "opcode 11"),
    (15, "opcode 15"),
];
