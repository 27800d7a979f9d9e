"""The posts that people hold: staff type, letter of the staff number, and the title in three languages."""

from typing import NamedTuple

from apps.people.models import StaffType


class Post(NamedTuple):
    job: StaffType
    letter: str
    ko: str
    en: str
    ar: str


POSTS = {
    "professor": Post(StaffType.DOCTOR, "P", "교수", "Professor", "أستاذ"),
    "consultant": Post(StaffType.DOCTOR, "P", "전문의", "Consultant", "استشاري"),
    "fellow": Post(StaffType.DOCTOR, "P", "전임의", "Fellow", "زميل"),
    "resident": Post(StaffType.RESIDENT, "R", "전공의", "Resident", "طبيب مقيم"),
    "head": Post(StaffType.NURSE, "H", "수간호사", "Head nurse", "رئيسة التمريض"),
    "charge": Post(StaffType.NURSE, "N", "책임간호사", "Charge nurse", "ممرضة مسؤولة"),
    "nurse": Post(StaffType.NURSE, "N", "간호사", "Nurse", "ممرضة"),
    "aide": Post(StaffType.ALLIED, "A", "간호조무사", "Nursing assistant", "مساعدة تمريض"),
    "infection": Post(StaffType.NURSE, "N", "감염관리간호사", "Infection control nurse", "ممرضة مكافحة العدوى"),
    "radiographer": Post(StaffType.ALLIED, "A", "방사선사", "Radiographer", "فني أشعة"),
    "technologist": Post(StaffType.ALLIED, "A", "임상병리사", "Laboratory technologist", "فني مختبر"),
    "pharmacist": Post(StaffType.ALLIED, "A", "약사", "Pharmacist", "صيدلي"),
    "therapist": Post(StaffType.ALLIED, "A", "물리치료사", "Physiotherapist", "أخصائي علاج طبيعي"),
    "educator": Post(StaffType.NURSE, "E", "교육전담간호사", "Nurse educator", "ممرضة تعليم"),
    "student": Post(StaffType.STUDENT, "S", "실습학생", "Student on placement", "طالب متدرب"),
    "it": Post(StaffType.ADMINISTRATION, "T", "전산담당", "IT engineer", "مهندس نظم"),
    "privacy": Post(StaffType.ADMINISTRATION, "O", "개인정보보호담당", "Privacy office", "مكتب الخصوصية"),
    "manager": Post(StaffType.ADMINISTRATION, "O", "팀장", "Team lead", "رئيس الفريق"),
    "clerk": Post(StaffType.ADMINISTRATION, "O", "주임", "Officer", "موظف إداري"),
    "contractor": Post(StaffType.CONTRACTOR, "C", "협력업체", "Contractor", "متعاقد"),
}
YEARS_OF_RESIDENCY = (
    ("전공의 1년차", "Resident, year 1", "طبيب مقيم، السنة الأولى"),
    ("전공의 2년차", "Resident, year 2", "طبيب مقيم، السنة الثانية"),
    ("전공의 3년차", "Resident, year 3", "طبيب مقيم، السنة الثالثة"),
    ("전공의 4년차", "Resident, year 4", "طبيب مقيم، السنة الرابعة"),
)
SPECIALTIES = {  # of physicians, by department and in turn
    "internal": ("호흡기내과", "심장내과", "소화기내과", "신장내과", "내분비내과", "혈액종양내과"),
    "infectious": ("감염내과",),
    "surgery": ("위장관외과", "대장항문외과", "간담췌외과", "흉부외과"),
    "emergency": ("응급의학과",),
    "critical": ("중환자의학",),
    "paediatrics": ("소아청소년과", "신생아"),
    "rehabilitation": ("재활의학과",),
    "checkup": ("가정의학과", "소화기내과"),
    "radiology": ("흉부영상", "복부영상"),
    "laboratory": ("진단검사의학과",),
}
SPECIALTIES_EN = {
    "internal": ("Respiratory Medicine", "Cardiology", "Gastroenterology", "Nephrology"),
    "infectious": ("Infectious Diseases",),
    "emergency": ("Emergency Medicine",),
    "critical": ("Critical Care",),
}
