import functions_framework.aio


@functions_framework.aio.http
async def order(request):
    body = await request.json()
    answer = {
        "greeting": "Hello " + body["name"],
        "total": sum(body["items"]),
        "lang": request.query_params["lang"],
    }
    return answer, 201, {"X-Case": "json"}
