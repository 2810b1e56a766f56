from fastapi import FastAPI, Response
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel

app = FastAPI()


class Order(BaseModel):
    name: str
    items: list[int]
    note: str


@app.get("/", response_class=PlainTextResponse)
async def hello():
    return "Hello world!"


@app.post("/orders", status_code=201)
async def order(body: Order, lang: str, response: Response):
    response.headers["X-Case"] = "json"
    return {"greeting": "Hello " + body.name, "total": sum(body.items), "lang": lang}
