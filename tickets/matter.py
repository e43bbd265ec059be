"""What a citizen's own words say: where it is, what it is, and whether they only ask how far an earlier matter is.

Pure rules a person can follow, no model: names of places by what they end in (路 街 小区 …) or by the city's list of names.
Where the rules see no place, the sender is asked and the answer is taken as it stands.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass

HAN = "\u4e00-\u9fff"
ROADS = "大道|公路|胡同|路|街|巷|弄"
ESTATES = "小区|社区|花园|新村|家园|公寓|大厦|广场|公园|市场|工业园|小学|中学|学校|幼儿园|医院|车站|地铁站|高架|立交桥|大桥|村|镇|乡"
NOT_A_ROAD = "灯|面|由|边|人|况|过|费|口|上|段|标|障|道"  # 路灯 路面 …; 街道 is an office
HOUSE = "[0-9]{1,5}(?:号|弄|栋|幢|座|单元|室|米)"
GENERIC = re.compile(r"(?:我们|咱们|你们|他们|我家|这个|那个|这条|那条|某|本|该|的|整个|马|道|公|铁|走|问|线|半|一|全|小|门口|附近|旁边|前面|后面|楼下)+$")
PLACE = re.compile(rf"([{HAN}]{{1,10}}?)({ESTATES}|(?:{ROADS})(?!{NOT_A_ROAD}))((?:{HOUSE}){{0,4}})")
LABELLED = re.compile(r"(?:地点|地址|位置|事发地)\s*[:：]\s*((?:(?!内容|诉求|事项)[^\n,，;；。]){2,100})")
CONTENT = re.compile(r"(?:内容|诉求|事项)\s*[:：]\s*")
LEAD = re.compile(r"^(?:.*(?:住在|位于|地点是|地址是|就在)|.*[在到从于])(?=.{2})")
NUMBER = re.compile(r"(?<![0-9])([0-9]{8})-?([0-9]{6,7})(?![0-9])")
PROGRESS = re.compile(r"进度|进展|查询|查一下|办理(?:情况|结果)|处理(?:情况|结果)|办得怎|处理得怎|办到哪|什么时候能?(?:办|处理|解决|答复)|有结果|progress|status", re.IGNORECASE)
LONGEST_QUESTION = 40  # characters: who only asks about progress is brief
FILLERS = re.compile(r"您好|你好|请问|麻烦|谢谢|我(?:要|想)?(?:反映|投诉|举报|咨询)|反映|投诉|[了的呢吗啊吧呀]")
LEAST = 2  # characters of a matter; 停水 is one


@dataclass(frozen=True)
class Said:
    """A text taken apart: `matter` is what is left of it without the places."""

    places: tuple[str, ...]
    matter: str
    houses: frozenset[str]


def taken_apart(text: str, names: Collection[str] = ()) -> Said:
    """`names`: places of the city that no ending tells."""
    flat = folded(text)
    labelled = LABELLED.search(flat)
    found = [labelled[1].strip()] if labelled else []
    matter = CONTENT.sub("", LABELLED.sub(" ", flat))
    for match in list(PLACE.finditer(matter)):
        name = LEAD.sub("", match[1])
        if len(name) >= (2 if match[2] in ESTATES.split("|") else 1) and not GENERIC.search(name):
            found.append(name + match[2] + match[3])
            matter = matter.replace(found[-1], " ", 1)
    for name in names:
        if len(name) > 1 and name in matter:
            found.append(name)
            matter = matter.replace(name, " ")
    houses = frozenset(re.findall(HOUSE, flat))
    return Said(tuple(dict.fromkeys(found)), re.sub(r"[\W_]+", "", FILLERS.sub("", re.sub(HOUSE, " ", matter))), houses)


def asks_progress(text: str, said: Said) -> bool:
    """Only a question: brief, about progress, and without a place. 反映三次没进展 with a place is a matter."""
    rest = NUMBER.sub("", text)
    return len(rest.strip()) <= LONGEST_QUESTION and not said.places and bool(PROGRESS.search(rest))


def numbers(text: str) -> list[str]:
    """Ticket numbers in a text, as they are written here."""
    return list(dict.fromkeys(f"{found[1]}-{found[2]}" for found in NUMBER.finditer(folded(text))))


def folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def cleaned(text: str) -> str:
    """Without what cannot be seen and could steer something; line breaks stay."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(letter for letter in lines if letter in "\n\t" or unicodedata.category(letter) not in ("Cc", "Cs", "Cf", "Co", "Cn")).strip()
