"""WeChat's API for the account's server, as its pages describe each interface."""
