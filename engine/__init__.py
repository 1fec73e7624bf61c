"""Describe, plan and run workflows."""
