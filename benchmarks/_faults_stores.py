"""Two object stores on loopback, and ways to them on which requests go wrong at random.

A program of its own, since servers are threads: it takes a folder of videos, prints the two addresses as
one line of JSON, and then obeys lines of JSON from its standard input, each answered by a line.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.core.stores import proxy as faults
from tests.core.stores.proxy import Proxy, proxy_to
from tests.core.stores.servers import GcsBucket, S3Bucket, gcs_emulator, s3_server

BUCKET = "clips"
_FAULTS = (faults.busy, faults.throttled, faults.drops, faults.breaks_off, faults.silent, faults.trickles)
#: More than a run sends.
_REQUESTS = 2_000


class Stores:
    """The other program, as a campaign sees it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.pid = process.pid
        assert process.stdout is not None
        self.addresses: dict[str, str] = json.loads(process.stdout.readline())
        """Of the ways to the stores, by scheme."""

    def fail(self, seed: int, share: float) -> None:
        """From now on this share of the requests goes wrong, each in its way."""
        self._do(["fail", seed, share])

    def work(self) -> None:
        """From now on no request goes wrong, and none hangs."""
        self._do(["work"])

    def put(self, name: str, file: Path) -> None:
        """Overwrite an object of the S3 bucket."""
        self._do(["put", name, str(file)])

    def _do(self, order: list[Any]) -> None:
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(order) + "\n")
        process.stdin.flush()
        assert process.stdout.readline() == "done\n"


@contextmanager
def running_stores(folder: Path) -> Iterator[Stores]:
    """Both stores with the videos of a folder in a bucket."""
    command = [sys.executable, "-m", "benchmarks._faults_stores", str(folder)]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=Path(__file__).parents[1],
    ) as process:
        try:
            yield Stores(process)
        finally:
            process.kill()


def main() -> None:
    folder = Path(sys.argv[1])
    with (
        s3_server() as s3_url,
        gcs_emulator() as gcs_url,
        proxy_to(s3_url) as s3_way,
        proxy_to(gcs_url) as gcs_way,
    ):
        bucket = S3Bucket(s3_url, BUCKET)
        for place in (bucket, GcsBucket(gcs_url, BUCKET)):
            for path in folder.glob("*.mp4"):
                place.put(path.name, path.read_bytes())
        print(json.dumps({"s3": s3_way.url, "gs": gcs_way.url}), flush=True)
        for line in sys.stdin:
            _obey(json.loads(line), (s3_way, gcs_way), bucket)
            print("done", flush=True)


def _obey(order: list[Any], ways: tuple[Proxy, ...], bucket: S3Bucket) -> None:
    match order:
        case ["fail", seed, share]:
            dice = random.Random(seed)  # noqa: S311 faults, no secrets
            for way in ways:
                way.go_wrong(
                    *(
                        dice.choice(_FAULTS) if dice.random() < share else faults.passes
                        for _ in range(_REQUESTS)
                    )
                )
        case ["work"]:
            for way in ways:
                way.renew()
        case ["put", name, file]:
            bucket.put(name, Path(file).read_bytes())
        case _:
            raise ValueError(order)


if __name__ == "__main__":
    main()
