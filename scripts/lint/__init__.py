"""The house rules that no linter off the shelf knows, a few lines each.

Every rule has a sample that it must refuse and one that it must let pass in `tests/architecture/test_lint_rules.py`,
so that a dead rule fails the run. A line that has a reason to break a rule says so at its end:
`# allowed: <rule>: <why>` (in CSS and JavaScript inside their own comment marks). An allowance that allows nothing is a finding.
"""

import sys

from .code import RULES as CODE_RULES
from .findings import Finding, Rule, Source, audit, list_files
from .markup import RULES as MARKUP_RULES
from .sheets import RULES as SHEET_RULES
from .wording import RULES as WORDING_RULES

RULES: tuple[Rule, ...] = (*CODE_RULES, *MARKUP_RULES, *SHEET_RULES, *WORDING_RULES)

__all__ = ["RULES", "Finding", "Rule", "Source", "audit", "list_files", "main"]


def main() -> int:
    """Print what the rules find in the working tree; the exit code says whether anything was found."""
    findings, audited = audit(RULES)
    for finding in findings:
        sys.stdout.write(f"{finding}\n")
    sys.stdout.write(f"{len(RULES)} rules, {audited} files, {len(findings)} findings\n")
    return 1 if findings or not audited else 0
