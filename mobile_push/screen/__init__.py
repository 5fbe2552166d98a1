"""How a message appears on a phone's screen: how loudly, under which name, with which words once it is taken back."""
