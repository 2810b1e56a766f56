"""The developer console at `/_ff`; nothing here is imported without --debug."""
