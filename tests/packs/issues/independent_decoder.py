#!/usr/bin/env python3
"""Reads the issue log of a repository with nothing but docs/formats/issues.md, git and Python's library.

Prints one JSON object an event, in the order (issue, time, actor, id), after checking every digest. Used by
decoder_test.cpp: what hearth writes has to be what this reads.
"""
import hashlib
import json
import subprocess
import sys

REPOSITORY = sys.argv[1]
KINDS = [None, "IssueCreated", "IssueUpdated", "CommentAdded", "LabelAdded", "LabelRemoved", "StateChanged", "LinkAdded",
         "AssigneeAdded", "AssigneeRemoved", "AttachmentAdded", "DependencyAdded", "DependencyRemoved", "ContextUpdated",
         "ProjectContextUpdated"]
ARITY = [None, 3, 2, 1, 1, 1, 1, 2, 1, 1, 3, 2, 2, 5, 2]


def git(*words):
    return subprocess.run(["git", "-C", REPOSITORY, *words], check=True, capture_output=True).stdout


class Cbor:
    """The strict subset: what is not in the one shortest form is an error."""

    def __init__(self, data, at=0):
        self.data, self.at = data, at

    def head(self):
        first = self.data[self.at]
        self.at += 1
        major, info = first >> 5, first & 31
        if info < 24:
            return major, info
        assert info < 28, "indefinite or reserved"
        size = 1 << (info - 24)
        value = int.from_bytes(self.data[self.at:self.at + size], "big")
        self.at += size
        assert value >= (24 if size == 1 else 1 << (4 * size)), "not the shortest form"
        return major, value

    def item(self):
        if self.data[self.at] == 0xF6:
            self.at += 1
            return None
        major, value = self.head()
        if major == 0:
            return value
        if major in (2, 3):
            text = self.data[self.at:self.at + value]
            assert len(text) == value, "cut short"
            self.at += value
            return text if major == 2 else text.decode("utf-8")
        assert major == 4, f"major type {major} does not occur"
        return [self.item() for _ in range(value)]


def preimage(record_bytes, start_of_issue, start_of_signature):
    return b"\x87\x01" + record_bytes[start_of_issue:start_of_signature]


def read_chunk(data):
    assert data[:8] == b"GRITECNK" and data[8:10] == b"\x01\x00" and data[10:18] == b"\x07cbor-v1"
    cbor = Cbor(data, 18)
    major, count = cbor.head()
    assert major == 4
    for _ in range(count):
        assert cbor.head() == (4, 8)
        event_id = cbor.item()
        begin = cbor.at
        issue, actor, ts, parent, tag, payload = (cbor.item() for _ in range(6))
        end = cbor.at
        signature = cbor.item()
        digest = hashlib.blake2b(preimage(data, begin, end), digest_size=32).digest()
        assert digest == event_id, "an id that is not the digest of its event"
        assert len(issue) == 16 and len(actor) == 16 and len(payload) == ARITY[tag]
        if tag == 1:
            assert payload[2] == sorted(payload[2], key=lambda label: label.encode()), "labels out of order"
        yield {"event_id": event_id, "issue_id": issue, "actor": actor, "ts_unix_ms": ts, "parent": parent,
               "kind": KINDS[tag], "payload": payload, "signed": signature is not None}
    assert cbor.at == len(data), "bytes behind the events"


def read_log():
    commit, seen = git("rev-parse", "refs/grite/wal").decode().strip(), set()
    while commit:
        author = git("show", "-s", "--format=%an <%ae>|%cn <%ce>", commit).decode().strip()
        assert author == "grite <grit@local>|grite <grit@local>", author
        text = git("cat-file", "blob", f"{commit}:meta.json").decode()
        meta = json.loads(text)
        assert list(meta)[:4] == ["schema_version", "actor_id", "chunk_hash", "prev_wal"] and not text.endswith("\n")
        paths = git("ls-tree", "-r", "--name-only", commit).decode().split()
        chunks = [path for path in paths if path.endswith(".bin")]
        assert len(chunks) == 1 and chunks[0].startswith("events/") and chunks[0].endswith(f"/{meta['chunk_hash']}.bin")
        data = git("cat-file", "blob", f"{commit}:{chunks[0]}")
        assert hashlib.blake2b(data, digest_size=32).hexdigest() == meta["chunk_hash"]
        events = list(read_chunk(data))
        message = git("show", "-s", "--format=%B", commit).decode().rstrip("\n")
        assert message == f"WAL: {len(events)} events from {meta['actor_id'][:8]}", message
        for event in events:
            assert event["event_id"] not in seen, "an event twice on the chain"
            seen.add(event["event_id"])
            yield event
        parents = git("show", "-s", "--format=%P", commit).decode().split()
        assert parents[:1] == ([meta["prev_wal"]] if meta["prev_wal"] else [])
        commit = meta["prev_wal"]


def plain(value):
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    return value


for found in sorted(read_log(), key=lambda each: (each["issue_id"], each["ts_unix_ms"], each["actor"], each["event_id"])):
    print(json.dumps(plain(found), sort_keys=True))
