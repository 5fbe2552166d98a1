"""Weibo on this machine, for developers without an account and for tests: private messages in XML mode."""
