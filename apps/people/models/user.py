"""The person: who they are at the hospital, and how they sign in."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Upper
from django.utils.crypto import salted_hmac
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.core import clock
from apps.core.names import order_of_languages
from apps.core.registries import OnShift
from apps.core.text import search_key
from apps.sites.models import LANGUAGES, Site, Unit

from .roles import ROLES
from .status import PersonStatus

DEFAULT_ZONE = ZoneInfo("Asia/Seoul")


class StaffType(models.TextChoices):
    """What somebody is employed as; permissions follow it together with unit and assignment."""

    DOCTOR = "doctor", _("Physician")
    RESIDENT = "resident", _("Resident")
    NURSE = "nurse", _("Nurse")
    STUDENT = "student", _("Student")
    ALLIED = "allied", _("Allied health")
    ADMINISTRATION = "administration", pgettext_lazy("staff type", "Administration")
    CONTRACTOR = "contractor", _("Contractor")
    GUEST = "guest", _("Guest")


class Theme(models.TextChoices):
    AUTO = "auto", _("Like the device")
    LIGHT = "light", _("Light")
    DARK = "dark", _("Dark")


class Contrast(models.TextChoices):
    AUTO = "auto", _("Like the device")
    MORE = "more", _("High contrast")


class InputMode(models.TextChoices):
    AUTO = "auto", _("Usual")
    GLOVE = "glove", _("Gloves: larger targets and text")


@dataclass(frozen=True, slots=True)
class Home:
    """Where somebody works, for the bar and the person card."""

    site: Site
    unit: Unit

    @property
    def site_name(self) -> str:
        return self.site.name

    @property
    def unit_name(self) -> str:
        return self.unit.name


class UserQuerySet(models.QuerySet["User"]):
    def with_status(self) -> "UserQuerySet":
        """Join what each says of themself, so that `current_status` costs no query."""
        return self.select_related("status")

    def active(self) -> "UserQuerySet":
        return self.filter(is_active=True)

    def with_home(self) -> "UserQuerySet":
        return self.select_related("home_unit__department__site")

    def visible_to(self, user: Any) -> "UserQuerySet":
        """Return the people in the directory: all active staff, for staff. A guest sees only themself."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.job == StaffType.GUEST:
            return self.filter(pk=user.pk)
        return self.active()

    def managed_by(self, user: Any) -> "UserQuerySet":
        """Return the people whose record this user edits: IT all, a manager those of the units in their scope."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.has_role("it"):
            return self
        units = user.units_with_role("unit_manager")
        assignments: Any = self.model._meta.get_field("assignments").related_model
        return self.filter(pk__in=assignments.objects.today().filter(unit__in=units).values("user"))


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]
    def create_user(self, staff_number: str, password: str | None = None, **fields: Any) -> "User":
        """Make an account; without a password nobody can sign in to it."""
        user = User(staff_number=staff_number.upper(), **fields)
        user.set_password(password)
        user.save()
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        user: User = self.get(staff_number__iexact=username)
        return user


class User(AbstractBaseUser):
    """A member of staff, a guest, or an inactive placeholder that an import made."""

    staff_number = models.CharField(
        _("staff number"),
        max_length=40,
        validators=[RegexValidator(r"^[\w.@+-]+$", _("Letters, digits and . @ + - _ only."))],
    )
    email = models.EmailField(_("e-mail"), null=True, blank=True, unique=True)
    name_ko = models.CharField(_("name in Korean"), max_length=80, blank=True)
    name_en = models.CharField(_("name in Latin letters"), max_length=80, blank=True)
    name_ar = models.CharField(_("name in Arabic"), max_length=80, blank=True)
    job = models.CharField(_("staff type"), max_length=20, choices=StaffType.choices)
    title_ko = models.CharField(_("position in Korean"), max_length=80, blank=True)
    title_en = models.CharField(_("position in English"), max_length=80, blank=True)
    title_ar = models.CharField(_("position in Arabic"), max_length=80, blank=True)
    specialty = models.CharField(_("specialty"), max_length=80, blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    home_unit = models.ForeignKey(
        Unit, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("home unit")
    )
    is_active = models.BooleanField(_("active"), default=True)
    joined_at = models.DateTimeField(_("joined"), default=clock.now)
    language = models.CharField(_("language"), max_length=2, choices=LANGUAGES, blank=True)
    theme = models.CharField(_("theme"), max_length=5, choices=Theme.choices, default=Theme.AUTO)
    contrast = models.CharField(_("contrast"), max_length=5, choices=Contrast.choices, default=Contrast.AUTO)
    input = models.CharField(_("input"), max_length=5, choices=InputMode.choices, default=InputMode.AUTO)
    # Raised when a right of this person ends; live gateways poll it once a second.
    authz_epoch = models.PositiveIntegerField(default=0, editable=False)
    sessions_ended = models.PositiveIntegerField(
        default=0, editable=False
    )  # in the hash of each session: raised, all end
    search = models.TextField(editable=False, default="")

    USERNAME_FIELD = "staff_number"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    # The shifts that the person is in now, where the page has asked for them by `queries.mark_on_shifts`.
    on_shifts: Sequence[OnShift] = ()

    objects: ClassVar[Any] = UserManager()

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        constraints: ClassVar = [
            # sign-in and every import find people by their number, whatever its case
            models.UniqueConstraint(Upper("staff_number"), name="one_person_a_staff_number"),
            models.CheckConstraint(
                condition=~models.Q(name_ko="") | ~models.Q(name_en="") | ~models.Q(name_ar=""),
                name="person_has_a_name",
            ),
        ]
        indexes: ClassVar = [
            # queries.search_people: any part of a name, its initials or the number
            GinIndex(OpClass(models.F("search"), name="gin_trgm_ops"), name="person_search"),
            models.Index(
                fields=["name_ko", "id"], name="person_by_name"
            ),  # queries.search_people: the order of the list
        ]

    def __str__(self) -> str:
        return self.display_name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.staff_number = self.staff_number.upper()
        self.search = search_key(
            self.name_ko, self.name_en, self.name_ar, self.staff_number, self.specialty, self.email or ""
        )
        fields = kwargs.get("update_fields")
        if fields is not None and {"name_ko", "name_en", "name_ar", "specialty", "email"}.intersection(fields):
            kwargs["update_fields"] = {*fields, "search"}
        super().save(*args, **kwargs)

    def get_session_auth_hash(self) -> str:
        """Return what a session must carry to hold: it changes with the password, and when all sessions are ended."""
        return salted_hmac("people.session", f"{self.password}:{self.sessions_ended}", algorithm="sha256").hexdigest()

    # -- Names -----------------------------------------------------------------------------------------------------
    @property
    def display_name(self) -> str:
        """The name in the reader's language, or the nearest."""
        return next((value for code in order_of_languages() if (value := getattr(self, f"name_{code}"))), "")

    @property
    def title(self) -> str:
        return next((value for code in order_of_languages() if (value := getattr(self, f"title_{code}"))), "")

    @property
    def names(self) -> dict[str, str]:
        """All names, for frames that do not know their reader."""
        return {code: value for code in ("ko", "en", "ar") if (value := getattr(self, f"name_{code}"))}

    @property
    def titles(self) -> dict[str, str]:
        """The position in all languages, for frames that do not know their reader."""
        return {code: value for code in ("ko", "en", "ar") if (value := getattr(self, f"title_{code}"))}

    @property
    def initials(self) -> str:
        """Two Hangul syllables of the given name, or the first letters of two words."""
        return initials_of(self.display_name)

    def get_full_name(self) -> str:
        return self.display_name

    def get_short_name(self) -> str:
        return self.display_name

    # -- Place -----------------------------------------------------------------------------------------------------
    @cached_property
    def home(self) -> Home | None:
        """Where this person works; no query when the user came from `with_home()`."""
        return Home(site=self.home_unit.department.site, unit=self.home_unit) if self.home_unit else None

    @property
    def time_zone(self) -> ZoneInfo:
        return self.home.site.zone if self.home else DEFAULT_ZONE

    @property
    def current_status(self) -> PersonStatus | None:
        """What this person says of themself; no query for those of `with_status()` or `queries.statuses_of`."""
        status: PersonStatus | None = getattr(self, "status", None)
        return status if status is not None and status.is_current else None

    def get_job_display(self) -> str:  # type: ignore[no-redef]  # the stubs bring the one that this replaces
        """Return the staff type in words; Django's own makes a table of all choices each time, for each line of a chat."""
        return str(StaffType(self.job).label) if self.job in StaffType else self.job

    # -- Roles -----------------------------------------------------------------------------------------------------
    @cached_property
    def current_grants(self) -> list[Any]:
        """The grants that hold now; one query a request."""
        return list(self.grants.current().select_related("unit", "department", "site"))

    @cached_property
    def unit_ids_today(self) -> list[int]:
        """The units that this person works in today; one query a request."""
        assignments: Any = self.assignments
        return list(assignments.today().values_list("unit_id", flat=True).distinct())

    def has_role(self, code: str) -> bool:
        return any(grant.role == code for grant in self.current_grants)

    def units_with_role(self, code: str) -> models.QuerySet[Unit]:
        """Return the units that this person's grants of a role cover."""
        scope = models.Q(pk__in=[])
        for grant in self.current_grants:
            if grant.role == code:
                scope |= grant.unit_scope()
        return Unit.objects.filter(scope)

    @property
    def is_staff(self) -> bool:
        """Whether the administration opens for this person."""
        return any(ROLES[grant.role].enters_admin for grant in self.current_grants if grant.role in ROLES)

    is_superuser = False

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """Nothing is decided by Django's permission rows: `can_…` predicates decide."""
        return False

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_staff


def initials_of(name: str) -> str:
    """Return what an avatar shows: 장하늘 gives 하늘, Layla Haddad gives LH."""
    words = name.split()
    if not words:
        return "?"
    if len(words) == 1 and "\uac00" <= name[0] <= "\ud7a3":
        return name[-2:] if len(name) > 2 else name
    if len(words) == 1:
        return name[:2].upper()
    return (words[0][0] + words[-1][0]).upper()
