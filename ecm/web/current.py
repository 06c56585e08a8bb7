"""What the request at hand is about: the library, and the person who asks."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import cast

from flask import current_app, g, session
from werkzeug.exceptions import Unauthorized

from ecm.access import Actor
from ecm.app import Ecm
from ecm.sessions import session_actor, session_values
from ecm.unit_of_work import UnitOfWork


def library() -> Ecm:
    """The open library that this application serves."""
    return cast(Ecm, current_app.extensions["ecm"])


def find_actor() -> Actor | None:
    """Who is logged in, checked against the database once a request. None: nobody."""
    if "actor" not in g:
        g.actor = session_actor(library(), session)
    return cast("Actor | None", g.actor)


def actor() -> Actor:
    """Who is logged in. Unauthorized when nobody is."""
    found = find_actor()
    if found is None:
        raise Unauthorized
    return found


def begin() -> AbstractContextManager[UnitOfWork]:
    """A unit of work of whoever is logged in."""
    return library().begin(actor())


def remember(someone: Actor) -> None:
    """Let this browser stand for someone from now on."""
    session.clear()
    session.permanent = True
    session.update(session_values(library(), someone))
    g.actor = someone


def renew() -> Actor | None:
    """Who is logged in, and stays so for the whole time again, counted from now. None: nobody."""
    found = find_actor()
    if found is not None:
        session.modified = True
    return found


def forget() -> None:
    """Let this browser stand for nobody."""
    session.clear()
    g.actor = None
