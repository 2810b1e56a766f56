exports.hello = (request, response) => {
  response.send("Hello world!");
};

exports.order = (request, response) => {
  const body = request.body;
  response.status(201).set("X-Case", "json").send({
    greeting: "Hello " + body.name,
    total: body.items.reduce((sum, item) => sum + item, 0),
    lang: request.query.lang,
  });
};

exports.on_event = (event) => {
  if (event.id !== event.data.message.messageId) {
    throw new Error("not the event that was sent");
  }
};

exports.on_background_event = (data, context) => {
  if (data.data !== "dGVzdCBtZXNzYWdlIDM=" || !context.eventId.startsWith("aaaaaa")) {
    throw new Error("not the event that was sent");
  }
};
