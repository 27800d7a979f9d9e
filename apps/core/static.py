"""Static files with the hash of their content in their name, our own JavaScript modules included."""

from typing import Any, ClassVar

from whitenoise.storage import CompressedManifestStaticFilesStorage


class PortalStaticFilesStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Rewrites imports in our own modules only: a package's files may name, in a comment, files that do not exist."""

    support_js_module_import_aggregation = True
    manifest_strict = True
    keep_intermediate_files: ClassVar[bool] = False

    def url_converter(self, name: str, hashed_files: dict[str, str], template: str | None = None) -> Any:
        if name.endswith(".js") and not name.startswith("js/"):
            return lambda match: match.group(0)
        return super().url_converter(name, hashed_files, template)
