"""Holders' calls: people who hold votes sign together that a vote shall open, on a stop or on a resume.

What is asked and why is a document, named by its digest in what they sign. Nothing here holds a holder's key;
what it brings to the chain anyone can bring who has the signatures.
"""
