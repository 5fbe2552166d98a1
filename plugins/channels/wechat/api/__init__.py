"""WeChat's API: one client an account, its access token, and what each code means."""
