"""What a person sees: tables, progress and plain lines; and what a program reads: JSON and CSV."""
