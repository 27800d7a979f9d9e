"""The law and the practice as rows: what a new installation begins with.

Legal counsel confirms each hard one before it is relied on. A site, department, unit, contract or person changes parameters by a setting; IT switches rules on and off. Cover is weighed, not
refused, so that a roster can be filled cell by cell and a hole has a name; its weight makes it dearer than anything else.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

HOUR = 60
NURSES = ("nurse",)
RESIDENTS = ("resident",)
PHYSICIANS = ("doctor",)
PRACTICE = "Korean ward practice"
NIGHT_GUIDE = "Guideline on nurses' night work, Ministry of Health and Welfare, 2019, revised 2023-10"
LABOR = "Labor Standards Act (Korea)"
TRAINING = "Act on the training and status of medical residents (Korea)"
UAE = "Federal Decree-Law 33 of 2021 on labour relations and Cabinet Resolution 1 of 2022 (UAE)"


@dataclass(frozen=True, slots=True)
class Preset:
    """A rule as the data migration writes it."""

    code: str
    family: str
    params: Mapping[str, Any]
    name_ko: str
    name_en: str
    name_ar: str
    level: str = "hard"
    weight: int = 1
    is_waivable: bool = False
    is_on: bool = True
    jobs: tuple[str, ...] = field(default=())
    country: str = ""
    valid_from: str = ""
    valid_until: str = ""
    source: str = ""


def _nurse(
    code: str, family: str, params: dict[str, Any], names: tuple[str, str, str], level: str = "hard", **more: Any
) -> Preset:
    fields = {"jobs": NURSES, "country": "KR", "source": PRACTICE, "level": level, **more}
    return Preset(code, family, params, *names, **fields)


def _labor(
    code: str, family: str, params: dict[str, Any], names: tuple[str, str, str], level: str = "hard", **more: Any
) -> Preset:
    return Preset(code, family, params, *names, **{"country": "KR", "source": LABOR, "level": level, **more})


def _resident(
    code: str, family: str, params: dict[str, Any], names: tuple[str, str, str], level: str = "hard", **more: Any
) -> Preset:
    fields = {"jobs": RESIDENTS, "country": "KR", "source": TRAINING, "level": level, **more}
    return Preset(code, family, params, *names, **fields)


def _uae(
    code: str, family: str, params: dict[str, Any], names: tuple[str, str, str], level: str = "hard", **more: Any
) -> Preset:
    return Preset(code, family, params, *names, **{"country": "AE", "source": UAE, "level": level, **more})


EVERYWHERE = [
    Preset(
        "LEAVE", "blackout", {"what": "called", "beside": "leave"},
        "휴가·교육·출장 날에는 근무를 넣지 않습니다", "No shift on a day of leave", "لا نوبة في يوم إجازة",
        source="Every contract",
    ),
    Preset(
        "COVER", "cover", {"part": "minimum"},
        "최소 인원", "Minimum cover", "الحد الأدنى من العدد", level="soft", weight=10, source="The unit's demand",
    ),
    Preset(
        "COVER-TARGET", "cover", {"part": "target"},
        "권장 인원", "Better cover", "العدد الأفضل", level="soft", source="The unit's demand",
    ),
    Preset(
        "COVER-MAX", "cover", {"part": "maximum"},
        "최대 인원", "Maximum cover", "الحد الأقصى من العدد", level="soft", weight=10, source="The unit's demand",
    ),
    Preset(
        "NO-NIGHTS", "blackout", {"what": "night", "while": "no_nights"},
        "밤근무 제외자", "Works no nights", "لا يعمل ليلًا", is_waivable=True, source="Agreed with the person",
    ),
    Preset(
        "NIGHTS-ONLY", "blackout", {"what": "not_night", "while": "nights_only"},
        "밤근무 전담자는 밤에만", "Works nights only", "يعمل ليلًا فقط", level="soft", weight=20,
        source="Agreed with the person",
    ),
]  # fmt: skip

KOREAN_NURSES = [
    _nurse(
        "KR-N-SUCC-N", "succession", {"after": "night", "then": "not_night"},
        ("나이트 다음 날 데이·이브닝 금지", "No day or evening after a night", "لا نوبة نهارية أو مسائية بعد الليلية"),
    ),
    _nurse(
        "KR-N-SUCC-E", "succession", {"after": "evening", "then": "day"},
        ("이브닝 다음 날 데이 금지", "No day after an evening", "لا نوبة نهارية بعد المسائية"),
    ),
    _nurse(
        "KR-N-NOD", "succession", {"after": "night", "then": "not_night", "free_days": [1]},
        ("나이트 뒤 하루 쉬고 근무 금지 (NOD, NOE)", "Two days off after nights", "يوما راحة بعد النوبات الليلية"),
        is_waivable=True,
    ),
    _nurse(
        "KR-N-REST48", "rest", {"after": "night", "then": "busy", "in_a_row": 2, "min_minutes": 48 * HOUR},
        ("연속 나이트 뒤 48시간 휴식", "48 hours of rest after nights in a row", "راحة 48 ساعة بعد ليالٍ متتالية"),
        is_waivable=True, source=NIGHT_GUIDE,
    ),
    _nurse(
        "KR-N-NRUN", "run", {"what": "night", "max": 3},
        ("연속 나이트 3일까지", "At most three nights in a row", "ثلاث ليالٍ متتالية على الأكثر"), source=NIGHT_GUIDE,
    ),
    _nurse(
        "KR-N-NRUN-MIN", "run", {"what": "night", "min": 2},
        ("하루짜리 나이트 피하기", "No single nights", "تجنب الليلة المفردة"), "soft", weight=5,
    ),
    _nurse(
        "KR-N-NLEN", "hours", {"window": {"days": 1}, "what": "night", "max": 8 * HOUR},
        ("나이트 한 번에 8시간까지", "A night of at most 8 hours", "نوبة ليلية من 8 ساعات على الأكثر"), "soft", weight=2,
        source=NIGHT_GUIDE,
    ),
    _nurse(
        "KR-N-NCAP-FIX", "count", {"what": "night", "window": {"months": 1}, "max": 15, "while": "nights_only"},
        ("야간 전담 월 15회까지", "At most 15 nights a month for fixed nights", "15 ليلة شهريًا على الأكثر لمن يعمل ليلًا فقط"),
        source=NIGHT_GUIDE,
    ),
    _nurse(
        "KR-N-NCAP", "count", {"what": "night", "window": {"months": 1}, "max": 8, "unless": "nights_only"},
        ("교대근무자 나이트 월 8회까지", "At most eight nights a month", "ثماني ليالٍ شهريًا على الأكثر"),
    ),
    _nurse(
        "KR-N-NCAP-SOFT", "count", {"what": "night", "window": {"months": 1}, "max": 6, "unless": "nights_only"},
        ("나이트 월 6회 이내 권장", "Better no more than six nights a month", "الأفضل ألا تزيد الليالي على ست شهريًا"),
        "soft", weight=10,
    ),
    _nurse(
        "KR-N-RUN", "run", {"what": "busy", "max": 5},
        ("연속 근무 5일까지", "At most five working days in a row", "خمسة أيام عمل متتالية على الأكثر"),
    ),
    _nurse(
        "KR-N-RUN5", "run", {"what": "busy", "after": 5, "rest": 2},
        ("5일 연속 근무 뒤 이틀 쉼", "Two days off after five working days", "يوما راحة بعد خمسة أيام عمل"), "soft", weight=5,
    ),
    _nurse(
        "KR-N-OFFRUN", "run", {"what": "free", "max": 4},
        ("연속 휴무 4일까지", "At most four days off in a row", "أربعة أيام راحة متتالية على الأكثر"), "soft", weight=2,
    ),
    _nurse(
        "KR-N-OFFCNT", "count", {"what": "free", "window": {"months": 1}, "min": "calendar", "slack": 2, "carry": True},
        ("월 휴무일 수 (주말·공휴일만큼, 차이 2일까지)", "Days off in a month", "أيام الراحة في الشهر"), "soft", weight=20,
    ),
    _nurse(
        "KR-N-NOWISH", "blackout", {"what": "night", "before": "leave"},
        ("휴가 전날 나이트 피하기", "No night on the eve of leave", "لا نوبة ليلية عشية الإجازة"), "soft", weight=10,
    ),
    _nurse(
        "KR-N-CHARGE", "cover", {"part": "some", "qualification": "charge", "at_least": 1},
        ("근무마다 책임간호사 1명 이상", "A charge nurse in each shift", "مسؤولة تمريض في كل نوبة"), "soft", weight=200,
    ),
    _nurse(
        "KR-N-NOVICE", "cover", {"part": "novices", "max_percent": 50, "novice_days": 365},
        ("1년 미만 신규는 절반까지", "At most half of a shift is new", "نصف النوبة على الأكثر من الجدد"), "soft", weight=100,
    ),
    _nurse(
        "KR-N-PRECEPT", "pairing", {"mode": "with", "condition": "preceptee"},
        ("신규는 프리셉터와 같은 근무", "A new nurse works the preceptor's shifts", "الممرضة الجديدة في نوبات المدربة"),
    ),
    _nurse(
        "KR-N-PRECEPT-N", "blackout", {"what": "night", "while": "preceptee", "while_first_days": 14},
        ("신규 첫 2주 나이트 금지", "No nights in the first two weeks", "لا ليالي في أول أسبوعين"),
    ),
    _nurse(
        "KR-N-AVOID", "pairing", {"mode": "apart", "condition": "apart"},
        ("함께 근무하지 않을 두 사람", "Two who are kept apart", "شخصان لا يجتمعان في نوبة"), "soft", weight=20,
    ),
    _nurse(
        "KR-N-SLEEP", "balance", {"counter": "nights", "per": 7, "codes": ["SO", "수면"]},
        ("나이트 7회에 수면휴무 하루", "A sleep day for seven nights", "يوم نوم عن كل سبع ليالٍ"), "soft", weight=10,
    ),
    _nurse(
        "KR-N-FAIR-N", "balance", {"counter": "nights", "months": 6, "tolerance": 2},
        ("나이트 고르게 나누기", "Nights shared fairly", "توزيع عادل لليالي"), "soft", weight=3,
    ),
    _nurse(
        "KR-N-FAIR-W", "balance", {"counter": "weekends", "months": 6, "tolerance": 3},
        ("주말 고르게 나누기", "Weekends shared fairly", "توزيع عادل لعطل الأسبوع"), "soft", weight=2,
    ),
    _nurse(
        "KR-N-FAIR-H", "balance", {"counter": "holidays", "months": 24, "tolerance": 2},
        ("공휴일 고르게 나누기", "Public holidays shared fairly", "توزيع عادل للعطل الرسمية"), "soft", weight=2,
    ),
]  # fmt: skip

KOREAN_LABOR = [
    _labor(
        "KR-L-40", "hours", {"window": {"weeks": 1}, "max": "contract"},
        ("주 소정근로시간 (초과는 연장근로)", "The week's contract hours", "ساعات العقد الأسبوعية"), "soft",
        jobs=("nurse", "allied", "administration", "contractor"),
    ),
    _labor(
        "KR-L-52", "hours", {"window": {"weeks": 1}, "max": 52 * HOUR},
        ("주 52시간까지", "At most 52 hours a week", "52 ساعة أسبوعيًا على الأكثر"),
        jobs=("nurse", "doctor", "allied", "administration", "contractor"),
    ),
    _labor(
        "KR-L-59", "rest", {"min_minutes": 11 * HOUR},
        (
            "근로일 사이 11시간 휴식 (59조 서면합의 지점)", "11 hours between working days, where article 59 is agreed",
            "11 ساعة بين أيام العمل عند الاتفاق على المادة 59",
        ),
        is_on=False, jobs=("nurse", "doctor", "allied"),
    ),
    _labor(
        "KR-L-BRK4", "blackout", {"what": {"is": "work", "worked_from": 4 * HOUR, "break_below": 30}},
        ("4시간에 30분 휴게", "A break of 30 minutes in 4 hours", "استراحة 30 دقيقة في 4 ساعات"), "soft",
    ),
    _labor(
        "KR-L-BRK8", "blackout", {"what": {"is": "work", "worked_from": 8 * HOUR, "break_below": 60}},
        ("8시간에 1시간 휴게", "A break of an hour in 8 hours", "استراحة ساعة في 8 ساعات"), "soft",
    ),
    _labor(
        "KR-L-WKHOL", "count", {"what": "rest", "window": {"weeks": 4}, "min": 4},
        ("평균 주 1회 휴일", "A day off a week on average", "يوم راحة أسبوعيًا في المتوسط"),
    ),
    _labor(
        "KR-L-PREG-N", "blackout", {"what": "called", "clock": ["22:00", "06:00"], "while": "pregnant"},
        ("임신 중 밤 10시~아침 6시 근무 금지", "No work from 22:00 to 06:00 during pregnancy", "لا عمل من 22:00 إلى 06:00 أثناء الحمل"),
        is_waivable=True,
    ),
    _labor(
        "KR-L-PREG-H", "blackout", {"what": "called", "on": "holidays", "while": "pregnant"},
        ("임신 중 휴일근로 금지", "No work on holidays during pregnancy", "لا عمل في العطل أثناء الحمل"), is_waivable=True,
    ),
    _labor(
        "KR-L-PREG-W", "hours", {"window": {"weeks": 1}, "max": 40 * HOUR, "while": "pregnant"},
        ("임신 중 연장근로 금지 (주 40시간)", "No overtime during pregnancy, by the week", "لا عمل إضافي أثناء الحمل أسبوعيًا"),
    ),
    _labor(
        "KR-L-PREG-D", "hours", {"window": {"days": 1}, "max": 8 * HOUR, "while": "pregnant"},
        ("임신 중 하루 8시간까지", "No overtime during pregnancy, by the day", "لا عمل إضافي أثناء الحمل يوميًا"),
    ),
    _labor(
        "KR-L-POST-N", "blackout", {"what": "called", "clock": ["22:00", "06:00"], "while": "post_partum"},
        ("산후 1년 밤 10시~아침 6시 근무 금지", "No work from 22:00 to 06:00 in the year after birth", "لا عمل من 22:00 إلى 06:00 خلال عام بعد الولادة"),
        is_waivable=True,
    ),
    _labor(
        "KR-L-POST-H", "blackout", {"what": "called", "on": "holidays", "while": "post_partum"},
        ("산후 1년 휴일근로 금지", "No work on holidays in the year after birth", "لا عمل في العطل خلال عام بعد الولادة"),
        is_waivable=True,
    ),
    _labor(
        "KR-L-POST-D", "hours", {"window": {"days": 1}, "max": 10 * HOUR, "while": "post_partum"},
        ("산후 1년 연장근로 하루 2시간까지", "Overtime of two hours a day in the year after birth", "ساعتان إضافيتان يوميًا خلال عام بعد الولادة"),
    ),
    _labor(
        "KR-L-POST-W", "hours", {"window": {"weeks": 1}, "max": 46 * HOUR, "while": "post_partum"},
        ("산후 1년 연장근로 주 6시간까지", "Overtime of six hours a week in the year after birth", "ست ساعات إضافية أسبوعيًا خلال عام بعد الولادة"),
    ),
    _labor(
        "KR-L-WOMEN-N", "blackout", {"what": "called", "clock": ["22:00", "06:00"], "unless": "night_consent"},
        ("야간근로 동의 없이 밤근무 금지", "No nights without consent", "لا عمل ليلي دون موافقة"), is_on=False,
    ),
    _labor(
        "KR-L-WOMEN-H", "blackout", {"what": "called", "on": "holidays", "unless": "night_consent"},
        ("휴일근로 동의 없이 휴일 근무 금지", "No holidays without consent", "لا عمل في العطل دون موافقة"), is_on=False,
    ),
    _labor(
        "KR-L-CHILD", "hours", {"window": {"weeks": 1}, "max": 35 * HOUR, "while": "child_care"},
        ("육아기 단축 주 35시간까지", "At most 35 hours a week with child care", "35 ساعة أسبوعيًا على الأكثر مع رعاية الطفل"),
        is_waivable=True,
    ),
    _labor(
        "KR-L-CHILD-MIN", "hours", {"window": {"weeks": 4}, "min": 15 * HOUR, "average": True, "while": "child_care"},
        ("육아기 단축 주 15시간 이상", "At least 15 hours a week with child care", "15 ساعة أسبوعيًا على الأقل مع رعاية الطفل"),
        "soft",
    ),
]  # fmt: skip

RESIDENTS_LAW = [
    _resident(
        "KR-R-80", "hours",
        {"window": {"weeks": 4}, "average": True, "max": 80 * HOUR, "extra": "training", "extra_max": 8 * HOUR},
        ("4주 평균 주 80시간까지, 교육 8시간 더", "80 hours a week over four weeks, and 8 of teaching", "80 ساعة أسبوعيًا في المتوسط و8 للتعليم"),
    ),
    _resident(
        "KR-R-72", "hours",
        {
            "window": {"weeks": 4}, "average": True, "max": 72 * HOUR, "extra": "training", "extra_max": 8 * HOUR,
            "without_leave": True,
        },
        ("시범사업 4주 평균 주 72시간", "72 hours a week over four weeks (pilot)", "72 ساعة أسبوعيًا في المتوسط (تجريبي)"),
        "soft", weight=5,
    ),
    _resident(
        "KR-R-24", "rest", {"after": "busy", "merge_below": 10 * HOUR, "max_minutes": 24 * HOUR},
        ("연속 근무 24시간까지", "At most 24 hours at a stretch", "24 ساعة متصلة على الأكثر"), is_waivable=True,
        valid_from="2026-02-21",
    ),
    _resident(
        "KR-R-28", "rest", {"after": "busy", "merge_below": 10 * HOUR, "max_minutes": 28 * HOUR},
        ("응급이라도 연속 28시간까지", "At most 28 hours, even in an emergency", "28 ساعة على الأكثر حتى في الطوارئ"),
        valid_from="2026-02-21",
    ),
    _resident(
        "KR-R-36", "rest", {"after": "busy", "merge_below": 10 * HOUR, "max_minutes": 36 * HOUR},
        ("연속 근무 36시간까지 (2026-02-21 이전)", "At most 36 hours at a stretch, until 2026-02-21", "36 ساعة متصلة على الأكثر قبل 2026-02-21"),
        is_waivable=True, valid_until="2026-02-21",
    ),
    _resident(
        "KR-R-10", "rest",
        {"after": "busy", "then": "called", "merge_below": 10 * HOUR, "after_minutes": 16 * HOUR, "min_minutes": 10 * HOUR},
        ("16시간 이상 근무 뒤 10시간 휴식", "10 hours of rest after 16 hours or more", "راحة 10 ساعات بعد 16 ساعة فأكثر"),
    ),
    _resident(
        "KR-R-CALL", "count", {"what": {"is": "work", "night": True}, "window": {"days": 28}, "max": 12},
        ("4주 평균 당직 주 3회까지", "At most three nights on duty a week", "ثلاث مناوبات ليلية أسبوعيًا على الأكثر"),
    ),
    _resident(
        "KR-R-OFF", "count", {"what": "full_rest", "window": {"weeks": 4}, "min": 4},
        ("4주 평균 주 1일 휴일", "A day off a week over four weeks", "يوم راحة أسبوعيًا في المتوسط"),
    ),
    Preset(
        "KR-D-24", "succession", {"after": "duty", "then": "work"},
        "24시간 당직 다음 날 쉼", "A day off after a 24-hour duty", "يوم راحة بعد مناوبة 24 ساعة",
        level="soft", weight=50, jobs=PHYSICIANS, country="KR", source=PRACTICE,
    ),
]  # fmt: skip

EMIRATES = [
    _uae(
        "AE-48", "hours", {"window": {"weeks": 1}, "max": 48 * HOUR, "ramadan_max": 36 * HOUR},
        ("주 48시간까지, 라마단 36시간", "At most 48 hours a week, 36 in Ramadan", "48 ساعة أسبوعيًا على الأكثر، و36 في رمضان"),
    ),
    _uae(
        "AE-8", "hours", {"window": {"days": 1}, "max": 8 * HOUR, "ramadan_max": 6 * HOUR},
        ("하루 8시간까지, 라마단 6시간", "Eight hours a day, six in Ramadan", "ثماني ساعات يوميًا، وست في رمضان"), "soft",
    ),
    _uae(
        "AE-OT-DAY", "hours", {"window": {"days": 1}, "max": 10 * HOUR, "ramadan_max": 8 * HOUR},
        ("연장근로 하루 2시간까지", "Overtime of at most two hours a day", "ساعتان إضافيتان يوميًا على الأكثر"), "soft",
    ),
    _uae(
        "AE-144", "hours", {"window": {"days": 21}, "max": 144 * HOUR},
        ("3주 144시간까지", "At most 144 hours in any three weeks", "144 ساعة في أي ثلاثة أسابيع على الأكثر"),
    ),
    _uae(
        "AE-BRK", "blackout", {"what": {"is": "work", "worked_from": 5 * HOUR, "break_below": 60}},
        ("5시간 넘으면 1시간 휴게", "Breaks of an hour in more than five hours", "استراحة ساعة في أكثر من خمس ساعات"), "soft",
    ),
    _uae(
        "AE-REST", "count", {"what": "rest", "window": {"weeks": 1}, "min": 1},
        ("주 1일 휴무", "A rest day a week", "يوم راحة أسبوعيًا"), is_waivable=True,
    ),
    _uae(
        "AE-REST2", "count", {"what": "busy", "window": {"weeks": 1}, "on": "rest_days", "max": 1},
        ("주말 이틀 모두 근무 피하기", "Not two rest days running", "لا عمل في يومي راحة متتاليين"), "soft", weight=2,
    ),
    _uae(
        "AE-12H", "rest", {"min_minutes": 11 * HOUR},
        ("근무 사이 11시간 휴식", "11 hours between shifts", "11 ساعة بين النوبات"), "soft", weight=20, source="Practice",
    ),
    _uae(
        "AE-SKILL", "cover", {"part": "some", "qualification": "charge", "at_least": 1},
        ("근무마다 책임간호사 1명 이상", "A charge nurse in each shift", "مسؤولة تمريض في كل نوبة"), "soft", weight=200,
        jobs=NURSES, source="Practice",
    ),
]  # fmt: skip

PRESETS: tuple[Preset, ...] = (*EVERYWHERE, *KOREAN_NURSES, *KOREAN_LABOR, *RESIDENTS_LAW, *EMIRATES)
