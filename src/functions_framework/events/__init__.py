"""Wire formats of events and the conversions between them; nothing here knows HTTP libraries."""
