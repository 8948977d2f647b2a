"""The papers' tables and figures, made anew: what is missing is trained and measured."""
