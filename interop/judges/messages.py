"""The messages that every peer sends and expects back."""

TEXT = "Grüße, 世界 👋"
BINARY = bytes(range(256))
BIG = bytes(range(251)) * (16 * 1024 * 1024 // 251 + 1)
BIG = BIG[: 16 * 1024 * 1024]  # 251 is no power of two: a lost block shows
PIPELINED = [f"message {number} " + "x" * (number % 97) for number in range(1000)]
# (code, reason) of closes: one of the protocol's codes, one free for use, and the longest reason.
CLOSES = [(1000, "bye"), (3000, "custom"), (4999, "ü" * 61 + "!")]


def close_answered(code, reason, got_code, got_reason):
    """The answer to a close has its code; the reason may be left out."""
    if got_code != code or got_reason not in (reason, ""):
        raise AssertionError(f"closed with {code} {reason!r}, got {got_code} {got_reason!r}")
