"""The staff: rows of people, their dated assignments and their roles, as the actions of `people` would have made them."""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cache
from itertools import cycle
from random import Random

from django.contrib.auth.hashers import make_password
from django.db.backends.postgresql.psycopg_any import DateRange

from apps.core import clock
from apps.core.text import search_key
from apps.operations import demo
from apps.people.models import Assignment, Grant, StaffType, User
from apps.sites.models import Site, Unit

from .cast import CAST, Part
from .names import Name, arabic_names, korean_names, latin_names
from .places import FORTY, SITES, SitePlan, UnitPlan
from .posts import POSTS, SPECIALTIES, SPECIALTIES_EN, YEARS_OF_RESIDENCY
from .shift_plans import OFFICES

DOMAIN = "hanbit.example.org"
TEMPORARY_STAFF = 14  # nurses lent to a screening clinic or a negative-pressure ward
GONE = 7  # accounts of people who have left


@dataclass
class Staff:
    """Everybody, and how the scripts find them."""

    people: list[User] = field(default_factory=list)
    parts: dict[str, User] = field(default_factory=dict)
    """Short names of the cast."""
    by_place: dict[str, list[User]] = field(default_factory=lambda: defaultdict(list))
    """site/department/unit, and site/department/unit/post"""
    units: dict[str, Unit] = field(default_factory=dict)
    since: dict[int, date] = field(default_factory=dict)
    """Each person's first day in their unit, by id."""
    lent: dict[int, list[Assignment]] = field(default_factory=lambda: defaultdict(list))
    """Where somebody works besides, for a time, by id."""

    def find(self, label: str) -> User:
        """Return a member of the cast, or of a unit: `@seoul/internal/7w/nurse/3`."""
        if label.startswith("@"):
            place, _, number = label[1:].rpartition("/")
            people = self.by_place[place]
            return people[int(number) % len(people)]
        return self.parts[label]

    def find_all(self, labels: str) -> list[User]:
        """Return the people whom words name, each once: short names, and units as `seoul/internal/7w`."""
        found: dict[str, User] = {}
        for word in labels.split():
            people = self.by_place[word] if word.count("/") >= 2 and not word.startswith("@") else [self.find(word)]
            if not people:
                raise LookupError(word)
            found.update({person.staff_number: person for person in people if person.is_active})
        return list(found.values())


def make_staff(units: dict[str, Unit], dice: Random) -> Staff:
    """Draw the people of all units; `store_staff` stores them with where they work."""
    staff = Staff(units=units)
    names = _Names(dice, {part.name.ko for part in CAST.values()})
    numbers = _Numbers(dice)
    waiting: dict[tuple[str, str], list[tuple[str, Part]]] = defaultdict(list)
    for label, part in CAST.items():
        waiting[part.place, part.post].append((label, part))
    for site in SITES:
        for department in site.departments:
            specialties = cycle((SPECIALTIES_EN if site.code == "uae" else SPECIALTIES).get(department.code, ("",)))
            for plan in department.units:
                place = f"{site.code}/{department.code}/{plan.code}"
                for post, index in _posts(plan):
                    parts = waiting[place, post]
                    label, part = parts.pop(0) if parts else ("", names.next_part(site, post, index))
                    person = _make_person(site, units[place], part, next(specialties), numbers)
                    staff.people.append(person)
                    staff.by_place[place].append(person)
                    staff.by_place[f"{place}/{post}"].append(person)
                    if label:
                        staff.parts[label] = person
    if left_over := [label for parts in waiting.values() for label, _ in parts]:
        raise LookupError(f"No post for {left_over}.")
    _let_go(staff, dice)
    return staff


def _posts(plan: UnitPlan) -> Iterator[tuple[str, int]]:
    for word in plan.staff.split():
        match = re.fullmatch(r"([a-z]+)(\d+)", word)
        assert match is not None
        for index in range(int(match[2])):
            yield match[1], index


class _Names:
    """Draws a name that fits the site."""

    def __init__(self, dice: Random, taken: set[str]) -> None:
        self.dice = dice
        self.korean = (name for name in korean_names(dice) if name.ko not in taken)
        self.arabic, self.latin = arabic_names(dice), latin_names(dice)

    def next_part(self, site: SitePlan, post: str, index: int) -> Part:
        name = next(self.korean) if site.code != "uae" else self._name_in_uae()
        return Part(name, "", post, year=index % 4 + 1)

    def _name_in_uae(self) -> Name:
        drawn = self.dice.random()
        if drawn < 0.1:
            return next(self.korean)
        return next(self.latin, None) or next(self.arabic) if drawn < 0.5 else next(self.arabic)


class _Numbers:
    """Gives staff numbers and extensions; those of the sign-ins are kept free."""

    def __init__(self, dice: Random) -> None:
        self.dice = dice
        self.kept = {part.staff_number for part in CAST.values() if part.staff_number}
        self.last: dict[str, int] = defaultdict(lambda: 10)
        self.extensions: dict[int, int] = defaultdict(int)

    def next_number(self, letter: str, digit: int) -> str:
        while True:
            self.last[f"{letter}{digit}"] += self.dice.randint(1, 6)
            number = f"{letter}{digit}{self.last[f'{letter}{digit}']:04d}"
            if number not in self.kept:
                return number

    def next_extension(self, digit: int) -> str:
        self.extensions[digit] += 1
        return f"9{digit}{self.extensions[digit]:03d}"


def _make_person(site: SitePlan, unit: Unit, part: Part, specialty: str, numbers: _Numbers) -> User:
    post = POSTS[part.post]
    title = part.title or (post.ko, post.en, post.ar)
    if post.job == StaffType.RESIDENT:
        title = YEARS_OF_RESIDENCY[max(part.year, 1) - 1]
    language = ""
    if site.code == "uae":
        language = "ar" if part.name.ar else "ko" if part.name.ko else "en"
    number = part.staff_number or numbers.next_number(post.letter, site.digit)
    person = User(
        staff_number=number,
        email=f"{number.lower()}@{DOMAIN}",
        name_ko=part.name.ko,
        name_en=part.name.en,
        name_ar=part.name.ar,
        job=post.job,
        title_ko=title[0],
        title_en=title[1],
        title_ar=title[2],
        specialty=part.specialty or (specialty if post.job in {StaffType.DOCTOR, StaffType.RESIDENT} else ""),
        phone=numbers.next_extension(site.digit),
        home_unit=unit,
        language=language,
    )
    if number in {sign_in.staff_number for sign_in in demo.SIGN_INS}:
        person.password = _known_password()
    else:
        person.set_unusable_password()
    person.search = search_key(  # as User.save does
        person.name_ko, person.name_en, person.name_ar, person.staff_number, person.specialty, person.email or ""
    )
    return person


@cache
def _known_password() -> str:
    """Return the hash of the password that everybody knows; one does for all, and hashing is slow on purpose."""
    return make_password(demo.PASSWORD)


def _let_go(staff: Staff, dice: Random) -> None:
    """Deactivate a few people of large units: their accounts stay, and nobody can sign in to them."""
    cast = {person.staff_number for person in staff.parts.values()}
    leavers = [
        person
        for plan_path, plan in _unit_plans()
        if plan.staff != FORTY
        for person in staff.by_place[f"{plan_path}/nurse"][9:]
        if person.staff_number not in cast
    ]
    for person in dice.sample(leavers, GONE):
        person.is_active = False


def _unit_plans() -> Iterator[tuple[str, UnitPlan]]:
    for site in SITES:
        for department in site.departments:
            for plan in department.units:
                yield f"{site.code}/{department.code}/{plan.code}", plan


# -- Where they work ------------------------------------------------------------------------------------------------------
def store_staff(staff: Staff, sites: dict[str, Site], dice: Random) -> list[Assignment]:
    """Store everybody, and where they worked, work, and are lent to: one home on any day."""
    rows: list[Assignment] = []
    for path, plan in _unit_plans():
        site = sites[path.split("/")[0]]
        today = clock.today(site.zone)
        for person in staff.by_place[path]:
            began = _first_day(person, today, dice)
            person.joined_at = datetime.combine(began, time(9), tzinfo=site.zone)
            earlier = _earlier_unit(staff, path, plan, dice) if (today - began).days > 900 else None
            if earlier is not None:
                moved = began + timedelta(days=dice.randint(300, 800))
                rows.append(Assignment(user=person, unit=earlier, is_home=True, during=DateRange(began, moved)))
                began = moved
            until = None if person.is_active else today - timedelta(days=dice.randint(10, 90))
            rows.append(Assignment(user=person, unit=staff.units[path], is_home=True, during=DateRange(began, until)))
    rows += _lend_nurses(staff, sites, dice)
    rows += _rotate_residents(staff, sites)
    User.objects.bulk_create(staff.people)
    Assignment.objects.bulk_create(rows)
    staff.since = {row.user.pk: row.during.lower for row in rows if row.unit_id == row.user.home_unit_id}
    for row in rows:
        if not row.is_home and row.user.is_active:
            staff.lent[row.user.pk].append(row)
    return rows


def _first_day(person: User, today: date, dice: Random) -> date:
    longest = {StaffType.STUDENT: 100, StaffType.RESIDENT: 1400, StaffType.CONTRACTOR: 500}.get(
        StaffType(person.job), 5200
    )
    return today - timedelta(days=dice.randint(95 if longest > 100 else 20, longest))


def _earlier_unit(staff: Staff, path: str, plan: UnitPlan, dice: Random) -> Unit | None:
    """Return another unit of the site of the same kind, for one person in four."""
    if dice.random() > 0.25:
        return None
    site = path.split("/", maxsplit=1)[0]
    others = [
        staff.units[other]
        for other, other_plan in _unit_plans()
        if other != path and other.startswith(f"{site}/") and other_plan.kind == plan.kind and other_plan.staff != FORTY
    ]
    return dice.choice(others) if others else None


def _lend_nurses(staff: Staff, sites: dict[str, Site], dice: Random) -> list[Assignment]:
    """Lend nurses of ordinary wards to the pandemic's units of their site, from a day to a day."""
    wards = [path for path, plan in _unit_plans() if plan.kind == "ward" and plan.staff != FORTY]
    rows = []
    for number in range(TEMPORARY_STAFF):
        path = wards[number % len(wards)]
        code = path.split("/")[0]
        targets = [
            other
            for other, plan in _unit_plans()
            if other.startswith(f"{code}/") and plan.kind in {"screening", "negative_pressure"}
        ]
        person = staff.by_place[f"{path}/nurse"][-1 - number // len(wards)]
        if not person.is_active or not targets:
            continue
        today = clock.today(sites[code].zone)
        days = DateRange(today - timedelta(days=dice.randint(5, 40)), today + timedelta(days=dice.randint(3, 45)))
        rows.append(Assignment(user=person, unit=staff.units[targets[number % len(targets)]], during=days))
    return rows


def _rotate_residents(staff: Staff, sites: dict[str, Site]) -> list[Assignment]:
    """Put residents of the medical offices into an intensive care unit or emergency room of their site for this month."""
    rows = []
    for code, site in sites.items():
        today = clock.today(site.zone)
        month = today.replace(day=1)
        following = (month + timedelta(days=32)).replace(day=1)
        targets = [p for p, plan in _unit_plans() if p.startswith(f"{code}/") and plan.kind in {"icu", "emergency"}]
        people = staff.by_place[f"{code}/internal/office/resident"][:6]
        cast = {person.staff_number for person in staff.parts.values()}
        for person, path in zip((p for p in people if p.staff_number not in cast), cycle(targets), strict=False):
            rows.append(Assignment(user=person, unit=staff.units[path], during=DateRange(month, following)))
    return rows


def lead_of_office(staff: Staff, path: str) -> User:
    """Return the physician who plans the residents of a medical office."""
    return (staff.by_place[f"{path}/professor"] + staff.by_place[f"{path}/consultant"])[0]


# -- Roles ----------------------------------------------------------------------------------------------------------------
def store_grants(staff: Staff, sites: dict[str, Site]) -> list[Grant]:
    """Store the roles: head nurses manage their units, a physician each office's residents; IT, the privacy officer and the educators have theirs."""
    it = staff.parts["찬솔"]
    rows = [
        Grant(user=it, role="it", why="포털 운영 책임자"),
        Grant(user=staff.parts["새롬"], role="privacy_officer", by=it, why="개인정보 보호책임자 지정"),
        Grant(user=staff.parts["아름"], role="educator", by=it, why="한빛교육센터 교육 총괄"),
    ]
    for path, _plan in _unit_plans():
        unit = staff.units[path]
        for person in staff.by_place[f"{path}/head"]:
            why = "Head nurse of the unit" if path.startswith("uae/") else f"{unit.name_ko} 수간호사 발령"
            rows.append(Grant(user=person, role="unit_manager", unit=unit, by=it, why=why))
        if path in OFFICES:
            why = "Plans the residents' duties" if path.startswith("uae/") else f"{unit.name_ko} 전공의 근무표 담당"
            rows.append(Grant(user=lead_of_office(staff, path), role="unit_manager", unit=unit, by=it, why=why))
        if path.endswith("/education"):
            site = sites[path.split("/")[0]]
            for person in staff.by_place[f"{path}/educator"][:1]:
                why = "Education lead of the site" if site.code == "uae" else f"{site.name_ko} 교육 담당"
                rows.append(Grant(user=person, role="educator", site=site, by=it, why=why))
    began = clock.now() - timedelta(days=60)
    for row in rows:
        row.starts_at = began
    Grant.objects.bulk_create(rows)
    return rows
