"""The company's storage and its tariff."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from ecm.errors import Forbidden
from ecm.tariffs import Usage
from ecm.web import errors, labels
from ecm.web.current import actor, begin

pages = Blueprint("storage", __name__)


@dataclass(frozen=True, slots=True)
class Bar:
    """How full something is, in hundredths of what is allowed; what does not fit ends at the edge."""

    usage: Usage
    limit_bytes: int

    @property
    def used_percent(self) -> float:
        """The part that is used."""
        return self._percent(self.usage.used_bytes)

    @property
    def reserved_percent(self) -> float:
        """The part that is reserved, as far as it fits beside what is used."""
        return min(self._percent(self.usage.reserved_bytes), 100 - self.used_percent)

    @property
    def over_bytes(self) -> int:
        """By how much the limit is passed."""
        return max(0, self.usage.held_bytes - self.limit_bytes)

    def _percent(self, size_bytes: int) -> float:
        if self.limit_bytes <= 0:
            return 100.0 if size_bytes else 0.0
        return round(min(100.0, 100 * size_bytes / self.limit_bytes), 2)


@pages.get("/storage")
def index() -> str:
    """What is used, and of how much; for administrators with the choice of another tariff."""
    with begin() as tx:
        quota = tx.tariffs.quota()
        tariffs = tx.tariffs.list() if actor().is_admin else []
    bar = Bar(quota.counted, quota.limit_bytes) if quota.limit_bytes is not None else None
    return render_template("storage/index.html", quota=quota, bar=bar, tariffs=tariffs)


@pages.get("/storage/tariff")
def preview() -> BaseResponse:
    """What a change of tariff would mean, before it is made."""
    if not actor().is_admin:
        return errors.refusal_page(Forbidden("the company's tariff", "admin"))
    code = request.args.get("code", "")
    with begin() as tx:
        tariff = tx.tariffs.get(code)
        quota = tx.tariffs.quota()
        present = tx.tariffs.get(quota.tariff_code)
        change = tx.tariffs.change(code, dry_run=True)
        _row, usage = tx.tariffs.usage()
    return make_response(
        render_template("storage/tariff.html", tariff=tariff, present=present, change=change, usage=usage)
    )


@pages.post("/storage/tariff")
def change() -> BaseResponse:
    """Put the company on a tariff, at once."""
    with begin() as tx:
        made = tx.tariffs.change(request.form.get("code", ""))
    name = labels.word(labels.TARIFFS, made.code)
    flash(_("The company is now on the tariff “%(name)s”.", name=name), "success")
    return redirect(url_for("pages.storage.index"))
