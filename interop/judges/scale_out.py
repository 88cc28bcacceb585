"""Several processes of the chat with one Redis, and what each member hears."""

import contextlib
import json
import socket
import threading
import time

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from judges.processes import Server
from judges.redis import Redis
from judges.report import expect, expect_true

EACH = 200
PATIENCE = 30


def run(report, command):
    report.check("alone", alone, command)
    report.check("three processes, six members", one_room, command, seconds=60)
    report.check("a process killed in the middle", killed, command, seconds=60)
    report.check("connections to Redis cut in the middle", cut, command, seconds=60)
    report.check("Redis restarted", restarted, command, seconds=60)
    report.check("a member who does not read", slow, command, seconds=60)
    report.check("no Redis at the start", no_redis, command)


class Member:
    """Someone in the room, who listens all the time."""

    def __init__(self, server, name):
        self.name = name
        self.heard = []  # (name, text)
        self.left = []  # names
        self.errors = 0
        self.news = threading.Condition()
        self.ws = connect(server.url, compression=None, open_timeout=10)
        self.ask(type="join", name=name)
        welcome = json.loads(self.ws.recv(timeout=10))
        expect(welcome["type"], "welcome", "the answer to a join")
        threading.Thread(target=self.listen, daemon=True).start()

    def ask(self, **what):
        self.ws.send(json.dumps(what))

    def say(self, text):
        self.ask(type="say", text=text)

    def listen(self):
        with contextlib.suppress(ConnectionClosed):
            for message in self.ws:
                told = json.loads(message)
                with self.news:
                    if told["type"] == "said":
                        self.heard.append((told["name"], told["text"]))
                    elif told["type"] == "left":
                        self.left.append(told["name"])
                    elif told["type"] == "error":
                        self.errors += 1
                    self.news.notify_all()

    def wait(self, what, condition, seconds=PATIENCE):
        with self.news:
            done = self.news.wait_for(condition, seconds)
        expect_true(done, f"{self.name}: no {what} within {seconds} s")

    def wait_for(self, *said, **options):
        self.wait(said, lambda: said in self.heard, **options)

    def wait_for_all(self, *speakers):
        """Everything that each of them says, which ends with `last`."""
        for speaker in speakers:
            self.wait_for(speaker, "last")

    def of(self, speaker):
        return [text for name, text in self.heard if name == speaker]


def talk(member):
    for number in range(EACH):
        member.say(str(number))
    member.say("last")


EVERYTHING = [*map(str, range(EACH)), "last"]


def together(*calls):
    """Runs calls at the same time."""
    threads = [threading.Thread(target=call, args=arguments) for call, *arguments in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@contextlib.contextmanager
def processes(command, count):
    """Processes of the chat with a Redis of their own."""
    with Redis() as redis, contextlib.ExitStack() as stack:
        chats = [Server(command, "--redis", redis.url) for _ in range(count)]
        yield redis, [stack.enter_context(chat) for chat in chats]


def alone(command):
    with Server(command) as chat:
        ann, bob = Member(chat, "ann"), Member(chat, "bob")
        together((talk, ann), (talk, bob))
        hear_the_same([ann, bob], [ann, bob])


def one_room(command):
    with processes(command, 3) as (_, chats):
        # Names are a process's own, so that two may have the same.
        members = [Member(chat, f"{n}{who}") for n, chat in enumerate(chats) for who in "ab"]
        speakers = members[::2]
        together(*((talk, speaker) for speaker in speakers))
        hear_the_same(members, speakers)


def hear_the_same(members, speakers):
    """All that the speakers say, once, in the order of each, and all in the same order."""
    for member in members:
        member.wait_for_all(*(speaker.name for speaker in speakers))
    for member in members:
        for speaker in speakers:
            expect(member.of(speaker.name), EVERYTHING, f"{member.name} of {speaker.name}")
        expect(member.heard, members[0].heard, f"{member.name} beside {members[0].name}")


def killed(command):
    with processes(command, 3) as (_, chats):
        ann, bob, eve = (Member(chat, name) for chat, name in zip(chats, ["ann", "bob", "eve"]))

        def kill():
            ann.wait("quarter of it", lambda: len(ann.heard) > EACH // 4)
            chats[2].process.kill()

        def talk_until_killed():
            with contextlib.suppress(ConnectionClosed):
                talk(eve)

        together((talk, ann), (talk, bob), (talk_until_killed,), (kill,))
        for member in (ann, bob):
            member.wait_for_all("ann", "bob")
        for member in (ann, bob):
            for speaker in ("ann", "bob"):
                expect(member.of(speaker), EVERYTHING, f"{member.name} of {speaker}")
        # Of the one who died both heard as much, without a gap.
        ann.wait("as much as bob", lambda: len(ann.heard) >= len(bob.heard))
        bob.wait("as much as ann", lambda: len(bob.heard) >= len(ann.heard))
        expect(ann.heard, bob.heard, "ann beside bob")
        expect(ann.of("eve"), EVERYTHING[: len(ann.of("eve"))], "what eve has said")


def cut(command):
    with processes(command, 2) as (redis, chats):
        ann, bob = Member(chats[0], "ann"), Member(chats[1], "bob")

        def disturb():
            for part in range(1, 4):
                ann.wait("next part", lambda: len(ann.heard) > part * EACH // 4)
                redis.cut_connections()

        together((talk, ann), (talk, bob), (disturb,))
        # The very last words may have met a connection that was cut.
        for member in (ann, bob):
            say_until_heard(member, "done", member)
        for member in (ann, bob):
            member.wait_for("ann", "done")
            member.wait_for("bob", "done")
        ann.wait("as much as bob", lambda: len(ann.heard) >= len(bob.heard))
        bob.wait("as much as ann", lambda: len(bob.heard) >= len(ann.heard))
        expect(ann.heard, bob.heard, "ann beside bob")
        for speaker in (ann, bob):
            said = [text for text in ann.of(speaker.name) if text in EVERYTHING]
            expect(said, [text for text in EVERYTHING if text in said], "order, each once")
            lost = len(EVERYTHING) - len(said)
            expect_true(lost <= speaker.errors, f"{lost} lost, {speaker.errors} told")


def say_until_heard(speaker, text, hearer):
    end = time.monotonic() + PATIENCE
    while (speaker.name, text) not in hearer.heard:
        expect_true(time.monotonic() < end, f"{hearer.name} never hears {text!r}")
        told = speaker.errors
        speaker.say(text)

        def answered():
            return speaker.errors > told or (speaker.name, text) in speaker.heard

        speaker.wait("answer", answered)
        if speaker.errors == told:
            hearer.wait_for(speaker.name, text)


def restarted(command):
    with processes(command, 2) as (redis, chats):
        ann, bob = Member(chats[0], "ann"), Member(chats[1], "bob")
        ann.say("before")
        bob.wait_for("ann", "before")
        redis.stop()
        ann.say("into the void")
        ann.wait("error", lambda: ann.errors, seconds=10)
        redis.start()
        say_until_heard(ann, "after", bob)
        say_until_heard(bob, "and back", ann)
        together((talk, ann), (talk, bob))
        for member in (ann, bob):
            member.wait_for_all("ann", "bob")
            expect(member.of("ann"), ["before", "after", *EVERYTHING], f"{member.name} of ann")
            expect(member.of("bob"), ["and back", *EVERYTHING], f"{member.name} of bob")


def slow(command):
    with processes(command, 2) as (_, chats):
        ann, bob = Member(chats[0], "ann"), Member(chats[1], "bob")
        deaf = socket.socket()
        # What the kernels hold for both sides comes on top of what the chat does.
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.connect(chats[1].address)
        with connect(chats[1].url, sock=deaf, compression=None, max_queue=1, close_timeout=0) as ws:
            ws.send(json.dumps({"type": "join", "name": "deaf"}))
            ann.say("hello")
            bob.wait_for("ann", "hello")
            text, heard = "\u4e16" * 1000, 1
            # As fast as the others can hear it, so that nobody else is slow.
            while "deaf" not in bob.left:
                for _ in range(100):
                    ann.say(text)
                heard += 100
                for member in (ann, bob):
                    member.wait(f"{heard} messages", lambda: len(member.heard) >= heard)
        say_until_heard(ann, "still there", bob)


def no_redis(command):
    with Redis() as redis:
        redis.stop()
        try:
            with Server(command, "--redis", redis.url):
                raise AssertionError("it started")
        except RuntimeError as error:
            expect_true(redis.url in str(error), str(error))
