"""Renders grey or colour pictures of people who do not exist, from CC0 MakeHuman geometry."""
