"""The OpenAPI document of typed functions, and the pages that show it."""
