"""Where the console is."""

PATH = "/_ff"
