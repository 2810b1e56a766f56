import socket

KEPT = []


def hello(request):
    if request.path == "/block":
        ours, theirs = socket.socketpair()
        KEPT.append(theirs)  # nothing is ever sent on it: the call waits in recv
        ours.settimeout(120)
        ours.recv(1)
    return "Hello world!"
