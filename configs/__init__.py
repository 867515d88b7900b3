"""Configs that come with greenroom, and the recording that the demo plays."""
