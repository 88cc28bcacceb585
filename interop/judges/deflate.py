"""permessage-deflate (RFC 7692): its parameters, what we try of them, and a codec by hand."""

import random
import zlib
from string import ascii_letters
from typing import NamedTuple

# The settings of --deflate for our side, by name.
OURS = {
    "default": "",
    "takeover": "threshold=0,takeover,peer-bits=15",
    "no takeover": "threshold=0,no-peer-takeover,peer-bits=15",
    **{
        f"{bits} bits": f"threshold=0,takeover,bits={bits},peer-bits={bits}"
        for bits in range(9, 16)
    },
}


class Parameters(NamedTuple):
    """Of an offer or of an answer; in an offer, True is a parameter without a value."""

    server_no_context_takeover: bool = False
    client_no_context_takeover: bool = False
    server_max_window_bits: int | None = None
    client_max_window_bits: int | bool | None = None

    def __str__(self):
        words = ["permessage-deflate"]
        for name, value in self._asdict().items():
            if value is True:
                words.append(name)
            elif value:
                words.append(f"{name}={value}")
        return "; ".join(words)


# What a peer is to offer or to answer: each parameter alone with each of its
# values, then all of them together. What we cannot do is a window of 8 bits.
THEIRS = [
    Parameters(),
    Parameters(server_no_context_takeover=True),
    Parameters(client_no_context_takeover=True),
    *(Parameters(server_max_window_bits=bits) for bits in range(9, 16)),
    *(Parameters(client_max_window_bits=bits) for bits in range(9, 16)),
    Parameters(False, False, 15, 15),
    Parameters(True, True, 9, 9),
]


def pairs(theirs):
    """Which of OURS to try with which parameters of the peer.

    Each of ours with the least and with the most that a peer can ask for, and
    each of the peer's with ours as they come and with takeover.
    """
    chosen = [(name, parameters) for name in OURS for parameters in (theirs[0], theirs[-1])]
    chosen += [(name, parameters) for name in ("default", "takeover") for parameters in theirs]
    return list(dict.fromkeys(chosen))


BITS = [str(bits) for bits in range(8, 16)]


def parse(header):
    """The parameters in a header's value, which must have one permessage-deflate and no more."""
    name, *words = [word.strip() for word in header.split(";")]
    if name != "permessage-deflate":
        raise AssertionError(f"not a permessage-deflate: {header!r}")
    found = {}
    for word in words:
        key, equals, value = word.partition("=")
        if key in found or key not in Parameters._fields:
            raise AssertionError(f"parameter {key!r} is repeated or unknown: {header!r}")
        if equals != ("=" if key.endswith("bits") else "") and key != "client_max_window_bits":
            raise AssertionError(f"parameter {key!r} has a value too many or too few: {header!r}")
        if equals and value not in BITS:
            raise AssertionError(f"parameter {key!r} is not from 8 to 15: {header!r}")
        found[key] = int(value) if equals else True
    return Parameters(**found)


def is_allowed(offer, answer):
    """Whether a server may answer so to an offer (RFC 7692 sections 7.1.1 and 7.1.2)."""
    # To limit the first is for the client to ask; the second, for it to allow.
    server = answer.server_max_window_bits or 16
    client = answer.client_max_window_bits or 0
    most = offer.client_max_window_bits or 0
    return (
        answer.server_no_context_takeover >= offer.server_no_context_takeover
        and server <= (offer.server_max_window_bits or 16)
        and client is not True
        and client <= (15 if most is True else most)
    )


class Codec:
    """Both directions of a connection, as one of its ends sees them."""

    def __init__(self, agreed, is_server):
        server = (agreed.server_no_context_takeover, agreed.server_max_window_bits or 15)
        client = (agreed.client_no_context_takeover, agreed.client_max_window_bits or 15)
        self.ours, self.theirs = (server, client) if is_server else (client, server)
        self.compressor = self.decompressor = None

    def compress(self, message):
        no_takeover, bits = self.ours
        if no_takeover or not self.compressor:
            self.compressor = zlib.compressobj(wbits=-bits)
        payload = self.compressor.compress(message) + self.compressor.flush(zlib.Z_SYNC_FLUSH)
        return payload.removesuffix(TAIL)

    def decompress(self, payload):
        """Raises zlib.error for a message that refers back farther than was agreed."""
        no_takeover, bits = self.theirs
        if no_takeover or not self.decompressor:
            self.decompressor = zlib.decompressobj(wbits=-bits)
        pieces, rest = [], payload + TAIL
        # zlib lets pass any reference into what the same call puts out, however
        # far back: so each call may put out a little only.
        while piece := self.decompressor.decompress(rest, 16):
            pieces.append(piece)
            rest = self.decompressor.unconsumed_tail
        return b"".join(pieces)


# What ends a flush, and is left out (RFC 7692 section 7.2.1).
TAIL = b"\x00\x00\xff\xff"


def far_repetitions():
    """Text that repeats what is a little too far back for each window but the largest."""
    letters = random.Random(7692)
    lengths = (3 << (bits - 1) for bits in range(9, 15))
    return "".join(2 * "".join(letters.choices(ascii_letters, k=length)) for length in lengths)


# Fits into any window, and does not compress on its own.
TOKEN = "".join(random.Random(9).choices(ascii_letters, k=200))
JSON = "[" + ",".join(f'{{"number":{n},"square":{n * n}}}' for n in range(1000)) + "]"
# In this order: what is empty behind what is not, and again what was sent before.
TEXTS = ["hello", "", "Grüße, 世界 👋", "", JSON, far_repetitions(), TOKEN, TOKEN, JSON, ""]
MESSAGES = ["", *TEXTS, bytes(range(256)), b"", b"z" * 200_000, b"end"]
