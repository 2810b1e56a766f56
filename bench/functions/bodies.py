PIECE = 65536


def hello(request):
    way = request.path[1:]
    return WAYS[way](request) if way else "Hello world!"


def whole_up(request):
    return str(len(request.get_data()))


def streamed_up(request):
    length = 0
    while piece := request.stream.read(PIECE):
        length += len(piece)
    return str(length)


def whole_down(request):
    return b"x" * int(request.args["size"])


def streamed_down(request):
    size = int(request.args["size"])
    piece = b"x" * min(PIECE, size)
    return (piece for _ in range(size // len(piece)))


WAYS = {each.__name__: each for each in (whole_up, streamed_up, whole_down, streamed_down)}
