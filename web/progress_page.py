"""/progress as a page: number, PIN, and what came of them; Chinese with English beside, without a script, for any reader.

Everything that came from outside is escaped here, once. The page loads nothing: its style stands in it and is named by hash
in the Content-Security-Policy.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import timedelta
from html import escape

from tickets.number_pool import SHANGHAI
from tickets.progress import LOCKED, RESTRICTED, Refused, Standing

ENGLISH = {
    "pending": "registered",
    "to_dispatch": "accepted, to be assigned",
    "not_accepted": "not a matter for this hotline",
    "answered_at_once": "answered at once",
    "dispatched": "assigned",
    "returned": "being assigned anew",
    "handling": "being handled",
    "extended": "being handled, with more time",
    "replied": "replied to",
    "supervised": "under supervision",
    "completed": "completed",
    "to_revisit": "completed; we will call you",
    "rated": "completed",
    "filed": "completed",
}
NO = {
    LOCKED: ("查询次数过多，请稍后再试，或者拨打12345。", "Too many tries. Please try again later, or call 12345."),
    RESTRICTED: ("这个工单不能自助查询，请拨打12345由工作人员为您查询。", "This ticket cannot be looked up here. Please call 12345 and ask a person."),
}
WRONG = ("工单编号或者查询密码不正确。", "The number of the ticket or the PIN is not right.")
AWAY = ("暂时不能查询，请稍后再试，或者拨打12345。", "Nothing can be looked up now. Please try again later, or call 12345.")
STYLE = """
:root{color-scheme:light}
body{margin:0;font:1.15rem/1.6 system-ui,"Noto Sans CJK SC","Noto Sans SC","Microsoft YaHei",sans-serif;color:#1a1a1a;background:#f4f5f7}
main{max-width:34rem;margin:0 auto;padding:1.5rem 1rem 3rem;background:#fff;min-height:100vh;box-sizing:border-box}
h1{font-size:1.6rem;line-height:1.3;margin:0 0 .5rem}
label{display:block;font-weight:600;margin:1.2rem 0 .3rem}
[lang=en]{display:block;font-weight:400;color:#4a4a4a;font-size:.95rem}
input{font:inherit;font-size:1.3rem;letter-spacing:.05em;width:100%;box-sizing:border-box;padding:.6rem .7rem;border:2px solid #5a5a5a;border-radius:.3rem;background:#fff;color:inherit}
input:focus,button:focus,a:focus{outline:4px solid #f5b700;outline-offset:2px}
button{font:inherit;font-size:1.2rem;font-weight:600;margin-top:1.6rem;padding:.7rem 2rem;border:0;border-radius:.3rem;background:#0b5394;color:#fff}
.told{border:3px solid #1b6e3a;border-radius:.3rem;padding:.2rem 1rem 1rem;margin:1rem 0}
.no{border:3px solid #a61b1b;border-radius:.3rem;padding:.6rem 1rem;margin:1rem 0}
dt{font-weight:600;margin-top:.8rem}dd{margin:0;font-size:1.25rem}
"""
POLICY = (
    f"default-src 'none'; style-src 'sha256-{base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def page(number: str = "", found: Standing | Refused | None = None, *, away: bool = False) -> str:
    """The whole page. `number`: as it was typed, shown again; a PIN never is."""
    answer = ""
    if away:
        answer = _no(*AWAY)
    elif isinstance(found, Standing):
        answer = _told(found)
    elif found is not None:
        answer = _no(*NO.get(found.why, WRONG))
    title = "办理进度查询 Progress of a matter"
    if found is not None or away:
        title = ("查询结果 Result" if isinstance(found, Standing) else "没有查到 Not found") + " · " + title
    return f"""<!DOCTYPE html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{title} · 12345</title>
<style>{STYLE}</style>
</head>
<body>
<main>
<h1>办理进度查询<span lang="en">Progress of your matter</span></h1>
{answer}
<form method="post" action="/progress" autocomplete="off">
<label for="number">工单编号<span lang="en">Number of the ticket, such as 20261122-000001</span></label>
<input id="number" name="number" inputmode="numeric" required maxlength="40" value="{escape(number[:40])}">
<label for="pin">查询密码<span lang="en" id="pin-hint">PIN, six digits, told to you with the number</span></label>
<input id="pin" name="pin" type="password" inputmode="numeric" required maxlength="12" autocomplete="off" aria-describedby="pin-hint">
<button type="submit">查询 Look up</button>
</form>
<p>没有编号或者密码？请拨打12345。<span lang="en">No number or no PIN? Please call 12345.</span></p>
</main>
</body>
</html>
"""


def _told(found: Standing) -> str:
    rows = [
        ("工单编号", "Ticket", escape(found.number), ""),
        ("受理时间", "Received", f"{found.received_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}", ""),
        ("当前环节", "Stage", escape(found.stage_name), ENGLISH[found.stage]),
    ]
    if found.due_at is not None:  # until midnight is until the day before
        rows.append(("办理期限", "To be done by", f"{(found.due_at - timedelta(seconds=1)).astimezone(SHANGHAI):%Y-%m-%d}", ""))
    terms = "".join(f'<dt>{zh} <span lang="en">{en}</span></dt><dd>{value}{_english(also)}</dd>' for zh, en, value, also in rows)
    return f'<section class="told" role="status" aria-label="查询结果 Result"><dl>{terms}</dl></section>'


def _english(text: str) -> str:
    return f'<span lang="en">{text}</span>' if text else ""


def _no(chinese: str, english: str) -> str:
    return f'<div class="no" role="alert">{chinese}<span lang="en">{english}</span></div>'
