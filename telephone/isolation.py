"""Runs a command in a network namespace that has only `lo`, so that no call placed in a test can leave the machine.

    python -m telephone.isolation COMMAND [ARGUMENT…]

As root the namespace is made directly; otherwise inside a user namespace. Where the kernel allows neither, the
command runs as it is, on loopback addresses, after one line that says so.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import socket
import struct
import subprocess
import sys
from pathlib import Path

CLONE_NEWUSER = 0x10000000  # linux/sched.h
CLONE_NEWNET = 0x40000000
SIOCSIFFLAGS = 0x8914  # linux/sockios.h
IFF_UP_RUNNING = 0x1 | 0x40  # linux/if.h


def isolate() -> bool:
    """Moves this process into a namespace of its own with `lo` up. False where the kernel refuses."""
    libc = ctypes.CDLL(None, use_errno=True)
    if os.geteuid() == 0:
        if libc.unshare(CLONE_NEWNET) != 0:
            return False
    else:
        uid, gid = os.geteuid(), os.getegid()
        if libc.unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0:
            return False
        for name, line in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
            Path(f"/proc/self/{name}").write_text(line)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        fcntl.ioctl(probe, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP_RUNNING))
    return True


def is_allowed() -> bool:
    """Whether the kernel lets us: tried by a process of its own."""
    trial = "from telephone.isolation import isolate; raise SystemExit(not isolate())"
    return subprocess.run([sys.executable, "-c", trial], check=False).returncode == 0


def main() -> None:
    command = sys.argv[1:]
    if not command:
        sys.exit(__doc__)
    if not isolate():
        print("isolation: no network namespace allowed here; staying on loopback addresses", file=sys.stderr)
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()
