"""What the rosters of the demo are made of: shift types, cycles, qualifications, contracts, duties. Tables only."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from apps.rosters.models import PlanState, ShiftColour, ShiftKind

WORK, LEAVE, TRAINING = ShiftKind.WORK, ShiftKind.LEAVE, ShiftKind.TRAINING


@dataclass(frozen=True)
class TypePlan:
    code: str
    kind: ShiftKind
    clock: str
    """By the clock of the site; one that ends no later than it begins ends on the next day."""
    pause: int
    colour: ShiftColour
    ko: str
    en: str
    ar: str
    in_ramadan: str = ""


DAY, EVENING, NIGHT = ShiftColour.DAY, ShiftColour.EVENING, ShiftColour.NIGHT
WHOLE_DAY = "00:00-00:00"
SHIFT_TYPES = {
    "KR": (
        TypePlan("D", WORK, "07:00-15:00", 60, DAY, "낮번", "Day", "نهاري"),
        TypePlan("E", WORK, "15:00-23:00", 60, EVENING, "저녁번", "Evening", "مسائي"),
        TypePlan("N", WORK, "23:00-07:00", 60, NIGHT, "밤번", "Night", "ليلي"),
        TypePlan("CD", WORK, "07:00-15:00", 60, DAY, "낮번 책임", "Day, in charge", "نهاري، مسؤولية"),
        TypePlan("CE", WORK, "15:00-23:00", 60, EVENING, "저녁번 책임", "Evening, in charge", "مسائي، مسؤولية"),
        TypePlan("CN", WORK, "23:00-07:00", 60, NIGHT, "밤번 책임", "Night, in charge", "ليلي، مسؤولية"),
        TypePlan("M", WORK, "11:00-19:00", 60, DAY, "중간번", "Mid", "متوسط"),
        TypePlan("W", WORK, "08:30-17:30", 60, DAY, "상근", "Office hours", "دوام رسمي"),
        TypePlan("12D", WORK, "07:00-19:00", 90, DAY, "낮 12시간", "Day, 12 hours", "نهاري 12 ساعة"),
        TypePlan("12N", WORK, "19:00-07:00", 90, NIGHT, "밤 12시간", "Night, 12 hours", "ليلي 12 ساعة"),
        TypePlan("당", ShiftKind.DUTY, "08:00-08:00", 120, ShiftColour.ON_CALL, "24시간 당직", "24-hour duty", "مناوبة 24 ساعة"),
        TypePlan("IC", ShiftKind.ON_CALL_HOUSE, "18:00-08:00", 0, ShiftColour.ON_CALL, "병원 내 대기", "On call in the house", "استدعاء داخل المستشفى"),
        TypePlan("HC", ShiftKind.ON_CALL_HOME, "18:00-08:00", 0, ShiftColour.ON_CALL, "자택 대기", "On call at home", "استدعاء من المنزل"),
        TypePlan("SB", ShiftKind.STANDBY, "07:00-15:00", 0, ShiftColour.ON_CALL, "예비 근무", "Standby", "احتياط"),
        TypePlan("교", TRAINING, "09:00-17:00", 60, ShiftColour.TRAINING, "교육", "Training", "تدريب"),
        TypePlan("연", LEAVE, WHOLE_DAY, 0, ShiftColour.LEAVE, "연차", "Annual leave", "إجازة سنوية"),
        TypePlan("병", LEAVE, WHOLE_DAY, 0, ShiftColour.LEAVE, "병가", "Sick leave", "إجازة مرضية"),
        TypePlan("공", LEAVE, WHOLE_DAY, 0, ShiftColour.LEAVE, "공가", "Official leave", "إجازة رسمية"),
        TypePlan("O", ShiftKind.OFF, WHOLE_DAY, 0, ShiftColour.OFF, "휴무", "Day off", "يوم راحة"),
        TypePlan("SO", ShiftKind.OFF, WHOLE_DAY, 0, ShiftColour.OFF, "수면 휴무", "Sleep day", "يوم نوم"),
    ),
    "AE": (
        TypePlan("D12", WORK, "07:00-19:00", 120, DAY, "낮 12시간", "Day, 12 hours", "نهاري 12 ساعة", "DR"),
        TypePlan("N12", WORK, "19:00-07:00", 120, NIGHT, "밤 12시간", "Night, 12 hours", "ليلي 12 ساعة", "NR"),
        TypePlan("CD", WORK, "07:00-19:00", 120, DAY, "낮 책임", "Day, in charge", "نهاري، مسؤولية", "CDR"),
        TypePlan("CN", WORK, "19:00-07:00", 120, NIGHT, "밤 책임", "Night, in charge", "ليلي، مسؤولية", "CNR"),
        TypePlan("DR", WORK, "07:00-15:00", 120, DAY, "라마단 낮", "Ramadan day", "نهاري رمضان"),
        TypePlan("ER", WORK, "15:00-23:00", 120, EVENING, "라마단 저녁", "Ramadan evening", "مسائي رمضان"),
        TypePlan("NR", WORK, "23:00-07:00", 120, NIGHT, "라마단 밤", "Ramadan night", "ليلي رمضان"),
        TypePlan("CDR", WORK, "07:00-15:00", 120, DAY, "라마단 낮 책임", "Ramadan day, in charge", "نهاري رمضان، مسؤولية"),
        TypePlan("CNR", WORK, "23:00-07:00", 120, NIGHT, "라마단 밤 책임", "Ramadan night, in charge", "ليلي رمضان، مسؤولية"),
        TypePlan("W", WORK, "08:00-17:00", 60, DAY, "상근", "Office hours", "دوام رسمي", "WR"),
        TypePlan("WR", WORK, "09:00-15:30", 60, DAY, "라마단 상근", "Ramadan office hours", "دوام رمضان"),
        TypePlan("HC", ShiftKind.ON_CALL_HOME, "08:00-08:00", 0, ShiftColour.ON_CALL, "자택 대기", "On call at home", "استدعاء من المنزل"),
        TypePlan("TR", TRAINING, "09:00-17:00", 60, ShiftColour.TRAINING, "교육", "Training", "تدريب"),
        TypePlan("AL", LEAVE, WHOLE_DAY, 0, ShiftColour.LEAVE, "연차", "Annual leave", "إجازة سنوية"),
        TypePlan("SL", LEAVE, WHOLE_DAY, 0, ShiftColour.LEAVE, "병가", "Sick leave", "إجازة مرضية"),
        TypePlan("OL", LEAVE, WHOLE_DAY, 0, ShiftColour.LEAVE, "공가", "Official leave", "إجازة رسمية"),
        TypePlan("O", ShiftKind.OFF, WHOLE_DAY, 0, ShiftColour.OFF, "휴무", "Day off", "يوم راحة"),
    ),
}  # fmt: skip

# Five in charge, three days apart, have one of them in each shift; so have four over the eight days of the 12-hour cycle.
CHARGE_CYCLES = {"KR": "CD CD CD O O CE CE CE O O CN CN CN O O", "AE": "CD CD CN CN O O O O"}
CHARGE_GROUPS = {"KR": 5, "AE": 4}
CYCLES = {"KR": "D D D D D O O E E E E O O N N N O O", "AE": "D12 D12 N12 N12 O O O O"}
NIGHTS_ONLY = "N N N O O O O N N N SO O O O"

SHOWN = {
    "seoul/internal/7w": PlanState.DRAFT,
    "boramae/internal/8e": PlanState.COLLECTING,
    "bundang/internal/office": PlanState.DRAFT,
    "uae/infectious/isolation": PlanState.COLLECTING,
}
"""Units with three months instead of one, and how far the last of them is."""
OFFICES = {
    "seoul/internal/office",
    "seoul/surgery/office",
    "bundang/internal/office",
    "boramae/internal/office",
    "uae/internal/office",
}
"""Medical offices whose residents have a roster."""

QUALIFICATIONS = {
    "charge": (False, "책임간호 가능", "May be in charge", "مؤهلة لقيادة النوبة"),
    "bls": (True, "기본심폐소생술(BLS)", "BLS", "دعم الحياة الأساسي"),
    "acls": (True, "전문심장소생술(ACLS)", "ACLS", "دعم الحياة القلبي المتقدم"),
    "ventilator": (False, "인공호흡기 간호", "Ventilator care", "رعاية أجهزة التنفس"),
}
CONTRACTS = {
    "full": (100, 2400, "전일제", "Full time", "دوام كامل"),
    "part": (60, 1440, "시간제 60%", "Part time, 60%", "دوام جزئي 60%"),
    "resident": (100, 4800, "전공의 수련", "Residency", "تدريب الأطباء المقيمين"),
    "uae": (100, 2880, "UAE 주 48시간", "UAE, 48 hours a week", "الإمارات، 48 ساعة أسبوعيًا"),
}

CHARGE_CODES = {"KR": ["CD", "CE", "CN"], "AE": ["CD", "CN", "CDR", "CNR"]}


@dataclass(frozen=True)
class SettingPlan:
    """Parameters of a rule at the sites of a country, or for a contract."""

    rule: str
    country: str
    why: str
    params: dict[str, Any] = field(default_factory=dict)
    contract: str = ""
    level: str = ""
    is_on: bool | None = None


SETTINGS = (
    SettingPlan(
        "KR-N-CHARGE", "KR", "책임 근무 코드마다 책임간호사를 둠", {"what": {"is": "work", "codes": CHARGE_CODES["KR"]}}
    ),
    SettingPlan("KR-L-59", "KR", "근로자대표 서면합의 (근로기준법 59조)", is_on=True),
    SettingPlan("KR-L-52", "KR", "근로자대표 서면합의 (근로기준법 59조)", level="soft"),
    SettingPlan(
        "AE-SKILL",
        "AE",
        "A charge nurse stands in the charge codes",
        {"what": {"is": "work", "codes": CHARGE_CODES["AE"]}},
    ),
    SettingPlan(
        "AE-8", "AE", "Exemption of the sector for 12-hour shifts", {"max": 600, "ramadan_max": 480}, contract="uae"
    ),
)

RAMADANS = (
    (date(2025, 3, 1), date(2025, 3, 30)),
    (date(2026, 2, 18), date(2026, 3, 20)),
    (date(2027, 2, 8), date(2027, 3, 10)),
    (date(2028, 1, 28), date(2028, 2, 27)),
    (date(2029, 1, 16), date(2029, 2, 14)),
    (date(2030, 1, 5), date(2030, 2, 4)),
    (date(2030, 12, 26), date(2031, 1, 25)),
    (date(2031, 12, 15), date(2032, 1, 14)),
    (date(2099, 1, 1), date(2099, 1, 2)),
)
"""First day and the first day after, as announced or expected; the portal never computes them."""


@dataclass(frozen=True)
class Turns:
    """A rotation that fills a tier."""

    tier: int
    name: str
    days: int
    """Of a turn."""
    posts: tuple[str, ...]
    """Of the unit, or `department/unit/post`, several with a space between them; the first entry that finds people counts."""


@dataclass(frozen=True)
class DutyPlan:
    code: str
    of: str
    """"ward", "office", a kind of units, or one unit."""
    names: tuple[str, str, str]
    shifts: tuple[tuple[int, str], ...] = ()
    """Tier and the codes of the shifts that fill it."""
    rotations: tuple[Turns, ...] = ()


DUTIES = (
    DutyPlan(
        "charge-nurse",
        "ward",
        ("책임간호사", "Charge nurse", "مسؤولة التمريض"),
        shifts=((1, "CD CE CN CDR CNR"),),
        rotations=(Turns(2, "수간호사", 7, ("head",)),),
    ),
    DutyPlan(
        "on-call",
        "office",
        ("당직의", "Doctor on duty", "الطبيب المناوب"),
        shifts=((1, "당 HC"),),
        rotations=(Turns(2, "전문의 대기", 1, ("consultant fellow",)), Turns(3, "교수 대기", 7, ("professor",))),
    ),
    DutyPlan(
        "consultant",
        "office",
        ("전문의 대기", "Consultant on call", "الاستشاري المناوب"),
        rotations=(
            Turns(1, "1차 대기", 7, ("consultant fellow",)),
            Turns(2, "2차 대기", 7, ("professor", "consultant")),
        ),
    ),
    DutyPlan(
        "code-team-lead",
        "icu",
        ("코드팀 팀장", "Code team lead", "قائد فريق الإنعاش"),
        rotations=(Turns(1, "코드팀 팀장", 1, ("professor consultant fellow internal/office/fellow",)),),
    ),
    DutyPlan(
        "code-team-airway",
        "icu",
        ("코드팀 기도", "Code team, airway", "فريق الإنعاش، مجرى الهواء"),
        rotations=(Turns(1, "코드팀 기도", 1, ("emergency/er/resident", "emergency/er/consultant")),),
    ),
    DutyPlan(
        "emergency-doctor",
        "emergency",
        ("응급실 책임의", "Emergency physician in charge", "طبيب الطوارئ المسؤول"),
        rotations=(
            Turns(1, "응급의학 전문의", 1, ("consultant",)),
            Turns(2, "2차 대기", 7, ("professor", "consultant")),
        ),
    ),
    DutyPlan(
        "on-call",
        "gangnam/internal/clinic",
        ("당직의", "Doctor on duty", "الطبيب المناوب"),
        rotations=(
            Turns(1, "야간 전화 대기", 1, ("consultant checkup/checkup/consultant",)),
            Turns(2, "교수 대기", 7, ("professor",)),
        ),
    ),
)
