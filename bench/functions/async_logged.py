import logging

import functions_framework.aio

logger = logging.getLogger(__name__)


@functions_framework.aio.http
async def hello(request):
    logger.info("a greeting is asked for")
    return "Hello world!"
