"""The tests. A package, so that suites and servers are imported as ``tests.*`` and nothing shadows them."""
