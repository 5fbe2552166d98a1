"""Exit and entry: passports, permits for Hong Kong, Macau and Taiwan, and the stay of foreigners."""
