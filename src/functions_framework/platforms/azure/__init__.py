"""Azure Functions: what its host hands to a custom handler besides HTTP, and takes back."""
