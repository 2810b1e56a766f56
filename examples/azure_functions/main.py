"""An HTTP function, for the host of Azure Functions to send requests on to."""

import flask

import functions_framework


@functions_framework.http
def hello(request: flask.Request) -> dict[str, str]:
    name = request.args.get("name", "world")
    return {"message": f"Hello {name}!", "url": request.url}
