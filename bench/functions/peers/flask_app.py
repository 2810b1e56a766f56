from flask import Flask, request

app = Flask(__name__)


@app.get("/")
def hello():
    return "Hello world!"


@app.post("/orders")
def order():
    body = request.get_json()
    answer = {
        "greeting": "Hello " + body["name"],
        "total": sum(body["items"]),
        "lang": request.args["lang"],
    }
    return answer, 201, {"X-Case": "json"}
