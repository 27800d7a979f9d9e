"""Short reports that come every shift or every few hours, written from a few patterns with numbers that fit."""

from collections.abc import Iterator
from random import Random

DICE = 7_031


def handover_log(place: str, beds: int, dice: Random, *, days: int = 5) -> Iterator[str]:
    """A ward's handover: three a day, each with what the next shift has to know."""
    rooms = (
        [f"{room}호" for room in range(701, 718) if room != 704]
        if place.startswith("seoul")
        else ["2호", "5호", "8호", "9호"]
    )
    remarks = (
        "{room} 낙상 위험, 침상 난간 확인",
        "{room} 내일 아침 금식",
        "{room} 접촉주의, 보호구 카트 채워 두었습니다",
        "{room} 수혈 끝, 활력징후 안정",
        "{room} 보호자 상주, 교대는 저녁 7시",
        "{room} 산소 줄이는 중, 2시간마다 확인",
        "응급카트 봉인 확인했습니다",
        "냉장 약품 온도 기록 이상 없습니다",
    )
    staying = beds - dice.randint(2, 5)
    for day in range(days, -1, -1):
        for shift, hour, number in (("N", "06:50", 5), ("D", "14:50", 1), ("E", "22:45", 3)):
            came, left = (dice.randint(0, 1), 0) if shift == "N" else (dice.randint(0, 3), dice.randint(0, 3))
            came = min(came, beds - staying + left)
            staying += came - left
            first, second = dice.sample(remarks, 2)
            parts = [f"{shift}번 인계: 재원 {staying}, 입원 {came}, 퇴원 {left}", first, second]
            text = "\\n· ".join(parts).format(room=dice.choice(rooms))
            yield f"==? {day} {hour}"
            yield f"@{place}/nurse/{number + day % 3}: {text}"
            yield f"+ {dice.choice(('thumbsup', 'white_check_mark', 'eyes'))} @{place}/nurse/{number + 3 + day % 2}"


def screening_log(place: str, busy: int, dice: Random, *, days: int = 3) -> Iterator[str]:
    """A screening clinic's figures: visits and samples since the morning, and who waits."""
    for day in range(days, -1, -1):
        visits = 0
        for number, hour in enumerate(("10:00", "12:00", "14:00", "16:00")):
            visits += dice.randint(busy // 2, busy)
            samples, waiting = visits - dice.randint(3, 12), dice.randint(2, 24)
            yield f"==? {day} {hour}"
            yield f"@{place}/nurse/{number % 3}: {hour} 현재 내원 {visits}, 검체 {samples}, 대기 {waiting}명"
            if waiting > 18:
                yield f"> @{place}/charge/0: 대기가 길어지네요. 창구 하나 더 열겠습니다"
                yield f"+ thumbsup @{place}/nurse/{number % 3}"


def beds_log(
    author: str, beds: int, helpers: tuple[str, ...], dice: Random, *, days: int = 4, english: bool = False
) -> Iterator[str]:
    """Beds of an isolation ward, morning and evening."""
    used = beds - dice.randint(2, 5)
    for day in range(days, -1, -1):
        for hour in ("08:00", "20:00"):
            used = max(beds // 2, min(beds, used + dice.randint(-2, 2)))
            oxygen = dice.randint(1, max(2, used // 3))
            text = (
                f"Isolation {used}/{beds} occupied, {oxygen} on oxygen, {beds - used} free"
                if english
                else f"음압병상 {beds}개 중 {used}개 사용, 산소 {oxygen}명, 빈자리 {beds - used}"
            )
            yield f"==? {day} {hour}"
            yield f"{author}: {text}"
            if used == beds:
                yield f"> {helpers[0]}: " + (
                    "We hold one bed in the ER." if english else "가득 찼네요. 해제 가능한 분부터 보겠습니다"
                )
            yield f"+ eyes {dice.choice(helpers)}"


def network_beds_log(dice: Random, *, days: int = 4) -> Iterator[str]:
    """All isolation wards of the Korean sites, one line a site, morning and evening."""
    wards = (("나루", "본원 5N", 14), ("늘봄", "보라매 3N", 10), ("누림", "분당 10N", 9))
    used = {code: beds - dice.randint(1, 4) for _, code, beds in wards}
    for day in range(days, -1, -1):
        for hour in ("08:00", "20:00"):
            yield f"==? {day} {hour}"
            for who, code, beds in wards:
                used[code] = max(beds // 2, min(beds, used[code] + dice.randint(-2, 2)))
                ready = beds - used[code]
                note = "바로 받을 수 있는 자리 " + str(ready) if ready else "자리 없음, 오후에 다시 적겠습니다"
                yield f"{who}: {code} {used[code]}/{beds} 사용. {note}"
            yield "+ thumbsup 빛나"


def ppe_log(dice: Random, *, days: int = 4) -> Iterator[str]:
    """The store's count of protective equipment, once a day."""
    masks, gowns, gloves = 5200, 3100, 880
    for day in range(days, 0, -1):
        masks, gowns, gloves = (
            masks - dice.randint(300, 620),
            gowns - dice.randint(250, 480),
            gloves - dice.randint(60, 110),
        )
        yield f"==? {day} 17:30"
        yield (
            f"도담: 오늘 재고: N95 {masks:,}개({masks // 480}일분), 전신가운 {gowns:,}벌({gowns // 370}일분), 장갑 {gloves}상자"
        )
        yield f"+ white_check_mark {dice.choice(('나루', '라라', '가을', '여울'))}"


def _write_logs() -> dict[str, str]:
    dice = Random(DICE)  # noqa: S311 # nosec B311 — the same reports each time, no secret
    logs = {
        "7w-handover": handover_log("seoul/internal/7w", 42, dice),
        "8e-handover": handover_log("boramae/internal/8e", 40, dice),
        "screening-daily": screening_log("seoul/infectious/screening", 60, dice),
        "boramae-screening": screening_log("boramae/infectious/screening", 40, dice),
        "response-beds": network_beds_log(dice),
        "response-ppe": ppe_log(dice),
        "10n-beds": beds_log("누림", 9, ("해나", "한결", "이든"), dice),
        "uae-beds": beds_log("Fatima", 12, ("Layla", "Omar", "Grace"), dice, english=True),
    }
    return {code: "\n".join(("", *rows)) for code, rows in logs.items()}


LOGS = _write_logs()
