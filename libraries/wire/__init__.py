"""What the providers of several chats send alike: XML, encrypted messages, places on Chinese maps."""
