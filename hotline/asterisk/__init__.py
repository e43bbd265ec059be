"""Asterisk as a program of ours: found or fetched, configured from templates, started, asked, stopped.

    runtime = find(downloads)                   # Runtime; `fetch(downloads, print)` gets one where there is none
    instance = Instance(
        name="network",                         # said in messages
        home=folder,                            # everything it writes is below: etc/ run/ log/ spool/ data/ …
        templates=TEMPLATES,                    # *.conf.j2 -> etc/*.conf; agi-bin/*.j2 -> agi-bin/* (executable)
        variables={"sip_port": 5060, …},        # for the templates, beside the paths that `render` adds
        sounds={"zh": folder_of_wavs},          # found by the dialplan as hotline/ID in that language
    )
    render(instance, runtime)                   # every file 0600, replaced at once
    asterisk = Asterisk(runtime, instance)
    asterisk.start()                            # detached; returns when fully booted, or raises AsteriskFailed
    asterisk.cli("core show channels count")    # -> str
    asterisk.reload("dialplan reload")
    asterisk.process()                          # psutil.Process | None: also one that an earlier process of ours started
    asterisk.stop()                             # politely, then with force; never longer than its limit

The hotline's own instance: `hotline.asterisk.ours.instance(settings)`.
"""

from hotline.asterisk.debian import FetchError
from hotline.asterisk.instance import Instance, render
from hotline.asterisk.process import Asterisk, AsteriskFailed
from hotline.asterisk.runtime import Runtime, RuntimeMissing, fetch, find

__all__ = ["Asterisk", "AsteriskFailed", "FetchError", "Instance", "Runtime", "RuntimeMissing", "fetch", "find", "render"]
