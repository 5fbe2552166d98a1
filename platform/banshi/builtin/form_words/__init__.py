"""The words of forms for others: a meta-schema of them, and a page that shows a form to its author."""
