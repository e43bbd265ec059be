"""Work is done once for each name, in order; what was stopped in the middle is not lost."""

from __future__ import annotations

import asyncio

import pytest

from queues.worklist import Worklist


async def test_each_name_once_with_the_latest_and_what_comes_back_waits_for_the_next_turn() -> None:
    work: Worklist[int] = Worklist()
    done: list[int] = []

    async def do(item: int) -> None:
        done.append(item)
        if item == 1:
            work.put("a", 3)

    work.put("a", 0)
    work.put("b", 2)
    work.put("a", 1)
    work.put("gone", 9)
    work.drop("gone")
    await work.once(do)
    assert done == [1, 2]
    await work.once(do)
    assert done == [1, 2, 3]


async def test_whoever_is_stopped_in_the_middle_leaves_the_rest_and_this_one() -> None:
    work: Worklist[int] = Worklist()
    began, done = asyncio.Event(), []

    async def hang(item: int) -> None:
        began.set()
        await asyncio.Event().wait()

    async def do(item: int) -> None:
        done.append(item)

    for number in range(3):
        work.put(str(number), number)
    task = asyncio.create_task(work.follow(hang))
    await began.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await work.once(do)
    assert sorted(done) == [0, 1, 2]
