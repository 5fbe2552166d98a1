"""The running platform, and calling a department's code without letting its failure out."""
