import asyncio
import time

import functions_framework


@functions_framework.http
def cpu(request):
    """Keeps a core busy for about a millisecond, which is measured as it runs."""
    total = 0
    for number in range(35_000):
        total += number
    return "Hello world!"


@functions_framework.http
def wait(request):
    time.sleep(0.02)
    return "Hello world!"


@functions_framework.http
async def wait_async(request):
    await asyncio.sleep(0.02)
    return "Hello world!"
