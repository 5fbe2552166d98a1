"""What providers share that send one request for each message, over HTTP/2."""
