"""What a trial does: each objective turns specs into results, wherever it is called."""
