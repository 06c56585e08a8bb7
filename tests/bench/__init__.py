"""The benchmarks: `python -m tests.bench`, or ``make bench``. See docs/benchmarks.md."""
