"""Reports of a week or a month: counted from the rows, shown as pages, PDF and CSV."""
