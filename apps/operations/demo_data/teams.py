"""The teams and channels, who is in them, and which conversations of the sign-ins hold something unread."""

from dataclasses import dataclass

from .places import SITES

Names = tuple[str, str, str]
GENERAL: Names = ("일반", "General", "عام")


@dataclass(frozen=True)
class ChannelPlan:
    code: str
    """The key of its conversation."""
    names: Names
    topic: str = ""
    private: str = ""
    """The members of a private channel, its owner first; a standard one has its team's."""
    archived: bool = False


@dataclass(frozen=True)
class TeamPlan:
    code: str
    site: str
    names: Names
    members: str
    """Short names and units; the first is the owner."""
    description: str = ""
    is_open: bool = False
    channels: tuple[ChannelPlan, ...] = ()
    invited: str = ""
    """Whom the owner has invited and who has not answered."""


@dataclass(frozen=True)
class ChatPlan:
    """A direct chat of two, or a group with its maker first."""

    code: str
    people: str
    name: str = ""


@dataclass(frozen=True)
class WideChannelPlan:
    """A channel for all staff of a site, or of the network."""

    code: str
    site: str | None
    names: Names
    topic: str = ""


def channel(
    code: str, ko: str, en: str, ar: str, topic: str = "", *, private: str = "", archived: bool = False
) -> ChannelPlan:
    return ChannelPlan(code, (ko, en, ar), topic, private, archived)


SHARED = "소담 마루"  # the two who try the portal side by side

TEAMS = (
    TeamPlan(
        "7w", "seoul", ("7W 내과병동", "7W Medical Ward", "جناح الباطنة 7W"),
        "하늘 seoul/internal/7w 마루 슬찬 다온 새봄", "7W에서 함께 일하는 모두",
        channels=(
            channel("7w-care", "7W 진료", "7W Care", "رعاية 7W", "회진, 처치, 입퇴원을 여기서 맞춥니다"),
            channel("7w-nursing", "7W 간호 공지", "7W Nursing Notices", "إعلانات تمريض 7W", "읽고 나서 표시를 남겨 주세요"),
            channel("7w-handover", "7W 인계", "7W Handover", "تسليم 7W", "번마다 한 번, 환자 이름 없이"),
            channel("7w-charge", "7W 책임간호사", "7W Charge Nurses", "المسؤولات 7W", private="하늘 다래 @seoul/internal/7w/charge/1 @seoul/internal/7w/charge/2"),
        ),
    ),
    TeamPlan(
        "response", "seoul", ("감염병 대응팀", "Outbreak Response", "فريق الاستجابة للأوبئة"),
        "빛나 미르 나루 보리 여울 으뜸 이솔 가을 바다 라라 마루 하늘 도담 은결 늘봄 누림 해나 보람", "병상, 보호구, 선별진료를 한곳에서",
        invited="소담 한결",
        channels=(
            channel("response-beds", "음압병상 현황", "Negative-Pressure Beds", "أسرّة العزل", "아침 8시와 저녁 8시에 적습니다"),
            channel("response-ppe", "보호구 재고", "PPE Stock", "مخزون معدات الوقاية", "3일분 아래면 물류팀을 부릅니다"),
            channel("response-cases", "격리 판단 회의", "Isolation Decisions", "قرارات العزل", private="빛나 미르 이솔 나루 마루"),
        ),
    ),
    TeamPlan(
        "transfers", "seoul", ("병원 간 전원", "Transfers Between Hospitals", "التحويلات بين المستشفيات"),
        f"바다 {SHARED} 보람 솔 바름 초아 이슬 다온 슬찬 하늘 라라 한결 지음 해나 Layla James 해찬 한빛 푸름",
        "보내는 곳과 받는 곳이 같은 글을 봅니다",
        channels=(
            channel("boramae-seoul", "보라매 · 본원 전원", "Boramae to Main", "تحويلات بوراميه", "병상 번호로만 씁니다. 환자 이름은 쓰지 않습니다"),
            channel("bundang-seoul", "분당 · 본원 전원", "Bundang to Main", "تحويلات بوندانغ"),
            channel("uae-consult", "UAE 원격 자문", "UAE Tele-consult", "استشارات الإمارات", "English or Korean, please"),
            channel("to-yangpyeong", "양평 재활 의뢰", "Rehabilitation Referrals", "إحالات التأهيل"),
        ),
    ),
    TeamPlan(
        "screening", "seoul", ("선별진료소", "Screening Clinic", "عيادة الفرز"),
        "여울 seoul/infectious/screening 빛나 한울 미르 누리", "도울 수 있는 분은 누구나 들어오세요", is_open=True,
        channels=(
            channel("screening-daily", "일일 현황", "Daily Figures", "الأرقام اليومية", "두 시간마다"),
            channel("screening-staffing", "근무 조정", "Staffing", "تنظيم المناوبات"),
        ),
    ),
    TeamPlan(
        "micu", "seoul", ("내과계중환자실", "Medical ICU", "العناية المركزة"),
        "가을 seoul/critical/micu 마루 슬찬 다온",
        channels=(
            channel("micu-rounds", "중환자실 회진 준비", "ICU Rounds", "جولات العناية"),
            channel("micu-devices", "장비", "Devices", "الأجهزة", "인공호흡기, 고유량 산소, 투석기"),
        ),
    ),
    TeamPlan(
        "er", "seoul", ("응급실", "Emergency Room", "غرفة الطوارئ"), "라라 seoul/emergency/er 하늘 새봄",
        channels=(channel("er-flow", "체류와 입원", "Flow", "حركة المرضى"),),
    ),
    TeamPlan(
        "diagnostics", "seoul", ("영상 · 검사 협의", "Imaging and Laboratory", "الأشعة والمختبر"),
        "샛별 seoul/radiology/imaging seoul/laboratory/core-lab 마루 다온 라라 하늘", is_open=True,
        channels=(
            channel("diagnostics-reports", "판독", "Reports", "التقارير"),
            channel("diagnostics-samples", "검체", "Samples", "العينات"),
        ),
    ),
    TeamPlan(
        "8e", "boramae", ("8E 내과병동", "8E Medical Ward", "جناح الباطنة 8E"),
        "초아 boramae/internal/8e 솔 바름", "8E에서 함께 일하는 모두",
        channels=(
            channel("8e-care", "8E 진료", "8E Care", "رعاية 8E"),
            channel("8e-nursing", "8E 간호 공지", "8E Nursing Notices", "إعلانات تمريض 8E"),
            channel("8e-handover", "8E 인계", "8E Handover", "تسليم 8E", "번마다 한 번, 환자 이름 없이"),
        ),
    ),
    TeamPlan(
        "boramae-front", "boramae", ("보라매 응급 · 선별", "Boramae Emergency and Screening", "طوارئ وفرز بوراميه"),
        "보람 boramae/emergency/er boramae/infectious/screening 가람 늘봄 초아", is_open=True,
        channels=(channel("boramae-screening", "선별진료소 현황", "Screening Figures", "أرقام الفرز"),),
    ),
    TeamPlan(
        "residents", "bundang", ("분당 내과 전공의", "Bundang Medical Residents", "مقيمو الباطنة"),
        "한결 @bundang/internal/office/resident/3 @bundang/internal/office/resident/4 @bundang/internal/office/resident/5 이든 벼리 지음",
        channels=(
            channel("residents-duty", "당직", "On Call", "المناوبات", "바꿀 때는 여기에 먼저"),
            channel("residents-cases", "증례 공부", "Cases", "الحالات"),
        ),
    ),
    TeamPlan(
        "10n", "bundang", ("10N 음압격리병동", "10N Negative-Pressure Ward", "جناح العزل 10N"),
        "누림 bundang/infectious/10n 한결 이든",
        channels=(channel("10n-beds", "10N 병상", "10N Beds", "أسرّة 10N"),),
    ),
    TeamPlan(
        "academy", "gangnam", ("한빛교육센터", "Hanbit Training Academy", "أكاديمية هانبيت"),
        "아름 gangnam/training/academy 봄이 하늘 초아 은결 Huda 나린 푸름 미르", "여섯 병원의 교육 일정과 자료",
        channels=(
            channel("academy-ppe", "보호구 교육", "PPE Training", "تدريب معدات الوقاية", "입고 벗기, 밀착도 검사"),
            channel("academy-calendar", "교육 일정", "Training Calendar", "جدول التدريب"),
            channel("academy-trainers", "강사진", "Trainers", "المدرّبون", private="아름 리라 우람 봄이"),
        ),
    ),
    TeamPlan(
        "rehab", "yangpyeong", ("재활병동", "Rehabilitation Wards", "أجنحة التأهيل"),
        "푸름 yangpyeong/rehabilitation/3w yangpyeong/rehabilitation/4w yangpyeong/rehabilitation/therapy 한빛",
        channels=(channel("rehab-schedule", "치료 일정", "Therapy Schedule", "جدول العلاج"),),
    ),
    TeamPlan(
        "uae-isolation", "uae", ("격리병동과 중환자실", "Isolation and ICU", "العزل والعناية المركزة"),
        "Layla uae/infectious/isolation uae/critical/icu James Huda 해찬",
        channels=(
            channel("uae-beds", "병상", "Beds", "الأسرّة", "08:00 and 20:00"),
            channel("uae-ppe", "보호구", "PPE", "معدات الوقاية"),
        ),
    ),
    TeamPlan(
        "uae-life", "uae", ("함께 사는 이야기", "Staff Life", "حياة الموظفين"),
        "Huda uae/infectious/isolation uae/critical/icu Nasser James Layla 해찬", is_open=True,
    ),
    TeamPlan(
        "it", "seoul", ("의료정보실", "Medical Informatics", "تقنية المعلومات"),
        "찬솔 seoul/it/systems 로운 Nasser", "장애 신고는 내선 90000",
        channels=(
            channel("it-incidents", "장애 대응", "Incidents", "الأعطال"),
            channel("it-changes", "변경 예고", "Planned Changes", "التغييرات المخطط لها"),
            channel("it-windows", "구형 PC 교체", "Old PC Replacement", "استبدال الحواسيب", archived=True),
        ),
    ),
    TeamPlan(
        "privacy", "seoul", ("개인정보 보호", "Privacy", "الخصوصية"), "새롬 seoul/administration/privacy 찬솔 하늘 은결",
        channels=(channel("privacy-questions", "묻고 답하기", "Questions", "أسئلة وأجوبة"),),
    ),
    TeamPlan(
        "walkers", "seoul", ("점심 산책", "Lunchtime Walkers", "المشي وقت الغداء"), "솔길 누리 다래 샛별 새롬 해솔",
        "비 오면 지하 복도를 걷습니다", is_open=True,
    ),
    TeamPlan(
        "readers", "boramae", ("한 달에 한 권", "A Book a Month", "كتاب كل شهر"), "여름 단 가람 로운", "이번 달은 각자 읽고 싶은 책",
        is_open=True,
    ),
)  # fmt: skip

WIDE = (
    WideChannelPlan("network", None, ("한빛 전체 공지", "All of Hanbit", "كل هانبيت"), "여섯 병원 모두에게"),
    *(
        WideChannelPlan(f"all-{site.code}", site.code, (f"{site.ko} 전체", f"All of {site.en}", f"جميع {site.ar}"))
        for site in SITES
    ),
)

CHATS = (
    ChatPlan("d-sodam-maru", SHARED),
    ChatPlan("d-sodam-choa", "소담 초아"),
    ChatPlan("d-sodam-yeoreum", "여름 소담"),
    ChatPlan("d-sodam-areum", "아름 소담"),
    ChatPlan("d-sodam-boram", "보람 소담"),
    ChatPlan("d-haneul-nuri", "누리 하늘"),
    ChatPlan("d-haneul-maru", "마루 하늘"),
    ChatPlan("d-haneul-darae", "하늘 다래"),
    ChatPlan("d-haneul-choa", "초아 하늘"),
    ChatPlan("d-maru-seulchan", "슬찬 마루"),
    ChatPlan("d-maru-layla", "Layla 마루"),
    ChatPlan("d-hangyeol-jieum", "지음 한결"),
    ChatPlan("d-hangyeol-ideun", "이든 한결"),
    ChatPlan("d-hangyeol-daon", "한결 다온"),
    ChatPlan("d-areum-haneul", "아름 하늘"),
    ChatPlan("d-areum-bomi", "봄이 아름"),
    ChatPlan("d-areum-huda", "Huda 아름"),
    ChatPlan("d-chansol-haesol", "해솔 찬솔"),
    ChatPlan("d-chansol-saerom", "새롬 찬솔"),
    ChatPlan("d-chansol-nasser", "Nasser 찬솔"),
    ChatPlan("d-saerom-yoonseul", "윤슬 새롬"),
    ChatPlan("d-saerom-haneul", "하늘 새롬"),
    ChatPlan("g-rounds", "마루 하늘 다온 슬찬", "회진 준비"),
    ChatPlan("g-ppe-training", "아름 하늘 초아 미르", "보호구 교육 준비"),
    ChatPlan("g-transfer-night", "보람 소담 이슬 바름"),
    ChatPlan("g-audit", "새롬 찬솔 윤슬 해솔", "접속기록 점검"),
    ChatPlan("g-bundang-night", "한결 이든 벼리"),
)

# How many of the newest messages each sign-in has not read; of all else they have read everything.
UNREAD: dict[str, dict[str, int]] = {
    "소담": {"boramae-seoul": 4, "8e-care": 2, "d-sodam-areum": 1, "network": 1, "g-transfer-night": 2},
    "하늘": {"7w-care": 4, "d-haneul-nuri": 1, "g-ppe-training": 2, "all-seoul": 1, "privacy-questions": 1},
    "한결": {"residents-duty": 3, "bundang-seoul": 2, "d-hangyeol-jieum": 1, "network": 1},
    "마루": {"boramae-seoul": 2, "d-sodam-maru": 1, "uae-consult": 3, "g-rounds": 2, "7w-care": 2},
    "아름": {"academy-ppe": 3, "d-areum-huda": 2, "g-ppe-training": 1, "academy-calendar": 1},
    "찬솔": {"it-incidents": 4, "d-chansol-nasser": 1, "g-audit": 2, "network": 1},
    "새롬": {"privacy-questions": 2, "d-saerom-haneul": 1, "g-audit": 1, "all-seoul": 2},
}
