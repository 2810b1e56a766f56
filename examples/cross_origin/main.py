"""Who may call which function from a browser."""

import flask

import functions_framework
from functions_framework import CORS


@functions_framework.http(cors="https://app.example.com")
def profile(request: flask.Request) -> dict[str, str]:
    return {"name": "Ada"}


@functions_framework.http(
    cors=CORS(
        origins=["https://app.example.com", "https://admin.example.com"],
        methods=["GET", "PUT"],
        headers=["X-Token"],
        credentials=True,
    )
)
def orders(request: flask.Request) -> list[int]:
    return [1, 2]


@functions_framework.http
def inside(request: flask.Request) -> dict[str, bool]:
    return {"inside": True}
