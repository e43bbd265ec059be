"""Open311's answers as XML or JSON: one structure, written by the Spark convention (wiki.open311.org/JSON_and_XML_Conversion).

A list is an element whose children all have the singular's name; nothing is an empty element, in JSON null.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

from fastapi import Request, Response

from tickets.open311 import Fault, Refused

XML, JSON = "text/xml; charset=utf-8", "application/json; charset=utf-8"
TYPES = {"xml": XML, "json": JSON}
MANY = {
    "services": "service", "service_requests": "request", "attributes": "attribute", "values": "value", "errors": "error",
    "endpoints": "endpoint", "formats": "format",
}  # fmt: skip
NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, production 2


def wanted(request: Request) -> str:
    """By the address's end, else by Accept, else XML, which the specification requires. Raises Refused for another end."""
    form: str | None = request.path_params.get("form")
    if form is None:
        return _accepted(request)
    if form not in TYPES:
        raise Refused(Fault(400, f"the format {form[:20]} is not there; xml and json are"))
    return form


def answer(form: str, root: str, content: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """`root` names the XML element; JSON has no name for it."""
    if form == "json":
        return Response(json.dumps(content, ensure_ascii=False), status, headers, media_type=JSON)
    return Response(ElementTree.tostring(_element(root, content), encoding="UTF-8", xml_declaration=True), status, headers, media_type=XML)


def refusal(request: Request, status: int, faults: tuple[Fault, ...], headers: Mapping[str, str] | None = None) -> Response:
    """The list of errors, in the form that was asked for as far as that can be known."""
    end = request.url.path.rpartition(".")[2]
    form = end if end in TYPES else _accepted(request)
    return answer(form, "errors", [{"code": fault.code, "description": fault.description} for fault in faults], status, headers)


def _accepted(request: Request) -> str:
    """Whichever of the two weighs more."""
    weights = dict.fromkeys(TYPES, 0.0)
    for part in request.headers.get("accept", "").split(","):
        kind, *parameters = (word.strip().lower() for word in part.split(";"))
        weight = next((_weight(p[2:]) for p in parameters if p.startswith("q=")), 1.0)
        form = {"text/xml": "xml", "application/xml": "xml", "application/json": "json"}.get(kind)
        if form:
            weights[form] = max(weights[form], weight)
    return "json" if weights["json"] > weights["xml"] else "xml"


def _weight(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def _element(name: str, content: Any) -> ElementTree.Element:
    element = ElementTree.Element(name)
    match content:
        case dict():
            element.extend(_element(key, value) for key, value in content.items())
        case list():
            element.extend(_element(MANY[name], value) for value in content)
        case bool():
            element.text = "true" if content else "false"
        case None:
            pass
        case _:
            element.text = NOT_IN_XML.sub("", str(content))
    return element
