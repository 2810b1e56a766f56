import os

from robyn import Response, Robyn, jsonify

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
    headers = {"X-Case": "json", "Content-Type": "application/json"}
    return Response(status_code=201, headers=headers, description=jsonify(answer))


if __name__ == "__main__":
    app.start(host="127.0.0.1", port=int(os.environ["PORT"]))
