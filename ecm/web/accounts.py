"""Who is there: log in, log out, one's own account, and the language of the pages."""

from __future__ import annotations

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from ecm.errors import BadCredentials, Invalid, TooManyAttempts
from ecm.web import errors, messages
from ecm.web.addresses import local_address
from ecm.web.current import actor, begin, find_actor, forget, library, remember
from ecm.web.languages import LANGUAGE_COOKIE, LANGUAGES, YEAR_S

pages = Blueprint("accounts", __name__)


@pages.route("/login", methods=["GET", "POST"])
def log_in() -> BaseResponse | str:
    """Ask who it is; then go where they wanted to."""
    target = local_address(request.values.get("next"), url_for("pages.deals.index"))
    if request.method == "GET":
        return redirect(target) if find_actor() else _log_in_form(target)
    email = request.form.get("email", "")
    try:
        someone = library().log_in(
            email, request.form.get("password", ""), address=request.remote_addr or "unknown"
        )
    except (BadCredentials, TooManyAttempts) as error:
        response = make_response(
            _log_in_form(target, email=email, message=messages.of_error(error)), errors.status_of(error)
        )
        if isinstance(error, TooManyAttempts):
            response.headers["Retry-After"] = str(error.retry_after_s)
        return response
    remember(someone)
    return redirect(target)


def _log_in_form(target: str, *, email: str = "", message: messages.Message | None = None) -> str:
    return render_template("accounts/log_in.html", target=target, email=email, message=message)


@pages.post("/logout")
def log_out() -> BaseResponse:
    """Let the browser stand for nobody."""
    forget()
    return redirect(url_for("pages.accounts.log_in"))


@pages.post("/language")
def choose() -> BaseResponse:
    """Remember the language that was chosen, and go back."""
    response = redirect(local_address(request.form.get("back"), url_for("pages.deals.index")))
    language = request.form.get("language", "")
    if language in LANGUAGES:
        response.set_cookie(
            LANGUAGE_COOKIE, language, max_age=YEAR_S, httponly=True, samesite="Lax", secure=request.is_secure
        )
    return response


@pages.get("/account")
def show() -> str:
    """One's own account."""
    return _account()


def _account(**errors_by_field: str) -> str:
    with begin() as tx:
        company = tx.companies.get(actor().company_id)
    return render_template("accounts/account.html", actor=actor(), company=company, errors=errors_by_field)


@pages.post("/account/password")
def change_password() -> BaseResponse:
    """Take a new password, from someone who knows the old one. Other browsers are logged out by it."""
    new = request.form.get("password", "")
    if new != request.form.get("repeated", ""):
        return _refused(repeated=_("The two passwords are not the same."))
    try:
        library().log_in(
            actor().email or "", request.form.get("current", ""), address=request.remote_addr or "unknown"
        )
    except BadCredentials:
        return _refused(current=_("This is not your current password."))
    except TooManyAttempts as error:
        return _refused(current=messages.of_error(error).text)
    try:
        with begin() as tx:
            tx.users.set_password(tx.users.get(actor().user_id), new)
    except Invalid as error:
        return _refused(password=messages.of_error(error).text)
    remember(actor())
    flash(_("The password is changed. Other browsers and programs have to log in anew."), "success")
    return redirect(url_for("pages.accounts.show"))


def _refused(**errors_by_field: str) -> Response:
    return make_response(_account(**errors_by_field), 422)
