import os

from robyn import Robyn

app = Robyn(__file__)


@app.get("/")
async def hello(request):
    return "Hello world!"


@app.post("/orders")
async def order(request):
    body = request.json()
    answer = {
        "greeting": "Hello " + body["name"],
        "total": sum(body["items"]),
        "lang": request.query_params.get("lang", None),
    }
    return answer, {"X-Case": "json"}, 201


if __name__ == "__main__":
    app.start(host="127.0.0.1", port=int(os.environ["PORT"]))
