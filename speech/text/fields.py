"""What a ticket wants to know, found in a message: each finding with the words it came from and how sure it is.

Nothing here is certain until a person says so; confidences are the shares that were right on the sentences of the tests,
rounded down. Places come from the gazetteer first, then from the way Chinese addresses end.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from speech.text import categories as matters
from speech.text.alarms import Alarm, alarms
from speech.text.categories import Category
from speech.text.gazetteer import PLACE, Name
from speech.text.phones import Number, identities, phones
from speech.text.sounds import HANZI

TYPES = {  # ticket types (tickets.models.TYPES): (said outright, only meant)
    "complaint": ("投诉", "扰民|噪音|噪声|不管|没人管|拖欠|欺骗|态度恶劣|乱收费|欺诈|太气人|不作为"),
    "report": ("举报|检举", "违法|非法|无证|偷税|偷排|黑车|黑出租|传销|赌博|贪污|受贿"),
    "consultation": ("咨询|请问|问一下|想问|打听|了解一下", "怎么办理|如何办理|需要什么|什么材料|什么条件|什么时候|多少钱|几点|可不可以|能不能办|在哪里办"),
    "suggestion": ("建议|提个意见", "最好能|应该增加|是不是可以|能不能增设|希望增加|希望增设"),
    "praise": ("表扬|锦旗|点赞|提出表扬", "感谢你们|非常感谢.{0,12}(?:帮助|解决)|谢谢.{0,8}(?:同志|师傅|民警)|服务很好"),
    "help": ("求助|帮帮|帮个忙|帮助我", "坏了|停水|停电|停气|漏水|漏电|堵了|没有来水|不热|发黄|丢了|走失|修一修|派人来|希望.{0,8}修"),
}
OUTRIGHT, MEANT = 0.9, 0.6
SURNAMES = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云苏潘葛奚范彭郎鲁韦昌马苗凤花方俞任袁柳史唐"
    "费廉岑薛雷贺倪汤滕殷罗毕郝邬安常乐于时傅皮卞齐康伍余元卜顾孟平黄和穆萧尹姚邵湛汪祁毛禹狄米贝明臧计伏成戴谈宋茅庞熊纪舒屈项祝董梁杜阮蓝闵席季麻强贾"
    "路娄危江童颜郭梅盛林刁钟徐邱骆高夏蔡田樊胡凌霍虞万支柯管卢莫房裘缪丁邓单洪包左石崔吉龚程邢裴陆荣翁荀曲封靳松段富焦谷车侯全郗班秋仲伊宫"
    "宁仇甘武符刘景詹龙叶司白蒲从索赖卓蔺屠池乔翟谭冉牛边尚柴瞿阎慕连茹习艾向古易廖终居衡耿满匡国文寇广东欧沃利蔚越师聂晁敖冷辛阚那简饶曾沙丰关游权肖岳"
)  # fmt: skip
_PERSON = re.compile(
    rf"(?:我叫|名字叫|名叫|我是)(?P<full>[{SURNAMES}][一-鿿]{{1,2}})(?=[，。,.、；]|$|的?(?:电话|手机|家住|住在))"
    rf"|(?:我姓|免贵姓|本人姓)(?P<surname>[{SURNAMES}])"
    rf"|(?<![一-鿿])(?P<polite>[{SURNAMES}])(?:先生|女士|师傅|大爷|大妈|阿姨|老师|经理)"
)
_DAY = r"(?:今天|昨天|前天|大前天|明天|每天|每晚|上个?(?:星期|周|月)[一二三四五六日天]?|这个?(?:星期|周|月)|去年|今年|\d{4}年)?"
_DATE = r"(?:(?:\d{1,2}|[一二三四五六七八九十]{1,3})月(?:(?:\d{1,2}|[一二三四五六七八九十]{1,3})[日号])?)?"
_PART = r"(?:早上|早晨|上午|中午|下午|傍晚|晚上|夜里|半夜|凌晨)?"
_CLOCK = r"(?:(?:\d{1,2}|[一二三四五六七八九十两]{1,3})(?:点(?:半|钟|\d{1,2}分?|[一三]刻)?多?|:\d{2})(?:[到至-](?:\d{1,2}|[一二三四五六七八九十两]{1,3})(?:点半?|:\d{2}))?)?"
_TIME = re.compile(f"{_DAY}的?{_DATE}{_PART}{_CLOCK}")
_SINCE = re.compile(r"(?:已经|大概|大约|将近)?(?:有)?(?:半|一|两|三|四|五|六|七|八|九|十|好几|\d+)个?多?(?:天|个?星期|周|个?月|年)(?:了|没有?人|没)")
_HOUSE = re.compile(r"(?:\d+|[一二三四五六七八九十]+)号(?:楼|院)?(?:\d+号楼)?(?:\d+单元)?(?:\d+层)?(?:\d+(?:室|户))?|\d+单元(?:\d+室)?")
_NEARBY = re.compile(r"(?:交叉口|路口|附近|对面|旁边|门口|出站口|往[东西南北]\d*米?)+")
_ENDING = "小区|街道|大街|花园|广场|社区|家园|公寓|嘉园|新村|市场|医院|学校|小学|中学|幼儿园|公园|大厦|路|镇|乡|村|区|县|市"
_STOP = "的了在是我你他她它们就都也从到向往把被给住有这那个去来说要想请喂好，。、！？ 于和与跟及或"
_ADDRESS = re.compile(rf"[^{_STOP}\W\d]{{2,6}}?(?:{_ENDING})(?![一-鿿]?(?:灯|面|边|过|上班|长|民|口附近))")
_NO_PLACE = ("走路", "马路", "修路", "问路", "带路", "道路", "线路", "电路", "思路", "农村", "本村", "我市", "本市", "全市", "全区", "全县", "城市", "超市", "社区", "地区")
_ASKING = re.compile(r"希望|请(?!问)|麻烦|要求|咨询|请问|想问|能不能|可不可以|怎么|什么时候|需要什么|建议|赶紧|尽快")
_CLAUSE = re.compile(r"[^，。！？；,.!?;]+")
_JOINED = "，,、 的和与"


@dataclass(frozen=True)
class Finding:
    """A value, the words it came from and where they begin, and how sure it is (0 to 1)."""

    value: str
    words: str
    start: int
    confidence: float


@dataclass(frozen=True)
class Fields:
    """What was found; the first of several is the likeliest."""

    type: Finding | None
    category: Finding | None  # its value is a code of categories.yaml
    places: tuple[Finding, ...]
    times: tuple[Finding, ...]
    phones: tuple[Finding, ...]
    persons: tuple[Finding, ...]
    asked: tuple[Finding, ...]
    alarms: tuple[Alarm, ...]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


NOTHING = Fields(None, None, (), (), (), (), (), ())


def find(text: str, known: Iterable[tuple[int, Name]] = (), categories: tuple[Category, ...] = ()) -> Fields:
    """The fields of a message; `known` are the gazetteer's names in it (places.Corrector.known)."""
    return Fields(
        type=_type(text),
        category=_category(text, categories),
        places=_places(text, known),
        times=_times(text),
        phones=tuple(_phone(number) for number in phones(text)) + tuple(_identity(number) for number in identities(text) if number.valid),
        persons=tuple(_persons(text)),
        asked=_asked(text),
        alarms=tuple(alarms(text)),
    )


def _type(text: str) -> Finding | None:
    """What is said outright counts before what is only meant; the first of several wins."""
    for column, confidence in ((0, OUTRIGHT), (1, MEANT)):
        hits = [(match.start(), name, match[0]) for name, rules in TYPES.items() if (match := re.search(rules[column], text))]
        if hits:
            start, name, words = min(hits)
            return Finding(name, words, start, confidence if len(hits) == 1 else confidence - 0.2)
    return None


def _category(text: str, categories: tuple[Category, ...]) -> Finding | None:
    found = matters.match(text, categories)
    return Finding(found.category.code, found.words, found.start, found.confidence) if found else None


def _places(text: str, known: Iterable[tuple[int, Name]]) -> tuple[Finding, ...]:
    """Address chains: gazetteer names that follow each other, with house and floor; then what only looks like a place."""
    spans = [(start, start + len(name.text), 0.9) for start, name in known if name.kind == PLACE]
    for match in _ADDRESS.finditer(text):
        if match[0].endswith(_NO_PLACE):
            continue
        if all(match.end() <= start or end <= match.start() for start, end, _ in spans):
            spans.append((match.start(), match.end(), 0.5))
    chains: list[tuple[int, int, float]] = []
    for start, end, confidence in sorted(spans):
        if chains and start - chains[-1][1] <= 1 and text[chains[-1][1] : start].strip(_JOINED) == "":
            chains[-1] = (chains[-1][0], end, min(chains[-1][2], confidence))
        else:
            chains.append((start, end, confidence))
    found = []
    for start, end, confidence in chains:
        for tail in (_HOUSE, _NEARBY):
            more = tail.match(text, end)
            end = more.end() if more else end
        found.append(Finding(text[start:end], text[start:end], start, confidence))
    return tuple(sorted(found, key=lambda place: (-place.confidence, -len(place.value), place.start)))


def _times(text: str) -> tuple[Finding, ...]:
    found = [Finding(m[0], m[0], m.start(), 0.8) for m in _TIME.finditer(text) if len(m[0]) > 1 and any(map(HANZI.match, m[0]))]
    return tuple(found + [Finding(m[0], m[0], m.start(), 0.6) for m in _SINCE.finditer(text)])


def _phone(number: Number) -> Finding:
    return Finding(number.value, number.words, number.start, 0.9 if number.valid else 0.2)


def _identity(number: Number) -> Finding:
    return Finding(number.value, number.words, number.start, 0.9)


def _persons(text: str) -> Iterable[Finding]:
    for match in _PERSON.finditer(text):
        kind = str(match.lastgroup)
        words = match[0] if kind == "polite" else match[kind]
        yield Finding(words, match[0], match.start(), 0.7 if kind == "full" else 0.8)


def _asked(text: str) -> tuple[Finding, ...]:
    """The clauses in which something is wanted, the last one first: callers say it at the end."""
    clauses = [match for match in _CLAUSE.finditer(text) if _ASKING.search(match[0])]
    return tuple(Finding(match[0].strip(), match[0], match.start(), 0.6) for match in reversed(clauses))
