#!/usr/bin/env python3
"""An HTTP server that answers as a test asks it to, well or badly.

    http_server.py [--socket PATH] [--port N] [--ready-after SECONDS] [--crash-at-start]

Listens on 127.0.0.1 (a free port, unless one is named) or on a Unix socket; prints the port, or "ready", and a
newline; ends with its standard input when that is a pipe.

The first part of a path says how to answer; what follows it is the address proper:

    /echo                 the request itself: method, path, headers, body
    /status-N             status N, as often as it is asked
    /status-N-K/…         K times, then as /…; -after-S adds "Retry-After: S"
    /wait-S/…             after S seconds
    /big-N                a body of N bytes
    /redirect             to another host
    /broken               half of the body that it announced
    /hang                 nothing, and keeps the connection
    /crash                ends the server at once
    /health               200; 503 until --ready-after has passed
    /seen                 what was asked until now: paths, bodies, wall times, connections, most at once

    …/embeddings          vectors in the form of OpenAI; of a text "vector:1,0,2" just that one, else 8 numbers
                          made of the text. A part before it may spoil them:
    /base64 /reversed /short /twice /nan /text /zero /mixed /no-json /empty /huge /error

    …/chat/completions    an answer in the form of OpenAI. The first message holds the answers, with a line "---" between
                          them: the first one is given first, the next after each message of an assistant. As a call
                          of the tool where one is offered. A part before it may spoil it:
    /no-usage /odd-usage /cut /refusal /no-choices /two-calls /other-tool /no-json /huge /error
"""

import argparse
import base64
import hashlib
import http.server
import json
import os
import socket
import socketserver
import stat
import struct
import sys
import threading
import time

lock = threading.Lock()
seen = {"requests": [], "connections": 0, "most_at_once": 0}
running = 0
left: dict[str, int] = {}
started = time.monotonic()
options = argparse.Namespace()


def vector_of(text: str) -> list[float]:
    if "vector:" in text:
        return [float(number) for number in text.split("vector:")[1].split(",")]
    return [byte / 255 - 0.5 for byte in hashlib.sha256(text.encode()).digest()[:8]]


def embeddings(way: str, request: dict) -> object:
    texts = request["input"]
    vectors = [vector_of(text) for text in texts]
    if "dimensions" in request:
        vectors = [vector[: request["dimensions"]] for vector in vectors]
    if way == "zero":
        vectors = [[0.0] * len(vector) for vector in vectors]
    if way == "mixed":
        vectors[-1] = vectors[-1] + [1.0]
    data = [{"object": "embedding", "index": i, "embedding": vector} for i, vector in enumerate(vectors)]
    if way == "base64":
        for each in data:
            packed = struct.pack(f"<{len(each['embedding'])}f", *each["embedding"])
            each["embedding"] = base64.b64encode(packed).decode()
    if way == "reversed":
        data.reverse()
    if way == "short":
        data.pop()
    if way == "twice":
        data[-1]["index"] = 0
    if way == "nan":
        data[-1]["embedding"][0] = float("nan")
    if way == "text":
        data[-1]["embedding"][0] = "one"
    if way == "empty":
        return {}
    if way == "error":
        return {"error": {"message": "the model \"nosuch\" is not loaded", "type": "invalid_request_error"}}
    return {"object": "list", "data": data, "model": request.get("model"), "usage": {"prompt_tokens": 1}}


def scripted(request: dict) -> str:
    """The next answer of --script for what is asked: by the tool that is offered, else "orient"; the last one again."""
    name = request["tools"][0]["function"]["name"] if "tools" in request else "orient"
    with open(options.script, encoding="utf-8") as file:
        answers = json.load(file)[name]
    with lock:
        turn = left.get("script " + name, 0)
        left["script " + name] = turn + 1
    answer = answers[min(turn, len(answers) - 1)]
    return answer if isinstance(answer, str) else json.dumps(answer)


def chat(way: str, request: dict) -> object:
    messages = request["messages"]
    answers = [scripted(request)] if options.script else messages[0]["content"].split("\n---\n")
    turn = sum(message["role"] == "assistant" for message in messages)
    text = answers[min(turn, len(answers) - 1)]
    message: dict = {"role": "assistant", "content": text}
    if "tools" in request:
        name = "other" if way == "other-tool" else request["tools"][0]["function"]["name"]
        call = {"id": "call_1", "type": "function", "function": {"name": name, "arguments": text}}
        message = {"role": "assistant", "content": None, "tool_calls": [call] * (2 if way == "two-calls" else 1)}
    if way == "refusal":
        message = {"role": "assistant", "content": None, "refusal": "I will not."}
    if way == "error":
        return {"error": {"message": "the model \"nosuch\" is not loaded", "type": "invalid_request_error"}}
    choice = {"index": 0, "message": message, "finish_reason": "length" if way == "cut" else "stop"}
    answer = {"object": "chat.completion", "model": request.get("model"), "choices": [choice],
              "usage": {"prompt_tokens": 10 + turn, "completion_tokens": 5}}
    if way == "no-choices":
        answer["choices"] = []
    if way == "no-usage":
        del answer["usage"]
    if way == "odd-usage":
        answer["usage"] = {"prompt_tokens": -1, "completion_tokens": "5"}
    return answer


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        super().setup()
        with lock:
            seen["connections"] += 1

    def address_string(self) -> str:
        return "client"

    def log_message(self, *words) -> None:
        pass

    def answer(self, body: bytes, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        if self.path != "/seen":
            with lock:
                key = self.headers.get("Authorization")
                request = {"path": self.path, "body": body, "authorization": key, "at_ms": int(time.time() * 1000)}
                seen["requests"].append(request)
        try:
            self.follow(self.path, body)
        except BrokenPipeError:
            self.close_connection = True

    do_GET = do_POST = do_PUT = do_DELETE = serve

    # Counts those that wait: after the answer is out the next may come before this thread goes on.
    def wait(self, seconds: float) -> None:
        global running
        with lock:
            running += 1
            seen["most_at_once"] = max(seen["most_at_once"], running)
        time.sleep(seconds)
        with lock:
            running -= 1

    def follow(self, path: str, body: str) -> None:
        way, _, rest = path.lstrip("/").partition("/")
        words = way.split("-")
        if words[0] == "status" and len(words) > 2 and words[2].isdigit():
            with lock:
                left.setdefault(path, int(words[2]))
                left[path] -= 1
                is_over = left[path] < 0
            if is_over:
                return self.follow("/" + rest, body)
        if words[0] == "status":
            after = {"Retry_After": words[-1]} if "after" in words else {}
            return self.answer(b'{"error":{"message":"as asked for"}}', int(words[1]), **after)
        if words[0] == "wait":
            self.wait(float(words[1]))
            return self.follow("/" + rest, body)
        if words[0] == "big":
            return self.answer(b"x" * int(words[1]))
        if way == "redirect":
            return self.answer(b"", 302, Location="http://192.0.2.1/elsewhere")
        if way == "broken":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b"half")
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return None
        if way == "hang":
            self.connection.recv(1)  # until the client goes
            self.close_connection = True
            return None
        if way == "crash":
            os._exit(3)
        if way == "health":
            is_ready = time.monotonic() - started >= options.ready_after
            return self.answer(b"", 200 if is_ready else 503)
        if way == "seen":
            with lock:
                return self.answer(json.dumps(seen | {"pid": os.getpid()}).encode())
        if path.endswith("/embeddings"):
            if way == "no-json":
                return self.answer(b'{"data": [')
            if way == "huge":
                return self.answer(b" " * (100 << 20))
            return self.answer(json.dumps(embeddings(way, json.loads(body))).encode())
        if path.endswith("/chat/completions"):
            if way == "no-json":
                return self.answer(b'{"choices": [')
            if way == "huge":
                return self.answer(b" " * (40 << 20))
            return self.answer(json.dumps(chat(way, json.loads(body))).encode())
        headers = {name.lower(): value for name, value in self.headers.items()}
        echo = {"method": self.command, "path": path, "headers": headers, "body": body}
        return self.answer(json.dumps(echo).encode())


class UnixServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    request_queue_size = 64


class TcpServer(socketserver.ThreadingMixIn, socketserver.TCPServer):
    daemon_threads = True
    request_queue_size = 64
    allow_reuse_address = True


def end_with_input() -> None:
    while sys.stdin.buffer.read(4096):
        pass
    os._exit(0)


def main() -> None:
    global options
    parser = argparse.ArgumentParser()
    parser.add_argument("--socket")
    parser.add_argument("--script", default="")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--ready-after", type=float, default=0)
    parser.add_argument("--crash-at-start", action="store_true")
    options = parser.parse_args()
    if options.crash_at_start:
        print("no such model", file=sys.stderr, flush=True)
        sys.exit(7)
    if options.socket:
        if os.path.exists(options.socket):
            os.unlink(options.socket)
        server = UnixServer(options.socket, Handler)
        print("ready", flush=True)
    else:
        server = TcpServer(("127.0.0.1", options.port), Handler)
        print(server.server_address[1], flush=True)
    if stat.S_ISFIFO(os.fstat(0).st_mode):
        threading.Thread(target=end_with_input, daemon=True).start()
    server.serve_forever()


if __name__ == "__main__":
    main()
