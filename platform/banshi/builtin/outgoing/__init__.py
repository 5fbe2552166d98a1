"""Calls to addresses that somebody outside gave us: an integrator's service, a subscriber's receiver.

Whoever gave the address may be anybody, and whoever answers may be hostile: addresses of our own network are refused,
redirects are not followed, answers are bounded in time and size, and each call is signed.
"""
