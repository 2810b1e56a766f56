"""HTML from a template that lies beside the source."""

import flask

import functions_framework


@functions_framework.http
def page(request: flask.Request) -> str:
    return flask.render_template("page.html", name=request.args.get("name", "world"))
