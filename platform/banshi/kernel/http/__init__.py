"""The web face: assembly, the way of a request, the OpenAPI document, and a file per face that is no kind's."""
