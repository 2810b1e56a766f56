"""Recording of requests with what they were answered; nothing here is imported unless it is on."""
