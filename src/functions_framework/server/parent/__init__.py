"""The parent process: workers started, watched, replaced and told to end."""
