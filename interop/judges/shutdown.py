"""SIGINT: every connection is closed with 1001 and the program exits with 0."""

from judges.processes import Server
from judges.report import expect
from judges.wire import CLOSE, TEXT, Connection, close_payload, frame


def run(report, command):
    report.check("shutdown: 1001 to everyone, exit 0", everyone, command)
    report.check("shutdown: with one who does not answer, exit 0", deaf, command)
    report.check("shutdown: with nobody there, exit 0", nobody, command)


def everyone(command):
    with Server(command) as server:
        connections = [Connection.upgraded(server.address) for _ in range(20)]
        # One of them is busy: it must be told as well.
        connections[0].send(frame(TEXT, b"begun", fin=False))
        connections[1].send(frame(TEXT, b"whole"))
        expect(connections[1].read_message(), (TEXT, b"whole"), "echo")
        server.interrupt()
        for connection in connections:
            expect(connection.read_close(), 1001, "close code")
            connection.send(frame(CLOSE, close_payload(1001)))
            connection.read_end()
            connection.socket.close()
        expect(server.process.wait(2), 0, "exit status")


def deaf(command):
    with Server(command) as server, Connection.upgraded(server.address):
        server.interrupt()
        expect(server.process.wait(5), 0, "exit status")


def nobody(command):
    with Server(command) as server:
        server.interrupt()
        expect(server.process.wait(5), 0, "exit status")
