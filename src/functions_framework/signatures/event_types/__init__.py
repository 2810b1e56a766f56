"""Events as values of the services they come from: what a parameter's annotation may name."""
