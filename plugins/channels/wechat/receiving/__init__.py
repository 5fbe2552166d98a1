"""What WeChat sends us: its check of our address, and messages, answered at once or kept and answered afterwards."""
