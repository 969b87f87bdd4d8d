"""Four sessions that misbehave until they are killed: one never reads its answers, one stops within a frame, one
announces 4 GiB, and one asks as fast as it can without waiting for answers.

usage: bench/hostile.py SOCKET; prints a line when all four are at it.
"""

import json
import select
import socket
import struct
import sys


def framed(message: dict) -> bytes:
    text = json.dumps(message).encode()
    return struct.pack(">I", len(text)) + text


HELLO = framed({"jsonrpc": "2.0", "id": 0, "method": "hello",
                "params": {"protocol": 1, "client": {"name": "hostile", "kind": "bridge"}, "cwd": "/"}})
PING = framed({"jsonrpc": "2.0", "id": 7, "method": "daemon/ping"})


def greeted(path: str) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(path)
    connection.sendall(HELLO)
    connection.recv(65536)
    connection.setblocking(False)
    return connection


def push(connection: socket.socket, data: bytes) -> None:
    try:
        connection.send(data)
    except BlockingIOError:
        pass


def main() -> None:
    path = sys.argv[1]
    deaf, halved, boaster, flooder = [greeted(path) for _ in range(4)]
    for _ in range(100):
        push(deaf, PING * 1000)
    push(halved, PING[:10])
    push(boaster, struct.pack(">I", 0xFFFFFFFF))
    batch = PING * 500
    print("at it", flush=True)
    pending = b""
    while True:
        readable, writable, _ = select.select([flooder], [flooder], [])
        if readable:
            flooder.recv(1 << 20)
        if writable:  # a part of a frame that was left must be finished first
            pending = pending or batch
            pending = pending[flooder.send(pending):]


if __name__ == "__main__":
    main()
