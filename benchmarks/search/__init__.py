"""How good the search is after so many trials, and what a suggestion costs, beside other tuners."""
