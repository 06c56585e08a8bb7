"""The pages: what people of a company see in a browser. Rendered here, small scripts of our own on top.

Whoever makes the Flask application puts the open library into ``app.extensions["ecm"]``, registers
`blueprints`, and calls `init_app`.
"""

from ecm.web.site import blueprints, init_app

__all__ = ["blueprints", "init_app"]
