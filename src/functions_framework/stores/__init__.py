"""Where calls that must not be repeated are kept, for `idempotent`."""
