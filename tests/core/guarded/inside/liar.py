"""Stands in for a decoding process that was taken over: answers the first request with a lie."""

import json
import os
import pickle
import struct
import sys
import time

READY, ITEM, END, ERROR, READ = range(1, 6)


class Evil:
    """Unpickled, it runs a command."""

    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return os.system, (f"touch '{self.marker}'",)


def message(kind, header):
    if not isinstance(header, bytes):
        header = json.dumps(header).encode()
    return struct.pack(">BI", kind, len(header)) + header


def evil_pickle(marker):
    return pickle.dumps(Evil(marker))


LIES = {
    "a pickle": lambda marker: message(ITEM, evil_pickle(marker)),
    "a pickle as multiprocessing sends it": lambda marker: (
        struct.pack("!i", len(evil_pickle(marker))) + evil_pickle(marker)
    ),
    "an unknown kind": lambda _: message(99, 1.0),
    "a header without end": lambda _: struct.pack(">BI", ITEM, 2**32 - 1),
    "no json": lambda _: message(ITEM, b"{"),
    "nested json": lambda _: message(ITEM, b"[" * 100_000),
    "words for a number": lambda _: message(ITEM, "a long time"),
    "a number that is too large": lambda _: message(ITEM, 10**400),
    "a list for a number": lambda _: message(ITEM, [1.0]),
    "two answers": lambda _: message(ITEM, 1.0) + message(ITEM, 2.0),
    "ready again": lambda _: message(READY, {"parts": []}),
    "a read of an open file": lambda _: message(READ, [0, 100]),
    "a read that is no read": lambda _: message(READ, ["/etc/passwd", 100]),
    "an error that is none": lambda _: message(ERROR, 7),
    "no answer": lambda _: message(END, None),
    "an error of its own": lambda _: message(ERROR, ["SystemExit", "come on " * 1000, True]),
    "an error whose name is none": lambda _: message(ERROR, ["<b>Corrupt</b>", "come on", True]),
    "an error with a long name": lambda _: message(ERROR, ["a" * 101, "come on", True]),
    "an error as a pickle": lambda marker: message(ERROR, ["Corrupt", list(evil_pickle(marker)), True]),
    "half a message": lambda _: struct.pack(">BI", ITEM, 100) + b'{"half',
    # The READs that are served: 1,000 bytes is the object's size.
    "a read behind the end": lambda _: message(READ, [900, 200]),
    "a read before the start": lambda _: message(READ, [-1, 100]),
    "a read of nothing": lambda _: message(READ, [0, 0]),
    "a read of too much": lambda _: message(READ, [0, 2**62]),
}


def main(lie, marker):
    descriptor = int(sys.argv[1])
    report = {"parts": [{"name": "none", "active": True, "detail": ""}]}
    os.write(descriptor, message(READY, report))
    os.read(descriptor, 8)
    if lie == "death":
        os._exit(1)
    data = LIES[lie](marker)
    while data:
        data = data[os.write(descriptor, data) :]
    time.sleep(3600)
