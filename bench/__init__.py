"""Measures this framework beside the reference, the bare server and Node.js; never shipped.

Run it from the root of the checkout: `python -m bench --help`. It needs only the standard library
and `wrk`; what it measures is installed in `.bench/`.
"""
