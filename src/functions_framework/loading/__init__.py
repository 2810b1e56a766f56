"""The user's source: finding it, running it, choosing its functions, watching it for changes."""
