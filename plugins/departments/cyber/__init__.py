"""The cyber police: reviews and filings of networks, and reports of internet crime."""
