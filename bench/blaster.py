"""An Asterisk that only talks: `python -m bench.blaster EVENTS [PER_SECOND]` lets one client log in and sends it so many AMI events.

A process of its own, so that what it uses of the processor is not counted as its listener's.
"""

from __future__ import annotations

import socket
import sys
import time

from tests.queues.busy import message, storm

AGENTS = 500
CALLS = 2000  # of one round of the storm: 32 000 events
SLICE = 1000


def main() -> None:
    wanted, per_second = int(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else None
    events = list(storm(CALLS, AGENTS))
    slices = [b"".join(events[at : at + SLICE]) for at in range(0, len(events), SLICE)]
    with socket.create_server(("127.0.0.1", 0)) as server:
        print(server.getsockname()[1], flush=True)
        connection, _ = server.accept()
        connection.sendall(b"Asterisk Call Manager/11.0.0\r\n")
        asked = b""
        while b"\r\n\r\n" not in asked:
            asked += connection.recv(4096)
        number = next(line.partition(": ")[2] for line in asked.decode().splitlines() if line.lower().startswith("actionid"))
        connection.sendall(message(Response="Success", ActionID=number, Message="Authentication accepted"))
        connection.sendall(message(Event="FullyBooted", Status="Fully Booted"))
        begin = time.perf_counter()
        for number in range(wanted // SLICE):
            connection.sendall(slices[number % len(slices)])
            if per_second and (early := begin + (number + 1) * SLICE / per_second - time.perf_counter()) > 0:
                time.sleep(early)
        connection.sendall(message(Event="Over"))
        while connection.recv(4096):
            pass


if __name__ == "__main__":
    main()
