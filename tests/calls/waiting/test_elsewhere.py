"""Callers who go elsewhere instead of waiting: as the queue says, and nobody is counted as having given up."""

from __future__ import annotations

import asyncio

from telephone.phone import Phone, PhoneAccount
from tests.calls.conftest import CALLS, until
from tests.calls.waiting.floor import JOIN_SECONDS, SITE, Floor, visits

pytestmark = CALLS


async def test_callers_go_elsewhere_as_the_queue_says(floor: Floor, phones: dict[str, Phone]) -> None:
    """After a wait, where too many wait, nobody is logged in, outside hours; a moved caller has not given up."""
    await floor.joins("other", {"hotline-moving": 0, "hotline-general": 0})
    await floor.joins("learning", {"hotline-general": 0})
    first = await floor.waits("13800001600", "1234513")
    await phones["other"].rings()
    await phones["other"].answers()
    moved = await floor.waits("13800001601", "1234513")
    await phones["learning"].rings(within=10)
    await phones["learning"].answers()
    assert moved.connected and "ABANDON" not in floor.events_of("13800001601") and "HOTLINEMOVED" in floor.events_of("13800001601")
    outside = Phone(floor.network.ami, floor.network.sound, PhoneAccount("13800001999", ""))
    many = floor.caller("13800001602")
    await asyncio.gather(many.dials("1234514"), outside.rings(within=20))
    await outside.answers()
    nobody = floor.caller("13800001603")
    await nobody.dials("1234516")
    await floor.hears(nobody, "voicemail-notice")
    closed = floor.caller("13800001604")
    await closed.dials("123455")
    await floor.hears(closed, "voicemail-notice")
    far = floor.caller("13800001605")
    site = Phone(floor.network.ami, floor.network.sound, PhoneAccount(SITE, ""))
    await asyncio.gather(far.dials("123459"), site.rings(within=20))
    await site.answers()
    at = await floor.network.ami.action("Getvar", Channel=site._channel, Variable="CHANNEL(pjsip,local_addr)")
    assert at["Value"] == f"127.0.0.1:{floor.network.wiring.phones_port}", "by the site's own trunk, not the caller's"
    await floor.over()
    assert first
    record = await floor.record("13800001601")
    assert (record["outcome"], visits(record)) == ("answered", [("moving", "moved"), ("general", "answered")])
    for number, out in (("13800001602", "13800001999"), ("13800001605", SITE)):
        record = await floor.record(number)
        assert record["outcome"] == "transferred"
        assert [(part["how"], part["detail"]) for part in record["segments"] if part["kind"] == "transfer"] == [("answered", out)]


async def test_with_a_full_disk_whoever_would_leave_a_message_waits_for_a_person(floor: Floor, phones: dict[str, Phone]) -> None:
    script = floor.hotline.plan.home / "asterisk" / "agi-bin" / "hotline-spool"
    real = script.read_text()
    free = floor.hotline.settings.file.spool.minimum_free_mb
    script.write_text(real.replace(f"'{free}'", f"'{1 << 40}'"))
    try:
        await floor.joins("other", {"hotline-closed": 0, "hotline-later": 0})
        closed = floor.caller("13800001900")
        await asyncio.gather(closed.dials("123455"), phones["other"].rings(within=20))  # outside hours
        await phones["other"].answers()
        later = await floor.waits("13800001901", "123457")  # after 3 s
        nobody = floor.caller("13800001902")
        await nobody.dials("1234516")  # nobody is logged in
        await floor.hears(later, "voicemail-unavailable", within=20)
        await floor.hears(nobody, "all-busy", within=20)

        async def back() -> bool:
            return floor.events_of("13800001901").count("ENTERQUEUE") > 1

        await until(back, "in the queue again", JOIN_SECONDS)
        await later.leg.has_heard(later.leg.samples_heard + 5 * 8000, 10)  # longer than it waited before
        await phones["other"].hangs_up()
        await phones["other"].rings(within=5)
        await phones["other"].answers()
        for number in ("13800001900", "13800001901", "13800001902"):
            assert floor.events_of(number).count("HOTLINEMOVED") == 1, number
    finally:
        script.write_text(real)
