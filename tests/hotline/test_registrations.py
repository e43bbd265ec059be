"""A carrier that wants to be registered at gets its REGISTER, with the secret; a broken one keeps nobody away."""

from __future__ import annotations

import asyncio
import hashlib
import re
from pathlib import Path

import pytest

from hotline import doctor, registrations
from hotline.asterisk import Asterisk, RuntimeMissing, find, ours
from hotline.settings import Settings, SettingsError
from tests.hotline.conftest import settings_of

SECRET = "p;w#d-[x]"


def with_carrier(home: Path, carrier: str = 'server: 127.0.0.1, user: "0546123", secret_file: secrets/carrier') -> Settings:
    (home / "secrets").mkdir(mode=0o700, parents=True)
    (home / "secrets" / "carrier").write_text(SECRET + "\n")
    (home / "settings.yaml").write_text(f'sip: {{address: "127.0.0.1", registrations: [{{{carrier}}}]}}\n')
    return settings_of(home)


def test_one_that_cannot_be_made_is_a_finding_and_the_others_are_made(tmp_path: Path) -> None:
    settings = with_carrier(tmp_path / "home", 'server: a, user: b, secret_file: nowhere}, {server: "c:5070", user: d, secret_file: secrets/carrier')
    made, faults = registrations.usable(settings)
    assert [(carrier.name, carrier.host, carrier.number) for carrier in made] == [("carrier-2", "c", "12345")]
    assert ["No such file" in str(fault) for fault in faults] == [True]
    found = [(finding.level, finding.says) for finding in doctor.trunk(settings)]
    assert ("fault", str(faults[0])) in found and any("registers at c:5070" in message for _, message in found)
    assert not any(SECRET in message for _, message in found)


@pytest.mark.parametrize(
    "carrier",
    [
        'server: "x]\\n[evil]", user: a, secret_file: s', 'server: x, user: "a\\nb", secret_file: s', 'server: "", user: a, secret_file: s',
        "server: x, user: a", 'server: x, user: a, secret_file: s, number: "x;y"', 'server: x, user: "a ", secret_file: s', "server: x, user: a, secret_file: s, realm: y",
    ],
)  # fmt: skip
def test_what_would_be_more_than_one_line_of_configuration_is_refused(tmp_path: Path, carrier: str) -> None:
    with pytest.raises(SettingsError, match=r"sip\.registrations\.0"):
        with_carrier(tmp_path / "home", carrier)


@pytest.mark.parametrize("secret", ["", "two words", "two\nlines", "\x01", "市"])
def test_a_secret_that_cannot_stand_on_a_line_is_refused(tmp_path: Path, secret: str) -> None:
    settings = with_carrier(tmp_path / "home")
    (settings.secrets / "carrier").write_text(secret)
    made, [fault] = registrations.usable(settings)
    assert made == [] and (not secret or secret not in str(fault))


class Carrier(asyncio.DatagramProtocol):
    """A registrar: asks for the digest once, checks it, and agrees."""

    def __init__(self) -> None:
        self.registered: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        said = data.decode()
        if not said.startswith("REGISTER"):
            return
        kept = [line for line in said.split("\r\n") if re.match(r"(?i)(Via|From|To|Call-ID|CSeq|Contact):", line)]
        if "Authorization: Digest" in said:
            fields = dict(re.findall(r'(\w+)="([^"]*)"', said))
            fields |= dict(re.findall(r"(nc|qop)=(\w+)", said))
            first = digest(f"0546123:carrier:{SECRET}")
            right = digest(f"{first}:n0nce:{digest('REGISTER:' + fields['uri'])}")
            answer = ["SIP/2.0 200 OK", *kept, "Expires: 300"] if fields["response"] == right else ["SIP/2.0 403 Forbidden", *kept]
            if not self.registered.done():
                self.registered.set_result(f"{answer[0]} {' '.join(kept)}")
        else:
            answer = ["SIP/2.0 401 Unauthorized", *kept, 'WWW-Authenticate: Digest realm="carrier", nonce="n0nce", algorithm=MD5']
        self.transport.sendto("\r\n".join([*answer, "Content-Length: 0", "", ""]).encode(), addr)  # type: ignore[attr-defined]


def digest(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


@pytest.mark.asterisk
async def test_asterisk_registers_with_the_secret_and_is_called_by_its_number(tmp_path: Path) -> None:
    loop = asyncio.get_running_loop()
    transport, carrier = await loop.create_datagram_endpoint(Carrier, ("127.0.0.1", 0))
    port = transport.get_extra_info("sockname")[1]
    settings = with_carrier(tmp_path / "home", f'server: "127.0.0.1:{port}", user: "0546123", secret_file: secrets/carrier')
    try:
        runtime = find(settings.downloads)
    except RuntimeMissing as missing:
        pytest.skip(str(missing))
    ours.configure(settings, runtime)
    asterisk = Asterisk(runtime, ours.instance(settings))
    try:
        await asyncio.to_thread(asterisk.start)
        async with asyncio.timeout(20):
            said = await carrier.registered
        assert said.startswith("SIP/2.0 200") and f"<sip:12345@127.0.0.1:{settings.sip_port}" in said
    finally:
        await asyncio.to_thread(asterisk.kill)
        transport.close()
