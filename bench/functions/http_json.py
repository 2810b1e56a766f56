def order(request):
    body = request.get_json()
    answer = {
        "greeting": "Hello " + body["name"],
        "total": sum(body["items"]),
        "lang": request.args["lang"],
    }
    return answer, 201, {"X-Case": "json"}
