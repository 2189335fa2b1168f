"""Messy tables: a file read as it is, beside scikit-learn given the same rows cleaned by hand."""
