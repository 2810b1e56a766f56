import logging

logger = logging.getLogger(__name__)


def hello(request):
    for number in range(int(request.path[1:])):
        logger.info("line %d of a call", number)
    return "Hello world!"
