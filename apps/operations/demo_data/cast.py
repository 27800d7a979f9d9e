"""The people who have a part in the conversations, by the short name under which the scripts know them."""

from typing import NamedTuple

from .names import Name


class Part(NamedTuple):
    name: Name
    place: str
    """site/department/unit"""
    post: str
    staff_number: str = ""
    """Set for those whom a visitor may be; others are numbered."""
    title: tuple[str, str, str] | None = None
    specialty: str = ""
    year: int = 0


CHEST = "호흡기내과"
CAST = {
    # Those whom a visitor may be
    "소담": Part(Name("한소담", "Sodam Han", "سودام هان"), "boramae/internal/8e", "nurse", "N20417"),
    "하늘": Part(Name("장하늘", "Haneul Jang", "هانول جانغ"), "seoul/internal/7w", "head", "H10233"),
    "한결": Part(Name("박한결", "Hangyeol Park", "هانغيول بارك"), "bundang/internal/office", "resident", "R30518", year=3),
    "마루": Part(
        Name("강마루", "Maru Kang", "مارو كانغ"), "seoul/internal/chest-clinic", "professor", "P10046", specialty=CHEST
    ),
    "아름": Part(Name("서아름", "Areum Seo", "أريوم سيو"), "gangnam/training/academy", "educator", "E40091"),
    "찬솔": Part(Name("류찬솔", "Chansol Ryu", "تشانسول ريو"), "seoul/it/systems", "it", "T10007"),
    "새롬": Part(
        Name("문새롬", "Saerom Moon", "سيروم مون"), "seoul/administration/privacy", "privacy", "O10003",
        title=("개인정보 보호책임자", "Privacy officer", "مسؤولة الخصوصية"),
    ),
    # Seoul
    "누리": Part(Name("이누리", "Nuri Lee"), "seoul/internal/7w", "nurse"),
    "솔길": Part(Name("오솔길", "Solgil Oh"), "seoul/internal/7w", "nurse"),
    "다래": Part(Name("송다래", "Darae Song"), "seoul/internal/7w", "charge"),
    "고운": Part(Name("윤고운", "Goun Yoon"), "seoul/internal/7w", "nurse"),
    "다온": Part(Name("최다온", "Daon Choi"), "seoul/internal/office", "resident", year=4),
    "새봄": Part(Name("정새봄", "Saebom Jeong"), "seoul/internal/office", "resident", year=2),
    "슬찬": Part(Name("권슬찬", "Seulchan Kwon"), "seoul/internal/office", "fellow", specialty=CHEST),
    "빛나": Part(Name("안빛나", "Bitna Ahn"), "seoul/infectious/office", "professor"),
    "나루": Part(Name("신나루", "Naru Shin"), "seoul/infectious/5n", "head"),
    "보리": Part(Name("김보리", "Bori Kim"), "seoul/infectious/5n", "charge"),
    "여울": Part(Name("조여울", "Yeoul Cho"), "seoul/infectious/screening", "charge"),
    "두리": Part(Name("황두리", "Duri Hwang"), "seoul/infectious/screening", "nurse"),
    "으뜸": Part(Name("전으뜸", "Eutteum Jeon"), "seoul/infectious/screening", "consultant"),
    "가을": Part(Name("고가을", "Gaeul Ko"), "seoul/critical/micu", "head"),
    "겨울": Part(Name("백겨울", "Gyeoul Baek"), "seoul/critical/micu", "charge"),
    "이솔": Part(Name("허이솔", "Isol Heo"), "seoul/critical/micu", "professor"),
    "바다": Part(Name("양바다", "Bada Yang"), "seoul/emergency/er", "consultant"),
    "라라": Part(Name("배라라", "Rara Bae"), "seoul/emergency/er", "head"),
    "샛별": Part(Name("노샛별", "Saetbyeol Noh"), "seoul/radiology/imaging", "professor"),
    "믿음": Part(Name("심믿음", "Mideum Sim"), "seoul/radiology/imaging", "radiographer"),
    "시내": Part(Name("우시내", "Sinae Woo"), "seoul/laboratory/core-lab", "consultant"),
    "한울": Part(Name("차한울", "Hanul Cha"), "seoul/laboratory/core-lab", "technologist"),
    "도담": Part(Name("남도담", "Dodam Nam"), "seoul/administration/supply", "clerk"),
    "미르": Part(Name("손미르", "Mir Son"), "seoul/safety/infection-control", "infection"),
    "해솔": Part(Name("민해솔", "Haesol Min"), "seoul/it/systems", "it"),
    "다한": Part(Name("원다한", "Dahan Won"), "seoul/it/systems", "contractor"),
    "은결": Part(Name("성은결", "Eungyeol Sung"), "seoul/nursing/office", "manager"),
    "봄이": Part(Name("나봄이", "Bomi Na"), "seoul/training/education", "educator"),
    "윤슬": Part(Name("하윤슬", "Yoonseul Ha"), "seoul/administration/privacy", "privacy"),
    # Boramae
    "보람": Part(Name("임보람", "Boram Lim"), "boramae/emergency/er", "consultant"),
    "초아": Part(Name("곽초아", "Choa Kwak"), "boramae/internal/8e", "head"),
    "이슬": Part(Name("김이슬", "Iseul Kim"), "boramae/internal/8e", "charge"),
    "여름": Part(Name("박여름", "Yeoreum Park"), "boramae/internal/8e", "nurse"),
    "단": Part(Name("주단", "Dan Joo"), "boramae/internal/8e", "nurse"),
    "솔": Part(Name("진솔", "Sol Jin"), "boramae/internal/office", "consultant", specialty=CHEST),
    "바름": Part(Name("엄바름", "Bareum Um"), "boramae/internal/office", "resident", year=2),
    "늘봄": Part(Name("채늘봄", "Neulbom Chae"), "boramae/infectious/3n", "head"),
    "가람": Part(Name("지가람", "Garam Ji"), "boramae/infectious/screening", "charge"),
    "로운": Part(Name("변로운", "Roun Byun"), "boramae/it/systems", "it"),
    # Bundang
    "지음": Part(Name("현지음", "Jieum Hyun"), "bundang/internal/office", "professor", specialty="소화기내과"),
    "이든": Part(Name("함이든", "Ideun Ham"), "bundang/internal/office", "resident", year=2),
    "벼리": Part(Name("방벼리", "Byeori Bang"), "bundang/internal/office", "resident", year=1),
    "나린": Part(Name("천나린", "Narin Cheon"), "bundang/internal/5w", "head"),
    "누림": Part(Name("공누림", "Nurim Kong"), "bundang/infectious/10n", "head"),
    "해나": Part(Name("홍해나", "Haena Hong"), "bundang/infectious/10n", "consultant"),
    # Gangnam
    "리라": Part(Name("남궁리라", "Rira Namgung"), "gangnam/training/academy", "educator"),
    "우람": Part(Name("문우람", "Uram Moon"), "gangnam/training/academy", "educator"),
    "다미": Part(Name("류다미", "Dami Ryu"), "gangnam/checkup/checkup", "charge"),
    # Yangpyeong
    "푸름": Part(Name("정푸름", "Pureum Jeong"), "yangpyeong/rehabilitation/3w", "head"),
    "새솔": Part(Name("강새솔", "Saesol Kang"), "yangpyeong/rehabilitation/therapy", "therapist"),
    "한빛": Part(Name("윤한빛", "Hanbit Yoon"), "yangpyeong/rehabilitation/office", "professor"),
    # UAE
    "Layla": Part(Name("", "Layla Haddad", "ليلى حداد"), "uae/infectious/isolation", "consultant"),
    "Omar": Part(Name("", "Omar Al Mazrouei", "عمر المزروعي"), "uae/critical/icu", "consultant"),
    "Fatima": Part(Name("", "Fatima Al Qubaisi", "فاطمة القبيسي"), "uae/infectious/isolation", "head"),
    "Grace": Part(Name("", "Grace Mercado"), "uae/critical/icu", "head"),
    "Priya": Part(Name("", "Priya Raman"), "uae/infectious/isolation", "nurse"),
    "James": Part(Name("", "James Okoye"), "uae/emergency/er", "consultant"),
    "Nasser": Part(Name("", "Nasser Al Ameri", "ناصر العامري"), "uae/it/systems", "it"),
    "Huda": Part(Name("", "Huda Salem", "هدى سالم"), "uae/nursing/office", "manager"),
    "해찬": Part(Name("조해찬", "Haechan Cho"), "uae/internal/office", "consultant", specialty=CHEST),
}  # fmt: skip
