"""The sites, departments and units, and how many people of which post work in each."""

from dataclasses import dataclass

from apps.sites.models import UnitKind

WARD, NEGATIVE, ICU = UnitKind.WARD, UnitKind.NEGATIVE_PRESSURE_WARD, UnitKind.INTENSIVE_CARE
SCREENING, EMERGENCY, CLINIC = UnitKind.SCREENING_CLINIC, UnitKind.EMERGENCY, UnitKind.CLINIC
LABORATORY, OFFICE = UnitKind.LABORATORY, UnitKind.OFFICE

NETWORK = ("hanbit", "한빛의료원", "Hanbit Medical Network", "شبكة هانبيت الطبية")


@dataclass(frozen=True)
class UnitPlan:
    code: str
    kind: UnitKind
    ko: str
    en: str
    ar: str
    staff: str
    """Posts with their numbers, such as "head1 nurse24"; `people.POSTS` says what they are."""


@dataclass(frozen=True)
class DepartmentPlan:
    code: str
    ko: str
    en: str
    ar: str
    units: tuple[UnitPlan, ...]


@dataclass(frozen=True)
class SitePlan:
    code: str
    digit: int
    """The first digit of its staff numbers."""
    ko: str
    en: str
    ar: str
    time_zone: str
    language: str
    country: str
    departments: tuple[DepartmentPlan, ...]


DEPARTMENT_NAMES = {
    "internal": ("내과", "Internal Medicine", "الطب الباطني"),
    "infectious": ("감염내과", "Infectious Diseases", "الأمراض المعدية"),
    "surgery": ("외과", "Surgery", "الجراحة"),
    "emergency": ("응급의학과", "Emergency Medicine", "طب الطوارئ"),
    "critical": ("중환자의학과", "Critical Care", "العناية الحرجة"),
    "paediatrics": ("소아청소년과", "Paediatrics", "طب الأطفال"),
    "rehabilitation": ("재활의학과", "Rehabilitation", "إعادة التأهيل"),
    "checkup": ("건강증진센터", "Health Check-up", "الفحوص الصحية"),
    "radiology": ("영상의학과", "Radiology", "الأشعة"),
    "laboratory": ("진단검사의학과", "Laboratory Medicine", "المختبر"),
    "pharmacy": ("약제부", "Pharmacy", "الصيدلية"),
    "nursing": ("간호본부", "Nursing", "التمريض"),
    "training": ("교육연구부", "Training and Research", "التدريب والبحوث"),
    "it": ("의료정보실", "Medical Informatics", "تقنية المعلومات"),
    "administration": ("행정처", "Administration", "الإدارة"),
    "safety": ("감염관리실", "Infection Control", "مكافحة العدوى"),
}


def department(code: str, *units: UnitPlan) -> DepartmentPlan:
    ko, en, ar = DEPARTMENT_NAMES[code]
    return DepartmentPlan(code, ko, en, ar, units)


FORTY = "head1 charge4 nurse32 aide3"

SITES = (
    SitePlan(
        "seoul", 1, "서울 본원", "Seoul Main Hospital", "مستشفى سيول الرئيسي", "Asia/Seoul", "ko", "KR",
        (
            department(
                "internal",
                UnitPlan("office", OFFICE, "내과 의국", "Internal Medicine Office", "مكتب الطب الباطني",
                     "professor4 consultant4 fellow3 resident14"),
                UnitPlan("7w", WARD, "7W 내과병동", "7W Medical Ward", "جناح الباطنة 7W", FORTY),
                UnitPlan("7e", WARD, "7E 내과병동", "7E Medical Ward", "جناح الباطنة 7E", "head1 charge3 nurse19 aide2"),
                UnitPlan("chest-clinic", CLINIC, "호흡기내과 외래", "Chest Clinic", "عيادة الصدر", "professor3 consultant1 nurse4"),
            ),
            department(
                "infectious",
                UnitPlan("office", OFFICE, "감염내과 의국", "Infectious Diseases Office", "مكتب الأمراض المعدية",
                     "professor2 fellow2 resident4"),
                UnitPlan("5n", NEGATIVE, "5N 음압격리병동", "5N Negative-Pressure Ward", "جناح العزل 5N",
                     "head1 charge3 nurse21 aide2 resident1"),
                UnitPlan("screening", SCREENING, "선별진료소", "Screening Clinic", "عيادة الفرز",
                     "consultant1 charge1 nurse8 technologist2 clerk2"),
            ),
            department(
                "surgery",
                UnitPlan("office", OFFICE, "외과 의국", "Surgery Office", "مكتب الجراحة", "professor3 fellow2 resident8"),
                UnitPlan("9w", WARD, "9W 외과병동", "9W Surgical Ward", "جناح الجراحة 9W", "head1 charge3 nurse19 aide2"),
                UnitPlan("clinic", CLINIC, "외과 외래", "Surgical Clinic", "عيادة الجراحة", "nurse5 clerk1"),
            ),
            department(
                "emergency",
                UnitPlan("er", EMERGENCY, "응급실", "Emergency Room", "غرفة الطوارئ",
                     "professor1 consultant3 resident6 head1 charge2 nurse16 aide1"),
            ),
            department(
                "critical",
                UnitPlan("micu", ICU, "내과계중환자실", "Medical ICU", "العناية المركزة الباطنية",
                     "professor1 fellow2 head1 charge3 nurse21"),
            ),
            department(
                "paediatrics",
                UnitPlan("office", OFFICE, "소아청소년과 의국", "Paediatrics Office", "مكتب طب الأطفال",
                     "professor2 consultant1 resident5"),
                UnitPlan("6e", WARD, "6E 소아병동", "6E Children's Ward", "جناح الأطفال 6E", "head1 charge2 nurse13 aide1"),
            ),
            department(
                "radiology",
                UnitPlan("imaging", OFFICE, "영상검사실", "Imaging", "التصوير", "professor2 consultant1 radiographer11"),
            ),
            department(
                "laboratory",
                UnitPlan("core-lab", LABORATORY, "중앙검사실", "Core Laboratory", "المختبر المركزي",
                     "consultant2 technologist12"),
            ),
            department("pharmacy", UnitPlan("dispensary", OFFICE, "조제실", "Dispensary", "الصرف", "pharmacist10")),
            department("nursing", UnitPlan("office", OFFICE, "간호행정팀", "Nursing Office", "مكتب التمريض", "manager1 clerk5")),
            department(
                "training",
                UnitPlan("education", OFFICE, "교육수련팀", "Education Team", "فريق التعليم", "educator4 clerk2 student8"),
            ),
            department(
                "it",
                UnitPlan("systems", OFFICE, "전산운영팀", "Systems Team", "فريق الأنظمة", "it7 contractor2"),
            ),
            department(
                "administration",
                UnitPlan("privacy", OFFICE, "개인정보보호팀", "Privacy Office", "مكتب الخصوصية", "privacy3"),
                UnitPlan("general", OFFICE, "총무팀", "General Affairs", "الشؤون العامة", "manager1 clerk6"),
                UnitPlan("supply", OFFICE, "물류팀", "Supply", "الإمداد", "clerk4 contractor2"),
            ),
            department("safety", UnitPlan("infection-control", OFFICE, "감염관리팀", "Infection Control", "مكافحة العدوى", "infection4")),
        ),
    ),
    SitePlan(
        "bundang", 3, "분당병원", "Bundang Hospital", "مستشفى بوندانغ", "Asia/Seoul", "ko", "KR",
        (
            department(
                "internal",
                UnitPlan("office", OFFICE, "내과 의국", "Internal Medicine Office", "مكتب الطب الباطني",
                     "professor2 consultant2 fellow1 resident10"),
                UnitPlan("5w", WARD, "5W 내과병동", "5W Medical Ward", "جناح الباطنة 5W", "head1 charge3 nurse18 aide2"),
            ),
            department(
                "infectious",
                UnitPlan("10n", NEGATIVE, "10N 음압격리병동", "10N Negative-Pressure Ward", "جناح العزل 10N",
                     "consultant1 head1 charge2 nurse14"),
                UnitPlan("screening", SCREENING, "선별진료소", "Screening Clinic", "عيادة الفرز", "charge1 nurse6 technologist1 clerk2"),
            ),
            department(
                "surgery",
                UnitPlan("office", OFFICE, "외과 의국", "Surgery Office", "مكتب الجراحة", "professor2 resident5"),
                UnitPlan("6w", WARD, "6W 외과병동", "6W Surgical Ward", "جناح الجراحة 6W", "head1 charge2 nurse14 aide1"),
            ),
            department(
                "emergency",
                UnitPlan("er", EMERGENCY, "응급실", "Emergency Room", "غرفة الطوارئ", "consultant2 resident3 head1 nurse11"),
            ),
            department(
                "critical",
                UnitPlan("icu", ICU, "중환자실", "Intensive Care Unit", "العناية المركزة", "professor1 head1 charge2 nurse15"),
            ),
            department("radiology", UnitPlan("imaging", OFFICE, "영상검사실", "Imaging", "التصوير", "consultant1 radiographer7")),
            department("laboratory", UnitPlan("core-lab", LABORATORY, "검사실", "Laboratory", "المختبر", "consultant1 technologist7")),
            department("pharmacy", UnitPlan("dispensary", OFFICE, "조제실", "Dispensary", "الصرف", "pharmacist5")),
            department("nursing", UnitPlan("office", OFFICE, "간호행정팀", "Nursing Office", "مكتب التمريض", "manager1 clerk2")),
            department("training", UnitPlan("education", OFFICE, "교육수련팀", "Education Team", "فريق التعليم", "educator2 student4")),
            department("it", UnitPlan("systems", OFFICE, "전산운영팀", "Systems Team", "فريق الأنظمة", "it3")),
            department("administration", UnitPlan("general", OFFICE, "총무팀", "General Affairs", "الشؤون العامة", "manager1 clerk4")),
            department("safety", UnitPlan("infection-control", OFFICE, "감염관리팀", "Infection Control", "مكافحة العدوى", "infection2")),
        ),
    ),
    SitePlan(
        "gangnam", 4, "강남센터", "Gangnam Center", "مركز غانغنام", "Asia/Seoul", "ko", "KR",
        (
            department(
                "checkup",
                UnitPlan("checkup", CLINIC, "종합검진센터", "Check-up Center", "مركز الفحوص", "consultant4 charge1 nurse11 clerk4"),
                UnitPlan("screening", SCREENING, "선별진료소", "Screening Clinic", "عيادة الفرز", "nurse4 clerk1"),
            ),
            department("internal", UnitPlan("clinic", CLINIC, "내과 외래", "Medical Clinic", "عيادة الباطنة", "professor1 consultant2 nurse4")),
            department("radiology", UnitPlan("imaging", OFFICE, "영상검사실", "Imaging", "التصوير", "consultant1 radiographer6")),
            department("laboratory", UnitPlan("lab", LABORATORY, "검사실", "Laboratory", "المختبر", "technologist5")),
            department(
                "training",
                UnitPlan("academy", OFFICE, "한빛교육센터", "Hanbit Training Academy", "أكاديمية هانبيت للتدريب",
                     "educator6 clerk2"),
            ),
            department("nursing", UnitPlan("office", OFFICE, "간호행정팀", "Nursing Office", "مكتب التمريض", "manager1 clerk1")),
            department("it", UnitPlan("systems", OFFICE, "전산운영팀", "Systems Team", "فريق الأنظمة", "it2")),
            department("administration", UnitPlan("general", OFFICE, "총무팀", "General Affairs", "الشؤون العامة", "manager1 clerk4")),
        ),
    ),
    SitePlan(
        "boramae", 2, "보라매병원", "Boramae Hospital", "مستشفى بوراميه", "Asia/Seoul", "ko", "KR",
        (
            department(
                "internal",
                UnitPlan("office", OFFICE, "내과 의국", "Internal Medicine Office", "مكتب الطب الباطني",
                     "professor2 consultant3 resident8"),
                UnitPlan("8e", WARD, "8E 내과병동", "8E Medical Ward", "جناح الباطنة 8E", FORTY),
            ),
            department(
                "infectious",
                UnitPlan("3n", NEGATIVE, "3N 음압격리병동", "3N Negative-Pressure Ward", "جناح العزل 3N",
                     "consultant1 head1 charge2 nurse16"),
                UnitPlan("screening", SCREENING, "선별진료소", "Screening Clinic", "عيادة الفرز",
                     "consultant1 charge1 nurse7 technologist1 clerk2"),
            ),
            department(
                "surgery",
                UnitPlan("office", OFFICE, "외과 의국", "Surgery Office", "مكتب الجراحة", "professor2 resident4"),
                UnitPlan("6w", WARD, "6W 외과병동", "6W Surgical Ward", "جناح الجراحة 6W", "head1 charge2 nurse14 aide1"),
            ),
            department(
                "emergency",
                UnitPlan("er", EMERGENCY, "응급실", "Emergency Room", "غرفة الطوارئ",
                     "consultant3 resident4 head1 charge1 nurse13"),
            ),
            department(
                "critical",
                UnitPlan("icu", ICU, "중환자실", "Intensive Care Unit", "العناية المركزة", "consultant1 head1 charge2 nurse14"),
            ),
            department("radiology", UnitPlan("imaging", OFFICE, "영상검사실", "Imaging", "التصوير", "consultant1 radiographer7")),
            department("laboratory", UnitPlan("core-lab", LABORATORY, "검사실", "Laboratory", "المختبر", "consultant1 technologist6")),
            department("pharmacy", UnitPlan("dispensary", OFFICE, "조제실", "Dispensary", "الصرف", "pharmacist5")),
            department("nursing", UnitPlan("office", OFFICE, "간호행정팀", "Nursing Office", "مكتب التمريض", "manager1 clerk3")),
            department("training", UnitPlan("education", OFFICE, "교육수련팀", "Education Team", "فريق التعليم", "educator2 student4")),
            department("it", UnitPlan("systems", OFFICE, "전산운영팀", "Systems Team", "فريق الأنظمة", "it3")),
            department("administration", UnitPlan("general", OFFICE, "총무팀", "General Affairs", "الشؤون العامة", "manager1 clerk5")),
            department("safety", UnitPlan("infection-control", OFFICE, "감염관리팀", "Infection Control", "مكافحة العدوى", "infection2")),
        ),
    ),
    SitePlan(
        "yangpyeong", 5, "양평병원", "Yangpyeong Hospital", "مستشفى يانغبيونغ", "Asia/Seoul", "ko", "KR",
        (
            department(
                "rehabilitation",
                UnitPlan("office", OFFICE, "재활의학과 의국", "Rehabilitation Office", "مكتب إعادة التأهيل",
                     "professor1 consultant2 resident2"),
                UnitPlan("3w", WARD, "3W 재활병동", "3W Rehabilitation Ward", "جناح التأهيل 3W", "head1 charge2 nurse11 aide2"),
                UnitPlan("4w", WARD, "4W 재활병동", "4W Rehabilitation Ward", "جناح التأهيل 4W", "head1 charge1 nurse9 aide1"),
                UnitPlan("therapy", CLINIC, "재활치료실", "Therapy", "العلاج الطبيعي", "therapist10"),
            ),
            department("infectious", UnitPlan("screening", SCREENING, "선별진료소", "Screening Clinic", "عيادة الفرز", "nurse3 clerk1")),
            department("radiology", UnitPlan("imaging", OFFICE, "영상검사실", "Imaging", "التصوير", "radiographer3")),
            department("laboratory", UnitPlan("lab", LABORATORY, "검사실", "Laboratory", "المختبر", "technologist3")),
            department("nursing", UnitPlan("office", OFFICE, "간호행정팀", "Nursing Office", "مكتب التمريض", "manager1 clerk1")),
            department("it", UnitPlan("systems", OFFICE, "전산운영팀", "Systems Team", "فريق الأنظمة", "it1")),
            department("administration", UnitPlan("general", OFFICE, "총무팀", "General Affairs", "الشؤون العامة", "manager1 clerk3")),
        ),
    ),
    SitePlan(
        "uae", 6, "UAE병원", "UAE Hospital", "مستشفى الإمارات", "Asia/Dubai", "en", "AE",
        (
            department(
                "internal",
                UnitPlan("office", OFFICE, "내과 의국", "Internal Medicine Office", "مكتب الطب الباطني", "consultant4 fellow1 resident4"),
                UnitPlan("2a", WARD, "2A 내과병동", "2A Medical Ward", "جناح الباطنة 2A", "head1 charge2 nurse14 aide2"),
            ),
            department(
                "infectious",
                UnitPlan("isolation", NEGATIVE, "음압격리병동", "Isolation Ward", "جناح العزل", "consultant2 head1 charge1 nurse9"),
                UnitPlan("screening", SCREENING, "선별진료소", "Screening Clinic", "عيادة الفرز", "nurse4 clerk1"),
            ),
            department("emergency", UnitPlan("er", EMERGENCY, "응급실", "Emergency Room", "غرفة الطوارئ", "consultant3 head1 nurse9")),
            department("critical", UnitPlan("icu", ICU, "중환자실", "Intensive Care Unit", "العناية المركزة", "consultant2 head1 nurse10")),
            department("radiology", UnitPlan("imaging", OFFICE, "영상검사실", "Imaging", "التصوير", "radiographer5")),
            department("laboratory", UnitPlan("lab", LABORATORY, "검사실", "Laboratory", "المختبر", "technologist5")),
            department("pharmacy", UnitPlan("dispensary", OFFICE, "조제실", "Dispensary", "الصرف", "pharmacist3")),
            department("nursing", UnitPlan("office", OFFICE, "간호행정팀", "Nursing Office", "مكتب التمريض", "manager1 clerk1")),
            department("training", UnitPlan("education", OFFICE, "교육수련팀", "Education Team", "فريق التعليم", "educator2")),
            department("it", UnitPlan("systems", OFFICE, "전산운영팀", "Systems Team", "فريق الأنظمة", "it2")),
            department("administration", UnitPlan("general", OFFICE, "총무팀", "General Affairs", "الشؤون العامة", "manager1 clerk3")),
            department("safety", UnitPlan("infection-control", OFFICE, "감염관리팀", "Infection Control", "مكافحة العدوى", "infection1")),
        ),
    ),
)  # fmt: skip
