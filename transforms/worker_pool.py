"""A pool of Python workers beside a Flink TaskManager: `python -m transforms.worker_pool --port 50000`.

Beam's own pool (`apache_beam.runners.worker.worker_pool_main`) starts a process for each job and
TaskManager, and knows it by a name that two TaskManagers give alike: one of them ends the other's. Here
a worker is a thread of this process. What is imported, the decoding processes and a loaded model serve
one shard after the other; and whoever kills this process ends all of its workers, at once.
"""

from __future__ import annotations

import argparse
import threading
import traceback
from concurrent import futures
from typing import Any

import grpc
from apache_beam.portability.api import beam_fn_api_pb2, beam_fn_api_pb2_grpc
from apache_beam.runners.worker.sdk_worker import SdkHarness

import transforms.shard  # noqa: F401 - what every shard needs, before the first one comes

#: At once; what they start goes on in threads of its own.
_CALLS = 16


class WorkerPool(beam_fn_api_pb2_grpc.BeamFnExternalWorkerPoolServicer):
    """Starts a worker for whoever asks: a TaskManager, once for each job."""

    def StartWorker(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802 - gRPC's
        try:
            # Connects before it returns: a TaskManager that is answered waits for its worker for ever.
            worker = SdkHarness(request.control_endpoint.url, worker_id=request.worker_id)
        except Exception:
            return beam_fn_api_pb2.StartWorkerResponse(error=traceback.format_exc())
        threading.Thread(target=_run, args=(worker,), daemon=True).start()
        return beam_fn_api_pb2.StartWorkerResponse()

    def StopWorker(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802 - gRPC's
        """Nothing to do: a worker ends when its TaskManager hangs up."""
        return beam_fn_api_pb2.StopWorkerResponse()


def _run(worker: SdkHarness) -> None:
    try:
        worker.run()
    except Exception as error:
        print(f"A worker lost its TaskManager: {type(error).__name__}.", flush=True)


def serve(*, host: str, port: int) -> grpc.Server:
    """Listen; several pools of one machine may share a port, each taking some of the calls."""
    server = grpc.server(
        futures.ThreadPoolExecutor(max_workers=_CALLS),
        options=[
            ("grpc.so_reuseport", 1),
            ("grpc.http2.max_pings_without_data", 0),
            ("grpc.http2.max_ping_strikes", 0),
        ],
    )
    beam_fn_api_pb2_grpc.add_BeamFnExternalWorkerPoolServicer_to_server(WorkerPool(), server)
    server.add_insecure_port(f"{host}:{port}")
    server.start()
    return server


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--port", type=int, required=True)
    # Whoever reaches the port can have this process run code: it is for the TaskManager next to it.
    parser.add_argument("--host", default="localhost", help="address to listen at")
    options = parser.parse_args()
    server = serve(host=options.host, port=options.port)
    server.wait_for_termination()


if __name__ == "__main__":
    main()
