"""A function of JSON on Lambda, by this framework's handler."""

import sys

from functions_framework.platforms import aws_lambda


def hello(request):
    return {"message": f"Hello {request.get_json()['name']}!"}


async def waiting(request):
    return {"message": f"Hello {(await request.json())['name']}!"}


handler = aws_lambda.handler_of(waiting if "async" in sys.argv else hello)
