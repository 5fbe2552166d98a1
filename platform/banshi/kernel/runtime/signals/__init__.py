"""What the processes of one deployment tell each other: that there is something new, and never the thing itself.

Everything is found without them as well, a second or a few later: whoever waits for a signal looks by itself now and
then. So a signal may be lost and costs a moment, and whatever carries them may be away.
"""
