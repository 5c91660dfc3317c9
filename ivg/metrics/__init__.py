"""Figures about clips: each module one question, each function an answer with its definition beside it."""
