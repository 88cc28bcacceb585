"""What the stand-ins know of permessage-deflate, and how they get it wrong."""

import zlib

from websockets.extensions.permessage_deflate import (
    ClientPerMessageDeflateFactory,
    PerMessageDeflate,
)

from judges.deflate import TAIL, Codec, Parameters, parse


class Settings:
    """Those of --deflate, as its text has them."""

    def __init__(self, text):
        words = dict((word + "=").split("=")[:2] for word in text.split(","))
        self.bits = int(words.get("bits", 15))
        self.peer_bits = int(words.get("peer-bits", 12))
        self.threshold = int(words.get("threshold", 256))
        self.takeover = "takeover" in words
        self.peer_takeover = "no-peer-takeover" not in words

    def select(self, header):
        """A server's answer to the offers, or None."""
        answers = (self.accept(offer) for offer in header.split(","))
        return next(filter(None, answers), None)

    def accept(self, offer):
        try:
            offer = parse(offer.strip().replace('"', ""))
        except AssertionError:
            return None
        hint = offer.client_max_window_bits
        server = min(self.bits, offer.server_max_window_bits or 15)
        client = min(self.peer_bits, 15 if hint in (None, True) else hint)
        if server == 8:
            return None
        return Parameters(
            offer.server_no_context_takeover or not self.takeover,
            offer.client_no_context_takeover
            or not self.peer_takeover
            or (hint is None and self.peer_bits < 15),
            server if server < 15 or offer.server_max_window_bits else None,
            None if hint is None or (hint is True and client == 15) else client,
        )

    def offers(self, fault):
        """A client's: the second is for servers that cannot limit their window."""
        limit = self.peer_bits if self.peer_bits < 15 else None
        own = self.bits if self.bits < 15 else True
        offers = [Parameters(not self.peer_takeover, not self.takeover, limit, own)]
        if limit:
            offers.append(Parameters(True, not self.takeover, None, True))
        return [Factory(offer, self.threshold, fault) for offer in offers]


class Deflate(Codec):
    """A server's side of what was agreed."""

    def __init__(self, agreed, threshold, fault):
        ours = {"wide-window": {"server_max_window_bits": 15}}
        ours["keeps-context"] = {"server_no_context_takeover": False}
        super().__init__(agreed._replace(**ours.get(fault, {})), is_server=True)
        self.threshold = 1 << 30 if fault == "no-rsv1" else threshold
        # Inflates more than it may before it looks at the limit.
        self.slack = 64 << 20 if fault == "late-limit" else 1

    def inflate(self, payload, first, fin, room):
        """None if it comes to more than there is room for."""
        no_takeover, bits = self.theirs
        if first and (no_takeover or not self.decompressor):
            self.decompressor = zlib.decompressobj(wbits=-bits)
        data = payload + TAIL if fin else payload
        out = self.decompressor.decompress(data, room + self.slack)
        return out if len(out) <= room else None

    def deflate(self, message):
        """None if it is to be sent as it is."""
        if len(message) < self.threshold:
            return None
        payload = self.compress(message)
        return payload if self.threshold == 0 or len(payload) < len(message) else None


class Factory(ClientPerMessageDeflateFactory):
    """A client's side."""

    def __init__(self, offer, threshold, fault):
        super().__init__(*offer)
        self.threshold = 1 << 30 if fault == "no-rsv1" else threshold
        self.fault = fault

    def process_response_params(self, params, accepted_extensions):
        if self.fault == "any-answer":
            return PerMessageDeflate(False, False, 15, 15)
        made = super().process_response_params(params, accepted_extensions)
        if self.fault == "wide-window":
            made.local_max_window_bits = 15
        if self.fault == "keeps-context":
            made.local_no_context_takeover = False
        if not made.local_no_context_takeover:
            made.encoder = zlib.compressobj(wbits=-made.local_max_window_bits)
        encode = made.encode
        made.encode = lambda frame: frame if len(frame.data) < self.threshold else encode(frame)
        return made
