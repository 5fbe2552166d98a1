"""From a form to questions, and from what people send to answers. Nothing here knows an item, a channel or a table."""
