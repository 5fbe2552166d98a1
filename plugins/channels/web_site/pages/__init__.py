"""The pages, a module for what people come for."""
