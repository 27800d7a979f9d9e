"""Names to draw from: Hangul with the usual romanisation, Arabic with Latin letters, and Latin alone."""

from collections.abc import Iterator
from random import Random
from typing import NamedTuple


class Name(NamedTuple):
    ko: str
    en: str
    ar: str = ""


# Weights are roughly those of the country: one person in five is a Kim.
FAMILIES = [
    ("김", "Kim", 215), ("이", "Lee", 147), ("박", "Park", 84), ("최", "Choi", 47), ("정", "Jeong", 43),
    ("강", "Kang", 24), ("조", "Cho", 21), ("윤", "Yoon", 21), ("장", "Jang", 20), ("임", "Lim", 17),
    ("한", "Han", 15), ("오", "Oh", 15), ("서", "Seo", 15), ("신", "Shin", 15), ("권", "Kwon", 14),
    ("황", "Hwang", 14), ("안", "Ahn", 14), ("송", "Song", 14), ("류", "Ryu", 12), ("홍", "Hong", 11),
    ("전", "Jeon", 11), ("고", "Ko", 9), ("문", "Moon", 9), ("손", "Son", 9), ("양", "Yang", 9),
    ("배", "Bae", 8), ("백", "Baek", 7), ("허", "Heo", 6), ("남", "Nam", 5), ("심", "Sim", 5),
    ("노", "Noh", 5), ("하", "Ha", 4), ("곽", "Kwak", 4), ("성", "Sung", 4), ("차", "Cha", 4),
    ("주", "Joo", 4), ("우", "Woo", 4), ("민", "Min", 3), ("나", "Na", 3), ("진", "Jin", 3),
    ("지", "Ji", 3), ("엄", "Um", 2), ("채", "Chae", 2), ("원", "Won", 2), ("천", "Cheon", 2),
    ("방", "Bang", 2), ("공", "Kong", 2), ("현", "Hyun", 2), ("함", "Ham", 2), ("변", "Byun", 2),
    ("남궁", "Namgung", 1), ("황보", "Hwangbo", 1), ("선우", "Seonwoo", 1),
]  # fmt: skip
GIVEN = [
    ("가람", "Garam"), ("가온", "Gaon"), ("가희", "Gahee"), ("경민", "Kyungmin"), ("경아", "Kyunga"), ("규리", "Gyuri"),
    ("기현", "Kihyun"), ("나래", "Narae"), ("나연", "Nayeon"), ("다솜", "Dasom"), ("다영", "Dayoung"), ("다은", "Daeun"),
    ("단비", "Danbi"), ("도윤", "Doyoon"), ("도현", "Dohyun"), ("동건", "Donggeon"), ("동희", "Donghee"), ("라온", "Raon"),
    ("미래", "Mirae"), ("미소", "Miso"), ("민서", "Minseo"), ("민재", "Minjae"), ("민정", "Minjeong"), ("민호", "Minho"),
    ("별하", "Byeolha"), ("보미", "Bomi"), ("상우", "Sangwoo"), ("상현", "Sanghyun"), ("새벽", "Saebyeok"), ("서연", "Seoyeon"),
    ("서우", "Seowoo"), ("서준", "Seojun"), ("서진", "Seojin"), ("선영", "Sunyoung"), ("선우", "Seonwoo"), ("성민", "Sungmin"),
    ("세영", "Seyoung"), ("소라", "Sora"), ("소연", "Soyeon"), ("소영", "Soyoung"), ("수민", "Sumin"), ("수빈", "Subin"),
    ("수아", "Sua"), ("수정", "Sujeong"), ("수진", "Sujin"), ("수현", "Suhyun"), ("승민", "Seungmin"), ("승연", "Seungyeon"),
    ("승우", "Seungwoo"), ("승현", "Seunghyun"), ("시온", "Sion"), ("시우", "Siwoo"), ("아라", "Ara"), ("아영", "Ayoung"),
    ("어진", "Eojin"), ("연주", "Yeonju"), ("영은", "Youngeun"), ("영훈", "Younghoon"), ("예나", "Yena"), ("예린", "Yerin"),
    ("예준", "Yejun"), ("예지", "Yeji"), ("우진", "Woojin"), ("유나", "Yuna"), ("유라", "Yura"), ("유리", "Yuri"),
    ("유진", "Yujin"), ("윤서", "Yoonseo"), ("윤아", "Yoona"), ("윤재", "Yoonjae"), ("윤지", "Yoonji"), ("은비", "Eunbi"),
    ("은서", "Eunseo"), ("은솔", "Eunsol"), ("은주", "Eunju"), ("은지", "Eunji"), ("은채", "Eunchae"), ("이든", "Ideun"),
    ("인영", "Inyoung"), ("재민", "Jaemin"), ("재원", "Jaewon"), ("재현", "Jaehyun"), ("정민", "Jungmin"), ("정우", "Jungwoo"),
    ("정은", "Jungeun"), ("정훈", "Junghoon"), ("종현", "Jonghyun"), ("주연", "Jooyeon"), ("주영", "Jooyoung"), ("주원", "Joowon"),
    ("주희", "Joohee"), ("준서", "Junseo"), ("준영", "Junyoung"), ("준호", "Junho"), ("지민", "Jimin"), ("지수", "Jisoo"),
    ("지아", "Jia"), ("지연", "Jiyeon"), ("지영", "Jiyoung"), ("지우", "Jiwoo"), ("지원", "Jiwon"), ("지윤", "Jiyoon"),
    ("지은", "Jieun"), ("지현", "Jihyun"), ("지호", "Jiho"), ("지훈", "Jihoon"), ("진서", "Jinseo"), ("진우", "Jinwoo"),
    ("진영", "Jinyoung"), ("채린", "Chaerin"), ("채원", "Chaewon"), ("초롱", "Chorong"), ("태민", "Taemin"), ("태영", "Taeyoung"),
    ("태윤", "Taeyoon"), ("하나", "Hana"), ("하람", "Haram"), ("하윤", "Hayoon"), ("하은", "Haeun"), ("하준", "Hajun"),
    ("한별", "Hanbyeol"), ("한솔", "Hansol"), ("해린", "Haerin"), ("해인", "Haein"), ("현서", "Hyunseo"), ("현우", "Hyunwoo"),
    ("현정", "Hyunjung"), ("현주", "Hyunju"), ("현지", "Hyunji"), ("혜린", "Hyerin"), ("혜원", "Hyewon"), ("혜진", "Hyejin"),
    ("호준", "Hojun"), ("효린", "Hyorin"), ("효주", "Hyoju"), ("희수", "Heesoo"), ("희원", "Heewon"), ("희재", "Heejae"),
]  # fmt: skip

ARABIC_GIVEN = [
    ("Aisha", "عائشة"), ("Amal", "أمل"), ("Dana", "دانة"), ("Hessa", "حصة"), ("Huda", "هدى"), ("Khawla", "خولة"),
    ("Latifa", "لطيفة"), ("Lina", "لينا"), ("Maha", "مها"), ("Mariam", "مريم"), ("Moza", "موزة"), ("Noura", "نورة"),
    ("Rania", "رانيا"), ("Reem", "ريم"), ("Salma", "سلمى"), ("Sara", "سارة"), ("Shamma", "شما"), ("Zainab", "زينب"),
    ("Ahmed", "أحمد"), ("Ali", "علي"), ("Bilal", "بلال"), ("Faisal", "فيصل"), ("Hamad", "حمد"), ("Hassan", "حسن"),
    ("Ibrahim", "إبراهيم"), ("Karim", "كريم"), ("Khalid", "خالد"), ("Majid", "ماجد"), ("Mansour", "منصور"), ("Rashid", "راشد"),
    ("Saeed", "سعيد"), ("Salem", "سالم"), ("Sami", "سامي"), ("Tariq", "طارق"), ("Yousef", "يوسف"), ("Ziad", "زياد"),
]  # fmt: skip
ARABIC_FAMILIES = [
    ("Al Falasi", "الفلاسي"), ("Al Hammadi", "الحمادي"), ("Al Ketbi", "الكتبي"), ("Al Marri", "المري"),
    ("Al Nuaimi", "النعيمي"), ("Al Shamsi", "الشامسي"), ("Al Suwaidi", "السويدي"), ("Al Zaabi", "الزعابي"),
    ("Barakat", "بركات"), ("Darwish", "درويش"), ("El Sayed", "السيد"), ("Farah", "فرح"), ("Ghanem", "غانم"),
    ("Haddad", "حداد"), ("Hijazi", "حجازي"), ("Khoury", "خوري"), ("Mansour", "منصور"), ("Najjar", "نجار"),
    ("Qasim", "قاسم"), ("Rahman", "رحمن"), ("Saleh", "صالح"), ("Shaheen", "شاهين"), ("Taha", "طه"), ("Zayed", "زايد"),
]  # fmt: skip
LATIN = [
    "Aileen Bautista", "Angelo Reyes", "Anjali Menon", "Arjun Nair", "Bernadette Cruz", "Carlo Mendoza", "Catherine Doyle",
    "Chipo Moyo", "Cristina Santos", "Deepa Krishnan", "Diana Villanueva", "Elena Petrova", "Fiona Gallagher", "George Mathew",
    "Hannah Whitfield", "Imelda Ramos", "Jacob Varghese", "Jasmine Dela Cruz", "Joel Aquino", "Kavita Pillai", "Leah Navarro",
    "Liezl Botha", "Manoj Thomas", "Marco Salonga", "Maricel Torres", "Nadia Rahimi", "Naledi Dlamini", "Nimal Perera",
    "Oliver Hartley", "Patricia Lim", "Rajesh Iyer", "Rosa Fernandez", "Sandeep Rao", "Sheena Joseph", "Sibusiso Zulu",
    "Sneha Kurian", "Stephen Okafor", "Teresa Garcia", "Thandi Mokoena", "Vijay Shetty", "Wanjiru Kamau", "Winston Pereira",
]  # fmt: skip


def korean_names(dice: Random) -> Iterator[Name]:
    """Names without end, no two alike."""
    families = [(hangul, latin) for hangul, latin, _ in FAMILIES]
    weights = [weight for *_, weight in FAMILIES]
    given: set[str] = set()
    while True:
        (family, family_latin), (own, own_latin) = dice.choices(families, weights)[0], dice.choice(GIVEN)
        if family + own not in given:
            given.add(family + own)
            yield Name(family + own, f"{own_latin} {family_latin}")


def arabic_names(dice: Random) -> Iterator[Name]:
    """All pairs of a given and a family name, shuffled."""
    pairs = [(own, family) for own in ARABIC_GIVEN for family in ARABIC_FAMILIES]
    dice.shuffle(pairs)
    for (own, own_arabic), (family, family_arabic) in pairs:
        yield Name("", f"{own} {family}", f"{own_arabic} {family_arabic}")


def latin_names(dice: Random) -> Iterator[Name]:
    """Each name of the list once, shuffled."""
    for name in dice.sample(LATIN, len(LATIN)):
        yield Name("", name)
