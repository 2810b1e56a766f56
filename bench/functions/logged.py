import logging

logger = logging.getLogger(__name__)


def hello(request):
    logger.info("a greeting is asked for")
    return "Hello world!"
