"""/report as a page: what happened, where, who may be told; Chinese with English beside, without a script, for any reader.

Everything that came from outside is escaped here, once. Style and policy are those of /progress.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from html import escape

from tickets.attachments import KINDS, SAME
from tickets.models import TYPES
from web.progress_page import POLICY, STYLE

ENGLISH_TYPES = {"consultation": "question", "help": "help", "complaint": "complaint", "report": "report of a wrong", "suggestion": "suggestion", "praise": "praise"}
MORE_STYLE = """
textarea,select{font:inherit;width:100%;box-sizing:border-box;padding:.6rem .7rem;border:2px solid #5a5a5a;border-radius:.3rem;background:#fff;color:inherit}
textarea{min-height:9rem}textarea:focus,select:focus{outline:4px solid #f5b700;outline-offset:2px}
fieldset{border:0;margin:1.2rem 0 0;padding:0}legend{font-weight:600;padding:0}
.choice{display:block;font-weight:400;margin:.4rem 0}.choice input{width:auto;margin-right:.5rem}.choice [lang=en]{display:inline}
[type=file]{font-size:1rem;letter-spacing:normal}.hint{margin:.3rem 0 0;font-size:1rem}
.aside{position:absolute;left:-10000px}.big{font-size:1.6rem;letter-spacing:.08em}
"""
WRONG = {
    "text": ("请写明您要反映的内容。", "Please write what it is about."),
    "place": ("请写明事发地点。", "Please write where it is."),
    "name": ("请写明您的姓名。", "Please write your name."),
    "phone": ("电话号码不正确，或者没有填写。", "The telephone number is missing or not one."),
    "email": ("电子邮箱地址不正确，或者没有填写。", "The e-mail address is missing or not one."),
    "files": (
        "附件不能接收，请重新选择：最多5个，每个不超过20 MB，合计不超过40 MB；照片、PDF、录音、视频、Office文档或文本，内容要与名称相符。",
        "The files cannot be taken. Please choose again: at most 5, each at most 20 MB, 40 MB together; pictures, PDF, sound, video, Office or text, and each what its name says.",
    ),
    "old": ("页面已过期，请核对后再次提交。", "The page was too old. Please look at it and send it again."),
    "many": ("提交次数过多，请稍后再试，或者拨打12345。", "Too many were sent. Please try again later, or call 12345."),
    "away": ("暂时不能提交，请稍后再试，或者拨打12345。", "Nothing can be taken now. Please try again later, or call 12345."),
    "refused": ("内容无法受理，请修改后再次提交，或者拨打12345。", "This cannot be taken. Please change it and send it again, or call 12345."),
}


MARKED = ("text", "place", "files", "name", "phone", "email")
AGAIN = ("如果选过文件，请重新选择。", " If you had chosen files, please choose them again.")  # no page may fill in a file
ACCEPT = ",".join(f".{ending}" for ending in (*KINDS, *SAME))


def form(token: str, typed: Mapping[str, str], wrong: str = "") -> str:
    """The form, with what was typed and what is wrong with it."""
    said = {name: escape(value) for name, value in typed.items()}
    types = "".join(
        f'<option value="{code}"{" selected" if typed.get("type") == code else ""}>{name} {ENGLISH_TYPES[code]}</option>' for code, name in TYPES.items()
    )
    body = f"""<h1>反映诉求<span lang="en">Tell us about a matter</span></h1>
<p>紧急情况请拨打110、119、120。<span lang="en">In an emergency call 110, 119 or 120.</span></p>
{_no(wrong) if wrong and wrong not in MARKED else ""}
<form method="post" action="/report" enctype="multipart/form-data" autocomplete="on">
<input type="hidden" name="token" value="{escape(token)}">
<label for="type">类型<span lang="en">Kind</span></label>
<select id="type" name="type"><option value="">请选择 choose</option>{types}</select>
{_at("text", wrong)}<label for="text">内容（必填）<span lang="en">What it is about (needed)</span></label>
<textarea id="text" name="text" required maxlength="20000"{_marked(wrong, "text")}>{said.get("text", "")}</textarea>
{_at("place", wrong)}<label for="place">地点（必填）<span lang="en">Where: district, street, number or estate (needed)</span></label>
<input id="place" name="place" required maxlength="200" value="{said.get("place", "")}"{_marked(wrong, "place")}>
{_at("files", wrong)}<label for="files">照片或其他文件<span lang="en">Pictures or other files</span></label>
<input id="files" name="files" type="file" multiple accept="{ACCEPT}" aria-describedby="files-hint{" wrong" if wrong == "files" else ""}"{' aria-invalid="true" autofocus' if wrong == "files" else ""}>
<p class="hint" id="files-hint">最多5个，每个不超过20 MB，合计不超过40 MB。{AGAIN[0] if wrong else ""}<span lang="en">At most 5, each at most 20 MB, 40 MB together.{AGAIN[1] if wrong else ""}</span></p>
{_at("name", wrong)}<label for="name">姓名<span lang="en">Your name</span></label>
<input id="name" name="name" maxlength="80" autocomplete="name" value="{said.get("name", "")}"{_marked(wrong, "name")}>
{_at("phone", wrong)}<label for="phone">联系电话<span lang="en">Telephone</span></label>
<input id="phone" name="phone" type="tel" maxlength="32" autocomplete="tel" value="{said.get("phone", "")}"{_marked(wrong, "phone")}>
{_at("email", wrong)}<label for="email">电子邮箱<span lang="en">E-mail</span></label>
<input id="email" name="email" type="email" maxlength="200" autocomplete="email" value="{said.get("email", "")}"{_marked(wrong, "email")}>
<fieldset><legend>办理进度如何告知您<span lang="en">How to tell you of each step</span></legend>
{_choice("sms", "短信", "by short message", typed)}{_choice("email", "电子邮件", "by e-mail", typed)}{_choice("nothing", "不需要告知", "do not tell me", typed)}
</fieldset>
<label class="choice"><input type="checkbox" name="confidential" value="yes"{" checked" if typed.get("confidential") == "yes" else ""}>请为我保密 <span lang="en">keep it confidential</span></label>
<div class="aside" aria-hidden="true"><label for="website">请勿填写</label><input id="website" name="website" tabindex="-1" autocomplete="off"></div>
<button type="submit">提交 Send</button>
</form>
<p>查询进度：<a href="/progress">办理进度查询</a><span lang="en">For progress of an earlier matter follow this link.</span></p>"""
    return _page("反映诉求 Tell us" if not wrong else "请改正 Please correct", body)


def done(number: str, pin: str, answer: str, files: int = 0, kept: int = 0) -> str:
    """Number and PIN, to be written down. `files`: how many were sent, `kept`: how many of them could be kept."""
    told = f"""<div><dt>查询密码 <span lang="en">PIN</span></dt><dd class="big">{escape(pin)}</dd></div>""" if pin else ""
    body = f"""<h1>已收到<span lang="en">We have it</span></h1>
<section class="told" role="status" aria-label="已收到 Received"><dl>
<div><dt>工单编号 <span lang="en">Number of your ticket</span></dt><dd class="big">{escape(number)}</dd></div>{told}</dl></section>
<p>{escape(answer)}</p>{_files(files, kept)}
<p>请记下编号和密码，密码只显示这一次。凭编号和密码可<a href="/progress">查询进度</a>，也可拨打12345查询。
<span lang="en">Write down number and PIN: the PIN is shown this once. With both you can <a href="/progress">look up progress</a>, or call 12345.</span></p>"""
    return _page("已收到 Received", body)


def _files(sent: int, kept: int) -> str:
    if not sent:
        return ""
    if kept == sent:
        return f'<p>附件{kept}个已收到。<span lang="en">Files received: {kept}.</span></p>'
    return (
        f'<div class="no" role="alert">附件{sent}个中有{sent - kept}个未能保存，请拨打12345补充。'
        f'<span lang="en">{sent - kept} of {sent} files could not be kept. Please call 12345 about them.</span></div>'
    )


def _page(title: str, body: str) -> str:
    return f"""<!DOCTYPE html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{title} · 12345</title>
<style>{STYLE}</style>
<style>{MORE_STYLE}</style>
</head>
<body>
<main>
{body}
</main>
</body>
</html>
"""


def _no(why: str) -> str:
    chinese, english = WRONG.get(why, WRONG["refused"])
    return f'<div class="no" role="alert" id="wrong">{chinese}<span lang="en">{english}</span></div>'


def _at(name: str, wrong: str) -> str:
    """What is wrong with a field stands above it: on a small screen the top of the page is out of sight."""
    return _no(wrong) + "\n" if wrong == name else ""


def _marked(wrong: str, name: str) -> str:
    return ' aria-invalid="true" aria-describedby="wrong" autofocus' if wrong == name else ""


def _choice(value: str, chinese: str, english: str, typed: Mapping[str, str]) -> str:
    checked = " checked" if typed.get("tell", "nothing") == value else ""
    return f'<label class="choice"><input type="radio" name="tell" value="{value}"{checked}>{chinese} <span lang="en">{english}</span></label>\n'


def _policy() -> str:
    digest = base64.b64encode(hashlib.sha256(MORE_STYLE.encode()).digest()).decode()
    return POLICY.replace("style-src ", f"style-src 'sha256-{digest}' ")


HEADERS = {"Content-Security-Policy": _policy()}
