"""An echo server made with Python's websockets, for our clients to talk to."""

import asyncio
import sys

from websockets.asyncio.server import serve


async def echo(ws):
    async for message in ws:
        # What can be is sent in fragments, one of them empty.
        await ws.send([message[:1], message[:0], message[1:]] if message else message)


async def main(address):
    host, _, port = address.rpartition(":")
    async with serve(echo, host, int(port), max_size=None) as server:
        port = server.sockets[0].getsockname()[1]
        print(f"listening on ws://{host}:{port}", flush=True)
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[sys.argv.index("--addr") + 1]))
