"""Auditing a sealed log: are rows what their anchored leaves say, and does the registered model agree?"""
