"""A company to look at, with deals and real documents of many formats; `ecm demo` makes it."""

from ecm.demo.company import DemoAccount, DemoLogin, make_demo

__all__ = ["DemoAccount", "DemoLogin", "make_demo"]
