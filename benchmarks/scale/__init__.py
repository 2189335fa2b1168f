"""Studies of up to 100,000 trials that cost nothing: what remains is the tool's own time and memory."""
