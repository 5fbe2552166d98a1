"""What is told unasked: messages in a window, results of cases as notices, articles as drafts."""
