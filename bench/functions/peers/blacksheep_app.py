from blacksheep import Application, FromJSON, Response, json, text

app = Application()


@app.router.get("/")
async def hello():
    return text("Hello world!")


@app.router.post("/orders")
async def order(body: FromJSON[dict], lang: str) -> Response:
    found = body.value
    response = json(
        {"greeting": "Hello " + found["name"], "total": sum(found["items"]), "lang": lang}, 201
    )
    response.add_header(b"X-Case", b"json")
    return response
