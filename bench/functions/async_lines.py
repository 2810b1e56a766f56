import logging

import functions_framework.aio

logger = logging.getLogger(__name__)


@functions_framework.aio.http
async def hello(request):
    for number in range(int(request.url.path[1:])):
        logger.info("line %d of a call", number)
    return "Hello world!"
