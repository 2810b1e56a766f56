"""Measures this framework beside the reference, a bare server and its peers; never shipped.

Run it from the root of the checkout: `python -m bench --help`. It needs only the standard library,
`wrk`, `h2load` and a Redis server; what it measures is installed in `.bench/`.
"""
