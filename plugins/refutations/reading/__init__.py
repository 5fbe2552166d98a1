"""What anybody reads: the document, ClaimReview as JSON-LD and the Atom feed, all made of one and the same document."""
