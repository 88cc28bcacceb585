//! Seeds that are no cases of the corpus.

/// Settings of a server and a client, as `negotiation` reads them: the defaults, and the opposite.
pub(crate) const NEGOTIATION: [u8; 6] = [2, 15, 12, 1, 9, 15];

pub(crate) const LISTS: &[&str] = &[
    "",
    "chat",
    "chat, superchat",
    "chat\nsuperchat",
    "chat, chat",
    ",,chat ,\t, v2.chat.example ,",
    "\n",
    "chat superchat",
    "chat;",
    "permessage-deflate",
    "permessage-deflate; client_max_window_bits",
    "permessage-deflate; client_max_window_bits=10; server_no_context_takeover",
    "permessage-deflate; server_max_window_bits=\"10\", permessage-deflate",
    "permessage-deflate; server_max_window_bits=\"1\\0\"\nx-webkit-deflate-frame",
    "a;b=\"",
    "a;b=\"\\",
    "a;b=\"\"",
    "a;b=\"c,d;e\"",
    "a;b=;c",
    "a;=b",
    "a ; b = c ; b , a",
    "a=b",
    "\u{e9}",
    "!#$%&'*+-.^_`|~;!#$%&'*+-.^_`|~=!#$%&'*+-.^_`|~",
];

/// The flags of `tunnel`, and what a proxy answers.
pub(crate) const TUNNELS: &[(u8, &[u8])] = &[
    (0, b"HTTP/1.1 200 Connection established\r\n\r\n"),
    (2, b"HTTP/1.0 200 \r\nVia: p\r\n\r\n"),
    (0, b"HTTP/1.1 103 \r\nLink: x\r\n\r\nHTTP/1.1 204 \r\n\r\n"),
    (0, b"HTTP/1.1 407 \r\nProxy-Authenticate: Basic\r\n\r\nwho?"),
    (0, b"HTTP/1.1 200 \r\n\r\n\x81\x02hi"),
    (1, b"\x05\0\x05\0\0\x01\x01\x02\x03\x04\0\x50"),
    (1, b"\x05\0\x05\0\0\x03\x01h\0\x50"),
    (1, b"\x05\xff"),
    (
        3,
        b"\x05\x02\x01\0\x05\0\0\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\x50",
    ),
    (3, b"\x05\x02\x01\x01"),
    (3, b"\x05\0\x05\x05\0\x01\0\0\0\0\0\0"),
    (1, b"\x05\0\x05\0\0\x03\0\0\x50too much"),
];

/// From where, and whereto.
pub(crate) const REDIRECTS: &[(&str, &str)] = &[
    ("ws://u:p@h/a", "/b?c"),
    ("ws://h/", "https://other/"),
    ("ws://h/", "//u:p@other:8/../x"),
    ("wss://h/", "ws://h/"),
    ("wss://h/", "?q"),
    ("ws+unix:/s:/a", "b"),
    ("ws://h/", "ws+unix:/s"),
    ("ws://[::1]:9/", "http://[::1]:9/"),
];

/// Calls, as `round_trip` reads them: a byte whose lowest bit is the side (the server 0), whose next
/// is set for binary, whose next three are the call, and whose next two are 1 for never and 2 for
/// always to compress, followed by what the call needs.
pub(crate) const ROUND_TRIPS: &[(&str, &[u8])] = &[
    ("nothing", &[]),
    ("one-message", &[0, 9]),
    ("both-ways", &[0, 9, 3, 20, 28, 29]),
    ("prepared", &[4, 9, 5, 9, 7, 100]),
    ("large", &[2, 255, 1, 255, 24, 50, 25, 50, 24, 90]),
    ("chunks", &[8, 5, 0x88, 4, 9, 30, 0x89, 6, 10, 5, 0, 1]),
    (
        "compressed-or-not",
        &[
            0, 40, 0x20, 40, 0x40, 4, 4, 40, 0x24, 40, 0x44, 40, 0x48, 9, 8, 9, 0x88, 6, 0x28, 5,
            0xc8, 5, 0x61, 40, 0x21, 40, 0x41, 40, 28, 29,
        ],
    ),
    ("an-unfinished-message", &[10, 9, 9, 9, 24, 5, 16, 0, 0, 0]),
    ("pings", &[12, 0, 13, 125, 12, 8, 12, 129, 28, 29, 13, 1]),
    (
        "pings-behind-much",
        &[
            2, 200, 13, 5, 29, 13, 6, 29, 24, 100, 13, 7, 29, 24, 90, 13, 8, 29,
        ],
    ),
    ("the-server-closes", &[0, 9, 16, 0xe8, 3, 5, 1, 9, 28, 29]),
    ("both-close", &[16, 0xe8, 3, 5, 17, 0xb8, 0xb, 9, 28, 29]),
    (
        "a-close-within-a-message",
        &[2, 90, 24, 10, 17, 0xe8, 3, 0, 29, 2, 9],
    ),
    ("a-ping-after-the-close", &[16, 0xe8, 3, 0, 13, 3, 28, 29]),
    (
        "keep-alive",
        &[20, 30, 28, 29, 20, 30, 0, 9, 28, 20, 60, 29],
    ),
];
