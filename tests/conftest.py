"""How the tests share a machine: in several workers, each in a network namespace of its own, so that ports never meet.

Calls are placed in real time and mostly wait, everything else mostly computes; so they run beside each other, and what
computes leaves the processor to the calls. Where no namespace is allowed, all tests run one after the other.
`-n0` does that anywhere (`-s` and `--pdb` need it).
"""

from __future__ import annotations

import shlex
import sys
from collections import Counter
from collections.abc import Sequence

import pytest
from execnet import XSpec
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

from telephone import isolation

WORKERS = 4
CALLERS = 2  # workers that begin with calls; the others begin with what computes, and each helps the others out at the end
NICENESS = 10
ISOLATED = ("-m", "telephone.isolation")
MOST_SHARES_TOLD = 12
DEMONSTRATIONS = "tests/calls/test_demo.py"  # each starts a hotline itself
FOLDERS = ("tests/calls/waiting/", "tests/conversations/", "tests/merged/", "tests/speaking/")  # whose stories call one hotline
LONGEST_FIRST = (*FOLDERS, DEMONSTRATIONS, "tests/calls/", "tests/hotline/test_running.py")


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """What `-n auto` means here; 0 is one test after the other."""
    return WORKERS if isolation.is_allowed() else 0


def pytest_xdist_setupnodes(config: pytest.Config, specs: Sequence[XSpec]) -> None:
    """The first workers are given calls; the others are patient."""
    for number, spec in enumerate(specs):
        spec.calls = number < CALLERS
        patient = () if spec.calls else ("nice", "-n", str(NICENESS))
        spec.python = shlex.join([*patient, sys.executable, *ISOLATED, sys.executable])


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    config.option.loadscopereorder = False
    return Shares(config, log)


class Shares(LoadScopeScheduling):
    """A worker takes a file at a time. A folder whose stories call one hotline is one share; each demonstration is one."""

    def _split_scope(self, nodeid: str) -> str:
        return _share(nodeid)

    def _assign_work_unit(self, node: WorkerController) -> None:
        """The next share is one that suits the worker, as long as there is one."""
        suited = (share for share in self.workqueue if share.startswith(LONGEST_FIRST) is node.gateway.spec.calls)
        if (share := next(suited, None)) is not None:
            self.workqueue.move_to_end(share, last=False)
        super()._assign_work_unit(node)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest begins first, also where the order is shuffled."""
    items.sort(key=lambda item: _turn(item.nodeid))


def _share(nodeid: str) -> str:
    if nodeid.startswith(DEMONSTRATIONS):
        return nodeid
    return next((folder for folder in FOLDERS if nodeid.startswith(folder)), nodeid.split("::", 1)[0])


def _turn(nodeid: str) -> int:
    found = max((share for share in LONGEST_FIRST if nodeid.startswith(share)), key=len, default=None)
    return LONGEST_FIRST.index(found) if found else len(LONGEST_FIRST)


def pytest_sessionstart(session: pytest.Session) -> None:
    if session.config.getoption("numprocesses", None):
        session.config.pluginmanager.register(Tells(session.config.pluginmanager.get_plugin("terminalreporter")))


class Tells:
    """Dots of several workers do not say which file they belong to, so what fails is named when it does; and the longest
    shares are, because the whole takes as long as they do."""

    def __init__(self, terminal: pytest.TerminalReporter) -> None:
        self._terminal = terminal
        self._seconds: Counter[str] = Counter()

    def pytest_terminal_summary(self) -> None:
        longest = ", ".join(f"{share} {seconds:.0f} s" for share, seconds in self._seconds.most_common(MOST_SHARES_TOLD))
        self._terminal.write_line(f"longest shares: {longest}")

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._seconds[_share(report.nodeid)] += report.duration
        if report.failed:
            self._terminal.write_line(f"\nFAILED {report.nodeid} ({report.when})", red=True)
