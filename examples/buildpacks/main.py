"""The function in an image made by buildpacks."""

import flask

import functions_framework


@functions_framework.http
def hello(request: flask.Request) -> str:
    return "Hello from a buildpack!"
