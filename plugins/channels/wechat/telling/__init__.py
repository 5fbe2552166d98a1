"""What is told unasked: messages in a window, notices of WeChat's own, articles as drafts."""
