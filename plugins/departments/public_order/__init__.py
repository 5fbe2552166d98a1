"""The public order police: special trades, security, events, dangerous goods, dogs, lost and found."""
