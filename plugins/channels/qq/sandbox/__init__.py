"""QQ on this machine, for developers without a bot and for tests: private chats, and groups whose people read along."""
