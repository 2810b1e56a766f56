"""Send one event to the function, first in binary, then in structured form.

Usage: python send.py [URL]
"""

import sys
import urllib.request

from cloudevents.conversion import to_binary, to_structured
from cloudevents.http import CloudEvent


def send(url: str, headers: dict[str, str], body: bytes) -> str:
    request = urllib.request.Request(url, data=body, headers=headers, method="POST")
    with urllib.request.urlopen(request, timeout=10) as response:
        return f"{response.status} {response.read().decode()}"


def main(url: str) -> None:
    event = CloudEvent(
        {"type": "com.example.order.created", "source": "/orders", "subject": "17"},
        {"order": 17, "items": ["tea", "coffee"]},
    )
    print("binary:", send(url, *to_binary(event)))
    print("structured:", send(url, *to_structured(event)))


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://localhost:8080")
